//! The rows of the index in the order of the log, for verification.

use std::collections::BTreeMap;

use tlog::{EntryId, EntryIndex as _, IndexError, IndexKey, IndexRow};

use super::index::{DynamoEntryIndex, fault};
use super::row::{self, Row, SLOTS, What, padded, slot};
use crate::table::{Item, busy, text};

/// Items asked for at a time from one slot.
const PAGE: i32 = 500;

/// How far one slot has been read.
struct Slot {
    partition: String,
    start: Option<Item>,
    done: bool,
    /// Rows below this index have all been read.
    complete: u64,
}

/// What stands at one index.
#[derive(Default)]
struct Found {
    /// Ids with their bundle, and how many keys belong to each.
    ids: Vec<(EntryId, u64, usize)>,
    /// Keys by bundle.
    keys: Vec<(u64, IndexKey)>,
    /// Items that lead nowhere: not as this adapter writes them.
    broken: u64,
}

impl Found {
    /// Whether the id and all keys that belong to it are there. More than belong to it are not waited for.
    fn is_whole(&self) -> bool {
        matches!(self.ids.as_slice(), [(_, _, keys)] if *keys <= self.keys.len())
    }

    fn into_rows(self, index: u64) -> Vec<IndexRow> {
        let mut keys: BTreeMap<u64, Vec<IndexKey>> = BTreeMap::new();
        for (bundle, key) in self.keys {
            keys.entry(bundle).or_default().push(key);
        }
        let mut rows: Vec<IndexRow> = Vec::new();
        for (id, bundle, promised) in self.ids {
            let keys = keys.remove(&bundle).unwrap_or_default();
            let whole = keys.len() == promised;
            rows.push(IndexRow { index, bundle, id: Some(id), keys, whole });
        }
        let without_id = |(bundle, keys)| IndexRow { index, bundle, id: None, keys, whole: true };
        rows.extend(keys.into_iter().map(without_id));
        rows.extend((0..self.broken).map(|_| IndexRow {
            index,
            bundle: u64::MAX,
            id: None,
            keys: Vec::new(),
            whole: true,
        }));
        rows
    }
}

impl DynamoEntryIndex {
    /// All rows of the first `limit` indices from `from` on that have any.
    ///
    /// The secondary index shows what was written moments ago a little later. So where the coverage promises a
    /// row that is not there, this waits and looks again, some seconds in all, before it is believed.
    pub(super) async fn rows_by_place(&self, from: u64, limit: usize) -> Result<Vec<IndexRow>, IndexError> {
        loop {
            let through = self.coverage().await?.through;
            let (found, complete) = self.look(from, limit).await?;
            let end = found.last_key_value().map_or(from, |(index, _)| index.saturating_add(1));
            let end = if complete { through.max(end) } else { end };
            let whole = (from..end.min(through)).all(|index| found.get(&index).is_some_and(Found::is_whole));
            if whole || !self.patience().await {
                return Ok(found.into_iter().flat_map(|(index, found)| found.into_rows(index)).collect());
            }
        }
    }

    /// What the secondary index shows now, of at most `limit` indices; and whether that is all there is.
    async fn look(&self, from: u64, limit: usize) -> Result<(BTreeMap<u64, Found>, bool), IndexError> {
        let mut found: BTreeMap<u64, Found> = BTreeMap::new();
        let mut slots: Vec<Slot> = (0..SLOTS)
            .map(|number| slot(&self.shard, number))
            .map(|partition| Slot { partition, start: None, done: false, complete: from })
            .collect();
        loop {
            // The slot that is furthest behind says up to where everything has been seen.
            let behind = slots.iter_mut().filter(|slot| !slot.done).min_by_key(|slot| slot.complete);
            let complete = behind.as_ref().map_or(u64::MAX, |slot| slot.complete);
            let ready = found.range(..complete).take(limit).count();
            match behind {
                Some(slot) if ready < limit => self.read_on(slot, from, &mut found).await?,
                _ => {
                    let keep = found.keys().nth(limit).copied().unwrap_or(u64::MAX).min(complete);
                    let all = complete == u64::MAX && keep == u64::MAX;
                    if !all {
                        found.split_off(&keep);
                    }
                    return Ok((found, all));
                }
            }
        }
    }

    async fn read_on(
        &self,
        slot: &mut Slot,
        from: u64,
        found: &mut BTreeMap<u64, Found>,
    ) -> Result<(), IndexError> {
        let answer = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .index_name("by-index")
            .key_condition_expression("slot = :slot AND idx >= :from")
            .expression_attribute_values(":slot", text(&slot.partition))
            .expression_attribute_values(":from", text(padded(from)))
            .limit(PAGE)
            .set_exclusive_start_key(slot.start.take())
            .send()
            .await
            .map_err(|error| fault(busy("log-index.rows", error)))?;
        for item in answer.items.unwrap_or_default() {
            // One whose index is no number stands behind all others.
            let index = row::text(&item, "idx").and_then(|index| index.parse().ok());
            slot.complete = slot.complete.max(index.unwrap_or_default());
            let index = index.unwrap_or(u64::MAX);
            let at = found.entry(index).or_default();
            match Row::read(&self.shard, &item) {
                Some(Row { place, what: What::Id(id, keys) }) => at.ids.push((id, place.bundle, keys)),
                Some(Row { place, what: What::Key(key) }) => at.keys.push((place.bundle, key)),
                None => at.broken += 1,
            }
        }
        slot.start = answer.last_evaluated_key;
        slot.done = slot.start.is_none();
        Ok(())
    }
}
