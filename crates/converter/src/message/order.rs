//! What hangs on an order, in its results as in the order itself: specimens, observations and notes.

use std::borrow::Cow;
use std::collections::HashMap;

use fhir::{Extension, Reference, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::group::{Group, Measured};
use super::mdm;
use crate::context::{Context, REFERENCE, add_new};
use crate::document::{self, Belongs};
use crate::segment::nte;
use crate::segment::obr::instead;
use crate::segment::obx::{self, Frame, Known, value::Kind};
use crate::segment::{Listed, ctd, cti, dg1, ipc, ods, odt, orc, prt, rq1, rqd, spm, tcd, tq2, txa};

/// The specimens of an order.
#[derive(Default, Clone)]
pub(crate) struct Specimens<'a> {
    /// Each once.
    pub(crate) ids: Vec<Uuid>,
    /// By the numbers that others know them by.
    pub(crate) by_number: HashMap<Cow<'a, str>, Uuid>,
    /// By their place in the order.
    places: Vec<Option<Uuid>>,
    /// What OBR says of several of them: nobody can tell of which.
    pub(crate) beside: Vec<Extension<'a>>,
}

impl<'a> Specimens<'a> {
    fn add(&mut self, known: Option<spm::Known<'a>>) {
        self.places.push(known.as_ref().map(|(id, _)| *id));
        let Some((id, numbers)) = known else { return };
        self.by_number.extend(numbers.into_iter().map(|number| (number, id)));
        add_new(&mut self.ids, [id]);
    }
}

/// The specimens of a group: those that stand before their orders (`shared`, as they were put) and its own.
pub(super) fn specimens<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    shared: &[Option<spm::Known<'a>>],
    patient: Uuid,
    owner: Option<Uuid>,
) -> Specimens<'a> {
    let mut specimens = Specimens::default();
    for collected in &group.specimens {
        let known = spm::convert(cx, collected, patient, owner);
        specimens.add(known);
    }
    let at = group.obr.or(group.orc).map_or(cx.message.header().place(), |order| order.place());
    let shared = if cx.may_copy(REFERENCE, group.shared.len(), at) { shared } else { &[] };
    for at in group.shared.iter().filter(|_| !shared.is_empty()) {
        specimens.add(shared.get(*at).cloned().flatten());
    }
    if let Some(obr) = group.obr {
        match (specimens.ids.as_slice(), owner) {
            ([], Some(owner)) => specimens.ids.extend(spm::order::specimen(cx, obr, patient, owner)),
            ([only], _) => spm::order::complete(cx, obr, *only),
            _ => specimens.beside = spm::order::of_several(cx, obr),
        }
    }
    specimens
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
    observe(cx, &group.results, group.is_loose(), frame)
}

/// The same of any OBX. `loose`: they answer no order.
pub(super) fn observe<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    results: &[Measured<'m, 'a>],
    loose: bool,
    frame: &Frame<'_, 'a>,
) -> Observed<'a> {
    let mut observed = Observed { known: Vec::with_capacity(results.len()), texts: Vec::new() };
    let mut texts: Vec<Lines<'m, 'a>> = Vec::new();
    let mut text_of: HashMap<[&[u8]; 4], usize> = HashMap::new();
    let mut rest = results;
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
        let specimen = result.specimen.and_then(|at| frame.specimens.places.get(at).copied().flatten());
        let known = obx::convert(cx, &run, &notes, frame, specimen);
        run.iter().for_each(|line| crate::null::nothing_to_delete(cx, *line));
        if let Some(known) = &known {
            behind(cx, result, frame.patient, known.id);
        }
        observed.known.extend(known);
    }
    members(cx, &observed.known);
    for (lines, notes) in &texts {
        lines.iter().for_each(|line| crate::null::nothing_to_delete(cx, *line));
        observed.texts.extend(obx::text_document(cx, lines, notes, frame));
        let blank = lines.iter().filter(|line| obx::is_blank(**line));
        for field in blank.flat_map(|line| line.fields()) {
            cx.ignore_field(field, "an OBX without identifier and value says nothing");
        }
    }
    observed
}

/// How a result was measured (TCD), and who had a part in it (PRT).
fn behind<'m, 'a>(cx: &mut Context<'m, 'a>, result: &Measured<'m, 'a>, patient: Uuid, id: Uuid) {
    let tests: Vec<Extension<'a>> = result.tests.iter().filter_map(|test| tcd::convert(cx, *test)).collect();
    if let Some(Resource::Observation(observation)) = cx.entry(id) {
        observation.extension.extend(tests);
    }
    for prt in &result.parts {
        prt::convert(cx, *prt, patient, Some(id));
    }
}

/// What else is said of an order, on its request, or on its report where there is no request.
pub(super) fn details<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    (patient, encounter): (Uuid, Option<Uuid>),
    [request, report]: [Option<Uuid>; 2],
) {
    let mut of_request = Vec::new();
    let mut of_report: Vec<Extension<'a>> = Vec::new();
    // Where there is neither, there is nothing that they could stand on.
    if request.or(report).is_some_and(|id| cx.has(id)) {
        of_request.extend(group.sequence.iter().filter_map(|tq2| tq2::convert(cx, *tq2)));
        of_request.extend(group.contacts.iter().filter_map(|ctd| ctd::convert(cx, *ctd)));
        of_request.extend(group.tests.iter().filter_map(|tcd| tcd::convert(cx, *tcd)));
        of_report.extend(group.trials.iter().filter_map(|cti| cti::convert(cx, *cti)));
    }
    for (extensions, id) in [(of_request, request.or(report)), (of_report, report.or(request))] {
        match id.and_then(|id| cx.entry(id)) {
            Some(Resource::ServiceRequest(known)) => add_new(&mut known.extension, extensions),
            Some(Resource::DiagnosticReport(known)) => add_new(&mut known.extension, extensions),
            _ => {}
        }
    }
    if let Some(id) = request {
        for segment in group.imaging.iter().chain(&group.goods) {
            // Taken out while the segment is read: what it names is put beside it.
            let Some(Resource::ServiceRequest(known)) = cx.entry(id) else { continue };
            let mut taken = std::mem::take(&mut **known);
            let convert = match segment.id() {
                "ODS" => ods::convert,
                "ODT" => odt::convert,
                "RQD" => rqd::convert,
                "RQ1" => rq1::convert,
                _ => ipc::convert,
            };
            convert(cx, *segment, &mut taken);
            if let Some(Resource::ServiceRequest(known)) = cx.entry(id) {
                **known = taken;
            }
        }
    }
    for told in &group.documents {
        mdm::beside(cx, told, txa::Of { patient, encounter }, report.or(request));
    }
    for prt in &group.order_parts {
        prt::convert(cx, *prt, patient, request.or(report));
        instead::convert(cx, *prt, [request, report]);
    }
    for prt in &group.parts {
        prt::convert(cx, *prt, patient, report.or(request));
        instead::convert(cx, *prt, [request, report]);
    }
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
