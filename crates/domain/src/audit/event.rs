use serde::{Deserialize, Serialize};

/// EventActionCode (NEN 7513 ch. 6; RFC 3881 §5.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// Create.
    #[serde(rename = "C")]
    Create,
    /// Read, view, print, query for one known object.
    #[serde(rename = "R")]
    Read,
    /// Update.
    #[serde(rename = "U")]
    Update,
    /// Delete.
    #[serde(rename = "D")]
    Delete,
    /// Execute: searches, conversions, decisions.
    #[serde(rename = "E")]
    Execute,
}

/// EventOutcomeIndicator (RFC 3881 §5.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// It was done.
    #[serde(rename = "0")]
    Success,
    /// It was refused or failed and can be tried again: denials stand here.
    #[serde(rename = "4")]
    MinorFailure,
    /// It failed.
    #[serde(rename = "8")]
    SeriousFailure,
    /// The system can no longer do it at all.
    #[serde(rename = "12")]
    MajorFailure,
}

/// EventID and EventTypeCode together: the kinds of events that are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A resource came into being.
    ResourceCreate,
    /// A resource was read.
    ResourceRead,
    /// A version history was read.
    ResourceHistory,
    /// A resource was changed.
    ResourceUpdate,
    /// A resource was deleted.
    ResourceDelete,
    /// Resources were searched.
    ResourceSearch,
    /// Two patients were merged (HL7 A40), or the merge was undone.
    PatientMerge,
    /// A message from another system was taken in and converted.
    Import,
    /// Data of a patient were sent to somebody outside: a notice to a provider.
    Disclosure,
    /// A register (providers, patients, opt-outs) was read or changed by an operator or an import.
    Register,
    /// A message or request was refused.
    Refusal,
    /// A request was not authorised.
    AccessDenied,
    /// The log itself was read.
    LogRead,
    /// The log was verified.
    LogVerify,
    /// A dead letter went back into the queue.
    Replay,
    /// A user logged in, or failed to.
    LogIn,
    /// A user logged out.
    LogOut,
    /// Data were copied out in bulk: as a file, or to another medium.
    Export,
    /// Data were printed, or given as something made to be printed.
    Print,
    /// The emergency procedure was invoked: access without an established treatment relationship.
    BreakGlass,
    /// A file or database was opened directly, outside the system's own control.
    DirectAccess,
    /// Data were destroyed for good, at the patient's request or at the end of their term.
    Erasure,
    /// Another key took over from the one that signs the checkpoints of the log.
    KeyRotation,
    /// A part of the system started.
    ApplicationStart,
    /// A part of the system stopped.
    ApplicationStop,
    /// An event that another system reported and that is none of these.
    Other,
}

impl EventKind {
    /// Whether an entry of this kind, when it succeeded, names the versions that it wrote: what reconciliation compares
    /// with the stores.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(
            self,
            Self::ResourceCreate
                | Self::ResourceUpdate
                | Self::ResourceDelete
                | Self::PatientMerge
                | Self::Import
        )
    }

    /// All kinds.
    pub const ALL: [Self; 26] = [
        Self::ResourceCreate,
        Self::ResourceRead,
        Self::ResourceHistory,
        Self::ResourceUpdate,
        Self::ResourceDelete,
        Self::ResourceSearch,
        Self::PatientMerge,
        Self::Import,
        Self::Disclosure,
        Self::Register,
        Self::Refusal,
        Self::AccessDenied,
        Self::LogRead,
        Self::LogVerify,
        Self::Replay,
        Self::LogIn,
        Self::LogOut,
        Self::Export,
        Self::Print,
        Self::BreakGlass,
        Self::DirectAccess,
        Self::Erasure,
        Self::KeyRotation,
        Self::ApplicationStart,
        Self::ApplicationStop,
        Self::Other,
    ];

    /// Its name: in kebab case, as entries hold it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResourceCreate => "resource-create",
            Self::ResourceRead => "resource-read",
            Self::ResourceHistory => "resource-history",
            Self::ResourceUpdate => "resource-update",
            Self::ResourceDelete => "resource-delete",
            Self::ResourceSearch => "resource-search",
            Self::PatientMerge => "patient-merge",
            Self::Import => "import",
            Self::Disclosure => "disclosure",
            Self::Register => "register",
            Self::Refusal => "refusal",
            Self::AccessDenied => "access-denied",
            Self::LogRead => "log-read",
            Self::LogVerify => "log-verify",
            Self::Replay => "replay",
            Self::LogIn => "log-in",
            Self::LogOut => "log-out",
            Self::Export => "export",
            Self::Print => "print",
            Self::BreakGlass => "break-glass",
            Self::DirectAccess => "direct-access",
            Self::Erasure => "erasure",
            Self::KeyRotation => "key-rotation",
            Self::ApplicationStart => "application-start",
            Self::ApplicationStop => "application-stop",
            Self::Other => "other",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// EventID, EventTypeCode.
    pub kind: EventKind,
    /// EventActionCode.
    pub action: Action,
    /// EventOutcomeIndicator.
    pub outcome: Outcome,
    /// Kebab-case reason of an outcome other than success, for example `unsupported-event`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_reason: Option<String>,
    /// Why it was done, as a person stated it: for breaking the glass, an erasure, a direct access. PHI may stand
    /// in it; the log seals it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The event of the other system that brought it about, for example `ADT^A01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
}

impl Event {
    /// A successful event.
    pub const fn success(kind: EventKind, action: Action) -> Self {
        Self { kind, action, outcome: Outcome::Success, outcome_reason: None, reason: None, trigger: None }
    }

    /// A refused or failed one.
    pub fn failure(kind: EventKind, action: Action, reason: impl Into<String>) -> Self {
        Self {
            kind,
            action,
            outcome: Outcome::MinorFailure,
            outcome_reason: Some(reason.into()),
            reason: None,
            trigger: None,
        }
    }
}
