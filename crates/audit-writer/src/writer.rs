//! [`AuditWriter`]: entries into the log, many at a time.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tlog::{
    Appended, Appender, Day, Describe, LogError, MAX_BUNDLE_ENTRIES, NewEntry, Publisher, SignedCheckpoint,
    Signer,
};
use tokio::sync::{Mutex, oneshot};
use zorgsluis_domain::port::{AuditSink, Random};
use zorgsluis_domain::{AuditEntry, PortError};

use crate::content::{self, Opener, SealedEntry};
use crate::{AuditError, AuditLog};

/// The most bytes that are put together for one bundle.
const MAX_COMMIT_BYTES: usize = 4 << 20;

/// Writes entries. One a process is enough, shared; any number of processes may write one log.
///
/// Concurrent calls are put together: while one bundle is being written, those that come wait, and go
/// into the next one together (group commit). One `fsync`, or one request, then serves them all.
pub struct AuditWriter {
    log: AuditLog,
    appender: Mutex<Appender>,
    waiting: SyncMutex<VecDeque<Waiting>>,
    publisher: Option<Mutex<Publisher>>,
}

type Answer = Result<Vec<Appended>, Arc<LogError>>;

/// Entries of one call, and where its answer goes.
struct Waiting {
    entries: Arc<[NewEntry]>,
    answer: oneshot::Sender<Answer>,
}

impl AuditWriter {
    /// A writer that does not sign checkpoints: another process does.
    pub fn new(log: AuditLog, random: &dyn Random) -> Result<Self, AuditError> {
        let mut writer = [0; 8];
        random.fill(&mut writer).map_err(|error| AuditError::Random(Arc::new(error)))?;
        let describe: Arc<dyn Describe> = Arc::new(Opener { keys: Arc::clone(&log.keys), spread: false });
        let appender = Appender::new(log.log.clone(), Arc::clone(&log.index), describe, writer);
        Ok(Self { log, appender: Mutex::new(appender), waiting: SyncMutex::default(), publisher: None })
    }

    /// A writer that signs checkpoints, with the last of [`AuditLog::verifying_keys`] or a new key. On
    /// an empty log it signs the first one, of nothing, before anything else.
    pub async fn open(
        log: AuditLog,
        random: &dyn Random,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, AuditError> {
        let mut publisher = Publisher::new(log.log.clone(), signer, log.verifying_keys().to_vec());
        publisher.begin().await?;
        let mut writer = Self::new(log, random)?;
        writer.publisher = Some(Mutex::new(publisher));
        Ok(writer)
    }

    /// Signs with this key as soon as it has taken over, wherever that was done ([`rotate_key`](Self::rotate_key)).
    #[must_use]
    pub fn followed_by(mut self, next: Arc<dyn Signer>) -> Self {
        let publisher = self.publisher.take().map(Mutex::into_inner);
        self.publisher = publisher.map(|publisher| Mutex::new(publisher.with_successor(next)));
        self
    }

    /// The log that it writes.
    #[must_use]
    pub fn log(&self) -> &AuditLog {
        &self.log
    }

    /// Puts entries into the log, and returns where each stands, in order. When it returns `Ok`, all
    /// are durable and found through the index. An entry whose id the log holds is not written again.
    pub async fn append(&self, entries: &[AuditEntry]) -> Result<Vec<Appended>, AuditError> {
        let mut new = Vec::with_capacity(entries.len());
        for entry in entries {
            new.push(self.seal_entry(entry).await?);
        }
        self.commit(new.into()).await
    }

    /// An entry that was sealed by another process, with what it says.
    pub(crate) fn adopt(&self, entry: &AuditEntry, sealed: SealedEntry) -> Result<NewEntry, AuditError> {
        content::new_entry(self.log.keys.as_ref(), entry, sealed)
    }

    /// An entry, sealed here.
    pub(crate) async fn seal_entry(&self, entry: &AuditEntry) -> Result<NewEntry, AuditError> {
        let sealed = content::seal(self.log.keys.as_ref(), entry).await?;
        content::new_entry(self.log.keys.as_ref(), entry, sealed)
    }

    /// Waits for others' bundle to hold these entries, or writes the next one for all that wait.
    pub(crate) async fn commit(&self, entries: Arc<[NewEntry]>) -> Result<Vec<Appended>, AuditError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.waiting().push_back(Waiting { entries: Arc::clone(&entries), answer });
            let mut appender = tokio::select! {
                biased;
                done = &mut answered => match done {
                    Ok(answer) => return Ok(answer?),
                    // Whoever wrote for us was dropped half way: with the same ids again is safe.
                    Err(_) => continue,
                },
                appender = self.appender.lock() => appender,
            };
            loop {
                match answered.try_recv() {
                    Ok(answer) => return Ok(answer?),
                    Err(oneshot::error::TryRecvError::Closed) => break,
                    Err(oneshot::error::TryRecvError::Empty) => self.write_next(&mut appender).await,
                }
            }
        }
    }

    /// Writes what waits, as much as fits one bundle, and answers.
    async fn write_next(&self, appender: &mut Appender) {
        let group = self.next_group();
        let together: Vec<NewEntry> =
            group.iter().flat_map(|waiting| waiting.entries.iter().cloned()).collect();
        let written = appender.append(&together).await.map_err(Arc::new);
        let mut places = written.as_ref().map(|places| places.iter().copied());
        for waiting in group {
            let answer = match &mut places {
                Ok(places) => Ok(places.by_ref().take(waiting.entries.len()).collect()),
                Err(error) => Err(Arc::clone(error)),
            };
            // Nobody waits for it any more: the entries are in the log all the same.
            let _ = waiting.answer.send(answer);
        }
    }

    fn next_group(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        let (mut entries, mut bytes) = (0, 0);
        let fits = waiting.iter().take_while(|next| {
            entries += next.entries.len();
            bytes += next.entries.iter().map(NewEntry::len_in_bundle).sum::<usize>();
            entries <= MAX_BUNDLE_ENTRIES && bytes <= MAX_COMMIT_BYTES
        });
        let count = fits.count().max(1).min(waiting.len());
        waiting.drain(..count).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Completes the index through the end of the log, as the first [`append`](Self::append) does: for who reads
    /// without having written. Returns the number of entries.
    pub async fn catch_up(&self) -> Result<u64, AuditError> {
        Ok(self.appender.lock().await.catch_up().await?)
    }

    /// Covers all entries by a signed checkpoint, after proving that it only appends to the last one.
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint, AuditError> {
        let publisher = self.publisher.as_ref().ok_or(AuditError::NoSigner)?;
        Ok(publisher.lock().await.publish().await?)
    }

    /// Covers what comes next behind the last checkpoint, a stride of it. Returns whether more stands behind that.
    /// Dropping it half way is safe.
    pub async fn advance_checkpoint(&self) -> Result<bool, AuditError> {
        let publisher = self.publisher.as_ref().ok_or(AuditError::NoSigner)?;
        Ok(publisher.lock().await.advance().await?.more)
    }

    /// Keeps a copy of the checkpoint that stands under the name of a day, unless there is one. Returns whether
    /// this call made it. No day, for a time that has none in a key, keeps nothing.
    pub async fn keep_checkpoint(&self, day: Option<Day>) -> Result<bool, AuditError> {
        let publisher = self.publisher.as_ref().ok_or(AuditError::NoSigner)?;
        match day {
            Some(day) => Ok(publisher.lock().await.keep(day).await?),
            None => Ok(false),
        }
    }

    /// Lets another key sign checkpoints from then on, by a checkpoint that both sign. When it is done already, it does
    /// nothing more. The entry about it (`Deed::key_rotated`) is for the caller to have recorded.
    pub async fn rotate_key(&self, next: Arc<dyn Signer>) -> Result<SignedCheckpoint, AuditError> {
        let publisher = self.publisher.as_ref().ok_or(AuditError::NoSigner)?;
        Ok(publisher.lock().await.hand_over(next).await?)
    }

    /// Closes the log for good, with a last checkpoint. Entries that come later are refused.
    pub async fn seal(&self) -> Result<SignedCheckpoint, AuditError> {
        let publisher = self.publisher.as_ref().ok_or(AuditError::NoSigner)?;
        // Nothing of this process comes between the last checkpoint and the seal.
        let mut appender = self.appender.lock().await;
        let sealed = publisher.lock().await.seal().await?;
        appender.forget_head();
        Ok(sealed)
    }
}

#[async_trait]
impl AuditSink for AuditWriter {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        self.append(entries).await.map(drop).map_err(|error| error.into_port("audit.record"))
    }
}

impl fmt::Debug for AuditWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditWriter").field("log", &self.log).finish_non_exhaustive()
    }
}
