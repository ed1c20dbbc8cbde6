//! PR1: procedures (HL7 v2.5.1 §6.5.4).

use std::borrow::Cow;

use fhir::{
    CodeableConcept, Coding, Identifier, Performed, Period, Procedure, ProcedurePerformer, Reference,
    Resource, system,
};
use hl7v2::{Repetition, Segment, Value};
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::{dg1, not_kept, report_conflicts, settle};
use crate::context::{Context, add_new, trim};
use crate::datatype::{cnn, cwe, hd, pl, xcn};
use crate::identity::rule;
use crate::mapping::{Map, elsewhere, left, to};
use crate::table;
use crate::time::Precision;

/// The procedure of a PR1: its id.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pr1: Segment<'m, 'a>,
    patient: Uuid,
    visit: Option<Uuid>,
) -> Option<Uuid> {
    let id = identify(cx, pr1, patient, visit)?;
    let mut procedure = Procedure { id: Some(id), ..Procedure::default() };
    procedure.subject = Some(Reference::to(patient));
    procedure.encounter = visit.map(Reference::to);
    procedure.identifier.extend(hd::ei(cx, pr1.field(19).first()));
    procedure.code = dg1::coded(cx, pr1, "PR1-3");
    procedure.category = cwe::concept(cx, pr1.field(6).first(), "PR1-6", Some(table::procedure_type));
    procedure.performed = performed(cx, pr1);
    status(cx, pr1, id, &mut procedure);
    for (field, function) in
        [(8, Some(("88189002", "Anesthesiologist"))), (11, Some(("304292004", "Surgeon"))), (12, None)]
    {
        for repetition in pr1.field(field).repetitions() {
            let (who, kind) = if repetition.component(1).subcomponent_count() > 1 {
                practitioner_of_kind(cx, repetition)
            } else {
                (xcn::professional(cx, repetition).map(xcn::Professional::reference), None)
            };
            let Some(actor) = who else { continue };
            let function =
                function.map(|(code, display)| Coding::new(system::SNOMED, code).with_display(display));
            let coding: Vec<_> = function.into_iter().chain(kind).collect();
            let function =
                (!coding.is_empty()).then(|| CodeableConcept { coding, ..CodeableConcept::default() });
            let actor = Some(actor);
            let one = ProcedurePerformer { function, actor, ..ProcedurePerformer::default() };
            add_new(&mut procedure.performer, [one]);
        }
    }
    for repetition in pr1.field(15).repetitions() {
        procedure.reason_code.extend(cwe::concept(cx, repetition, "PR1-15", None));
    }
    procedure.location = pl::location(cx, pr1.field(23).first()).map(|place| Reference::to(place.location));
    procedure.part_of.extend(parent(cx, pr1, id));
    procedure.extension.extend(beside::extensions(cx, pr1, BESIDE, id));
    put(cx, pr1, id, procedure);
    Some(id)
}

/// PR1-12 of v2.2: who, all in the first component, and as what (table 0133) in the second (CM).
fn practitioner_of_kind<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    from: Repetition<'m, 'a>,
) -> (Option<Reference<'a>>, Option<Coding<'a>>) {
    let who = cnn::professional(cx, from.component(1)).map(Reference::to);
    let kind = who.as_ref().and_then(|_| cx.write_code(from.component(2).value()));
    (who, kind.map(|kind| Coding::new(table::hl7_table_uri("0133"), kind)))
}

/// By its number, else by patient, visit, code and time. `None` when nothing is said to be done.
fn identify<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pr1: Segment<'m, 'a>,
    patient: Uuid,
    visit: Option<Uuid>,
) -> Option<Uuid> {
    if let Some((authority, number)) = hd::ei_key(cx, pr1.field(19).first()) {
        return Some(cx.id(&rule::PROCEDURE, &[&[&authority, &number]], pr1.field(19).place()));
    }
    let text = trim(pr1.field(4).value().text());
    let described = || (!text.is_empty()).then(|| (Cow::Borrowed("text"), text.clone()));
    let Some((code_system, code)) = cwe::key(cx, pr1.field(3).first()).or_else(described) else {
        cx.warn(pr1.field(3).place(), "no-procedure");
        return None;
    };
    let text = |id: Uuid| id.hyphenated().to_string();
    let visit = visit.map(text).unwrap_or_default();
    let time = trim(pr1.field(5).value().text());
    let parts: &[&[&str]] = &[&[&text(patient)], &[&visit], &[&code_system, &code], &[&time]];
    Some(cx.id(&rule::PROCEDURE_BY_CODE, parts, pr1.field(3).place()))
}

/// A procedure that is told was done, unless it is planned for after the message, or taken back (table 0206).
fn status<'m, 'a>(cx: &mut Context<'m, 'a>, pr1: Segment<'m, 'a>, id: Uuid, procedure: &mut Procedure<'a>) {
    let action = pr1.field(20).value();
    if action.text().trim().eq_ignore_ascii_case("D") {
        cx.mark(action);
        procedure.status = Some("entered-in-error");
        return;
    }
    let sent = cx.timestamp(cx.message.header().field(7).value());
    let when = cx.timestamp(pr1.field(5).value());
    let planned = when.zip(sent).is_some_and(|(when, sent)| when > sent);
    procedure.status = Some(if planned { "preparation" } else { "completed" });
    cx.presume(id, "status");
}

/// From PR1-5 for PR1-7 minutes; only a moment where one of them is missing or PR1-5 is a day.
fn performed<'m, 'a>(cx: &mut Context<'m, 'a>, pr1: Segment<'m, 'a>) -> Option<Performed<'a>> {
    let (start, original) = cx.date_time(pr1.field(5).value());
    let Some(start) = start else { return original.map(Performed::DateTimeExt) };
    let minutes = pr1.field(7).value();
    match end(cx, pr1.field(5).value(), minutes) {
        Some(end) => {
            cx.mark(minutes);
            let (start, end) = (Some(start), Some(Cow::Owned(end)));
            Some(Performed::Period(Period { start, end, ..Period::default() }))
        }
        None => Some(Performed::DateTime(start)),
    }
}

fn end<'a>(cx: &Context<'_, 'a>, start: Value<'_, 'a>, minutes: Value<'_, 'a>) -> Option<String> {
    let minutes: i64 = minutes.text().trim().parse().ok().filter(|minutes| (0..100_000).contains(minutes))?;
    let start = cx.moment(start).ok().filter(|time| time.precision() >= Precision::Minute)?;
    let zone = &cx.profile.time_zone;
    let end = start.timestamp(zone).checked_add(jiff::Span::new().minutes(minutes)).ok()?;
    Some(end.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// The procedure that this one is part of (PR1-25): in the message, or by its number.
fn parent<'m, 'a>(cx: &mut Context<'m, 'a>, pr1: Segment<'m, 'a>, id: Uuid) -> Option<Reference<'a>> {
    let number: Identifier<'a> = hd::ei(cx, pr1.field(25).first())?;
    let (authority, value) = hd::ei_key(cx, pr1.field(25).first())?;
    let known = cx.id(&rule::PROCEDURE, &[&[&authority, &value]], pr1.field(25).place());
    let mut reference = Reference { identifier: Some(Box::new(number)), ..Reference::default() };
    if cx.has(known) && known != id {
        reference.reference = Some(fhir::Urn(known));
    }
    reference.r#type = Some("Procedure");
    Some(reference)
}

/// The same procedure twice in a message: what is new is added, what contradicts is reported.
fn put<'m, 'a>(cx: &mut Context<'m, 'a>, pr1: Segment<'m, 'a>, id: Uuid, procedure: Procedure<'a>) {
    let Some(Resource::Procedure(known)) = cx.entry(id) else {
        cx.put(id, procedure);
        return;
    };
    add_new(&mut known.performer, procedure.performer);
    add_new(&mut known.identifier, procedure.identifier);
    add_new(&mut known.reason_code, procedure.reason_code);
    add_new(&mut known.part_of, procedure.part_of);
    add_new(&mut known.extension, procedure.extension);
    let lost = not_kept([
        (settle(&mut known.code, procedure.code), &[2, 3, 4]),
        (settle(&mut known.performed, procedure.performed), &[5, 7]),
        (settle(&mut known.category, procedure.category), &[6]),
        (settle(&mut known.status, procedure.status), &[20]),
        (settle(&mut known.location, procedure.location), &[23]),
    ]);
    report_conflicts(cx, pr1, &lost);
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "PR1",
    name: "Procedures",
    fields: &[
        "Set ID",
        "Procedure Coding Method",
        "Procedure Code",
        "Procedure Description",
        "Procedure Date Time",
        "Procedure Functional Type",
        "Procedure Minutes",
        "Anesthesiologist",
        "Anesthesia Code",
        "Anesthesia Minutes",
        "Surgeon",
        "Procedure Practitioner",
        "Consent Code",
        "Procedure Priority",
        "Associated Diagnosis Code",
        "Procedure Code Modifier",
        "Procedure DRG Type",
        "Tissue Type Code",
        "Procedure Identifier",
        "Procedure Action Code",
        "DRG Procedure Determination Status",
        "DRG Procedure Relevance",
        "Treating Organizational Unit",
        "Respiratory Within Surgery",
        "Parent Procedure ID",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Procedure.code"),
        to(3, "Procedure.code"),
        to(4, "Procedure.code"),
        to(5, "Procedure.performedDateTime"),
        to(5, "Procedure.performedPeriod"),
        to(6, "Procedure.category"),
        to(7, "Procedure.performedPeriod"),
        to(8, "Procedure.performer"),
        to(9, "Procedure.extension(v2-pr1-anesthesia-code)"),
        to(10, "Procedure.extension(v2-pr1-anesthesia-minutes)"),
        to(11, "Procedure.performer"),
        to(12, "Procedure.performer"),
        to(13, "Procedure.extension(v2-pr1-consent-code)"),
        to(14, "Procedure.extension(v2-pr1-procedure-priority)"),
        to(15, "Procedure.reasonCode"),
        elsewhere(16, "Procedure.code", "a code glued together from two is in no code system"),
        to(16, "Procedure.extension(v2-pr1-procedure-code-modifier)"),
        to(17, "Procedure.extension(v2-pr1-procedure-drg-type)"),
        to(18, "Procedure.extension(v2-pr1-tissue-type-code)"),
        to(19, "Procedure.identifier"),
        to(20, "Procedure.status"),
        left(20, "what is added or changed is in the message as it now is"),
        to(21, "Procedure.extension(v2-pr1-drg-procedure-determination-status)"),
        to(22, "Procedure.extension(v2-pr1-drg-procedure-relevance)"),
        to(23, "Procedure.location"),
        to(24, "Procedure.extension(v2-pr1-respiratory-within-surgery)"),
        to(25, "Procedure.partOf"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    9 "pr1-anesthesia-code" Is::Concept,
    10 "pr1-anesthesia-minutes" Is::Number,
    13 "pr1-consent-code" Is::Concept,
    14 "pr1-procedure-priority" Is::Number,
    16 "pr1-procedure-code-modifier" Is::Concept,
    17 "pr1-procedure-drg-type" Is::Concept,
    18 "pr1-tissue-type-code" Is::Concept,
    21 "pr1-drg-procedure-determination-status" Is::Concept,
    22 "pr1-drg-procedure-relevance" Is::Concept,
    24 "pr1-respiratory-within-surgery" Is::Flag,
];
