//! The index against what the entries give.

use std::collections::VecDeque;

use super::report::Findings;
use super::state::SavedIndex;
use super::{Code, coverage};
use crate::append::retrying;
use crate::bundle::{BundleRef, EntryRef};
use crate::error::{LogError, Step};
use crate::index::{Coverage, Describe, Description, EntryIndex, IndexKey, IndexRow};
use crate::log::Log;

const PAGE: usize = 1000;

/// Reads the rows alongside the entries.
pub(super) struct IndexCheck<'a> {
    index: &'a dyn EntryIndex,
    describe: Option<&'a dyn Describe>,
    /// What the index covered at the start: entries up to there must have their rows.
    coverage: Coverage,
    rows: VecDeque<IndexRow>,
    /// Where to read on; `None` when there is no more.
    next: Option<u64>,
    /// Rows below this belong to entries that could not be read.
    skip: u64,
    /// A bundle was found that ends where the coverage does and is the one that it names.
    coverage_fits: bool,
    /// First index of the last bundle of which a row stands behind the coverage.
    ahead: Option<u64>,
    /// Rows of an older scheme were found; said once.
    outdated: bool,
}

impl<'a> IndexCheck<'a> {
    pub(super) async fn start(
        index: &'a dyn EntryIndex,
        describe: Option<&'a dyn Describe>,
    ) -> Result<Self, LogError> {
        let coverage = coverage(index).await?;
        Ok(Self {
            index,
            describe,
            coverage,
            rows: VecDeque::new(),
            next: Some(0),
            skip: 0,
            coverage_fits: false,
            ahead: None,
            outdated: false,
        })
    }

    pub(super) fn save(&self) -> SavedIndex {
        SavedIndex {
            through: self.coverage.through,
            last_bundle: self.coverage.last_bundle,
            fits: self.coverage_fits,
            ahead: self.ahead,
            skip: self.skip,
            outdated: self.outdated,
        }
    }

    /// Goes on at entry `size`, as if the index had been read since `saved` was. `None` if it has gone back.
    pub(super) fn restore(mut self, saved: &SavedIndex, size: u64) -> Option<Self> {
        if self.coverage.through < saved.through {
            return None;
        }
        self.coverage = saved.coverage();
        (self.coverage_fits, self.ahead, self.skip) = (saved.fits, saved.ahead, saved.skip);
        self.outdated = saved.outdated;
        self.next = Some(size);
        Some(self)
    }

    /// Rows below this index belong to entries that could not be read: passed over.
    pub(super) fn skip_to(&mut self, index: u64) {
        self.skip = self.skip.max(index);
        self.rows.retain(|row| row.index >= index);
        if self.rows.is_empty() {
            self.next = self.next.map(|next| next.max(index));
        }
    }

    /// The bundle that the coverage names must end where the coverage does.
    pub(super) fn bundle(&mut self, bundle: &BundleRef<'_>, findings: &mut Findings) {
        let named = self.coverage.last_bundle == Some(bundle.first());
        let ends = self.coverage.through == bundle.end();
        if named != ends {
            findings.add(Code::IndexCoverage, None, Some(bundle.first()));
        }
        self.coverage_fits |= named || ends;
    }

    /// Compares the row of an entry.
    pub(super) async fn entry(
        &mut self,
        entry: &EntryRef<'_>,
        bundle: u64,
        description: Option<&Description>,
        findings: &mut Findings,
    ) -> Result<(), LogError> {
        let at = entry.index();
        let mut found = false;
        while let Some(row) = self.next_row_through(at).await? {
            if row.index < at || found {
                findings.add(Code::IndexExtra, None, Some(row.index));
                continue;
            }
            found = true;
            let outdated = self.describe.is_some_and(|describe| describe.is_outdated(&row.keys));
            if outdated && !self.outdated {
                findings.add(Code::IndexOutdated, None, Some(at));
            }
            self.outdated |= outdated;
            let keys_fit = match description {
                _ if outdated => true,
                Some(Description::Keys(keys)) => same_keys(keys, &row.keys),
                // Without a description nothing can be said; erasing takes the keys along, or did not yet.
                _ => true,
            };
            let covered = at < self.coverage.through;
            if !covered {
                self.ahead = self.ahead.max(Some(bundle));
            }
            // Of a bundle that is just being recorded not all keys need stand there.
            let whole = row.whole || !covered;
            if row.id != Some(entry.id()) || row.bundle != bundle || !keys_fit || !whole {
                findings.add(Code::IndexAltered, None, Some(at));
            }
        }
        if !found && at < self.coverage.through {
            let ids = [entry.id()];
            let elsewhere = retrying(Step::CheckIds, || self.index.places(&ids)).await?;
            let code = match elsewhere.first() {
                Some(Some(place)) if place.index != at => Code::EntryDoubled,
                _ => Code::IndexMissing,
            };
            findings.add(code, None, Some(at));
        }
        Ok(())
    }

    /// What is left must be rows of entries that were appended meanwhile. Returns how many entries the
    /// index did not cover when the verification began.
    pub(super) async fn finish(
        &mut self,
        log: &Log,
        size: u64,
        lost: bool,
        sealed: bool,
        findings: &mut Findings,
    ) -> Result<u64, LogError> {
        // Behind a damaged last bundle nobody knows how many entries there are.
        if !lost {
            if self.coverage.through > size {
                findings.add(Code::IndexAhead, None, Some(size));
            }
            let covers_some = self.coverage.through > 0 || self.coverage.last_bundle.is_some();
            if covers_some && self.coverage.through <= size && !self.coverage_fits && self.skip == 0 {
                findings.add(Code::IndexCoverage, None, Some(self.coverage.through));
            }
            let mut appended_meanwhile = None;
            while let Some(row) = self.next_row_through(u64::MAX).await? {
                let meanwhile = match appended_meanwhile {
                    Some(known) => known,
                    None => {
                        let next = log.bundle_bytes(size, Step::Read).await;
                        let there = match next {
                            // What closes the log says that nobody appended.
                            Ok(next) => next.is_some_and(|bytes| {
                                !BundleRef::parse(&bytes).is_ok_and(|bundle| bundle.is_closing())
                            }),
                            Err(error) if error.of_one_object().is_some() => true,
                            Err(error) => return Err(error),
                        };
                        *appended_meanwhile.insert(there)
                    }
                };
                if row.index < size || row.index < self.coverage.through || !meanwhile {
                    findings.add(Code::IndexExtra, None, Some(row.index));
                }
            }
        }
        self.coverage_took_place(size, sealed, findings).await?;
        Ok(size.saturating_sub(self.coverage.through))
    }

    /// Rows of a bundle are recorded only when everything before it is covered, and coverage never goes back: if
    /// rows stand further behind it, it was taken back. In a sealed log nobody is going to cover the rest.
    async fn coverage_took_place(
        &self,
        size: u64,
        sealed: bool,
        findings: &mut Findings,
    ) -> Result<(), LogError> {
        if self.coverage.through >= size {
            return Ok(());
        }
        // Appenders may have gone on since the beginning.
        let now = coverage(self.index).await?.through;
        if self.ahead.is_some_and(|bundle| bundle > now) || (sealed && now < size) {
            findings.add(Code::IndexCoverage, None, Some(now));
        }
        Ok(())
    }

    /// The next row, if its index is at most `last`.
    async fn next_row_through(&mut self, last: u64) -> Result<Option<IndexRow>, LogError> {
        while self.rows.is_empty()
            && let Some(from) = self.next
        {
            let page = retrying(Step::Read, || self.index.rows(from, PAGE)).await?;
            self.next = page.last().and_then(|row| row.index.checked_add(1));
            self.rows = page.into_iter().filter(|row| row.index >= self.skip).collect();
        }
        match self.rows.front() {
            Some(row) if row.index <= last => Ok(self.rows.pop_front()),
            _ => Ok(None),
        }
    }
}

fn same_keys(expected: &[IndexKey], found: &[IndexKey]) -> bool {
    let sorted = |keys: &[IndexKey]| {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys
    };
    sorted(expected) == sorted(found)
}
