//! MRG: the numbers that something had before (HL7 v2.5.1 §3.4.9). What becomes of what they name depends on
//! the event: [`crate::message::adt::person`].

use fhir::{
    Account, Coding, Encounter, Extension, ExtensionValue, Patient, PatientLink, Reference, Resource, system,
};
use hl7v2::{Field, Repetition, Segment};
use uuid::Uuid;

use super::pid::{PatientDraft, identify_by};
use super::pv1::EncounterDraft;
use crate::context::{Context, add_new, extension};
use crate::conversion::{Authority, EntryNote, PatientIdentity, Refusal};
use crate::convert::refuse;
use crate::datatype::{cx as identifier, xpn};
use crate::identity::rule;
use crate::mapping::{Map, left, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "MRG",
    name: "Merge Patient Information",
    fields: &[
        "Prior Patient Identifier List",
        "Prior Alternate Patient ID",
        "Prior Patient Account Number",
        "Prior Patient ID",
        "Prior Visit Number",
        "Prior Alternate Visit ID",
        "Prior Patient Name",
    ],
    rows: &[
        to(1, "Patient.identifier"),
        to(2, "Patient.identifier"),
        to(3, "Account.identifier"),
        to(4, "Patient.identifier"),
        to(5, "Encounter.identifier"),
        to(6, "Encounter.identifier"),
        left(6, ALTERNATE_ALONE),
        to(7, "Patient.name"),
    ],
};

/// Why an alternate visit number may be left out.
const ALTERNATE_ALONE: &str =
    "an alternate visit number leads to no visit where the visit's own number is not told";

/// The patient whom MRG names, with what MRG says of it. `None` when MRG names none, or only the one of PID.
pub(crate) fn patient<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mrg: Segment<'m, 'a>,
    of_pid: Uuid,
) -> Option<(Uuid, Patient<'a>)> {
    let named =
        |cx: &mut Context<'m, 'a>, field| identify_by(cx, mrg.field(field)).filter(|(id, _)| *id != of_pid);
    // Before v2.5 a person had a number of its own in MRG-4 (A30, A39, A46).
    let (id, identifiers) = [1, 4, 2].into_iter().find_map(|field| named(cx, field))?;
    cx.patients.push(PatientIdentity { id, identifiers });
    let mut patient = Patient { id: Some(id), ..Patient::default() };
    describe(cx, mrg, &mut patient);
    Some((id, patient))
}

/// The numbers and the name of a patient in MRG.
fn describe<'m, 'a>(cx: &mut Context<'m, 'a>, mrg: Segment<'m, 'a>, patient: &mut Patient<'a>) {
    for field in [1, 2, 4] {
        for repetition in mrg.field(field).repetitions() {
            let written = identifier::identifier(cx, repetition, None);
            add_new(&mut patient.identifier, written);
        }
    }
    xpn::names(cx, mrg.field(7), Some("official"), &mut patient.name);
}

/// MRG names no patient but the one of PID: what it says of it goes there.
pub(crate) fn same_patient<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mrg: Segment<'m, 'a>,
    draft: &mut PatientDraft<'a>,
) {
    let mut patient = Patient::default();
    describe(cx, mrg, &mut patient);
    add_new(&mut draft.resource.identifier, patient.identifier);
    for mut name in patient.name {
        let known = draft.resource.name.iter().any(|one| one.text == name.text && one.family == name.family);
        if !known {
            name.r#use = Some("old");
            draft.resource.name.push(name);
        }
    }
}

/// The patient of MRG is replaced by the one of PID; both say so.
pub(crate) fn replace_patient<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mrg: Segment<'m, 'a>,
    surviving: &mut PatientDraft<'a>,
) -> Result<Uuid, Refusal> {
    let at = mrg.field(1).place();
    let none = [1, 2, 4].into_iter().all(|field| !mrg.field(field).is_present());
    let Some((old, mut patient)) = patient(cx, mrg, surviving.id) else {
        return Err(if none {
            refuse("no-old-identifier", at, "MRG names no patient who is replaced")
        } else {
            refuse("merge-with-itself", at, "PID and MRG name the same patient")
        });
    };
    patient.active = Some(false);
    let link = |other, kind| PatientLink { other: Some(Reference::to(other)), r#type: Some(kind) };
    patient.link.push(link(surviving.id, "replaced-by"));
    add_new(&mut surviving.resource.link, [link(old, "replaces")]);
    surviving.resource.active = Some(true);
    match cx.entry(old) {
        Some(Resource::Patient(known)) => {
            add_new(&mut known.identifier, patient.identifier);
            add_new(&mut known.name, patient.name);
            add_new(&mut known.link, patient.link);
            known.active = Some(false);
        }
        _ => cx.put(old, patient),
    }
    Ok(old)
}

/// The patient of MRG is somebody else, who is only named.
pub(crate) fn mention_patient<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mrg: Segment<'m, 'a>,
    of_pid: &mut PatientDraft<'a>,
) -> Option<Uuid> {
    let Some((id, patient)) = patient(cx, mrg, of_pid.id) else {
        same_patient(cx, mrg, of_pid);
        return None;
    };
    name_too(cx, id, patient);
    Some(id)
}

/// Puts somebody who is only named, or adds what he is called here to what the message says of him.
fn name_too<'a>(cx: &mut Context<'_, 'a>, id: Uuid, patient: Patient<'a>) {
    match cx.entry(id) {
        Some(Resource::Patient(known)) => {
            add_new(&mut known.identifier, patient.identifier);
            add_new(&mut known.name, patient.name);
        }
        _ => {
            let note = EntryNote { authority: Authority::Mention, asserted: cx.asserted };
            cx.put_as(id, patient, note);
        }
    }
}

/// The numbers that something had before, where the event makes nothing of them: A06 and A07 may tell of the account
/// and the visit from which the patient came (HL7 v2.5.1 §3.3.6), and nobody can tell whether that visit goes on.
pub(crate) fn mention<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mrg: Segment<'m, 'a>,
    of_pid: &mut PatientDraft<'a>,
    current: Option<&mut EncounterDraft<'a>>,
) {
    let of_old = mention_patient(cx, mrg, of_pid).unwrap_or(of_pid.id);
    account(cx, mrg.field(3), of_old, None);
    match (visit_of(cx, mrg, false), current) {
        (Some(old), Some(current)) if current.id == old => visit_numbers(cx, mrg, &mut current.resource),
        (Some(old), _) => visit(cx, mrg, old, of_old, None),
        (None, _) => leave_alternate(cx, mrg),
    }
}

/// A number that went to somebody else (A43): what it named is replaced by him.
pub(crate) fn moved_number<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mrg: Segment<'m, 'a>,
    number: Uuid,
    to: &mut PatientDraft<'a>,
) {
    let link = |other, kind| PatientLink { other: Some(Reference::to(other)), r#type: Some(kind) };
    let mut old = Patient { id: Some(number), active: Some(false), ..Patient::default() };
    for repetition in mrg.field(1).repetitions() {
        let is_it = identify_repetition(cx, repetition) == Some(number);
        old.identifier.extend(is_it.then(|| identifier::identifier(cx, repetition, None)).flatten());
    }
    old.link.push(link(to.id, "replaced-by"));
    add_new(&mut to.resource.link, [link(number, "replaces")]);
    to.resource.active = Some(true);
    match cx.entry(number) {
        Some(Resource::Patient(known)) => {
            add_new(&mut known.identifier, old.identifier);
            add_new(&mut known.link, old.link);
            known.active = old.active;
        }
        _ => cx.put(number, old),
    }
}

/// The patient who had the number before, with the numbers that are left.
pub(crate) fn left_behind<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mrg: Segment<'m, 'a>,
    from: Uuid,
    numbers: &[Repetition<'m, 'a>],
) {
    let mut patient = Patient { id: Some(from), ..Patient::default() };
    for number in numbers {
        let written = identifier::identifier(cx, *number, None);
        add_new(&mut patient.identifier, written);
    }
    for repetition in mrg.field(2).repetitions() {
        let written = identifier::identifier(cx, repetition, None);
        add_new(&mut patient.identifier, written);
    }
    xpn::names(cx, mrg.field(7), Some("official"), &mut patient.name);
    name_too(cx, from, patient);
}

/// The patient of one number.
fn identify_repetition<'m, 'a>(cx: &mut Context<'m, 'a>, number: Repetition<'m, 'a>) -> Option<Uuid> {
    let (authority, value) = identifier::key(cx, number)?;
    Some(cx.id(&rule::PATIENT, &[&[&authority, &value]], number.place()))
}

/// The account of a number (PID-18, MRG-3).
pub(crate) fn account_of<'m, 'a>(cx: &mut Context<'m, 'a>, field: Field<'m, 'a>) -> Option<Uuid> {
    let (authority, number) = identifier::key(cx, field.first())?;
    Some(cx.id(&rule::ACCOUNT, &[&[&authority, &number]], field.first().value().place()))
}

/// The account of MRG-3, of this patient. `into` is what replaces it.
pub(crate) fn account<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    field: Field<'m, 'a>,
    patient: Uuid,
    into: Option<Uuid>,
) -> Option<Uuid> {
    let id = account_of(cx, field)?;
    if cx.has(id) {
        if let Some(number) = identifier::identifier(cx, field.first(), Some("AN"))
            && let Some(Resource::Account(known)) = cx.entry(id)
        {
            add_new(&mut known.identifier, [number]);
        }
        return Some(id);
    }
    let status = if into.is_some() {
        "inactive"
    } else {
        cx.presume(id, "status");
        "unknown"
    };
    let mut account = Account { id: Some(id), status: Some(status), ..Account::default() };
    account.identifier.extend(identifier::identifier(cx, field.first(), Some("AN")));
    account.subject.push(Reference::to(patient));
    account.extension.extend(into.map(replaced_by));
    cx.put(id, account);
    Some(id)
}

/// The visit of a number in MRG-5, else of the account in MRG-3 where visits are known by it.
pub(crate) fn visit_of<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mrg: Segment<'m, 'a>,
    by_account: bool,
) -> Option<Uuid> {
    let number = mrg.field(5).first();
    if let Some((authority, value)) = identifier::key(cx, number) {
        return Some(cx.id(&rule::ENCOUNTER, &[&[&authority, &value]], number.value().place()));
    }
    let account = if by_account { account_of(cx, mrg.field(3)) } else { None };
    account.map(|account| visit_of_account(cx, account, mrg.field(3)))
}

/// The visit that is known by its account alone.
pub(crate) fn visit_of_account<'m, 'a>(cx: &mut Context<'m, 'a>, account: Uuid, at: Field<'m, 'a>) -> Uuid {
    let parts: &[&[&str]] = &[&[&account.hyphenated().to_string()]];
    cx.id(&rule::ENCOUNTER_BY_ACCOUNT, parts, at.first().value().place())
}

/// The visit of MRG, of this patient. `into` is what replaces it.
pub(crate) fn visit<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mrg: Segment<'m, 'a>,
    id: Uuid,
    patient: Uuid,
    into: Option<Uuid>,
) {
    let mut visit = Encounter { id: Some(id), subject: Some(Reference::to(patient)), ..Encounter::default() };
    visit_numbers(cx, mrg, &mut visit);
    if let Some(Resource::Encounter(known)) = cx.entry(id) {
        add_new(&mut known.identifier, visit.identifier);
        return;
    }
    visit.class = Some(Coding::new(system::NULL_FLAVOR, "UNK").with_display("unknown"));
    cx.presume(id, "class");
    visit.status = Some(if into.is_some() {
        "entered-in-error"
    } else {
        cx.presume(id, "status");
        "unknown"
    });
    visit.extension.extend(into.map(replaced_by));
    cx.put(id, visit);
}

/// The numbers of a visit in MRG.
pub(crate) fn visit_numbers<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    mrg: Segment<'m, 'a>,
    visit: &mut Encounter<'a>,
) {
    for field in [5, 6] {
        for repetition in mrg.field(field).repetitions() {
            let written = identifier::identifier(cx, repetition, Some("VN"));
            add_new(&mut visit.identifier, written);
        }
    }
}

/// MRG-6 where no visit is known that has it.
pub(crate) fn leave_alternate<'m, 'a>(cx: &mut Context<'m, 'a>, mrg: Segment<'m, 'a>) {
    cx.ignore_field(mrg.field(6), ALTERNATE_ALONE);
}

fn replaced_by<'a>(into: Uuid) -> Extension<'a> {
    Extension::new(extension::REPLACED_BY, ExtensionValue::Reference(Box::new(Reference::to(into))))
}
