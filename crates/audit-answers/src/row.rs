//! [`Row`]: what an answer tells of one entry.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use zorgsluis_audit_writer::{Content, Found};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{
    AccessMethod, Action, DataCategory, EventKind, Outcome, PurposeOfUse, Responsible, User,
};

/// What an answer tells of one entry.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The log in which it stands, by the name of its shard.
    pub log: String,
    /// Its index in that log.
    pub index: u64,
    /// Its id.
    pub id: String,
    /// When it was recorded: UTC.
    pub recorded: Timestamp,
    /// Whether its key was destroyed: then this is all that can be told.
    pub erased: bool,
    /// What it says.
    #[serde(flatten)]
    pub told: Option<Told>,
}

/// What an entry says, as far as an answer shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// The organisation of who asked for it; that of the log where the entry names none.
    pub organisation: String,
    /// Their department, by its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Their roles, as `system|code`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Who took part; only when names were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<Person>,
    /// Under whose responsibility; only when names were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responsible: Option<Person>,
    /// The part of the system that reported it.
    pub reported_by: String,
    /// Whether nothing tells a person from a system: no name, no role, no number of a care provider.
    pub system: bool,
    /// What kind of event.
    #[serde(serialize_with = "kind_name")]
    pub kind: EventKind,
    /// EventActionCode: C, R, U, D, E.
    pub action: Action,
    /// EventOutcomeIndicator: 0, 4, 8, 12.
    pub outcome: Outcome,
    /// Why, when it is not 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_reason: Option<String>,
    /// Why it was done, as a person stated it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The event of the other system that brought it about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// The patient, `Patient/<id>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// Categories of the data touched.
    pub data_categories: Vec<DataCategory>,
    /// PurposeOfUse.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<PurposeOfUse>,
    /// The emergency procedure was used.
    pub emergency: bool,
    /// The authorisation protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorisation_protocol: Option<String>,
    /// The protocol of the treatment relationship.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment_relationship_protocol: Option<String>,
    /// The consent profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_profile: Option<String>,
    /// How data were reached.
    pub access_method: AccessMethod,
    /// To whom it went, by organisation, where it went to somebody outside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
    /// By whom it is counted in totals: user ids.
    #[serde(skip)]
    pub(crate) counted: Vec<String>,
}

/// Somebody, as the log names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Their user id.
    pub id: String,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their UZI number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uzi: Option<String>,
    /// Their AGB code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agb: Option<String>,
}

fn kind_name<S: serde::Serializer>(kind: &EventKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

impl Person {
    fn of(user: &User) -> Self {
        let User { id, name, uzi, agb, .. } = user;
        Self { id: id.clone(), name: name.clone(), uzi: uzi.clone(), agb: agb.clone() }
    }

    fn responsible(responsible: &Responsible) -> Self {
        Self { id: responsible.id.clone(), name: None, uzi: None, agb: None }
    }
}

impl Row {
    /// What is told of an entry that was found; of people only what `with_names` allows.
    #[must_use]
    pub fn of(found: &Found, with_names: bool) -> Self {
        let told = match &found.line.content {
            Content::Entry(entry) => Some(Told::of(entry, with_names)),
            Content::Erased => None,
        };
        Self {
            log: found.line.log.to_string(),
            index: found.line.index,
            id: found.line.id.to_string(),
            recorded: found.at,
            erased: told.is_none(),
            told,
        }
    }

    /// Whether it tells of a reading of the log.
    pub(crate) fn is_reading(&self) -> bool {
        let read = |told: &Told| {
            matches!(told.kind, EventKind::LogRead | EventKind::Print | EventKind::Export)
                && told.data_categories == [DataCategory::Log]
        };
        self.told.as_ref().is_some_and(read)
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Told {
    fn of(entry: &AuditEntry, with_names: bool) -> Self {
        let asking: Vec<&User> = entry.users.iter().filter(|user| user.requestor).collect();
        let asking = if asking.is_empty() { entry.users.iter().collect() } else { asking };
        let first = |field: fn(&User) -> Option<&String>| asking.iter().find_map(|user| field(user)).cloned();
        let organisation = first(|user| user.organisation.as_ref());
        let legal = &entry.legal_basis;
        let outside = |user: &&User| entry.event.kind == EventKind::Disclosure && !user.requestor;
        // At the command line, and at a database, sits somebody.
        let by_hand =
            entry.access_method == AccessMethod::CommandLine || entry.event.kind == EventKind::DirectAccess;
        let is_system = |user: &&User| {
            !by_hand
                && user.name.is_none()
                && user.roles.is_empty()
                && user.uzi.is_none()
                && user.agb.is_none()
        };
        Self {
            organisation: organisation.unwrap_or_else(|| entry.source.enterprise_site_id.clone()),
            department: first(|user| user.department.as_ref()),
            roles: asking.iter().flat_map(|user| user.roles.iter().cloned()).collect(),
            users: entry.users.iter().filter(|_| with_names).map(Person::of).collect(),
            responsible: entry.responsible.as_ref().filter(|_| with_names).map(Person::responsible),
            reported_by: entry.source.source_id.clone(),
            system: asking.iter().all(is_system),
            kind: entry.event.kind,
            action: entry.event.action,
            outcome: entry.event.outcome,
            outcome_reason: entry.event.outcome_reason.clone(),
            reason: entry.event.reason.clone(),
            trigger: entry.event.trigger.clone(),
            patient: entry.patient.as_ref().map(|patient| patient.reference.clone()),
            data_categories: entry.data_categories.clone(),
            purposes: asking.iter().filter_map(|user| user.purpose).collect(),
            emergency: entry.is_emergency(),
            authorisation_protocol: legal.authorisation_protocol.clone(),
            treatment_relationship_protocol: legal.treatment_relationship_protocol.clone(),
            consent_profile: legal.consent_profile.clone(),
            access_method: entry.access_method,
            recipients: entry
                .users
                .iter()
                .filter(outside)
                .filter_map(|user| user.organisation.clone())
                .collect(),
            counted: asking.iter().map(|user| user.id.clone()).collect(),
        }
    }
}
