//! Sentences, and the section of the note that each stands in.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::token::{Kind, Token, Tokens};

/// What a heading says of all that stands under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// No heading, or one that says nothing: `Anamnese:`.
    Plain,
    /// `VG:`, `Past medical history:`.
    Past,
    /// `Familieanamnese:`.
    Family,
    /// `Allergieën:`.
    Allergy,
    /// `DD:`.
    Possible,
    /// `Medicatie:`.
    Medication,
}

/// Tokens that are read together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sentence {
    /// The first token.
    pub start: usize,
    /// The first token behind it.
    pub end: usize,
    pub section: Section,
}

/// Words that a sentence of today begins with: they end a section that was written on one line.
const NOW: &[&str] = &[
    "verdenking",
    "gebruikt",
    "start",
    "conclusie",
    "reden",
    "nu",
    "thans",
    "momenteel",
    "actueel",
    "heden",
    "vandaag",
    "komt",
    "presenteert",
    "opgenomen",
    "verwezen",
    "gezien",
    "now",
    "currently",
    "today",
    "presents",
    "presented",
    "presenting",
    "admitted",
    "referred",
    "seen",
    "came",
    "comes",
];

/// Words behind whose dot the sentence goes on.
const SHORTENED: &[&str] = &[
    "pat", "pt", "pte", "dr", "drs", "prof", "mevr", "mw", "dhr", "hr", "mr", "mrs", "ms", "evt", "resp",
    "ca", "circa", "vs", "mn", "nl", "oa", "incl", "excl", "ivm", "wv", "tgv", "tbv", "nav", "obv", "bv",
    "etc", "st", "gr", "tel", "nr", "no", "approx", "fig", "eg", "ie", "zo", "jr", "aug", "sept", "susp",
    "verd",
];

/// Tokens that a sentence has at most: the rules look back and forth within one, so this bounds their time.
const LONGEST: usize = 400;
const HEADING_WORDS: usize = 5;
/// Tokens of a heading at most, marks included: every beginning of a sentence is looked at.
const HEADING_TOKENS: usize = 16;
/// A line that is shorter ended because its writer ended it.
const FULL_LINE: u32 = 45;

/// Cuts a text into sentences.
pub(crate) fn sentences(text: &str, tokens: &Tokens) -> Vec<Sentence> {
    let all = &tokens.all;
    let mut sentences = Vec::new();
    let mut section = Section::Plain;
    let mut start = 0;
    let mut line_start = 0;
    // Whether anything stands under the heading yet.
    let mut filled = false;
    // A heading within a line holds for its sentence.
    let mut inline = false;
    let mut index = 0;
    while index < all.len() {
        if index == start
            && let Some((kind, end)) =
                heading(tokens, index, index == line_start || is_bullet(tokens, line_start, index))
        {
            section = kind;
            filled = false;
            inline = index != line_start && !is_bullet(tokens, line_start, index);
            start = end;
            index = end;
            continue;
        }
        if index == start && section != Section::Plain && filled && NOW.contains(&tokens.normal_at(index)) {
            section = Section::Plain;
        }
        let ends = ends_at(text, tokens, index, line_start)
            .or_else(|| (index - start >= LONGEST).then_some(End::After));
        if let Some(ends) = ends {
            let end = if ends == End::Before { index } else { index + 1 };
            if end > start {
                if (start..end).any(|at| matches!(all.get(at).map(|t| t.kind), Some(Kind::Word))) {
                    filled = true;
                }
                sentences.push(Sentence { start, end, section });
            }
            if (ends == End::Paragraph || inline) && filled {
                section = Section::Plain;
            }
            start = end;
        }
        if all.get(index).is_some_and(|token| token.kind == Kind::Line) {
            line_start = index + 1;
        }
        index += 1;
    }
    if start < all.len() {
        sentences.push(Sentence { start, end: all.len(), section });
    }
    sentences
}

#[derive(PartialEq, Eq)]
enum End {
    Before,
    After,
    Paragraph,
}

/// Whether a sentence ends at a token.
fn ends_at(text: &str, tokens: &Tokens, index: usize, line_start: usize) -> Option<End> {
    let all = &tokens.all;
    let token = all.get(index)?;
    let next = all.get(index + 1);
    match token.kind {
        Kind::Line => {
            let Some(next) = next else { return Some(End::After) };
            if next.kind == Kind::Line {
                return Some(End::Paragraph);
            }
            let from = all.get(line_start).map_or(token.at, |first| first.at);
            let full = token.at.saturating_sub(from) >= FULL_LINE;
            let open = index > 0
                && all
                    .get(index - 1)
                    .is_some_and(|t| matches!(t.kind, Kind::Mark(',' | '-' | '/' | '(' | ':')));
            let goes_on = next.kind == Kind::Word && starts_lower(text, next) && (full || open);
            if goes_on { None } else { Some(End::After) }
        }
        Kind::Mark('.' | '!') => {
            let Some(next) = next else { return Some(End::After) };
            if next.glued || next.kind == Kind::Line {
                return None;
            }
            let before = tokens.normal_at(index.wrapping_sub(1));
            if SHORTENED.contains(&before)
                || before.len() == 1 && !before.starts_with(|c: char| c.is_ascii_digit())
            {
                return None;
            }
            if starts_lower(text, next) && before.len() <= 4 {
                return None;
            }
            Some(End::After)
        }
        Kind::Mark('?') => {
            let next = next?;
            (!next.glued && next.kind == Kind::Word && !starts_lower(text, next)).then_some(End::After)
        }
        // A list on one line: `1. pijn 2. koorts` is rare; a bullet in the line is not.
        Kind::Mark('•' | '*' | '·') if index > 0 => Some(End::Before),
        Kind::Word if token.dotted => {
            let next = next?;
            let at_end = !next.glued
                && next.kind == Kind::Word
                && !starts_lower(text, next)
                && matches!(tokens.normal(token), "zn" | "po" | "iv" | "sc" | "im" | "ad" | "os" | "od");
            at_end.then_some(End::After)
        }
        _ => None,
    }
}

fn starts_lower(text: &str, token: &Token) -> bool {
    text.get(token.start..).and_then(|rest| rest.chars().next()).is_some_and(char::is_lowercase)
}

/// Only a bullet or a number stands between the start of the line and a token.
fn is_bullet(tokens: &Tokens, line_start: usize, index: usize) -> bool {
    index > line_start
        && index - line_start <= 2
        && (line_start..index).all(|at| {
            tokens.all.get(at).is_some_and(|t| {
                matches!(t.kind, Kind::Number | Kind::Mark('-' | '*' | '•' | '.' | ')' | '#' | '>'))
            })
        })
}

fn headings() -> &'static HashMap<&'static str, Section> {
    static HEADINGS: OnceLock<HashMap<&'static str, Section>> = OnceLock::new();
    HEADINGS.get_or_init(|| {
        let lines = include_str!("passage/headings.tsv").lines().filter(|line| !line.starts_with('#'));
        let rows = lines.filter_map(|line| line.split_once('\t'));
        rows.flat_map(|(kind, names)| {
            let section = match kind {
                "past" => Section::Past,
                "family" => Section::Family,
                "allergy" => Section::Allergy,
                "possible" => Section::Possible,
                "medication" => Section::Medication,
                _ => Section::Plain,
            };
            names.split('|').map(move |name| (name, section))
        })
        .collect()
    })
}

/// A heading that begins at a token: what it says and the first token behind its colon. At the start of a line
/// any few words with a colon are one; within a line only those that are known.
fn heading(tokens: &Tokens, from: usize, at_line: bool) -> Option<(Section, usize)> {
    let mut words = 0;
    let mut at = from;
    let mut key = String::new();
    let colon = loop {
        let token = tokens.all.get(at).filter(|_| at - from < HEADING_TOKENS)?;
        match token.kind {
            Kind::Word | Kind::Number => {
                words += 1;
                if words > HEADING_WORDS {
                    return None;
                }
                if !key.is_empty() {
                    key.push(' ');
                }
                key.push_str(tokens.normal(token));
            }
            Kind::Mark('/' | '&' | '.' | '-' | '(' | ')' | '+') if words > 0 => {}
            Kind::Mark('*' | '#' | '=' | '_') => {}
            Kind::Mark(':') if words > 0 => break Some(at + 1),
            // `VG` or `Voorgeschiedenis` alone on its line.
            Kind::Line if words > 0 && at_line => break None,
            _ => return None,
        }
        at += 1;
    };
    let known = headings().get(key.as_str()).copied();
    match (known, colon) {
        (Some(section), Some(end)) => Some((section, end)),
        // Alone on its line, a letter or an abbreviation of an entity is no heading.
        (Some(section), None) if key.len() > 3 || matches!(key.as_str(), "vg" | "pmh" | "fa" | "med") => {
            Some((section, at))
        }
        (None, Some(end)) if at_line && begins_section(tokens, end) => Some((Section::Plain, end)),
        _ => None,
    }
}

/// `Moeder: borstkanker` and `Koorts: nee` are no headings: nothing of a section stands in a word of one line
/// whose line goes on with one or two words. What is alone on its line with its colon begins a section.
fn begins_section(tokens: &Tokens, end: usize) -> bool {
    tokens.all.get(end).is_none_or(|token| token.kind == Kind::Line)
}
