//! The same specimen for several orders stands once; another one under the same number is known by its report.

use fhir::{Resource, Specimen};
use uuid::Uuid;

use super::of_report;
use crate::context::{Context, add_new};

/// Puts a specimen. The same one for several orders stands once; another one under the same number
/// (some senders number all of them alike) is known by its report instead.
pub(super) fn put<'a>(
    cx: &mut Context<'_, 'a>,
    id: Uuid,
    mut specimen: Specimen<'a>,
    time: &str,
    report: Option<Uuid>,
    at: hl7v2::Place,
) -> Uuid {
    specimen.id = Some(id);
    match cx.entry(id) {
        None => {}
        Some(Resource::Specimen(known)) if agrees(known, &specimen) => {
            merge(known, specimen);
            return id;
        }
        Some(_) => {
            cx.warn(at, "specimen-number-twice");
            let number = id.hyphenated().to_string();
            let id = of_report(cx, &specimen, &format!("{time}/{number}"), report.unwrap_or(id), at);
            specimen.id = Some(id);
            if cx.has(id) {
                // Twice the same number, kind and time in one order, with different content: nobody can
                // tell them apart, so the first stands, and the second is not lost: it is a note on it.
                if let Some(Resource::Specimen(known)) = cx.entry(id) {
                    merge(known, specimen);
                }
                return id;
            }
            cx.put(id, specimen);
            return id;
        }
    }
    cx.put(id, specimen);
    id
}

/// Whether two descriptions may be of one specimen: what both say is the same.
fn agrees(known: &Specimen<'_>, other: &Specimen<'_>) -> bool {
    fn same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        one.is_none() || other.is_none() || one == other
    }
    let (one, two) = (known.collection.as_ref(), other.collection.as_ref());
    same(known.r#type.as_ref(), other.r#type.as_ref())
        && same(known.status.as_ref(), other.status.as_ref())
        && same(known.received_time.as_ref(), other.received_time.as_ref())
        && same(
            one.and_then(|c| c.collected_date_time.as_ref()),
            two.and_then(|c| c.collected_date_time.as_ref()),
        )
        && same(one.and_then(|c| c.body_site.as_ref()), two.and_then(|c| c.body_site.as_ref()))
        && same(one.and_then(|c| c.method.as_ref()), two.and_then(|c| c.method.as_ref()))
        && same(one.and_then(|c| c.quantity.as_ref()), two.and_then(|c| c.quantity.as_ref()))
        && same(one.and_then(|c| c.collected_period.as_ref()), two.and_then(|c| c.collected_period.as_ref()))
        && same(known.accession_identifier.as_ref(), other.accession_identifier.as_ref())
}

/// Adds what another description of the specimen says.
fn merge<'a>(known: &mut Specimen<'a>, other: Specimen<'a>) {
    fn open<T>(known: &mut Option<T>, told: Option<T>) {
        if known.is_none() {
            *known = told;
        }
    }
    add_new(&mut known.identifier, other.identifier);
    add_new(&mut known.parent, other.parent);
    add_new(&mut known.condition, other.condition);
    add_new(&mut known.note, other.note);
    add_new(&mut known.container, other.container);
    add_new(&mut known.extension, other.extension);
    open(&mut known.r#type, other.r#type);
    open(&mut known.status, other.status);
    open(&mut known.accession_identifier, other.accession_identifier);
    open(&mut known.received_time, other.received_time);
    open(&mut known.received_time_ext, other.received_time_ext);
    match (&mut known.collection, other.collection) {
        (Some(known), Some(told)) => {
            open(&mut known.collector, told.collector);
            open(&mut known.collected_date_time, told.collected_date_time);
            open(&mut known.collected_period, told.collected_period);
            open(&mut known.quantity, told.quantity);
            open(&mut known.method, told.method);
            open(&mut known.body_site, told.body_site);
        }
        (known, told) => open(known, told),
    }
}
