//! TXA: a document, apart from its content (HL7 v2.5.1 §9.6.1).

mod edit;

use std::borrow::Cow;

use fhir::{
    Attachment, CodeableConcept, Coding, DocumentContent, DocumentContext, DocumentReference,
    DocumentRelatesTo, Element, Extension, ExtensionValue, Identifier, Period, Reference, system,
};
use hl7v2::{Field, Segment, Value};
use uuid::Uuid;

use crate::context::{Context, add_new, extension, original_text, trim};
use crate::conversion::{Authority, EntryNote};
use crate::datatype::hd::{Hd, organization};
use crate::datatype::{cwe, hd, xcn};
use crate::identity::rule;
use crate::mapping::{Map, elsewhere, left, to};
use crate::message::mdm::Change;
use crate::table;
use crate::time::Precision;

pub(crate) use edit::edits;

/// TXA-5: who did what the document tells of.
const ACTIVITY_PROVIDER: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-primary-activity-provider";
/// TXA-7.
const TRANSCRIBED: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-document-transcription-time";
/// TXA-10, where somebody else authenticated the document, and all further ones.
const ASSIGNED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-assigned-authenticator";
/// TXA-11.
const TRANSCRIPTIONIST: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-transcriptionist";
/// TXA-20 (HL7 table 0275).
const STORAGE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-document-storage-status";
/// TXA-22: parts `who` and `time`.
const AUTHENTICATION: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-document-authentication";
/// TXA-23.
const COPY: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-distributed-copy";
/// TXA-24.
const FOLDER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-folder-assignment";
/// TXA-26.
const DUE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-document-due-time";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "TXA",
    name: "Transcription Document Header",
    fields: &[
        "Set ID - TXA",
        "Document Type",
        "Document Content Presentation",
        "Activity Date/Time",
        "Primary Activity Provider Code/Name",
        "Origination Date/Time",
        "Transcription Date/Time",
        "Edit Date/Time",
        "Originator Code/Name",
        "Assigned Document Authenticator",
        "Transcriptionist Code/Name",
        "Unique Document Number",
        "Parent Document Number",
        "Placer Order Number",
        "Filler Order Number",
        "Unique Document File Name",
        "Document Completion Status",
        "Document Confidentiality Status",
        "Document Availability Status",
        "Document Storage Status",
        "Document Change Reason",
        "Authentication Person, Time Stamp (set)",
        "Distributed Copies (Code and Name of Recipient(s))",
        "Folder Assignment",
        "Document Title",
        "Agreed Due Date/Time",
        "Creating Facility",
        "Creating Specialty",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "DocumentReference.type"),
        to(3, "DocumentReference.content.attachment.contentType"),
        to(4, "DocumentReference.context.period"),
        to(5, "DocumentReference.extension(v2-primary-activity-provider)"),
        to(6, "DocumentReference.date"),
        elsewhere(
            6,
            "DocumentReference.extension",
            "R4 has an instant: a day is its beginning, and what was said stands beside it in `_date`",
        ),
        to(7, "DocumentReference.extension(v2-document-transcription-time)"),
        to(8, "Provenance.recorded"),
        to(9, "DocumentReference.author"),
        to(9, "Provenance.agent"),
        to(10, "DocumentReference.authenticator"),
        to(10, "DocumentReference.extension(v2-assigned-authenticator)"),
        to(11, "DocumentReference.extension(v2-transcriptionist)"),
        to(12, "DocumentReference.masterIdentifier"),
        to(13, "DocumentReference.relatesTo"),
        to(14, "DocumentReference.context.related"),
        to(15, "DocumentReference.context.related"),
        to(16, "DocumentReference.identifier"),
        to(17, "DocumentReference.docStatus"),
        to(18, "DocumentReference.securityLabel"),
        to(19, "DocumentReference.status"),
        to(20, "DocumentReference.extension(v2-document-storage-status)"),
        to(21, "Provenance.reason"),
        to(22, "DocumentReference.authenticator"),
        to(22, "DocumentReference.extension(v2-document-authentication)"),
        to(23, "DocumentReference.extension(v2-distributed-copy)"),
        elsewhere(
            23,
            "Provenance.agent",
            "who got a copy had no part in making the document: the copies stand with the document itself",
        ),
        to(24, "DocumentReference.extension(v2-folder-assignment)"),
        to(25, "DocumentReference.description"),
        to(26, "DocumentReference.extension(v2-document-due-time)"),
        to(27, "DocumentReference.custodian"),
        to(28, "DocumentReference.context.practiceSetting"),
    ],
};

/// To what a document belongs.
#[derive(Clone, Copy)]
pub(crate) struct Of {
    pub(crate) patient: Uuid,
    pub(crate) encounter: Option<Uuid>,
}

/// The document that a TXA describes, without its content.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    txa: Segment<'m, 'a>,
    change: Change,
    of: Of,
) -> DocumentReference<'a> {
    let id = identify(cx, txa, of.patient);
    let mut document = DocumentReference {
        id: Some(id),
        master_identifier: hd::ei(cx, txa.field(12).first()),
        subject: Some(Reference::to(of.patient)),
        ..DocumentReference::default()
    };
    if cx.given(txa.field(2), id, "type") {
        document.r#type = cwe::concept(cx, txa.field(2).first(), "TXA-2", Some(table::document_type));
    }
    status(cx, txa, id, change, &mut document);
    for label in txa.field(18).repetitions() {
        let label = cwe::concept(cx, label, "TXA-18", Some(table::document_confidentiality));
        document.security_label.extend(label);
    }
    (document.date, document.date_ext) = origination(cx, txa.field(6).value());
    people(cx, txa, &mut document);
    if let Some(name) = cx.write(txa.field(16).value()) {
        document.identifier.push(Identifier { value: Some(name), ..Identifier::default() });
    }
    if cx.given(txa.field(25), id, "description") {
        document.description = joined(cx, txa.field(25));
    }
    for (n, url) in [(7, TRANSCRIBED), (26, DUE)] {
        let (time, original) = cx.date_time(txa.field(n).value());
        document.extension.extend(time.map(|time| Extension::new(url, ExtensionValue::DateTime(time))));
        document.extension.extend(original.map(|text| Extension::new(url, kept(text))));
    }
    if let Some(code) = cx.write_code(txa.field(20).value()) {
        let system = table::hl7_table_uri("0275");
        document.extension.push(Extension::concept(STORAGE, CodeableConcept::code(system, code)));
    }
    for folder in txa.field(24).repetitions() {
        let folder = cwe::concept(cx, folder, "TXA-24", None);
        document.extension.extend(folder.map(|folder| Extension::concept(FOLDER, folder)));
    }
    document.custodian = organization(cx, Hd::of_repetition(txa.field(27).first(), 1)).map(Reference::to);
    context(cx, txa, of, &mut document);
    relation(cx, txa, id, change, of, &mut document);
    document
}

/// The number of the document (TXA-12); without one by what else it is known by, or the message.
fn identify<'a>(cx: &mut Context<'_, 'a>, txa: Segment<'_, 'a>, patient: Uuid) -> Uuid {
    if let Some((authority, number)) = hd::ei_key(cx, txa.field(12).first()) {
        return cx.id(&rule::DOCUMENT_BY_NUMBER, &[&[&authority, &number]], txa.field(12).place());
    }
    let mut parts: Vec<Cow<'a, str>> =
        [2, 4, 6, 14, 15, 16].map(|n| trim(txa.field(n).value().text())).into();
    if parts.iter().skip(1).all(|part| part.is_empty()) {
        parts.push(cx.digest().into());
    }
    let parts: Vec<&str> = parts.iter().map(|part| &**part).collect();
    cx.id(&rule::DOCUMENT_BY_CIRCUMSTANCES, &[&[&patient.hyphenated().to_string()], &parts], txa.place())
}

/// How far the document is (TXA-17), and whether it stands (TXA-19, and the event).
fn status<'a>(
    cx: &mut Context<'_, 'a>,
    txa: Segment<'_, 'a>,
    id: Uuid,
    change: Change,
    document: &mut DocumentReference<'a>,
) {
    let (completion, availability) = (txa.field(17).value(), txa.field(19).value());
    (document.doc_status, document.doc_status_ext) = cx.code(completion, table::document_completion);
    (document.status, document.status_ext) = cx.code(availability, table::document_availability);
    if change == Change::Cancelled {
        // What the codes say of before stands beside it.
        let before = |cx: &mut Context<'_, 'a>, value: Value<'_, 'a>, table: &str| {
            let code = cx.write_code(value)?;
            Some(original_code(table, code))
        };
        if document.status != Some("entered-in-error") {
            document.status_ext = before(cx, availability, "0273");
        }
        document.doc_status_ext = before(cx, completion, "0271");
        (document.status, document.doc_status) = (Some("entered-in-error"), Some("entered-in-error"));
    }
    // That it may be seen does not bring a document back that was replaced or cancelled.
    if document.status.is_none_or(|status| status == "current") {
        document.status = Some("current");
        cx.presume(id, "status");
    }
}

/// A code as it was sent.
fn original_code<'a>(table: &str, code: Cow<'a, str>) -> Element<'a> {
    let concept = CodeableConcept::of(Coding::new(table::hl7_table_uri(table), code));
    Element::of(Extension::concept(extension::ORIGINAL_CODE, concept))
}

/// `date` is an instant: a day alone is its beginning, and what was said stands beside it.
fn origination<'a>(
    cx: &mut Context<'_, 'a>,
    value: Value<'_, 'a>,
) -> (Option<Cow<'a, str>>, Option<Element<'a>>) {
    let (date, beside) = cx.instant(value);
    let day = cx.moment(value).is_ok_and(|time| time.precision() <= Precision::Day);
    if date.is_some() && day {
        let text = cx.write(value);
        return (date, text.map(original_text));
    }
    (date, beside)
}

/// Originators, authenticators, transcriptionists, recipients of copies.
fn people<'a>(cx: &mut Context<'_, 'a>, txa: Segment<'_, 'a>, document: &mut DocumentReference<'a>) {
    let who = |cx: &mut Context<'_, 'a>, n: usize| -> Vec<Reference<'a>> {
        let mut all = Vec::new();
        for xcn in txa.field(n).repetitions() {
            add_new(&mut all, xcn::professional(cx, xcn).map(xcn::Professional::reference));
        }
        all
    };
    document.author = who(cx, 9);
    // Who has authenticated it goes before who was to.
    for ppn in txa.field(22).repetitions() {
        let Some(person) = xcn::professional(cx, ppn).map(xcn::Professional::reference) else { continue };
        let mut parts = vec![Extension::new("who", ExtensionValue::Reference(Box::new(person.clone())))];
        let (time, original) = cx.date_time(ppn.component(15).value());
        parts.extend(time.map(|time| Extension::new("time", ExtensionValue::DateTime(time))));
        parts.extend(original.map(|text| Extension::new("time", kept(text))));
        document.extension.push(Extension::new(AUTHENTICATION, ExtensionValue::Parts(parts)));
        document.authenticator.get_or_insert(person);
    }
    for assigned in who(cx, 10) {
        if *document.authenticator.get_or_insert_with(|| assigned.clone()) != assigned {
            let assigned = ExtensionValue::Reference(Box::new(assigned));
            document.extension.push(Extension::new(ASSIGNED, assigned));
        }
    }
    for (n, url) in [(5, ACTIVITY_PROVIDER), (11, TRANSCRIPTIONIST), (23, COPY)] {
        let all = who(cx, n).into_iter().map(|who| ExtensionValue::Reference(Box::new(who)));
        document.extension.extend(all.map(|who| Extension::new(url, who)));
    }
}

/// The visit, when what it tells of was done, and in which specialty.
fn context<'a>(cx: &mut Context<'_, 'a>, txa: Segment<'_, 'a>, of: Of, document: &mut DocumentReference<'a>) {
    let mut context = DocumentContext {
        encounter: of.encounter.map(Reference::to).into_iter().collect(),
        practice_setting: cwe::concept(cx, txa.field(28).first(), "TXA-28", None),
        ..DocumentContext::default()
    };
    let (time, original) = cx.date_time(txa.field(4).value());
    if time.is_some() || original.is_some() {
        // An activity of one moment: without an end it would still go on.
        let end = time.clone();
        context.period = Some(Period { start: time, start_ext: original, end, ..Period::default() });
    }
    document.context = (context != DocumentContext::default()).then_some(context);
}

/// What the document is to the one that TXA-13 names: it replaces it, or adds to it. That one is put, so that
/// the reference resolves; nothing is said of it but that, and that a replaced one no longer counts.
fn relation<'a>(
    cx: &mut Context<'_, 'a>,
    txa: Segment<'_, 'a>,
    id: Uuid,
    change: Change,
    of: Of,
    document: &mut DocumentReference<'a>,
) {
    let from = txa.field(13).first();
    let Some((authority, number)) = hd::ei_key(cx, from) else {
        if change == Change::Replaced {
            cx.warn(txa.field(13).place(), "replaces-nothing");
        }
        return;
    };
    let parent = cx.id(&rule::DOCUMENT_BY_NUMBER, &[&[&authority, &number]], from.place());
    if parent == id {
        cx.warn(from.place(), "document-is-its-own-parent");
        cx.ignore_field(txa.field(13), "a document is not a part of itself");
        return;
    }
    let replaces = change == Change::Replaced;
    let code = Some(if replaces { "replaces" } else { "appends" });
    document.relates_to.push(DocumentRelatesTo { code, target: Some(Reference::to(parent)) });
    let identifier = hd::ei(cx, from);
    if cx.has(parent) {
        return;
    }
    let mut other = DocumentReference {
        id: Some(parent),
        master_identifier: identifier,
        status: Some(if replaces { "superseded" } else { "current" }),
        subject: Some(Reference::to(of.patient)),
        ..DocumentReference::default()
    };
    if !replaces {
        cx.presume(parent, "status");
    }
    no_content(cx, &mut other);
    let authority = if replaces { Authority::Registration } else { Authority::Mention };
    cx.put_as(parent, other, EntryNote { authority, asserted: None });
}

/// Fills the content that FHIR demands where the message has none: what stands in the store stays.
pub(crate) fn no_content<'a>(cx: &mut Context<'_, 'a>, document: &mut DocumentReference<'a>) {
    let absent = Extension::code(system::DATA_ABSENT_REASON, "unknown");
    let attachment = Attachment { extension: vec![absent], ..Attachment::default() };
    document.content = vec![DocumentContent { attachment: Some(attachment), ..DocumentContent::default() }];
    if let Some(id) = document.id {
        cx.presume(id, "content");
    }
}

/// How the content is presented (TXA-3, HL7 table 0191): it follows from the content where there is one.
pub(crate) fn presentation<'a>(
    cx: &mut Context<'_, 'a>,
    txa: Segment<'_, 'a>,
    has_content: bool,
    document: &mut DocumentReference<'a>,
) {
    let value = txa.field(3).value();
    let code = trim(value.text()).to_ascii_uppercase();
    let kind = match code.as_str() {
        "" => return,
        "TX" | "FT" | "TEXT" => "text/",
        "AP" => "application/",
        "IM" => "image/",
        _ => "",
    };
    let of_kind = |content: &DocumentContent<'a>| {
        let told = content.attachment.as_ref().and_then(|attachment| attachment.content_type.as_deref());
        told.is_some_and(|told| told.starts_with(kind))
    };
    if !kind.is_empty() && document.content.iter().any(of_kind) {
        cx.mark(value);
        return;
    }
    let Some(attachment) = document.content.first_mut().and_then(|content| content.attachment.as_mut())
    else {
        return;
    };
    if kind == "text/" && !has_content {
        attachment.content_type = Some(Cow::Borrowed("text/plain"));
        cx.mark(value);
    } else if let Some(code) = cx.write_code(value) {
        attachment.extension.extend(original_code("0191", code).extension);
    }
}

/// All repetitions of a text as one.
fn joined<'a>(cx: &mut Context<'_, 'a>, field: Field<'_, 'a>) -> Option<Cow<'a, str>> {
    let mut all: Vec<Cow<'a, str>> =
        field.repetitions().filter_map(|repetition| cx.write(repetition.value())).collect();
    match all.len() {
        0 => None,
        1 => all.pop(),
        _ => Some(Cow::Owned(all.join("; "))),
    }
}

/// The text of what is no point in time, as the value of an extension.
pub(crate) fn kept(original: Element<'_>) -> ExtensionValue<'_> {
    ExtensionValue::Parts(original.extension)
}
