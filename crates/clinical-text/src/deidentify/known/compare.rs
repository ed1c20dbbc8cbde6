//! Whether what stands in a text is a known value.

use super::{Compare, Entry};
use crate::deidentify::Kind;
use crate::deidentify::lexicon::{is_eponym, is_given, is_name_word, is_prefix, is_stop, is_title};
use crate::deidentify::name::part::{beside_disease, hyphenated, with_prefixes};
use crate::deidentify::token::{Case, Form, MASKED, Tokens, fold_into};

/// The folded letters and digits of a text, and where each stands.
pub(super) struct Stream<'t> {
    text: &'t str,
    pub(super) letters: String,
    /// For each byte of `letters`: the bytes of the character that it comes from.
    from: Vec<(u32, u32)>,
}

impl<'t> Stream<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut stream =
            Self { text, letters: String::with_capacity(text.len()), from: Vec::with_capacity(text.len()) };
        let mut folded = String::new();
        for (at, char) in text.char_indices() {
            if char == MASKED {
                // Nothing goes on over a mask.
                stream.push(MASKED, at, 1);
                continue;
            }
            folded.clear();
            fold_into(char, &mut folded);
            for part in folded.chars().filter(|part| part.is_alphanumeric()) {
                stream.push(part, at, char.len_utf8());
            }
        }
        stream
    }

    fn push(&mut self, char: char, at: usize, length: usize) {
        self.letters.push(char);
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.from.resize(self.letters.len(), (place(at), place(at + length)));
    }

    /// Where a hit stands in the text, if what stands between its letters may stand there, and nothing at its
    /// ends makes another word of it.
    pub(super) fn place(&self, start: usize, end: usize, form: Compare) -> Option<(usize, usize)> {
        let hit = self.from.get(start..end)?;
        let is_word = matches!(form, Compare::Word | Compare::Ambiguous);
        for pair in hit.windows(2) {
            let [one, next] = pair else { continue };
            if one.1 < next.0 {
                let gap = self.text.get(one.1 as usize..next.0 as usize)?;
                if !may_part(gap, is_word) {
                    return None;
                }
            }
        }
        let begin = hit.first()?.0 as usize;
        let mut finish = hit.last()?.1 as usize;
        // Combining marks belong to the letter before.
        while let Some(mark) = self
            .text
            .get(finish..)?
            .chars()
            .next()
            .filter(|mark| unicode_normalization::char::is_combining_mark(*mark))
        {
            finish += mark.len_utf8();
        }
        let before = self.text.get(..begin)?.chars().next_back();
        let head = match form {
            Compare::Number => !before.is_some_and(char::is_numeric),
            _ => !before.is_some_and(char::is_alphabetic),
        };
        if !head {
            return None;
        }
        let rest = self.text.get(finish..)?;
        let next = rest.chars().next();
        if form == Compare::Number {
            return (!next.is_some_and(char::is_numeric)).then_some((begin, finish));
        }
        if !next.is_some_and(char::is_alphabetic) {
            return Some((begin, finish));
        }
        // Inflected: `Jansens`.
        let ending: String = rest.chars().take_while(|char| char.is_alphabetic()).take(3).collect();
        let inflected = matches!(ending.to_lowercase().as_str(), "s" | "en" | "es")
            && form != Compare::Ambiguous
            || ending.eq_ignore_ascii_case("s");
        inflected.then(|| (begin, finish + ending.len()))
    }
}

/// What may stand between two letters of a value.
fn may_part(gap: &str, is_word: bool) -> bool {
    let count = gap.chars().count();
    if is_word {
        // Hyphenated at the end of a line, or with a soft or a plain hyphen.
        let hyphen = gap.starts_with(['-', '\u{ad}', '\u{2010}', '\u{2011}', '\u{ac}'])
            && gap.chars().skip(1).all(char::is_whitespace);
        let combining = gap.chars().all(unicode_normalization::char::is_combining_mark);
        let apostrophe = matches!(gap, "'" | "’" | "`");
        return combining || apostrophe || (hyphen && count <= 12);
    }
    count <= 12
        && gap.chars().filter(|char| !char.is_whitespace()).count() <= 3
        && gap.chars().all(|char| {
            char.is_whitespace()
                || ".-,/'’_\u{ad}\u{2010}\u{2011}–()".contains(char)
                || unicode_normalization::char::is_combining_mark(char)
        })
}

/// Whether a hit is to be masked, and from where to where: with prefixes, house number, partner's name.
pub(super) fn accept(
    tokens: &Tokens<'_>,
    value: &str,
    entry: Entry,
    start: usize,
    end: usize,
) -> Option<(usize, usize)> {
    let first = tokens.at(start);
    let last = tokens.at(end).saturating_sub(1).max(first);
    let token = tokens.get(first)?;
    match (entry.kind, entry.form) {
        (Kind::Name, form) => {
            if is_eponym(value) && beside_disease(tokens, first) {
                return None;
            }
            if token.start == start {
                if form == Compare::Ambiguous && !is_written_as_name(tokens, first, value) {
                    return None;
                }
                let from = tokens.get(with_prefixes(tokens, first)).map_or(start, |token| token.start);
                let to = tokens.get(hyphenated(tokens, last)).map_or(end, |token| token.end).max(end);
                return Some((from, to));
            }
            (form != Compare::Ambiguous).then_some((start, end))
        }
        (Kind::Address, Compare::Phrase | Compare::Proper) => {
            let capital = token.text.starts_with(char::is_uppercase);
            if entry.form == Compare::Proper && !capital {
                return None;
            }
            // The number behind the street.
            let next = tokens
                .get(last + 1)
                .filter(|next| next.form == Form::Number && next.is_near() && next.text.len() <= 5);
            Some((start, next.map_or(end, |next| next.end)))
        }
        (_, Compare::Proper) => {
            let capital =
                tokens.list.get(first..=last)?.iter().any(|token| token.text.starts_with(char::is_uppercase));
            let word = is_stop(value) || (is_name_word(value) && token.opens);
            (capital && !word).then_some((start, end))
        }
        _ => Some((start, end)),
    }
}

/// A name that is also a word, or very short, is one with a capital inside a sentence, behind a title, initial, given
/// name or prefix with a capital.
fn is_written_as_name(tokens: &Tokens<'_>, index: usize, value: &str) -> bool {
    let Some(token) = tokens.get(index) else { return false };
    let before = tokens.before(index).filter(|_| token.is_near());
    let titled = before.is_some_and(|before| is_title(&before.fold))
        || (tokens.before(index).is_some_and(|dot| dot.is_mark('.'))
            && index
                .checked_sub(2)
                .and_then(|at| tokens.get(at))
                .is_some_and(|word| is_title(&word.fold) || word.case() == Some(Case::Letter)));
    if !token.is_capital() {
        // `mevr. de jong`, in haste
        let first = with_prefixes(tokens, index);
        let lead = first
            .checked_sub(1)
            .and_then(|at| if tokens.is_mark(at, '.') { at.checked_sub(1) } else { Some(at) });
        return lead.is_some_and(|at| is_title(tokens.word(at)))
            && token.case() == Some(Case::Lower)
            && !is_stop(value);
    }
    if titled {
        return true;
    }
    let led =
        before.is_some_and(|before| is_prefix(&before.fold) || is_given(&before.fold) && before.is_capital());
    let colon = tokens.is_mark(index + 1, ':');
    if token.opens && !led {
        // At the beginning of a sentence every word has a capital: a name is followed by a verb, a word of the
        // body by a colon or a finding.
        let next = tokens.get(index + 1);
        let verb = next.is_some_and(|next| {
            matches!(
                next.fold.as_str(),
                "is" | "was"
                    | "heeft"
                    | "had"
                    | "geeft"
                    | "vertelt"
                    | "belde"
                    | "belt"
                    | "zegt"
                    | "meldt"
                    | "komt"
                    | "kwam"
                    | "wil"
                    | "kan"
                    | "woont"
                    | "has"
                    | "says"
                    | "reports"
                    | "denies"
                    | "lives"
                    | "presents"
                    | "presented"
                    | "wordt"
                    | "werd"
                    | "gaat"
                    | "ging"
                    | "vindt"
                    | "voelt"
                    | "slaapt"
                    | "eet"
                    | "klaagt"
                    | "kreeg"
                    | "krijgt"
                    | "gebruikt"
                    | "and"
                    | "en"
                    | "will"
                    | "states"
                    | "called"
            )
        });
        return verb && !colon;
    }
    led || !(colon || is_stop(value))
}

/// Whether one letter was put in, left out or changed, or two neighbours stand the other way round.
pub(super) fn is_one_apart(one: &[char], other: &[char]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let head = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let tail = short.iter().rev().zip(long.iter().rev()).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 => {
            let differ = short.len().saturating_sub(head + tail);
            let swapped =
                differ == 2 && short.get(head) == long.get(head + 1) && short.get(head + 1) == long.get(head);
            differ == 1 || swapped
        }
        1 => head + tail >= short.len(),
        _ => false,
    }
}
