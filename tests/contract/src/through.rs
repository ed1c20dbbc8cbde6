//! A store in front of another, for tests of trouble: all goes through but what the test is about.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use tlog::{Created, Etag, Listing, LogStorage, Object, Replaced, RewrittenListing, StorageError};
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{
    FhirStore, Page, PageRequest, ResourceKey, Search, StoredResource, TransactionError, Write, Written,
};

/// What stands in front of a store.
pub struct Through<T>(pub T);

/// A FHIR store at whose transactions something happens.
#[async_trait]
pub trait AtTransactions: Send + Sync {
    /// The store behind it.
    fn store(&self) -> &dyn FhirStore;
    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError>;
}

#[async_trait]
impl<T: AtTransactions> FhirStore for Through<T> {
    async fn read(&self, keys: &[ResourceKey]) -> Result<Vec<Option<StoredResource>>, PortError> {
        self.0.store().read(keys).await
    }
    async fn read_version(&self, key: &ResourceKey, n: u64) -> Result<Option<StoredResource>, PortError> {
        self.0.store().read_version(key, n).await
    }
    async fn history(
        &self,
        key: &ResourceKey,
        page: &PageRequest,
    ) -> Result<Page<StoredResource>, PortError> {
        self.0.store().history(key, page).await
    }
    async fn search(&self, search: &Search) -> Result<Page<StoredResource>, PortError> {
        self.0.store().search(search).await
    }
    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError> {
        self.0.transaction(writes).await
    }
}

/// Does every transaction, and tells a conflict all the same for the nth that holds a check.
pub struct ToldLate {
    store: Arc<dyn FhirStore>,
    nth: usize,
    checked: AtomicUsize,
}

impl ToldLate {
    #[must_use]
    pub fn before(store: Arc<dyn FhirStore>, nth: usize) -> Through<Self> {
        Through(Self { store, nth, checked: AtomicUsize::new(0) })
    }
}

impl Through<ToldLate> {
    /// Whether there were so many transactions with a check.
    #[must_use]
    pub fn has_told(&self) -> bool {
        self.0.nth > 0 && self.0.checked.load(Ordering::SeqCst) >= self.0.nth
    }
}

#[async_trait]
impl AtTransactions for ToldLate {
    fn store(&self) -> &dyn FhirStore {
        self.store.as_ref()
    }
    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError> {
        let written = self.store.transaction(writes).await?;
        let checks: Vec<ResourceKey> = writes
            .iter()
            .filter(|write| matches!(write, Write::Check { .. }))
            .map(|write| write.key().clone())
            .collect();
        if !checks.is_empty() && self.checked.fetch_add(1, Ordering::SeqCst) + 1 == self.nth {
            return Err(TransactionError::Conflict(checks));
        }
        Ok(written)
    }
}

/// A storage of the log at whose reads or writes something happens.
#[async_trait]
pub trait AtLog: Send + Sync {
    /// The storage behind it.
    fn storage(&self) -> &dyn LogStorage;
    /// Before anything is written.
    fn before_write(&self) -> Result<(), StorageError> {
        Ok(())
    }
    async fn get(&self, key: &str, limit: usize) -> Result<Option<Object>, StorageError> {
        self.storage().get(key, limit).await
    }
}

#[async_trait]
impl<T: AtLog> LogStorage for Through<T> {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Created, StorageError> {
        self.0.before_write()?;
        self.0.storage().create(key, bytes).await
    }
    async fn get(&self, key: &str, limit: usize) -> Result<Option<Object>, StorageError> {
        self.0.get(key, limit).await
    }
    async fn get_version(
        &self,
        key: &str,
        version: &str,
        limit: usize,
    ) -> Result<Option<Object>, StorageError> {
        self.0.storage().get_version(key, version, limit).await
    }
    async fn written(&self, key: &str) -> Result<Option<SystemTime>, StorageError> {
        self.0.storage().written(key).await
    }
    async fn replace_if(
        &self,
        key: &str,
        bytes: &[u8],
        expected: Option<&Etag>,
    ) -> Result<Replaced, StorageError> {
        self.0.before_write()?;
        self.0.storage().replace_if(key, bytes, expected).await
    }
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError> {
        self.0.before_write()?;
        self.0.storage().put(key, bytes).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, StorageError> {
        self.0.storage().list(prefix, after, limit).await
    }
    async fn rewritten(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<RewrittenListing>, StorageError> {
        self.0.storage().rewritten(prefix, after, limit).await
    }
}
