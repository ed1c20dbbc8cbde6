//! MSH: who sent what to whom (HL7 v2.5.1 §2.15.9), as MessageHeader and Provenance.

use std::borrow::Cow;

use fhir::{
    CodeableConcept, Coding, Element, Extension, ExtensionValue, Identifier, MessageDestination,
    MessageHeader, MessageSource, Meta, ProvenanceEntity, Reference, Resource, system,
};
use uuid::Uuid;

use super::evn::agent;
use super::exchange;
use crate::context::{Context, own};
use crate::conversion::{Authority, EntryNote};
use crate::datatype::hd::{Hd, organization};
use crate::datatype::{cwe, hd, xon};
use crate::identity::rule;
use crate::mapping::{Map, elsewhere, left, to};
use crate::message::Event;

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "MSH",
    name: "Message Header",
    fields: &[
        "Field Separator",
        "Encoding Characters",
        "Sending Application",
        "Sending Facility",
        "Receiving Application",
        "Receiving Facility",
        "Date/Time of Message",
        "Security",
        "Message Type",
        "Message Control ID",
        "Processing ID",
        "Version ID",
        "Sequence Number",
        "Continuation Pointer",
        "Accept Acknowledgment Type",
        "Application Acknowledgment Type",
        "Country Code",
        "Character Set",
        "Principal Language of Message",
        "Alternate Character Set Handling Scheme",
        "Message Profile Identifier",
        "Sending Responsible Organization",
        "Receiving Responsible Organization",
        "Sending Network Address",
        "Receiving Network Address",
        "Security Classification Tag",
        "Security Handling Instructions",
        "Special Access Restriction Instructions",
    ],
    rows: &[
        to(3, "MessageHeader.source"),
        elsewhere(3, "Provenance.entity", "which application sent it, MessageHeader.source says"),
        to(4, "MessageHeader.sender"),
        to(4, "Provenance.agent"),
        to(5, "MessageHeader.destination"),
        to(6, "MessageHeader.destination"),
        to(7, "Bundle.timestamp"),
        to(7, "Provenance.recorded"),
        elsewhere(
            7,
            "Provenance.occurredDateTime",
            "when the message was made is when it was recorded; when it happened, EVN-6 says",
        ),
        left(8, "HL7 leaves open what this is; where it is used it is a credential")
            .not_to("MessageHeader.meta"),
        to(9, "Encounter.status").component(2),
        to(9, "MessageHeader.eventCoding").component(2),
        to(9, "Provenance.activity").component(2),
        to(9, "MessageHeader.eventCoding").component(3),
        to(10, "Bundle.identifier"),
        to(10, "Provenance.entity"),
        to(11, "MessageHeader.meta"),
        left(12, "every version is read in the same way: the shape of a field tells its form"),
        left(13, PROTOCOL),
        left(14, PROTOCOL),
        left(15, PROTOCOL),
        left(16, PROTOCOL),
        to(17, "MessageHeader.extension(v2-country-code)"),
        elsewhere(
            17,
            "Organization.address",
            "a country alone would stand where the address of the organisation belongs",
        ),
        left(18, READ),
        to(19, "MessageHeader.language"),
        left(20, READ),
        to(21, "MessageHeader.extension(v2-message-profile)"),
        to(22, "MessageHeader.responsible"),
        to(22, "Provenance.agent"),
        to(23, "MessageHeader.destination"),
        to(24, "MessageHeader.source"),
        to(25, "MessageHeader.destination"),
        to(26, "MessageHeader.meta"),
        to(27, "MessageHeader.meta"),
        to(28, "MessageHeader.extension(v2-access-instructions)"),
    ],
};

const PROTOCOL: &str = "how the message travels, not what it says";
const READ: &str = "how the message is to be read; it has been read";

/// Puts the message's MessageHeader and Provenance: the last entries, which point to what it is about.
pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, event: &Event, digest: &[u8; 32]) {
    let digest = Context::hex(digest);
    let focus: Vec<Reference<'a>> = about(cx, event).into_iter().map(Reference::to).collect();
    let sender = Sender::of(cx);
    header(cx, event, &digest, sender, focus.clone());
    provenance(cx, event, &digest, sender, focus);
}

/// What the message is about: patients, visits, reports and documents, what was prescribed, given and charged; of
/// an order message, its orders; of a message of problems, accounts or allergies, these; of a bed status, the bed.
fn about(cx: &Context<'_, '_>, event: &Event) -> Vec<Uuid> {
    let is_focus = |resource: &Resource<'_>| {
        matches!(
            resource,
            Resource::Patient(_)
                | Resource::Encounter(_)
                | Resource::DiagnosticReport(_)
                | Resource::DocumentReference(_)
                | Resource::Task(_)
                | Resource::Appointment(_)
                | Resource::Slot(_)
                | Resource::MedicationRequest(_)
                | Resource::MedicationDispense(_)
                | Resource::MedicationAdministration(_)
                | Resource::Immunization(_)
                | Resource::ChargeItem(_)
        ) || (event.trigger == "A20" && matches!(resource, Resource::Location(_)))
            || (event.kind == "MFN" && matches!(resource, Resource::Practitioner(_)))
            || (event.kind == "ORM" && matches!(resource, Resource::ServiceRequest(_)))
            || (event.kind == "BAR" && matches!(resource, Resource::Account(_)))
            || (event.trigger == "A60" && matches!(resource, Resource::AllergyIntolerance(_)))
            || (event.kind == "PPR"
                && matches!(resource, Resource::Condition(_) | Resource::Goal(_) | Resource::CarePlan(_)))
    };
    cx.entries.iter().filter(|entry| is_focus(&entry.resource)).map(|entry| entry.full_url.0).collect()
}

/// The sending facility (MSH-4), and the organisation that is responsible (MSH-22).
#[derive(Clone, Copy)]
struct Sender {
    facility: Option<Uuid>,
    responsible: Option<Uuid>,
}

impl Sender {
    fn of(cx: &mut Context<'_, '_>) -> Self {
        let header = cx.message.header();
        let facility = organization(cx, Hd::of_repetition(header.field(4).first(), 1));
        let responsible = xon::organization(cx, header.field(22).first());
        Self { facility, responsible }
    }

    fn any(self) -> Option<Uuid> {
        self.facility.or(self.responsible)
    }
}

fn header<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    event: &Event,
    digest: &str,
    sender: Sender,
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
    message.sender = sender.any().map(Reference::to);
    message.responsible = sender.responsible.map(Reference::to);
    message.source = Some(source(cx));
    message.destination.extend(destination(cx));
    meta(cx, &mut message);
    // A language is a code of BCP 47: two or three letters.
    let language = msh.field(19).first();
    let code = language.value().text();
    if matches!(code.trim().len(), 2 | 3) && code.trim().bytes().all(|b| b.is_ascii_alphabetic()) {
        cx.mark(language.value());
        for component in language.components().skip(1) {
            cx.ignore(component.value(), "a language of BCP 47 needs no text and no table");
        }
        message.language = Some(Cow::Owned(code.trim().to_ascii_lowercase()));
    } else if let Some(concept) = cwe::concept(cx, language, "MSH-19", None) {
        message.extension.push(Extension::concept(own!("language"), concept));
    }
    if let Some(country) = cx.write(msh.field(17).value()) {
        message.extension.push(Extension::string(own!("country-code"), country));
    }
    for repetition in msh.field(21).repetitions() {
        let profile = hd::ei(cx, repetition).map(|one| ExtensionValue::Identifier(Box::new(one)));
        message.extension.extend(profile.map(|one| Extension::new(own!("message-profile"), one)));
    }
    for repetition in msh.field(28).repetitions() {
        let text = cx.write(repetition.value());
        message.extension.extend(text.map(|text| Extension::string(own!("access-instructions"), text)));
    }
    exchange::response(cx, &mut message);
    exchange::outcome(cx, &mut message);
    let note = EntryNote { authority: Authority::Registration, asserted: None };
    cx.put_as(id, message, note);
}

/// Processing id (MSH-11) as a tag, classification and handling (MSH-26, MSH-27) as labels.
fn meta<'a>(cx: &mut Context<'_, 'a>, message: &mut MessageHeader<'a>) {
    let msh = cx.message.header();
    let mut meta = Meta::default();
    for component in [1, 2] {
        if let Some(code) = cx.write_code(msh.field(11).first().component(component).value()) {
            let system = if component == 1 { system::V2_PROCESSING_ID } else { system::V2_PROCESSING_MODE };
            meta.tag.push(Coding::new(system, code));
        }
    }
    for (field, place) in [(26, "MSH-26"), (27, "MSH-27")] {
        for repetition in msh.field(field).repetitions() {
            let concept = cwe::concept(cx, repetition, place, None);
            if let Some(concept) = concept {
                meta.security.extend(cwe::codings(concept));
            }
        }
    }
    if meta != Meta::default() {
        message.meta = Some(Box::new(meta));
    }
}

fn source<'a>(cx: &mut Context<'_, 'a>) -> MessageSource<'a> {
    let msh = cx.message.header();
    let mut source = MessageSource::default();
    (source.endpoint, source.endpoint_ext) = endpoint(cx, [24, 3], &mut source.extension);
    source.name = cx.write(msh.field(3).value());
    exchange::software(cx, &mut source);
    source
}

fn destination<'a>(cx: &mut Context<'_, 'a>) -> Option<MessageDestination<'a>> {
    let msh = cx.message.header();
    let mut destination = MessageDestination { name: cx.write(msh.field(5).value()), ..Default::default() };
    let responsible = xon::organization(cx, msh.field(23).first());
    let facility = organization(cx, Hd::of_repetition(msh.field(6).first(), 1));
    destination.receiver = responsible.or(facility).map(Reference::to);
    if responsible.is_some() {
        // FHIR has one receiver: who is responsible; the facility stands beside.
        let facility = facility.map(|id| ExtensionValue::Reference(Box::new(Reference::to(id))));
        destination.extension.extend(facility.map(|one| Extension::new(own!("receiving-facility"), one)));
    }
    let said = [5, 6, 23, 25].into_iter().any(|field| msh.field(field).value().is_present())
        || Hd::of_repetition(msh.field(25).first(), 1).is_present()
        || Hd::of_repetition(msh.field(5).first(), 1).is_present();
    if !said {
        return None;
    }
    (destination.endpoint, destination.endpoint_ext) = endpoint(cx, [25, 5], &mut destination.extension);
    Some(destination)
}

/// The network address (MSH-24, MSH-25), else the universal id of the application, as a URI: FHIR demands an
/// endpoint. What is not used for it, or is no URI, is an extension.
fn endpoint<'a>(
    cx: &mut Context<'_, 'a>,
    [network, application]: [usize; 2],
    extension: &mut Vec<Extension<'a>>,
) -> (Option<Cow<'a, str>>, Option<Element<'a>>) {
    let header = cx.message.header();
    let address = Hd::of_repetition(header.field(network).first(), 1);
    let mut endpoint = uri(cx, address);
    if let Some(name) = cx.write(address.namespace) {
        extension.push(Extension::string(own!("network-address"), name));
    }
    let application = Hd::of_repetition(header.field(application).first(), 1);
    if endpoint.is_none() {
        endpoint = uri(cx, application);
    }
    for hd in [address, application] {
        // Either it has become the endpoint, or it is no URI.
        if cx.is_marked(hd.universal_id) || !hd.universal_id.is_present() {
            continue;
        }
        let parts = [("id", hd.universal_id), ("type", hd.universal_type)]
            .map(|(name, value)| cx.write(value).map(|text| Extension::string(name, text)));
        let parts: Vec<Extension<'a>> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            extension.push(Extension::new(own!("universal-id"), ExtensionValue::Parts(parts)));
        }
    }
    match endpoint {
        Some(uri) => (Some(uri), None),
        None => (None, Some(Element::of(Extension::code(system::DATA_ABSENT_REASON, "unknown")))),
    }
}

fn uri<'a>(cx: &mut Context<'_, 'a>, hd: Hd<'_, 'a>) -> Option<Cow<'a, str>> {
    let (id, kind) = (hd.universal_id.text(), hd.universal_type.text());
    let uri = cx.profile.identifier_system("", &id, &kind).filter(|_| hd.universal_id.is_present())?;
    cx.mark(hd.universal_id);
    cx.mark(hd.universal_type);
    Some(uri)
}

fn provenance<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    event: &Event,
    digest: &str,
    sender: Sender,
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
    let author = match sender.any() {
        Some(id) => Reference::to(id),
        None if application.is_empty() => Reference::display("unknown sender"),
        None => Reference::display(application),
    };
    provenance.agent.insert(0, agent("author", author));
    let responsible = sender.responsible.filter(|_| sender.facility.is_some());
    provenance.agent.extend(responsible.map(|id| agent("author", Reference::to(id))));
    if let Some(control_id) = cx.write(msh.field(10).value()) {
        let what = Identifier { value: Some(control_id), ..Identifier::default() };
        let what = Some(Reference::by_identifier(what));
        provenance.entity.push(ProvenanceEntity { role: Some("source"), what });
    }
    let note = EntryNote { authority: Authority::Registration, asserted: None };
    cx.put_as(id, provenance, note);
}
