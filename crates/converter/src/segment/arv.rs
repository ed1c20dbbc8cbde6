//! ARV: who may not see what (HL7 v2.8.2 §3.4.14). Behind PID or PD1 it is about the patient, behind PV1 or PV2
//! about the visit: a label `restricted`, and all that it says in an extension. It is not written as a Consent: it
//! is a rule of the sender's, not something to which the patient agreed.

use fhir::{Extension, ExtensionValue, Meta};
use hl7v2::Segment;

use super::pv1::restricted;
use crate::context::{Context, extension, own};
use crate::datatype::{cwe, hd};
use crate::mapping::{Map, left, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "ARV",
    name: "Access Restriction",
    fields: &[
        "Set ID",
        "Access Restriction Action Code",
        "Access Restriction Value",
        "Access Restriction Reason",
        "Special Access Restriction Instructions",
        "Access Restriction Date Range",
        "Security Classification Tag",
        "Security Handling Instructions",
        "Access Restriction Message Location",
        "Access Restriction Instance Identifier",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Patient.extension(v2-access-restriction)"),
        to(3, "Patient.meta"),
        to(3, "Patient.extension(v2-access-restriction)"),
        to(4, "Patient.extension(v2-access-restriction)"),
        to(5, "Patient.extension(v2-access-restriction)"),
        to(6, "Patient.extension(v2-access-restriction)"),
        to(7, "Patient.extension(v2-access-restriction)"),
        to(8, "Patient.extension(v2-access-restriction)"),
        to(9, "Patient.extension(v2-access-restriction)"),
        to(10, "Patient.extension(v2-access-restriction)"),
    ],
};

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    arv: Segment<'m, 'a>,
    meta: &mut Option<Box<Meta<'a>>>,
    to: &mut Vec<Extension<'a>>,
) {
    let is = |field: usize, code: &str| arv.field(field).value().text().trim().eq_ignore_ascii_case(code);
    // Deleted (table 0206), or no restriction (table 0717).
    if arv.field(3).value().is_present() && !is(2, "D") && !is(3, "NO") {
        restricted(meta);
    }
    let mut parts = Vec::new();
    for (field, place, name) in [
        (2, "ARV-2", "action"),
        (3, "ARV-3", "value"),
        (4, "ARV-4", extension::ACTION_REASON),
        (7, "ARV-7", "classification"),
        (8, "ARV-8", "handling"),
    ] {
        for repetition in arv.field(field).repetitions() {
            let concept = cwe::concept(cx, repetition, place, None);
            parts.extend(concept.map(|concept| Extension::concept(name, concept)));
        }
    }
    for repetition in arv.field(5).repetitions() {
        parts.extend(cx.write(repetition.value()).map(|text| Extension::string("instructions", text)));
    }
    let range = arv.field(6).first();
    let period = cx.period(range.component(1).value(), range.component(2).value());
    parts.extend(period.map(|period| Extension::new("period", ExtensionValue::Period(Box::new(period)))));
    for repetition in arv.field(9).repetitions() {
        let place: Vec<_> =
            repetition.components().filter_map(|component| cx.write(component.value())).collect();
        parts.extend((!place.is_empty()).then(|| Extension::string("location", place.join("."))));
    }
    for repetition in arv.field(10).repetitions() {
        let number = hd::ei(cx, repetition);
        parts.extend(
            number.map(|one| Extension::new("identifier", ExtensionValue::Identifier(Box::new(one)))),
        );
    }
    if !parts.is_empty() {
        to.push(Extension::new(own!("access-restriction"), ExtensionValue::Parts(parts)));
    }
}
