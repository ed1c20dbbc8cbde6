//! XPN, and the name in XCN: names of persons (HL7 v2.5.1 §2.A.88), written as
//! nl-core-NameInformation.

use std::borrow::Cow;

use fhir::{Element, ElementList, Extension, ExtensionValue, HumanName, nl};
use hl7v2::{Component, Field, Repetition, Value};

use super::{Parts, cwe};
use crate::context::{Context, own};
use crate::table;

const REPRESENTATION: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation";

/// Which component holds which part of a name.
pub(crate) struct Layout {
    family: usize,
    given: usize,
    further: usize,
    suffix: usize,
    prefix: usize,
    degree: usize,
    kind: usize,
    script: usize,
    context: usize,
    assembly: usize,
    range: usize,
    start: usize,
    end: usize,
    professional: usize,
}

/// A name that is a field: XPN.
pub(crate) const XPN: Layout = Layout {
    family: 1,
    given: 2,
    further: 3,
    suffix: 4,
    prefix: 5,
    degree: 6,
    kind: 7,
    script: 8,
    context: 9,
    assembly: 11,
    range: 10,
    start: 12,
    end: 13,
    professional: 14,
};

/// A name behind an identifier: XCN.
pub(crate) const XCN: Layout = Layout {
    family: 2,
    given: 3,
    further: 4,
    suffix: 5,
    prefix: 6,
    degree: 7,
    kind: 10,
    script: 15,
    context: 16,
    assembly: 18,
    range: 17,
    start: 19,
    end: 20,
    professional: 21,
};

/// All names of a field; `otherwise` is the first one's use where its type says none.
pub(crate) fn names<'a>(
    cx: &mut Context<'_, 'a>,
    field: Field<'_, 'a>,
    otherwise: Option<&'static str>,
    to: &mut Vec<HumanName<'a>>,
) {
    for repetition in field.repetitions() {
        names_of(cx, repetition, otherwise, to);
    }
}

/// The name of a repetition, and the one by which someone is called.
pub(crate) fn names_of<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    otherwise: Option<&'static str>,
    to: &mut Vec<HumanName<'a>>,
) {
    // XPN.15 (v2.7): nl-core has the name by which someone is called as a name of its own.
    let called = cx.write(from.component(15).value());
    to.extend(name(cx, from, &XPN, otherwise));
    if let Some(called) = called {
        let given = vec![called];
        crate::context::add_new(to, [HumanName { r#use: Some("usual"), given, ..HumanName::default() }]);
    }
}

/// One name.
pub(crate) fn name<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    layout: &Layout,
    otherwise: Option<&'static str>,
) -> Option<HumanName<'a>> {
    if from.is_empty() || from.is_null() {
        return None;
    }
    let parts = Parts::<21>::of(from);
    let part = |n: usize| parts.value(n);
    let mut name = HumanName::default();
    family(cx, parts.component(layout.family), &mut name);
    let given = [layout.given, layout.further].map(|n| cx.write(part(n)));
    name.prefix.extend(cx.write(part(layout.prefix)));
    name.suffix.extend(
        [layout.suffix, layout.degree, layout.professional].into_iter().filter_map(|n| cx.write(part(n))),
    );
    if name == HumanName::default() && given.iter().all(Option::is_none) {
        return None;
    }
    (name.r#use, name.use_ext) = cx.code(part(layout.kind), table::name_use);
    let only_given = name.family.is_none();
    if only_given && name.r#use == Some("nickname") {
        // nl-core: the name by which someone is called is a name of its own, with use `usual`.
        name.r#use = Some("usual");
    }
    if !part(layout.kind).is_present() {
        name.r#use = otherwise;
    }
    let official = name.r#use == Some("official");
    for text in given.into_iter().flatten() {
        split_given(text, official, &mut name);
    }
    name.text = whole(&name);
    representation(cx, part(layout.script), &mut name);
    if let Some(context) = cwe::concept_of_component(cx, parts.component(layout.context), "", None) {
        name.extension.push(Extension::concept(own!("name-context"), context));
    }
    if let Some(order) = cx.write_code(part(layout.assembly)) {
        name.extension.push(Extension::code(own!("name-assembly-order"), order));
    }
    let range = parts.component(layout.range);
    let period = cx.period(part(layout.start), part(layout.end));
    name.period = period.map(Box::new);
    let range = cx.period(range.subcomponent(1), range.subcomponent(2)).map(Box::new);
    if name.period.is_none() {
        name.period = range;
    } else if range != name.period {
        let range = range.map(ExtensionValue::Period);
        name.extension.extend(range.map(|range| Extension::new(own!("validity-range"), range)));
    }
    if layout.family == XPN.family {
        super::further(cx, from, 14, &mut name.extension);
    }
    Some(name)
}

/// In which kind of script a name is written (table 0465).
fn representation<'a>(cx: &mut Context<'_, 'a>, from: Value<'_, 'a>, name: &mut HumanName<'a>) {
    let code = match from.text().trim() {
        "A" => "ABC",
        "I" => "IDE",
        "P" => "SYL",
        _ => {
            let code = cx.write(from);
            name.extension.extend(code.map(|code| Extension::string(own!("name-representation"), code)));
            return;
        }
    };
    cx.mark(from);
    name.extension.push(Extension::code(REPRESENTATION, code));
}

/// The family name (FN): whole, own prefix, own name, partner's prefix, partner's name.
fn family<'a>(cx: &mut Context<'_, 'a>, from: Component<'_, 'a>, name: &mut HumanName<'a>) {
    let mut parts = [const { None }; 5];
    for (part, value) in parts.iter_mut().zip(from.subcomponents()) {
        *part = cx.write(value);
    }
    let [whole, own_prefix, own, partner_prefix, partner] = parts;
    let order = assembly_order(whole.as_deref(), own.as_deref(), partner.as_deref());
    let family = whole.or_else(|| compose(&own_prefix, &own, &partner_prefix, &partner));
    let mut extension = Vec::new();
    for (url, text) in [
        (nl::OWN_PREFIX, own_prefix),
        (nl::OWN_NAME, own),
        (nl::PARTNER_PREFIX, partner_prefix),
        (nl::PARTNER_NAME, partner),
    ] {
        extension.extend(text.map(|text| Extension::string(url, text)));
    }
    name.family = family;
    name.family_ext = Element::some(extension);
    name.extension.extend(order.map(|order| Extension::code(nl::ASSEMBLY_ORDER, order)));
}

/// In what order own and partner's name are used, told by where they stand in the whole: NL1 own,
/// NL2 partner's, NL3 partner's before own, NL4 own before partner's.
fn assembly_order(whole: Option<&str>, own: Option<&str>, partner: Option<&str>) -> Option<&'static str> {
    let Some(whole) = whole else {
        return match (own, partner) {
            (Some(_), None) => Some("NL1"),
            (None, Some(_)) => Some("NL2"),
            (Some(_), Some(_)) => Some("NL4"),
            (None, None) => None,
        };
    };
    let at = |part: Option<&str>| part.and_then(|part| whole.find(part).map(|at| (at, part.len())));
    match (at(own), at(partner)) {
        (Some(_), None) => Some("NL1"),
        (None, Some(_)) => Some("NL2"),
        (Some((own, own_len)), Some((partner, partner_len))) => {
            // One name may contain the other (Berg, Bergsma): the longer one is the one that stands there.
            let overlap = own < partner + partner_len && partner < own + own_len;
            match overlap {
                true if own_len == partner_len => None,
                true if own_len > partner_len => Some("NL1"),
                true => Some("NL2"),
                false if own < partner => Some("NL4"),
                false => Some("NL3"),
            }
        }
        (None, None) => None,
    }
}

/// The whole of a family name from its parts: own name, then the partner's.
fn compose<'a>(
    own_prefix: &Option<Cow<'a, str>>,
    own: &Option<Cow<'a, str>>,
    partner_prefix: &Option<Cow<'a, str>>,
    partner: &Option<Cow<'a, str>>,
) -> Option<Cow<'a, str>> {
    let with_prefix = |prefix: &Option<Cow<'a, str>>, name: &Option<Cow<'a, str>>| match (prefix, name) {
        (Some(prefix), Some(name)) => Some(Cow::Owned(format!("{prefix} {name}"))),
        (prefix, name) => name.clone().or_else(|| prefix.clone()),
    };
    match (with_prefix(own_prefix, own), with_prefix(partner_prefix, partner)) {
        (Some(own), Some(partner)) => Some(Cow::Owned(format!("{own}-{partner}"))),
        (own, partner) => own.or(partner),
    }
}

/// nl-core gives each given name and each initial on its own and says which it is (BR, IN).
fn split_given<'a>(text: Cow<'a, str>, official: bool, name: &mut HumanName<'a>) {
    if !official {
        name.given.push(text);
        return;
    }
    let mut add = |given: Cow<'a, str>, qualifier: &'static str| {
        name.given.push(given);
        let ElementList(qualifiers) = &mut name.given_ext;
        qualifiers.push(Some(Element::of(Extension::code(nl::NAME_QUALIFIER, qualifier))));
    };
    let several = text.contains(char::is_whitespace) || (text.contains('.') && text.len() > 2);
    if !several {
        let initial = text.chars().filter(|c| *c != '.').count() == 1;
        add(text, if initial { "IN" } else { "BR" });
        return;
    }
    for word in text.split_whitespace() {
        let initials = word.contains('.') && word.split('.').all(|piece| piece.chars().count() <= 3);
        if initials {
            let pieces = word.split_inclusive('.').filter(|piece| !piece.is_empty());
            pieces.for_each(|piece| add(Cow::Owned(piece.to_owned()), "IN"));
        } else {
            let initial = word.chars().count() == 1;
            add(Cow::Owned(word.to_owned()), if initial { "IN" } else { "BR" });
        }
    }
}

/// The name as people write it: given names, then family name. Only where there are several parts.
fn whole<'a>(name: &HumanName<'a>) -> Option<Cow<'a, str>> {
    let family = name.family.as_deref()?;
    let length = name.given.iter().map(|given| given.len() + 1).sum::<usize>() + family.len();
    let mut text = String::with_capacity(length);
    for given in &name.given {
        text.push_str(given);
        // Initials stand close: J.P. van Putten.
        if !given.ends_with('.') {
            text.push(' ');
        }
    }
    if text.ends_with('.') {
        text.push(' ');
    }
    text.push_str(family);
    Some(Cow::Owned(text))
}

/// Family and first given name, for natural keys: looked at, not written.
pub(crate) fn key<'a>(from: Repetition<'_, 'a>, layout: &Layout) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let family = from.component(layout.family);
    let whole = crate::context::trim(family.subcomponent(1).text());
    let family = if whole.is_empty() { crate::context::trim(family.subcomponent(3).text()) } else { whole };
    let given = crate::context::trim(from.component(layout.given).value().text());
    (!family.is_empty() || !given.is_empty()).then_some((family, given))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_names_is_told_by_the_whole() {
        let order = |whole, own, partner| assembly_order(Some(whole), Some(own), Some(partner));
        assert_eq!(order("van Putten", "Putten", "Giessen"), Some("NL1"));
        assert_eq!(order("van der Giessen", "Putten", "Giessen"), Some("NL2"));
        assert_eq!(order("van der Giessen-van Putten", "Putten", "Giessen"), Some("NL3"));
        assert_eq!(order("van Putten-van der Giessen", "Putten", "Giessen"), Some("NL4"));
        assert_eq!(order("Bergsma", "Bergsma", "Berg"), Some("NL1"));
        assert_eq!(order("De Jong", "Jong", "Jong"), None);
        assert_eq!(assembly_order(None, Some("Putten"), None), Some("NL1"));
    }

    #[test]
    fn given_names_and_initials_stand_alone() {
        let split = |text: &'static str| {
            let mut name = HumanName::default();
            split_given(text.into(), true, &mut name);
            name.given.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(split("Johanna Petronella"), ["Johanna", "Petronella"]);
        assert_eq!(split("J.P.M."), ["J.", "P.", "M."]);
        assert_eq!(split("J"), ["J"]);
        assert_eq!(split("Chr. J."), ["Chr.", "J."]);
    }
}
