//! IN2: more about an insurance (HL7 v2.5.1 §6.5.7). It belongs to the IN1 before it.

use fhir::{
    CodeableConcept, Extension, ExtensionValue, Identifier, Organization, OrganizationContact, RelatedPerson,
    Resource, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::gt1::social_security;
use super::in1;
use crate::context::{Context, add_new};
use crate::datatype::{cwe, cx as identifier, xon, xtn};
use crate::mapping::{Map, left, to};

/// Where the insured is the patient, or nobody: there is no other person to say it of.
const INSURED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-in2-insured-number";
const TELEPHONE: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-in2-insured-phone-number-home";
const LANGUAGE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-in2-primary-language";

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, in2: Segment<'m, 'a>, id: Uuid, patient: Uuid) {
    let mut extension = beside::extensions(cx, in2, BESIDE, id);
    let mut numbers = numbers(cx, in2);
    let (payor, subscriber) = match cx.entry(id) {
        Some(Resource::Coverage(coverage)) => {
            let target = |reference: Option<&fhir::Reference<'_>>| Some(reference?.reference?.0);
            (target(coverage.payor.first()), target(coverage.subscriber.as_ref()))
        }
        _ => (None, None),
    };
    of_insurer(cx, in2, payor, &mut numbers);
    of_insured(cx, in2, subscriber.filter(|id| *id != patient), &mut extension);
    if let Some(Resource::Coverage(coverage)) = cx.entry(id) {
        add_new(&mut coverage.identifier, numbers);
        add_new(&mut coverage.extension, extension);
    }
}

/// Numbers under which the insurance knows the patient.
fn numbers<'m, 'a>(cx: &mut Context<'m, 'a>, in2: Segment<'m, 'a>) -> Vec<Identifier<'a>> {
    let mut numbers = Vec::new();
    for (field, kind) in [(6, "MC"), (8, "MA")] {
        let value = cx.write(in2.field(field).value());
        numbers.extend(value.map(|value| {
            let kind = CodeableConcept::code(system::V2_IDENTIFIER_TYPE, kind);
            Identifier { value: Some(value), r#type: Some(Box::new(kind)), ..Identifier::default() }
        }));
    }
    for (field, kind) in [(26, "SN"), (61, "MB")] {
        for repetition in in2.field(field).repetitions() {
            let written = identifier::identifier(cx, repetition, Some(kind));
            add_new(&mut numbers, written);
        }
    }
    numbers
}

/// Number and contact of the insurer.
fn of_insurer<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    in2: Segment<'m, 'a>,
    payor: Option<Uuid>,
    numbers: &mut Vec<Identifier<'a>>,
) {
    let mut more = Organization::default();
    for repetition in in2.field(25).repetitions() {
        let written = identifier::identifier(cx, repetition, None);
        add_new(&mut more.identifier, written);
    }
    let mut telecom = Vec::new();
    xtn::contact_points(cx, in2.field(58), None, &mut telecom);
    if !telecom.is_empty() {
        more.contact.push(OrganizationContact { telecom, ..OrganizationContact::default() });
    }
    match payor {
        Some(id) => xon::put(cx, id, more),
        None => add_new(numbers, more.identifier),
    }
}

/// Numbers, telephone and language of the insured.
fn of_insured<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    in2: Segment<'m, 'a>,
    subscriber: Option<Uuid>,
    extension: &mut Vec<Extension<'a>>,
) {
    let mut more = RelatedPerson::default();
    for repetition in in2.field(1).repetitions() {
        let written = identifier::identifier(cx, repetition, Some("EI"));
        add_new(&mut more.identifier, written);
    }
    more.identifier.extend(social_security(cx, in2.field(2).value()));
    xtn::contact_points(cx, in2.field(63), None, &mut more.telecom);
    let language = cwe::concept(cx, in2.field(34).first(), "IN2-34", None);
    if in1::complete(cx, subscriber, more.clone(), language.clone()) {
        return;
    }
    let numbers = more.identifier.into_iter();
    extension.extend(numbers.map(|one| Extension::new(INSURED, ExtensionValue::Identifier(Box::new(one)))));
    let points = more.telecom.into_iter();
    extension
        .extend(points.map(|one| Extension::new(TELEPHONE, ExtensionValue::ContactPoint(Box::new(one)))));
    extension.extend(language.map(|language| Extension::concept(LANGUAGE, language)));
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "IN2",
    name: "Insurance Additional Information",
    fields: &[
        "Insured's Employee ID",
        "Insured's Social Security Number",
        "Insured's Employer's Name and ID",
        "Employer Information Data",
        "Mail Claim Party",
        "Medicare Health Ins Card Number",
        "Medicaid Case Name",
        "Medicaid Case Number",
        "Military Sponsor Name",
        "Military ID Number",
        "Dependent of Military Recipient",
        "Military Organization",
        "Military Station",
        "Military Service",
        "Military Rank Grade",
        "Military Status",
        "Military Retire Date",
        "Military Non Avail Cert on File",
        "Baby Coverage",
        "Combine Baby Bill",
        "Blood Deductible",
        "Special Coverage Approval Name",
        "Special Coverage Approval Title",
        "Non Covered Insurance Code",
        "Payor ID",
        "Payor Subscriber ID",
        "Eligibility Source",
        "Room Coverage Type Amount",
        "Policy Type Amount",
        "Daily Deductible",
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
        "Marital Status",
        "Insured's Employment Start Date",
        "Employment Stop Date",
        "Job Title",
        "Job Code Class",
        "Job Status",
        "Employer Contact Person Name",
        "Employer Contact Person Phone Number",
        "Employer Contact Reason",
        "Insured's Contact Person's Name",
        "Insured's Contact Person Phone Number",
        "Insured's Contact Person Reason",
        "Relationship to the Patient Start Date",
        "Relationship to the Patient Stop Date",
        "Insurance Co Contact Reason",
        "Insurance Co Contact Phone Number",
        "Policy Scope",
        "Policy Source",
        "Patient Member Number",
        "Guarantor's Relationship to Insured",
        "Insured's Phone Number Home",
        "Insured's Employer Phone Number",
        "Military Handicapped Program",
        "Suspend Flag",
        "Copay Limit Flag",
        "Stoploss Limit Flag",
        "Insured Organization Name and ID",
        "Insured Employer Organization Name and ID",
        "Race",
        "Patient's Relationship to Insured",
    ],
    rows: &[
        to(1, "RelatedPerson.identifier"),
        to(1, "Coverage.extension(v2-in2-insured-number)"),
        to(2, "RelatedPerson.identifier"),
        to(2, "Coverage.extension(v2-in2-insured-number)"),
        to(3, "Coverage.extension(v2-in2-insureds-employers-name-and-id)"),
        to(4, "Coverage.extension(v2-in2-employer-information-data)"),
        to(5, "Coverage.extension(v2-in2-mail-claim-party)"),
        to(6, "Coverage.identifier"),
        to(7, "Coverage.extension(v2-in2-medicaid-case-name)"),
        to(8, "Coverage.identifier"),
        to(9, "Coverage.extension(v2-in2-military-sponsor-name)"),
        to(10, "Coverage.extension(v2-in2-military-id-number)"),
        to(11, "Coverage.extension(v2-in2-dependent-of-military-recipient)"),
        to(12, "Coverage.extension(v2-in2-military-organization)"),
        to(13, "Coverage.extension(v2-in2-military-station)"),
        to(14, "Coverage.extension(v2-in2-military-service)"),
        to(15, "Coverage.extension(v2-in2-military-rank-grade)"),
        to(16, "Coverage.extension(v2-in2-military-status)"),
        to(17, "Coverage.extension(v2-in2-military-retire-date)"),
        to(18, "Coverage.extension(v2-in2-military-non-avail-cert-on-file)"),
        to(19, "Coverage.extension(v2-in2-baby-coverage)"),
        to(20, "Coverage.extension(v2-in2-combine-baby-bill)"),
        to(21, "Coverage.extension(v2-in2-blood-deductible)"),
        to(22, "Coverage.extension(v2-in2-special-coverage-approval-name)"),
        to(23, "Coverage.extension(v2-in2-special-coverage-approval-title)"),
        to(24, "Coverage.extension(v2-in2-non-covered-insurance-code)"),
        to(25, "Organization.identifier"),
        to(26, "Coverage.identifier"),
        to(27, "Coverage.extension(v2-in2-eligibility-source)"),
        to(28, "Coverage.extension(v2-in2-room-coverage-type-amount)"),
        to(29, "Coverage.extension(v2-in2-policy-type-amount)"),
        to(30, "Coverage.extension(v2-in2-daily-deductible)"),
        to(31, "Coverage.extension(v2-in2-living-dependency)"),
        to(32, "Coverage.extension(v2-in2-ambulatory-status)"),
        to(33, "Coverage.extension(v2-in2-citizenship)"),
        to(34, "RelatedPerson.communication"),
        to(34, "Coverage.extension(v2-in2-primary-language)"),
        to(35, "Coverage.extension(v2-in2-living-arrangement)"),
        to(36, "Coverage.extension(v2-in2-publicity-code)"),
        to(37, "Coverage.extension(v2-in2-protection-indicator)"),
        to(38, "Coverage.extension(v2-in2-student-indicator)"),
        left(39, "religion of somebody who is not the patient: GDPR art. 9 wants a reason to keep it"),
        to(40, "Coverage.extension(v2-in2-mothers-maiden-name)"),
        to(41, "Coverage.extension(v2-in2-nationality)"),
        left(
            42,
            "race and ethnicity: nl-core has no place for them and GDPR art. 9 wants a reason to keep them",
        ),
        to(43, "Coverage.extension(v2-in2-marital-status)"),
        to(44, "Coverage.extension(v2-in2-insureds-employment-start-date)"),
        to(45, "Coverage.extension(v2-in2-employment-stop-date)"),
        to(46, "Coverage.extension(v2-in2-job-title)"),
        to(47, "Coverage.extension(v2-in2-job-code-class)"),
        to(48, "Coverage.extension(v2-in2-job-status)"),
        to(49, "Coverage.extension(v2-in2-employer-contact-person-name)"),
        to(50, "Coverage.extension(v2-in2-employer-contact-person-phone-number)"),
        to(51, "Coverage.extension(v2-in2-employer-contact-reason)"),
        to(52, "Coverage.extension(v2-in2-insureds-contact-persons-name)"),
        to(53, "Coverage.extension(v2-in2-insureds-contact-person-phone-number)"),
        to(54, "Coverage.extension(v2-in2-insureds-contact-person-reason)"),
        to(55, "Coverage.extension(v2-in2-relationship-to-the-patient-start-date)"),
        to(56, "Coverage.extension(v2-in2-relationship-to-the-patient-stop-date)"),
        to(57, "Coverage.extension(v2-in2-insurance-co-contact-reason)"),
        to(58, "Organization.contact"),
        to(59, "Coverage.extension(v2-in2-policy-scope)"),
        to(60, "Coverage.extension(v2-in2-policy-source)"),
        to(61, "Coverage.identifier"),
        to(62, "Coverage.extension(v2-in2-guarantors-relationship-to-insured)"),
        to(63, "RelatedPerson.telecom"),
        to(63, "Coverage.extension(v2-in2-insured-phone-number-home)"),
        to(64, "Coverage.extension(v2-in2-insureds-employer-phone-number)"),
        to(65, "Coverage.extension(v2-in2-military-handicapped-program)"),
        to(66, "Coverage.extension(v2-in2-suspend-flag)"),
        to(67, "Coverage.extension(v2-in2-copay-limit-flag)"),
        to(68, "Coverage.extension(v2-in2-stoploss-limit-flag)"),
        to(69, "Coverage.extension(v2-in2-insured-organization-name-and-id)"),
        to(70, "Coverage.extension(v2-in2-insured-employer-organization-name-and-id)"),
        left(
            71,
            "race and ethnicity: nl-core has no place for them and GDPR art. 9 wants a reason to keep them",
        ),
        to(72, "Coverage.extension(v2-in2-patients-relationship-to-insured)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    3 "in2-insureds-employers-name-and-id" Is::Person,
    4 "in2-employer-information-data" Is::Concept,
    5 "in2-mail-claim-party" Is::Concept,
    7 "in2-medicaid-case-name" Is::Name,
    9 "in2-military-sponsor-name" Is::Name,
    10 "in2-military-id-number" Is::Text,
    11 "in2-dependent-of-military-recipient" Is::Concept,
    12 "in2-military-organization" Is::Text,
    13 "in2-military-station" Is::Text,
    14 "in2-military-service" Is::Concept,
    15 "in2-military-rank-grade" Is::Concept,
    16 "in2-military-status" Is::Concept,
    17 "in2-military-retire-date" Is::Date,
    18 "in2-military-non-avail-cert-on-file" Is::Flag,
    19 "in2-baby-coverage" Is::Flag,
    20 "in2-combine-baby-bill" Is::Flag,
    21 "in2-blood-deductible" Is::Text,
    22 "in2-special-coverage-approval-name" Is::Name,
    23 "in2-special-coverage-approval-title" Is::Text,
    24 "in2-non-covered-insurance-code" Is::Concept,
    27 "in2-eligibility-source" Is::Concept,
    28 "in2-room-coverage-type-amount" Is::Parts(&["room-type", "amount-type", "coverage-amount", "money-or-percentage"]),
    29 "in2-policy-type-amount" Is::Parts(&["policy-type", "amount-class", "money-or-percentage-quantity", "money-or-percentage"]),
    30 "in2-daily-deductible" Is::Parts(&["delay-days", "monetary-amount", "number-of-days"]),
    31 "in2-living-dependency" Is::Concept,
    32 "in2-ambulatory-status" Is::Concept,
    33 "in2-citizenship" Is::Concept,
    35 "in2-living-arrangement" Is::Concept,
    36 "in2-publicity-code" Is::Concept,
    37 "in2-protection-indicator" Is::Flag,
    38 "in2-student-indicator" Is::Concept,
    40 "in2-mothers-maiden-name" Is::Name,
    41 "in2-nationality" Is::Concept,
    43 "in2-marital-status" Is::Concept,
    44 "in2-insureds-employment-start-date" Is::Date,
    45 "in2-employment-stop-date" Is::Date,
    46 "in2-job-title" Is::Text,
    47 "in2-job-code-class" Is::Parts(&["job-code", "job-class", "job-description"]),
    48 "in2-job-status" Is::Concept,
    49 "in2-employer-contact-person-name" Is::Name,
    50 "in2-employer-contact-person-phone-number" Is::Contact,
    51 "in2-employer-contact-reason" Is::Concept,
    52 "in2-insureds-contact-persons-name" Is::Name,
    53 "in2-insureds-contact-person-phone-number" Is::Contact,
    54 "in2-insureds-contact-person-reason" Is::Concept,
    55 "in2-relationship-to-the-patient-start-date" Is::Date,
    56 "in2-relationship-to-the-patient-stop-date" Is::Date,
    57 "in2-insurance-co-contact-reason" Is::Concept,
    59 "in2-policy-scope" Is::Concept,
    60 "in2-policy-source" Is::Concept,
    62 "in2-guarantors-relationship-to-insured" Is::Concept,
    64 "in2-insureds-employer-phone-number" Is::Contact,
    65 "in2-military-handicapped-program" Is::Concept,
    66 "in2-suspend-flag" Is::Flag,
    67 "in2-copay-limit-flag" Is::Flag,
    68 "in2-stoploss-limit-flag" Is::Flag,
    69 "in2-insured-organization-name-and-id" Is::Organization,
    70 "in2-insured-employer-organization-name-and-id" Is::Organization,
    72 "in2-patients-relationship-to-insured" Is::Concept,
];
