//! The table `messages`: what payloads and journal share.
//!
//! Items of one message stand in its partition (`pk`, its id):
//!
//! * `head`: when it was received (`received_at`, set by the put of its payload), when its first step was
//!   (`first_at`), whether it was queued (`queued`, set by the journal), how many steps were numbered
//!   (`step_count`). All that the sweep asks is decided on this one item, so that put and step may come in
//!   either order.
//! * `step#TIME#NUMBER#PART`: the steps of its way.
//!
//! Indexes are partitioned by day and shard (a hexadecimal digit of the id, so that one partition takes an
//! eighth of what comes at one time); that of the messages that are not queued by shard only: it is empty but for
//! what came in the last seconds. Which days there are stands in the partitions `days/received` and
//! `days/first`, written before the first item of a day: a listing passes over years without a message.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use zorgsluis_domain::{MessageId, PortError};

use crate::table::{Item, Query, Row, Table, item, text, time_key};

/// Partitions in which the messages of one day stand.
const SHARDS: u8 = 8;
/// Days that a listing looks up at once.
const DAYS: usize = 32;
/// Days that a process remembers to have written, at most.
const KNOWN: usize = 4096;

/// The table. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Messages {
    pub(crate) table: Table,
    known: Arc<Mutex<HashSet<(Listing, String)>>>,
}

/// A listing by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Listing {
    /// By time of receipt, the oldest first.
    Received,
    /// By first step, the latest first.
    First,
}

impl Listing {
    const fn days(self) -> &'static str {
        match self {
            Self::Received => "days/received",
            Self::First => "days/first",
        }
    }

    const fn index(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Received => ("by-received", "received_in", "received_at"),
            Self::First => ("by-first-step", "first_in", "first_at"),
        }
    }
}

/// A place in a listing: a time, or a message of a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(String);

impl Place {
    /// Before all messages of this time.
    pub(crate) fn before(at: Timestamp) -> Self {
        Self(time_key(at))
    }

    /// That of a message.
    pub(crate) fn of(at: Timestamp, message: MessageId) -> Self {
        Self(format!("{}#{message}", time_key(at)))
    }

    /// Right behind that of a message.
    pub(crate) fn behind(at: Timestamp, message: MessageId) -> Self {
        Self(format!("{}#{message}!", time_key(at)))
    }

    /// What it is as an attribute.
    pub(crate) fn attribute(&self) -> AttributeValue {
        text(&self.0)
    }

    /// Its day, `2024-03-07`.
    pub(crate) fn day(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }

    /// The time and message of an item's attribute.
    pub(crate) fn read(row: &Row<'_>, attribute: &str) -> Result<(Timestamp, MessageId), PortError> {
        let (at, message) = row.text(attribute)?.split_once('#').ok_or_else(|| row.damaged(attribute))?;
        let at = at.parse().map_err(|_| row.damaged(attribute))?;
        Ok((at, message.parse().map_err(|_| row.damaged(attribute))?))
    }
}

/// The shard of a message.
pub(crate) fn shard(message: MessageId) -> u8 {
    message.0.as_bytes().last().copied().unwrap_or(0) % SHARDS
}

/// The partition of an index by day.
pub(crate) fn partition(day: &str, shard: u8) -> AttributeValue {
    text(format!("{day}#{shard}"))
}

/// The key of a message's head.
pub(crate) fn head(message: MessageId) -> Item {
    item([("pk", text(message)), ("sk", text("head"))])
}

impl Messages {
    pub(crate) fn new(client: &aws_sdk_dynamodb::Client, table: impl Into<Arc<str>>) -> Self {
        Self { table: Table::new(client, table), known: Arc::default() }
    }

    /// Makes sure that a listing looks at this day, before anything of it is written.
    pub(crate) async fn note_day(
        &self,
        operation: &'static str,
        listing: Listing,
        day: &str,
    ) -> Result<(), PortError> {
        let entry = (listing, day.to_owned());
        if self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(&entry) {
            return Ok(());
        }
        self.table.put(operation, item([("pk", text(listing.days())), ("sk", text(day))])).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(entry);
        Ok(())
    }

    /// The first `most` messages received from `from` on and before `until`, the oldest first.
    pub(crate) async fn received(
        &self,
        operation: &'static str,
        from: &Place,
        until: &Place,
        most: usize,
    ) -> Result<Vec<(Timestamp, MessageId)>, PortError> {
        let mut found = Vec::new();
        let mut day = from.day().to_owned();
        while from < until && found.len() < most {
            let days = self
                .table
                .query(operation, "pk = :pk AND sk BETWEEN :from AND :until")
                .value(":pk", text(Listing::Received.days()))
                .value(":from", text(&day))
                .value(":until", text(until.day()));
            let days = days.first(DAYS).await?;
            for noted in &days {
                let noted = Row::new(operation, noted).text("sk")?;
                found.extend(
                    self.of_day(operation, Listing::Received, noted, most - found.len(), |query| {
                        query.value(":from", from.attribute()).value(":until", until.attribute())
                    })
                    .await?,
                );
                if found.len() >= most {
                    break;
                }
                // Sorts right behind the day.
                day = format!("{noted}!");
            }
            if days.len() < DAYS || day.as_str() > until.day() {
                break;
            }
        }
        Ok(found)
    }

    /// The first `most` messages with a first step before `until`, the latest first.
    pub(crate) async fn latest(
        &self,
        operation: &'static str,
        until: &Place,
        most: usize,
    ) -> Result<Vec<(Timestamp, MessageId)>, PortError> {
        let mut found = Vec::new();
        let mut day = format!("{}!", until.day());
        while found.len() < most {
            let days = self
                .table
                .query(operation, "pk = :pk AND sk < :day")
                .value(":pk", text(Listing::First.days()))
                .value(":day", text(&day))
                .backward();
            let days = days.first(DAYS).await?;
            for noted in &days {
                let noted = Row::new(operation, noted).text("sk")?;
                found.extend(
                    self.of_day(operation, Listing::First, noted, most - found.len(), |query| {
                        query.value(":until", until.attribute()).backward()
                    })
                    .await?,
                );
                if found.len() >= most {
                    break;
                }
                day = noted.to_owned();
            }
            if days.len() < DAYS {
                break;
            }
        }
        Ok(found)
    }

    /// The first `most` messages received from `from` on and before `until` that are not queued, the oldest
    /// first.
    pub(crate) async fn unqueued(
        &self,
        operation: &'static str,
        from: &Place,
        until: &Place,
        most: usize,
    ) -> Result<Vec<(Timestamp, MessageId)>, PortError> {
        if from >= until {
            return Ok(Vec::new());
        }
        let shards = (0..SHARDS).map(|shard| {
            let query = self
                .table
                .query(operation, "unqueued_in = :in AND received_at BETWEEN :from AND :until")
                .index("by-unqueued")
                .value(":in", text(shard))
                .value(":from", from.attribute())
                .value(":until", until.attribute());
            query.first(most)
        });
        merge(operation, try_join_all(shards).await?, "received_at", most, false)
    }

    async fn of_day(
        &self,
        operation: &'static str,
        listing: Listing,
        day: &str,
        most: usize,
        bounds: impl Fn(Query) -> Query,
    ) -> Result<Vec<(Timestamp, MessageId)>, PortError> {
        let (index, partition_name, sort) = listing.index();
        let backward = listing == Listing::First;
        let range = if backward { "< :until" } else { "BETWEEN :from AND :until" };
        let condition = format!("{partition_name} = :in AND {sort} {range}");
        let shards = (0..SHARDS).map(|shard| {
            let query = self.table.query(operation, &condition).index(index);
            bounds(query.value(":in", partition(day, shard))).first(most)
        });
        merge(operation, try_join_all(shards).await?, sort, most, backward)
    }
}

/// The first `most` of what the shards hold.
fn merge(
    operation: &'static str,
    shards: Vec<Vec<Item>>,
    sort: &str,
    most: usize,
    backward: bool,
) -> Result<Vec<(Timestamp, MessageId)>, PortError> {
    let mut all = shards
        .iter()
        .flatten()
        .map(|item| Place::read(&Row::new(operation, item), sort))
        .collect::<Result<Vec<_>, _>>()?;
    all.sort_unstable();
    if backward {
        all.reverse();
    }
    all.truncate(most);
    Ok(all)
}
