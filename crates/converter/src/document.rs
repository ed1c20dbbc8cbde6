//! Documents: every free text as a DocumentReference, because that is what text analysis reads and what a
//! clinician finds under documents.
//!
//! A document says in which language it is written, and which of its characters stand in which field, so
//! that whatever is found in the text can be shown in the message.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::{
    Attachment, DocumentContent, DocumentContext, DocumentReference, Extension, ExtensionValue, Reference,
    Resource,
};
use hl7v2::{Place, Repetition};
use uuid::Uuid;
use zorgsluis_clinical_text::language;

use crate::context::{Context, trim};
use crate::identity::{Rule, rule};
use crate::segment::nte::Note;

/// On an attachment: a field that stands in its text. Parts: `place` (`OBX[1]-5[1]`), `begin` and `end`
/// (Unicode code points from 0, the end exclusive).
pub const SOURCE_RANGE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-source";

/// The system of the identifier that the notes of one visit have in common that nothing but their text
/// tells apart. A correction among them finds by it what it corrects.
pub const NOTE_SERIES: &str = "https://zorgsluis.github.io/fhir/NamingSystem/note-series";

/// Ranges of one document at most: beyond that one for each field, not for each repetition.
const RANGES: usize = 256;

/// So many words are a sentence.
const SENTENCE: usize = 6;

/// A line of a text, and where it stands.
pub(crate) struct Line<'a> {
    pub(crate) text: Cow<'a, str>,
    /// The repetition, or the field.
    pub(crate) at: Place,
}

/// A free text: its lines joined, and which of its characters stand in which field.
#[derive(Clone)]
pub(crate) struct Text<'a> {
    pub(crate) text: Cow<'a, str>,
    ranges: Vec<(Place, u32, u32)>,
}

impl<'a> Text<'a> {
    /// Joins lines, without the blank ones at both ends; `None` when none of them says anything.
    pub(crate) fn join(lines: Vec<Line<'a>>) -> Option<Self> {
        let says = |line: &Line<'a>| !line.text.trim().is_empty();
        let first = lines.iter().position(says)?;
        let last = lines.iter().rposition(says)?;
        let lines = lines.get(first..=last)?;
        let mut ranges: Vec<(Place, u32, u32)> = Vec::with_capacity(lines.len().min(RANGES));
        let mut begin = 0_u32;
        for line in lines {
            let length = u32::try_from(line.text.chars().count()).unwrap_or(u32::MAX);
            let end = begin.saturating_add(length);
            if length > 0 {
                ranges.push((line.at, begin, end));
            }
            begin = end.saturating_add(1);
        }
        if ranges.len() > RANGES {
            ranges = by_field(&ranges);
        }
        let text = match lines {
            [only] => only.text.clone(),
            several => Cow::Owned(several.iter().map(|line| &*line.text).collect::<Vec<_>>().join("\n")),
        };
        Some(Self { text, ranges })
    }

    /// A text that stands in one place.
    pub(crate) fn of(text: Cow<'a, str>, at: Place) -> Option<Self> {
        Self::join(vec![Line { text, at }])
    }

    /// Whether it is a sentence rather than a word or a value.
    pub(crate) fn is_sentence(&self) -> bool {
        self.text.split_whitespace().take(SENTENCE).count() == SENTENCE
    }

    /// Plain text as the content of a document.
    pub(crate) fn attachment(&self) -> Attachment<'a> {
        let mut attachment = Attachment {
            content_type: Some(Cow::Borrowed("text/plain")),
            data: Some(Cow::Owned(STANDARD.encode(&*self.text))),
            ..Attachment::default()
        };
        self.describe(&mut attachment);
        attachment
    }

    /// Says of an attachment that holds this text in which language it is, and where it stands.
    pub(crate) fn describe(&self, attachment: &mut Attachment<'a>) {
        attachment.language = language::detect(&self.text).map(|language| Cow::Borrowed(language.code()));
        attachment.extension.extend(self.ranges.iter().map(|(at, begin, end)| {
            let number = |url, value: u32| Extension::new(url, ExtensionValue::Integer(i64::from(value)));
            let parts = vec![
                Extension::string("place", at.to_string()),
                number("begin", *begin),
                number("end", *end),
            ];
            Extension::new(SOURCE_RANGE, ExtensionValue::Parts(parts))
        }));
    }
}

/// Neighbouring ranges of one field as one.
fn by_field(ranges: &[(Place, u32, u32)]) -> Vec<(Place, u32, u32)> {
    let field = |at: Place| Place { repetition: 0, ..at };
    let mut joined: Vec<(Place, u32, u32)> = Vec::new();
    for &(at, begin, end) in ranges {
        match joined.last_mut() {
            Some((known, _, last)) if *known == field(at) => *last = end,
            _ => joined.push((field(at), begin, end)),
        }
    }
    joined
}

/// To what a document belongs.
#[derive(Clone, Copy)]
pub(crate) struct Belongs {
    pub(crate) patient: Uuid,
    pub(crate) encounter: Option<Uuid>,
    /// The observation, report or request that it is about.
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
    pub(crate) fn document_id(self, cx: &mut Context<'_, '_>, key: &[&str], at: Place) -> Uuid {
        self.id(cx, &rule::DOCUMENT, key, at)
    }

    /// The same by another rule of documents.
    pub(crate) fn id(self, cx: &mut Context<'_, '_>, rule: &Rule, key: &[&str], at: Place) -> Uuid {
        let text = |id: Uuid| id.hyphenated().to_string();
        let about = self.about.or(self.encounter).unwrap_or(self.patient);
        let (patient, about) = (text(self.patient), text(about));
        let mut parts: Vec<&str> = vec![&about];
        parts.extend_from_slice(key);
        cx.id(rule, &[&[&patient], &parts], at)
    }
}

/// Puts a document for each note: `key` and the number of the note tell them apart, so a corrected
/// note takes the place of the old one. Notes on nothing but a patient or visit have no such place:
/// there the text itself tells them apart (`key` is empty), and what one says of itself from another of the same text.
pub(crate) fn put_notes<'a>(
    cx: &mut Context<'_, 'a>,
    notes: &[Note<'a>],
    belongs: Belongs,
    key: &str,
    at: Place,
) {
    for (index, note) in notes.iter().enumerate() {
        let number = index.to_string();
        let mut id = if key.is_empty() {
            belongs.document_id(cx, &["text", &note.text.text], at)
        } else {
            belongs.document_id(cx, &["note", key, &number], at)
        };
        let mut document = belongs.document(note.text.attachment());
        note.describe(&mut document);
        if let Some(Resource::DocumentReference(known)) = cx.entry(id)
            && key.is_empty()
            && !is_told_alike(known, &document)
        {
            id = belongs.document_id(cx, &["text", &note.text.text, &note.told()], at);
        }
        if cx.has(id) {
            continue;
        }
        document.id = Some(id);
        cx.put(id, document);
    }
}

/// Whether two notes of one text say the same of themselves.
fn is_told_alike(known: &DocumentReference<'_>, other: &DocumentReference<'_>) -> bool {
    known.date == other.date
        && known.date_ext == other.date_ext
        && known.r#type == other.r#type
        && known.author == other.author
        && known.extension == other.extension
}

/// Puts a document with a text that has a place of its own in what it is about.
pub(crate) fn put_text<'a>(
    cx: &mut Context<'_, 'a>,
    text: &Text<'a>,
    belongs: Belongs,
    key: &[&str],
    at: Place,
) {
    let id = belongs.document_id(cx, key, at);
    if cx.has(id) {
        return;
    }
    let mut document = belongs.document(text.attachment());
    document.id = Some(id);
    cx.put(id, document);
}

/// A text that also stands in a coded or short element, as a document of its own: always (`whatever`), or
/// where it is a sentence. What has a code is no text.
pub(crate) fn put_reason<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    belongs: Belongs,
    key: &[&str],
    whatever: bool,
) {
    let parts: Vec<Cow<'a, str>> =
        from.components().map(|component| trim(component.value().text())).collect();
    let said = match parts.as_slice() {
        _ if from.is_null() => return,
        [only] => only.clone(),
        several if whatever => Cow::Owned(several.join(" ")),
        [code, text, ..] if code.is_empty() => text.clone(),
        _ => return,
    };
    if let Some(text) = Text::of(said, from.place())
        && (whatever || text.is_sentence())
    {
        put_text(cx, &text, belongs, key, from.place());
    }
}
