//! The loop of a running server: takes messages from a queue and works on them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use zorgsluis_domain::Clock;
use zorgsluis_domain::port::queue::MAX_BATCH;
use zorgsluis_domain::port::{Queue, Received};

use crate::group::by_group;
use crate::{Delivery, Outcome, Process, deliver};

/// How long one request waits for a message.
const WAIT: Duration = Duration::from_secs(1);

/// How long the worker rests when the queue cannot be reached.
const REST: Duration = Duration::from_millis(500);

/// Works until `stop` says true (or is dropped), then ends what it has begun. Run several for more
/// speed.
pub async fn work<P: Process>(
    queue: Arc<dyn Queue>,
    process: Arc<P>,
    clock: Arc<dyn Clock>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let batch = tokio::select! {
            batch = queue.receive(MAX_BATCH, WAIT) => batch,
            changed = stop.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        match batch {
            Ok(batch) => work_batch(&queue, &process, &clock, batch).await,
            Err(error) => {
                tracing::warn!(code = error.code(), "the queue cannot be read");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

async fn work_batch<P: Process>(
    queue: &Arc<dyn Queue>,
    process: &Arc<P>,
    clock: &Arc<dyn Clock>,
    batch: Vec<Received>,
) {
    let mut running = JoinSet::new();
    for group in by_group(batch, |received| Some(received.group.as_str())) {
        let (queue, process, clock) = (Arc::clone(queue), Arc::clone(process), Arc::clone(clock));
        running.spawn(async move { work_group(&*queue, &process, &*clock, group).await });
    }
    while running.join_next().await.is_some() {}
}

async fn work_group<P: Process>(
    queue: &dyn Queue,
    process: &Arc<P>,
    clock: &dyn Clock,
    group: Vec<Received>,
) {
    let mut members = group.into_iter();
    while let Some(received) = members.next() {
        let told = match deliver(process, clock, &Delivery::from(&received)).await {
            Outcome::Done | Outcome::Parked => queue.delete(&[received.receipt]).await,
            Outcome::Retry(after) => {
                let back: Vec<_> = std::iter::once(received.receipt)
                    .chain(members.by_ref().map(|later| later.receipt))
                    .collect();
                queue.change_visibility(&back, after).await
            }
        };
        if let Err(error) = told {
            // It comes again when its time is over, and that changes nothing.
            tracing::warn!(code = error.code(), "the queue was not told how a message ended");
        }
    }
}
