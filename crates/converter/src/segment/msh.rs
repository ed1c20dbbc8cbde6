//! MSH and SFT: who sent what to whom (HL7 v2.5.1 §2.15.9), as MessageHeader and Provenance.

use std::borrow::Cow;

use fhir::{
    CodeableConcept, Coding, Element, Extension, Identifier, MessageDestination, MessageHeader,
    MessageSource, Meta, ProvenanceEntity, Reference, Resource, system,
};
use uuid::Uuid;

use super::evn::agent;
use crate::context::Context;
use crate::conversion::{Authority, EntryNote};
use crate::datatype::hd::{Hd, organization};
use crate::datatype::xon;
use crate::identity::rule;
use crate::message::Event;

/// Puts the message's MessageHeader and Provenance: the last entries, which point to what it is about.
pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, event: &Event, digest: &[u8; 32]) {
    let digest = Context::hex(digest);
    let focus: Vec<Reference<'a>> = about(cx, event).into_iter().map(Reference::to).collect();
    let sender = sender(cx);
    header(cx, event, &digest, sender, focus.clone());
    provenance(cx, event, &digest, sender, focus);
}

/// What the message is about: patients, visits, reports and documents; of an order message, its orders.
fn about(cx: &Context<'_, '_>, event: &Event) -> Vec<Uuid> {
    let is_focus = |resource: &Resource<'_>| {
        matches!(
            resource,
            Resource::Patient(_)
                | Resource::Encounter(_)
                | Resource::DiagnosticReport(_)
                | Resource::DocumentReference(_)
                | Resource::Task(_)
        ) || (event.kind == "ORM" && matches!(resource, Resource::ServiceRequest(_)))
    };
    cx.entries.iter().filter(|entry| is_focus(&entry.resource)).map(|entry| entry.full_url.0).collect()
}

/// The sending organisation: MSH-22, else the facility (MSH-4).
fn sender(cx: &mut Context<'_, '_>) -> Option<Uuid> {
    let header = cx.message.header();
    let facility = organization(cx, Hd::of_repetition(header.field(4).first(), 1));
    let responsible = xon::organization(cx, header.field(22).first());
    facility.or(responsible)
}

fn header<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    event: &Event,
    digest: &str,
    sender: Option<Uuid>,
    focus: Vec<Reference<'a>>,
) {
    let msh = cx.message.header();
    let id = cx.id(&rule::MESSAGE_HEADER, &[&[digest]], msh.place());
    let kind = msh.field(9).first();
    for component in kind.components() {
        cx.mark(component.value());
    }
    let mut coding = Coding::new(system::V2_EVENT, event.trigger.clone());
    let parts: Vec<_> = kind.components().map(|part| part.value().text()).filter(|t| !t.is_empty()).collect();
    coding.display = Some(Cow::Owned(parts.join("^")));
    let mut message =
        MessageHeader { id: Some(id), event_coding: Some(coding), focus, ..MessageHeader::default() };
    message.sender = sender.map(Reference::to);
    message.source = Some(source(cx));
    message.destination.extend(destination(cx));
    if let Some(code) = cx.write_code(msh.field(11).value()) {
        let tag = vec![Coding::new(system::V2_PROCESSING_ID, code)];
        message.meta = Some(Box::new(Meta { tag, ..Meta::default() }));
    }
    let note = EntryNote { authority: Authority::Registration, asserted: None };
    cx.put_as(id, message, note);
}

fn source<'a>(cx: &mut Context<'_, 'a>) -> MessageSource<'a> {
    let msh = cx.message.header();
    let (endpoint, endpoint_ext) = endpoint(cx, 3);
    let mut source = MessageSource { endpoint, endpoint_ext, ..MessageSource::default() };
    source.name = cx.write(msh.field(3).value());
    if let Some(software) = cx.message.segment("SFT") {
        source.software = cx.write(software.field(3).value());
        source.version = cx.write(software.field(2).value());
    }
    source
}

fn destination<'a>(cx: &mut Context<'_, 'a>) -> Option<MessageDestination<'a>> {
    let msh = cx.message.header();
    let name = cx.write(msh.field(5).value());
    let facility = organization(cx, Hd::of_repetition(msh.field(6).first(), 1));
    let responsible = xon::organization(cx, msh.field(23).first());
    let receiver = facility.or(responsible).map(Reference::to);
    if name.is_none() && receiver.is_none() {
        return None;
    }
    let (endpoint, endpoint_ext) = endpoint(cx, 5);
    Some(MessageDestination { name, endpoint, endpoint_ext, receiver })
}

/// The universal id of an application, as a URI; FHIR demands an endpoint.
fn endpoint<'a>(cx: &mut Context<'_, 'a>, field: usize) -> (Option<Cow<'a, str>>, Option<Element<'a>>) {
    let hd = Hd::of_repetition(cx.message.header().field(field).first(), 1);
    let (id, kind) = (hd.universal_id.text(), hd.universal_type.text());
    if let Some(uri) = cx.profile.identifier_system("", &id, &kind).filter(|_| hd.universal_id.is_present()) {
        cx.mark(hd.universal_id);
        cx.mark(hd.universal_type);
        return (Some(uri), None);
    }
    (None, Some(Element::of(Extension::code(system::DATA_ABSENT_REASON, "unknown"))))
}

fn provenance<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    event: &Event,
    digest: &str,
    sender: Option<Uuid>,
    target: Vec<Reference<'a>>,
) {
    if target.is_empty() {
        return;
    }
    let msh = cx.message.header();
    let id = cx.id(&rule::PROVENANCE, &[&[digest]], msh.place());
    let mut provenance = std::mem::take(&mut cx.provenance);
    provenance.id = Some(id);
    provenance.target = target;
    if provenance.recorded.is_none() && provenance.recorded_ext.is_none() {
        (provenance.recorded, provenance.recorded_ext) = cx.instant(msh.field(7).value());
    }
    if provenance.recorded.is_none() && provenance.recorded_ext.is_none() {
        // FHIR demands it, and a conversion has no clock.
        let absent = Extension::code(system::DATA_ABSENT_REASON, "unknown");
        provenance.recorded_ext = Some(Element::of(absent));
    }
    provenance.activity = Some(CodeableConcept::code(system::V2_EVENT, event.trigger.clone()));
    let application = cx.sender.0.clone();
    let author = match sender {
        Some(id) => Reference::to(id),
        None if application.is_empty() => Reference::display("unknown sender"),
        None => Reference::display(application),
    };
    provenance.agent.insert(0, agent("author", author));
    let control_id = crate::context::trim(msh.field(10).value().text());
    if !control_id.is_empty() {
        let what = Identifier { value: Some(control_id), ..Identifier::default() };
        let what = Some(Reference::by_identifier(what));
        provenance.entity.push(ProvenanceEntity { role: Some("source"), what });
    }
    let note = EntryNote { authority: Authority::Registration, asserted: None };
    cx.put_as(id, provenance, note);
}
