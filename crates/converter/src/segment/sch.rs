//! SCH: an appointment (HL7 v2.5.1 §10.6.2).

mod contact;
pub(crate) mod time;

use std::borrow::Cow;

use fhir::{Appointment, CodeableConcept, Extension, ExtensionValue, Identifier, Reference, Timing, system};
use hl7v2::{Repetition, Segment};
use uuid::Uuid;

use super::resource::{beside, coded};
use super::tq1;
use crate::context::{Context, add_new, trim};
use crate::datatype::tq::Schedule;
use crate::datatype::{cwe, hd, tq};
use crate::identity::rule;
use crate::mapping::{Map, elsewhere, to};
use crate::table;
use time::{Length, Moment, length, whole_minutes};

/// SCH-3.
const OCCURRENCE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-occurrence-number";
/// SCH-5.
const SCHEDULE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-schedule-id";
/// SCH-9 and 10, where they are no whole minutes.
const DURATION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-appointment-duration";
/// SCH-23 and SCH-24.
const PARENT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-parent-appointment";

const ORDER: &str = "how far an appointment is says nothing of how far the order is";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "SCH",
    name: "Scheduling Activity Information",
    fields: &[
        "Placer Appointment ID",
        "Filler Appointment ID",
        "Occurrence Number",
        "Placer Group Number",
        "Schedule ID",
        "Event Reason",
        "Appointment Reason",
        "Appointment Type",
        "Appointment Duration",
        "Appointment Duration Units",
        "Appointment Timing Quantity",
        "Placer Contact Person",
        "Placer Contact Phone Number",
        "Placer Contact Address",
        "Placer Contact Location",
        "Filler Contact Person",
        "Filler Contact Phone Number",
        "Filler Contact Address",
        "Filler Contact Location",
        "Entered By Person",
        "Entered By Phone Number",
        "Entered By Location",
        "Parent Placer Appointment ID",
        "Parent Filler Appointment ID",
        "Filler Status Code",
        "Placer Order Number",
        "Filler Order Number",
    ],
    rows: &[
        to(1, "Appointment.identifier"),
        to(2, "Appointment.identifier"),
        to(3, "Appointment.extension(v2-occurrence-number)"),
        to(4, "Appointment.identifier"),
        to(5, "Appointment.extension(v2-schedule-id)"),
        to(6, "Appointment.cancelationReason"),
        to(6, "Provenance.reason"),
        elsewhere(
            6,
            "ServiceRequest.intent",
            "why an appointment changes says nothing of the order's intent",
        ),
        to(7, "Appointment.reasonCode"),
        to(7, "Appointment.appointmentType"),
        to(8, "Appointment.appointmentType"),
        to(9, "Appointment.minutesDuration"),
        to(10, "Appointment.minutesDuration"),
        to(11, "Appointment.start"),
        to(11, "Appointment.end"),
        to(12, "Appointment.participant"),
        to(13, "Practitioner.telecom"),
        to(14, "Practitioner.address"),
        to(15, "Appointment.extension(v2-placer-contact-location)"),
        to(16, "Appointment.participant"),
        to(17, "Practitioner.telecom"),
        to(18, "Practitioner.address"),
        to(19, "Appointment.extension(v2-filler-contact-location)"),
        to(20, "Appointment.participant"),
        to(20, "Provenance.agent"),
        to(21, "Practitioner.telecom"),
        to(22, "Appointment.extension(v2-entered-by-location)"),
        to(23, "Appointment.extension(v2-parent-appointment)"),
        to(24, "Appointment.extension(v2-parent-appointment)"),
        to(25, "Appointment.status"),
        elsewhere(25, "ServiceRequest.status", ORDER),
        to(26, "Appointment.basedOn"),
        to(26, "ServiceRequest.identifier"),
        to(27, "Appointment.basedOn"),
        to(27, "ServiceRequest.identifier"),
    ],
};

/// An appointment that other segments still add to.
pub(crate) struct Draft<'a> {
    pub(crate) id: Uuid,
    pub(crate) resource: Appointment<'a>,
    pub(crate) start: Moment<'a>,
    pub(crate) end: Moment<'a>,
    duration: Option<Length<'a>>,
}

/// What the event says of the appointment.
#[derive(Clone, Copy)]
pub(crate) struct Says {
    /// Its status, where SCH-25 says nothing.
    pub(crate) status: &'static str,
    /// Whether SCH-25 cannot say otherwise: a cancelled appointment is not booked.
    pub(crate) decides: bool,
    /// Whether the event says nothing of how far the appointment is: then FHIR demands the status.
    pub(crate) presumed: bool,
}

/// The appointment of a SCH, with the TQ1 behind it.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    sch: Segment<'m, 'a>,
    timing: &[Segment<'m, 'a>],
    says: Says,
) -> Draft<'a> {
    let id = identify(cx, sch);
    let mut resource = Appointment { id: Some(id), ..Appointment::default() };
    numbers(cx, sch, &mut resource);
    status(cx, sch, id, says, &mut resource);
    reasons(cx, sch, id, &mut resource);
    let mut draft = Draft { id, resource, start: Moment::default(), end: Moment::default(), duration: None };
    when(cx, sch, timing, &mut draft);
    contact::contacts(cx, sch, &mut draft.resource);
    draft
}

/// The filler's number, else the placer's, and which occurrence it is.
fn identify<'a>(cx: &mut Context<'_, 'a>, sch: Segment<'_, 'a>) -> Uuid {
    let occurrence = trim(sch.field(3).value().text());
    let filler = hd::ei_key(cx, sch.field(2).first());
    let placer = || {
        let (authority, number) = hd::ei_key(cx, sch.field(1).first())?;
        Some((Cow::Owned(format!("placer:{authority}")), number))
    };
    match filler.or_else(placer) {
        Some((authority, number)) => {
            cx.id(&rule::APPOINTMENT, &[&[&authority, &number, &occurrence]], sch.place())
        }
        None => {
            let digest = cx.digest();
            cx.id(&rule::APPOINTMENT_OF_MESSAGE, &[&[&digest]], sch.place())
        }
    }
}

fn numbers<'a>(cx: &mut Context<'_, 'a>, sch: Segment<'_, 'a>, appointment: &mut Appointment<'a>) {
    for (n, kind) in [(1, "PLAC"), (2, "FILL"), (4, "PGN")] {
        for repetition in sch.field(n).repetitions() {
            add_new(&mut appointment.identifier, number(cx, repetition, kind));
        }
    }
    if let Some(occurrence) = cx.write(sch.field(3).value()) {
        let value = match occurrence.parse() {
            Ok(number) => ExtensionValue::Integer(number),
            Err(_) => ExtensionValue::String(occurrence),
        };
        appointment.extension.push(Extension::new(OCCURRENCE, value));
    }
    if let Some(schedule) = cwe::concept(cx, sch.field(5).first(), "SCH-5", None) {
        appointment.extension.push(Extension::concept(SCHEDULE, schedule));
    }
    for (n, kind) in [(23, "PLAC"), (24, "FILL")] {
        for repetition in sch.field(n).repetitions() {
            let Some(identifier) = number(cx, repetition, kind) else { continue };
            let parent = Reference { r#type: Some("Appointment"), ..Reference::by_identifier(identifier) };
            let parent = ExtensionValue::Reference(Box::new(parent));
            appointment.extension.push(Extension::new(PARENT, parent));
        }
    }
}

fn number<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    kind: &'static str,
) -> Option<Identifier<'a>> {
    let mut identifier = hd::ei(cx, from)?;
    identifier.r#type = Some(Box::new(CodeableConcept::code(system::V2_IDENTIFIER_TYPE, kind)));
    Some(identifier)
}

fn status<'a>(
    cx: &mut Context<'_, 'a>,
    sch: Segment<'_, 'a>,
    id: Uuid,
    says: Says,
    appointment: &mut Appointment<'a>,
) {
    let from = sch.field(25).first();
    let told = table::appointment_status(&from.component(1).value().text()).map(|target| target.code);
    if says.decides && told != Some(says.status) {
        // What SCH-25 says of before, or in words of its own, stands beside it.
        appointment.status_ext = cwe::concept(cx, from, "SCH-25", None).map(beside);
    } else {
        (appointment.status, appointment.status_ext) = coded(cx, from, "SCH-25", table::appointment_status);
    }
    if appointment.status.is_none() {
        appointment.status = Some(says.status);
        if says.presumed {
            cx.presume(id, "status");
        }
    }
}

/// Why the message was sent (SCH-6), why the appointment was made (SCH-7), of what kind it is (SCH-8).
fn reasons<'a>(cx: &mut Context<'_, 'a>, sch: Segment<'_, 'a>, id: Uuid, appointment: &mut Appointment<'a>) {
    let event = cwe::concept(cx, sch.field(6).first(), "SCH-6", None);
    if matches!(appointment.status, Some("cancelled" | "noshow")) {
        appointment.cancelation_reason.clone_from(&event);
    }
    add_new(&mut cx.provenance.reason, event);
    if cx.given(sch.field(7), id, "reasonCode") {
        let reason = sch.field(7).first();
        // Some senders tell here of what kind the appointment is.
        if reason.component(3).value().text().trim().eq_ignore_ascii_case("HL70277") {
            appointment.appointment_type = cwe::concept(cx, reason, "SCH-7", Some(table::appointment_type));
        } else {
            let reason = cwe::concept(cx, reason, "SCH-7", Some(table::appointment_reason));
            appointment.reason_code.extend(reason);
        }
    }
    if cx.given(sch.field(8), id, "appointmentType") {
        let kind = cwe::concept(cx, sch.field(8).first(), "SCH-8", Some(table::appointment_type));
        if let Some(kind) = kind {
            cwe::merge(appointment.appointment_type.get_or_insert_default(), kind);
        }
    }
}

/// Start and end of TQ1, else of SCH-11; what else a timing says stands in an extension.
fn when<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    sch: Segment<'m, 'a>,
    timing: &[Segment<'m, 'a>],
    draft: &mut Draft<'a>,
) {
    for tq1 in timing {
        let start = Moment::instant(cx, tq1.field(7).value());
        let end = Moment::instant(cx, tq1.field(8).value());
        let schedule = tq1::read(cx, *tq1);
        told(draft, start, end, schedule);
    }
    for tq in sch.field(11).repetitions() {
        let start = Moment::instant(cx, tq.component(4).value());
        let end = Moment::instant(cx, tq.component(5).value());
        if let Some(schedule) = tq::read(cx, tq, "SCH-11") {
            told(draft, start, end, schedule);
        }
    }
    let units = sch.field(10);
    draft.duration = length(cx, sch.field(9).value(), units);
    let minutes = draft.duration.as_ref().and_then(|length| length.exactly).and_then(whole_minutes);
    draft.resource.minutes_duration = minutes;
    if let Some(length) = &draft.duration
        && minutes.is_none()
    {
        let length = ExtensionValue::Duration(Box::new(length.quantity.clone()));
        draft.resource.extension.push(Extension::new(DURATION, length));
    }
}

/// Takes the first start there is; a timing that says more stands in an extension.
fn told<'a>(draft: &mut Draft<'a>, start: Moment<'a>, end: Moment<'a>, schedule: Schedule<'a>) {
    let first = !draft.start.is_told() && start.is_told();
    let mut bare = schedule.clone();
    bare.timing = Timing::default();
    let only_period = bare == Schedule::default() && schedule.only_period().is_some();
    if first {
        (draft.start, draft.end) = (start.clone(), end.clone());
    }
    let same = draft.start == start && (draft.end == end || !end.is_told());
    if !(only_period && same) {
        draft.resource.extension.extend(schedule.into_extension());
    }
}

impl<'a> Draft<'a> {
    /// Where neither TQ1 nor SCH-11 say when it is, it is when its resources are booked. FHIR takes start and
    /// end together, and demands them of what is booked.
    pub(crate) fn settle(&mut self, cx: &mut Context<'_, 'a>, resources: &[(Moment<'a>, Moment<'a>)]) {
        if !self.start.is_told() {
            let starts = resources.iter().map(|(start, _)| start).filter(|start| start.at.is_some());
            if let Some(at) = starts.filter_map(|start| start.at).min() {
                self.start = Moment::of(cx, at);
            }
            if let Some(at) = resources.iter().filter_map(|(_, end)| end.at).max() {
                self.end = Moment::of(cx, at);
            }
        }
        if !self.end.is_told()
            && let Some(exactly) = self.duration.as_ref().and_then(|length| length.exactly)
            && exactly.is_positive()
            && let Some(end) = self.start.plus(cx, exactly)
        {
            self.end = end;
        }
        if self.end.at < self.start.at && self.end.at.is_some() {
            // An end before the start is none (FHIR app-2 and its kin want both): it is kept as text.
            let text = self.end.text.take();
            self.end.beside = text.map(crate::context::original_text);
        }
        let open = matches!(self.resource.status, Some("cancelled" | "proposed" | "waitlist"));
        let told = self.start.is_told() || self.end.is_told();
        if !told && open {
            return;
        }
        if !told {
            cx.presume(self.id, "start");
        }
        let absent = || fhir::Element::of(Extension::code(system::DATA_ABSENT_REASON, "unknown"));
        for moment in [&mut self.start, &mut self.end] {
            if !moment.is_told() {
                moment.beside = Some(absent());
            }
        }
        let appointment = &mut self.resource;
        (appointment.start, appointment.start_ext) = (self.start.text.clone(), self.start.beside.clone());
        (appointment.end, appointment.end_ext) = (self.end.text.clone(), self.end.beside.clone());
    }
}
