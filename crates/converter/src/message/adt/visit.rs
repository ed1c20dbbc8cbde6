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
}

impl Effect {
    /// Whether the event registers a visit: one that has no number may then be known by its admission.
    pub(crate) fn registers(&self) -> bool {
        self.status != Status::Unsaid
    }

    /// Whether it takes back an event of this kind.
    pub(crate) fn undoes(&self, trigger: &str) -> bool {
        self.undoes.contains(&trigger)
    }
}

/// What a message says that only names a visit, or changes what is known of it: A08, A28, A31, and every
/// message about something else.
pub(crate) const MENTION: &Effect = &Effect { trigger: "", status: Status::Unsaid, undoes: &[] };

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
    EFFECTS.iter().find(|effect| effect.trigger == trigger).unwrap_or(MENTION)
}

/// The events about visits that are converted.
pub(crate) const EVENTS: &[EventRow] = &[
    official("A01", "admit", "opens the Encounter"),
    official("A02", "transfer", "the Encounter has another active location"),
    own("A03", "discharge", "ends the Encounter"),
    official("A04", "register", "opens the Encounter, its status by the class of the visit"),
    official("A05", "pre-admit", "a planned Encounter"),
    official("A08", "update", "Patient and Encounter, without saying how far the visit is"),
    official("A11", "cancel admit", "the Encounter is cancelled"),
    own("A12", "cancel transfer", "the Encounter is at its former location"),
    official("A13", "cancel discharge", "the Encounter is open again, without end and disposition"),
];
