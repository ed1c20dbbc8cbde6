//! ADT: registration, admission, transfer, discharge, merge (HL7 v2.5.1 chapter 3).

mod further;
pub(crate) mod person;
pub(crate) mod visit;

use std::collections::HashMap;

use hl7v2::{Place, Segment};
use uuid::Uuid;

use super::Says;
use super::billing::Billing;
use crate::context::Context;
use crate::conversion::{Authority, Refusal};
use crate::convert::refuse;
use crate::segment::pid::PatientDraft;
use crate::segment::pv1::EncounterDraft;
use crate::segment::{
    Listed, al1, arv, con, db1, dg1, iam, iar, in1, nk1, npu, pd1, pda, pid, prt, pv1, pv2, rol,
};
use further::{Further, by_visit};
use visit::Effect;

/// What becomes of an ADT message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Adt {
    /// What it says of the visit of its PV1.
    pub(crate) visit: &'static Effect,
    /// What it says of who is who.
    pub(crate) person: &'static person::Effect,
}

impl Adt {
    /// A message that only names a patient and a visit, or changes what is known of them.
    pub(crate) const MENTION: Self = Self { visit: visit::MENTION, person: person::NONE };

    fn of(trigger: &str) -> Self {
        Self { visit: visit::effect_of(trigger), person: person::effect_of(trigger) }
    }
}

/// Converts an ADT message.
pub(crate) fn convert(cx: &mut Context<'_, '_>, event: &super::Event) -> Result<(), Refusal> {
    let event = Adt::of(&event.trigger);
    cx.registers = Authority::Registration;
    let message = cx.message;
    if let Some(npu) = message.segment("NPU").filter(|_| event.visit == visit::BED) {
        return npu::convert(cx, npu);
    }
    if message.segment("PID").is_none() {
        let text = "an ADT message is about a patient, and there is no PID";
        return Err(refuse("no-patient", Place::of_segment(*b"PID", 1), text));
    }
    if event.person.needs_mrg() && message.segment("MRG").is_none() {
        let text = "a merge names the identifiers that are merged, and there is no MRG";
        return Err(refuse("no-merge", Place::of_segment(*b"MRG", 1), text));
    }
    // A group begins with PID: one in most messages, several in ADT_A39, and two that swap their beds in ADT_A17.
    let segments: Vec<Segment<'_, '_>> = message.segments().collect();
    let starts = segments.iter().enumerate().filter(|(_, s)| s.id() == "PID").map(|(at, _)| at);
    let mut starts = starts.peekable();
    while let Some(start) = starts.next() {
        let end = starts.peek().copied().unwrap_or(segments.len());
        let group = super::siu::without_appointment(segments.get(start..end).unwrap_or_default());
        let groups = by_mrg(&group);
        let own: usize = group.iter().filter(|one| is_subject(**one)).map(|one| one.raw().len()).sum();
        let at = group.first().map_or(message.header().place(), Segment::place);
        if !cx.may_copy(own, groups.len().saturating_sub(1), at) {
            return Ok(());
        }
        for group in groups {
            let before = cx.entries.len();
            let parts = patient_group(cx, event, Says::Results, &group)?;
            if let Some((patient, _)) = super::mentioned::subject(cx, before) {
                for con in group.iter().filter(|segment| segment.id() == "CON") {
                    con::convert(cx, *con, patient);
                }
                for (part, visit) in parts {
                    super::ppr::in_registration(cx, part, patient, visit);
                    super::referral::in_registration(cx, part, patient, visit);
                }
            }
        }
        if !event.person.of_several() && event.visit.trigger != "A17" && starts.peek().is_some() {
            // Two patients in one admission: which of them is admitted nobody can tell.
            let at = segments.get(end).map_or(Place::of_segment(*b"PID", 2), Segment::place);
            return Err(refuse(
                "several-patients",
                at,
                "this event is about one patient, and there are several",
            ));
        }
    }
    event.person.link(cx)?;
    super::siu::in_registration(cx);
    Ok(())
}

/// Whether a segment says whom or which visit a group is about.
fn is_subject(segment: Segment<'_, '_>) -> bool {
    matches!(segment.id(), "PID" | "PV1")
}

/// A group with several MRG (ADT_A45) is as many groups, each with the patient of all; what else stands before the
/// first MRG is told once.
fn by_mrg<'s, 'm, 'a>(group: &'s [Segment<'m, 'a>]) -> Vec<std::borrow::Cow<'s, [Segment<'m, 'a>]>> {
    let starts: Vec<usize> =
        group.iter().enumerate().filter(|(_, one)| one.id() == "MRG").map(|(at, _)| at).collect();
    let [first, _, ..] = starts.as_slice() else { return vec![group.into()] };
    let head = group.get(..*first).unwrap_or_default();
    let ends = starts.iter().skip(1).copied().chain([group.len()]);
    let parts = starts.iter().zip(ends).map(|(start, end)| group.get(*start..end).unwrap_or_default());
    let again: Vec<_> = head.iter().copied().filter(|one| is_subject(*one)).collect();
    let heads = std::iter::once(head).chain(std::iter::repeat(again.as_slice()));
    heads.zip(parts).map(|(head, part)| [head, part].concat().into()).collect()
}

/// What stands before a second PID behind an order: earlier results, with a visit of their own, follow.
fn before_prior<'s, 'm, 'a>(group: &'s [Segment<'m, 'a>]) -> &'s [Segment<'m, 'a>] {
    let (mut patient, mut order) = (false, false);
    let prior = group.iter().position(|segment| {
        let begins = segment.id() == "PID" && patient && order;
        patient |= segment.id() == "PID";
        order |= patient && matches!(segment.id(), "ORC" | "OBR");
        begins
    });
    prior.and_then(|prior| group.get(..prior)).unwrap_or(group)
}

/// Segments of a group, and the visit that they are of.
pub(crate) type OfVisit<'s, 'm, 'a> = (&'s [Segment<'m, 'a>], Option<Uuid>);

/// One patient and what hangs on it: the segments of each visit.
pub(crate) fn patient_group<'s, 'm, 'a>(
    cx: &mut Context<'m, 'a>,
    event: Adt,
    says: Says,
    group: &'s [Segment<'m, 'a>],
) -> Result<Vec<OfVisit<'s, 'm, 'a>>, Refusal> {
    let own = before_prior(group);
    let find = |id: &str| own.iter().copied().find(|segment| segment.id() == id);
    let Some(pid) = find("PID") else { return Ok(Vec::new()) };
    let mut patient = pid::convert(cx, pid);
    let mut encounter = find("PV1").and_then(|pv1| pv1::convert(cx, pv1, pid, patient.id, event.visit));
    match &encounter {
        Some(encounter) => pv2::take_back(cx, encounter),
        None => pid::account_number(cx, pid, &mut patient),
    }
    let mut lists = Lists::default();
    let mut parts = by_visit(group, says).into_iter();
    let first = parts.next().unwrap_or_default();
    for &segment in first {
        member(cx, segment, &mut patient, encounter.as_mut(), &mut lists);
    }
    if let Some(encounter) = encounter.as_mut().filter(|encounter| !encounter.told) {
        pv2::planned(cx, first.iter().copied().find(|segment| segment.id() == "PV2"), encounter);
    }
    let mut further = Further::default();
    for part in parts {
        let of_visit = std::mem::take(&mut lists.conditions);
        lists.visits.push((further.current(encounter.as_ref()), of_visit));
        lists.in_order = false;
        further.begin(cx, part, &patient, encounter.as_ref());
        for &segment in part {
            let visit = further.visit(encounter.as_mut());
            member(cx, segment, &mut patient, visit, &mut lists);
        }
    }
    let account = std::mem::take(&mut lists.billing).finish(cx, pid, patient.id, encounter.as_mut());
    further.of_account(account);
    // An order names what matters to it: it lists nothing in full.
    if says == Says::Results {
        lists.finish(cx, &patient, further.current(encounter.as_ref()));
    }
    let visit = encounter.as_ref().map(|encounter| encounter.id);
    super::oru::results(cx, first, says, patient.id, visit);
    for &(part, visit) in &further.parts {
        super::oru::results(cx, part, says, patient.id, visit);
    }
    event.person.convert(cx, pid, (find("MRG"), find("PV1")), &mut patient, &mut encounter)?;
    patient.put(cx);
    let visit = encounter.as_ref().map(|encounter| encounter.id);
    let parts = std::iter::once((first, visit)).chain(further.parts).collect();
    // The visit that the message is about comes last, as the one that others look for.
    for encounter in further.visits.into_iter().chain(encounter) {
        encounter.put(cx);
    }
    Ok(parts)
}

/// What a group lists.
#[derive(Default)]
struct Lists<'m, 'a> {
    allergies: List,
    /// Of the visit that is being told of.
    conditions: List,
    /// The conditions of the visits before it.
    visits: Vec<(Option<Uuid>, List)>,
    coverages: List,
    related: List,
    /// The allergy of the last IAM: an IAR or NTE behind it is about that.
    allergy: Option<Uuid>,
    in_allergy: bool,
    /// Whether PV1 has been passed: a ROL behind it is about the visit.
    in_visit: bool,
    /// Whether a further PID or PV1 stands behind an order: what is behind it is of earlier results.
    in_prior: bool,
    /// Whether an order was begun: a DG1 behind it is why it was ordered.
    in_order: bool,
    billing: Billing<'m, 'a>,
    /// Whether an OBX stands before the orders: a PRT behind it is about that.
    in_result: bool,
}

/// The segments of one kind.
#[derive(Default)]
struct List {
    ids: Vec<Uuid>,
    /// Whether each segment speaks of its own thing only (IAM-6): what is not named stays as it is.
    actions: bool,
    /// Whether the message says anything of this kind.
    said: bool,
    /// The first segment that could not be read: the list is not known in full.
    unread: Option<Place>,
}

impl List {
    fn add(&mut self, segment: Segment<'_, '_>, listed: Listed) {
        self.said = true;
        match listed {
            Listed::Member(id) => self.ids.push(id),
            Listed::Nothing => {}
            Listed::Unread => self.unread = self.unread.or(Some(segment.place())),
        }
    }

    /// What else is listed of the same.
    fn join(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.actions |= other.actions;
        self.said |= other.said;
        self.unread = self.unread.or(other.unread);
    }
}

fn member<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    patient: &mut PatientDraft<'a>,
    mut encounter: Option<&mut EncounterDraft<'a>>,
    lists: &mut Lists<'m, 'a>,
) {
    let in_allergy = std::mem::take(&mut lists.in_allergy);
    if lists.billing.take(cx, segment, patient.id, encounter.as_deref_mut()) {
        return;
    }
    match segment.id() {
        // They stand with the earlier results of an order.
        "PD1" | "NK1" | "ARV" | "PV2" | "ROL" if lists.in_prior => {}
        "PDA" => pda::convert(cx, segment, patient),
        "PD1" => pd1::convert(cx, segment, patient),
        "NK1" => lists.related.add(segment, nk1::convert(cx, segment, patient.id)),
        "IAM" => {
            lists.allergies.actions |= iam::is_action(segment);
            let listed = iam::convert(cx, segment, patient.id);
            lists.allergy = if let Listed::Member(id) = listed { Some(id) } else { None };
            lists.in_allergy = true;
            lists.allergies.add(segment, listed);
        }
        "IAR" => {
            lists.in_allergy = true;
            iar::convert(cx, segment, lists.allergy);
        }
        "NTE" if in_allergy => {
            lists.in_allergy = true;
            iam::note(cx, segment, lists.allergy);
        }
        "ARV" => match encounter.filter(|_| lists.in_visit) {
            Some(visit) => {
                arv::convert(cx, segment, &mut visit.resource.meta, &mut visit.resource.extension);
            }
            None => {
                arv::convert(cx, segment, &mut patient.resource.meta, &mut patient.resource.extension);
            }
        },
        "DB1" => db1::convert(cx, segment, patient),
        "AL1" => lists.allergies.add(segment, al1::convert(cx, segment, patient.id)),
        "ORC" | "OBR" | "SPM" | "SAC" => lists.in_order = true,
        "OBX" => lists.in_result = true,
        "DG1" if lists.in_order => {}
        "DG1" => lists.conditions.add(segment, dg1::convert(cx, segment, patient.id, encounter)),
        "IN1" => {
            let listed = in1::convert(cx, segment, patient);
            lists.billing.insured(&listed);
            lists.coverages.add(segment, listed);
        }
        "PID" => lists.in_prior |= lists.in_order,
        "PV1" => {
            lists.in_prior |= lists.in_visit && lists.in_order;
            (lists.in_visit, lists.in_result) = (true, false);
        }
        "PV2" => match encounter.filter(|encounter| !encounter.told) {
            Some(encounter) => pv2::convert(cx, segment, encounter),
            None => pv1::leave(cx, segment),
        },
        "ROL" => {
            let encounter = encounter.filter(|visit| lists.in_visit && !visit.told);
            rol::convert(cx, segment, patient, encounter);
        }
        // Behind an order it is about that: `super::oru` gives it to it.
        "PRT" if !lists.in_order && !lists.in_result => {
            let encounter = encounter.filter(|visit| lists.in_visit && !visit.told);
            prt::of_patient(cx, segment, patient, encounter);
        }
        _ => {}
    }
}

impl Lists<'_, '_> {
    /// A message that holds segments of a kind lists all of that kind, unless one of them cannot be
    /// read: then what is missing from the list may be just that one, and nothing is withdrawn.
    fn finish<'a>(self, cx: &mut Context<'_, 'a>, patient: &PatientDraft<'a>, visit: Option<Uuid>) {
        // A visit may be told of in several places: two lists of it would each withdraw what the other says.
        let mut of_visits: Vec<(Option<Uuid>, List)> = Vec::new();
        let mut places = HashMap::new();
        for (visit, list) in self.visits.into_iter().chain([(visit, self.conditions)]) {
            let place = *places.entry(visit).or_insert(of_visits.len());
            match of_visits.get_mut(place) {
                Some((_, known)) => known.join(list),
                None => of_visits.push((visit, list)),
            }
        }
        let of_visits = of_visits.into_iter().map(|(visit, list)| ("Condition", list, visit));
        let of_patient = [("Coverage", self.coverages, None), ("RelatedPerson", self.related, None)];
        let allergies = [("AllergyIntolerance", self.allergies, None)];
        for (kind, list, encounter) in allergies.into_iter().chain(of_visits).chain(of_patient) {
            if list.said
                && !list.actions
                && let Some(place) = list.unread
            {
                cx.warn(place, "incomplete-list");
            }
            let full = !list.actions && list.unread.is_none();
            if list.said {
                cx.listings.add(kind, patient.id, encounter, full.then_some(list.ids));
            }
        }
    }
}
