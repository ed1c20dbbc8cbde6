//! The vocabulary, as the build script packed it: an FST from phrases to their senses, embedded in the binary
//! and read where it lies. Loading it checks a few bytes.

pub(crate) mod slips;

use fst::raw::{Fst, Output};
use zorgsluis_domain::text::Language;

use crate::token::{Kind, Tokens};

/// Words that a phrase has at most.
const LONGEST: usize = 14;
/// Ways through the FST that are followed at once from one word.
const WAYS: usize = 24;

/// What a phrase stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Condition,
    Medicine,
    /// Nothing that is reported, though its words or letters look like it.
    Nothing,
}

/// How a phrase came into the vocabulary; the better first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// A term as the list has it.
    Exact,
    /// An abbreviation with one meaning.
    Abbreviation,
    /// Another form of a term: plural, spelling.
    Form,
    /// A title of ICD-10-CM.
    Title,
    /// A misspelling that the list has.
    Misspelt,
    /// An abbreviation with several meanings.
    Ambiguous,
}

/// How a condition or medicine is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    Diagnosis,
    Symptom,
    Sign,
    Generic,
    Brand,
}

/// One meaning of a phrase.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sense {
    languages: u8,
    pub what: What,
    pub naming: Naming,
    pub class: Class,
    /// An abbreviation that is written in capitals.
    pub capitals: bool,
    concept: u32,
    needs: u32,
}

impl Sense {
    /// Whether the phrase means this in that language.
    pub(crate) fn is_in(&self, language: Language) -> bool {
        self.languages & bit(language) != 0
    }
}

pub(crate) fn bit(language: Language) -> u8 {
    match language {
        Language::Dutch => 1,
        Language::English => 2,
    }
}

/// A phrase of the vocabulary found in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// The index of the first token behind it.
    pub end: usize,
    /// Its senses.
    pub group: u64,
    /// A blank stands in the text where the vocabulary has none: `long embolie`.
    pub split: bool,
    /// A slip of the pen was corrected.
    pub slip: bool,
}

/// The embedded vocabulary.
pub(crate) struct Lexicon {
    phrases: Fst<&'static [u8]>,
    words: Fst<&'static [u8]>,
    senses: &'static [u8],
    concepts: &'static [u8],
    strings: &'static str,
}

/// A way through the FST.
#[derive(Clone, Copy)]
struct Way {
    node: usize,
    output: u64,
    token: usize,
    words: usize,
    split: bool,
    slip: bool,
}

impl Lexicon {
    /// The vocabulary of this build.
    pub(crate) fn embedded() -> Result<Self, fst::Error> {
        Ok(Self {
            phrases: Fst::new(include_bytes!(concat!(env!("OUT_DIR"), "/phrases.fst")).as_slice())?,
            words: Fst::new(include_bytes!(concat!(env!("OUT_DIR"), "/words.fst")).as_slice())?,
            senses: include_bytes!(concat!(env!("OUT_DIR"), "/senses.bin")),
            concepts: include_bytes!(concat!(env!("OUT_DIR"), "/concepts.bin")),
            strings: include_str!(concat!(env!("OUT_DIR"), "/strings.bin")),
        })
    }

    /// Bytes that it takes in the binary.
    pub(crate) fn size(&self) -> usize {
        self.phrases.size() + self.words.size() + self.senses.len() + self.concepts.len() + self.strings.len()
    }

    /// The phrases that begin with a token, the shortest first. `fixes` gives a word as it should have been
    /// written, where it is a slip of the pen.
    pub(crate) fn at<'a>(
        &self,
        tokens: &Tokens,
        from: usize,
        fixes: impl Fn(usize) -> Option<&'a str>,
        found: &mut Vec<Found>,
    ) {
        found.clear();
        let mut ways = vec![Way {
            node: self.phrases.root().addr(),
            output: 0,
            token: from,
            words: 0,
            split: false,
            slip: false,
        }];
        let mut followed = 0;
        while let Some(way) = ways.pop() {
            followed += 1;
            if followed > WAYS || way.words >= LONGEST {
                continue;
            }
            self.follow(way, tokens.normal_at(way.token), false, tokens, &mut ways, found);
            if let Some(fix) = fixes(way.token) {
                self.follow(way, fix, true, tokens, &mut ways, found);
            }
        }
        found.sort_by_key(|one| (one.end, !one.slip, !one.split));
    }

    /// Takes one word, and opens the ways to the next.
    fn follow(
        &self,
        way: Way,
        word: &str,
        slip: bool,
        tokens: &Tokens,
        ways: &mut Vec<Way>,
        found: &mut Vec<Found>,
    ) {
        let Some((node, output)) = self.step(way.node, way.output, word) else { return };
        let slip = way.slip || slip;
        let next = way.token + 1;
        let at = self.phrases.node(node);
        if at.is_final() {
            let group = output + at.final_output().value();
            found.push(Found { end: next, group, split: way.split, slip });
        }
        let Some((token, join)) = neighbour(tokens, next) else { return };
        let onward = Way { node, output, token, words: way.words + 1, split: way.split, slip };
        if join != Join::Broken
            && let Some((node, output)) = self.step(node, output, " ")
        {
            ways.push(Way { node, output, ..onward });
        }
        // `long-embolie`, `hart-` at the end of a line, `long embolie`.
        let long = |token: usize| tokens.normal_at(token).len() >= 4;
        if join == Join::Hyphen || join == Join::Broken || (long(way.token) && long(token)) {
            ways.push(Way { split: way.split || join == Join::Blank, ..onward });
        }
    }

    fn step(&self, node: usize, output: u64, word: &str) -> Option<(usize, u64)> {
        let mut node = self.phrases.node(node);
        let mut output = Output::new(output);
        for byte in word.bytes() {
            let transition = node.transition(node.find_input(byte)?);
            output = output.cat(transition.out);
            node = self.phrases.node(transition.addr);
        }
        Some((node.addr(), output.value()))
    }

    /// The senses of a phrase that was found.
    pub(crate) fn senses(&self, group: u64) -> impl Iterator<Item = Sense> + '_ {
        let first = usize::try_from(group >> 8).unwrap_or(usize::MAX);
        let count = usize::try_from(group & 255).unwrap_or(0);
        (first..first.saturating_add(count)).filter_map(|at| self.sense(at))
    }

    /// The senses of a whole phrase in normal form.
    pub(crate) fn phrase(&self, key: &str) -> Option<u64> {
        self.phrases.get(key).map(|output| output.value())
    }

    fn sense(&self, at: usize) -> Option<Sense> {
        let record = self.senses.get(at.checked_mul(12)?..)?;
        let &[languages, what, naming, class, ..] = record else { return None };
        Some(Sense {
            languages,
            what: match what {
                0 => What::Condition,
                1 => What::Medicine,
                _ => What::Nothing,
            },
            capitals: naming & 0x80 != 0,
            naming: match naming & 0x7F {
                0 => Naming::Diagnosis,
                1 => Naming::Symptom,
                2 => Naming::Sign,
                3 => Naming::Generic,
                _ => Naming::Brand,
            },
            class: match class {
                0 => Class::Exact,
                1 => Class::Form,
                2 => Class::Misspelt,
                3 => Class::Abbreviation,
                4 => Class::Ambiguous,
                _ => Class::Title,
            },
            concept: number(record, 4)?,
            needs: number(record, 8)?,
        })
    }

    /// Code and label of a sense.
    pub(crate) fn concept(&self, sense: &Sense) -> (&'static str, &'static str) {
        self.pair(sense.concept).unwrap_or_default()
    }

    /// The phrases of which one must stand near, in normal form; none when the sense needs none.
    pub(crate) fn needs(&self, sense: &Sense) -> impl Iterator<Item = &'static str> {
        let list = if sense.needs == 0 { "" } else { self.pair(sense.needs).unwrap_or_default().1 };
        list.split('\n').filter(|need| !need.is_empty())
    }

    fn pair(&self, concept: u32) -> Option<(&'static str, &'static str)> {
        let record = self.concepts.get(usize::try_from(concept).ok()?.checked_mul(12)?..)?;
        let number = |at| number(record, at).and_then(|number| usize::try_from(number).ok());
        let (start, code, label) = (number(0)?, number(4)?, number(8)?);
        let text = self.strings.get(start..)?;
        Some((text.get(..code)?, text.get(code..code.checked_add(label)?)?))
    }

    /// Whether a word occurs in the vocabulary.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.words.get(word).is_some()
    }
}

fn number(record: &[u8], at: usize) -> Option<u32> {
    record.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

/// What stands between two words of a phrase.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// A blank, or the end of a line.
    Blank,
    /// Nothing: `DM2`.
    Glued,
    /// A hyphen: `long-embolie`.
    Hyphen,
    /// A slash.
    Slash,
    /// A hyphen at the end of a line.
    Broken,
}

/// The next word of a phrase and what stands before it; none when something stands there that no phrase has.
fn neighbour(tokens: &Tokens, next: usize) -> Option<(usize, Join)> {
    let token = tokens.all.get(next)?;
    let word = |at: usize| tokens.all.get(at).filter(|t| matches!(t.kind, Kind::Word | Kind::Number));
    match token.kind {
        Kind::Word | Kind::Number => Some((next, if token.glued { Join::Glued } else { Join::Blank })),
        Kind::Line => word(next + 1).map(|_| (next + 1, Join::Blank)),
        Kind::Mark(mark @ ('-' | '/' | '\'')) if token.glued => {
            let after = tokens.all.get(next + 1)?;
            match after.kind {
                Kind::Word | Kind::Number if after.glued => {
                    Some((next + 1, if mark == '/' { Join::Slash } else { Join::Hyphen }))
                }
                // `hart- en vaatziekten`.
                Kind::Word if mark == '-' && matches!(tokens.normal(after), "en" | "of" | "and" | "or") => {
                    Some((next + 1, Join::Blank))
                }
                Kind::Line if mark == '-' => word(next + 2).map(|_| (next + 2, Join::Broken)),
                _ => None,
            }
        }
        _ => None,
    }
}
