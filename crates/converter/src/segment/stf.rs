//! STF: a member of the staff (HL7 v2.5.1 §15.4.8). There is no official map: designed from FHIR.

use fhir::{CodeableConcept, Extension, Practitioner, Resource, system};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::{gender, not_kept, report_conflicts, settle, settle_or_text};
use crate::context::{Context, add_new, own};
use crate::conversion::Deletion;
use crate::datatype::{cwe, cx as identifier, xad, xpn, xtn};
use crate::identity::rule;
use crate::mapping::{Map, left, to};

/// Whether the staff member works (MFE-1), as far as the master file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Record {
    /// Added, changed, or active again (MAD, MUP, MAC).
    Active,
    /// No longer active, or deleted (MDC, MDL).
    Inactive,
}

/// The Practitioner of an STF: its id.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    stf: Segment<'m, 'a>,
    record: Record,
) -> Option<Uuid> {
    let id = identify(cx, stf)?;
    let mut person = Practitioner { id: Some(id), ..Practitioner::default() };
    if let Some(key) = cwe::concept(cx, stf.field(1).first(), "STF-1", None) {
        let display = |coding: &fhir::Coding<'_>| coding.display == key.text;
        let told = key.text.is_none() || key.coding.iter().any(display);
        if !key.extension.is_empty() || !told || key.coding.iter().any(|coding| coding.code.is_none()) {
            person.extension.push(Extension::concept(own!("staff-key"), key.clone()));
        }
        for coding in key.coding.into_iter().filter(|coding| coding.code.is_some()) {
            let (system, value, extension) = (coding.system, coding.code, coding.extension);
            let kind = Some(Box::new(CodeableConcept::code(system::V2_IDENTIFIER_TYPE, "EI")));
            let display = coding.display.map(|name| Box::new(fhir::Reference::display(name)));
            let one = fhir::Identifier {
                extension,
                system,
                value,
                r#type: kind,
                assigner: display,
                ..Default::default()
            };
            add_new(&mut person.identifier, [one]);
        }
    }
    for repetition in stf.field(2).repetitions() {
        let written = identifier::identifier(cx, repetition, None);
        add_new(&mut person.identifier, written);
    }
    xpn::names(cx, stf.field(3), Some("official"), &mut person.name);
    (person.gender, person.gender_ext) = gender(cx, stf.field(5).first());
    (person.birth_date, person.birth_date_ext) = cx.date(stf.field(6).value(), Some(system::BIRTH_TIME));
    xtn::contact_points(cx, stf.field(10), None, &mut person.telecom);
    xad::addresses(cx, stf.field(11), &mut person.address);
    for repetition in stf.field(15).repetitions() {
        let Some(mail) = cx.write(repetition.component(1).value()) else { continue };
        let mail = fhir::ContactPoint { system: Some("email"), value: Some(mail), ..Default::default() };
        add_new(&mut person.telecom, [mail]);
    }
    person.active = Some(active(cx, stf, record));
    if !cx.is_marked(stf.field(7).value()) {
        let other = cx.write(stf.field(7).value());
        person.extension.extend(other.map(|other| Extension::string(FLAG, other)));
    }
    person.extension.extend(beside::extensions(cx, stf, BESIDE, id));
    for (field, path) in [(3, "name"), (5, "gender"), (6, "birthDate"), (10, "telecom"), (11, "address")] {
        if stf.field(field).is_null() {
            cx.mark(stf.field(field).value());
            cx.deletions.push(Deletion { entry: id, path });
        }
    }
    if let Some(Resource::Practitioner(known)) = cx.entry(id) {
        // Named before, or told of twice: birth date and gender are one each.
        let sex = (person.gender.take(), person.gender_ext.take());
        let born = (person.birth_date.take(), person.birth_date_ext.take());
        let lost = not_kept([
            (settle_or_text((&mut known.gender, &mut known.gender_ext), sex), &[5]),
            (settle_or_text((&mut known.birth_date, &mut known.birth_date_ext), born), &[6]),
            (settle(&mut known.active, person.active), &[7]),
        ]);
        report_conflicts(cx, stf, &lost);
    }
    super::prd::put(cx, id, person);
    Some(id)
}

/// What stands where it should say whether somebody is active.
const FLAG: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-stf-active-inactive-flag";

/// By the first number of a register or of the hospital (STF-2), else by the key of the file (STF-1).
fn identify<'m, 'a>(cx: &mut Context<'m, 'a>, stf: Segment<'m, 'a>) -> Option<Uuid> {
    if let Some((authority, number)) = identifier::key(cx, stf.field(2).first()) {
        return Some(cx.id(&rule::PRACTITIONER, &[&[&authority, &number]], stf.field(2).place()));
    }
    if let Some((code_system, number)) = cwe::key(cx, stf.field(1).first()) {
        let sender = cx.sender_key().to_owned();
        let authority =
            if code_system.is_empty() { format!("sender:{sender}") } else { code_system.into_owned() };
        return Some(cx.id(&rule::PRACTITIONER, &[&[&authority, &number]], stf.field(1).place()));
    }
    let Some((family, given)) = xpn::key(stf.field(3).first(), &xpn::XPN) else {
        cx.warn(stf.place(), "nobody-named");
        return None;
    };
    let sender = cx.sender_key().to_owned();
    let further = stf.field(3).first().component(3).value().text();
    let parts: &[&[&str]] = &[&[&sender], &[&family, &given, &further]];
    Some(cx.id(&rule::PRACTITIONER_BY_NAME, parts, stf.field(3).place()))
}

/// The record's event decides; where it says active, STF-7 may still say that the person is not.
fn active<'m, 'a>(cx: &mut Context<'m, 'a>, stf: Segment<'m, 'a>, record: Record) -> bool {
    let flag = stf.field(7).value();
    let said = match flag.text().trim().to_ascii_uppercase().as_str() {
        "A" => true,
        "I" => false,
        _ => return record == Record::Active,
    };
    cx.mark(flag);
    said && record == Record::Active
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "STF",
    name: "Staff Identification",
    fields: &[
        "Primary Key Value",
        "Staff Identifier List",
        "Staff Name",
        "Staff Type",
        "Administrative Sex",
        "Date Time of Birth",
        "Active Inactive Flag",
        "Department",
        "Hospital Service",
        "Phone",
        "Office Home Address Birthplace",
        "Institution Activation Date",
        "Institution Inactivation Date",
        "Backup Person ID",
        "E Mail Address",
        "Preferred Method of Contact",
        "Marital Status",
        "Job Title",
        "Job Code Class",
        "Employment Status Code",
        "Additional Insured on Auto",
        "Driver's License Number Staff",
        "Copy Auto Ins",
        "Auto Ins Expires",
        "Date Last DMV Review",
        "Date Next DMV Review",
        "Race",
        "Ethnic Group",
        "Re Activation Approval Indicator",
        "Citizenship",
        "Date Time of Death",
        "Death Indicator",
        "Institution Relationship Type Code",
        "Institution Relationship Period",
        "Expected Return Date",
        "Cost Center Code",
        "Generic Classification Indicator",
        "Inactive Reason Code",
        "Generic Resource Type Or Category",
        "Religion",
        "Signature",
    ],
    rows: &[
        to(1, "Practitioner.identifier"),
        to(2, "Practitioner.identifier"),
        to(3, "Practitioner.name"),
        to(4, "Practitioner.extension(v2-stf-staff-type)"),
        to(5, "Practitioner.gender"),
        to(6, "Practitioner.birthDate"),
        to(7, "Practitioner.active"),
        to(7, "Practitioner.extension(v2-stf-active-inactive-flag)"),
        to(8, "Practitioner.extension(v2-stf-department)"),
        to(9, "Practitioner.extension(v2-stf-hospital-service)"),
        to(10, "Practitioner.telecom"),
        to(11, "Practitioner.address"),
        to(12, "Practitioner.extension(v2-stf-institution-activation-date)"),
        to(13, "Practitioner.extension(v2-stf-institution-inactivation-date)"),
        to(14, "Practitioner.extension(v2-stf-backup-person-id)"),
        to(15, "Practitioner.telecom"),
        to(16, "Practitioner.extension(v2-stf-preferred-method-of-contact)"),
        to(17, "Practitioner.extension(v2-stf-marital-status)"),
        to(18, "Practitioner.extension(v2-stf-job-title)"),
        to(19, "Practitioner.extension(v2-stf-job-code-class)"),
        to(20, "Practitioner.extension(v2-stf-employment-status-code)"),
        to(21, "Practitioner.extension(v2-stf-additional-insured-on-auto)"),
        to(22, "Practitioner.extension(v2-stf-drivers-license-number-staff)"),
        to(23, "Practitioner.extension(v2-stf-copy-auto-ins)"),
        to(24, "Practitioner.extension(v2-stf-auto-ins-expires)"),
        to(25, "Practitioner.extension(v2-stf-date-last-dmv-review)"),
        to(26, "Practitioner.extension(v2-stf-date-next-dmv-review)"),
        left(
            27,
            "race and ethnicity: nl-core has no place for them and GDPR art. 9 wants a reason to keep them",
        ),
        left(
            28,
            "race and ethnicity: nl-core has no place for them and GDPR art. 9 wants a reason to keep them",
        ),
        to(29, "Practitioner.extension(v2-stf-re-activation-approval-indicator)"),
        to(30, "Practitioner.extension(v2-stf-citizenship)"),
        to(31, "Practitioner.extension(v2-stf-date-time-of-death)"),
        to(32, "Practitioner.extension(v2-stf-death-indicator)"),
        to(33, "Practitioner.extension(v2-stf-institution-relationship-type-code)"),
        to(34, "Practitioner.extension(v2-stf-institution-relationship-period)"),
        to(35, "Practitioner.extension(v2-stf-expected-return-date)"),
        to(36, "Practitioner.extension(v2-stf-cost-center-code)"),
        to(37, "Practitioner.extension(v2-stf-generic-classification-indicator)"),
        to(38, "Practitioner.extension(v2-stf-inactive-reason-code)"),
        to(39, "Practitioner.extension(v2-stf-generic-resource-type-or-category)"),
        left(40, "religion of somebody who is not the patient: GDPR art. 9 wants a reason to keep it"),
        to(41, "Practitioner.extension(v2-stf-signature)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    4 "stf-staff-type" Is::Concept,
    8 "stf-department" Is::Concept,
    9 "stf-hospital-service" Is::Concept,
    12 "stf-institution-activation-date" Is::Parts(&["date", "institution"]),
    13 "stf-institution-inactivation-date" Is::Parts(&["date", "institution"]),
    14 "stf-backup-person-id" Is::Concept,
    16 "stf-preferred-method-of-contact" Is::Concept,
    17 "stf-marital-status" Is::Concept,
    18 "stf-job-title" Is::Text,
    19 "stf-job-code-class" Is::Parts(&["job-code", "job-class", "job-description"]),
    20 "stf-employment-status-code" Is::Concept,
    21 "stf-additional-insured-on-auto" Is::Flag,
    22 "stf-drivers-license-number-staff" Is::Parts(&["number", "issuing", "expiration-date"]),
    23 "stf-copy-auto-ins" Is::Flag,
    24 "stf-auto-ins-expires" Is::Date,
    25 "stf-date-last-dmv-review" Is::Date,
    26 "stf-date-next-dmv-review" Is::Date,
    29 "stf-re-activation-approval-indicator" Is::Flag,
    30 "stf-citizenship" Is::Concept,
    31 "stf-date-time-of-death" Is::Time,
    32 "stf-death-indicator" Is::Flag,
    33 "stf-institution-relationship-type-code" Is::Concept,
    34 "stf-institution-relationship-period" Is::Span,
    35 "stf-expected-return-date" Is::Date,
    36 "stf-cost-center-code" Is::Concept,
    37 "stf-generic-classification-indicator" Is::Flag,
    38 "stf-inactive-reason-code" Is::Concept,
    39 "stf-generic-resource-type-or-category" Is::Concept,
    41 "stf-signature" Is::Parts(&["source", "type", "subtype", "encoding", "data"]),
];
