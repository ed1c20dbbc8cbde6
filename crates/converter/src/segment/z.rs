//! Z-segments: what the sender's profile says of them.

use std::borrow::Cow;

use fhir::{Extension, ExtensionValue};
use hl7v2::{Component, Field, Repetition, Value};
use uuid::Uuid;

use super::obx::quantity::number;
use crate::context::Context;
use crate::datatype::cwe;
use crate::profile::{ZRule, ZTarget, ZValue};
use crate::time::PointInTime;

/// Writes the fields of Z-segments that the profile names as extensions, and ignores those that it says
/// to ignore. All others stay in the report.
pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>) {
    let message = cx.message;
    let profile = cx.profile;
    for segment in message.segments().filter(|segment| segment.id().starts_with('Z')) {
        for (field, number) in segment.fields().zip(1u16..) {
            let alone = |component| profile.z_component(segment.id(), number, component);
            let rest = profile.z_field(segment.id(), number);
            for repetition in field.repetitions() {
                let parts = || repetition.components().zip(1u16..);
                // A component with a rule of its own goes by that, the others by that of the field.
                for (component, rule) in parts().filter_map(|(part, nth)| Some((part, alone(nth)?))) {
                    of_component(cx, component, rule);
                }
                let Some(rule) = rest else { continue };
                if parts().all(|(_, nth)| alone(nth).is_none()) {
                    of_repetition(cx, field, repetition, rule);
                } else {
                    for (component, _) in parts().filter(|(_, nth)| alone(*nth).is_none()) {
                        of_component(cx, component, rule);
                    }
                }
            }
        }
    }
}

fn of_repetition<'a>(
    cx: &mut Context<'_, 'a>,
    field: Field<'_, 'a>,
    repetition: Repetition<'_, 'a>,
    rule: &'a ZRule,
) {
    match rule {
        ZRule::Extension { url, on, kind: ZValue::Concept } => {
            let Some(target) = target(cx, on) else { return };
            let place = field.place();
            let name = format!("{}-{}", place.segment_name(), place.field);
            let concept = cwe::concept(cx, repetition, &name, None);
            extend(cx, target, concept.map(|concept| Extension::concept(url, concept)));
        }
        _ => repetition.components().for_each(|component| of_component(cx, component, rule)),
    }
}

fn of_component<'a>(cx: &mut Context<'_, 'a>, component: Component<'_, 'a>, rule: &'a ZRule) {
    match rule {
        ZRule::Extension { url, on, kind } => {
            let Some(target) = target(cx, on) else { return };
            if *kind == ZValue::Concept {
                let place = component.value().place();
                let name = format!("{}-{}", place.segment_name(), place.field);
                let concept = cwe::concept_of_component(cx, component, &name, None);
                return extend(cx, target, concept.map(|concept| Extension::concept(url, concept)));
            }
            for leaf in component.subcomponents() {
                let value = value(cx, leaf, *kind);
                extend(cx, target, value.map(|value| Extension::new(url.as_str(), value)));
            }
        }
        ZRule::Ignore { reason } => {
            for value in component.subcomponents() {
                cx.ledger.ignore(value.offset(), Cow::Owned(reason.clone()));
            }
        }
    }
}

/// A leaf as the kind of value that the profile names; what is none is written as text, with a warning.
fn value<'a>(cx: &mut Context<'_, 'a>, leaf: Value<'_, 'a>, kind: ZValue) -> Option<ExtensionValue<'a>> {
    if !leaf.is_present() {
        return None;
    }
    let text = leaf.text();
    let read = match kind {
        ZValue::String | ZValue::Concept => return cx.write(leaf).map(ExtensionValue::String),
        ZValue::DateTime => {
            let zone = &cx.profile.time_zone;
            PointInTime::parse(&text).ok().map(|time| ExtensionValue::DateTime(time.date_time(zone).into()))
        }
        ZValue::Boolean => match text.trim() {
            "Y" | "y" | "J" | "j" | "1" => Some(ExtensionValue::Boolean(true)),
            "N" | "n" | "0" => Some(ExtensionValue::Boolean(false)),
            _ => None,
        },
        ZValue::Decimal => number(&text)
            .ok()
            .filter(|number| number.comparator.is_none())
            .map(|number| ExtensionValue::Decimal(number.value)),
    };
    if read.is_some() {
        cx.mark(leaf);
        return read;
    }
    cx.warn(leaf.place(), "value-is-not-of-its-type");
    cx.write(leaf).map(ExtensionValue::String)
}

/// The message's only resource of the type; of several nobody can tell which one is meant.
fn target(cx: &Context<'_, '_>, on: &ZTarget) -> Option<Uuid> {
    let mut found = cx.entries.iter().filter(|entry| entry.resource.kind() == on.kind());
    let first = found.next()?.full_url.0;
    found.next().is_none().then_some(first)
}

fn extend<'a>(cx: &mut Context<'_, 'a>, target: Uuid, extension: Option<Extension<'a>>) {
    if let Some(resource) = cx.entry(target) {
        resource.extension_mut().extend(extension);
    }
}
