//! The stores on AWS for the command line: what the functions use, with the same names in the environment.

use std::sync::Arc;

use zorgsluis_audit_writer::AuditLog;
use zorgsluis_domain::Clock;
use zorgsluis_domain::port::{AuditSink, Keys, PatientIndex, TombstoneStore};

#[cfg(feature = "aws")]
pub(crate) use with::{ingest, log, providers, registers, stores};
#[cfg(not(feature = "aws"))]
pub(crate) use without::{ingest, log, providers, registers, stores};

/// The log, and what reading it takes.
pub(crate) struct OpenLog {
    pub(crate) keys: Arc<dyn Keys>,
    pub(crate) patients: Arc<dyn PatientIndex>,
    pub(crate) log: AuditLog,
    /// Where the entries about the readings go.
    pub(crate) sink: Arc<dyn AuditSink>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where it stands what was destroyed.
    pub(crate) tombstones: Arc<dyn TombstoneStore>,
}

/// A build that has AWS.
#[cfg(feature = "aws")]
mod with {
    use std::sync::Arc;

    use tlog::Signer as _;
    use zorgsluis_audit_writer::{AuditLog, QueueSink};
    use zorgsluis_aws::function::Failed;
    use zorgsluis_aws::{DynamoEntryIndex, KmsSigner, Parts, Program, S3LogStorage, Settings, Variable};
    use zorgsluis_converter::profile::Profiles;
    use zorgsluis_domain::port::{AuditSink, Keys, ProviderDirectory};
    use zorgsluis_ingest::{Ingest, ProfileRules};
    use zorgsluis_registers::Registers;

    use super::OpenLog;
    use crate::erase::Stores;
    use crate::failure::Failure;

    async fn parts() -> Result<Parts, Failure> {
        let settings = Settings::from_environment(Program::CommandLine).map_err(Failure::usage)?;
        Ok(Parts::load(Arc::new(settings)).await)
    }

    fn failed(failed: Failed) -> Failure {
        Failure::wrong(failed.reason())
    }

    fn sink(parts: &Parts, keys: &Arc<dyn Keys>) -> Result<Arc<dyn AuditSink>, Failure> {
        let queue = parts.queue(Variable::AuditQueue).map_err(Failure::usage)?;
        Ok(Arc::new(QueueSink::new(Arc::clone(keys), queue)))
    }

    /// Puts dead letters back into the queue.
    pub(crate) async fn ingest() -> Result<Ingest, Failure> {
        let parts = parts().await?;
        let keys = parts.keys().await.map_err(failed)?;
        let ports = zorgsluis_ingest::Ports {
            payloads: parts.payloads(&keys).map_err(Failure::usage)?,
            queue: parts.queue(Variable::InboundQueue).map_err(Failure::usage)?,
            journal: parts.journal(),
            dead_letters: parts.dead_letters(),
            audit: sink(&parts, &keys)?,
            keys,
            clock: parts.clock(),
        };
        let organisation = parts.settings().organisation().to_owned();
        let settings = zorgsluis_ingest::Settings { organisation, ..Default::default() };
        let audit_queue = parts.queue(Variable::AuditQueue).map_err(Failure::usage)?;
        let ingest = Ingest::new(ports, Arc::new(ProfileRules::new(Profiles::builtin())), settings);
        Ok(ingest.with_audit_queue(audit_queue))
    }

    /// Reads the log.
    pub(crate) async fn log() -> Result<OpenLog, Failure> {
        open_log(&parts().await?).await
    }

    async fn open_log(parts: &Parts) -> Result<OpenLog, Failure> {
        let keys = parts.keys().await.map_err(failed)?;
        let (settings, clients) = (parts.settings(), parts.clients());
        let organisation = settings.organisation();
        let origin = format!("zorgsluis/{organisation}");
        let key = settings.need(Variable::LogSigningKey).map_err(Failure::usage)?;
        let signer = KmsSigner::load(clients, key, &origin).await.map_err(Failure::wrong)?;
        let bucket = settings.need(Variable::LogBucket).map_err(Failure::usage)?;
        let retention = settings.number(Variable::LogRetentionDays).map_err(Failure::usage)?;
        let log = AuditLog::new(
            Arc::new(S3LogStorage::new(clients, bucket, retention)),
            Arc::new(DynamoEntryIndex::new(clients, &settings.table("log-index"), organisation)),
            Arc::clone(&keys),
            organisation,
            &origin,
            vec![signer.verifying_key().clone()],
        )
        .map_err(Failure::usage)?;
        // A name that is not this log's would read as a log that says nothing of anybody. What cannot be told
        // here (a checkpoint that cannot be believed, say) is for the reading to say.
        if log.status().await.is_ok_and(|status| status.entries == 0 && status.covered.is_none()) {
            return Err(Failure::wrong(format!(
                "{bucket}: there is no log of {organisation}, which ZORGSLUIS_ORGANISATION names"
            )));
        }
        // A command reads many lines: what was laid over an entry since it was written shows in none.
        let log = log.first_written().await.map_err(Failure::wrong)?;
        let sink = sink(parts, &keys)?;
        let tombstones = parts.tombstones().map_err(Failure::usage)?;
        Ok(OpenLog { keys, patients: parts.patients(), log, sink, clock: parts.clock(), tombstones })
    }

    /// Destroys.
    pub(crate) async fn stores() -> Result<Stores, Failure> {
        Err(Failure::usage("erasing on AWS is not built yet"))
    }

    /// Imports.
    pub(crate) async fn registers() -> Result<Registers, Failure> {
        let parts = parts().await?;
        let keys = parts.keys().await.map_err(failed)?;
        let ports = zorgsluis_registers::Ports {
            providers: parts.providers(),
            patients: parts.patients(),
            opt_outs: parts.opt_outs(),
            notices: parts.notices(),
            fhir: parts.fhir(&keys).map_err(failed)?,
            audit: sink(&parts, &keys)?,
            keys,
            clock: parts.clock(),
        };
        Ok(Registers::new(ports, parts.settings().organisation()))
    }

    /// Lists.
    pub(crate) async fn providers() -> Result<Arc<dyn ProviderDirectory>, Failure> {
        Ok(parts().await?.providers())
    }
}

/// A build without.
#[cfg(not(feature = "aws"))]
mod without {
    use std::sync::Arc;

    use zorgsluis_domain::port::ProviderDirectory;
    use zorgsluis_ingest::Ingest;
    use zorgsluis_registers::Registers;

    use super::OpenLog;
    use crate::erase::Stores;
    use crate::failure::Failure;

    fn none<T>() -> Result<T, Failure> {
        Err(Failure::usage("this build has no AWS: build it with `--features aws` (docs/functions.md)"))
    }

    pub(crate) async fn ingest() -> Result<Ingest, Failure> {
        none()
    }

    pub(crate) async fn log() -> Result<OpenLog, Failure> {
        none()
    }

    pub(crate) async fn stores() -> Result<Stores, Failure> {
        none()
    }

    pub(crate) async fn registers() -> Result<Registers, Failure> {
        none()
    }

    pub(crate) async fn providers() -> Result<Arc<dyn ProviderDirectory>, Failure> {
        none()
    }
}
