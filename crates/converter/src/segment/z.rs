//! Z-segments: what the sender's profile says of them.

use std::borrow::Cow;

use fhir::{Extension, Resource};
use uuid::Uuid;

use crate::context::Context;
use crate::profile::{ZRule, ZTarget};

/// Writes the fields of Z-segments that the profile names as extensions, and ignores those that it says
/// to ignore. All others stay in the report.
pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>) {
    let message = cx.message;
    let profile = cx.profile;
    for segment in message.segments().filter(|segment| segment.id().starts_with('Z')) {
        for (field, number) in segment.fields().zip(1u16..) {
            match profile.z_field(segment.id(), number) {
                Some(ZRule::Extension { url, on }) => {
                    let Some(target) = target(cx, *on) else { continue };
                    let texts: Vec<_> = field
                        .repetitions()
                        .flat_map(|repetition| repetition.components())
                        .flat_map(|component| component.subcomponents())
                        .filter_map(|value| cx.write(value))
                        .collect();
                    extend(cx, target, url, texts);
                }
                Some(ZRule::Ignore { reason }) => {
                    for value in field
                        .repetitions()
                        .flat_map(|repetition| repetition.components())
                        .flat_map(|component| component.subcomponents())
                    {
                        cx.ledger.ignore(value.offset(), Cow::Owned(reason.clone()));
                    }
                }
                None => {}
            }
        }
    }
}

/// The message's only Patient or Encounter; of several nobody can tell which one is meant.
fn target(cx: &Context<'_, '_>, on: ZTarget) -> Option<Uuid> {
    let mut found = cx.entries.iter().filter(|entry| match on {
        ZTarget::Patient => matches!(entry.resource, Resource::Patient(_)),
        ZTarget::Encounter => matches!(entry.resource, Resource::Encounter(_)),
    });
    let first = found.next()?.full_url.0;
    found.next().is_none().then_some(first)
}

fn extend<'a>(cx: &mut Context<'_, 'a>, target: Uuid, url: &'a str, texts: Vec<Cow<'a, str>>) {
    let extensions = texts.into_iter().map(|text| Extension::string(url, text));
    match cx.entry(target) {
        Some(Resource::Patient(patient)) => patient.extension.extend(extensions),
        Some(Resource::Encounter(encounter)) => encounter.extension.extend(extensions),
        _ => {}
    }
}
