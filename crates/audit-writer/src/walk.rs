//! [`Walk`]: the whole log in its order, for those who compare it with something else.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use tlog::Query;

use crate::content::{Opened, entry_id, open_logged};
use crate::{AuditError, AuditLog, Content, Line, Term};

/// A walk through the logs of a chain, the oldest first, bundle by bundle. The entries themselves lead, not the index.
#[derive(Debug)]
pub struct Walk {
    log: AuditLog,
    next: u64,
    /// The logs that continue it.
    later: VecDeque<AuditLog>,
    from: Option<Timestamp>,
    /// Nothing recorded later is waited for: a busy log would never end.
    until: Timestamp,
    ended: bool,
}

impl Walk {
    /// From the first entry at this time or later, in the order of their times; `None`: from the first.
    pub(crate) async fn begin(
        log: AuditLog,
        from: Option<Timestamp>,
        until: Timestamp,
    ) -> Result<Self, AuditError> {
        let log = log.first_written().await?;
        let mut later: VecDeque<AuditLog> = log.chain().cloned().collect();
        let log = later.pop_front().unwrap_or(log);
        let next = beginning(&log, from).await?;
        Ok(Self { log, next, later, from, until, ended: false })
    }

    /// The next lines; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Line>>, AuditError> {
        let bundle = loop {
            if !self.ended
                && let Some(bundle) = self.log.log.bundle(self.next).await?
            {
                break bundle;
            }
            let Some(log) = self.later.pop_front() else { return Ok(None) };
            (self.next, self.ended) = (beginning(&log, self.from).await?, false);
            self.log = log;
        };
        let mut lines = Vec::with_capacity(bundle.len());
        for logged in bundle {
            let content = match open_logged(self.log.keys.as_ref(), &logged).await? {
                Opened::Entry(entry) => {
                    self.ended |= entry.recorded > self.until;
                    Content::Entry(entry)
                }
                Opened::Erased => Content::Erased,
                Opened::Faulty(code) => return Err(AuditError::Unreadable { index: logged.index, code }),
            };
            let (log, id) = (Arc::from(self.log.shard()), entry_id(logged.leaf.id()));
            lines.push(Line { log, index: logged.index, id, content });
        }
        self.next = lines.last().map_or(self.next, |line| line.index.saturating_add(1));
        Ok(Some(lines))
    }
}

/// The bundle with the first entry of this time or later, in the order of times.
async fn beginning(log: &AuditLog, from: Option<Timestamp>) -> Result<u64, AuditError> {
    let Some(from) = from else { return Ok(0) };
    let query = Query {
        key: Term::All.key(log.keys.as_ref()),
        from: from.as_microsecond(),
        to: i64::MAX,
        after: None,
        limit: 1,
        newest_first: false,
    };
    match log.index.find(&query).await?.hits.into_iter().next() {
        Some(hit) => Ok(hit.place.bundle),
        None => Ok(log.index.coverage().await?.through),
    }
}
