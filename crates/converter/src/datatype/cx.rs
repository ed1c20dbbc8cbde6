//! CX: an identifier with its authority (HL7 v2.5.1 §2.A.14).

use std::borrow::Cow;

use fhir::{CodeableConcept, Extension, Identifier, Reference, nl, system};
use hl7v2::{Component, Repetition, Value};

use super::hd::{Assigner, Hd};
use super::{Parts, cwe};
use crate::context::{Context, extension, own, trim};
use crate::table;

/// An identifier. `kind` is its type (table 0203) where CX.5 says none.
pub(crate) fn identifier<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    kind: Option<&'static str>,
) -> Option<Identifier<'a>> {
    if from.is_empty() || from.is_null() {
        return None;
    }
    let parts = Parts::<12>::of(from);
    let part = |n: usize| parts.value(n);
    let Some(value) = cx.write(part(1)) else {
        super::without(
            cx,
            from,
            "who would have given a number, of which kind and when, says nothing without it",
        );
        return None;
    };
    let (system, name) = Assigner::of(parts.component(4), part(5)).of_organization(&value).write(cx);
    if system.as_deref() == Some(nl::BSN) && !nl::passes_eleven_test(&value) {
        cx.warn(part(1).place(), "bsn-fails-11-test");
    }
    let mut identifier = Identifier { system, value: Some(value), ..Identifier::default() };
    identifier.r#type = type_of(cx, part(5), kind).map(Box::new);
    check_digit(cx, [parts.component(2), parts.component(3)], &mut identifier);
    if let Some(facility) = Hd::of_component(parts.component(6)).name(cx) {
        identifier.extension.push(Extension::string(extension::ASSIGNING_FACILITY, facility));
    }
    jurisdiction(cx, [parts.component(9), parts.component(10)], &mut identifier);
    for (component, url) in [(11, own!("security-check")), (12, own!("security-check-scheme"))] {
        let text = cx.write(part(component));
        identifier.extension.extend(text.map(|text| Extension::string(url, text)));
    }
    identifier.assigner = name.map(|name| Box::new(Reference::display(name)));
    identifier.period = cx.period(part(7), part(8)).map(Box::new);
    super::further(cx, from, 12, &mut identifier.extension);
    Some(identifier)
}

/// A check digit, and how it is computed (table 0061).
pub(crate) fn check_digit<'a>(
    cx: &mut Context<'_, 'a>,
    [digit, scheme]: [Component<'_, 'a>; 2],
    identifier: &mut Identifier<'a>,
) {
    for (component, url) in [(digit, extension::CHECK_DIGIT), (scheme, extension::CHECK_DIGIT_SCHEME)] {
        let text = cx.write(component.value());
        identifier.extension.extend(text.map(|text| Extension::string(url, text)));
    }
}

/// The jurisdiction or agency that gave an identifier.
pub(crate) fn jurisdiction<'a>(
    cx: &mut Context<'_, 'a>,
    [jurisdiction, agency]: [Component<'_, 'a>; 2],
    identifier: &mut Identifier<'a>,
) {
    for (component, url) in
        [(jurisdiction, own!("assigning-jurisdiction")), (agency, own!("assigning-agency"))]
    {
        let concept = cwe::concept_of_component(cx, component, "", None);
        identifier.extension.extend(concept.map(|concept| Extension::concept(url, concept)));
    }
}

/// The type of an identifier, by table 0203. A code that the table does not know stays as text.
pub(crate) fn type_of<'a>(
    cx: &mut Context<'_, 'a>,
    code: Value<'_, 'a>,
    otherwise: Option<&'static str>,
) -> Option<CodeableConcept<'a>> {
    if !code.is_present() {
        return otherwise.map(|kind| CodeableConcept::code(system::V2_IDENTIFIER_TYPE, kind));
    }
    if let Some(target) = table::identifier_type(&code.text()) {
        cx.mark(code);
        return Some(CodeableConcept::code(target.system, target.code));
    }
    cx.write(code).map(CodeableConcept::text)
}

/// What stands for an identifier in a natural key or in the patient index: authority and value.
pub(crate) type Key<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The key of an identifier.
pub(crate) fn key<'a>(cx: &Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<Key<'a>> {
    let value = trim(from.component(1).value().text());
    if value.is_empty() {
        return None;
    }
    let assigner = Assigner::of(from.component(4), from.component(5).value());
    Some((assigner.of_organization(&value).key(cx), value))
}

/// Whether CX.5 says that this is a number of a visit or an account, not of a person.
pub(crate) fn is_of_visit(from: Repetition<'_, '_>) -> bool {
    matches!(from.component(5).value().raw(), b"VN" | b"AN" | b"vn" | b"an" | b"ANON" | b"ANC" | b"ANT")
}
