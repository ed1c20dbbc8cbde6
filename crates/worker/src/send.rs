//! Sending a message on to the next queue.

use zorgsluis_domain::port::{Outgoing, Queue};
use zorgsluis_domain::{PortError, QueueReference};

/// Sends a reference to the next queue, under the same group. `deduplication` is the same each time that
/// the same step is done again; a message that arrives twice has one effect all the same.
///
/// # Errors
///
/// What the queue answers.
pub async fn send_on(
    queue: &dyn Queue,
    reference: &QueueReference,
    group: &str,
    deduplication: String,
) -> Result<(), PortError> {
    const OPERATION: &str = "queue.send";
    let body = serde_json::to_string(reference)
        .map_err(|error| PortError::Refused { operation: OPERATION, reason: error.to_string() })?;
    let outgoing = Outgoing { body, group: group.to_owned(), deduplication };
    match queue.send(&[outgoing]).await?.pop() {
        Some(sent) => sent.map(drop),
        None => Err(PortError::Unavailable { operation: OPERATION, retry_after: None, cause: None }),
    }
}
