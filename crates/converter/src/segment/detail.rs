//! Fields for which FHIR has no element, as the named parts of one extension: what the sender said is all
//! there, each in the type that it has.

use fhir::{CodeableConcept, Extension, ExtensionValue, Reference};
use hl7v2::Segment;

use super::obx::value;
use crate::context::Context;
use crate::datatype::{self, cq, cwe, hd, pl, xad, xpn, xtn};

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holds {
    /// Text, a number, a structured number: as it stands.
    Text,
    /// A coded value.
    Concept,
    /// A point in time.
    Time,
    /// `Y` or `N`.
    Flag,
    /// EI.
    Number,
    /// CQ.
    Quantity,
    /// NM, with its unit in this field.
    Measure(usize),
    /// XPN.
    Name,
    /// XAD.
    Address,
    /// XTN.
    Telecom,
    /// PL: a reference.
    Place,
    /// DR.
    Span,
}

/// A field, the name of its part, and what it holds.
pub(crate) type Detail = (usize, &'static str, Holds);

/// The parts that the segment fills: one for each repetition.
pub(crate) fn parts<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    details: &[Detail],
) -> Vec<Extension<'a>> {
    let mut parts = Vec::new();
    for &(n, name, holds) in details {
        of_field(cx, segment, n, name, holds, &mut parts);
    }
    parts
}

/// One extension of these parts, when there are any.
pub(crate) fn extension<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    url: &'static str,
    details: &[Detail],
) -> Option<Extension<'a>> {
    let parts = parts(cx, segment, details);
    (!parts.is_empty()).then(|| Extension::new(url, ExtensionValue::Parts(parts)))
}

fn of_field<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    n: usize,
    name: &'static str,
    holds: Holds,
    parts: &mut Vec<Extension<'a>>,
) {
    let field = segment.field(n);
    // Most are: OBX and SPM have dozens of such fields.
    if field.raw().is_empty() {
        return;
    }
    // How the sender's profile calls the field.
    let place = format!("{}-{n}", segment.id());
    if field.is_null() {
        // Parts of one extension are replaced together; what stands alone `super::null` deletes.
        cx.mark(field.value());
        return;
    }
    if let Holds::Telecom = holds {
        let mut numbers = Vec::new();
        xtn::contact_points(cx, field, None, &mut numbers);
        let number = |one| Extension::new(name, ExtensionValue::ContactPoint(Box::new(one)));
        parts.extend(numbers.into_iter().map(number));
        return;
    }
    if let Holds::Name = holds {
        let mut names = Vec::new();
        xpn::names(cx, field, None, &mut names);
        parts.extend(
            names.into_iter().map(|one| Extension::new(name, ExtensionValue::HumanName(Box::new(one)))),
        );
        return;
    }
    for repetition in field.repetitions() {
        let value = match holds {
            Holds::Concept => cwe::concept(cx, repetition, &place, None).map(concept),
            Holds::Time => {
                let (time, original) = cx.date_time(repetition.value());
                parts.extend(original.into_iter().flat_map(|original| original.extension));
                time.map(ExtensionValue::DateTime)
            }
            Holds::Flag => match cx.yes_no(repetition.value()) {
                Some(flag) => Some(ExtensionValue::Boolean(flag)),
                None => cx.write(repetition.value()).map(ExtensionValue::String),
            },
            Holds::Number => {
                hd::ei(cx, repetition).map(|number| ExtensionValue::Identifier(Box::new(number)))
            }
            Holds::Quantity => {
                cq::quantity(cx, repetition).map(|quantity| ExtensionValue::Quantity(Box::new(quantity)))
            }
            Holds::Measure(unit) => cq::measure(cx, repetition.value(), segment.field(unit), &place)
                .map(|quantity| ExtensionValue::Quantity(Box::new(quantity))),
            Holds::Address => {
                xad::address(cx, repetition).map(|address| ExtensionValue::Address(Box::new(address)))
            }
            Holds::Place => pl::location(cx, repetition)
                .map(|place| ExtensionValue::Reference(Box::new(Reference::to(place.location)))),
            Holds::Span => cx
                .period(repetition.component(1).value(), repetition.component(2).value())
                .map(|period| ExtensionValue::Period(Box::new(period))),
            Holds::Text | Holds::Telecom | Holds::Name => {
                value::whole(cx, repetition).map(ExtensionValue::String)
            }
        };
        parts.extend(value.map(|value| Extension::new(name, value)));
    }
    datatype::beyond(cx, segment, [n], parts);
}

fn concept<'a>(concept: CodeableConcept<'a>) -> ExtensionValue<'a> {
    ExtensionValue::CodeableConcept(Box::new(concept))
}
