//! The events as a Lambda function: `SqsEvent` in, `SqsBatchResponse` out.
//!
//! The queue keeps no order, so each event stands for itself: one goes back without the others. What can never be
//! read is set aside with the dead letters, sealed, for it holds an address.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::{SignedDuration, Timestamp};
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::DeadLetter;
use zorgsluis_worker::ProcessError;
use zorgsluis_worker::lambda::{Handled, Tally};

use super::{Taken, Told};
use crate::Notifier;

/// How a batch ended, and how many mails it told to have come back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Events {
    /// The answer, and how many ended how.
    pub handled: Handled,
    /// Events of mails that came back, for good or perhaps.
    pub bounced: u64,
    /// Events of complaints.
    pub complained: u64,
}

/// The function.
#[derive(Clone)]
pub struct MailEvents {
    notifier: Arc<Notifier>,
    reserve: Duration,
}

impl std::fmt::Debug for MailEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailEvents").field("reserve", &self.reserve).finish_non_exhaustive()
    }
}

/// How one event ended.
enum Ended {
    Done(Taken),
    Parked,
    Back,
}

impl MailEvents {
    /// A handler that begins no event with less than `reserve` left.
    #[must_use]
    pub const fn new(notifier: Arc<Notifier>, reserve: Duration) -> Self {
        Self { notifier, reserve }
    }

    /// Works through a batch. `deadline` is when the function is stopped.
    pub async fn handle(&self, event: SqsEvent, deadline: Timestamp) -> Events {
        let mut events = Events::default();
        let mut tally = Tally::default();
        let mut response = SqsBatchResponse::default();
        for record in event.records {
            let id = record.message_id.clone().unwrap_or_default();
            match self.one(record, deadline).await {
                Ended::Done(taken) => {
                    tally.done += 1;
                    match taken {
                        Taken::Told(Told::Bounced | Told::PerhapsBounced) => events.bounced += 1,
                        Taken::Told(Told::Complained) => events.complained += 1,
                        _ => {}
                    }
                }
                Ended::Parked => tally.parked += 1,
                Ended::Back => {
                    tally.retried += 1;
                    let mut failure = BatchItemFailure::default();
                    failure.item_identifier = id;
                    response.batch_item_failures.push(failure);
                }
            }
        }
        events.handled = Handled { response, tally };
        events
    }

    async fn one(&self, record: SqsMessage, deadline: Timestamp) -> Ended {
        let left = deadline.duration_since(self.notifier.ports.clock.now());
        if left < SignedDuration::try_from(self.reserve).unwrap_or_default() {
            return Ended::Back;
        }
        let attribute = |name: &str| record.attributes.get(name).map(String::as_str);
        let sent = attribute("SentTimestamp")
            .and_then(|millis| millis.parse().ok())
            .and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let attempts = attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
        let body: Arc<str> = record.body.unwrap_or_default().into();
        // Tasks of their own: a panic ends the task, not the batch.
        let (notifier, said) = (Arc::clone(&self.notifier), Arc::clone(&body));
        let taken = tokio::spawn(async move { notifier.mail_event(&said).await }).await;
        let (code, at, text) = match taken.unwrap_or_else(|_| Err(ProcessError::panicked())) {
            Ok(taken) => return Ended::Done(taken),
            Err(ProcessError::Refused { code, at, text }) => (code, at, text),
            Err(ProcessError::Port(error))
                if error.is_transient() || matches!(error, PortError::Conflict { .. }) =>
            {
                tracing::warn!(code = error.code(), "an event of a mail goes back to the queue");
                return Ended::Back;
            }
            Err(ProcessError::Port(error)) => (error.code().to_owned(), None, error.to_string()),
        };
        let notifier = Arc::clone(&self.notifier);
        let parked = tokio::spawn(async move {
            let parked = notifier.ports.clock.now();
            let received = sent.unwrap_or(parked);
            let message = notifier.parking.accept(body.as_bytes(), received).await?;
            // No group: it did not come through the inbound queue, and no replay brings it there.
            let group = String::new();
            let letter = DeadLetter { message, group, received, parked, code, at, text, attempts };
            notifier.parking.park(&letter).await
        });
        match parked.await {
            Ok(Ok(())) => Ended::Parked,
            _ => Ended::Back,
        }
    }
}
