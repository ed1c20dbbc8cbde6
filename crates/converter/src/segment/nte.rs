//! NTE, and all free text: notes on what they follow, and documents of their own.
//!
//! A run of NTE behind a segment is usually one comment, line by line: lines that agree in source,
//! kind, author and time are joined. The note stands on the resource it is about, where FHIR has room
//! for it, and as a DocumentReference besides, because that is what text analysis reads and what a
//! clinician finds under documents.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::{
    Annotation, Attachment, CodeableConcept, DocumentContent, DocumentContext, DocumentReference, Extension,
    Reference,
};
use hl7v2::{Component, Repetition, Segment, Value};
use uuid::Uuid;

use crate::context::Context;
use crate::datatype::{cwe, xcn};
use crate::identity::rule;
use crate::table;

/// NTE-2: who the comment comes from (HL7 table 0105).
const SOURCE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-comment-source";
/// NTE-4: what kind of comment it is (HL7 table 0364).
const KIND: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-comment-type";

/// One comment: the lines of the NTE segments that belong together.
pub(crate) struct Note<'a> {
    pub(crate) text: Cow<'a, str>,
    source: Option<Cow<'a, str>>,
    kind: Option<CodeableConcept<'a>>,
    author: Option<Reference<'a>>,
    time: Option<Cow<'a, str>>,
    instant: Option<Cow<'a, str>>,
}

impl<'a> Note<'a> {
    /// The note on a resource.
    pub(crate) fn annotation(&self) -> Annotation<'a> {
        let mut extension = Vec::new();
        extension.extend(self.source.clone().map(|source| Extension::code(SOURCE, source)));
        extension.extend(self.kind.clone().map(|kind| Extension::concept(KIND, kind)));
        Annotation {
            extension,
            author_reference: self.author.clone(),
            time: self.time.clone(),
            text: Some(self.text.clone()),
            ..Annotation::default()
        }
    }
}

/// The text of a leaf as one line: marked, not trimmed at the front (tables are set with blanks).
/// `Some("")` for a line of blanks, which separates paragraphs; `None` when nothing stands there.
pub(crate) fn line<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Option<Cow<'a, str>> {
    if !value.is_present() {
        return None;
    }
    let text = match value.text() {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end()),
        Cow::Owned(text) => Cow::Owned(text.trim_end().to_owned()),
    };
    if text.is_empty() {
        cx.ignore(value, "a line of blanks");
        return Some(text);
    }
    cx.mark(value);
    Some(cx.clean(text, value.place()))
}

/// Joins lines, without the blank ones at both ends; `None` when none of them says anything.
pub(crate) fn join(lines: Vec<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    let says = |line: &Cow<'_, str>| !line.trim().is_empty();
    let first = lines.iter().position(says)?;
    let last = lines.iter().rposition(says)?;
    match lines.get(first..=last)? {
        [only] => Some(only.clone()),
        several => Some(Cow::Owned(several.join("\n"))),
    }
}

/// The comments of a run of NTE.
pub(crate) fn notes<'m, 'a>(cx: &mut Context<'m, 'a>, run: &[Segment<'m, 'a>]) -> Vec<Note<'a>> {
    let told = |segment: &Segment<'m, 'a>| [2, 4, 5, 6].map(|n| segment.field(n).raw());
    let mut notes = Vec::new();
    for part in run.chunk_by(|one, next| told(one) == told(next)) {
        let mut lines: Vec<Cow<'a, str>> = Vec::with_capacity(part.len());
        for segment in part {
            for repetition in segment.field(3).repetitions() {
                // An unescaped separator in a text makes components of it.
                let leaves = repetition.components().flat_map(|component| component.subcomponents());
                let said: Vec<Cow<'a, str>> = leaves.filter_map(|leaf| line(cx, leaf)).collect();
                lines.push(match <[Cow<'a, str>; 1]>::try_from(said) {
                    Ok([one]) => one,
                    Err(several) => Cow::Owned(several.join(" ")),
                });
            }
        }
        let Some(text) = join(lines) else { continue };
        let Some((first, rest)) = part.split_first() else { continue };
        let source = cx.write_code(first.field(2).value());
        let kind = cwe::concept(cx, first.field(4).first(), "NTE-4", Some(table::comment_type));
        let author = xcn::professional(cx, first.field(5).first());
        let written = first.field(6).value();
        let (time, _) = cx.date_time(written);
        let instant = if time.is_some() { cx.instant(written).0 } else { None };
        for segment in rest {
            // The same as in the first line, which stands in the output.
            [2, 4, 5, 6].into_iter().for_each(|n| mark_like(cx, first.field(n), segment.field(n)));
        }
        notes.push(Note { text, source, kind, author: author.map(|one| one.reference()), time, instant });
    }
    notes
}

/// Marks each leaf of `field` whose twin in `written` is marked: the same bytes stand in the output.
pub(crate) fn mark_like<'a>(
    cx: &mut Context<'_, 'a>,
    written: hl7v2::Field<'_, 'a>,
    field: hl7v2::Field<'_, 'a>,
) {
    if written.raw() != field.raw() {
        return;
    }
    for (from, to) in leaves(written).zip(leaves(field)) {
        if cx.ledger.is_marked(from.offset()) {
            cx.mark(to);
        }
    }
}

fn leaves<'m, 'a>(field: hl7v2::Field<'m, 'a>) -> impl Iterator<Item = Value<'m, 'a>> {
    field.repetitions().flat_map(Repetition::components).flat_map(Component::subcomponents)
}

/// To what a document belongs.
#[derive(Clone, Copy)]
pub(crate) struct Belongs {
    pub(crate) patient: Uuid,
    pub(crate) encounter: Option<Uuid>,
    /// The observation or report that it is about.
    pub(crate) about: Option<Uuid>,
}

impl Belongs {
    /// A document with this in it; the caller fills the rest and puts it.
    pub(crate) fn document<'a>(self, content: Attachment<'a>) -> DocumentReference<'a> {
        let context = DocumentContext {
            encounter: self.encounter.map(Reference::to).into_iter().collect(),
            related: self.about.map(Reference::to).into_iter().collect(),
            ..DocumentContext::default()
        };
        DocumentReference {
            status: Some("current"),
            subject: Some(Reference::to(self.patient)),
            content: vec![DocumentContent { attachment: Some(content), ..DocumentContent::default() }],
            context: (context != DocumentContext::default()).then_some(context),
            ..DocumentReference::default()
        }
    }

    /// The id of a document, by what tells it from others about the same thing.
    pub(crate) fn document_id(self, cx: &mut Context<'_, '_>, key: &[&str], at: hl7v2::Place) -> Uuid {
        let text = |id: Uuid| id.hyphenated().to_string();
        let about = self.about.or(self.encounter).unwrap_or(self.patient);
        let (patient, about) = (text(self.patient), text(about));
        let mut parts: Vec<&str> = vec![&about];
        parts.extend_from_slice(key);
        cx.id(&rule::DOCUMENT, &[&[&patient], &parts], at)
    }
}

/// Plain text as the content of a document.
pub(crate) fn plain_text<'a>(text: &str) -> Attachment<'a> {
    Attachment {
        content_type: Some(Cow::Borrowed("text/plain")),
        data: Some(Cow::Owned(STANDARD.encode(text))),
        ..Attachment::default()
    }
}

/// Puts a document for each note: `key` and the number of the note tell them apart, so a corrected
/// note takes the place of the old one. Notes on nothing but a patient or visit have no such place:
/// there the text itself tells them apart (`key` is empty).
pub(crate) fn put_documents<'a>(
    cx: &mut Context<'_, 'a>,
    notes: &[Note<'a>],
    belongs: Belongs,
    key: &str,
    at: hl7v2::Place,
) {
    for (index, note) in notes.iter().enumerate() {
        let number = index.to_string();
        let id = if key.is_empty() {
            belongs.document_id(cx, &["text", &note.text], at)
        } else {
            belongs.document_id(cx, &["note", key, &number], at)
        };
        if cx.has(id) {
            continue;
        }
        let mut document = belongs.document(plain_text(&note.text));
        document.id = Some(id);
        document.date.clone_from(&note.instant);
        document.r#type.clone_from(&note.kind);
        document.author.extend(note.author.clone());
        document.extension.extend(note.source.clone().map(|source| Extension::code(SOURCE, source)));
        cx.put(id, document);
    }
}
