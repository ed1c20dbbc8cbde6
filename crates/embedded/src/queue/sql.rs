//! The statements of the queue.

use rusqlite::{Connection, OptionalExtension, params};
use zorgsluis_domain::port::{Outgoing, QueueDepth, Receipt, Received};

use crate::column;
use crate::database::Failure;

/// A second message with the same deduplication id inside this time is not delivered (SQS: five
/// minutes).
const DEDUPLICATION: i64 = 5 * 60 * 1_000_000;

/// Expired deduplication ids that one send removes at most: more than it adds.
const FORGET: i64 = 32;

/// What a receiver would find.
pub(super) enum Look {
    /// A message that can be delivered.
    Something,
    /// Nothing; `next` is when the first group in flight becomes visible.
    Nothing { next: Option<i64> },
}

pub(super) fn forget(connection: &Connection, now: i64) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "DELETE FROM queue_sent WHERE (queue, deduplication) IN
             (SELECT queue, deduplication FROM queue_sent WHERE at <= ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute([now.saturating_sub(DEDUPLICATION), FORGET])?;
    Ok(())
}

/// Puts a message at the end of its group; the id of the earlier one when it is a duplicate.
pub(super) fn send(
    connection: &Connection,
    queue: &str,
    now: i64,
    id: &str,
    message: &Outgoing,
) -> Result<String, Failure> {
    let earlier: Option<String> = connection
        .prepare_cached("SELECT id FROM queue_sent WHERE queue = ?1 AND deduplication = ?2 AND at > ?3")?
        .query_row(params![queue, message.deduplication, now.saturating_sub(DEDUPLICATION)], |row| row.get(0))
        .optional()?;
    if let Some(earlier) = earlier {
        return Ok(earlier);
    }
    connection
        .prepare_cached(
            "INSERT INTO queue_sent (queue, deduplication, id, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET id = excluded.id, at = excluded.at",
        )?
        .execute(params![queue, message.deduplication, id, now])?;
    connection
        .prepare_cached("INSERT INTO queue_message (queue, grp, id, body, sent) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![queue, message.group, id, message.body, now])?;
    connection
        .prepare_cached(
            "INSERT INTO queue_group (queue, grp, first_seq) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![queue, message.group, connection.last_insert_rowid()])?;
    Ok(id.to_owned())
}

pub(super) fn look(connection: &Connection, queue: &str, now: i64) -> Result<Look, Failure> {
    let next: Option<Option<i64>> = connection
        .prepare_cached("SELECT min(blocked_until) FROM queue_group WHERE queue = ?1")?
        .query_row([queue], |row| row.get(0))
        .optional()?;
    Ok(match next.flatten() {
        Some(until) if until <= now => Look::Something,
        next => Look::Nothing { next },
    })
}

/// Delivers up to as many messages as there are receipts; they are in flight until `until`.
pub(super) fn take(
    connection: &Connection,
    queue: &str,
    now: i64,
    until: i64,
    receipts: Vec<Receipt>,
) -> Result<Vec<Received>, Failure> {
    let mut receipts = receipts.into_iter();
    let mut taken = Vec::with_capacity(receipts.len());
    let groups: Vec<String> = connection
        .prepare_cached(
            "SELECT grp FROM queue_group WHERE queue = ?1 AND blocked_until <= ?2 ORDER BY first_seq LIMIT ?3",
        )?
        .query_map(params![queue, now, limit(receipts.len())], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for group in groups {
        let left = receipts.len();
        if left == 0 {
            break;
        }
        let messages: Vec<(i64, Received)> = connection
            .prepare_cached(
                "SELECT seq, id, body, sent, receive_count FROM queue_message
                 WHERE queue = ?1 AND grp = ?2 ORDER BY seq LIMIT ?3",
            )?
            .query_map(params![queue, group, limit(left)], |row| {
                let received = Received {
                    id: row.get(1)?,
                    receipt: Receipt(String::new()),
                    body: row.get(2)?,
                    group: group.clone(),
                    receive_count: row.get::<_, u32>(4)?.saturating_add(1),
                    sent: column::time(row, 3)?,
                };
                Ok((row.get(0)?, received))
            })?
            .collect::<Result<_, _>>()?;
        for (seq, mut message) in messages {
            let Some(receipt) = receipts.next() else { break };
            connection
                .prepare_cached(
                    "UPDATE queue_message SET receipt = ?1, visible_at = ?2, receive_count = ?3 WHERE seq = ?4",
                )?
                .execute(params![receipt.0, until, message.receive_count, seq])?;
            message.receipt = receipt;
            taken.push(message);
        }
        refresh_group(connection, queue, &group)?;
    }
    Ok(taken)
}

pub(super) fn delete(connection: &Connection, queue: &str, receipt: &str) -> rusqlite::Result<()> {
    let group: Option<String> = connection
        .prepare_cached("DELETE FROM queue_message WHERE queue = ?1 AND receipt = ?2 RETURNING grp")?
        .query_row([queue, receipt], |row| row.get(0))
        .optional()?;
    group.map_or(Ok(()), |group| refresh_group(connection, queue, &group))
}

/// Sets when a delivery becomes visible again, unless it is visible already.
pub(super) fn change(
    connection: &Connection,
    queue: &str,
    receipt: &str,
    now: i64,
    until: i64,
) -> rusqlite::Result<()> {
    let group: Option<String> = connection
        .prepare_cached(
            "UPDATE queue_message SET visible_at = ?4 WHERE queue = ?1 AND receipt = ?2 AND visible_at > ?3
             RETURNING grp",
        )?
        .query_row(params![queue, receipt, now, until], |row| row.get(0))
        .optional()?;
    group.map_or(Ok(()), |group| refresh_group(connection, queue, &group))
}

/// Writes anew what `queue_group` says about the messages of a group.
pub(crate) fn refresh_group(connection: &Connection, queue: &str, group: &str) -> rusqlite::Result<()> {
    let first: Option<i64> = connection
        .prepare_cached("SELECT min(seq) FROM queue_message WHERE queue = ?1 AND grp = ?2")?
        .query_row([queue, group], |row| row.get(0))?;
    let Some(first) = first else {
        return connection
            .prepare_cached("DELETE FROM queue_group WHERE queue = ?1 AND grp = ?2")?
            .execute([queue, group])
            .map(drop);
    };
    let blocked: Option<i64> = connection
        .prepare_cached(
            "SELECT max(visible_at) FROM queue_message WHERE queue = ?1 AND grp = ?2 AND receipt IS NOT NULL",
        )?
        .query_row([queue, group], |row| row.get(0))?;
    connection
        .prepare_cached(
            "UPDATE queue_group SET first_seq = ?3, blocked_until = ?4 WHERE queue = ?1 AND grp = ?2",
        )?
        .execute(params![queue, group, first, blocked.unwrap_or(0)])
        .map(drop)
}

pub(super) fn depth(connection: &Connection, queue: &str, now: i64) -> rusqlite::Result<QueueDepth> {
    let all: u64 = connection
        .prepare_cached("SELECT count(*) FROM queue_message WHERE queue = ?1")?
        .query_row([queue], |row| column::unsigned(row, 0))?;
    let in_flight = connection
        .prepare_cached(
            "SELECT count(*) FROM queue_message WHERE queue = ?1 AND receipt IS NOT NULL AND visible_at > ?2",
        )?
        .query_row(params![queue, now], |row| column::unsigned(row, 0))?;
    Ok(QueueDepth { waiting: all.saturating_sub(in_flight), in_flight })
}

fn limit(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
