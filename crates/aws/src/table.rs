//! A DynamoDB table, as the adapters use it: reads that see what was written, listings that are read to their end,
//! transactions whose failure says which condition did not hold.

mod cursor;
mod listing;
mod query;
mod row;
mod scan;
mod transaction;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::Blob;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use zorgsluis_domain::PortError;

pub(crate) use cursor::{bad_cursor, cursor, limit, page, parse_cursor, time_key};
pub(crate) use listing::{merged, shard, shards};
pub(crate) use query::Query;
pub(crate) use row::Row;
pub(crate) use scan::Scan;
pub(crate) use transaction::{Cancelled, MAX_WRITES, Write};

use crate::failure::{failed_unless, has_code};

/// The code of a request on an item that a transaction holds; the SDK does not try again by itself.
const HELD: &str = "TransactionConflictException";

/// The codes of DynamoDB by which a request itself is at fault.
const FAULTS: [&str; 3] =
    ["ValidationException", "ItemCollectionSizeLimitExceededException", "ConditionalCheckFailedException"];

/// An item, or a key.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Keys of one BatchGetItem at most.
const MAX_KEYS: usize = 100;
/// How often what others hold is tried before the caller is told to come again.
const TRIES: u32 = 16;
/// The longest wait between two tries, in milliseconds.
const LONGEST_WAIT: u64 = 400;

/// A text attribute.
pub(crate) fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A number attribute.
pub(crate) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// A binary attribute.
pub(crate) fn bytes(value: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

/// An item or a key of these attributes.
pub(crate) fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A table. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    client: Client,
    name: Arc<str>,
}

impl Table {
    /// The table of this name (as deployed: with its prefix).
    pub(crate) fn new(client: &Client, name: impl Into<Arc<str>>) -> Self {
        Self { client: client.clone(), name: name.into() }
    }

    /// The client, for calls that have no helper here.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// The name, for calls that have no helper here.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// One item, as it stands now (a consistent read).
    pub(crate) async fn get(&self, operation: &'static str, key: Item) -> Result<Option<Item>, PortError> {
        let request = self.client.get_item().table_name(&*self.name).set_key(Some(key)).consistent_read(true);
        let answer = request.send().await.map_err(|error| busy(operation, error))?;
        Ok(answer.item)
    }

    /// The items of these keys that stand now (consistent reads), in no particular order. A key may stand here
    /// once only.
    pub(crate) async fn get_all(
        &self,
        operation: &'static str,
        keys: Vec<Item>,
    ) -> Result<Vec<Item>, PortError> {
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(MAX_KEYS) {
            let mut patience = Patience::new(operation);
            let mut wanted = some.to_vec();
            loop {
                let keys = KeysAndAttributes::builder()
                    .set_keys(Some(wanted))
                    .consistent_read(true)
                    .build()
                    .map_err(|error| PortError::unavailable(operation, error))?;
                let request = self.client.batch_get_item().request_items(&*self.name, keys);
                let mut answer = request.send().await.map_err(|error| busy(operation, error))?;
                let items = answer.responses.as_mut().and_then(|tables| tables.remove(&*self.name));
                found.extend(items.unwrap_or_default());
                let rest = answer.unprocessed_keys.as_mut().and_then(|tables| tables.remove(&*self.name));
                wanted = rest.map(|rest| rest.keys).unwrap_or_default();
                if wanted.is_empty() {
                    break;
                }
                // More than 16 MB, or more than the table gives at once.
                patience.wait().await?;
            }
        }
        Ok(found)
    }

    /// Writes an item, whatever stands there.
    pub(crate) async fn put(&self, operation: &'static str, item: Item) -> Result<(), PortError> {
        let request = self.client.put_item().table_name(&*self.name).set_item(Some(item));
        let mut patience = Patience::new(operation);
        loop {
            match request.clone().send().await {
                Ok(_) => return Ok(()),
                Err(error) if has_code(&error, HELD) => patience.wait().await?,
                Err(error) => return Err(busy(operation, error)),
            }
        }
    }

    /// Reads items of one partition, in the order of their sort keys: `condition` is a key condition
    /// (`pk = :pk AND begins_with(sk, :prefix)`).
    pub(crate) fn query(&self, operation: &'static str, condition: &str) -> Query {
        Query::new(self.clone(), operation, condition)
    }

    /// Reads all items, whatever their keys.
    pub(crate) fn scan(&self, operation: &'static str) -> Scan {
        Scan::new(self.clone(), operation)
    }

    /// Does all of these writes or none. At most [`MAX_WRITES`], and one for each item.
    ///
    /// The SDK gives the request a token and repeats it with the same one: a write whose answer was lost is
    /// done once, and answered as done.
    ///
    /// # Errors
    ///
    /// `Ok(Err(_))` when a condition did not hold, or another transaction was at one of the items: read again
    /// and decide again ([`Patience`]). `Unavailable` when the table is throttled, `Refused` when an item is no
    /// item (too large).
    pub(crate) async fn transact(
        &self,
        operation: &'static str,
        writes: Vec<Write>,
    ) -> Result<Result<(), Cancelled>, PortError> {
        transaction::transact(self, operation, writes).await
    }
}

/// What a failed call means: an item is too large or none ([`FAULTS`]), a condition does not hold that the caller did
/// not ask about, or else trouble that passes, such as an item that a transaction holds.
pub(crate) fn busy<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> PortError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if has_code(&error, HELD) {
        return PortError::unavailable(operation, error);
    }
    failed_unless(operation, error, &FAULTS)
}

/// Waits before something is tried again that somebody else was at; not for ever.
#[derive(Debug)]
pub(crate) struct Patience {
    operation: &'static str,
    tried: u32,
}

impl Patience {
    /// Before the first try.
    pub(crate) const fn new(operation: &'static str) -> Self {
        Self { operation, tried: 0 }
    }

    /// Waits a moment, each time longer, and not as long as the others do.
    ///
    /// # Errors
    ///
    /// `Unavailable` after 16 tries.
    pub(crate) async fn wait(&mut self) -> Result<(), PortError> {
        self.tried += 1;
        if self.tried >= TRIES {
            return Err(PortError::unavailable(self.operation, "others were at it each time"));
        }
        let mut random = [0; 8];
        aws_lc_rs::rand::fill(&mut random)
            .map_err(|_| PortError::unavailable(self.operation, "no random bytes"))?;
        let longest = (5_u64 << self.tried.min(10)).min(LONGEST_WAIT);
        tokio::time::sleep(Duration::from_millis(u64::from_be_bytes(random) % longest)).await;
        Ok(())
    }
}
