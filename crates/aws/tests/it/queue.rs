//! Queues on SQS.

use std::time::Duration;

use zorgsluis_aws::SqsQueue;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{Outgoing, Queue, QueueDepth, Receipt};

use crate::lossy::Lossy;
use crate::ministack::World;
use crate::suite::suite;

const LONG: Duration = Duration::from_secs(300);
const NOW: Duration = Duration::ZERO;

suite!(a_queue, world => (world.queue("inbound.fifo", LONG).await), queue:
    a_group_is_delivered_in_the_order_sent,
    a_message_keeps_the_id_that_sending_told,
    a_group_in_flight_holds_its_later_messages_back,
    a_partly_deleted_batch_still_holds_its_group_back,
    a_batch_that_is_given_back_comes_again_in_its_order,
    a_duplicate_is_accepted_and_not_delivered,
    one_message_that_cannot_be_sent_fails_alone,
    a_batch_has_ten_messages_at_most,
    an_old_receipt_does_nothing,
    a_receiver_waits_for_a_message,
    depth_counts_waiting_and_in_flight,
    several_consumers_keep_the_order_of_each_group,
);

suite!(a_short_queue, world => (world.queue("inbound.fifo", Duration::from_secs(2)).await), queue:
    what_is_not_deleted_comes_back,
    visibility_can_be_extended,
);

fn outgoing(group: &str, body: impl Into<String>) -> Outgoing {
    let body = body.into();
    let end: String = body.chars().rev().take(8).collect();
    Outgoing { deduplication: format!("{group}-{}-{end}", body.len()), group: group.into(), body }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_more_than_a_mebibyte_is_sent_in_order() {
    let queue = World::new().await.queue("inbound.fifo", LONG).await;
    let batch: Vec<_> = (0..5).map(|n| outgoing("g", format!("{}{n}", "x".repeat(400_000)))).collect();
    let sent = queue.send(&batch).await.unwrap();
    assert!(sent.iter().all(Result::is_ok));
    let mut ends = String::new();
    while ends.len() < 5 {
        let received = queue.receive(10, Duration::from_secs(20)).await.unwrap();
        assert!(!received.is_empty());
        ends.extend(received.iter().filter_map(|message| message.body.chars().last()));
        let receipts: Vec<_> = received.into_iter().map(|message| message.receipt).collect();
        queue.delete(&receipts).await.unwrap();
    }
    assert_eq!(ends, "01234");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sqs_would_refuse_a_whole_batch_for_fails_alone() {
    let queue = World::new().await.queue("inbound.fifo", LONG).await;
    let bad = [
        outgoing("g", "a\u{0}b"),
        outgoing("g", "a\u{b}b"),
        outgoing("g", "\u{ffff}"),
        outgoing("g", "x".repeat((1 << 20) + 1)),
        outgoing("a b", "1"),
        outgoing("", "1"),
        outgoing(&"g".repeat(129), "1"),
        Outgoing { deduplication: "é".into(), ..outgoing("g", "1") },
    ];
    for message in bad {
        let sent = queue.send(&[outgoing("g", "good"), message]).await.unwrap();
        assert!(sent[0].is_ok());
        assert!(matches!(sent[1], Err(PortError::Refused { .. })));
    }
    assert_eq!(queue.depth().await.unwrap().waiting, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standard_queue_has_no_groups() {
    let queue = World::new().await.queue("audit", LONG).await;
    // Neither is sent, so neither is looked at.
    let message = Outgoing { body: "entry".into(), group: String::new(), deduplication: "a b".into() };
    for _ in 0..2 {
        assert!(queue.send(std::slice::from_ref(&message)).await.unwrap()[0].is_ok());
    }
    let mut receipts = Vec::new();
    while receipts.len() < 2 {
        for message in queue.receive(10, Duration::from_secs(5)).await.unwrap() {
            assert_eq!((message.body.as_str(), message.group.as_str()), ("entry", ""));
            assert_eq!(message.receive_count, 1);
            receipts.push(message.receipt);
        }
    }
    queue.delete(&receipts).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), QueueDepth::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_is_longer_than_an_attempt_elsewhere_ends_by_itself() {
    let queue = World::new().await.queue("inbound.fifo", LONG).await;
    let start = std::time::Instant::now();
    assert!(queue.receive(10, Duration::from_millis(10_300)).await.unwrap().is_empty());
    let waited = start.elapsed();
    assert!((10_000..14_000).contains(&waited.as_millis()), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_not_there_is_trouble_that_passes() {
    let world = World::new().await;
    let url = format!("{}/000000000000/none.fifo", world.endpoint);
    let queue = SqsQueue::new(&world.clients, url);
    assert!(queue.send(&[outgoing("g", "1")]).await.unwrap_err().is_transient());
    assert!(queue.receive(1, NOW).await.unwrap_err().is_transient());
    assert!(queue.delete(&[Receipt("1".into())]).await.unwrap_err().is_transient());
    assert!(queue.depth().await.unwrap_err().is_transient());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_whose_answer_got_lost_is_delivered_once() {
    let world = World::new().await;
    let queue = world.queue("inbound.fifo", LONG).await;
    let url = world.clients.sqs.get_queue_url().queue_name(format!("{}-inbound.fifo", world.name));
    let url = url.send().await.unwrap().queue_url.unwrap();
    let lossy = Lossy::new(&world, "SendMessageBatch", 1).await;
    let sent =
        SqsQueue::new(&lossy.clients, url).send(&[outgoing("g", "1"), outgoing("g", "2")]).await.unwrap();
    assert!(lossy.lost_all() && sent.iter().all(Result::is_ok));
    let received = queue.receive(10, NOW).await.unwrap();
    assert_eq!(received.iter().map(|message| message.body.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(queue.depth().await.unwrap(), QueueDepth { waiting: 0, in_flight: 2 });
}
