use std::time::Duration;

use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::port::{DeadLetter, DeadLetters};
use zorgsluis_domain::{Clock, MessageId, Stage};
use zorgsluis_ingest::{Ingest, IngestError, Replay, Requester, Source};

use crate::doubles::Doubles;
use crate::support::{adt, ingest, mllp, proved, proved_in_queue};

/// Accepts messages of alternating patients and parks them all; empties the queue.
async fn parked(doubles: &Doubles, ingest: &Ingest, count: usize) -> Vec<MessageId> {
    parked_from(doubles, ingest, &vec![mllp(); count]).await
}

/// The same, each from its source.
async fn parked_from(doubles: &Doubles, ingest: &Ingest, sources: &[Source]) -> Vec<MessageId> {
    let mut ids = Vec::new();
    for (n, source) in sources.iter().enumerate() {
        let accepted = ingest.accept(&adt("ZIS", "A01", &format!("M{n}"), ["1", "2"][n % 2]), source).await;
        let message = accepted.message.unwrap();
        let group = doubles.state().queue.last().unwrap().group.clone();
        let now = doubles.now();
        let letter = DeadLetter {
            message,
            group,
            received: now,
            parked: now,
            code: "unsupported-event".into(),
            at: None,
            text: "not supported".into(),
            attempts: 1,
        };
        doubles.park(&letter).await.unwrap();
        doubles.pass(Duration::from_secs(1));
        ids.push(message);
    }
    doubles.state().queue.clear();
    ids
}

#[tokio::test]
async fn all_go_back_in_the_order_of_receipt_with_a_fresh_deduplication_id() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let ids = parked(&doubles, &ingest, 450).await;
    let replayed = ingest.replay(Replay::All, &Requester::command_line()).await.unwrap();
    assert_eq!(replayed.failed, []);
    assert_eq!(replayed.queued.len(), ids.len());
    let state = doubles.state();
    assert!(state.dead_letters.is_empty());
    assert_eq!(state.queue.len(), 450);
    for parity in 0..2 {
        let sent: Vec<_> = state
            .queue
            .iter()
            .filter(|queued| queued.group == state.queue[parity].group)
            .map(|queued| queued.body.clone())
            .collect();
        let expected = ids.iter().skip(parity).step_by(2);
        assert!(expected.zip(&sent).all(|(id, body)| body.contains(&id.to_string())));
    }
    assert!(state.queue.iter().all(|queued| !ids.iter().any(|id| queued.deduplication == id.to_string())));
    assert_eq!(state.audit.len(), 450);
    assert!(state.audit.iter().all(|entry| entry.event.kind == EventKind::Replay));
    drop(state);
    assert_eq!(doubles.way(ids[0])[3..], [Stage::Replayed, Stage::Queued]);
}

#[tokio::test]
async fn single_messages_go_back_and_unknown_ones_are_named() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let ids = parked(&doubles, &ingest, 3).await;
    let unknown = MessageId(uuid::Uuid::from_u128(7));
    let asked = [ids[2], unknown, ids[0], ids[0]];
    let replayed = ingest.replay(Replay::Messages(&asked), &Requester::command_line()).await.unwrap();
    assert_eq!(replayed.queued, [ids[0], ids[2]], "oldest receipt first, each once");
    assert_eq!(replayed.failed, [(unknown, "not-found")]);
    assert_eq!(doubles.state().dead_letters.len(), 1);
}

#[tokio::test]
async fn the_name_that_a_sender_proved_is_still_known_after_a_replay() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    parked_from(&doubles, &ingest, &[proved("epd.linde.example"), mllp()]).await;
    // Whoever sends the same again proves nothing about the first time.
    let again = adt("ZIS", "A01", "M1", "2");
    assert!(ingest.accept(&again, &proved("lab.linde.example")).await.duplicate());
    ingest.replay(Replay::All, &Requester::command_line()).await.unwrap();
    assert_eq!(proved_in_queue(&doubles), [Some("epd.linde.example".to_owned()), None]);
}

#[tokio::test]
async fn nothing_overtakes_one_that_could_not_be_queued() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let ids = parked(&doubles, &ingest, 4).await;
    let group = doubles.state().dead_letters[&ids[0]].group.clone();
    doubles.state().refused_groups.insert(group);
    let replayed = ingest.replay(Replay::All, &Requester::command_line()).await.unwrap();
    assert_eq!(replayed.queued, [ids[1], ids[3]]);
    assert_eq!(replayed.failed, [(ids[0], "unavailable"), (ids[2], "behind-a-failed-one")]);
    assert_eq!(doubles.state().dead_letters.len(), 2);
}

#[tokio::test]
async fn what_came_through_another_queue_stays_and_holds_nothing_back() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let ids = parked(&doubles, &ingest, 4).await;
    let way = doubles.way(ids[0]);
    for id in &ids[..2] {
        doubles.state().dead_letters.get_mut(id).unwrap().group.clear();
    }
    let others = [(ids[0], "not-from-inbound"), (ids[1], "not-from-inbound")];
    let named = ingest.replay(Replay::Messages(&ids[..1]), &Requester::command_line()).await.unwrap();
    assert_eq!((named.queued, named.failed.as_slice()), (Vec::new(), &others[..1]));
    let replayed = ingest.replay(Replay::All, &Requester::command_line()).await.unwrap();
    assert_eq!((replayed.queued.as_slice(), replayed.failed.as_slice()), (&ids[2..], &others[..]));
    assert_eq!(doubles.way(ids[0]), way, "nothing was done with it");
    let state = doubles.state();
    assert_eq!((state.queue.len(), state.dead_letters.len(), state.audit.len()), (2, 2, 2));
}

#[tokio::test]
async fn without_an_audit_entry_nothing_is_replayed() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    parked(&doubles, &ingest, 2).await;
    doubles.fail("audit.record", 1);
    let error = ingest.replay(Replay::All, &Requester::command_line()).await.unwrap_err();
    assert!(matches!(error, IngestError::Audit(_)));
    let state = doubles.state();
    assert_eq!((state.queue.len(), state.dead_letters.len()), (0, 2));
}
