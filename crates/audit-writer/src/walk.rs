//! [`Walk`]: the whole log in its order, for those who compare it with something else.

use jiff::Timestamp;
use tlog::Query;

use crate::content::{Opened, entry_id, open_logged};
use crate::{AuditError, AuditLog, Content, Line, Term};

/// A walk through the log, bundle by bundle. The entries themselves lead, not the index.
#[derive(Debug)]
pub struct Walk {
    log: AuditLog,
    next: u64,
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
        let next = match from {
            None => 0,
            Some(from) => {
                let query = Query {
                    key: Term::All.key(log.keys.as_ref()),
                    from: from.as_microsecond(),
                    to: i64::MAX,
                    after: None,
                    limit: 1,
                    newest_first: false,
                };
                let first = log.index.find(&query).await?.hits.into_iter().next();
                match first {
                    Some(hit) => hit.place.bundle,
                    None => log.index.coverage().await?.through,
                }
            }
        };
        Ok(Self { log: log.first_written().await?, next, until, ended: false })
    }

    /// The next lines; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Line>>, AuditError> {
        if self.ended {
            return Ok(None);
        }
        let Some(bundle) = self.log.log.bundle(self.next).await? else { return Ok(None) };
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
            lines.push(Line { index: logged.index, id: entry_id(logged.leaf.id()), content });
        }
        self.next = lines.last().map_or(self.next, |line| line.index.saturating_add(1));
        Ok(Some(lines))
    }
}
