//! ORM, OML, OMG and OMI: orders (HL7 v2.5.1 §4.4), as Dutch order portals send them.
//!
//! An order is a ServiceRequest: what was asked, by whom and why. What is asked of whoever fills it, and how
//! far they are, is a Task on that request. Results that answer the order name the same ServiceRequest.
//! `docs/orders.md` tells what becomes of which field.

mod prior;

use std::collections::HashMap;

use fhir::{CodeableConcept, Coding, Extension, Reference, Resource, Task, system};
use hl7v2::Segment;
use uuid::Uuid;

use super::group::Group;
use super::oru::Whose;
use super::{Says, adt, order};
use crate::context::{Context, REFERENCE, add_new};
use crate::conversion::{Authority, Refusal};
use crate::datatype::cwe;
use crate::document::{self, Belongs};
use crate::identity::rule;
use crate::mapping::{Event as EventRow, official, own};
use crate::message::adt::Adt;
use crate::segment::beside;
use crate::segment::obx::Frame;
use crate::segment::orc::control::{Control, Party};
use crate::segment::orc::{self, Numbers, Order};

/// ORC-9 of a control code that places no order: when that happened to it.
const EVENT_TIME: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-order-event-time";

/// The events that are converted.
pub(crate) const EVENTS: &[EventRow] =
    &[official("O01", "order", "ServiceRequest, and a Task for whoever fills it")];

/// The events of laboratory orders.
pub(crate) const LABORATORY_EVENTS: &[EventRow] = &[
    official("O21", "laboratory order", "as ORM^O01, with Specimens and earlier results"),
    own("O33", "laboratory order, by specimen", "as O21, each Specimen with its orders"),
    own("O35", "laboratory order, by specimen and container", "as O21, each container with its orders"),
];

/// The events of general clinical orders.
pub(crate) const GENERAL_EVENTS: &[EventRow] =
    &[own("O19", "general clinical order", "as ORM^O01, with Specimens and earlier results")];

/// The events of orders for images.
pub(crate) const IMAGING_EVENTS: &[EventRow] =
    &[own("O23", "imaging order", "as ORM^O01, with the numbers of study and steps (IPC)")];

/// Converts an order message. Its PID only mentions the patient: whoever orders repeats what the hospital or
/// the practice knows.
pub(crate) fn convert(cx: &mut Context<'_, '_>, _: &super::Event) -> Result<(), Refusal> {
    cx.registers = Authority::Mention;
    for group in prior::patients(cx, "an order is for a patient, and there is no PID")? {
        adt::patient_group(cx, Adt::MENTION, Says::Orders, &group)?;
    }
    Ok(())
}

/// The orders of a patient, one after the other.
#[derive(Default)]
pub(super) struct Orders {
    /// The order that is replaced by the ones that follow (ORC-1 = RP, then RO).
    replaced: Option<Uuid>,
    /// Who sent the control code before.
    before: Option<Party>,
    /// The earlier visit that the orders that follow are of.
    visit: Option<Option<Uuid>>,
}

impl Orders {
    /// One order: its request and task, and what was told with it.
    pub(super) fn convert<'m, 'a>(
        &mut self,
        cx: &mut Context<'m, 'a>,
        group: &Group<'m, 'a>,
        whose: Whose<'_, 'a>,
    ) {
        let control = Control::read(group.orc, self.before);
        if group.orc.is_some() && control.known {
            self.before = Some(control.says);
        }
        if let Some(orc) = group.orc.filter(|_| !control.known) {
            cx.warn(orc.field(1).place(), "unknown-order-control");
        }
        let before = cx.registers;
        // Who placed an order is the source of what it says.
        cx.registers = if control.is_placers() { Authority::Registration } else { Authority::Mention };
        let current = whose.encounter;
        let whose = Whose { encounter: self.visit.unwrap_or(current), ..whose };
        let request = self.order(cx, group, whose, control);
        if !group.prior.is_empty() {
            let earlier = prior::convert(cx, group, whose.patient, current);
            self.visit = earlier.visit;
            if let Some(Resource::ServiceRequest(known)) = request.and_then(|id| cx.entry(id)) {
                add_new(&mut known.supporting_info, earlier.reports.into_iter().map(Reference::to));
            }
        }
        if let Some(request) = request {
            task(cx, group, whose, control, request);
        }
        cx.registers = before;
    }

    fn order<'m, 'a>(
        &mut self,
        cx: &mut Context<'m, 'a>,
        group: &Group<'m, 'a>,
        whose: Whose<'_, 'a>,
        control: Control,
    ) -> Option<Uuid> {
        let Whose { patient, encounter, alone, positions, shared } = whose;
        let numbers = Numbers::read(cx, group.orc, group.obr);
        let request = orc::request(
            cx,
            Order {
                orc: group.orc,
                obr: group.obr,
                timing: &group.timing,
                numbers: &numbers,
                patient,
                encounter,
                report: None,
                alone,
                control: Some(control),
            },
        )?;
        order::reasons(cx, group, patient, Some(request));
        let specimens = order::specimens(cx, group, shared, patient, Some(request));
        // The order is known by its number; what is ordered may be changed, and the answers with it.
        let service = group.obr.filter(|_| !alone).and_then(|obr| cwe::key(cx, obr.field(4).first()));
        let frame = Frame {
            patient,
            encounter,
            report: None,
            about: Some(request),
            // Answers to the questions of an order are no results of it: their keys are kept apart.
            order: numbers
                .of_order()
                .map(|(authority, number)| (format!("order:{authority}").into(), number)),
            time: request.hyphenated().to_string().into(),
            service: service.unwrap_or_default(),
            based_on: None,
            category: None,
            effective: None,
            status: Some("final"),
            specimens,
            of_specimen: None,
            positions,
        };
        let observed = order::observations(cx, group, &frame);
        order::notes_on_order(cx, group, &frame, Some(request));
        if let Some(obr) = group.obr {
            clinical(cx, obr, patient, encounter, request);
        }
        if cx.too_many_copies.is_some() {
            return None;
        }
        let coverages: Vec<Uuid> = cx.coverages(patient).map(|(id, _)| id).collect();
        let at = group.orc.or(group.obr).map_or(cx.message.header().place(), |order| order.place());
        if !cx.may_copy(REFERENCE, coverages.len(), at) {
            return None;
        }
        let replaced = self.replaced.filter(|replaced| control.replacement && *replaced != request);
        if let Some(Resource::ServiceRequest(known)) = cx.entry(request) {
            let answers = observed.known.iter().map(|known| known.id);
            let texts = observed.texts.iter().map(|(id, _)| *id);
            add_new(&mut known.supporting_info, answers.chain(texts).map(Reference::to));
            add_new(&mut known.specimen, frame.specimens.ids.iter().copied().map(Reference::to));
            add_new(&mut known.extension, frame.specimens.beside.iter().cloned());
            add_new(&mut known.insurance, coverages.into_iter().map(Reference::to));
            add_new(&mut known.replaces, replaced.map(Reference::to));
        }
        order::details(cx, group, (patient, encounter), [Some(request), None]);
        self.replaced = if control.replaced { Some(request) } else { self.replaced };
        Some(request)
    }
}

/// Free text about the order outside its notes: relevant clinical information, and reasons that are told
/// in sentences.
pub(super) fn clinical<'a>(
    cx: &mut Context<'_, 'a>,
    obr: Segment<'_, 'a>,
    patient: Uuid,
    encounter: Option<Uuid>,
    request: Uuid,
) {
    let belongs = Belongs { patient, encounter, about: Some(request) };
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (field, key) in [(13, "clinical"), (31, "reason")] {
        for repetition in obr.field(field).repetitions() {
            let nth = seen.entry(key).or_insert(0);
            *nth += 1;
            let number = nth.to_string();
            document::put_reason(cx, repetition, belongs, &[key, &number], field == 13);
        }
    }
}

/// What is asked of whoever fills the order: one Task for each request. ORC-1 itself stands in its business
/// status, and beside it when that happened (ORC-9), unless it is when the order was placed.
fn task<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    whose: Whose<'_, 'a>,
    control: Control,
    request: Uuid,
) {
    let key = request.hyphenated().to_string();
    let at = group.orc.or(group.obr).map_or(whose_place(cx), |segment| segment.place());
    let id = cx.id(&rule::TASK, &[&[&key]], at);
    let happened = group
        .orc
        .filter(|_| !control.places)
        .and_then(|orc| Some(Extension::new(EVENT_TIME, beside::date_time(cx, orc.field(9).value())?)));
    if let Some(known) = cx.entry(id) {
        if let (Some(time), Resource::Task(task)) = (happened, known) {
            add_new(&mut task.business_status.get_or_insert_default().extension, [time]);
        }
        let code = group.orc.and_then(|orc| cx.write_code(orc.field(1).value()));
        let code = code.map(|code| if control.known { code.to_uppercase().into() } else { code });
        if let (Some(code), Some(Resource::Task(task))) = (code, cx.entry(id)) {
            // The same number again: what else was done with the order stands beside the first.
            let coding = Coding::new(system::V2_ORDER_CONTROL, code);
            add_new(&mut task.business_status.get_or_insert_default().coding, [coding]);
        }
        return;
    }
    let Some(Resource::ServiceRequest(order)) = cx.entry(request) else { return };
    let (requester, owner) = (order.requester.clone(), order.performer.first().cloned());
    let (authored, identifier) = (order.authored_on.clone(), order.identifier.clone());
    let mut task = Task {
        id: Some(id),
        identifier,
        status: control.task,
        intent: Some("order"),
        code: Some(CodeableConcept::of(
            Coding::new(system::TASK_CODE, "fulfill").with_display("Fulfill the focal request"),
        )),
        focus: Some(Reference::to(request)),
        r#for: Some(Reference::to(whose.patient)),
        encounter: whose.encounter.map(Reference::to),
        authored_on: authored.filter(|_| control.is_placers()),
        requester,
        owner,
        ..Task::default()
    };
    if task.status.is_none() {
        task.status = Some("requested");
        cx.presume(id, "status");
    }
    if let Some(orc) = group.orc {
        if let Some(code) = cx.write_code(orc.field(1).value()) {
            // A code that the table does not know stays as it was sent.
            let code = if control.known { code.to_uppercase().into() } else { code };
            let coding = Coding::new(system::V2_ORDER_CONTROL, code);
            task.business_status = Some(CodeableConcept::of(coding));
        }
        if let Some(happened) = happened {
            task.business_status.get_or_insert_default().extension.push(happened);
        }
        if !orc::is_reason_of_order(control) {
            task.status_reason = cwe::concept(cx, orc.field(16).first(), "ORC-16", None);
        }
    }
    cx.put(id, task);
}

/// Where a message without order segments would have them.
fn whose_place(cx: &Context<'_, '_>) -> hl7v2::Place {
    cx.message.header().place()
}
