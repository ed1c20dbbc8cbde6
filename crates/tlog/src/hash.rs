//! Hashes of RFC 6962 §2.1, and [`Frontier`], a tree of any size in the space of its right edge.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256, digest};

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, std::hash::Hash)]
pub struct Hash(pub [u8; 32]);

/// The length of a hash, in bytes.
pub const HASH_LEN: usize = 32;

impl fmt::Display for Hash {
    /// Hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

fn from_digest(digest: &[u8]) -> Hash {
    // SHA-256 gives 32 bytes, always.
    Hash(digest.try_into().unwrap_or([0; HASH_LEN]))
}

/// Plain SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Hash {
    from_digest(digest(&SHA256, bytes).as_ref())
}

/// The hash of a leaf: `SHA-256(0x00 ‖ leaf)`, RFC 6962 §2.1.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    // On the stack: a context is allocated, which costs as much as hashing a short leaf.
    let mut bytes = [0; 256];
    if let Some((_, rest)) = bytes.split_first_mut()
        && let Some(place) = rest.get_mut(..leaf.len())
    {
        place.copy_from_slice(leaf);
        if let Some(whole) = bytes.get(..=leaf.len()) {
            return sha256(whole);
        }
    }
    let mut context = Context::new(&SHA256);
    context.update(&[0]);
    context.update(leaf);
    from_digest(context.finish().as_ref())
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)`, RFC 6962 §2.1.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 1 + 2 * HASH_LEN];
    let (_, hashes) = bytes.split_at_mut(1);
    let (to_left, to_right) = hashes.split_at_mut(HASH_LEN);
    to_left.copy_from_slice(&left.0);
    to_right.copy_from_slice(&right.0);
    sha256(&bytes)
}

/// The root of the empty tree: `SHA-256("")`, RFC 6962 §2.1.
#[must_use]
pub fn empty_root() -> Hash {
    sha256(b"")
}

/// A Merkle tree reduced to what is needed to append to it and to tell its root: the roots of the
/// complete subtrees that it decomposes into, the largest first; as many as its size has one bits.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree of this size with these peaks, the largest first; `None` if their number does not fit.
    #[must_use]
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (u64::from(size.count_ones()) == peaks.len() as u64).then_some(Self { size, peaks })
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, the largest first.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf by its hash. `false`, without effect, when the tree is full (2⁶⁴ − 1 leaves).
    #[must_use]
    pub fn push(&mut self, leaf: Hash) -> bool {
        self.push_with(leaf, |_, _| {})
    }

    /// Appends a leaf and tells of every complete subtree that this completes: its height (0 for the
    /// leaf itself) and root, in ascending order.
    pub(crate) fn push_with(&mut self, leaf: Hash, mut completed: impl FnMut(u32, &Hash)) -> bool {
        let Some(size) = self.size.checked_add(1) else { return false };
        let mut hash = leaf;
        completed(0, &hash);
        for height in 1..=self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
                completed(height, &hash);
            }
        }
        self.peaks.push(hash);
        self.size = size;
        true
    }

    /// The Merkle tree hash, RFC 6962 §2.1.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}
