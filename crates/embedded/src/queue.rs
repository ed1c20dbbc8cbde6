//! FIFO queues in `state.db`, of the shape of Amazon SQS.

mod sql;

pub(crate) use sql::refresh_group;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::Instant;
use zorgsluis_domain::port::queue::MAX_BATCH;
use zorgsluis_domain::port::{Outgoing, Queue, QueueDepth, Receipt, Received};
use zorgsluis_domain::{Clock, PortError};

use crate::database::{Database, Failure};
use crate::source::random;

/// Bytes of one body at most (SQS: 1 MiB).
const MAX_BODY: usize = 1 << 20;
/// Characters of a group or a deduplication id at most (SQS).
const MAX_NAME: usize = 128;
/// A waiting receiver looks again after this even when nobody calls: for clocks that are set.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// A FIFO queue: several stand in one database, told apart by name.
///
/// While a message of a group is in flight, no other one of that group is delivered, except in the
/// same batch, in order. A batch takes as many messages as it can of the group whose oldest message
/// is the oldest, then of the next.
#[derive(Clone)]
pub struct SqliteQueue {
    database: Database,
    clock: Arc<dyn Clock>,
    name: Arc<str>,
    visibility: Duration,
    changed: Arc<Notify>,
}

impl SqliteQueue {
    pub(crate) fn new(
        database: Database,
        clock: Arc<dyn Clock>,
        name: &str,
        visibility: Duration,
        changed: Arc<Notify>,
    ) -> Self {
        Self { database, clock, name: name.into(), visibility, changed }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn now(&self) -> i64 {
        self.clock.now().as_microsecond()
    }

    /// What is deliverable now, or else when the next message in flight becomes visible.
    async fn take(&self, max: usize) -> Result<Taken, PortError> {
        const OPERATION: &str = "queue.receive";
        let name = Arc::clone(&self.name);
        let now = self.now();
        // Most looks of an idle receiver find nothing: those cost no write.
        let look = Arc::clone(&name);
        let seen = self.database.read(OPERATION, move |connection| sql::look(connection, &look, now)).await?;
        if let sql::Look::Nothing { next } = seen {
            return Ok(Taken { messages: Vec::new(), next });
        }
        let mut receipts = Vec::with_capacity(max);
        for _ in 0..max {
            receipts.push(receipt()?);
        }
        let until = now.saturating_add(micros(self.visibility));
        let messages = self
            .database
            .write(OPERATION, move |connection| sql::take(connection, &name, now, until, receipts))
            .await?;
        Ok(Taken { messages, next: None })
    }
}

struct Taken {
    messages: Vec<Received>,
    next: Option<i64>,
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn send(&self, batch: &[Outgoing]) -> Result<Vec<Result<String, PortError>>, PortError> {
        const OPERATION: &str = "queue.send";
        check_batch(OPERATION, batch.len())?;
        let mut answers: Vec<Result<String, PortError>> = Vec::with_capacity(batch.len());
        let mut accepted = Vec::with_capacity(batch.len());
        for (at, message) in batch.iter().enumerate() {
            match check(OPERATION, message) {
                Ok(()) => {
                    let id = crate::source::random_uuid(OPERATION)?.to_string();
                    accepted.push((at, id.clone(), message.clone()));
                    answers.push(Ok(id));
                }
                Err(error) => answers.push(Err(error)),
            }
        }
        if accepted.is_empty() {
            return Ok(answers);
        }
        let name = Arc::clone(&self.name);
        let now = self.now();
        let ids = self
            .database
            .write_then_signal(OPERATION, Arc::clone(&self.changed), move |connection| {
                sql::forget(connection, now)?;
                accepted
                    .iter()
                    .map(|(at, id, message)| Ok((*at, sql::send(connection, &name, now, id, message)?)))
                    .collect::<Result<Vec<_>, Failure>>()
            })
            .await?;
        for (at, id) in ids {
            if let Some(answer) = answers.get_mut(at) {
                *answer = Ok(id);
            }
        }
        Ok(answers)
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, PortError> {
        check_batch("queue.receive", max)?;
        let until = Instant::now() + wait;
        loop {
            // Registered before the look, so that no message falls between look and wait.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let taken = self.take(max).await?;
            let now = Instant::now();
            if !taken.messages.is_empty() || now >= until {
                return Ok(taken.messages);
            }
            let visible = taken.next.map_or(LOOK_AGAIN, |next| {
                let left = u64::try_from(next.saturating_sub(self.now())).unwrap_or(0);
                // Not in a tight loop when clocks disagree by a little.
                Duration::from_micros(left).clamp(Duration::from_millis(1), LOOK_AGAIN)
            });
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(until.min(now + visible)) => {}
            }
        }
    }

    async fn delete(&self, receipts: &[Receipt]) -> Result<(), PortError> {
        const OPERATION: &str = "queue.delete";
        check_batch(OPERATION, receipts.len())?;
        let receipts = receipts.to_vec();
        let name = Arc::clone(&self.name);
        self.database
            .write_then_signal(OPERATION, Arc::clone(&self.changed), move |connection| {
                receipts.iter().try_for_each(|receipt| Ok(sql::delete(connection, &name, &receipt.0)?))
            })
            .await
    }

    async fn change_visibility(&self, receipts: &[Receipt], timeout: Duration) -> Result<(), PortError> {
        const OPERATION: &str = "queue.change_visibility";
        check_batch(OPERATION, receipts.len())?;
        let receipts = receipts.to_vec();
        let name = Arc::clone(&self.name);
        let now = self.now();
        let until = if timeout.is_zero() { 0 } else { now.saturating_add(micros(timeout)) };
        self.database
            .write_then_signal(OPERATION, Arc::clone(&self.changed), move |connection| {
                receipts
                    .iter()
                    .try_for_each(|receipt| Ok(sql::change(connection, &name, &receipt.0, now, until)?))
            })
            .await
    }

    async fn depth(&self) -> Result<QueueDepth, PortError> {
        let name = Arc::clone(&self.name);
        let now = self.now();
        self.database.read("queue.depth", move |connection| Ok(sql::depth(connection, &name, now)?)).await
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn receipt() -> Result<Receipt, PortError> {
    let bytes: [u8; 16] = random("queue.receive")?;
    Ok(Receipt(uuid::Uuid::from_bytes(bytes).simple().to_string()))
}

fn check_batch(operation: &'static str, length: usize) -> Result<(), PortError> {
    if (1..=MAX_BATCH).contains(&length) {
        return Ok(());
    }
    Err(PortError::Refused {
        operation,
        reason: format!("a batch has 1 to {MAX_BATCH} messages, not {length}"),
    })
}

fn check(operation: &'static str, message: &Outgoing) -> Result<(), PortError> {
    let refused = |reason: &str| Err(PortError::Refused { operation, reason: reason.into() });
    let name =
        |text: &str| (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if message.body.is_empty() || message.body.len() > MAX_BODY {
        return refused("a body has 1 byte to 1 MiB");
    }
    if !name(&message.group) || !name(&message.deduplication) {
        return refused("a group or deduplication id has 1 to 128 printable ASCII characters");
    }
    Ok(())
}

/// Makes what was in flight visible again, in all queues: for the start of a server.
pub(crate) const RELEASE_ALL: &str = "
    BEGIN IMMEDIATE;
    UPDATE queue_message SET visible_at = 0, receipt = NULL WHERE receipt IS NOT NULL;
    UPDATE queue_group SET blocked_until = 0 WHERE blocked_until > 0;
    COMMIT;";

impl std::fmt::Debug for SqliteQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteQueue").field("name", &self.name).finish_non_exhaustive()
    }
}
