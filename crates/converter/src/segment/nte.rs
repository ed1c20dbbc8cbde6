//! NTE: notes on what they follow (HL7 v2.5.1 §2.15.10).
//!
//! A run of NTE behind a segment is usually one comment, line by line: lines that agree in source,
//! kind, author and time are joined. The note stands on the resource it is about, where FHIR has room
//! for it, and as a document besides ([`crate::document`]).

mod map;

use std::borrow::Cow;

use fhir::{Annotation, CodeableConcept, DocumentReference, Element, Extension, ExtensionValue, Reference};
use hl7v2::{Component, Repetition, Segment, Value};

use crate::context::{Context, trim};
use crate::datatype::{cwe, xcn};
use crate::document::{Line, Text};
use crate::table;

pub(crate) use map::MAP;

/// NTE-2: who the comment comes from (HL7 table 0105).
const SOURCE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-comment-source";
/// NTE-4: what kind of comment it is (HL7 table 0364).
const KIND: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-comment-type";

/// NTE-7 and 8: from when until when a comment holds.
const HOLDS: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-comment-period";
/// NTE-9: the comment as a code.
const CODED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-coded-comment";

/// One comment: the lines of the NTE segments that belong together.
pub(crate) struct Note<'a> {
    pub(crate) text: Text<'a>,
    source: Option<Cow<'a, str>>,
    kind: Option<CodeableConcept<'a>>,
    author: Option<Reference<'a>>,
    time: Option<Cow<'a, str>>,
    instant: Option<Cow<'a, str>>,
    /// What stood where a time was expected.
    original: Option<Element<'a>>,
    /// From when until when it holds, and its codes.
    more: Vec<Extension<'a>>,
    /// What it says of itself, as it was sent.
    told: [&'a [u8]; 7],
}

impl<'a> Note<'a> {
    /// The note on a resource.
    pub(crate) fn annotation(&self) -> Annotation<'a> {
        let mut extension = Vec::new();
        extension.extend(self.source.clone().map(|source| Extension::code(SOURCE, source)));
        extension.extend(self.kind.clone().map(|kind| Extension::concept(KIND, kind)));
        extension.extend(self.more.iter().cloned());
        extension.extend(self.original.iter().flat_map(|original| original.extension.clone()));
        Annotation {
            extension,
            author_reference: self.author.clone(),
            time: self.time.clone(),
            text: Some(self.text.text.clone()),
            ..Annotation::default()
        }
    }

    /// What tells it from a note of the same text.
    pub(crate) fn told(&self) -> String {
        self.told.iter().map(|field| String::from_utf8_lossy(field)).collect::<Vec<_>>().join("|")
    }

    /// What the note says of itself, on its document.
    pub(crate) fn describe(&self, document: &mut DocumentReference<'a>) {
        document.date.clone_from(&self.instant);
        document.date_ext.clone_from(&self.original);
        document.r#type.clone_from(&self.kind);
        document.author.extend(self.author.clone());
        document.extension.extend(self.source.clone().map(|source| Extension::code(SOURCE, source)));
        document.extension.extend(self.more.iter().cloned());
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
    Some(text)
}

/// The comments of a run of NTE.
pub(crate) fn notes<'m, 'a>(cx: &mut Context<'m, 'a>, run: &[Segment<'m, 'a>]) -> Vec<Note<'a>> {
    let told = |segment: &Segment<'m, 'a>| [2, 4, 5, 6, 7, 8, 9].map(|n| segment.field(n).raw());
    let mut notes = Vec::new();
    for part in run.chunk_by(|one, next| told(one) == told(next)) {
        let mut lines: Vec<Line<'a>> = Vec::with_capacity(part.len());
        for segment in part {
            for repetition in segment.field(3).repetitions() {
                // An unescaped separator in a text makes components of it.
                let leaves = repetition.components().flat_map(|component| component.subcomponents());
                let said: Vec<Cow<'a, str>> = leaves.filter_map(|leaf| line(cx, leaf)).collect();
                let text = match <[Cow<'a, str>; 1]>::try_from(said) {
                    Ok([one]) => one,
                    Err(several) => Cow::Owned(several.join(" ")),
                };
                lines.push(Line { text, at: repetition.place() });
            }
        }
        let Some((first, rest)) = part.split_first() else { continue };
        // Words in the place of the source, and none in the place of words, are the comment.
        let misplaced = first.field(2).value().text().trim().contains(' ')
            && !part.iter().any(|one| one.field(3).is_present() || one.field(9).is_present());
        if misplaced {
            for segment in part {
                let text = line(cx, segment.field(2).value());
                lines.extend(text.map(|text| Line { text, at: segment.field(2).place() }));
            }
        }
        let mut more = Vec::new();
        for repetition in first.field(9).repetitions() {
            // A comment that is only a code is read by what the code says.
            let said = [9, 2, 1].map(|n| repetition.component(n).value()).into_iter().find(Value::is_present);
            if let Some(said) = said.filter(|_| !part.iter().any(|one| one.field(3).is_present())) {
                lines.push(Line { text: trim(said.text()), at: repetition.place() });
            }
            let concept = cwe::concept(cx, repetition, "NTE-9", None);
            more.extend(concept.map(|concept| Extension::concept(CODED, concept)));
        }
        let Some(text) = Text::join(lines) else { continue };
        if let Some(period) = cx.period(first.field(7).value(), first.field(8).value()) {
            more.push(Extension::new(HOLDS, ExtensionValue::Period(Box::new(period))));
        }
        let source = if misplaced { None } else { cx.write_code(first.field(2).value()) };
        let kind = cwe::concept(cx, first.field(4).first(), "NTE-4", Some(table::comment_type));
        let author = xcn::professional(cx, first.field(5).first());
        let written = first.field(6).value();
        let (time, original) = cx.date_time(written);
        let instant = if time.is_some() { cx.instant(written).0 } else { None };
        for segment in rest {
            // The same as in the first line, which stands in the output.
            [2, 4, 5, 6, 7, 8, 9].into_iter().for_each(|n| mark_like(cx, first.field(n), segment.field(n)));
        }
        notes.push(Note {
            told: told(first),
            text,
            source,
            kind,
            // The author of an annotation is a person, not what they do for whom (FHIR Annotation.author).
            author: author.map(|one| fhir::Reference::to(one.practitioner)),
            time,
            instant,
            original,
            more,
        });
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
