//! Fields for which FHIR R4 has no element: each is an extension that is named after the field.
//!
//! A segment of billing has dozens of them. Its table says which field, under which name, and of which
//! datatype; what the datatype holds is written in full.

use std::borrow::Cow;

use fhir::{CodeableConcept, Coding, Decimal, Extension, ExtensionValue, Money, Period, Quantity, Reference};
use hl7v2::{Component, Repetition, Segment, Value};
use uuid::Uuid;

use crate::context::{Context, extension};
use crate::datatype::{self, cwe, cx as identifier, hd, pl, xad, xcn, xon, xpn, xtn};
use crate::time::Precision;

/// A field, the extension it is written to, and what it holds.
pub(crate) struct Beside {
    pub(crate) field: usize,
    /// `extension:` and the address: as a path it names the register that `""` deletes.
    pub(crate) path: &'static str,
    pub(crate) is: Is,
}

/// Datatypes of HL7 v2, by what becomes of them.
#[derive(Clone, Copy)]
pub(crate) enum Is {
    /// CWE, CE, CNE, IS, ID.
    Concept,
    /// ST, TX, FT, and what is a number only by its name.
    Text,
    /// NM.
    Number,
    /// DT.
    Date,
    /// DTM, TS.
    Time,
    /// `Y` and `N`.
    Flag,
    /// CP, MO.
    Amount,
    /// CQ.
    Quantity,
    /// DR.
    Span,
    /// CX.
    Id,
    /// EI.
    Entity,
    /// XCN: a reference.
    Person,
    /// XPN.
    Name,
    /// XAD.
    Address,
    /// XTN.
    Contact,
    /// XON: a reference.
    Organization,
    /// PL: a reference.
    Place,
    /// A datatype that FHIR has nothing like: its components by name.
    Parts(&'static [&'static str]),
}

/// The table of a segment: field, name of the extension, datatype.
macro_rules! beside {
    ($($field:literal $name:literal $is:expr),* $(,)?) => {
        &[$($crate::segment::beside::Beside {
            field: $field,
            path: concat!("extension:https://zorgsluis.github.io/fhir/StructureDefinition/v2-", $name),
            is: $is,
        }),*]
    };
}
pub(crate) use beside;

/// The price type and the range of a composite price.
const PRICE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-price";

/// The extensions of a segment's table. `owner` is the resource to which they belong: a null deletes there.
pub(crate) fn extensions<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    table: &'static [Beside],
    owner: Uuid,
) -> Vec<Extension<'a>> {
    let mut all = Vec::new();
    for row in table {
        let field = segment.field(row.field);
        if !cx.given(field, owner, row.path) {
            continue;
        }
        let url = row.path.strip_prefix("extension:").unwrap_or(row.path);
        for repetition in field.repetitions().filter(|repetition| !repetition.is_empty()) {
            write(cx, repetition, url, row.is, &mut all);
        }
        datatype::beyond(cx, segment, [row.field], &mut all);
    }
    all
}

fn write<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    url: &'static str,
    is: Is,
    to: &mut Vec<Extension<'a>>,
) {
    let value = from.component(1).value();
    let written = match is {
        Is::Concept => {
            cwe::concept(cx, from, "", None).map(|concept| ExtensionValue::CodeableConcept(Box::new(concept)))
        }
        Is::Text => cx.write(value).map(ExtensionValue::String),
        Is::Number => number(cx, value),
        Is::Date => {
            // A day that was sent with an hour keeps it.
            let with_hour = cx.moment(value).is_ok_and(|time| time.precision() > Precision::Day);
            let (date, original) = if with_hour {
                let (time, original) = cx.date_time(value);
                (time.map(ExtensionValue::DateTime), original)
            } else {
                let (date, original) = cx.date(value, None);
                (date.map(ExtensionValue::Date), original)
            };
            return dated(url, date, original, to);
        }
        Is::Time => {
            let (time, original) = cx.date_time(value);
            return dated(url, time.map(ExtensionValue::DateTime), original, to);
        }
        Is::Flag => flag(cx, value),
        Is::Amount => amount(cx, from).map(|money| ExtensionValue::Money(Box::new(money))),
        Is::Quantity => quantity(cx, from).map(|quantity| ExtensionValue::Quantity(Box::new(quantity))),
        Is::Span => span(cx, from).map(|period| ExtensionValue::Period(Box::new(period))),
        Is::Id => identifier::identifier(cx, from, None).map(|one| ExtensionValue::Identifier(Box::new(one))),
        Is::Entity => hd::ei(cx, from).map(|one| ExtensionValue::Identifier(Box::new(one))),
        Is::Person => xcn::professional(cx, from).map(|who| reference(who.reference())),
        Is::Name => {
            let mut names = Vec::new();
            xpn::names_of(cx, from, None, &mut names);
            let names = names.into_iter().map(|name| ExtensionValue::HumanName(Box::new(name)));
            to.extend(names.map(|name| Extension::new(url, name)));
            return;
        }
        Is::Address => xad::address(cx, from).map(|address| ExtensionValue::Address(Box::new(address))),
        Is::Contact => {
            let mut points = Vec::new();
            xtn::contact_point(cx, from, None, &mut points);
            to.extend(
                points
                    .into_iter()
                    .map(|point| Extension::new(url, ExtensionValue::ContactPoint(Box::new(point)))),
            );
            return;
        }
        Is::Organization => xon::organization(cx, from).map(|id| reference(Reference::to(id))),
        Is::Place => pl::location(cx, from).map(|place| reference(Reference::to(place.location))),
        Is::Parts(names) => parts(cx, from, names).map(ExtensionValue::Parts),
    };
    to.extend(written.map(|value| Extension::new(url, value)));
}

fn reference(to: Reference<'_>) -> ExtensionValue<'_> {
    ExtensionValue::Reference(Box::new(to))
}

/// A date, or what stood where one was expected.
fn dated<'a>(
    url: &'static str,
    value: Option<ExtensionValue<'a>>,
    original: Option<fhir::Element<'a>>,
    to: &mut Vec<Extension<'a>>,
) {
    let kept = original.map(|element| ExtensionValue::Parts(element.extension));
    to.extend(value.or(kept).map(|value| Extension::new(url, value)));
}

/// A number; a text where it is none.
fn number<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Option<ExtensionValue<'a>> {
    let text = cx.write(value)?;
    match Decimal::parse(text.clone()) {
        Some(number) => Some(ExtensionValue::Decimal(number)),
        None => {
            cx.warn(value.place(), "invalid-number");
            Some(ExtensionValue::String(text))
        }
    }
}

/// Yes or no; a text where it is neither.
fn flag<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Option<ExtensionValue<'a>> {
    match value.text().trim() {
        "Y" | "y" | "J" | "j" | "1" => cx.mark(value),
        "N" | "n" | "0" => {
            cx.mark(value);
            return Some(ExtensionValue::Boolean(false));
        }
        _ => {
            let text = cx.write(value)?;
            cx.warn(value.place(), "unknown-code");
            return Some(ExtensionValue::String(text));
        }
    }
    Some(ExtensionValue::Boolean(true))
}

/// A decimal of the output; one that is none stays as a text beside it.
fn decimal<'a>(
    cx: &mut Context<'_, 'a>,
    value: Value<'_, 'a>,
    beside: &mut Vec<Extension<'a>>,
) -> Option<Decimal<'a>> {
    let text = cx.write(value)?;
    let number = Decimal::parse(text.clone());
    if number.is_none() {
        cx.warn(value.place(), "invalid-number");
        beside.push(Extension::string(extension::ORIGINAL_TEXT, text));
    }
    number
}

/// CP, or MO as a field: quantity and currency, of whatever form.
pub(crate) fn amount<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<Money<'a>> {
    if from.is_empty() || from.is_null() {
        return None;
    }
    let first = from.component(1);
    let mut money = Money::default();
    money.value = decimal(cx, first.value(), &mut money.extension);
    let inside = first.subcomponent(2);
    let rest = [(2, "type"), (3, "from"), (4, "to"), (5, "unit"), (6, "range-type")];
    let mut skip = 0;
    if inside.is_present() {
        currency(cx, inside, &mut money);
    } else if is_currency(&from.component(2).value().text()) {
        // An MO stands where a CP was expected.
        currency(cx, from.component(2).value(), &mut money);
        skip = 2;
    }
    let mut more = Vec::new();
    for (n, name) in rest {
        if n != skip {
            named(cx, from.component(n), name, &mut more);
        }
    }
    if !more.is_empty() {
        money.extension.push(Extension::new(PRICE, ExtensionValue::Parts(more)));
    }
    (money != Money::default()).then_some(money)
}

fn is_currency(text: &str) -> bool {
    let text = text.trim();
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// FHIR takes only ISO 4217; another name of a currency stays beside the amount.
fn currency<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>, money: &mut Money<'a>) {
    let Some(code) = cx.write_code(value) else { return };
    if is_currency(&code) {
        money.currency = Some(code);
    } else {
        cx.warn(value.place(), "unknown-code");
        let coding = Coding { code: Some(code), ..Coding::default() };
        money.currency_ext = Some(fhir::Element::of(Extension::concept(
            extension::ORIGINAL_CODE,
            CodeableConcept::of(coding),
        )));
    }
}

/// CQ: a number and its unit.
pub(crate) fn quantity<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<Quantity<'a>> {
    let mut quantity = Quantity::default();
    quantity.value = decimal(cx, from.component(1).value(), &mut quantity.extension);
    let unit = from.component(2);
    let code = cx.write_code(unit.value());
    let text = cx.write(unit.subcomponent(2));
    quantity.unit = text.or_else(|| code.clone());
    if let Some(code) = code
        && unit.subcomponent(3).is_present()
    {
        let coding = cwe::coding_of(cx, code, unit.subcomponent(3));
        quantity.code = coding.system.is_some().then_some(coding.code).flatten();
        quantity.system = coding.system;
        quantity.extension.extend(coding.extension);
    }
    (quantity != Quantity::default()).then_some(quantity)
}

/// DR: from and until.
pub(crate) fn span<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<Period<'a>> {
    cx.period(from.component(1).value(), from.component(2).value())
}

/// The components of a datatype that FHIR has nothing like, by name; those behind the last name by number.
pub(crate) fn parts<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    names: &[&'static str],
) -> Option<Vec<Extension<'a>>> {
    let mut all = Vec::new();
    for (nth, component) in from.components().enumerate() {
        named(cx, component, names.get(nth).copied().unwrap_or("further"), &mut all);
    }
    (!all.is_empty()).then_some(all)
}

/// The leaves of a component, one after the other.
fn named<'a>(
    cx: &mut Context<'_, 'a>,
    component: Component<'_, 'a>,
    name: &'static str,
    to: &mut Vec<Extension<'a>>,
) {
    for value in component.subcomponents() {
        let text = cx.write(value);
        to.extend(text.map(|text: Cow<'a, str>| Extension::string(name, text)));
    }
}

/// An extension that refers to an entry.
pub(crate) fn reference_to<'a>(url: &'static str, id: Uuid) -> Extension<'a> {
    Extension::new(url, reference(Reference::to(id)))
}

/// The extensions of one segment of several, held together in one.
pub(crate) fn together<'a>(url: &'static str, all: Vec<Extension<'a>>) -> Option<Extension<'a>> {
    (!all.is_empty()).then(|| Extension::new(url, ExtensionValue::Parts(all)))
}
