//! The contract of [`PayloadStore`].

use jiff::Timestamp;
use zorgsluis_domain::port::{DataClass, Journal, KeyOwner, Keys, PageRequest, PayloadStore, Put};
use zorgsluis_domain::{PortError, Purpose, Stage};

use crate::{at, message};

fn owner(keys: &impl Keys) -> KeyOwner {
    KeyOwner::Patient(keys.pseudonym(Purpose::KeyOwner, &[b"system", b"999911120"]))
}

pub async fn what_was_put_is_read_and_never_replaced<P: PayloadStore, K: Keys>(store: P, keys: K) {
    let owner = owner(&keys);
    let received = at("2024-03-07T10:15:00.123456Z");
    assert_eq!(store.put(message(1), &owner, received, b"MSH|first").await.unwrap(), Put::Created);
    let later = at("2024-03-08T00:00:00Z");
    assert_eq!(store.put(message(1), &owner, later, b"MSH|second").await.unwrap(), Put::AlreadyThere);
    let payload = store.get(message(1)).await.unwrap();
    assert_eq!(payload.bytes.expose_phi(), b"MSH|first");
    assert_eq!((payload.message, payload.received), (message(1), received));
    assert!(matches!(store.get(message(2)).await, Err(PortError::NotFound { .. })));
}

pub async fn of_many_puts_at_once_one_creates<P: PayloadStore + Clone + 'static, K: Keys>(store: P, keys: K) {
    let tasks: Vec<_> = (0..8u8)
        .map(|n| {
            let (store, owner) = (store.clone(), owner(&keys));
            tokio::spawn(async move {
                let put = store.put(message(1), &owner, at("2024-03-07T10:15:00Z"), &[n]).await.unwrap();
                (n, put)
            })
        })
        .collect();
    let mut created = Vec::new();
    for task in tasks {
        if let (n, Put::Created) = task.await.unwrap() {
            created.push(n);
        }
    }
    assert_eq!(store.get(message(1)).await.unwrap().bytes.expose_phi(), &created);
}

pub async fn listing_is_oldest_first_paged_and_bounded<P: PayloadStore, K: Keys>(store: P, keys: K) {
    let owner = owner(&keys);
    // Two of one moment; stored in another order than received.
    for (number, time) in
        [(5, "10:00:02"), (1, "10:00:01"), (4, "10:00:01"), (2, "10:00:03"), (3, "10:00:00")]
    {
        store.put(message(number), &owner, at(&format!("2024-03-07T{time}Z")), b"x").await.unwrap();
    }
    let mut listed = Vec::new();
    let mut page = PageRequest::first(2);
    loop {
        let found = store.list(at("2024-03-07T10:00:03Z"), &page).await.unwrap();
        assert!(found.items.len() <= 2);
        listed.extend(found.items.into_iter().map(|(message, _)| message));
        match found.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(listed, [message(3), message(1), message(4), message(5)]);
}

pub async fn what_was_never_queued_is_found_and_nothing_else<P: PayloadStore, J: Journal>(
    store: P,
    journal: J,
) {
    let time = |second: u128| at(&format!("2024-03-07T10:00:{second:02}Z"));
    for number in 0..30 {
        store.put(message(number), &KeyOwner::System, time(number / 2), b"x").await.unwrap();
        // Every third is queued, every fifth has a way that broke off before.
        if number % 3 == 0 {
            journal.record(message(number), time(40), &[Stage::Queued]).await.unwrap();
        } else if number % 5 == 0 {
            journal.record(message(number), time(40), &[Stage::Duplicate]).await.unwrap();
        }
    }
    let mut found = Vec::new();
    let mut page = PageRequest::first(3);
    loop {
        let some = store.unqueued(time(2)..time(13), &page).await.unwrap();
        assert!(some.items.len() <= 3);
        found.extend(some.items);
        match some.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    let expected: Vec<_> =
        (4..26).filter(|number| number % 3 != 0).map(|number| (message(number), time(number / 2))).collect();
    assert_eq!(found, expected);
    let all = store.unqueued(Timestamp::MIN..Timestamp::MAX, &PageRequest::first(100)).await.unwrap();
    assert_eq!(all.items.len(), 20);
}

pub async fn what_was_queued_stays_so_in_any_order<P: PayloadStore, J: Journal>(store: P, journal: J) {
    let time = at("2024-03-07T10:00:00Z");
    let owner = KeyOwner::System;
    let unqueued = async || {
        let found = store.unqueued(Timestamp::MIN..Timestamp::MAX, &PageRequest::first(9)).await.unwrap();
        found.items.into_iter().map(|(message, _)| message).collect::<Vec<_>>()
    };
    // A step that is told before the put is done; and one behind it.
    journal.record(message(1), time, &[Stage::Queued]).await.unwrap();
    assert_eq!(store.put(message(1), &owner, time, b"1").await.unwrap(), Put::Created);
    assert_eq!(unqueued().await, []);
    store.put(message(2), &owner, time, b"2").await.unwrap();
    assert_eq!(unqueued().await, [message(2)]);
    journal.record(message(2), time, &[Stage::Queued]).await.unwrap();
    // They come again.
    for number in [1, 2] {
        assert_eq!(store.put(message(number), &owner, time, b"x").await.unwrap(), Put::AlreadyThere);
        journal.record(message(number), time, &[Stage::Duplicate]).await.unwrap();
    }
    assert_eq!(unqueued().await, []);
    let listed = store.list(Timestamp::MAX, &PageRequest::first(9)).await.unwrap();
    assert_eq!(listed.items, [(message(1), time), (message(2), time)]);
}

pub async fn a_cursor_that_nobody_gave_out_is_refused<P: PayloadStore, J: Journal>(store: P, journal: J) {
    for cursor in ["", ".", "x", "1", "1.x", "x.00000000-0000-0000-0000-000000000001", "2024-03-07"] {
        let page = PageRequest { after: Some(cursor.into()), limit: 3 };
        assert!(matches!(store.list(Timestamp::MAX, &page).await, Err(PortError::Refused { .. })));
        let all = Timestamp::MIN..Timestamp::MAX;
        assert!(matches!(store.unqueued(all, &page).await, Err(PortError::Refused { .. })));
        assert!(matches!(journal.latest(&page).await, Err(PortError::Refused { .. })));
    }
}

pub async fn a_note_is_replaced_by_its_name<P: PayloadStore, K: Keys>(store: P, keys: K) {
    let owner = owner(&keys);
    assert!(matches!(store.get_note(message(1), "outcome").await, Err(PortError::NotFound { .. })));
    store.put_note(message(1), &owner, "outcome", b"one").await.unwrap();
    store.put_note(message(1), &owner, "report", b"other").await.unwrap();
    store.put_note(message(1), &owner, "outcome", b"two").await.unwrap();
    assert_eq!(store.get_note(message(1), "outcome").await.unwrap().expose_phi(), b"two");
    assert_eq!(store.get_note(message(1), "report").await.unwrap().expose_phi(), b"other");
}

pub async fn destroying_the_key_erases<P: PayloadStore, K: Keys>(store: P, keys: K) {
    let owner = owner(&keys);
    store.put(message(1), &owner, at("2024-03-07T10:15:00Z"), b"MSH|").await.unwrap();
    store.put_note(message(1), &owner, "outcome", b"one").await.unwrap();
    let other = KeyOwner::Sender("LAB".into());
    store.put(message(2), &other, at("2024-03-07T10:15:00Z"), b"MSH|2").await.unwrap();
    keys.destroy(&owner, DataClass::Dossier).await.unwrap();
    assert!(matches!(store.get(message(1)).await, Err(PortError::Erased { .. })));
    assert!(matches!(store.get_note(message(1), "outcome").await, Err(PortError::Erased { .. })));
    assert_eq!(store.get(message(2)).await.unwrap().bytes.expose_phi(), b"MSH|2");
}
