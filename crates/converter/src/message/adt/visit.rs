//! What each event says of the visit (HL7 v2.5.1 §3.3), as data: [`EVENTS`] for people, [`Effect`] for
//! [`crate::segment::pv1`] and `apply`.

use crate::mapping::{Event as EventRow, official, own};

/// What an event says of the visit of its PV1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    /// `A01`; empty for what is no event of a visit.
    pub(crate) trigger: &'static str,
    /// How far the visit is after it.
    pub(crate) status: Status,
    /// The events that it takes back.
    pub(crate) undoes: &'static [&'static str],
}

/// How far a visit is, in the words of `Encounter.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// The event says it.
    Is(&'static str),
    /// The event says it, by the class of the visit (PV1-2).
    OfClass,
    /// The event happens within a visit, and says no more of it than that it is going on: a patient on leave
    /// who gets another bed is still on leave.
    GoingOn,
    /// The event says nothing of it.
    Unsaid,
    /// It was before the one that the message is about, and only its discharge says more.
    Before,
}

impl Effect {
    /// Whether the event is about a visit: without a number, the visit may then be known by its admission.
    pub(crate) fn registers(&self) -> bool {
        !matches!(self.status, Status::Unsaid | Status::Before)
    }

    /// Whether the patient comes to a place by it: what was planned has come about, or is given up.
    pub(crate) fn moves(&self) -> bool {
        matches!(self.trigger, "A01" | "A02" | "A04" | "A06" | "A07" | "A09" | "A10" | "A17")
    }

    /// Whether it takes back one of several of a kind: a visit has one admission and many transfers.
    pub(crate) fn of_many(&self) -> bool {
        matches!(self.trigger, "A12" | "A32" | "A33" | "A52" | "A53" | "A55")
    }

    /// Whether a visit begins with it, as the sender knows it.
    pub(crate) fn opens(&self) -> bool {
        matches!(self.trigger, "A01" | "A04" | "A05" | "A14")
    }

    /// Whether it takes back an event of this kind.
    pub(crate) fn undoes(&self, trigger: &str) -> bool {
        self.undoes.contains(&trigger)
    }
}

/// What a message says that only names a visit, or changes what is known of it: A08, A28, A31, and every
/// message about something else.
pub(crate) const MENTION: &Effect = &Effect { trigger: "", status: Status::Unsaid, undoes: &[] };

/// An earlier visit, which is told along with an order.
pub(crate) const PRIOR: &Effect = &Effect { trigger: "", status: Status::Before, undoes: &[] };

/// A20: it is about a bed, and about no patient.
pub(crate) const BED: &Effect = &Effect { trigger: "A20", status: Status::Unsaid, undoes: &[] };

const fn effect(trigger: &'static str, status: Status) -> Effect {
    Effect { trigger, status, undoes: &[] }
}

/// A cancel, and how far the visit is where nothing else is known of it.
const fn cancel(trigger: &'static str, undoes: &'static [&'static str], status: Status) -> Effect {
    Effect { trigger, status, undoes }
}

use Status::{GoingOn, Is, OfClass};

/// The effect of each event that is about a visit.
const EFFECTS: &[Effect] = &[
    effect("A01", Is("in-progress")),
    effect("A02", GoingOn),
    effect("A03", Is("finished")),
    effect("A04", OfClass),
    effect("A05", Is("planned")),
    effect("A06", Is("in-progress")),
    effect("A07", Is("in-progress")),
    effect("A09", GoingOn),
    effect("A10", GoingOn),
    cancel("A11", &["A01", "A04"], Is("cancelled")),
    cancel("A12", &["A02"], GoingOn),
    cancel("A13", &["A03"], Is("in-progress")),
    effect("A14", Is("planned")),
    effect("A15", GoingOn),
    effect("A16", GoingOn),
    effect("A17", GoingOn),
    effect("A21", Is("onleave")),
    effect("A22", Is("in-progress")),
    effect("A23", Is("entered-in-error")),
    cancel("A25", &["A16"], GoingOn),
    cancel("A26", &["A15"], GoingOn),
    cancel("A27", &["A14"], Is("cancelled")),
    cancel("A32", &["A10"], GoingOn),
    cancel("A33", &["A09"], GoingOn),
    cancel("A38", &["A05"], Is("cancelled")),
    cancel("A52", &["A21"], Is("in-progress")),
    cancel("A53", &["A22"], Is("onleave")),
    effect("A54", GoingOn),
    cancel("A55", &["A54"], GoingOn),
];

/// What an event says of the visit.
pub(crate) fn effect_of(trigger: &str) -> &'static Effect {
    if trigger == BED.trigger {
        return BED;
    }
    EFFECTS.iter().find(|effect| effect.trigger == trigger).unwrap_or(MENTION)
}

/// The events about visits that are converted.
pub(crate) const EVENTS: &[EventRow] = &[
    official("A01", "admit", "opens the Encounter"),
    official("A02", "transfer", "the Encounter has another active location, and left the former one"),
    own("A03", "discharge", "ends the Encounter"),
    official("A04", "register", "opens the Encounter, its status by the class of the visit"),
    official("A05", "pre-admit", "a planned Encounter"),
    official("A06", "change an outpatient to an inpatient", "another class, since when in classHistory"),
    official("A07", "change an inpatient to an outpatient", "another class, since when in classHistory"),
    official("A08", "update", "Patient and Encounter, without saying how far the visit is"),
    official("A09", "patient departing", "where the patient goes; the temporary place is marked as such"),
    official("A10", "patient arriving", "where the patient is; the temporary place is marked as such"),
    official("A11", "cancel admit", "the Encounter is cancelled, or planned again where it was pre-admitted"),
    own("A12", "cancel transfer", "the Encounter is at its former location, and never was at the other"),
    official("A13", "cancel discharge", "the Encounter is open again, without end and disposition"),
    official("A14", "pending admit", "a planned Encounter"),
    own("A15", "pending transfer", "a planned location"),
    own("A16", "pending discharge", "the planned end"),
    official("A17", "swap patients", "two Encounters, each at the other's former location"),
    own("A20", "bed status update", "the bed's Location.operationalStatus; about no patient"),
    own("A21", "go on leave", "the Encounter is on leave; the bed is reserved"),
    own("A22", "return from leave", "the Encounter is in progress again"),
    own("A23", "delete a visit", "the Encounter was entered in error"),
    own("A25", "cancel pending discharge", "the planned end is gone"),
    own("A26", "cancel pending transfer", "the planned location is gone"),
    official(
        "A27",
        "cancel pending admit",
        "the Encounter is cancelled, unless it was admitted or pre-admitted",
    ),
    own("A32", "cancel patient arriving", "the Encounter is where it was before"),
    own("A33", "cancel patient departing", "the Encounter is where it was before"),
    own("A38", "cancel pre-admit", "the Encounter is cancelled, unless it was admitted"),
    own("A52", "cancel leave", "the Encounter is in progress, and no return is expected"),
    own("A53", "cancel return from leave", "the Encounter is on leave"),
    own("A54", "change attending doctor", "Encounter.participant of type ATND"),
    own("A55", "cancel change of attending doctor", "Encounter.participant of type ATND, as before"),
];
