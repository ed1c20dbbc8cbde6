//! The stores on AWS for the command line: what the functions use, with the same names in the environment.

use std::sync::Arc;

use zorgsluis_audit_writer::{AuditLog, AuditWriter};
use zorgsluis_domain::Clock;
use zorgsluis_domain::port::{AuditSink, Keys, PatientIndex, TombstoneStore};

#[cfg(feature = "aws")]
pub(crate) use with::{
    ingest, log, logs, notices, objects, providers, registers, signer, stores, verified_log, waiting, writer,
};
#[cfg(not(feature = "aws"))]
pub(crate) use without::{
    ingest, log, logs, notices, objects, providers, registers, signer, stores, verified_log, waiting, writer,
};

/// The log, and what reading it takes.
pub(crate) struct OpenLog {
    pub(crate) keys: Arc<dyn Keys>,
    pub(crate) patients: Arc<dyn PatientIndex>,
    /// With the sealed logs in the bucket that it continues.
    pub(crate) log: AuditLog,
    /// Where the entries about the readings go.
    pub(crate) sink: Arc<dyn AuditSink>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where it stands what was destroyed.
    pub(crate) tombstones: Arc<dyn TombstoneStore>,
}

/// Which log a command writes itself, past the queue.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "read where there is AWS only"))]
pub(crate) enum Written<'a> {
    /// The one that the environment names, which is there; the command may have named it, too.
    Environment(Option<&'a str>),
    /// Another in the same bucket, which begins if it is not there.
    Successor(&'a str),
}

/// A log that a command writes itself.
pub(crate) struct OpenWriter {
    pub(crate) writer: Arc<AuditWriter>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A log in the bucket.
#[derive(Clone)]
pub(crate) struct LogInBucket {
    pub(crate) name: String,
    pub(crate) sealed: bool,
}

/// A build that has AWS.
#[cfg(feature = "aws")]
mod with {
    use std::sync::Arc;

    use tlog::{LogStorage, Signer, VerifyingKey};
    use zorgsluis_audit_writer::{AuditLog, AuditWriter, QueueSink};
    use zorgsluis_aws::function::Failed;
    use zorgsluis_aws::{KmsSigner, Parts, Program, S3LogStorage, Settings, SystemRandom, Variable};
    use zorgsluis_converter::profile::Profiles;
    use zorgsluis_domain::port::{AuditSink, Keys, NoticeRegister, ProviderDirectory};
    use zorgsluis_ingest::{Ingest, ProfileRules};
    use zorgsluis_registers::Registers;

    use super::{LogInBucket, OpenLog, OpenWriter, Written};
    use crate::audit::is_there;
    use crate::erase::Stores;
    use crate::failure::Failure;
    use crate::system::{origin, predecessor, that_sealed};

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

    /// The log of this organisation, with the key that the environment names.
    async fn log_of(
        parts: &Parts,
        keys: &Arc<dyn Keys>,
        organisation: &str,
    ) -> Result<(AuditLog, Arc<dyn Signer>), Failure> {
        parts.settings().need(Variable::LogSigningKey).map_err(Failure::usage)?;
        let signer =
            parts.log_signer(Variable::LogSigningKey, &origin(organisation)).await.map_err(failed)?;
        let log = log_by(parts, keys, organisation, vec![signer.verifying_key().clone()])?;
        Ok((log, signer))
    }

    /// The log of this organisation, whose checkpoints verify by these keys.
    fn log_by(
        parts: &Parts,
        keys: &Arc<dyn Keys>,
        organisation: &str,
        verifying: Vec<VerifyingKey>,
    ) -> Result<AuditLog, Failure> {
        AuditLog::new(
            parts.log_storage().map_err(Failure::usage)?,
            parts.entry_index(organisation),
            Arc::clone(keys),
            organisation,
            &origin(organisation),
            verifying,
        )
        .map_err(Failure::usage)
    }

    /// The log, with the sealed logs in the bucket that it continues.
    async fn chain(parts: &Parts, keys: &Arc<dyn Keys>, log: AuditLog) -> Result<AuditLog, Failure> {
        let sealed = logs_in(&*parts.log_storage().map_err(Failure::usage)?).await?;
        let sealed = sealed.into_iter().filter(|there| there.sealed && there.name != log.shard());
        let mut sealed: Vec<String> = sealed.map(|there| there.name).collect();
        let help = "zorgsluis audit verify --aws";
        let (mut earlier, mut newest) = (Vec::new(), log.clone());
        while let Some(name) = predecessor(&newest, &mut sealed, help).await? {
            // The key may have been replaced since: hand-overs of the newer log lead back to it.
            let known = newest.tlog().key_chain(newest.verifying_keys()).await.map_err(Failure::wrong)?;
            let known: Vec<VerifyingKey> =
                known.keys().iter().filter_map(|key| key.renamed(origin(&name)).ok()).collect();
            newest = log_by(parts, keys, &name, known)?;
            // None of them: what is wrong, a verification says.
            if let Some(key) = that_sealed(newest.tlog(), newest.verifying_keys()).await {
                newest = log_by(parts, keys, &name, vec![key])?;
            }
            earlier.insert(0, newest.clone());
        }
        Ok(log.continuing(earlier))
    }

    fn no_log(organisation: &str) -> Failure {
        Failure::wrong(format!("there is no log of {organisation}, which ZORGSLUIS_ORGANISATION names"))
    }

    /// Reads the log.
    pub(crate) async fn log() -> Result<OpenLog, Failure> {
        open_log(&parts().await?).await
    }

    async fn open_log(parts: &Parts) -> Result<OpenLog, Failure> {
        let keys = parts.keys().await.map_err(failed)?;
        let organisation = parts.settings().organisation();
        let (log, _) = log_of(parts, &keys, organisation).await?;
        // A name that is not this log's would read as a log that says nothing of anybody. What cannot be told
        // here (a checkpoint that cannot be believed, say) is for the reading to say.
        if log.status().await.is_ok_and(|status| status.entries == 0 && status.covered.is_none()) {
            return Err(no_log(organisation));
        }
        let log = chain(parts, &keys, log).await?;
        // A command reads many lines: what was laid over an entry since it was written shows in none.
        let log = log.first_written().await.map_err(Failure::wrong)?;
        opened(parts, keys, log)
    }

    fn opened(parts: &Parts, keys: Arc<dyn Keys>, log: AuditLog) -> Result<OpenLog, Failure> {
        let sink = sink(parts, &keys)?;
        let tombstones = parts.tombstones().map_err(Failure::usage)?;
        Ok(OpenLog { keys, patients: parts.patients(), log, sink, clock: parts.clock(), tombstones })
    }

    /// The log as it stands, to be verified: whatever was done to it.
    pub(crate) async fn verified_log() -> Result<OpenLog, Failure> {
        let parts = parts().await?;
        let keys = parts.keys().await.map_err(failed)?;
        let organisation = parts.settings().organisation();
        let (log, _) = log_of(&parts, &keys, organisation).await?;
        if !is_there(log.tlog()).await? {
            return Err(no_log(organisation));
        }
        // What it continues cannot be told where its first entry cannot be read: a finding.
        let log = chain(&parts, &keys, log.clone()).await.unwrap_or(log);
        opened(&parts, keys, log)
    }

    /// Destroys.
    pub(crate) async fn stores() -> Result<Stores, Failure> {
        let parts = parts().await?;
        let OpenLog { keys, patients, log, sink, clock, tombstones } = open_log(&parts).await?;
        let erasures = parts.erasures().await.map_err(failed)?;
        let organisation = log.shard().to_owned();
        Ok(Stores { erasures, tombstones, keys, patients, log, sink, clock, organisation })
    }

    /// Which notices were sent.
    pub(crate) async fn notices() -> Result<Arc<dyn NoticeRegister>, Failure> {
        Ok(parts().await?.notices())
    }

    /// The objects of a bucket, to read.
    pub(crate) async fn objects(bucket: &str) -> Result<Arc<dyn LogStorage>, Failure> {
        // No term is used: nothing is written.
        Ok(Arc::new(S3LogStorage::new(parts().await?.clients(), bucket, 0)))
    }

    /// Writes a log, past the queue.
    pub(crate) async fn writer(of: Written<'_>) -> Result<OpenWriter, Failure> {
        let parts = parts().await?;
        let keys = parts.keys().await.map_err(failed)?;
        let there = parts.settings().organisation();
        let organisation = match of {
            Written::Environment(Some(named)) if named != there => {
                return Err(Failure::usage(format!("--organisation {named}: the environment names {there}")));
            }
            Written::Environment(_) => there,
            Written::Successor(name) => name,
        };
        let (log, signer) = log_of(&parts, &keys, organisation).await?;
        if let Written::Environment(_) = of {
            let tlog = log.tlog();
            let first = tlog.storage().list(tlog.paths().prefix(), None, 1).await.map_err(Failure::wrong)?;
            if first.keys.is_empty() {
                return Err(no_log(organisation));
            }
        }
        let writer = AuditWriter::open(log, &SystemRandom, signer).await.map_err(Failure::wrong)?;
        Ok(OpenWriter { writer: Arc::new(writer), clock: parts.clock() })
    }

    /// Another key that may sign the log of this organisation.
    pub(crate) async fn signer(key: &str, organisation: &str) -> Result<Arc<dyn Signer>, Failure> {
        let parts = parts().await?;
        let signer = KmsSigner::load(parts.clients(), key, &origin(organisation)).await;
        Ok(Arc::new(signer.map_err(|error| Failure::wrong(format!("{key}: {error}")))?))
    }

    /// The logs in the bucket, by the names of their organisations.
    pub(crate) async fn logs() -> Result<Vec<LogInBucket>, Failure> {
        logs_in(&*parts().await?.log_storage().map_err(Failure::usage)?).await
    }

    async fn logs_in(storage: &dyn LogStorage) -> Result<Vec<LogInBucket>, Failure> {
        let mut logs = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = storage.list("log/", after.as_deref(), 1).await.map_err(Failure::wrong)?;
            let name = page
                .keys
                .first()
                .and_then(|key| Some(key.strip_prefix("log/")?.split_once('/')?.0.to_owned()));
            let Some(name) = name else { return Ok(logs) };
            let seal = format!("log/{name}/sealed");
            let there = storage.list(&seal, None, 1).await.map_err(Failure::wrong)?;
            // Behind all keys of it: `0` follows `/`.
            after = Some(format!("log/{name}0"));
            logs.push(LogInBucket { sealed: there.keys.contains(&seal), name });
        }
    }

    /// How many messages the audit queue holds, as far as it says.
    pub(crate) async fn waiting() -> Option<u64> {
        let depth = parts().await.ok()?.queue(Variable::AuditQueue).ok()?.depth().await.ok()?;
        Some(depth.waiting.saturating_add(depth.in_flight))
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

    use tlog::{LogStorage, Signer};
    use zorgsluis_domain::port::{NoticeRegister, ProviderDirectory};
    use zorgsluis_ingest::Ingest;
    use zorgsluis_registers::Registers;

    use super::{LogInBucket, OpenLog, OpenWriter, Written};
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

    pub(crate) async fn verified_log() -> Result<OpenLog, Failure> {
        none()
    }

    pub(crate) async fn stores() -> Result<Stores, Failure> {
        none()
    }

    pub(crate) async fn writer(_: Written<'_>) -> Result<OpenWriter, Failure> {
        none()
    }

    pub(crate) async fn signer(_: &str, _: &str) -> Result<Arc<dyn Signer>, Failure> {
        none()
    }

    pub(crate) async fn logs() -> Result<Vec<LogInBucket>, Failure> {
        none()
    }

    pub(crate) async fn waiting() -> Option<u64> {
        None
    }

    pub(crate) async fn notices() -> Result<Arc<dyn NoticeRegister>, Failure> {
        none()
    }

    pub(crate) async fn objects(_: &str) -> Result<Arc<dyn LogStorage>, Failure> {
        none()
    }

    pub(crate) async fn registers() -> Result<Registers, Failure> {
        none()
    }

    pub(crate) async fn providers() -> Result<Arc<dyn ProviderDirectory>, Failure> {
        none()
    }
}
