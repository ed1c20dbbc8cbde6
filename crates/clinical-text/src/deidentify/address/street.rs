//! Streets, Dutch and English, with their numbers.

use super::{place_name, push};
use crate::deidentify::date::has_unit;
use crate::deidentify::lexicon::{is_medical, is_place, is_prefix, is_stop};
use crate::deidentify::token::{Case, Form, Gap, Tokens};
use crate::deidentify::{Finding, Kind};

pub(super) fn dutch(tokens: &Tokens<'_>, index: usize, found: &mut Vec<Finding>) {
    const SURE: &[&str] =
        &["straat", "laan", "plein", "gracht", "singel", "dreef", "plantsoen", "steeg", "kade", "straatweg"];
    const MAYBE: &[&str] = &[
        "weg",
        "dijk",
        "hof",
        "pad",
        "baan",
        "markt",
        "wal",
        "park",
        "erf",
        "akker",
        "veld",
        "dam",
        "haven",
        "ring",
        "allee",
        "boulevard",
        "brink",
        "heuvel",
        "kamp",
        "burg",
        "hoek",
        "oord",
        "horst",
        "bos",
        "weide",
        "donk",
        "stee",
        "str",
        "ln",
        "wijk",
        "poort",
        "brug",
        "zijde",
        "eind",
        "einde",
        "berg",
        "kwartier",
        "gaarde",
        "tuin",
        "waard",
        "meent",
        "loo",
        "es",
    ];
    const NONE: &[&str] = &[
        "milaan",
        "luchtweg",
        "urineweg",
        "galweg",
        "bloedbaan",
        "loopbaan",
        "rijbaan",
        "bijbaan",
        "omweg",
        "onderweg",
        "halverwege",
        "snelweg",
        "vaatweg",
        "ademweg",
        "toegangsweg",
        "spoorweg",
        "landstraat",
        "begeleidingshof",
    ];
    let Some(token) = tokens.get(index) else { return };
    if token.case().is_none() || NONE.contains(&token.fold.as_str()) {
        return;
    }
    let fold = token.fold.as_str();
    let sure = SURE.iter().any(|end| fold.ends_with(end));
    let maybe = !sure && MAYBE.iter().any(|end| fold.ends_with(end));
    // `Laan van Meerdervoort 12`, `Plein 1940 2`: the kind of street comes first.
    let heads = (SURE.contains(&fold) || matches!(fold, "weg" | "hof" | "pad")) && token.is_capital();
    let mut last = index;
    if heads
        && let Some(name) = place_name(tokens, index + 1, 4)
        && is_prefix(tokens.word(index + 1))
    {
        last = name;
    }
    // `str.`
    let number = if tokens.is_mark(last + 1, '.') && matches!(fold, "str" | "ln")
        || fold.ends_with("str") && tokens.is_mark(last + 1, '.')
    {
        last + 2
    } else {
        last + 1
    };
    let numbered = tokens.get(number).is_some_and(|next| {
        next.form == Form::Number && next.text.len() <= 5 && next.is_near() && next.gap != Gap::None
            || next.form == Form::Number && fold.ends_with("str")
    }) && !has_unit(tokens.text, tokens.get(number).map_or(0, |next| next.end));
    let capital = token.is_capital();
    // The words of a street before its last one begin with a capital: `Prins Hendrikkade`, `Korte Vest`.
    let mut first = index;
    let mut at = index;
    while let Some(before) = at.checked_sub(1).and_then(|at| tokens.get(at)) {
        let near = tokens.is_near(at);
        let counts = before.is_capital() && !is_stop(&before.fold) && before.case().is_some();
        let joins =
            is_prefix(&before.fold) || before.is_mark('.') || before.is_mark('-') || before.is_mark('\'');
        if !near || index - at >= 6 || !(counts || joins) {
            break;
        }
        at -= 1;
        if counts || (before.is_capital() && is_prefix(&before.fold)) {
            first = at;
        }
    }
    let led = first < index;
    if numbered && (sure || ((capital || led) && maybe)) {
        let end = house_number(tokens, number);
        push(tokens, first, end, Kind::Address, found);
    } else if capital
        && sure
        && fold.chars().count() > 7
        && !is_stop(fold)
        && !is_medical(fold)
        && !is_place(fold)
    {
        push(tokens, first, last, Kind::Address, found);
    }
}

/// The last token of a house number: `12`, `12 a`, `12-2`, `12 bis`, `12 III`.
fn house_number(tokens: &Tokens<'_>, number: usize) -> usize {
    let Some(next) = tokens.get(number + 1) else { return number };
    let suffix = matches!(
        next.fold.as_str(),
        "bis" | "hs" | "huis" | "ii" | "iii" | "iv" | "boven" | "rd" | "zw" | "rood"
    );
    let letter = next.text.len() == 1 && next.case().is_some();
    if next.is_near() && (suffix || (letter && (next.gap == Gap::None || !tokens.is_mark(number + 2, '.')))) {
        return number + 1;
    }
    let part = tokens.get(number + 2);
    if matches!(next.form, Form::Mark('-' | '/'))
        && next.gap == Gap::None
        && part.is_some_and(|part| {
            part.gap == Gap::None
                && (part.form == Form::Number || part.text.len() <= 3)
                && part.text.len() <= 4
        })
    {
        return number + 2;
    }
    number
}

/// `123 Main Street, Apt 4`, `12 high street`.
pub(super) fn english(tokens: &Tokens<'_>, index: usize, found: &mut Vec<Finding>) {
    const KINDS: &[&str] = &[
        "street",
        "st",
        "avenue",
        "ave",
        "road",
        "rd",
        "lane",
        "ln",
        "drive",
        "dr",
        "boulevard",
        "blvd",
        "court",
        "ct",
        "way",
        "place",
        "pl",
        "square",
        "sq",
        "terrace",
        "parkway",
        "pkwy",
        "highway",
        "hwy",
        "circle",
        "crescent",
        "close",
        "gardens",
        "trail",
        "row",
    ];
    const LOWER: &[&str] = &["street", "avenue", "road", "boulevard", "lane", "drive", "st", "ave", "rd"];
    let Some(number) = tokens.get(index) else { return };
    if number.form != Form::Number || number.text.len() > 5 {
        return;
    }
    let mut capitals = true;
    for offset in 1..=4 {
        let Some(token) = tokens.get(index + offset).filter(|token| token.is_near()) else { return };
        let fold = token.fold.as_str();
        if offset > 1 && KINDS.contains(&fold) && (capitals || (offset <= 3 && LOWER.contains(&fold))) {
            let mut last = index + offset;
            last += usize::from(tokens.is_mark(last + 1, '.'));
            let comma = usize::from(tokens.is_mark(last + 1, ','));
            let unit = last + 1 + comma;
            if matches!(tokens.word(unit), "apt" | "apartment" | "suite" | "unit" | "ste" | "floor")
                || tokens.is_mark(unit, '#')
            {
                let mut value = unit + 1;
                value += usize::from(tokens.is_mark(value, '.') || tokens.is_mark(value, '#'));
                if tokens.get(value).is_some_and(|token| {
                    token.is_near() && (token.form == Form::Number || token.text.len() == 1)
                }) {
                    last = value
                        + usize::from(
                            tokens
                                .get(value + 1)
                                .is_some_and(|next| next.gap == Gap::None && next.case().is_some()),
                        );
                }
            }
            push(tokens, index, last, Kind::Address, found);
            return;
        }
        match token.form {
            Form::Word(Case::Lower) if !is_stop(fold) && !is_medical(fold) && fold.len() > 2 => {
                capitals = false
            }
            Form::Word(Case::Capital | Case::Upper | Case::Letter) => {}
            Form::Number | Form::Mark('.' | '\'' | '’') if offset > 1 => {}
            _ => return,
        }
    }
}
