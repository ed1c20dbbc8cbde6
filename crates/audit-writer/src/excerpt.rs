//! [`Excerpt`]: a period of the log, for somebody who checks it without the log at hand.

use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use tlog::{Checkpoint, Hash, Query};
use zorgsluis_domain::{AuditEntry, EntryId};

use crate::content::{Opened, disclose, entry_id};
use crate::{AuditError, AuditLog, Disclosure, Term};

/// Hits that are looked at at a time.
const PAGE: usize = 1000;

/// The entries from the first to the last of a period, as they stand in the log: consecutive, so that a single
/// proof shows that none between them was left out.
///
/// What was recorded outside of the period and still stands among them (an entry that came late) is there as a leaf
/// only.
pub struct Excerpt<'a> {
    log: &'a AuditLog,
    from: Timestamp,
    to: Timestamp,
    checkpoint: Checkpoint,
    range: Range<u64>,
    first_bundle: u64,
}

/// One entry of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcerptLine {
    /// Its index in the log.
    pub index: u64,
    /// Its id.
    pub id: EntryId,
    /// Its leaf, which the tree commits to.
    pub leaf: Vec<u8>,
    /// What it says.
    pub content: ExcerptContent,
}

/// What an entry of an excerpt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExcerptContent {
    /// An entry of the period.
    Entry {
        /// It.
        entry: Box<AuditEntry>,
        /// How its content is checked against the leaf; `None` for entries of before leaves committed to that.
        disclosure: Option<Disclosure>,
    },
    /// Its key was destroyed. Whether it was of the period, only its id still says.
    Erased,
    /// Not recorded in the period.
    Outside,
}

impl AuditLog {
    /// The entries recorded from `from` to before `to`, as far as this checkpoint of the log covers them; `None`
    /// if it covers none. Reading them is to be logged before ([`LogReader::log_export`](crate::LogReader::log_export)).
    pub async fn excerpt(
        &self,
        from: Timestamp,
        to: Timestamp,
        checkpoint: &Checkpoint,
    ) -> Result<Option<Excerpt<'_>>, AuditError> {
        let mut found: Option<(Range<u64>, u64)> = None;
        let mut query = Query {
            key: Term::All.key(self.keys.as_ref()),
            from: from.as_microsecond(),
            to: to.as_microsecond(),
            after: None,
            limit: PAGE,
            newest_first: false,
        };
        if self.is_index_outdated().await? {
            return Err(AuditError::IndexOutdated);
        }
        loop {
            let page = self.index.find(&query).await?;
            for hit in page.hits.iter().filter(|hit| hit.place.index < checkpoint.size) {
                let (at, end) = (hit.place.index, hit.place.index + 1);
                found = Some(match found.take() {
                    None => (at..end, hit.place.bundle),
                    Some((range, bundle)) if at < range.start => {
                        (at..range.end, bundle.min(hit.place.bundle))
                    }
                    Some((range, bundle)) => (range.start..range.end.max(end), bundle),
                });
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        Ok(found.map(|(range, first_bundle)| Excerpt {
            log: self,
            from,
            to,
            checkpoint: checkpoint.clone(),
            range,
            first_bundle,
        }))
    }
}

impl Excerpt<'_> {
    /// The indices of its entries.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The bundle with which reading begins.
    #[must_use]
    pub fn first_bundle(&self) -> u64 {
        self.first_bundle
    }

    /// The proof that its leaves stand in the tree of the checkpoint.
    pub async fn proof(&self) -> Result<Vec<Hash>, AuditError> {
        Ok(self.log.log.prove_range(self.range(), self.checkpoint.size).await?)
    }

    /// The leaves of the bundle that begins at `bundle`, and where the next one begins; `None` behind the last.
    pub async fn leaves(&self, bundle: u64) -> Result<Option<(Vec<(u64, Vec<u8>)>, u64)>, AuditError> {
        let Some((entries, next)) = self.bundle(bundle).await? else { return Ok(None) };
        let leaves = entries.iter().map(|entry| (entry.index, entry.leaf.as_bytes().to_vec()));
        Ok(Some((leaves.collect(), next)))
    }

    /// The entries of the bundle that begins at `bundle`, and where the next one begins; `None` behind the last.
    pub async fn lines(&self, bundle: u64) -> Result<Option<(Vec<ExcerptLine>, u64)>, AuditError> {
        let Some((entries, next)) = self.bundle(bundle).await? else { return Ok(None) };
        let mut lines = Vec::with_capacity(entries.len());
        for logged in entries {
            let content = match disclose(self.log.keys.as_ref(), &logged).await? {
                (Opened::Entry(entry), disclosure) if (self.from..self.to).contains(&entry.recorded) => {
                    ExcerptContent::Entry { entry, disclosure }
                }
                (Opened::Entry(_), _) => ExcerptContent::Outside,
                (Opened::Erased, _) => ExcerptContent::Erased,
                (Opened::Faulty(code), _) => {
                    return Err(AuditError::Unreadable { index: logged.index, code });
                }
            };
            let (id, leaf) = (entry_id(logged.leaf.id()), logged.leaf.as_bytes().to_vec());
            lines.push(ExcerptLine { index: logged.index, id, leaf, content });
        }
        Ok(Some((lines, next)))
    }

    /// What of a bundle belongs to it.
    async fn bundle(&self, first: u64) -> Result<Option<(Vec<tlog::LoggedEntry>, u64)>, AuditError> {
        if first >= self.range.end {
            return Ok(None);
        }
        let missing = AuditError::Unreadable { index: first, code: "entries-missing" };
        let mut entries = self.log.log.bundle(first).await?.ok_or(missing)?;
        let next = entries.last().map_or(self.range.end, |last| last.index + 1);
        entries.retain(|entry| self.range.contains(&entry.index));
        Ok(Some((entries, next)))
    }
}

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Excerpt").field("range", &self.range).finish_non_exhaustive()
    }
}
