//! Reads clinical notes and writes what they name as unconfirmed suggestions.
//!
//! The converter keeps every free text of a message as a DocumentReference and sends the message on.
//! [`Enricher`] takes it from there: it lets an engine read the notes as they stand now, and brings what
//! is suggested from them in line. A suggestion is a Condition or a MedicationStatement that nobody has
//! confirmed; a Provenance says which engine read it, in which version, and where in the note.
//! `docs/enrichment.md` holds the rules.
//!
//! # Words
//!
//! * **note**: a text of a DocumentReference.
//! * **finding**: a concept that a note states of its patient, with all the places where it names it.
//!   What is negated, of the family, hypothetical or not sure is none.
//! * **suggestion**: the resource that a finding becomes. Its id is made from the document and the
//!   concept, so that a repeated note meets what it said before.
//! * **withdrawn**: a suggestion whose note does not say so any more; it becomes `entered-in-error`.
//! * **seal**: a keyed hash, in `meta`, over what the enricher wrote. Once anybody changed a suggestion,
//!   it is theirs, and the enricher never touches it again.
//!
//! # How
//!
//! Nothing depends on the order of messages: what should be suggested is made from the document as it
//! stands, compared with what is suggested, and written in a transaction that holds to the document, the
//! patient and what was compared. A delivery that comes twice, late or after a crash ends in the same
//! state. Every read and write is recorded in the audit log before it is done.
//!
//! ```
//! use zorgsluis_enricher::{provenance_key, targets};
//!
//! // The Provenance of a document is found without a search; it names all that was suggested from it.
//! assert_eq!(provenance_key("doc-1").resource_type, "Provenance");
//! let provenance = serde_json::json!({ "target": [{
//!     "extension": [{
//!         "url": "https://zorgsluis.github.io/fhir/StructureDefinition/note-range",
//!         "extension": [
//!             { "url": "begin", "valueUnsignedInt": 12 },
//!             { "url": "end", "valueUnsignedInt": 18 },
//!         ],
//!     }],
//!     "reference": "Condition/c1",
//! }] });
//! assert_eq!(targets(&provenance)[0].places, [(0, 12..18)]);
//! ```
#![cfg_attr(not(test), warn(missing_docs))]

mod dosage;
mod engine;
mod finding;
mod identity;
mod note;
mod outside;
mod plan;
mod process;
mod provenance;
mod run;
mod suggestion;
mod trail;

use std::sync::Arc;

use zorgsluis_domain::Clock;
use zorgsluis_domain::audit::Source;
use zorgsluis_domain::port::{
    AuditSink, DeadLetters, FhirStore, Journal, Keys, PatientIndex, PayloadStore, Queue,
};
use zorgsluis_worker::Parking;

pub use engine::Engines;
pub use identity::provenance_key;
pub use provenance::{NOTE_RANGE, Target, WITHDRAWN, targets};
pub use suggestion::{MACHINE_EXTRACTED, ORIGIN};

/// The ports that enriching works over.
#[derive(Clone)]
pub struct Ports {
    /// The raw messages.
    pub payloads: Arc<dyn PayloadStore>,
    /// The resources.
    pub fhir: Arc<dyn FhirStore>,
    /// Which patient a merged one is now.
    pub patients: Arc<dyn PatientIndex>,
    /// Pseudonyms.
    pub keys: Arc<dyn Keys>,
    /// The NEN 7513 log.
    pub audit: Arc<dyn AuditSink>,
    /// The way of each message.
    pub journal: Arc<dyn Journal>,
    /// What was set aside.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// The queue of the notifier.
    pub notices: Arc<dyn Queue>,
    /// What reads the notes.
    pub engines: Engines,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What an organisation decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The organisation, as audit entries name it.
    pub organisation: String,
    /// Findings of which the engine is less sure are not suggested; from 0 to 1.
    pub min_score: f32,
    /// Codes of which the engine is less sure are left out; the words stay. From 0 to 1.
    pub min_code_score: f32,
    /// Whether notes are de-identified before they go to an engine outside.
    pub deidentify: bool,
}

impl Settings {
    /// The usual settings: 0.7 for findings, 0.5 for codes, de-identified.
    #[must_use]
    pub fn of(organisation: &str) -> Self {
        Self { organisation: organisation.to_owned(), min_score: 0.7, min_code_score: 0.5, deidentify: true }
    }
}

/// Reads the notes of messages. Cheap to clone.
#[derive(Clone)]
pub struct Enricher {
    fhir: Arc<dyn FhirStore>,
    patients: Arc<dyn PatientIndex>,
    keys: Arc<dyn Keys>,
    audit: Arc<dyn AuditSink>,
    notices: Arc<dyn Queue>,
    engines: Engines,
    clock: Arc<dyn Clock>,
    parking: Parking,
    settings: Settings,
}

impl Enricher {
    /// Takes ports and settings.
    #[must_use]
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let source = Source {
            enterprise_site_id: settings.organisation.clone(),
            source_id: String::from("zorgsluis/enricher"),
            source_type: 4,
        };
        let parking = Parking {
            payloads: ports.payloads,
            keys: Arc::clone(&ports.keys),
            journal: ports.journal,
            dead_letters: ports.dead_letters,
            audit: Arc::clone(&ports.audit),
            source,
        };
        Self {
            fhir: ports.fhir,
            patients: ports.patients,
            keys: ports.keys,
            audit: ports.audit,
            notices: ports.notices,
            engines: ports.engines,
            clock: ports.clock,
            parking,
            settings,
        }
    }
}

impl std::fmt::Debug for Enricher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enricher").field("settings", &self.settings).finish_non_exhaustive()
    }
}
