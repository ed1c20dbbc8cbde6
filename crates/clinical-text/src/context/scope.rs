//! How far the triggers of a sentence reach.

use super::triggers::{Does, Triggers};
use super::{Context, Mention, Says};
use crate::passage::Sentence;
use crate::token::{Kind, Tokens};

/// Words that may stand between a comma and the entity that goes on with an enumeration.
const FILLERS: usize = 3;

/// Of whom a relative speaks as of the patient.
const PARENTS: &[&str] = &[
    "moeder",
    "vader",
    "ouders",
    "partner",
    "echtgenoot",
    "echtgenote",
    "mother",
    "father",
    "mom",
    "dad",
    "husband",
    "wife",
];

/// What a token is to a scope that comes to it.
#[derive(Clone, Copy, Default)]
struct Mark {
    ends_all: bool,
    ends_negation: bool,
    ends_cause: bool,
    ends_family: bool,
    /// The mention that it belongs to, counted from 1.
    mention: usize,
    trigger: bool,
}

/// A trigger found in a sentence.
#[derive(Clone, Copy)]
struct Hit {
    start: usize,
    end: usize,
    does: Does,
    /// Reaches along an enumeration; a year or a sign speaks for its neighbour only.
    enumerates: bool,
    is_year: bool,
}

/// The triggers of one sentence and what ends them.
pub(crate) struct Scopes<'a> {
    tokens: &'a Tokens,
    start: usize,
    end: usize,
    marks: Vec<Mark>,
    hits: Vec<Hit>,
    consequence: bool,
    informant: bool,
}

impl<'a> Scopes<'a> {
    /// Finds the triggers of a sentence. Words of a mention are none.
    pub(super) fn read(
        tokens: &'a Tokens,
        sentence: &Sentence,
        mentions: &[Mention],
        triggers: &'static Triggers,
    ) -> Self {
        let (start, end) = (sentence.start, sentence.end);
        let mut marks = vec![Mark::default(); end.saturating_sub(start)];
        for (number, mention) in mentions.iter().enumerate() {
            for at in mention.start.max(start)..mention.end.min(end) {
                if let Some(mark) = marks.get_mut(at - start) {
                    mark.mention = number + 1;
                }
            }
        }
        let mut scopes =
            Self { tokens, start, end, marks, hits: Vec::new(), consequence: false, informant: false };
        scopes.find(triggers);
        // `allergisch voor penicilline en codeïne`: what follows is not tolerated either.
        for mention in mentions.iter().filter(|mention| mention.is_allergy) {
            let does = Does::Forward(Says::Allergy, 3);
            scopes.hits.push(Hit {
                start: mention.start,
                end: mention.end,
                does,
                enumerates: true,
                is_year: false,
            });
        }
        scopes.years();
        scopes.minus_signs();
        scopes
    }

    fn mark(&self, at: usize) -> Mark {
        at.checked_sub(self.start).and_then(|at| self.marks.get(at)).copied().unwrap_or_default()
    }

    fn find(&mut self, triggers: &'static Triggers) {
        let mut at = self.start;
        while at < self.end {
            let found = triggers.get(self.tokens.normal_at(at)).and_then(|same| {
                same.iter().find(|trigger| {
                    let end = at + trigger.words.len();
                    end <= self.end
                        && trigger.words.iter().zip(at..).all(|(word, at)| self.tokens.normal_at(at) == word)
                        // All of it within mentions: it is what was found, not what is said of it.
                        && !(at..end).all(|at| self.mark(at).mention > 0)
                        // `koorts: nee` answers a mention.
                        && (trigger.words.first().is_none_or(|word| word != ":")
                            || at > self.start && self.mark(at - 1).mention > 0)
                })
            });
            let Some(trigger) = found else {
                at += 1;
                continue;
            };
            let end = at + trigger.words.len();
            // `Dochter belt: moeder is verward`: the mother is the patient. A brother still is a brother.
            let parent = self.informant && PARENTS.contains(&self.tokens.normal_at(at));
            for does in trigger.does.iter().filter(|does| !parent || !does.is_family()) {
                self.take(at, end, *does);
            }
            // `moeder ontkent koorts`: the verb may be a trigger itself.
            at = if trigger.does.contains(&Does::Informant) { at + 1 } else { end };
        }
    }

    fn take(&mut self, start: usize, end: usize, does: Does) {
        for at in start..end {
            let Some(mark) = self.marks.get_mut(at - self.start) else { continue };
            match does {
                Does::EndsAll => mark.ends_all = true,
                Does::EndsNegation => mark.ends_negation = true,
                Does::EndsCause => mark.ends_cause = true,
                Does::Informant => self.informant = true,
                Does::EndsFamily => mark.ends_family = true,
                Does::Consequence => self.consequence = true,
                Does::Nothing => {}
                _ => mark.trigger = true,
            }
        }
        if matches!(does, Does::Forward(..) | Does::Backward(..) | Does::Around(..)) {
            self.hits.push(Hit { start, end, does, enumerates: true, is_year: false });
        }
    }

    /// `in 2015`, `(2015)`, `2015 CVA`, `CVA 2015`; not `sinds 2015`.
    fn years(&mut self) {
        for at in self.start..self.end {
            let Some(token) = self.tokens.all.get(at) else { continue };
            let word = self.tokens.normal(token);
            let year = token.kind == Kind::Number
                && word.len() == 4
                && word.parse::<u16>().is_ok_and(|year| (1920..=2099).contains(&year));
            if !year {
                continue;
            }
            let before = at.checked_sub(1).filter(|before| *before >= self.start);
            let before = before.map_or("", |before| self.tokens.normal_at(before));
            let next = self.tokens.normal_at(at + 1);
            if matches!(
                before,
                "sinds"
                    | "since"
                    | "from"
                    | "vanaf"
                    | "/"
                    | "-"
                    | "."
                    | "dd"
                    | "tot"
                    | "until"
                    | "anno"
                    | "("
            ) || matches!(next, "ml" | "mg" | "kcal" | "uur" | "h" | "gram" | "g" | "ie" | "/")
            {
                continue;
            }
            let hit = |does| Hit { start: at, end: at + 1, does, enumerates: false, is_year: true };
            if before == "in" {
                self.hits.push(hit(Does::Around(Says::Past, 6)));
            } else {
                let behind = at > self.start && self.mark(at - 1).mention > 0;
                if behind {
                    self.hits.push(hit(Does::Backward(Says::Past, 1)));
                } else {
                    self.hits.push(hit(Does::Forward(Says::Past, 6)));
                }
            }
        }
    }

    /// `dyspneu -, hoesten +`, `koorts (-)`; `PE?`.
    fn minus_signs(&mut self) {
        for at in self.start..self.end {
            let behind = at > self.start && self.mark(at - 1).mention > 0 && self.mark(at).mention == 0;
            let kind = |at: usize| self.tokens.all.get(at).map(|token| token.kind);
            let closes = |at: usize| {
                at >= self.end
                    || matches!(kind(at), None | Some(Kind::Line | Kind::Mark(',' | ';' | '.' | ')')))
            };
            let before = self.mark(at + 1).mention > 0 && self.mark(at).mention == 0;
            let glued = |at: usize| self.tokens.all.get(at).is_some_and(|token| token.glued);
            if kind(at) == Some(Kind::Mark('?')) && before && !behind && (at == self.start || !glued(at)) {
                // `?appendicitis`, `dd ? pneumonie`.
                let does = Does::Forward(Says::Possible, 1);
                self.hits.push(Hit { start: at, end: at + 1, does, enumerates: false, is_year: false });
                continue;
            }
            let says = match kind(at) {
                Some(Kind::Mark('?')) if behind => Some(Says::Possible),
                Some(Kind::Mark('-')) if behind && closes(at + 1) => Some(Says::Negation),
                // `koorts- hoest+`, but `hoest- en keelklachten`.
                Some(Kind::Mark('-'))
                    if behind && glued(at) && !glued(at + 1) && !is_link(self.tokens.normal_at(at + 1)) =>
                {
                    Some(Says::Negation)
                }
                Some(Kind::Mark('-'))
                    if behind
                        && kind(at + 1) == Some(Kind::Mark('/'))
                        && kind(at + 2) == Some(Kind::Mark('-')) =>
                {
                    Some(Says::Negation)
                }
                Some(Kind::Mark('('))
                    if behind
                        && kind(at + 1) == Some(Kind::Mark('-'))
                        && kind(at + 2) == Some(Kind::Mark(')')) =>
                {
                    Some(Says::Negation)
                }
                Some(Kind::Mark('(')) if behind && kind(at + 1) == Some(Kind::Mark('?')) => {
                    Some(Says::Possible)
                }
                _ => None,
            };
            if let Some(says) = says {
                self.hits.push(Hit {
                    start: at,
                    end: at + 1,
                    does: Does::Backward(says, 1),
                    enumerates: false,
                    is_year: false,
                });
            }
        }
    }

    /// What is said of each mention.
    pub(super) fn apply(&self, mentions: &[Mention]) -> Vec<Context> {
        let mut contexts = vec![Context::default(); mentions.len()];
        for hit in &self.hits {
            let (forward, backward) = match hit.does {
                Does::Forward(says, reach) => (Some((says, reach)), None),
                Does::Backward(says, reach) => (None, Some((says, reach))),
                Does::Around(says, reach) => (Some((says, reach)), Some((says, reach))),
                _ => (None, None),
            };
            if let Some((says, reach)) = forward {
                self.forward(hit, says, reach, mentions, &mut contexts);
            }
            if let Some((says, reach)) = backward {
                self.backward(hit, says, reach, mentions, &mut contexts);
            }
        }
        contexts
    }

    fn ends(&self, mark: Mark, says: Says) -> bool {
        mark.ends_all
            || (mark.ends_negation
                && matches!(says, Says::Negation | Says::Possible | Says::Past | Says::Allergy))
            || (mark.ends_cause && matches!(says, Says::Negation | Says::Possible | Says::Condition))
            || (mark.ends_family && says == Says::Family)
    }

    fn touches(&self, says: Says, mention: &Mention) -> bool {
        match says {
            Says::Possible | Says::Past => mention.is_condition,
            Says::Condition => mention.is_condition && self.consequence,
            Says::Stopped | Says::Considered => !mention.is_condition,
            Says::Negation | Says::Family | Says::Allergy => true,
        }
    }

    fn forward(&self, hit: &Hit, says: Says, reach: usize, mentions: &[Mention], contexts: &mut [Context]) {
        let mut left = reach;
        let mut at = hit.end;
        let mut touched = false;
        while at < self.end {
            let mark = self.mark(at);
            if mark.mention > 0 {
                let Some(mention) = mentions.get(mark.mention - 1) else { return };
                if self.touches(says, mention)
                    && let Some(context) = contexts.get_mut(mark.mention - 1)
                {
                    context.add(says);
                }
                touched = true;
                // What stands next to it belongs to the same enumeration.
                left = left.max(FILLERS);
                at = mention.end.max(at + 1);
                continue;
            }
            let ends = match says {
                // `In 2015 had hij een CVA`.
                _ if hit.is_year => mark.ends_all,
                // `Sertraline gestopt, gestart met quetiapine`.
                Says::Stopped => mark.ends_all || mark.ends_negation,
                // `Bel als u koorts heeft`, `if you have fever`: a verb ends it only behind what it was said of.
                Says::Possible | Says::Condition if !touched => mark.ends_all || mark.ends_cause,
                _ => self.ends(mark, says),
            };
            if ends {
                return;
            }
            match self.tokens.all.get(at).map(|token| token.kind) {
                Some(Kind::Mark(',')) if !hit.enumerates => return,
                Some(Kind::Mark(';' | ')' | '•' | '*' | '>' | '!')) => return,
                Some(Kind::Mark(',')) if !self.goes_on(at + 1, says) => return,
                Some(Kind::Mark('.')) if !self.tokens.all.get(at + 1).is_some_and(|token| token.glued) => {
                    return;
                }
                Some(Kind::Mark(',')) => left = left.max(FILLERS),
                Some(Kind::Word | Kind::Number) if !is_link(self.tokens.normal_at(at)) => {
                    if left == 0 {
                        return;
                    }
                    left -= 1;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Behind a comma an enumeration goes on when an entity comes soon, with no new clause before it.
    fn goes_on(&self, from: usize, says: Says) -> bool {
        if says == Says::Family || says == Says::Condition {
            return true;
        }
        let mut fillers = 0;
        for at in from..self.end {
            let mark = self.mark(at);
            if mark.mention > 0 {
                return true;
            }
            if self.ends(mark, says) {
                return false;
            }
            match self.tokens.all.get(at).map(|token| token.kind) {
                Some(Kind::Word | Kind::Number) => {
                    if !is_link(self.tokens.normal_at(at)) {
                        fillers += 1;
                    }
                    if fillers > FILLERS {
                        return false;
                    }
                }
                Some(Kind::Mark('-' | '/' | '(')) | Some(Kind::Line) => {}
                _ => return false,
            }
        }
        false
    }

    fn backward(&self, hit: &Hit, says: Says, reach: usize, mentions: &[Mention], contexts: &mut [Context]) {
        let mut left = reach;
        let mut at = hit.start;
        let mut some = false;
        while at > self.start {
            at -= 1;
            let mark = self.mark(at);
            if mark.mention > 0 {
                let Some(mention) = mentions.get(mark.mention - 1) else { return };
                if self.touches(says, mention)
                    && let Some(context) = contexts.get_mut(mark.mention - 1)
                {
                    context.add(says);
                    some = true;
                    left = 0;
                }
                if !hit.enumerates {
                    return;
                }
                // `spironolacton wegens hyperkaliëmie gestaakt`: what it does not speak of is a word as others.
                left = left.saturating_sub(1);
                at = mention.start.min(at);
                continue;
            }
            if self.ends(mark, says) || mark.trigger && some {
                return;
            }
            match self.tokens.all.get(at).map(|token| token.kind) {
                Some(Kind::Mark(';' | '•' | '*' | '>' | '!' | '.' | '?')) => return,
                // Over a comma only along an enumeration: `koorts, hoesten en dyspnoe afwezig`.
                Some(Kind::Mark(',')) if !some || at == 0 || self.mark(at - 1).mention == 0 => return,
                Some(Kind::Mark(')')) if some => return,
                Some(Kind::Word | Kind::Number) if !is_link(self.tokens.normal_at(at)) => {
                    if left == 0 {
                        return;
                    }
                    left -= 1;
                }
                _ => {}
            }
        }
    }
}

/// What joins the parts of an enumeration.
fn is_link(word: &str) -> bool {
    matches!(
        word,
        "en" | "of"
            | "dan"
            | "noch"
            | "and"
            | "or"
            | "nor"
            | "danwel"
            | "evenmin"
            | "any"
            | "de"
            | "het"
            | "een"
            | "the"
            | "a"
            | "an"
    )
}
