//! What is said of a medicine: strength, dosage, frequency, route, form, duration, rate.

mod words;

use std::ops::Range;

use zorgsluis_domain::text::AttributeType;

use crate::token::{Kind, Tokens};

/// An attribute and its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub what: AttributeType,
    pub tokens: Range<usize>,
    /// A bare number: most likely a strength.
    pub unsure: bool,
}

/// The attributes in a range of tokens, which begins behind the medicine or ends before it.
pub(crate) fn read(tokens: &Tokens, range: Range<usize>, behind: bool) -> Vec<Said> {
    let reader = Reader { tokens, end: range.end };
    let mut found: Vec<Said> = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let one = reader
            .frequency(at)
            .map(|end| (AttributeType::Frequency, at, end))
            .or_else(|| reader.amount(at).map(|(what, end)| (what, at, end)))
            .or_else(|| reader.duration(at))
            .or_else(|| reader.phrase(at, words::ROUTES).map(|end| (AttributeType::RouteOrMode, at, end)))
            .or_else(|| reader.phrase(at, words::FORMS).map(|end| (AttributeType::Form, at, end)));
        // `'s avonds`.
        let one = one.map(|(what, from, end)| {
            let apostrophe = from > range.start && reader.word(from) == "s" && reader.word(from - 1) == "'";
            (what, if apostrophe { from - 1 } else { from }, end)
        });
        match one {
            // `van 40 mg naar 80 mg`: the former is no more.
            Some((AttributeType::Strength, from, end))
                if from > range.start
                    && matches!(reader.word(from - 1), "van" | "from")
                    && matches!(reader.word(end), "naar" | "to") =>
            {
                at = end;
            }
            Some((what, from, end)) if end > at => {
                found.push(Said { what, tokens: from..end, unsure: false });
                at = end;
            }
            _ => {
                if behind
                    && at == range.start
                    && let Some(end) = reader.bare(at)
                {
                    found.push(Said { what: AttributeType::Strength, tokens: at..end, unsure: true });
                }
                at += 1;
            }
        }
    }
    found
}

/// Whether a word names a form: `spray`.
pub(crate) fn is_form(word: &str) -> bool {
    words::FORMS.contains(&word)
}

struct Reader<'a> {
    tokens: &'a Tokens,
    end: usize,
}

impl Reader<'_> {
    fn word(&self, at: usize) -> &str {
        if at < self.end { self.tokens.normal_at(at) } else { "" }
    }

    fn is_number(&self, at: usize) -> bool {
        at < self.end && self.tokens.all.get(at).is_some_and(|token| token.kind == Kind::Number)
    }

    fn glued(&self, at: usize) -> bool {
        self.tokens.all.get(at).is_some_and(|token| token.glued)
    }

    /// The end of the longest phrase of a list that begins here.
    fn phrase(&self, at: usize, list: &[&str]) -> Option<usize> {
        let first = self.word(at).as_bytes().first()?;
        list.iter()
            .filter(|phrase| phrase.as_bytes().first() == Some(first))
            .filter_map(|phrase| {
                let mut end = at;
                for word in phrase.split(' ') {
                    if self.word(end) != word {
                        return None;
                    }
                    end += 1;
                }
                Some(end)
            })
            .max()
    }

    /// A number, a fraction, a range or a number in words: `10`, `500/125`, `1-2`, `een halve`.
    fn number(&self, at: usize) -> Option<usize> {
        if self.is_number(at) {
            let mut end = at + 1;
            while matches!(self.word(end), "/" | "-") && self.is_number(end + 1) && self.glued(end + 1) {
                end += 2;
            }
            if matches!(self.word(end), "a" | "tot" | "to") && self.is_number(end + 1) {
                end += 2;
            }
            return Some(end);
        }
        words::NUMBERS.contains(&self.word(at)).then_some(at + 1)
    }

    /// `10 mg`, `500/125 mg`, `40 mg/ml`, `2 tabletten`, `100 ml/h`.
    fn amount(&self, at: usize) -> Option<(AttributeType, usize)> {
        let unit = self.number(at)?;
        let word = self.word(unit);
        let counted = self.phrase(unit, words::COUNTED);
        if words::UNITS.contains(&word) || word == "%" {
            if !self.is_number(at) {
                return None;
            }
            let mut end = unit + 1;
            if self.word(end) == "/" {
                let per = self.word(end + 1);
                if words::TIMES.contains(&per) {
                    return Some((AttributeType::Rate, end + 2));
                }
                if words::UNITS.contains(&per)
                    || matches!(per, "dosis" | "dose" | "puff" | "kg" | "dag" | "day")
                {
                    end += 2;
                    // `0,1 mcg/kg/min`.
                    if self.word(end) == "/" && words::TIMES.contains(&self.word(end + 1)) {
                        return Some((AttributeType::Rate, end + 2));
                    }
                } else if self.is_number(end + 1) && words::TIMES.contains(&self.word(end + 2)) {
                    // `21 mg/24h`.
                    return Some((AttributeType::Rate, end + 3));
                } else if per == "m" && self.word(end + 2) == "2"
                    || self.is_number(end + 1) && words::UNITS.contains(&self.word(end + 2))
                {
                    end += 3;
                }
            } else if matches!(self.word(end), "per" | "an") && words::TIMES.contains(&self.word(end + 1)) {
                return Some((AttributeType::Rate, end + 2));
            }
            return Some((AttributeType::Strength, end));
        }
        if words::VOLUMES.contains(&word) && self.is_number(at) {
            if matches!(self.word(unit + 1), "/" | "per") && words::TIMES.contains(&self.word(unit + 2)) {
                return Some((AttributeType::Rate, unit + 3));
            }
            if self.word(unit + 1) == "/"
                && (words::VOLUMES.contains(&self.word(unit + 2))
                    || words::UNITS.contains(&self.word(unit + 2)))
            {
                return Some((AttributeType::Strength, unit + 3));
            }
            return Some((AttributeType::Dosage, unit + 1));
        }
        counted.map(|end| (AttributeType::Dosage, end))
    }

    /// `7 dagen`, `for 7 days`, `x 7d`; not `7 dagen geleden`.
    fn duration(&self, at: usize) -> Option<(AttributeType, usize, usize)> {
        let from =
            if matches!(self.word(at), "x" | "for" | "gedurende" | "voor" | "during") { at + 1 } else { at };
        let unit = self.number(from)?;
        // `7-day course`, `7-daagse kuur`.
        let unit = if self.word(unit) == "-" && self.glued(unit) { unit + 1 } else { unit };
        if !words::PERIODS.contains(&self.word(unit)) {
            return None;
        }
        let end = unit + 1;
        if matches!(self.word(end), "geleden" | "ago" | "later" | "old" | "oud" | "post") {
            return None;
        }
        if at > 0
            && matches!(
                self.tokens.normal_at(at - 1),
                "sinds" | "since" | "al" | "over" | "na" | "after" | "in"
            )
        {
            return None;
        }
        Some((AttributeType::Duration, from, end))
    }

    /// A bare number right behind the medicine, with a frequency, a comma or nothing after it: `furosemide 40 1dd1`.
    fn bare(&self, at: usize) -> Option<usize> {
        let end = self.number(at).filter(|_| self.is_number(at))?;
        let next = self.word(end);
        let closed = end >= self.end
            || matches!(next, "," | ";" | "." | ")")
            || self.tokens.all.get(end).is_some_and(|token| token.kind == Kind::Line)
            || self.frequency(end).is_some()
            || self.amount(end).is_some();
        let sensible = self.word(at).parse::<f32>().is_ok_and(|number| !(1900.0..=2100.0).contains(&number));
        (closed && sensible).then_some(end)
    }

    fn frequency(&self, at: usize) -> Option<usize> {
        self.times(at)
            .or_else(|| self.interval(at))
            .or_else(|| self.scheme(at))
            .or_else(|| self.phrase(at, words::FREQUENCIES))
            .map(|end| self.as_needed(end))
    }

    /// `bid prn` is one frequency.
    fn as_needed(&self, end: usize) -> usize {
        self.phrase(end, words::AS_NEEDED).unwrap_or(end)
    }

    /// `2dd1`, `2 dd`, `3x daags`, `3 x per dag`, `3 times a day`, `tweemaal daags`.
    fn times(&self, at: usize) -> Option<usize> {
        let counted = self.number(at);
        if let Some(times) = counted {
            if self.word(times) == "dd" {
                let behind = times + 1;
                // `2dd1`, but `2dd 500 mg` and `2dd1 tablet`: the amount speaks for itself.
                let amount = self.amount(behind).is_some_and(|(what, _)| what != AttributeType::Dosage)
                    || self.duration(behind).is_some();
                // `2dd1 tablet` says `1` and a form, `2dd 1 tablet` a dosage.
                let amount = amount || !self.glued(behind) && self.amount(behind).is_some();
                let count = self.number(behind).filter(|_| self.is_number(behind) && !amount);
                return Some(count.unwrap_or(behind));
            }
            let mut end = times;
            if matches!(self.word(end), "x" | "keer" | "maal" | "times" | "time" | "doses" | "dosis") {
                end += 1;
                return self.per(end);
            }
            // `2 daily`, but `lisinopril 10 daily`.
            let few = !self.word(at).parse::<f32>().is_ok_and(|number| number > 6.0);
            if matches!(self.word(end), "daags" | "daily") && few {
                return Some(end + 1);
            }
        }
        if words::TIMES_IN_WORDS.contains(&self.word(at)) {
            return self.per(at + 1);
        }
        None
    }

    /// `daags`, `per dag`, `a day`, `/d`.
    fn per(&self, at: usize) -> Option<usize> {
        if matches!(
            self.word(at),
            "daags" | "daily" | "dagelijks" | "weekly" | "wekelijks" | "nightly" | "monthly" | "pd" | "pw"
        ) {
            return Some(at + 1);
        }
        let each = matches!(self.word(at), "per" | "a" | "an" | "/" | "each" | "every" | "in" | "p");
        let start = if each { at + 1 } else { return None };
        let start = if matches!(self.word(start), "de" | "the") { start + 1 } else { start };
        // `1x per 2 weken`.
        let start = if self.is_number(start) { start + 1 } else { start };
        matches!(
            self.word(start),
            "dag"
                | "day"
                | "dagen"
                | "days"
                | "weeks"
                | "wks"
                | "wkn"
                | "maanden"
                | "months"
                | "d"
                | "week"
                | "wk"
                | "weken"
                | "maand"
                | "month"
                | "uur"
                | "hour"
                | "etmaal"
                | "nacht"
                | "night"
        )
        .then_some(start + 1)
    }

    /// `q8h`, `q 6 h`, `q4-6h`, `every 8 hours`, `elke 4 uur`, `om de 6 uur`.
    fn interval(&self, at: usize) -> Option<usize> {
        let mut end = at;
        if matches!(self.word(at), "q" | "every" | "elke" | "iedere" | "each") {
            end += 1;
        } else if self.word(at) == "om" && self.word(at + 1) == "de" {
            end += 2;
        } else {
            return None;
        }
        if let Some(unit) = self.number(end) {
            return matches!(
                self.word(unit),
                "h" | "hr"
                    | "hrs"
                    | "hours"
                    | "hour"
                    | "uur"
                    | "u"
                    | "d"
                    | "days"
                    | "dagen"
                    | "weken"
                    | "weeks"
                    | "wk"
                    | "wks"
                    | "months"
                    | "maanden"
                    | "min"
                    | "minutes"
                    | "minuten"
            )
            .then_some(unit + 1);
        }
        matches!(
            self.word(end),
            "dag"
                | "day"
                | "week"
                | "month"
                | "maand"
                | "morning"
                | "evening"
                | "night"
                | "ochtend"
                | "avond"
                | "nacht"
                | "hour"
                | "uur"
                | "shift"
        )
        .then_some(end + 1)
    }

    /// `1-0-1`, `1-1-1-0`: morning, noon, evening, night.
    fn scheme(&self, at: usize) -> Option<usize> {
        let small = |at: usize| self.is_number(at) && self.word(at).chars().count() <= 3;
        let mut end = at;
        let mut parts = 0;
        while small(end) {
            parts += 1;
            end += 1;
            if self.word(end) == "-" && small(end + 1) {
                end += 1;
            } else {
                break;
            }
        }
        matches!(parts, 3 | 4).then_some(end)
    }
}
