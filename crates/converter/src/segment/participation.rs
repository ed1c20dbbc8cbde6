//! Who has a part in what: what ROL (HL7 v2.5.1 §15.4.7) and PRT (HL7 v2.7 §7.3.4) have in common.
//!
//! A part in the care of the patient is written as a participant of the patient's CareTeam, and the general
//! practitioner also as `Patient.generalPractitioner`; a part in the visit as a participant of the
//! Encounter; any other by [`super::prt::convert`].

use fhir::{
    CareTeam, CareTeamParticipant, CodeableConcept, EncounterParticipant, Extension, ExtensionValue, Period,
    Reference, Resource,
};
use hl7v2::{Field, Place, Repetition, Segment, Value};
use uuid::Uuid;

use super::pid::PatientDraft;
use super::pv1::EncounterDraft;
use crate::context::{Context, add_new, extension};
use crate::datatype::{cwe, hd, xcn};
use crate::identity::rule;
use crate::table;

/// One or more who have the same part.
#[derive(Clone)]
pub(crate) struct Participation<'a> {
    /// The segment that says it, and how many bytes of it are not about who it is.
    at: Place,
    pub(crate) bytes: usize,
    /// As what.
    pub(crate) role: Vec<CodeableConcept<'a>>,
    /// Who.
    pub(crate) members: Vec<Uuid>,
    /// From when to when.
    pub(crate) period: Option<Period<'a>>,
    /// What FHIR has no element for: the part's own number, why it changed, how long it lasts, where.
    pub(crate) extension: Vec<Extension<'a>>,
    /// Whether they are the patient's general practitioner.
    pub(crate) primary: bool,
    /// Whether they no longer have this part: [`ends`].
    pub(crate) ended: bool,
}

/// Which fields say what.
pub(crate) struct Layout {
    /// The number of the participation (EI).
    pub(crate) number: usize,
    /// Action code (table 0287).
    pub(crate) action: usize,
    /// Why it changed.
    pub(crate) reason: (usize, &'static str),
    /// As what.
    pub(crate) role: (usize, &'static str),
    /// From when.
    pub(crate) start: usize,
    /// To when.
    pub(crate) end: usize,
    /// How long, in words.
    pub(crate) duration: (usize, &'static str),
}

/// Whether the action code of a ROL or PRT ends a part (table 0287): delete or unlink.
pub(crate) fn ends(from: Segment<'_, '_>, action: usize) -> bool {
    let code = from.field(action).value().text();
    ["DE", "UN"].iter().any(|end| code.trim().eq_ignore_ascii_case(end))
}

impl<'a> Participation<'a> {
    /// What the fields say that ROL and PRT have in common.
    pub(crate) fn of<'m>(cx: &mut Context<'m, 'a>, from: Segment<'m, 'a>, layout: &Layout) -> Self {
        let mut part = Self {
            at: from.place(),
            bytes: from.raw().len(),
            role: Vec::new(),
            members: Vec::new(),
            period: None,
            extension: Vec::new(),
            primary: false,
            ended: false,
        };
        let (role, place) = layout.role;
        part.primary = is_primary(from.field(role).value());
        part.ended = ends(from, layout.action);
        part.role.extend(cwe::concept(cx, from.field(role).first(), place, None));
        part.period = cx.period(from.field(layout.start).value(), from.field(layout.end).value());
        if part.ended {
            cx.mark(from.field(layout.action).value());
            part.end(cx);
        }
        if let Some(number) = hd::ei(cx, from.field(layout.number).first()) {
            let number = ExtensionValue::Identifier(Box::new(number));
            part.extension.push(Extension::new(extension::PARTICIPATION_NUMBER, number));
        }
        for ((field, place), url) in
            [(layout.reason, extension::ACTION_REASON), (layout.duration, extension::DURATION)]
        {
            for repetition in from.field(field).repetitions() {
                let concept = cwe::concept(cx, repetition, place, None);
                part.extension.extend(concept.map(|concept| Extension::concept(url, concept)));
            }
        }
        part
    }

    /// Who no longer has this part has it no more from the moment of the message, where no end is given.
    fn end(&mut self, cx: &mut Context<'_, 'a>) {
        let period = self.period.get_or_insert_default();
        if period.end.is_some() || period.end_ext.is_some() {
            return;
        }
        let recorded = cx.message.segment("EVN").map(|evn| evn.field(2).value());
        let recorded = recorded.filter(Value::is_present).unwrap_or(cx.message.header().field(7).value());
        let start = self.period.as_ref().and_then(|period| period.start.clone());
        let (end, _) = cx.date_time(recorded);
        // Nothing ends before it begins (FHIR per-1): then the message is older than what it is about.
        let end = end.filter(|end| start.is_none_or(|start| !crate::time::is_before(end, &start)));
        if let Some(period) = &mut self.period {
            period.end = end;
        }
        self.period.take_if(|period| *period == Period::default());
    }

    /// The people of a field, each put once: relatives by a role of table 0063, else professionals.
    pub(crate) fn people<'m>(
        &mut self,
        cx: &mut Context<'m, 'a>,
        field: Field<'m, 'a>,
        role: Repetition<'m, 'a>,
        patient: Uuid,
        organization: Option<Uuid>,
    ) -> Vec<Person> {
        self.bytes = self.bytes.saturating_sub(field.raw().len());
        let code = role.component(1).value().text();
        let mut people = Vec::new();
        for repetition in field.repetitions() {
            let person = match code.trim().to_ascii_uppercase().as_str() {
                "SEL" if !repetition.is_empty() => {
                    xcn::of_patient(cx, repetition);
                    Some(Person::Patient)
                }
                _ if is_relationship(role) => {
                    xcn::related(cx, repetition, role, patient, self.period.as_ref()).map(Person::Relative)
                }
                _ => xcn::professional_of(cx, repetition, organization).map(Person::Professional),
            };
            people.extend(person);
        }
        self.members.extend(people.iter().map(|person| person.id(patient)));
        people
    }

    /// A part in the visit. An Encounter's participants are people: what else takes part stands in an extension.
    pub(crate) fn in_visit(mut self, cx: &mut Context<'_, 'a>, encounter: &mut EncounterDraft<'a>) {
        let members = std::mem::take(&mut self.members);
        let (people, others): (Vec<_>, Vec<_>) = members.into_iter().partition(|id| is_person(cx, *id));
        if people.is_empty() || !others.is_empty() {
            let others = Self { members: others, ..self.clone() };
            encounter.resource.extension.extend(others.whole());
        }
        if !self.fits(cx, people.len()) {
            return;
        }
        let Self { role, period, extension, .. } = self;
        let participants = people.into_iter().map(|member| EncounterParticipant {
            extension: extension.clone(),
            r#type: role.clone(),
            period: period.clone(),
            individual: Some(Reference::to(member)),
        });
        add_new(&mut encounter.resource.participant, participants);
    }

    /// The whole participation as one extension.
    pub(crate) fn whole(self) -> Option<Extension<'a>> {
        let Self { role, members, period, extension, .. } = self;
        let reference = |id| ExtensionValue::Reference(Box::new(Reference::to(id)));
        let mut parts: Vec<Extension<'a>> =
            role.into_iter().map(|role| Extension::concept("role", role)).collect();
        parts.extend(members.into_iter().map(|id| Extension::new("who", reference(id))));
        let period = period.map(|period| ExtensionValue::Period(Box::new(period)));
        parts.extend(period.map(|period| Extension::new("period", period)));
        parts.extend(extension);
        (!parts.is_empty())
            .then(|| Extension::new(crate::context::extension::PARTICIPATION, ExtensionValue::Parts(parts)))
    }

    /// Whether what is said of all may be written with each of so many.
    pub(crate) fn fits(&self, cx: &mut Context<'_, 'a>, members: usize) -> bool {
        cx.may_copy(self.bytes, members.saturating_sub(1), self.at)
    }

    /// A part in the care of the patient.
    pub(crate) fn in_care(self, cx: &mut Context<'_, 'a>, patient: &mut PatientDraft<'a>) {
        if self.primary && !self.ended {
            let doctors = self.members.iter().filter(|id| is_practitioner(cx, **id));
            let doctors: Vec<Reference<'a>> = doctors.map(|id| Reference::to(*id)).collect();
            add_new(&mut patient.resource.general_practitioner, doctors);
        }
        self.in_team(cx, patient.id);
    }

    /// A member of the patient's team.
    pub(crate) fn in_team(self, cx: &mut Context<'_, 'a>, patient: Uuid) {
        let nothing_said = self.role.is_empty() && self.period.is_none() && self.extension.is_empty();
        if self.members.is_empty() && nothing_said || !self.fits(cx, self.members.len()) {
            return;
        }
        let team = team(cx, patient);
        let Some(Resource::CareTeam(team)) = cx.entry(team) else { return };
        // A part that nobody is named for is a participant all the same: FHIR demands no member.
        let nobody = self.members.is_empty().then_some(None);
        for member in self.members.into_iter().map(Some).chain(nobody) {
            let one = CareTeamParticipant {
                extension: self.extension.clone(),
                role: self.role.clone(),
                member: member.map(Reference::to),
                on_behalf_of: None,
                period: self.period.clone(),
            };
            add_new(&mut team.participant, [one]);
        }
    }
}

/// Who was found in an XCN.
#[derive(Clone, Copy)]
pub(crate) enum Person {
    /// A professional.
    Professional(xcn::Professional),
    /// Someone in a relation to the patient.
    Relative(Uuid),
    /// The patient.
    Patient,
}

impl Person {
    /// What others refer to.
    pub(crate) fn id(self, patient: Uuid) -> Uuid {
        match self {
            Self::Professional(who) => who.role.unwrap_or(who.practitioner),
            Self::Relative(id) => id,
            Self::Patient => patient,
        }
    }
}

/// The patient's CareTeam, put once.
fn team(cx: &mut Context<'_, '_>, patient: Uuid) -> Uuid {
    let key = patient.hyphenated().to_string();
    let id = cx.id(&rule::CARE_TEAM, &[&[&key]], cx.message.header().place());
    if !cx.has(id) {
        let subject = Some(Reference::to(patient));
        cx.put(id, CareTeam { id: Some(id), status: Some("active"), subject, ..CareTeam::default() });
        cx.presume(id, "status");
    }
    id
}

fn is_person(cx: &mut Context<'_, '_>, id: Uuid) -> bool {
    matches!(
        cx.entry(id),
        Some(Resource::Practitioner(_) | Resource::PractitionerRole(_) | Resource::RelatedPerson(_))
    )
}

/// Whether a generalPractitioner may point to it.
fn is_practitioner(cx: &mut Context<'_, '_>, id: Uuid) -> bool {
    matches!(
        cx.entry(id),
        Some(Resource::Practitioner(_) | Resource::PractitionerRole(_) | Resource::Organization(_))
    )
}

/// Primary care provider, family health care professional (tables 0443 and 0912).
fn is_primary(role: Value<'_, '_>) -> bool {
    matches!(role.text().trim().to_ascii_uppercase().as_str(), "PP" | "FHCP")
}

/// Whether a role is a relation to the patient (table 0063) and not a part in the care.
fn is_relationship(role: Repetition<'_, '_>) -> bool {
    let system = role.component(3).value().text();
    matches!(system.trim(), "HL70063" | "HL70131") || table::relationship(&role.value().text()).is_some()
}
