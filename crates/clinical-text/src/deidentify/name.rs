//! Names of persons: behind titles and roles, with initials, by their given names and surnames.

mod given;
mod initials;
pub(super) mod part;

use std::collections::HashSet;

use super::lexicon::{
    is_disease_word, is_eponym, is_medical, is_name, is_name_word, is_prefix, is_role, is_stop,
    is_sure_prefix, is_surname, is_title,
};
use super::token::{Case, Form, Gap, Tokens};
use super::{Finding, Kind};
use given::given;
use initials::{initialled, reversed};
use part::{Cue, hyphenated, name, with_prefixes};

/// Finds names of persons.
pub(super) fn find(tokens: &Tokens<'_>, found: &mut Vec<Finding>) {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for index in 0..tokens.list.len() {
        spans.extend(titled(tokens, index));
        spans.extend(by_role(tokens, index));
        spans.extend(initialled(tokens, index));
        spans.extend(reversed(tokens, index));
        spans.extend(given(tokens, index));
        spans.extend(surname(tokens, index));
        spans.extend(prefixed(tokens, index));
        spans.extend(two_unknown(tokens, index));
        spans.extend(speaks(tokens, index));
    }
    // Who is named in full once is called by surname elsewhere.
    let mut named: HashSet<&str> = HashSet::new();
    for (first, last) in &spans {
        for token in tokens.list.get(*first..=*last).unwrap_or_default() {
            let fold = token.fold.as_str();
            if token.is_capital()
                && fold.len() > 3
                && !(is_stop(fold)
                    || is_eponym(fold)
                    || is_name_word(fold)
                    || is_medical(fold)
                    || is_prefix(fold))
            {
                named.insert(fold);
            }
        }
    }
    for (index, token) in tokens.list.iter().enumerate() {
        let fold = token.fold.as_str();
        if token.is_capital()
            && (named.contains(fold) || fold.strip_suffix('s').is_some_and(|stem| named.contains(stem)))
        {
            spans.push((index, index));
        }
    }
    for (first, last) in spans {
        let range = tokens.bytes(first, last);
        found.push(Finding { start: range.start, end: range.end, kind: Kind::Name });
    }
}

/// Titles before a name at most: every title is looked at from.
const TITLES: usize = 6;

/// `Mevr. De Vries`, `prof. dr. J. Jansen`, `dhr jansen`.
fn titled(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
    let token = tokens.get(index)?;
    if !is_title(&token.fold)
        || tokens.before(index).is_some_and(|before| before.is_mark('-') && token.gap == Gap::None)
    {
        return None;
    }
    // MS, MR: multiple sclerosis, magnetic resonance.
    if token.case() == Some(Case::Upper)
        && matches!(token.fold.as_str(), "ms" | "mr" | "ir" | "br" | "ds" | "zr" | "ing" | "hr" | "col")
    {
        return None;
    }
    if token.case() == Some(Case::Lower)
        && matches!(
            token.fold.as_str(),
            "ms" | "br" | "ds" | "ir" | "ing" | "col" | "miss" | "meester" | "sir"
        )
        && !tokens.is_mark(index + 1, '.')
    {
        return None;
    }
    let mut at = index + 1;
    for _ in 0..TITLES {
        at += usize::from(tokens.is_mark(at, '.'));
        let next = tokens.get(at)?;
        if !is_title(&next.fold) || !next.is_near() {
            break;
        }
        at += 1;
    }
    // `de heer/mevrouw Jansen`
    if tokens.is_mark(at, '/') && is_title(tokens.word(at + 1)) {
        at += 2;
        at += usize::from(tokens.is_mark(at, '.'));
    }
    name(tokens, at, Cue::Strong, true).map(|last| (at, last))
}

/// `huisarts Jansen`, `dochter: Anna`, `Pt John Smith`, `groet,` and a line below it.
fn by_role(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
    let token = tokens.get(index)?;
    if !is_role(&token.fold) {
        return None;
    }
    let closing = matches!(
        token.fold.as_str(),
        "groet" | "groeten" | "hoogachtend" | "sincerely" | "regards" | "signed" | "getekend" | "ondertekend"
    );
    let mut at = index + 1;
    let mut comma = false;
    while let Some(mark) = tokens.get(at).filter(|_| at < index + 5) {
        let word = matches!(
            mark.fold.as_str(),
            "is" | "door"
                | "by"
                | "genaamd"
                | "named"
                | "heet"
                | "name"
                | "naam"
                | "electronically"
                | "elektronisch"
                | "s"
                | "patient"
        );
        let skipped = matches!(mark.form, Form::Mark(':' | '(' | '=' | '"' | '“' | '\'' | '’'))
            || (mark.is_mark(',') && !comma)
            || (mark.is_mark('.') && token.text.len() <= 3)
            || (mark.is_near() && word);
        if !skipped {
            break;
        }
        comma |= mark.is_mark(',');
        at += 1;
    }
    let next = tokens.get(at)?;
    if next.gap >= Gap::Line && !closing || next.opens && tokens.is_mark(at - 1, '.') && token.text.len() > 3
    {
        return None;
    }
    if is_title(&next.fold) || (comma && !closing && !is_name(&next.fold)) {
        return None;
    }
    name(tokens, at, Cue::Weak, false).map(|last| (at, last))
}

/// A surname of the list, with a capital, and what belongs to it.
fn surname(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
    let token = tokens.get(index)?;
    let fold = token.fold.as_str();
    let stem = fold.strip_suffix('s').filter(|stem| stem.len() > 3 && is_surname(stem));
    if !token.is_capital()
        || !(is_surname(fold) || stem.is_some())
        || is_stop(fold)
        || is_eponym(fold)
        || is_medical(fold)
    {
        return None;
    }
    if token.case() == Some(Case::Upper) && fold.len() < 5 {
        return None;
    }
    let last = hyphenated(tokens, index);
    Some((with_prefixes(tokens, index), last))
}

/// `de Jong`, `van der Zevenhuizen`, `De Boer-van Dam`.
fn prefixed(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
    let token = tokens.get(index)?;
    let fold = token.fold.as_str();
    if !token.is_capital() || index == 0 || is_stop(fold) || is_medical(fold) || !token.is_near() {
        return None;
    }
    let first = with_prefixes(tokens, index);
    if first == index {
        return None;
    }
    let sure = is_sure_prefix(tokens.word(first), second_word(tokens, first + 1));
    let listed = is_name_word(fold) && token.case() == Some(Case::Capital);
    let eponym = is_eponym(fold);
    ((sure && token.case() == Some(Case::Capital)) || listed)
        .then(|| (first, hyphenated(tokens, index)))
        .filter(|_| !(eponym || fold == "waals"))
}

fn second_word<'m>(tokens: &'m Tokens<'_>, index: usize) -> &'m str {
    if tokens.get(index).is_some_and(|token| matches!(token.form, Form::Mark('\'' | '’' | '.'))) {
        return tokens.word(index + 1);
    }
    tokens.word(index)
}

/// `Koning belde`: a word that is also a name, and says something.
fn speaks(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
    let token = tokens.get(index)?;
    let says = matches!(
        tokens.word(index + 1),
        "belde"
            | "belt"
            | "vertelt"
            | "vertelde"
            | "zegt"
            | "zei"
            | "meldt"
            | "meldde"
            | "woont"
            | "vraagt"
            | "says"
            | "said"
            | "called"
            | "states"
    );
    let is_name = is_name_word(&token.fold) && token.case() == Some(Case::Capital) && !is_stop(&token.fold);
    (says && is_name && tokens.is_near(index + 1)).then(|| (with_prefixes(tokens, index), index))
}

/// `with Brett Kowalczak`, `met Wendelien Zaagsma`: two words with a capital that nothing else explains.
fn two_unknown(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
    if !matches!(
        tokens.word(index),
        "met"
            | "door"
            | "aan"
            | "van"
            | "bij"
            | "with"
            | "by"
            | "from"
            | "to"
            | "via"
            | "namens"
            | "named"
            | "voor"
            | "for"
    ) {
        return None;
    }
    let unknown = |at: usize| {
        tokens.get(at).is_some_and(|token| {
            let fold = token.fold.as_str();
            token.is_near()
                && token.case() == Some(Case::Capital)
                && fold.chars().count() > 2
                && !(is_stop(fold) || is_medical(fold) || is_eponym(fold) || is_disease_word(fold))
        })
    };
    if !unknown(index + 1) || !unknown(index + 2) {
        return None;
    }
    Some((index + 1, hyphenated(tokens, index + 2)))
}
