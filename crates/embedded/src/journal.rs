//! The way of each message in `state.db`.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;
use zorgsluis_domain::port::{Journal, Page, PageRequest};
use zorgsluis_domain::{MessageId, PortError, Stage, Way, WayStep};

use crate::column;
use crate::database::{Database, Failure};

/// The journal.
#[derive(Clone)]
pub struct SqliteJournal {
    database: Database,
}

impl SqliteJournal {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }
}

/// All steps of one message, the oldest first; of one moment, in the order in which they were told.
fn steps(
    operation: &'static str,
    connection: &Connection,
    message: MessageId,
) -> Result<Vec<WayStep>, Failure> {
    let rows: Vec<(Timestamp, String)> = connection
        .prepare_cached("SELECT at, stage FROM way_step WHERE message = ?1 ORDER BY at, n")?
        .query_map([message.0.as_bytes()], |row| Ok((column::time(row, 0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    rows.into_iter()
        .map(|(at, json)| {
            let stage =
                serde_json::from_str(&json).map_err(|_| Failure::damaged(operation, "not a stage"))?;
            Ok(WayStep { at, stage })
        })
        .collect()
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn record(&self, message: MessageId, at: Timestamp, stages: &[Stage]) -> Result<(), PortError> {
        const OPERATION: &str = "journal.record";
        if stages.is_empty() {
            return Ok(());
        }
        let queued = stages.iter().any(|stage| matches!(stage, Stage::Queued));
        let stages = stages
            .iter()
            .map(serde_json::to_string)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|cause| PortError::unavailable(OPERATION, cause))?;
        let at = at.as_microsecond();
        self.database
            .write(OPERATION, move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO way (message, first_at, queued) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE
                         SET first_at = min(first_at, excluded.first_at), queued = max(queued, excluded.queued)
                         WHERE excluded.first_at < first_at OR excluded.queued > queued",
                    )?
                    .execute(params![message.0.as_bytes(), at, queued])?;
                let mut insert = connection.prepare_cached(
                    "INSERT INTO way_step (message, at, n, stage) VALUES (?1, ?2,
                     (SELECT coalesce(max(n), 0) + 1 FROM way_step WHERE message = ?1 AND at = ?2), ?3)",
                )?;
                for stage in &stages {
                    insert.execute(params![message.0.as_bytes(), at, stage])?;
                }
                Ok(())
            })
            .await
    }

    async fn get(&self, message: MessageId) -> Result<Option<Way>, PortError> {
        const OPERATION: &str = "journal.get";
        self.database
            .read(OPERATION, move |connection| {
                let steps = steps(OPERATION, connection, message)?;
                Ok((!steps.is_empty()).then_some(Way { message, steps }))
            })
            .await
    }

    async fn was_queued(&self, message: MessageId) -> Result<bool, PortError> {
        self.database
            .read("journal.was_queued", move |connection| {
                let queued: Option<bool> = connection
                    .prepare_cached("SELECT queued FROM way WHERE message = ?1")?
                    .query_row([message.0.as_bytes()], |row| row.get(0))
                    .optional()?;
                Ok(queued == Some(true))
            })
            .await
    }

    async fn latest(&self, page: &PageRequest) -> Result<Page<Way>, PortError> {
        const OPERATION: &str = "journal.latest";
        let (after, limit) = (page.after.clone(), column::limit(page));
        self.database
            .read(OPERATION, move |connection| {
                let (at, message) = match &after {
                    Some(cursor) => column::parse_cursor(OPERATION, cursor)?,
                    None => (i64::MAX, MessageId(Uuid::max())),
                };
                let mut heads: Vec<(MessageId, Timestamp)> = connection
                    .prepare_cached(
                        "SELECT message, first_at FROM way WHERE (first_at, message) < (?1, ?2)
                         ORDER BY first_at DESC, message DESC LIMIT ?3",
                    )?
                    .query_map(params![at, message.0.as_bytes(), column::one_more(limit)], |row| {
                        Ok((column::message(row, 0)?, column::time(row, 1)?))
                    })?
                    .collect::<Result<_, _>>()?;
                let page = column::page(&mut heads, limit, |(message, at)| column::cursor(*at, *message));
                let items = page
                    .items
                    .into_iter()
                    .map(|(message, _)| Ok(Way { message, steps: steps(OPERATION, connection, message)? }))
                    .collect::<Result<_, Failure>>()?;
                Ok(Page { items, next: page.next })
            })
            .await
    }
}

impl std::fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteJournal").finish_non_exhaustive()
    }
}
