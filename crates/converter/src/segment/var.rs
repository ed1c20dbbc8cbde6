//! VAR: where the care went another way than planned (HL7 v2.5.1 §12.4.5): a note on the problem, goal or
//! pathway before it.

use std::borrow::Cow;

use fhir::{Annotation, Extension, ExtensionValue, Reference};
use hl7v2::Segment;

use crate::context::Context;
use crate::datatype::{cwe, hd, xcn};
use crate::mapping::{Map, to};

const NUMBER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-var-variance-instance-id";
const STATED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-var-stated-variance-date-time";
const KIND: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-var-variance-classification";
const ORIGINATOR: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-var-variance-originator";

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, var: Segment<'m, 'a>) -> Annotation<'a> {
    let mut note = Annotation::default();
    if let Some(number) = hd::ei(cx, var.field(1).first()) {
        note.extension.push(Extension::new(NUMBER, ExtensionValue::Identifier(Box::new(number))));
    }
    let (time, original) = cx.date_time(var.field(2).value());
    note.time = time;
    note.extension.extend(original.into_iter().flat_map(|element| element.extension));
    let (stated, original) = cx.date_time(var.field(3).value());
    let kept = original.map(|element| ExtensionValue::Parts(element.extension));
    let stated = stated.map(ExtensionValue::DateTime).or(kept);
    note.extension.extend(stated.map(|stated| Extension::new(STATED, stated)));
    for repetition in var.field(4).repetitions() {
        let Some(who) = xcn::professional(cx, repetition) else { continue };
        let who = Reference::to(who.practitioner);
        if note.author_reference.is_none() {
            note.author_reference = Some(who);
        } else {
            note.extension.push(Extension::new(ORIGINATOR, ExtensionValue::Reference(Box::new(who))));
        }
    }
    let kind = cwe::concept(cx, var.field(5).first(), "VAR-5", None);
    let lines: Vec<Cow<'a, str>> =
        var.field(6).repetitions().filter_map(|line| cx.write(line.component(1).value())).collect();
    // FHIR demands a text.
    note.text = Some(match (lines.is_empty(), &kind) {
        (false, _) => Cow::Owned(lines.join("\n")),
        (true, Some(kind)) => kind
            .text
            .clone()
            .or_else(|| kind.coding.first().and_then(|coding| coding.display.clone().or(coding.code.clone())))
            .unwrap_or(Cow::Borrowed("variance")),
        (true, None) => Cow::Borrowed("variance"),
    });
    note.extension.extend(kind.map(|kind| Extension::concept(KIND, kind)));
    note
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "VAR",
    name: "Variance",
    fields: &[
        "Variance Instance ID",
        "Documented Date Time",
        "Stated Variance Date Time",
        "Variance Originator",
        "Variance Classification",
        "Variance Description",
    ],
    rows: &[
        to(1, "Condition.note"),
        to(2, "Condition.note"),
        to(3, "Condition.note"),
        to(4, "Condition.note"),
        to(5, "Condition.note"),
        to(6, "Condition.note"),
    ],
};
