//! MFN M02: the staff (HL7 v2.5.1 §8.7). There is no official map: designed from FHIR. It is about no patient.

use fhir::Resource;
use hl7v2::{Place, Segment};

use crate::context::{Context, add_new};
use crate::conversion::{Authority, Refusal};
use crate::convert::refuse;
use crate::mapping::{Event as EventRow, own};
use crate::segment::stf::Record;
use crate::segment::{aff, cer, edu, lan, mfe, org, pra, stf};

/// The events that are converted.
pub(crate) const EVENTS: &[EventRow] =
    &[own("M02", "staff master file", "Practitioner and PractitionerRole, active or no longer so")];

/// Converts a master file of staff: each MFE begins a record.
pub(crate) fn convert(cx: &mut Context<'_, '_>, _: &super::Event) -> Result<(), Refusal> {
    cx.registers = Authority::Registration;
    let segments: Vec<Segment<'_, '_>> = cx.message.segments().collect();
    if !segments.iter().any(|segment| segment.id() == "STF") {
        let text = "a master file of staff tells of somebody, and there is no STF";
        return Err(refuse("no-staff", Place::of_segment(*b"STF", 1), text));
    }
    if let Some(mfi) = cx.message.segment("MFI") {
        mfe::file(cx, mfi);
    }
    let mut mfe_of_record = None;
    let mut record = Record::Active;
    let mut of = None;
    for segment in segments {
        match segment.id() {
            "MFE" => {
                record = mfe::record(cx, segment);
                (mfe_of_record, of) = (Some(segment), None);
            }
            "STF" => {
                of = stf::convert(cx, segment, record);
                if let (Some(mfe), Some(id)) = (mfe_of_record.take(), of) {
                    let extension = mfe::moments(cx, mfe, id);
                    if let Some(Resource::Practitioner(person)) = cx.entry(id) {
                        add_new(&mut person.extension, extension);
                    }
                }
            }
            _ => {}
        }
        let Some(id) = of else { continue };
        // Who is inactive may still be told with a role: that is no longer active, either.
        let active = record == Record::Active;
        match segment.id() {
            "PRA" => pra::convert(cx, segment, id, active),
            "ORG" => org::convert(cx, segment, id, active),
            "AFF" => aff::convert(cx, segment, id, active),
            "LAN" => lan::convert(cx, segment, id),
            "EDU" => edu::convert(cx, segment, id),
            "CER" => cer::convert(cx, segment, id),
            _ => {}
        }
    }
    Ok(())
}
