//! IPC: how images are to be made (HL7 v2.5.1 §4.5.6), on the order. An ImagingStudy is about images that there
//! are: what an order says of them stands on the ServiceRequest, with the numbers under which they will be.

use fhir::{CodeableConcept, Extension, Identifier, ServiceRequest};
use hl7v2::Segment;

use super::beside::{self, Beside, Is};
use crate::context::{Context, add_new, extension};
use crate::datatype::{cwe, hd};
use crate::mapping::{Map, left, to};

const STATION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-scheduled-station";
const AE_TITLE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-scheduled-station-ae-title";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "IPC",
    name: "Imaging Procedure Control",
    fields: &[
        "Accession Identifier",
        "Requested Procedure ID",
        "Study Instance UID",
        "Scheduled Procedure Step ID",
        "Modality",
        "Protocol Code",
        "Scheduled Station Name",
        "Scheduled Procedure Step Location",
        "Scheduled Station AE Title",
        "Action Code",
    ],
    rows: &[
        to(1, "ServiceRequest.identifier"),
        to(2, "ServiceRequest.identifier"),
        to(3, "ServiceRequest.identifier"),
        to(4, "ServiceRequest.identifier"),
        to(5, "ServiceRequest.orderDetail"),
        to(6, "ServiceRequest.orderDetail"),
        to(7, "ServiceRequest.extension(v2-scheduled-station)"),
        to(8, "ServiceRequest.locationCode"),
        to(9, "ServiceRequest.extension(v2-scheduled-station-ae-title)"),
        left(10, "what is to be done with the segment does not outlive the message"),
    ],
};

/// Puts what an IPC says into the request.
pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, ipc: Segment<'_, 'a>, request: &mut ServiceRequest<'a>) {
    for (n, kind) in [
        (1, CodeableConcept::code(fhir::system::V2_IDENTIFIER_TYPE, "ACSN")),
        (2, CodeableConcept::text("requested procedure")),
        (4, CodeableConcept::text("scheduled procedure step")),
    ] {
        for repetition in ipc.field(n).repetitions() {
            let Some(mut number) = hd::ei(cx, repetition) else { continue };
            number.r#type = Some(Box::new(kind.clone()));
            add_new(&mut request.identifier, [number]);
        }
    }
    // A UID is an OID (DICOM PS3.5 §9): it is unique without an authority.
    if let Some(number) = hd::ei(cx, ipc.field(3).first()) {
        let uid = number.value.as_deref().filter(|uid| crate::table::is_oid(uid));
        let number = match uid {
            Some(uid) => {
                let mut of_dicom = Identifier::new("urn:dicom:uid", format!("urn:oid:{uid}"));
                of_dicom.assigner.clone_from(&number.assigner);
                of_dicom.extension.clone_from(&number.extension);
                let authority = number.system.clone();
                let authority = authority.map(|name| Extension::string(extension::ASSIGNING_AUTHORITY, name));
                of_dicom.extension.extend(authority);
                of_dicom
            }
            None => number,
        };
        add_new(&mut request.identifier, [number]);
    }
    let mut details = Vec::new();
    for (n, name) in [(5, "IPC-5"), (6, "IPC-6")] {
        for repetition in ipc.field(n).repetitions() {
            details.extend(cwe::concept(cx, repetition, name, None));
        }
    }
    if request.code.is_none() && !details.is_empty() {
        // FHIR has no detail without a code (prr-1).
        request.code = Some(super::obx::value::unknown_concept());
    }
    add_new(&mut request.order_detail, details);
    for repetition in ipc.field(8).repetitions() {
        add_new(&mut request.location_code, cwe::concept(cx, repetition, "IPC-8", None));
    }
    let stations: Vec<Extension<'a>> = beside::parts(
        cx,
        ipc,
        &[
            Beside { field: 7, path: STATION, is: Is::Entity },
            Beside { field: 9, path: AE_TITLE, is: Is::Verbatim },
        ],
    );
    add_new(&mut request.extension, stations);
    crate::null::nothing_to_delete(cx, ipc);
}
