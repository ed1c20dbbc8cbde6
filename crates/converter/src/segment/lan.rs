//! LAN: a language of a member of the staff (HL7 v2.5.1 §15.4.4).

use fhir::{CodeableConcept, Extension, Resource, system};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use crate::context::{Context, add_new};
use crate::datatype::cwe;
use crate::mapping::{Map, left, to};

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, lan: Segment<'m, 'a>, practitioner: Uuid) {
    let extension = beside::extensions(cx, lan, BESIDE, practitioner);
    let mut language = match cwe::concept(cx, lan.field(2).first(), "LAN-2", None) {
        Some(language) => language,
        None if extension.is_empty() => return,
        None => CodeableConcept {
            extension: vec![Extension::code(system::DATA_ABSENT_REASON, "unknown")],
            ..CodeableConcept::default()
        },
    };
    language.extension.extend(extension);
    if let Some(Resource::Practitioner(person)) = cx.entry(practitioner) {
        add_new(&mut person.communication, [language]);
    }
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "LAN",
    name: "Language Detail",
    fields: &["Set ID", "Language Code", "Language Ability Code", "Language Proficiency Code"],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Practitioner.communication"),
        to(3, "Practitioner.communication.extension(v2-lan-language-ability-code)"),
        to(4, "Practitioner.communication.extension(v2-lan-language-proficiency-code)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    3 "lan-language-ability-code" Is::Concept,
    4 "lan-language-proficiency-code" Is::Concept,
];
