//! The function behind the inbound queue, with the events of `events/lambda/`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::SqsEvent;
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::port::DeadLetter;
use zorgsluis_domain::port::clock::FixedClock;
use zorgsluis_domain::{MessageId, PortError, QueueReference};
use zorgsluis_worker::lambda::{Handled, Handler, Tally};
use zorgsluis_worker::{Process, ProcessError};

/// What a message does when it is processed.
#[derive(Clone, Copy)]
pub(crate) enum Trouble {
    Busy,
    /// It says for how long.
    Away(Duration),
    Conflict,
    Refused,
    StoreRefuses,
    Panics,
    PanicsAndCannotPark,
    /// A service does not answer.
    Hangs,
    /// Answers, after the time that is left.
    Slow(Duration),
}

/// Remembers what it was asked, and makes the trouble that the test wants.
#[derive(Default)]
pub(crate) struct Desk {
    trouble: HashMap<MessageId, Trouble>,
    accepted: Mutex<Vec<Vec<u8>>>,
    pub(crate) processed: Mutex<Vec<MessageId>>,
    parked: Mutex<Vec<DeadLetter>>,
}

#[async_trait]
impl Process for Desk {
    async fn accept(&self, raw: &[u8], _received: Timestamp) -> Result<MessageId, PortError> {
        self.accepted.lock().unwrap().push(raw.to_vec());
        Ok(id_of(raw))
    }

    #[expect(clippy::panic, reason = "what a panic does is tested here")]
    async fn process(&self, reference: &QueueReference, group: &str) -> Result<(), ProcessError> {
        assert!(!group.is_empty());
        let message = reference.message;
        tokio::task::yield_now().await;
        let unavailable =
            PortError::Unavailable { operation: "fhir.transaction", retry_after: None, cause: None };
        match self.trouble.get(&message) {
            None => {}
            Some(Trouble::Busy) => return Err(unavailable.into()),
            Some(Trouble::Away(time)) => {
                let operation = "fhir.transaction";
                return Err(
                    PortError::Unavailable { operation, retry_after: Some(*time), cause: None }.into()
                );
            }
            Some(Trouble::Conflict) => {
                return Err(PortError::Conflict { operation: "fhir.transaction" }.into());
            }
            Some(Trouble::Refused) => {
                let (code, at) = ("unsupported-event".to_owned(), Some("MSH[1]-9[1]".to_owned()));
                return Err(ProcessError::Refused { code, at, text: "no conversion for this event".into() });
            }
            Some(Trouble::StoreRefuses) => {
                let reason = "not a resource".to_owned();
                return Err(PortError::Refused { operation: "fhir.transaction", reason }.into());
            }
            Some(Trouble::Panics | Trouble::PanicsAndCannotPark) => panic!("on purpose"),
            Some(Trouble::Hangs) => std::future::pending().await,
            Some(Trouble::Slow(time)) => tokio::time::sleep(*time).await,
        }
        self.processed.lock().unwrap().push(message);
        Ok(())
    }

    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
        if matches!(self.trouble.get(&letter.message), Some(Trouble::PanicsAndCannotPark)) {
            return Err(PortError::Unavailable { operation: "park", retry_after: None, cause: None });
        }
        self.parked.lock().unwrap().push(letter.clone());
        Ok(())
    }
}

fn id_of(raw: &[u8]) -> MessageId {
    MessageId(Uuid::new_v5(&Uuid::NAMESPACE_OID, raw))
}

/// The nth of the references in the events.
pub(crate) fn stored(n: u8) -> MessageId {
    format!("5e0c1a52-7b1e-8c43-9f10-00000000000{n}").parse().unwrap()
}

pub(crate) fn event(file: &str) -> SqsEvent {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/lambda").join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub(crate) fn now() -> Timestamp {
    "2026-11-03T09:00:00Z".parse().unwrap()
}

async fn handle(desk: &Arc<Desk>, event: SqsEvent, deadline: Timestamp) -> Handled {
    let handler = Handler::new(Arc::clone(desk), Arc::new(FixedClock(now())), Duration::from_secs(5));
    handler.handle(event, deadline).await
}

async fn run_until(desk: &Arc<Desk>, event: SqsEvent, deadline: Timestamp) -> Vec<String> {
    let Handled { response, tally } = handle(desk, event, deadline).await;
    assert_eq!(tally.retried, u64::try_from(response.batch_item_failures.len()).unwrap());
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

async fn run(desk: &Arc<Desk>, event: SqsEvent) -> Vec<String> {
    run_until(desk, event, now() + Duration::from_secs(60)).await
}

pub(crate) fn desk(trouble: impl IntoIterator<Item = (MessageId, Trouble)>) -> Arc<Desk> {
    Arc::new(Desk { trouble: trouble.into_iter().collect(), ..Desk::default() })
}

#[tokio::test]
async fn a_raw_message_is_stored_as_its_header_declares_it_and_processed() {
    let desk = desk([]);
    let event = event("sqs-single-adt.json");
    let body = event.records[0].body.clone().unwrap();
    assert!(body.contains("|NLD|8859/1\r"));
    let bytes: Vec<u8> = body.chars().map(|c| u8::try_from(c).unwrap()).collect();
    assert!(run(&desk, event).await.is_empty());
    assert!(*desk.accepted.lock().unwrap() == [bytes.clone()], "8859/1, not the UTF-8 of the queue");
    assert_eq!(*desk.processed.lock().unwrap(), [id_of(&bytes)]);
}

#[tokio::test]
async fn letters_come_back_in_the_character_set_of_the_header() {
    let desk = desk([]);
    let text = "MSH|^~\\&|A|B|||20260101||ADT^A01|1|P|2.4|||||NLD|8859/1\rPID|1||1||Böing\r";
    let mut event = event("sqs-single-adt.json");
    event.records[0].body = Some(text.to_owned());
    let mut in_utf8 = event.records[0].clone();
    in_utf8.body = Some(text.replace("8859/1", "UNICODE UTF-8"));
    event.records.push(in_utf8);
    let mut not_in_latin1 = event.records[0].clone();
    not_in_latin1.body = Some(text.replace("Böing", "Boïng€"));
    event.records.push(not_in_latin1);
    assert!(run(&desk, event).await.is_empty());
    let accepted = desk.accepted.lock().unwrap();
    assert!(accepted[0].ends_with(b"B\xf6ing\r"));
    assert!(accepted[1].ends_with("Böing\r".as_bytes()));
    assert!(accepted[2].ends_with("Boïng€\r".as_bytes()), "what does not fit is left as it is");
}

#[tokio::test]
async fn a_poison_in_the_middle_is_parked_and_stops_nobody() {
    let desk = desk([]);
    assert!(run(&desk, event("sqs-batch-with-poison.json")).await.is_empty());
    assert_eq!(desk.processed.lock().unwrap().len(), 2);
    let parked = desk.parked.lock().unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].code.as_str(), parked[0].attempts), ("not-a-message", 1));
    assert_eq!(parked[0].group.len(), 64);
    assert_eq!(parked[0].received.as_millisecond(), 1_793_700_000_002);
    assert!(!parked[0].text.contains("PDF"), "nothing of the body");
}

#[tokio::test]
async fn trouble_that_may_pass_takes_the_rest_of_its_group_back_and_no_other() {
    for trouble in [Trouble::Busy, Trouble::Conflict] {
        let desk = desk([(stored(3), trouble)]);
        let back = run(&desk, event("sqs-fifo-group-failure.json")).await;
        assert_eq!(back, ["0a6cbd4e-3a41-4a39-8d2b-0d0ac2a4f303", "0a6cbd4e-3a41-4a39-8d2b-0d0ac2a4f304"]);
        let mut done = desk.processed.lock().unwrap().clone();
        done.sort();
        assert_eq!(done, [stored(1), stored(2), stored(5)]);
        assert!(desk.parked.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn without_groups_only_the_failed_message_goes_back() {
    let desk = desk([(stored(1), Trouble::Busy)]);
    let mut event = event("sqs-fifo-group-failure.json");
    for record in &mut event.records {
        record.attributes.remove("MessageGroupId");
    }
    assert_eq!(run(&desk, event).await, ["0a6cbd4e-3a41-4a39-8d2b-0d0ac2a4f301"]);
    assert_eq!(desk.processed.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn what_can_never_succeed_is_parked_with_its_reason() {
    for (trouble, code, at) in [
        (Trouble::Refused, "unsupported-event", Some("MSH[1]-9[1]")),
        (Trouble::StoreRefuses, "refused", None),
        (Trouble::Panics, "panic", None),
    ] {
        let desk = desk([(stored(3), trouble)]);
        assert!(run(&desk, event("sqs-fifo-group-failure.json")).await.is_empty());
        assert_eq!(desk.processed.lock().unwrap().len(), 4, "{code}: the others go on");
        let parked = desk.parked.lock().unwrap();
        assert_eq!(parked.len(), 1);
        assert_eq!((parked[0].message, parked[0].code.as_str()), (stored(3), code));
        assert_eq!(parked[0].at.as_deref(), at);
        assert_eq!(parked[0].received.to_string(), "2026-11-03T08:16:03Z");
        assert_eq!(parked[0].parked, now());
    }
}

#[tokio::test]
async fn what_cannot_even_be_parked_goes_back() {
    let desk = desk([(stored(3), Trouble::PanicsAndCannotPark)]);
    let back = run(&desk, event("sqs-fifo-group-failure.json")).await;
    assert_eq!(back, ["0a6cbd4e-3a41-4a39-8d2b-0d0ac2a4f303", "0a6cbd4e-3a41-4a39-8d2b-0d0ac2a4f304"]);
}

#[tokio::test]
async fn a_second_delivery_is_processed_again() {
    let desk = desk([]);
    assert!(run(&desk, event("sqs-duplicate-delivery.json")).await.is_empty());
    assert_eq!(
        *desk.processed.lock().unwrap(),
        [stored(1), stored(1)],
        "one effect is the use case's matter"
    );
}

#[tokio::test]
async fn nothing_is_started_when_too_little_time_is_left() {
    let desk = desk([]);
    let back = run_until(&desk, event("sqs-fifo-group-failure.json"), now() + Duration::from_secs(4)).await;
    assert_eq!(back.len(), 5);
    assert!(desk.processed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn references_that_are_none_are_parked() {
    for (body, code) in [
        (
            "{\"v\":2,\"message\":\"5e0c1a52-7b1e-8c43-9f10-000000000001\",\"received\":\"2026-11-03T08:16:01Z\"}",
            "unknown-reference-version",
        ),
        ("{\"v\":1}", "unknown-reference"),
        ("{", "unknown-reference"),
        ("", "not-a-message"),
        ("BHS|^~\\&|", "not-a-message"),
    ] {
        let desk = desk([]);
        let mut event = event("sqs-single-adt.json");
        event.records[0].body = Some(body.to_owned());
        assert!(run(&desk, event).await.is_empty());
        assert_eq!(desk.parked.lock().unwrap()[0].code, code, "{body}");
        assert!(desk.processed.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_a_newer_version_adds_to_a_reference_is_passed_over() {
    let desk = desk([]);
    let mut event = event("sqs-single-adt.json");
    let body = format!(
        "{{\"v\":1,\"message\":\"{}\",\"received\":\"2026-11-03T08:16:01Z\",\"priority\":{{\"of\":3}}}}",
        stored(1)
    );
    event.records[0].body = Some(body);
    assert!(run(&desk, event).await.is_empty());
    assert_eq!(*desk.processed.lock().unwrap(), [stored(1)]);
    assert!(desk.parked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_record_without_an_id_fails_the_whole_batch() {
    let desk = desk([(stored(3), Trouble::Busy)]);
    let mut event = event("sqs-fifo-group-failure.json");
    event.records[2].message_id = None;
    let back = run(&desk, event).await;
    assert_eq!(back[0], "", "SQS takes an empty name as all of them");
}

#[tokio::test]
async fn the_tally_says_how_many_ended_how() {
    let desk = desk([(stored(1), Trouble::Refused), (stored(3), Trouble::Busy)]);
    let event = event("sqs-fifo-group-failure.json");
    let minute = now() + Duration::from_secs(60);
    let tally = handle(&desk, event.clone(), minute).await.tally;
    assert_eq!(tally, Tally { done: 2, parked: 1, retried: 2 });
    let late = handle(&desk, event, now()).await.tally;
    assert_eq!(late, Tally { done: 0, parked: 0, retried: 5 });
    let none = handle(&desk, SqsEvent::default(), minute).await.tally;
    assert_eq!(none, Tally::default());
}
