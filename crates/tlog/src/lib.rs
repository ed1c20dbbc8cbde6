//! A transparency log: bundles, RFC 6962 tiles, signed checkpoints, proofs. Knows nothing of health care.
//!
//! Entries go in and never come out again unnoticed. Any number of writers append, in any processes, to
//! storage that needs no more than conditional writes (S3, or files); nobody coordinates them. Whoever
//! has the public key can check everything from the stored objects alone.
//!
//! # Words
//!
//! * **entry**: an id, a payload (opaque: ciphertext) and a reference to the key that opens it.
//! * **leaf**: what the tree commits to for an entry: id, hash of the payload, key reference ([`Leaf`]).
//! * **bundle**: the entries of one append in one object, created once and never changed: the commit
//!   point, and the only thing that is not derived ([`BundleRef`]).
//! * **head**: where the next bundle goes. Nobody stores it as truth; a writer finds it by probing.
//! * **tile**: 256 hashes or leaves, derived from the bundles (C2SP tlog-tiles), for proofs.
//! * **checkpoint**: the signed statement of size and root (C2SP tlog-checkpoint), [`SignedCheckpoint`].
//! * **tail**: entries behind the last checkpoint: durable, but not signed for yet.
//! * **hand-over**: a checkpoint with which one signing key takes over from another ([`Handover`]).
//! * **witness**: somebody who keeps the newest checkpoint elsewhere and cosigns only what continues it
//!   ([`examine`], [`Cosigner`]).
//! * **index**: where an entry with a given id, or a given key, stands ([`EntryIndex`]); derived too.
//! * **finding**: something that [`verify`] saw to be wrong, with its place and a [`Code`].
//!
//! # How appending works
//!
//! The place of a bundle is its first index, and it is created only if nothing stands there: of all
//! writers that try one place, one wins, so that the log cannot fork. Who loses, or gets no answer,
//! reads the object: its own bytes mean success, another's are stepped over. No place is tried before
//! the index is complete up to it, and no entry whose id the index holds is written: so a crash
//! anywhere loses nothing that was accepted, and bringing the same entries again doubles nothing.
//! Each bundle states the tree that it continues. [`Step`] names the steps.
//!
//! # What verification can say
//!
//! [`verify`] recomputes everything from the bundles and compares it with tiles, checkpoint and index.
//! It cannot see that the *whole* log was taken back to an earlier state, unless it is given a
//! checkpoint that was kept elsewhere ([`VerifyOptions::trusted`]), by a witness, say; nor a replaced tail with everything
//! that derives from it, before a checkpoint covers it.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//! use tlog::memory::{MemoryIndex, MemoryStorage}; // feature `test-support`
//! use tlog::*;
//!
//! struct Opaque; // nothing to be found by but the id
//! #[async_trait::async_trait]
//! impl Describe for Opaque {
//!     async fn describe(&self, entries: &[LoggedEntry]) -> Result<Vec<Description>, DescribeError> {
//!         Ok(vec![Description::Keys(Vec::new()); entries.len()])
//!     }
//! }
//!
//! # fn run<F: Future>(f: F) -> F::Output {
//! #     let mut f = std::pin::pin!(f);
//! #     loop {
//! #         let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
//! #         if let std::task::Poll::Ready(out) = f.as_mut().poll(&mut cx) { return out }
//! #     }
//! # }
//! # run(async {
//! let origin = "example.com/log/a";
//! let log = Log::new(Arc::new(MemoryStorage::new()), LogPaths::new("a")?, origin);
//! let signer = Arc::new(LocalSigner::from_seed(origin, &[1; 32])?);
//! let keys = [signer.verifying_key().clone()];
//! let index = Arc::new(MemoryIndex::new());
//!
//! let mut publisher = Publisher::new(log.clone(), signer, Vec::new());
//! publisher.publish().await?; // the checkpoint of the empty log
//!
//! let mut appender = Appender::new(log.clone(), index.clone(), Arc::new(Opaque), *b"writer 1");
//! let entry = NewEntry::new(EntryId([7; 16]), "ciphertext".into(), b"key 3", Vec::new()).unwrap();
//! let place = appender.append(&[entry.clone()]).await?[0].place;
//! assert_eq!(appender.append(&[entry]).await?[0].place, place); // never twice
//!
//! publisher.publish().await?;
//! let proof = log.prove(place, &keys).await?;
//! assert!(ProofFile::parse(&proof.to_text())?.verify(origin, &keys).is_ok());
//! assert!(verify(&log, &VerifyOptions::new(&keys)).await?.is_clean());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod append;
mod bundle;
mod checkpoint;
mod consistency_file;
mod cosign;
mod error;
mod first;
mod handover;
mod hash;
mod index;
mod leaf;
mod log;
#[cfg(any(test, feature = "test-support"))]
pub mod memory;
mod note;
mod path;
mod proof;
mod proof_file;
mod publish;
mod rebuild;
mod rotate;
mod seal;
mod sign;
mod storage;
mod tile;
mod verify;
mod vkey;
mod witness;
mod witnessed;

pub use append::{Appended, Appender, NewEntry};
pub use bundle::{
    BundleError, BundleRef, EntryRef, MAX_BUNDLE_BYTES, MAX_BUNDLE_ENTRIES, MAX_PAYLOAD_BYTES, Nonce,
};
pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use consistency_file::{ConsistencyFile, ConsistencyFileError, MAX_CONSISTENCY_BYTES};
pub use cosign::{Cosignature, Cosigner, WitnessKey};
pub use error::{LogError, Step};
pub use handover::{Handover, KeyChain};
pub use hash::{Frontier, HASH_LEN, Hash, empty_root, leaf_hash, node_hash, sha256};
pub use index::{
    Coverage, Cursor, Describe, DescribeError, Description, EntryIndex, Hit, Hits, IndexError, IndexKey,
    IndexRow, IndexedBundle, IndexedEntry, LoggedEntry, MAX_IDS, Place, Query, Rekeyed,
};
pub use leaf::{EntryId, LEAF_LEN, LEAF_VERSION, Leaf, MAX_KEY_REF};
pub use log::Log;
pub use note::{MAX_NOTE_BYTES, MAX_SIGNATURES, Note, NoteError, NoteSignature};
pub use path::{Day, LogObject, LogPaths, ShardNameError, TILE_WIDTH, TileId, TileKind};
pub use proof::{ProofError, verify_consistency, verify_inclusion};
pub use proof_file::{MAX_PROOF_BYTES, ProofFile, ProofFileError};
pub use publish::{Advanced, Publisher};
pub use rebuild::{RebuildOptions, rebuild, rebuild_with};
pub use sign::{KeyError, LocalSigner, SignError, Signer, VerifyingKey};
pub use storage::{
    Cause, Created, Etag, Listing, LogStorage, Object, Replaced, Rewritten, RewrittenListing, StorageError,
};
pub use tile::{TileError, parse_hash_tile, parse_leaf_tile};
pub use verify::{
    Code, Finding, KeepState, KeyHandover, Parallel, Report, StateError, VerifyOptions, Witnessed, Work,
    verify,
};
pub use witness::{Refusal, WitnessedLog, examine, stated_origin};
pub use witnessed::WitnessedCheckpoint;
