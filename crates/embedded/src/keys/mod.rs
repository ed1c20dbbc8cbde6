//! Pseudonyms, and data keys per patient and class of data.
//!
//! Three keys stand in files of their own (mode 0600), made at the first start:
//!
//! * `identity.key`: the key of [`Purpose::Identity`] itself. Never rotated; lose it, and every
//!   resource gets another id.
//! * `pseudonym.key`: from it the keys of the other purposes are derived (HKDF-SHA256, RFC 5869).
//! * `wrapping.key`: encrypts the data keys.
//!
//! A fourth, `log-signing.key`, signs the checkpoints of the log; beside it stands `log-signing.next` while another
//! key takes over. The data keys are random, one for
//! each owner and class, and stand wrapped in `keys.db`. Destroying one erases what it encrypted.
//!
//! `state.db`, `fhir.db` and `keys.db` hold a fingerprint of each key file, so that a key put in the
//! place of another is noticed before anything is done with it.

mod cache;
mod destroy;
mod file;
mod fingerprint;
mod wrap;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::hmac;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;
use zorgsluis_domain::port::{DataClass, KeyOwner, Keys, Sealed};
use zorgsluis_domain::{Clock, Phi, PortError, Pseudonym, Purpose};

use crate::database::{Database, Failure, connect_reader};
use crate::source::random_uuid;
use crate::{OpenError, column};
use cache::Cache;
pub(crate) use file::{KEY_FILES, KeyFiles, begin_log_rotation, end_log_rotation};
pub(crate) use fingerprint::{check_fingerprints, remember_log_key};
use wrap::{DataKey, WrappingKey};

/// Keys on files and SQLite. Cheap to clone.
#[derive(Clone)]
pub struct SqliteKeys {
    inner: Arc<Inner>,
}

struct Inner {
    identity: [u8; 32],
    purposes: Vec<(Purpose, hmac::Key)>,
    owners: hmac::Key,
    wrapping: Arc<WrappingKey>,
    table: Database,
    /// Tells whether another process destroyed keys, and finds keys that are not cached: both take
    /// microseconds, less than a change of threads would.
    reader: Mutex<Reader>,
    clock: Arc<dyn Clock>,
}

struct Reader {
    connection: Connection,
    /// `PRAGMA data_version` when `generation` was read last.
    data_version: i64,
    generation: i64,
    cache: Cache,
}

impl Reader {
    /// Forgets cached keys when any were destroyed since, by whatever process.
    fn refresh(&mut self) -> rusqlite::Result<()> {
        let data_version =
            self.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if data_version != self.data_version {
            let generation = generation(&self.connection)?;
            if generation != self.generation {
                self.cache.clear();
                self.generation = generation;
            }
            self.data_version = data_version;
        }
        Ok(())
    }
}

fn generation(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT value FROM generation")?.query_row([], |row| row.get(0))
}

/// Under what an owner's key is kept: a pseudonym of its own, so that the rows of this table cannot be
/// joined with those of any other.
type OwnerName = [u8; 32];

impl SqliteKeys {
    pub(crate) fn open(
        path: &Path,
        table: Database,
        files: &KeyFiles,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let fault = |cause| OpenError::Database { file: "keys.db", cause };
        let connection = connect_reader(path).map_err(fault)?;
        let generation = generation(&connection).map_err(fault)?;
        let reader = Reader { connection, data_version: -1, generation, cache: Cache::default() };
        let purposes = Purpose::ALL
            .into_iter()
            .map(|purpose| {
                let key = match purpose {
                    Purpose::Identity => *files.identity(),
                    other => files.derived(&format!("zorgsluis/pseudonym/1/{}", other.name()))?,
                };
                Ok((purpose, hmac::Key::new(hmac::HMAC_SHA256, &key)))
            })
            .collect::<Result<Vec<_>, OpenError>>()?;
        let owners = files.derived("zorgsluis/key-table-owner/1")?;
        Ok(Self {
            inner: Arc::new(Inner {
                identity: *files.identity(),
                purposes,
                owners: hmac::Key::new(hmac::HMAC_SHA256, &owners),
                wrapping: Arc::new(
                    WrappingKey::new(files.wrapping()).ok_or(OpenError::Key { file: "keys/wrapping.key" })?,
                ),
                table,
                reader: Mutex::new(reader),
                clock,
            }),
        })
    }

    fn owner_name(&self, owner: &KeyOwner) -> OwnerName {
        let parts: [&[u8]; 2] = match owner {
            KeyOwner::Patient(pseudonym) => [b"patient", pseudonym.as_bytes()],
            KeyOwner::Sender(name) => [b"sender", name.as_bytes()],
            KeyOwner::System => [b"system", b""],
        };
        mac(&self.inner.owners, &parts)
    }

    fn with_reader<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut Reader) -> Result<T, Failure>,
    ) -> Result<T, PortError> {
        let mut reader = self.inner.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader
            .refresh()
            .map_err(Failure::from)
            .and_then(|()| work(&mut reader))
            .map_err(|failure| failure.into_port(operation))
    }

    /// The key under which to seal now, if there is one.
    fn current(&self, owner: &OwnerName, class: DataClass) -> Result<Option<Arc<DataKey>>, PortError> {
        const OPERATION: &str = "keys.seal";
        self.with_reader(OPERATION, |reader| {
            if let Some(key) = reader.cache.current(owner, class) {
                return Ok(Some(key));
            }
            let Some((id, wrapped)) = select_current(&reader.connection, owner, class)? else {
                return Ok(None);
            };
            let key = Arc::new(self.inner.wrapping.unwrap(OPERATION, id, owner, class.name(), &wrapped)?);
            reader.cache.put_current(owner, class, &key);
            Ok(Some(key))
        })
    }

    async fn make(&self, owner: OwnerName, class: DataClass) -> Result<Arc<DataKey>, PortError> {
        const OPERATION: &str = "keys.seal";
        let id = random_uuid(OPERATION)?;
        let (_, wrapped) = self.inner.wrapping.generate(OPERATION, id, &owner, class.name())?;
        let now = self.inner.clock.now().as_microsecond();
        let (id, wrapped) = self
            .inner
            .table
            .write(OPERATION, move |connection| {
                // Another task or process may have been first.
                if let Some(found) = select_current(connection, &owner, class)? {
                    return Ok(found);
                }
                connection
                    .prepare_cached(
                        "INSERT INTO data_key (id, owner, class, wrapped, made) VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![id.as_bytes(), owner, class.name(), wrapped, now])?;
                Ok((id, wrapped))
            })
            .await?;
        Ok(Arc::new(self.inner.wrapping.unwrap(OPERATION, id, &owner, class.name(), &wrapped)?))
    }

    fn by_id(&self, id: Uuid) -> Result<Arc<DataKey>, PortError> {
        const OPERATION: &str = "keys.open";
        self.with_reader(OPERATION, |reader| {
            if let Some(key) = reader.cache.by_id(id) {
                return Ok(key);
            }
            let row: Option<(OwnerName, String, Vec<u8>)> = reader
                .connection
                .prepare_cached("SELECT owner, class, wrapped FROM data_key WHERE id = ?1")?
                .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let Some((owner, class, wrapped)) = row else {
                let destroyed = reader
                    .connection
                    .prepare_cached("SELECT 1 FROM tombstone WHERE id = ?1")?
                    .exists([id.as_bytes()])?;
                return Err(if destroyed {
                    Failure::Port(PortError::Erased { operation: OPERATION })
                } else {
                    Failure::damaged(OPERATION, "it names a key that never was")
                });
            };
            let key = Arc::new(self.inner.wrapping.unwrap(OPERATION, id, &owner, &class, &wrapped)?);
            reader.cache.put(&key);
            Ok(key)
        })
    }
}

fn select_current(
    connection: &Connection,
    owner: &OwnerName,
    class: DataClass,
) -> rusqlite::Result<Option<(Uuid, Vec<u8>)>> {
    connection
        .prepare_cached(
            "SELECT id, wrapped FROM data_key WHERE owner = ?1 AND class = ?2 ORDER BY made DESC, id DESC LIMIT 1",
        )?
        .query_row(params![owner, class.name()], |row| Ok((column::uuid(row, 0)?, row.get(1)?)))
        .optional()
}

fn mac(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(context.sign().as_ref()) {
        *to = *from;
    }
    bytes
}

#[async_trait]
impl Keys for SqliteKeys {
    fn pseudonym(&self, purpose: Purpose, parts: &[&[u8]]) -> Pseudonym {
        let key = self.inner.purposes.iter().find(|(of, _)| *of == purpose);
        // `purposes` is made from `Purpose::ALL`; the owners' key stands in for a purpose missing there.
        Pseudonym::from_bytes(mac(key.map_or(&self.inner.owners, |(_, key)| key), parts))
    }

    fn identity_key(&self) -> Phi<[u8; 32]> {
        Phi::new(self.inner.identity)
    }

    async fn seal(
        &self,
        owner: &KeyOwner,
        class: DataClass,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Sealed, PortError> {
        let owner = self.owner_name(owner);
        let key = match self.current(&owner, class)? {
            Some(key) => key,
            None => self.make(owner, class).await?,
        };
        Ok(Sealed { key: key.id(), ciphertext: key.seal("keys.seal", context, plaintext)? })
    }

    async fn open(&self, sealed: &Sealed, context: &[u8]) -> Result<Phi<Vec<u8>>, PortError> {
        self.by_id(sealed.key)?.open("keys.open", context, &sealed.ciphertext).map(Phi::new)
    }

    async fn destroy(&self, owner: &KeyOwner, class: DataClass) -> Result<u64, PortError> {
        self.destroy_made_until(owner, class, None).await
    }
}

impl std::fmt::Debug for SqliteKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteKeys").finish_non_exhaustive()
    }
}
