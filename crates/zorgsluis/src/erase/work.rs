//! Destroying: the entry first, then the tombstone, then the data; and again what a backup brought back.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;
use zorgsluis_audit_writer::{AuditLog, AuditWriter, patient_pseudonym};
use zorgsluis_domain::audit::{
    AccessMethod, Action, Application, DataCategory, Deed, Object, ObjectRole, PatientObject, User,
};
use zorgsluis_domain::erasure::{Tombstone, with_erased_numbers};
use zorgsluis_domain::port::{
    AuditSink, DataClass, ErasureStore, Keys, PatientIndex, Random as _, TombstoneStore,
};
use zorgsluis_domain::retention::{Duty, Reason, Request, dutch_day};
use zorgsluis_domain::{AuditEntry, Clock, EntryId, Pseudonym};
use zorgsluis_embedded::{DataDirectory, Mixed, OpenError, SystemRandom, TombstoneFile};

use crate::cli::{EraseArgs, WhoArgs};
use crate::failure::Failure;
use crate::system::{LogAccess, logged_in, organisation, source};

/// A patient: the surviving id first, then those that were merged into it.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) patients: Vec<Uuid>,
}

impl Who {
    /// `Patient/<id>`.
    pub(crate) fn reference(&self) -> String {
        self.patients.first().map(|id| format!("Patient/{id}")).unwrap_or_default()
    }
}

/// Why an erasure is not complete though all is deleted.
pub(super) const NOT_SCRUBBED: &str = "all is deleted, but a file could not be written anew without it (another program \
    reads it, or the disk is full): run `zorgsluis erase --again`";

/// What an erasure works on, in a data directory or on AWS.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) erasures: Arc<dyn ErasureStore>,
    /// Where tombstones are kept apart.
    pub(crate) tombstones: Arc<dyn TombstoneStore>,
    pub(crate) keys: Arc<dyn Keys>,
    pub(crate) patients: Arc<dyn PatientIndex>,
    pub(crate) log: AuditLog,
    /// Where entries go.
    pub(crate) sink: Arc<dyn AuditSink>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) organisation: String,
}

/// Stores in which something is destroyed.
pub(crate) struct Work {
    pub(super) stores: Stores,
    /// Of a data directory: it, and who writes its log.
    pub(super) local: Option<(DataDirectory, Arc<AuditWriter>)>,
    /// Nothing is written.
    pub(super) only_looks: bool,
}

/// The file of tombstones of a data directory.
pub(crate) fn tombstone_file(data: &Path, named: Option<&Path>) -> Result<TombstoneFile, Failure> {
    match named {
        Some(path) => Ok(TombstoneFile::at(path)),
        None => TombstoneFile::beside(data).map_err(|error| Failure::file(data, &error)),
    }
}

/// Refuses a directory in which something stands that was destroyed: a backup was put back. For those who read beside
/// a server, or without one.
pub(crate) async fn refuse_unerased(directory: &DataDirectory) -> Result<(), Failure> {
    let file = tombstone_file(directory.path(), None)?;
    let tombstones = file.read().map_err(|error| Failure::file(file.path(), &error))?;
    let erasures = directory.erasures();
    let pending = erasures.pending(&tombstones).await.map_err(Failure::wrong)?;
    let data = directory.path().display();
    match erasures.mixed(&tombstones).await.map_err(Failure::wrong)? {
        // The log may know of it.
        Some(Mixed::Unknown { .. }) => {}
        Some(why @ Mixed::OlderKeys) => return Err(Failure::wrong(format!("{data}: {why}"))),
        None if pending.is_empty() => return Ok(()),
        None => {}
    }
    Err(Failure::wrong(format!(
        "{data}: holds data that were destroyed (a backup was put back, or an erasure was cut off): run \
         `zorgsluis erase --data {data} --again` first, or start the server"
    )))
}

/// The id that the arguments name, by itself or through an identifier.
pub(crate) async fn named(
    keys: &dyn Keys,
    patients: &dyn PatientIndex,
    args: &WhoArgs,
) -> Result<Uuid, Failure> {
    let neither = "--patient or --identifier says who is meant";
    crate::patient::named(keys, patients, args.patient.as_deref(), args.identifier.as_deref(), neither).await
}

impl Work {
    /// Opens the stores that the arguments name: a directory, which no server may have, or those on AWS.
    pub(crate) async fn open(args: &EraseArgs) -> Result<Self, Failure> {
        let Some(data) = &args.data else {
            let stores = crate::aws::stores().await?;
            return Ok(Self { stores, local: None, only_looks: args.dry_run });
        };
        if !data.is_dir() {
            return Err(Failure::wrong(format!("{}: no such data directory", data.display())));
        }
        // An erasure makes no data directory out of another folder.
        if !DataDirectory::stands(data).map_err(Failure::wrong)? {
            return Err(Failure::wrong(OpenError::Absent { path: data.clone() }));
        }
        let (directory, only_looks) = match DataDirectory::open(data) {
            Ok(directory) => (directory, false),
            Err(OpenError::Held { .. }) if args.dry_run => {
                (DataDirectory::open_read(data).map_err(Failure::wrong)?, true)
            }
            Err(error @ OpenError::Held { .. }) => {
                return Err(Failure::wrong(format!("{error}: stop it, erase, start it again")));
            }
            Err(error) => return Err(Failure::wrong(error)),
        };
        let organisation = logged_in(data, &organisation(data, args.organisation.as_deref())?)?;
        let access = LogAccess::open_unchecked(&directory, &organisation).await?;
        let file = tombstone_file(data, args.tombstones.as_deref())?;
        Ok(Self::new(directory, access, file, only_looks))
    }

    /// In a directory that a server has just opened.
    pub(crate) fn new(
        directory: DataDirectory,
        access: LogAccess,
        file: TombstoneFile,
        only_looks: bool,
    ) -> Self {
        let stores = Stores {
            erasures: Arc::new(directory.erasures()),
            tombstones: Arc::new(file),
            keys: Arc::new(directory.keys()),
            patients: Arc::new(directory.patient_index()),
            log: access.writer.log().clone(),
            sink: Arc::clone(&access.writer) as Arc<dyn AuditSink>,
            clock: directory.clock(),
            organisation: access.organisation,
        };
        Self { stores, local: Some((directory, access.writer)), only_looks }
    }

    pub(super) fn erasures(&self) -> &dyn ErasureStore {
        &*self.stores.erasures
    }

    pub(super) fn keys(&self) -> &dyn Keys {
        &*self.stores.keys
    }

    pub(super) const fn log(&self) -> &AuditLog {
        &self.stores.log
    }

    /// Where tombstones are kept apart, in words.
    pub(super) fn place(&self) -> String {
        self.stores.tombstones.place()
    }

    /// The day on which it is decided.
    pub(super) fn day(&self, args: &EraseArgs) -> Date {
        args.on.unwrap_or_else(|| dutch_day(self.stores.clock.now()))
    }

    /// The patient that is meant, with all numbers that they ever had.
    pub(crate) async fn who(&self, args: &WhoArgs) -> Result<Who, Failure> {
        let id = named(self.keys(), &*self.stores.patients, args).await?;
        self.family(id).await
    }

    /// A patient with all that were merged; where the index has been erased, as the tombstones tell it.
    pub(super) async fn family(&self, id: Uuid) -> Result<Who, Failure> {
        let index = &self.stores.patients;
        let survivor = index.survivor(id).await.map_err(Failure::wrong)?;
        let mut patients = vec![survivor];
        patients.extend(index.merged_into(survivor).await.map_err(Failure::wrong)?);
        with_erased_numbers(&self.tombstones().await?, &mut patients);
        Ok(Who { patients })
    }

    /// All numbers under which lines of the log about somebody stand: also from before anybody here knew them.
    pub(super) async fn in_log(&self, who: &Who) -> Result<Vec<Uuid>, Failure> {
        let mut all = who.patients.clone();
        for id in &who.patients {
            let more = self.stores.patients.in_log(*id).await.map_err(Failure::wrong)?;
            for id in more {
                if !all.contains(&id) {
                    all.push(id);
                }
            }
        }
        Ok(all)
    }

    /// Before dossiers of these go, with the owners of their keys: keeps apart what comes in meanwhile, where others use
    /// the stores. The moment at which that began.
    pub(super) async fn set_apart(
        &self,
        people: &[(Vec<Uuid>, Vec<Pseudonym>)],
    ) -> Result<Option<Timestamp>, Failure> {
        if self.local.is_none() {
            say!("zorgsluis: waits until what is under way has ended; nothing is destroyed yet");
        }
        self.erasures().set_apart(people).await.map_err(Failure::wrong)
    }

    /// What is to remain of an erasure that is decided now, or at that moment.
    pub(super) fn tombstone(
        &self,
        class: DataClass,
        reason: Reason,
        who: &Who,
        at: Option<Timestamp>,
    ) -> Result<Tombstone, Failure> {
        let now = at.unwrap_or_else(|| self.stores.clock.now());
        let mut bits = [0; 10];
        SystemRandom.fill(&mut bits).map_err(Failure::wrong)?;
        let (id, patients) = (EntryId::new(now, bits).0, who.patients.clone());
        let at = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        Ok(Tombstone {
            v: 1,
            id,
            at,
            class,
            reason,
            patients,
            owners: Vec::new(),
            keys: Vec::new(),
            messages: Vec::new(),
            lines: Vec::new(),
        })
    }

    pub(super) async fn tombstones(&self) -> Result<Vec<Tombstone>, Failure> {
        self.erasures().tombstones().await.map_err(Failure::wrong)
    }

    fn entry(&self, deed: Deed, id: EntryId, at: Timestamp) -> AuditEntry {
        AuditEntry::of(deed)
            .at(id, at)
            .by(User::system("operator", true))
            .through(AccessMethod::CommandLine, Application::zorgsluis())
            .reported_by(source(&self.stores.organisation))
            .build()
    }

    /// The tombstone as an entry: of the system, so that it stays when the patient's lines go.
    pub(super) fn tombstone_entry(&self, tombstone: &Tombstone) -> Result<AuditEntry, Failure> {
        let (class, reason) = (tombstone.class.name(), tombstone.reason.code());
        let deed = Deed::erased("", class, reason).map_err(Failure::wrong)?;
        let mut entry = self.entry(deed, tombstone.entry(), tombstone.at);
        entry.patient = None;
        let object = Object::new(ObjectRole::Message, format!("erasure/{}", tombstone.id));
        entry.objects.push(Object { description: Some(tombstone.to_line()), ..object });
        Ok(entry)
    }

    /// The entries about an erasure: the tombstone and, where the patient's lines stay, what tells the patient of it.
    pub(super) fn entries(
        &self,
        tombstone: &Tombstone,
        who: &Who,
        request: &Request,
        words: &str,
    ) -> Result<Vec<AuditEntry>, Failure> {
        let mut entries = vec![self.tombstone_entry(tombstone)?];
        if tombstone.class != DataClass::Log && !who.patients.is_empty() {
            let words = format!("{words} (asked by: {})", request.by.code());
            let deed =
                Deed::erased(who.reference(), tombstone.class.name(), &words).map_err(Failure::wrong)?;
            let id = EntryId::derived(tombstone.at, &format!("erasure {} told", tombstone.id));
            entries.push(self.entry(deed, id, tombstone.at));
        }
        let category = match tombstone.class {
            DataClass::Dossier => None,
            DataClass::Wzd => Some(DataCategory::InvoluntaryCare),
            DataClass::Log => Some(DataCategory::Log),
        };
        entries.iter_mut().for_each(|entry| entry.data_categories.extend(category));
        Ok(entries)
    }

    /// Writes down that it was refused, and why. A refusal about lines of the log is no line about the patient, which
    /// would be kept for five years itself.
    pub(super) async fn deny(
        &self,
        who: &Who,
        class: DataClass,
        request: &Request,
        duties: &[Duty],
    ) -> Result<(), Failure> {
        let now = self.stores.clock.now();
        let mut bits = [0; 10];
        SystemRandom.fill(&mut bits).map_err(Failure::wrong)?;
        let code = duties.first().map_or("a-duty-runs".to_owned(), |duty| format!("duty-{}", duty.code));
        let deed = Deed::erased(who.reference(), class.name(), request.reason.code())
            .map_err(Failure::wrong)?
            .failed(code)
            .trying(Action::Delete);
        let mut entry = self.entry(deed, EntryId::new(now, bits), now);
        entry.patient = (class != DataClass::Log).then(|| PatientObject { reference: who.reference() });
        self.stores.sink.record(&[entry]).await.map_err(Failure::wrong)
    }

    /// Destroys what was decided: the entries of each are durable first, then the tombstone stands elsewhere too. What
    /// has to go through all data does so once for all of them.
    pub(super) async fn erase(&self, decided: &[(Tombstone, Vec<AuditEntry>)]) -> Result<(), Failure> {
        for (tombstone, entries) in decided {
            self.stores.sink.record(entries).await.map_err(Failure::wrong)?;
            self.stores.tombstones.add(tombstone).await.map_err(Failure::wrong)?;
        }
        let tombstones: Vec<Tombstone> = decided.iter().map(|(tombstone, _)| tombstone.clone()).collect();
        self.destroy(&tombstones).await?;
        if !self.scrub(&tombstones).await? {
            return Err(Failure::wrong(NOT_SCRUBBED));
        }
        Ok(())
    }

    /// Writes the files anew, and notes that nothing is left to do. False when another program reads one of them.
    pub(super) async fn scrub(&self, tombstones: &[Tombstone]) -> Result<bool, Failure> {
        match self.erasures().scrub().await {
            Err(error) if error.is_transient() => {
                tracing::warn!(code = error.code(), "files could not be written anew");
                return Ok(false);
            }
            scrubbed => scrubbed.map_err(Failure::wrong)?,
        }
        for tombstone in tombstones {
            self.erasures().complete(tombstone).await.map_err(Failure::wrong)?;
        }
        Ok(true)
    }

    pub(super) async fn destroy(&self, tombstones: &[Tombstone]) -> Result<(), Failure> {
        self.erasures().apply_all(tombstones).await.map_err(Failure::wrong)?;
        for lines in tombstones.iter().flat_map(|tombstone| &tombstone.lines) {
            self.log().forget_erased(&lines.patient).await.map_err(Failure::wrong)?;
        }
        if tombstones.iter().any(|tombstone| tombstone.class == DataClass::Log) {
            self.forget_numbers().await?;
        }
        Ok(())
    }

    /// Keeps no number any longer that only led to lines of the log, when none of them is left.
    async fn forget_numbers(&self) -> Result<(), Failure> {
        let mut without_lines = Vec::new();
        for (patient, stand_in) in self.erasures().remembered().await.map_err(Failure::wrong)? {
            let mut stands = false;
            for id in [Some(patient), stand_in].into_iter().flatten() {
                let pseudonym = patient_pseudonym(self.keys(), &format!("Patient/{id}"));
                stands |= self.log().has_lines_about(&pseudonym).await.map_err(Failure::wrong)?;
            }
            if !stands {
                without_lines.push((patient, stand_in));
            }
        }
        self.erasures().forget_numbers(without_lines).await.map_err(Failure::wrong)
    }

    /// Covers the entries by a checkpoint.
    pub(super) async fn close(self) -> Result<(), Failure> {
        if let Some((directory, writer)) = self.local {
            writer.checkpoint().await.map_err(Failure::wrong)?;
            directory.close().await;
        }
        Ok(())
    }
}
