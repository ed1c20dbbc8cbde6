//! ORU^R01: results (HL7 v2.5.1 §7.3.1), and the results and notes of every other message.
//!
//! The standard's group is `ORC OBR NTE TQ1 (OBX NTE) (SPM OBX)`, as often as there are orders. Real
//! feeds leave out ORC or OBR, put SPM first or last, and NTE anywhere; so a segment belongs to the
//! order that was begun last, and a note to whatever it follows.

mod parent;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use fhir::{DiagnosticReport, Reference, Resource};
use hl7v2::{Place, Segment};
use uuid::Uuid;

use super::adt::{self, Adt};
use crate::context::Context;
use crate::conversion::{Authority, Merge, Refusal};
use crate::convert::{NO_MERGE, refuse};
use crate::segment::nte::{self, Belongs};
use crate::segment::obx::{self, Frame, Known, Positions, value::Kind};
use crate::segment::orc::{self, Numbers, Order};
use crate::segment::{obr, spm};

/// Converts a result message. Its PID only mentions the patient: the laboratory repeats what the order
/// told it.
pub(crate) fn convert(cx: &mut Context<'_, '_>) -> Result<Vec<Merge>, Refusal> {
    cx.registers = Authority::Mention;
    let segments: Vec<Segment<'_, '_>> = cx.message.segments().collect();
    let starts: Vec<usize> =
        segments.iter().enumerate().filter(|(_, s)| s.id() == "PID").map(|(at, _)| at).collect();
    if starts.is_empty() {
        let text = "results are about a patient, and there is no PID";
        return Err(refuse("no-patient", Place::of_segment(*b"PID", 1), text));
    }
    for (nth, start) in starts.iter().enumerate() {
        let end = starts.get(nth + 1).copied().unwrap_or(segments.len());
        let group = segments.get(*start..end).unwrap_or_default();
        adt::patient_group(cx, Adt::Update, group)?;
    }
    Ok(NO_MERGE)
}

/// A segment and the notes behind it.
struct Noted<'m, 'a> {
    segment: Segment<'m, 'a>,
    notes: Vec<Segment<'m, 'a>>,
}

/// What belongs to one order; the first group of a message has neither ORC nor OBR.
#[derive(Default)]
struct Group<'m, 'a> {
    orc: Option<Segment<'m, 'a>>,
    obr: Option<Segment<'m, 'a>>,
    timing: Vec<Segment<'m, 'a>>,
    /// Notes on the order: behind ORC, or from who ordered.
    order_notes: Vec<Segment<'m, 'a>>,
    /// Notes on the report.
    notes: Vec<Segment<'m, 'a>>,
    results: Vec<Noted<'m, 'a>>,
    specimens: Vec<Noted<'m, 'a>>,
}

/// What a note is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Patient,
    Visit,
    Order,
    Result,
    Specimen,
}

/// What was made of a group, for those that name it as their parent.
struct Made<'m, 'a> {
    obr: Option<Segment<'m, 'a>>,
    placer: Option<Cow<'a, str>>,
    filler: Option<Cow<'a, str>>,
    results: Vec<Known<'a>>,
}

/// Converts the orders, results, specimens and notes of one patient's segments.
pub(crate) fn results<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segments: &[Segment<'m, 'a>],
    patient: Uuid,
    encounter: Option<Uuid>,
) {
    let mut groups: Vec<Group<'m, 'a>> = vec![Group::default()];
    let mut loose: [Vec<Segment<'m, 'a>>; 2] = [Vec::new(), Vec::new()];
    let mut last = Last::Patient;
    for &segment in segments {
        last = sort(segment, &mut groups, &mut loose, last);
    }
    let [of_patient, of_visit] = loose;
    for (run, encounter) in [(of_patient, None), (of_visit, encounter)] {
        let Some(first) = run.first().map(Segment::place) else { continue };
        let notes = nte::notes(cx, &run);
        let belongs = Belongs { patient, encounter, about: None };
        nte::put_documents(cx, &notes, belongs, "", first);
    }
    let keys: Vec<Option<orc::Key<'a>>> = groups.iter().map(|group| order_key(cx, group)).collect();
    let mut answers: HashMap<&Option<orc::Key<'a>>, usize> = HashMap::with_capacity(keys.len());
    for key in &keys {
        *answers.entry(key).or_default() += 1;
    }
    let positions = Positions::default();
    let mut made = Vec::with_capacity(groups.len());
    for (group, key) in groups.iter().zip(&keys) {
        let alone = answers.get(key) == Some(&1);
        made.push(order(cx, group, Whose { patient, encounter, alone, positions: &positions }));
    }
    parent::link(cx, &made);
}

/// Puts a segment where it belongs.
fn sort<'m, 'a>(
    segment: Segment<'m, 'a>,
    groups: &mut Vec<Group<'m, 'a>>,
    loose: &mut [Vec<Segment<'m, 'a>>; 2],
    last: Last,
) -> Last {
    // There is always a group: the first one is begun with.
    let Some(group) = groups.last_mut() else { return last };
    let noted = Noted { segment, notes: Vec::new() };
    match segment.id() {
        "ORC" => {
            groups.push(Group { orc: Some(segment), ..Group::default() });
            Last::Order
        }
        "OBR" if group.orc.is_some() && group.obr.is_none() && group.results.is_empty() => {
            group.obr = Some(segment);
            Last::Order
        }
        "OBR" => {
            // Specimens before the first OBR are the specimens of that order.
            let early = if group.obr.is_none() && group.results.is_empty() {
                std::mem::take(&mut group.specimens)
            } else {
                Vec::new()
            };
            groups.push(Group { obr: Some(segment), specimens: early, ..Group::default() });
            Last::Order
        }
        "TQ1" => {
            group.timing.push(segment);
            last
        }
        "OBX" => {
            group.results.push(noted);
            Last::Result
        }
        "SPM" => {
            group.specimens.push(noted);
            Last::Specimen
        }
        "NTE" => {
            let [of_patient, of_visit] = loose;
            let notes = match last {
                Last::Patient => Some(of_patient),
                Last::Visit => Some(of_visit),
                Last::Order if group.obr.is_none() || is_of_placer(segment) => Some(&mut group.order_notes),
                Last::Order => Some(&mut group.notes),
                Last::Result => group.results.last_mut().map(|result| &mut result.notes),
                Last::Specimen => group.specimens.last_mut().map(|specimen| &mut specimen.notes),
            };
            if let Some(notes) = notes {
                notes.push(segment);
            }
            last
        }
        "PID" | "PD1" | "NK1" | "AL1" | "IN1" | "IN2" | "IN3" | "GT1" => Last::Patient,
        "PV1" | "PV2" | "DG1" | "PR1" => Last::Visit,
        _ => last,
    }
}

/// A comment of who ordered (NTE-2 = P, HL7 table 0105) is about the order, wherever it stands.
fn is_of_placer(nte: Segment<'_, '_>) -> bool {
    nte.field(2).value().text().trim().eq_ignore_ascii_case("P")
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
struct Whose<'r> {
    patient: Uuid,
    encounter: Option<Uuid>,
    alone: bool,
    positions: &'r Positions,
}

/// One order: its request, specimens, observations and report.
fn order<'m, 'a>(cx: &mut Context<'m, 'a>, group: &Group<'m, 'a>, whose: Whose<'_>) -> Made<'m, 'a> {
    let Whose { patient, encounter, alone, positions } = whose;
    let numbers = if group.orc.is_some() || group.obr.is_some() {
        Numbers::read(cx, group.orc, group.obr)
    } else {
        Numbers::default()
    };
    if let Some(orc) = group.orc {
        cx.ignore(orc.field(1).value(), "what was to be done with the order does not outlive the message");
    }
    let report_id = group.obr.map(|obr| obr::identify(cx, obr, &numbers, patient, positions));
    let mut report = match (group.obr, report_id) {
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
        },
    );
    let (specimens, specimen_numbers) = specimens(cx, group, patient, report_id);
    let measured = !specimens.is_empty() || group.results.iter().any(|r| Kind::of(r.segment).is_measured());
    let service = group.obr.and_then(|obr| crate::datatype::cwe::key(cx, obr.field(4).first()));
    let order = numbers.of_results();
    let time = if order.is_none() { obr::time_key(cx, group.obr) } else { Cow::Borrowed("") };
    let frame = Frame {
        patient,
        encounter,
        report: report_id,
        order,
        time,
        service: service.unwrap_or_default(),
        based_on: request.map(Reference::to),
        category: match group.obr {
            Some(obr) => obr::category(obr, measured),
            None => specimens.first().map(|_| "laboratory"),
        },
        effective: report.as_ref().and_then(|report| report.effective.clone()),
        status: report.as_ref().and_then(result_status),
        specimens,
        specimen_numbers,
        positions,
    };
    let (known, texts) = observations(cx, group, &frame);
    notes_on_order(cx, group, &frame, request, report.as_mut(), texts);
    if let (Some(mut report), Some(id)) = (report, report_id) {
        report.based_on.extend(request.map(Reference::to));
        report.specimen.extend(frame.specimens.iter().copied().map(Reference::to));
        report.result.extend(known.iter().map(|known| Reference::to(known.id)));
        cx.put(id, report);
    }
    let number = |key: Option<orc::Key<'a>>| key.map(|(_, number)| number);
    Made { obr: group.obr, placer: number(numbers.placer), filler: number(numbers.filler), results: known }
}

/// What the state of a whole report says of a result that says nothing: only that it is final or not.
fn result_status(report: &DiagnosticReport<'_>) -> Option<&'static str> {
    match report.status {
        Some(status @ ("final" | "preliminary" | "corrected" | "cancelled" | "registered")) => Some(status),
        _ => None,
    }
}

/// The specimens of a group, each once, and their numbers.
fn specimens<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    patient: Uuid,
    report: Option<Uuid>,
) -> (Vec<Uuid>, HashMap<Cow<'a, str>, Uuid>) {
    let mut ids = Vec::new();
    let mut seen = HashSet::new();
    let mut by_number = HashMap::new();
    for Noted { segment, notes } in &group.specimens {
        let Some((id, numbers)) = spm::convert(cx, *segment, notes, patient, report) else { continue };
        by_number.extend(numbers.into_iter().map(|number| (number, id)));
        if seen.insert(id) {
            ids.push(id);
        }
    }
    if let Some(obr) = group.obr {
        match (ids.as_slice(), report) {
            ([], Some(report)) => ids.extend(spm::of_obr(cx, obr, patient, report)),
            ([only], _) => spm::complete_from_obr(cx, obr, *only),
            _ => {}
        }
    }
    (ids, by_number)
}

/// The observations of a group, and the text of its OBX that name none.
fn observations<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    frame: &Frame<'_, 'a>,
) -> (Vec<Known<'a>>, Vec<Cow<'a, str>>) {
    let mut known = Vec::with_capacity(group.results.len());
    // Text without identifier, by OBX-4: one document each.
    let mut texts: Vec<(Vec<Segment<'m, 'a>>, Vec<Segment<'m, 'a>>)> = Vec::new();
    let mut text_of: HashMap<&[u8], usize> = HashMap::new();
    let mut rest = group.results.as_slice();
    while let Some((result, more)) = rest.split_first() {
        rest = more;
        let obx = result.segment;
        if Kind::of(obx) != Kind::Unknown {
            cx.ignore(obx.field(2).value(), "the type shows in the value");
        }
        if obx::is_blank(obx) || obx::is_note(obx) {
            let at = *text_of.entry(obx.field(4).raw()).or_insert(texts.len());
            if at == texts.len() {
                texts.push((Vec::new(), Vec::new()));
            }
            if let Some((lines, notes)) = texts.get_mut(at) {
                lines.push(obx);
                notes.extend(&result.notes);
            }
            continue;
        }
        let mut run = vec![obx];
        let mut notes = result.notes.clone();
        while notes.is_empty()
            && let Some((next, after)) = rest.split_first()
            && obx::continues(obx, next.segment)
        {
            cx.ignore(next.segment.field(2).value(), "the type shows in the value");
            run.push(next.segment);
            notes.extend(&next.notes);
            rest = after;
        }
        known.extend(obx::convert(cx, &run, &notes, frame));
    }
    members(cx, &known);
    let mut said = Vec::new();
    for (lines, notes) in &texts {
        said.extend(obx::text_document(cx, lines, notes, frame));
        let blank = lines.iter().filter(|line| obx::is_blank(**line));
        for field in blank.flat_map(|line| line.fields()) {
            cx.ignore_field(field, "an OBX without identifier and value says nothing");
        }
    }
    (known, said)
}

/// `2.1` and `2.2` are members of `2`, where there is exactly one of that name (HL7 v2.5.1 §7.4.2.4).
fn members(cx: &mut Context<'_, '_>, known: &[Known<'_>]) {
    if !known.iter().any(|one| one.sub_id.contains('.')) {
        return;
    }
    let mut by_sub_id: HashMap<&str, Option<Uuid>> = HashMap::with_capacity(known.len());
    for one in known {
        by_sub_id.entry(&one.sub_id).and_modify(|twice| *twice = None).or_insert(Some(one.id));
    }
    for one in known {
        let Some((above, _)) = one.sub_id.rsplit_once('.') else { continue };
        if let Some(Some(parent)) = by_sub_id.get(above)
            && let Some(Resource::Observation(observation)) = cx.entry(*parent)
        {
            observation.has_member.push(Reference::to(one.id));
        }
    }
}

/// Notes behind ORC and OBR. Those on the order stand on its request, and each is a document about the
/// request or the report. None is the conclusion: that is the clinical interpretation, and FHIR R4 has no
/// note on a report. The conclusion is the text of the OBX that name no observation.
fn notes_on_order<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    frame: &Frame<'_, 'a>,
    request: Option<Uuid>,
    report: Option<&mut DiagnosticReport<'a>>,
    mut texts: Vec<Cow<'a, str>>,
) {
    for (run, about, key) in [
        (&group.order_notes, request.or(frame.report), "request"),
        (&group.notes, frame.report.or(request), "order"),
    ] {
        let notes = nte::notes(cx, run);
        let Some(first) = run.first().map(Segment::place) else { continue };
        let belongs = Belongs { patient: frame.patient, encounter: frame.encounter, about };
        nte::put_documents(cx, &notes, belongs, if about.is_some() { key } else { "" }, first);
        if let Some(request) = request.filter(|request| about == Some(*request)) {
            orc::add_notes(cx, request, &notes);
        }
    }
    if let Some(report) = report {
        report.conclusion = match texts.len() {
            0 => None,
            1 => texts.pop(),
            _ => Some(Cow::Owned(texts.join("\n\n"))),
        };
    }
}
