//! The grammar of UCUM (2.1, §2–§3), case sensitive.

/// How deep brackets may stand within brackets.
const DEPTH: usize = 8;

/// Whether a text is a UCUM code: `mmol/L`, `10*9/L`, `mm[Hg]`, `mL/min/{1.73_m2}`, `/min`.
#[must_use]
pub fn is_ucum(code: &str) -> bool {
    if code.is_empty() || !code.bytes().all(|b| b.is_ascii_graphic()) {
        return false;
    }
    let start = code.strip_prefix('/').unwrap_or(code);
    term(start, DEPTH) == Some("")
}

/// `component (('.' | '/') component)*`; gives what stands behind.
fn term(text: &str, depth: usize) -> Option<&str> {
    let mut rest = component(text, depth)?;
    while let Some(next) = rest.strip_prefix(['.', '/']) {
        rest = component(next, depth)?;
    }
    Some(rest)
}

/// A term in brackets, an annotation, a number, or a unit with its exponent and annotation.
fn component(text: &str, depth: usize) -> Option<&str> {
    if let Some(inner) = text.strip_prefix('(') {
        return term(inner, depth.checked_sub(1)?)?.strip_prefix(')');
    }
    if text.starts_with('{') {
        return annotation(text);
    }
    let end = text.find(['.', '/', '(', ')', '{']).unwrap_or(text.len());
    let (unit, rest) = text.split_at_checked(end)?;
    if !is_annotatable(unit) {
        return None;
    }
    if rest.starts_with('{') { annotation(rest) } else { Some(rest) }
}

fn annotation(text: &str) -> Option<&str> {
    let (inner, rest) = text.strip_prefix('{')?.split_once('}')?;
    (!inner.contains('{')).then_some(rest)
}

/// A positive number, or a unit with an exponent.
fn is_annotatable(unit: &str) -> bool {
    if unit.is_empty() {
        return false;
    }
    if unit.bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    is_simple(unit) || is_simple(without_exponent(unit))
}

fn without_exponent(unit: &str) -> &str {
    let base = unit.trim_end_matches(|c: char| c.is_ascii_digit());
    if base.len() == unit.len() { unit } else { base.strip_suffix(['+', '-']).unwrap_or(base) }
}

/// An atom, or a prefix and a metric atom.
fn is_simple(unit: &str) -> bool {
    let among = |atoms: &[&str], unit: &str| atoms.binary_search(&unit).is_ok();
    if among(METRIC, unit) || among(PLAIN, unit) {
        return true;
    }
    PREFIXES.iter().any(|prefix| unit.strip_prefix(prefix).is_some_and(|atom| among(METRIC, atom)))
}

const PREFIXES: &[&str] = &[
    "da", "Ki", "Mi", "Gi", "Ti", "Y", "Z", "E", "P", "T", "G", "M", "k", "h", "d", "c", "m", "u", "n", "p",
    "f", "a", "z", "y",
];

/// Atoms that take a prefix, in byte order.
static METRIC: &[&str] = &[
    "A", "B", "B[10.nV]", "B[SPL]", "B[V]", "B[W]", "B[kW]", "B[mV]", "B[uV]", "Bd", "Bi", "Bq", "By", "C",
    "Cel", "Ci", "F", "G", "Gal", "Gb", "Gy", "H", "Hz", "J", "K", "Ky", "L", "Lmb", "Mx", "N", "Np", "Oe",
    "Ohm", "P", "Pa", "R", "RAD", "REM", "S", "St", "Sv", "T", "U", "V", "W", "Wb", "[G]", "[IU]", "[c]",
    "[e]", "[eps_0]", "[g]", "[h]", "[iU]", "[k]", "[ly]", "[m_e]", "[m_p]", "[mu_0]", "ar", "att", "b",
    "bar", "bit", "cal", "cal_IT", "cal_[15]", "cal_[20]", "cal_m", "cal_th", "cd", "dyn", "eV", "eq", "erg",
    "g", "g%", "gf", "kat", "l", "lm", "lx", "m", "m[H2O]", "m[Hg]", "mho", "mol", "osm", "pc", "ph", "rad",
    "s", "sb", "sr", "st", "t", "tex", "u",
];

/// Atoms that take none, in byte order.
static PLAIN: &[&str] = &[
    "%",
    "'",
    "''",
    "10*",
    "10^",
    "AU",
    "[AU]",
    "[Amb'a'1'U]",
    "[BAU]",
    "[Btu]",
    "[CCID_50]",
    "[CFU]",
    "[Cal]",
    "[Ch]",
    "[D'ag'U]",
    "[EID_50]",
    "[ELU]",
    "[EU]",
    "[FEU]",
    "[FFU]",
    "[GPL'U]",
    "[HPF]",
    "[LPF]",
    "[Lf]",
    "[MET]",
    "[MPL'U]",
    "[PFU]",
    "[PNU]",
    "[PRU]",
    "[S]",
    "[TCID_50]",
    "[USP'U]",
    "[acr_us]",
    "[anti'Xa'U]",
    "[arb'U]",
    "[bdsk'U]",
    "[beth'U]",
    "[car_Au]",
    "[car_m]",
    "[cft_i]",
    "[cin_i]",
    "[crd_us]",
    "[cup_us]",
    "[degF]",
    "[degR]",
    "[degRe]",
    "[den]",
    "[diop]",
    "[dr_av]",
    "[drp]",
    "[dye'U]",
    "[foz_us]",
    "[ft_i]",
    "[gal_us]",
    "[gr]",
    "[hnsf'U]",
    "[in_i'H2O]",
    "[in_i'Hg]",
    "[in_i]",
    "[ka'U]",
    "[kn_i]",
    "[knk'U]",
    "[lb_av]",
    "[lbf_av]",
    "[m/s2/Hz^0.5]",
    "[mclg'U]",
    "[mesh_i]",
    "[mi_i]",
    "[nmi_i]",
    "[oz_av]",
    "[oz_tr]",
    "[p'diop]",
    "[pH]",
    "[pi]",
    "[ppb]",
    "[ppm]",
    "[ppth]",
    "[pptr]",
    "[psi]",
    "[pt_us]",
    "[qt_us]",
    "[sft_i]",
    "[sin_i]",
    "[smgy'U]",
    "[ston_av]",
    "[tb'U]",
    "[tbs_us]",
    "[todd'U]",
    "[tsp_us]",
    "[wood'U]",
    "[yd_i]",
    "a",
    "a_g",
    "a_j",
    "a_t",
    "atm",
    "circ",
    "d",
    "deg",
    "gon",
    "h",
    "min",
    "mo",
    "mo_g",
    "mo_j",
    "mo_s",
    "sph",
    "wk",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atoms_are_in_order() {
        for list in [METRIC, PLAIN] {
            for pair in list.windows(2) {
                assert!(pair[0] < pair[1], "{} {}", pair[0], pair[1]);
            }
        }
    }

    #[test]
    fn codes_of_ucum_are_told_from_others() {
        for good in [
            "1",
            "%",
            "mmol/L",
            "10*9/L",
            "10*-3",
            "10^9/l",
            "/min",
            "{beats}/min",
            "mm[Hg]",
            "cm[H2O]",
            "kg/m2",
            "mL/min/{1.73_m2}",
            "mL/(24.h)",
            "m[iU]/L",
            "k[IU]/mL",
            "[degF]",
            "Cel",
            "mosm/kg",
            "meq/L",
            "ug/kg/min",
            "g%",
            "/100{WBC}",
            "s-1",
            "g.m-2",
            "[arb'U]/mL",
            "/[HPF]",
            "10*3{cells}/uL",
            "deg",
            "dB[SPL]",
            "{INR}",
        ] {
            assert!(is_ucum(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "mmHg",
            "mmol/",
            "mmol//L",
            "IU/L",
            "ug per L",
            "µg/L",
            "(mmol",
            "mmol)",
            "mmol/L}",
            "{a{b}}",
            "kmin",
            "mmol..L",
            "hr",
            "foo",
            "10*9/",
            "((((((((((m))))))))))",
            "-1",
            "m-",
        ] {
            assert!(!is_ucum(bad), "{bad}");
        }
    }
}
