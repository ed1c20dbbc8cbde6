//! The function tells its queue when to bring again what goes back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::SqsEvent;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::clock::FixedClock;
use zorgsluis_domain::port::{Outgoing, Queue, QueueDepth, Receipt, Received};
use zorgsluis_worker::lambda::Handler;

use crate::lambda::{Desk, Trouble, desk, event, now, stored};

/// A queue that is only told when to bring messages again.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) calls: Mutex<Vec<(Vec<String>, Duration)>>,
    /// It answers nothing, or an error.
    hangs: bool,
    fails: bool,
}

#[async_trait]
impl Queue for Told {
    async fn send(&self, _: &[Outgoing]) -> Result<Vec<Result<String, PortError>>, PortError> {
        unreachable!()
    }

    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Received>, PortError> {
        unreachable!()
    }

    async fn delete(&self, _: &[Receipt]) -> Result<(), PortError> {
        unreachable!("Lambda deletes")
    }

    async fn change_visibility(&self, receipts: &[Receipt], timeout: Duration) -> Result<(), PortError> {
        assert!((1..=10).contains(&receipts.len()), "as SQS has it");
        let handles =
            receipts.iter().map(|receipt| receipt.0.replace("AQEB-0a6cbd4e-3a41-4a39-8d2b-0d0ac2a4f", ""));
        self.calls.lock().unwrap().push((handles.collect(), timeout));
        if self.hangs {
            std::future::pending::<()>().await;
        }
        match self.fails {
            true => Err(PortError::Unavailable { operation: "queue", retry_after: None, cause: None }),
            false => Ok(()),
        }
    }

    async fn depth(&self) -> Result<QueueDepth, PortError> {
        unreachable!()
    }
}

/// What the queue was told, and what went back.
async fn told(
    queue: Told,
    desk: &Arc<Desk>,
    event: SqsEvent,
    left: Duration,
) -> (Vec<(Vec<String>, Duration)>, Vec<String>) {
    let queue = Arc::new(queue);
    let handler = Handler::new(Arc::clone(desk), Arc::new(FixedClock(now())), Duration::from_secs(5));
    let handled = handler.telling(Arc::clone(&queue) as Arc<dyn Queue>).handle(event, now() + left).await;
    let back = handled.response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
    let mut calls = queue.calls.lock().unwrap().clone();
    calls.sort();
    (calls, back.collect())
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_goes_back_comes_again_soon_with_the_rest_of_its_group_and_later_each_time() {
    for (count, delay) in [("1", 500), ("2", 1000), ("9", 128_000), ("10", 256_000), ("900", 256_000)] {
        let desk = desk([(stored(3), Trouble::Busy)]);
        let mut event = event("sqs-fifo-group-failure.json");
        event.records[2].attributes.insert("ApproximateReceiveCount".into(), count.into());
        let (calls, back) = told(Told::default(), &desk, event, MINUTE).await;
        assert_eq!(calls, [(vec!["303".into(), "304".into()], Duration::from_millis(delay))]);
        assert_eq!(back.len(), 2, "they are still answered as failed");
    }
}

#[tokio::test]
async fn what_a_service_asks_for_is_waited_for_a_quarter_of_an_hour_at_most() {
    for (asked, told_so) in [(7, 7), (86_400, 900)] {
        let desk = desk([(stored(3), Trouble::Away(Duration::from_secs(asked)))]);
        let event = event("sqs-fifo-group-failure.json");
        let (calls, _) = told(Told::default(), &desk, event, MINUTE).await;
        assert_eq!(calls, [(vec!["303".into(), "304".into()], Duration::from_secs(told_so))]);
    }
}

#[tokio::test]
async fn a_queue_that_cannot_be_told_changes_no_answer() {
    for (hangs, fails) in [(true, false), (false, true)] {
        let desk = desk([(stored(3), Trouble::Conflict)]);
        let event = event("sqs-fifo-group-failure.json");
        let (calls, back) = told(Told { hangs, fails, ..Told::default() }, &desk, event, MINUTE).await;
        assert_eq!((calls.len(), back.len()), (1, 2));
        assert_eq!(desk.processed.lock().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn what_was_not_begun_comes_again_at_once_unless_the_time_is_nearly_over() {
    let desk = desk([]);
    let groups = || event("sqs-fifo-group-failure.json");
    let (calls, back) = told(Told::default(), &desk, groups(), Duration::from_secs(4)).await;
    assert!(calls.iter().all(|(_, delay)| delay.is_zero()));
    assert_eq!((calls.iter().map(|(receipts, _)| receipts.len()).sum::<usize>(), back.len()), (5, 5));
    for left in [0, 2] {
        let (calls, back) = told(Told::default(), &desk, groups(), Duration::from_secs(left)).await;
        assert_eq!((calls.len(), back.len()), (0, 5), "{left} seconds left");
    }
}

#[tokio::test]
async fn nothing_is_told_of_what_is_done_or_parked_or_has_no_receipt() {
    let desk = desk([(stored(1), Trouble::Refused), (stored(3), Trouble::Busy)]);
    let mut event = event("sqs-fifo-group-failure.json");
    event.records[2].receipt_handle = None;
    event.records[3].receipt_handle = None;
    let (calls, back) = told(Told::default(), &desk, event, MINUTE).await;
    assert_eq!((calls.len(), back.len()), (0, 2));
}

#[tokio::test]
async fn more_than_one_request_holds_are_told_in_several() {
    let desk = desk([(stored(3), Trouble::Busy)]);
    let mut event = event("sqs-fifo-group-failure.json");
    let failing = event.records[2].clone();
    event.records = vec![failing; 23];
    let (calls, back) = told(Told::default(), &desk, event, MINUTE).await;
    let mut sizes: Vec<usize> = calls.iter().map(|(receipts, _)| receipts.len()).collect();
    sizes.sort_unstable();
    assert_eq!((sizes, back.len()), (vec![3, 10, 10], 23));
}
