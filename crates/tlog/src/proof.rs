//! Inclusion and consistency proofs (RFC 6962 §2.1.1, §2.1.2), generated and verified.

use std::ops::Range;

use crate::hash::{Hash, empty_root, node_hash};

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index or the smaller size is outside the tree.
    #[error("the index or size is outside the tree")]
    OutOfRange,
    /// The number of hashes is not that of such a proof.
    #[error("a proof of another length")]
    Length,
    /// The hashes do not lead to the root.
    #[error("the hashes do not lead to the root")]
    Mismatch,
}

/// Whether `leaf` (its hash) stands at `index` in the tree of this size and root (RFC 9162 §2.1.3.2).
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, hash == root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Mismatch),
        _ => Err(ProofError::Length),
    }
}

/// Whether the tree of `new_size` and `new_root` only appends to that of `old_size` and `old_root`
/// (RFC 9162 §2.1.4.2). Every tree appends to the empty one; equal sizes need equal roots and no hashes.
pub fn verify_consistency(
    old_size: u64,
    old_root: Hash,
    new_size: u64,
    new_root: Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if old_size > new_size {
        return Err(ProofError::OutOfRange);
    }
    if old_size == 0 || old_size == new_size {
        let same = if old_size == 0 { old_root == empty_root() } else { old_root == new_root };
        return match (path.is_empty(), same && (new_size > 0 || new_root == empty_root())) {
            (false, _) => Err(ProofError::Length),
            (true, false) => Err(ProofError::Mismatch),
            (true, true) => Ok(()),
        };
    }
    let whole = old_size.is_power_of_two().then_some(old_root);
    let mut hashes = whole.iter().chain(path);
    let first = *hashes.next().ok_or(ProofError::Length)?;
    let (mut node, mut last) = (old_size - 1, new_size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (first, first);
    for hash in hashes {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, old == old_root && new == new_root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Mismatch),
        _ => Err(ProofError::Length),
    }
}

/// The ranges of leaves whose tree hashes are the inclusion proof (RFC 6962 §2.1.1, `PATH`).
pub(crate) fn inclusion_ranges(index: u64, size: u64) -> Vec<Range<u64>> {
    let (mut ranges, mut tree) = (Vec::new(), 0..size);
    while index < tree.end && tree.end - tree.start > 1 {
        let middle = tree.start + split(tree.end - tree.start);
        if index < middle {
            ranges.push(middle..tree.end);
            tree.end = middle;
        } else {
            ranges.push(tree.start..middle);
            tree.start = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The ranges of leaves whose tree hashes are the consistency proof (RFC 6962 §2.1.2, `PROOF`).
pub(crate) fn consistency_ranges(old_size: u64, new_size: u64) -> Vec<Range<u64>> {
    let (mut ranges, mut tree) = (Vec::new(), 0..new_size);
    if old_size == 0 || old_size >= new_size {
        return ranges;
    }
    while tree.end != old_size {
        let middle = tree.start + split(tree.end - tree.start);
        if old_size <= middle {
            ranges.push(middle..tree.end);
            tree.end = middle;
        } else {
            ranges.push(tree.start..middle);
            tree.start = middle;
        }
    }
    if tree.start > 0 {
        ranges.push(tree);
    }
    ranges.reverse();
    ranges
}

/// The ranges of leaves beside `range` whose tree hashes, with the leaves of `range`, give the root of the tree of
/// `size` leaves: from left to right, each as large as the tree has it.
pub(crate) fn excerpt_ranges(range: &Range<u64>, size: u64) -> Vec<Range<u64>> {
    let mut beside = Vec::new();
    // Right parts wait while the left one is gone through.
    let whole = 0..size;
    let mut waiting = vec![whole];
    while let Some(tree) = waiting.pop() {
        if tree.end <= range.start || tree.start >= range.end {
            if tree.start < tree.end {
                beside.push(tree);
            }
        } else if tree.end - tree.start > 1 {
            // What lies whole within the range is known by its leaves.
            if tree.start >= range.start && tree.end <= range.end {
                continue;
            }
            let middle = tree.start + split(tree.end - tree.start);
            waiting.push(middle..tree.end);
            waiting.push(tree.start..middle);
        }
    }
    beside
}

/// The complete subtrees that a range of leaves, as proofs have them, consists of: height and number,
/// from the left. Their hashes, joined by [`join`], are the tree hash of the range.
pub(crate) fn subtrees(range: &Range<u64>) -> Vec<(u32, u64)> {
    let (mut start, mut parts) = (range.start, Vec::new());
    while start < range.end {
        let height = (range.end - start).ilog2();
        parts.push((height, start >> height));
        start += 1 << height;
    }
    parts
}

/// The tree hash of subtrees from the largest to the smallest; `None` for no subtrees.
pub(crate) fn join(parts: &[Hash]) -> Option<Hash> {
    let (last, rest) = parts.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

/// The largest power of two below `n`, for `n` above 1.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}
