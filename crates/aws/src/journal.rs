//! The journal in the table `messages`: an item for each step.

mod erase;

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, ReturnValue, WriteRequest};
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use zorgsluis_domain::port::{Journal, Page, PageRequest};
use zorgsluis_domain::{MessageId, PortError, Stage, Way, WayStep};

use crate::Clients;
use crate::failure::has_code;
use crate::messages::{Listing, Messages, Place, head, partition, shard};
use crate::table::{
    Item, Patience, Row, busy, cursor, item, limit, number, page, parse_cursor, text, time_key,
};

/// Bytes of a stage in one item at most (DynamoDB: 400 KB an item, names included). A longer one, of a message
/// that made thousands of resources, goes on in the next.
const PART: usize = 300 * 1024;
/// Items of one BatchWriteItem at most, and how many parts of full length fit into its 16 MB.
const BATCH: usize = 25;
/// Ways that are read at once.
const AT_ONCE: usize = 16;

/// The journal on DynamoDB. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DynamoJournal {
    messages: Messages,
}

impl DynamoJournal {
    /// The journal in this table (`messages`, with its prefix).
    #[must_use]
    pub fn new(clients: &Clients, table: impl Into<Arc<str>>) -> Self {
        Self { messages: Messages::new(&clients.dynamodb, table) }
    }

    /// Numbers steps on the message's head, and keeps there what they say about the message as a whole.
    /// Answers the number of the first.
    async fn number(
        &self,
        operation: &'static str,
        message: MessageId,
        at: Timestamp,
        count: u64,
        queued: bool,
    ) -> Result<u64, PortError> {
        let place = Place::of(at, message);
        self.messages.note_day(operation, Listing::First, place.day()).await?;
        let (set, remove) = if queued { (", queued = :queued", " REMOVE unqueued_in") } else { ("", "") };
        let table = &self.messages.table;
        let update = table
            .client()
            .update_item()
            .table_name(table.name())
            .set_key(Some(head(message)))
            .update_expression(format!(
                "SET first_at = if_not_exists(first_at, :at), first_in = if_not_exists(first_in, :in){set}{remove} \
                 ADD step_count :count"
            ))
            .expression_attribute_values(":at", place.attribute())
            .expression_attribute_values(":in", partition(place.day(), shard(message)))
            .expression_attribute_values(":count", number(count))
            .return_values(ReturnValue::AllNew);
        let update = if queued {
            update.expression_attribute_values(":queued", AttributeValue::Bool(true))
        } else {
            update
        };
        let answer = update.send().await.map_err(|error| busy(operation, error))?;
        let standing = answer.attributes.unwrap_or_default();
        let row = Row::new(operation, &standing);
        if Place::read(&row, "first_at")?.0 > at {
            self.make_first(operation, message, &place).await?;
        }
        Ok(row.number::<u64>("step_count")?.saturating_sub(count))
    }

    /// A step that is told late is older than the first one: the message moves in the listing.
    async fn make_first(
        &self,
        operation: &'static str,
        message: MessageId,
        place: &Place,
    ) -> Result<(), PortError> {
        let table = &self.messages.table;
        let moved = table
            .client()
            .update_item()
            .table_name(table.name())
            .set_key(Some(head(message)))
            .update_expression("SET first_at = :at, first_in = :in")
            .condition_expression("first_at > :at")
            .expression_attribute_values(":at", place.attribute())
            .expression_attribute_values(":in", partition(place.day(), shard(message)))
            .send()
            .await;
        match moved {
            Err(error) if !has_code(&error, "ConditionalCheckFailedException") => Err(busy(operation, error)),
            // An older one still came in between.
            _ => Ok(()),
        }
    }

    async fn write(&self, operation: &'static str, steps: Vec<Item>) -> Result<(), PortError> {
        let table = &self.messages.table;
        if let [one] = steps.as_slice() {
            return table.put(operation, one.clone()).await;
        }
        for some in steps.chunks(BATCH) {
            let mut patience = Patience::new(operation);
            let mut writes = some
                .iter()
                .map(|step| {
                    let put = PutRequest::builder().set_item(Some(step.clone())).build()?;
                    Ok(WriteRequest::builder().put_request(put).build())
                })
                .collect::<Result<Vec<_>, aws_sdk_dynamodb::error::BuildError>>()
                .map_err(|error| PortError::unavailable(operation, error))?;
            loop {
                let request = table.client().batch_write_item().request_items(table.name(), writes);
                let answer = request.send().await.map_err(|error| busy(operation, error))?;
                writes = answer
                    .unprocessed_items
                    .and_then(|mut tables| tables.remove(table.name()))
                    .unwrap_or_default();
                if writes.is_empty() {
                    break;
                }
                patience.wait().await?;
            }
        }
        Ok(())
    }

    async fn steps(&self, operation: &'static str, message: MessageId) -> Result<Vec<WayStep>, PortError> {
        let items = self
            .messages
            .table
            .query(operation, "pk = :pk AND begins_with(sk, :step)")
            .value(":pk", text(message))
            .value(":step", text("step#"))
            .all()
            .await?;
        let mut steps = Vec::new();
        let mut draft = Draft::default();
        for item in &items {
            let row = Row::new(operation, item);
            if let Some(step) = draft.take(&row)? {
                steps.push(step);
            }
        }
        Ok(steps)
    }
}

/// The items of one step. A stage of more than [`PART`] bytes takes several; they count when all are there.
fn items(
    operation: &'static str,
    message: MessageId,
    at: Timestamp,
    number_: u64,
    stage: &Stage,
) -> Result<Vec<Item>, PortError> {
    let json = serde_json::to_string(stage).map_err(|cause| PortError::unavailable(operation, cause))?;
    let mut parts = Vec::new();
    let mut rest = json.as_str();
    while !rest.is_empty() {
        let (part, behind) = rest.split_at_checked(rest.floor_char_boundary(PART)).unwrap_or((rest, ""));
        parts.push(part);
        rest = behind;
    }
    let of = u64::try_from(parts.len()).unwrap_or(u64::MAX);
    Ok((0..of)
        .zip(parts)
        .map(|(nth, part)| {
            item([
                ("pk", text(message)),
                ("sk", text(format!("step#{}#{number_:012}#{nth:04}", time_key(at)))),
                ("stage", text(part)),
                ("parts", number(of)),
            ])
        })
        .collect())
}

/// A step whose parts are being read.
#[derive(Default)]
struct Draft {
    step: String,
    json: String,
    parts: u64,
}

impl Draft {
    /// Takes the next item; the step that it completes, if it does. Parts of a step whose recording broke off
    /// are passed over: it was never told to be recorded, and was recorded again.
    fn take(&mut self, row: &Row<'_>) -> Result<Option<WayStep>, PortError> {
        let (step, nth) = row.text("sk")?.rsplit_once('#').ok_or_else(|| row.damaged("sk"))?;
        if step != self.step {
            *self = Self { step: step.to_owned(), ..Self::default() };
        }
        if nth.parse() != Ok(self.parts) {
            return Ok(None);
        }
        self.json.push_str(row.text("stage")?);
        self.parts += 1;
        if self.parts != row.number::<u64>("parts")? {
            return Ok(None);
        }
        let at = step.split('#').nth(1).and_then(|at| at.parse().ok()).ok_or_else(|| row.damaged("sk"))?;
        let stage = serde_json::from_str(&self.json).map_err(|_| row.damaged("stage"))?;
        Ok(Some(WayStep { at, stage }))
    }
}

#[async_trait]
impl Journal for DynamoJournal {
    async fn record(&self, message: MessageId, at: Timestamp, stages: &[Stage]) -> Result<(), PortError> {
        const OPERATION: &str = "journal.record";
        if stages.is_empty() {
            return Ok(());
        }
        let queued = stages.iter().any(|stage| matches!(stage, Stage::Queued));
        let count = u64::try_from(stages.len()).unwrap_or(u64::MAX);
        let first = self.number(OPERATION, message, at, count, queued).await?;
        let mut steps = Vec::with_capacity(stages.len());
        for (nth, stage) in (first..).zip(stages) {
            steps.extend(items(OPERATION, message, at, nth, stage)?);
        }
        self.write(OPERATION, steps).await
    }

    async fn get(&self, message: MessageId) -> Result<Option<Way>, PortError> {
        let steps = self.steps("journal.get", message).await?;
        Ok((!steps.is_empty()).then_some(Way { message, steps }))
    }

    async fn was_queued(&self, message: MessageId) -> Result<bool, PortError> {
        let head = self.messages.table.get("journal.was_queued", head(message)).await?;
        Ok(head.is_some_and(|head| head.contains_key("queued")))
    }

    /// A message whose first recording broke off has no step, and is left out: a page may be shorter for it.
    async fn latest(&self, request: &PageRequest) -> Result<Page<Way>, PortError> {
        const OPERATION: &str = "journal.latest";
        let limit = limit(request);
        let until = match &request.after {
            Some(after) => {
                let (at, message) = parse_cursor(OPERATION, after)?;
                Place::of(at, message)
            }
            None => Place::before(Timestamp::MAX),
        };
        let heads = self.messages.latest(OPERATION, &until, limit + 1).await?;
        let Page { items, next } = page(heads, limit, |(at, message)| cursor(*at, message));
        let ways: Vec<Way> = futures_util::stream::iter(items)
            .map(|(_, message)| async move {
                Ok::<_, PortError>(Way { message, steps: self.steps(OPERATION, message).await? })
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let items = ways.into_iter().filter(|way| !way.steps.is_empty()).collect();
        Ok(Page { items, next })
    }
}
