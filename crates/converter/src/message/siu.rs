//! SIU: appointments (HL7 v2.5.1 chapter 10).
//!
//! An appointment is known by its number (SCH-2, else SCH-1) and, of a repeating one, its occurrence (SCH-3).
//! What it needs (AIS, AIG, AIL, AIP) are its participants. Where no action code says that a message adds,
//! changes or takes away, a booking lists all of them; so a room that is named no more is left. A blocked
//! stretch of time (S23, S24) is no appointment but a Slot of whoever is blocked.

mod slot;

use std::borrow::Cow;

use fhir::{
    Annotation, AppointmentParticipant, CodeableConcept, Extension, ExtensionValue, Reference, system,
};
use hl7v2::{Place, Segment};
use uuid::Uuid;

use super::adt::{self, Adt};
use super::{Says, mentioned};
use crate::context::{Context, add_new};
use crate::conversion::{Authority, Deletion, EntryNote, Refusal};
use crate::convert::refuse;
use crate::document::{self, Belongs};
use crate::mapping::{Event as EventRow, official, own};
use crate::null;
use crate::segment::resource::{self, Booked};
use crate::segment::sch::time::Moment;
use crate::segment::sch::{self, Draft};
use crate::segment::{aig, ail, aip, ais, apr, nte};
use crate::table;

/// FHIR R5's notes on an appointment: R4 has one comment without author and time.
const NOTE: &str = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.note";

/// The events that are converted.
pub(crate) const EVENTS: &[EventRow] = &[
    official("S12", "new appointment", "Appointment, booked, with whom and what it needs as participants"),
    own("S13", "appointment rescheduled", "the Appointment is at another time"),
    own("S14", "appointment modified", "the Appointment, without saying how far it is"),
    own("S15", "appointment cancelled", "the Appointment is cancelled"),
    own(
        "S16",
        "appointment discontinued",
        "the Appointment is cancelled; the filler's code stands beside it",
    ),
    own("S17", "appointment deleted", "the Appointment is entered in error"),
    own("S18", "service or resource added", "the Appointment has further participants"),
    own("S19", "service or resource modified", "participants of the Appointment change"),
    own("S20", "service or resource cancelled", "participants of the Appointment have declined"),
    own("S21", "service or resource discontinued", "participants of the Appointment have declined"),
    own("S22", "service or resource deleted", "participants of the Appointment have declined"),
    own("S23", "schedule time blocked", "a Slot of each resource is busy-unavailable"),
    own("S24", "schedule time unblocked", "the Slot is free"),
    own("S26", "patient did not show up", "the Appointment is a noshow"),
];

/// The segments of a message by what they are about.
#[derive(Default)]
struct Sorted<'m, 'a> {
    sch: Option<Segment<'m, 'a>>,
    timing: Vec<Segment<'m, 'a>>,
    preferences: Vec<Segment<'m, 'a>>,
    notes: Vec<Segment<'m, 'a>>,
    patients: Vec<Vec<Segment<'m, 'a>>>,
    resources: Vec<Needed<'m, 'a>>,
}

/// A resource that is booked, in its group, with the notes on it.
struct Needed<'m, 'a> {
    segment: Segment<'m, 'a>,
    rgs: Option<Segment<'m, 'a>>,
    notes: Vec<Segment<'m, 'a>>,
}

/// Converts an appointment message. Its PID only mentions the patient, and may be missing.
pub(crate) fn convert(cx: &mut Context<'_, '_>, event: &super::Event) -> Result<(), Refusal> {
    cx.registers = Authority::Mention;
    let sorted = sort(cx);
    let Some(sch) = sorted.sch else {
        let text = "an appointment message is about an appointment, and there is no SCH";
        return Err(refuse("no-appointment", Place::of_segment(*b"SCH", 1), text));
    };
    let before = cx.entries.len();
    let mut people = Vec::new();
    for group in &sorted.patients {
        adt::patient_group(cx, Adt::MENTION, Says::Orders, group)?;
        add_new(&mut people, cx.patients.last().map(|patient| patient.id));
    }
    let made: Vec<(&'static str, Uuid)> =
        cx.entries.iter().skip(before).map(|entry| (entry.resource.kind(), entry.full_url.0)).collect();
    book(cx, &event.trigger, &sorted, sch, &people, &made);
    Ok(())
}

/// Whether a segment is of an appointment.
fn is_of_appointment(segment: Segment<'_, '_>) -> bool {
    matches!(segment.id(), "SCH" | "APR" | "RGS" | "AIS" | "AIG" | "AIL" | "AIP")
}

/// The segments of a registration that are of no appointment, where it tells one along. A note behind one of an
/// appointment is of that.
pub(super) fn without_appointment<'s, 'm, 'a>(group: &'s [Segment<'m, 'a>]) -> Cow<'s, [Segment<'m, 'a>]> {
    if !group.iter().copied().any(is_of_appointment) {
        return group.into();
    }
    let mut behind = false;
    let of_others = group.iter().copied().filter(|segment| {
        behind = is_of_appointment(*segment) || (behind && segment.id() == "NTE");
        !behind
    });
    of_others.collect::<Vec<_>>().into()
}

/// The appointment that a registration tells along, of all its patients. Without SCH nobody can tell of which
/// appointment a resource is.
pub(super) fn in_registration(cx: &mut Context<'_, '_>) {
    if !cx.message.segments().any(is_of_appointment) {
        return;
    }
    let sorted = sort(cx);
    let Some(sch) = sorted.sch else {
        for segment in cx.message.segments().filter(|segment| is_of_appointment(*segment)) {
            for field in segment.fields() {
                cx.ignore_field(field, "a resource of an appointment, and no SCH tells of which");
            }
        }
        return;
    };
    let mut people = Vec::new();
    add_new(&mut people, cx.patients.iter().map(|patient| patient.id));
    book(cx, "", &sorted, sch, &people, &[]);
}

/// The appointment and what it needs. `made` is what was told of its patients.
fn book<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    trigger: &str,
    sorted: &Sorted<'m, 'a>,
    sch: Segment<'m, 'a>,
    people: &[Uuid],
    made: &[(&'static str, Uuid)],
) {
    let mut draft = sch::convert(cx, sch, &sorted.timing, says(trigger));
    for preferences in &sorted.preferences {
        apr::convert(cx, *preferences, &mut draft.resource);
    }
    orders(cx, sch, people, &mut draft);
    let of_kind = |kinds: &[&str]| -> Vec<Reference<'_>> {
        let found = made.iter().filter(|(kind, _)| kinds.contains(kind));
        found.map(|(_, id)| Reference::to(*id)).collect()
    };
    draft.resource.reason_reference = of_kind(&["Condition"]);
    draft.resource.supporting_information = of_kind(&["Encounter", "Observation"]);
    let needed = resources(cx, &sorted.resources, &mut draft);
    // Time that is blocked or free is no appointment: the Slots say all of it.
    let blocks = matches!(trigger, "S23" | "S24");
    comments(cx, sorted, people, &mut draft, !blocks);
    draft.settle(cx, &needed.times);
    if blocks {
        slot::convert(cx, draft, needed.participants, trigger == "S23");
    } else {
        let lists = matches!(trigger, "S12" | "S13" | "S14")
            && !sorted.resources.is_empty()
            && !people.is_empty()
            && sorted.resources.iter().all(|one| resource::action(one.segment, one.rgs).is_empty());
        let id = draft.id;
        appointment(cx, draft, needed, people, lists);
        let resources = sorted.resources.iter();
        let resources =
            resources.flat_map(|one| std::iter::once(one.segment).chain(one.notes.iter().copied()));
        let about = [&sorted.timing, &sorted.preferences, &sorted.notes].into_iter().flatten().copied();
        null::obey_all(cx, std::iter::once(sch).chain(about).chain(resources), &[("Appointment", id)]);
    }
}

fn says(trigger: &str) -> sch::Says {
    let status = table::appointment_status_of_event(trigger).map_or("booked", |target| target.code);
    let decides = matches!(trigger, "S15" | "S16" | "S17" | "S26");
    let presumed = !decides && !matches!(trigger, "S12" | "S13");
    sch::Says { status, decides, presumed }
}

/// Sorts the segments: NTE belong to what they follow, and whatever stands behind PID to the patient.
fn sort<'m, 'a>(cx: &Context<'m, 'a>) -> Sorted<'m, 'a> {
    #[derive(Clone, Copy)]
    enum Last {
        Appointment,
        Patient,
        Resource,
    }
    let mut sorted = Sorted::default();
    let mut rgs = None;
    let mut last = Last::Appointment;
    for segment in cx.message.segments() {
        match (segment.id(), last) {
            ("SCH", _) => {
                sorted.sch = sorted.sch.or(Some(segment));
                last = Last::Appointment;
            }
            ("TQ1", _) => sorted.timing.push(segment),
            ("APR", _) => {
                sorted.preferences.push(segment);
                last = Last::Appointment;
            }
            ("RGS", _) => {
                rgs = Some(segment);
                last = Last::Appointment;
            }
            ("AIS" | "AIG" | "AIL" | "AIP", _) => {
                sorted.resources.push(Needed { segment, rgs, notes: Vec::new() });
                last = Last::Resource;
            }
            ("PID", _) => {
                sorted.patients.push(vec![segment]);
                last = Last::Patient;
            }
            ("NTE", Last::Appointment) => sorted.notes.push(segment),
            ("NTE", Last::Resource) => {
                if let Some(needed) = sorted.resources.last_mut() {
                    needed.notes.push(segment);
                }
            }
            ("MSH" | "SFT" | "UAC" | "EVN", _) => {}
            _ => {
                if let Some(patient) = sorted.patients.last_mut() {
                    patient.push(segment);
                    last = Last::Patient;
                }
            }
        }
    }
    sorted
}

/// The orders that the appointment is for (SCH-26, SCH-27).
fn orders<'m, 'a>(cx: &mut Context<'m, 'a>, sch: Segment<'m, 'a>, people: &[Uuid], draft: &mut Draft<'a>) {
    let (placers, fillers) = (sch.field(26), sch.field(27));
    let count = placers.repetition_count().max(fillers.repetition_count());
    let (mut placers, mut fillers) = (placers.repetitions(), fillers.repetitions());
    for _ in 0..count {
        let (placer, filler) = (placers.next(), fillers.next());
        let request = mentioned::request(cx, placer, filler, people.first().copied());
        add_new(&mut draft.resource.based_on, request.map(Reference::to));
    }
}

/// What became of the resources.
struct Participants<'a> {
    participants: Vec<AppointmentParticipant<'a>>,
    times: Vec<(Moment<'a>, Moment<'a>)>,
    /// Services that are taken away, as their concepts.
    gone: Vec<CodeableConcept<'a>>,
}

fn resources<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    needed: &[Needed<'m, 'a>],
    draft: &mut Draft<'a>,
) -> Participants<'a> {
    let mut made = Participants { participants: Vec::new(), times: Vec::new(), gone: Vec::new() };
    let status = match draft.resource.status {
        Some("pending" | "proposed" | "waitlist") => "needs-action",
        _ => "accepted",
    };
    for Needed { segment, rgs, notes } in needed {
        let start = draft.start.clone();
        let booked = Booked { start: &start, status, rgs: *rgs };
        let (start, end) = match segment.id() {
            "AIS" => {
                let (service, (one, start, end)) = ais::convert(cx, *segment, &booked);
                if resource::action(*segment, *rgs) == "D" {
                    made.gone.extend(service);
                } else {
                    add_new(&mut draft.resource.service_type, service);
                }
                made.participants.push(one);
                (start, end)
            }
            "AIG" => {
                let (one, start, end) = aig::convert(cx, *segment, notes, &booked);
                made.participants.push(one);
                (start, end)
            }
            "AIL" => {
                let (all, start, end) = ail::convert(cx, *segment, notes, &booked);
                made.participants.extend(all);
                (start, end)
            }
            _ => {
                let (all, start, end) = aip::convert(cx, *segment, notes, &booked);
                made.participants.extend(all);
                (start, end)
            }
        };
        made.times.push((start, end));
    }
    made
}

/// Comments on the appointment and on its services: one text, each note with its author and time, and each a
/// document about the appointment.
fn comments<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    sorted: &Sorted<'m, 'a>,
    people: &[Uuid],
    draft: &mut Draft<'a>,
    put: bool,
) {
    let of_services = sorted.resources.iter().filter(|one| one.segment.id() == "AIS");
    let mut all = nte::notes(cx, &sorted.notes);
    for one in of_services {
        all.extend(nte::notes(cx, &one.notes));
    }
    if all.is_empty() {
        return;
    }
    let texts: Vec<&str> = all.iter().map(|note| &*note.text.text).collect();
    draft.resource.comment = Some(texts.join("\n").into());
    draft.resource.extension.extend(all.iter().map(|note| {
        let note: Annotation<'a> = note.annotation();
        Extension::new(NOTE, ExtensionValue::Annotation(Box::new(note)))
    }));
    if let [patient] = people
        && put
    {
        let belongs = Belongs { patient: *patient, encounter: None, about: Some(draft.id) };
        document::put_notes(cx, &all, belongs, "appointment", cx.message.header().place());
    }
}

/// Puts the appointment. One that lists all its resources has no others.
fn appointment<'a>(
    cx: &mut Context<'_, 'a>,
    draft: Draft<'a>,
    needed: Participants<'a>,
    people: &[Uuid],
    lists: bool,
) {
    let Draft { id, mut resource, .. } = draft;
    let patients = people.iter().map(|patient| AppointmentParticipant {
        actor: Some(Reference::to(*patient)),
        required: Some("required"),
        status: Some("accepted"),
        ..AppointmentParticipant::default()
    });
    let contacts = std::mem::take(&mut resource.participant);
    resource.participant = patients.chain(needed.participants).chain(contacts).collect();
    for participant in &mut resource.participant {
        // FHIR wants whom or what: of one of whom nothing is said, that it is unknown (app-1).
        if participant.actor.is_none() && participant.r#type.is_empty() {
            participant.actor = Some(unknown());
        }
    }
    if resource.participant.is_empty() {
        let actor = Some(unknown());
        let status = Some("needs-action");
        resource.participant.push(AppointmentParticipant { actor, status, ..Default::default() });
        cx.presume(id, "participant");
    }
    if lists {
        for path in ["participant", "serviceType"] {
            cx.deletions.push(Deletion { entry: id, path });
        }
    }
    for gone in needed.gone {
        let code = gone.coding.into_iter().find_map(|coding| coding.code).or(gone.text);
        cx.gone.extend(code.map(|code| (id, format!("serviceType:{code}"))));
    }
    cx.put_as(id, resource, EntryNote { authority: Authority::Registration, asserted: None });
}

/// Somebody or something that the message does not name.
fn unknown<'a>() -> Reference<'a> {
    let unknown = Extension::code(system::DATA_ABSENT_REASON, "unknown");
    Reference { extension: vec![unknown], ..Reference::default() }
}
