//! A transparency log: bundles, RFC 6962 tiles, signed checkpoints, proofs. Knows nothing of health care.

mod hash;
mod index;
mod leaf;
mod sign;
mod storage;

pub use hash::{Frontier, HASH_LEN, Hash, empty_root, leaf_hash, node_hash, sha256};
pub use index::{
    Coverage, Cursor, Describe, DescribeError, Description, EntryIndex, Hit, Hits, IndexError, IndexKey,
    IndexRow, IndexedBundle, IndexedEntry, LoggedEntry, MAX_IDS, Place, Query,
};
pub use leaf::{EntryId, LEAF_LEN, LEAF_VERSION, Leaf, MAX_KEY_REF};
pub use sign::{KeyError, LocalSigner, SignError, Signer, VerifyingKey};
pub use storage::{
    Cause, Created, Etag, Listing, LogStorage, Object, Replaced, Rewritten, RewrittenListing, StorageError,
};
