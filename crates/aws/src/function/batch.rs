//! What the functions behind queues have in common.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use zorgsluis_domain::Clock;
use zorgsluis_domain::port::Queue;
use zorgsluis_worker::Process;
use zorgsluis_worker::lambda::Handler;

use super::{Call, Metric};

/// What a message must have left of the function's time to be begun: it takes a few round trips, each tried
/// several times. One operation may last longer (25 s, with all its attempts): what has not ended
/// [`STOP`](zorgsluis_worker::lambda::STOP) before the deadline is broken off.
const RESERVE: Duration = Duration::from_secs(15);

/// The handler of a use case behind a queue, which is told when to bring again what goes back.
pub fn worker<P: Process>(process: P, clock: Arc<dyn Clock>, queue: Arc<dyn Queue>) -> Handler<P> {
    Handler::new(Arc::new(process), clock, RESERVE).telling(queue)
}

/// Works through a batch and counts how its messages ended.
pub async fn work<P: Process>(handler: &Handler<P>, event: SqsEvent, call: &Call) -> SqsBatchResponse {
    let handled = handler.handle(event, call.deadline).await;
    call.metrics.add(Metric::Processed, handled.tally.done);
    call.metrics.add(Metric::Parked, handled.tally.parked);
    call.metrics.add(Metric::Retried, handled.tally.retried);
    handled.response
}
