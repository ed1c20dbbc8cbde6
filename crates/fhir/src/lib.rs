//! The FHIR R4 resources that Zorgsluis writes, with the Dutch nl-core helpers. Knows nothing of
//! HL7 v2.
//!
//! What it is for: the converter builds these structs from a message and serialises them to JSON.
//! They are written only, never read back: there is `Serialize` and no `Deserialize`. Only the
//! elements that we write are here; an element that is needed is added when something fills it.
//!
//! Its words:
//! - A **resource** is a struct named as in FHIR ([`Patient`], [`Encounter`], …); [`Resource`] is any
//!   of them. Field names are FHIR's in snake case; an empty field is left out of the JSON.
//! - A **primitive extension** is the JSON neighbour with an underscore (`_birthDate`): the field with
//!   the suffix `_ext`, holding an [`Element`]; for a repeating primitive an [`ElementList`], with
//!   `null` where a repetition has none.
//! - A **choice element** (`value[x]`) is an enum, serialised under the name of its type.
//! - A [`Urn`] is `urn:uuid:…`: how entries of one Bundle point to each other.
//! - [`nl`] holds the addresses of the Dutch profiles, extensions and naming systems, and the 11-test.
//!
//! Strings are `Cow<'a, str>`: text that stands in the message as it should stand in the output is
//! borrowed from it. Everything here may hold a patient's data, so `Debug` prints the shape only: the
//! type's name and which elements are filled.
//!
//! ```
//! use fhir::{Bundle, BundleEntry, HumanName, Patient, Resource};
//!
//! let id = uuid::Uuid::from_u128(7);
//! let patient = Patient {
//!     id: Some(id),
//!     name: vec![HumanName { family: Some("Jansen".into()), ..Default::default() }],
//!     ..Default::default()
//! };
//! assert_eq!(format!("{patient:?}"), "Patient { id, name }");
//!
//! let bundle = Bundle::transaction(vec![BundleEntry::put(Resource::Patient(Box::new(patient)), id)]);
//! let json = String::from_utf8(bundle.to_json()).unwrap_or_default();
//! assert!(json.contains(r#""fullUrl":"urn:uuid:00000000-0000-0000-0000-000000000007""#));
//! assert!(json.contains(r#"{"resourceType":"Patient","id":"00000000-0000-0000-0000-000000000007","name":[{"family":"Jansen"}]}"#));
//! assert!(json.contains(r#"{"method":"PUT","url":"Patient/00000000-0000-0000-0000-000000000007"}"#));
//! ```

#[macro_use]
mod element;

mod administrative;
mod bundle;
mod care;
mod clinical;
mod datatype;
mod diagnostic;
mod extension;
mod financial;
mod immunization;
mod json;
mod medication;
mod messaging;
pub mod nl;
mod primitive;
mod request;
mod scheduling;
pub mod system;
mod team;
mod timing;

pub use administrative::{
    Coverage, CoverageClass, Encounter, EncounterClassHistory, EncounterDiagnosis, EncounterHospitalization,
    EncounterLocation, EncounterParticipant, EncounterStatusHistory, Location, MultipleBirth, Organization,
    OrganizationContact, Patient, PatientCommunication, PatientDeceased, PatientLink, Practitioner,
    PractitionerQualification, PractitionerRole, RelatedPerson,
};
pub use bundle::{Bundle, BundleEntry, BundleRequest, Resource};
pub use care::{CarePlan, Goal, GoalTarget, Performed, Procedure, ProcedurePerformer};
pub use clinical::{Abatement, AllergyIntolerance, AllergyReaction, Condition, ConditionEvidence, Onset};
pub use datatype::{
    Address, Annotation, Attachment, CodeableConcept, Coding, ContactPoint, HumanName, Identifier, Meta,
    Period, Quantity, Range, Ratio, Reference, SampledData,
};
pub use diagnostic::{
    DiagnosticReport, DiagnosticReportMedia, DocumentContent, DocumentContext, DocumentReference,
    DocumentRelatesTo, Effective, Observation, ObservationComponent, ObservationValue, ReferenceRange,
    Specimen, SpecimenCollection, SpecimenContainer,
};
pub use element::Absent;
pub use extension::{Element, ElementList, Extension, ExtensionValue};
pub use financial::{
    Account, AccountCoverage, AccountGuarantor, ChargeItem, ChargeItemPerformer, CoverageCost, Money,
};
pub use immunization::{
    Immunization, ImmunizationEducation, ImmunizationOccurrence, ImmunizationPerformer, ImmunizationProtocol,
    ImmunizationReaction,
};
pub use medication::{
    AdministrationDosage, DispenseRequest, DispenseSubstitution, Dosage, DoseAndRate, InitialFill,
    Medication, MedicationAdministration, MedicationBatch, MedicationDispense, MedicationIngredient,
    MedicationPerformer, MedicationRequest, MedicationSubstitution,
};
pub use messaging::{
    MessageDestination, MessageHeader, MessageResponse, MessageSource, OperationOutcome, OutcomeIssue,
    Provenance, ProvenanceAgent, ProvenanceEntity, ProvenanceOccurred,
};
pub use primitive::{Decimal, RelativeUrl, Urn};
pub use request::{ServiceRequest, Task};
pub use scheduling::{Appointment, AppointmentParticipant, Schedule, Slot};
pub use team::{
    CareTeam, CareTeamParticipant, Consent, ConsentProvision, ConsentVerification, Device, DeviceName,
    DeviceUdiCarrier,
};
pub use timing::{Timing, TimingBounds, TimingRepeat};
