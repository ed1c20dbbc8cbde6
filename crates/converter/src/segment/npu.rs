//! NPU: whether a bed is free (HL7 v2.5.1 §3.4.8). It is about no patient.

use fhir::Resource;
use hl7v2::{Place, Segment};

use crate::context::Context;
use crate::conversion::Refusal;
use crate::convert::refuse;
use crate::datatype::{cwe, pl};
use crate::mapping::{Map, to};
use crate::table;

/// What becomes of its fields. There is no official map of the segment; PV1-40 says the same of a bed.
pub(crate) const MAP: Map = Map {
    segment: "NPU",
    name: "Bed Status Update",
    fields: &["Bed Location", "Bed Status"],
    rows: &[
        to(1, "Location.name").component(1),
        to(1, "Location.name").component(2),
        to(1, "Location.name").component(3),
        to(1, "Location.managingOrganization").component(4),
        to(2, "Location.operationalStatus"),
    ],
};

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, npu: Segment<'m, 'a>) -> Result<(), Refusal> {
    let Some(bed) = pl::location(cx, npu.field(1).first()) else {
        let at = Place::of_field(*b"NPU", 1, 1);
        return Err(refuse("no-bed", at, "the status of a bed, and no bed is named"));
    };
    if cx.given(npu.field(2), bed.location, "operationalStatus") {
        let status = cwe::coding(cx, npu.field(2).first(), "NPU-2", table::bed_status);
        if let Some(Resource::Location(location)) = cx.entry(bed.location) {
            location.operational_status = status;
        }
    }
    Ok(())
}
