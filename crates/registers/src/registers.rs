//! What the registers stand on, and who acts on them.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::audit::{
    AccessMethod, Action, Application, DataCategory, Deed, EntryBuilder, Object, ObjectRole, Source, User,
};
use zorgsluis_domain::port::{
    AuditSink, FhirStore, Keys, NoticeRegister, OptOuts, PatientIndex, ProviderDirectory,
};
use zorgsluis_domain::{AuditEntry, Clock, EntryId};

use crate::RegisterError;

/// The ports that the registers work over.
#[derive(Clone)]
pub struct Ports {
    /// The providers.
    pub providers: Arc<dyn ProviderDirectory>,
    /// The patient index.
    pub patients: Arc<dyn PatientIndex>,
    /// The patients' wishes.
    pub opt_outs: Arc<dyn OptOuts>,
    /// The notices.
    pub notices: Arc<dyn NoticeRegister>,
    /// The FHIR store, for the systems of a patient's identifiers.
    pub fhir: Arc<dyn FhirStore>,
    /// Pseudonyms.
    pub keys: Arc<dyn Keys>,
    /// The NEN 7513 log.
    pub audit: Arc<dyn AuditSink>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Who acts, for the audit log and the history of a register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The user.
    pub user: User,
    /// The door.
    pub access: AccessMethod,
    /// W3C traceparent of the request.
    pub traceparent: Option<String>,
}

impl By {
    /// The person at the command line of the machine that holds the data.
    #[must_use]
    pub fn command_line() -> Self {
        Self { user: User::system("operator", true), access: AccessMethod::CommandLine, traceparent: None }
    }
}

/// The registers. Cheap to clone.
#[derive(Clone)]
pub struct Registers {
    pub(crate) ports: Ports,
    organisation: String,
}

impl fmt::Debug for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registers").field("organisation", &self.organisation).finish_non_exhaustive()
    }
}

/// An act on a register, as the log tells it.
#[derive(Debug)]
pub(crate) struct Act<'a> {
    pub(crate) action: Action,
    pub(crate) patient: Option<Uuid>,
    /// `Provider/<id>`, `Notice/<id>`, `PatientIndex/<pseudonym>`, with a version.
    pub(crate) objects: Vec<(String, Option<u64>)>,
    /// What was done, in kebab-case; no values.
    pub(crate) what: &'a str,
    /// Why it did not come to what was wanted.
    pub(crate) failed: Option<&'static str>,
}

impl<'a> Act<'a> {
    pub(crate) const fn new(action: Action, what: &'a str) -> Self {
        Self { action, patient: None, objects: Vec::new(), what, failed: None }
    }
}

impl Registers {
    /// Over these ports, for the organisation that audit entries name.
    pub fn new(ports: Ports, organisation: impl Into<String>) -> Self {
        Self { ports, organisation: organisation.into() }
    }

    /// The providers, to be read.
    #[must_use]
    pub fn providers(&self) -> &dyn ProviderDirectory {
        &*self.ports.providers
    }

    /// The notices, to be read.
    #[must_use]
    pub fn notices(&self) -> &dyn NoticeRegister {
        &*self.ports.notices
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// The entry about an act. Made again in the same millisecond it is the same entry.
    pub(crate) fn entry(&self, at: Timestamp, by: &By, act: Act<'_>) -> AuditEntry {
        let deed = Deed::on_register(act.action, act.what);
        let deed = match act.failed {
            None => deed,
            Some(reason) => deed.failed(reason),
        };
        let mut name = format!("register {} {:?} {}", act.what, act.patient, by.user.id);
        for (object, version) in &act.objects {
            name.push_str(&format!(" {object} {version:?}"));
        }
        let source = Source {
            enterprise_site_id: self.organisation.clone(),
            source_id: String::from("registers"),
            source_type: 4,
        };
        let id = EntryId::derived(at, &name);
        let category = if act.patient.is_some() { DataCategory::Demographics } else { DataCategory::Other };
        let entry = AuditEntry::of(deed)
            .at(id, at)
            .by(by.user.clone())
            .through(by.access, Application::zorgsluis())
            .reported_by(source)
            .patient_if_any(act.patient.map(|id| format!("Patient/{id}")))
            .category(category)
            .traceparent(by.traceparent.clone());
        let touched = act
            .objects
            .into_iter()
            .map(|(id, version)| Object { version, ..Object::new(ObjectRole::Resource, id) });
        touched.fold(entry, EntryBuilder::object).build()
    }

    /// Writes entries; without them nothing is done.
    pub(crate) async fn record(&self, entries: &[AuditEntry]) -> Result<(), RegisterError> {
        self.ports.audit.record(entries).await.map_err(RegisterError::Audit)
    }
}
