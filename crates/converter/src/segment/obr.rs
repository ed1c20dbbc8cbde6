//! OBR: reports (HL7 v2.5.1 §7.4.1). One OBR is one DiagnosticReport.

pub(crate) mod instead;
mod map;

use std::borrow::Cow;

use fhir::{CodeableConcept, DiagnosticReport, Effective, Extension, ExtensionValue, Reference};
use hl7v2::{Repetition, Segment};
use uuid::Uuid;

use super::obx::Positions;
use super::obx::value::{unknown_concept, warn_of_local_code};
use super::orc::Numbers;
use crate::context::{Context, add_new, extension, trim};
use crate::datatype::{cnn, cwe, xcn};
use crate::identity::rule;
use crate::table;

pub(crate) use map::MAP;

/// OBR-28: who gets a copy of the result.
pub(crate) const COPIES: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-result-copies-to";

/// What a performer did: FHIR's own.
const FUNCTION: &str = "http://hl7.org/fhir/StructureDefinition/event-performerFunction";
/// NDL.4 to 11: where.
const PLACE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-participation-place";

/// The id of a report: order number and OBR-4; without a number, the time. A second OBR with the same
/// of both in one message gets its number in the message.
pub(crate) fn identify<'a>(
    cx: &mut Context<'_, 'a>,
    obr: Segment<'_, 'a>,
    numbers: &Numbers<'a>,
    patient: Uuid,
    positions: &Positions,
) -> Uuid {
    let (system, code) = cwe::key(cx, obr.field(4).first()).unwrap_or_default();
    let code: &[&str] = &[&system, &code];
    let time = time_key(cx, Some(obr));
    let patient = patient.hyphenated().to_string();
    let id = match numbers.of_results() {
        Some((authority, number)) => cx.id(&rule::REPORT, &[&[&authority, &number], code], obr.place()),
        None => cx.id(&rule::REPORT_BY_TIME, &[&[&patient], code, &[&time]], obr.place()),
    };
    let position = positions.next(id);
    if position == 1 && !cx.has(id) {
        return id;
    }
    let behind = format!("{id}/{position}");
    cx.id(&rule::REPORT_BY_TIME, &[&[&patient], code, &[&time, &behind]], obr.place())
}

/// The time in the key of what has no order number: OBR-7, else OBR-22. Without any, the message stands
/// for it: what one message says must not overwrite what another says of another day.
pub(crate) fn time_key<'a>(cx: &Context<'_, 'a>, obr: Option<Segment<'_, 'a>>) -> Cow<'a, str> {
    let time = |n| obr.map(|obr| trim(obr.field(n).value().text())).filter(|time| !time.is_empty());
    time(7).or_else(|| time(22)).unwrap_or_else(|| Cow::Owned(cx.digest()))
}

/// The report of an OBR but for its results, specimens and notes.
pub(crate) fn convert<'a>(
    cx: &mut Context<'_, 'a>,
    obr: Segment<'_, 'a>,
    id: Uuid,
    numbers: &Numbers<'a>,
    patient: Uuid,
    encounter: Option<Uuid>,
) -> DiagnosticReport<'a> {
    let mut report = DiagnosticReport {
        id: Some(id),
        identifier: numbers.identifiers.clone(),
        subject: Some(Reference::to(patient)),
        encounter: encounter.map(Reference::to),
        ..DiagnosticReport::default()
    };
    (report.status, report.status_ext) = cx.code(obr.field(25).value(), table::report_status);
    if report.status.is_none() {
        report.status = Some("unknown");
        cx.presume(id, "status");
    }
    let code = cwe::concept(cx, obr.field(4).first(), "OBR-4", None).unwrap_or_else(|| {
        cx.warn(obr.field(4).place(), "report-without-code");
        unknown_concept()
    });
    warn_of_local_code(cx, &code, obr.field(4).place());
    report.code = Some(code);
    report.category.extend(cwe::concept(cx, obr.field(24).first(), "OBR-24", Some(table::service_section)));
    report.effective = effective(cx, obr);
    if cx.given(obr.field(22), id, "issued") {
        (report.issued, report.issued_ext) = cx.instant(obr.field(22).value());
    }
    cx.ignore_field(obr.field(11), "how the specimen was to be got does not outlive the order");
    cx.ignore_field(
        obr.field(23),
        "what is charged for an order, FT1 says; repeated here it would be a charge without a number",
    );
    for n in [32, 33] {
        for ndl in obr.field(n).repetitions() {
            let reader = person(cx, ndl);
            add_new(&mut report.results_interpreter, reader);
        }
    }
    for n in [34, 35] {
        for ndl in obr.field(n).repetitions() {
            let function = if n == 34 { "SPRF" } else { "TRANS" };
            let performer = person(cx, ndl).map(|one| acting(one, function));
            add_new(&mut report.performer, performer);
        }
    }
    for xcn in obr.field(28).repetitions() {
        if let Some(reader) = xcn::professional(cx, xcn) {
            let to = ExtensionValue::Reference(Box::new(reader.reference()));
            add_new(&mut report.extension, [Extension::new(COPIES, to)]);
        }
    }
    report
}

/// When what is reported was so: OBR-7, or the period to OBR-8.
fn effective<'a>(cx: &mut Context<'_, 'a>, obr: Segment<'_, 'a>) -> Option<Effective<'a>> {
    let (start, end) = (obr.field(7).value(), obr.field(8).value());
    if end.is_present() {
        return cx.period(start, end).map(Effective::Period);
    }
    let (time, original) = cx.date_time(start);
    time.map(Effective::DateTime).or(original.map(Effective::DateTimeExt))
}

/// The code of observation-category that goes with OBR-24 (table 0074). Where that says nothing, what
/// has a specimen or is measured comes from a laboratory (`measured`).
pub(crate) fn category(obr: Segment<'_, '_>, measured: bool) -> Option<&'static str> {
    match obr.field(24).value().text().trim().to_ascii_uppercase().as_str() {
        "BG" | "BLB" | "CG" | "CH" | "CP" | "GE" | "HM" | "IMM" | "LAB" | "MB" | "MCB" | "MYC" | "OSL"
        | "PAR" | "SP" | "SR" | "TX" | "VR" => Some("laboratory"),
        "CT" | "CUS" | "NMR" | "NMS" | "OUS" | "RAD" | "RUS" | "RX" | "VUS" | "XRC" => Some("imaging"),
        "CTH" | "EC" | "EN" | "PF" | "AU" => Some("procedure"),
        "OT" | "PT" | "RC" | "RT" => Some("therapy"),
        "PHY" => Some("exam"),
        "" if measured => Some("laboratory"),
        _ => None,
    }
}

/// What a performer of a report did.
fn acting<'a>(mut who: Reference<'a>, function: &'static str) -> Reference<'a> {
    let system = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
    let concept = CodeableConcept::code(system, function);
    who.extension.push(Extension::concept(FUNCTION, concept));
    who
}

/// NDL: a person, and from when until when and where they did it (HL7 v2.5.1 §2.A.44).
fn person<'a>(cx: &mut Context<'_, 'a>, ndl: Repetition<'_, 'a>) -> Option<Reference<'a>> {
    // Many feeds send an XCN instead: the name then stands in the second and third component, where an NDL has
    // points in time.
    let is_time = |n: usize| {
        let value = ndl.component(n).value();
        !value.is_present() || cx.timestamp(value).is_some()
    };
    if ndl.component(1).subcomponent_count() <= 1 && !(is_time(2) && is_time(3) && ndl.component_count() > 1)
    {
        return xcn::professional(cx, ndl).map(xcn::Professional::reference);
    }
    let mut who = cnn::professional(cx, ndl.component(1)).map(Reference::to)?;
    if let Some(period) = cx.period(ndl.component(2).value(), ndl.component(3).value()) {
        let period = ExtensionValue::Period(Box::new(period));
        who.extension.push(Extension::new(extension::PARTICIPATION_PERIOD, period));
    }
    // Point of care, room, bed, facility, status, patient location type, building, floor.
    let place: Vec<Cow<'a, str>> = (4..=11)
        .flat_map(|n| ndl.component(n).subcomponents().collect::<Vec<_>>())
        .filter_map(|leaf| cx.write(leaf))
        .collect();
    if !place.is_empty() {
        who.extension.push(Extension::string(PLACE, place.join(" ")));
    }
    Some(who)
}

/// What OBR says of results, in a message that brings a document and no results.
pub(crate) fn ignore_results<'a>(cx: &mut Context<'_, 'a>, obr: Segment<'_, 'a>) {
    for n in (7..=12).chain([14, 15]).chain(18..=26).chain(28..=30).chain(32..=38) {
        cx.ignore_field(obr.field(n), "about results, which their own message brings: here is a document");
    }
}
