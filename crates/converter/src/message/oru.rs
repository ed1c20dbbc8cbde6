//! ORU and OUL: results (HL7 v2.5.1 §7.3), and the results and notes of every other message.

mod parent;

use std::borrow::Cow;
use std::collections::HashMap;

use fhir::{DiagnosticReport, Reference, Resource};
use hl7v2::{Place, Segment};
use uuid::Uuid;

use super::adt::{self, Adt};
use super::group::{self, Collected, Group, Layout};
use super::order::{self, Observed};
use super::{Says, orm, pharmacy};
use crate::context::{Context, Reported, add_new};
use crate::conversion::{Authority, Refusal};
use crate::convert::refuse;
use crate::document::{self, Belongs};
use crate::mapping::{Event as EventRow, official, own};
use crate::null;
use crate::segment::obx::{Frame, Known, Positions, value::Kind};
use crate::segment::orc::{self, Numbers, Order};
use crate::segment::{nte, obr, spm};

/// The events that are converted.
pub(crate) const EVENTS: &[EventRow] = &[
    official("R01", "results", "DiagnosticReport, Observation, Specimen and the ServiceRequest answered"),
    own("R30", "point-of-care results, place an order", "as R01: the ServiceRequest is the order to be made"),
    own(
        "R31",
        "point-of-care results, search an order",
        "as R01: the ServiceRequest is the order to be found",
    ),
    own("R40", "alarm", "as R01: the Observations are the alarm and what was measured"),
];

/// The events of laboratory automation that are converted.
pub(crate) const LABORATORY_EVENTS: &[EventRow] = &[
    own("R21", "laboratory results, by specimen container", "as ORU^R01, the specimen by its container"),
    own("R22", "laboratory results, by specimen", "as ORU^R01, each specimen with its reports"),
    own(
        "R23",
        "laboratory results, by specimen and container",
        "as ORU^R01, each container with its reports",
    ),
    own("R24", "laboratory results, by order", "as ORU^R01, each report with its specimens"),
];

/// Converts a result message. Its PID only mentions the patient: the laboratory repeats what the order
/// told it.
pub(crate) fn convert(cx: &mut Context<'_, '_>, _: &super::Event) -> Result<(), Refusal> {
    cx.registers = Authority::Mention;
    let text = "results are about a patient, and there is no PID";
    for group in patients(cx, text)? {
        adt::patient_group(cx, Adt::MENTION, Says::Results, &group)?;
    }
    Ok(())
}

/// The segments of each patient of a message that is about orders.
pub(super) fn patients<'m, 'a>(
    cx: &Context<'m, 'a>,
    otherwise: &str,
) -> Result<Vec<Vec<Segment<'m, 'a>>>, Refusal> {
    let mut groups: Vec<Vec<Segment<'m, 'a>>> = Vec::new();
    for segment in cx.message.segments() {
        if segment.id() == "PID" {
            groups.push(Vec::new());
        }
        if let Some(group) = groups.last_mut() {
            group.push(segment);
        }
    }
    if groups.is_empty() {
        return Err(refuse("no-patient", Place::of_segment(*b"PID", 1), otherwise));
    }
    Ok(groups)
}

/// What was made of a group, for those that name it as their parent.
struct Made<'m, 'a> {
    report: Option<Uuid>,
    obr: Option<Segment<'m, 'a>>,
    placer: Option<Cow<'a, str>>,
    filler: Option<Cow<'a, str>>,
    results: Vec<Known<'a>>,
}

/// Converts the orders, results, specimens and notes of one patient's segments.
pub(crate) fn results<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segments: &[Segment<'m, 'a>],
    says: Says,
    patient: Uuid,
    encounter: Option<Uuid>,
) {
    let segments = pharmacy::orders(cx, segments, patient, encounter);
    let layout = Layout::of(cx.message);
    let group::Sorted { groups, of_patient, of_visit, specimens, .. } =
        group::sort(&segments, layout, says == Says::Orders);
    for (run, encounter) in [(of_patient, None), (of_visit, encounter)] {
        let Some(first) = run.first().map(Segment::place) else { continue };
        let notes = nte::notes(cx, &run);
        let belongs = Belongs { patient, encounter, about: None };
        document::put_notes(cx, &notes, belongs, "", first);
    }
    let keys: Vec<Option<orc::Key<'a>>> = groups.iter().map(|group| order_key(cx, group)).collect();
    let mut answers: HashMap<&Option<orc::Key<'a>>, usize> = HashMap::with_capacity(keys.len());
    for key in &keys {
        *answers.entry(key).or_default() += 1;
    }
    let positions = cx.positions.clone();
    let shared = shared(
        cx,
        &specimens,
        Whose { patient, encounter, alone: false, positions: &positions, shared: &[] },
    );
    let mut made = Vec::with_capacity(groups.len());
    let mut orders = orm::Orders::default();
    for (group, key) in groups.iter().zip(&keys) {
        let alone = answers.get(key) == Some(&1);
        let whose = Whose { patient, encounter, alone, positions: &positions, shared: &shared };
        if says == Says::Orders && !group.is_loose() {
            orders.convert(cx, group, whose);
        } else {
            made.push(order(cx, group, whose, says));
        }
    }
    parent::link(cx, &made);
}

/// The specimens that stand before their orders, and what was observed of them as such.
fn shared<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    specimens: &[Collected<'m, 'a>],
    whose: Whose<'_, 'a>,
) -> Vec<Option<spm::Known<'a>>> {
    let mut shared = Vec::with_capacity(specimens.len());
    for collected in specimens {
        let known = spm::convert(cx, collected, whose.patient, None);
        if let Some((id, _)) = &known {
            let frame = Frame {
                about: Some(*id),
                of_specimen: Some(*id),
                category: Some("laboratory"),
                ..Frame::of(whose.patient, whose.encounter, whose.positions)
            };
            order::observe(cx, &collected.results, false, &frame);
        }
        shared.push(known);
    }
    shared
}

/// The number of a group's order, looked at.
fn order_key<'a>(cx: &Context<'_, 'a>, group: &Group<'_, 'a>) -> Option<orc::Key<'a>> {
    let number = |n: usize| {
        let segments = [group.obr, group.orc].into_iter().flatten();
        segments.flat_map(|s| s.field(n).repetitions()).find_map(|ei| crate::datatype::hd::ei_key(cx, ei))
    };
    number(2).or_else(|| number(3))
}

/// What all orders of a patient have in common, and whether this one is answered once.
#[derive(Clone, Copy)]
pub(super) struct Whose<'r, 'a> {
    pub(super) patient: Uuid,
    pub(super) encounter: Option<Uuid>,
    pub(super) alone: bool,
    pub(super) positions: &'r Positions,
    /// The specimens that stand before their orders.
    pub(super) shared: &'r [Option<spm::Known<'a>>],
}

/// One order: its request, specimens, observations and report.
fn order<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    whose: Whose<'_, 'a>,
    says: Says,
) -> Made<'m, 'a> {
    let Whose { patient, encounter, alone, positions, shared } = whose;
    let numbers = if group.orc.is_some() || group.obr.is_some() {
        Numbers::read(cx, group.orc, group.obr)
    } else {
        Numbers::default()
    };
    if let Some(orc) = group.orc {
        cx.ignore(orc.field(1).value(), "what was to be done with the order does not outlive the message");
    }
    // A document is no report of what was observed: that has a message of its own.
    let report_of = group.obr.filter(|_| matches!(says, Says::Results | Says::Prior));
    if let Some(obr) = group.obr.filter(|_| says == Says::Documents) {
        obr::ignore_results(cx, obr);
    }
    let report_id = report_of.map(|obr| obr::identify(cx, obr, &numbers, patient, positions));
    let mut report = match (report_of, report_id) {
        (Some(obr), Some(id)) => Some(obr::convert(cx, obr, id, &numbers, patient, encounter)),
        _ => None,
    };
    let request = orc::request(
        cx,
        Order {
            orc: group.orc,
            obr: group.obr,
            timing: &group.timing,
            numbers: &numbers,
            patient,
            encounter,
            report: report_id,
            alone,
            control: None,
        },
    );
    order::reasons(cx, group, patient, request);
    if let (Some(obr), Some(request)) = (group.obr, request) {
        orm::clinical(cx, obr, patient, encounter, request);
    }
    let specimens = order::specimens(cx, group, shared, patient, report_id.or(request));
    let measured =
        !specimens.ids.is_empty() || group.results.iter().any(|r| Kind::of(r.segment).is_measured());
    let service = group.obr.and_then(|obr| crate::datatype::cwe::key(cx, obr.field(4).first()));
    let order = numbers.of_results();
    let time = if order.is_none() { obr::time_key(cx, group.obr) } else { Cow::Borrowed("") };
    let frame = Frame {
        patient,
        encounter,
        report: report_id,
        about: report_id.or(request),
        order,
        time,
        service: service.unwrap_or_default(),
        based_on: request.map(Reference::to),
        category: match group.obr {
            Some(obr) => obr::category(obr, measured),
            None => specimens.ids.first().map(|_| "laboratory"),
        },
        effective: report.as_ref().and_then(|report| report.effective.clone()),
        status: report.as_ref().and_then(result_status),
        specimens,
        of_specimen: None,
        positions,
    };
    let Observed { known, texts } = order::observations(cx, group, &frame);
    order::notes_on_order(cx, group, &frame, request);
    if let Some(report) = &mut report {
        // The conclusion is the text of the OBX that name no observation.
        let mut texts: Vec<Cow<'a, str>> =
            texts.into_iter().map(|(_, text)| text).filter(|text| !text.is_empty()).collect();
        report.conclusion = match texts.len() {
            0 => None,
            1 => texts.pop(),
            _ => Some(Cow::Owned(texts.join("\n\n"))),
        };
    }
    if let (Some(mut report), Some(id)) = (report, report_id) {
        report.based_on.extend(request.map(Reference::to));
        report.specimen.extend(frame.specimens.ids.iter().copied().map(Reference::to));
        report.extension.extend(frame.specimens.beside.iter().cloned());
        report.result.extend(known.iter().map(|known| Reference::to(known.id)));
        cx.put(id, report);
        cx.reported.extend(group.obr.map(|obr| Reported { id, orc: group.orc, obr }));
    }
    if let (None, Some(id), Some(obr)) = (request, report_id, group.obr) {
        orc::more::on_report(cx, obr, id);
        null::obey(cx, obr, &[("ServiceRequest", id)]);
    }
    order::details(cx, group, (patient, encounter), [request, report_id]);
    if let (None, Some(Resource::ServiceRequest(known))) =
        (report_id, request.and_then(|request| cx.entry(request)))
    {
        add_new(&mut known.specimen, frame.specimens.ids.iter().copied().map(Reference::to));
        add_new(&mut known.extension, frame.specimens.beside.iter().cloned());
    }
    let number = |key: Option<orc::Key<'a>>| key.map(|(_, number)| number);
    Made {
        report: report_id,
        obr: group.obr,
        placer: number(numbers.placer),
        filler: number(numbers.filler),
        results: known,
    }
}

/// What the state of a whole report says of a result that says nothing: only that it is final or not.
fn result_status(report: &DiagnosticReport<'_>) -> Option<&'static str> {
    match report.status {
        Some(status @ ("final" | "preliminary" | "corrected" | "cancelled" | "registered")) => Some(status),
        _ => None,
    }
}
