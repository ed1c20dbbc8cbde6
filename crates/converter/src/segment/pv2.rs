//! PV2: more about the visit (HL7 v2.5.1 §3.4.4).

use fhir::{Decimal, Extension, ExtensionValue, Quantity, Reference, system};
use hl7v2::Segment;

use super::pv1::{EncounterDraft, part, restricted};
use crate::context::Context;
use crate::datatype::{cwe, xcn, xon};

const PLANNED_START: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedStartDate";
const PLANNED_END: &str = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate";
const MODE_OF_ARRIVAL: &str = "http://hl7.org/fhir/StructureDefinition/encounter-modeOfArrival";
/// The sender's own description of the visit: FHIR has only narrative for it.
const DESCRIPTION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-visit-description";

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv2: Segment<'m, 'a>,
    draft: &mut EncounterDraft<'a>,
) {
    let id = draft.id;
    if cx.given(pv2.field(3), id, "reasonCode") {
        let reason = cwe::concept(cx, pv2.field(3).first(), "PV2-3", None);
        draft.resource.reason_code.extend(reason);
    }
    for (field, url) in [(8, PLANNED_START), (9, PLANNED_END)] {
        let (value, original) = cx.date_time(pv2.field(field).value());
        let value = value.map(ExtensionValue::DateTime);
        let kept = original.and_then(|element| element.extension.into_iter().next());
        let extension = value.map(|value| Extension::new(url, value));
        let part = |kept| Extension::new(url, ExtensionValue::Parts(vec![kept]));
        draft.resource.extension.extend(extension.or_else(|| kept.map(part)));
    }
    length(cx, pv2, draft);
    if let Some(text) = cx.write(pv2.field(12).value()) {
        draft.resource.extension.push(Extension::string(DESCRIPTION, text));
    }
    for repetition in pv2.field(13).repetitions() {
        if let Some(who) = xcn::professional(cx, repetition) {
            draft.participant(who, Some(part("REF", "referrer")), None);
        }
    }
    if pv2.field(22).value().text().trim().eq_ignore_ascii_case("Y") {
        cx.mark(pv2.field(22).value());
        restricted(&mut draft.resource.meta);
    }
    if let Some(clinic) = xon::organization(cx, pv2.field(23).first()) {
        draft.resource.service_provider = Some(Reference::to(clinic));
    }
    if cx.given(pv2.field(25), id, "priority") {
        draft.resource.priority = cwe::concept(cx, pv2.field(25).first(), "PV2-25", None);
    }
    if let Some(coding) = cwe::coding(cx, pv2.field(38).first(), "PV2-38", |_| None) {
        draft
            .resource
            .extension
            .push(Extension::new(MODE_OF_ARRIVAL, ExtensionValue::Coding(Box::new(coding))));
    }
}

/// The length of the stay (PV2-11) is a number of days.
fn length<'m, 'a>(cx: &mut Context<'m, 'a>, pv2: Segment<'m, 'a>, draft: &mut EncounterDraft<'a>) {
    let value = pv2.field(11).value();
    if !value.is_present() {
        return;
    }
    let Some(days) = Decimal::parse(crate::context::trim(value.text())) else {
        cx.warn(value.place(), "invalid-number");
        return;
    };
    cx.mark(value);
    draft.resource.length = Some(Quantity {
        value: Some(days),
        unit: Some("day".into()),
        system: Some(system::UCUM.into()),
        code: Some("d".into()),
        ..Quantity::default()
    });
}
