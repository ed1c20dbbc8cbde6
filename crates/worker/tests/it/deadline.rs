//! What has not ended when the function is about to be stopped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use zorgsluis_domain::Clock;
use zorgsluis_domain::port::Queue;
use zorgsluis_domain::port::clock::FixedClock;
use zorgsluis_worker::lambda::{Handler, STOP, Tally};

use crate::lambda::{Trouble, desk, event, now, stored};
use crate::telling::Told;

/// What a message of these tests has.
const TIME: Duration = Duration::from_millis(300);

/// Real time, from [`now`] on.
struct Running(Instant);

impl Clock for Running {
    fn now(&self) -> Timestamp {
        now() + self.0.elapsed()
    }
}

#[tokio::test]
async fn what_hangs_is_broken_off_before_the_deadline_and_all_others_are_answered() {
    let desk = desk([(stored(3), Trouble::Hangs)]);
    let queue = Arc::new(Told::default());
    let handler = Handler::new(Arc::clone(&desk), Arc::new(FixedClock(now())), STOP);
    let handler = handler.telling(Arc::clone(&queue) as Arc<dyn Queue>);
    let mut event = event("sqs-fifo-group-failure.json");
    event.records[2].attributes.insert("ApproximateReceiveCount".into(), "2".into());
    let handled = handler.handle(event, now() + STOP + TIME);
    let handled = tokio::time::timeout(TIME * 10, handled).await.expect("before the function is stopped");
    assert_eq!(handled.tally, Tally { done: 3, parked: 0, retried: 2 });
    let back: Vec<_> = handled.response.batch_item_failures.iter().map(|one| &one.item_identifier).collect();
    assert_eq!(back, ["0a6cbd4e-3a41-4a39-8d2b-0d0ac2a4f303", "0a6cbd4e-3a41-4a39-8d2b-0d0ac2a4f304"]);
    let told = queue.calls.lock().unwrap().clone();
    assert_eq!(
        told,
        [(vec!["303".into(), "304".into()], Duration::from_secs(1))],
        "with the rest of its group"
    );
}

#[tokio::test]
async fn what_is_broken_off_does_nothing_any_more() {
    let desk = desk([(stored(3), Trouble::Slow(TIME * 2))]);
    let handler = Handler::new(Arc::clone(&desk), Arc::new(FixedClock(now())), STOP);
    let handled = handler.handle(event("sqs-fifo-group-failure.json"), now() + STOP + TIME).await;
    assert_eq!(handled.tally.retried, 2);
    tokio::time::sleep(TIME * 3).await;
    assert!(!desk.processed.lock().unwrap().contains(&stored(3)), "its next delivery may be at it");
}

#[tokio::test]
async fn what_ends_in_time_is_left_alone_and_what_stands_behind_it_has_what_is_left() {
    let desk = desk([(stored(3), Trouble::Slow(TIME)), (stored(4), Trouble::Hangs)]);
    let began = Instant::now();
    let handler = Handler::new(Arc::clone(&desk), Arc::new(Running(began)), STOP);
    let handled = handler.handle(event("sqs-fifo-group-failure.json"), now() + STOP + TIME * 3).await;
    assert_eq!(handled.tally, Tally { done: 4, parked: 0, retried: 1 });
    assert!(began.elapsed() < TIME * 4, "not its time anew for each: {:?}", began.elapsed());
}
