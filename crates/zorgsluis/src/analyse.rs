//! `zorgsluis analyse`: conditions and medicines in notes, in the shape of Comprehend Medical.

use serde::Serialize;
use zorgsluis_clinical_text::Recogniser;
use zorgsluis_clinical_text::deidentify::deidentify;
use zorgsluis_domain::text::{Analysis, Entity, Language};

use crate::cli::AnalyseArgs;
use crate::failure::Failure;
use crate::marked::marked;
use crate::notes::{self, Note};
use crate::terminal::{Style, out};

/// What is printed of one note: the analysis, and where the note stands when there may be several.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    /// The message of the input, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'a str>,
    entities: &'a [Entity],
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Language>,
    model_version: &'a str,
}

/// Runs the command.
pub(crate) fn run(args: &AnalyseArgs) -> Result<(), Failure> {
    let language = args.lang.as_deref().and_then(Language::from_code);
    let recogniser = Recogniser::embedded().map_err(Failure::wrong)?;
    let (notes, trouble) = notes::read(&args.files);
    let several = notes.len() > 1 || args.files.len() > 1;
    for (number, note) in notes.iter().enumerate() {
        let analysis = analyse(&recogniser, note, language, args.deidentify);
        if args.marked {
            if several {
                let blank = if number > 0 { "\n" } else { "" };
                out!("{blank}==> {} <==", note.name());
            }
            out!("{}", marked(note.text.trim_end(), &analysis, Style::for_stdout()));
            continue;
        }
        let line = Line {
            source: (several || note.message.is_some()).then_some(note.source.as_str()),
            index: note.message.as_ref().map(|(index, _)| *index),
            at: note.message.as_ref().and_then(|(_, at)| at.as_deref()),
            entities: &analysis.entities,
            language: analysis.language,
            model_version: &analysis.model_version,
        };
        let json = serde_json::to_string(&line).map_err(Failure::wrong)?;
        out!("{json}");
    }
    finish(&trouble)
}

fn analyse(recogniser: &Recogniser, note: &Note, language: Option<Language>, masks: bool) -> Analysis {
    if !masks {
        return recogniser.read(&note.text, language);
    }
    let masked = deidentify(&note.text, &note.known);
    masked.restore(recogniser.read(masked.text(), language), &note.text)
}

/// Names what was wrong; the command fails when anything was.
pub(crate) fn finish(trouble: &[String]) -> Result<(), Failure> {
    for line in trouble {
        say!("{line}");
    }
    if trouble.is_empty() { Ok(()) } else { Err(Failure::named()) }
}
