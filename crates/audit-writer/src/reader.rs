//! [`LogReader`]: reading the log, on behalf of somebody, each time with an entry about it first.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tlog::{ProofFile, Report};
use zorgsluis_domain::audit::{
    AccessMethod, Application, DataCategory, Deed, EntryBuilder, Object, ObjectRole, Responsible, Source,
    User,
};
use zorgsluis_domain::port::{AuditSink, Page, PageRequest, Random};
use zorgsluis_domain::{AuditEntry, Clock, EntryId, PortError};

use crate::reading::{Form, Found, Question, Reading};
use crate::{AuditError, AuditLog, Line, Succession, Term, Verification, Walk};

/// The most entries on one page.
const MAX_PAGE: usize = 1000;

/// On whose behalf the log is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBy {
    /// Who reads.
    pub user: User,
    /// For whom, if not for themselves.
    pub responsible: Option<Responsible>,
    /// How.
    pub access: AccessMethod,
    /// The part of the system that lets them.
    pub source: Source,
}

/// Reads the log. Every reading is itself an entry (NEN 7513): it is logged first, and when it cannot be
/// logged, nothing is disclosed.
pub struct LogReader {
    log: AuditLog,
    sink: Arc<dyn AuditSink>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    by: ReadBy,
}

/// The result of a verification, and whether it could be logged.
#[derive(Debug)]
pub struct Verified {
    /// The result. It tells nothing about a patient, so that it is given in any case: a damaged log may
    /// be one that cannot be written to.
    pub report: Report,
    /// Whether the entry about the verification is in the log.
    pub logged: Result<(), PortError>,
}

impl LogReader {
    /// A reader that logs to `sink` (as a rule the writer of the same log).
    pub fn new(
        log: AuditLog,
        sink: Arc<dyn AuditSink>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        by: ReadBy,
    ) -> Self {
        Self { log, sink, clock, random, by }
    }

    /// Answers a question. One entry says so, however long the answer is: of each patient who is asked for, or
    /// else one. It is made before anything is read.
    pub async fn ask(&self, question: &Question) -> Result<Reading, AuditError> {
        let deed = match question.form {
            Form::Shown => Deed::log_read(self.name(), question.description()),
            Form::Printed => Deed::printed(self.part(question.description())),
            Form::Exported => Deed::exported(self.part(question.description())),
        };
        let patients: Vec<&String> = question
            .terms
            .iter()
            .filter_map(|term| match term {
                Term::Patient(patient) => Some(patient),
                _ => None,
            })
            .collect();
        let mut entries = Vec::new();
        for patient in &patients {
            entries.push(self.about(deed.clone())?.patient(patient.as_str()).build());
        }
        if entries.is_empty() {
            entries.push(self.about(deed)?.build());
        }
        let logged = self.sink.record(&entries).await;
        logged.map_err(|error| AuditError::NotLogged(Arc::new(error)))?;
        Reading::begin(self.log.clone(), question).await
    }

    /// The entries that a term fits, from `from` to before `to`, oldest first, one page.
    pub async fn by(
        &self,
        term: &Term,
        from: Timestamp,
        to: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Line>, AuditError> {
        let after = page.after.clone();
        let mut reading = self.ask(&Question { from, to, after, ..Question::about(term.clone()) }).await?;
        let limit = page.limit.clamp(1, MAX_PAGE);
        // One more tells whether there is more.
        let mut found = reading.next(limit.saturating_add(1)).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(Found::cursor);
        Ok(Page { items: found.into_iter().map(|found| found.line).collect(), next })
    }

    /// The entries about a patient (`Patient/<id>`) from `from` to before `to`, oldest first, one page.
    pub async fn history(
        &self,
        patient: &str,
        from: Timestamp,
        to: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Line>, AuditError> {
        self.by(&Term::Patient(patient.to_owned()), from, to, page).await
    }

    /// All entries from `from` to before `to`, oldest first, one page.
    pub async fn period(
        &self,
        from: Timestamp,
        to: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Line>, AuditError> {
        self.by(&Term::All, from, to, page).await
    }

    /// One entry.
    pub async fn entry(&self, id: EntryId) -> Result<Line, AuditError> {
        self.log_first(self.reading(format!("entry {id}"))?).await?;
        self.log.line(id).await
    }

    /// The proof that an entry stands in the log, as a file that anybody can check offline (C2SP
    /// tlog-proof). The entry must be covered by a checkpoint.
    pub async fn prove(&self, id: EntryId) -> Result<ProofFile, AuditError> {
        self.log_first(self.reading(format!("proof of entry {id}"))?).await?;
        self.log.prove(id).await
    }

    /// Everything in its order, from `from` on, to be compared with what the data plane did: a reconciliation. What
    /// is recorded after this call ends the walk.
    pub async fn walk(&self, from: Option<Timestamp>) -> Result<Walk, AuditError> {
        let since = from.map_or_else(|| String::from("all"), |from| format!("{from}/"));
        self.log_first(self.reading(format!("reconciliation {since}"))?).await?;
        Walk::begin(self.log.clone(), from, self.clock.now()).await
    }

    pub(crate) const fn log(&self) -> &AuditLog {
        &self.log
    }

    /// That this log is about to be sealed, and which one continues it: its last entry.
    pub async fn log_sealing(&self, successor: Option<&str>) -> Result<(), AuditError> {
        let continued = successor.map(|name| format!(", continued in log/{name}")).unwrap_or_default();
        let deed = Deed::stopped();
        self.log_first(self.about(deed)?.object(self.part(format!("sealed{continued}")))).await
    }

    /// That this log continues one that was sealed, with its last state: its first entry.
    pub async fn log_succession(&self, of: &tlog::Checkpoint) -> Result<(), AuditError> {
        let of = Succession { origin: of.origin.clone(), size: of.size, root: of.root.to_string() };
        let what = of.to_string();
        self.log_first(self.about(Deed::started())?.object(self.part(what))).await
    }

    /// That a period is about to be copied out as an archive for an auditor: logged first, so that a checkpoint
    /// can cover it. [`AuditLog::excerpt`] then reads.
    pub async fn log_export(&self, from: Timestamp, to: Timestamp) -> Result<(), AuditError> {
        self.log_first(self.about(Deed::exported(self.part(format!("archive {from}/{to}"))))?).await
    }

    /// Verifies the log, and logs that.
    pub async fn verify(&self, how: Verification<'_>) -> Result<Verified, AuditError> {
        let report = self.log.verify(how).await?;
        let mut deed = Deed::log_verified(self.name(), format!("{} entries", report.size));
        if !report.is_clean() {
            deed = deed.failed("findings");
        }
        let logged = self.sink.record(&[self.about(deed)?.build()]).await;
        Ok(Verified { report, logged })
    }

    pub(crate) async fn log_first(&self, entry: EntryBuilder) -> Result<(), AuditError> {
        self.sink.record(&[entry.build()]).await.map_err(|error| AuditError::NotLogged(Arc::new(error)))
    }

    /// The log that is read, as its object.
    fn name(&self) -> String {
        format!("log/{}", self.log.shard())
    }

    /// What leaves of the log.
    fn part(&self, what: String) -> Object {
        Object { description: Some(what), ..Object::new(ObjectRole::Log, self.name()) }
    }

    /// That the log is read: what of it.
    pub(crate) fn reading(&self, what: String) -> Result<EntryBuilder, AuditError> {
        self.about(Deed::log_read(self.name(), what))
    }

    fn about(&self, deed: Deed) -> Result<EntryBuilder, AuditError> {
        let now = self.clock.now();
        let mut bits = [0; 10];
        self.random.fill(&mut bits).map_err(|error| AuditError::Random(Arc::new(error)))?;
        let by = &self.by;
        Ok(AuditEntry::of(deed)
            .at(EntryId::new(now, bits), now)
            .by(by.user.clone())
            .through(by.access, Application::zorgsluis())
            .reported_by(by.source.clone())
            .responsible(by.responsible.clone())
            .category(DataCategory::Log))
    }
}

impl fmt::Debug for LogReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogReader").field("log", &self.log).finish_non_exhaustive()
    }
}
