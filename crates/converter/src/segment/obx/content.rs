//! OBX that are the content of a document (HL7 v2.5.1 §9.5): its text, and what is encapsulated or pointed at.

use std::borrow::Cow;

use fhir::{Attachment, DocumentContent, DocumentReference, Extension, Reference, system};
use hl7v2::{Repetition, Segment};

use super::document::{OF_TEXT, content_type, encapsulated, pointed};
use super::value::{self, Kind};
use super::{document_status, performer};
use crate::context::{Context, add_new};
use crate::datatype::{cwe, hd};
use crate::document::{Line, Text};
use crate::message::group::Noted;
use crate::segment::{beside, nte};

/// Whether an OBX is a part of the document, rather than something that was observed.
pub(crate) fn is_content(obx: Segment<'_, '_>) -> bool {
    let kind = Kind::of(obx);
    kind.is_text() || kind == Kind::Document
}

/// Writes the content of a document: all its texts as one, line by line, then what is encapsulated or pointed
/// at, then the comments on them. What the OBX say besides is said of the document, where TXA does not.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    parts: &[Noted<'m, 'a>],
    notes: &[Segment<'m, 'a>],
    document: &mut DocumentReference<'a>,
) {
    let mut lines: Vec<Line<'a>> = Vec::new();
    let mut created: Option<Cow<'a, str>> = None;
    let mut beside: Vec<Extension<'a>> = Vec::new();
    let mut enclosed: Vec<Attachment<'a>> = Vec::new();
    for part in parts {
        let obx = part.segment;
        let kind = Kind::of(obx);
        if kind != Kind::Unknown {
            cx.ignore(obx.field(2).value(), "the type shows in the content");
        }
        let (written, original) = cx.date_time(obx.field(14).value());
        if kind == Kind::Document {
            for repetition in obx.field(5).repetitions() {
                let pointer = obx.field(2).value().text().trim().eq_ignore_ascii_case("RP");
                let Some(mut attachment) = enclosure(cx, repetition, pointer) else { continue };
                attachment.creation.clone_from(&written);
                attachment.extension.extend(original.iter().flat_map(|one| one.extension.clone()));
                let source = repetition.component(if pointer { 2 } else { 1 });
                let source = cx.write(source.subcomponent(1)).map(Reference::display);
                add_new(&mut document.author, source);
                enclosed.push(attachment);
            }
        } else {
            if kind == Kind::Unknown {
                cx.warn(obx.field(5).place(), "unknown-value-type");
            }
            lines.extend(value::lines(cx, obx));
            // Lines of several times: the first is that of the text, the others stand beside it.
            match written {
                Some(time) if created.is_none() => created = Some(time),
                Some(time) if created.as_ref() != Some(&time) => {
                    let further = Extension::new(FURTHER_TIME, fhir::ExtensionValue::DateTime(time));
                    add_new(&mut beside, [further]);
                }
                _ => {}
            }
            add_new(&mut beside, original.into_iter().flat_map(|one| one.extension));
        }
        about(cx, obx, document);
    }
    let text = Text::join(lines).map(|text| {
        let mut attachment = Attachment { creation: created, ..text.attachment() };
        attachment.extension.extend(beside);
        attachment
    });
    let notes: Vec<Segment<'m, 'a>> =
        notes.iter().copied().chain(parts.iter().flat_map(|part| part.notes.iter().copied())).collect();
    let comments = nte::notes(cx, &notes);
    let comments = comments.iter().map(|note| {
        let mut attachment = note.text.attachment();
        attachment.creation.clone_from(&note.annotation().time);
        attachment.title = Some(Cow::Borrowed("comment"));
        let about = Extension::new(NOTE, fhir::ExtensionValue::Annotation(Box::new(note.annotation())));
        attachment.extension.push(about);
        attachment
    });
    let all = text.into_iter().chain(enclosed).chain(comments);
    document.content = all
        .map(|attachment| DocumentContent { attachment: Some(attachment), ..DocumentContent::default() })
        .collect();
}

/// OBX-14 of further lines of a text.
const FURTHER_TIME: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-observation-time";
/// The comment that an attachment holds, with its author and kind.
const NOTE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-note";

/// An ED or RP. One that announces a document and holds none says of what kind it would be.
fn enclosure<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    pointer: bool,
) -> Option<Attachment<'a>> {
    if from.is_empty() || from.is_null() {
        return None;
    }
    if pointer {
        return pointed(cx, from);
    }
    encapsulated(cx, from).or_else(|| {
        cx.warn(from.place(), "document-without-data");
        cx.ignore(from.component(4).value(), "the encoding of a document that is not there");
        let absent = Extension::code(system::DATA_ABSENT_REASON, "unknown");
        let mut attachment = Attachment { extension: vec![absent], ..Attachment::default() };
        content_type(cx, from, [2, 3], &mut attachment);
        Some(attachment)
    })
}

/// What an OBX says beside its value: what it is called (OBX-3), how far it is (11), who wrote it (15, 16, 18,
/// 23 to 25), what it is known by (21).
fn about<'a>(cx: &mut Context<'_, 'a>, obx: Segment<'_, 'a>, document: &mut DocumentReference<'a>) {
    let called = cwe::concept(cx, obx.field(3).first(), "OBX-3", None);
    if document.r#type.is_none() {
        document.r#type = called;
    } else if document.r#type != called {
        add_new(&mut document.category, called);
    }
    for field in obx.fields().filter(hl7v2::Field::is_null) {
        cx.ignore(field.value(), "the content of a document is told whole: there is nothing to delete in it");
    }
    cx.ignore_field(obx.field(4), "numbers the lines of a document, which stand in their order");
    let status = obx.field(11).value();
    let told = document_status(&status.text()).map(|target| target.code);
    if document.doc_status.is_none() && document.doc_status_ext.is_none() {
        (document.doc_status, document.doc_status_ext) = cx.code(status, document_status);
    } else if told.is_some() && told == document.doc_status {
        cx.mark(status);
    } else {
        cx.ignore(status, "how far the document is, TXA-17 says");
    }
    if document.date.is_none() && document.date_ext.is_none() {
        (document.date, document.date_ext) = cx.instant(obx.field(14).value());
    }
    let mut authors = Vec::new();
    performer::performers(cx, obx, &mut authors);
    for device in obx.field(18).repetitions() {
        let device = hd::ei(cx, device).map(Reference::by_identifier);
        authors.extend(device.map(|device| Reference { r#type: Some("Device"), ..device }));
    }
    add_new(&mut document.author, authors);
    let beside = beside::parts(cx, obx, OF_TEXT);
    add_new(&mut document.extension, beside);
    for n in [21] {
        for number in obx.field(n).repetitions() {
            add_new(&mut document.identifier, hd::ei(cx, number));
        }
    }
}
