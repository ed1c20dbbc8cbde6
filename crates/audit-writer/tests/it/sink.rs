//! Entries through a queue: the sink of the functions, and the handler behind the queue.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use zorgsluis_audit_writer::QueueSink;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{AuditSink, Outgoing, Queue, QueueDepth, Receipt, Received};

use crate::queue::{Shelf, failed, handler, in_time};
use crate::support::{ANNA, NAME, World, entry};

/// A queue that refuses the message of one number, once.
#[derive(Default)]
struct Line {
    sent: Mutex<Vec<Outgoing>>,
    batches: Mutex<Vec<usize>>,
    refuses: Mutex<Option<usize>>,
}

const NOT_ASKED: PortError = PortError::NotFound { operation: "not part of this test" };

#[async_trait]
impl Queue for Line {
    async fn send(&self, batch: &[Outgoing]) -> Result<Vec<Result<String, PortError>>, PortError> {
        assert!((1..=10).contains(&batch.len()));
        assert!(batch.iter().map(|message| message.body.len()).sum::<usize>() <= 1 << 20);
        self.batches.lock().unwrap().push(batch.len());
        let mut results = Vec::new();
        for message in batch {
            let mut sent = self.sent.lock().unwrap();
            if *self.refuses.lock().unwrap() == Some(sent.len()) {
                *self.refuses.lock().unwrap() = None;
                results.push(Err(PortError::unavailable("queue.send", "busy")));
            } else {
                sent.push(message.clone());
                results.push(Ok(sent.len().to_string()));
            }
        }
        Ok(results)
    }
    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Received>, PortError> {
        Err(NOT_ASKED)
    }
    async fn delete(&self, _: &[Receipt]) -> Result<(), PortError> {
        Err(NOT_ASKED)
    }
    async fn change_visibility(&self, _: &[Receipt], _: Duration) -> Result<(), PortError> {
        Err(NOT_ASKED)
    }
    async fn depth(&self) -> Result<QueueDepth, PortError> {
        Err(NOT_ASKED)
    }
}

impl Line {
    /// What the event-source mapping hands to the function.
    fn event(&self) -> SqsEvent {
        let mut event = SqsEvent::default();
        for (number, message) in self.sent.lock().unwrap().iter().enumerate() {
            let mut record = SqsMessage::default();
            record.message_id = Some(format!("m{number}"));
            record.body = Some(message.body.clone());
            event.records.push(record);
        }
        event
    }
}

#[tokio::test]
async fn entries_go_through_the_queue_ten_at_a_time_and_stand_in_the_log_once() {
    let world = World::new();
    let line = Arc::new(Line::default());
    let sink = QueueSink::new(world.keys.clone(), line.clone());
    let entries: Vec<_> = (0..23).map(|number| entry(number, Some(ANNA))).collect();
    *line.refuses.lock().unwrap() = Some(12);
    let error = sink.record(&entries).await.unwrap_err();
    assert!(error.is_transient(), "one that was not taken fails the call: {error}");
    sink.record(&entries).await.unwrap();
    assert_eq!(*line.batches.lock().unwrap(), [10, 10, 10, 10, 3]);
    let sent = line.sent.lock().unwrap().clone();
    assert!(sent.iter().all(|message| !message.body.contains(NAME) && !message.body.contains(ANNA)));
    assert_eq!(sent.len(), 23 + 19, "the others of the first call were taken");

    let shelf = Arc::new(Shelf::default());
    let handled = handler(&world, &shelf).await.handle(line.event(), in_time()).await;
    assert!(failed(&handled.response).is_empty());
    assert_eq!(handled.tally.processed, 42);
    let report = world.verify().await;
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.size, report.bundles), (23, 1));
}

#[tokio::test]
async fn what_is_longer_than_the_queue_can_carry_is_refused_before_anything_is_sent() {
    let world = World::new();
    let line = Arc::new(Line::default());
    let sink = QueueSink::new(world.keys.clone(), line.clone());
    let mut long = entry(2, Some(ANNA));
    long.device = Some("x".repeat(1 << 20));
    let error = sink.record(&[entry(1, None), long]).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("refused", false), "{error}");
    assert!(line.sent.lock().unwrap().is_empty());
    // Ten of 200 kB are more than one request holds.
    let large: Vec<_> = (0..10)
        .map(|number| {
            let mut entry = entry(number, None);
            entry.device = Some("x".repeat(200_000));
            entry
        })
        .collect();
    sink.record(&large).await.unwrap();
    assert_eq!(*line.batches.lock().unwrap(), [3, 3, 3, 1]);
    sink.record(&[]).await.unwrap();
}
