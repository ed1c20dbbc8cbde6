//! Which words of a text are conditions and medicines.

mod words;

use std::ops::Range;

use zorgsluis_domain::text::Language;

use crate::compound;
use crate::language::is_common;
use crate::lexicon::slips::{self, Fixes};
use crate::lexicon::{Class, Found, Lexicon, Naming, Sense, What};
use crate::medication;
use crate::token::{Kind, Token, Tokens};

use words::{NEEDS_DOSE, SERVICES, TURNING};

/// Words on either side within which one must stand that tells what an ambiguous abbreviation means.
const NEAR: usize = 30;

/// A condition or a medicine, where it stands and how sure that is.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    pub tokens: Range<usize>,
    pub is_condition: bool,
    pub naming: Naming,
    pub code: &'static str,
    pub label: &'static str,
    pub score: f32,
    /// Counts only with a dose beside it: `glucose`, `alcohol`.
    pub needs_dose: bool,
}

/// Finds the terms of a text, in order, none over another.
pub(crate) fn find(text: &str, tokens: &Tokens, lexicon: &Lexicon, language: Language) -> Vec<Term> {
    let finder = Finder { text, tokens, lexicon, language, fixes: Fixes::of(tokens, lexicon, language) };
    let mut terms = Vec::new();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.all.get(at) {
        if !matches!(token.kind, Kind::Word | Kind::Number) || finder.begins_inside(at) {
            at += 1;
            continue;
        }
        lexicon.at(tokens, at, |at| finder.fixes.of_token(at), &mut found);
        let taken = found
            .iter()
            .rev()
            .find_map(|one| finder.take(at, one))
            .map(|taken| finder.without_form(at, taken, &found));
        match taken {
            // `timolol oogdruppels`: the form of what stands before it.
            Some(Taken::Term(term))
                if !term.is_condition
                    && term.tokens.len() == 1
                    && medication::is_form(tokens.normal_at(at))
                    && terms
                        .last()
                        .is_some_and(|last: &Term| !last.is_condition && last.tokens.end == at) =>
            {
                at += 1;
            }
            Some(Taken::Term(term)) if finder.is_name(&term) => at = term.tokens.end,
            Some(Taken::Term(term)) => {
                at = term.tokens.end;
                terms.push(term);
            }
            Some(Taken::Nothing(end)) => at = end.max(at + 1),
            None => {
                if token.kind == Kind::Word
                    && language == Language::Dutch
                    && let Some(term) = finder.compound(at)
                {
                    terms.push(term);
                }
                at += 1;
            }
        }
    }
    terms
}

enum Taken {
    Term(Term),
    Nothing(usize),
}

struct Finder<'a> {
    text: &'a str,
    tokens: &'a Tokens,
    lexicon: &'a Lexicon,
    language: Language,
    fixes: Fixes,
}

impl Finder<'_> {
    /// `Mw. Koorts belde`: one word with a capital right behind a title is how a person is called.
    fn is_name(&self, term: &Term) -> bool {
        let Some(before) = term.tokens.start.checked_sub(1) else { return false };
        let dotted = self.tokens.normal_at(before) == ".";
        let title = if dotted { before.checked_sub(1) } else { Some(before) };
        let Some(title) = title else { return false };
        if term.tokens.len() != 1
            || !matches!(
                self.tokens.normal_at(title),
                "mw" | "mevr"
                    | "mevrouw"
                    | "dhr"
                    | "heer"
                    | "meneer"
                    | "mr"
                    | "mrs"
                    | "ms"
                    | "dr"
                    | "drs"
                    | "prof"
            )
        {
            return false;
        }
        let word =
            self.tokens.all.get(term.tokens.start).and_then(|token| self.text.get(token.start..token.end));
        let mut letters = word.unwrap_or_default().chars();
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
    }

    /// In the middle of letters and digits, or behind a hyphen that turns the meaning.
    fn begins_inside(&self, at: usize) -> bool {
        let Some(token) = self.tokens.all.get(at) else { return true };
        let Some(before) = at.checked_sub(1).and_then(|before| self.tokens.all.get(before)) else {
            return false;
        };
        if !token.glued {
            return false;
        }
        match before.kind {
            Kind::Word | Kind::Number => true,
            Kind::Mark('-') => before.glued && at >= 2 && TURNING.contains(&self.tokens.normal_at(at - 2)),
            Kind::Mark('@' | '_' | '\\') => true,
            _ => false,
        }
    }

    fn take(&self, from: usize, found: &Found) -> Option<Taken> {
        let end = found.end;
        if self.ends_inside(from, end) {
            return None;
        }
        let word: String = self.letters(from, end);
        let mut best: Option<(Class, f32, Sense)> = None;
        for sense in self.lexicon.senses(found.group) {
            if sense.what == What::Nothing {
                if sense.is_in(self.language) && !found.slip && self.case_fits(&sense, from, end, &word) {
                    return Some(Taken::Nothing(end));
                }
                continue;
            }
            let Some(score) = self.score(&sense, found, from, end, &word) else { continue };
            if best
                .as_ref()
                .is_none_or(|(class, known, _)| score > *known || score >= *known && sense.class < *class)
            {
                best = Some((sense.class, score, sense));
            }
        }
        let (_, score, sense) = best?;
        if self.is_service(end) {
            return Some(Taken::Nothing(end));
        }
        let (code, label) = self.lexicon.concept(&sense);
        Some(Taken::Term(Term {
            tokens: from..end,
            is_condition: sense.what == What::Condition,
            naming: sense.naming,
            code,
            label,
            score,
            needs_dose: sense.what == What::Medicine && NEEDS_DOSE.contains(&word.as_str()),
        }))
    }

    /// `nitroglycerine spray` is a medicine and its form, if the medicine is known without.
    fn without_form(&self, from: usize, taken: Taken, found: &[Found]) -> Taken {
        let Taken::Term(term) = taken else { return taken };
        let last = term.tokens.end.saturating_sub(1);
        if term.is_condition || last == from || !medication::is_form(self.tokens.normal_at(last)) {
            return Taken::Term(term);
        }
        let mut shorter =
            found.iter().filter(|one| one.end < term.tokens.end).filter_map(|one| self.take(from, one));
        let shorter =
            shorter.next_back().filter(|taken| matches!(taken, Taken::Term(term) if !term.is_condition));
        shorter.unwrap_or(Taken::Term(term))
    }

    /// The words in normal form.
    fn letters(&self, from: usize, end: usize) -> String {
        let mut word = String::new();
        for token in self.tokens.all.get(from..end).unwrap_or_default() {
            if matches!(token.kind, Kind::Word | Kind::Number) {
                if !word.is_empty() {
                    word.push(' ');
                }
                word.push_str(self.tokens.normal(token));
            }
        }
        word
    }

    fn raw(&self, from: usize, end: usize) -> &str {
        let start = self.tokens.all.get(from).map_or(0, |token| token.start);
        let stop =
            end.checked_sub(1).and_then(|last| self.tokens.all.get(last)).map_or(start, |token| token.end);
        self.text.get(start..stop).unwrap_or_default()
    }

    /// Letters go on behind it: `PE` of `PEG` cannot be, but `COPD3` can.
    fn ends_inside(&self, from: usize, end: usize) -> bool {
        let Some(next) = self.tokens.all.get(end) else { return false };
        if !next.glued {
            return false;
        }
        match next.kind {
            Kind::Word => true,
            Kind::Number => self.letters(from, end).len() < 3,
            _ => false,
        }
    }

    /// `diabetespoli`, `hartfalen-poli`, `pain clinic`: a service.
    fn is_service(&self, end: usize) -> bool {
        let next = self.tokens.normal_at(end);
        if next == "-" && self.tokens.all.get(end).is_some_and(|token| token.glued) {
            return self.tokens.all.get(end + 1).is_some_and(|token| token.glued)
                && SERVICES.contains(&self.tokens.normal_at(end + 1));
        }
        SERVICES.contains(&next)
    }

    /// A value follows: `AF 16` is a rate of breathing, `AF 2015` and `MI 2 jaar geleden` are no values.
    fn is_measured(&self, end: usize) -> bool {
        let word = |at: usize| self.tokens.normal_at(at);
        let value = if matches!(word(end), ":" | "=") { end + 1 } else { end };
        let number = self.tokens.all.get(value).filter(|token| token.kind == Kind::Number);
        let Some(number) = number.map(|token| self.tokens.normal(token)) else { return false };
        let year = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
        let counted = matches!(
            word(value + 1),
            "x" | "keer"
                | "maal"
                | "jaar"
                | "jr"
                | "maanden"
                | "mnd"
                | "weken"
                | "wk"
                | "dagen"
                | "times"
                | "years"
                | "yrs"
                | "months"
                | "weeks"
                | "days"
                | "mg"
        );
        !year && !counted
    }

    /// Whether an abbreviation is written as such.
    fn case_fits(&self, sense: &Sense, from: usize, end: usize, word: &str) -> bool {
        if !sense.capitals {
            return true;
        }
        let raw = self.raw(from, end);
        let capitals = raw.chars().filter(|letter| letter.is_uppercase()).count();
        let small = raw.chars().filter(|letter| letter.is_lowercase()).count();
        if capitals == 0 || (small > 0 && capitals == 1 && raw.chars().count() > 2 && is_common(word)) {
            // `copd`, `dm2`; not `als`, `pe`.
            let letters = word.chars().filter(|letter| letter.is_alphabetic()).count();
            let digit = word.ends_with(|letter: char| letter.is_ascii_digit());
            return sense.class == Class::Abbreviation
                && (letters >= 3 || letters == 2 && digit)
                && !is_common(word)
                && !slips::is_ordinary(word);
        }
        // `Ht` is a haematocrit, `HT` may be hypertension.
        if small > 0 && word.len() <= 3 {
            return false;
        }
        // In a text of capitals only they say nothing.
        !is_common(word) || !self.shouts(from)
    }

    /// The words around a token are written in capitals, and are words: `DM, HT` are abbreviations as it is.
    fn shouts(&self, at: usize) -> bool {
        let near = self.tokens.all.get(at.saturating_sub(4)..(at + 5).min(self.tokens.all.len()));
        let near = near.unwrap_or_default();
        let raw = |token: &Token| self.text.get(token.start..token.end).unwrap_or_default();
        near.iter().any(|token| token.kind == Kind::Word && raw(token).chars().count() >= 4)
            && !near.iter().any(|token| raw(token).chars().any(char::is_lowercase))
    }

    /// How sure it is that the words mean this; none when they do not.
    fn score(&self, sense: &Sense, found: &Found, from: usize, end: usize, word: &str) -> Option<f32> {
        let own = sense.is_in(self.language);
        let abbreviation = matches!(sense.class, Class::Abbreviation | Class::Ambiguous);
        if abbreviation {
            if !own
                || found.slip
                || found.split
                || !self.case_fits(sense, from, end, word)
                || (word.len() == 2 && self.is_measured(end))
            {
                return None;
            }
        } else if !own && !self.is_understood(sense, word) {
            return None;
        }
        let mut score: f32 = match sense.class {
            Class::Exact => 0.99,
            Class::Form => 0.97,
            Class::Abbreviation => 0.95,
            Class::Title => 0.9,
            Class::Misspelt => 0.8,
            Class::Ambiguous => {
                if !self.is_meant(sense, from, end) {
                    return None;
                }
                0.6
            }
        };
        if found.slip {
            score = score.min(0.75);
        }
        if found.split {
            score = score.min(0.9);
        }
        if !own {
            score = score.min(0.85);
        }
        Some(score)
    }

    /// A term of the other language in this text: medicines, and English or Latin terms in Dutch.
    fn is_understood(&self, sense: &Sense, word: &str) -> bool {
        if is_common(word) {
            return false;
        }
        match sense.what {
            What::Medicine => word.len() >= 6,
            What::Condition => {
                self.language == Language::Dutch
                    && (word.contains(' ') && word.len() >= 8
                        || sense.class != Class::Title && word.len() >= 7)
            }
            What::Nothing => true,
        }
    }

    /// A word near an ambiguous abbreviation says that it means this.
    fn is_meant(&self, sense: &Sense, from: usize, end: usize) -> bool {
        let near = from.saturating_sub(NEAR)..(end + NEAR).min(self.tokens.all.len());
        self.lexicon.needs(sense).any(|need| {
            let mut words = need.split(' ');
            let Some(first) = words.next() else { return false };
            let rest: Vec<&str> = words.collect();
            near.clone().any(|at| {
                let inside = at >= from && at < end;
                let word = self.tokens.normal_at(at);
                // `hart` also says it in `hartkloppingen`, `rolstoel` in `rolstoelgebonden`.
                let same = word == first || (first.len() >= 4 && rest.is_empty() && word.starts_with(first));
                !inside
                    && same
                    && rest.iter().zip(at + 1..).all(|(word, at)| self.tokens.normal_at(at) == *word)
            })
        })
    }

    /// `knieartrose`, `polsfractuur`: a part of the body and what is wrong with it.
    fn compound(&self, at: usize) -> Option<Term> {
        let word = self.tokens.normal_at(at);
        if self.ends_inside(at, at + 1) || self.lexicon.knows(word) && self.lexicon.phrase(word).is_some() {
            return None;
        }
        let head = compound::head(word)?;
        let group = self.lexicon.phrase(head)?;
        let sense = self
            .lexicon
            .senses(group)
            .find(|sense| sense.what == What::Condition && sense.is_in(Language::Dutch))?;
        if self.is_service(at + 1) {
            return None;
        }
        let (code, label) = self.lexicon.concept(&sense);
        Some(Term {
            tokens: at..at + 1,
            is_condition: true,
            naming: sense.naming,
            code,
            label,
            score: 0.7,
            needs_dose: false,
        })
    }
}
