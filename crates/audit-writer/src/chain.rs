//! Logs that continue each other: a sealed one, and the one that began with its last state. Who asks the one that is
//! written now is answered from all of them, in the order of time.

use std::cmp::Ordering;
use std::sync::Arc;

use tlog::{Cursor, MAX_IDS, Place};
use zorgsluis_domain::EntryId;

use crate::{AuditError, AuditLog, Line};

impl AuditLog {
    /// The same log, with the sealed logs that it continues, the oldest first: readings tell of all of them.
    #[must_use]
    pub fn continuing(mut self, earlier: Vec<Self>) -> Self {
        self.earlier = earlier.into();
        self
    }

    /// The sealed logs that it continues, the oldest first.
    #[must_use]
    pub fn earlier(&self) -> &[Self] {
        &self.earlier
    }

    /// The sealed logs that it continues, and itself last.
    pub(crate) fn chain(&self) -> impl DoubleEndedIterator<Item = &Self> {
        self.earlier.iter().chain([self])
    }

    /// The log of the chain in which an entry stands.
    ///
    /// # Errors
    /// [`AuditError::NoSuchEntry`] when it stands in none.
    pub async fn holding(&self, id: EntryId) -> Result<Self, AuditError> {
        Ok(self.place(id).await?.0.clone())
    }

    /// How many entries there are, in all logs of the chain, as far as their indexes say.
    ///
    /// # Errors
    /// When an index cannot be read.
    pub async fn entries_in_all(&self) -> Result<u64, AuditError> {
        let mut entries = 0_u64;
        for log in self.chain() {
            entries = entries.saturating_add(log.index.coverage().await?.through);
        }
        Ok(entries)
    }

    /// Which of these entries stand in the log, or in one that it continues. Discloses nothing of them.
    ///
    /// # Errors
    /// When an index cannot be read.
    pub async fn holds(&self, entries: &[EntryId]) -> Result<Vec<bool>, AuditError> {
        let mut held = Vec::with_capacity(entries.len());
        for some in entries.chunks(MAX_IDS) {
            let ids: Vec<_> = some.iter().map(|id| tlog::EntryId(id.0.into_bytes())).collect();
            let mut of_these = vec![false; ids.len()];
            for log in self.chain() {
                for (held, place) in of_these.iter_mut().zip(log.index.places(&ids).await?) {
                    *held |= place.is_some();
                }
            }
            held.extend(of_these);
        }
        Ok(held)
    }

    /// Where an entry stands, and in which log: in the newest that holds it.
    pub(crate) async fn place(&self, id: EntryId) -> Result<(&Self, Place), AuditError> {
        for log in self.chain().rev() {
            let places = log.index.places(&[tlog::EntryId(id.0.into_bytes())]).await?;
            if let Some(place) = places.into_iter().next().flatten() {
                return Ok((log, place));
            }
        }
        Err(AuditError::NoSuchEntry)
    }

    /// Whether an index of the chain holds rows that were made by an older scheme of keys: it then misses entries
    /// under all terms but a patient.
    pub(crate) async fn is_index_outdated(&self) -> Result<bool, AuditError> {
        for log in self.chain() {
            if log.has_outdated_rows().await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The lines at places in several logs, in the order asked: each with the rank of its log in the chain.
    pub(crate) async fn lines_in(&self, places: &[(usize, Place)]) -> Result<Vec<Line>, AuditError> {
        let mut lines: Vec<Option<Line>> = vec![None; places.len()];
        for (rank, log) in self.chain().enumerate() {
            let here = places.iter().enumerate().filter(|(_, (of, _))| *of == rank);
            let (at, here): (Vec<usize>, Vec<Place>) = here.map(|(at, (_, place))| (at, *place)).unzip();
            if here.is_empty() {
                continue;
            }
            for (at, line) in at.into_iter().zip(log.lines(&here).await?) {
                if let Some(slot) = lines.get_mut(at) {
                    *slot = Some(line);
                }
            }
        }
        lines.into_iter().map(|line| line.ok_or(AuditError::NoSuchEntry)).collect()
    }

    /// The rank of a log of the chain, by the name of its shard.
    pub(crate) fn rank(&self, shard: &str) -> Option<usize> {
        self.chain().position(|log| log.shard() == shard)
    }
}

/// A place in the order in which a chain of logs is listed: by time, then by log, then by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChainCursor {
    /// Microseconds since 1970.
    pub(crate) at: i64,
    /// The rank of the log.
    pub(crate) rank: usize,
    /// The index in that log.
    pub(crate) index: u64,
}

impl ChainCursor {
    /// Reads `<at>.<index>.<shard>`; without a shard the log itself is meant.
    pub(crate) fn parse(text: &str, log: &AuditLog) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let (at, index) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let rank = match parts.next() {
            Some(shard) => log.rank(shard)?,
            None => log.earlier.len(),
        };
        Some(Self { at, rank, index })
    }

    /// The text that [`parse`](Self::parse) reads.
    pub(crate) fn text(at: i64, index: u64, shard: &Arc<str>) -> String {
        format!("{at}.{index}.{shard}")
    }
}

/// What is asked of one log of a chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// From this microsecond on.
    pub(crate) from: i64,
    /// To before this one.
    pub(crate) to: i64,
    /// Behind this row.
    pub(crate) after: Option<Cursor>,
}

impl Span {
    /// What lies behind a place, of the log of this rank.
    pub(crate) fn behind(self, rank: usize, place: Option<ChainCursor>, newest_first: bool) -> Self {
        let Some(place) = place else { return self };
        let Self { from, to, after } = self;
        match (rank.cmp(&place.rank), newest_first) {
            (Ordering::Equal, _) => Self { after: Some(Cursor { at: place.at, index: place.index }), ..self },
            (Ordering::Less, false) => Self { from: from.max(place.at.saturating_add(1)), to, after },
            (Ordering::Greater, false) => Self { from: from.max(place.at), to, after },
            (Ordering::Less, true) => Self { from, to: to.min(place.at.saturating_add(1)), after },
            (Ordering::Greater, true) => Self { from, to: to.min(place.at), after },
        }
    }
}
