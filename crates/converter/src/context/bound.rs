//! Bounds against messages that are made to hurt: time and memory grow with the size of a message, not with its square.

use std::collections::HashSet;
use std::hash::Hash;

use hl7v2::Place;

use super::Context;

/// How many bytes of a message may be written again because they are said of several things: as many as a message
/// may have. Real ones need some hundreds; one that says much of many would need memory by the square of its size.
const MOST_COPIED: usize = 4 << 20;

/// What a reference to something else counts among the bytes that are copied.
pub(crate) const REFERENCE: usize = 64;

/// With how many members a new one is compared. No real list is that long; in a message made to hurt, each member
/// of a list of ten thousands would be compared with all others.
const COMPARED: usize = 256;

/// Adds to a list what is not in it yet.
pub(crate) fn add_new<T: PartialEq>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for item in more {
        let latest = list.len().saturating_sub(COMPARED);
        if !list.get(latest..).is_some_and(|latest| latest.contains(&item)) {
            list.push(item);
        }
    }
}

/// The same of one thing at a time, where there may be tens of thousands of them: what has another key is not in the
/// list. All of the list must have come so.
pub(crate) fn add_new_by<T: PartialEq, K: Eq + Hash>(
    list: &mut Vec<T>,
    seen: &mut HashSet<K>,
    key: K,
    item: T,
) {
    if seen.insert(key) {
        list.push(item);
    } else {
        add_new(list, [item]);
    }
}

impl Context<'_, '_> {
    /// Whether what is said once may be written with each of several things: so many bytes, with `more` things
    /// beside the first. All that a message asks for is counted; beyond [`MOST_COPIED`] it is refused as a whole.
    pub(crate) fn may_copy(&mut self, bytes: usize, more: usize, at: Place) -> bool {
        self.copied = self.copied.saturating_add(bytes.saturating_mul(more));
        if self.copied > MOST_COPIED {
            self.too_many_copies.get_or_insert(at);
        }
        self.too_many_copies.is_none()
    }
}
