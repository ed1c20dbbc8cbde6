//! The repeat patterns of HL7 table 0335 (HL7 v2.5.1 §2.A.64), as FHIR says them.

use fhir::{Decimal, TimingRepeat};

use crate::table::Target;

/// What a repeat pattern says.
#[derive(Default)]
pub(super) struct Pattern {
    pub(super) repeat: TimingRepeat<'static>,
    /// `PRN`: when it is needed.
    pub(super) as_needed: bool,
}

/// Reads a code of table 0335. `None` when it is none, or when it is one that feeds use for something else:
/// `QM` is every minute by the table, and every month to those who write it.
pub(super) fn read(code: &str) -> Option<Pattern> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    if let Some(rest) = code.strip_prefix("PRN") {
        let repeat = if rest.is_empty() { TimingRepeat::default() } else { repeat(rest)? };
        return Some(Pattern { repeat, as_needed: true });
    }
    Some(Pattern { repeat: repeat(&code)?, as_needed: false })
}

fn repeat(code: &str) -> Option<TimingRepeat<'static>> {
    let daily = |frequency: u32| every(frequency, 1, "d");
    Some(match code {
        "ONCE" => TimingRepeat { count: Some(1), ..TimingRepeat::default() },
        // Without interruption: there is no rhythm to tell, and the code says it.
        "C" => TimingRepeat::default(),
        "QD" => daily(1),
        "BID" => daily(2),
        "TID" | "QSHIFT" => daily(3),
        "QID" => daily(4),
        "QOD" => every(1, 2, "d"),
        "QAM" => TimingRepeat { when: vec!["MORN"], ..daily(1) },
        "QPM" => TimingRepeat { when: vec!["EVE"], ..daily(1) },
        "QHS" => TimingRepeat { when: vec!["HS"], ..daily(1) },
        "QH" => every(1, 1, "h"),
        "QW" => every(1, 1, "wk"),
        "QL" => every(1, 1, "mo"),
        _ => {
            if let Some(meal) = meal(code) {
                return Some(TimingRepeat { when: vec![meal], ..TimingRepeat::default() });
            }
            if let Some(times) = code.strip_suffix("ID") {
                return number(times).filter(|times| *times >= 5).map(daily);
            }
            return interval_code(code.strip_prefix('Q')?);
        }
    })
}

/// `Q6H`, `Q2J135`: without the Q.
fn interval_code(code: &str) -> Option<TimingRepeat<'static>> {
    let end = code.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = code.split_at_checked(end)?;
    if let Some(days) = unit.strip_prefix('J') {
        let mut day_of_week: Vec<&'static str> = Vec::new();
        for day in days.chars() {
            let day = day.to_digit(10).and_then(weekday)?;
            if day_of_week.contains(&day) {
                return None;
            }
            day_of_week.push(day);
        }
        let frequency = u32::try_from(day_of_week.len()).ok().filter(|days| *days > 0)?;
        let weeks = if count.is_empty() { 1 } else { number(count)? };
        return Some(TimingRepeat { day_of_week, ..every(frequency, weeks, "wk") });
    }
    let unit = match unit {
        "S" => "s",
        "M" => "min",
        "H" => "h",
        "D" => "d",
        "W" => "wk",
        "L" => "mo",
        _ => return None,
    };
    Some(every(1, number(count)?, unit))
}

fn number(digits: &str) -> Option<u32> {
    digits.parse().ok().filter(|number| (1..=9999).contains(number))
}

fn every(frequency: u32, period: u32, unit: &'static str) -> TimingRepeat<'static> {
    TimingRepeat {
        frequency: Some(frequency),
        period: Some(Decimal::from(period)),
        period_unit: Some(unit),
        ..TimingRepeat::default()
    }
}

/// 1 is Monday (HL7 tables 0335 and 0527).
pub(super) fn weekday(number: u32) -> Option<&'static str> {
    let before = number.checked_sub(1)?;
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].get(usize::try_from(before).ok()?).copied()
}

/// Before (A), after (P) or with (C) a meal; between meals (I) has no code in FHIR.
pub(super) fn meal(code: &str) -> Option<&'static str> {
    ["AC", "ACM", "ACD", "ACV", "PC", "PCM", "PCD", "PCV", "CM", "CD", "CV"]
        .into_iter()
        .find(|known| *known == code)
}

/// HL7 table 0335 → v3 GTSAbbreviation, which FHIR prefers for `Timing.code`.
pub(super) fn abbreviation(code: &str) -> Option<Target> {
    let known = ["BID", "QD", "QID", "QOD", "TID", "Q4H", "Q6H"];
    let code = known.into_iter().find(|known| known.eq_ignore_ascii_case(code.trim()))?;
    let system = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation";
    Some(Target { system, code, display: None, exact: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frequency, period, unit, and the rest.
    fn said(code: &str) -> Option<String> {
        let pattern = read(code)?;
        let repeat = &pattern.repeat;
        let period = repeat.period.as_ref().map_or("-", Decimal::as_str);
        let mut text = format!(
            "{} {period} {}",
            repeat.frequency.map_or("-".into(), |n| n.to_string()),
            repeat.period_unit.unwrap_or("-")
        );
        for more in repeat.day_of_week.iter().chain(&repeat.when) {
            text.push(' ');
            text.push_str(more);
        }
        if let Some(count) = repeat.count {
            text.push_str(&format!(" x{count}"));
        }
        if pattern.as_needed {
            text.push_str(" prn");
        }
        Some(text)
    }

    #[test]
    fn the_patterns_of_table_0335() {
        for (code, meaning) in [
            ("Q30S", "1 30 s"),
            ("Q5M", "1 5 min"),
            ("Q6H", "1 6 h"),
            ("q8h", "1 8 h"),
            ("QH", "1 1 h"),
            ("Q2D", "1 2 d"),
            ("Q1W", "1 1 wk"),
            ("Q3L", "1 3 mo"),
            ("Q1J2", "1 1 wk tue"),
            ("QJ7", "1 1 wk sun"),
            ("Q2J135", "3 2 wk mon wed fri"),
            ("QD", "1 1 d"),
            ("BID", "2 1 d"),
            ("TID", "3 1 d"),
            ("QID", "4 1 d"),
            ("5ID", "5 1 d"),
            ("QOD", "1 2 d"),
            ("QSHIFT", "3 1 d"),
            ("QAM", "1 1 d MORN"),
            ("QPM", "1 1 d EVE"),
            ("QHS", "1 1 d HS"),
            ("ACM", "- - - ACM"),
            ("PC", "- - - PC"),
            ("CD", "- - - CD"),
            ("C", "- - -"),
            ("Once", "- - - x1"),
            ("PRN", "- - - prn"),
            ("PRNQ6H", "1 6 h prn"),
            ("PRN BID", "2 1 d prn"),
        ] {
            assert_eq!(said(code).as_deref(), Some(meaning), "{code}");
        }
        for code in
            ["", "QM", "QS", "Q0H", "Q6X", "4ID", "Q1J8", "Q1J11", "Q1J", "3xd", "U 0 5 * * *", "PRNX"]
        {
            assert_eq!(said(code), None, "{code}");
        }
    }
}
