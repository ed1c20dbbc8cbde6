//! How many requests of an operation a second takes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::operation::Operation;

/// Requests a second for each operation. Clones share the count.
#[derive(Debug, Clone)]
pub struct Quota {
    each: usize,
    snomed: usize,
    taken: Arc<Mutex<HashMap<Operation, VecDeque<Instant>>>>,
}

impl Default for Quota {
    /// That of an account which asked for no other.
    fn default() -> Self {
        Self::of(40, 2)
    }
}

impl Quota {
    /// So many for each operation, and for `InferSNOMEDCT`.
    #[must_use]
    pub fn of(each: usize, snomed: usize) -> Self {
        Self { each, snomed, taken: Arc::default() }
    }

    pub(super) fn admits(&self, operation: Operation) -> bool {
        let most = if operation == Operation::Snomed { self.snomed } else { self.each };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = taken.entry(operation).or_default();
        let now = Instant::now();
        while taken.front().is_some_and(|then| now.duration_since(*then) >= Duration::from_secs(1)) {
            taken.pop_front();
        }
        // A client that spreads its requests evenly may have as many in hand as a bucket holds.
        let admitted = taken.len() < most.saturating_mul(2);
        if admitted {
            taken.push_back(now);
        }
        admitted
    }
}
