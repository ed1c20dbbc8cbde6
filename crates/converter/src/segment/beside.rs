//! Fields for which FHIR R4 has no element: each is an extension that is named after the field.
//!
//! The table of a segment says which field, under which name, and of which datatype; what the datatype holds
//! is written in full. [`extensions`] makes an extension of each field, [`parts`] the same for a resource that
//! is told as a whole, and [`whole`] one extension that has the fields as its parts.

use std::borrow::Cow;

use fhir::{
    CodeableConcept, Decimal, Element, Extension, ExtensionValue, Period, Quantity, Reference, system,
};
use hl7v2::{Field, Repetition, Segment, Value};
use uuid::Uuid;

use super::obx::value;
use crate::context::Context;
use crate::datatype::cwe::Table;
use crate::datatype::{self, cp, cq, cwe, cx as identifier, hd, named, pl, xad, xcn, xon, xpn, xtn};
use crate::time::Precision;

/// A field, the extension it is written to, and what it holds.
pub(crate) struct Beside {
    pub(crate) field: usize,
    /// `extension:` and the address: as a path it names the register that `""` deletes. Or the name that a
    /// part has within its extension.
    pub(crate) path: &'static str,
    pub(crate) is: Is,
}

impl Beside {
    fn url(&self) -> &'static str {
        self.path.strip_prefix("extension:").unwrap_or(self.path)
    }
}

/// Datatypes of HL7 v2, by what becomes of them.
#[derive(Clone, Copy)]
pub(crate) enum Is {
    /// CWE, CE, CNE, IS, ID.
    Concept,
    /// The same, translated by a table that HL7 leaves to each site.
    Coded(Table),
    /// ST, TX, FT, and what is a number only by its name.
    Text,
    /// Any datatype, as it stands: with blanks at the front and its components.
    Verbatim,
    /// NM.
    Number,
    /// NM: a number of days.
    Days,
    /// NM, with its unit in this field.
    Measure(usize),
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

/// The table of a segment: field, name of the extension (of FHIR's own: the constant of its address), datatype.
macro_rules! beside {
    (@path $name:literal) => {
        concat!("extension:https://zorgsluis.github.io/fhir/StructureDefinition/v2-", $name)
    };
    (@path $address:ident) => { $address };
    ($($field:literal $name:tt $is:expr),* $(,)?) => {
        &[$($crate::segment::beside::Beside {
            field: $field,
            path: beside!(@path $name),
            is: $is,
        }),*]
    };
}
pub(crate) use beside;

/// The table of fields that are the parts of one extension: field, name of the part, datatype.
macro_rules! parts_of {
    ($($field:literal $name:literal $is:expr),* $(,)?) => {
        &[$($crate::segment::beside::Beside { field: $field, path: $name, is: $is }),*]
    };
}
pub(crate) use parts_of;

/// The extensions of a segment's table. `owner` is the resource to which they belong: a null deletes there.
pub(crate) fn extensions<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    table: &'static [Beside],
    owner: Uuid,
) -> Vec<Extension<'a>> {
    let mut all = Vec::new();
    for row in table {
        if cx.given(segment.field(row.field), owner, row.path) {
            of_field(cx, segment, row, &mut all);
        }
    }
    all
}

/// The extensions of a segment's table, for what is told as a whole: a null is none, and left to
/// [`crate::null`].
pub(crate) fn parts<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    table: &[Beside],
) -> Vec<Extension<'a>> {
    let mut all = Vec::new();
    for row in table {
        let field = segment.field(row.field);
        if !field.is_empty() && !field.is_null() {
            of_field(cx, segment, row, &mut all);
        }
    }
    all
}

/// One extension that has the fields of a table as its parts. They are replaced together: the message that has
/// a null in one of them says what the others are now.
pub(crate) fn whole<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    url: &'static str,
    table: &[Beside],
) -> Option<Extension<'a>> {
    for field in table.iter().map(|row| segment.field(row.field)).filter(Field::is_null) {
        cx.mark(field.value());
    }
    let all = parts(cx, segment, table);
    together(url, all)
}

/// The extensions of one segment of several, held together in one.
pub(crate) fn together<'a>(url: &'static str, all: Vec<Extension<'a>>) -> Option<Extension<'a>> {
    (!all.is_empty()).then(|| Extension::new(url, ExtensionValue::Parts(all)))
}

/// An extension that refers to an entry.
pub(crate) fn reference_to<'a>(url: &'static str, id: Uuid) -> Extension<'a> {
    Extension::new(url, reference(Reference::to(id)))
}

fn of_field<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    row: &Beside,
    to: &mut Vec<Extension<'a>>,
) {
    // How a sender's profile calls the field.
    let place =
        if cx.profile.translates() { format!("{}-{}", segment.id(), row.field) } else { String::new() };
    for repetition in segment.field(row.field).repetitions().filter(|repetition| !repetition.is_empty()) {
        match row.is {
            // A repetition has several of these.
            Is::Name => {
                let mut names = Vec::new();
                xpn::names_of(cx, repetition, None, &mut names);
                let names = names.into_iter().map(|name| ExtensionValue::HumanName(Box::new(name)));
                to.extend(names.map(|name| Extension::new(row.url(), name)));
            }
            Is::Contact => {
                let mut points = Vec::new();
                xtn::contact_point(cx, repetition, None, &mut points);
                let points = points.into_iter().map(|point| ExtensionValue::ContactPoint(Box::new(point)));
                to.extend(points.map(|point| Extension::new(row.url(), point)));
            }
            Is::Measure(unit) => {
                let quantity = cq::measure(cx, repetition.value(), segment.field(unit), &place);
                to.extend(
                    quantity.map(|quantity| {
                        Extension::new(row.url(), ExtensionValue::Quantity(Box::new(quantity)))
                    }),
                );
            }
            is => to.extend(one(cx, repetition, is, &place).map(|value| Extension::new(row.url(), value))),
        }
    }
    datatype::beyond(cx, segment, [row.field], to);
}

/// What one repetition holds.
fn one<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    is: Is,
    place: &str,
) -> Option<ExtensionValue<'a>> {
    let value = from.component(1).value();
    match is {
        Is::Concept => cwe::concept(cx, from, place, None).map(concept),
        Is::Coded(table) => cwe::concept_of_site(cx, from, place, Some(table)).map(concept),
        Is::Text => cx.write(value).map(ExtensionValue::String),
        Is::Verbatim | Is::Name | Is::Contact | Is::Measure(_) => {
            value::whole(cx, from).map(ExtensionValue::String)
        }
        Is::Number => {
            number(cx, value).map(|read| read.map_or_else(ExtensionValue::String, ExtensionValue::Decimal))
        }
        Is::Days => {
            let duration = |number| ExtensionValue::Duration(Box::new(days(number)));
            number(cx, value).map(|read| read.map_or_else(ExtensionValue::String, duration))
        }
        Is::Date => date(cx, value),
        Is::Time => date_time(cx, value),
        Is::Flag => flag(cx, value),
        Is::Amount => cp::amount(cx, from).map(|money| ExtensionValue::Money(Box::new(money))),
        Is::Quantity => {
            cq::in_any_unit(cx, from).map(|quantity| ExtensionValue::Quantity(Box::new(quantity)))
        }
        Is::Span => span(cx, from).map(|period| ExtensionValue::Period(Box::new(period))),
        Is::Id => identifier::identifier(cx, from, None).map(|one| ExtensionValue::Identifier(Box::new(one))),
        Is::Entity => hd::ei(cx, from).map(|one| ExtensionValue::Identifier(Box::new(one))),
        Is::Person => xcn::professional(cx, from).map(|who| reference(who.reference())),
        Is::Address => xad::address(cx, from).map(|address| ExtensionValue::Address(Box::new(address))),
        Is::Organization => xon::organization(cx, from).map(|id| reference(Reference::to(id))),
        Is::Place => pl::location(cx, from).map(|place| reference(Reference::to(place.location))),
        Is::Parts(names) => by_name(cx, from, names).map(ExtensionValue::Parts),
    }
}

fn concept(concept: CodeableConcept<'_>) -> ExtensionValue<'_> {
    ExtensionValue::CodeableConcept(Box::new(concept))
}

fn reference(to: Reference<'_>) -> ExtensionValue<'_> {
    ExtensionValue::Reference(Box::new(to))
}

/// A day; one that was sent with an hour keeps it.
fn date<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Option<ExtensionValue<'a>> {
    if cx.moment(value).is_ok_and(|time| time.precision() > Precision::Day) {
        return date_time(cx, value);
    }
    let (date, original) = cx.date(value, None);
    date.map(ExtensionValue::Date).or_else(|| original.map(kept))
}

/// A point in time.
pub(crate) fn date_time<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Option<ExtensionValue<'a>> {
    let (time, original) = cx.date_time(value);
    time.map(ExtensionValue::DateTime).or_else(|| original.map(kept))
}

/// The text of what is no date.
fn kept(original: Element<'_>) -> ExtensionValue<'_> {
    ExtensionValue::Parts(original.extension)
}

/// A number, or the text of what is none.
pub(crate) fn number<'a>(
    cx: &mut Context<'_, 'a>,
    value: Value<'_, 'a>,
) -> Option<Result<Decimal<'a>, Cow<'a, str>>> {
    let text = cx.write(value)?;
    let number = Decimal::parse(text.clone());
    if number.is_none() {
        cx.warn(value.place(), "invalid-number");
    }
    Some(number.ok_or(text))
}

/// A number of days.
pub(crate) fn days(value: Decimal<'_>) -> Quantity<'_> {
    Quantity {
        value: Some(value),
        unit: Some("day".into()),
        system: Some(system::UCUM.into()),
        code: Some("d".into()),
        ..Quantity::default()
    }
}

/// Yes or no; a text where it is neither.
fn flag<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Option<ExtensionValue<'a>> {
    match cx.yes_no(value) {
        Some(flag) => Some(ExtensionValue::Boolean(flag)),
        None => cx.write(value).map(ExtensionValue::String),
    }
}

/// DR: from and until.
pub(crate) fn span<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<Period<'a>> {
    cx.period(from.component(1).value(), from.component(2).value())
}

/// The components of a datatype that FHIR has nothing like, by name; those behind the last name as `further`.
fn by_name<'a>(
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
