//! Raw messages in `state.db`, encrypted.

use std::ops::Range;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;
use zorgsluis_domain::port::{
    DataClass, KeyOwner, Keys, Page, PageRequest, Payload, PayloadStore, Put, Sealed,
};
use zorgsluis_domain::{MessageId, Phi, PortError};

use crate::column;
use crate::database::{Database, Failure};

/// Raw messages and the notes about them, sealed by `K` under their owner (class dossier).
#[derive(Clone)]
pub struct SqlitePayloadStore<K> {
    database: Database,
    keys: K,
}

impl<K> SqlitePayloadStore<K> {
    pub(crate) const fn new(database: Database, keys: K) -> Self {
        Self { database, keys }
    }
}

/// Binds a ciphertext to its message, so that rows cannot be swapped.
fn payload_context(message: MessageId) -> String {
    format!("payload/{message}")
}

fn note_context(message: MessageId, name: &str) -> String {
    format!("note/{message}/{name}")
}

fn sealed(row: &rusqlite::Row<'_>, key: usize, ciphertext: usize) -> rusqlite::Result<Sealed> {
    Ok(Sealed { key: column::uuid(row, key)?, ciphertext: row.get(ciphertext)? })
}

fn bytes(id: &Uuid) -> &[u8; 16] {
    id.as_bytes()
}

#[async_trait]
impl<K: Keys> PayloadStore for SqlitePayloadStore<K> {
    async fn put(
        &self,
        message: MessageId,
        owner: &KeyOwner,
        received: Timestamp,
        content: &[u8],
    ) -> Result<Put, PortError> {
        let context = payload_context(message);
        let sealed = self.keys.seal(owner, DataClass::Dossier, context.as_bytes(), content).await?;
        self.database
            .write("payload.put", move |connection| {
                let created = connection
                    .prepare_cached(
                        "INSERT INTO payload (message, received, key, ciphertext) VALUES (?1, ?2, ?3, ?4)
                         ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![
                        bytes(&message.0),
                        received.as_microsecond(),
                        bytes(&sealed.key),
                        sealed.ciphertext
                    ])?;
                Ok(if created == 1 { Put::Created } else { Put::AlreadyThere })
            })
            .await
    }

    async fn get(&self, message: MessageId) -> Result<Payload, PortError> {
        const OPERATION: &str = "payload.get";
        let (received, sealed) = self
            .database
            .read(OPERATION, move |connection| {
                connection
                    .prepare_cached("SELECT received, key, ciphertext FROM payload WHERE message = ?1")?
                    .query_row([bytes(&message.0)], |row| Ok((column::time(row, 0)?, sealed(row, 1, 2)?)))
                    .optional()?
                    .ok_or(Failure::Port(PortError::NotFound { operation: OPERATION }))
            })
            .await?;
        let bytes = self.keys.open(&sealed, payload_context(message).as_bytes()).await?;
        Ok(Payload { message, received, bytes })
    }

    async fn list(
        &self,
        received_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<(MessageId, Timestamp)>, PortError> {
        const OPERATION: &str = "payload.list";
        let (after, limit) = (page.after.clone(), column::limit(page));
        self.database
            .read(OPERATION, move |connection| {
                let (at, message) = match &after {
                    Some(cursor) => column::parse_cursor(OPERATION, cursor)?,
                    None => (i64::MIN, MessageId(Uuid::nil())),
                };
                let mut items: Vec<(MessageId, Timestamp)> = connection
                    .prepare_cached(
                        "SELECT message, received FROM payload
                         WHERE (received, message) > (?1, ?2) AND received < ?3
                         ORDER BY received, message LIMIT ?4",
                    )?
                    .query_map(
                        params![
                            at,
                            bytes(&message.0),
                            received_before.as_microsecond(),
                            column::one_more(limit)
                        ],
                        |row| Ok((column::message(row, 0)?, column::time(row, 1)?)),
                    )?
                    .collect::<Result<_, _>>()?;
                Ok(column::page(&mut items, limit, |(message, received)| column::cursor(*received, *message)))
            })
            .await
    }

    async fn unqueued(
        &self,
        received: Range<Timestamp>,
        page: &PageRequest,
    ) -> Result<Page<(MessageId, Timestamp)>, PortError> {
        const OPERATION: &str = "payload.unqueued";
        let (after, limit) = (page.after.clone(), column::limit(page));
        self.database
            .read(OPERATION, move |connection| {
                let (at, message) = match &after {
                    Some(cursor) => column::parse_cursor(OPERATION, cursor)?,
                    // The nil id comes before every other of its moment.
                    None => (received.start.as_microsecond(), MessageId(Uuid::nil())),
                };
                let mut items: Vec<(MessageId, Timestamp)> = connection
                    .prepare_cached(
                        "SELECT message, received FROM payload
                         WHERE (received, message) > (?1, ?2) AND received < ?3
                           AND NOT EXISTS (SELECT 1 FROM way WHERE way.message = payload.message AND queued)
                         ORDER BY received, message LIMIT ?4",
                    )?
                    .query_map(
                        params![
                            at,
                            bytes(&message.0),
                            received.end.as_microsecond(),
                            column::one_more(limit)
                        ],
                        |row| Ok((column::message(row, 0)?, column::time(row, 1)?)),
                    )?
                    .collect::<Result<_, _>>()?;
                Ok(column::page(&mut items, limit, |(message, received)| column::cursor(*received, *message)))
            })
            .await
    }

    async fn put_note(
        &self,
        message: MessageId,
        owner: &KeyOwner,
        name: &str,
        content: &[u8],
    ) -> Result<(), PortError> {
        let context = note_context(message, name);
        let sealed = self.keys.seal(owner, DataClass::Dossier, context.as_bytes(), content).await?;
        let name = name.to_owned();
        self.database
            .write("payload.put_note", move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO note (message, name, key, ciphertext) VALUES (?1, ?2, ?3, ?4)
                         ON CONFLICT (message, name)
                         DO UPDATE SET key = excluded.key, ciphertext = excluded.ciphertext",
                    )?
                    .execute(params![bytes(&message.0), name, bytes(&sealed.key), sealed.ciphertext])?;
                Ok(())
            })
            .await
    }

    async fn get_note(&self, message: MessageId, name: &str) -> Result<Phi<Vec<u8>>, PortError> {
        const OPERATION: &str = "payload.get_note";
        let context = note_context(message, name);
        let name = name.to_owned();
        let sealed = self
            .database
            .read(OPERATION, move |connection| {
                connection
                    .prepare_cached("SELECT key, ciphertext FROM note WHERE message = ?1 AND name = ?2")?
                    .query_row(params![bytes(&message.0), name], |row| sealed(row, 0, 1))
                    .optional()?
                    .ok_or(Failure::Port(PortError::NotFound { operation: OPERATION }))
            })
            .await?;
        self.keys.open(&sealed, context.as_bytes()).await
    }
}

impl<K> std::fmt::Debug for SqlitePayloadStore<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlitePayloadStore").finish_non_exhaustive()
    }
}
