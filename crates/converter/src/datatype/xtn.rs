//! XTN: telephone numbers and e-mail addresses (HL7 v2.5.1 §2.A.89).

use std::borrow::Cow;

use fhir::{CodeableConcept, Coding, ContactPoint, Element, Extension, nl, system};
use hl7v2::{Field, Repetition, Value};

use super::hd::Hd;
use super::{Parts, cwe};
use crate::context::{Context, own};
use crate::table;

const COUNTRY: &str = "http://hl7.org/fhir/StructureDefinition/contactpoint-country";
const AREA: &str = "http://hl7.org/fhir/StructureDefinition/contactpoint-area";
const LOCAL: &str = "http://hl7.org/fhir/StructureDefinition/contactpoint-local";
const EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/contactpoint-extension";
const COMMENT: &str = "http://hl7.org/fhir/StructureDefinition/contactpoint-comment";

/// All contact points of a field; `otherwise` is their use where XTN.2 says none.
pub(crate) fn contact_points<'a>(
    cx: &mut Context<'_, 'a>,
    field: Field<'_, 'a>,
    otherwise: Option<&'static str>,
    to: &mut Vec<ContactPoint<'a>>,
) {
    for repetition in field.repetitions() {
        contact_point(cx, repetition, otherwise, to);
    }
}

pub(crate) fn contact_point<'a>(
    cx: &mut Context<'_, 'a>,
    xtn: Repetition<'_, 'a>,
    otherwise: Option<&'static str>,
    to: &mut Vec<ContactPoint<'a>>,
) {
    if xtn.is_empty() || xtn.is_null() {
        return;
    }
    let parts = Parts::<18>::of(xtn);
    let part = |n: usize| parts.value(n);
    let numbers = [12, 1, 4].map(|n| cx.write(part(n)));
    let [unformatted, number, mail] = numbers;
    let mut extension = Vec::new();
    let mut composed = String::new();
    for (n, url) in [(5, COUNTRY), (6, AREA), (7, LOCAL), (8, EXTENSION)] {
        if let Some(text) = cx.write(part(n)) {
            match n {
                5 if !text.starts_with('+') => composed.push('+'),
                8 => composed.push_str(" x"),
                _ => {}
            }
            composed.push_str(&text);
            extension.push(Extension::string(url, text));
        }
    }
    if let Some(text) = cx.write(part(9)) {
        extension.push(Extension::string(COMMENT, text));
    }
    let mut values: Vec<Cow<'a, str>> = Vec::new();
    crate::context::add_new(&mut values, [unformatted, number].into_iter().flatten());
    if values.is_empty() && !composed.is_empty() {
        values.push(Cow::Owned(composed));
    }
    for (n, url) in [(10, own!("extension-prefix")), (11, own!("speed-dial-code"))] {
        extension.extend(cx.write(part(n)).map(|text| Extension::string(url, text)));
    }
    for (n, url) in [(15, own!("expiration-reason")), (16, own!("protection-code"))] {
        let concept = cwe::concept_of_component(cx, parts.component(n), "", None);
        extension.extend(concept.map(|concept| Extension::concept(url, concept)));
    }
    if let Some(shared) = Hd::of_component(parts.component(17)).name(cx) {
        extension.push(Extension::string(own!("shared-telecommunication"), shared));
    }
    let rank = rank(cx, part(18), &mut extension);
    super::further(cx, xtn, 18, &mut extension);
    if values.is_empty() && mail.is_none() && extension.is_empty() && rank.is_none() {
        for n in [2, 3] {
            cx.ignore(part(n), "a kind of number, and no number");
        }
        return;
    }
    let (medium, medium_ext, mobile) =
        medium(cx, [part(2), part(3)], values.iter().any(|value| !value.contains('@')));
    let (mut using, using_ext) = if is(part(2), b"NET") && medium == Some("email") {
        // Table 0201: NET says that it is e-mail, not whose or where.
        cx.mark(part(2));
        (None, None)
    } else {
        cx.code(part(2), table::telecom_use)
    };
    let mobile = mobile || using == Some("mobile");
    let medium = medium.or(mobile.then_some("phone"));
    using = using.or(otherwise).or(mobile.then_some("mobile"));
    let mut period = cx.period(part(13), part(14)).map(Box::new);
    let several = values.len() + usize::from(mail.is_some()) > 1;
    if values.is_empty() && mail.is_none() {
        let (extension, period) = (std::mem::take(&mut extension), period.take());
        to.push(ContactPoint {
            extension,
            system_ext: medium_ext,
            use_ext: using_ext,
            period,
            rank,
            ..ContactPoint::default()
        });
        return;
    }
    for value in values {
        let is_mail = medium == Some("email") || value.contains('@');
        let system = if value.contains('@') { Some("email") } else { medium.or(Some("phone")) };
        let system_ext =
            if mobile && !is_mail { Some(mobile_phone(medium_ext.clone())) } else { medium_ext.clone() };
        to.push(ContactPoint {
            extension: std::mem::take(&mut extension),
            system,
            system_ext,
            value: Some(value),
            r#use: using,
            use_ext: using_ext.clone(),
            period: period.take(),
            rank,
        });
    }
    if let Some(mail) = mail {
        let codes = !several;
        to.push(ContactPoint {
            extension,
            system: Some("email"),
            system_ext: if codes { medium_ext } else { None },
            value: Some(mail),
            r#use: using.filter(|_| codes || !mobile),
            use_ext: if codes { using_ext } else { None },
            period,
            rank,
        });
    }
}

/// XTN.18: 1 is the most preferred. What is no such number is kept as it is.
fn rank<'a>(
    cx: &mut Context<'_, 'a>,
    value: Value<'_, 'a>,
    extension: &mut Vec<Extension<'a>>,
) -> Option<u32> {
    let rank = value.text().trim().parse().ok().filter(|rank| (1..=2_147_483_647).contains(rank));
    if rank.is_some() {
        cx.mark(value);
    } else if let Some(text) = cx.write(value) {
        extension.push(Extension::string(own!("preference-order"), text));
    }
    rank
}

/// What kind of device (XTN.3, and NET in XTN.2): its FHIR code, the sender's code where that says more,
/// and whether it is a mobile telephone.
fn medium<'a>(
    cx: &mut Context<'_, 'a>,
    [use_, kind]: [Value<'_, 'a>; 2],
    has_number: bool,
) -> (Option<&'static str>, Option<Element<'a>>, bool) {
    if is(kind, b"CP") && has_number {
        // The zib's code for a mobile telephone keeps it.
        cx.mark(kind);
        return (None, None, true);
    }
    let (medium, beside) = cx.code(kind, table::telecom_system);
    let mail = is(use_, b"NET").then_some("email");
    (medium.or(mail), beside, false)
}

fn is(value: Value<'_, '_>, code: &[u8]) -> bool {
    value.raw().trim_ascii().eq_ignore_ascii_case(code)
}

/// nl-core tells a mobile telephone by the zib code on `system`.
fn mobile_phone(beside: Option<Element<'_>>) -> Element<'_> {
    let mut element = beside.unwrap_or_default();
    let coding = Coding::new(system::ADDRESS_USE, "MC").with_display("Mobile Phone");
    element.extension.insert(0, Extension::concept(nl::CODE_SPECIFICATION, CodeableConcept::of(coding)));
    element
}
