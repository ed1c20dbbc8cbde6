//! The contract of [`Queue`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{Outgoing, Queue, QueueDepth, Receipt, Received};

const NOW: Duration = Duration::ZERO;
/// As long as a test may wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

fn outgoing(group: &str, body: &str) -> Outgoing {
    Outgoing { body: body.into(), group: group.into(), deduplication: format!("{group}-{body}") }
}

async fn send(queue: &impl Queue, messages: &[(&str, &str)]) {
    for batch in messages.chunks(10) {
        let batch: Vec<_> = batch.iter().map(|(group, body)| outgoing(group, body)).collect();
        for sent in queue.send(&batch).await.unwrap() {
            sent.unwrap();
        }
    }
}

fn bodies(messages: &[Received]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

fn receipts(messages: &[Received]) -> Vec<Receipt> {
    messages.iter().map(|message| message.receipt.clone()).collect()
}

pub async fn a_group_is_delivered_in_the_order_sent<Q: Queue>(queue: Q) {
    send(&queue, &[("g", "1"), ("g", "2")]).await;
    send(&queue, &[("g", "3")]).await;
    let received = queue.receive(10, NOW).await.unwrap();
    assert_eq!(bodies(&received), ["1", "2", "3"]);
    assert!(received.iter().all(|message| message.receive_count == 1 && message.group == "g"));
    let ids: std::collections::HashSet<_> = received.iter().map(|message| &message.id).collect();
    assert_eq!(ids.len(), 3);
}

pub async fn a_message_keeps_the_id_that_sending_told<Q: Queue>(queue: Q) {
    let sent = queue.send(&[outgoing("g", "1"), outgoing("h", "2")]).await.unwrap();
    let received = queue.receive(10, NOW).await.unwrap();
    let told: Vec<_> = sent.into_iter().map(Result::unwrap).collect();
    assert_eq!(received.iter().map(|message| message.id.clone()).collect::<Vec<_>>(), told);
}

pub async fn a_group_in_flight_holds_its_later_messages_back<Q: Queue>(queue: Q) {
    send(&queue, &[("a", "a1"), ("a", "a2"), ("b", "b1")]).await;
    let first = queue.receive(1, NOW).await.unwrap();
    assert_eq!(bodies(&first), ["a1"]);
    let second = queue.receive(10, NOW).await.unwrap();
    assert_eq!(bodies(&second), ["b1"]);
    assert!(queue.receive(10, NOW).await.unwrap().is_empty());
    queue.delete(&receipts(&first)).await.unwrap();
    assert_eq!(bodies(&queue.receive(10, NOW).await.unwrap()), ["a2"]);
}

pub async fn a_partly_deleted_batch_still_holds_its_group_back<Q: Queue>(queue: Q) {
    send(&queue, &[("a", "a1"), ("a", "a2"), ("a", "a3")]).await;
    let batch = queue.receive(2, NOW).await.unwrap();
    assert_eq!(bodies(&batch), ["a1", "a2"]);
    queue.delete(&[batch[0].receipt.clone()]).await.unwrap();
    assert!(queue.receive(10, NOW).await.unwrap().is_empty());
    queue.change_visibility(&[batch[1].receipt.clone()], NOW).await.unwrap();
    assert_eq!(bodies(&queue.receive(10, NOW).await.unwrap()), ["a2", "a3"]);
}

pub async fn a_duplicate_is_accepted_and_not_delivered<Q: Queue>(queue: Q) {
    let message = outgoing("g", "1");
    let first = queue.send(std::slice::from_ref(&message)).await.unwrap();
    let again = queue.send(&[message.clone(), outgoing("g", "2"), message.clone()]).await.unwrap();
    assert!(first.iter().chain(&again).all(Result::is_ok));
    let received = queue.receive(10, NOW).await.unwrap();
    assert_eq!(bodies(&received), ["1", "2"]);
    // Also after the first was delivered and deleted.
    queue.delete(&receipts(&received)).await.unwrap();
    assert!(queue.send(&[message]).await.unwrap().iter().all(Result::is_ok));
    assert!(queue.receive(10, NOW).await.unwrap().is_empty());
}

pub async fn one_message_that_cannot_be_sent_fails_alone<Q: Queue>(queue: Q) {
    let batch =
        [outgoing("g", "1"), Outgoing { body: String::new(), ..outgoing("g", "x") }, outgoing("g", "3")];
    let sent = queue.send(&batch).await.unwrap();
    assert!(sent[0].is_ok() && sent[2].is_ok());
    assert!(matches!(sent[1], Err(PortError::Refused { .. })));
    assert_eq!(bodies(&queue.receive(10, NOW).await.unwrap()), ["1", "3"]);
}

pub async fn a_batch_has_ten_messages_at_most<Q: Queue>(queue: Q) {
    let eleven: Vec<_> = (0..11).map(|n| outgoing("g", &n.to_string())).collect();
    assert!(matches!(queue.send(&eleven).await, Err(PortError::Refused { .. })));
    assert!(matches!(queue.receive(11, NOW).await, Err(PortError::Refused { .. })));
    let receipts = vec![Receipt("0".repeat(32)); 11];
    for receipts in [&receipts[..], &[]] {
        assert!(matches!(queue.delete(receipts).await, Err(PortError::Refused { .. })));
        assert!(matches!(queue.change_visibility(receipts, NOW).await, Err(PortError::Refused { .. })));
    }
    assert!(queue.receive(10, NOW).await.unwrap().is_empty());
    for n in eleven {
        queue.send(&[n]).await.unwrap();
    }
    assert_eq!(queue.receive(10, NOW).await.unwrap().len(), 10);
}

pub async fn what_is_not_deleted_comes_back<Q: Queue>(short: Q) {
    send(&short, &[("g", "1"), ("g", "2")]).await;
    let first = short.receive(1, NOW).await.unwrap();
    let again = short.receive(10, PATIENCE).await.unwrap();
    assert_eq!(bodies(&again), ["1", "2"], "the later message does not overtake");
    assert_eq!(again[0].receive_count, 2);
    assert_eq!(again[0].id, first[0].id);
    assert_ne!(again[0].receipt, first[0].receipt);
}

pub async fn an_old_receipt_does_nothing<Q: Queue>(queue: Q) {
    send(&queue, &[("g", "1")]).await;
    let old = queue.receive(1, NOW).await.unwrap();
    queue.change_visibility(&receipts(&old), NOW).await.unwrap();
    let new = queue.receive(1, NOW).await.unwrap();
    assert_eq!(bodies(&new), ["1"]);
    queue.delete(&receipts(&old)).await.unwrap();
    queue.change_visibility(&receipts(&old), NOW).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), QueueDepth { waiting: 0, in_flight: 1 });
    queue.delete(&receipts(&new)).await.unwrap();
    queue.delete(&receipts(&new)).await.unwrap();
    queue.delete(&[Receipt("0".repeat(32))]).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), QueueDepth::default());
}

pub async fn visibility_can_be_extended<Q: Queue>(short: Q) {
    send(&short, &[("g", "1"), ("h", "2")]).await;
    let received = short.receive(10, NOW).await.unwrap();
    short.change_visibility(&[received[0].receipt.clone()], Duration::from_secs(3600)).await.unwrap();
    // The one that was not extended comes; were both due, the older one would come first.
    let again = short.receive(1, PATIENCE).await.unwrap();
    assert_eq!(bodies(&again), ["2"]);
}

pub async fn a_batch_that_is_given_back_comes_again_in_its_order<Q: Queue>(queue: Q) {
    send(&queue, &[("a", "a1"), ("a", "a2"), ("a", "a3")]).await;
    let first = queue.receive(10, NOW).await.unwrap();
    assert_eq!(bodies(&first), ["a1", "a2", "a3"]);
    send(&queue, &[("a", "a4"), ("b", "b1")]).await;
    queue.change_visibility(&receipts(&first), NOW).await.unwrap();
    let again = queue.receive(10, NOW).await.unwrap();
    let group: Vec<_> = again.iter().filter(|message| message.group == "a").cloned().collect();
    assert_eq!(bodies(&group), ["a1", "a2", "a3", "a4"]);
    let counts: Vec<_> = group.iter().map(|message| message.receive_count).collect();
    assert_eq!(counts, [2, 2, 2, 1]);
    let sent: Vec<_> = first.iter().map(|message| (&message.id, message.sent)).collect();
    assert!(group.iter().zip(sent).all(|(message, sent)| (&message.id, message.sent) == sent));
}

pub async fn a_receiver_waits_for_a_message<Q: Queue + 'static>(queue: Q) {
    let queue = Arc::new(queue);
    let receiver = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.receive(10, PATIENCE).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    send(&*queue, &[("g", "1")]).await;
    let received = receiver.await.unwrap();
    assert_eq!(bodies(&received), ["1"]);
    // And for the end of a delivery that holds its group back.
    send(&*queue, &[("g", "2")]).await;
    let receiver = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.receive(10, PATIENCE).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    queue.delete(&receipts(&received)).await.unwrap();
    assert_eq!(bodies(&receiver.await.unwrap()), ["2"]);
}

pub async fn depth_counts_waiting_and_in_flight<Q: Queue>(queue: Q) {
    assert_eq!(queue.depth().await.unwrap(), QueueDepth::default());
    send(&queue, &[("a", "1"), ("a", "2"), ("b", "3")]).await;
    assert_eq!(queue.depth().await.unwrap(), QueueDepth { waiting: 3, in_flight: 0 });
    let received = queue.receive(1, NOW).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), QueueDepth { waiting: 2, in_flight: 1 });
    queue.delete(&receipts(&received)).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), QueueDepth { waiting: 2, in_flight: 0 });
}

pub async fn several_consumers_keep_the_order_of_each_group<Q: Queue + 'static>(queue: Q) {
    const GROUPS: usize = 7;
    const EACH: usize = 40;
    let queue = Arc::new(queue);
    let seen: Arc<std::sync::Mutex<HashMap<String, Vec<usize>>>> = Arc::default();
    let senders: Vec<_> = (0..GROUPS)
        .map(|group| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move {
                for n in 0..EACH {
                    send(&*queue, &[(&format!("g{group}"), &n.to_string())]).await;
                }
            })
        })
        .collect();
    let consumers: Vec<_> = (0..4)
        .map(|consumer| {
            let (queue, seen) = (Arc::clone(&queue), Arc::clone(&seen));
            tokio::spawn(async move {
                while seen.lock().unwrap().values().map(Vec::len).sum::<usize>() < GROUPS * EACH {
                    let received = queue.receive(3 + consumer, Duration::from_millis(100)).await.unwrap();
                    for message in &received {
                        let number = message.body.parse().unwrap();
                        seen.lock().unwrap().entry(message.group.clone()).or_default().push(number);
                    }
                    tokio::task::yield_now().await;
                    if !received.is_empty() {
                        queue.delete(&receipts(&received)).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for task in senders.into_iter().chain(consumers) {
        task.await.unwrap();
    }
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(seen.len(), GROUPS);
    for numbers in seen.values() {
        assert_eq!(*numbers, (0..EACH).collect::<Vec<_>>());
    }
    assert_eq!(queue.depth().await.unwrap(), QueueDepth::default());
}
