//! Fields for which FHIR has no element: extensions of ours, by a table beside each segment.

use fhir::{CodeableConcept, Decimal, Extension, ExtensionValue, Quantity, Reference, system};
use hl7v2::{Repetition, Segment, Value};
use uuid::Uuid;

use crate::context::{Context, trim};
use crate::datatype::cwe::{self, Table};
use crate::datatype::{self, pl, xcn};

/// A field that becomes an extension.
pub(crate) struct More {
    /// The field.
    pub(crate) field: usize,
    /// Where it stands (`PV2-2`), for the profile's code maps.
    pub(crate) place: &'static str,
    /// `extension:` and the address of the extension: what a deletion names.
    pub(crate) path: &'static str,
    /// What it holds.
    pub(crate) form: Form,
}

/// What an extension holds.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// A code, by the table if there is one.
    Concept(Option<Table>),
    /// Text.
    Text,
    /// A point in time, at the precision given.
    DateTime,
    /// A number.
    Number,
    /// A number of days.
    Days,
    /// `Y` or `N`.
    YesNo,
    /// A place (PL).
    Location,
    /// A professional (XCN).
    Professional,
    /// A span of time (DR).
    Period,
}

/// One row: field, its place, the name of the extension, what it holds.
macro_rules! more {
    ($segment:literal, $field:literal, $name:literal, $form:expr) => {
        $crate::segment::more::More {
            field: $field,
            place: concat!($segment, "-", $field),
            path: concat!("extension:https://zorgsluis.github.io/fhir/StructureDefinition/", $name),
            form: $form,
        }
    };
}
pub(crate) use more;

impl More {
    /// The address of the extension.
    pub(crate) fn url(&self) -> &'static str {
        self.path.strip_prefix("extension:").unwrap_or(self.path)
    }
}

/// Writes the fields of a table. `id` is the entry that the extensions stand in.
pub(crate) fn extensions<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    id: Uuid,
    table: &'static [More],
    into: &mut Vec<Extension<'a>>,
) {
    for more in table {
        let field = segment.field(more.field);
        if !cx.given(field, id, more.path) {
            continue;
        }
        for repetition in field.repetitions() {
            into.extend(value(cx, repetition, more).map(|value| Extension::new(more.url(), value)));
        }
        datatype::beyond(cx, segment, [more.field], into);
    }
}

fn value<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    repetition: Repetition<'m, 'a>,
    more: &'static More,
) -> Option<ExtensionValue<'a>> {
    let leaf = repetition.component(1).value();
    match more.form {
        Form::Concept(table) => {
            let concept = concept(cx, repetition, more.place, table)?;
            Some(ExtensionValue::CodeableConcept(Box::new(concept)))
        }
        Form::Text => cx.write(leaf).map(ExtensionValue::String),
        Form::DateTime => date_time(cx, leaf),
        Form::Number => {
            number(cx, leaf).map(|read| read.either(ExtensionValue::String, ExtensionValue::Decimal))
        }
        Form::Days => {
            let days = |value| ExtensionValue::Duration(Box::new(days(value)));
            number(cx, leaf).map(|read| read.either(ExtensionValue::String, days))
        }
        Form::YesNo => match leaf.text().trim() {
            "Y" | "y" | "J" | "j" | "N" | "n" => cx.yes_no(leaf).map(ExtensionValue::Boolean),
            _ => {
                cx.write(leaf).inspect(|_| cx.warn(leaf.place(), "unknown-code")).map(ExtensionValue::String)
            }
        },
        Form::Location => {
            let place = pl::location(cx, repetition)?;
            Some(ExtensionValue::Reference(Box::new(Reference::to(place.location))))
        }
        Form::Professional => {
            let who = xcn::professional(cx, repetition)?;
            Some(ExtensionValue::Reference(Box::new(who.reference())))
        }
        Form::Period => {
            let period = cx.period(leaf, repetition.component(2).value())?;
            Some(ExtensionValue::Period(Box::new(period)))
        }
    }
}

/// A concept of a table that HL7 leaves to each site: a code that names another system is none of the table's.
pub(crate) fn concept<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    place: &str,
    table: Option<Table>,
) -> Option<CodeableConcept<'a>> {
    let system = from.component(3).value();
    let of_table = !system.is_present() || system.raw().trim_ascii().starts_with(b"HL7");
    cwe::concept(cx, from, place, table.filter(|_| of_table))
}

/// A point in time; the text of what is none, in an extension of its own.
pub(crate) fn date_time<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Option<ExtensionValue<'a>> {
    let (time, original) = cx.date_time(value);
    let kept = original.and_then(|element| element.extension.into_iter().next());
    time.map(ExtensionValue::DateTime).or_else(|| kept.map(|kept| ExtensionValue::Parts(vec![kept])))
}

/// A number, or the text of what is none.
pub(crate) enum Read<'a> {
    Number(Decimal<'a>),
    Text(std::borrow::Cow<'a, str>),
}

impl<'a> Read<'a> {
    fn either<T>(
        self,
        text: impl FnOnce(std::borrow::Cow<'a, str>) -> T,
        number: impl FnOnce(Decimal<'a>) -> T,
    ) -> T {
        match self {
            Self::Number(value) => number(value),
            Self::Text(value) => text(value),
        }
    }
}

/// Reads a number; what is none is kept as text, with a warning.
pub(crate) fn number<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Option<Read<'a>> {
    if !value.is_present() {
        return None;
    }
    if let Some(number) = Decimal::parse(trim(value.text())) {
        cx.mark(value);
        return Some(Read::Number(number));
    }
    let text = cx.write(value)?;
    cx.warn(value.place(), "invalid-number");
    Some(Read::Text(text))
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
