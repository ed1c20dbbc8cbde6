//! PD1: the patient's general practitioner and wishes (HL7 v2.5.1 §3.4.10).

use fhir::{Extension, Reference};
use hl7v2::Segment;

use super::pid::PatientDraft;
use super::pv1::restricted;
use crate::context::{Context, add_new};
use crate::datatype::{cwe, xcn, xon};

const DISABILITY: &str = "http://hl7.org/fhir/StructureDefinition/patient-disability";
const CONGREGATION: &str = "http://hl7.org/fhir/StructureDefinition/patient-congregation";

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, pd1: Segment<'m, 'a>, draft: &mut PatientDraft<'a>) {
    let id = draft.id;
    let practices: Vec<_> =
        pd1.field(3).repetitions().filter_map(|practice| xon::organization(cx, practice)).collect();
    let doctors = pd1.field(4);
    if cx.given(doctors, id, "generalPractitioner") {
        // One practice beside the doctors is the practice that they work in.
        let practice = if let [only] = practices.as_slice() { Some(*only) } else { None };
        for repetition in doctors.repetitions() {
            let doctor = xcn::professional_of(cx, repetition, practice);
            add_new(&mut draft.resource.general_practitioner, doctor.map(xcn::Professional::reference));
        }
    }
    if practices.len() > 1 || draft.resource.general_practitioner.is_empty() {
        let practices = practices.into_iter().map(Reference::to);
        add_new(&mut draft.resource.general_practitioner, practices);
    }
    if let Some(concept) = cwe::concept(cx, pd1.field(6).first(), "PD1-6", None) {
        draft.resource.extension.push(Extension::concept(DISABILITY, concept));
    }
    if let Some(place) = cx.write(pd1.field(14).value()) {
        draft.resource.extension.push(Extension::string(CONGREGATION, place));
    }
    if pd1.field(12).value().text().trim().eq_ignore_ascii_case("Y") {
        cx.mark(pd1.field(12).value());
        restricted(&mut draft.resource.meta);
    }
}
