//! Queues on SQS.

mod batch;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::config::Config;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use aws_smithy_types::timeout::TimeoutConfig;
use jiff::Timestamp;
use tokio::time::Instant;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::queue::MAX_BATCH;
use zorgsluis_domain::port::{Outgoing, Queue, QueueDepth, Receipt, Received};

use crate::random::random_uuid;
use crate::{Clients, hindered::hindered};

/// A long poll lasts this long at most (SQS).
const MAX_WAIT: Duration = Duration::from_secs(20);
/// For the answer, on top of the wait.
const ANSWER: Duration = Duration::from_secs(8);
/// A message stays hidden this long at most (SQS: 12 hours).
const MAX_VISIBILITY: i32 = 43_200;

/// A queue on SQS. Cheap to clone.
///
/// One whose URL ends in `.fifo` keeps the order of each group, as the port promises. Deduplication reaches as
/// far as the queue's deduplication scope: with the scope `messageGroup` (high throughput), a message that is
/// sent again in *another* group is delivered again.
///
/// Any other is a standard queue: groups and deduplication ids are not sent, nothing keeps an order, and a
/// message may come twice without having been sent twice. [`Received::group`] is empty.
///
/// A group or deduplication id has 1 to 128 printable ASCII characters, as SQS and `embedded` have it; another is
/// refused, that message alone.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: aws_sdk_sqs::Client,
    url: String,
    fifo: bool,
}

impl SqsQueue {
    /// The queue of this URL.
    #[must_use]
    pub fn new(clients: &Clients, url: impl Into<String>) -> Self {
        let url = url.into();
        Self { client: clients.sqs.clone(), fifo: url.ends_with(".fifo"), url }
    }

    /// Sends some of a batch, and fills in what came of each.
    async fn send_some(
        &self,
        batch: &[Outgoing],
        chosen: &[usize],
        answers: &mut [Option<Result<String, PortError>>],
    ) -> Result<(), PortError> {
        const OPERATION: &str = "queue.send";
        let mut request = self.client.send_message_batch().queue_url(&self.url);
        for &at in chosen {
            let Some(message) = batch.get(at) else { continue };
            let entry = SendMessageBatchRequestEntry::builder()
                .id(at.to_string())
                .message_body(&message.body)
                .set_message_group_id(self.fifo.then(|| message.group.clone()))
                .set_message_deduplication_id(self.fifo.then(|| message.deduplication.clone()))
                .build()
                .map_err(|cause| PortError::unavailable(OPERATION, cause))?;
            request = request.entries(entry);
        }
        let sent = request.send().await.map_err(|error| hindered(OPERATION, error))?;
        let mut answer = |id: &str, result| {
            if let Some(answer) = id.parse::<usize>().ok().and_then(|at| answers.get_mut(at)) {
                *answer = Some(result);
            }
        };
        for entry in sent.successful {
            answer(&entry.id, Ok(entry.message_id));
        }
        for entry in sent.failed {
            answer(&entry.id, Err(batch::failed_entry(OPERATION, &entry)));
        }
        Ok(())
    }

    /// One request for messages, which waits `seconds` for the first.
    async fn poll(&self, max: usize, seconds: u64) -> Result<Vec<Received>, PortError> {
        const OPERATION: &str = "queue.receive";
        let attempt = Duration::from_secs(seconds) + ANSWER;
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(attempt)
            .operation_timeout(attempt.saturating_mul(2))
            .build();
        // A second attempt at the same request is given the same messages: a lost answer holds no group up.
        let attempt_id = if self.fifo { Some(random_uuid(OPERATION)?.to_string()) } else { None };
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(max).unwrap_or(1))
            .wait_time_seconds(i32::try_from(seconds).unwrap_or(0))
            .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .set_receive_request_attempt_id(attempt_id)
            .customize()
            .config_override(Config::builder().timeout_config(timeouts))
            .send()
            .await
            .map_err(|error| hindered(OPERATION, error))?;
        answer.messages.unwrap_or_default().into_iter().map(received).collect()
    }
}

fn received(message: Message) -> Result<Received, PortError> {
    let strange = |what: &str| PortError::Damaged {
        operation: "queue.receive",
        reason: format!("the queue delivered a message without {what}"),
    };
    let attribute = |name| message.attributes.as_ref().and_then(|all| all.get(&name));
    let sent = attribute(MessageSystemAttributeName::SentTimestamp)
        .and_then(|millis| Timestamp::from_millisecond(millis.parse().ok()?).ok())
        .ok_or_else(|| strange("the time at which it was sent"))?;
    let receive_count = attribute(MessageSystemAttributeName::ApproximateReceiveCount)
        .and_then(|count| count.parse().ok())
        .ok_or_else(|| strange("a count of its deliveries"))?;
    let group = attribute(MessageSystemAttributeName::MessageGroupId).cloned().unwrap_or_default();
    Ok(Received {
        group,
        receive_count,
        sent,
        id: message.message_id.ok_or_else(|| strange("an id"))?,
        receipt: Receipt(message.receipt_handle.ok_or_else(|| strange("a receipt"))?),
        body: message.body.unwrap_or_default(),
    })
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, batch: &[Outgoing]) -> Result<Vec<Result<String, PortError>>, PortError> {
        const OPERATION: &str = "queue.send";
        batch::check_length(OPERATION, batch.len())?;
        let mut answers: Vec<Option<Result<String, PortError>>> = Vec::with_capacity(batch.len());
        answers.resize_with(batch.len(), || None);
        for (message, answer) in batch.iter().zip(&mut answers) {
            *answer = batch::check(OPERATION, message, self.fifo).err().map(Err);
        }
        let mut sent_any = false;
        for chosen in batch::split(batch, &answers) {
            match self.send_some(batch, &chosen, &mut answers).await {
                Ok(()) => sent_any = true,
                // Nothing was accepted yet: the whole batch can be tried again as it is.
                Err(error) if !sent_any => return Err(error),
                // What comes behind is not sent either: it must not overtake what failed.
                Err(_) => break,
            }
        }
        let unanswered = || Err(PortError::unavailable(OPERATION, "it was not sent"));
        Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect())
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, PortError> {
        batch::check_length("queue.receive", max)?;
        let until = Instant::now() + wait;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let messages = self.poll(max, left.min(MAX_WAIT).as_secs()).await?;
            let left = until.saturating_duration_since(Instant::now());
            if !messages.is_empty() || left.is_zero() {
                return Ok(messages);
            }
            // SQS waits for whole seconds.
            if left < Duration::from_secs(1) {
                tokio::time::sleep(left).await;
            }
        }
    }

    async fn delete(&self, receipts: &[Receipt]) -> Result<(), PortError> {
        const OPERATION: &str = "queue.delete";
        batch::check_length(OPERATION, receipts.len())?;
        let mut request = self.client.delete_message_batch().queue_url(&self.url);
        for (at, receipt) in receipts.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(at.to_string())
                .receipt_handle(&receipt.0)
                .build()
                .map_err(|cause| PortError::unavailable(OPERATION, cause))?;
            request = request.entries(entry);
        }
        let done = request.send().await.map_err(|error| hindered(OPERATION, error))?;
        batch::check_receipts(OPERATION, &done.failed)
    }

    /// At most 12 hours from the delivery, as SQS has it: what goes beyond is left as it was.
    async fn change_visibility(&self, receipts: &[Receipt], timeout: Duration) -> Result<(), PortError> {
        const OPERATION: &str = "queue.change_visibility";
        batch::check_length(OPERATION, receipts.len())?;
        // A part of a second is a whole one: visible a little later, never at once.
        let seconds = timeout.as_millis().div_ceil(1000);
        let seconds = i32::try_from(seconds).unwrap_or(MAX_VISIBILITY).min(MAX_VISIBILITY);
        let mut request = self.client.change_message_visibility_batch().queue_url(&self.url);
        for (at, receipt) in receipts.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(at.to_string())
                .receipt_handle(&receipt.0)
                .visibility_timeout(seconds)
                .build()
                .map_err(|cause| PortError::unavailable(OPERATION, cause))?;
            request = request.entries(entry);
        }
        let done = request.send().await.map_err(|error| hindered(OPERATION, error))?;
        batch::check_receipts(OPERATION, &done.failed)
    }

    async fn depth(&self) -> Result<QueueDepth, PortError> {
        const OPERATION: &str = "queue.depth";
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
            .send()
            .await
            .map_err(|error| hindered(OPERATION, error))?;
        let attributes = answer.attributes.unwrap_or_default();
        let count = |name| {
            attributes.get(&name).and_then(|count| count.parse::<u64>().ok()).ok_or_else(|| {
                PortError::Damaged { operation: OPERATION, reason: String::from("the queue told no depth") }
            })
        };
        Ok(QueueDepth {
            waiting: count(QueueAttributeName::ApproximateNumberOfMessages)?
                .saturating_add(count(QueueAttributeName::ApproximateNumberOfMessagesDelayed)?),
            in_flight: count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)?,
        })
    }
}

const _: () = assert!(MAX_BATCH == 10, "what SQS takes in one request");
