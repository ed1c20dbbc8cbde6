//! Numbers and addresses of machines: BSN, numbers behind a label, telephone, bank, e-mail, web.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::date::has_unit;
use super::token::{after, before, is_apart};
use super::{Finding, Kind};

struct Rule {
    pattern: Regex,
    kind: Kind,
    /// Whether letters may touch it.
    apart: bool,
}

/// Group 1, where there is one, is what is masked.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rule = |(kind, apart, pattern): (Kind, bool, &str)| {
        Some(Rule { pattern: Regex::new(&format!("(?i){pattern}")).ok()?, kind, apart })
    };
    [
        (Kind::Email, false, r#"[^\s<>"@,;:()\[\]\x01]+ ?(?:@|\(at\)|\[at\]) ?[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+"#),
        (Kind::Url, true, r#"(?:https?|s?ftp)://[^\s<>"\x01]+"#),
        (Kind::Url, true, r#"www\.[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[^\s<>"\x01]*)?"#),
        (Kind::Url, true, r#"[a-z0-9-]{2,63}(?:\.[a-z0-9-]{1,63}){0,4}\.(?:nl|com|org|net|eu|be|de|co\.uk|info|example)(?:/[^\s<>"\x01]*)?"#),
        (Kind::Ip, true, r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"),
        (Kind::Ip, true, r"(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){1,4}|(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5})"),
        (Kind::Iban, true, r"[a-z]{2}[0-9]{2} ?(?:[a-z]{4} ?)(?:[0-9]{2,4} ?){2,5}[0-9]{1,4}"),
        (Kind::Iban, true, r"(?:iban|rekeningnummer|rekening|bank account)(?: ?nr\.?| number)?[ :]{1,3}([a-z]{2}[0-9]{2}[a-z0-9 ]{10,40}[0-9])"),
        // SSN
        (Kind::Number, true, r"[0-9]{3}-[0-9]{2}-[0-9]{4}"),
        // Licence plates: three groups, letters and digits.
        (Kind::Number, true, r"(?-i:[A-Z]{2}-[0-9]{2}-[A-Z]{2}|[0-9]{2}-[A-Z]{2}-[A-Z]{2}|[A-Z]{2}-[A-Z]{2}-[0-9]{2}|[0-9]{2}-[A-Z]{3}-[0-9]|[0-9]-[A-Z]{3}-[0-9]{2}|[A-Z]{2}-[0-9]{3}-[A-Z]|[A-Z]-[0-9]{3}-[A-Z]{2}|[0-9]{2}-[A-Z]{2}-[0-9]{2})"),
        (Kind::Number, true, r"(?:kenteken|licen[cs]e plate|plate)[ :]{1,3}([a-z0-9]{1,3}[- ]?[a-z0-9]{1,3}[- ]?[a-z0-9]{1,3})"),
    ]
    .into_iter()
    .filter_map(rule)
    .collect()
});

/// A label, words between, and the number that it announces.
static LABELLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        ( bsn | burgerservice(?:nummer|nr) | sofi(?:-?nummer|nr)? | ssn | social\ security
        | pati[eë]nt(?:en)?-?\ ?(?:nummer|nr|id|identificatie|code|number|no|num|\#) | (?:pat|pt)\.?-?\ ?(?:nr|nummer) | pid | pnr
        | mrn | medical\ record | record | hospital\ (?:number|no) | ziekenhuis(?:nummer|nr) | zis(?:-?(?:nummer|nr))? | dossier(?:nummer|nr)? | chart
        | opname(?:nummer|nr) | visit | encounter | admission\ (?:number|no) | account | acct | member | subscriber
        | polis(?:nummer|nr)? | policy | verzekerd(?:e|en)(?:nummer|nr) | verzekering(?:s)?(?:nummer|nr)? | relatie(?:nummer|nr) | klant(?:nummer|nr) | cli[eë]nt(?:nummer|nr)
        | uzovi | agb | uzi | big | npi | dea | ura | kvk
        | paspoort(?:nummer|nr)? | passport | rijbewijs(?:nummer|nr)? | driver'?s?\ licen[cs]e | id-?kaart | identiteitskaart | document(?:nummer|nr) | v-?nummer | vreemdelingennummer
        | studie(?:nummer|nr) | order(?:nummer|nr) | accession | specimen | serie(?:nummer|nr) | serial | lot(?:nummer|nr)? | device | declaratie(?:nummer|nr) | factuur(?:nummer|nr)
        | hl7 | episode | zaak(?:nummer|nr) | case
        | id )
        [\ .:\#=-]{0,4}
        (?: (?:nummer|nr|number|no|num|code|id|identifier|card|kaart|\#|registratie|registration|is|was)[\ .:\#=-]{1,4} ){0,3}
        ( [a-z]{0,5}[-.\ ]?[0-9] (?:[\ ./-]?[0-9a-z]){2,24} )",
    )
    .ok()
});

static PHONE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // +31 6 12345678, 0031-20-1234567, +44 20 7946 0000
        r"\+[1-9][0-9]{0,2}(?:[ \-.]{0,2}\(?[0-9]{1,4}\)?){2,8}",
        r"00[1-9][0-9](?:[ \-.]?[0-9]){8,11}",
        // 06-12 34 56 78, 06.12345678
        r"\(?06\)?(?:[ \-./]{0,3}[0-9]){8}",
        // 020-1234567, (0172) 12 34 56, 0900-0001
        r"\(?0[1-9][0-9]{1,2}\)?[ \-./]{1,3}[0-9](?:[ .\-]?[0-9]){5,6}",
        r"0[89]00[ \-]?[0-9](?:[ \-]?[0-9]){3,6}",
        r"0[1-9][0-9]{8}",
        // (555)555-0123, 555-555-0123, 555.555.0123
        r"(?:1[ \-.])?(?:\([0-9]{3}\) ?|[0-9]{3}[ \-.])[0-9]{3}[ \-.][0-9]{4}(?: ?(?:x|ext\.?) ?[0-9]{1,5})?",
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

static LABELLED_PHONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:telefoon|telefoonnummer|telnr|telefoonnr|tel|tst|toestel|mobiel|mob|gsm|fax|sein|pieper|pager|beeper|phone|telephone|cell|mobile|call|bel|bereikbaar|ext|extension)(?: ?(?:nummer|nr|number|no|op|at))?[ .:#]{1,3}(\+?\(?[0-9](?:[ \-./()]{0,2}[0-9]){2,14})",
    )
    .ok()
});

static NINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[0-9](?:[0-9]{8}|[0-9]{3}[ .\-][0-9]{2}[ .\-][0-9]{3}|[0-9]{2}[ .\-][0-9]{3}[ .\-][0-9]{3}|(?:[ .\-][0-9]{2}){4}|[0-9][ .\-][0-9]{3}[ .\-][0-9]{4}|[0-9]{3}[ .\-][0-9]{5}|[0-9]{4}[ .\-][0-9]{4}|[0-9]{5}[ .\-][0-9]{3}|(?:[ .\-][0-9]){8})").ok()
});

static LONG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[0-9]{10,40}").ok());

/// Finds numbers of persons, documents and accounts, and addresses of machines.
pub(super) fn find(text: &str, found: &mut Vec<Finding>) {
    let mut push =
        |range: Range<usize>, kind| found.push(Finding { start: range.start, end: range.end, kind });
    for rule in RULES.iter() {
        for captures in rule.pattern.captures_iter(text) {
            let Some(part) = captures.get(1).or_else(|| captures.get(0)) else { continue };
            if !rule.apart || is_apart(text, part.start(), part.end()) {
                let end =
                    part.start() + part.as_str().trim_end_matches(['.', ',', ';', ':', ')', '\'', ' ']).len();
                push(part.start()..end, rule.kind);
            }
        }
    }
    for captures in LABELLED.iter().flat_map(|pattern| pattern.captures_iter(text)) {
        let (Some(label), Some(value)) = (captures.get(1), captures.get(2)) else { continue };
        if before(text, label.start()).is_some_and(char::is_alphanumeric) {
            continue;
        }
        if let Some(range) = labelled(text, label.as_str(), value.range()) {
            let digits = digits(text.get(range.clone()).unwrap_or_default());
            push(range, if passes_eleven_test(&digits) { Kind::Bsn } else { Kind::Number });
        }
    }
    for part in PHONE.iter().flat_map(|pattern| pattern.find_iter(text)) {
        let digits = part.as_str().bytes().filter(u8::is_ascii_digit).count();
        if (8..=15).contains(&digits)
            && is_apart(text, part.start(), part.end())
            && !goes_on(text, part.range())
        {
            push(part.range(), Kind::Phone);
        }
    }
    for captures in LABELLED_PHONE.iter().flat_map(|pattern| pattern.captures_iter(text)) {
        let (Some(whole), Some(part)) = (captures.get(0), captures.get(1)) else { continue };
        let label = text.get(whole.start()..part.start()).unwrap_or_default().to_lowercase();
        let digits = part.as_str().bytes().filter(u8::is_ascii_digit).count();
        let weak =
            ["bel", "call", "mob", "cell", "ext", "bereikbaar"].iter().any(|word| label.starts_with(word));
        if !before(text, whole.start()).is_some_and(char::is_alphanumeric)
            && digits >= if weak { 6 } else { 3 }
            && !has_unit(text, part.end())
        {
            push(part.range(), Kind::Phone);
        }
    }
    for part in NINE.iter().flat_map(|pattern| pattern.find_iter(text)) {
        if is_apart(text, part.start(), part.end())
            && !goes_on(text, part.range())
            && passes_eleven_test(&digits(part.as_str()))
        {
            push(part.range(), Kind::Bsn);
        }
    }
    for part in LONG.iter().flat_map(|pattern| pattern.find_iter(text)) {
        push(part.range(), Kind::Number);
    }
}

/// The part of what stands behind a label that is a number of four characters at least.
fn labelled(text: &str, label: &str, value: Range<usize>) -> Option<Range<usize>> {
    let words = text.get(value.clone())?;
    // Blanks part a number from what follows, unless digits stand at both sides.
    let mut end = 0;
    let mut chars = words.char_indices().peekable();
    let mut last = ' ';
    let mut seen = false;
    while let Some((at, char)) = chars.next() {
        if char == ' ' {
            let next = chars.peek().map_or(' ', |(_, next)| *next);
            let group: String =
                words.get(at + 1..)?.chars().take_while(char::is_ascii_alphanumeric).collect();
            let digits = group.bytes().all(|byte| byte.is_ascii_digit());
            if !next.is_ascii_digit() || (seen && !last.is_ascii_digit()) || !digits {
                if seen {
                    break;
                }
            } else if seen && has_unit(text, value.start + at + 1 + group.len()) {
                break;
            }
        }
        seen |= char.is_ascii_digit();
        last = char;
        end = at + char.len_utf8();
    }
    let number = words.get(..end)?.trim_end_matches([' ', '.', '-', '/']);
    let count = number.bytes().filter(u8::is_ascii_digit).count();
    let least = if matches!(
        label.to_lowercase().as_str(),
        "id" | "case" | "record" | "visit" | "chart" | "device" | "lot"
    ) {
        5
    } else {
        4
    };
    let range = value.start..value.start + number.len();
    let ends = !after(text, range.end).is_some_and(char::is_alphanumeric);
    (count >= least && ends && !has_unit(text, range.end)).then_some(range)
}

/// Whether the digits go on at either side, behind a separator.
fn goes_on(text: &str, range: Range<usize>) -> bool {
    let mut head = text.get(..range.start).unwrap_or_default().chars().rev();
    let mut tail = text.get(range.end..).unwrap_or_default().chars();
    let near = |mark: Option<char>, next: Option<char>| {
        matches!(mark, Some('.' | ',' | '-' | '/')) && next.is_some_and(|digit| digit.is_ascii_digit())
    };
    near(head.next(), head.next()) || near(tail.next(), tail.next())
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|char| char.to_digit(10)).collect()
}

/// The 11-test of the BSN: 9A+8B+7C+6D+5E+4F+3G+2H−I is a multiple of 11.
pub(super) fn passes_eleven_test(digits: &[u32]) -> bool {
    let [head @ .., last] = digits else { return false };
    let sum: u32 = head.iter().zip((2..=9).rev()).map(|(digit, weight)| digit * weight).sum();
    digits.len() == 9 && sum > 0 && (sum + 11 * 9 - last).is_multiple_of(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!((RULES.len(), PHONE.len()), (11, 7));
        assert!(LABELLED.is_some() && LABELLED_PHONE.is_some() && NINE.is_some() && LONG.is_some());
    }

    #[test]
    fn the_eleven_test() {
        let passes = |number: &str| passes_eleven_test(&digits(number));
        assert!(passes("111222333") && passes("123456782") && passes("999911120") && passes("999990019"));
        assert!(!passes("999940003") && !passes("123456789") && !passes("000000000") && !passes("12345678"));
    }
}
