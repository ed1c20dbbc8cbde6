use std::sync::Arc;
use std::time::Duration;

use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::port::{DeadLetter, DeadLetters, KeyOwner, dead_letter};
use zorgsluis_domain::{Clock, MessageId, Stage, Transport};
use zorgsluis_ingest::{Ingest, IngestError, Replay, Requester, Source};

use crate::doubles::Doubles;
use crate::support::{addresses_in_queue, adt, ingest, mllp, proved, proved_in_queue};

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
async fn the_address_of_a_sender_goes_into_the_queue_and_is_still_known_after_a_replay() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let from = |peer: Option<&str>| Source::new(Transport::Mllp, peer.map(str::to_owned));
    // An address and nothing else: no name that somebody gave, nor an address written in another way.
    let sources =
        [from(Some("10.1.2.3")), from(Some("::ffff:10.1.2.4")), from(Some("Jan Jansen")), from(None)];
    let known = [Some("10.1.2.3".to_owned()), Some("10.1.2.4".to_owned()), None, None];
    for (number, source) in sources.iter().enumerate() {
        ingest.accept(&adt("ZIS", "A01", &format!("Q{number}"), "3"), source).await;
    }
    assert_eq!(addresses_in_queue(&doubles), known);
    doubles.state().queue.clear();
    parked_from(&doubles, &ingest, &sources).await;
    ingest.replay(Replay::All, &Requester::command_line()).await.unwrap();
    assert_eq!(addresses_in_queue(&doubles), known);
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

/// An entry of the log that was set aside, with its body.
fn set_aside(doubles: &Doubles, number: u128, body: &str) -> DeadLetter {
    let message = MessageId(uuid::Uuid::from_u128(number));
    let (received, owner) = (doubles.now(), KeyOwner::System);
    doubles.state().payloads.insert(message, (received, owner, body.as_bytes().to_vec()));
    let letter = DeadLetter {
        message,
        group: dead_letter::AUDIT_QUEUE.into(),
        received,
        parked: received,
        code: "sealed-entry-unopenable".into(),
        at: None,
        text: "the sealed entry cannot be opened".into(),
        attempts: 1,
    };
    doubles.state().dead_letters.insert(message, letter.clone());
    letter
}

#[tokio::test]
async fn entries_of_the_log_go_back_into_their_own_queue_each_logged_before_it_is_opened() {
    let (doubles, audit) = (Doubles::new(), Doubles::new());
    let plain = ingest(&doubles);
    let letter = set_aside(&doubles, 1, "{\"v\":1}");
    // One whose body is gone: it stays, and holds the others up no more than they do it.
    let gone = set_aside(&doubles, 2, "");
    doubles.state().payloads.remove(&gone.message);
    let last = set_aside(&doubles, 3, "{\"v\":2}");
    let ids = parked(&doubles, &plain, 1).await;
    // Who does not know their queue leaves them where they are.
    let all = [letter.message, gone.message, last.message];
    let without = plain.replay(Replay::Messages(&all), &Requester::command_line()).await.unwrap();
    assert_eq!(without.failed, all.map(|message| (message, "not-from-inbound")));

    let with = ingest(&doubles).with_audit_queue(Arc::new(audit.clone()));
    doubles.state().book.clear();
    let replayed = with.replay(Replay::All, &Requester::command_line()).await.unwrap();
    assert_eq!(replayed.queued, [letter.message, last.message, ids[0]]);
    assert_eq!(replayed.failed, [(gone.message, "not-found")]);
    let bodies: Vec<_> = audit.state().queue.iter().map(|queued| queued.body.clone()).collect();
    assert_eq!(bodies, ["{\"v\":1}", "{\"v\":2}"]);
    let state = doubles.state();
    let first = |call: &str| state.book.iter().position(|done| *done == call).unwrap();
    assert!(first("audit.record") < first("payload.get"));
    assert_eq!(state.dead_letters.keys().copied().collect::<Vec<_>>(), [gone.message]);
    assert_eq!(state.audit.iter().filter(|entry| entry.event.kind == EventKind::Replay).count(), 4);
}

#[tokio::test]
async fn an_entry_that_could_not_be_sent_is_offered_again_and_one_that_was_sent_does_no_harm_twice() {
    let (doubles, audit) = (Doubles::new(), Doubles::new());
    let ingest = ingest(&doubles).with_audit_queue(Arc::new(audit.clone()));
    set_aside(&doubles, 1, "{\"v\":1}");
    audit.fail("queue.send", 1);
    assert!(ingest.replay(Replay::All, &Requester::command_line()).await.is_err());
    assert_eq!(doubles.state().dead_letters.len(), 1);
    // Sent, and cut off before the letter was taken away.
    doubles.fail("dead.remove", 1);
    assert!(ingest.replay(Replay::All, &Requester::command_line()).await.is_err());
    assert_eq!((doubles.state().dead_letters.len(), audit.state().queue.len()), (1, 1));
    let again = ingest.replay(Replay::All, &Requester::command_line()).await.unwrap();
    assert_eq!((again.queued.len(), again.failed.len()), (1, 0));
    assert!(doubles.state().dead_letters.is_empty());
    assert_eq!(audit.state().queue.len(), 2, "the log keeps it once, by its id");
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
