//! Numbers, units and reference ranges: NM, OBX-6 and OBX-7 as feeds really write them.

use std::borrow::Cow;

use fhir::{CodeableConcept, Decimal, Extension, ExtensionValue, Quantity, system};
use hl7v2::{Field, Repetition};

use crate::context::Context;
use crate::datatype::{Parts, cwe};
use crate::unit;

/// The unit as the sender coded it, where a Quantity has no room for all of it.
pub(super) const UNIT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-unit";

/// A number with what stood before it.
pub(crate) struct Number<'a> {
    pub(crate) comparator: Option<&'static str>,
    pub(crate) value: Decimal<'a>,
    /// A warning: the number was written in an odd way, and its meaning is certain.
    pub(crate) oddity: Option<&'static str>,
}

/// Reads a number (HL7 v2.5.1 §2.A.45 and what feeds make of it): a sign, leading zeros, a bare or
/// trailing point, a Dutch decimal comma, a comparator before it. `Err` with a warning's code when it
/// is none, or when nobody can tell what is meant: `1,234` is either a thousand or one and a bit.
pub(crate) fn number<'a>(text: &Cow<'a, str>) -> Result<Number<'a>, &'static str> {
    let (comparator, rest) = comparator(text.trim());
    let at = text.len() - rest.len();
    if let Some(value) = decimal(text, at) {
        let oddity = comparator.map(|_| "comparator-in-number");
        return Ok(Number { comparator, value, oddity });
    }
    let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let mut oddity = "odd-number";
    let grouped = without_groups(unsigned);
    let unsigned = grouped.as_deref().unwrap_or(unsigned);
    let plain: Cow<'_, str> = match unsigned.split_once(',') {
        None => Cow::Borrowed(unsigned),
        Some((whole, fraction)) => {
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if !digits(whole) || !digits(fraction) {
                return Err("not-a-number");
            }
            // Behind a zero, or with another number of digits, a comma separates no thousands.
            if fraction.len() == 3 && whole.len() <= 3 && !whole.trim_start_matches('0').is_empty() {
                return Err("ambiguous-number");
            }
            oddity = "decimal-comma";
            Cow::Owned(format!("{whole}.{fraction}"))
        }
    };
    let (whole, fraction) = plain.split_once('.').map_or((&*plain, ""), |(w, f)| (w, f));
    if whole.is_empty() && fraction.is_empty() || !(whole.len() + fraction.len()).lt(&19) {
        return Err("not-a-number");
    }
    let whole = whole.trim_start_matches('0');
    let mut fixed = String::with_capacity(plain.len() + 2);
    if rest.starts_with('-') {
        fixed.push('-');
    }
    fixed.push_str(if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        fixed.push('.');
        fixed.push_str(fraction);
    }
    let value = Decimal::parse(Cow::Owned(fixed)).ok_or("not-a-number")?;
    Ok(Number { comparator, value, oddity: Some(oddity) })
}

/// `1.234,56` and `1,234.56`: groups of three, and the other sign before the fraction. With one kind of sign
/// only, nobody can tell.
fn without_groups(text: &str) -> Option<String> {
    let (group, point) = if text.rfind('.')? < text.rfind(',')? { ('.', ',') } else { (',', '.') };
    let (whole, fraction) = text.split_once(point)?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(group);
    let first = groups.next().filter(|first| digits(first) && first.len() <= 3)?;
    let rest: Vec<_> = groups.collect();
    if !digits(fraction) || rest.iter().any(|part| !digits(part) || part.len() != 3) {
        return None;
    }
    Some(format!("{first}{}.{fraction}", rest.concat()))
}

/// The decimal that begins at `at`, borrowed where the text is.
fn decimal<'a>(text: &Cow<'a, str>, at: usize) -> Option<Decimal<'a>> {
    match text {
        Cow::Borrowed(text) => Decimal::parse(Cow::Borrowed(text.get(at..)?.trim())),
        Cow::Owned(text) => Decimal::parse(Cow::Owned(text.get(at..)?.trim().to_owned())),
    }
}

/// A comparator at the beginning, and what follows it.
pub(super) fn comparator(text: &str) -> (Option<&'static str>, &str) {
    for (written, fhir) in [
        ("<=", Some("<=")),
        (">=", Some(">=")),
        ("≤", Some("<=")),
        ("≥", Some(">=")),
        ("<", Some("<")),
        (">", Some(">")),
        ("=", None),
    ] {
        if let Some(rest) = text.strip_prefix(written) {
            return (fhir, rest.trim_start());
        }
    }
    (None, text)
}

/// The unit of OBX-6, for every quantity that is written from the segment.
#[derive(Clone)]
pub(crate) struct Unit<'a> {
    text: Cow<'a, str>,
    code: Option<Cow<'a, str>>,
    /// All that the sender said, where it was more than text and a UCUM code.
    whole: Option<CodeableConcept<'a>>,
}

impl<'a> Unit<'a> {
    /// Reads the field and marks what the unit says. UCUM is written only where that is certain: the
    /// sender says so, or the text is one that means the same everywhere.
    pub(super) fn read(cx: &mut Context<'_, 'a>, field: Field<'_, 'a>) -> Option<Self> {
        Self::read_at(cx, field, "OBX-6")
    }

    /// The same of another field; `name` is where it stands (`RXO-4`), for the profile's code maps.
    pub(crate) fn read_at(cx: &mut Context<'_, 'a>, field: Field<'_, 'a>, name: &str) -> Option<Self> {
        if !field.is_present() {
            return None;
        }
        let sent = field.first();
        if let Some(unit) = Self::unescaped(cx, sent) {
            return Some(unit);
        }
        let parts = Parts::<6>::of(sent);
        let part = |n: usize| parts.value(n);
        let profile = cx.profile;
        let is_ucum = |n: usize| profile.coding_system(&part(n).text()).as_deref() == Some(system::UCUM);
        let says_ucum = is_ucum(3);
        let concept = cwe::concept(cx, sent, name, None)?;
        let own = crate::context::trim(part(1).text());
        let ucum = if says_ucum && !own.is_empty() {
            Some(own.clone())
        } else if is_ucum(6) && part(4).is_present() {
            Some(crate::context::trim(part(4).text()))
        } else {
            None
        };
        // What calls itself UCUM and is not is read as any other text.
        let mapped = || concept.coding.iter().find(|coding| coding.system.as_deref() == Some(system::UCUM));
        let ucum = ucum
            .filter(|code| unit::is_ucum(code))
            .or_else(|| unit::ucum(&own).map(Cow::Owned))
            .or_else(|| mapped()?.code.clone().filter(|code| unit::is_ucum(code)));
        if ucum.is_some() {
            cx.is_known(sent.place());
        }
        let display = crate::context::trim(part(2).text());
        let text = if display.is_empty() { own.clone() } else { display };
        // Text and UCUM code stand in the Quantity; anything beside them needs the extension.
        let more = (4..=sent.component_count()).any(|n| sent.component(n).value().is_present());
        let named = part(3).is_present() && !says_ucum;
        let code_is_lost = !own.is_empty() && text != own && ucum.as_ref() != Some(&own);
        let text = if text.is_empty() { first_text(&concept)? } else { text };
        // A part of a part, which no unit has.
        let stray = !concept.extension.is_empty();
        let whole = (more || named || code_is_lost || stray).then_some(concept);
        Some(Self { text, code: ucum, whole })
    }

    /// `10^9/L` in which nobody escaped the `^`: two components that are one unit. What stands behind
    /// them is not known to be anything, and stays in the report.
    fn unescaped(cx: &mut Context<'_, 'a>, sent: Repetition<'_, 'a>) -> Option<Self> {
        let (base, rest) = (sent.component(1).value(), sent.component(2).value());
        let (written, power) = (base.text(), rest.text());
        let times = written.trim();
        let times = times.strip_prefix(['x', 'X', '*', '×']).unwrap_or(times).trim_start();
        let (digits, per) = power.trim().split_once('/')?;
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if times != "10" || !is_number || per.trim().is_empty() {
            return None;
        }
        let code = unit::ucum(&format!("10^{digits}/{}", per.trim())).map(Cow::Owned);
        cx.warn(sent.place(), "unescaped-unit");
        let (base, rest) = (cx.write(base)?, cx.write(rest)?);
        Some(Self { text: Cow::Owned(format!("{base}^{rest}")), code, whole: None })
    }

    /// The unit alone: for an observation that has a unit and no quantity.
    pub(crate) fn into_extension(self) -> Extension<'a> {
        let concept = self.whole.unwrap_or_else(|| match self.code {
            Some(code) => {
                CodeableConcept { text: Some(self.text), ..CodeableConcept::code(system::UCUM, code) }
            }
            None => CodeableConcept::text(self.text),
        });
        Extension::concept(UNIT, concept)
    }
}

fn first_text<'a>(concept: &CodeableConcept<'a>) -> Option<Cow<'a, str>> {
    let coding = concept.coding.first();
    let stray = || {
        concept.extension.iter().find_map(|one| match &one.value {
            ExtensionValue::String(text) => Some(text.clone()),
            _ => None,
        })
    };
    let text = concept.text.clone();
    text.or_else(|| coding.and_then(|c| c.display.clone().or_else(|| c.code.clone()))).or_else(stray)
}

/// A quantity with its unit.
pub(crate) fn quantity<'a>(
    value: Decimal<'a>,
    comparator: Option<&'static str>,
    unit: Option<&Unit<'a>>,
) -> Quantity<'a> {
    let mut quantity = Quantity { value: Some(value), comparator, ..Quantity::default() };
    if let Some(unit) = unit {
        quantity.unit = Some(unit.text.clone());
        if let Some(code) = &unit.code {
            quantity.system = Some(Cow::Borrowed(system::UCUM));
            quantity.code = Some(code.clone());
        }
        quantity.extension.extend(unit.whole.clone().map(|concept| Extension::concept(UNIT, concept)));
    }
    quantity
}

/// The unit of a CQ: a coded value whose parts are subcomponents.
pub(crate) fn simple_unit<'a>(
    cx: &mut Context<'_, 'a>,
    sent: hl7v2::Component<'_, 'a>,
    quantity: &mut Quantity<'a>,
) {
    let system_name = sent.subcomponent(3).text();
    let says_ucum = cx.profile.coding_system(&system_name).as_deref() == Some(system::UCUM);
    let code = cx.write_code(sent.subcomponent(1));
    let text = cx.write(sent.subcomponent(2));
    let ucum = code
        .as_ref()
        .filter(|code| says_ucum && unit::is_ucum(code))
        .cloned()
        .or_else(|| code.as_ref().and_then(|code| unit::ucum(code)).map(Cow::Owned));
    if says_ucum && ucum.is_some() {
        cx.mark(sent.subcomponent(3));
    }
    if ucum.is_some() {
        quantity.system = Some(Cow::Borrowed(system::UCUM));
    }
    let kept = ucum.is_some() && ucum == code;
    quantity.code = ucum;
    match (text, code) {
        (Some(text), code) => {
            let lost = code.filter(|code| !kept && *code != text);
            quantity.extension.extend(lost.map(|code| Extension::concept(UNIT, CodeableConcept::text(code))));
            quantity.unit = Some(text);
        }
        (None, code) => quantity.unit = code,
    }
}

/// The bounds of a reference range (OBX-7, HL7 v2.5.1 §7.4.2.7), only where they are certain: two
/// numbers with `-`, `to` or `tot` between them and the lower first, or one number behind a
/// comparator. The text is kept in any case, and with it whether a bound belongs to the range.
pub(super) fn range(text: &str) -> Option<(Option<Decimal<'static>>, Option<Decimal<'static>>)> {
    let text = text.trim();
    let plain = |text: &str| -> Option<(Decimal<'static>, f64)> {
        let read = number(&Cow::Owned(text.trim().to_owned())).ok()?;
        let value = read.value.as_str().parse().ok()?;
        read.comparator.is_none().then_some((read.value, value))
    };
    let (compared, rest) = comparator(text);
    if let Some(compared) = compared {
        let (bound, _) = plain(rest)?;
        let upper = compared.starts_with('<');
        return Some(if upper { (None, Some(bound)) } else { (Some(bound), None) });
    }
    // The first separator behind a digit: a minus before the first number is a sign.
    let digits_end = text.find(|c: char| c.is_ascii_digit())?;
    let behind = text.get(digits_end..)?;
    let sign = behind.char_indices().find(|(_, c)| matches!(c, '-' | '–' | '_'));
    let sign = sign.map(|(at, sign)| (at, sign.len_utf8()));
    let word = |word: &'static str| Some((behind.find(word)?, word.len()));
    let words =
        if behind.contains(" t") { word(" to ").into_iter().chain(word(" tot ")).min() } else { None };
    let (at, width) = sign.into_iter().chain(words).min()?;
    let (low, low_value) = plain(text.get(..digits_end + at)?)?;
    let (high, high_value) = plain(behind.get(at + width..)?)?;
    (low_value <= high_value).then_some((Some(low), Some(high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        text: &'static str,
    ) -> Result<(Option<&'static str>, String, Option<&'static str>), &'static str> {
        number(&Cow::Borrowed(text)).map(|n| (n.comparator, n.value.as_str().to_owned(), n.oddity))
    }

    #[test]
    fn numbers_as_feeds_write_them() {
        for (text, comparator, value, oddity) in [
            ("5.40", None, "5.40", None),
            ("-1.5", None, "-1.5", None),
            ("1e-3", None, "1e-3", None),
            ("<5", Some("<"), "5", Some("comparator-in-number")),
            (">= 100", Some(">="), "100", Some("comparator-in-number")),
            ("≤3", Some("<="), "3", Some("comparator-in-number")),
            ("+5.4", None, "5.4", Some("odd-number")),
            ("007", None, "7", Some("odd-number")),
            ("0", None, "0", None),
            ("00", None, "0", Some("odd-number")),
            (".5", None, "0.5", Some("odd-number")),
            ("5.", None, "5", Some("odd-number")),
            ("5,4", None, "5.4", Some("decimal-comma")),
            ("-0,25", None, "-0.25", Some("decimal-comma")),
            ("0,125", None, "0.125", Some("decimal-comma")),
            ("1234,5", None, "1234.5", Some("decimal-comma")),
            ("<0,5", Some("<"), "0.5", Some("decimal-comma")),
            ("5,10", None, "5.10", Some("decimal-comma")),
            ("1.234,50", None, "1234.50", Some("odd-number")),
            ("-1,234,567.8", None, "-1234567.8", Some("odd-number")),
        ] {
            assert_eq!(read(text), Ok((comparator, value.to_owned(), oddity)), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            ",",
            "niet bepaald",
            "5 mg",
            "1.2.3",
            "1,2,3",
            "5,",
            "12345678901234567890",
            "--1",
            "NaN",
            "1,2.3",
        ] {
            assert!(matches!(read(text), Err("not-a-number")), "{text}");
        }
        assert_eq!(read("1,234"), Err("ambiguous-number"));
    }

    #[test]
    fn ranges_only_where_they_are_certain() {
        let bounds = |text: &str| {
            let show = |bound: Option<Decimal<'_>>| bound.map(|bound| bound.as_str().to_owned());
            range(text).map(|(low, high)| (show(low), show(high)))
        };
        let both = |low: &str, high: &str| Some((Some(low.to_owned()), Some(high.to_owned())));
        assert_eq!(bounds("135-145"), both("135", "145"));
        assert_eq!(bounds("45 - 90"), both("45", "90"));
        assert_eq!(bounds("-2 - 2"), both("-2", "2"));
        assert_eq!(bounds("-2--1"), both("-2", "-1"));
        assert_eq!(bounds("3,5 tot 5,0"), both("3.5", "5.0"));
        assert_eq!(bounds("15.0 to 45.0"), both("15.0", "45.0"));
        assert_eq!(bounds("< 10"), Some((None, Some("10".into()))));
        assert_eq!(bounds(">=5"), Some((Some("5".into()), None)));
        for text in ["", "neg", "<0.50 IU/mL", "145-135", "1-2-3", "5", "<", "M: 7-10 V: 6-9", "10-"] {
            assert_eq!(bounds(text), None, "{text}");
        }
    }
}
