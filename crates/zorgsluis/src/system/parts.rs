//! The parts of the system, over the stores of a data directory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use zorgsluis_clinical_text::Recogniser;
use zorgsluis_converter::process::{self, Processor};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, IdentityKey};
use zorgsluis_domain::port::{AuditSink, Keys as _, Queue};
use zorgsluis_embedded::DataDirectory;
use zorgsluis_enricher::{Engines, Enricher};
use zorgsluis_gateway::{AccessToken, Gateway};
use zorgsluis_ingest::{Ingest, ProfileRules};
use zorgsluis_listener::Listener;
use zorgsluis_notifier::Notifier;
use zorgsluis_registers::Registers;

use super::clients::FileClients;
use super::letters::NotifierLetters;
use super::log_access::LogAccess;
use super::log_state::LogKeeper;
use super::mail::MailConfig;
use crate::failure::Failure;

/// How long a message that was taken from a queue stays hidden.
const VISIBILITY: Duration = Duration::from_secs(60);

/// The queues, in the order in which a message passes them.
#[derive(Clone)]
pub(super) struct Queues {
    /// Between acceptance and conversion.
    pub(super) inbound: Arc<dyn Queue>,
    /// Between conversion and the reading of notes.
    pub(super) notes: Arc<dyn Queue>,
    /// Between these and the telling of providers.
    pub(super) notices: Arc<dyn Queue>,
}

impl Queues {
    pub(super) fn of(directory: &DataDirectory) -> Self {
        let queue = |name| Arc::new(directory.queue(name, VISIBILITY)) as Arc<dyn Queue>;
        Self { inbound: queue("inbound"), notes: queue("notes"), notices: queue("notices") }
    }

    /// In the order in which a message passes them: read so, none that is on its way is overlooked.
    pub(super) fn all(&self) -> [(&'static str, &Arc<dyn Queue>); 3] {
        [("inbound", &self.inbound), ("notes", &self.notes), ("notices", &self.notices)]
    }
}

/// Ingest over a data directory.
pub(crate) fn ingest(directory: &DataDirectory, log: &LogAccess, profiles: Profiles) -> Ingest {
    let ports = zorgsluis_ingest::Ports {
        payloads: Arc::new(directory.payloads()),
        queue: Queues::of(directory).inbound,
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        audit: Arc::clone(&log.writer) as Arc<dyn AuditSink>,
        keys: Arc::new(directory.keys()),
        clock: directory.clock(),
    };
    let settings =
        zorgsluis_ingest::Settings { organisation: log.organisation.clone(), ..Default::default() };
    Ingest::new(ports, Arc::new(ProfileRules::new(profiles)), settings)
}

pub(super) fn processor(
    directory: &DataDirectory,
    log: &LogAccess,
    queues: &Queues,
    profiles: Profiles,
) -> Processor {
    let ports = process::Ports {
        payloads: Arc::new(directory.payloads()),
        fhir: Arc::new(directory.fhir_store()),
        patients: Arc::new(directory.patient_index()),
        keys: Arc::new(directory.keys()),
        audit: Arc::clone(&log.writer) as Arc<dyn AuditSink>,
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        notes: Arc::clone(&queues.notes),
        notices: Arc::clone(&queues.notices),
        clock: directory.clock(),
    };
    let key = IdentityKey::new(directory.keys().identity_key().expose_phi());
    Processor::new(ports, ConvertOptions { profiles, key }, &log.organisation)
}

/// Reads notes.
pub(super) fn enricher(
    directory: &DataDirectory,
    log: &LogAccess,
    queues: &Queues,
) -> Result<Enricher, Failure> {
    let recogniser = Recogniser::embedded().map_err(Failure::wrong)?;
    let ports = zorgsluis_enricher::Ports {
        payloads: Arc::new(directory.payloads()),
        fhir: Arc::new(directory.fhir_store()),
        patients: Arc::new(directory.patient_index()),
        keys: Arc::new(directory.keys()),
        audit: Arc::clone(&log.writer) as Arc<dyn AuditSink>,
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        notices: Arc::clone(&queues.notices),
        engines: Engines { embedded: Arc::new(recogniser), english: None },
        clock: directory.clock(),
    };
    Ok(Enricher::new(ports, zorgsluis_enricher::Settings::of(&log.organisation)))
}

/// Tells providers.
pub(super) fn notifier(
    directory: &DataDirectory,
    log: &LogAccess,
    mail: &MailConfig,
    pages: &str,
) -> Result<Notifier, Failure> {
    let ports = zorgsluis_notifier::Ports {
        payloads: Arc::new(directory.payloads()),
        fhir: Arc::new(directory.fhir_store()),
        patients: Arc::new(directory.patient_index()),
        directory: Arc::new(directory.provider_directory()),
        notices: Arc::new(directory.notice_register()),
        opt_outs: Arc::new(directory.opt_outs()),
        mailer: mail.mailer(directory)?,
        keys: Arc::new(directory.keys()),
        audit: Arc::clone(&log.writer) as Arc<dyn AuditSink>,
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        clock: directory.clock(),
    };
    let settings = mail.settings(directory, &log.organisation, pages)?;
    Notifier::new(ports, settings).map_err(Failure::usage)
}

/// The registers over a data directory.
pub(crate) fn registers(directory: &DataDirectory, log: &LogAccess) -> Registers {
    let ports = zorgsluis_registers::Ports {
        providers: Arc::new(directory.provider_directory()),
        patients: Arc::new(directory.patient_index()),
        opt_outs: Arc::new(directory.opt_outs()),
        notices: Arc::new(directory.notice_register()),
        fhir: Arc::new(directory.fhir_store()),
        keys: Arc::new(directory.keys()),
        audit: Arc::clone(&log.writer) as Arc<dyn AuditSink>,
        clock: directory.clock(),
    };
    Registers::new(ports, &log.organisation)
}

#[expect(clippy::too_many_arguments, reason = "each is a part of its own, named at its one caller")]
pub(super) fn gateway(
    data: &Path,
    directory: &DataDirectory,
    log: &LogAccess,
    queues: &Queues,
    ingest: &Arc<Ingest>,
    keeper: &Arc<LogKeeper>,
    listener: &Listener,
    notifier: &Notifier,
    token: AccessToken,
) -> Result<Gateway, Failure> {
    let parts = zorgsluis_gateway::Parts {
        ingest: Arc::clone(ingest),
        store: Arc::new(directory.fhir_store().showing()),
        standing: Arc::new(directory.fhir_store()),
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        queues: queues.all().into_iter().map(|(name, queue)| (name, Arc::clone(queue))).collect(),
        registers: registers(directory, log),
        letters: Arc::new(NotifierLetters(notifier.clone())),
        audit: Arc::clone(&log.writer) as Arc<dyn AuditSink>,
        log: Arc::clone(keeper) as Arc<dyn zorgsluis_gateway::LogState>,
        audit_log: log.writer.log().clone(),
        patients: Arc::new(directory.patient_index()),
        keys: Arc::new(directory.keys()),
        clients: Arc::new(FileClients::new(data)),
        further_metrics: Some(Arc::new({
            let listener = listener.clone();
            move || listener.prometheus()
        })),
        clock: directory.clock(),
    };
    let settings = zorgsluis_gateway::Settings {
        token,
        organisation: log.organisation.clone(),
        resource_types: resource_types(),
    };
    Gateway::new(parts, settings).map_err(Failure::wrong)
}

/// What the embedded store can search, for the CapabilityStatement.
fn resource_types() -> Vec<zorgsluis_gateway::ResourceType> {
    use zorgsluis_embedded::{search_parameters, searchable_types};
    searchable_types()
        .map(|name| zorgsluis_gateway::ResourceType {
            name,
            parameters: search_parameters(name)
                .iter()
                .map(|parameter| zorgsluis_gateway::SearchParameter {
                    name: parameter.name,
                    kind: parameter.kind.code(),
                })
                .collect(),
        })
        .collect()
}
