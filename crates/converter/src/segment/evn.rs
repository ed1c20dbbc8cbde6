//! EVN: when the event was recorded and happened, and who entered it (HL7 v2.5.1 §3.4.1). It goes to the
//! message's Provenance, which [`super::msh`] puts at the end: in ADT, BAR, DFT and MDM, where HL7 has it, as in
//! any other message that a sender puts it in.

use fhir::{Extension, Provenance, ProvenanceAgent, ProvenanceOccurred, Reference, system};
use hl7v2::Segment;

use super::beside;
use crate::context::{Context, add_new, own};
use crate::datatype::hd::{Hd, organization};
use crate::datatype::{self, cwe, xcn};
use crate::mapping::{Map, elsewhere, left, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "EVN",
    name: "Event Type",
    fields: &[
        "Event Type Code",
        "Recorded Date/Time",
        "Date/Time Planned Event",
        "Event Reason Code",
        "Operator ID",
        "Event Occurred",
        "Event Facility",
    ],
    rows: &[
        left(1, "repeats the event of MSH-9"),
        to(2, "Provenance.recorded"),
        to(3, "Encounter.location.period"),
        to(3, "Encounter.extension"),
        to(3, "Provenance.extension(v2-planned-event-time)"),
        to(4, "Provenance.reason"),
        to(5, "Provenance.agent"),
        to(6, "Provenance.occurredDateTime"),
        to(7, "Provenance.agent"),
        elsewhere(7, "Provenance.location", "EVN-7 names an organisation (HD), not a place"),
    ],
};

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, evn: Segment<'m, 'a>) {
    let mut provenance = std::mem::take(&mut cx.provenance);
    let (event, trigger) = (evn.field(1).value(), cx.message.header().field(9).first().component(2).value());
    if event.is_present()
        && trigger.is_present()
        && !event.text().trim().eq_ignore_ascii_case(trigger.text().trim())
    {
        cx.warn(event.place(), "contradicts-other-field");
        cx.ignore(event, "another event than MSH-9 names, which decides");
    }
    // MFI-4 tells it of a master file, that has no EVN by the standard.
    if provenance.recorded.is_none() && provenance.recorded_ext.is_none() {
        (provenance.recorded, provenance.recorded_ext) = cx.instant(evn.field(2).value());
    }
    let (occurred, original) = cx.date_time(evn.field(6).value());
    provenance.occurred =
        occurred.map(ProvenanceOccurred::DateTime).or(original.map(ProvenanceOccurred::DateTimeExt));
    provenance.reason.extend(cwe::concept(cx, evn.field(4).first(), "EVN-4", None));
    for repetition in evn.field(5).repetitions() {
        let who = xcn::professional(cx, repetition).map(xcn::Professional::reference);
        add_new(&mut provenance.agent, who.map(|who| agent("enterer", who)));
    }
    if let Some(id) = organization(cx, Hd::of_repetition(evn.field(7).first(), 1)) {
        add_new(&mut provenance.agent, [agent("custodian", Reference::to(id))]);
    }
    planned(cx, evn, &mut provenance);
    datatype::beyond(cx, evn, [2, 3, 6, 7], &mut provenance.extension);
    cx.provenance = provenance;
}

/// When the event is planned, unless its visit took it: see [`super::pv2::planned`] and PV1-42.
fn planned<'a>(cx: &mut Context<'_, 'a>, evn: Segment<'_, 'a>, provenance: &mut Provenance<'a>) {
    if cx.is_accounted(evn.field(3).value()) {
        return;
    }
    let time = beside::date_time(cx, evn.field(3).value());
    provenance.extension.extend(time.map(|time| Extension::new(own!("planned-event-time"), time)));
}

/// Who had which part in it.
pub(crate) fn agent<'a>(kind: &'static str, who: Reference<'a>) -> ProvenanceAgent<'a> {
    let kind = fhir::CodeableConcept::code(system::PROVENANCE_PARTICIPANT, kind);
    ProvenanceAgent { r#type: Some(kind), who: Some(who), on_behalf_of: None }
}
