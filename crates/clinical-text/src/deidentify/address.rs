//! Streets, postal codes, towns and rooms.

mod street;

use std::sync::LazyLock;

use regex::Regex;

use super::lexicon::{is_medical, is_place, is_prefix, is_scale, is_stop};
use super::token::{Case, Form, Gap, Tokens, after, is_apart};
use super::{Finding, Kind};

/// Group 1 is masked where there is one.
static BOX: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?:postbus|p\.? ?o\.? ?box|antwoordnummer)[ :]{1,2}[0-9]{1,6}").ok());
static ZIP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:(?:zip|ZIP|Zip)(?: code)?[ :]{1,2}|\b(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]),? )([0-9]{5}(?:-[0-9]{4})?)\b").ok()
});
/// United Kingdom.
static POSTCODE_UK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2}").ok());

/// Finds what tells where somebody lives or lies.
pub(super) fn find(tokens: &Tokens<'_>, found: &mut Vec<Finding>) {
    for (pattern, kind) in [(&BOX, Kind::Address), (&ZIP, Kind::Postcode), (&POSTCODE_UK, Kind::Postcode)] {
        for captures in pattern.iter().flat_map(|pattern| pattern.captures_iter(tokens.text)) {
            let Some(part) = captures.get(1).or_else(|| captures.get(0)) else { continue };
            if is_apart(tokens.text, part.start(), part.end()) {
                found.push(Finding { start: part.start(), end: part.end(), kind });
            }
        }
    }
    for index in 0..tokens.list.len() {
        postcode(tokens, index, found);
        street::dutch(tokens, index, found);
        street::english(tokens, index, found);
        room(tokens, index, found);
        lives_in(tokens, index, found);
        town(tokens, index, found);
    }
}

fn push(tokens: &Tokens<'_>, first: usize, last: usize, kind: Kind, found: &mut Vec<Finding>) {
    let range = tokens.bytes(first, last);
    found.push(Finding { start: range.start, end: range.end, kind });
}

/// Four digits, not beginning with 0, and two letters (never SA, SD, SS): `1234 AB`. Units and short words
/// behind a number of four digits are none.
fn postcode(tokens: &Tokens<'_>, index: usize, found: &mut Vec<Finding>) {
    let (Some(digits), Some(letters)) = (tokens.get(index), tokens.get(index + 1)) else { return };
    let is_four = digits.form == Form::Number && digits.text.len() == 4 && !digits.text.starts_with('0');
    if !is_four || letters.text.len() != 2 || !letters.is_near() || !letters.text.is_ascii() {
        return;
    }
    if tokens.before(index).is_some_and(|before| {
        digits.gap == Gap::None
            && (before.case().is_some() || matches!(before.form, Form::Mark('.' | ',' | '/')))
    }) || tokens.get(index + 2).is_some_and(|next| next.gap == Gap::None && next.form == Form::Number)
    {
        return;
    }
    let fold = letters.fold.as_str();
    let is_year = matches!(digits.text.get(..2), Some("18" | "19" | "20"));
    let town =
        tokens.get(index + 2).is_some_and(|next| next.is_capital() && next.is_near() && !is_stop(&next.fold))
            || (tokens.is_mark(index + 2, ',')
                && tokens.get(index + 3).is_some_and(|next| next.is_capital() && !is_stop(&next.fold)));
    let behind_street =
        tokens.before(index).is_some_and(|before| matches!(before.form, Form::Mark(',' | '[')))
            || tokens
                .text
                .get(..digits.start)
                .is_some_and(|head| head.trim_end().ends_with([super::token::MASKED, ',']));
    let unit = " mg ml cc ie iu kc pg ug ng eh st kg cm mm gr ".contains(&format!(" {fold} "));
    let word = " in en op is de he te om af al na of er zo ct ra la mi dm ic ok vs at on by to or as an be it no so up us \
                 we me my do go if nl aj "
        .contains(&format!(" {fold} "));
    let plausible = match letters.form {
        Form::Word(Case::Upper) => !unit && (!word || town || (behind_street && !is_year)),
        Form::Word(Case::Lower) => {
            !unit && ((!word && (town || letters.gap == Gap::None)) || (behind_street && town))
        }
        Form::Word(Case::Capital) => town && !unit && !word,
        _ => false,
    };
    let never = matches!(fold, "sa" | "sd" | "ss");
    if never || !plausible {
        return;
    }
    push(tokens, index, index + 1, Kind::Postcode, found);
    // The town behind it.
    let first = if tokens.is_mark(index + 2, ',') { index + 3 } else { index + 2 };
    if let Some(last) = place_name(tokens, first, 4) {
        push(tokens, first, last, Kind::Place, found);
    }
}

/// Words with a capital, prefixes between them (`'s-Gravenhage`, `Den Haag`): the last one.
fn place_name(tokens: &Tokens<'_>, first: usize, most: usize) -> Option<usize> {
    let mut last = None;
    let mut words = 0;
    let mut at = first;
    while let Some(token) = tokens.get(at) {
        if at != first && !token.is_near() || words >= most {
            break;
        }
        let joins = matches!(token.form, Form::Mark('-' | '\'' | '’'));
        let prefix = is_prefix(&token.fold)
            || matches!(
                token.fold.as_str(),
                "aan" | "op" | "bij" | "en" | "over" | "s" | "t" | "sint" | "st"
            );
        if token.is_capital() && (prefix || !is_stop(&token.fold)) && !is_medical(&token.fold) {
            if !prefix || tokens.get(at + 1).is_some_and(|next| next.is_capital() && next.is_near()) {
                last = Some(at);
            }
            words += 1;
            if tokens.is_mark(at + 1, '.') && matches!(token.fold.as_str(), "st") {
                at += 1;
            }
        } else if !(joins || prefix) || at > first + 8 {
            break;
        }
        at += 1;
    }
    last
}

/// `Room 115B`, `kamer C3.12`, `bed 2`.
fn room(tokens: &Tokens<'_>, index: usize, found: &mut Vec<Finding>) {
    if !matches!(
        tokens.word(index),
        "kamer"
            | "kmr"
            | "room"
            | "rm"
            | "bed"
            | "suite"
            | "kamernummer"
            | "kamernr"
            | "bednummer"
            | "apt"
            | "appartement"
    ) {
        return;
    }
    let mut first = index + 1;
    while tokens.get(first).is_some_and(|token| {
        token.is_near()
            && (matches!(token.form, Form::Mark(':' | '#' | '.'))
                || matches!(token.fold.as_str(), "nr" | "nummer" | "no" | "number"))
    }) && first < index + 4
    {
        first += 1;
    }
    let mut last = None;
    let mut digits = 0;
    let mut at = first;
    while let Some(token) =
        tokens.get(at).filter(|token| token.is_near() && (at == first || token.gap == Gap::None))
    {
        match token.form {
            Form::Number if token.text.len() <= 5 => {
                digits += 1;
                last = Some(at);
            }
            Form::Word(_) if token.text.len() <= 2 => {
                if digits > 0 {
                    last = Some(at);
                }
            }
            Form::Mark('.' | '-' | '/') => {}
            _ => break,
        }
        at += 1;
    }
    let Some(last) = last else { return };
    let end = tokens.get(last).map_or(0, |token| token.end);
    let whole = !after(tokens.text, end).is_some_and(char::is_alphanumeric);
    if whole && !super::date::has_unit(tokens.text, end) {
        push(tokens, first, last, Kind::Room, found);
    }
}

/// `woont te X`, `wonend in X`, `afkomstig uit X`, `lives in X`.
fn lives_in(tokens: &Tokens<'_>, index: usize, found: &mut Vec<Finding>) {
    let cue = tokens.word(index);
    let steps: &[&str] = match cue {
        "woont" | "woonde" | "wonend" | "wonende" | "woonachtig" | "wonen" | "verhuisd" | "verhuisde"
        | "domicilie" | "woon" => {
            &["te", "in", "naar", "uit", "op", "nu", "alleen", "samen", "zelfstandig", "al", "jaren", "nog"]
        }
        "geboren" | "opgegroeid" | "getogen" => &["te", "in", "en", "getogen"],
        "afkomstig" | "komt" | "vertrokken" => &["uit", "van", "oorspronkelijk"],
        "lives" | "living" | "resides" | "residing" | "lived" | "born" | "raised" | "grew" | "moved"
        | "relocated" => &["in", "at", "alone", "up", "to", "from", "near", "outside", "now"],
        "resident" | "native" => &["of"],
        "woonplaats" | "plaats" | "geboorteplaats" | "city" | "town" | "birthplace" | "hometown" => {
            if !tokens.is_mark(index + 1, ':') {
                return;
            }
            &[":"]
        }
        _ => return,
    };
    let mut at = index + 1;
    let mut passed = false;
    while let Some(token) = tokens.get(at).filter(|_| at < index + 5) {
        let word = if token.is_mark(':') { ":" } else { token.fold.as_str() };
        let strong =
            matches!(word, "te" | "in" | "naar" | "uit" | "to" | "from" | "of" | "near" | "outside" | ":");
        let article = passed && matches!(word, "de" | "het" | "the");
        if !(article || steps.contains(&word)) {
            break;
        }
        passed |= strong;
        at += 1;
    }
    if !passed {
        return;
    }
    if let Some(last) = place_name(tokens, at, 3) {
        push(tokens, at, last, Kind::Place, found);
    }
}

/// A place of the list, written with a capital.
fn town(tokens: &Tokens<'_>, index: usize, found: &mut Vec<Finding>) {
    let Some(token) = tokens.get(index) else { return };
    let starts = token.is_capital()
        || (matches!(token.fold.as_str(), "s" | "t")
            && tokens.before(index).is_some_and(|mark| matches!(mark.form, Form::Mark('\'' | '’'))));
    if !starts {
        return;
    }
    let mut words = String::new();
    let mut best = None;
    let mut at = index;
    for _ in 0..5 {
        let Some(next) = tokens.get(at).filter(|next| at == index || next.is_near()) else { break };
        if next.case().is_none() {
            break;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(&next.fold);
        if is_place(&words) && next.is_capital() {
            best = Some(at);
        }
        at += 1;
        at += usize::from(tokens.is_mark(at, '-'));
    }
    let Some(last) = best else { return };
    let single = last == index;
    // A one-word place that is also a name, a disease or the name of a scale.
    let fold = token.fold.as_str();
    let around = is_scale(tokens.word(last + 1))
        || matches!(index.checked_sub(1).map(|at| tokens.word(at)), Some("factor" | "v"));
    let is_code = token.case() == Some(Case::Upper) && token.text.len() < 4;
    if single
        && (is_stop(fold)
            || is_code
            || (fold == "glasgow" && tokens.get(last + 1).is_some_and(|next| next.form == Form::Number)))
        || around
    {
        return;
    }
    let first = if matches!(fold, "s" | "t") { index.saturating_sub(1) } else { index };
    push(tokens, first, last, Kind::Place, found);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert!(BOX.is_some() && ZIP.is_some() && POSTCODE_UK.is_some());
    }
}
