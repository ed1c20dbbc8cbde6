//! What the log holds of an entry: its JSON, sealed under the key of its patient; and the keys under
//! which the index finds it, pseudonyms only.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tlog::{Describe, DescribeError, Description, HASH_LEN, Hash, IndexKey, LoggedEntry, NewEntry};
use uuid::Uuid;
use zorgsluis_domain::port::{DataClass, KeyOwner, Keys, Sealed};
use zorgsluis_domain::{AuditEntry, EntryId, PortError, Pseudonym, Purpose};

use crate::AuditError;
use crate::term::{OUTDATED, erased_keys, index_keys};

/// The first byte of what was sealed before leaves committed to content: JSON of [`AuditEntry`] follows.
const PLAIN: u8 = 1;
/// The first byte of what is sealed: a salt, then JSON of [`AuditEntry`]. The leaf holds the hash of both.
const COMMITTED: u8 = 2;

const SALT_LEN: usize = 32;

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
    /// The hash of salt and JSON, which the leaf holds beside the reference to the key.
    pub(crate) commitment: Option<Hash>,
}

/// What shows that a leaf commits to an entry's content: whoever has it can check the content against the leaf
/// without any key. It is as confidential as the entry.
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosure {
    committed: Vec<u8>,
}

impl Disclosure {
    /// The salt, known to nobody who could not open the entry.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        self.committed.get(..SALT_LEN).unwrap_or_default()
    }

    /// The entry's JSON, the very bytes that the leaf commits to.
    #[must_use]
    pub fn json(&self) -> &str {
        self.committed.get(SALT_LEN..).and_then(|json| std::str::from_utf8(json).ok()).unwrap_or_default()
    }

    /// SHA-256 of salt and JSON.
    pub(crate) fn commitment(&self) -> Hash {
        tlog::sha256(&self.committed)
    }
}

impl fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disclosure").field("len", &self.committed.len()).finish()
    }
}

/// A salt that nobody knows who cannot open the entry, and nobody at all once its key is destroyed: made by the
/// key itself, of a nonce that it is used with once and that is not kept.
async fn salt(keys: &dyn Keys, owner: &KeyOwner) -> Result<Hash, AuditError> {
    let blind = keys.seal(owner, DataClass::Log, b"zorgsluis audit salt", &[0; SALT_LEN]).await;
    Ok(tlog::sha256(&blind.map_err(AuditError::keys)?.ciphertext))
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
    let mut plain = vec![COMMITTED];
    plain.extend_from_slice(&salt(keys, &owner).await?.0);
    serde_json::to_writer(&mut plain, entry).map_err(|_| AuditError::TooLong)?;
    let commitment = plain.get(1..).map(tlog::sha256);
    let context = context(entry.id);
    let sealed = keys.seal(&owner, DataClass::Log, &context, &plain).await.map_err(AuditError::keys)?;
    Ok(SealedEntry { id: entry.id, sealed, commitment })
}

/// The entry for the log.
pub(crate) fn new_entry(
    keys: &dyn Keys,
    entry: &AuditEntry,
    sealed: SealedEntry,
) -> Result<NewEntry, AuditError> {
    let Sealed { key, ciphertext } = sealed.sealed;
    let id = tlog::EntryId(sealed.id.0.into_bytes());
    let mut key_ref = key.as_bytes().to_vec();
    key_ref.extend(sealed.commitment.into_iter().flat_map(|commitment| commitment.0));
    NewEntry::new(id, Bytes::from(ciphertext), &key_ref, index_keys(keys, entry)).ok_or(AuditError::TooLong)
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

/// Opens an entry; with what its leaf commits to, if it is of the kind that leaves commit to.
pub(crate) async fn open(
    keys: &dyn Keys,
    entry: &SealedEntry,
) -> Result<(Opened, Option<Disclosure>), AuditError> {
    let faulty = |code| Ok((Opened::Faulty(code), None));
    let plain = match keys.open(&entry.sealed, &context(entry.id)).await {
        Ok(plain) => plain,
        Err(PortError::Erased { .. }) => return Ok((Opened::Erased, None)),
        Err(PortError::Damaged { .. } | PortError::Refused { .. }) => return faulty("payload-unopenable"),
        Err(PortError::NotFound { .. }) => return faulty("payload-key-unknown"),
        Err(error) => return Err(AuditError::keys(error)),
    };
    let (json, disclosure) = match plain.expose_phi().split_first() {
        Some((&PLAIN, json)) => (Some(json), None),
        Some((&COMMITTED, committed)) => {
            (committed.get(SALT_LEN..), Some(Disclosure { committed: committed.to_vec() }))
        }
        _ => return faulty("payload-version-unknown"),
    };
    let Some(Ok(read)) = json.map(serde_json::from_slice::<AuditEntry>) else {
        return faulty("payload-unreadable");
    };
    if read.id != entry.id {
        return faulty("entry-id-differs");
    }
    if disclosure.as_ref().map(Disclosure::commitment) != entry.commitment && entry.commitment.is_some() {
        return faulty("commitment-differs");
    }
    Ok((Opened::Entry(Box::new(read)), disclosure))
}

/// Opens what the log holds.
pub(crate) async fn open_logged(keys: &dyn Keys, logged: &LoggedEntry) -> Result<Opened, AuditError> {
    Ok(disclose(keys, logged).await?.0)
}

/// Opens what the log holds; with what the leaf commits to, if it does to the content.
pub(crate) async fn disclose(
    keys: &dyn Keys,
    logged: &LoggedEntry,
) -> Result<(Opened, Option<Disclosure>), AuditError> {
    let reference = logged.leaf.key_ref().split_first_chunk::<16>();
    let (key, commitment) = match reference {
        Some((key, [])) => (key, None),
        Some((key, rest)) if rest.len() == HASH_LEN => (key, rest.try_into().ok().map(Hash)),
        _ => return Ok((Opened::Faulty("key-reference-unreadable"), None)),
    };
    let sealed = Sealed { key: Uuid::from_bytes(*key), ciphertext: logged.payload.to_vec() };
    let (opened, disclosure) =
        open(keys, &SealedEntry { id: entry_id(logged.leaf.id()), sealed, commitment }).await?;
    Ok((opened, disclosure.filter(|_| commitment.is_some())))
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
