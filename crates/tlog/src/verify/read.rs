//! Bundles, read and hashed: one after the other, or several ahead of the one that is compared.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_channel::oneshot;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;

use super::Run;
use crate::bundle::{BundleRef, MAX_BUNDLE_BYTES};
use crate::error::{LogError, Step};
use crate::hash::{Frontier, Hash};
use crate::index::{Describe, Description};
use crate::log::{BUNDLES_PAGE, Log};
use crate::path::LogObject;
use crate::storage::StorageError;

/// The most bundles that are held at a time.
const MAX_AHEAD: usize = 16;

/// A piece of work for another thread.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where bundles are read and hashed beside each other. This crate has no threads of its own.
#[derive(Clone)]
pub struct Parallel {
    jobs: usize,
    spawn: Arc<dyn Fn(Work) + Send + Sync>,
}

impl Parallel {
    /// So many jobs at a time (twice as many bundles are held in memory, 16 at most), each handed to `spawn`,
    /// which runs it to its end on any thread.
    pub fn new(jobs: usize, spawn: impl Fn(Work) + Send + Sync + 'static) -> Self {
        Self { jobs: jobs.max(1), spawn: Arc::new(spawn) }
    }

    /// `None` when the work was dropped, or panicked.
    async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (tell, told) = oneshot::channel();
        (self.spawn)(Box::pin(async move { drop(tell.send(work.await)) }));
        told.await.ok()
    }
}

impl fmt::Debug for Parallel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parallel").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

/// The object at a key under `entries/`.
pub(super) struct Item {
    pub(super) key: String,
    /// First index by the key, and what was read; `None`: not the key of a bundle.
    pub(super) bundle: Option<(u64, Result<Sound, Unsound>)>,
}

/// A bundle whose structure is right.
pub(super) struct Sound {
    bytes: Bytes,
    /// The tree before it, as it states.
    pub(super) before: Frontier,
    /// One for each entry, in order.
    pub(super) entries: Vec<ReadEntry>,
}

pub(super) struct ReadEntry {
    pub(super) leaf_hash: Hash,
    pub(super) payload_matches: bool,
    /// `None` when payloads are not opened, or this one is not the one that was logged.
    pub(super) description: Option<Description>,
}

/// Why there is no bundle to be compared.
pub(super) enum Unsound {
    /// It is not one; how.
    Damaged(String),
    /// Nobody can say.
    Failed(LogError),
}

impl Sound {
    /// The bundle itself.
    pub(super) fn bundle(&self) -> Option<BundleRef<'_>> {
        BundleRef::parse_sound(&self.bytes)
    }
}

impl<'a> Run<'a> {
    /// Reads the entries in order, from behind the key that was passed last.
    pub(super) async fn read_entries(&mut self) -> Result<(), LogError> {
        let window = match self.options.parallel {
            Some(parallel) if parallel.jobs > 1 => (2 * parallel.jobs).min(MAX_AHEAD),
            _ => 1,
        };
        let mut keys = Keys::new(self);
        let mut ahead = FuturesOrdered::new();
        loop {
            while ahead.len() < window
                && let Some(key) = keys.next(self.log).await?
            {
                ahead.push_back(self.item(key));
            }
            let Some(item) = ahead.next().await else { return Ok(()) };
            self.next_object(item).await?;
        }
    }

    fn item(&self, key: String) -> impl Future<Output = Item> + use<'a> {
        let (log, options) = (self.log, self.options);
        let version = self.firsts.get(&key).cloned();
        async move {
            let Some(LogObject::Bundle { first }) = log.paths().object(&key) else {
                return Item { key, bundle: None };
            };
            let work = read(log.clone(), key.clone(), first, version);
            let read = match options.parallel {
                Some(parallel) => parallel.run(work).await.unwrap_or_else(|| {
                    let source = StorageError::transient("a job was not finished");
                    Err(Unsound::Failed(LogError::Storage { step: Step::Read, source }))
                }),
                None => work.await,
            };
            let read = match (read, options.describe) {
                (Ok(sound), Some(describe)) => open(describe, sound).await.map_err(Unsound::Failed),
                (read, _) => read,
            };
            Item { key, bundle: Some((first, read)) }
        }
    }
}

/// Reads a bundle and hashes what is in it.
async fn read(log: Log, key: String, first: u64, version: Option<String>) -> Result<Sound, Unsound> {
    let object = match &version {
        Some(version) => log.get_version(&key, version, MAX_BUNDLE_BYTES).await,
        None => log.get(&key, MAX_BUNDLE_BYTES, Step::Read).await,
    };
    let bytes = match object {
        Ok(object) => object.map(|object| object.bytes).unwrap_or_default(),
        Err(error) => return Err(error.of_one_object().map_or(Unsound::Failed(error), Unsound::Damaged)),
    };
    let bundle = BundleRef::parse(&bytes).map_err(|error| Unsound::Damaged(error.to_string()))?;
    if bundle.first() != first {
        return Err(Unsound::Damaged("states another first index than its key".to_owned()));
    }
    let before = bundle.before().unwrap_or_default();
    let entries = bundle.entries().map(|entry| ReadEntry {
        leaf_hash: entry.leaf_hash(),
        payload_matches: entry.payload_matches(),
        description: None,
    });
    let entries = entries.collect();
    Ok(Sound { bytes, before, entries })
}

/// Opens the payloads. An altered one is a finding of its own; it is not handed on to be opened.
async fn open(describe: &dyn Describe, mut sound: Sound) -> Result<Sound, LogError> {
    let mut logged = Vec::with_capacity(sound.entries.len());
    if let Some(bundle) = BundleRef::parse_sound(&sound.bytes) {
        let matching = bundle.entries().zip(&sound.entries).filter(|(_, read)| read.payload_matches);
        logged.extend(matching.filter_map(|(entry, _)| entry.to_logged(&sound.bytes)));
    }
    let told =
        describe.describe(&logged).await.map_err(|source| LogError::Describe { step: Step::Read, source })?;
    let matching = sound.entries.iter_mut().filter(|read| read.payload_matches);
    for (read, description) in matching.zip(told) {
        read.description = Some(description);
    }
    Ok(sound)
}

/// The keys under `entries/`, in order, page by page; among them those that a delete marker hides, which stand
/// in no listing, but in their place all the same.
struct Keys {
    prefix: String,
    page: std::vec::IntoIter<String>,
    after: Option<String>,
    more: bool,
    listed: Option<String>,
    hidden: std::iter::Peekable<std::vec::IntoIter<String>>,
}

impl Keys {
    fn new(run: &Run<'_>) -> Self {
        let prefix = run.log.paths().bundles();
        let after = run.passed.0.clone();
        let behind = |key: &&String| after.as_ref().is_none_or(|after| *key > after);
        let hidden = run.firsts.keys().filter(|key| key.starts_with(&prefix)).filter(behind);
        let hidden: Vec<String> = hidden.cloned().collect();
        Self {
            hidden: hidden.into_iter().peekable(),
            prefix,
            page: Vec::new().into_iter(),
            after,
            more: true,
            listed: None,
        }
    }

    async fn next(&mut self, log: &Log) -> Result<Option<String>, LogError> {
        if self.listed.is_none() {
            self.listed = self.next_listed(log).await?;
        }
        let Some(listed) = &self.listed else { return Ok(self.hidden.next()) };
        if let Some(hidden) = self.hidden.next_if(|hidden| hidden < listed) {
            return Ok(Some(hidden));
        }
        self.hidden.next_if_eq(listed);
        Ok(self.listed.take())
    }

    async fn next_listed(&mut self, log: &Log) -> Result<Option<String>, LogError> {
        loop {
            if let Some(key) = self.page.next() {
                return Ok(Some(key));
            }
            if !self.more {
                return Ok(None);
            }
            let page = log.list_pages_of(BUNDLES_PAGE, &self.prefix, self.after.as_deref()).await?;
            self.more = page.more && !page.keys.is_empty();
            self.after = page.keys.last().cloned().or(self.after.take());
            self.page = page.keys.into_iter();
        }
    }
}
