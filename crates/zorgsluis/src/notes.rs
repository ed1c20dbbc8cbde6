//! The notes of files: a text is one note; HL7 v2 messages, also in an SQS event, hold any number.

mod people;

use std::io::Read as _;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::Value;
use zorgsluis_clinical_text::deidentify::Known;
use zorgsluis_converter::{ConvertOptions, convert};

use crate::convert::source::bodies;

/// Bytes of one input at most.
const LARGEST: u64 = 64 << 20;

/// The extension of an attachment that says where in the message its text stands.
const PLACE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-source";

/// One note. Holds PHI.
pub(crate) struct Note {
    /// The input, as the user named it.
    pub(crate) source: String,
    /// The message of the input, from 0, and where in it the note stands (`OBX[1]-5[1]`), when it is in one.
    pub(crate) message: Option<(usize, Option<String>)>,
    /// The text.
    pub(crate) text: String,
    /// The people of the message.
    pub(crate) known: Known,
}

impl Note {
    /// The input and the place in it, for people.
    pub(crate) fn name(&self) -> String {
        match &self.message {
            None => self.source.clone(),
            Some((index, None)) => format!("{}[{index}]", self.source),
            Some((index, Some(at))) => format!("{}[{index}] {at}", self.source),
        }
    }
}

/// The notes of the inputs, in order, and what was wrong with them: each named, without PHI. What is only worth
/// knowing is told on standard error.
pub(crate) fn read(files: &[PathBuf]) -> (Vec<Note>, Vec<String>) {
    let (mut notes, mut trouble) = (Vec::new(), Vec::new());
    for file in files {
        let source = file.display().to_string();
        let mut empty = Vec::new();
        match bytes(file) {
            Ok(bytes) => of_input(&source, &bytes, &mut notes, &mut trouble, &mut empty),
            Err(reason) => trouble.push(format!("{source}: {reason}")),
        }
        for index in empty {
            say!("zorgsluis: {source}[{index}]: no note in this message");
        }
    }
    (notes, trouble)
}

/// The notes of one message, if it has any: one that announces a document or changes how far it is has none.
pub(crate) fn of_event(file: &Path) -> Vec<Note> {
    let mut notes = Vec::new();
    if let Ok(bytes) = bytes(file) {
        let (mut trouble, mut empty) = (Vec::new(), Vec::new());
        of_input(&file.display().to_string(), &bytes, &mut notes, &mut trouble, &mut empty);
    }
    notes
}

fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().take(LARGEST + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|open| open.take(LARGEST + 1).read_to_end(&mut bytes))
    }
    .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("larger than {} MiB", LARGEST >> 20));
    }
    Ok(bytes)
}

fn of_input(
    source: &str,
    bytes: &[u8],
    notes: &mut Vec<Note>,
    trouble: &mut Vec<String>,
    empty: &mut Vec<usize>,
) {
    let bare = skip_frame(bytes);
    if bare.is_empty() {
        trouble.push(format!("{source}: is empty"));
        return;
    }
    let events = if bare.starts_with(b"{") { bodies(bare) } else { None };
    match events {
        Some(events) if events.iter().all(|body| is_message(body)) && !events.is_empty() => {
            let messages =
                events.iter().flat_map(|body| hl7v2::batch::messages(body).map(|entry| entry.bytes.to_vec()));
            of_messages(source, messages, notes, trouble, empty);
        }
        _ if is_message(bare) => {
            let messages = hl7v2::batch::messages(bytes).map(|entry| entry.bytes.to_vec());
            of_messages(source, messages, notes, trouble, empty);
        }
        _ => notes.push(Note {
            source: source.to_owned(),
            message: None,
            text: text(source, bytes),
            known: Known::default(),
        }),
    }
}

/// Without what may stand before a message or a text: a byte order mark, blanks, the start of an MLLP frame.
fn skip_frame(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != 0x0B);
    start.and_then(|start| bytes.get(start..)).unwrap_or_default()
}

/// `MSH` and a separator, or the header of a batch.
fn is_message(bytes: &[u8]) -> bool {
    let bytes = skip_frame(bytes);
    let heads: [&[u8]; 3] = [b"MSH", b"FHS", b"BHS"];
    heads.iter().any(|head| bytes.starts_with(head))
        && bytes.get(3).is_some_and(|byte| !byte.is_ascii_alphanumeric() && !byte.is_ascii_whitespace())
}

/// A text in UTF-8, UTF-16 with a byte order mark, or else windows-1252.
fn text(source: &str, bytes: &[u8]) -> String {
    let (text, _, wrong) = encoding_rs::UTF_8.decode(bytes);
    if wrong {
        say!("zorgsluis: {source}: is not UTF-8; read as windows-1252");
        return encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned();
    }
    text.into_owned()
}

fn of_messages(
    source: &str,
    messages: impl Iterator<Item = Vec<u8>>,
    notes: &mut Vec<Note>,
    trouble: &mut Vec<String>,
    empty: &mut Vec<usize>,
) {
    let options = ConvertOptions::demonstration();
    for (index, message) in messages.enumerate() {
        // One bad message hurts only itself.
        let found = std::panic::catch_unwind(AssertUnwindSafe(|| of_message(&message, &options)));
        match found {
            Ok(Ok(found)) => {
                if found.is_empty() {
                    empty.push(index);
                }
                let known = people::of(&message);
                notes.extend(found.into_iter().map(|(at, text)| Note {
                    source: source.to_owned(),
                    message: Some((index, at)),
                    text,
                    known: known.clone(),
                }));
            }
            Ok(Err(refusal)) => trouble.push(format!("{source}[{index}]: {refusal}")),
            Err(_) => trouble
                .push(format!("{source}[{index}]: the converter failed on this message: a fault of ours")),
        }
    }
}

/// The notes of one message, and where each begins.
fn of_message(
    message: &[u8],
    options: &ConvertOptions,
) -> Result<Vec<(Option<String>, String)>, zorgsluis_converter::Refusal> {
    let conversion = convert(message, options)?;
    let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap_or_default();
    let entries = bundle.get("entry").and_then(Value::as_array).into_iter().flatten();
    let documents = entries
        .filter_map(|entry| entry.get("resource"))
        .filter(|resource| resource.get("resourceType").and_then(Value::as_str) == Some("DocumentReference"));
    let attachments = documents
        .filter_map(|document| document.get("content")?.as_array())
        .flatten()
        .filter_map(|content| content.get("attachment"));
    Ok(attachments.filter_map(|attachment| Some((place(attachment), plain(attachment)?))).collect())
}

fn plain(attachment: &Value) -> Option<String> {
    let kind = attachment.get("contentType").and_then(Value::as_str)?;
    if !kind.starts_with("text/plain") {
        return None;
    }
    let data = attachment.get("data").and_then(Value::as_str)?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(data).ok()?;
    String::from_utf8(bytes).ok()
}

fn place(attachment: &Value) -> Option<String> {
    let extensions = attachment.get("extension")?.as_array()?;
    let ours = extensions.iter().find(|one| one.get("url").and_then(Value::as_str) == Some(PLACE))?;
    let parts = ours.get("extension")?.as_array()?;
    let place = parts.iter().find(|one| one.get("url").and_then(Value::as_str) == Some("place"))?;
    place.get("valueString").and_then(Value::as_str).map(str::to_owned)
}
