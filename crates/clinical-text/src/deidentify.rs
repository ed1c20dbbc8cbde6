//! De-identification: masks what tells who a note is about.
//!
//! # Words
//!
//! - A **mask** stands in the place of what was taken out and says what it was: `[NAME]`, `[DATE]`
//!   ([`Kind::mask`]). The masks are the same in Dutch and in English text.
//! - **Known** ([`Known`]) is what the caller knows of the people around a note: names, numbers, addresses
//!   of its message. It is masked wherever it stands, however it is written.
//! - What is not known is found by its **form** (a telephone number, a date) and by its **surroundings** (the
//!   word behind `mevr.`).
//!
//! Where it is in doubt whether something tells who somebody is, it is masked. Diseases, signs and scales
//! that bear a person's name (Parkinson, Crohn, Glasgow) stay, unless they are written as the name of a person.
//!
//! ```
//! use zorgsluis_clinical_text::deidentify::{Known, deidentify};
//!
//! let mut known = Known::default();
//! known.name("de Wit");
//! let note = "Mevr. De Wit, 92 jaar, bekend met M. Parkinson, opgenomen op 3 mei. Wit beslagen tong. Tel. 06-12345678.";
//! let masked = deidentify(note, &known);
//! assert_eq!(
//!     masked.text(),
//!     "Mevr. [NAME], [AGE] jaar, bekend met M. Parkinson, opgenomen op [DATE]. Wit beslagen tong. Tel. [PHONE]."
//! );
//!
//! // What an engine finds in the masked text stands elsewhere in the original.
//! let range = masked.original_range(40, 49);
//! let words: String = note.chars().skip(range.start as usize).take(range.len()).collect();
//! assert_eq!(words, "Parkinson");
//!
//! // Masking what is masked changes nothing.
//! assert_eq!(deidentify(masked.text(), &known).text(), masked.text());
//! ```
//!
//! `docs/deidentification.md` says what is masked, what is not, and how well it is found.

mod address;
mod date;
mod institution;
mod known;
mod lexicon;
mod name;
mod number;
mod token;

use std::fmt;
use std::ops::Range;

use zorgsluis_domain::text::Analysis;

pub use known::Known;

use token::Tokens;

/// What was masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The name of a person, or initials.
    Name,
    /// A date, or a month.
    Date,
    /// An age over 89.
    Age,
    /// A BSN: nine digits that pass the 11-test.
    Bsn,
    /// A telephone or pager number.
    Phone,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// An IP address.
    Ip,
    /// A bank account.
    Iban,
    /// A street, with or without number; a post office box.
    Address,
    /// A postal code.
    Postcode,
    /// A town.
    Place,
    /// A hospital, practice, home, pharmacy or school.
    Institution,
    /// A room or bed.
    Room,
    /// Another number of a person, document or account.
    Number,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Name,
        Self::Date,
        Self::Age,
        Self::Bsn,
        Self::Phone,
        Self::Email,
        Self::Url,
        Self::Ip,
        Self::Iban,
        Self::Address,
        Self::Postcode,
        Self::Place,
        Self::Institution,
        Self::Room,
        Self::Number,
    ];

    /// What stands in the text instead.
    #[must_use]
    pub const fn mask(self) -> &'static str {
        match self {
            Self::Name => "[NAME]",
            Self::Date => "[DATE]",
            Self::Age => "[AGE]",
            Self::Bsn => "[BSN]",
            Self::Number => "[NUMBER]",
            Self::Phone => "[PHONE]",
            Self::Email => "[EMAIL]",
            Self::Url => "[URL]",
            Self::Ip => "[IP]",
            Self::Iban => "[IBAN]",
            Self::Address => "[ADDRESS]",
            Self::Postcode => "[POSTCODE]",
            Self::Place => "[PLACE]",
            Self::Institution => "[INSTITUTION]",
            Self::Room => "[ROOM]",
        }
    }
}

/// A part of the original that was masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Code points before it, in the original.
    pub begin: u32,
    /// Code points before its end, in the original.
    pub end: u32,
    /// What it was.
    pub kind: Kind,
}

/// A text without what tells who it is about. The text may still hold PHI that was not recognised: `Debug`
/// prints the shape only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Deidentified {
    text: String,
    spans: Vec<Span>,
    /// Where the mask of each span stands in the masked text, in code points.
    masks: Vec<Range<u32>>,
}

impl Deidentified {
    /// The masked text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The masked text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// What was masked, in the order of the text; no two touch each other's characters.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Where a range of the masked text stands in the original; both in code points, the end exclusive. A
    /// range that touches a mask takes in all that the mask stands for. What lies behind the end of the text
    /// is as far behind the end of the original.
    #[must_use]
    pub fn original_range(&self, begin: u32, end: u32) -> Range<u32> {
        let end = end.max(begin);
        let start = self.original(begin, false);
        start..self.original(end, end > begin).max(start)
    }

    /// The analysis of the masked text as one of the original: offsets and words are those of the original.
    /// Entities and attributes that touch a mask are left out: they are about the mask.
    #[must_use]
    pub fn restore(&self, mut analysis: Analysis, original: &str) -> Analysis {
        let starts: Vec<usize> = original.char_indices().map(|(at, _)| at).chain([original.len()]).collect();
        let words = |range: &Range<u32>| {
            let from = starts.get(range.start as usize)?;
            let to = starts.get(range.end as usize)?;
            original.get(*from..*to).map(str::to_owned)
        };
        let back = |begin: &mut u32, end: &mut u32, text: &mut String| {
            if self.touches(*begin, *end) {
                return false;
            }
            let range = self.original_range(*begin, *end);
            let Some(words) = words(&range) else { return false };
            (*begin, *end, *text) = (range.start, range.end, words);
            true
        };
        analysis.entities.retain_mut(|entity| {
            entity
                .attributes
                .retain_mut(|one| back(&mut one.begin_offset, &mut one.end_offset, &mut one.text));
            back(&mut entity.begin_offset, &mut entity.end_offset, &mut entity.text)
        });
        analysis
    }

    fn touches(&self, begin: u32, end: u32) -> bool {
        let next = self.masks.partition_point(|mask| mask.end <= begin);
        self.masks.get(next).is_some_and(|mask| mask.start < end)
    }

    fn original(&self, at: u32, is_end: bool) -> u32 {
        // The last mask that begins before this place, or, for a beginning, at it.
        let behind = self.masks.partition_point(|mask| mask.start < at || (!is_end && mask.start == at));
        let last =
            behind.checked_sub(1).and_then(|last| Some((self.masks.get(last)?, self.spans.get(last)?)));
        match last {
            None => at,
            Some((mask, span)) if at < mask.end => {
                if is_end {
                    span.end
                } else {
                    span.begin
                }
            }
            Some((mask, span)) => span.end.saturating_add(at - mask.end),
        }
    }
}

impl fmt::Debug for Deidentified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deidentified").field("spans", &self.spans.len()).finish_non_exhaustive()
    }
}

/// Something found in a text: bytes from, to, what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    start: usize,
    end: usize,
    kind: Kind,
}

/// Masks what tells who a note is about. Masks that stand in the text already are left alone. Time and memory
/// are linear in the length of the text.
#[must_use]
pub fn deidentify(text: &str, known: &Known) -> Deidentified {
    // What was found is masked, and the masked text read again, until nothing is found: a mask may uncover
    // something beside it, and masking what is masked shall change nothing.
    let mut found: Vec<Finding> = Vec::new();
    let mut masked = text.to_owned();
    for _ in 0..ROUNDS {
        let round = findings(&masked, known);
        if round.is_empty() {
            break;
        }
        let places = places(&found);
        found.extend(round.iter().map(|one| Finding {
            start: original_byte(&places, one.start, false),
            end: original_byte(&places, one.end, true),
            kind: one.kind,
        }));
        found = merge(found, text);
        masked = replace(text, &found);
    }
    let spans = spans(text, &found);
    let masks = masks(&spans);
    Deidentified { text: masked, spans, masks }
}

/// Two find everything in nearly every text; the rest is for texts made to need more.
const ROUNDS: usize = 6;

fn findings(text: &str, known: &Known) -> Vec<Finding> {
    let shadow = token::shadow(text);
    let tokens = Tokens::read(&shadow);
    let mut found = Vec::new();
    number::find(&shadow, &mut found);
    date::find(&shadow, &mut found);
    address::find(&tokens, &mut found);
    institution::find(&tokens, &mut found);
    name::find(&tokens, &mut found);
    known.find(&tokens, &mut found);
    merge(found, text)
}

/// Puts findings in order and joins those that overlap, and names that only a blank or a hyphen parts.
fn merge(mut found: Vec<Finding>, text: &str) -> Vec<Finding> {
    found.retain(|one| one.start < one.end && one.end <= text.len());
    found.sort_by_key(|one| (one.start, std::cmp::Reverse(one.end), one.kind));
    let mut merged: Vec<Finding> = Vec::with_capacity(found.len());
    for one in found {
        let Some(last) = merged.last_mut() else {
            merged.push(one);
            continue;
        };
        let between = || text.get(last.end..one.start).unwrap_or("?");
        if one.start < last.end {
            // The longer one says better what it is.
            if one.end - one.start > last.end - last.start {
                last.kind = one.kind;
            }
            last.end = last.end.max(one.end);
        } else if last.kind == Kind::Name
            && one.kind == Kind::Name
            && matches!(between(), "" | " " | "-" | " - " | ". " | ".")
        {
            last.end = one.end;
        } else {
            merged.push(one);
        }
    }
    merged
}

fn replace(text: &str, found: &[Finding]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for one in found {
        masked.push_str(text.get(at..one.start).unwrap_or_default());
        masked.push_str(one.kind.mask());
        at = one.end;
    }
    masked.push_str(text.get(at..).unwrap_or_default());
    masked
}

/// Where each finding's mask stands in the masked text.
fn places(found: &[Finding]) -> Vec<(Range<usize>, Finding)> {
    let (mut removed, mut added) = (0, 0);
    found
        .iter()
        .map(|one| {
            let start = one.start + added - removed;
            let length = one.kind.mask().len();
            added += length;
            removed += one.end - one.start;
            (start..start + length, *one)
        })
        .collect()
}

fn original_byte(places: &[(Range<usize>, Finding)], at: usize, is_end: bool) -> usize {
    // The last mask that begins at or before this place.
    let behind = places.partition_point(|(mask, _)| mask.start < at || (!is_end && mask.start == at));
    let Some((mask, one)) = behind.checked_sub(1).and_then(|index| places.get(index)) else { return at };
    if at < mask.end {
        return if is_end { one.end } else { one.start };
    }
    one.end + (at - mask.end)
}

fn spans(text: &str, found: &[Finding]) -> Vec<Span> {
    let mut count = token::CodePoints::of(text);
    found
        .iter()
        .map(|one| Span { begin: count.before(one.start), end: count.before(one.end), kind: one.kind })
        .collect()
}

fn masks(spans: &[Span]) -> Vec<Range<u32>> {
    let (mut original, mut masked) = (0u32, 0u32);
    spans
        .iter()
        .map(|span| {
            let start = masked.saturating_add(span.begin.saturating_sub(original));
            let length = u32::try_from(span.kind.mask().len()).unwrap_or(0);
            original = span.end;
            masked = start.saturating_add(length);
            start..masked
        })
        .collect()
}
