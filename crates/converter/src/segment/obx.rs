//! OBX: observations (HL7 v2.5.1 §7.4.2).
//!
//! One OBX is one Observation, typed by OBX-2. What FHIR has no typed value for stands as text, so that
//! a result is never missing because its sender was careless. Consecutive TX or FT with the same
//! identifier are lines of one text. Text without an identifier is no observation but a document.

pub(crate) mod content;
mod document;
mod frame;
mod map;
pub(crate) mod performer;
pub(crate) mod quantity;
mod specimen;
mod text;
pub(crate) mod value;

use std::borrow::Cow;

use fhir::{
    CodeableConcept, Coding, Effective, Extension, ExtensionValue, Observation, ObservationComponent,
    ObservationValue, Reference, ReferenceRange,
};
use hl7v2::{Field, Segment};
use uuid::Uuid;

use crate::context::{Context, add_new, trim};
use crate::datatype::{cwe, hd};
use crate::document::{Belongs, Text, put_notes};
use crate::segment::beside::{self, Beside, Is, beside};
use crate::segment::nte;
use crate::table::{self, Target};
pub(crate) use document::text_document;
use frame::identify;
pub(crate) use frame::{Frame, Positions};
pub(crate) use map::MAP;
pub(crate) use performer::producer;
use quantity::Unit;
use specimen::{named_specimens, specimen};
pub(crate) use text::{continues, deletes, is_blank, is_note, text_key, withdraws};
use value::Kind;

/// OBX-4.
const SUB_ID: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-observation-sub-id";
/// OBX-19.
const ANALYSED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-analysis-time";
/// What FHIR has no element for.
const DETAILS: &[Beside] = beside![
    9 "probability" Is::Verbatim,
    12 "reference-range-effective" Is::Time,
    13 "access-checks" Is::Verbatim,
    22 "mood" Is::Concept,
    26 "release-category" Is::Concept,
    27 "root-cause" Is::Concept,
    28 "local-process-control" Is::Concept,
    30 "observation-sub-type" Is::Concept,
];
/// OBX-10 without a reference range.
const NATURE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-nature-of-abnormal-test";
/// OBX-17, 18 and 20 repeat, and FHIR takes one of each.
const FURTHER: [&str; 3] = [
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-method",
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-device",
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-body-site",
];
/// A type of value that HL7 does not know (OBX-2).
const VALUE_TYPE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-value-type";
/// OBX-32 beside a value.
const VALUE_ABSENT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-value-absent-reason";
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const ABSENT: &str = "http://terminology.hl7.org/CodeSystem/data-absent-reason";

/// Values of one OBX at most that become components of their own; more than that is text.
const MANY: usize = 32;

/// An observation that was put, and what others know it by.
pub(crate) struct Known<'a> {
    pub(crate) id: Uuid,
    pub(crate) code: Cow<'a, str>,
    pub(crate) sub_id: Cow<'a, str>,
}

/// The observation of an OBX and of the lines that continue it. `behind` is the specimen behind which it stands.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    run: &[Segment<'m, 'a>],
    notes: &[Segment<'m, 'a>],
    frame: &Frame<'_, 'a>,
    behind: Option<Uuid>,
) -> Option<Known<'a>> {
    let (&obx, more) = run.split_first()?;
    let kind = Kind::of(obx);
    let code_key = cwe::key(cx, obx.field(3).first()).unwrap_or_default();
    let sub_id = trim(obx.field(4).value().text());
    let id = identify(cx, obx, &code_key, &sub_id, frame);
    let code = cwe::concept(cx, obx.field(3).first(), "OBX-3", None).unwrap_or_else(|| {
        cx.warn(obx.field(3).place(), "observation-without-code");
        value::unknown_concept()
    });
    value::warn_of_local_code(cx, &code, obx.field(3).place());
    let mut observation = Observation {
        id: Some(id),
        subject: Some(Reference::to(frame.patient)),
        encounter: frame.encounter.map(Reference::to),
        based_on: frame.based_on.clone().into_iter().collect(),
        ..Observation::default()
    };
    status(cx, obx, id, frame, &mut observation);
    categories(cx, obx, frame, &mut observation);
    let text = values(cx, run, kind, &code, frame, &mut observation);
    if cx.given(obx.field(8), id, "interpretation") {
        for repetition in obx.field(8).repetitions() {
            let flag = cwe::concept(cx, repetition, "OBX-8", Some(table::interpretation));
            observation.interpretation.extend(flag);
        }
    }
    effective(cx, obx, id, frame, &mut observation);
    performer::performers(cx, obx, &mut observation.performer);
    circumstances(cx, obx, id, &mut observation);
    observation.specimen = specimen(cx, obx, frame, behind).map(Reference::to);
    named_specimens(cx, obx, &mut observation);
    for next in more {
        for n in (2..=obx.field_count()).filter(|n| *n != 5) {
            nte::mark_like(cx, obx.field(n), next.field(n));
        }
    }
    let said = nte::notes(cx, notes);
    observation.note = said.iter().map(nte::Note::annotation).collect();
    let belongs = Belongs { patient: frame.patient, encounter: frame.encounter, about: Some(id) };
    if let Some(text) = text.filter(|text| kind == Kind::Narrative || text.is_sentence()) {
        let narrative = document::narrative(cx, obx, &text, belongs, &code);
        observation.derived_from.push(Reference::to(narrative));
    }
    observation.code = Some(code);
    cx.put(id, observation);
    put_notes(cx, &said, belongs, "obx", obx.place());
    Some(Known { id, code: code_key.1, sub_id })
}

fn status<'a>(
    cx: &mut Context<'_, 'a>,
    obx: Segment<'_, 'a>,
    id: Uuid,
    frame: &Frame<'_, 'a>,
    observation: &mut Observation<'a>,
) {
    let field = obx.field(11).value();
    (observation.status, observation.status_ext) = cx.code(field, table::observation_status);
    if observation.status.is_none() {
        observation.status = frame.status.filter(|_| !field.is_present());
    }
    if observation.status.is_none() {
        observation.status = Some("unknown");
        cx.presume(id, "status");
    }
}

fn categories<'a>(
    cx: &mut Context<'_, 'a>,
    obx: Segment<'_, 'a>,
    frame: &Frame<'_, 'a>,
    observation: &mut Observation<'a>,
) {
    let coding = |code: &'static str| CodeableConcept::code(CATEGORY, code);
    observation.category.extend(frame.category.map(coding));
    // Table 0936: RSLT, QST, SCI, AOE.
    if let Some(kind) = cx.write_code(obx.field(29).value()) {
        observation.category.push(CodeableConcept::of(Coding::new(table::hl7_table_uri("0936"), kind)));
    }
}

fn values<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    run: &[Segment<'m, 'a>],
    kind: Kind,
    code: &CodeableConcept<'a>,
    frame: &Frame<'_, 'a>,
    observation: &mut Observation<'a>,
) -> Option<Text<'a>> {
    let &obx = run.first()?;
    let id = observation.id?;
    let mut text = None;
    if kind == Kind::Unknown {
        let said = cx.write_code(obx.field(2).value());
        observation.extension.extend(said.map(|said| Extension::code(VALUE_TYPE, said)));
    }
    let mut unit = Unit::read(cx, obx.field(6));
    let mut unit_used = false;
    let field = obx.field(5);
    if cx.given(field, id, "value") {
        if kind == Kind::Document {
            let about = Belongs { patient: frame.patient, encounter: frame.encounter, about: Some(id) };
            if field.repetition_count() > MANY {
                cx.warn(field.place(), "too-many-repetitions");
            }
            for (nth, repetition) in field.repetitions().take(MANY).enumerate() {
                let document = document::convert(cx, obx, repetition, nth, about, code);
                observation.derived_from.extend(document.map(Reference::to));
            }
        } else if kind.is_text() || field.repetition_count() > MANY {
            match kind {
                Kind::Unknown => cx.warn(field.place(), "unknown-value-type"),
                Kind::Narrative | Kind::String => {}
                _ => cx.warn(field.place(), "too-many-repetitions"),
            }
            let lines = run.iter().flat_map(|line| value::lines(cx, *line)).collect();
            text = Text::join(lines);
            observation.value = text.as_ref().map(|text| ObservationValue::String(text.text.clone()));
        } else if field.repetition_count() <= 1 {
            observation.value = value::value(cx, kind, field.first(), &mut unit, &mut unit_used);
        } else {
            // FHIR has one value for one observation: several are components of the same code.
            for repetition in field.repetitions() {
                let value = value::value(cx, kind, repetition, &mut unit, &mut unit_used);
                let part =
                    |value| ObservationComponent { code: Some(code.clone()), value, ..Default::default() };
                observation.component.extend(value.map(|value| part(Some(value))));
            }
        }
    }
    observation.reference_range.extend(reference_range(cx, obx, kind, id, unit.as_ref(), &mut unit_used));
    if let Some(unit) = unit.filter(|_| !unit_used) {
        observation.extension.push(unit.into_extension());
    }
    let valued = observation.value.is_some() || !observation.component.is_empty();
    let mut reasons = obx.field(32).repetitions().filter_map(|one| cwe::concept(cx, one, "OBX-32", None));
    let stated = reasons.next();
    let mut further: Vec<CodeableConcept<'a>> = reasons.collect();
    if !valued && (kind != Kind::Document || observation.derived_from.is_empty()) {
        observation.data_absent_reason = stated.or_else(|| absent_reason(obx, field));
    } else {
        // FHIR does not take a reason for absence beside a value (obs-6).
        further.splice(0..0, stated);
    }
    observation.extension.extend(further.into_iter().map(|one| Extension::concept(VALUE_ABSENT, one)));
    if observation.reference_range.is_empty() {
        for nature in obx.field(10).repetitions() {
            let nature = cwe::concept(cx, nature, "OBX-10", Some(table::abnormality_nature));
            observation.extension.extend(nature.map(|nature| Extension::concept(NATURE, nature)));
        }
    }
    observation.extension.extend(beside::parts(cx, obx, DETAILS));
    text
}

/// Why there is no value, as far as the status tells it. A withdrawn result needs no reason.
fn absent_reason<'a>(obx: Segment<'_, 'a>, value: Field<'_, 'a>) -> Option<CodeableConcept<'a>> {
    if value.is_null() {
        return None;
    }
    let code = match obx.field(11).value().text().trim() {
        "D" | "d" | "W" | "w" => return None,
        "X" | "x" => "not-performed",
        "N" | "n" => "not-asked",
        "I" | "i" | "O" | "o" | "S" | "s" => "temp-unknown",
        _ => "unknown",
    };
    Some(CodeableConcept::code(ABSENT, code))
}

fn reference_range<'a>(
    cx: &mut Context<'_, 'a>,
    obx: Segment<'_, 'a>,
    kind: Kind,
    id: Uuid,
    unit: Option<&Unit<'a>>,
    unit_used: &mut bool,
) -> Option<ReferenceRange<'a>> {
    if !cx.given(obx.field(7), id, "referenceRange") {
        return None;
    }
    let text = value::whole(cx, obx.field(7).first())?;
    let mut range = ReferenceRange::default();
    if matches!(kind, Kind::Number | Kind::Structured | Kind::Range)
        && let Some((low, high)) = quantity::range(&text)
    {
        range.low = low.map(|bound| quantity::quantity(bound, None, unit));
        range.high = high.map(|bound| quantity::quantity(bound, None, unit));
        *unit_used |= unit.is_some();
    }
    range.text = Some(text);
    for repetition in obx.field(10).repetitions() {
        range.applies_to.extend(cwe::concept(cx, repetition, "OBX-10", Some(table::abnormality_nature)));
    }
    Some(range)
}

fn effective<'a>(
    cx: &mut Context<'_, 'a>,
    obx: Segment<'_, 'a>,
    id: Uuid,
    frame: &Frame<'_, 'a>,
    observation: &mut Observation<'a>,
) {
    if cx.given(obx.field(14), id, "effective") {
        let (time, original) = cx.date_time(obx.field(14).value());
        observation.effective = time.map(Effective::DateTime).or(original.map(Effective::DateTimeExt));
    } else {
        observation.effective.clone_from(&frame.effective);
    }
    let (time, original) = cx.date_time(obx.field(19).value());
    let analysed = time.map(|time| Extension::new(ANALYSED, ExtensionValue::DateTime(time)));
    observation.extension.extend(analysed);
    observation.extension.extend(original.into_iter().flat_map(|element| element.extension));
}

/// Method, equipment, site, instance identifier, sub-id and specimen.
fn circumstances<'a>(
    cx: &mut Context<'_, 'a>,
    obx: Segment<'_, 'a>,
    id: Uuid,
    observation: &mut Observation<'a>,
) {
    let [method, device, site] = FURTHER;
    if cx.given(obx.field(17), id, "method") {
        for repetition in obx.field(17).repetitions() {
            let told = cwe::concept(cx, repetition, "OBX-17", None);
            one_of(&mut observation.method, told, &mut observation.extension, |told| {
                Extension::concept(method, told)
            });
        }
    }
    for repetition in obx.field(18).repetitions() {
        let told = hd::ei(cx, repetition)
            .map(|number| Reference { r#type: Some("Device"), ..Reference::by_identifier(number) });
        one_of(&mut observation.device, told, &mut observation.extension, |told| {
            Extension::new(device, ExtensionValue::Reference(Box::new(told)))
        });
    }
    if cx.given(obx.field(20), id, "bodySite") {
        for repetition in obx.field(20).repetitions() {
            let told = cwe::concept(cx, repetition, "OBX-20", None);
            one_of(&mut observation.body_site, told, &mut observation.extension, |told| {
                Extension::concept(site, told)
            });
        }
    }
    for repetition in obx.field(21).repetitions() {
        let number = hd::ei(cx, repetition);
        add_new(&mut observation.identifier, number);
    }
    if let Some(sub_id) = value::whole(cx, obx.field(4).first()) {
        observation.extension.push(Extension::string(SUB_ID, sub_id));
    }
}

/// The first goes to the element, those behind it stand in extensions.
fn one_of<'a, T>(
    known: &mut Option<T>,
    told: Option<T>,
    beside: &mut Vec<Extension<'a>>,
    extension: impl FnOnce(T) -> Extension<'a>,
) {
    if known.is_none() {
        *known = told;
    } else {
        beside.extend(told.map(extension));
    }
}

/// OBX-11 → `DocumentReference.docStatus`.
pub(super) fn document_status(code: &str) -> Option<Target> {
    let (code, display, exact) = match code.trim() {
        "F" | "f" => ("final", "Final", true),
        "P" | "p" => ("preliminary", "Preliminary", true),
        "A" | "a" | "C" | "c" => ("amended", "Amended", false),
        other => {
            let code = match table::observation_status(other)?.code {
                "final" => "final",
                "amended" => "amended",
                "cancelled" | "entered-in-error" => "entered-in-error",
                _ => "preliminary",
            };
            (code, code, false)
        }
    };
    let system = "http://hl7.org/fhir/composition-status";
    Some(Target { system, code, display: Some(display), exact })
}
