//! Slips of the pen: one letter too many, too few, other, or two swapped.
//!
//! Only words of at least seven letters that nobody knows are looked at: not a word of the vocabulary, nor an
//! ordinary word that lies one letter from one (`ordinary.txt`). The first letter must be right. The walk follows
//! the FST of words with one mistake to spend, so its cost is bounded by the word's length, not by the vocabulary.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use zorgsluis_domain::text::Language;

use super::{Lexicon, bit};
use crate::token::{Kind, Tokens};

/// Shorter words have too many neighbours.
const SHORTEST: usize = 7;
/// Unknown words that are remembered, so that one which comes often is looked up once.
const REMEMBERED: usize = 20_000;
/// Longer words than the vocabulary has.
const LONGEST: usize = 40;

impl Lexicon {
    /// The one word of the vocabulary that lies one slip from this one.
    pub(crate) fn correct(&self, word: &str, language: Language) -> Option<String> {
        if word.len() < SHORTEST
            || word.len() > LONGEST
            || !word.bytes().all(|byte| byte.is_ascii_lowercase())
        {
            return None;
        }
        if self.knows(word) || is_ordinary(word) {
            return None;
        }
        let bytes = word.as_bytes();
        let (first, rest) = bytes.split_first()?;
        let root = self.words.root();
        let entry = root.transition(root.find_input(*first)?);
        let mut walk =
            Walk { lexicon: self, language: bit(language), sofar: vec![*first], found: None, several: false };
        walk.exact_until(entry.addr, entry.out.value(), rest);
        if walk.several { None } else { walk.found }
    }
}

/// Whether a word is an ordinary one that looks like a term.
pub(crate) fn is_ordinary(word: &str) -> bool {
    ordinary().contains(word)
}

fn ordinary() -> &'static HashSet<&'static str> {
    static ORDINARY: OnceLock<HashSet<&'static str>> = OnceLock::new();
    ORDINARY.get_or_init(|| {
        include_str!("ordinary.txt").lines().filter(|line| !line.starts_with('#')).map(str::trim).collect()
    })
}

struct Walk<'a> {
    lexicon: &'a Lexicon,
    language: u8,
    sofar: Vec<u8>,
    found: Option<String>,
    several: bool,
}

impl Walk<'_> {
    /// Goes along the word; at every letter tries each mistake, after which the rest must be right.
    fn exact_until(&mut self, mut address: usize, mut output: u64, mut rest: &[u8]) {
        loop {
            let node = self.lexicon.words.node(address);
            // One letter too many in the text.
            if let Some((_, after)) = rest.split_first() {
                self.finish(address, output, after, &[]);
            }
            for transition in node.transitions() {
                let out = output + transition.out.value();
                // One letter too few.
                self.finish(transition.addr, out, rest, &[transition.inp]);
                match rest {
                    // Two swapped.
                    [one, two, after @ ..] if *two == transition.inp && one != two => {
                        let swapped = self.lexicon.words.node(transition.addr);
                        if let Some(at) = swapped.find_input(*one) {
                            let second = swapped.transition(at);
                            let out = out + second.out.value();
                            self.finish(second.addr, out, after, &[*two, *one]);
                        }
                        self.finish(transition.addr, out, rest.get(1..).unwrap_or_default(), &[*two]);
                    }
                    // Another letter.
                    [one, after @ ..] if *one != transition.inp => {
                        self.finish(transition.addr, out, after, &[transition.inp]);
                    }
                    _ => {}
                }
            }
            let Some((letter, after)) = rest.split_first() else { return };
            let Some(at) = node.find_input(*letter) else { return };
            let transition = node.transition(at);
            output += transition.out.value();
            address = transition.addr;
            self.sofar.push(*letter);
            rest = after;
        }
    }

    /// The rest letter by letter; a whole word that the language has is a find.
    fn finish(&mut self, address: usize, mut output: u64, rest: &[u8], instead: &[u8]) {
        let mut node = self.lexicon.words.node(address);
        for letter in rest {
            let Some(at) = node.find_input(*letter) else { return };
            let transition = node.transition(at);
            output += transition.out.value();
            node = self.lexicon.words.node(transition.addr);
        }
        if !node.is_final() {
            return;
        }
        let languages = output + node.final_output().value();
        if languages & u64::from(self.language) == 0 {
            return;
        }
        let bytes = [self.sofar.as_slice(), instead, rest].concat();
        let Ok(word) = String::from_utf8(bytes) else { return };
        match &self.found {
            Some(known) if *known == word => {}
            Some(_) => self.several = true,
            None => self.found = Some(word),
        }
    }
}

/// What unknown words should have been.
pub(crate) struct Fixes {
    of: HashMap<usize, usize>,
    words: Vec<String>,
}

impl Fixes {
    /// Of a text, in a language.
    pub(crate) fn of(tokens: &Tokens, lexicon: &Lexicon, language: Language) -> Self {
        let mut seen: HashMap<&str, Option<usize>> = HashMap::new();
        let mut fixes = Self { of: HashMap::new(), words: Vec::new() };
        for (at, token) in tokens.all.iter().enumerate() {
            if token.kind != Kind::Word || token.end - token.start < SHORTEST {
                continue;
            }
            let word = tokens.normal(token);
            let known = match seen.get(word) {
                Some(known) => *known,
                None => {
                    let fix = lexicon.correct(word, language).map(|right| {
                        fixes.words.push(right);
                        fixes.words.len() - 1
                    });
                    if seen.len() < REMEMBERED {
                        seen.insert(word, fix);
                    }
                    fix
                }
            };
            if let Some(fix) = known {
                fixes.of.insert(at, fix);
            }
        }
        fixes
    }

    /// What the word at a token should have been.
    pub(crate) fn of_token(&self, at: usize) -> Option<&str> {
        self.words.get(*self.of.get(&at)?).map(String::as_str)
    }
}
