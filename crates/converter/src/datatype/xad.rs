//! XAD: addresses (HL7 v2.5.1 §2.A.84), written as nl-core-AddressInformation.

use std::borrow::Cow;

use fhir::{Address, CodeableConcept, Coding, Element, ElementList, Extension, nl, system};
use hl7v2::{Field, Repetition, Value};

use super::hd::Hd;
use super::{Parts, cwe};
use crate::context::{Context, own};
use crate::table;

const CENSUS_TRACT: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract";

/// All addresses of a field.
pub(crate) fn addresses<'a>(cx: &mut Context<'_, 'a>, field: Field<'_, 'a>, to: &mut Vec<Address<'a>>) {
    for repetition in field.repetitions() {
        to.extend(address(cx, repetition));
    }
}

/// One address.
pub(crate) fn address<'a>(cx: &mut Context<'_, 'a>, xad: Repetition<'_, 'a>) -> Option<Address<'a>> {
    if xad.is_empty() || xad.is_null() {
        return None;
    }
    let parts = Parts::<23>::of(xad);
    let part = |n: usize| parts.value(n);
    let mut address = Address::default();
    lines(cx, &parts, &mut address);
    address.city = cx.write(part(3));
    address.state = cx.write(part(4));
    address.postal_code = cx.write(part(5));
    address.country = cx.write(part(6));
    address.country_ext = address.country.as_deref().and_then(country_code);
    address.district = cx.write(part(9));
    // XAD.9 has been a CWE since v2.7.
    for (n, url) in [(2, own!("county-name")), (3, own!("county-coding-system"))] {
        let text = cx.write(parts.component(9).subcomponent(n));
        address.extension.extend(text.map(|text| Extension::string(url, text)));
    }
    if let Some(tract) = cx.write(part(10)) {
        address.extension.push(Extension::string(CENSUS_TRACT, tract));
    }
    kind(cx, part(7), &mut address);
    cx.ignore(part(11), "in which script an address is written shows in the address");
    let range = parts.component(12);
    let period = cx.period(part(13), part(14));
    address.period = period.map(Box::new);
    let range = cx.period(range.subcomponent(1), range.subcomponent(2)).map(Box::new);
    if address.period.is_none() {
        address.period = range;
    } else if range != address.period {
        let range = range.map(fhir::ExtensionValue::Period);
        address.extension.extend(range.map(|range| Extension::new(own!("validity-range"), range)));
    }
    details(cx, &parts, &mut address);
    super::further(cx, xad, 23, &mut address.extension);
    (address != Address::default()).then_some(address)
}

/// Line, street and number (XAD.1), and either the number's suffix or a second line (XAD.2).
fn lines<'a>(cx: &mut Context<'_, 'a>, xad: &Parts<'_, 'a, 23>, address: &mut Address<'a>) {
    let street_address = xad.component(1);
    let line = cx.write(street_address.subcomponent(1));
    let street = cx.write(street_address.subcomponent(2));
    let number = cx.write(street_address.subcomponent(3));
    let other = cx.write(xad.value(2));
    let in_parts = street.is_some() || number.is_some();
    let mut parts = Vec::new();
    let mut composed = String::new();
    let (suffix, second) = if in_parts { (other, None) } else { (None, other) };
    // "by" and "to" stand before the number or before its suffix.
    let (before, number) = indication(number);
    let (indication, suffix) = if before.is_some() { (before, suffix) } else { indication(suffix) };
    let (suffix, unit) = unit(suffix);
    for (url, text) in [
        (nl::STREET_NAME, street),
        (nl::ADDITIONAL_LOCATOR, indication.map(Cow::Borrowed)),
        (nl::HOUSE_NUMBER, number),
        (nl::HOUSE_NUMBER_SUFFIX, suffix),
        (nl::UNIT_ID, unit),
    ] {
        if let Some(text) = text {
            if line.is_none() {
                if !composed.is_empty() {
                    composed.push(' ');
                }
                composed.push_str(&text);
            }
            parts.push(Extension::string(url, text));
        }
    }
    let whole = line.or_else(|| (!composed.is_empty()).then_some(Cow::Owned(composed)));
    if let Some(whole) = whole {
        address.line.push(whole);
        address.line_ext = ElementList(vec![Element::some(parts)]);
    }
    for more in [second, cx.write(xad.value(8))].into_iter().flatten() {
        address.line.push(more);
        if !address.line_ext.0.is_empty() {
            address.line_ext.0.push(None);
        }
    }
}

/// What v2.6 and later say of an address beside where it is.
fn details<'a>(cx: &mut Context<'_, 'a>, xad: &Parts<'_, 'a, 23>, address: &mut Address<'a>) {
    let flag = |n: usize| xad.value(n).raw().trim_ascii().eq_ignore_ascii_case(b"Y");
    // A bad address is one that is no longer used; a temporary one has a use of its own.
    let told = [(17, "old"), (16, "temp")].into_iter().find(|(n, _)| flag(*n));
    if address.r#use.is_none()
        && address.use_ext.is_none()
        && let Some((n, using)) = told
    {
        address.r#use = Some(using);
        cx.mark(xad.value(n));
    }
    for (n, url) in [
        (16, own!("temporary-address")),
        (17, own!("bad-address")),
        (18, own!("address-usage")),
        (20, own!("comment")),
        (21, own!("preference-order")),
    ] {
        let value = xad.value(n);
        let text = if cx.is_marked(value) { None } else { cx.write(value) };
        address.extension.extend(text.map(|text| Extension::string(url, text)));
    }
    for (n, url) in [(15, own!("expiration-reason")), (22, own!("protection-code"))] {
        let concept = cwe::concept_of_component(cx, xad.component(n), "", None);
        address.extension.extend(concept.map(|concept| Extension::concept(url, concept)));
    }
    // XAD.19: to whom post is addressed there; a name in parts since v2.7.
    let addressee: Vec<_> = xad.component(19).subcomponents().filter_map(|part| cx.write(part)).collect();
    if !addressee.is_empty() {
        address.line.push(Cow::Owned(addressee.join(" ")));
        if !address.line_ext.0.is_empty() {
            address.line_ext.0.push(None);
        }
    }
    let number = xad.component(23);
    if let Some(value) = cx.write(number.subcomponent(1)) {
        let authority = Hd {
            namespace: number.subcomponent(2),
            universal_id: number.subcomponent(3),
            universal_type: number.subcomponent(4),
        };
        let (system, name) = authority.write(cx);
        let assigner = name.map(|name| Box::new(fhir::Reference::display(name)));
        let one = fhir::Identifier { system, value: Some(value), assigner, ..fhir::Identifier::default() };
        let one = fhir::ExtensionValue::Identifier(Box::new(one));
        address.extension.push(Extension::new(own!("address-identifier"), one));
    }
}

/// `kamer 12` is a place within the house, and no suffix of its number: house letter and addition are five
/// characters at most (BAG). nl-core has a part of its own for it.
fn unit(suffix: Option<Cow<'_, str>>) -> (Option<Cow<'_, str>>, Option<Cow<'_, str>>) {
    const WORDS: [&str; 9] =
        ["afdeling", "app", "appartement", "etage", "gebouw", "kamer", "room", "unit", "verdieping"];
    let Some(text) = suffix else { return (None, None) };
    let is_word = |part: &str| WORDS.iter().any(|word| part.trim_end_matches('.').eq_ignore_ascii_case(word));
    let Some(first) = text.split(' ').position(is_word) else { return (Some(text), None) };
    let words: Vec<&str> = text.split(' ').collect();
    let (before, behind) = words.split_at(first);
    let joined = |words: &[&str]| (!words.is_empty()).then(|| Cow::Owned(words.join(" ")));
    (joined(before), joined(behind))
}

/// `by` and `to` in front of a number or its suffix: near, or opposite to, the number. nl-core has a part of its own for them.
fn indication(suffix: Option<Cow<'_, str>>) -> (Option<&'static str>, Option<Cow<'_, str>>) {
    let Some(text) = suffix else { return (None, None) };
    let (first, rest) = text.split_once(' ').unwrap_or((&text, ""));
    let known = match first.to_ascii_lowercase().as_str() {
        "by" => "by",
        "to" => "to",
        _ => return (None, Some(text)),
    };
    let rest = rest.trim();
    (Some(known), (!rest.is_empty()).then(|| Cow::Owned(rest.to_owned())))
}

/// Use and type (XAD.7), and the zib's code for both.
fn kind<'a>(cx: &mut Context<'_, 'a>, code: Value<'_, 'a>, address: &mut Address<'a>) {
    if !code.is_present() {
        return;
    }
    // What table 0190 says that FHIR's use and type cannot is kept whole by the zib's code.
    let (zib, use_, type_) = match code.text().trim().to_ascii_uppercase().as_str() {
        "H" => ("HP", Some("home"), Some("both")),
        "P" => ("HP", Some("home"), Some("physical")),
        "L" => ("HP", Some("home"), None),
        "M" => ("PST", None, Some("postal")),
        "B" | "O" => ("WP", Some("work"), None),
        "C" => ("TMP", Some("temp"), None),
        "V" | "HV" => ("HV", Some("temp"), None),
        _ => {
            address.r#type = table::address_type(&code.text()).map(|target| target.code);
            (address.r#use, address.use_ext) = cx.code(code, table::address_use);
            return;
        }
    };
    let exact = !matches!(code.raw().to_ascii_uppercase().as_slice(), b"L" | b"P" | b"O");
    if exact {
        cx.mark(code);
    } else {
        // Legal, permanent and office address: the sender's code goes beside.
        (_, address.use_ext) = cx.code(code, |_| None);
        cx.warnings.pop();
    }
    (address.r#use, address.r#type) = (use_, type_);
    let concept = CodeableConcept::code(system::ADDRESS_USE, zib);
    address.extension.push(Extension::concept(nl::ADDRESS_TYPE, concept));
}

/// Countries of ISO 3166-1.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO \
    BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG \
    EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID \
    IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA \
    MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA \
    PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST \
    SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE \
    YT ZA ZM ZW";

/// nl-core gives a country's code beside it: of ISO 3166-1, or of the GBA (table 34), which has four digits.
fn country_code(country: &str) -> Option<Element<'static>> {
    let upper = country.to_uppercase();
    let is_letters = |code: &str| code.bytes().all(|byte| byte.is_ascii_uppercase());
    let (system, code) = match upper.as_str() {
        "NLD" | "NEDERLAND" | "THE NETHERLANDS" | "NETHERLANDS" => (system::COUNTRY, "NL"),
        "BEL" | "BELGIË" | "BELGIE" | "BELGIUM" => (system::COUNTRY, "BE"),
        "DEU" | "DUITSLAND" | "GERMANY" => (system::COUNTRY, "DE"),
        code if code.len() == 2 && is_letters(code) && COUNTRIES.contains(code) => (system::COUNTRY, code),
        code if code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit()) => (nl::GBA_COUNTRY, code),
        _ => return None,
    };
    let concept = CodeableConcept::of(Coding::new(system, code.to_owned()));
    Some(Element::of(Extension::concept(nl::CODE_SPECIFICATION, concept)))
}
