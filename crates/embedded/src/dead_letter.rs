//! Dead letters in `state.db`.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;
use zorgsluis_domain::port::{DeadLetter, DeadLetters, Page, PageRequest};
use zorgsluis_domain::{MessageId, PortError};

use crate::column;
use crate::database::{Database, Failure};

/// The dead letters.
#[derive(Clone)]
pub struct SqliteDeadLetters {
    database: Database,
}

impl SqliteDeadLetters {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }
}

fn read(operation: &'static str, json: &str) -> Result<DeadLetter, Failure> {
    serde_json::from_str(json).map_err(|_| Failure::damaged(operation, "not a dead letter"))
}

#[async_trait]
impl DeadLetters for SqliteDeadLetters {
    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
        const OPERATION: &str = "dead_letters.park";
        let json = serde_json::to_string(letter).map_err(|cause| PortError::unavailable(OPERATION, cause))?;
        let (message, received) = (letter.message, letter.received.as_microsecond());
        self.database
            .write(OPERATION, move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO dead_letter (message, received, letter) VALUES (?1, ?2, ?3)
                         ON CONFLICT DO UPDATE SET received = excluded.received, letter = excluded.letter",
                    )?
                    .execute(params![message.0.as_bytes(), received, json])?;
                Ok(())
            })
            .await
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<DeadLetter>, PortError> {
        const OPERATION: &str = "dead_letters.list";
        let (after, limit) = (page.after.clone(), column::limit(page));
        self.database
            .read(OPERATION, move |connection| {
                let (at, message) = match &after {
                    Some(cursor) => column::parse_cursor(OPERATION, cursor)?,
                    None => (i64::MIN, MessageId(Uuid::nil())),
                };
                let rows: Vec<String> = connection
                    .prepare_cached(
                        "SELECT letter FROM dead_letter WHERE (received, message) > (?1, ?2)
                         ORDER BY received, message LIMIT ?3",
                    )?
                    .query_map(params![at, message.0.as_bytes(), column::one_more(limit)], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                let mut letters =
                    rows.iter().map(|json| read(OPERATION, json)).collect::<Result<Vec<_>, _>>()?;
                Ok(column::page(&mut letters, limit, |letter| {
                    column::cursor(letter.received, letter.message)
                }))
            })
            .await
    }

    async fn get(&self, message: MessageId) -> Result<Option<DeadLetter>, PortError> {
        const OPERATION: &str = "dead_letters.get";
        self.database
            .read(OPERATION, move |connection| {
                let json: Option<String> = connection
                    .prepare_cached("SELECT letter FROM dead_letter WHERE message = ?1")?
                    .query_row([message.0.as_bytes()], |row| row.get(0))
                    .optional()?;
                json.map(|json| read(OPERATION, &json)).transpose()
            })
            .await
    }

    async fn remove(&self, letter: &DeadLetter) -> Result<bool, PortError> {
        const OPERATION: &str = "dead_letters.remove";
        let letter = letter.clone();
        self.database
            .write(OPERATION, move |connection| {
                let message = letter.message.0.as_bytes();
                let json: Option<String> = connection
                    .prepare_cached("SELECT letter FROM dead_letter WHERE message = ?1")?
                    .query_row([message], |row| row.get(0))
                    .optional()?;
                // By content, not by text: an earlier release may have written it otherwise.
                let stands = json.map(|json| read(OPERATION, &json)).transpose()?;
                if stands.as_ref() != Some(&letter) {
                    return Ok(false);
                }
                connection
                    .prepare_cached("DELETE FROM dead_letter WHERE message = ?1")?
                    .execute([message])?;
                Ok(true)
            })
            .await
    }
}

impl std::fmt::Debug for SqliteDeadLetters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteDeadLetters").finish_non_exhaustive()
    }
}
