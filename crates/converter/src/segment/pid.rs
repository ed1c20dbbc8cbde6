//! PID: the patient (HL7 v2.5.1 §3.4.2), written as nl-core-Patient.

mod map;
mod more;

use std::borrow::Cow;
use std::collections::HashSet;

use fhir::{
    Address, CodeableConcept, Extension, ExtensionValue, Identifier, MultipleBirth, Patient,
    PatientCommunication, PatientDeceased, system,
};
use hl7v2::{Field, Segment};
use uuid::Uuid;
use zorgsluis_domain::Phi;

use super::{gender, report_conflict, settle};
use crate::context::{Context, add_new, add_new_by, own, trim};
use crate::conversion::{PatientIdentifier, PatientIdentity};
use crate::datatype::{cwe, cx as identifier, xad, xpn, xtn};
use crate::identity::rule;
use crate::table;

pub(crate) use map::MAP;

const RELIGION: &str = "http://hl7.org/fhir/StructureDefinition/patient-religion";
const BIRTH_PLACE: &str = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace";
const CITIZENSHIP: &str = "http://hl7.org/fhir/StructureDefinition/patient-citizenship";
const NATIONALITY: &str = "http://hl7.org/fhir/StructureDefinition/patient-nationality";

/// A Patient that other segments still add to.
pub(crate) struct PatientDraft<'a> {
    pub(crate) id: Uuid,
    pub(crate) resource: Patient<'a>,
    /// Where among the segments its PID stands.
    pid: usize,
}

impl<'a> PatientDraft<'a> {
    /// Puts it. The same patient may be named once more: by the groups of a merge that have one survivor, or by a
    /// sender that repeats the PID. Then lists add up, what was empty is filled, and what contradicts is reported.
    pub(crate) fn put<'m>(self, cx: &mut Context<'m, 'a>) {
        if !cx.has(self.id) {
            cx.put(self.id, self.resource);
            return;
        }
        let Some(fhir::Resource::Patient(known)) = cx.entry(self.id) else { return };
        let more = self.resource;
        add_new(&mut known.identifier, more.identifier);
        add_new(&mut known.name, more.name);
        add_new(&mut known.address, more.address);
        add_new(&mut known.telecom, more.telecom);
        add_new(&mut known.link, more.link);
        add_new(&mut known.communication, more.communication);
        add_new(&mut known.general_practitioner, more.general_practitioner);
        add_new(&mut known.extension, more.extension);
        known.active = known.active.or(more.active);
        if let Some(meta) = more.meta {
            add_new(&mut known.meta.get_or_insert_default().security, meta.security);
        }
        let born = settle(&mut known.birth_date, more.birth_date);
        let born = settle(&mut known.birth_date_ext, more.birth_date_ext) && born;
        let gender = settle(&mut known.gender, more.gender);
        let gender = settle(&mut known.gender_ext, more.gender_ext) && gender;
        // What two fields say of one element contradicts once.
        let settled: [(&[usize], bool); 5] = [
            (&[7], born),
            (&[8], gender),
            (&[16], settle(&mut known.marital_status, more.marital_status)),
            (&[24, 25], settle(&mut known.multiple_birth, more.multiple_birth)),
            (&[29, 30], settle(&mut known.deceased, more.deceased)),
        ];
        if let Some(pid) = cx.message.segments().nth(self.pid) {
            for (fields, _) in settled.iter().filter(|(_, settled)| !settled) {
                report_conflict(cx, pid, fields);
            }
        }
    }
}

/// The patient of a PID.
pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, pid: Segment<'m, 'a>) -> PatientDraft<'a> {
    let id = identify(cx, pid);
    let mut patient = Patient { id: Some(id), ..Patient::default() };
    identifiers(cx, pid, &mut patient);
    if cx.given(pid.field(5), id, "name") {
        xpn::names(cx, pid.field(5), Some("official"), &mut patient.name);
    }
    xpn::names(cx, pid.field(9), None, &mut patient.name);
    if cx.given(pid.field(7), id, "birthDate") {
        (patient.birth_date, patient.birth_date_ext) =
            cx.date(pid.field(7).value(), Some(system::BIRTH_TIME));
    }
    if cx.given(pid.field(8), id, "gender") {
        (patient.gender, patient.gender_ext) = gender(cx, pid.field(8).first());
    }
    if cx.given(pid.field(11), id, "address") {
        xad::addresses(cx, pid.field(11), &mut patient.address);
    }
    if let Some(district) = cx.write(pid.field(12).value()) {
        county(district, &mut patient);
    }
    telecom(cx, pid, id, &mut patient);
    civil_status(cx, pid, id, &mut patient);
    birth_and_death(cx, pid, id, &mut patient);
    PatientDraft { id, resource: patient, pid: pid.index() }
}

fn identifiers<'m, 'a>(cx: &mut Context<'m, 'a>, pid: Segment<'m, 'a>, patient: &mut Patient<'a>) {
    let mut seen = HashSet::new();
    for (field, kind) in [(3, None), (2, None), (4, None), (19, Some("SS")), (20, Some("DL"))] {
        for repetition in pid.field(field).repetitions() {
            if field == 19 && repeats_bsn(cx, repetition, &patient.identifier) {
                continue;
            }
            // PID-20 (DLN) is number, issuer and expiry: a CX in its first component only.
            let mut written = if field == 20 && !is_cx(repetition) {
                driving_licence(cx, repetition)
            } else {
                identifier::identifier(cx, repetition, kind)
            };
            if field == 19 {
                social_security(cx, repetition, written.as_mut());
            }
            if let Some(written) = written {
                add_new_by(&mut patient.identifier, &mut seen, written.value.clone(), written);
            }
        }
    }
}

/// Whether PID-19 says again which BSN stands in PID-3, as old feeds do, and nothing else.
fn repeats_bsn<'a>(
    cx: &mut Context<'_, 'a>,
    ssn: hl7v2::Repetition<'_, 'a>,
    known: &[Identifier<'a>],
) -> bool {
    let value = ssn.component(1).value();
    let repeats = !ssn.components().skip(1).any(|component| component.is_present())
        && known.iter().any(|one| {
            one.system.as_deref() == Some(fhir::nl::BSN) && one.value.as_deref() == Some(&*trim(value.text()))
        });
    if repeats {
        cx.ignore(value, "repeats the citizen service number of PID-3");
    }
    repeats
}

/// The authority of a PID-19 that names none: what the profile says of numbers of type SS (`"^SS"`). Without a
/// profile one that could be a BSN is not taken for one: every eleventh number passes the 11-test, and the BSN of
/// somebody else would join two people.
fn social_security<'a>(
    cx: &mut Context<'_, 'a>,
    ssn: hl7v2::Repetition<'_, 'a>,
    written: Option<&mut Identifier<'a>>,
) {
    let Some(written) = written.filter(|one| one.system.is_none() && one.assigner.is_none()) else { return };
    let value = ssn.component(1).value();
    let passes = written.value.as_deref().is_some_and(fhir::nl::passes_eleven_test);
    match cx.profile.typed_authority("", "SS") {
        Some(system) => {
            written.system = Some(Cow::Borrowed(system));
            if system == fhir::nl::BSN && !passes {
                cx.warn(value.place(), "bsn-fails-11-test");
            }
        }
        None if passes => cx.warn(value.place(), "perhaps-a-bsn"),
        None => {}
    }
}

/// A driving licence in the form of the other numbers: with an authority, or with a type of identifier.
fn is_cx(dln: hl7v2::Repetition<'_, '_>) -> bool {
    dln.component(5).value().is_present() || dln.component(4).subcomponent(2).is_present()
}

fn driving_licence<'a>(cx: &mut Context<'_, 'a>, dln: hl7v2::Repetition<'_, 'a>) -> Option<Identifier<'a>> {
    let value = cx.write(dln.component(1).value())?;
    let issuer = cx.write(dln.component(2).value());
    let period = cx.period(dln.component(4).value(), dln.component(3).value());
    Some(Identifier {
        value: Some(value),
        r#type: Some(Box::new(CodeableConcept::code(system::V2_IDENTIFIER_TYPE, "DL"))),
        assigner: issuer.map(|issuer| Box::new(fhir::Reference::display(issuer))),
        period: period.map(Box::new),
        ..Identifier::default()
    })
}

/// PID-12 is the district of the only address that says none; else nobody knows of which, and it stands alone.
fn county<'a>(district: Cow<'a, str>, patient: &mut Patient<'a>) {
    match patient.address.as_mut_slice() {
        [Address { district: empty @ None, .. }] => *empty = Some(district),
        [Address { district: Some(known), .. }] if *known == district => {}
        _ => patient.address.push(Address { district: Some(district), ..Address::default() }),
    }
}

/// PID-18 is the number of the account of a visit; without a visit it stays with the patient.
pub(crate) fn account_number<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pid: Segment<'m, 'a>,
    draft: &mut PatientDraft<'a>,
) {
    for repetition in pid.field(18).repetitions() {
        let number = identifier::identifier(cx, repetition, Some("AN"));
        add_new(&mut draft.resource.identifier, number);
    }
}

fn telecom<'m, 'a>(cx: &mut Context<'m, 'a>, pid: Segment<'m, 'a>, id: Uuid, patient: &mut Patient<'a>) {
    if cx.given(pid.field(13), id, "telecom:home") {
        xtn::contact_points(cx, pid.field(13), Some("home"), &mut patient.telecom);
    }
    if cx.given(pid.field(14), id, "telecom:work") {
        xtn::contact_points(cx, pid.field(14), Some("work"), &mut patient.telecom);
    }
    // PID-40 (v2.7) repeats and replaces PID-13 and PID-14.
    let mut more = Vec::new();
    xtn::contact_points(cx, pid.field(40), None, &mut more);
    add_new(&mut patient.telecom, more);
}

fn civil_status<'m, 'a>(cx: &mut Context<'m, 'a>, pid: Segment<'m, 'a>, id: Uuid, patient: &mut Patient<'a>) {
    more::mother(cx, pid, patient);
    more::animal(cx, pid, patient);
    more::reliability(cx, pid, patient);
    more::last_update(cx, pid, id);
    if cx.given(pid.field(15), id, "communication") {
        for repetition in pid.field(15).repetitions() {
            let language = cwe::concept(cx, repetition, "PID-15", None).map(language);
            let preferred = Some(true);
            patient.communication.extend(
                language.map(|language| PatientCommunication { language: Some(language), preferred }),
            );
        }
    }
    if cx.given(pid.field(16), id, "maritalStatus") {
        let status = pid.field(16).first();
        patient.marital_status = cwe::concept(cx, status, "PID-16", Some(table::marital_status));
    }
    if cx.given(pid.field(17), id, "extension:http://hl7.org/fhir/StructureDefinition/patient-religion") {
        let religion = cwe::concept(cx, pid.field(17).first(), "PID-17", None);
        patient.extension.extend(religion.map(|concept| Extension::concept(RELIGION, concept)));
    }
    for (field, place, url) in
        [(26, "PID-26", CITIZENSHIP), (39, "PID-39", CITIZENSHIP), (28, "PID-28", NATIONALITY)]
    {
        for repetition in pid.field(field).repetitions() {
            let code = cwe::concept(cx, repetition, place, None);
            patient.extension.extend(code.map(|concept| {
                Extension::new(url, ExtensionValue::Parts(vec![Extension::concept("code", concept)]))
            }));
        }
    }
}

/// Two letters are a language of BCP 47, whatever the table is called.
fn language(mut concept: CodeableConcept<'_>) -> CodeableConcept<'_> {
    if let Some(coding) = concept.coding.first_mut()
        && coding.system.is_none()
        && coding.code.as_deref().is_some_and(|code| code.len() == 2 && code.is_ascii())
    {
        coding.system = Some(Cow::Borrowed(system::LANGUAGE));
    }
    concept
}

fn birth_and_death<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pid: Segment<'m, 'a>,
    id: Uuid,
    patient: &mut Patient<'a>,
) {
    let place = pid.field(23).first();
    if place.components().skip(1).any(|component| component.value().is_present()) {
        // An address where HL7 has the name of a place.
        let address = xad::address(cx, place).map(|one| ExtensionValue::Address(Box::new(one)));
        patient.extension.extend(address.map(|one| Extension::new(BIRTH_PLACE, one)));
    } else if let Some(text) = cx.write(place.value()) {
        let place = Box::new(Address { text: Some(text), ..Address::default() });
        patient.extension.push(Extension::new(BIRTH_PLACE, ExtensionValue::Address(place)));
    }
    let order = pid.field(25).value();
    let rank: Option<u32> = order.text().trim().parse().ok().filter(|rank| *rank > 0);
    if cx.given(pid.field(24), id, "multipleBirth") {
        patient.multiple_birth = cx.yes_no(pid.field(24).value()).map(MultipleBirth::Boolean);
        if patient.multiple_birth.is_none() {
            let other = cx.write(pid.field(24).value());
            patient.extension.extend(other.map(|other| Extension::string(own!("multiple-birth"), other)));
        }
    }
    match (rank, patient.multiple_birth) {
        (None, _) => {
            let other = cx.write(order).map(|text| Extension::string(own!("birth-order"), text));
            patient.extension.extend(other);
        }
        (Some(1), Some(MultipleBirth::Boolean(false))) => {
            cx.ignore(order, "the first and only one of a birth has no rank");
        }
        (Some(_), Some(MultipleBirth::Boolean(false))) => {
            cx.warn(order.place(), "contradicts-other-field");
            let other = cx.write(order).map(|text| Extension::string(own!("birth-order"), text));
            patient.extension.extend(other);
        }
        (Some(rank), _) => {
            patient.multiple_birth = Some(MultipleBirth::Integer(rank));
            cx.mark(order);
        }
    }
    if cx.given(pid.field(29), id, "deceased") {
        let (value, original) = cx.date_time(pid.field(29).value());
        patient.deceased =
            value.map(PatientDeceased::DateTime).or(original.map(PatientDeceased::DateTimeExt));
    }
    if !pid.field(29).is_null() && cx.given(pid.field(30), id, "deceased") {
        death_indicator(cx, pid, patient);
    }
}

/// PID-30 says whether, PID-29 when: when implies whether.
fn death_indicator<'m, 'a>(cx: &mut Context<'m, 'a>, pid: Segment<'m, 'a>, patient: &mut Patient<'a>) {
    let value = pid.field(30).value();
    let dead = cx.yes_no(value);
    if dead.is_none() {
        let text = cx.write(value);
        patient.extension.extend(text.map(|text| Extension::string(own!("death-indicator"), text)));
    }
    match (dead, &patient.deceased) {
        (Some(dead), None) => patient.deceased = Some(PatientDeceased::Boolean(dead)),
        (Some(false), Some(_)) => {
            cx.unmark(pid.field(30));
            cx.warn(value.place(), "contradicts-other-field");
        }
        (Some(true) | None, _) => {}
    }
}

/// Who a PID is about: by the identifier that the profile names, else by what there is.
pub(crate) fn identify<'m, 'a>(cx: &mut Context<'m, 'a>, pid: Segment<'m, 'a>) -> Uuid {
    let (id, mut identifiers) =
        identify_by(cx, pid.field(3)).unwrap_or_else(|| (last_resort(cx, pid), Vec::new()));
    // By a BSN that the profile says to stand in PID-19 others may know the patient.
    let ssn = pid.field(19).first();
    let number = trim(ssn.component(1).value().text());
    if cx.profile.typed_authority("", "SS") == Some(fhir::nl::BSN)
        && !ssn.component(4).is_present()
        && fhir::nl::passes_eleven_test(&number)
    {
        let system = fhir::nl::BSN.to_owned();
        add_new(&mut identifiers, [Phi::new(PatientIdentifier { system, value: number.into_owned() })]);
    }
    cx.patients.push(PatientIdentity { id, identifiers });
    id
}

/// The patient of a list of identifiers (PID-3, MRG-1), and all that are in it, the first one the one
/// that the id is made from. A BSN that nobody can have is none of them.
pub(crate) fn identify_by<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    list: Field<'m, 'a>,
) -> Option<(Uuid, Vec<Phi<PatientIdentifier>>)> {
    // The number of a visit would make another patient each time.
    let chosen =
        cx.profile.patient_identifier(list).filter(|nth| !identifier::is_of_visit(list.rep(*nth)))?;
    let at = list.rep(chosen).component(1).value().place();
    let (authority, value) = identifier::key(cx, list.rep(chosen))?;
    let id = cx.id(&rule::PATIENT, &[&[&authority, &value]], at);
    let phi = |authority: Cow<'a, str>, value: Cow<'a, str>| {
        Phi::new(PatientIdentifier { system: authority.into_owned(), value: value.into_owned() })
    };
    let mut seen = HashSet::from([value.clone()]);
    let mut identifiers = vec![phi(authority, value)];
    for repetition in list.repetitions().filter(|cx| !identifier::is_of_visit(*cx)) {
        if cx.profile.is_false_bsn(repetition) {
            continue;
        }
        if let Some((authority, value)) = identifier::key(cx, repetition) {
            add_new_by(&mut identifiers, &mut seen, value.clone(), phi(authority, value));
        }
    }
    Some((id, identifiers))
}

/// A patient without PID-3.
fn last_resort<'m, 'a>(cx: &mut Context<'m, 'a>, pid: Segment<'m, 'a>) -> Uuid {
    let sender = cx.sender_key().to_owned();
    for field in [2, 4, 18] {
        let number = trim(pid.field(field).value().text());
        if !number.is_empty() && !cx.profile.is_false_bsn(pid.field(field).first()) {
            let at = pid.field(field).value().place();
            return cx.id(&rule::PATIENT_BY_OTHER_NUMBER, &[&[&sender], &[&number]], at);
        }
    }
    let at = pid.field(3).place();
    if let Some((family, given)) = xpn::key(pid.field(5).first(), &xpn::XPN) {
        let born = trim(pid.field(7).value().text());
        return cx.id(&rule::PATIENT_BY_NAME, &[&[&sender], &[&family, &given, &born]], at);
    }
    let digest = cx.digest();
    cx.id(&rule::PATIENT_OF_MESSAGE, &[&[&sender], &[&digest]], at)
}
