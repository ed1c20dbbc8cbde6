//! The contracts of [`DeadLetters`] and [`Journal`].

use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{DeadLetter, DeadLetters, Journal, PageRequest};
use zorgsluis_domain::{Stage, Transport};

use crate::{at, message};

/// Page cursors that nobody gave out.
pub const GARBAGE: [&str; 7] =
    ["", "x", "1", "1.x", "-.", ".", "99999999999999999999.00000000-0000-0000-0000-000000000001"];

pub fn letter(number: u128, received: &str) -> DeadLetter {
    DeadLetter {
        message: message(number),
        group: format!("group-{number}"),
        received: at(received),
        parked: at("2024-03-07T12:00:00Z"),
        code: "unsupported-event".into(),
        at: Some("MSH[1]-9[1].2".into()),
        text: "the event is not supported".into(),
        attempts: 1,
    }
}

pub async fn a_dead_letter_is_kept_replaced_and_removed<D: DeadLetters>(letters: D) {
    let first = letter(1, "2024-03-07T10:00:00Z");
    assert_eq!(letters.get(message(1)).await.unwrap(), None);
    letters.park(&first).await.unwrap();
    assert_eq!(letters.get(message(1)).await.unwrap(), Some(first.clone()));
    let again = DeadLetter {
        code: "damaged".into(),
        at: None,
        attempts: 2,
        parked: at("2024-03-07T13:00:00Z"),
        ..first
    };
    letters.park(&again).await.unwrap();
    assert_eq!(letters.list(&PageRequest::first(10)).await.unwrap().items, std::slice::from_ref(&again));
    assert!(letters.remove(&again).await.unwrap());
    assert!(!letters.remove(&again).await.unwrap());
    assert_eq!(letters.get(message(1)).await.unwrap(), None);
    assert!(letters.list(&PageRequest::first(10)).await.unwrap().items.is_empty());
}

pub async fn a_letter_parked_again_meanwhile_stays<D: DeadLetters>(letters: D) {
    let read = letter(1, "2024-03-07T10:00:00Z");
    letters.park(&read).await.unwrap();
    let again = DeadLetter { parked: at("2024-03-07T12:00:00.000001Z"), ..read.clone() };
    letters.park(&again).await.unwrap();
    assert!(!letters.remove(&read).await.unwrap());
    assert_eq!(letters.get(message(1)).await.unwrap(), Some(again));
}

pub async fn a_letter_is_removed_once_though_many_try<D: DeadLetters + Clone + 'static>(letters: D) {
    let letter = letter(1, "2024-03-07T10:00:00.123456789Z");
    letters.park(&letter).await.unwrap();
    assert_eq!(letters.get(letter.message).await.unwrap().as_ref(), Some(&letter), "to the nanosecond");
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (letters, letter) = (letters.clone(), letter.clone());
            tokio::spawn(async move { letters.remove(&letter).await.unwrap() })
        })
        .collect();
    let mut removed = 0;
    for task in tasks {
        removed += usize::from(task.await.unwrap());
    }
    assert_eq!(removed, 1);
}

pub async fn dead_letters_are_listed_oldest_receipt_first<D: DeadLetters>(letters: D) {
    for (number, received) in
        [(2, "10:00:01"), (1, "10:00:01"), (3, "10:00:00"), (4, "10:00:05"), (5, "09:00:00")]
    {
        letters.park(&letter(number, &format!("2024-03-07T{received}Z"))).await.unwrap();
    }
    let mut listed = Vec::new();
    let mut page = PageRequest::first(2);
    loop {
        let found = letters.list(&page).await.unwrap();
        listed.extend(found.items.into_iter().map(|letter| letter.message));
        match found.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(listed, [5, 3, 1, 2, 4].map(message));
    for garbage in GARBAGE {
        let listed = letters.list(&PageRequest { after: Some(garbage.into()), limit: 2 }).await;
        assert!(matches!(listed, Err(PortError::Refused { .. })), "{garbage}");
    }
}

fn received() -> Stage {
    Stage::Received {
        transport: Transport::Mllp,
        sender: "ADT".into(),
        event: "ADT^A01".into(),
        control_id: "1".into(),
        bytes: 9,
        peer: None,
    }
}

pub async fn the_way_of_a_message_grows_in_the_order_of_time<J: Journal>(journal: J) {
    assert_eq!(journal.get(message(1)).await.unwrap(), None);
    let later = at("2024-03-07T10:00:02Z");
    let parked = Stage::Parked { code: "damaged".into(), at: None };
    journal.record(message(1), later, std::slice::from_ref(&parked)).await.unwrap();
    journal.record(message(1), at("2024-03-07T10:00:01Z"), &[received(), Stage::Queued]).await.unwrap();
    journal.record(message(1), later, &[Stage::Replayed]).await.unwrap();
    let way = journal.get(message(1)).await.unwrap().unwrap();
    assert_eq!(way.message, message(1));
    let stages: Vec<_> = way.steps.iter().map(|step| step.stage.clone()).collect();
    assert_eq!(stages, [received(), Stage::Queued, parked, Stage::Replayed]);
    assert_eq!(way.steps[3].at, later);
}

pub async fn the_journal_knows_what_was_queued<J: Journal>(journal: J) {
    assert!(!journal.was_queued(message(1)).await.unwrap());
    journal.record(message(1), at("2024-03-07T10:00:00Z"), &[received()]).await.unwrap();
    assert!(!journal.was_queued(message(1)).await.unwrap());
    journal.record(message(1), at("2024-03-07T10:00:00Z"), &[Stage::Queued]).await.unwrap();
    assert!(journal.was_queued(message(1)).await.unwrap());
    journal.record(message(1), at("2024-03-07T10:00:01Z"), &[Stage::Duplicate]).await.unwrap();
    assert!(journal.was_queued(message(1)).await.unwrap());
}

pub async fn the_latest_ways_come_first<J: Journal>(journal: J) {
    for (number, time) in [(1, "10:00:00"), (2, "10:00:02"), (3, "10:00:01"), (4, "10:00:02")] {
        journal.record(message(number), at(&format!("2024-03-07T{time}Z")), &[received()]).await.unwrap();
    }
    // A later step moves nothing: what counts is the first.
    journal.record(message(1), at("2024-03-07T11:00:00Z"), &[Stage::Queued]).await.unwrap();
    let mut listed = Vec::new();
    let mut page = PageRequest::first(3);
    loop {
        let found = journal.latest(&page).await.unwrap();
        listed.extend(found.items.into_iter().map(|way| (way.message, way.steps.len())));
        match found.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(listed, [(message(4), 1), (message(2), 1), (message(3), 1), (message(1), 2)]);
}
