//! Hospitals, practices, homes, pharmacies, schools.

use super::lexicon::{is_disease_word, is_medical, is_prefix, is_stop, is_title};
use super::token::{Case, Form, Gap, Token, Tokens};
use super::{Finding, Kind};

/// Finds the names of institutions.
pub(super) fn find(tokens: &Tokens<'_>, found: &mut Vec<Finding>) {
    for index in 0..tokens.list.len() {
        if let Some((first, last)) = at(tokens, index) {
            let range = tokens.bytes(first, last);
            found.push(Finding { start: range.start, end: range.end, kind: Kind::Institution });
        }
    }
}

fn at(tokens: &Tokens<'_>, index: usize) -> Option<(usize, usize)> {
    let token = tokens.get(index)?;
    let fold = token.fold.as_str();
    if is_known(token) {
        // `UMC Utrecht`, `Radboudumc Nijmegen`
        let last = behind(tokens, index + 1, 2).unwrap_or(index);
        return Some((before(tokens, index, 2).unwrap_or(index), last));
    }
    if compound(fold) && token.is_capital() {
        return Some((
            before(tokens, index, 2).unwrap_or(index),
            behind(tokens, index + 1, 2).unwrap_or(index),
        ));
    }
    let two = |next: &str| tokens.word(index + 1) == next && tokens.is_near(index + 1);
    let (dutch, length) = match fold {
        "ziekenhuis"
        | "ziekenhuizen"
        | "gasthuis"
        | "verpleeghuis"
        | "verpleegtehuis"
        | "verzorgingshuis"
        | "verzorgingstehuis"
        | "zorgcentrum"
        | "woonzorgcentrum"
        | "zorginstelling"
        | "huisartsenpraktijk"
        | "huisartspraktijk"
        | "tandartspraktijk"
        | "fysiotherapiepraktijk"
        | "praktijk"
        | "apotheek"
        | "kliniek"
        | "hospice"
        | "revalidatiecentrum"
        | "gezondheidscentrum"
        | "thuiszorg"
        | "thuiszorgorganisatie"
        | "ggz"
        | "zorggroep"
        | "stichting"
        | "woonvoorziening"
        | "basisschool"
        | "school"
        | "kinderdagverblijf"
        | "instelling"
        | "zelfstandig"
        | "behandelcentrum"
        | "diagnostisch"
        | "huisartsenpost"
        | "hap"
        | "woonzorg"
        | "verloskundigenpraktijk"
        | "laboratorium"
        | "dialysecentrum"
        | "verpleegafdeling"
        | "ggd"
        | "umc"
        | "mc"
        | "middelbare" => (true, 1),
        "medisch" | "medical" if two("centrum") || two("center") || two("centre") => (fold == "medisch", 2),
        "nursing" if two("home") || two("facility") => (false, 2),
        "health" if two("center") || two("centre") || two("system") || two("clinic") || two("care") => {
            (false, 2)
        }
        "care" if two("center") || two("centre") || two("home") || two("facility") => (false, 2),
        "rehab" | "rehabilitation"
            if two("center") || two("centre") || two("hospital") || two("facility") || two("institute") =>
        {
            (false, 2)
        }
        "assisted" if two("living") => (false, 2),
        "high" | "elementary" | "middle" if two("school") => (false, 2),
        "hospital" | "hospitals" | "clinic" | "general" | "memorial" | "infirmary" | "healthcare"
        | "institute" | "pharmacy" | "university" | "manor" | "rehab" | "rehabilitation" | "sanatorium"
        | "health" | "regional" | "college" => (false, 1),
        _ => return None,
    };
    let end = index + length - 1;
    let behind_name = if dutch { behind(tokens, end + 1, 4) } else { of(tokens, end + 1) };
    let before_name = before(tokens, index, 4);
    let capital = token.is_capital();
    if !dutch
        && matches!(
            fold,
            "general"
                | "memorial"
                | "health"
                | "institute"
                | "regional"
                | "university"
                | "college"
                | "rehab"
                | "rehabilitation"
                | "manor"
        )
        && !capital
    {
        return None;
    }
    // Heads that are other words too, and need a name with a capital right beside them.
    if matches!(
        fold,
        "zelfstandig" | "diagnostisch" | "middelbare" | "verpleegafdeling" | "instelling" | "laboratorium"
    ) {
        return None;
    }
    match (before_name, behind_name) {
        (None, None) => None,
        (Some(first), last) => Some((first, last.unwrap_or(end))),
        // The kind of house tells nobody where.
        (None, Some(last)) => Some((if capital { index } else { end + 1 }, last)),
    }
}

/// The first of the words with a capital that stand before the head.
fn before(tokens: &Tokens<'_>, index: usize, most: usize) -> Option<usize> {
    let mut first = None;
    let mut at = index;
    let mut words = 0;
    while tokens.is_near(at) && words < most {
        let Some(token) = at.checked_sub(1).and_then(|at| tokens.get(at)) else { break };
        if counts(token) {
            words += 1;
            at -= 1;
            first = Some(at);
        } else if token.is_capital() && is_prefix(&token.fold) {
            at -= 1;
            if first.is_some() {
                first = Some(at);
            }
        } else if matches!(token.form, Form::Mark('.' | '\'' | '’' | '-')) && token.gap == Gap::None
            || matches!(token.fold.as_str(), "s" | "van" | "de" | "der" | "of")
        {
            at -= 1;
        } else {
            break;
        }
    }
    first
}

/// The last of the words with a capital that stand behind the head, articles and prefixes between them.
fn behind(tokens: &Tokens<'_>, index: usize, most: usize) -> Option<usize> {
    let mut last = None;
    let mut at = index;
    let mut words = 0;
    while let Some(token) = tokens.get(at).filter(|token| token.is_near() && words < most && at < index + 8) {
        let quote = matches!(token.form, Form::Mark('\'' | '’' | '"' | '“' | '‘' | '-'));
        let joins = matches!(
            token.fold.as_str(),
            "de" | "het"
                | "t"
                | "van"
                | "der"
                | "den"
                | "sint"
                | "st"
                | "s"
                | "te"
                | "in"
                | "aan"
                | "op"
                | "dr"
                | "en"
        ) || (token.is_mark('.') && matches!(tokens.word(at.saturating_sub(1)), "st" | "dr"));
        if counts(token) && !joins {
            words += 1;
            last = Some(at);
        } else if !(quote || joins)
            || (last.is_some()
                && matches!(token.fold.as_str(), "in" | "te" | "en" | "op" | "aan")
                && !next_counts(tokens, at))
        {
            break;
        }
        at += 1;
    }
    last
}

fn next_counts(tokens: &Tokens<'_>, at: usize) -> bool {
    tokens
        .get(at + 1)
        .is_some_and(|token| token.is_near() && counts(token) && token.case() == Some(Case::Capital))
}

/// ` of Utrecht`
fn of(tokens: &Tokens<'_>, index: usize) -> Option<usize> {
    (tokens.word(index) == "of" && tokens.is_near(index)).then(|| behind(tokens, index + 1, 3)).flatten()
}

fn counts(token: &Token<'_>) -> bool {
    let fold = token.fold.as_str();
    let short = token.case() == Some(Case::Upper) && token.text.len() < 3 && fold != "st";
    token.is_capital()
        && !short
        && (!is_stop(fold) || matches!(fold, "st" | "general" | "university" | "national" | "medical"))
        && (!is_medical(fold) || matches!(fold, "medical" | "memorial" | "regional" | "general" | "teaching"))
        && !is_title(fold)
        && !is_disease_word(fold)
}

/// A hospital that is known by one word.
fn is_known(token: &Token<'_>) -> bool {
    const CAPITALS: &[&str] = &[
        "umcg", "umcu", "lumc", "amc", "vumc", "olvg", "mumc", "azm", "etz", "hmc", "cwz", "mch", "asz",
        "zgt", "mst", "ckz", "avl", "nki", "umcn", "nwz", "bovenij", "mclw", "gelre", "wza", "mmc",
    ];
    const NAMES: &[&str] = &[
        "radboudumc",
        "erasmusmc",
        "isala",
        "rijnstate",
        "zuyderland",
        "bernhoven",
        "amphia",
        "bravis",
        "adrz",
        "elkerliek",
        "laurentius",
        "viecuri",
        "deventerziekenhuis",
        "gelre",
        "meander",
        "tergooi",
        "diakonessenhuis",
        "spaarne",
        "noordwest",
        "dijklander",
        "flevoziekenhuis",
        "treant",
        "ommelander",
        "nijsmellinghe",
        "tjongerschans",
        "antonius",
        "haga",
        "hagaziekenhuis",
        "reinier",
        "langeland",
        "ijsselland",
        "ikazia",
        "maasstad",
        "franciscus",
        "zorgsaam",
        "slingeland",
        "streekziekenhuis",
        "saxenburgh",
        "rivierenland",
        "beatrixziekenhuis",
        "catharinaziekenhuis",
        "maxima",
        "trombosedienst",
        "bronovo",
        "westeinde",
        "altrecht",
        "parnassia",
        "arkin",
        "lentis",
        "dimence",
        "mediant",
        "pluryn",
        "sensoor",
        "buurtzorg",
        "cordaan",
        "laurens",
        "careyn",
        "espria",
        "icare",
        "zorggroep",
        "amaris",
        "vivantes",
        "brabantzorg",
        "mayo",
        "kaiser",
        "bellevue",
        "cedars",
    ];
    let fold = token.fold.as_str();
    let upper = token.text.chars().filter(|char| char.is_uppercase()).count();
    (CAPITALS.contains(&fold) && upper >= 2)
        || (NAMES.contains(&fold)
            && token.is_capital()
            && !matches!(
                fold,
                "antonius"
                    | "laurens"
                    | "franciscus"
                    | "reinier"
                    | "maxima"
                    | "streekziekenhuis"
                    | "zorggroep"
                    | "trombosedienst"
                    | "kaiser"
                    | "meander"
                    | "haga"
            ))
}

/// `Lindeziekenhuis`, `Molenapotheek`: a name and a kind of house in one word.
fn compound(fold: &str) -> bool {
    const ENDS: &[&str] = &[
        "ziekenhuis",
        "gasthuis",
        "apotheek",
        "kliniek",
        "umc",
        "hospitaal",
        "praktijk",
        "zorgcentrum",
        "verpleeghuis",
        "hospice",
    ];
    const GENERIC: &[&str] = &[
        "poli",
        "huisartsen",
        "huisarts",
        "kinder",
        "streek",
        "ziekenhuis",
        "poliklinische",
        "tandarts",
        "fysiotherapie",
        "oog",
        "priva",
        "prive",
        "dag",
        "psychologen",
        "verwijzend",
        "dienst",
        "academisch",
        "centrum",
        "verloskundigen",
        "verloskundige",
        "groeps",
        "politieke",
        "poliapotheek",
        "buiten",
        "stads",
        "slaap",
        "pijn",
        "revalidatie",
        "nacht",
        "avond",
        "dieren",
        "moeder",
        "opleidings",
        "universitair",
        "de",
        "groep",
    ];
    ENDS.iter().any(|end| {
        fold.strip_suffix(end).is_some_and(|name| {
            name.len() > 2 && !GENERIC.contains(&name.trim_end_matches('s')) && !GENERIC.contains(&name)
        })
    })
}
