//! [`Publisher::seal`]: closes a log for good.

use crate::append::extend;
use crate::bundle::{Nonce, encode};
use crate::checkpoint::SignedCheckpoint;
use crate::error::{LogError, Step};
use crate::hash::Frontier;
use crate::leaf::Leaf;
use crate::log::{ATTEMPTS, Log};
use crate::note::MAX_NOTE_BYTES;
use crate::path::LogObject;
use crate::publish::Publisher;
use crate::storage::{Created, StorageError};

/// How many bundles of others are stepped over before the place behind them is got.
const OVERTAKEN: usize = 10_000;

/// Nobody asks whose bundle it is that closes a log: whoever wrote it, the log is closed.
const NONCE: Nonce = Nonce([0; 16]);

impl Publisher {
    /// Covers all entries and closes the log for good. A bundle without entries takes the next place, by the same
    /// conditional create as any other: who had the head in mind finds the place taken, and the log closed. Whatever
    /// was there first is an entry of the log, and covered. The seal is a copy of the last checkpoint, for those who
    /// look before they look for the head.
    ///
    /// Cut off at any point, it is ended by calling it again; done already, it changes nothing.
    ///
    /// A key that took over in the same moment, over the same entries, leaves a checkpoint that is no copy of the
    /// seal: it says the same of the log, and [`verify`](crate::verify) takes it for the same.
    ///
    /// # Errors
    ///
    /// [`LogError::Sealed`], and nothing is changed, where a seal stands and entries behind it: they are for
    /// [`verify`](crate::verify) to name, and no checkpoint may cover them.
    pub async fn seal(&mut self) -> Result<SignedCheckpoint, LogError> {
        if let Some(stands) = self.log.seal(&self.keys).await? {
            let size = stands.checkpoint().size;
            if self.log.bundle_bytes(size, Step::ReadSeal).await?.is_some()
                && !self.log.is_closed_at(size).await?
            {
                return Err(LogError::Sealed);
            }
        }
        let covered = self.publish().await?;
        let size = covered.checkpoint().size;
        let head = self.log.frontier(size, size).await?;
        if head.root() != covered.checkpoint().root {
            return Err(LogError::TilesDamaged { size });
        }
        self.close(head).await?;
        let signed = self.publish().await?;
        let (key, text) = (self.log.paths().key(LogObject::Sealed), signed.to_text());
        for _ in 0..ATTEMPTS {
            match self.log.storage().create(&key, text.as_bytes()).await {
                Ok(Created::New) => return Ok(signed),
                Ok(Created::AlreadyExists) | Err(StorageError::Transient(_)) => {}
                Err(source) => return Err(LogError::Storage { step: Step::WriteSeal, source }),
            }
            match self.log.get(&key, MAX_NOTE_BYTES, Step::WriteSeal).await? {
                Some(object) if object.bytes == text.as_bytes() => return Ok(signed),
                Some(_) => {}
                None => continue,
            }
            match self.log.seal(&self.keys).await? {
                Some(stands) if says_the_same(&stands, &signed) => return Ok(stands),
                Some(_) => return Err(LogError::Sealed),
                None => {}
            }
        }
        Err(LogError::OutcomeUnknown)
    }

    /// Takes the place at the head, behind whatever others put there first.
    async fn close(&self, mut head: Frontier) -> Result<(), LogError> {
        let mut unanswered = 0;
        for _ in 0..OVERTAKEN {
            let bytes = encode(&head, NONCE, std::iter::empty::<(&Leaf, &[u8])>());
            let object = self.log.paths().bundle(head.size());
            let taken = match self.log.storage().create(&object, &bytes).await {
                Ok(Created::New) => return Ok(()),
                Ok(Created::AlreadyExists) => true,
                Err(source) if source.is_transient() && unanswered < ATTEMPTS => {
                    unanswered += 1;
                    false
                }
                Err(source) => return Err(LogError::Storage { step: Step::Close, source }),
            };
            let found = match self.log.bundle_bytes(head.size(), Step::ReadBack).await? {
                Some(found) => found,
                None if taken => return Err(LogError::Vanished { object }),
                None => continue,
            };
            let bundle = self.log.parse_bundle(&found, head.size())?;
            if bundle.before().as_ref() != Some(&head) {
                return Err(LogError::ChainBroken { object });
            }
            if bundle.is_closing() {
                return Ok(());
            }
            extend(&mut head, &bundle)?;
        }
        Err(LogError::Contended)
    }
}

/// Whether both are of the same entries, whoever signed them.
pub(crate) fn says_the_same(one: &SignedCheckpoint, other: &SignedCheckpoint) -> bool {
    let of = |signed: &SignedCheckpoint| (signed.checkpoint().size, signed.checkpoint().root);
    of(one) == of(other)
}

impl Log {
    /// Whether the bundle that closes the log stands at this index.
    pub(crate) async fn is_closed_at(&self, size: u64) -> Result<bool, LogError> {
        match self.bundle_bytes(size, Step::ReadSeal).await? {
            Some(bytes) => Ok(self.parse_bundle(&bytes, size)?.is_closing()),
            None => Ok(false),
        }
    }
}
