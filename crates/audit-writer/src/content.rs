//! What the log holds of an entry: its JSON, sealed under the key of its patient; and the keys under
//! which the index finds it, pseudonyms only.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tlog::{Describe, DescribeError, Description, IndexKey, LoggedEntry, NewEntry};
use uuid::Uuid;
use zorgsluis_domain::port::{DataClass, KeyOwner, Keys, Sealed};
use zorgsluis_domain::{AuditEntry, EntryId, PortError, Pseudonym, Purpose};

use crate::AuditError;
use crate::term::{OUTDATED, erased_keys, index_keys};

/// The first byte of what is sealed: JSON of [`AuditEntry`] follows.
const VERSION: u8 = 1;

/// Entries that are opened at a time.
const PARALLEL: usize = 16;

/// Entries that one task opens, where they are spread over the threads.
const SPREAD: usize = 64;

/// The pseudonym under which a patient (`Patient/<id>`) stands in the log: in its index. The keys that seal the
/// entries about them are those of [`log_key_owner`].
#[must_use]
pub fn patient_pseudonym(keys: &dyn Keys, patient: &str) -> Pseudonym {
    keys.pseudonym(Purpose::AuditLog, &[patient.as_bytes()])
}

/// Whose key seals the entries about a patient that were recorded in one calendar year (UTC). Each year has a key of
/// its own, so that old lines can go at the end of their term while young ones stay. Known from the pseudonym in the
/// index alone: lines can expire whose patient nobody knows any more.
#[must_use]
pub fn log_key_owner(keys: &dyn Keys, patient: &Pseudonym, year: i16) -> KeyOwner {
    let parts: [&[u8]; 3] = [b"year", patient.as_bytes(), &year.to_be_bytes()];
    KeyOwner::Patient(keys.pseudonym(Purpose::AuditLog, &parts))
}

/// The calendar year of a moment, UTC.
pub(crate) fn year_of(at: Timestamp) -> i16 {
    at.to_zoned(TimeZone::UTC).year()
}

/// An entry with its content sealed, as the log and a queue may hold it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SealedEntry {
    pub(crate) id: EntryId,
    pub(crate) sealed: Sealed,
}

/// Bound to the ciphertext: content cannot be moved to another entry.
fn context(id: EntryId) -> Vec<u8> {
    [b"zorgsluis audit entry ".as_slice(), id.0.as_bytes()].concat()
}

/// Seals an entry under the key of its patient, or of the system when it concerns none.
pub(crate) async fn seal(keys: &dyn Keys, entry: &AuditEntry) -> Result<SealedEntry, AuditError> {
    let owner = match &entry.patient {
        Some(patient) => {
            let patient = patient_pseudonym(keys, &patient.reference);
            log_key_owner(keys, &patient, year_of(entry.recorded))
        }
        None => KeyOwner::System,
    };
    let mut plain = vec![VERSION];
    serde_json::to_writer(&mut plain, entry).map_err(|_| AuditError::TooLong)?;
    let context = context(entry.id);
    let sealed = keys.seal(&owner, DataClass::Log, &context, &plain).await.map_err(AuditError::keys)?;
    Ok(SealedEntry { id: entry.id, sealed })
}

/// The entry for the log.
pub(crate) fn new_entry(
    keys: &dyn Keys,
    entry: &AuditEntry,
    sealed: SealedEntry,
) -> Result<NewEntry, AuditError> {
    let Sealed { key, ciphertext } = sealed.sealed;
    let id = tlog::EntryId(sealed.id.0.into_bytes());
    NewEntry::new(id, Bytes::from(ciphertext), key.as_bytes(), index_keys(keys, entry))
        .ok_or(AuditError::TooLong)
}

/// When an entry's id was made, in microseconds since 1970.
pub(crate) fn id_time(id: tlog::EntryId) -> i64 {
    let (seconds, nanoseconds) =
        Uuid::from_bytes(id.0).get_timestamp().map_or((0, 0), |stamp| stamp.to_unix());
    i64::try_from(seconds)
        .unwrap_or(0)
        .saturating_mul(1_000_000)
        .saturating_add(i64::from(nanoseconds / 1000))
}

/// What became of opening an entry.
#[derive(Debug)]
pub(crate) enum Opened {
    Entry(Box<AuditEntry>),
    /// Its key was destroyed.
    Erased,
    /// It cannot be what was logged; why.
    Faulty(&'static str),
}

/// Opens an entry.
pub(crate) async fn open(keys: &dyn Keys, entry: &SealedEntry) -> Result<Opened, AuditError> {
    let plain = match keys.open(&entry.sealed, &context(entry.id)).await {
        Ok(plain) => plain,
        Err(PortError::Erased { .. }) => return Ok(Opened::Erased),
        Err(PortError::Damaged { .. } | PortError::Refused { .. }) => {
            return Ok(Opened::Faulty("payload-unopenable"));
        }
        Err(PortError::NotFound { .. }) => return Ok(Opened::Faulty("payload-key-unknown")),
        Err(error) => return Err(AuditError::keys(error)),
    };
    let Some((&VERSION, json)) = plain.expose_phi().split_first() else {
        return Ok(Opened::Faulty("payload-version-unknown"));
    };
    let Ok(read) = serde_json::from_slice::<AuditEntry>(json) else {
        return Ok(Opened::Faulty("payload-unreadable"));
    };
    Ok(if read.id == entry.id { Opened::Entry(Box::new(read)) } else { Opened::Faulty("entry-id-differs") })
}

/// Opens what the log holds.
pub(crate) async fn open_logged(keys: &dyn Keys, logged: &LoggedEntry) -> Result<Opened, AuditError> {
    let Ok(key) = Uuid::from_slice(logged.leaf.key_ref()) else {
        return Ok(Opened::Faulty("key-reference-unreadable"));
    };
    let sealed = Sealed { key, ciphertext: logged.payload.to_vec() };
    open(keys, &SealedEntry { id: entry_id(logged.leaf.id()), sealed }).await
}

pub(crate) fn entry_id(id: tlog::EntryId) -> EntryId {
    EntryId(Uuid::from_bytes(id.0))
}

/// Tells the index keys of what is logged, by opening it.
pub(crate) struct Opener {
    pub(crate) keys: Arc<dyn Keys>,
    /// Open on all threads of the runtime.
    pub(crate) spread: bool,
}

impl Opener {
    async fn one(keys: &dyn Keys, logged: &LoggedEntry) -> Result<Description, DescribeError> {
        Ok(match open_logged(keys, logged).await.map_err(AuditError::describe)? {
            Opened::Entry(entry) => Description::Keys(index_keys(keys, &entry)),
            Opened::Erased => Description::Erased(erased_keys(logged.leaf.id())),
            Opened::Faulty(code) => Description::Faulty(code),
        })
    }
}

#[async_trait]
impl Describe for Opener {
    async fn describe(&self, entries: &[LoggedEntry]) -> Result<Vec<Description>, DescribeError> {
        // The key of each may have to come from afar.
        if !self.spread {
            let each = entries.iter().map(|entry| Self::one(self.keys.as_ref(), entry)).collect::<Vec<_>>();
            return stream::iter(each).buffered(PARALLEL).try_collect().await;
        }
        let chunks = entries.chunks(SPREAD).map(|chunk| {
            let (keys, chunk) = (Arc::clone(&self.keys), chunk.to_vec());
            tokio::spawn(async move {
                let mut told = Vec::with_capacity(chunk.len());
                for entry in &chunk {
                    told.push(Self::one(keys.as_ref(), entry).await?);
                }
                Ok::<_, DescribeError>(told)
            })
        });
        let mut told = Vec::with_capacity(entries.len());
        for chunk in chunks.collect::<Vec<_>>() {
            told.extend(chunk.await.map_err(|error| DescribeError(error.into()))??);
        }
        Ok(told)
    }

    fn is_outdated(&self, keys: &[IndexKey]) -> bool {
        keys.iter().any(|key| key.key == OUTDATED)
    }
}
