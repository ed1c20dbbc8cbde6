//! What the words around an entity say of it: negation, family, past, possibility, allergy.
//!
//! After ConText (Harkema et al., 2009): a *trigger* reaches forwards or backwards over the entities of its
//! sentence until its reach ends, a word that *ends* scopes comes, or a clause ends. A *pseudo* trigger
//! looks like one and is none. The triggers are our own: `triggers.tsv`.

mod scope;
mod triggers;

use zorgsluis_domain::text::Language;

use crate::passage::{Section, Sentence};
use crate::token::Tokens;

pub(crate) use scope::Scopes;

/// What a trigger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// It is absent.
    Negation,
    /// It is over.
    Past,
    /// It may be, or may come.
    Possible,
    /// It may come, if the sentence says what to do then.
    Condition,
    /// It is of the family.
    Family,
    /// The patient does not tolerate it.
    Allergy,
    /// A medicine that is no longer taken.
    Stopped,
    /// A medicine that may be begun.
    Considered,
}

/// What is said of one entity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Context {
    pub negated: bool,
    pub past: bool,
    pub possible: bool,
    pub family: bool,
    pub allergy: bool,
    pub stopped: bool,
    pub considered: bool,
}

impl Context {
    fn add(&mut self, says: Says) {
        match says {
            Says::Negation => self.negated = true,
            Says::Past => self.past = true,
            Says::Possible | Says::Condition => self.possible = true,
            Says::Family => self.family = true,
            Says::Allergy => self.allergy = true,
            Says::Stopped => self.stopped = true,
            Says::Considered => self.considered = true,
        }
    }
}

/// Where an entity stands, in tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mention {
    pub start: usize,
    pub end: usize,
    pub is_condition: bool,
    /// Names what the patient does not tolerate, the words of the allergy first: `allergisch voor penicilline`.
    pub is_allergy: bool,
}

/// The context of each mention of a sentence, in their order, and where an allergy's own words stand.
pub(crate) fn of(
    tokens: &Tokens,
    sentence: &Sentence,
    mentions: &[Mention],
    language: Language,
) -> Vec<Context> {
    let scopes = Scopes::read(tokens, sentence, mentions, triggers::of(language));
    let mut contexts = scopes.apply(mentions);
    for (context, mention) in contexts.iter_mut().zip(mentions) {
        match sentence.section {
            Section::Past => context.past |= mention.is_condition,
            Section::Family => context.family = true,
            Section::Allergy => context.allergy = true,
            Section::Possible => context.possible |= mention.is_condition,
            Section::Plain | Section::Medication => {}
        }
        // What is denied is not merely possible, and `geen epilepsie in de voorgeschiedenis` denies all of it.
        if context.negated {
            context.possible = false;
            context.past = false;
        }
    }
    contexts
}
