//! PV1: the visit (HL7 v2.5.1 §3.4.3), written as nl-core-Encounter.

use fhir::{
    CodeableConcept, Coding, Encounter, EncounterHospitalization, EncounterLocation, EncounterParticipant,
    Location, Meta, Period, Reference, nl, system,
};
use hl7v2::{Field, Repetition, Segment};
use uuid::Uuid;

use crate::context::{Context, add_new, trim};
use crate::datatype::{cwe, cx as identifier, pl, xcn, xon};
use crate::identity::rule;
use crate::message::adt::visit::{Effect, Status};
use crate::table;

/// An Encounter that other segments still add to.
pub(crate) struct EncounterDraft<'a> {
    pub(crate) id: Uuid,
    pub(crate) resource: Encounter<'a>,
}

impl<'a> EncounterDraft<'a> {
    /// Puts it, and says that it is an nl-core-Encounter where it keeps the profile's rules.
    pub(crate) fn put(mut self, cx: &mut Context<'_, 'a>) {
        if is_nl_core(cx, &self.resource) {
            let meta = self.resource.meta.get_or_insert_with(Box::<Meta<'a>>::default);
            meta.profile.push(nl::ENCOUNTER);
        }
        if !cx.has(self.id) {
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

/// The rules of nl-core-Encounter that what we write can break: one location at most, reasons as text,
/// and participants that are roles.
fn is_nl_core(cx: &mut Context<'_, '_>, encounter: &Encounter<'_>) -> bool {
    let by_role = encounter.participant.iter().all(|participant| {
        let who = participant.individual.as_ref().and_then(|reference| reference.reference);
        participant.r#type.len() <= 1
            && who.is_some_and(|urn| matches!(cx.entry(urn.0), Some(fhir::Resource::PractitionerRole(_))))
    });
    let class = encounter.class.as_ref().and_then(|class| class.system.as_deref());
    by_role
        && encounter.location.len() <= 1
        && encounter.reason_code.iter().all(|reason| reason.coding.is_empty())
        && class == Some(system::ACT_CODE)
}

/// The visit of a PV1. `None` when it says that there is none (class N and no number), and when a message
/// that registers no visit does not say which one it means: a guess would be another visit each time.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    pid: Segment<'m, 'a>,
    patient: Uuid,
    event: &'static Effect,
) -> Option<EncounterDraft<'a>> {
    if says_no_visit(pv1) {
        cx.ignore_field(pv1.field(2), "patient class N: the message is about no visit");
        return None;
    }
    let Some(id) = identify(cx, pv1, pid, patient, event) else {
        cx.warn(pv1.place(), "visit-without-number");
        for field in pv1.fields() {
            cx.ignore_field(field, "a visit that has no number cannot be told from others");
        }
        return None;
    };
    let mut draft = EncounterDraft {
        id,
        resource: Encounter { id: Some(id), subject: Some(Reference::to(patient)), ..Encounter::default() },
    };
    for (field, kind) in [(pv1.field(19), "VN"), (pv1.field(50), "VN"), (pid.field(18), "AN")] {
        for repetition in field.repetitions() {
            let written = identifier::identifier(cx, repetition, Some(kind));
            add_new(&mut draft.resource.identifier, written);
        }
    }
    class(cx, pv1, &mut draft);
    locations(cx, pv1, &mut draft);
    participants(cx, pv1, &mut draft);
    concepts(cx, pv1, &mut draft);
    hospitalization(cx, pv1, &mut draft, event);
    period_and_status(cx, pv1, &mut draft, event);
    Some(draft)
}

/// Class N or none, and neither place nor number nor time: whoever is named is not named in a visit.
fn says_no_visit(pv1: Segment<'_, '_>) -> bool {
    let class = pv1.field(2).value().text();
    let none = class.trim().is_empty() || class.trim().eq_ignore_ascii_case("N");
    none && [3, 6, 19, 44, 45, 50].into_iter().all(|field| !pv1.field(field).is_present())
}

/// Which visit: by visit number, else by account number. A message that registers a visit may go on: by
/// patient, class, and time of admission or else of the event.
fn identify<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    pid: Segment<'m, 'a>,
    patient: Uuid,
    event: &'static Effect,
) -> Option<Uuid> {
    for (list, rule) in [(pv1.field(19), &rule::ENCOUNTER), (pid.field(18), &rule::ENCOUNTER_BY_ACCOUNT)] {
        if let Some((authority, number)) = identifier::key(cx, list.first()) {
            return Some(cx.id(rule, &[&[&authority, &number]], list.first().value().place()));
        }
    }
    if !event.registers() {
        return None;
    }
    let patient = patient.hyphenated().to_string();
    let class = trim(pv1.field(2).value().text()).to_ascii_uppercase();
    let evn = cx.message.segment("EVN");
    let of_event = [6, 2].into_iter().filter_map(|n| evn.map(|evn| evn.field(n).value()));
    let times = std::iter::once(pv1.field(44).value()).chain(of_event);
    let sent = cx.message.header().field(7).value();
    let moment = times.chain([sent]).find(|time| time.is_present());
    let moment = moment.map(|time| trim(time.text())).unwrap_or_default();
    let parts: &[&[&str]] = &[&[&patient], &[&class, &moment]];
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

fn locations<'m, 'a>(cx: &mut Context<'m, 'a>, pv1: Segment<'m, 'a>, draft: &mut EncounterDraft<'a>) {
    let mut provider = None;
    for (field, status) in
        [(3, "active"), (6, "completed"), (11, "active"), (42, "planned"), (43, "completed")]
    {
        let field_of = pv1.field(field);
        let Some(place) = pl::location(cx, field_of.first()) else { continue };
        if field == 3 {
            provider = place.organization;
        }
        let location = Some(Reference::to(place.location));
        let known = draft.resource.location.iter().any(|one| one.location == location);
        // Where a patient is counts more than that he was there before.
        if !known {
            let status = Some(status);
            draft.resource.location.push(EncounterLocation {
                location,
                status,
                ..EncounterLocation::default()
            });
        }
    }
    let named = facility(cx, pv1.field(39));
    draft.resource.service_provider = named.or(provider).map(Reference::to);
}

/// The servicing facility (PV1-39) is a name.
fn facility<'a>(cx: &mut Context<'_, 'a>, field: Field<'_, 'a>) -> Option<Uuid> {
    let name = cx.write(field.value())?;
    let sender = cx.sender_key().to_owned();
    let id = cx.id(&rule::ORGANIZATION_BY_NAME, &[&[&sender], &[&name]], field.place());
    xon::put(cx, id, fhir::Organization { name: Some(name), ..fhir::Organization::default() });
    Some(id)
}

fn participants<'m, 'a>(cx: &mut Context<'m, 'a>, pv1: Segment<'m, 'a>, draft: &mut EncounterDraft<'a>) {
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
        draft.resource.service_type = cwe::concept(cx, pv1.field(10).first(), "PV1-10", None);
    }
}

fn hospitalization<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    draft: &mut EncounterDraft<'a>,
    event: &'static Effect,
) {
    let id = draft.id;
    let first = |n: usize| pv1.field(n).first();
    if cx.given(pv1.field(5), id, "hospitalization.preAdmissionIdentifier")
        && let Some(number) = identifier::identifier(cx, first(5), None)
    {
        draft.hospitalization().pre_admission_identifier = Some(number);
    }
    if cx.given(pv1.field(13), id, "hospitalization.reAdmission")
        && let Some(concept) = cwe::concept(cx, first(13), "PV1-13", None)
    {
        draft.hospitalization().re_admission = Some(concept);
    }
    if cx.given(pv1.field(14), id, "hospitalization.admitSource")
        && let Some(concept) = cwe::concept(cx, first(14), "PV1-14", None)
    {
        draft.hospitalization().admit_source = Some(concept);
    }
    if event.undoes("A03") {
        for (field, path) in
            [(36, "hospitalization.dischargeDisposition"), (37, "hospitalization.destination")]
        {
            cx.deletions.push(crate::Deletion { entry: id, path });
            cx.ignore_field(pv1.field(field), "the discharge that this event takes back");
        }
    }
    let discharge = !event.undoes("A03");
    if discharge
        && cx.given(pv1.field(36), id, "hospitalization.dischargeDisposition")
        && let Some(concept) = cwe::concept(cx, first(36), "PV1-36", None)
    {
        draft.hospitalization().discharge_disposition = Some(concept);
    }
    if discharge
        && cx.given(pv1.field(37), id, "hospitalization.destination")
        && let Some(place) = destination(cx, first(37))
    {
        draft.hospitalization().destination = Some(Reference::to(place));
    }
    if cx.given(pv1.field(16), id, "hospitalization.specialCourtesy")
        && let Some(concept) = cwe::concept(cx, first(16), "PV1-16", None)
    {
        draft.hospitalization().special_courtesy.push(concept);
    }
    for (field, path, place) in [
        (15, "hospitalization.specialArrangement", "PV1-15"),
        (38, "hospitalization.dietPreference", "PV1-38"),
    ] {
        if !cx.given(pv1.field(field), id, path) {
            continue;
        }
        for repetition in pv1.field(field).repetitions() {
            if let Some(concept) = cwe::concept(cx, repetition, place, None) {
                let stay = draft.hospitalization();
                let list =
                    if field == 15 { &mut stay.special_arrangement } else { &mut stay.diet_preference };
                add_new(list, [concept]);
            }
        }
    }
}

/// Where the patient was discharged to (DLD): a name, and since when.
fn destination<'a>(cx: &mut Context<'_, 'a>, dld: Repetition<'_, 'a>) -> Option<Uuid> {
    let name = cx.write(dld.component(1).value())?;
    let sender = cx.sender_key().to_owned();
    let id = cx.id(&rule::LOCATION, &[&[&sender], &["destination", &name]], dld.place());
    if !cx.has(id) {
        let location = Location { id: Some(id), name: Some(name), ..Location::default() };
        cx.put(id, location);
    }
    Some(id)
}

fn period_and_status<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    draft: &mut EncounterDraft<'a>,
    event: &'static Effect,
) {
    let id = draft.id;
    let mut period = Period::default();
    if cx.given(pv1.field(44), id, "period.start") {
        (period.start, period.start_ext) = cx.date_time(pv1.field(44).value());
    }
    if event.undoes("A03") {
        cx.deletions.push(crate::Deletion { entry: id, path: "period.end" });
        cx.ignore_field(pv1.field(45), "the discharge that this event takes back");
    } else if cx.given(pv1.field(45), id, "period.end") {
        (period.end, period.end_ext) = cx.date_time(pv1.field(45).value());
    }
    let ended = period.end.is_some();
    cx.forward(&mut period, pv1.field(44).value(), pv1.field(45).value());
    if period != Period::default() {
        draft.resource.period = Some(period);
    }
    let by_class = || {
        let class = pv1.field(2).value().text();
        table::encounter_status_of_class(&class).map_or("in-progress", |target| target.code)
    };
    draft.resource.status = Some(match event.status {
        Status::Is(status) if !(ended && status == "in-progress") => status,
        _ if ended => "finished",
        Status::Is(status) => status,
        Status::OfClass => by_class(),
        Status::GoingOn => "in-progress",
        Status::Unsaid => {
            cx.presume(id, "status");
            by_class()
        }
    });
}

/// A confidentiality of `restricted`, where a sender asks for protection.
pub(crate) fn restricted<'a>(meta: &mut Option<Box<Meta<'a>>>) {
    let coding = Coding::new(system::CONFIDENTIALITY, "R").with_display("restricted");
    add_new(&mut meta.get_or_insert_with(Box::default).security, [coding]);
}
