//! The same as a Lambda function: `SqsEvent` in, `SqsBatchResponse` out.
//!
//! Nothing is started when less than [`Handler::reserve`] is left before the deadline: it goes back.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use zorgsluis_domain::Clock;

use crate::group::by_group;
use crate::{Delivery, Outcome, Process, deliver};

/// The function: a use case, a clock, and how it deals with a batch.
pub struct Handler<P> {
    process: Arc<P>,
    clock: Arc<dyn Clock>,
    reserve: Duration,
}

impl<P> Clone for Handler<P> {
    fn clone(&self) -> Self {
        Self { process: Arc::clone(&self.process), clock: Arc::clone(&self.clock), reserve: self.reserve }
    }
}

impl<P: Process> Handler<P> {
    /// A handler that starts no message with less than `reserve` left.
    pub fn new(process: Arc<P>, clock: Arc<dyn Clock>, reserve: Duration) -> Self {
        Self { process, clock, reserve }
    }

    /// How much time a message must have left to be started.
    #[must_use]
    pub const fn reserve(&self) -> Duration {
        self.reserve
    }

    /// Works through a batch. `deadline` is when the function is stopped. The answer names what goes
    /// back to the queue, in the order of the batch; a record without a message id goes back under an
    /// empty name, which SQS takes as the whole batch.
    pub async fn handle(&self, event: SqsEvent, deadline: Timestamp) -> SqsBatchResponse {
        let ids: Vec<String> =
            event.records.iter().map(|record| record.message_id.clone().unwrap_or_default()).collect();
        let groups = by_group(event.records.into_iter().enumerate(), |(_, record)| {
            record.attributes.get("MessageGroupId").map(String::as_str)
        });
        let mut running = tokio::task::JoinSet::new();
        let mut back: Vec<usize> = Vec::new();
        for group in groups {
            let handler = self.clone();
            running.spawn(async move { handler.group(group, deadline).await });
        }
        while let Some(ended) = running.join_next().await {
            match ended {
                Ok(indices) => back.extend(indices),
                // A group's own task does not panic (its messages run in tasks of their own); should it
                // all the same, nobody knows how far it came, and all goes back: twice is harmless.
                Err(_) => back = (0..ids.len()).collect(),
            }
        }
        back.sort_unstable();
        back.dedup();
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = back
            .into_iter()
            .filter_map(|index| ids.get(index))
            .map(|id| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier.clone_from(id);
                failure
            })
            .collect();
        response
    }

    /// One after another; answers the indices of what goes back.
    async fn group(&self, records: Vec<(usize, SqsMessage)>, deadline: Timestamp) -> Vec<usize> {
        let mut records = records.into_iter();
        let mut back = Vec::new();
        for (index, record) in records.by_ref() {
            let left = deadline.duration_since(self.clock.now());
            let late = left < jiff::SignedDuration::try_from(self.reserve).unwrap_or_default();
            if late || matches!(self.one(record).await, Outcome::Retry(_)) {
                back.push(index);
                break;
            }
        }
        back.extend(records.map(|(index, _)| index));
        back
    }

    async fn one(&self, record: SqsMessage) -> Outcome {
        let attribute = |name: &str| record.attributes.get(name).map(String::as_str);
        let sent = attribute("SentTimestamp")
            .and_then(|millis| millis.parse().ok())
            .and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let receive_count =
            attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
        let group = attribute("MessageGroupId").unwrap_or_default().to_owned();
        let delivery = Delivery { body: record.body.unwrap_or_default(), group, sent, receive_count };
        deliver(&self.process, &*self.clock, &delivery).await
    }
}
