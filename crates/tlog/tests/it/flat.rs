//! Verification keeps no more in memory for a long log than for a short one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use tlog::memory::MemoryStorage;
use tlog::{LogStorage, Object, StorageError, VerifyOptions, verify};
use zorgsluis_contract::through::{AtLog, Through};

use crate::support::{World, entries, log_on, run};

/// Counts the bytes handed out and not yet given back.
struct Counting {
    inner: Arc<MemoryStorage>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    now: AtomicUsize,
    most: AtomicUsize,
}

struct Lent {
    bytes: Bytes,
    counts: Arc<Counts>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.counts.now.fetch_sub(self.bytes.len(), Ordering::SeqCst);
    }
}

#[async_trait]
impl AtLog for Counting {
    fn storage(&self) -> &dyn LogStorage {
        self.inner.as_ref()
    }
    async fn get(&self, key: &str, limit: usize) -> Result<Option<Object>, StorageError> {
        Ok(self.inner.get(key, limit).await?.map(|object| {
            let now = self.counts.now.fetch_add(object.bytes.len(), Ordering::SeqCst) + object.bytes.len();
            self.counts.most.fetch_max(now, Ordering::SeqCst);
            let lent = Lent { bytes: object.bytes, counts: self.counts.clone() };
            Object { bytes: Bytes::from_owner(lent), etag: object.etag }
        }))
    }
}

#[test]
fn verification_holds_one_bundle_at_a_time() {
    let most = |bundles: u64| {
        let world = World::new();
        let mut appender = world.appender(1);
        for bundle in 0..bundles {
            run(appender.append(&entries(bundle * 100..(bundle + 1) * 100))).unwrap();
        }
        world.publish();
        let counts = Arc::new(Counts::default());
        let log =
            log_on(Arc::new(Through(Counting { inner: world.storage.clone(), counts: counts.clone() })));
        let report = run(verify(&log, &VerifyOptions::new(&world.keys))).unwrap();
        assert!(report.is_clean());
        assert_eq!(report.size, bundles * 100);
        assert_eq!(counts.now.load(Ordering::SeqCst), 0);
        counts.most.load(Ordering::SeqCst)
    };
    let (short, long) = (most(30), most(600));
    assert!(short > 0 && long < short + 16_384 + 2048, "{short} {long}");
}
