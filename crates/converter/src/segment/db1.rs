//! DB1: a disability (HL7 v2.5.1 §3.4.11), of the patient or of somebody who belongs to the message. It tells who
//! is disabled and from when to when they cannot work, not what they have: an extension of the Patient.

use fhir::{Extension, ExtensionValue};
use hl7v2::Segment;

use super::pid::PatientDraft;
use crate::context::{Context, own};
use crate::datatype::{cwe, cx as identifier};
use crate::mapping::{Map, left, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "DB1",
    name: "Disability",
    fields: &[
        "Set ID - DB1",
        "Disabled Person Code",
        "Disabled Person Identifier",
        "Disability Indicator",
        "Disability Start Date",
        "Disability End Date",
        "Disability Return to Work Date",
        "Disability Unable to Work Date",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Patient.extension(v2-disability)"),
        to(3, "Patient.extension(v2-disability)"),
        to(4, "Patient.extension(v2-disability)"),
        to(5, "Patient.extension(v2-disability)"),
        to(6, "Patient.extension(v2-disability)"),
        to(7, "Patient.extension(v2-disability)"),
        to(8, "Patient.extension(v2-disability)"),
    ],
};

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    db1: Segment<'m, 'a>,
    patient: &mut PatientDraft<'a>,
) {
    let mut parts = Vec::new();
    let person = cwe::concept(cx, db1.field(2).first(), "DB1-2", None);
    parts.extend(person.map(|person| Extension::concept("person", person)));
    for repetition in db1.field(3).repetitions() {
        let number = identifier::identifier(cx, repetition, None);
        parts.extend(
            number.map(|one| Extension::new("identifier", ExtensionValue::Identifier(Box::new(one)))),
        );
    }
    let disabled = cx.yes_no(db1.field(4).value());
    match disabled {
        Some(yes) => parts.push(Extension::new("disabled", ExtensionValue::Boolean(yes))),
        None => {
            let other = cx.write(db1.field(4).value());
            parts.extend(other.map(|other| Extension::string("disabled", other)));
        }
    }
    let period = cx.period(db1.field(5).value(), db1.field(6).value());
    parts.extend(period.map(|period| Extension::new("period", ExtensionValue::Period(Box::new(period)))));
    for (field, name) in [(7, "return-to-work"), (8, "unable-to-work")] {
        let (date, original) = cx.date_time(db1.field(field).value());
        parts.extend(date.map(|date| Extension::new(name, ExtensionValue::DateTime(date))));
        parts.extend(original.into_iter().flat_map(|element| element.extension));
    }
    if !parts.is_empty() {
        patient.resource.extension.push(Extension::new(own!("disability"), ExtensionValue::Parts(parts)));
    }
}
