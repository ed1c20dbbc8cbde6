//! [`Deed`]: what happened, with all that an entry of its kind cannot leave out.

use super::{
    Action, Event, EventKind, Incomplete, Object, ObjectRole, Outcome, PatientObject, Reported, User,
};

/// What happened, together with what an entry of that kind must name (NEN 7513 ch. 6).
///
/// There is one constructor for each kind of event. It fixes the action, and takes as arguments what that
/// kind demands beyond the fields of every entry: a disclosure its recipient and an object, a denial its
/// reason. What a person states (why they broke the glass) may be blank, so that such a constructor answers
/// [`Incomplete`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub(super) event: Event,
    pub(super) users: Vec<User>,
    pub(super) patient: Option<PatientObject>,
    pub(super) objects: Vec<Object>,
    pub(super) emergency: bool,
    pub(super) reported: Option<Reported>,
}

impl Deed {
    const fn new(kind: EventKind, action: Action) -> Self {
        Self {
            event: Event::success(kind, action),
            users: Vec::new(),
            patient: None,
            objects: Vec::new(),
            emergency: false,
            reported: None,
        }
    }

    fn on(kind: EventKind, action: Action, object: Object) -> Self {
        Self { objects: vec![object], ..Self::new(kind, action) }
    }

    /// Resources came into being.
    pub const fn created() -> Self {
        Self::new(EventKind::ResourceCreate, Action::Create)
    }

    /// Resources, or a message as it came in, were read.
    pub const fn read() -> Self {
        Self::new(EventKind::ResourceRead, Action::Read)
    }

    /// The versions of a resource were read.
    pub const fn history_read() -> Self {
        Self::new(EventKind::ResourceHistory, Action::Read)
    }

    /// Resources were changed.
    pub const fn updated() -> Self {
        Self::new(EventKind::ResourceUpdate, Action::Update)
    }

    /// Resources were deleted.
    pub const fn deleted() -> Self {
        Self::new(EventKind::ResourceDelete, Action::Delete)
    }

    /// Resources of a type were searched, with this raw query (it may be empty: all of them). The query is PHI;
    /// the log seals it.
    pub fn searched(resource_type: impl Into<String>, query: impl Into<String>) -> Self {
        let object =
            Object { query: Some(query.into()), ..Object::new(ObjectRole::Query, resource_type.into()) };
        Self::on(EventKind::ResourceSearch, Action::Execute, object)
    }

    /// Two patients were merged, or the merge was undone.
    pub const fn merged() -> Self {
        Self::new(EventKind::PatientMerge, Action::Update)
    }

    /// A message of another system was taken in.
    pub fn imported(message: impl Into<String>) -> Self {
        Self::on(EventKind::Import, Action::Create, Object::new(ObjectRole::Message, message.into()))
    }

    /// Data of a patient went to somebody outside: to whom, and what.
    pub fn disclosed(recipient: User, object: Object) -> Self {
        let users = vec![User { requestor: false, ..recipient }];
        Self { users, ..Self::on(EventKind::Disclosure, Action::Read, object) }
    }

    /// A register of the organisation was read or changed: how, and what was done (kebab-case, no values).
    pub fn on_register(action: Action, what: impl Into<String>) -> Self {
        let register =
            Object { description: Some(what.into()), ..Object::new(ObjectRole::Resource, "register") };
        Self::on(EventKind::Register, action, register)
    }

    /// A message or request was refused, for this reason (kebab-case).
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::new(EventKind::Refusal, Action::Execute).failed(reason)
    }

    /// Access was denied, for this reason (kebab-case).
    pub fn denied(reason: impl Into<String>) -> Self {
        Self::new(EventKind::AccessDenied, Action::Execute).failed(reason)
    }

    /// The log was read: which log, and what of it (a period, an entry).
    pub fn log_read(log: impl Into<String>, what: impl Into<String>) -> Self {
        let object = Object { description: Some(what.into()), ..Object::new(ObjectRole::Log, log.into()) };
        Self::on(EventKind::LogRead, Action::Read, object)
    }

    /// The log was verified: which log, and what came of it.
    pub fn log_verified(log: impl Into<String>, what: impl Into<String>) -> Self {
        let object = Object { description: Some(what.into()), ..Object::new(ObjectRole::Log, log.into()) };
        Self::on(EventKind::LogVerify, Action::Execute, object)
    }

    /// A message that had been set aside went back into the queue.
    pub fn replayed(message: impl Into<String>) -> Self {
        Self::on(EventKind::Replay, Action::Execute, Object::new(ObjectRole::Message, message.into()))
    }

    /// Somebody logged in. With [`Deed::failed`]: tried to.
    pub const fn logged_in() -> Self {
        Self::new(EventKind::LogIn, Action::Execute)
    }

    /// Somebody logged out, or their session ended.
    pub const fn logged_out() -> Self {
        Self::new(EventKind::LogOut, Action::Execute)
    }

    /// Data were copied out in bulk: what.
    pub fn exported(object: Object) -> Self {
        Self::on(EventKind::Export, Action::Read, object)
    }

    /// Data were printed, or given as something made to be printed: what.
    pub fn printed(object: Object) -> Self {
        Self::on(EventKind::Print, Action::Read, object)
    }

    /// The emergency procedure was invoked for a patient (`Patient/<id>`), for the reason that the person
    /// states. It sets the emergency flag.
    ///
    /// # Errors
    ///
    /// [`Incomplete::NoReason`] when the reason is blank.
    pub fn broke_glass(patient: impl Into<String>, reason: &str) -> Result<Self, Incomplete> {
        let mut deed = Self::new(EventKind::BreakGlass, Action::Execute).because(reason)?;
        deed.patient = Some(PatientObject { reference: patient.into() });
        deed.emergency = true;
        Ok(deed)
    }

    /// A file or database was opened outside the system's own control: which, and the reason that the person
    /// states.
    ///
    /// # Errors
    ///
    /// [`Incomplete::NoReason`] when the reason is blank.
    pub fn accessed_directly(object: Object, reason: &str) -> Result<Self, Incomplete> {
        Self::on(EventKind::DirectAccess, Action::Execute, object).because(reason)
    }

    /// Data of a patient (`Patient/<id>`) and of a class (`dossier`, `log`) were destroyed, for this reason.
    ///
    /// # Errors
    ///
    /// [`Incomplete::NoReason`] when the reason is blank, [`Incomplete::NoObject`] when the class is.
    pub fn erased(patient: impl Into<String>, class: &str, reason: &str) -> Result<Self, Incomplete> {
        if class.trim().is_empty() {
            return Err(Incomplete::NoObject);
        }
        let object = Object {
            life_cycle: Some(String::from("permanent-erasure")),
            description: Some(class.to_owned()),
            ..Object::new(ObjectRole::Resource, format!("class/{class}"))
        };
        let mut deed = Self::on(EventKind::Erasure, Action::Delete, object).because(reason)?;
        deed.patient = Some(PatientObject { reference: patient.into() });
        Ok(deed)
    }

    /// Another key takes over from the one that signs the checkpoints of a log: which log, and the public key that
    /// signs from then on.
    pub fn key_rotated(log: impl Into<String>, key: impl Into<String>) -> Self {
        let object = Object { description: Some(key.into()), ..Object::new(ObjectRole::Log, log.into()) };
        Self::on(EventKind::KeyRotation, Action::Update, object)
    }

    /// A part of the system started.
    pub const fn started() -> Self {
        Self::new(EventKind::ApplicationStart, Action::Execute)
    }

    /// A part of the system stopped.
    pub const fn stopped() -> Self {
        Self::new(EventKind::ApplicationStop, Action::Execute)
    }

    /// An event that another system reported, of whatever kind. [`super::EntryBuilder::build_checked`] says what
    /// its entry lacks.
    pub fn reported(event: Event, reported: Reported) -> Self {
        Self { reported: Some(reported), event, ..Self::new(EventKind::Other, Action::Execute) }
    }

    /// It was refused or failed, and can be tried again: why (kebab-case, no values). A blank reason reads
    /// `unstated`.
    #[must_use]
    pub fn failed(self, reason: impl Into<String>) -> Self {
        self.ended(Outcome::MinorFailure, reason)
    }

    /// It ended otherwise than with success: how, and why (kebab-case, no values).
    #[must_use]
    pub fn ended(mut self, outcome: Outcome, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        let blank = reason.trim().is_empty();
        self.event.outcome = outcome;
        self.event.outcome_reason = Some(if blank { String::from("unstated") } else { reason });
        self
    }

    /// The action that was tried, for a denial: a denied read is a read.
    #[must_use]
    pub const fn trying(mut self, action: Action) -> Self {
        self.event.action = action;
        self
    }

    /// The event of the other system that brought it about (`ADT^A01`); an empty one is none.
    #[must_use]
    pub fn triggered_by(mut self, trigger: Option<&str>) -> Self {
        self.event.trigger = trigger.filter(|trigger| !trigger.is_empty()).map(str::to_owned);
        self
    }

    fn because(mut self, reason: &str) -> Result<Self, Incomplete> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Incomplete::NoReason);
        }
        self.event.reason = Some(reason.to_owned());
        Ok(self)
    }
}
