//! The parts of a name: initials, given names, prefixes, surnames; and whether a disease is meant.

use crate::deidentify::lexicon::{
    is_disease_word, is_eponym, is_given, is_medical, is_name, is_name_word, is_prefix, is_role, is_stop,
    is_surname, is_title,
};
use crate::deidentify::token::{Case, Form, Gap, Tokens};

/// How sure the words before make it that a name follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// A title, initials or a given name: what has a capital is the name.
    Strong,
    /// A role: what has a capital is the name, unless it is a word of medicine.
    Weak,
}

/// The token behind `J.P.` or `Th.`; the same place when there are none.
pub(super) fn initials(tokens: &Tokens<'_>, index: usize) -> usize {
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

/// The last token of the name that begins here: initials, given names, prefixes, surname, partner's surname.
/// `careless`: the name may be in lower case, if it is one of the lists.
pub(super) fn name(tokens: &Tokens<'_>, index: usize, cue: Cue, careless: bool) -> Option<usize> {
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
        return (token.is_capital() && (is_name(fold) || !is_medical(fold)) && (careless || !is_stop(fold)))
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
    let titled = careless && words == 0 && token.is_near() && !tokens.is_mark(at + 1, ':');
    if is_stop(fold) && !((prefixed || titled) && cue == Cue::Strong && case == Case::Capital) {
        return false;
    }
    match case {
        Case::Lower if words > 0 && !prefixed => false,
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
pub(super) fn is_stop_code(fold: &str) -> bool {
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
pub(in crate::deidentify) fn beside_disease(tokens: &Tokens<'_>, index: usize) -> bool {
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
    for at in index + 1..index + 5 {
        let Some(next) = tokens.get(at).filter(|next| next.is_near()) else { break };
        let fold = next.fold.as_str();
        if fold.len() > 1 && is_disease_word(fold) && fold != "van" {
            return true;
        }
        if !(matches!(next.form, Form::Mark('-' | '\'' | '’')) || fold == "s" || is_eponym(fold)) {
            break;
        }
    }
    false
}

/// The first of the prefixes before a surname.
pub(in crate::deidentify) fn with_prefixes(tokens: &Tokens<'_>, index: usize) -> usize {
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
pub(in crate::deidentify) fn hyphenated(tokens: &Tokens<'_>, index: usize) -> usize {
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
