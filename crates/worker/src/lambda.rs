//! The same as a Lambda function: `SqsEvent` in, `SqsBatchResponse` out, and how many ended how.
//!
//! Nothing is started when less than [`Handler::reserve`] is left before the deadline: it goes back. What was started
//! and has not ended [`STOP`] before the deadline is broken off, as a crash would, and goes back too: a function that
//! is stopped by its time-out answers nothing, and all of its batch comes again, what was done included.
//!
//! What goes back stays hidden until its visibility time-out is over, minutes on, and in a FIFO queue so do all
//! that stand behind it in its group. With [`Handler::telling`] the queue is told when to bring it again.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use zorgsluis_domain::Clock;
use zorgsluis_domain::port::queue::MAX_BATCH;
use zorgsluis_domain::port::{Queue, Receipt};

use crate::deliver::longer;
use crate::group::by_group;
use crate::{Delivery, Outcome, Process, deliver};

/// What goes back comes again after this long at the latest, whatever a service asked for.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// So long before the deadline nothing runs any more: the queue is told and the answer given.
pub const STOP: Duration = Duration::from_secs(4);

/// How long telling the queue may take.
const TELLING: Duration = Duration::from_secs(2);

/// With less than this left before the deadline the queue is not told any more.
const NEARLY_OVER: Duration = Duration::from_secs(3);

/// How the messages of a batch ended, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done.
    pub done: u64,
    /// Set aside for good.
    pub parked: u64,
    /// Back to the queue: trouble that may pass, what stood behind it in its group, and what was not begun.
    pub retried: u64,
}

/// How a batch ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Handled {
    /// What the function answers: names what goes back to the queue.
    pub response: SqsBatchResponse,
    /// The same in numbers, for metrics.
    pub tally: Tally,
}

/// The function: a use case, a clock, and how it deals with a batch.
pub struct Handler<P> {
    process: Arc<P>,
    clock: Arc<dyn Clock>,
    reserve: Duration,
    queue: Option<Arc<dyn Queue>>,
}

impl<P> Clone for Handler<P> {
    fn clone(&self) -> Self {
        Self {
            process: Arc::clone(&self.process),
            clock: Arc::clone(&self.clock),
            reserve: self.reserve,
            queue: self.queue.clone(),
        }
    }
}

impl<P: Process> Handler<P> {
    /// A handler that starts no message with less than `reserve` left.
    pub fn new(process: Arc<P>, clock: Arc<dyn Clock>, reserve: Duration) -> Self {
        Self { process, clock, reserve, queue: None }
    }

    /// The same, which tells `queue`, where its events come from, when to bring again what goes back. When that
    /// fails it comes when its visibility time-out is over.
    #[must_use]
    pub fn telling(self, queue: Arc<dyn Queue>) -> Self {
        Self { queue: Some(queue), ..self }
    }

    /// How much time a message must have left to be started.
    #[must_use]
    pub const fn reserve(&self) -> Duration {
        self.reserve
    }

    /// Works through a batch. `deadline` is when the function is stopped. The answer names what goes
    /// back to the queue, in the order of the batch; a record without a message id goes back under an
    /// empty name, which SQS takes as the whole batch.
    pub async fn handle(&self, event: SqsEvent, deadline: Timestamp) -> Handled {
        let ids: Vec<String> =
            event.records.iter().map(|record| record.message_id.clone().unwrap_or_default()).collect();
        let groups = by_group(event.records.into_iter().enumerate(), |(_, record)| {
            record.attributes.get("MessageGroupId").map(String::as_str)
        });
        let mut running = tokio::task::JoinSet::new();
        let mut back: Vec<usize> = Vec::new();
        let mut parked = 0;
        for group in groups {
            let handler = self.clone();
            running.spawn(async move { handler.group(group, deadline).await });
        }
        while let Some(ended) = running.join_next().await {
            match ended {
                Ok(ended) => {
                    back.extend(ended.back);
                    parked += ended.parked;
                }
                // A group's own task does not panic (its messages run in tasks of their own); should it
                // all the same, nobody knows how far it came, and all goes back: twice is harmless.
                Err(_) => back = (0..ids.len()).collect(),
            }
        }
        back.sort_unstable();
        back.dedup();
        let (all, retried) = (count(ids.len()), count(back.len()));
        let done = all.saturating_sub(retried).saturating_sub(parked);
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
        Handled { response, tally: Tally { done, parked: parked.min(all.saturating_sub(retried)), retried } }
    }

    /// One after another.
    async fn group(&self, records: Vec<(usize, SqsMessage)>, deadline: Timestamp) -> Ended {
        let mut records = records.into_iter();
        let (mut back, mut parked) = (Vec::new(), 0);
        while let Some((index, mut record)) = records.next() {
            let receipt = record.receipt_handle.take();
            let late = self.less_is_left(self.reserve.max(STOP), deadline);
            match if late { Outcome::Retry(Duration::ZERO) } else { self.in_time(record, deadline).await } {
                Outcome::Done => {}
                Outcome::Parked => parked += 1,
                Outcome::Retry(after) => {
                    back.push(index);
                    let mut receipts: Vec<Receipt> = receipt.map(Receipt).into_iter().collect();
                    for (index, record) in records.by_ref() {
                        back.push(index);
                        receipts.extend(record.receipt_handle.map(Receipt));
                    }
                    self.tell(&receipts, after, deadline).await;
                }
            }
        }
        Ended { back, parked }
    }

    fn left(&self, deadline: Timestamp) -> Duration {
        deadline.duration_since(self.clock.now()).try_into().unwrap_or_default()
    }

    fn less_is_left(&self, than: Duration, deadline: Timestamp) -> bool {
        self.left(deadline) < than
    }

    /// Works on a message as long as there is time for it. No caller inside knows of the deadline, and a service
    /// that does not answer is waited for longer than some have left.
    async fn in_time(&self, record: SqsMessage, deadline: Timestamp) -> Outcome {
        let delivery = delivery(record);
        let attempt = delivery.receive_count;
        let time = self.left(deadline).saturating_sub(STOP);
        let ended = tokio::time::timeout(time, deliver(&self.process, &*self.clock, &delivery)).await;
        ended.unwrap_or_else(|_| {
            tracing::warn!(code = "out-of-time", attempt, "a message goes back to the queue, broken off");
            Outcome::Retry(longer(attempt))
        })
    }

    /// Tells the queue when to bring again what goes back. What was done before it in its group is deleted only
    /// when the function has answered, and until then a FIFO queue gives nothing of the group to anybody.
    async fn tell(&self, receipts: &[Receipt], after: Duration, deadline: Timestamp) {
        let Some(queue) = &self.queue else { return };
        for receipts in receipts.chunks(MAX_BATCH) {
            if self.less_is_left(NEARLY_OVER, deadline) {
                return;
            }
            let told = queue.change_visibility(receipts, after.min(LONGEST));
            let code = match tokio::time::timeout(TELLING, told).await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.code(),
                Err(_) => "timed-out",
            };
            tracing::warn!(code, "the queue was not told when to bring messages again");
        }
    }
}

/// How a group ended.
struct Ended {
    /// The indices of what goes back.
    back: Vec<usize>,
    /// How many were set aside.
    parked: u64,
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn delivery(record: SqsMessage) -> Delivery {
    let attribute = |name: &str| record.attributes.get(name).map(String::as_str);
    let sent = attribute("SentTimestamp")
        .and_then(|millis| millis.parse().ok())
        .and_then(|millis| Timestamp::from_millisecond(millis).ok());
    let receive_count =
        attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
    let group = attribute("MessageGroupId").unwrap_or_default().to_owned();
    Delivery { body: record.body.unwrap_or_default(), group, sent, receive_count }
}
