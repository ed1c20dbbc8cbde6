//! Raw messages on S3 and DynamoDB.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use zorgsluis_aws::{AwsKeys, DynamoJournal, S3Payloads};
use zorgsluis_contract::{at, message};
use zorgsluis_domain::port::{Journal, KeyOwner, PageRequest, PayloadStore, Put};
use zorgsluis_domain::{MessageId, PortError, Stage};

use crate::lossy::Lossy;
use crate::ministack::World;

async fn with_keys(world: &World) -> (S3Payloads, AwsKeys) {
    let keys = world.keys().await;
    (world.messages(&keys).await.0, keys)
}

async fn payloads_and_journal(world: &World) -> (S3Payloads, DynamoJournal) {
    let keys = world.keys().await;
    world.messages(&keys).await
}

/// Calls a promise of two adapters with both, made by a function.
macro_rules! suite_of_two {
    ($name:ident, $make:path, $($test:ident),+ $(,)?) => {
        mod $name {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let world = World::new().await;
                    let (one, other) = $make(&world).await;
                    zorgsluis_contract::payload::$test(one, other).await;
                }
            )+
        }
    };
}

suite_of_two!(
    payloads,
    with_keys,
    what_was_put_is_read_and_never_replaced,
    of_many_puts_at_once_one_creates,
    listing_is_oldest_first_paged_and_bounded,
    a_note_is_replaced_by_its_name,
    destroying_the_key_erases,
);

suite_of_two!(
    the_sweep,
    payloads_and_journal,
    what_was_never_queued_is_found_and_nothing_else,
    what_was_queued_stays_so_in_any_order,
    a_cursor_that_nobody_gave_out_is_refused,
);

const OWNER: KeyOwner = KeyOwner::System;

fn received() -> Timestamp {
    at("2024-03-07T10:15:00.123456Z")
}

async fn unqueued(store: &S3Payloads, end: Timestamp) -> Vec<MessageId> {
    let found = store.unqueued(Timestamp::MIN..end, &PageRequest::first(100)).await.unwrap();
    found.items.into_iter().map(|(message, _)| message).collect()
}

/// Payloads, journal, and payloads on the same table whose bucket is not there: their put writes the head and
/// then ends, as in a crash.
async fn with_a_crash(world: &World) -> (S3Payloads, DynamoJournal, S3Payloads, String, String) {
    let keys = Arc::new(world.keys().await);
    let (bucket, table) = (world.bucket("raw").await, world.table("messages").await);
    let payloads = |bucket: &str| S3Payloads::new(&world.clients, bucket, table.as_str(), keys.clone());
    let (good, crashing) = (payloads(&bucket), payloads(&format!("{bucket}-none")));
    (good, DynamoJournal::new(&world.clients, table.as_str()), crashing, bucket, table)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_broke_off_is_completed_when_the_message_comes_again() {
    let world = World::new().await;
    let (store, journal, crashing, ..) = with_a_crash(&world).await;
    let put = crashing.put(message(1), &OWNER, received(), b"MSH|1").await;
    assert!(put.unwrap_err().is_transient(), "a bucket that is not there is no message's fault");
    assert!(matches!(store.get(message(1)).await, Err(PortError::NotFound { .. })));
    let soon = received() + SignedDuration::from_mins(2);
    assert_eq!(unqueued(&store, soon).await, [], "what has no object is not offered");

    let later = received() + SignedDuration::from_secs(90);
    assert_eq!(store.put(message(1), &OWNER, later, b"MSH|1").await.unwrap(), Put::Created);
    assert_eq!(unqueued(&store, soon).await, [message(1)]);
    let payload = store.get(message(1)).await.unwrap();
    assert_eq!((payload.received, payload.bytes.expose_phi().as_slice()), (received(), b"MSH|1".as_slice()));
    journal.record(message(1), later, &[Stage::Queued]).await.unwrap();
    assert_eq!(unqueued(&store, soon).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_behind_the_object_is_found_by_the_sweep() {
    let world = World::new().await;
    let (store, journal, ..) = with_a_crash(&world).await;
    store.put(message(1), &OWNER, received(), b"MSH|1").await.unwrap();
    // The sender comes again, and the process ends again before anything is queued.
    assert_eq!(store.put(message(1), &OWNER, received(), b"MSH|1").await.unwrap(), Put::AlreadyThere);
    assert_eq!(unqueued(&store, Timestamp::MAX).await, [message(1)]);
    journal.record(message(1), received(), &[Stage::Queued]).await.unwrap();
    // A second delivery does not bring it back.
    assert_eq!(store.put(message(1), &OWNER, received(), b"MSH|1").await.unwrap(), Put::AlreadyThere);
    assert_eq!(unqueued(&store, Timestamp::MAX).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_faster_than_the_put_counts() {
    let world = World::new().await;
    let (store, journal, ..) = with_a_crash(&world).await;
    journal.record(message(1), received(), &[Stage::Queued]).await.unwrap();
    assert_eq!(store.put(message(1), &OWNER, received(), b"MSH|1").await.unwrap(), Put::Created);
    assert_eq!(unqueued(&store, Timestamp::MAX).await, []);
    let listed = store.list(Timestamp::MAX, &PageRequest::first(9)).await.unwrap().items;
    assert_eq!(listed, [(message(1), received())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_broke_off_long_ago_is_asked_about_no_more() {
    let world = World::new().await;
    let (store, _, crashing, _, table) = with_a_crash(&world).await;
    assert!(crashing.put(message(1), &OWNER, received(), b"MSH|1").await.is_err());
    let marked = async || {
        let items = world.clients.dynamodb.scan().table_name(&table).send().await.unwrap().items.unwrap();
        items.iter().filter(|item| item.contains_key("unqueued_in")).count()
    };
    assert_eq!(unqueued(&store, received() + SignedDuration::from_hours(23)).await, []);
    assert_eq!(marked().await, 1);
    assert_eq!(unqueued(&store, received() + SignedDuration::from_hours(25)).await, []);
    assert_eq!(marked().await, 0);
    // Its sender comes at last.
    store.put(message(1), &OWNER, received() + SignedDuration::from_hours(30), b"MSH|1").await.unwrap();
    assert_eq!(unqueued(&store, Timestamp::MAX).await, [message(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_listed_over_sparse_years() {
    let world = World::new().await;
    let (store, ..) = with_a_crash(&world).await;
    let times =
        ["2011-01-01T00:00:00Z", "2011-01-01T23:59:59Z", "2019-05-05T05:05:05Z", "2024-03-07T10:00:00Z"];
    for (number, time) in (1..).zip(times) {
        store.put(message(number), &OWNER, at(time), b"x").await.unwrap();
    }
    let mut listed = Vec::new();
    let mut page = PageRequest::first(1);
    loop {
        let found = store.list(at("2024-03-07T10:00:00Z"), &page).await.unwrap();
        listed.extend(found.items.into_iter().map(|(message, _)| message));
        match found.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(listed, [1, 2, 3].map(message));
    for cursor in ["", "x", "1.x", "2024-03-07"] {
        page.after = Some(cursor.into());
        assert!(matches!(store.list(Timestamp::MAX, &page).await, Err(PortError::Refused { .. })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_five_megabytes_is_kept() {
    let world = World::new().await;
    let (store, ..) = with_a_crash(&world).await;
    let large: Vec<u8> = (0..5_000_000u32).map(|n| n.to_le_bytes()[n as usize % 2]).collect();
    store.put(message(1), &OWNER, received(), &large).await.unwrap();
    assert!(store.get(message(1)).await.unwrap().bytes.expose_phi() == &large);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_was_changed_or_moved_is_damaged() {
    let world = World::new().await;
    let (store, _, _, bucket, _) = with_a_crash(&world).await;
    store.put(message(1), &OWNER, received(), b"MSH|one").await.unwrap();
    store.put(message(2), &OWNER, received(), b"MSH|two").await.unwrap();
    store.put_note(message(1), &OWNER, "outcome", b"note").await.unwrap();
    let key = format!("messages/{}", message(1));
    let read = async |key: &str| {
        let got = world.clients.s3.get_object().bucket(&bucket).key(key).send().await.unwrap();
        got.body.collect().await.unwrap().to_vec()
    };
    let one = read(&key).await;
    assert!(!one.windows(3).any(|three| three == b"MSH"), "what is stored is sealed");
    let mut tampered: Vec<Vec<u8>> = vec![Vec::new(), one[..20].to_vec(), one[..one.len() - 1].to_vec()];
    // Its magic, its version, its data key, its time of receipt, its nonce, its text.
    for at in [0, 3, 5, 27, 30, 50] {
        let mut body = one.clone();
        body[at] ^= 1;
        tampered.push(body);
    }
    tampered.push(read(&format!("messages/{}", message(2))).await);
    tampered.push(read(&format!("notes/{}/outcome", message(1))).await);
    for (nth, body) in tampered.iter().enumerate() {
        world.object(&bucket, &key, body).await;
        let got = store.get(message(1)).await;
        assert!(matches!(got, Err(PortError::Damaged { .. })), "{nth}: {got:?}");
    }
    world.object(&bucket, &key, &one).await;
    assert!(store.get(message(1)).await.is_ok());
    let note = read(&format!("notes/{}/outcome", message(1))).await;
    world.object(&bucket, &format!("notes/{}/report", message(1)), &note).await;
    assert!(matches!(store.get_note(message(1), "report").await, Err(PortError::Damaged { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_has_a_name_that_is_fit_for_a_key() {
    let world = World::new().await;
    let (store, ..) = with_a_crash(&world).await;
    for name in ["", ".", "..", "../1", "a/b", "a b", "é", "x".repeat(101).as_str()] {
        let put = store.put_note(message(1), &OWNER, name, b"x").await;
        assert!(matches!(put, Err(PortError::Refused { .. })), "{name}");
        assert!(matches!(store.get_note(message(1), name).await, Err(PortError::Refused { .. })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_whose_answers_got_lost_is_done_once() {
    for needle in ["PUT /", "UpdateItem", "PutItem", "TransactWriteItems", "GenerateDataKey"] {
        let world = World::new().await;
        let lossy = Lossy::new(&world, needle, 1).await;
        let (bucket, settings) = world.deployed_keys().await;
        let keys = AwsKeys::load(&lossy.clients, &bucket, &settings, Arc::new(zorgsluis_aws::SystemClock))
            .await
            .unwrap();
        let (raw, table) = (world.bucket("raw").await, world.table("messages").await);
        let store = S3Payloads::new(&lossy.clients, raw, table.as_str(), Arc::new(keys));
        let put = store.put(message(1), &OWNER, received(), b"MSH|1").await.unwrap();
        // Who does not know whether it was he is told that it is there.
        let expected = if needle == "PUT /" { Put::AlreadyThere } else { Put::Created };
        assert_eq!(put, expected, "{needle}");
        assert!(lossy.lost_all(), "{needle}");
        assert_eq!(store.get(message(1)).await.unwrap().bytes.expose_phi(), b"MSH|1");
        assert_eq!(unqueued(&store, Timestamp::MAX).await, [message(1)]);
    }
}
