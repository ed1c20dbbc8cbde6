//! Dates and ages.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::token::{after, before, is_apart};
use super::{Finding, Kind};

const MONTH: &str = "januari|january|jan|februari|february|feb|maart|march|mrt|mar|april|apr|mei|may|juni|june|jun|\
    juli|july|jul|augustus|august|aug|september|sept|sep|oktober|october|okt|oct|november|nov|december|dec";
const WEEKDAY: &str = "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|monday|tuesday|wednesday|thursday|\
    friday|saturday|sunday|ma|di|wo|do|vr|za|zo|mon|tue|wed|thu|fri|sat|sun";

type Check = fn(&str, &Captures<'_>) -> Option<Range<usize>>;

/// A pattern, what it finds, and what must hold of it: gives back the bytes to mask.
struct Rule {
    pattern: Regex,
    kind: Kind,
    check: Check,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let date: [(&str, Check); 13] = [
        // 2021-03-12, 2021/3/12T14:30
        (
            r"((?:19|20)[0-9]{2}) ?[-/.] ?([0-9]{1,2}) ?[-/.] ?([0-9]{1,2})(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?",
            |text, found| (is_month_day(found, 2, 3) && stands_alone(text, found)).then(|| all(found)),
        ),
        // 20210312, 202103121430
        (
            r"(?:19|20)[0-9]{2}([01][0-9])([0-3][0-9])(?:[0-2][0-9][0-5][0-9](?:[0-5][0-9])?)?",
            |text, found| (is_month_day(found, 1, 2) && apart(text, found)).then(|| all(found)),
        ),
        // 12032021
        (r"([0-3][0-9])([01][0-9])(?:19|20)[0-9]{2}", |text, found| {
            (is_month_day(found, 2, 1) && apart(text, found)).then(|| all(found))
        }),
        // 12-03-2021, 7/16/13, 12.3.'21
        (r"([0-9]{1,2}) ?[-/.] ?([0-9]{1,2}) ?[-/.] ?([0-9]{4}|['’]?[0-9]{2})", numeric),
        // maandag 3 mei, 12 mrt '21, 3-5 maart 2021, 3rd of March
        (
            r"(?:(?:WEEKDAY)\.?,? )?(?:[0-9]{1,2}(?:e|ste|de|st|nd|rd|th)?(?: ?[-–/] ?| (?:t/m|tot|en|of|and|to|or) ))?([0-9]{1,2}) ?(?:e|ste|de|st|nd|rd|th)?[ .\-/]{0,2}(?:of )?(?:MONTH)(?-u:\b)\.?(?:[ ,.\-/]{0,3}(?:(?:19|20)[0-9]{2}|['’][0-9]{2})|[-/. ][0-9]{2})?",
            |text, found| {
                let range = without_quantity(text, all(found));
                ((1..=31).contains(&number(found, 1)) && is_apart(text, range.start, range.end))
                    .then_some(range)
            },
        ),
        // March 3rd, 2021; mrt 12
        (
            r"(MONTH)\.? ([0-9]{1,2})(?:st|nd|rd|th|e)?(?-u:\b)(?:,? ?(?:19|20)[0-9]{2}|,? ?['’][0-9]{2})?",
            |text, found| {
                let plain = (1..=31).contains(&number(found, 2)) && stands_alone(text, found);
                let word = matches!(group(found, 1), "may" | "mar" | "jan" | "dec" | "sep");
                (plain && !word && !has_unit(text, all(found).end)).then(|| all(found))
            },
        ),
        // mei 2021, sept. '21
        (r"(?:MONTH)\.?,? ?(?:(?:19|20)[0-9]{2}|['’][0-9]{2})", |text, found| {
            apart(text, found).then(|| all(found))
        }),
        // begin mei, in september
        (
            r"januari|january|februari|february|maart|april|mei|juni|june|juli|july|augustus|august|september|oktober|october|november|december",
            |text, found| (apart(text, found) && group(found, 0) != "august").then(|| all(found)),
        ),
        (
            r"(?:in|since|of|last|early|late|mid|until|by|this|next|from|through|during) (march|may)",
            |text, found| (apart(text, found) && group(found, 1).starts_with('M')).then(|| range(found, 1)),
        ),
        // 03-2021
        (r"(?:0?[1-9]|1[0-2]) ?[-/] ?(?:19|20)[0-9]{2}", |text, found| {
            (stands_alone(text, found) && !has_unit(text, all(found).end)).then(|| all(found))
        }),
        // 2021-03
        (r"(?:19|20)[0-9]{2}[-/](?:0[1-9]|1[0-2])", |text, found| {
            stands_alone(text, found).then(|| all(found))
        }),
        // d.d. 3/5, geb. 12-3, on 7/16
        (
            r"(d\.?d\.?|datum|date|dob|geb|geboren|geboortedatum|born|seen|since|sinds|on|op|vanaf|WEEKDAY)[ :.]{1,3}([0-9]{1,2})([-/])([0-9]{1,2})",
            day_and_month,
        ),
        // geb. 1931
        (
            r"(?:geboren|geb|born|dob|bj|bouwjaar|geboortejaar|birth year)[ :.]{1,3}(?:in )?((?:18|19|20)[0-9]{2})",
            |text, found| apart(text, found).then(|| range(found, 1)),
        ),
    ];
    let age: [(&str, Check); 6] = [
        // 92-jarige, 92 jaar, 92 yo
        (
            r"(9[0-9]|1[0-3][0-9]) ?-? ?(?:jarige[nr]?|jarig|jaar|jr|years?|yrs?|y ?/ ?o|yo|y\.o|♀|♂)",
            |text, found| {
                let tail = after(text, all(found).end).is_some_and(char::is_alphanumeric);
                (!tail && free_before(text, all(found).start)).then(|| range(found, 1))
            },
        ),
        // 92M
        (r"(9[0-9]|1[0-3][0-9])([mfv])", |text, found| {
            (apart(text, found) && group(found, 2).starts_with(char::is_uppercase)).then(|| range(found, 1))
        }),
        (r"(?:leeftijd|age|aged|age of|oud|turned)[ :]{1,3}(9[0-9]|1[0-3][0-9])", |text, found| {
            (apart(text, found) && !has_unit(text, all(found).end)).then(|| range(found, 1))
        }),
        // tweeënnegentigjarige, ninety-two-year-old
        (r"(?:een|één|twee|drie|vier|vijf|zes|zeven|acht|negen)?(?:en|ën)?negentig", |text, found| {
            let tail = text.get(all(found).end..).unwrap_or_default();
            let age = ["jarig", "-jarig", " jarig", " jaar", "er "].iter().any(|word| tail.starts_with(word));
            (age && !before(text, all(found).start).is_some_and(char::is_alphanumeric)).then(|| all(found))
        }),
        (
            r"((?:ninety|one hundred)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?)[- ]years?[- ]old",
            |text, found| apart(text, found).then(|| range(found, 1)),
        ),
        (r"nonagenarian|centenarian|honderdjarige|honderdplusser|negentigplusser", |text, found| {
            apart(text, found).then(|| all(found))
        }),
    ];
    let rule = |kind: Kind| {
        move |(pattern, check): (&str, Check)| {
            let pattern = pattern.replace("MONTH", MONTH).replace("WEEKDAY", WEEKDAY);
            let pattern = Regex::new(&format!("(?i){pattern}")).ok()?;
            Some(Rule { pattern, kind, check })
        }
    };
    date.into_iter().filter_map(rule(Kind::Date)).chain(age.into_iter().filter_map(rule(Kind::Age))).collect()
});

/// Finds dates and ages.
pub(super) fn find(text: &str, found: &mut Vec<Finding>) {
    for rule in RULES.iter() {
        for captures in rule.pattern.captures_iter(text) {
            if let Some(range) = (rule.check)(text, &captures) {
                found.push(Finding { start: range.start, end: range.end, kind: rule.kind });
            }
        }
    }
}

fn numeric(text: &str, found: &Captures<'_>) -> Option<Range<usize>> {
    let (range, year) = (all(found), group(found, 3));
    let four = year.len() == 4;
    let spaced = group(found, 0).contains(' ');
    let day = is_month_day(found, 2, 1) || is_month_day(found, 1, 2);
    // Three numbers may be three doses.
    let short = !four && (spaced || has_unit(text, range.end));
    let century = !four || year.starts_with("18") || year.starts_with("19") || year.starts_with("20");
    (day && !short && century && stands_alone(text, found)).then_some(range)
}

/// `3 mei 20 mg`: the quantity is none of the date.
fn without_quantity(text: &str, range: Range<usize>) -> Range<usize> {
    // The full stop behind an abbreviated month may end the sentence.
    let words = text.get(range.clone()).unwrap_or_default().trim_end_matches(['.', ' ']);
    let range = range.start..range.start + words.len();
    let Some((head, tail)) = words.rsplit_once(' ') else { return range };
    let next = text.get(range.end..).unwrap_or_default();
    let goes_on = next.starts_with(char::is_alphanumeric)
        || (next.starts_with([':', ',', '/', '.', '-'])
            && next.chars().nth(1).is_some_and(|digit| digit.is_ascii_digit()));
    let is_number = tail.len() == 2 && tail.bytes().all(|byte| byte.is_ascii_digit());
    let clock = [" uur", " u ", "u ", " h"].iter().any(|unit| next.starts_with(unit));
    if is_number && head.contains(char::is_alphabetic) && (goes_on || clock || has_unit(text, range.end)) {
        return range.start..range.start + head.trim_end_matches([' ', ',', '.', '-', '/']).len();
    }
    range
}

fn day_and_month(text: &str, found: &Captures<'_>) -> Option<Range<usize>> {
    let whole = all(found);
    let (first, last) = (range(found, 2), range(found, 4));
    let next = text.get(last.end..).unwrap_or_default();
    let goes_on = next.starts_with(['-', '/', '%'])
        || (next.starts_with(['.', ',']) && next.chars().nth(1).is_some_and(|digit| digit.is_ascii_digit()));
    let day = is_month_day(found, 2, 4) || is_month_day(found, 4, 2);
    if !day || goes_on || !is_apart(text, whole.start, last.end) || has_unit(text, last.end) {
        return None;
    }
    let cue = group(found, 1).to_lowercase();
    // `2 dd 1/2` is a dose, `kracht op 3/5` a strength, `op 3-4 plaatsen` a range.
    let head = text.get(..whole.start).unwrap_or_default().trim_end();
    if matches!(cue.as_str(), "dd" | "d.d." | "d.d")
        && head.ends_with(|last: char| last.is_ascii_digit() || last == 'x')
    {
        return None;
    }
    if !cue.starts_with("geb")
        && !matches!(cue.as_str(), "d.d." | "d.d" | "dd" | "datum" | "date" | "dob" | "born")
    {
        let slash = group(found, 3) == "/";
        let fraction = slash && matches!(number(found, 4), 5 | 10);
        let zero = group(found, 2).starts_with('0') || group(found, 4).starts_with('0');
        if fraction || (!slash && !zero && number(found, 2) < number(found, 4)) {
            return None;
        }
    }
    Some(first.start..last.end)
}

fn all(found: &Captures<'_>) -> Range<usize> {
    range(found, 0)
}

fn range(found: &Captures<'_>, group: usize) -> Range<usize> {
    found.get(group).map_or(0..0, |part| part.range())
}

fn group<'t>(found: &Captures<'t>, group: usize) -> &'t str {
    found.get(group).map_or("", |part| part.as_str())
}

fn number(found: &Captures<'_>, nth: usize) -> u32 {
    group(found, nth).parse().unwrap_or(0)
}

fn is_month_day(found: &Captures<'_>, month: usize, day: usize) -> bool {
    (1..=12).contains(&number(found, month)) && (1..=31).contains(&number(found, day))
}

fn apart(text: &str, found: &Captures<'_>) -> bool {
    is_apart(text, all(found).start, all(found).end)
}

/// No letter, digit, or number that goes on behind a separator stands at either side.
fn stands_alone(text: &str, found: &Captures<'_>) -> bool {
    let Range { start, end } = all(found);
    if !is_apart(text, start, end) {
        return false;
    }
    let goes_on = |mark: Option<char>, digit: Option<char>| {
        matches!(mark, Some('.' | '-' | '/' | ',' | ':')) && digit.is_some_and(|digit| digit.is_ascii_digit())
    };
    let mut head = text.get(..start).unwrap_or_default().chars().rev();
    let mut tail = text.get(end..).unwrap_or_default().chars();
    !goes_on(head.next(), head.next()) && !goes_on(tail.next(), tail.next())
}

/// Before an age: no number that goes on (`1-92 jaar` is none).
fn free_before(text: &str, at: usize) -> bool {
    let mut head = text.get(..at).unwrap_or_default().chars().rev();
    match (head.next(), head.next()) {
        (Some(char), _) if char.is_alphanumeric() => false,
        (Some('.' | ','), Some(digit)) => !digit.is_ascii_digit(),
        _ => true,
    }
}

/// Whether a unit stands behind: the number is a quantity.
pub(super) fn has_unit(text: &str, at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default().trim_start_matches([' ', '\u{a0}']);
    if rest.starts_with(['%', '°']) {
        return true;
    }
    let end = rest.find(|char: char| !(char.is_alphabetic() || char == 'µ')).unwrap_or(rest.len());
    let unit = rest.get(..end).unwrap_or_default().to_lowercase();
    UNITS.split(' ').any(|known| known == unit)
}

const UNITS: &str = "mg mcg µg ug g gr gram ml cl dl l liter mmol mol umol µmol nmol pmol meq ie iu eh e mm cm cc kg \
    mmhg bpm x dd keer maal times tablet tabletten tabl tab tabs tablets capsule capsules caps puff puffs druppels \
    drops stuks pieces jaar jaren jr maanden mnd maand weken week wk dagen dag uur uren minuten min sec seconden years \
    year months month weeks days day hours hour hrs minutes graden degrees celsius plaatsen pillows kussens lbs lb \
    pond kcal joule kpa cmh ppm spf gold stadium punten points";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(RULES.len(), 19);
    }
}
