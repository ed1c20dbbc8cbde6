//! What the caller knows of the people around a note.

mod compare;

use std::collections::BTreeMap;
use std::fmt;

use aho_corasick::{AhoCorasick, MatchKind};

use super::lexicon::{
    is_eponym, is_given, is_medical, is_name_word, is_place, is_prefix, is_stop, is_surname, is_title,
    is_trade,
};
use super::token::{Case, Gap, MASKED, Tokens, fold, fold_into};
use super::{Finding, Kind};
use compare::{Stream, accept, is_one_apart};

/// More is not compared: a message names no more people.
const MOST: usize = 2_000;
/// Longer values are cut.
const LONGEST: usize = 200;

/// What the caller knows of the people around a note: masked wherever it stands.
///
/// Names are found inflected (`Jansens`), without diacritics, hyphenated, split over lines and with one
/// letter wrong; numbers with other separators. A name that is also a word (`de Jong`, `Bakker`) is masked only
/// where it is written as a name. `Debug` prints the shape only.
#[derive(Clone, Default)]
pub struct Known {
    /// By the folded letters and digits.
    entries: BTreeMap<String, Entry>,
    /// Folded initials, two or more.
    initials: Vec<Vec<char>>,
}

#[derive(Clone, Copy)]
struct Entry {
    kind: Kind,
    form: Compare,
}

/// How an entry is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compare {
    /// One word of a name.
    Word,
    /// One word of a name that is also a word, or very short: written as a name only.
    Ambiguous,
    /// Several words, or a word that is no name.
    Phrase,
    /// A word that is masked only with a capital.
    Proper,
    /// Digits, perhaps with letters.
    Number,
}

impl Known {
    /// The name of a person or any part of it: `de Vries-Jansen`, `Joke`, `J.M.`, `Anna M. van den Berg`.
    pub fn name(&mut self, name: &str) -> &mut Self {
        let name = cut(name);
        let shadow = name.replace(MASKED, " ");
        let tokens = Tokens::read(&shadow);
        let mut initials = Vec::new();
        for (index, token) in tokens.list.iter().enumerate() {
            let Some(case) = token.case() else { continue };
            let word = token.fold.as_str();
            let dotted = tokens.is_mark(index + 1, '.');
            let alone = tokens.list.iter().filter(|token| token.case().is_some()).count() == 1;
            let run =
                case == Case::Upper && alone && word.chars().count() <= 4 && !super::lexicon::is_name(word);
            if case == Case::Letter || (dotted && word.chars().count() <= 3 && !is_title(word)) {
                initials.extend(word.chars().next());
                continue;
            }
            if run {
                // `JM` in the field of the given names: initials, or a short name.
                initials.extend(word.chars());
            }
            let length = word.chars().count();
            if is_prefix(word) && (length < 4 || tokens.list.len() > 1) || is_title(word) || length < 2 {
                continue;
            }
            let ambiguous = is_name_word(word)
                || is_trade(word)
                || is_stop(word)
                || length <= 3
                || is_medical(word) && !is_surname(word);
            self.put(word, Kind::Name, if ambiguous { Compare::Ambiguous } else { Compare::Word });
            if !ambiguous && is_given(word) && length > 2 {
                for end in ["tje", "je", "ke", "ie"] {
                    self.put(&format!("{word}{end}"), Kind::Name, Compare::Ambiguous);
                }
            }
        }
        let words: Vec<&str> = tokens
            .list
            .iter()
            .filter(|token| token.case().is_some_and(|case| case != Case::Letter))
            .map(|token| token.fold.as_str())
            .filter(|word| !is_title(word))
            .take(8)
            .collect();
        if words.len() > 1 {
            self.put(&letters(&name), Kind::Name, Compare::Phrase);
            self.orders(&words);
        }
        self.add_initials(initials)
    }

    /// The words of a name without initials, in each order in which it is said (`Kuiper, Annelies`), and with
    /// the first as an initial: in small letters too, where the last name is also a word.
    fn orders(&mut self, words: &[&str]) {
        if words.first().is_none_or(|word| is_prefix(word)) {
            return;
        }
        for first in 0..words.len() {
            let (before, after) = words.split_at(first);
            // A prefix stays with its name.
            if before.last().is_some_and(|word| is_prefix(word)) {
                continue;
            }
            self.put(&[after, before].concat().concat(), Kind::Name, Compare::Phrase);
        }
        if let Some((given, rest)) = words.split_first()
            && let Some(initial) = given.chars().next()
        {
            self.put(&format!("{initial}{}", rest.concat()), Kind::Name, Compare::Phrase);
        }
    }

    /// Initials of a person: `J.M.`, `JM`, `J M`.
    pub fn initials(&mut self, initials: &str) -> &mut Self {
        let initials = cut(initials);
        let letters =
            initials.chars().filter(|char| char.is_uppercase()).flat_map(char::to_lowercase).collect();
        self.add_initials(letters)
    }

    /// A number or code of a person, document or account.
    pub fn identifier(&mut self, identifier: &str) -> &mut Self {
        let value = letters(cut(identifier).as_str());
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        if value.len() >= 4 && digits >= 2 {
            let bsn: Vec<u32> = value.chars().filter_map(|char| char.to_digit(10)).collect();
            let kind = if digits == value.len() && super::number::passes_eleven_test(&bsn) {
                Kind::Bsn
            } else {
                Kind::Number
            };
            self.put(&value, kind, Compare::Number);
        }
        self
    }

    /// A telephone number, in any notation.
    pub fn phone(&mut self, phone: &str) -> &mut Self {
        let digits: String = cut(phone).chars().filter(char::is_ascii_digit).collect();
        if digits.len() < 5 {
            return self;
        }
        self.put(&digits, Kind::Phone, Compare::Number);
        // The same number within the country and from abroad.
        let bare = digits
            .strip_prefix("0031")
            .or_else(|| digits.strip_prefix("31"))
            .or_else(|| digits.strip_prefix('0'));
        if let Some(bare) = bare.filter(|bare| bare.len() >= 8) {
            for lead in ["0", "31", "0031", "310"] {
                self.put(&format!("{lead}{bare}"), Kind::Phone, Compare::Number);
            }
        }
        self
    }

    /// An e-mail address, and the name before its `@`.
    pub fn email(&mut self, email: &str) -> &mut Self {
        let email = cut(email);
        let whole = letters(&email);
        if whole.len() >= 5 {
            self.put(&whole, Kind::Email, Compare::Phrase);
        }
        let user = letters(email.split('@').next().unwrap_or_default());
        if email.contains('@') && user.chars().count() >= 5 && !is_stop(&user) && !is_name_word(&user) {
            self.put(&user, Kind::Email, Compare::Phrase);
        }
        self
    }

    /// A line of an address: street and number, or a postal code. The street is masked without its number too.
    pub fn address(&mut self, line: &str) -> &mut Self {
        let line = cut(line);
        let whole = letters(&line);
        let has_digit = whole.bytes().any(|byte| byte.is_ascii_digit());
        if whole.chars().count() >= 4 && has_digit {
            let form = if whole.starts_with(|first: char| first.is_ascii_digit()) {
                Compare::Number
            } else {
                Compare::Phrase
            };
            self.put(
                &whole,
                if whole.len() == 6 && form == Compare::Number { Kind::Postcode } else { Kind::Address },
                form,
            );
        }
        let street: String = line
            .split(|char: char| char.is_ascii_digit())
            .max_by_key(|part| part.len())
            .unwrap_or_default()
            .trim()
            .to_owned();
        let folded = letters(&street);
        if folded.chars().count() >= 5 && !is_stop(&folded) {
            let common = is_name_word(&folded) || is_place(&folded);
            self.put(&folded, Kind::Address, if common { Compare::Proper } else { Compare::Phrase });
        }
        self
    }

    /// A town.
    pub fn place(&mut self, place: &str) -> &mut Self {
        let folded = letters(&cut(place));
        if folded.chars().count() >= 2 {
            let word = folded.chars().count() < 5
                || is_stop(&folded)
                || is_name_word(&folded)
                || is_medical(&folded);
            self.put(&folded, Kind::Place, if word { Compare::Proper } else { Compare::Phrase });
        }
        self
    }

    /// A hospital, practice, insurer or another institution.
    pub fn institution(&mut self, name: &str) -> &mut Self {
        let name = cut(name);
        let folded = letters(&name);
        if folded.chars().count() >= 3 && !is_stop(&folded) {
            let short = folded.chars().count() < 6 || is_name_word(&folded);
            self.put(&folded, Kind::Institution, if short { Compare::Proper } else { Compare::Phrase });
        }
        // `Huisartsenpraktijk De Kreek` is called De Kreek too.
        let own: Vec<&str> =
            name.split_whitespace().skip_while(|word| GENERIC.contains(&fold(word).as_str())).collect();
        let rest = letters(&own.join(" "));
        if rest != folded && rest.chars().count() >= 5 {
            self.put(&rest, Kind::Institution, Compare::Proper);
        }
        self
    }

    /// A date, as `YYYY-MM-DD` or `YYYYMMDD`. Dates are masked in any form; this adds the ones without
    /// separators.
    pub fn date(&mut self, date: &str) -> &mut Self {
        let digits: String = cut(date).chars().filter(char::is_ascii_digit).take(8).collect();
        if let (8, Some(year), Some(month), Some(day)) =
            (digits.len(), digits.get(..4), digits.get(4..6), digits.get(6..))
        {
            self.put(&format!("{year}{month}{day}"), Kind::Date, Compare::Number);
            self.put(&format!("{day}{month}{year}"), Kind::Date, Compare::Number);
            let short = year.get(2..).unwrap_or_default();
            self.put(&format!("{day}{month}{short}"), Kind::Date, Compare::Number);
        }
        self
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.initials.is_empty()
    }

    fn add_initials(&mut self, initials: Vec<char>) -> &mut Self {
        if (2..=8).contains(&initials.len())
            && self.initials.len() < MOST
            && !self.initials.contains(&initials)
        {
            self.initials.push(initials);
        }
        self
    }

    fn put(&mut self, value: &str, kind: Kind, form: Compare) {
        if value.is_empty() || self.entries.len() >= MOST {
            return;
        }
        let entry = self.entries.entry(value.to_owned()).or_insert(Entry { kind, form });
        // What is a name in one place and a word in another is as careful as the less careful.
        if entry.form == Compare::Ambiguous && form == Compare::Phrase {
            *entry = Entry { kind, form };
        }
    }

    pub(super) fn find(&self, tokens: &Tokens<'_>, found: &mut Vec<Finding>) {
        self.find_initials(tokens, found);
        self.find_misspelt(tokens, found);
        let values: Vec<(&String, &Entry)> = self.entries.iter().collect();
        let machine = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(values.iter().map(|(value, _)| value.as_str()));
        let Ok(machine) = machine else { return };
        let stream = Stream::of(tokens.text);
        for hit in machine.find_overlapping_iter(&stream.letters) {
            let Some((value, entry)) = values.get(hit.pattern().as_usize()) else { continue };
            if let Some((start, end)) = stream.place(hit.start(), hit.end(), entry.form)
                && let Some((start, end)) = accept(tokens, value, **entry, start, end)
            {
                found.push(Finding { start, end, kind: entry.kind });
            }
        }
    }

    /// `J.P.`, `J. P.`
    fn find_initials(&self, tokens: &Tokens<'_>, found: &mut Vec<Finding>) {
        for initials in &self.initials {
            for index in 0..tokens.list.len() {
                let fits = initials.iter().enumerate().all(|(nth, initial)| {
                    tokens.get(index + 2 * nth).is_some_and(|token| {
                        token.case() == Some(Case::Letter)
                            && token.fold.starts_with(*initial)
                            && (nth == 0 || token.gap <= Gap::Blank)
                    }) && tokens
                        .get(index + 2 * nth + 1)
                        .is_some_and(|dot| dot.is_mark('.') && dot.gap == Gap::None)
                });
                let joined = tokens.before(index).is_some_and(|before| {
                    (before.case().is_some() || before.is_mark('.'))
                        && tokens.get(index).is_some_and(|token| token.gap == Gap::None)
                });
                if fits && !joined {
                    let range = tokens.bytes(index, index + 2 * initials.len() - 1);
                    found.push(Finding { start: range.start, end: range.end, kind: Kind::Name });
                }
            }
        }
    }

    /// Words with a capital that are one letter away from a name of six letters or more.
    fn find_misspelt(&self, tokens: &Tokens<'_>, found: &mut Vec<Finding>) {
        let names: Vec<Vec<char>> = self
            .entries
            .iter()
            .filter(|(value, entry)| entry.form == Compare::Word && value.chars().count() >= 6)
            .map(|(value, _)| value.chars().collect())
            .collect();
        if names.is_empty() {
            return;
        }
        for token in tokens.list.iter().filter(|token| token.is_capital() && token.fold.len() >= 5) {
            let word = token.fold.as_str();
            if is_stop(word) || is_eponym(word) || is_medical(word) || is_name_word(word) || is_title(word) {
                continue;
            }
            let letters: Vec<char> = word.chars().collect();
            if names.iter().any(|name| is_one_apart(name, &letters)) {
                found.push(Finding { start: token.start, end: token.end, kind: Kind::Name });
            }
        }
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known")
            .field("values", &self.entries.len())
            .field("initials", &self.initials.len())
            .finish()
    }
}

const GENERIC: &[&str] = &[
    "ziekenhuis",
    "huisartsenpraktijk",
    "huisartspraktijk",
    "praktijk",
    "apotheek",
    "stichting",
    "zorgverzekeraar",
    "verzekeraar",
    "verpleeghuis",
    "zorgcentrum",
    "kliniek",
    "the",
    "hospital",
    "gezondheidscentrum",
    "zorggroep",
    "maatschap",
    "tandartspraktijk",
    "medisch",
    "centrum",
];

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// Folded letters and digits only.
fn letters(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    text.chars().for_each(|char| fold_into(char, &mut folded));
    folded.retain(char::is_alphanumeric);
    folded
}
