//! Sentences, and the section of the note that each stands in.

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

const HEADINGS: [(Section, &[&str]); 6] = [
    (
        Section::Past,
        &[
            "vg",
            "voorgeschiedenis",
            "medische voorgeschiedenis",
            "relevante voorgeschiedenis",
            "med vg",
            "vgs",
            "voorgesch",
            "vg algemeen",
            "psychiatrische voorgeschiedenis",
            "medische vg",
            "chirurgische voorgeschiedenis",
            "interne voorgeschiedenis",
            "blanco voorgeschiedenis",
            "relevante vg",
            "somatische voorgeschiedenis",
            "psych vg",
            "obstetrische voorgeschiedenis",
            "pmh",
            "pmhx",
            "pmhs",
            "past medical history",
            "past history",
            "medical history",
            "past surgical history",
            "psh",
            "pshx",
            "surgical history",
            "past psychiatric history",
            "psychiatric history",
            "history",
            "hx",
            "past medical hx",
            "pmh psh",
            "past med hx",
            "phx",
            "significant past medical history",
            "relevant history",
            "background",
            "previous medical history",
            "past medical and surgical history",
            "past medical surgical history",
        ],
    ),
    (
        Section::Family,
        &[
            "fa",
            "familieanamnese",
            "familie anamnese",
            "fam anamnese",
            "fam",
            "familiair",
            "fam an",
            "familie",
            "belaste familieanamnese",
            "familiegeschiedenis",
            "fh",
            "fhx",
            "fmhx",
            "family history",
            "family hx",
            "fam hx",
            "family medical history",
            "famhx",
            "fmh",
        ],
    ),
    (
        Section::Allergy,
        &[
            "allergie",
            "allergieen",
            "allergien",
            "all",
            "allergies",
            "allergy",
            "intoleranties",
            "overgevoeligheden",
            "overgevoeligheid",
            "allergieen intoleranties",
            "allergie intolerantie",
            "allergies intolerances",
            "drug allergies",
            "medication allergies",
            "drug allergy",
            "alle",
            "allergies adverse reactions",
            "medicatieallergie",
            "geneesmiddelallergie",
            "geneesmiddelenallergie",
            "cave",
            "intolerances",
            "contra indicaties",
            "allergen",
        ],
    ),
    (
        Section::Possible,
        &[
            "dd",
            "ddx",
            "differentiaaldiagnose",
            "differentiaal diagnose",
            "diff diagnose",
            "differentiaaldiagnostisch",
            "differential",
            "differential diagnosis",
            "differential diagnoses",
            "diff dx",
            "differentiaal",
            "ter uitsluiting",
            "rule out",
            "r o",
        ],
    ),
    (
        Section::Medication,
        &[
            "medicatie",
            "med",
            "thuismedicatie",
            "medicatie thuis",
            "huidige medicatie",
            "meds",
            "medications",
            "medication",
            "home medications",
            "current medications",
            "home meds",
            "current meds",
            "medicijnen",
            "medicatie bij opname",
            "medicatie bij ontslag",
            "ontslagmedicatie",
            "discharge medications",
            "medications on admission",
            "rx",
            "medicatieoverzicht",
            "actuele medicatie",
            "outpatient medications",
        ],
    ),
    (
        Section::Plain,
        &[
            "a",
            "anamnese",
            "speciele anamnese",
            "reden van opname",
            "reden van komst",
            "reden opname",
            "hoofdklacht",
            "klacht",
            "klachten",
            "lichamelijk onderzoek",
            "lo",
            "l o",
            "ao",
            "psychiatrisch onderzoek",
            "aanvullend onderzoek",
            "lab",
            "laboratorium",
            "conclusie",
            "concl",
            "c",
            "beleid",
            "plan",
            "p",
            "s",
            "o",
            "e",
            "beloop",
            "diagnose",
            "diagnosen",
            "diagnoses",
            "ontslagdiagnose",
            "opnamediagnose",
            "sociaal",
            "sociale anamnese",
            "sa",
            "tractus anamnese",
            "tractusanamnese",
            "algemeen",
            "status praesens",
            "huidige klachten",
            "huidige anamnese",
            "vraagstelling",
            "verslag",
            "indicatie",
            "ecg",
            "x thorax",
            "ct",
            "mri",
            "echo",
            "intoxicaties",
            "int",
            "intox",
            "rapportage",
            "evaluatie",
            "bespreking",
            "advies",
            "heteroanamnese",
            "hetero anamnese",
            "situatie",
            "nu",
            "actueel",
            "therapie",
            "behandeling",
            "opname",
            "hpi",
            "hopi",
            "history of present illness",
            "history of presenting complaint",
            "hpc",
            "presenting complaint",
            "pc",
            "cc",
            "chief complaint",
            "reason for admission",
            "reason for visit",
            "physical exam",
            "physical examination",
            "pe",
            "exam",
            "on examination",
            "examination",
            "vitals",
            "labs",
            "imaging",
            "assessment",
            "a p",
            "assessment and plan",
            "assessment plan",
            "impression",
            "imp",
            "findings",
            "indication",
            "technique",
            "comparison",
            "conclusion",
            "hospital course",
            "course",
            "sh",
            "shx",
            "social history",
            "social hx",
            "ros",
            "review of systems",
            "subjective",
            "objective",
            "discharge diagnosis",
            "admission diagnosis",
            "discharge diagnoses",
            "principal diagnosis",
            "diagnosis",
            "dx",
            "follow up",
            "follow-up",
            "recommendations",
            "interval history",
            "problem list",
            "problems",
            "probleemlijst",
            "interpretation",
            "disposition",
            "instructions",
            "discharge instructions",
            "ontslaginstructies",
            "mental status",
            "mental status exam",
            "mse",
            "toxicaties",
            "decursus",
            "episode",
            "today",
            "nieuw",
            "actuele problematiek",
            "huidige problematiek",
            "nevendiagnose",
            "nevendiagnoses",
            "hoofddiagnose",
            "secondary diagnoses",
        ],
    ),
];

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

const HEADING_WORDS: usize = 5;
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
        let ends = ends_at(text, tokens, index, line_start);
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

/// A heading that begins at a token: what it says and the first token behind its colon. At the start of a line
/// any few words with a colon are one; within a line only those that are known.
fn heading(tokens: &Tokens, from: usize, at_line: bool) -> Option<(Section, usize)> {
    let mut words = 0;
    let mut at = from;
    let mut key = String::new();
    let colon = loop {
        let token = tokens.all.get(at)?;
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
    let known = HEADINGS.iter().find(|(_, names)| names.contains(&key.as_str())).map(|(section, _)| *section);
    match (known, colon) {
        (Some(section), Some(end)) => Some((section, end)),
        // Alone on its line, a letter or an abbreviation of an entity is no heading.
        (Some(section), None) if key.len() > 3 || matches!(key.as_str(), "vg" | "pmh" | "fa" | "med") => {
            Some((section, at))
        }
        (None, Some(end)) if at_line && begins_section(tokens, from, end) => Some((Section::Plain, end)),
        _ => None,
    }
}

/// `Moeder: borstkanker` and `Koorts: nee` are no headings: nothing of a section stands in a word of one line
/// whose line goes on with one or two words. What is alone on its line with its colon begins a section.
fn begins_section(tokens: &Tokens, _from: usize, end: usize) -> bool {
    tokens.all.get(end).is_none_or(|token| token.kind == Kind::Line)
}
