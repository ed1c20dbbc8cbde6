//! GT1: who pays what the insurances do not (HL7 v2.5.1 §6.5.5): a person, an organisation, or the patient.

use fhir::{
    AccountGuarantor, CodeableConcept, Extension, Identifier, Organization, PatientCommunication, Reference,
    RelatedPerson, Resource, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::{empties_list, gender, not_kept, report_conflicts, settle_or_text};
use crate::context::{Context, add_new, trim};
use crate::datatype::{self, cwe, cx as identifier, xad, xon, xpn, xtn};
use crate::identity::rule;
use crate::mapping::{Map, left, to};
use crate::table;

/// The guarantor of an account.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    gt1: Segment<'m, 'a>,
    patient: Uuid,
    account: Uuid,
) -> Option<AccountGuarantor<'a>> {
    if empties_list(cx, gt1, &[2, 3, 21]) {
        return None;
    }
    let employed = xon::organization(cx, gt1.field(21).first());
    let party = if is_patient(gt1.field(11).value()) {
        cx.mark(gt1.field(11).value());
        for field in [2, 3, 5, 6, 7, 8, 9, 11, 12, 36] {
            cx.ignore_field(gt1.field(field), "the guarantor is the patient, of whom PID says it");
        }
        Some(patient)
    } else if let Some(id) = person(cx, gt1, patient) {
        Some(id)
    } else {
        if let Some(id) = employed {
            of_organization(cx, gt1, id);
        }
        employed
    };
    let Some(party) = party else {
        cx.warn(gt1.place(), "nobody-named");
        return None;
    };
    let mut guarantor = AccountGuarantor { party: Some(Reference::to(party)), ..AccountGuarantor::default() };
    guarantor.on_hold = cx.yes_no(gt1.field(22).value());
    if guarantor.on_hold.is_none() {
        let other = cx.write(gt1.field(22).value());
        guarantor.extension.extend(other.map(|other| Extension::string(HOLD, other)));
    }
    guarantor.period = cx.period(gt1.field(13).value(), gt1.field(14).value());
    guarantor.extension.extend(beside::extensions(cx, gt1, BESIDE, account));
    datatype::beyond(cx, gt1, [8, 9, 11, 12, 13, 14, 22, 36], &mut guarantor.extension);
    if let Some(id) = employed.filter(|id| *id != party) {
        guarantor.extension.push(beside::reference_to(ORGANIZATION, id));
    }
    Some(guarantor)
}

/// What stands where yes or no was expected.
const HOLD: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-gt1-guarantor-billing-hold-flag";

/// The organisation that somebody pays for.
const ORGANIZATION: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-gt1-guarantor-organization-name";

/// Self, in the tables of relations (0063, 0344).
pub(crate) fn is_patient(relation: hl7v2::Value<'_, '_>) -> bool {
    matches!(relation.text().trim().to_ascii_uppercase().as_str(), "SEL" | "SELF" | "01" | "18")
}

fn person<'m, 'a>(cx: &mut Context<'m, 'a>, gt1: Segment<'m, 'a>, patient: Uuid) -> Option<Uuid> {
    let number = trim(gt1.field(2).value().text());
    let (family, given) = match xpn::key(gt1.field(3).first(), &xpn::XPN) {
        Some(name) => name,
        None if !number.is_empty() && gt1.field(21).is_empty() => (number, "".into()),
        None => return None,
    };
    let key = patient.hyphenated().to_string();
    let id = cx.id(&rule::GUARANTOR, &[&[&key], &[&family, &given]], gt1.place());
    let mut person = RelatedPerson { id: Some(id), active: Some(true), ..RelatedPerson::default() };
    person.patient = Some(Reference::to(patient));
    for repetition in gt1.field(2).repetitions() {
        let written = identifier::identifier(cx, repetition, None);
        add_new(&mut person.identifier, written);
    }
    person.identifier.extend(social_security(cx, gt1.field(12).value()));
    xpn::names(cx, gt1.field(3), Some("official"), &mut person.name);
    xad::addresses(cx, gt1.field(5), &mut person.address);
    for (field, using) in [(6, None), (7, Some("work"))] {
        let mut more = Vec::new();
        xtn::contact_points(cx, gt1.field(field), using, &mut more);
        add_new(&mut person.telecom, more);
    }
    (person.birth_date, person.birth_date_ext) = cx.date(gt1.field(8).value(), Some(system::BIRTH_TIME));
    (person.gender, person.gender_ext) = gender(cx, gt1.field(9).first());
    person.relationship.extend(cwe::concept(cx, gt1.field(11).first(), "GT1-11", Some(table::relationship)));
    if let Some(language) = cwe::concept(cx, gt1.field(36).first(), "GT1-36", None) {
        person.communication.push(PatientCommunication { language: Some(language), ..Default::default() });
    }
    put(cx, gt1, id, person, [&[8], &[9]]);
    Some(id)
}

/// A number of the social security, which names no authority.
pub(crate) fn social_security<'a>(
    cx: &mut Context<'_, 'a>,
    value: hl7v2::Value<'_, 'a>,
) -> Option<Identifier<'a>> {
    let number = cx.write(value)?;
    let kind = CodeableConcept::code(system::V2_IDENTIFIER_TYPE, "SS");
    Some(Identifier { value: Some(number), r#type: Some(Box::new(kind)), ..Identifier::default() })
}

/// The same person twice in a message: what is new is added, what contradicts is reported. `fields` are those of birth
/// date and gender.
pub(crate) fn put<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    id: Uuid,
    mut person: RelatedPerson<'a>,
    fields: [&'static [usize]; 2],
) {
    let Some(Resource::RelatedPerson(known)) = cx.entry(id) else {
        cx.put(id, person);
        return;
    };
    let lost = settle_born(known, &mut person, fields);
    add_new(&mut known.identifier, person.identifier);
    add_new(&mut known.relationship, person.relationship);
    add_new(&mut known.name, person.name);
    add_new(&mut known.address, person.address);
    add_new(&mut known.telecom, person.telecom);
    add_new(&mut known.communication, person.communication);
    report_conflicts(cx, segment, &lost);
}

/// Takes birth date and gender over; which of their fields contradict what is known.
pub(crate) fn settle_born<'a>(
    known: &mut RelatedPerson<'a>,
    told: &mut RelatedPerson<'a>,
    [birth_date, gender]: [&'static [usize]; 2],
) -> Vec<usize> {
    let born = (told.birth_date.take(), told.birth_date_ext.take());
    let sex = (told.gender.take(), told.gender_ext.take());
    not_kept([
        (settle_or_text((&mut known.birth_date, &mut known.birth_date_ext), born), birth_date),
        (settle_or_text((&mut known.gender, &mut known.gender_ext), sex), gender),
    ])
}

/// Address and numbers of an organisation that pays.
fn of_organization<'m, 'a>(cx: &mut Context<'m, 'a>, gt1: Segment<'m, 'a>, id: Uuid) {
    let mut more = Organization::default();
    for repetition in gt1.field(2).repetitions() {
        let written = identifier::identifier(cx, repetition, None);
        add_new(&mut more.identifier, written);
    }
    xad::addresses(cx, gt1.field(5), &mut more.address);
    for field in [6, 7] {
        let mut telecom = Vec::new();
        xtn::contact_points(cx, gt1.field(field), None, &mut telecom);
        add_new(&mut more.telecom, telecom);
    }
    more.r#type.extend(cwe::concept(cx, gt1.field(11).first(), "GT1-11", None));
    xon::put(cx, id, more);
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "GT1",
    name: "Guarantor",
    fields: &[
        "Set ID",
        "Guarantor Number",
        "Guarantor Name",
        "Guarantor Spouse Name",
        "Guarantor Address",
        "Guarantor Ph Num Home",
        "Guarantor Ph Num Business",
        "Guarantor Date Time of Birth",
        "Guarantor Administrative Sex",
        "Guarantor Type",
        "Guarantor Relationship",
        "Guarantor SSN",
        "Guarantor Date Begin",
        "Guarantor Date End",
        "Guarantor Priority",
        "Guarantor Employer Name",
        "Guarantor Employer Address",
        "Guarantor Employer Phone Number",
        "Guarantor Employee ID Number",
        "Guarantor Employment Status",
        "Guarantor Organization Name",
        "Guarantor Billing Hold Flag",
        "Guarantor Credit Rating Code",
        "Guarantor Death Date and Time",
        "Guarantor Death Flag",
        "Guarantor Charge Adjustment Code",
        "Guarantor Household Annual Income",
        "Guarantor Household Size",
        "Guarantor Employer ID Number",
        "Guarantor Marital Status Code",
        "Guarantor Hire Effective Date",
        "Employment Stop Date",
        "Living Dependency",
        "Ambulatory Status",
        "Citizenship",
        "Primary Language",
        "Living Arrangement",
        "Publicity Code",
        "Protection Indicator",
        "Student Indicator",
        "Religion",
        "Mother's Maiden Name",
        "Nationality",
        "Ethnic Group",
        "Contact Person's Name",
        "Contact Person's Telephone Number",
        "Contact Reason",
        "Contact Relationship",
        "Job Title",
        "Job Code Class",
        "Guarantor Employer's Organization Name",
        "Handicap",
        "Job Status",
        "Guarantor Financial Class",
        "Guarantor Race",
        "Guarantor Birth Place",
        "VIP Indicator",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "RelatedPerson.identifier"),
        to(3, "RelatedPerson.name"),
        to(3, "Account.guarantor"),
        to(4, "Account.guarantor.extension(v2-gt1-guarantor-spouse-name)"),
        to(5, "RelatedPerson.address"),
        to(6, "RelatedPerson.telecom"),
        to(7, "RelatedPerson.telecom"),
        to(8, "RelatedPerson.birthDate"),
        to(9, "RelatedPerson.gender"),
        to(10, "Account.guarantor.extension(v2-gt1-guarantor-type)"),
        to(11, "RelatedPerson.relationship"),
        to(12, "RelatedPerson.identifier"),
        to(13, "Account.guarantor.period"),
        to(14, "Account.guarantor.period"),
        to(15, "Account.guarantor.extension(v2-gt1-guarantor-priority)"),
        to(16, "Account.guarantor.extension(v2-gt1-guarantor-employer-name)"),
        to(17, "Account.guarantor.extension(v2-gt1-guarantor-employer-address)"),
        to(18, "Account.guarantor.extension(v2-gt1-guarantor-employer-phone-number)"),
        to(19, "Account.guarantor.extension(v2-gt1-guarantor-employee-id-number)"),
        to(20, "Account.guarantor.extension(v2-gt1-guarantor-employment-status)"),
        to(21, "Account.guarantor.extension(v2-gt1-guarantor-organization-name)"),
        to(22, "Account.guarantor.onHold"),
        to(22, "Account.guarantor.extension(v2-gt1-guarantor-billing-hold-flag)"),
        to(23, "Account.guarantor.extension(v2-gt1-guarantor-credit-rating-code)"),
        to(24, "Account.guarantor.extension(v2-gt1-guarantor-death-date-and-time)"),
        to(25, "Account.guarantor.extension(v2-gt1-guarantor-death-flag)"),
        to(26, "Account.guarantor.extension(v2-gt1-guarantor-charge-adjustment-code)"),
        to(27, "Account.guarantor.extension(v2-gt1-guarantor-household-annual-income)"),
        to(28, "Account.guarantor.extension(v2-gt1-guarantor-household-size)"),
        to(29, "Account.guarantor.extension(v2-gt1-guarantor-employer-id-number)"),
        to(30, "Account.guarantor.extension(v2-gt1-guarantor-marital-status-code)"),
        to(31, "Account.guarantor.extension(v2-gt1-guarantor-hire-effective-date)"),
        to(32, "Account.guarantor.extension(v2-gt1-employment-stop-date)"),
        to(33, "Account.guarantor.extension(v2-gt1-living-dependency)"),
        to(34, "Account.guarantor.extension(v2-gt1-ambulatory-status)"),
        to(35, "Account.guarantor.extension(v2-gt1-citizenship)"),
        to(36, "RelatedPerson.communication"),
        to(37, "Account.guarantor.extension(v2-gt1-living-arrangement)"),
        to(38, "Account.guarantor.extension(v2-gt1-publicity-code)"),
        to(39, "Account.guarantor.extension(v2-gt1-protection-indicator)"),
        to(40, "Account.guarantor.extension(v2-gt1-student-indicator)"),
        left(41, "religion of somebody who is not the patient: GDPR art. 9 wants a reason to keep it"),
        to(42, "Account.guarantor.extension(v2-gt1-mothers-maiden-name)"),
        to(43, "Account.guarantor.extension(v2-gt1-nationality)"),
        left(
            44,
            "race and ethnicity: nl-core has no place for them and GDPR art. 9 wants a reason to keep them",
        ),
        to(45, "Account.guarantor.extension(v2-gt1-contact-persons-name)"),
        to(46, "Account.guarantor.extension(v2-gt1-contact-persons-telephone-number)"),
        to(47, "Account.guarantor.extension(v2-gt1-contact-reason)"),
        to(48, "Account.guarantor.extension(v2-gt1-contact-relationship)"),
        to(49, "Account.guarantor.extension(v2-gt1-job-title)"),
        to(50, "Account.guarantor.extension(v2-gt1-job-code-class)"),
        to(51, "Account.guarantor.extension(v2-gt1-guarantor-employers-organization-name)"),
        to(52, "Account.guarantor.extension(v2-gt1-handicap)"),
        to(53, "Account.guarantor.extension(v2-gt1-job-status)"),
        to(54, "Account.guarantor.extension(v2-gt1-guarantor-financial-class)"),
        left(
            55,
            "race and ethnicity: nl-core has no place for them and GDPR art. 9 wants a reason to keep them",
        ),
        to(56, "Account.guarantor.extension(v2-gt1-guarantor-birth-place)"),
        to(57, "Account.guarantor.extension(v2-gt1-vip-indicator)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    4 "gt1-guarantor-spouse-name" Is::Name,
    10 "gt1-guarantor-type" Is::Concept,
    15 "gt1-guarantor-priority" Is::Number,
    16 "gt1-guarantor-employer-name" Is::Name,
    17 "gt1-guarantor-employer-address" Is::Address,
    18 "gt1-guarantor-employer-phone-number" Is::Contact,
    19 "gt1-guarantor-employee-id-number" Is::Id,
    20 "gt1-guarantor-employment-status" Is::Concept,
    23 "gt1-guarantor-credit-rating-code" Is::Concept,
    24 "gt1-guarantor-death-date-and-time" Is::Time,
    25 "gt1-guarantor-death-flag" Is::Flag,
    26 "gt1-guarantor-charge-adjustment-code" Is::Concept,
    27 "gt1-guarantor-household-annual-income" Is::Amount,
    28 "gt1-guarantor-household-size" Is::Number,
    29 "gt1-guarantor-employer-id-number" Is::Id,
    30 "gt1-guarantor-marital-status-code" Is::Concept,
    31 "gt1-guarantor-hire-effective-date" Is::Date,
    32 "gt1-employment-stop-date" Is::Date,
    33 "gt1-living-dependency" Is::Concept,
    34 "gt1-ambulatory-status" Is::Concept,
    35 "gt1-citizenship" Is::Concept,
    37 "gt1-living-arrangement" Is::Concept,
    38 "gt1-publicity-code" Is::Concept,
    39 "gt1-protection-indicator" Is::Flag,
    40 "gt1-student-indicator" Is::Concept,
    42 "gt1-mothers-maiden-name" Is::Name,
    43 "gt1-nationality" Is::Concept,
    45 "gt1-contact-persons-name" Is::Name,
    46 "gt1-contact-persons-telephone-number" Is::Contact,
    47 "gt1-contact-reason" Is::Concept,
    48 "gt1-contact-relationship" Is::Concept,
    49 "gt1-job-title" Is::Text,
    50 "gt1-job-code-class" Is::Parts(&["job-code", "job-class", "job-description"]),
    51 "gt1-guarantor-employers-organization-name" Is::Organization,
    52 "gt1-handicap" Is::Concept,
    53 "gt1-job-status" Is::Concept,
    54 "gt1-guarantor-financial-class" Is::Parts(&["financial-class", "effective-date"]),
    56 "gt1-guarantor-birth-place" Is::Text,
    57 "gt1-vip-indicator" Is::Concept,
];
