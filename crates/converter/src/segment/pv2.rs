//! PV2: more about the visit (HL7 v2.5.1 §3.4.4).

mod map;

use fhir::{Extension, ExtensionValue};
use hl7v2::Segment;

use super::beside;
use super::pv1::{EncounterDraft, part, restricted};
use crate::context::Context;
use crate::datatype::{cwe, xcn, xon};
use crate::table;

pub(crate) use map::MAP;

const PLANNED_START: &str =
    "extension:http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedStartDate";
const PLANNED_END: &str =
    "extension:http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate";
/// When a patient on leave is expected back.
const EXPECTED_RETURN: &str =
    "extension:https://zorgsluis.github.io/fhir/StructureDefinition/v2-expected-return";
/// What stands where it should say whether the visit is protected.
const PROTECTION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-visit-protection";
const MODE_OF_ARRIVAL: &str = "http://hl7.org/fhir/StructureDefinition/encounter-modeOfArrival";

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv2: Segment<'m, 'a>,
    draft: &mut EncounterDraft<'a>,
) {
    let id = draft.id;
    if cx.given(pv2.field(3), id, "reasonCode") {
        let reason = cwe::concept(cx, pv2.field(3).first(), "PV2-3", None);
        draft.resource.reason_code.extend(reason);
    }
    expected(cx, pv2, draft);
    length(cx, pv2, draft);
    draft.resource.extension.extend(beside::extensions(cx, pv2, map::EXTENSIONS, id));
    for repetition in pv2.field(13).repetitions() {
        if let Some(who) = xcn::professional(cx, repetition) {
            draft.participant(who, Some(part("REF", "referrer")), None);
        }
    }
    match pv2.field(22).value().text().trim() {
        "Y" | "y" | "J" | "j" => {
            cx.mark(pv2.field(22).value());
            restricted(&mut draft.resource.meta);
        }
        "N" | "n" => cx.ignore(pv2.field(22).value(), "no protection is asked for: that needs no label"),
        _ => {
            let other = cx.write(pv2.field(22).value());
            let other = other.map(|other| Extension::string(PROTECTION, other));
            draft.resource.extension.extend(other);
        }
    }
    for repetition in pv2.field(23).repetitions() {
        let clinic = xon::organization(cx, repetition);
        draft.provider(clinic);
    }
    if cx.given(pv2.field(25), id, "priority") {
        let priority = cwe::concept_of_site(cx, pv2.field(25).first(), "PV2-25", Some(table::visit_priority));
        if !super::settle(&mut draft.resource.priority, priority) {
            super::report_conflicts(cx, pv2, &[25]);
        }
    }
    if let Some(coding) = cwe::coding(cx, pv2.field(38).first(), "PV2-38", table::arrival_mode) {
        let coding = ExtensionValue::Coding(Box::new(coding));
        draft.resource.extension.push(Extension::new(MODE_OF_ARRIVAL, coding));
    }
}

/// When the patient is expected to come, to go, and to come back; a cancel takes back what its event announced.
fn expected<'m, 'a>(cx: &mut Context<'m, 'a>, pv2: Segment<'m, 'a>, draft: &mut EncounterDraft<'a>) {
    for (field, path, announced_by) in
        [(8, PLANNED_START, ""), (9, PLANNED_END, "A16"), (47, EXPECTED_RETURN, "A21")]
    {
        if draft.effect.undoes(announced_by) {
            cx.ignore_field(pv2.field(field), "what was expected, until this event took it back");
            continue;
        }
        if !cx.given(pv2.field(field), draft.id, path) {
            continue;
        }
        let url = path.strip_prefix("extension:").unwrap_or(path);
        let value = beside::date_time(cx, pv2.field(field).value());
        draft.resource.extension.extend(value.map(|value| Extension::new(url, value)));
    }
}

/// The planned time of the event (EVN-3) where PV2 does not say it: HL7 recommends PV2-8, 9 and 47 for it, and has it
/// in EVN for who does not send PV2 (HL7 v2.5.1 §3.4.1.3). That of a transfer is with its place (PV1-42).
pub(crate) fn planned<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv2: Option<Segment<'m, 'a>>,
    draft: &mut EncounterDraft<'a>,
) {
    let Some(evn) = cx.message.segment("EVN") else { return };
    let (field, path) = match draft.effect.trigger {
        "A05" | "A14" => (8, PLANNED_START),
        "A16" => (9, PLANNED_END),
        "A21" => (47, EXPECTED_RETURN),
        _ => return,
    };
    let (time, told) =
        (evn.field(3).value(), pv2.map(|pv2| pv2.field(field)).filter(|told| !told.is_empty()));
    if let Some(told) = told {
        if cx.timestamp(time).is_some() && cx.timestamp(time) == cx.timestamp(told.value()) {
            cx.mark(time);
        }
        return;
    }
    let url = path.strip_prefix("extension:").unwrap_or(path);
    let value = beside::date_time(cx, time);
    draft.resource.extension.extend(value.map(|value| Extension::new(url, value)));
}

/// What a cancel deletes, even where the message has no PV2.
pub(crate) fn take_back(cx: &mut Context<'_, '_>, draft: &EncounterDraft<'_>) {
    for (event, path) in [("A16", PLANNED_END), ("A21", EXPECTED_RETURN)] {
        if draft.effect.undoes(event) {
            cx.deletions.push(crate::Deletion { entry: draft.id, path });
        }
    }
}

/// The length of the stay (PV2-11) is a number of days.
fn length<'m, 'a>(cx: &mut Context<'m, 'a>, pv2: Segment<'m, 'a>, draft: &mut EncounterDraft<'a>) {
    const TEXT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-length";
    if !cx.given(pv2.field(11), draft.id, "length") {
        return;
    }
    match beside::number(cx, pv2.field(11).value()) {
        Some(Ok(number)) => draft.resource.length = Some(beside::days(number)),
        Some(Err(text)) => draft.resource.extension.push(Extension::string(TEXT, text)),
        None => {}
    }
}
