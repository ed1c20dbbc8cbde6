//! The same specimen for several orders stands once; another one under the same number is known by its report.

use fhir::{Extension, ExtensionValue, Resource, Specimen, SpecimenCollection};
use uuid::Uuid;

use super::of_report;
use crate::context::{Context, add_new, own};
use crate::segment::{otherwise, otherwise_or_text, parts_of};

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
    let id = match cx.entry(id) {
        Some(Resource::Specimen(known)) if !agrees(known, &specimen) => {
            cx.warn(at, "specimen-number-twice");
            let number = id.hyphenated().to_string();
            let id = of_report(cx, &specimen, &format!("{time}/{number}"), report.unwrap_or(id), at);
            specimen.id = Some(id);
            id
        }
        _ => id,
    };
    // Where the same number, kind and time stand once more in one order with different content, nobody can tell them
    // apart: the first stands, and what the other says otherwise stands beside it.
    match cx.entry(id) {
        Some(Resource::Specimen(known)) => merge(known, specimen),
        _ => cx.put(id, specimen),
    }
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

/// Adds what another description of the specimen says; what contradicts the first stands beside it.
fn merge<'a>(known: &mut Specimen<'a>, other: Specimen<'a>) {
    add_new(&mut known.identifier, other.identifier);
    add_new(&mut known.parent, other.parent);
    add_new(&mut known.condition, other.condition);
    add_new(&mut known.note, other.note);
    add_new(&mut known.container, other.container);
    add_new(&mut known.extension, other.extension);
    let accession = otherwise(&mut known.accession_identifier, other.accession_identifier);
    add_new(&mut known.identifier, accession);
    let mut said = Vec::new();
    let kind = otherwise(&mut known.r#type, other.r#type);
    said.extend(kind.map(|kind| Extension::concept("type", kind)));
    let (status, text) =
        otherwise_or_text((&mut known.status, &mut known.status_ext), (other.status, other.status_ext));
    let status = status.map(|status| ExtensionValue::Code(status.into()));
    said.extend(parts_of("status", (status, text)));
    let (received, text) = otherwise_or_text(
        (&mut known.received_time, &mut known.received_time_ext),
        (other.received_time, other.received_time_ext),
    );
    said.extend(parts_of("receivedTime", (received.map(ExtensionValue::DateTime), text)));
    if let Some(told) = other.collection {
        said.extend(collected(known.collection.get_or_insert_default(), told));
    }
    if !said.is_empty() {
        let said = Extension::new(own!("further-specimen-detail"), ExtensionValue::Parts(said));
        add_new(&mut known.extension, [said]);
    }
}

/// Adds what else is said of how it was taken, and gives back what contradicts.
fn collected<'a>(known: &mut SpecimenCollection<'a>, mut told: SpecimenCollection<'a>) -> Vec<Extension<'a>> {
    let mut said = Vec::new();
    add_new(&mut known.extension, told.extension);
    // One of the two, of which one that can be read goes before one that cannot.
    let open = known.collected_date_time.is_none() && known.collected_period.is_none();
    let readable = told.collected_date_time.is_some() || told.collected_period.is_some();
    if open && (readable || known.collected_date_time_ext.is_none()) {
        std::mem::swap(&mut known.collected_date_time, &mut told.collected_date_time);
        std::mem::swap(&mut known.collected_date_time_ext, &mut told.collected_date_time_ext);
        std::mem::swap(&mut known.collected_period, &mut told.collected_period);
    }
    let moment = told.collected_date_time.filter(|one| known.collected_date_time.as_ref() != Some(one));
    let text = told.collected_date_time_ext.filter(|one| known.collected_date_time_ext.as_ref() != Some(one));
    said.extend(parts_of("collectedDateTime", (moment.map(ExtensionValue::DateTime), text)));
    let period = told.collected_period.filter(|one| known.collected_period.as_ref() != Some(one));
    let period = period.map(|one| ExtensionValue::Period(Box::new(one)));
    said.extend(parts_of("collectedPeriod", (period, None)));
    let collector = otherwise(&mut known.collector, told.collector);
    let collector = collector.map(|who| ExtensionValue::Reference(Box::new(who)));
    said.extend(parts_of("collector", (collector, None)));
    let quantity = otherwise(&mut known.quantity, told.quantity);
    let quantity = quantity.map(|one| ExtensionValue::Quantity(Box::new(one)));
    said.extend(parts_of("quantity", (quantity, None)));
    let method = otherwise(&mut known.method, told.method);
    said.extend(method.map(|method| Extension::concept("method", method)));
    let site = otherwise(&mut known.body_site, told.body_site);
    said.extend(site.map(|site| Extension::concept("bodySite", site)));
    said
}
