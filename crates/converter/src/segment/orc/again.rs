//! The same order twice in a message: what the second OBR (or ORC) says of it is added, and what contradicts the
//! first stands beside that.

use fhir::{Extension, ExtensionValue, Resource, ServiceRequest};
use uuid::Uuid;

use crate::context::{Context, add_new, own};
use crate::segment::{otherwise, otherwise_or_text, parts_of};

/// Puts a request, or adds to the one that another OBR of the message put.
pub(super) fn put<'a>(cx: &mut Context<'_, 'a>, id: Uuid, mut request: ServiceRequest<'a>) {
    if request.status.is_none() {
        request.status = Some("unknown");
        cx.presume(id, "status");
    }
    let Some(Resource::ServiceRequest(known)) = cx.entry(id) else {
        cx.put(id, request);
        return;
    };
    let said = contradictions(known, &mut request);
    status(known, &mut request);
    let known = &mut **known;
    add_new(&mut known.identifier, request.identifier);
    add_new(&mut known.reason_code, request.reason_code);
    add_new(&mut known.note, request.note);
    if let Some(code) = request.code {
        // A further service under the same number. FHIR has no detail without a code (prr-1).
        match &known.code {
            None => known.code = Some(code),
            Some(same) if *same == code => {}
            Some(_) => add_new(&mut known.order_detail, [code]),
        }
    }
    add_new(&mut known.order_detail, request.order_detail);
    add_new(&mut known.based_on, request.based_on);
    add_new(&mut known.location_code, request.location_code);
    if let Some(meta) = request.meta {
        add_new(&mut known.meta.get_or_insert_default().security, meta.security);
    }
    add_new(&mut known.category, request.category);
    add_new(&mut known.performer, request.performer);
    add_new(&mut known.extension, request.extension);
    add_new(&mut known.extension, said);
}

/// Fills what is open, and gives back what cannot stand there because something else does: FHIR has one of each.
fn contradictions<'a>(known: &mut ServiceRequest<'a>, told: &mut ServiceRequest<'a>) -> Vec<Extension<'a>> {
    let mut said = Vec::new();
    if let Some(group) = otherwise(&mut known.requisition, told.requisition.take()) {
        add_new(&mut told.identifier, [group]);
    }
    let (authored, text) = otherwise_or_text(
        (&mut known.authored_on, &mut known.authored_on_ext),
        (told.authored_on.take(), told.authored_on_ext.take()),
    );
    said.extend(parts_of(own!("further-order-time"), (authored.map(ExtensionValue::DateTime), text)));
    let mut beside = |url: &'static str, value: Option<ExtensionValue<'a>>| {
        said.extend(value.map(|value| Extension::new(url, value)));
    };
    // One of the three: when it is to be done.
    let unread = told.occurrence_date_time_ext.take();
    let open = known.occurrence_date_time.is_none()
        && known.occurrence_period.is_none()
        && known.occurrence_timing.is_none();
    if open {
        known.occurrence_date_time = told.occurrence_date_time.take();
        known.occurrence_period = told.occurrence_period.take();
        known.occurrence_timing = told.occurrence_timing.take();
    } else {
        let time = told.occurrence_date_time.take();
        let time = time.filter(|time| known.occurrence_date_time.as_ref() != Some(time));
        beside(own!("further-occurrence"), time.map(ExtensionValue::DateTime));
        let period = told.occurrence_period.take();
        let period = period.filter(|period| known.occurrence_period.as_ref() != Some(period));
        beside(own!("further-occurrence"), period.map(|one| ExtensionValue::Period(Box::new(one))));
        let timing = told.occurrence_timing.take();
        let timing = timing.filter(|timing| known.occurrence_timing.as_ref() != Some(timing));
        beside(own!("further-occurrence"), timing.map(|one| ExtensionValue::Timing(Box::new(one))));
    }
    if open && known.occurrence_date_time_ext.is_none() {
        known.occurrence_date_time_ext = unread;
    } else {
        let unread = unread.filter(|text| known.occurrence_date_time_ext.as_ref() != Some(text));
        beside(own!("further-occurrence"), unread.map(|text| ExtensionValue::Parts(text.extension)));
    }
    let quantity = otherwise(&mut known.quantity, told.quantity.take());
    beside(own!("further-quantity"), quantity.map(|one| ExtensionValue::Quantity(Box::new(one))));
    // asNeeded is one of two, too.
    if known.as_needed.is_none() && known.as_needed_boolean.is_none() {
        known.as_needed = told.as_needed.take();
        known.as_needed_boolean = told.as_needed_boolean.take();
    } else {
        let condition = told.as_needed.take().filter(|one| known.as_needed.as_ref() != Some(one));
        beside(
            own!("further-as-needed"),
            condition.map(|one| ExtensionValue::CodeableConcept(Box::new(one))),
        );
        let flag = told.as_needed_boolean.take().filter(|one| known.as_needed_boolean != Some(*one));
        beside(own!("further-as-needed"), flag.map(ExtensionValue::Boolean));
    }
    let requester = otherwise(&mut known.requester, told.requester.take());
    beside(own!("further-requester"), requester.map(|one| ExtensionValue::Reference(Box::new(one))));
    let priority = otherwise(&mut known.priority, told.priority.take());
    beside(own!("further-priority"), priority.map(|one| ExtensionValue::Code(one.into())));
    if let Some(told) = told.priority_ext.take() {
        add_new(&mut known.priority_ext.get_or_insert_default().extension, told.extension);
    }
    said
}

/// How far it is: what is known goes before what is not, and of two that are known the first stands.
fn status<'a>(known: &mut ServiceRequest<'a>, told: &mut ServiceRequest<'a>) {
    let beside = if known.status == Some("unknown") && told.status != Some("unknown") {
        known.status = told.status;
        std::mem::replace(&mut known.status_ext, told.status_ext.take())
    } else {
        if told.status != known.status && told.status != Some("unknown") {
            let other = told.status.map(|status| Extension::code(own!("further-status"), status));
            add_new(&mut known.extension, other);
        }
        told.status_ext.take()
    };
    if let Some(beside) = beside {
        add_new(&mut known.status_ext.get_or_insert_default().extension, beside.extension);
    }
}
