//! The lists of triggers, keyed by their first word.

use std::collections::HashMap;
use std::sync::OnceLock;

use zorgsluis_domain::text::Language;

use super::Says;
use crate::token::Tokens;

/// What a phrase does to the scopes of its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// Reaches forwards over so many words.
    Forward(Says, usize),
    /// Reaches backwards over so many words.
    Backward(Says, usize),
    /// Both.
    Around(Says, usize),
    /// Ends the scopes of negation.
    EndsNegation,
    /// Begins a cause: ends the scopes of negation and possibility.
    EndsCause,
    /// Ends every scope.
    EndsAll,
    /// Ends the scope of the family: who is spoken of changes.
    EndsFamily,
    /// A relative speaks of the patient, and means the patient by `moeder`.
    Informant,
    /// Nothing, though it holds a trigger.
    Nothing,
    /// Says what to do: the condition of [`Says::Condition`] holds.
    Consequence,
}

impl Does {
    /// Speaks of the family.
    pub(super) fn is_family(self) -> bool {
        matches!(
            self,
            Self::Forward(Says::Family, _) | Self::Backward(Says::Family, _) | Self::Around(Says::Family, _)
        )
    }
}

/// A phrase of the list.
#[derive(Debug)]
pub(super) struct Trigger {
    /// Normal forms of its tokens.
    pub words: Vec<String>,
    pub does: Vec<Does>,
}

/// Triggers by their first word, the longest first.
pub(super) type Triggers = HashMap<String, Vec<Trigger>>;

/// The triggers of a language.
pub(super) fn of(language: Language) -> &'static Triggers {
    static DUTCH: OnceLock<Triggers> = OnceLock::new();
    static ENGLISH: OnceLock<Triggers> = OnceLock::new();
    match language {
        Language::Dutch => DUTCH.get_or_init(|| read("nl")),
        Language::English => ENGLISH.get_or_init(|| read("en")),
    }
}

const LIST: &str = include_str!("triggers.tsv");

fn read(language: &str) -> Triggers {
    let mut triggers: Triggers = HashMap::new();
    for line in LIST.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (Some(of), Some(what), Some(side), Some(reach), Some(phrases)) =
            (cells.next(), cells.next(), cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        let Some(does) = does(what, side, reach.parse().unwrap_or(0)) else { continue };
        if of != language && of != "both" {
            continue;
        }
        for phrase in phrases.split('|') {
            let tokens = Tokens::of(phrase.trim());
            let words: Vec<String> = tokens.all.iter().map(|token| tokens.normal(token).to_owned()).collect();
            let Some(first) = words.first() else { continue };
            let same = triggers.entry(first.clone()).or_default();
            match same.iter_mut().find(|one| one.words == words) {
                Some(one) => one.does.push(does),
                None => same.push(Trigger { words, does: vec![does] }),
            }
        }
    }
    for same in triggers.values_mut() {
        same.sort_by_key(|trigger| std::cmp::Reverse(trigger.words.len()));
    }
    triggers
}

fn does(what: &str, side: &str, reach: usize) -> Option<Does> {
    let says = match what {
        "neg" => Says::Negation,
        "past" => Says::Past,
        "hyp" => Says::Possible,
        "if" => Says::Condition,
        "fam" => Says::Family,
        "allergy" => Says::Allergy,
        "stopped" => Says::Stopped,
        "considered" => Says::Considered,
        "end-neg" => return Some(Does::EndsNegation),
        "end-cause" => return Some(Does::EndsCause),
        "informant" => return Some(Does::Informant),
        "end" => return Some(Does::EndsAll),
        "end-fam" => return Some(Does::EndsFamily),
        "pseudo" => return Some(Does::Nothing),
        "then" => return Some(Does::Consequence),
        _ => return None,
    };
    match side {
        "pre" => Some(Does::Forward(says, reach)),
        "post" => Some(Does::Backward(says, reach)),
        "both" => Some(Does::Around(says, reach)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_understood() {
        for line in LIST.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let cells: Vec<&str> = line.split('\t').collect();
            assert!(cells.len() == 5 && ["nl", "en", "both"].contains(&cells[0]), "{line}");
            assert!(does(cells[1], cells[2], 1).is_some() && cells[3].parse::<usize>().is_ok(), "{line}");
        }
    }
}
