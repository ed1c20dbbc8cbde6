//! The index of the log in DynamoDB.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tlog::{
    Coverage, Cursor, EntryId, EntryIndex, Hit, Hits, IndexError, IndexRow, IndexedBundle, IndexedEntry,
    MAX_IDS, Place, Query, Rekeyed,
};
use zorgsluis_domain::PortError;

use super::rebuilding::Standing;
use super::row::{Row, What, id_partition, key_partition, order, padded};
use crate::clients::Clients;
use crate::failure::has_code;
use crate::table::{self, Item, Patience, Table, busy, item, text};

/// Items in one request (DynamoDB).
const WRITES: usize = 25;
const READS: usize = 100;
/// Requests of one call that are under way at a time.
const PARALLEL: usize = 8;
/// How often verification waits for rows that the secondary index may not show yet; see `rows`.
const WAITS: u32 = 12;

/// [`EntryIndex`] on the table `log-index`, for one log.
///
/// Three kinds of items, all keys of which begin with the name of the log: one for each id, one for each key of
/// an entry, and one that holds the coverage. Appending and searching read the table itself, strongly
/// consistent. Verification goes by place, which only a secondary index knows; that one lags behind by
/// moments. A row counts for nobody unless it carries the attributes by which verification finds it.
///
/// While it is made anew it answers nobody else ([`Rebuilding`](IndexError::Rebuilding)): see `rebuilding`.
#[derive(Clone)]
pub struct DynamoEntryIndex {
    pub(super) table: Table,
    pub(super) shard: Arc<str>,
    pub(super) waits: Arc<AtomicU32>,
    /// Which time of making the index anew this handle began, and has not ended; 0: none.
    pub(super) rebuilds: Arc<AtomicU64>,
}

impl DynamoEntryIndex {
    /// The index of the log of this shard, in this table.
    #[must_use]
    pub fn new(clients: &Clients, table: &str, shard: &str) -> Self {
        Self {
            table: Table::new(&clients.dynamodb, table),
            shard: shard.into(),
            waits: Arc::new(AtomicU32::new(WAITS)),
            rebuilds: Arc::default(),
        }
    }

    /// Whether it is worth waiting for the secondary index once more; waits if so.
    pub(super) async fn patience(&self) -> bool {
        let left = self.waits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_ok() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        left.is_ok()
    }

    pub(super) fn coverage_key(&self) -> Item {
        item([("pk", text(&*self.shard)), ("sk", text("coverage"))])
    }

    /// Writes what is asked for, in any order; all of it is durable when this returns.
    pub(super) async fn write(&self, requests: Vec<WriteRequest>) -> Result<(), IndexError> {
        let chunks: Vec<Vec<WriteRequest>> = requests.chunks(WRITES).map(<[_]>::to_vec).collect();
        let writes = chunks.into_iter().map(|chunk| self.write_chunk(chunk));
        stream::iter(writes).buffer_unordered(PARALLEL).try_collect::<()>().await.map_err(fault)
    }

    async fn write_chunk(&self, mut chunk: Vec<WriteRequest>) -> Result<(), PortError> {
        const OPERATION: &str = "log-index.write";
        let mut patience = Patience::new(OPERATION);
        loop {
            let request = self.table.client().batch_write_item().request_items(self.table.name(), chunk);
            let answer = request.send().await.map_err(|error| busy(OPERATION, error))?;
            let left = answer.unprocessed_items.unwrap_or_default().remove(self.table.name());
            chunk = left.unwrap_or_default();
            if chunk.is_empty() {
                return Ok(());
            }
            patience.wait().await?;
        }
    }

    async fn read_chunk(&self, ids: Vec<EntryId>) -> Result<Vec<(EntryId, Place)>, PortError> {
        let key = |id| item([("pk", text(id_partition(&self.shard, id))), ("sk", text("id"))]);
        let items = self.table.get_all("log-index.places", ids.iter().map(key).collect()).await?;
        let places = items.iter().filter_map(|item| match Row::read(&self.shard, item)? {
            Row { place, what: What::Id(id, _) } => Some((id, place)),
            Row { .. } => None,
        });
        Ok(places.collect())
    }

    /// The keys that begin so and have rows from before a moment. Reads the whole index: it leads from a key to its
    /// rows, and from nothing to the keys.
    pub(crate) async fn keys_before(
        &self,
        operation: &'static str,
        prefix: &str,
        before: jiff::Timestamp,
    ) -> Result<std::collections::BTreeSet<String>, PortError> {
        let scan = self.scan_keys(operation, prefix, before);
        let keys = self.whole(async { scan.await.map_err(fault) }).await;
        keys.map_err(|error| PortError::unavailable(operation, error))
    }

    async fn scan_keys(
        &self,
        operation: &'static str,
        prefix: &str,
        before: jiff::Timestamp,
    ) -> Result<std::collections::BTreeSet<String>, PortError> {
        let partition = key_partition(&self.shard, prefix);
        let mut keys = std::collections::BTreeSet::new();
        let behind = key_partition(&self.shard, "");
        let rows = self
            .table
            .scan(operation)
            .only("begins_with(pk, :keys) AND sk < :before")
            .value(":keys", text(&partition))
            .value(":before", text(order(before.as_microsecond())))
            .attributes("pk");
        rows.each(|row| {
            keys.extend(row.text("pk")?.strip_prefix(&behind).map(str::to_owned));
            Ok(())
        })
        .await?;
        Ok(keys)
    }

    /// Sets the coverage behind a bundle, if it still reaches to where the bundle begins and the index is the one
    /// that was looked at. `false`: it does not, or is not.
    async fn cover(&self, bundle: &IndexedBundle, seen: &Standing) -> Result<bool, IndexError> {
        let new = "attribute_not_exists(through)";
        let advances = "through >= :first AND through < :end";
        let reaches =
            if bundle.first == 0 { format!("({new} OR ({advances}))") } else { advances.to_owned() };
        let update = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(self.coverage_key()))
            .update_expression("SET through = :end, last_bundle = :first")
            .expression_attribute_values(":first", table::number(bundle.first))
            .expression_attribute_values(":end", table::number(bundle.end));
        let (unchanged, update) = seen.unchanged(update);
        match update.condition_expression(format!("{reaches} AND {unchanged}")).send().await {
            Ok(_) => Ok(true),
            Err(error) if has_code(&error, "ConditionalCheckFailedException") => Ok(false),
            Err(error) => Err(fault(busy("log-index.cover", error))),
        }
    }

    /// The new rows come first and the number that the id notes, then what is no longer true goes. Cut off in
    /// between, the same call again completes it.
    async fn replace_keys_of(&self, entry: &Rekeyed) -> Result<(), IndexError> {
        let rows = self.rows_by_place(entry.place.index, 1).await?;
        let bundle = entry.place.bundle;
        let here = |row: &&IndexRow| row.index == entry.place.index && row.id == Some(entry.id);
        let Some(row) = rows.iter().find(here).filter(|row| row.bundle == bundle) else { return Ok(()) };
        let indexed = IndexedEntry { id: entry.id, keys: entry.keys.clone() };
        let first = entry.place.index;
        let standing = IndexedBundle { first, end: first.saturating_add(1), entries: vec![indexed] };
        self.write(self.rows_at(&standing, bundle)).await?;
        let gone = row.keys.iter().filter(|key| !entry.keys.contains(key));
        let deletes = gone.filter_map(|key| {
            let (pk, sk) = Row { place: entry.place, what: What::Key(key.clone()) }.key(&self.shard);
            let delete = DeleteRequest::builder().set_key(Some(item([("pk", text(pk)), ("sk", text(sk))])));
            Some(WriteRequest::builder().delete_request(delete.build().ok()?).build())
        });
        self.write(deletes.collect()).await
    }

    /// What the rows say now.
    async fn look_up(&self, query: &Query) -> Result<Hits, IndexError> {
        let limit = query.limit.clamp(1, MAX_IDS);
        let behind = query.after.map(|after| format!("{}#{}", order(after.at), padded(after.index)));
        // A sort key is longer than the order that it begins with, and so greater: `to` itself is not within.
        let (mut low, mut high) = (order(query.from), order(query.to));
        match &behind {
            Some(behind) if query.newest_first => high = behind.clone().min(high),
            Some(behind) => low = behind.clone().max(low),
            None => {}
        }
        let mut hits = Vec::new();
        let mut start: Option<Item> = None;
        while low < high && hits.len() <= limit {
            let answer = self
                .table
                .client()
                .query()
                .table_name(self.table.name())
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
                .expression_attribute_values(":pk", text(key_partition(&self.shard, &query.key)))
                .expression_attribute_values(":low", text(&low))
                .expression_attribute_values(":high", text(&high))
                .scan_index_forward(!query.newest_first)
                .limit(i32::try_from(limit.saturating_add(2)).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| fault(busy("log-index.find", error)))?;
            for item in answer.items.unwrap_or_default() {
                let passed = behind.as_ref().is_some_and(|behind| item.get("sk") == Some(&text(behind)));
                if let Some(Row { place, what: What::Key(key) }) = Row::read(&self.shard, &item)
                    && !passed
                {
                    hits.push(Hit { at: key.at, place });
                }
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let more = hits.len() > limit;
        hits.truncate(limit);
        let next = hits.last().filter(|_| more).map(|hit| Cursor { at: hit.at, index: hit.place.index });
        Ok(Hits { hits, next })
    }

    /// The items of a bundle's rows: each key once, as DynamoDB demands; what comes first stands.
    fn rows_of(&self, bundle: &IndexedBundle) -> Vec<WriteRequest> {
        self.rows_at(bundle, bundle.first)
    }

    /// The items of these entries, which stand in the bundle that begins at `first`.
    fn rows_at(&self, bundle: &IndexedBundle, first: u64) -> Vec<WriteRequest> {
        let mut seen = HashSet::new();
        let mut requests = Vec::new();
        for (index, entry) in (bundle.first..).zip(&bundle.entries) {
            let place = Place { index, bundle: first };
            let id = Row { place, what: What::Id(entry.id, entry.keys.len()) };
            let keys = entry.keys.iter().map(|key| Row { place, what: What::Key(key.clone()) });
            for row in std::iter::once(id).chain(keys) {
                if seen.insert(row.key(&self.shard)) {
                    let put = PutRequest::builder().set_item(Some(row.item(&self.shard))).build();
                    requests.extend(put.ok().map(|put| WriteRequest::builder().put_request(put).build()));
                }
            }
        }
        requests
    }
}

/// What the failure of a call means for the index.
pub(super) fn fault(error: PortError) -> IndexError {
    if error.is_transient() { IndexError::transient(error) } else { IndexError::permanent(error) }
}

#[async_trait]
impl EntryIndex for DynamoEntryIndex {
    async fn coverage(&self) -> Result<Coverage, IndexError> {
        Ok(self.standing().await?.coverage)
    }

    async fn places(&self, ids: &[EntryId]) -> Result<Vec<Option<Place>>, IndexError> {
        if ids.len() > MAX_IDS {
            return Err(IndexError::permanent("too many ids in one call"));
        }
        let mut seen = HashSet::with_capacity(ids.len());
        let distinct: Vec<EntryId> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        let chunks: Vec<Vec<EntryId>> = distinct.chunks(READS).map(<[_]>::to_vec).collect();
        let reads = chunks.into_iter().map(|chunk| self.read_chunk(chunk));
        let reading = stream::iter(reads).buffer_unordered(PARALLEL).try_collect::<Vec<_>>();
        let found = self.whole(async { reading.await.map_err(fault) }).await?;
        let places: HashMap<EntryId, Place> = found.into_iter().flatten().collect();
        Ok(ids.iter().map(|id| places.get(id).copied()).collect())
    }

    async fn record(&self, bundle: &IndexedBundle) -> Result<(), IndexError> {
        if bundle.end.checked_sub(bundle.first) != u64::try_from(bundle.entries.len()).ok() {
            return Err(IndexError::permanent("the bundle's ends and its entries differ"));
        }
        let seen = self.standing().await?;
        let through = seen.coverage.through;
        if through < bundle.first {
            return Err(IndexError::Gap { through, first: bundle.first });
        }
        if through >= bundle.end {
            return Ok(());
        }
        self.write(self.rows_of(bundle)).await?;
        if self.cover(bundle, &seen).await? {
            return Ok(());
        }
        // Another recorded it meanwhile (or this call did, and its answer was lost); or it was made anew.
        let now = self.standing().await?;
        match now.coverage.through {
            through if through >= bundle.end => Ok(()),
            _ if !now.is_same(&seen) => Err(IndexError::transient("the index was made anew meanwhile")),
            through => Err(IndexError::Gap { through, first: bundle.first }),
        }
    }

    async fn find(&self, query: &Query) -> Result<Hits, IndexError> {
        self.whole(self.look_up(query)).await
    }

    async fn rows(&self, from: u64, limit: usize) -> Result<Vec<IndexRow>, IndexError> {
        self.rows_by_place(from, limit.clamp(1, MAX_IDS)).await
    }

    async fn replace_keys(&self, entries: &[Rekeyed]) -> Result<(), IndexError> {
        for entry in entries {
            self.replace_keys_of(entry).await?;
        }
        Ok(())
    }

    async fn reset(&self) -> Result<(), IndexError> {
        self.empty().await
    }

    async fn rebuilt(&self) -> Result<(), IndexError> {
        self.unmark().await
    }
}

impl fmt::Debug for DynamoEntryIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoEntryIndex").field("shard", &self.shard).finish_non_exhaustive()
    }
}
