//! Pseudonyms, and data keys per patient and class of data, on KMS and the table `keys`.
//!
//! Two keys of 32 bytes stand in the settings bucket, wrapped by the CMK of pseudonyms, and are unwrapped once,
//! when a function starts:
//!
//! * `keys/identity`: the key of [`Purpose::Identity`] itself. Never rotated.
//! * `keys/pseudonym`: from it the keys of the other purposes are derived (HKDF-SHA256, RFC 5869).
//!
//! They are what `identity.key` and `pseudonym.key` are in a data directory of `embedded`: the same bytes give
//! the same pseudonyms and ids.
//!
//! A data key is made by KMS for one owner and class (`GenerateDataKey`, with its class and id as encryption
//! context), and stands wrapped in the table:
//!
//! * `owner/FINGERPRINT/CLASS` names the key under which an owner's data are sealed now (`key`). The
//!   fingerprint is a keyed one, of a purpose of its own.
//! * `key/ID`: owner, class, when it was made, and the wrapped key. A destroyed one keeps this item without the
//!   wrapped key: its tombstone.
//!
//! Both are written in one transaction, on condition that the owner has no key yet: of many first uses at once one
//! makes the key, and the others take it.
//!
//! # What a destruction reaches, and when
//!
//! Unwrapped keys stay in memory, 4,096 of them at most. Before one *seals*, the table is asked again whether it
//! is the owner's present one, unless it was asked less than a second ago. Before one *opens*, the table is asked
//! whether it still stands, unless it was less than a second ago, or five minutes for lines of the log. So a key that
//! one function destroys seals and opens nothing after a second, but for such lines.
//!
//! # Beside an erasure
//!
//! Before a dossier is destroyed its keys are *retired*: `owner/…` names them as `older` and no present one, so that
//! what comes in is sealed under a key made anew; and until `held_until` they open nothing, which is trouble that
//! passes. When nothing is decided by then they open again, and never seal.
//!
//! # Restored tables
//!
//! A table that is restored to a moment before a destruction has the wrapped key again and no tombstone. What was
//! destroyed since has to be destroyed again before the table is put to use: `zorgsluis erase --aws --again` does so, by
//! the tombstones in the bucket of the log ([`AwsErasures`](crate::AwsErasures)). After 35 days no restored table has
//! the key.

mod cache;
mod data;
mod erase;
mod roots;
mod store;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_types::Blob;
use tokio::time::Instant;
use uuid::Uuid;
use zorgsluis_domain::port::{DataClass, KeyOwner, Keys, Sealed};
use zorgsluis_domain::{Clock, Phi, PortError, Pseudonym, Purpose};

use crate::failure::has_code;
use crate::hindered::hindered;
use crate::random::random_uuid;
use crate::table::Patience;
use crate::{Clients, SettingsBucket};
use cache::Cache;
use data::DataKey;
use roots::Roots;
use store::{Held, Store};

/// A key seals this long without asking whether it is still the owner's present one.
const SEALS: Duration = Duration::from_secs(1);
/// A key opens this long without asking whether it still stands: of lines of the log, of which many are read at once.
const OPENS_LINES: Duration = Duration::from_secs(5 * 60);
/// And of anything else: an erasure waits no longer than what it found under way.
const OPENS: Duration = Duration::from_secs(1);
/// When to come again for what an erasure keeps closed.
const COME_AGAIN: Duration = Duration::from_secs(20);

/// Where the keys are.
#[derive(Debug, Clone)]
pub struct KeySettings {
    /// The table `keys`, with its prefix.
    pub table: String,
    /// The CMK that wraps the keys of pseudonyms.
    pub pseudonyms: String,
    /// The CMK that wraps data keys of the classes dossier and wzd.
    pub phi: String,
    /// The CMK that wraps data keys of the class log.
    pub audit: String,
}

/// Keys on KMS and DynamoDB. Cheap to clone.
#[derive(Clone)]
pub struct AwsKeys {
    inner: Arc<Inner>,
}

struct Inner {
    roots: Roots,
    kms: aws_sdk_kms::Client,
    phi: String,
    audit: String,
    store: Store,
    cache: Mutex<Cache>,
    clock: Arc<dyn Clock>,
}

impl AwsKeys {
    /// Reads the keys of pseudonyms from the settings bucket and has them unwrapped, once.
    ///
    /// # Errors
    ///
    /// [`PortError::NotFound`] when the bucket has no such key, [`PortError::Damaged`] when it is none that KMS
    /// wrapped for its purpose, or has not 32 bytes.
    pub async fn load(
        clients: &Clients,
        bucket: &SettingsBucket,
        settings: &KeySettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PortError> {
        const OPERATION: &str = "keys.load";
        let mut roots = Vec::new();
        for name in ["identity", "pseudonym"] {
            let context = context([("zorgsluis", "pseudonym"), ("purpose", name)]);
            let wrapped = bucket.key(name).await?;
            roots.push(unwrap(&clients.kms, OPERATION, &settings.pseudonyms, context, wrapped).await?);
        }
        let [identity, pseudonym] = roots.try_into().map_err(|_| damaged(OPERATION))?;
        Ok(Self {
            inner: Arc::new(Inner {
                roots: Roots::new(OPERATION, identity, &pseudonym)?,
                kms: clients.kms.clone(),
                phi: settings.phi.clone(),
                audit: settings.audit.clone(),
                store: Store::new(&clients.dynamodb, &settings.table),
                cache: Mutex::default(),
                clock,
            }),
        })
    }

    /// Destroys keys again that a restored table brought back, by their ids. Answers how many there were.
    ///
    /// # Errors
    ///
    /// As of any port; asking again completes it.
    pub async fn destroy_again(&self, ids: &[Uuid]) -> Result<u64, PortError> {
        const OPERATION: &str = "keys.destroy_again";
        let now = self.inner.clock.now();
        let mut count = 0;
        for id in ids {
            if let Some(Held::Key(record)) = self.inner.store.by_id(OPERATION, *id).await? {
                count += u64::from(
                    self.inner.store.destroy(OPERATION, *id, &record.owner, &record.class, now).await?,
                );
            }
        }
        self.cache(Cache::clear);
        Ok(count)
    }

    fn cache<T>(&self, work: impl FnOnce(&mut Cache) -> T) -> T {
        work(&mut self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The CMK of a class.
    fn cmk(&self, class: &str) -> &str {
        if class == DataClass::Log.name() { &self.inner.audit } else { &self.inner.phi }
    }

    /// The key under which to seal now; made when there is none.
    async fn current(&self, owner: &KeyOwner, class: DataClass) -> Result<Arc<DataKey>, PortError> {
        const OPERATION: &str = "keys.seal";
        let owner = self.inner.roots.owner(owner);
        let asked = Instant::now();
        if let Some(key) = self.cache(|cache| cache.current(&owner, class, asked, SEALS)) {
            return Ok(key);
        }
        let mut patience = Patience::new(OPERATION);
        let id = loop {
            if let Some(id) = self.inner.store.current(OPERATION, &owner, class).await? {
                break id;
            }
            if let Some(key) = self.make(OPERATION, &owner, class).await? {
                self.cache(|cache| cache.put_current(&owner, class, &key, asked));
                return Ok(key);
            }
            patience.wait().await?;
        };
        // Known already: it only had to be asked whether it is the present one.
        let key = match self.cache(|cache| cache.by_id(id, asked, Duration::MAX)) {
            Some(key) => key,
            None => self.fetch(OPERATION, id).await?,
        };
        self.cache(|cache| cache.put_current(&owner, class, &key, asked));
        Ok(key)
    }

    /// Makes the key of an owner and class; none when somebody else did meanwhile.
    async fn make(
        &self,
        operation: &'static str,
        owner: &str,
        class: DataClass,
    ) -> Result<Option<Arc<DataKey>>, PortError> {
        let id = random_uuid(operation)?;
        let answer = self
            .inner
            .kms
            .generate_data_key()
            .key_id(self.cmk(class.name()))
            .number_of_bytes(32)
            .set_encryption_context(Some(binding(id, class.name())))
            .send()
            .await
            .map_err(|error| hindered(operation, error))?;
        let (Some(plain), Some(wrapped)) = (answer.plaintext, answer.ciphertext_blob) else {
            return Err(damaged(operation));
        };
        let key = Arc::new(DataKey::new(operation, id, class.name(), plain.as_ref())?);
        let record = store::Record {
            owner: owner.to_owned(),
            class: class.name().to_owned(),
            wrapped: wrapped.into_inner(),
            held_until: None,
        };
        let made = self.inner.store.make(operation, id, &record, self.inner.clock.now()).await?;
        Ok(made.then_some(key))
    }

    /// A key that stands in the table and is not held.
    async fn standing(&self, operation: &'static str, id: Uuid) -> Result<store::Record, PortError> {
        match self.inner.store.by_id(operation, id).await? {
            Some(Held::Key(record))
                if record.held_until.is_some_and(|until| until > self.inner.clock.now()) =>
            {
                Err(PortError::Unavailable { operation, retry_after: Some(COME_AGAIN), cause: None })
            }
            Some(Held::Key(record)) => Ok(record),
            Some(Held::Tombstone) => Err(PortError::Erased { operation }),
            None => Err(PortError::Damaged { operation, reason: "it names a key that never was".into() }),
        }
    }

    /// Reads a key from the table and has it unwrapped.
    async fn fetch(&self, operation: &'static str, id: Uuid) -> Result<Arc<DataKey>, PortError> {
        let record = self.standing(operation, id).await?;
        let (cmk, context) = (self.cmk(&record.class), binding(id, &record.class));
        let plain = unwrap(&self.inner.kms, operation, cmk, context, record.wrapped).await?;
        Ok(Arc::new(DataKey::new(operation, id, &record.class, &plain)?))
    }

    /// A key by its id, if it still stands.
    async fn by_id(&self, id: Uuid) -> Result<Arc<DataKey>, PortError> {
        const OPERATION: &str = "keys.open";
        let asked = Instant::now();
        let known = self.cache(|cache| cache.by_id(id, asked, Duration::MAX));
        let opens =
            |key: &Arc<DataKey>| if key.class() == DataClass::Log.name() { OPENS_LINES } else { OPENS };
        if let Some(key) = &known
            && let Some(key) = self.cache(|cache| cache.by_id(id, asked, opens(key)))
        {
            return Ok(key);
        }
        let key = match known {
            // Known already: it only has to be asked whether it still stands. KMS is not asked again.
            Some(key) => {
                let standing = self.standing(OPERATION, id).await;
                if matches!(standing, Err(PortError::Erased { .. } | PortError::Damaged { .. })) {
                    self.cache(|cache| cache.forget(id));
                }
                standing.map(|_| key)?
            }
            None => self.fetch(OPERATION, id).await?,
        };
        self.cache(|cache| cache.put(&key, asked));
        Ok(key)
    }
}

/// The encryption context of a data key.
fn binding(id: Uuid, class: &str) -> HashMap<String, String> {
    context([("zorgsluis", "data-key"), ("class", class), ("key", &id.to_string())])
}

fn context<const N: usize>(pairs: [(&str, &str); N]) -> HashMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn unwrap(
    kms: &aws_sdk_kms::Client,
    operation: &'static str,
    cmk: &str,
    context: HashMap<String, String>,
    wrapped: Vec<u8>,
) -> Result<Vec<u8>, PortError> {
    let answer = kms
        .decrypt()
        .key_id(cmk)
        .set_encryption_context(Some(context))
        .ciphertext_blob(wrapped.into())
        .send()
        .await
        .map_err(|error| {
            if has_code(&error, "InvalidCiphertextException") {
                damaged(operation)
            } else {
                hindered(operation, error)
            }
        })?;
    answer.plaintext.map(Blob::into_inner).ok_or_else(|| damaged(operation))
}

fn damaged(operation: &'static str) -> PortError {
    PortError::Damaged { operation, reason: "a wrapped key is not what KMS wrapped for this purpose".into() }
}

#[async_trait]
impl Keys for AwsKeys {
    fn pseudonym(&self, purpose: Purpose, parts: &[&[u8]]) -> Pseudonym {
        self.inner.roots.pseudonym(purpose, parts)
    }

    fn identity_key(&self) -> Phi<[u8; 32]> {
        Phi::new(*self.inner.roots.identity())
    }

    async fn seal(
        &self,
        owner: &KeyOwner,
        class: DataClass,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Sealed, PortError> {
        let key = self.current(owner, class).await?;
        Ok(Sealed { key: key.id(), ciphertext: key.seal("keys.seal", context, plaintext)? })
    }

    async fn open(&self, sealed: &Sealed, context: &[u8]) -> Result<Phi<Vec<u8>>, PortError> {
        self.by_id(sealed.key).await?.open("keys.open", context, &sealed.ciphertext).map(Phi::new)
    }

    async fn destroy(&self, owner: &KeyOwner, class: DataClass) -> Result<u64, PortError> {
        const OPERATION: &str = "keys.destroy";
        let owner = self.inner.roots.owner(owner);
        let now = self.inner.clock.now();
        let mut count = 0;
        loop {
            let standing = self.inner.store.of_owner(OPERATION, &owner, class).await?;
            if standing.is_empty() {
                break;
            }
            for id in standing {
                count += u64::from(self.inner.store.destroy(OPERATION, id, &owner, class.name(), now).await?);
            }
        }
        self.cache(Cache::clear);
        Ok(count)
    }
}

impl std::fmt::Debug for AwsKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsKeys").finish_non_exhaustive()
    }
}
