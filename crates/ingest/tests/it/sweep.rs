use std::time::Duration;

use jiff::Timestamp;
use zorgsluis_domain::{Stage, Transport};
use zorgsluis_ingest::Verdict;

use crate::doubles::Doubles;
use crate::support::{addresses_in_queue, adt, ingest, mllp, proved, proved_in_queue};

#[tokio::test]
async fn a_message_whose_way_broke_off_before_the_queue_is_found_and_queued_once() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    ingest.accept(&adt("ZIS", "A01", "M1", "1000001"), &mllp()).await;
    doubles.fail("queue.send", 1);
    let broken = adt("ZIS", "A01", "M2", "1000001");
    assert_eq!(ingest.accept(&broken, &mllp()).await.verdict, Verdict::Unavailable);

    let swept = ingest.sweep(Duration::ZERO).await.unwrap();
    assert_eq!(swept.queued.len(), 1);
    {
        let state = doubles.state();
        assert_eq!(state.queue.len(), 2);
        assert_eq!(state.queue[0].group, state.queue[1].group, "it stands in its patient's group");
    }
    assert_eq!(ingest.sweep(Duration::ZERO).await.unwrap().queued, []);

    // Its sender, who had no acknowledgement, sends it again: the way gets its beginning.
    let again = ingest.accept(&broken, &mllp()).await;
    assert!(again.duplicate());
    assert_eq!(doubles.state().queue.len(), 2);
    let way = doubles.way(swept.queued[0]);
    assert!(matches!(
        way.as_slice(),
        [Stage::Queued, Stage::Received { .. }, Stage::Duplicate, Stage::Acknowledged { .. }]
    ));
}

#[tokio::test]
async fn the_name_that_a_sender_proved_is_still_known_after_a_sweep() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    doubles.fail("queue.send", 2);
    ingest.accept(&adt("ZIS", "A01", "M1", "1000001"), &proved("epd.linde.example")).await;
    doubles.pass(Duration::from_secs(1));
    ingest.accept(&adt("ZIS", "A01", "M2", "1000001"), &mllp()).await;
    {
        // Never is there a message of which nobody knows any more who brought it.
        let state = doubles.state();
        let at = |call: &str| state.book.iter().position(|done| *done == call).unwrap();
        assert!(at("payload.put_note") < at("payload.put"));
    }
    let swept = ingest.sweep(Duration::ZERO).await.unwrap();
    assert_eq!(proved_in_queue(&doubles), [Some("epd.linde.example".to_owned()), None]);
    // Of who proved nothing, nothing was kept: the acknowledgement does not wait for it.
    assert_eq!(addresses_in_queue(&doubles), [Some("10.1.2.3".to_owned()), None]);
    let way = doubles.way(swept.queued[0]);
    let [Stage::Received { sender, transport, event, .. }, Stage::Queued] = way.as_slice() else {
        panic!("{way:?}")
    };
    assert_eq!(
        (sender.as_str(), *transport, event.as_str()),
        ("epd.linde.example", Transport::Mllp, "ADT^A01")
    );
    assert_eq!(doubles.way(swept.queued[1]), [Stage::Queued]);
}

#[tokio::test]
async fn a_name_that_cannot_be_read_now_leaves_the_message_for_the_next_sweep() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    doubles.fail("queue.send", 1);
    ingest.accept(&adt("ZIS", "A01", "M1", "1000001"), &proved("epd.linde.example")).await;
    doubles.fail("payload.get_note", 1);
    assert!(ingest.sweep(Duration::ZERO).await.is_err());
    assert!(proved_in_queue(&doubles).is_empty());
    ingest.sweep(Duration::ZERO).await.unwrap();
    assert_eq!(proved_in_queue(&doubles), [Some("epd.linde.example".to_owned())]);
}

#[tokio::test]
async fn what_is_just_being_accepted_is_left_alone() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    doubles.fail("queue.send", 1);
    ingest.accept(&adt("ZIS", "A01", "M1", "1000001"), &mllp()).await;
    assert_eq!(ingest.sweep(Duration::from_secs(60)).await.unwrap().queued, []);
    doubles.pass(Duration::from_secs(61));
    assert_eq!(ingest.sweep(Duration::from_secs(60)).await.unwrap().queued.len(), 1);
}

#[tokio::test]
async fn erased_messages_are_counted_and_many_pages_are_gone_through() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    doubles.fail("queue.send", 1201);
    for n in 0..1201 {
        ingest.accept(&adt("ZIS", "A01", &format!("M{n}"), "1000001"), &mllp()).await;
    }
    doubles.state().payloads.values_mut().next().unwrap().2.clear();
    let swept = ingest.sweep(Duration::ZERO).await.unwrap();
    assert_eq!((swept.queued.len(), swept.unreadable.len()), (1200, 1));
}

#[tokio::test]
async fn only_the_first_sweep_goes_back_to_the_beginning() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let start = doubles.state().now;
    for _ in 0..2 {
        ingest.sweep(Duration::from_secs(60)).await.unwrap();
        doubles.pass(Duration::from_secs(7200));
    }
    doubles.fail("queue.send", 1);
    ingest.accept(&adt("ZIS", "A01", "M1", "1000001"), &mllp()).await;
    doubles.pass(Duration::from_secs(60));
    // One that fails leaves the next one where it was.
    doubles.fail("queue.send", 1);
    assert!(ingest.sweep(Duration::ZERO).await.is_err());
    assert_eq!(ingest.sweep(Duration::ZERO).await.unwrap().queued.len(), 1);
    doubles.state().now = start;
    ingest.sweep(Duration::ZERO).await.unwrap();
    let hour_before = |at: Timestamp| at.checked_sub(Duration::from_secs(3660)).unwrap();
    let second = start.checked_add(Duration::from_secs(7200)).unwrap();
    assert_eq!(
        doubles.state().unqueued_from,
        [Timestamp::MIN, hour_before(start), hour_before(second), hour_before(second), Timestamp::MIN]
    );
}
