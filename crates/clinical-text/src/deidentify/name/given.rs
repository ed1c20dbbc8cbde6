//! Names that begin with a given name: `Jan Jansen`, `Anna`.

use super::part::{Cue, beside_disease, name};
use crate::deidentify::lexicon::{
    is_eponym, is_given, is_name, is_name_word, is_prefix, is_stop, is_surname,
};
use crate::deidentify::token::{Case, Gap, Tokens};

/// `Jan Jansen`, `Maria van den Berg`, `Anna`.
pub(super) fn given(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
    let token = tokens.get(index)?;
    let fold = token.fold.as_str();
    if !token.is_capital() || is_stop(fold) {
        return None;
    }
    let sure = is_given(fold);
    if !(sure || is_name_word(fold) && token.case() == Some(Case::Capital)) {
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
    (known && (!token.opens || is_given_word(fold)))
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
