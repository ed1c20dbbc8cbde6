//! Documents in OBX: ED (the document itself), RP (where it is), narrative values, and notes.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::{Attachment, CodeableConcept, Extension, Identifier, Reference};
use hl7v2::{Repetition, Segment};
use uuid::Uuid;

use super::value;
use super::{Frame, document_status};
use crate::context::{Context, add_new, extension, trim};
use crate::datatype::{cwe, hd, xcn};
use crate::document::{Belongs, NOTE_SERIES, Text, put_notes};
use crate::identity::rule;
use crate::segment::beside::{self, Beside, Is, beside};
use crate::segment::nte::{self, mark_like};

/// The document of an ED or RP: put, its id given back.
pub(super) fn convert<'a>(
    cx: &mut Context<'_, 'a>,
    obx: Segment<'_, 'a>,
    from: Repetition<'_, 'a>,
    nth: usize,
    belongs: Belongs,
    kind: &CodeableConcept<'a>,
) -> Option<Uuid> {
    let pointer = obx.field(2).value().text().trim().eq_ignore_ascii_case("RP");
    let attachment = if pointer { pointed(cx, from) } else { encapsulated(cx, from) }?;
    let id = belongs.document_id(cx, &["document", &nth.to_string()], from.place());
    let mut document = belongs.document(attachment);
    document.id = Some(id);
    document.r#type = Some(kind.clone());
    about(cx, obx, &mut document);
    let application = from.component(if pointer { 2 } else { 1 });
    let source = cx.write(application.subcomponent(1));
    document.author.extend(source.map(Reference::display));
    cx.put(id, document);
    Some(id)
}

/// Status, time and author, from OBX-11, OBX-14 and OBX-16.
fn about<'a>(cx: &mut Context<'_, 'a>, obx: Segment<'_, 'a>, document: &mut fhir::DocumentReference<'a>) {
    let status = obx.field(11).value();
    (document.doc_status, document.doc_status_ext) = cx.code(status, document_status);
    if document.doc_status == Some("entered-in-error") {
        document.status = Some("entered-in-error");
    }
    (document.date, document.date_ext) = cx.instant(obx.field(14).value());
    for repetition in obx.field(16).repetitions() {
        let author = xcn::professional(cx, repetition);
        add_new(&mut document.author, author.map(xcn::Professional::reference));
    }
}

/// ED: source, type, subtype, encoding, data (HL7 v2.5.1 §2.A.24).
pub(super) fn encapsulated<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<Attachment<'a>> {
    let part = |n: usize| from.component(n).value();
    let data = part(5);
    if data.text().trim().is_empty() {
        // A document that was not sent along, or is nothing but blanks: what is said of it stands.
        cx.ignore(data, "a document of blanks says nothing");
        let mut attachment = Attachment::default();
        attachment.extension.push(Extension::code(fhir::system::DATA_ABSENT_REASON, "unknown"));
        keep(cx, part(4), &mut attachment);
        content_type(cx, from, [2, 3], &mut attachment);
        return Some(attachment);
    }
    let encoding = trim(part(4).text()).to_ascii_uppercase();
    let mut attachment = Attachment::default();
    let text = data.text();
    let encoded: Option<Cow<'a, str>> = match encoding.as_str() {
        "BASE64" => {
            let plain = if text.bytes().any(|b| b.is_ascii_whitespace()) {
                Cow::Owned(text.split_ascii_whitespace().collect::<String>())
            } else {
                text.clone()
            };
            STANDARD.decode(plain.as_bytes()).is_ok().then_some(plain)
        }
        "HEX" => hex(&text).map(|bytes| Cow::Owned(STANDARD.encode(bytes))),
        "A" | "" => Some(Cow::Owned(STANDARD.encode(text.as_bytes()))),
        _ => None,
    };
    if let Some(encoded) = encoded {
        attachment.data = Some(encoded);
        cx.mark(data);
        cx.mark(part(4));
    } else {
        // What is not what it says it is, is kept as it came.
        cx.warn(data.place(), "invalid-encoded-data");
        keep(cx, data, &mut attachment);
        keep(cx, part(4), &mut attachment);
    }
    content_type(cx, from, [2, 3], &mut attachment);
    if attachment.content_type.as_deref() == Some("text/plain")
        && let Some(decoded) = attachment.data.as_deref().and_then(|data| STANDARD.decode(data).ok())
        && let Ok(text) = String::from_utf8(decoded)
        && let Some(text) = Text::of(Cow::Owned(text), from.place())
    {
        text.describe(&mut attachment);
    }
    Some(attachment)
}

/// RP: pointer, application, type, subtype (HL7 v2.5.1 §2.A.65).
pub(super) fn pointed<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<Attachment<'a>> {
    let pointer = cx.write(from.component(1).value())?;
    let mut attachment = Attachment::default();
    if pointer.contains(':') && !pointer.contains(char::is_whitespace) {
        attachment.url = Some(pointer);
    } else {
        attachment.title = Some(pointer);
    }
    content_type(cx, from, [3, 4], &mut attachment);
    Some(attachment)
}

fn keep<'a>(cx: &mut Context<'_, 'a>, value: hl7v2::Value<'_, 'a>, attachment: &mut Attachment<'a>) {
    if let Some(text) = cx.write(value) {
        attachment.extension.push(Extension::string(extension::ORIGINAL_TEXT, text));
    }
}

/// The MIME type from type of data and subtype (HL7 tables 0191 and 0291).
pub(super) fn content_type<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    [kind, subtype]: [usize; 2],
    attachment: &mut Attachment<'a>,
) {
    let (kind, subtype) = (from.component(kind).value(), from.component(subtype).value());
    let upper = |value: hl7v2::Value<'_, 'a>| trim(value.text()).to_ascii_uppercase();
    let (kind_name, subtype_name) = (upper(kind), upper(subtype));
    let by_subtype = match subtype_name.as_str() {
        "PDF" => Some("application/pdf"),
        "RTF" => Some("application/rtf"),
        "HTML" => Some("text/html"),
        "XML" => Some("application/xml"),
        "JPEG" | "JPG" => Some("image/jpeg"),
        "PNG" => Some("image/png"),
        "GIF" => Some("image/gif"),
        "TIFF" | "TIF" => Some("image/tiff"),
        "DICOM" => Some("application/dicom"),
        "ZIP" => Some("application/zip"),
        "X-HL7-CDA-LEVEL-ONE" => Some("application/hl7-cda-level-one+xml"),
        "OCTET-STREAM" => Some("application/octet-stream"),
        "PLAIN" | "TEXT" | "TXT" => Some("text/plain"),
        "" if matches!(kind_name.as_str(), "TEXT" | "TX" | "FT") => Some("text/plain"),
        _ => None,
    };
    attachment.content_type = by_subtype.map(Cow::Borrowed);
    // AP (application), TEXT, IM (image) follow from the MIME type; anything else says more.
    let follows = match attachment.content_type.as_deref() {
        Some(mime) => match kind_name.as_str() {
            "" | "AP" | "APPLICATION" => true,
            "TEXT" | "TX" | "FT" => mime.starts_with("text/"),
            "IM" | "IMAGE" => mime.starts_with("image/"),
            _ => false,
        },
        None => false,
    };
    if attachment.content_type.is_some() {
        cx.mark(subtype);
    } else {
        keep(cx, subtype, attachment);
    }
    if follows { cx.mark(kind) } else { keep(cx, kind, attachment) }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let nibble = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
            _ => None,
        })
        .collect()
}

/// What an OBX that is a text says as if it were a result.
pub(super) const OF_TEXT: &[Beside] = beside![
    8 "interpretation" Is::Concept,
    13 "access-checks" Is::Verbatim,
    17 "observation-method" Is::Concept,
];

/// The document of a narrative value, beside its observation.
pub(super) fn narrative<'a>(
    cx: &mut Context<'_, 'a>,
    obx: Segment<'_, 'a>,
    text: &Text<'a>,
    belongs: Belongs,
    kind: &CodeableConcept<'a>,
) -> Uuid {
    let id = belongs.document_id(cx, &["value"], obx.place());
    let mut document = belongs.document(text.attachment());
    document.id = Some(id);
    document.r#type = Some(kind.clone());
    about(cx, obx, &mut document);
    cx.put(id, document);
    id
}

/// The document of text OBX that name no observation, one line for each; gives back its id and text. On
/// a report or request it is known by its place there, so that a corrected text replaces the old one. In a
/// registration message see [`note_id`].
pub(crate) fn text_document<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    run: &[Segment<'m, 'a>],
    notes: &[Segment<'m, 'a>],
    frame: &Frame<'_, 'a>,
) -> Option<(Uuid, Cow<'a, str>)> {
    let told: Vec<Segment<'m, 'a>> = run.iter().copied().filter(|obx| !super::is_blank(*obx)).collect();
    let loose = frame.about.is_none();
    // Who takes a note back need not repeat it.
    let (&first, rest) = match told.split_first() {
        None if loose && run.iter().any(|obx| super::withdraws(*obx)) => run.split_first()?,
        told => told?,
    };
    let lines = run.iter().flat_map(|obx| value::lines(cx, *obx)).collect();
    let text = match Text::join(lines) {
        None if !(super::deletes(first) || loose && super::withdraws(first)) => return None,
        text => text,
    };
    let deleted = text.is_none() && super::deletes(first);
    let said: Cow<'a, str> = text.as_ref().map(|text| text.text.clone()).unwrap_or_default();
    let belongs = Belongs { patient: frame.patient, encounter: frame.encounter, about: frame.about };
    let sub_id = trim(first.field(4).value().text());
    let (id, series) = if loose {
        note_id(cx, first, &said, &sub_id, belongs)
    } else {
        (belongs.document_id(cx, &["obx", &sub_id, ""], first.place()), None)
    };
    let id = if cx.has(id) && !loose {
        // Another text of the same order: only what it says tells them apart.
        belongs.document_id(cx, &["obx", &sub_id, &said], first.place())
    } else {
        id
    };
    if cx.has(id) {
        return Some((id, said));
    }
    let attachment = text.as_ref().map_or_else(
        || Attachment {
            extension: vec![Extension::code(fhir::system::DATA_ABSENT_REASON, "unknown")],
            ..Attachment::default()
        },
        Text::attachment,
    );
    let mut document = belongs.document(attachment);
    document.id = Some(id);
    document.identifier.extend(hd::ei(cx, first.field(21).first()));
    document
        .identifier
        .extend(series.map(|series| Identifier::new(NOTE_SERIES, series.hyphenated().to_string())));
    document.r#type = cwe::concept(cx, first.field(3).first(), "OBX-3", None);
    about(cx, first, &mut document);
    document.extension.extend(beside::parts(cx, first, OF_TEXT));
    if deleted {
        for obx in run {
            cx.mark(obx.field(5).value());
        }
        (document.status, document.doc_status) = (Some("entered-in-error"), Some("entered-in-error"));
    }
    if let Some(sub_id) = cx.write(first.field(4).value()) {
        document.identifier.push(Identifier { value: Some(sub_id), ..Identifier::default() });
    }
    let comments = nte::notes(cx, notes);
    for obx in rest {
        for n in (2..=first.field_count()).filter(|n| *n != 5) {
            mark_like(cx, first.field(n), obx.field(n));
        }
    }
    cx.put(id, document);
    let about = Belongs { about: frame.about.or(Some(id)), ..belongs };
    put_notes(cx, &comments, about, "text", first.place());
    Some((id, said))
}

/// Which note it is: what the sender calls it (OBX-21); else its kind (OBX-3, OBX-4) and when it was
/// written (OBX-14). A later message with the same of these is about the same note, and replaces it.
/// Where there is no OBX-14, nothing but the text tells a further note from a changed one; then the text is
/// in the key, and the series (second) leads a correction (OBX-11) to what it corrects.
fn note_id<'a>(
    cx: &mut Context<'_, 'a>,
    obx: Segment<'_, 'a>,
    text: &str,
    sub_id: &str,
    belongs: Belongs,
) -> (Uuid, Option<Uuid>) {
    let at = obx.place();
    if let Some((authority, number)) = hd::ei_key(cx, obx.field(21).first()) {
        return (belongs.id(cx, &rule::NOTE, &["instance", &authority, &number], at), None);
    }
    let (system, code) = cwe::key(cx, obx.field(3).first()).unwrap_or_default();
    let time = obx.field(14).value();
    let written = match cx.timestamp(time) {
        Some(moment) => moment.to_string(),
        None => trim(time.text()).into_owned(),
    };
    if !written.is_empty() {
        let id = belongs.id(cx, &rule::NOTE, &["time", &system, &code, sub_id, &written], at);
        if !cx.has(id) {
            return (id, None);
        }
        // Twice the same key in one message: only the text tells them apart.
        cx.warn(at, "note-twice");
        return (belongs.id(cx, &rule::NOTE, &["time", &system, &code, sub_id, &written, text], at), None);
    }
    let series = belongs.id(cx, &rule::NOTE_BY_TEXT, &[&system, &code, sub_id], at);
    (belongs.id(cx, &rule::NOTE_BY_TEXT, &[&system, &code, sub_id, text], at), Some(series))
}
