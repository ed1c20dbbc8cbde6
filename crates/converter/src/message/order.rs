//! What hangs on an order, in its results as in the order itself: specimens, observations and notes.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use fhir::{Reference, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::group::{Group, Noted};
use crate::context::{Context, add_new};
use crate::document::{self, Belongs};
use crate::segment::nte;
use crate::segment::obx::{self, Frame, Known, value::Kind};
use crate::segment::{Listed, dg1, orc, spm};

/// The specimens of a group, each once, and their numbers.
pub(super) fn specimens<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    patient: Uuid,
    owner: Option<Uuid>,
) -> (Vec<Uuid>, HashMap<Cow<'a, str>, Uuid>) {
    let mut ids = Vec::new();
    let mut seen = HashSet::new();
    let mut by_number = HashMap::new();
    for Noted { segment, notes } in &group.specimens {
        let Some((id, numbers)) = spm::convert(cx, *segment, notes, patient, owner) else { continue };
        by_number.extend(numbers.into_iter().map(|number| (number, id)));
        if seen.insert(id) {
            ids.push(id);
        }
    }
    if let Some(obr) = group.obr {
        match (ids.as_slice(), owner) {
            ([], Some(owner)) => ids.extend(spm::of_obr(cx, obr, patient, owner)),
            ([only], _) => spm::complete_from_obr(cx, obr, *only),
            _ => {}
        }
    }
    (ids, by_number)
}

/// What was made of the OBX of a group.
#[derive(Default)]
pub(super) struct Observed<'a> {
    pub(super) known: Vec<Known<'a>>,
    /// The OBX that name no observation: their documents and texts.
    pub(super) texts: Vec<(Uuid, Cow<'a, str>)>,
}

/// OBX that are lines of one text, and the notes behind them.
type Lines<'m, 'a> = (Vec<Segment<'m, 'a>>, Vec<Segment<'m, 'a>>);

/// The observations of a group, and its OBX that are texts.
pub(super) fn observations<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    frame: &Frame<'_, 'a>,
) -> Observed<'a> {
    let mut observed = Observed { known: Vec::with_capacity(group.results.len()), texts: Vec::new() };
    let loose = group.is_loose();
    let mut texts: Vec<Lines<'m, 'a>> = Vec::new();
    let mut text_of: HashMap<[&[u8]; 4], usize> = HashMap::new();
    let mut rest = group.results.as_slice();
    while let Some((result, more)) = rest.split_first() {
        rest = more;
        let obx = result.segment;
        if Kind::of(obx) != Kind::Unknown {
            cx.ignore(obx.field(2).value(), "the type shows in the value");
        }
        if obx::is_blank(obx) || obx::is_note(obx, loose) {
            let next = texts.len();
            let at = *text_of.entry(obx::text_key(obx, loose)).or_insert(next);
            if at == next {
                texts.push(Lines::default());
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
        observed.known.extend(obx::convert(cx, &run, &notes, frame));
    }
    members(cx, &observed.known);
    for (lines, notes) in &texts {
        observed.texts.extend(obx::text_document(cx, lines, notes, frame));
        let blank = lines.iter().filter(|line| obx::is_blank(**line));
        for field in blank.flat_map(|line| line.fields()) {
            cx.ignore_field(field, "an OBX without identifier and value says nothing");
        }
    }
    observed
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
/// request or the report. None is a conclusion: that is the clinical interpretation, and FHIR R4 has no
/// note on a report.
pub(super) fn notes_on_order<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    frame: &Frame<'_, 'a>,
    request: Option<Uuid>,
) {
    for (run, about, key) in [
        (&group.order_notes, request.or(frame.report), "request"),
        (&group.notes, frame.report.or(request), "order"),
    ] {
        let notes = nte::notes(cx, run);
        let Some(first) = run.first().map(Segment::place) else { continue };
        let belongs = Belongs { patient: frame.patient, encounter: frame.encounter, about };
        document::put_notes(cx, &notes, belongs, if about.is_some() { key } else { "" }, first);
        if let Some(request) = request.filter(|request| about == Some(*request)) {
            orc::add_notes(cx, request, &notes);
        }
    }
}

/// DG1 behind an order: why it was ordered. Gives back the diagnoses.
pub(super) fn reasons<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    patient: Uuid,
    request: Option<Uuid>,
) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for dg1 in &group.reasons {
        let Listed::Member(id) = dg1::convert(cx, *dg1, patient, None) else { continue };
        for n in [6, 15] {
            cx.ignore_field(
                dg1.field(n),
                "what a diagnosis is in a visit: here it is why something was ordered",
            );
        }
        if let Some(Resource::ServiceRequest(request)) = request.and_then(|id| cx.entry(id)) {
            add_new(&mut request.reason_reference, [Reference::to(id)]);
        }
        ids.push(id);
    }
    ids
}
