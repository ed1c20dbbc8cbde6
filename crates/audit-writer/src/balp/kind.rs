//! What an event is called: its type and subtypes.

use serde_json::{Value, json};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::EventKind;

use super::{DCM, authz, coding};

const EVENT_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const INTERACTION: &str = "http://hl7.org/fhir/restful-interaction";
const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
const V2_EVENT: &str = "http://terminology.hl7.org/CodeSystem/v2-0003";
const OWN_EVENT: &str = "https://zorgsluis.github.io/fhir/CodeSystem/audit-event";
const AUTHZ: &str = "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType";

/// The patterns of events, by what their agents do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Create,
    Read,
    History,
    Update,
    Delete,
    Search,
    /// Data of another system taken in: BALP privacy disclosure, as the recipient records it.
    Import,
    /// Data given to somebody outside: BALP privacy disclosure, as the source records it.
    Disclosure,
    /// A register of the organisation was read or changed.
    Register,
    Merge,
    Refusal,
    Denial,
    /// A denial by the patient's consent: BALP AuthZconsent.
    ConsentDenial,
    LogRead,
    LogVerify,
    Replay,
    LogIn,
    LogOut,
    Export,
    Print,
    BreakGlass,
    DirectAccess,
    Erasure,
    KeyRotation,
    Start,
    Stop,
    Other,
}

/// A code of the types, or of the subtypes, of our own events; without a system, any that has the code.
fn has(codings: &[Value], system: Option<&str>, code: &str) -> bool {
    let text = |coding: &Value, name: &str| coding.get(name).and_then(Value::as_str).map(str::to_owned);
    codings.iter().any(|coding| {
        text(coding, "code").as_deref() == Some(code)
            && system.is_none_or(|system| text(coding, "system").as_deref() == Some(system))
    })
}

/// The kinds whose AuditEvents have this type.
#[must_use]
pub fn kinds_of_type(system: Option<&str>, code: &str) -> Vec<EventKind> {
    let of_type = |kind: &EventKind| has(&[Kind::of_kind(*kind).event_type()], system, code);
    EventKind::ALL.into_iter().filter(of_type).collect()
}

/// The kinds whose AuditEvents have this subtype. `None` when entries of any kind may have it: the event of HL7 v2 that
/// brought one about stands among the subtypes.
#[must_use]
pub fn kinds_of_subtype(system: Option<&str>, code: &str) -> Option<Vec<EventKind>> {
    let of_subtype = |kind: &EventKind| {
        let consent = (*kind == EventKind::AccessDenied).then(|| Kind::ConsentDenial.subtype());
        has(&[Kind::of_kind(*kind).subtype()], system, code) || has(consent.as_slice(), system, code)
    };
    let kinds: Vec<EventKind> = EventKind::ALL.into_iter().filter(of_subtype).collect();
    let trigger = match system {
        Some(system) => system == V2_EVENT,
        None => kinds.is_empty(),
    };
    (!trigger).then_some(kinds)
}

impl Kind {
    pub(super) fn of(entry: &AuditEntry) -> Self {
        match Self::of_kind(entry.event.kind) {
            Self::Denial if authz::fits(entry) => Self::ConsentDenial,
            kind => kind,
        }
    }

    fn of_kind(kind: EventKind) -> Self {
        match kind {
            EventKind::ResourceCreate => Self::Create,
            EventKind::ResourceRead => Self::Read,
            EventKind::ResourceHistory => Self::History,
            EventKind::ResourceUpdate => Self::Update,
            EventKind::ResourceDelete => Self::Delete,
            EventKind::ResourceSearch => Self::Search,
            EventKind::PatientMerge => Self::Merge,
            EventKind::Import => Self::Import,
            EventKind::Disclosure => Self::Disclosure,
            EventKind::Register => Self::Register,
            EventKind::Refusal => Self::Refusal,
            EventKind::AccessDenied => Self::Denial,
            EventKind::LogRead => Self::LogRead,
            EventKind::LogVerify => Self::LogVerify,
            EventKind::Replay => Self::Replay,
            EventKind::LogIn => Self::LogIn,
            EventKind::LogOut => Self::LogOut,
            EventKind::Export => Self::Export,
            EventKind::Print => Self::Print,
            EventKind::BreakGlass => Self::BreakGlass,
            EventKind::DirectAccess => Self::DirectAccess,
            EventKind::Erasure => Self::Erasure,
            EventKind::KeyRotation => Self::KeyRotation,
            EventKind::ApplicationStart => Self::Start,
            EventKind::ApplicationStop => Self::Stop,
            EventKind::Other => Self::Other,
        }
    }

    /// One of the RESTful operations.
    pub(super) const fn is_rest(self) -> bool {
        matches!(self, Self::Create | Self::Read | Self::History | Self::Update | Self::Delete | Self::Search)
    }

    /// Whether data flow from the server to the client.
    pub(super) fn gives(self) -> bool {
        matches!(
            self,
            Self::Read | Self::History | Self::LogRead | Self::Disclosure | Self::Export | Self::Print
        )
    }

    pub(super) fn event_type(self) -> Value {
        match self {
            Self::Create | Self::Read | Self::History | Self::Update | Self::Delete | Self::Search => {
                coding(EVENT_TYPE, "rest", "RESTful Operation")
            }
            Self::Import | Self::Refusal => coding(DCM, "110107", "Import"),
            Self::Disclosure | Self::Export | Self::Print => coding(DCM, "110106", "Export"),
            Self::Merge | Self::Erasure => coding(DCM, "110110", "Patient Record"),
            Self::Register => coding(DCM, "110100", "Application Activity"),
            Self::Denial
            | Self::ConsentDenial
            | Self::BreakGlass
            | Self::DirectAccess
            | Self::KeyRotation => coding(DCM, "110113", "Security Alert"),
            Self::LogIn | Self::LogOut => coding(DCM, "110114", "User Authentication"),
            Self::LogRead | Self::LogVerify => coding(DCM, "110101", "Audit Log Used"),
            Self::Replay | Self::Start | Self::Stop | Self::Other => {
                coding(DCM, "110100", "Application Activity")
            }
        }
    }

    pub(super) fn subtypes(self, entry: &AuditEntry) -> Vec<Value> {
        let mut subtypes = vec![self.subtype()];
        if let Some(trigger) = &entry.event.trigger {
            // `ADT^A01`: the event is of HL7 table 0003; what has no event is kept as it is named.
            subtypes.push(match trigger.split('^').nth(1).filter(|event| !event.is_empty()) {
                Some(event) => json!({ "system": V2_EVENT, "code": event, "display": trigger }),
                None => json!({ "display": trigger }),
            });
        }
        subtypes
    }

    fn subtype(self) -> Value {
        let interaction = |code| coding(INTERACTION, code, code);
        match self {
            Self::Create => interaction("create"),
            Self::Read => interaction("read"),
            Self::History => interaction("history-instance"),
            Self::Update => interaction("update"),
            Self::Delete => interaction("delete"),
            Self::Search => interaction("search"),
            Self::Register => coding(OWN_EVENT, "register", "Register read or changed"),
            Self::Import | Self::Disclosure => {
                coding(LIFECYCLE, "disclose", "Disclose Record Lifecycle Event")
            }
            Self::Merge => coding(LIFECYCLE, "merge", "Merge Record Lifecycle Event"),
            Self::Refusal => coding(OWN_EVENT, "refusal", "Message refused"),
            Self::Denial => coding(OWN_EVENT, "access-denied", "Access denied"),
            Self::ConsentDenial => {
                coding(AUTHZ, "AuthZ-Consent", "Authorization Decision using Roles and Consent")
            }
            Self::LogRead => coding(OWN_EVENT, "log-read", "Log read"),
            Self::LogVerify => coding(OWN_EVENT, "log-verify", "Log verified"),
            Self::Replay => coding(OWN_EVENT, "replay", "Message taken back into the queue"),
            Self::LogIn => coding(DCM, "110122", "Login"),
            Self::LogOut => coding(DCM, "110123", "Logout"),
            Self::Export => coding(OWN_EVENT, "export", "Data copied out in bulk"),
            Self::Print => coding(OWN_EVENT, "print", "Data printed"),
            Self::BreakGlass => coding(DCM, "110127", "Emergency Override Started"),
            Self::DirectAccess => coding(DCM, "110132", "Use of Restricted Function"),
            Self::Erasure => coding(LIFECYCLE, "destroy", "Destroy/Delete Record Lifecycle Event"),
            Self::KeyRotation => coding(DCM, "110129", "Security Configuration"),
            Self::Start => coding(DCM, "110120", "Application Start"),
            Self::Stop => coding(DCM, "110121", "Application Stop"),
            Self::Other => coding(OWN_EVENT, "other", "Event of another system"),
        }
    }
}
