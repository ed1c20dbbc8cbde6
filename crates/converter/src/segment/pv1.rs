//! PV1: the visit (HL7 v2.5.1 §3.4.3), written as nl-core-Encounter.

mod map;
mod place;
mod time;

use fhir::{
    CodeableConcept, Coding, Encounter, EncounterHospitalization, EncounterParticipant, Extension,
    ExtensionValue, Meta, Period, Reference, Resource, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::{beside, mrg};
use crate::context::{Context, add_new, trim};
use crate::conversion::KnownThrough;
use crate::datatype::{self, cwe, cx as identifier, xcn};
use crate::identity::rule;
use crate::message::adt::visit::Effect;
use crate::table;
use crate::time::PointInTime;

pub(crate) use map::MAP;
use time::Times;

/// An Encounter that other segments still add to.
pub(crate) struct EncounterDraft<'a> {
    pub(crate) id: Uuid,
    pub(crate) resource: Encounter<'a>,
    /// What the event says of the visit.
    pub(crate) effect: &'static Effect,
    /// The message told of this visit before, in another group, and that stands.
    pub(crate) told: bool,
}

impl<'a> EncounterDraft<'a> {
    /// Puts it; of one that stands, MRG may have told further numbers, and DG1 further diagnoses.
    pub(crate) fn put(self, cx: &mut Context<'_, 'a>) {
        if let Some(Resource::Encounter(known)) = cx.entry(self.id) {
            add_new(&mut known.identifier, self.resource.identifier);
            add_new(&mut known.diagnosis, self.resource.diagnosis);
        } else {
            cx.put(self.id, self.resource);
        }
    }

    /// Someone who takes part in the visit.
    pub(crate) fn participant(
        &mut self,
        who: xcn::Professional,
        kind: Option<CodeableConcept<'a>>,
        period: Option<Period<'a>>,
    ) {
        let individual = Some(who.reference());
        let one = EncounterParticipant {
            r#type: kind.into_iter().collect(),
            period,
            individual,
            ..EncounterParticipant::default()
        };
        add_new(&mut self.resource.participant, [one]);
    }

    /// How the stay began and ended.
    pub(crate) fn hospitalization(&mut self) -> &mut EncounterHospitalization<'a> {
        self.resource.hospitalization.get_or_insert_default()
    }
}

/// The visit of a PV1. `None` when it says that there is none (class N and no number), and when a message
/// that registers no visit does not say which one it means: a guess would be another visit each time.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    pid: Segment<'m, 'a>,
    patient: Uuid,
    effect: &'static Effect,
) -> Option<EncounterDraft<'a>> {
    let id = identify_or_leave(cx, pv1, Some(pid), patient, effect)?;
    if cx.has(id) {
        told_before(cx, pv1);
        let resource = Encounter { id: Some(id), ..Encounter::default() };
        return Some(EncounterDraft { id, resource, effect, told: true });
    }
    Some(visit(cx, pv1, id, Some(pid), patient, effect))
}

/// A visit beside the one that the message is about.
pub(crate) enum Further<'a> {
    /// A visit of its own.
    Another(Box<EncounterDraft<'a>>),
    /// A visit that the message told of before.
    Known(Uuid),
    /// None, or one that cannot be told from others.
    Unknown,
}

/// The visit of a further PV1. The account of PID is not its number: it may be of all of them. `known` tells
/// whether the message told of a visit before.
pub(crate) fn further<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    patient: Uuid,
    effect: &'static Effect,
    known: impl Fn(Uuid) -> bool,
) -> Further<'a> {
    let Some(id) = identify_or_leave(cx, pv1, None, patient, effect) else { return Further::Unknown };
    if known(id) || cx.has(id) {
        told_before(cx, pv1);
        return Further::Known(id);
    }
    Further::Another(Box::new(visit(cx, pv1, id, None, patient, effect)))
}

fn told_before<'m, 'a>(cx: &mut Context<'m, 'a>, pv1: Segment<'m, 'a>) {
    for field in pv1.fields() {
        cx.ignore_field(field, "the message told of this visit before, and that stands");
    }
}

/// What PV1 and PV2 say where there is no visit that they could be of.
const NO_VISIT: &str =
    "the message is about no visit: patient class N, or neither class, place, number nor time";
const NO_NUMBER: &str = "a visit that has no number cannot be told from others";

fn identify_or_leave<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    pid: Option<Segment<'m, 'a>>,
    patient: Uuid,
    effect: &'static Effect,
) -> Option<Uuid> {
    let no_visit = says_no_visit(pv1);
    let id = if no_visit { None } else { identify(cx, pv1, pid, patient, effect) };
    if id.is_none() {
        if !no_visit {
            cx.warn(pv1.place(), "visit-without-number");
        }
        for field in pv1.fields() {
            cx.ignore_field(field, if no_visit { NO_VISIT } else { NO_NUMBER });
        }
    }
    id
}

/// What stands behind a PV1 that names no visit.
pub(crate) fn leave<'m, 'a>(cx: &mut Context<'m, 'a>, segment: Segment<'m, 'a>) {
    for field in segment.fields() {
        cx.ignore_field(field, "more about a visit that is not told of, or cannot be told from others");
    }
}

fn visit<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    id: Uuid,
    pid: Option<Segment<'m, 'a>>,
    patient: Uuid,
    effect: &'static Effect,
) -> EncounterDraft<'a> {
    let mut draft = EncounterDraft {
        id,
        effect,
        told: false,
        resource: Encounter { id: Some(id), subject: Some(Reference::to(patient)), ..Encounter::default() },
    };
    let account = pid.map(|pid| (pid.field(18), "AN"));
    for (field, kind) in [(pv1.field(19), "VN"), (pv1.field(50), "VN")].into_iter().chain(account) {
        for repetition in field.repetitions() {
            let written = identifier::identifier(cx, repetition, Some(kind));
            add_new(&mut draft.resource.identifier, written);
        }
    }
    class(cx, pv1, &mut draft);
    let times = time::convert(cx, pv1, &mut draft);
    place::convert(cx, pv1, &mut draft, &times);
    participants(cx, pv1, &mut draft);
    concepts(cx, pv1, &mut draft);
    hospitalization(cx, pv1, &mut draft);
    episode(cx, pv1, &mut draft);
    draft.resource.extension.extend(beside::extensions(cx, pv1, map::EXTENSIONS, id));
    financial_class(cx, pv1, &mut draft);
    datatype::beyond(cx, pv1, [5, 18, 37, 39, 44, 45, 53], &mut draft.resource.extension);
    draft
}

/// Class N or none, and neither place nor number nor time: whoever is named is not named in a visit.
fn says_no_visit(pv1: Segment<'_, '_>) -> bool {
    let class = pv1.field(2).value().text();
    let none = class.trim().is_empty() || class.trim().eq_ignore_ascii_case("N");
    none && [3, 6, 19, 44, 45, 50].into_iter().all(|field| !pv1.field(field).is_present())
}

/// Which visit: by visit number, else by account number, else by another number of the visit (PV1-50), else by
/// the number of its pre-admission (PV1-5). Without any, by patient and time of admission (not by the class, which
/// A06 and A07 change); where that is not told either, the time of the event will do for an event that opens a visit, and for no other: a discharge
/// that was named by its own time would be another visit than the admission.
fn identify<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    pid: Option<Segment<'m, 'a>>,
    patient: Uuid,
    effect: &'static Effect,
) -> Option<Uuid> {
    let numbered = |cx: &mut Context<'m, 'a>, list: hl7v2::Field<'m, 'a>, rule| {
        let (authority, number) = identifier::key(cx, list.first())?;
        Some(cx.id(rule, &[&[&authority, &number]], list.first().value().place()))
    };
    if let Some(id) = numbered(cx, pv1.field(19), &rule::ENCOUNTER) {
        return Some(id);
    }
    if let Some(number) = pid.map(|pid| pid.field(18))
        && let Some(account) = mrg::account_of(cx, number)
    {
        let id = mrg::visit_of_account(cx, account, number);
        cx.known_through.push(KnownThrough { kind: "Encounter", id, other: account });
        return Some(id);
    }
    for (list, rule) in
        [(pv1.field(50), &rule::ENCOUNTER_BY_ALTERNATE), (pv1.field(5), &rule::ENCOUNTER_BY_PREADMISSION)]
    {
        if let Some(id) = numbered(cx, list, rule) {
            return Some(id);
        }
    }
    if !effect.registers() || (!effect.opens() && !pv1.field(44).is_present()) {
        return None;
    }
    let patient = patient.hyphenated().to_string();
    let evn = cx.message.segment("EVN");
    let of_event = [6, 2].into_iter().filter_map(|n| evn.map(|evn| evn.field(n).value()));
    let times = std::iter::once(pv1.field(44).value()).chain(of_event);
    let sent = cx.message.header().field(7).value();
    let moment = times.chain([sent]).find(|time| time.is_present());
    // However it is written.
    let moment = moment.map(|time| match PointInTime::parse(&time.text()) {
        Ok(read) => read.date_time(&cx.profile.time_zone).into(),
        Err(_) => trim(time.text()),
    });
    let parts: &[&[&str]] = &[&[&patient], &[&moment.unwrap_or_default()]];
    Some(cx.id(&rule::ENCOUNTER_BY_ADMISSION, parts, pv1.field(19).place()))
}

fn class<'m, 'a>(cx: &mut Context<'m, 'a>, pv1: Segment<'m, 'a>, draft: &mut EncounterDraft<'a>) {
    let class = cwe::coding(cx, pv1.field(2).first(), "PV1-2", table::patient_class);
    if class.is_none() {
        cx.presume(draft.id, "class");
    }
    draft.resource.class =
        class.or_else(|| Some(Coding::new(system::NULL_FLAVOR, "UNK").with_display("unknown")));
}

fn participants<'m, 'a>(cx: &mut Context<'m, 'a>, pv1: Segment<'m, 'a>, draft: &mut EncounterDraft<'a>) {
    if draft.effect.undoes("A54") && pv1.field(7).is_empty() {
        // HL7 v2.5.1 §3.3.55: PV1-7 holds who it was before. Which doctor that is, nobody else says.
        cx.warn(pv1.field(7).place(), "no-former-doctor");
    }
    for (field, path, code, display) in [
        (7, "participant:ATND", "ATND", "attender"),
        (8, "participant:REF", "REF", "referrer"),
        (9, "participant:CON", "CON", "consultant"),
        (17, "participant:ADM", "ADM", "admitter"),
        (52, "participant:PART", "PART", "Participation"),
    ] {
        if !cx.given(pv1.field(field), draft.id, path) {
            continue;
        }
        for repetition in pv1.field(field).repetitions() {
            if let Some(who) = xcn::professional(cx, repetition) {
                draft.participant(who, Some(part(code, display)), None);
            }
        }
    }
}

/// What someone does in a visit.
pub(crate) fn part<'a>(code: &'static str, display: &'static str) -> CodeableConcept<'a> {
    CodeableConcept::of(Coding::new(system::PARTICIPATION_TYPE, code).with_display(display))
}

fn concepts<'m, 'a>(cx: &mut Context<'m, 'a>, pv1: Segment<'m, 'a>, draft: &mut EncounterDraft<'a>) {
    if cx.given(pv1.field(4), draft.id, "type") {
        let kind = cwe::concept(cx, pv1.field(4).first(), "PV1-4", Some(table::admission_type));
        draft.resource.r#type.extend(kind);
    }
    draft.resource.r#type.extend(cwe::concept(cx, pv1.field(18).first(), "PV1-18", None));
    if cx.given(pv1.field(10), draft.id, "serviceType") {
        draft.resource.service_type =
            cwe::concept_of_site(cx, pv1.field(10).first(), "PV1-10", Some(table::hospital_service));
    }
}

fn hospitalization<'m, 'a>(cx: &mut Context<'m, 'a>, pv1: Segment<'m, 'a>, draft: &mut EncounterDraft<'a>) {
    let (id, effect) = (draft.id, draft.effect);
    let first = |n: usize| pv1.field(n).first();
    if cx.given(pv1.field(5), id, "hospitalization.preAdmissionIdentifier")
        && let Some(number) = identifier::identifier(cx, first(5), None)
    {
        draft.hospitalization().pre_admission_identifier = Some(number);
    }
    if cx.given(pv1.field(13), id, "hospitalization.reAdmission")
        && let Some(concept) = cwe::concept_of_site(cx, first(13), "PV1-13", Some(table::readmission))
    {
        draft.hospitalization().re_admission = Some(concept);
    }
    if cx.given(pv1.field(14), id, "hospitalization.admitSource")
        && let Some(concept) = cwe::concept_of_site(cx, first(14), "PV1-14", Some(table::admit_source))
    {
        draft.hospitalization().admit_source = Some(concept);
    }
    if effect.undoes("A03") {
        for (field, path) in
            [(36, "hospitalization.dischargeDisposition"), (37, "hospitalization.destination")]
        {
            cx.deletions.push(crate::Deletion { entry: id, path });
            cx.ignore_field(pv1.field(field), "the discharge that this event takes back");
        }
    }
    let discharge = !effect.undoes("A03");
    if discharge
        && cx.given(pv1.field(36), id, "hospitalization.dischargeDisposition")
        && let Some(concept) =
            cwe::concept_of_site(cx, first(36), "PV1-36", Some(table::discharge_disposition))
    {
        draft.hospitalization().discharge_disposition = Some(concept);
    }
    if discharge
        && cx.given(pv1.field(37), id, "hospitalization.destination")
        && let Some(place) = place::destination(cx, first(37))
    {
        draft.hospitalization().destination = Some(place);
    }
    if cx.given(pv1.field(16), id, "hospitalization.specialCourtesy")
        && let Some(concept) = cwe::concept(cx, first(16), "PV1-16", None)
    {
        draft.hospitalization().special_courtesy.push(concept);
    }
    let arrangements: Option<cwe::Table> = Some(table::ambulatory_status);
    for (field, path, place, table) in [
        (15, "hospitalization.specialArrangement", "PV1-15", arrangements),
        (38, "hospitalization.dietPreference", "PV1-38", None),
    ] {
        if !cx.given(pv1.field(field), id, path) {
            continue;
        }
        for repetition in pv1.field(field).repetitions() {
            if let Some(concept) = cwe::concept_of_site(cx, repetition, place, table) {
                let stay = draft.hospitalization();
                let list =
                    if field == 15 { &mut stay.special_arrangement } else { &mut stay.diet_preference };
                add_new(list, [concept]);
            }
        }
    }
}

/// The episode that the visit is part of is known by its number and description only (PV1-53, PV1-54).
fn episode<'m, 'a>(cx: &mut Context<'m, 'a>, pv1: Segment<'m, 'a>, draft: &mut EncounterDraft<'a>) {
    let said = cx.given(pv1.field(53), draft.id, "episodeOfCare");
    let description = if said { cx.write(pv1.field(53).value()) } else { None };
    let mut episodes = Vec::new();
    if cx.given(pv1.field(54), draft.id, "episodeOfCare") {
        for repetition in pv1.field(54).repetitions() {
            let number = identifier::identifier(cx, repetition, None);
            episodes.extend(number.map(Reference::by_identifier));
        }
    }
    if episodes.is_empty() {
        episodes.extend(description.map(Reference::display));
    } else if let Some(first) = episodes.first_mut() {
        first.display = description;
    }
    draft.resource.episode_of_care = episodes;
}

/// The financial class (PV1-20, FC): how the visit is paid for, and since when.
fn financial_class<'m, 'a>(cx: &mut Context<'m, 'a>, pv1: Segment<'m, 'a>, draft: &mut EncounterDraft<'a>) {
    const URL: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-financial-class";
    const PATH: &str = "extension:https://zorgsluis.github.io/fhir/StructureDefinition/v2-financial-class";
    if !cx.given(pv1.field(20), draft.id, PATH) {
        return;
    }
    for repetition in pv1.field(20).repetitions() {
        let mut parts = Vec::new();
        // FC.1 is a CWE since v2.7: its components are subcomponents here.
        let mut leaves = repetition.component(1).subcomponents();
        let code = leaves.next().and_then(|code| cx.write_code(code));
        let mut concept = CodeableConcept::default();
        if let Some(code) = code {
            concept.coding.push(Coding::new("http://terminology.hl7.org/CodeSystem/v2-0064", code));
        }
        for leaf in leaves {
            let text = cx.write(leaf);
            if concept.text.is_none() {
                concept.text = text;
            } else {
                let display = |display| Coding { display: Some(display), ..Coding::default() };
                concept.coding.extend(text.map(display));
            }
        }
        if concept != CodeableConcept::default() {
            parts.push(Extension::concept("class", concept));
        }
        let since = beside::date_time(cx, repetition.component(2).value());
        parts.extend(since.map(|since| Extension::new("effective", since)));
        datatype::further(cx, repetition, 2, &mut parts);
        if !parts.is_empty() {
            draft.resource.extension.push(Extension::new(URL, ExtensionValue::Parts(parts)));
        }
    }
}

/// A confidentiality of `restricted`, where a sender asks for protection.
pub(crate) fn restricted<'a>(meta: &mut Option<Box<Meta<'a>>>) {
    let coding = Coding::new(system::CONFIDENTIALITY, "R").with_display("restricted");
    add_new(&mut meta.get_or_insert_with(Box::default).security, [coding]);
}
