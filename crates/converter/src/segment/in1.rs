//! IN1: insurance (HL7 v2.5.1 §6.5.6).

mod again;
mod insured;

use fhir::{
    CodeableConcept, Coverage, CoverageClass, CoverageCost, Element, Extension, ExtensionValue, Organization,
    OrganizationContact, Reference, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::pid::PatientDraft;
use super::{Listed, empties_list};
use crate::context::{Context, add_new, trim};
use crate::datatype::{self, cp, cwe, cx as identifier, xad, xon, xpn, xtn};
use crate::identity::rule;
use crate::mapping::{Map, elsewhere, left, to};
use crate::table;

pub(crate) use insured::complete;

/// What an insured pays: the kinds of cost.
const COPAY: &str = "http://terminology.hl7.org/CodeSystem/coverage-copay-type";

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    in1: Segment<'m, 'a>,
    patient: &PatientDraft<'a>,
) -> Listed {
    if empties_list(cx, in1, &[2, 3, 4]) {
        return Listed::Nothing;
    }
    let insurer = insurer(cx, in1);
    let Some(id) = identify(cx, in1, patient.id, insurer) else { return Listed::Unread };
    let mut coverage = Coverage { id: Some(id), status: Some("active"), ..Coverage::default() };
    if in1.field(55).value().text().trim().eq_ignore_ascii_case("D") {
        // The sender takes the insurance back (table 0206).
        cx.mark(in1.field(55).value());
        coverage.status = Some("entered-in-error");
    }
    coverage.beneficiary = Some(Reference::to(patient.id));
    coverage.payor.push(insurer.map_or_else(unknown, Reference::to));
    coverage.r#type = cwe::concept(cx, in1.field(15).first(), "IN1-15", None);
    coverage.relationship = cwe::concept(cx, in1.field(17).first(), "IN1-17", Some(table::relationship));
    coverage.period = cx.period(in1.field(12).value(), in1.field(13).value());
    insured::convert(cx, in1, patient, &mut coverage);
    if let Some(policy) = cx.write(in1.field(36).value()) {
        coverage.identifier.push(fhir::Identifier { value: Some(policy), ..fhir::Identifier::default() });
    }
    classes(cx, in1, &mut coverage);
    coverage.order = rank(cx, in1);
    if coverage.order.is_none() {
        let other = cx.write(in1.field(22).value());
        coverage.extension.extend(other.map(|other| Extension::string(PRIORITY, other)));
    }
    if let Some(deductible) = cp::amount(cx, in1.field(37).first()) {
        let kind = Some(CodeableConcept::code(COPAY, "deductible"));
        coverage.cost_to_beneficiary.push(CoverageCost { r#type: kind, value_money: Some(deductible) });
    }
    coverage.extension.extend(beside::extensions(cx, in1, BESIDE, id));
    if insurer.is_none() {
        coverage.extension.extend(beside::extensions(cx, in1, OF_NOBODY, id));
    }
    datatype::beyond(cx, in1, SINGLE, &mut coverage.extension);
    if coverage.subscriber_id.is_none() && coverage.identifier.is_empty() && coverage.class.is_empty() {
        cx.warn(in1.place(), "insurance-without-number");
    }
    again::put(cx, in1, id, coverage);
    Listed::Member(id)
}

/// The insurer: by its number (IN1-3; UZOVI in the Netherlands), with name, address and telephone.
fn insurer<'m, 'a>(cx: &mut Context<'m, 'a>, in1: Segment<'m, 'a>) -> Option<Uuid> {
    let mut organization = Organization::default();
    let mut key = None;
    for repetition in in1.field(3).repetitions() {
        let one = identifier::key(cx, repetition);
        let written = identifier::identifier(cx, repetition, None);
        add_new(&mut organization.identifier, written);
        key = key.or(one);
    }
    let mut names = in1.field(4).repetitions();
    let first = names.next();
    organization.name = first.and_then(|first| cx.write(first.component(1).value()));
    organization.alias.extend(names.filter_map(|name| cx.write(name.component(1).value())));
    let id = match (&key, &organization.name) {
        (Some((authority, number)), _) => {
            cx.id(&rule::ORGANIZATION, &[&[authority, number]], in1.field(3).place())
        }
        (None, Some(name)) => {
            let sender = cx.sender_key().to_owned();
            cx.id(&rule::ORGANIZATION_BY_NAME, &[&[&sender], &[name]], in1.field(4).place())
        }
        (None, None) => return first.and_then(|first| xon::organization(cx, first)),
    };
    xad::addresses(cx, in1.field(5), &mut organization.address);
    xtn::contact_points(cx, in1.field(7), None, &mut organization.telecom);
    let mut people = Vec::new();
    xpn::names(cx, in1.field(6), None, &mut people);
    organization.contact.extend(
        people.into_iter().map(|name| OrganizationContact { name: Some(name), ..Default::default() }),
    );
    xon::put(cx, id, organization);
    Some(id)
}

/// The fields that hold one value: what stands behind it is kept as further components.
const SINGLE: [usize; 13] = [2, 4, 8, 9, 12, 13, 15, 17, 18, 22, 36, 37, 43];

/// Patient, insurer, and the policy's or the insured's number, or the plan. `None` when there is none of
/// all this.
fn identify<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    in1: Segment<'m, 'a>,
    patient: Uuid,
    insurer: Option<Uuid>,
) -> Option<Uuid> {
    let numbers = [36, 49, 2].map(|field| trim(in1.field(field).value().text()));
    let number = numbers.iter().find(|number| !number.is_empty());
    if insurer.is_none() && number.is_none() {
        cx.warn(in1.place(), "no-insurance");
        return None;
    }
    let insurer = insurer.map(|id| id.hyphenated().to_string()).unwrap_or_default();
    let patient = patient.hyphenated().to_string();
    let number = number.map_or("", |number| number);
    Some(cx.id(&rule::COVERAGE, &[&[&patient], &[&insurer], &[number]], in1.place()))
}

/// FHIR demands a payor.
fn unknown<'a>() -> Reference<'a> {
    let absent = Extension::code(system::DATA_ABSENT_REASON, "unknown");
    Reference { extension: Element::of(absent).extension, ..Reference::default() }
}

/// Which of several insurances pays first (IN1-22).
fn rank<'m, 'a>(cx: &mut Context<'m, 'a>, in1: Segment<'m, 'a>) -> Option<u32> {
    let value = in1.field(22).value();
    let rank = value.text().trim().parse().ok().filter(|rank| *rank > 0);
    if rank.is_some() {
        cx.mark(value);
    }
    rank
}

/// Plan (IN1-2), group number and name (IN1-8, IN1-9).
fn classes<'m, 'a>(cx: &mut Context<'m, 'a>, in1: Segment<'m, 'a>, coverage: &mut Coverage<'a>) {
    let class = |kind: &'static str| Some(CodeableConcept::code(system::COVERAGE_CLASS, kind));
    let plan = in1.field(2).first();
    if let Some(value) = cx.write(plan.component(1).value()) {
        let name = cx.write(plan.component(2).value());
        coverage.class.push(CoverageClass { r#type: class("plan"), value: Some(value), name });
    } else if let Some(value) = cx.write(plan.component(2).value()) {
        coverage.class.push(CoverageClass { r#type: class("plan"), value: Some(value), name: None });
    }
    if plan.components().nth(2).is_some() {
        // The table and the further codes of the plan.
        let concept = cwe::concept(cx, plan, "IN1-2", None);
        coverage.extension.extend(concept.map(|concept| Extension::concept(PLAN, concept)));
    }
    let group = cx.write(in1.field(8).value());
    let name = cx.write(in1.field(9).first().component(1).value());
    if let Some(value) = group.clone().or_else(|| name.clone()) {
        let name = group.and(name);
        coverage.class.push(CoverageClass { r#type: class("group"), value: Some(value), name });
    }
    let whole = in1.field(9).first();
    if whole.components().nth(1).is_some()
        && let Some(id) = xon::organization(cx, whole)
    {
        coverage.extension.push(beside::reference_to(GROUP, id));
    }
}

/// The plan with the table that it is from: a class has no more than its value.
const PLAN: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-in1-health-plan-id";
/// What stands where the rank among several insurances was expected.
const PRIORITY: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-in1-coord-of-ben-priority";
/// The group as an organisation with a number.
const GROUP: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-in1-group-name";

/// An identifier in an extension.
fn numbered<'a>(url: &'static str, number: fhir::Identifier<'a>) -> Extension<'a> {
    Extension::new(url, ExtensionValue::Identifier(Box::new(number)))
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "IN1",
    name: "Insurance",
    fields: &[
        "Set ID",
        "Health Plan ID",
        "Insurance Company ID",
        "Insurance Company Name",
        "Insurance Company Address",
        "Insurance Co Contact Person",
        "Insurance Co Phone Number",
        "Group Number",
        "Group Name",
        "Insured's Group Emp ID",
        "Insured's Group Emp Name",
        "Plan Effective Date",
        "Plan Expiration Date",
        "Authorization Information",
        "Plan Type",
        "Name of Insured",
        "Insured's Relationship to Patient",
        "Insured's Date of Birth",
        "Insured's Address",
        "Assignment of Benefits",
        "Coordination of Benefits",
        "Coord of Ben Priority",
        "Notice of Admission Flag",
        "Notice of Admission Date",
        "Report of Eligibility Flag",
        "Report of Eligibility Date",
        "Release Information Code",
        "Pre Admit Cert PAC",
        "Verification Date Time",
        "Verification By",
        "Type of Agreement Code",
        "Billing Status",
        "Lifetime Reserve Days",
        "Delay Before L R Day",
        "Company Plan Code",
        "Policy Number",
        "Policy Deductible",
        "Policy Limit Amount",
        "Policy Limit Days",
        "Room Rate Semi Private",
        "Room Rate Private",
        "Insured's Employment Status",
        "Insured's Administrative Sex",
        "Insured's Employer's Address",
        "Verification Status",
        "Prior Insurance Plan ID",
        "Coverage Type",
        "Handicap",
        "Insured's ID Number",
        "Signature Code",
        "Signature Code Date",
        "Insured's Birth Place",
        "VIP Indicator",
        "External Health Plan Identifiers",
        "Insurance Action Code",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        elsewhere(
            2,
            "Coverage.identifier",
            "a plan is of all its insured: as the identifier of one insurance it would make them one",
        ),
        to(2, "Coverage.class"),
        to(2, "Coverage.extension(v2-in1-health-plan-id)"),
        to(3, "Organization.identifier"),
        to(4, "Organization.name"),
        to(4, "Coverage.payor"),
        elsewhere(5, "Coverage.payer", "it is the address of the Organization that payor refers to"),
        to(5, "Organization.address"),
        to(5, "Coverage.extension(v2-in1-insurance-company-address)"),
        to(6, "Organization.contact"),
        to(6, "Coverage.extension(v2-in1-insurance-co-contact-person)"),
        to(7, "Organization.telecom"),
        to(7, "Coverage.extension(v2-in1-insurance-co-phone-number)"),
        to(8, "Coverage.class"),
        to(9, "Coverage.class"),
        to(9, "Coverage.extension(v2-in1-group-name)"),
        elsewhere(
            10,
            "Coverage.extension",
            "the cross-version extension is for the number of the insured, which is IN1-49; this is the number of the group's employer",
        ),
        to(10, "Organization.identifier"),
        to(10, "Coverage.policyHolder"),
        to(11, "Organization.name"),
        to(11, "Coverage.policyHolder"),
        to(12, "Coverage.period"),
        to(13, "Coverage.period"),
        to(14, "Coverage.extension(v2-in1-authorization-information)"),
        to(15, "Coverage.type"),
        to(16, "Coverage.subscriber"),
        to(16, "RelatedPerson.name"),
        to(17, "Coverage.relationship"),
        to(17, "RelatedPerson.relationship"),
        to(18, "RelatedPerson.birthDate"),
        to(19, "RelatedPerson.address"),
        to(20, "Coverage.extension(v2-in1-assignment-of-benefits)"),
        to(21, "Coverage.extension(v2-in1-coordination-of-benefits)"),
        to(22, "Coverage.order"),
        to(22, "Coverage.extension(v2-in1-coord-of-ben-priority)"),
        to(23, "Coverage.extension(v2-in1-notice-of-admission-flag)"),
        to(24, "Coverage.extension(v2-in1-notice-of-admission-date)"),
        to(25, "Coverage.extension(v2-in1-report-of-eligibility-flag)"),
        to(26, "Coverage.extension(v2-in1-report-of-eligibility-date)"),
        to(27, "Coverage.extension(v2-in1-release-information-code)"),
        to(28, "Coverage.extension(v2-in1-pre-admit-cert-pac)"),
        to(29, "Coverage.extension(v2-in1-verification-date-time)"),
        to(30, "Coverage.extension(v2-in1-verification-by)"),
        to(31, "Coverage.extension(v2-in1-type-of-agreement-code)"),
        to(32, "Coverage.extension(v2-in1-billing-status)"),
        to(33, "Coverage.extension(v2-in1-lifetime-reserve-days)"),
        to(34, "Coverage.extension(v2-in1-delay-before-l-r-day)"),
        to(35, "Coverage.extension(v2-in1-company-plan-code)"),
        to(36, "Coverage.identifier"),
        to(37, "Coverage.costToBeneficiary"),
        to(38, "Coverage.extension(v2-in1-policy-limit-amount)"),
        to(39, "Coverage.extension(v2-in1-policy-limit-days)"),
        to(40, "Coverage.extension(v2-in1-room-rate-semi-private)"),
        to(41, "Coverage.extension(v2-in1-room-rate-private)"),
        to(42, "Coverage.extension(v2-in1-insureds-employment-status)"),
        to(43, "RelatedPerson.gender"),
        to(44, "Organization.address"),
        to(45, "Coverage.extension(v2-in1-verification-status)"),
        to(46, "Coverage.extension(v2-in1-prior-insurance-plan-id)"),
        to(47, "Coverage.extension(v2-in1-coverage-type)"),
        to(48, "Coverage.extension(v2-in1-handicap)"),
        to(49, "Coverage.subscriberId"),
        to(49, "Coverage.extension"),
        to(50, "Coverage.extension(v2-in1-signature-code)"),
        to(51, "Coverage.extension(v2-in1-signature-code-date)"),
        to(52, "Coverage.extension(v2-in1-insureds-birth-place)"),
        to(53, "Coverage.extension(v2-in1-vip-indicator)"),
        to(54, "Coverage.extension(v2-in1-external-health-plan-identifiers)"),
        to(55, "Coverage.status"),
        left(55, "what is added or changed is in the message as it now is"),
    ],
};

/// How an insurer is reached of which nothing else is said.
const OF_NOBODY: &[Beside] = beside![
    5 "in1-insurance-company-address" Is::Address,
    6 "in1-insurance-co-contact-person" Is::Name,
    7 "in1-insurance-co-phone-number" Is::Contact,
];

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    14 "in1-authorization-information" Is::Parts(&["authorization-number", "date", "source"]),
    20 "in1-assignment-of-benefits" Is::Concept,
    21 "in1-coordination-of-benefits" Is::Concept,
    23 "in1-notice-of-admission-flag" Is::Flag,
    24 "in1-notice-of-admission-date" Is::Date,
    25 "in1-report-of-eligibility-flag" Is::Flag,
    26 "in1-report-of-eligibility-date" Is::Date,
    27 "in1-release-information-code" Is::Concept,
    28 "in1-pre-admit-cert-pac" Is::Text,
    29 "in1-verification-date-time" Is::Time,
    30 "in1-verification-by" Is::Person,
    31 "in1-type-of-agreement-code" Is::Concept,
    32 "in1-billing-status" Is::Concept,
    33 "in1-lifetime-reserve-days" Is::Number,
    34 "in1-delay-before-l-r-day" Is::Number,
    35 "in1-company-plan-code" Is::Concept,
    38 "in1-policy-limit-amount" Is::Amount,
    39 "in1-policy-limit-days" Is::Number,
    40 "in1-room-rate-semi-private" Is::Amount,
    41 "in1-room-rate-private" Is::Amount,
    42 "in1-insureds-employment-status" Is::Concept,
    45 "in1-verification-status" Is::Text,
    46 "in1-prior-insurance-plan-id" Is::Concept,
    47 "in1-coverage-type" Is::Concept,
    48 "in1-handicap" Is::Concept,
    50 "in1-signature-code" Is::Concept,
    51 "in1-signature-code-date" Is::Date,
    52 "in1-insureds-birth-place" Is::Text,
    53 "in1-vip-indicator" Is::Concept,
    54 "in1-external-health-plan-identifiers" Is::Id,
];
