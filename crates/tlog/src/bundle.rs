//! The entry bundle: what one append writes, in one object; the commit point of the log.
//!
//! All numbers are big-endian.
//!
//! ```text
//! header    magic "TLOGBNDL" (8) ‖ version 1 (1) ‖ nonce (16) ‖ first index (8) ‖ count (4) ‖
//!           root of the tree of everything before (32) ‖ that tree's peaks (32 each, the largest
//!           first, as many as the first index has one bits)
//! table     per entry: leaf length (2) ‖ leaf ‖ payload length (4)
//! checksum  SHA-256 of header and table (32)
//! payloads  one after the other
//! ```
//!
//! The first index is also the size of the tree before. The peaks make a bundle enough to go on
//! appending behind it. The checksum covers the payloads too, through their hashes in the leaves.
//!
//! A bundle without entries *closes* the log: it takes the place that the next entry would have, by the
//! same conditional create, so that nobody can put one there any more.

use std::fmt;

use bytes::Bytes;

use crate::hash::{Frontier, HASH_LEN, Hash, leaf_hash, sha256};
use crate::index::MAX_IDS;
use crate::leaf::{Leaf, LeafRef};

/// The longest bundle, in bytes.
pub const MAX_BUNDLE_BYTES: usize = 16 << 20;
/// The longest payload, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;
/// The most entries in a bundle.
pub const MAX_BUNDLE_ENTRIES: usize = MAX_IDS;

const MAGIC: [u8; 8] = *b"TLOGBNDL";
const VERSION: u8 = 1;
const PER_ENTRY: usize = 2 + 4;
const FIXED_HEADER: usize = MAGIC.len() + 1 + 16 + 8 + 4 + HASH_LEN;

/// Tells the bundle of one attempt to append from all others: a part that is the writer's, unique
/// among writers, and a count of the writer's attempts.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce(pub [u8; 16]);

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({:032x})", u128::from_be_bytes(self.0))
    }
}

/// How many bytes a bundle takes: `first` is its first index, then each entry's leaf and payload length.
pub(crate) fn encoded_len(first: u64, entries: impl Iterator<Item = (usize, usize)>) -> usize {
    let peaks = first.count_ones() as usize * HASH_LEN;
    FIXED_HEADER + peaks + HASH_LEN + entries.map(|(leaf, payload)| PER_ENTRY + leaf + payload).sum::<usize>()
}

/// The most bytes that one more entry adds.
pub(crate) fn entry_len(leaf: &Leaf, payload: &[u8]) -> usize {
    PER_ENTRY + leaf.as_bytes().len() + payload.len()
}

/// The most bytes of a bundle that are not its entries.
pub(crate) const MAX_OVERHEAD: usize = FIXED_HEADER + 64 * HASH_LEN + HASH_LEN;

/// Writes the bundle of these entries behind the tree `before`.
///
/// Lengths are the caller's to keep: at most [`MAX_BUNDLE_ENTRIES`] entries, [`MAX_PAYLOAD_BYTES`] a
/// payload and [`MAX_BUNDLE_BYTES`] in all, or [`BundleRef::parse`] will refuse what was written.
pub(crate) fn encode<'a>(
    before: &Frontier,
    nonce: Nonce,
    entries: impl ExactSizeIterator<Item = (&'a Leaf, &'a [u8])> + Clone,
) -> Vec<u8> {
    let lens = entries.clone().map(|(leaf, payload)| (leaf.as_bytes().len(), payload.len()));
    let mut bytes = Vec::with_capacity(encoded_len(before.size(), lens));
    bytes.extend_from_slice(&MAGIC);
    bytes.push(VERSION);
    bytes.extend_from_slice(&nonce.0);
    bytes.extend_from_slice(&before.size().to_be_bytes());
    bytes.extend_from_slice(&u32::try_from(entries.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(&before.root().0);
    for peak in before.peaks() {
        bytes.extend_from_slice(&peak.0);
    }
    for (leaf, payload) in entries.clone() {
        let leaf = leaf.as_bytes();
        bytes.extend_from_slice(&u16::try_from(leaf.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend_from_slice(leaf);
        bytes.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes());
    }
    let checksum = sha256(&bytes);
    bytes.extend_from_slice(&checksum.0);
    for (_, payload) in entries {
        bytes.extend_from_slice(payload);
    }
    bytes
}

/// Why bytes are not an entry bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Longer than [`MAX_BUNDLE_BYTES`].
    #[error("longer than {MAX_BUNDLE_BYTES} bytes")]
    TooLong,
    /// Ends before it should.
    #[error("ends before it should")]
    Truncated,
    /// Does not begin with the magic bytes.
    #[error("does not begin as an entry bundle")]
    Magic,
    /// A version that this code does not know.
    #[error("an unknown version")]
    Version,
    /// More entries than [`MAX_BUNDLE_ENTRIES`].
    #[error("holds more than {MAX_BUNDLE_ENTRIES} entries")]
    Count,
    /// The last index would be beyond any tree.
    #[error("its indices are beyond any tree")]
    IndexOverflow,
    /// The root is not that of the peaks.
    #[error("the root before it does not belong to its peaks")]
    Root,
    /// A leaf is not of a known format.
    #[error("the leaf of entry {index} is not of a known format")]
    Leaf {
        /// The entry's index in the log.
        index: u64,
    },
    /// A payload is said to be longer than [`MAX_PAYLOAD_BYTES`].
    #[error("the payload of entry {index} is longer than {MAX_PAYLOAD_BYTES} bytes")]
    PayloadLength {
        /// The entry's index in the log.
        index: u64,
    },
    /// The checksum is not that of header and table.
    #[error("the checksum is wrong")]
    Checksum,
    /// Bytes follow the last payload.
    #[error("bytes follow the last payload")]
    TrailingBytes,
}

/// A bundle, read without copying. Its structure and checksum have been checked; payloads are compared
/// with their leaves by [`EntryRef::payload_matches`].
#[derive(Clone, Copy)]
pub struct BundleRef<'a> {
    nonce: Nonce,
    first: u64,
    count: u32,
    root: Hash,
    peaks: &'a [u8],
    table: &'a [u8],
    checksum: Hash,
    payloads: &'a [u8],
}

impl<'a> BundleRef<'a> {
    /// Reads a bundle. Strict: anything that an appender would not have written is an error.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BundleError> {
        let bundle = Self::parse_structure(bytes, true)?;
        if bundle.before().map(|before| before.root()) != Some(bundle.root) {
            return Err(BundleError::Root);
        }
        Ok(bundle)
    }

    /// Reads a bundle of bytes that [`parse`](Self::parse) found sound.
    pub(crate) fn parse_sound(bytes: &'a [u8]) -> Option<Self> {
        Self::parse_structure(bytes, false).ok()
    }

    fn parse_structure(bytes: &'a [u8], sum: bool) -> Result<Self, BundleError> {
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(BundleError::TooLong);
        }
        let whole = bytes;
        let (magic, bytes) = take::<8>(bytes)?;
        if *magic != MAGIC {
            return Err(BundleError::Magic);
        }
        let ([version], bytes) = take::<1>(bytes)?;
        if *version != VERSION {
            return Err(BundleError::Version);
        }
        let (nonce, bytes) = take::<16>(bytes)?;
        let (first, bytes) = take::<8>(bytes)?;
        let (count, bytes) = take::<4>(bytes)?;
        let (root, bytes) = take::<HASH_LEN>(bytes)?;
        let (first, count) = (u64::from_be_bytes(*first), u32::from_be_bytes(*count));
        if count as usize > MAX_BUNDLE_ENTRIES {
            return Err(BundleError::Count);
        }
        if first.checked_add(u64::from(count)).is_none() {
            return Err(BundleError::IndexOverflow);
        }
        let (peaks, bytes) = split(bytes, first.count_ones() as usize * HASH_LEN)?;

        let table = bytes;
        let (mut rest, mut payload_bytes) = (bytes, 0_usize);
        for index in (first..).take(count as usize) {
            let entry = next_row(&mut rest).ok_or(BundleError::Truncated)?;
            if LeafRef::parse(entry.leaf).is_none() {
                return Err(BundleError::Leaf { index });
            }
            if entry.payload_len > MAX_PAYLOAD_BYTES {
                return Err(BundleError::PayloadLength { index });
            }
            payload_bytes += entry.payload_len;
        }
        let (table, _) = split(table, table.len() - rest.len())?;
        let (covered, _) = split(whole, whole.len() - rest.len())?;
        let (checksum, payloads) = take::<HASH_LEN>(rest)?;
        if sum && sha256(covered).0 != *checksum {
            return Err(BundleError::Checksum);
        }
        match payloads.len() {
            len if len < payload_bytes => return Err(BundleError::Truncated),
            len if len > payload_bytes => return Err(BundleError::TrailingBytes),
            _ => {}
        }
        let bundle = Self {
            nonce: Nonce(*nonce),
            first,
            count,
            root: Hash(*root),
            peaks,
            table,
            checksum: Hash(*checksum),
            payloads,
        };
        Ok(bundle)
    }

    /// The nonce of the attempt that wrote it.
    #[must_use]
    pub fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// The index of its first entry: the size of the tree before.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Whether it closes the log: it holds no entry, and stands where the next one would.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.count == 0
    }

    /// The index behind its last entry.
    #[must_use]
    pub fn end(&self) -> u64 {
        // Checked by `parse`.
        self.first.saturating_add(u64::from(self.count))
    }

    /// The root of the tree of everything before.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The hash over all of it (the payloads through their leaves).
    #[must_use]
    pub fn checksum(&self) -> Hash {
        self.checksum
    }

    /// The tree of everything before, as the bundle states it; `None` never for a parsed bundle.
    pub(crate) fn before(&self) -> Option<Frontier> {
        let (peaks, _) = self.peaks.as_chunks::<HASH_LEN>();
        Frontier::from_peaks(self.first, peaks.iter().copied().map(Hash).collect())
    }

    /// Its entries, in order.
    pub fn entries(&self) -> impl Iterator<Item = EntryRef<'a>> + use<'a> {
        let (mut table, mut payloads, first) = (self.table, self.payloads, self.first);
        (0..u64::from(self.count)).map_while(move |at| {
            let row = next_row(&mut table)?;
            let (payload, rest) = payloads.split_at_checked(row.payload_len)?;
            payloads = rest;
            Some(EntryRef { index: first + at, leaf: row.leaf, parts: LeafRef::parse(row.leaf)?, payload })
        })
    }
}

impl fmt::Debug for BundleRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BundleRef")
            .field("first", &self.first)
            .field("count", &self.count)
            .field("nonce", &self.nonce)
            .field("checksum", &self.checksum)
            .finish_non_exhaustive()
    }
}

/// An entry of a bundle, borrowed.
#[derive(Clone, Copy)]
pub struct EntryRef<'a> {
    index: u64,
    leaf: &'a [u8],
    parts: LeafRef<'a>,
    payload: &'a [u8],
}

impl<'a> EntryRef<'a> {
    /// The index in the log.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The entry's id.
    #[must_use]
    pub fn id(&self) -> crate::leaf::EntryId {
        self.parts.id()
    }

    /// The leaf's bytes.
    #[must_use]
    pub fn leaf(&self) -> &'a [u8] {
        self.leaf
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The leaf hash of RFC 6962.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(self.leaf)
    }

    /// Whether the payload is the one that the leaf commits to.
    #[must_use]
    pub fn payload_matches(&self) -> bool {
        sha256(self.payload) == self.parts.payload_hash()
    }

    /// The entry as an owned value that shares the memory of `bundle`, the object it was read from.
    pub(crate) fn to_logged(self, bundle: &Bytes) -> Option<crate::index::LoggedEntry> {
        Some(crate::index::LoggedEntry {
            index: self.index,
            leaf: Leaf::from_bytes(Bytes::copy_from_slice(self.leaf))?,
            payload: bundle.slice_ref(self.payload),
        })
    }
}

impl fmt::Debug for EntryRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryRef").field("index", &self.index).field("id", &self.id()).finish_non_exhaustive()
    }
}

struct Row<'a> {
    leaf: &'a [u8],
    payload_len: usize,
}

fn next_row<'a>(bytes: &mut &'a [u8]) -> Option<Row<'a>> {
    let (leaf_len, rest) = bytes.split_first_chunk::<2>()?;
    let (leaf, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*leaf_len)))?;
    let (payload_len, rest) = rest.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(Row { leaf, payload_len: usize::try_from(u32::from_be_bytes(*payload_len)).ok()? })
}

fn take<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8]), BundleError> {
    bytes.split_first_chunk::<N>().ok_or(BundleError::Truncated)
}

fn split(bytes: &[u8], at: usize) -> Result<(&[u8], &[u8]), BundleError> {
    bytes.split_at_checked(at).ok_or(BundleError::Truncated)
}
