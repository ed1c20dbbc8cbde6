//! Which language a note is written in.
//!
//! Clinical notes are short, drop their function words and are full of abbreviations and Latin, so trigram
//! statistics of newspapers say little about them. Here words speak: function words and the words and
//! abbreviations of clinicians, weighted, for Dutch, English and the languages that must not be taken for
//! them; spellings that only one of them has (`ij`, `th`) speak for words that no list has.

use std::collections::HashMap;
use std::sync::OnceLock;

use zorgsluis_domain::text::Language;

/// How many words are looked at: enough to be sure, and a bound on the time that a long text takes.
const WORDS: usize = 2_000;
/// Less than this says nothing. One word that a list has, or one telling ending, is enough.
const ENOUGH: f32 = 0.6;

const DUTCH: usize = 0;
const ENGLISH: usize = 1;
const GERMAN: usize = 2;
const FRENCH: usize = 3;
const OTHER: usize = 4;
type Scores = [f32; 5];

const LISTS: [(usize, &str); 5] = [
    (DUTCH, include_str!("language/nl.txt")),
    (ENGLISH, include_str!("language/en.txt")),
    (GERMAN, include_str!("language/de.txt")),
    (FRENCH, include_str!("language/fr.txt")),
    (OTHER, include_str!("language/other.txt")),
];

/// Letters, the language that has them, and how much they say.
type Spelling = (&'static str, usize, f32);

/// Spellings within a word.
const SPELLINGS: &[Spelling] = &[
    ("ij", DUTCH, 0.6),
    ("aa", DUTCH, 0.5),
    ("uu", DUTCH, 0.3),
    ("oe", DUTCH, 0.3),
    ("oo", DUTCH, 0.2),
    ("oo", ENGLISH, 0.2),
    ("ee", DUTCH, 0.2),
    ("ee", ENGLISH, 0.2),
    ("sch", DUTCH, 0.3),
    ("sch", GERMAN, 0.4),
    ("cht", DUTCH, 0.3),
    ("cht", GERMAN, 0.3),
    ("gg", DUTCH, 0.1),
    ("kk", DUTCH, 0.2),
    ("vr", DUTCH, 0.2),
    ("zw", DUTCH, 0.4),
    ("th", ENGLISH, 0.3),
    ("wh", ENGLISH, 0.5),
    ("sh", ENGLISH, 0.4),
    ("ck", ENGLISH, 0.3),
    ("ck", GERMAN, 0.3),
    ("ough", ENGLISH, 0.6),
    ("ight", ENGLISH, 0.5),
    ("tion", ENGLISH, 0.4),
    ("tion", FRENCH, 0.3),
    ("ay", ENGLISH, 0.3),
    ("ß", GERMAN, 2.0),
    ("ä", GERMAN, 1.0),
    ("ü", GERMAN, 0.6),
    ("ö", GERMAN, 0.5),
    ("ei", GERMAN, 0.2),
    ("ei", DUTCH, 0.1),
    ("eux", FRENCH, 0.5),
    ("eau", FRENCH, 0.5),
    ("ç", FRENCH, 1.0),
    ("à", FRENCH, 0.5),
    ("ê", FRENCH, 0.6),
    ("é", FRENCH, 0.4),
    ("ñ", OTHER, 1.5),
    ("ã", OTHER, 1.5),
    ("ł", OTHER, 1.5),
    ("ş", OTHER, 1.5),
    ("ó", OTHER, 0.6),
    ("ción", OTHER, 1.0),
    ("ção", OTHER, 1.0),
    ("zione", OTHER, 1.0),
];

/// Ends of words.
const ENDINGS: &[Spelling] = &[
    ("heid", DUTCH, 0.8),
    ("lijk", DUTCH, 0.8),
    ("lijke", DUTCH, 0.8),
    ("tje", DUTCH, 0.6),
    ("eerd", DUTCH, 0.6),
    ("atie", DUTCH, 0.6),
    ("iteit", DUTCH, 0.8),
    ("illine", DUTCH, 0.7),
    ("mycine", DUTCH, 0.7),
    ("isolon", DUTCH, 0.7),
    ("ason", DUTCH, 0.7),
    ("zuur", DUTCH, 0.8),
    ("aat", DUTCH, 0.6),
    ("tine", DUTCH, 0.3),
    ("mine", DUTCH, 0.2),
    ("fine", DUTCH, 0.2),
    ("azol", DUTCH, 0.5),
    ("cine", DUTCH, 0.6),
    ("sis", ENGLISH, 0.2),
    ("eel", DUTCH, 0.5),
    ("ele", DUTCH, 0.3),
    ("erd", DUTCH, 0.4),
    ("rde", DUTCH, 0.4),
    ("eren", DUTCH, 0.5),
    ("ende", DUTCH, 0.5),
    ("aal", DUTCH, 0.5),
    ("oom", DUTCH, 0.5),
    ("eem", DUTCH, 0.4),
    ("ose", DUTCH, 0.2),
    ("cht", DUTCH, 0.3),
    ("sie", DUTCH, 0.6),
    ("tie", DUTCH, 0.4),
    ("gie", DUTCH, 0.4),
    ("mie", DUTCH, 0.5),
    ("thie", DUTCH, 0.6),
    ("isch", DUTCH, 0.4),
    ("ische", DUTCH, 0.4),
    ("sche", GERMAN, 0.2),
    ("isch", GERMAN, 0.3),
    ("baar", DUTCH, 0.5),
    ("en", DUTCH, 0.2),
    ("en", GERMAN, 0.2),
    ("eur", FRENCH, 0.3),
    ("ness", ENGLISH, 0.7),
    ("ed", ENGLISH, 0.4),
    ("ly", ENGLISH, 0.6),
    ("ous", ENGLISH, 0.5),
    ("ity", ENGLISH, 0.6),
    ("ive", ENGLISH, 0.5),
    ("ical", ENGLISH, 0.6),
    ("ing", ENGLISH, 0.2),
    ("ing", DUTCH, 0.15),
    ("ful", ENGLISH, 0.5),
    ("ung", GERMAN, 0.7),
    ("keit", GERMAN, 0.8),
    ("lich", GERMAN, 0.8),
    ("ique", FRENCH, 0.6),
    ("ie", DUTCH, 0.15),
    ("ie", GERMAN, 0.1),
    ("ie", FRENCH, 0.15),
    ("ia", ENGLISH, 0.2),
    ("y", ENGLISH, 0.2),
];

/// The language of a text: Dutch or English, or none when it is another one or the text does not tell.
///
/// Reads at most the first 2,000 words.
///
/// ```
/// use zorgsluis_clinical_text::language::detect;
/// use zorgsluis_domain::text::Language;
/// assert_eq!(detect("Pat. opgenomen ivm POB, dd AP/PE"), Some(Language::Dutch));
/// assert_eq!(detect("Pt c/o SOB x3d"), Some(Language::English));
/// assert_eq!(detect("Der Patient wurde mit Fieber aufgenommen."), None);
/// assert_eq!(detect("120/80"), None);
/// ```
#[must_use]
pub fn detect(text: &str) -> Option<Language> {
    match weigh(text) {
        Verdict::Is(language) => Some(language),
        Verdict::Other | Verdict::Unclear => None,
    }
}

/// What the words of a text say of its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Is(Language),
    /// Neither Dutch nor English.
    Other,
    /// Too little is said: `Otitis media acuta.`
    Unclear,
}

pub(crate) fn weigh(text: &str) -> Verdict {
    let mut scores: Scores = [0.0; 5];
    let mut latin = 0_usize;
    let mut foreign = 0_usize;
    let mut lower = String::new();
    for word in words(text).take(WORDS) {
        lower.clear();
        // What is longer is no word of ours.
        lower.extend(word.chars().take(40).flat_map(char::to_lowercase));
        for letter in lower.chars().filter(|letter| letter.is_alphabetic()) {
            if letter <= '\u{24F}' { latin += 1 } else { foreign += 1 }
        }
        speak(&lower, &mut scores);
    }
    let [dutch, english, others @ ..] = scores;
    let other = others.iter().copied().fold(0.0, f32::max);
    let best = dutch.max(english);
    if foreign > latin || other > best && other >= ENOUGH {
        Verdict::Other
    } else if best < ENOUGH || other >= best || (dutch - english).abs() < 0.2 {
        // Words that both have in equal number decide nothing.
        Verdict::Unclear
    } else {
        Verdict::Is(if dutch > english { Language::Dutch } else { Language::English })
    }
}

/// What is between blanks, without the marks around it; also the parts of what a slash or hyphen joins.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let trim = |word: &'_ str| -> bool { word.chars().any(char::is_alphabetic) };
    text.split(|mark: char| mark.is_whitespace() || matches!(mark, ',' | ';' | ':' | '(' | ')' | '|' | '"'))
        .map(|word| word.trim_matches(|mark: char| !mark.is_alphanumeric()))
        .filter(move |word| trim(word))
}

/// Adds what one word says.
fn speak(word: &str, scores: &mut Scores) {
    if let Some(weights) = known().get(word) {
        add(scores, weights, 1.0);
        return;
    }
    // `2dd1`, `3dd500mg`: so only the Dutch prescribe.
    let behind = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
    if behind.len() < word.len() && behind.starts_with("dd") {
        if let Some(score) = scores.get_mut(DUTCH) {
            *score += 2.0;
        }
        return;
    }
    if word.contains(['/', '-']) {
        for part in word.split(['/', '-']) {
            if let Some(weights) = known().get(part) {
                add(scores, weights, 0.5);
            }
        }
    }
    // An unknown word of three letters is an abbreviation or a name.
    if word.chars().nth(3).is_none() {
        return;
    }
    let bytes = word.as_bytes();
    for (at, first) in bytes.iter().enumerate() {
        for (spelling, language, weight) in by_first_byte().get(usize::from(*first)).into_iter().flatten() {
            if bytes.get(at..).is_some_and(|rest| rest.starts_with(spelling.as_bytes()))
                && let Some(score) = scores.get_mut(*language)
            {
                *score += weight;
            }
        }
    }
    for (ending, language, weight) in ENDINGS {
        if ending.as_bytes().last() == bytes.last()
            && word.ends_with(ending)
            && let Some(score) = scores.get_mut(*language)
        {
            *score += weight;
        }
    }
}

/// The spellings by their first byte: each place of a word is compared with few.
fn by_first_byte() -> &'static [Vec<Spelling>] {
    static BY_FIRST: OnceLock<Vec<Vec<Spelling>>> = OnceLock::new();
    BY_FIRST.get_or_init(|| {
        let mut lists = vec![Vec::new(); 256];
        for one in SPELLINGS {
            let first = one.0.as_bytes().first().copied().unwrap_or_default();
            if let Some(list) = lists.get_mut(usize::from(first)) {
                list.push(*one);
            }
        }
        lists
    })
}

fn add(scores: &mut Scores, weights: &Scores, times: f32) {
    for (score, weight) in scores.iter_mut().zip(weights) {
        *score += weight * times;
    }
}

/// Whether a word in lower case is a word that any text of the language has.
#[cfg(feature = "recogniser")]
pub(crate) fn is_common(word: &str) -> bool {
    !matches!(word, "htn" | "sob" | "cp" | "dm")
        && known().get(word).is_some_and(|[dutch, english, ..]| *dutch > 0.0 || *english > 0.0)
}

fn known() -> &'static HashMap<&'static str, Scores> {
    static KNOWN: OnceLock<HashMap<&'static str, Scores>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut known: HashMap<&'static str, Scores> = HashMap::new();
        for (language, list) in LISTS {
            for line in list.lines().filter(|line| !line.starts_with('#')) {
                let mut words = line.split_whitespace();
                let weight = words.next().and_then(|weight| weight.parse().ok()).unwrap_or(1.0);
                for word in words {
                    let scores = known.entry(word.trim_end_matches('.')).or_insert([0.0; 5]);
                    if let Some(score) = scores.get_mut(language) {
                        *score = score.max(weight);
                    }
                }
            }
        }
        known
    })
}
