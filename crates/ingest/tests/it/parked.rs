//! Bodies that a worker set aside are not swept into the inbound queue.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use zorgsluis_domain::audit::Source;
use zorgsluis_domain::port::{DeadLetter, Journal, KeyOwner, PageRequest, PayloadStore, Queue, QueueDepth};
use zorgsluis_domain::{Clock, MessageId, Stage};
use zorgsluis_embedded::{DataDirectory, SystemClock};
use zorgsluis_ingest::{Ingest, Ports, Settings};
use zorgsluis_worker::Parking;

use crate::doubles::Doubles;
use crate::support::Rules;

#[tokio::test]
async fn a_sweep_leaves_alone_what_came_into_another_queue_and_was_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(folder.path().join("data")).unwrap();
    let (inbound, trail) = (directory.queue("inbound", Duration::from_secs(60)), Doubles::new());
    let parking = Parking {
        payloads: Arc::new(directory.payloads()),
        keys: Arc::new(directory.keys()),
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        audit: Arc::new(trail.clone()),
        source: Source { enterprise_site_id: "linde".into(), source_id: "notifier".into(), source_type: 4 },
    };
    let ports = Ports {
        payloads: Arc::new(directory.payloads()),
        queue: Arc::new(inbound.clone()),
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        audit: Arc::new(trail),
        keys: Arc::new(directory.keys()),
        clock: Arc::new(SystemClock),
    };
    let ingest = Ingest::new(ports, Arc::new(Rules), Settings::default());
    let received = SystemClock.now() - SignedDuration::from_mins(5);

    let parked = parking.accept(b"no reference to a message", received).await.unwrap();
    parking.park(&letter(parked, received)).await.unwrap();
    assert_eq!(ingest.sweep(Duration::ZERO).await.unwrap().queued, []);

    // The process died after it had stored the body: the queue brings it again.
    let id = parking.accept(b"no reference either", received).await.unwrap();
    let died = MessageId(uuid::Uuid::from_u128(7));
    let shown = || [String::from("unknown"), String::new(), String::new()];
    directory.payloads().put(died, &KeyOwner::System, received, b"a third").await.unwrap();
    for message in [died, id] {
        parking.store(message, &KeyOwner::System, received, b"a third", shown()).await.unwrap();
        parking.park(&letter(message, received)).await.unwrap();
        let way = directory.journal().get(message).await.unwrap().unwrap();
        let stages: Vec<_> = way.steps.into_iter().map(|step| step.stage).collect();
        assert!(
            matches!(
                stages.as_slice(),
                [Stage::Received { .. }, Stage::Queued, Stage::Audited { .. }, Stage::Parked { .. }]
            ),
            "{stages:?}"
        );
    }
    let swept = ingest.sweep(Duration::ZERO).await.unwrap();
    assert_eq!((swept.queued, swept.unreadable), (vec![], vec![]));
    assert_eq!(inbound.depth().await.unwrap(), QueueDepth::default());
    let stored = directory.payloads().list(SystemClock.now(), &PageRequest::first(10)).await.unwrap().items;
    assert_eq!(stored.len(), 3);
}

fn letter(message: MessageId, received: jiff::Timestamp) -> DeadLetter {
    DeadLetter {
        message,
        group: String::from("linde"),
        received,
        parked: SystemClock.now(),
        code: String::from("not-a-reference"),
        at: None,
        text: String::from("the body is no reference to a stored message"),
        attempts: 1,
    }
}
