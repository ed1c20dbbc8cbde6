//! Units of measure: what feeds write, and UCUM.
//!
//! [`ucum`] gives the UCUM code of a unit where that is certain, whatever the spelling: `mm/uur`, `10^9/l`,
//! `x10E9/L`, `µmol/l`, `slagen/min`. What could mean two things has none: `M`, `E`, `gr`, `u/l`. [`is_ucum`] checks a
//! code against the grammar and the atoms of UCUM 2.1, so that nothing is called UCUM that is not. The sender's own
//! text is always kept beside it (`Quantity.unit`). `docs/units.md` tells it to people.
//!
//! ```
//! use zorgsluis_converter::unit;
//! assert_eq!(unit::ucum("mm/uur").as_deref(), Some("mm/h"));
//! assert_eq!(unit::ucum("x10E9/L").as_deref(), Some("10*9/L"));
//! assert_eq!(unit::ucum("tabletten"), None);
//! assert!(unit::is_ucum("mL/min/{1.73_m2}") && !unit::is_ucum("mmHg"));
//! ```

mod grammar;
mod spelling;

pub use grammar::is_ucum;

/// The UCUM code of a unit, where its meaning is certain.
#[must_use]
pub fn ucum(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > 48 {
        return None;
    }
    let code = spelling::whole(text).map(str::to_owned).or_else(|| by_parts(text))?;
    is_ucum(&code).then_some(code)
}

/// Part by part: each one between the slashes must be known.
fn by_parts(text: &str) -> Option<String> {
    let plain = plain(text);
    let mut code = String::with_capacity(plain.len() + 4);
    for (nth, part) in plain.split('/').enumerate() {
        if nth > 0 {
            code.push('/');
        }
        let part = part.trim();
        // `/min` begins with nothing.
        if part.is_empty() {
            if nth > 0 || plain.trim() == "/" {
                return None;
            }
            continue;
        }
        if let Some(power) = power_of_ten(part) {
            code.push_str("10*");
            code.push_str(power);
        } else {
            code.push_str(spelling::part(part)?);
        }
    }
    Some(code)
}

/// The letters that are written in several ways, written in one; `per` is a slash. Superscripts behind a ten are
/// its power; a negative power is none that is known here.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 2);
    let mut power = false;
    for c in text.chars() {
        let digit = match c {
            '¹' => '1',
            '²' => '2',
            '³' => '3',
            '⁶' => '6',
            '⁹' => '9',
            'µ' | 'μ' => 'u',
            '\u{a0}' => ' ',
            other => other,
        };
        let raised = digit != c && digit.is_ascii_digit();
        if raised && !power && plain.ends_with("10") {
            plain.push('*');
        }
        power = raised;
        plain.push(digit);
    }
    plain.replace(" per ", "/")
}

/// The exponent of `10^9`, `10*9`, `10E9`, `10**9`, `x10^9` or `x 10E9`.
fn power_of_ten(part: &str) -> Option<&str> {
    let rest = part.strip_prefix(['x', 'X', '×', '*']).unwrap_or(part).trim_start();
    let rest = rest.strip_prefix("10")?;
    let rest = rest.strip_prefix("**").or_else(|| rest.strip_prefix(['^', '*', 'E', 'e']))?;
    let rest = rest.strip_prefix('+').unwrap_or(rest);
    let digits = !rest.is_empty() && rest.len() < 3 && rest.bytes().all(|b| b.is_ascii_digit());
    (digits && !rest.starts_with('0')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unit_is_written_in_many_ways() {
        for (written, code) in [
            ("mmol/l", "mmol/L"),
            ("mmol / L", "mmol/L"),
            ("µmol/L", "umol/L"),
            ("μmol/l", "umol/L"),
            ("mcg/ml", "ug/mL"),
            ("mm/uur", "mm/h"),
            ("mm/hr", "mm/h"),
            ("mm/u", "mm/h"),
            ("10^9/l", "10*9/L"),
            ("10*9/L", "10*9/L"),
            ("x10E9/L", "10*9/L"),
            ("x 10^9/L", "10*9/L"),
            ("10⁹/L", "10*9/L"),
            ("10¹²/L", "10*12/L"),
            ("10e12/l", "10*12/L"),
            ("U/l", "U/L"),
            ("IE/ml", "[IU]/mL"),
            ("kU/L", "kU/L"),
            ("/min", "/min"),
            ("slagen/min", "/min"),
            ("slagen per minuut", "/min"),
            ("g/dag", "g/d"),
            ("ml/24 uur", "mL/(24.h)"),
            ("mmol/24h", "mmol/(24.h)"),
            ("mmHg", "mm[Hg]"),
            ("mm Hg", "mm[Hg]"),
            ("cmH2O", "cm[H2O]"),
            ("°C", "Cel"),
            ("graden Celsius", "Cel"),
            ("kg/m²", "kg/m2"),
            ("ml/min/1.73m2", "mL/min/{1.73_m2}"),
            ("mL/min/1,73 m²", "mL/min/{1.73_m2}"),
            ("mosmol/kg", "mosm/kg"),
            ("mEq/L", "meq/L"),
            ("%", "%"),
            ("L/min", "L/min"),
            ("jaar", "a"),
            ("weken", "wk"),
        ] {
            assert_eq!(ucum(written).as_deref(), Some(code), "{written}");
        }
    }

    #[test]
    fn what_could_mean_two_things_or_nothing_has_no_code() {
        for odd in [
            "",
            "/",
            "//",
            "M",
            "E",
            "E/L",
            "gr",
            "MMHG",
            "MMOL/L",
            "mmol/",
            "mmol//L",
            "tabletten",
            "1 + 1",
            "10^",
            "10^/L",
            "10^09/L",
            "log",
            "neg",
            "C",
            "F",
            "ug%",
            "zie tekst",
            "×",
            "mmol/ë",
            "⁹",
            "⁻¹",
        ] {
            assert_eq!(ucum(odd), None, "{odd}");
        }
    }
}
