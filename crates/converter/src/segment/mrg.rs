//! MRG: the identifiers that are merged away (HL7 v2.5.1 §3.4.9).

use fhir::{Patient, PatientLink, Reference, Resource};
use hl7v2::Segment;

use super::pid::{PatientDraft, identify_by};
use crate::context::{Context, add_new};
use crate::conversion::{Merge, PatientIdentity, Refusal};
use crate::convert::refuse;
use crate::datatype::{cx as identifier, xpn};

/// Links the patient of MRG-1 to the one of PID, both ways.
///
/// # Errors
/// `no-old-identifier` when MRG-1 names nobody, `merge-with-itself` when it names the survivor.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mrg: Segment<'m, 'a>,
    surviving: &mut PatientDraft<'a>,
) -> Result<Merge, Refusal> {
    let list = mrg.field(1);
    let Some((old, identifiers)) = identify_by(cx, list) else {
        return Err(refuse("no-old-identifier", list.place(), "MRG-1 names no patient to merge"));
    };
    if old == surviving.id {
        return Err(refuse("merge-with-itself", list.place(), "PID and MRG name the same patient"));
    }
    cx.patients.push(PatientIdentity { id: old, identifiers });
    let mut patient = Patient { id: Some(old), active: Some(false), ..Patient::default() };
    for (field, kind) in [(1, None), (2, None), (4, None), (3, Some("AN")), (5, Some("VN")), (6, Some("VN"))]
    {
        for repetition in mrg.field(field).repetitions() {
            let written = identifier::identifier(cx, repetition, kind);
            add_new(&mut patient.identifier, written);
        }
    }
    xpn::names(cx, mrg.field(7), Some("official"), &mut patient.name);
    let link = |other, kind| PatientLink { other: Some(Reference::to(other)), r#type: Some(kind) };
    patient.link.push(link(surviving.id, "replaced-by"));
    add_new(&mut surviving.resource.link, [link(old, "replaces")]);
    surviving.resource.active = Some(true);
    match cx.entry(old) {
        Some(Resource::Patient(known)) => {
            add_new(&mut known.identifier, patient.identifier);
            add_new(&mut known.name, patient.name);
            add_new(&mut known.link, patient.link);
            known.active = Some(false);
        }
        _ => cx.put(old, patient),
    }
    Ok(Merge { kind: "Patient", surviving: surviving.id, obsolete: vec![old], renamed: false })
}
