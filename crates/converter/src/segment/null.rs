//! `""` in the segments of orders and specimens: which element it deletes, by the table of the segment.

use hl7v2::Segment;
use uuid::Uuid;

use crate::context::Context;
use crate::mapping::{Map, Verdict};

const OURS: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/";
const OF_FHIR: &str = "http://hl7.org/fhir/StructureDefinition/";

/// What FHIR demands of a request and a specimen; and numbers, of which others gave some.
const STANDING: [&str; 4] = ["status", "intent", "subject", "identifier"];

const SHARED: &str =
    "deletes one of several fields that fill the same element: the others say what it is now";
const KEPT: &str = "FHIR demands the element, or it holds numbers, which are only added: it stays as it is";
const WHOLE: &str = "the resource is told as a whole: what is not said is not there";

/// Notes the deletions of a segment in the entry `id`, a resource of this type.
pub(crate) fn deletions<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    map: &Map,
    id: Uuid,
    kind: &str,
) {
    for n in (1..=segment.field_count()).filter(|n| segment.field(*n).is_null()) {
        let field = segment.field(n);
        let rows = || map.rows.iter().filter(|row| row.verdict == Verdict::Written);
        let of_field = || rows().filter(|row| usize::from(row.field) == n);
        if of_field().next().is_none() {
            continue;
        }
        let mut why = WHOLE;
        let mut deleted = false;
        for path in of_field().filter_map(|row| of_kind(row.to, kind)) {
            let element = element(path);
            // `identifier` and the like hold more than this field gave.
            let shared = rows().any(|row| {
                let other = usize::from(row.field);
                other != n
                    && of_kind(row.to, kind).is_some_and(|to| self::element(to) == element)
                    && segment.field(other).is_present()
            });
            if shared {
                why = SHARED;
            } else if STANDING.contains(&element) {
                why = KEPT;
            } else {
                cx.gone.push((id, register(element)));
                deleted = true;
            }
        }
        if deleted {
            cx.mark(field.value());
        } else {
            cx.ignore(field.value(), why);
        }
    }
}

/// The nulls of a segment whose resource is told as a whole: there is nothing to delete.
pub(crate) fn nothing_to_delete<'a>(cx: &mut Context<'_, 'a>, segment: Segment<'_, 'a>) {
    for field in segment.fields().filter(hl7v2::Field::is_null) {
        cx.ignore(field.value(), WHOLE);
    }
}

/// The path within a type.
fn of_kind(to: &'static str, kind: &str) -> Option<&'static str> {
    to.strip_prefix(kind)?.strip_prefix('.')
}

/// The element of the resource itself in which the path is: a part of it is told with the whole.
fn element(path: &'static str) -> &'static str {
    match path.split_once(')') {
        Some((extension, _)) if path.starts_with("extension(") => extension,
        _ => path.split('.').next().unwrap_or(path),
    }
}

/// How apply calls it.
fn register(element: &str) -> String {
    match element.strip_prefix("extension(") {
        Some(name) if name.starts_with("v2-") => format!("extension:{OURS}{name}"),
        Some(name) => format!("extension:{OF_FHIR}{name}"),
        None => element.to_owned(),
    }
}
