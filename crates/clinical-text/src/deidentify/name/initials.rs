//! Names with initials: `A.B. de Wit`, `Jansen, J.P.`

use super::part::{Cue, initials, name, with_prefixes};
use crate::deidentify::lexicon::{
    is_eponym, is_medical, is_name, is_name_word, is_prefix, is_stop, is_surname,
};
use crate::deidentify::token::{Case, Form, Gap, Token, Tokens};

/// `A.B. de Wit`, `J. Jansen`, `JP van den Berg`.
pub(super) fn initialled(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
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

/// `Jansen, J.P.`, `de Vries A.B.`
pub(super) fn reversed(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
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
