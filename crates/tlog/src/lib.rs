//! A transparency log: bundles, RFC 6962 tiles, signed checkpoints, proofs. Knows nothing of health care.

mod append;
mod bundle;
mod checkpoint;
mod error;
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
mod sign;
mod storage;
mod tile;
mod verify;

pub use append::{Appended, Appender, NewEntry};
pub use bundle::{
    BundleError, BundleRef, EntryRef, MAX_BUNDLE_BYTES, MAX_BUNDLE_ENTRIES, MAX_PAYLOAD_BYTES, Nonce,
};
pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use error::{LogError, Step};
pub use hash::{Frontier, HASH_LEN, Hash, empty_root, leaf_hash, node_hash, sha256};
pub use index::{
    Coverage, Cursor, Describe, DescribeError, Description, EntryIndex, Hit, Hits, IndexError, IndexKey,
    IndexRow, IndexedBundle, IndexedEntry, LoggedEntry, MAX_IDS, Place, Query,
};
pub use leaf::{EntryId, LEAF_LEN, LEAF_VERSION, Leaf, MAX_KEY_REF};
pub use log::Log;
pub use note::{MAX_NOTE_BYTES, MAX_SIGNATURES, Note, NoteError, NoteSignature};
pub use path::{LogObject, LogPaths, ShardNameError, TILE_WIDTH, TileId, TileKind};
pub use proof::{ProofError, verify_consistency, verify_inclusion};
pub use proof_file::{MAX_PROOF_BYTES, ProofFile, ProofFileError};
pub use publish::Publisher;
pub use rebuild::rebuild;
pub use sign::{KeyError, LocalSigner, SignError, Signer, VerifyingKey};
pub use storage::{
    Cause, Created, Etag, Listing, LogStorage, Object, Replaced, Rewritten, RewrittenListing, StorageError,
};
pub use tile::{TileError, parse_hash_tile, parse_leaf_tile};
pub use verify::{Code, Finding, Report, VerifyOptions, verify};
