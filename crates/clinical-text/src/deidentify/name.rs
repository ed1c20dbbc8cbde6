//! Names of persons: behind titles and roles, with initials, by their given names and surnames.

use std::collections::HashSet;

use super::lexicon::{
    is_disease_word, is_eponym, is_given, is_medical, is_name, is_name_word, is_prefix, is_role, is_stop,
    is_sure_prefix, is_surname, is_title,
};
use super::token::{Case, Form, Gap, Token, Tokens};
use super::{Finding, Kind};

/// How sure the words before make it that a name follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cue {
    /// A title, initials or a given name: what has a capital is the name.
    Strong,
    /// A role: what has a capital is the name, unless it is a word of medicine.
    Weak,
}

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
    loop {
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

/// `A.B. de Wit`, `J. Jansen`, `JP van den Berg`.
fn initialled(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
    let token = tokens.get(index)?;
    if tokens.before(index).is_some_and(|before| {
        token.gap == Gap::None
            && (before.case().is_some()
                || before.form == Form::Number
                || (before.is_mark('.') && is_letter(tokens.before(index - 1))))
    }) {
        return None;
    }
    let after = initials(tokens, index);
    if after > index {
        let count = (after - index) / 2;
        let mut first = after;
        while is_prefix(tokens.word(first)) && tokens.get(first).is_some_and(|token| token.gap <= Gap::Line) {
            first += 1;
        }
        let surname = tokens.get(first)?;
        let fold = surname.fold.as_str();
        if surname.gap > Gap::Line {
            return None;
        }
        let listed = is_name(fold) || is_name_word(fold);
        if count == 1 {
            let ordinal = matches!(
                index.checked_sub(1).map(|at| tokens.word(at)),
                Some(
                    "vitamine"
                        | "vit"
                        | "vitamin"
                        | "hepatitis"
                        | "graad"
                        | "type"
                        | "klasse"
                        | "groep"
                        | "factor"
                        | "stadium"
                        | "child"
                        | "weber"
                        | "influenza"
                        | "grade"
                        | "stage"
                        | "class"
                )
            );
            // `M. Crohn`, `A. Hypertensie`, `E. Coli`
            if (is_eponym(fold) && token.fold == "m")
                || is_medical(fold)
                || (ordinal && !is_name(fold))
                || (token.opens && surname.gap >= Gap::Line)
            {
                return None;
            }
            if token.opens && token.gap >= Gap::Line && !listed && first == after {
                // `B. Longontsteking` of a list: one letter after the other, a capital each.
                return matches!(token.fold.as_str(), "a" | "b" | "c" | "d" | "e" | "f" | "s" | "o" | "p")
                    .then_some(())
                    .map_or_else(
                        || name(tokens, after, Cue::Strong, false).map(|last| (index, last)),
                        |()| None,
                    );
            }
        }
        return name(tokens, after, Cue::Strong, false).map(|last| (index, last));
    }
    // Without dots: only before a surname that is one.
    let capitals = match token.case()? {
        Case::Letter => true,
        Case::Upper => {
            token.text.len() <= 3
                && !matches!(
                    token.fold.as_str(),
                    "ct" | "mr"
                        | "mri"
                        | "ecg"
                        | "ok"
                        | "ic"
                        | "seh"
                        | "ha"
                        | "dm"
                        | "hb"
                        | "rr"
                        | "dd"
                        | "st"
                        | "pt"
                        | "vg"
                        | "lo"
                        | "tia"
                        | "cva"
                        | "cvd"
                        | "mi"
                        | "ms"
                )
        }
        _ => false,
    };
    if !capitals {
        return None;
    }
    let mut first = index + 1;
    while is_prefix(tokens.word(first)) && tokens.is_near(first) {
        first += 1;
    }
    let surname = tokens.get(first).filter(|token| token.is_near() && token.case() == Some(Case::Capital))?;
    let sure = is_surname(&surname.fold) && !is_eponym(&surname.fold);
    let led = first > index + 1 && is_name_word(&surname.fold) && !is_stop(&surname.fold);
    (sure || led).then(|| name(tokens, index + 1, Cue::Strong, false).map(|last| (index, last))).flatten()
}

fn is_letter(token: Option<&Token<'_>>) -> bool {
    token.is_some_and(|token| token.case() == Some(Case::Letter))
}

/// The token behind `J.P.` or `Th.`; the same place when there are none.
fn initials(tokens: &Tokens<'_>, index: usize) -> usize {
    let mut at = index;
    while let (Some(letter), Some(dot)) = (tokens.get(at), tokens.get(at + 1)) {
        let initial = letter.case() == Some(Case::Letter)
            || (letter.case() == Some(Case::Capital)
                && matches!(
                    letter.fold.as_str(),
                    "th" | "chr" | "joh" | "ph" | "jac" | "ij" | "fr" | "wm" | "tj" | "sj" | "gs" | "kl"
                ));
        if !initial
            || !dot.is_mark('.')
            || dot.gap != Gap::None
            || (at > index && letter.gap > Gap::Blank)
            || at > index + 14
        {
            break;
        }
        at += 2;
        if tokens.is_mark(at, '-')
            && tokens
                .get(at + 1)
                .is_some_and(|next| next.gap == Gap::None && next.case() == Some(Case::Letter))
        {
            at += 1;
        }
    }
    at
}

/// `Jansen, J.P.`, `de Vries A.B.`
fn reversed(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
    let token = tokens.get(index)?;
    let fold = token.fold.as_str();
    if !token.is_capital() || is_stop(fold) || is_medical(fold) || is_eponym(fold) {
        return None;
    }
    let comma = usize::from(tokens.is_mark(index + 1, ','));
    let first = index + 1 + comma;
    let after = initials(tokens, first);
    let count = after.saturating_sub(first) / 2;
    let near = tokens.get(first).is_some_and(Token::is_near);
    if count == 0 || !near || (count == 1 && !((is_surname(fold) || is_name_word(fold)) && comma == 1)) {
        return None;
    }
    if count >= 2 && comma == 0 && !is_surname(fold) && token.opens {
        return None;
    }
    Some((with_prefixes(tokens, index), after - 1))
}

/// `Jan Jansen`, `Maria van den Berg`, `Anna`.
fn given(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
    let token = tokens.get(index)?;
    let fold = token.fold.as_str();
    if !token.is_capital() || is_stop(fold) {
        return None;
    }
    let sure = is_given(fold);
    if !sure && !(is_name_word(fold) && token.case() == Some(Case::Capital)) {
        return None;
    }
    let upper = token.case() == Some(Case::Upper);
    let disease = is_eponym(fold)
        && (beside_disease(tokens, index)
            || !tokens.get(index + 1).is_some_and(|next| next.is_capital() && next.is_near()));
    if disease || (upper && fold.len() < 4 && !is_surname(tokens.word(index + 1))) {
        return None;
    }
    if sure {
        return match follows(tokens, index + 1) {
            Some(last) => Some((index, last)),
            None => Some((index, index)),
        };
    }
    // A word that is also a name: only before a surname that is one (`Mark Jansen`, `Rose de Vries`).
    let mut first = index + 1;
    while is_prefix(tokens.word(first)) && tokens.is_near(first) {
        first += 1;
    }
    let surname = tokens.get(first).filter(|next| next.is_near() && next.is_capital())?;
    let known = is_surname(&surname.fold) && !is_eponym(&surname.fold);
    (known && !token.opens || known && is_given_word(fold))
        .then(|| follows(tokens, index + 1).map(|last| (index, last)))
        .flatten()
}

fn is_given_word(fold: &str) -> bool {
    matches!(
        fold,
        "mark"
            | "rose"
            | "will"
            | "bill"
            | "frank"
            | "grace"
            | "roos"
            | "iris"
            | "max"
            | "joy"
            | "robin"
            | "amber"
            | "guy"
            | "pat"
            | "rob"
            | "jesus"
            | "jay"
            | "hope"
            | "faith"
            | "dean"
            | "drew"
            | "grant"
            | "ray"
            | "sue"
            | "art"
            | "don"
            | "christian"
            | "lily"
            | "virginia"
            | "june"
            | "april"
            | "may"
            | "august"
    )
}

/// The surname behind given names.
fn follows(tokens: &Tokens<'_>, index: usize) -> Option<usize> {
    let next = tokens.get(index)?;
    let joined = (next.is_mark('-') || next.is_mark('\'')) && next.gap == Gap::None;
    let at = if joined { index + 1 } else { index };
    if !(tokens.is_near(at) || tokens.get(at)?.gap == Gap::Line && is_name(tokens.word(at))) {
        return None;
    }
    name(tokens, at, Cue::Strong, false).filter(|last| {
        // `Anna Parkinson` is a name, `Anna Hypertensie` is not.
        tokens.list.get(at..=*last).is_some_and(|words| {
            words.iter().any(|word| word.is_capital() || word.case() == Some(Case::Letter))
        })
    })
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

/// The last token of the name that begins here: initials, given names, prefixes, surname, partner's surname.
/// `careless`: the name may be in lower case, if it is one of the lists.
fn name(tokens: &Tokens<'_>, index: usize, cue: Cue, careless: bool) -> Option<usize> {
    let mut at = initials(tokens, index);
    let mut last = (at > index && cue == Cue::Strong).then(|| at - 1);
    let by_initials = at > index;
    // One letter or `JP` without dots.
    if at == index
        && let Some(token) = tokens.get(at)
        && (token.case() == Some(Case::Letter)
            || (token.case() == Some(Case::Upper) && token.text.len() <= 3))
        && tokens.get(at + 1).is_some_and(|next| {
            next.is_near()
                && (next.is_capital() && !is_stop(&next.fold) && !is_medical(&next.fold)
                    || is_prefix(&next.fold))
        })
        && (cue == Cue::Strong || is_surname(tokens.word(at + 1)) || is_prefix(tokens.word(at + 1)))
        && !is_stop_code(&token.fold)
    {
        at += 1;
    }
    let begin = at;
    let mut words = 0;
    let mut surname_done = false;
    while let Some(token) = tokens.get(at) {
        if at > index && !(token.is_near() || (token.gap == Gap::Line && words == 0)) {
            break;
        }
        if words >= 5 || at > index + 24 {
            break;
        }
        let fold = token.fold.as_str();
        let hyphen = token.is_mark('-') || token.is_mark('–');
        if hyphen && words > 0 {
            // Joins names: `Jansen-de Vries`, `Jansen - de Vries`, not `Jansen - opname`.
            let next = tokens.get(at + 1)?;
            let tight = token.gap == Gap::None && next.gap == Gap::None;
            let named = next.is_capital() && !is_stop(&next.fold) || is_prefix(&next.fold);
            if !named || !(tight || is_name(&next.fold)) {
                break;
            }
            surname_done = false;
            at += 1;
            continue;
        }
        if matches!(token.form, Form::Mark('\'' | '’' | '`'))
            && (is_prefix(tokens.word(at + 1))
                || matches!(tokens.word(at.saturating_sub(1)), "o" | "d" | "l"))
        {
            at += 1;
            continue;
        }
        // `O'Brien`, `d'Ancona`
        if matches!(fold, "o" | "d" | "l")
            && tokens
                .get(at + 1)
                .is_some_and(|mark| matches!(mark.form, Form::Mark('\'' | '’')) && mark.gap == Gap::None)
        {
            at += 1;
            continue;
        }
        // `Mary J. Smith`, `v.d. Berg`
        if words > 0
            && token.case() == Some(Case::Letter)
            && tokens.get(at + 1).is_some_and(|next| next.is_mark('.') && next.gap == Gap::None)
        {
            let further = initials(tokens, at);
            if tokens.get(further).is_some_and(|next| {
                next.is_near() && (next.is_capital() && !is_stop(&next.fold) || is_prefix(&next.fold))
            }) {
                at = further;
                continue;
            }
            break;
        }
        if token.is_mark('.')
            && matches!(tokens.word(at.saturating_sub(1)), "v" | "d" | "vd")
            && token.gap == Gap::None
        {
            at += 1;
            continue;
        }
        let abbreviated =
            matches!(fold, "v" | "d") && (tokens.is_mark(at + 1, '.') || tokens.is_mark(at + 1, '/'));
        if (is_prefix(fold) || abbreviated)
            && token.case() != Some(Case::Upper)
            && leads_to_name(tokens, at + 1, careless || cue == Cue::Strong)
        {
            at += 1;
            continue;
        }
        if surname_done && !(is_name(fold) && token.is_capital()) {
            break;
        }
        if !accepted(tokens, at, cue, words, careless, by_initials || at > begin) {
            break;
        }
        words += 1;
        last = Some(at);
        // A surname ends the name; what follows it belongs to the sentence.
        surname_done =
            is_surname(fold) && !is_given(fold) || (cue == Cue::Weak && !is_given(fold) && words >= 2);
        at += 1;
    }
    if words == 0
        && cue == Cue::Strong
        && by_initials
        && !careless
        && tokens.get(at).is_none_or(|next| next.case().is_none())
    {
        return None;
    }
    if words == 0 { last.filter(|_| careless) } else { last }
}

/// Whether prefixes lead to a name from here.
fn leads_to_name(tokens: &Tokens<'_>, index: usize, careless: bool) -> bool {
    let mut at = index;
    while at < index + 6 {
        let Some(token) = tokens.get(at).filter(|token| token.gap <= Gap::Line) else { return false };
        let fold = token.fold.as_str();
        if is_prefix(fold) || matches!(token.form, Form::Mark('.' | '\'' | '’' | '/')) {
            at += 1;
            continue;
        }
        return (token.is_capital() && !(is_medical(fold) && !is_name(fold)) && (careless || !is_stop(fold)))
            || (careless
                && token.case() == Some(Case::Lower)
                && (is_surname(fold) || is_name_word(fold))
                && !is_stop(fold));
    }
    false
}

fn accepted(tokens: &Tokens<'_>, at: usize, cue: Cue, words: usize, careless: bool, led: bool) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    let fold = token.fold.as_str();
    let Some(case) = token.case() else { return false };
    // `Dr. Fracture`? No: but `Wit`, `Koning` and `Hart` are names behind a title.
    let prefixed = at.checked_sub(1).is_some_and(|before| is_prefix(tokens.word(before)));
    if is_stop(fold) && !(prefixed && cue == Cue::Strong && case == Case::Capital) {
        return false;
    }
    match case {
        Case::Lower => careless && (is_name(fold) || (led && is_name_word(fold))) && !is_role(fold),
        Case::Letter => false,
        Case::Upper if token.text.chars().count() <= 5 => {
            let capitals_before = at
                .checked_sub(1)
                .and_then(|at| tokens.get(at))
                .is_some_and(|before| before.case() == Some(Case::Upper) && words > 0);
            is_name(fold)
                || (capitals_before && !is_medical(fold))
                || (cue == Cue::Strong && words == 0 && is_name_word(fold))
                || (cue == Cue::Strong && words == 0 && led && !is_stop_code(fold))
        }
        Case::Capital | Case::Upper => match cue {
            Cue::Strong if words == 0 => {
                !(is_eponym(fold) && beside_disease(tokens, at))
                    && (led || careless || !is_medical(fold) || is_name(fold))
            }
            Cue::Strong => {
                is_name(fold)
                    || !(is_medical(fold)
                        || is_disease_word(fold)
                        || is_role(fold)
                        || is_name_word(fold) && is_disease_word(fold))
            }
            Cue::Weak => {
                (!is_eponym(fold) || is_given(fold) && !beside_disease(tokens, at))
                    && (is_name(fold)
                        || !(is_medical(fold) || is_disease_word(fold) || is_role(fold) || is_title(fold)))
            }
        },
    }
}

/// Codes in capitals that stand where a name may stand.
fn is_stop_code(fold: &str) -> bool {
    matches!(
        fold,
        "copd"
            | "dm"
            | "dm2"
            | "ra"
            | "ms"
            | "mi"
            | "cva"
            | "tia"
            | "af"
            | "ht"
            | "hiv"
            | "tbc"
            | "als"
            | "chf"
            | "cad"
            | "ckd"
            | "dvt"
            | "pe"
            | "mrsa"
            | "uti"
            | "uwi"
            | "icd"
            | "ecg"
            | "ct"
            | "mri"
            | "ok"
            | "ic"
            | "seh"
            | "iv"
            | "po"
            | "sc"
            | "pcp"
            | "er"
            | "ed"
            | "icu"
            | "nos"
            | "who"
            | "asa"
            | "bmi"
            | "kno"
            | "mdl"
    )
}

/// Whether the words beside say that it is a disease, sign or scale: `ziekte van`, `M.`, `'s disease`.
pub(super) fn beside_disease(tokens: &Tokens<'_>, index: usize) -> bool {
    let mut at = index;
    for _ in 0..4 {
        let Some(before) = at.checked_sub(1).and_then(|at| tokens.get(at)) else { break };
        let fold = before.fold.as_str();
        let is_m = fold == "m" && before.case() == Some(Case::Letter);
        if fold != "m" && is_disease_word(fold) && fold != "van" || is_m {
            return true;
        }
        if !(is_prefix(fold) || before.is_mark('.') || before.is_mark('-') || is_eponym(fold)) {
            break;
        }
        at -= 1;
    }
    let mut at = index + 1;
    for _ in 0..4 {
        let Some(next) = tokens.get(at).filter(|next| next.is_near()) else { break };
        let fold = next.fold.as_str();
        if fold.len() > 1 && is_disease_word(fold) && fold != "van" {
            return true;
        }
        if !(matches!(next.form, Form::Mark('-' | '\'' | '’')) || fold == "s" || is_eponym(fold)) {
            break;
        }
        at += 1;
    }
    false
}

/// The first of the prefixes before a surname.
pub(super) fn with_prefixes(tokens: &Tokens<'_>, index: usize) -> usize {
    let is_upper = tokens.get(index).is_some_and(|token| token.case() == Some(Case::Upper));
    let mut first = index;
    let mut at = index;
    while at > 0 && index - at < 6 {
        if tokens.get(at).is_none_or(|token| token.gap > Gap::Line) {
            break;
        }
        let Some(before) = tokens.before(at) else { break };
        if is_prefix(&before.fold) && (before.case() != Some(Case::Upper) || is_upper) {
            first = at - 1;
        } else if !matches!(before.form, Form::Mark('\'' | '’' | '.'))
            || tokens.before(at - 1).is_none_or(|word| !is_prefix(&word.fold))
                && !(matches!(before.form, Form::Mark('\'' | '’')) && first < index)
        {
            break;
        }
        at -= 1;
    }
    // `'t`: the apostrophe goes with it.
    if first < index
        && matches!(tokens.word(first), "t" | "s")
        && tokens.before(first).is_some_and(|mark| matches!(mark.form, Form::Mark('\'' | '’')))
    {
        first -= 1;
    }
    first
}

/// The last token of surnames that hyphens join: `Jansen-de Vries`.
pub(super) fn hyphenated(tokens: &Tokens<'_>, index: usize) -> usize {
    let mut last = index;
    for _ in 0..3 {
        let Some(mark) = tokens.get(last + 1) else { break };
        if !mark.is_mark('-') || mark.gap != Gap::None {
            break;
        }
        let mut at = last + 2;
        while is_prefix(tokens.word(at)) && at < last + 6 {
            at += 1;
        }
        let Some(next) =
            tokens.get(at).filter(|next| next.is_capital() && (next.gap == Gap::None || at > last + 2))
        else {
            break;
        };
        if is_stop(&next.fold) || is_medical(&next.fold) || is_disease_word(&next.fold) {
            break;
        }
        last = at;
    }
    last
}
