use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccessMethod, Application, Event, EventKind, PurposeOfUse, Reported, Responsible, User};
use crate::EntryId;

/// Categories of data, the level at which a patient is shown what was touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataCategory {
    /// Name, address, identifiers, insurance, contacts.
    Demographics,
    /// Admissions, visits, transfers.
    Encounters,
    /// Diagnoses and problems.
    Conditions,
    /// Allergies and intolerances.
    Allergies,
    /// Medication.
    Medication,
    /// Laboratory and other results.
    Results,
    /// Letters, notes, images.
    Documents,
    /// Orders.
    Orders,
    /// Involuntary care (Wzd).
    InvoluntaryCare,
    /// The log itself.
    Log,
    /// Anything else.
    Other,
}

impl DataCategory {
    /// The category to which a FHIR resource type belongs.
    pub fn of_resource(resource_type: &str) -> Self {
        match resource_type {
            "Patient" | "RelatedPerson" | "Coverage" | "Person" | "CareTeam" | "Consent" | "Account"
            | "ChargeItem" => Self::Demographics,
            "Encounter" | "EpisodeOfCare" | "Appointment" | "Schedule" | "Slot" | "CarePlan" => {
                Self::Encounters
            }
            "Condition" | "Procedure" | "Goal" => Self::Conditions,
            "AllergyIntolerance" => Self::Allergies,
            "MedicationStatement"
            | "MedicationRequest"
            | "MedicationDispense"
            | "MedicationAdministration"
            | "Medication"
            | "Immunization" => Self::Medication,
            "Observation" | "DiagnosticReport" | "Specimen" => Self::Results,
            "DocumentReference" | "Communication" | "Binary" => Self::Documents,
            "ServiceRequest" | "Task" => Self::Orders,
            "AuditEvent" => Self::Log,
            _ => Self::Other,
        }
    }
}

/// ParticipantObjectTypeCodeRole, of those that occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectRole {
    /// Domain resource (4).
    Resource,
    /// Query (24).
    Query,
    /// A message or job (20).
    Message,
    /// The security log (13, security resource).
    Log,
}

/// The patient whom an entry concerns (object type person, role patient).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatientObject {
    /// `Patient/<id>`; the id is a name-based UUID over a pseudonym.
    pub reference: String,
}

/// ParticipantObject*: something that was touched, other than the patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Object {
    /// ParticipantObjectTypeCodeRole.
    pub role: ObjectRole,
    /// ParticipantObjectID: `Type/id`, or the id of a message.
    pub id: String,
    /// The version of the resource that was read or written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The number under which the store wrote down by itself that it gave this out, where it does: by this, what was
    /// read is compared with what was logged (`docs/reconciliation.md`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<u64>,
    /// ParticipantObjectDataLifeCycle (RFC 3881 §5.5.3), for example `origination`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life_cycle: Option<String>,
    /// ParticipantObjectSensitivity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<String>,
    /// ParticipantObjectPermissionPolicySet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_set: Option<String>,
    /// ParticipantObjectQuery: the raw query. PHI: entries are sealed before they are stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// ParticipantObjectDescription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Object {
    /// An object with nothing but role and id.
    pub fn new(role: ObjectRole, id: impl Into<String>) -> Self {
        Self {
            role,
            id: id.into(),
            version: None,
            reading: None,
            life_cycle: None,
            sensitivity: None,
            policy_set: None,
            query: None,
            description: None,
        }
    }
}

/// On what ground access was given or refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LegalBasis {
    /// The authorisation protocol (version of the policies) that was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation_protocol: Option<String>,
    /// The protocol by which the treatment relationship was established.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment_relationship_protocol: Option<String>,
    /// The consent profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_profile: Option<String>,
    /// Checks that were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// The emergency procedure was used.
    #[serde(default)]
    pub emergency: bool,
}

/// AuditSource*: who reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// AuditEnterpriseSiteID: the organisation.
    pub enterprise_site_id: String,
    /// AuditSourceID: the part of the system.
    pub source_id: String,
    /// AuditSourceTypeCode (RFC 3881 §5.4.3), 4 = application server.
    pub source_type: u8,
}

/// One line of the NEN 7513 log.
///
/// It is sealed before it is stored: in what is locked stands only ciphertext and its hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditEntry {
    /// UUID version 7.
    pub id: EntryId,
    /// EventDateTime: UTC, in whole microseconds.
    pub recorded: Timestamp,
    /// What happened.
    pub event: Event,
    /// Users, at least one.
    pub users: Vec<User>,
    /// The person acted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<Responsible>,
    /// The patient concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientObject>,
    /// What else was touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Object>,
    /// Categories of the data touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_categories: Vec<DataCategory>,
    /// Legal basis.
    #[serde(default)]
    pub legal_basis: LegalBasis,
    /// How data were reached.
    pub access_method: AccessMethod,
    /// The application used.
    pub application: Application,
    /// The device used, when it is not the server itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Who reports.
    pub source: Source,
    /// W3C traceparent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Another system reported the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
}

impl AuditEntry {
    /// Whether it speaks of the emergency procedure: by its legal basis, its kind, or the purpose that a user
    /// gave.
    #[must_use]
    pub fn is_emergency(&self) -> bool {
        let in_emergency = |user: &User| {
            matches!(user.purpose, Some(PurposeOfUse::BreakGlass | PurposeOfUse::EmergencyTreatment))
        };
        self.legal_basis.emergency
            || self.event.kind == EventKind::BreakGlass
            || self.users.iter().any(in_emergency)
    }

    /// Adds resources (`Type/id`, version) as objects, and their categories.
    pub fn with_resources(mut self, resources: impl IntoIterator<Item = (String, Option<u64>)>) -> Self {
        for (id, version) in resources {
            let category = DataCategory::of_resource(id.split('/').next().unwrap_or_default());
            if !self.data_categories.contains(&category) {
                self.data_categories.push(category);
            }
            self.objects.push(Object { version, ..Object::new(ObjectRole::Resource, id) });
        }
        self
    }
}

/// What lies beyond microseconds is cut off: the index orders by them, and FHIR instants of others hold no more.
pub(super) fn whole_microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

impl std::fmt::Debug for AuditEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditEntry")
            .field("id", &self.id)
            .field("recorded", &self.recorded)
            .field("kind", &self.event.kind)
            .field("objects", &self.objects.len())
            .finish_non_exhaustive()
    }
}
