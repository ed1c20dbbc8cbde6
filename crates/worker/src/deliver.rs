//! One delivery, from the body to its end.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{JoinError, JoinSet};
use zorgsluis_domain::port::{DeadLetter, Received};
use zorgsluis_domain::{Clock, PortError, QueueReference};

use crate::body::{Body, read};
use crate::{Process, ProcessError};

/// What a queue hands over. Its body may be PHI.
#[derive(Clone)]
pub struct Delivery {
    /// A reference, or a raw message.
    pub body: String,
    /// The FIFO group.
    pub group: String,
    /// When the message was put into the queue: the same in every delivery.
    pub sent: Option<Timestamp>,
    /// How often it was delivered, this time included.
    pub receive_count: u32,
}

impl From<&Received> for Delivery {
    fn from(received: &Received) -> Self {
        Self {
            body: received.body.clone(),
            group: received.group.clone(),
            sent: Some(received.sent),
            receive_count: received.receive_count,
        }
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("bytes", &self.body.len())
            .field("receive_count", &self.receive_count)
            .finish_non_exhaustive()
    }
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It can never succeed, and stands with the dead letters.
    Parked,
    /// Trouble that may pass: back to the queue, with the rest of its group, for this long.
    Retry(Duration),
}

/// Works on one delivery. Dropped before it ends, it stops where it stands, as in a crash.
pub async fn deliver<P: Process>(process: &Arc<P>, clock: &dyn Clock, delivery: &Delivery) -> Outcome {
    // Tasks of their own: a panic ends the task, not its neighbours.
    let mut reference = None;
    let error = match accepted(process, clock, delivery).await {
        Err(error) => error,
        Ok((accepted, unknown)) => {
            let made = reference.insert(accepted).clone();
            match unknown {
                Some(code) => {
                    let text = "the body is neither a reference to a stored message nor HL7 v2";
                    ProcessError::refused(code, None, text)
                }
                None => {
                    let process = Arc::clone(process);
                    let group = match delivery.group.as_str() {
                        "" => made.message.to_string(),
                        group => group.to_owned(),
                    };
                    match apart(async move { process.process(&made, &group).await }).await {
                        Some(Ok(Ok(()))) => return Outcome::Done,
                        Some(Ok(Err(error))) => error,
                        _ => ProcessError::panicked(),
                    }
                }
            }
        }
    };
    let (code, at, text) = match error {
        ProcessError::Refused { code, at, text } => (code, at, text),
        ProcessError::Port(error) if goes_back(&error) => return retry(delivery, Some(&error)),
        ProcessError::Port(error) => (error.code().to_owned(), None, error.to_string()),
    };
    // What could not even be stored has no id to be parked under; the queue counts for us.
    let Some(reference) = reference else { return retry(delivery, None) };
    let letter = DeadLetter {
        message: reference.message,
        group: delivery.group.clone(),
        received: reference.received,
        parked: clock.now(),
        code,
        at,
        text,
        attempts: delivery.receive_count,
    };
    let process = Arc::clone(process);
    match apart(async move { process.park(&letter).await }).await {
        Some(Ok(Ok(()))) => Outcome::Parked,
        Some(Ok(Err(error))) => retry(delivery, Some(&error)),
        _ => retry(delivery, None),
    }
}

/// Runs something in a task of its own, which ends when nobody waits for it any more. `None` does not come: there
/// is one task.
async fn apart<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Option<Result<T, JoinError>> {
    let mut task = JoinSet::new();
    task.spawn(work);
    task.join_next().await
}

/// The stored message that a delivery is about, and why it cannot be worked on, if so.
async fn accepted<P: Process>(
    process: &Arc<P>,
    clock: &dyn Clock,
    delivery: &Delivery,
) -> Result<(QueueReference, Option<&'static str>), ProcessError> {
    let sent = delivery.sent.unwrap_or_else(|| clock.now());
    let (bytes, unknown) = match read(&delivery.body) {
        Body::Reference(reference) => return Ok((reference, None)),
        Body::Raw(bytes) => (bytes.into_owned(), None),
        Body::Unknown(code) => (delivery.body.clone().into_bytes(), Some(code)),
    };
    let process = Arc::clone(process);
    match apart(async move { process.accept(&bytes, sent).await }).await {
        Some(Ok(message)) => Ok((QueueReference::new(message?, sent), unknown)),
        _ => Err(ProcessError::panicked()),
    }
}

/// Others wrote in between, or a service is away: later.
fn goes_back(error: &PortError) -> bool {
    error.is_transient() || matches!(error, PortError::Conflict { .. })
}

/// Longer with each delivery (half a second, up to some four minutes), unless the service says how long.
fn retry(delivery: &Delivery, error: Option<&PortError>) -> Outcome {
    match error {
        // The text names the operation and no value.
        Some(error) => tracing::warn!(
            code = error.code(),
            %error,
            attempt = delivery.receive_count,
            "a message goes back to the queue"
        ),
        None => tracing::warn!(attempt = delivery.receive_count, "a message goes back to the queue unread"),
    }
    let asked = match error {
        Some(PortError::Unavailable { retry_after, .. }) => *retry_after,
        _ => None,
    };
    Outcome::Retry(asked.unwrap_or_else(|| longer(delivery.receive_count)))
}

/// How long a message rests that was delivered so often, unless a service says how long.
pub(crate) fn longer(receive_count: u32) -> Duration {
    Duration::from_millis(250_u64 << receive_count.min(10))
}
