//! IN1: insurance (HL7 v2.5.1 §6.5.6).

use fhir::{
    CodeableConcept, Coverage, CoverageClass, Element, Extension, Organization, Reference, Resource, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::{Listed, empties_list, report_conflicts, settle};
use crate::context::{Context, add_new, trim};
use crate::datatype::{cwe, cx as identifier, xad, xon, xpn, xtn};
use crate::identity::rule;
use crate::table;

/// The name of the person in whose name the insurance stands, where FHIR wants a resource.
const INSURED_NAME: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-insured-name";

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, in1: Segment<'m, 'a>, patient: Uuid) -> Listed {
    if empties_list(cx, in1, &[2, 3, 4]) {
        return Listed::Nothing;
    }
    let insurer = insurer(cx, in1);
    let Some(id) = identify(cx, in1, patient, insurer) else { return Listed::Unread };
    let mut coverage = Coverage { id: Some(id), status: Some("active"), ..Coverage::default() };
    coverage.beneficiary = Some(Reference::to(patient));
    coverage.payor.push(insurer.map_or_else(unknown, Reference::to));
    coverage.r#type = cwe::concept(cx, in1.field(15).first(), "IN1-15", None);
    coverage.relationship = cwe::concept(cx, in1.field(17).first(), "IN1-17", Some(table::relationship));
    coverage.period = cx.period(in1.field(12).value(), in1.field(13).value());
    coverage.subscriber_id = cx.write(in1.field(49).value());
    if coverage.subscriber_id.is_some() {
        // The number's authority is the insurer.
        cx.ignore_field(in1.field(49), "the insured's number is the insurer's: its authority is the payor");
    }
    if let Some(policy) = cx.write(in1.field(36).value()) {
        coverage.identifier.push(fhir::Identifier { value: Some(policy), ..fhir::Identifier::default() });
    }
    classes(cx, in1, &mut coverage);
    let mut names = Vec::new();
    xpn::names(cx, in1.field(16), None, &mut names);
    for name in names {
        let value = fhir::ExtensionValue::HumanName(Box::new(name));
        coverage.extension.push(Extension::new(INSURED_NAME, value));
    }
    if coverage.subscriber_id.is_none() && coverage.identifier.is_empty() && coverage.class.is_empty() {
        cx.warn(in1.place(), "insurance-without-number");
    }
    put(cx, in1, id, coverage);
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
    xon::put(cx, id, organization);
    Some(id)
}

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
    let group = cx.write(in1.field(8).value());
    let name = cx.write(in1.field(9).first().component(1).value());
    if let Some(value) = group.clone().or_else(|| name.clone()) {
        let name = group.and(name);
        coverage.class.push(CoverageClass { r#type: class("group"), value: Some(value), name });
    }
}

/// The same insurance twice in a message is one.
fn put<'m, 'a>(cx: &mut Context<'m, 'a>, in1: Segment<'m, 'a>, id: Uuid, coverage: Coverage<'a>) {
    let Some(Resource::Coverage(known)) = cx.entry(id) else {
        cx.put(id, coverage);
        return;
    };
    add_new(&mut known.identifier, coverage.identifier);
    add_new(&mut known.class, coverage.class);
    add_new(&mut known.extension, coverage.extension);
    let mut lost = Vec::new();
    if !settle(&mut known.r#type, coverage.r#type) {
        lost.push(15);
    }
    if !settle(&mut known.relationship, coverage.relationship) {
        lost.push(17);
    }
    if !settle(&mut known.period, coverage.period) {
        lost.extend([12, 13]);
    }
    if !settle(&mut known.subscriber_id, coverage.subscriber_id) {
        lost.push(49);
    }
    report_conflicts(cx, in1, &lost);
}
