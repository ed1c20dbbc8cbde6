//! Messages that were set aside, in the table `dead-letters`: an item a message, by its id.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use zorgsluis_domain::port::{DeadLetter, DeadLetters, Page, PageRequest};
use zorgsluis_domain::{MessageId, PortError};

use crate::Clients;
use crate::table::{
    Item, Patience, Row, Table, Write, cursor, item, limit, merged, page, parse_cursor, shard, shards, text,
    time_key,
};

/// The name of the one listing.
const LETTERS: &str = "letters";

/// The dead letters on DynamoDB. One of them is read as it stands; the listing is an index and follows after a
/// moment: a letter may be missing there, or still stand, that was parked or taken away just now. Whoever acts on
/// what is listed is safe: a letter that no longer stands as it was read is not removed.
#[derive(Clone)]
pub struct DynamoDeadLetters {
    table: Table,
}

impl DynamoDeadLetters {
    /// The dead letters in this table (its whole name, `zorgsluis-dead-letters`).
    #[must_use]
    pub fn new(clients: &Clients, table: impl Into<Arc<str>>) -> Self {
        Self { table: Table::new(&clients.dynamodb, table) }
    }
}

fn key(message: MessageId) -> Item {
    item([("message", text(message))])
}

fn place(received: Timestamp, message: MessageId) -> String {
    format!("{}/{message}", time_key(received))
}

fn read(row: Row<'_>) -> Result<DeadLetter, PortError> {
    serde_json::from_str(row.text("letter")?).map_err(|_| row.damaged("letter"))
}

#[async_trait]
impl DeadLetters for DynamoDeadLetters {
    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
        const OPERATION: &str = "dead_letters.park";
        let json = serde_json::to_string(letter).map_err(|cause| PortError::unavailable(OPERATION, cause))?;
        let mut item = key(letter.message);
        item.insert("listing".into(), text(shard(LETTERS, letter.message.0)));
        item.insert("place".into(), text(place(letter.received, letter.message)));
        item.insert("letter".into(), text(json));
        self.table.put(OPERATION, item).await
    }

    async fn list(&self, request: &PageRequest) -> Result<Page<DeadLetter>, PortError> {
        const OPERATION: &str = "dead_letters.list";
        let limit = limit(request);
        let after = match &request.after {
            None => String::new(),
            Some(cursor) => {
                let (received, message) = parse_cursor(OPERATION, cursor)?;
                place(received, message)
            }
        };
        let query = |shard| {
            let query = self.table.query(OPERATION, "listing = :listing AND place > :after");
            // No key is empty: the first place of all is a blank.
            let after = if after.is_empty() { " " } else { &after };
            query.index("by-receipt").value(":listing", text(shard)).value(":after", text(after))
        };
        let queries = shards(LETTERS).map(query).collect();
        let items = merged(OPERATION, queries, "message", limit + 1, false).await?;
        let letters =
            items.iter().map(|item| read(Row::new(OPERATION, item))).collect::<Result<Vec<_>, _>>()?;
        Ok(page(letters, limit, |letter| cursor(letter.received, letter.message)))
    }

    async fn get(&self, message: MessageId) -> Result<Option<DeadLetter>, PortError> {
        const OPERATION: &str = "dead_letters.get";
        let found = self.table.get(OPERATION, key(message)).await?;
        found.map(|item| read(Row::new(OPERATION, &item))).transpose()
    }

    async fn remove(&self, letter: &DeadLetter) -> Result<bool, PortError> {
        const OPERATION: &str = "dead_letters.remove";
        let mut patience = Patience::new(OPERATION);
        loop {
            let Some(stands) = self.table.get(OPERATION, key(letter.message)).await? else {
                return Ok(false);
            };
            let row = Row::new(OPERATION, &stands);
            // By content, not by text: an earlier release may have written it otherwise.
            if read(row)? != *letter {
                return Ok(false);
            }
            // A transaction of one: repeated after a lost answer it still says that it was this one.
            let delete = Write::delete(key(letter.message))
                .only_if("letter = :letter")
                .value(":letter", text(row.text("letter")?));
            if self.table.transact(OPERATION, vec![delete]).await?.is_ok() {
                return Ok(true);
            }
            patience.wait().await?;
        }
    }
}

impl std::fmt::Debug for DynamoDeadLetters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoDeadLetters").finish_non_exhaustive()
    }
}
