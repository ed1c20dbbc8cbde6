use std::time::Duration;

use hl7v2::ack::AckCode;
use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::port::KeyOwner;
use zorgsluis_domain::{Stage, Transport};
use zorgsluis_ingest::{Settings, Verdict};

use crate::doubles::Doubles;
use crate::support::{adt, answered, ingest, ingest_with, mllp};

#[tokio::test]
async fn a_message_is_durable_before_it_is_acknowledged() {
    let doubles = Doubles::new();
    let message = adt("ZIS", "A01", "M1", "1000001");
    let accepted = ingest(&doubles).accept(&message, &mllp()).await;

    assert_eq!(accepted.verdict, Verdict::Accepted);
    assert_eq!(answered(&accepted), [(AckCode::AA, "M1".to_owned())]);
    assert_eq!(doubles.state().book, ["payload.put", "queue.send", "journal.record"]);
    let id = accepted.message.unwrap();
    assert_eq!(doubles.state().payloads[&id].2, message);
    assert!(doubles.state().queue[0].body.contains(&id.to_string()));
    let way = doubles.way(id);
    assert_eq!(
        way[0],
        Stage::Received {
            transport: Transport::Mllp,
            sender: "default".into(),
            event: "ADT^A01".into(),
            control_id: "M1".into(),
            bytes: message.len() as u64,
            peer: Some("10.1.2.3".parse().unwrap()),
        }
    );
    assert_eq!(way[1..], [Stage::Queued, Stage::Acknowledged { code: "AA".into() }]);
}

#[tokio::test]
async fn messages_of_a_patient_share_group_and_owner_and_nothing_tells_who_it_is() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    for (control_id, patient) in [("M1", "1000001"), ("M2", "1000001"), ("M3", "1000002")] {
        ingest.accept(&adt("ZIS", "A01", control_id, patient), &mllp()).await;
    }
    let state = doubles.state();
    let groups: Vec<_> = state.queue.iter().map(|queued| queued.group.as_str()).collect();
    assert_eq!(groups[0], groups[1]);
    assert_ne!(groups[0], groups[2]);
    let owners: std::collections::BTreeSet<_> = state.payloads.values().map(|(_, owner, _)| owner).collect();
    assert_eq!(owners.len(), 2);
    let printed = format!("{:?} {:?} {:?}", state.queue, state.journal, owners);
    for phi in ["999911120", "1000001", "Sluiswachter", "19610412"] {
        assert!(!printed.contains(phi), "{phi} is PHI");
    }
}

#[tokio::test]
async fn a_message_without_a_patient_is_grouped_by_sender() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    for control_id in ["M1", "M2"] {
        let message = format!("MSH|^~\\&|ZIS|LINDE|||20261102||ADT^A20|{control_id}|P|2.4\rNPU|D1|H\r");
        ingest.accept(message.as_bytes(), &mllp()).await;
    }
    let state = doubles.state();
    assert_eq!(state.queue[0].group, state.queue[1].group);
    assert!(state.payloads.values().all(|(_, owner, _)| *owner == KeyOwner::Sender("default".into())));
}

#[tokio::test]
async fn a_message_that_comes_again_is_acknowledged_alike_and_not_queued_again() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let message = adt("ZIS", "A01", "M1", "1000001");
    let first = ingest.accept(&message, &mllp()).await;
    let second = ingest.accept(&message, &mllp()).await;
    assert_eq!((first.duplicate(), second.duplicate()), (false, true));
    assert_eq!(first.message, second.message);
    assert_eq!(answered(&first), answered(&second));
    assert_ne!(first.ack(), second.ack(), "each acknowledgement has an MSH-10 of its own");
    assert_eq!(doubles.state().queue.len(), 1);
    let way = doubles.way(first.message.unwrap());
    assert_eq!(way[3..], [Stage::Duplicate, Stage::Acknowledged { code: "AA".into() }]);

    let other = ingest.accept(&adt("ZIS", "A01", "M1", "1000002"), &mllp()).await;
    assert!(!other.duplicate(), "the same MSH-10 with other content is another message");
}

#[tokio::test]
async fn trouble_that_may_pass_asks_the_sender_to_come_back_and_leaves_nothing_half_done() {
    for operation in ["queue.depth", "payload.put", "queue.send"] {
        let doubles = Doubles::new();
        let ingest = ingest(&doubles);
        doubles.fail(operation, 1);
        let message = adt("ZIS", "A01", "M1", "1000001");
        let first = ingest.accept(&message, &mllp()).await;
        assert_eq!((first.verdict, first.http_status()), (Verdict::Unavailable, 503), "{operation}");
        assert_eq!(answered(&first), [(AckCode::AE, "M1".to_owned())], "{operation}");
        assert_eq!(first.message, None);
        assert!(doubles.state().queue.is_empty());

        let second = ingest.accept(&message, &mllp()).await;
        assert_eq!(second.verdict, Verdict::Accepted, "{operation}");
        let state = doubles.state();
        assert_eq!((state.queue.len(), state.payloads.len()), (1, 1), "{operation}");
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_takes_back_no_acknowledgement_and_doubles_nothing() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    doubles.fail("journal.record", 1);
    let message = adt("ZIS", "A01", "M1", "1000001");
    assert_eq!(ingest.accept(&message, &mllp()).await.verdict, Verdict::Accepted);
    // The journal does not know that it was queued; the queue does.
    assert!(ingest.accept(&message, &mllp()).await.verdict.is_positive());
    assert_eq!(doubles.state().queue.len(), 1);
}

#[tokio::test]
async fn what_is_no_message_is_refused_with_its_place_and_not_stored() {
    for (bytes, code, place, control_id) in [
        (&b"GET / HTTP/1.1\r\n"[..], "missing-header", "ERR||MSH^1", ""),
        (b"", "empty-message", "ERR|||100", ""),
        (b"MSH|^^\\&|ZIS|LINDE|||20261102||ADT^A01|M9|P|2.5\r", "invalid-delimiters", "ERR||MSH^1^2", "M9"),
    ] {
        let doubles = Doubles::new();
        let ingest = ingest(&doubles);
        let refused = ingest.accept(bytes, &mllp()).await;
        assert_eq!((refused.verdict, refused.http_status()), (Verdict::Refused, 400), "{code}");
        assert_eq!(refused.refusal.as_ref().unwrap().code, code);
        assert_eq!(answered(&refused)[0].0, AckCode::AR, "{code}");
        let ack = String::from_utf8(refused.ack()).unwrap();
        assert!(ack.contains(place), "{code}: {ack}");
        assert!(ack.contains(&format!("MSA|AR|{control_id}")), "{code}: {ack}");
        let state = doubles.state();
        assert!(state.payloads.is_empty() && state.queue.is_empty() && state.journal.is_empty());
        assert_eq!(state.audit.len(), 1);
        assert_eq!(state.audit[0].event.kind, EventKind::Refusal);
        assert_eq!(state.audit[0].event.outcome_reason.as_deref(), Some(code));
        drop(state);
        assert_eq!(ingest.recent_refusals()[0].code, code);
    }
}

#[tokio::test]
async fn a_refusal_that_cannot_be_logged_is_put_off() {
    let doubles = Doubles::new();
    doubles.fail("audit.record", 1);
    let put_off = ingest(&doubles).accept(b"MSH|^^\\&|A", &mllp()).await;
    assert_eq!(put_off.verdict, Verdict::Unavailable);
    assert_eq!(answered(&put_off)[0].0, AckCode::AE);
}

#[tokio::test]
async fn an_unsupported_event_is_kept_or_refused_as_the_profile_says() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let kept = ingest.accept(&adt("ZIS", "A19", "M1", "1000001"), &mllp()).await;
    assert_eq!(kept.verdict, Verdict::Accepted);
    let refused = ingest.accept(&adt("STRICT", "A19", "M2", "1000001"), &mllp()).await;
    assert_eq!(refused.verdict, Verdict::Refused);
    let ack = String::from_utf8(refused.ack()).unwrap();
    assert!(ack.contains("ERR||MSH^1^9^1^2|201^Unsupported event code^HL70357|E|unsupported-event"), "{ack}");
    assert_eq!(doubles.state().payloads.len(), 1);
    let supported = ingest.accept(&adt("STRICT", "A01", "M3", "1000001"), &mllp()).await;
    assert_eq!(supported.verdict, Verdict::Accepted);
}

#[tokio::test]
async fn a_full_queue_asks_senders_to_wait() {
    let doubles = Doubles::new();
    let ingest = ingest_with(&doubles, Settings { queue_limit: 2, ..Settings::default() });
    let mut verdicts = Vec::new();
    for control_id in ["M1", "M2", "M3"] {
        verdicts.push(ingest.accept(&adt("ZIS", "A01", control_id, "1000001"), &mllp()).await.verdict);
    }
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::Accepted, Verdict::Busy]);
    assert!(!ingest.accepts().await.unwrap());
    assert_eq!(doubles.state().payloads.len(), 2, "what waits outside is not stored");

    doubles.state().queue.clear();
    doubles.pass(Duration::from_secs(1));
    let again = ingest.accept(&adt("ZIS", "A01", "M3", "1000001"), &mllp()).await;
    assert_eq!((again.verdict, again.http_status()), (Verdict::Accepted, 202));
}

#[tokio::test]
async fn after_a_message_could_not_be_stored_only_a_write_says_that_others_can() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    assert!(ingest.accepts().await.unwrap());
    doubles.fail("payload.put", 1);
    doubles.fail("payload.put_note", 1);
    let failed = ingest.accept(&adt("ZIS", "A01", "M1", "1000001"), &mllp()).await;
    assert_eq!(failed.verdict, Verdict::Unavailable);
    // At once; then by a write that fails; at once again; then by one that does not.
    for (pause, accepts) in [(0, false), (1, false), (0, false), (1, true), (0, true)] {
        doubles.pass(Duration::from_secs(pause));
        assert_eq!(ingest.accepts().await.is_ok(), accepts);
    }
    doubles.fail("payload.put", 1);
    for control_id in ["M2", "M3"] {
        ingest.accept(&adt("ZIS", "A01", control_id, "1000001"), &mllp()).await;
    }
    assert!(ingest.accepts().await.unwrap(), "a message was accepted since");
    let writes = doubles.state().book.iter().filter(|call| **call == "payload.put_note").count();
    assert_eq!(writes, 1, "nothing is written while all is well");
}

#[tokio::test]
async fn a_fault_in_a_profile_hurts_only_the_one_message() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let hit = ingest.accept(&adt("BROKEN", "A01", "M1", "1000001"), &mllp()).await;
    assert_eq!((hit.verdict, hit.refusal.unwrap().code), (Verdict::Refused, "internal-error"));
    let next = ingest.accept(&adt("ZIS", "A01", "M2", "1000001"), &mllp()).await;
    assert_eq!(next.verdict, Verdict::Accepted);
}

#[tokio::test]
async fn what_stands_in_msh_9_and_msh_10_gets_into_the_journal_only_in_a_shape_that_names_nobody() {
    for (kind, control_id, event, shown) in [
        ("ADT^A01^ADT_A01", "20261102083000-17", "ADT^A01", "20261102083000-17"),
        ("ADT^Z99", "ZIS_0001.7", "ADT^Z99", "ZIS_0001.7"),
        ("ADT", "", "", ""),
        ("de Vries^J", "M\u{e9} 1", "", ""),
        ("VRIES^A01", "JANSEN^PIET", "", ""),
        ("999^A01", "Jansen, P.", "", ""),
        ("ADT^A011", "999911120", "", ""),
        ("ADT^19610412", "BSN-999911120.1", "", ""),
        ("adt^a01", "999911120001", "", ""),
        ("ADT^A1", "001999911120", "", ""),
        ("ADT^", "123456789", "", "123456789"),
        ("ADT^AA1", "123456789012345678901", "", ""),
    ] {
        let doubles = Doubles::new();
        let message = format!("MSH|^~\\&|ZIS|LINDE|||20261102||{kind}|{control_id}|P|2.5\r");
        let accepted = ingest(&doubles).accept(message.as_bytes(), &mllp()).await;
        let way = doubles.way(accepted.message.unwrap());
        let Stage::Received { event: kept, control_id, .. } = &way[0] else { panic!("{way:?}") };
        assert_eq!((kept.as_str(), control_id.as_str()), (event, shown), "{kind}");
    }
}

#[tokio::test]
async fn a_traceparent_reaches_the_queue_only_when_it_is_one() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (control_id, traceparent) in [("M1", good), ("M2", "Jan de Vries, 999911120")] {
        let mut source = mllp();
        source.traceparent = Some(traceparent.into());
        ingest.accept(&adt("ZIS", "A01", control_id, "1000001"), &source).await;
    }
    let state = doubles.state();
    assert!(state.queue[0].body.contains(good));
    assert!(!state.queue[1].body.contains("traceparent"), "{}", state.queue[1].body);
}

#[tokio::test]
async fn each_message_of_a_batch_is_accepted_on_its_own() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let mut batch = b"FHS|^~\\&|ZIS\rBHS|^~\\&|ZIS\r".to_vec();
    batch.extend(adt("ZIS", "A01", "M1", "1000001"));
    batch.extend(b"MSH|^^\\&|ZIS|LINDE|||20261102||ADT^A01|M2|P|2.5\r");
    batch.extend(adt("ZIS", "A01", "M3", "1000002"));
    batch.extend(b"BTS|3\rFTS|1\r");
    let all = ingest.accept_all(&batch, &mllp()).await;
    let verdicts: Vec<_> = all.iter().map(|accepted| accepted.verdict).collect();
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::Refused, Verdict::Accepted]);
    let codes: Vec<_> = all.iter().flat_map(answered).collect();
    assert_eq!(codes, [(AckCode::AA, "M1".into()), (AckCode::AR, "M2".into()), (AckCode::AA, "M3".into())]);
    assert_eq!(doubles.state().queue.len(), 2);
}

#[tokio::test]
async fn a_batch_that_is_too_long_is_refused_before_any_of_it_is_stored() {
    let doubles = Doubles::new();
    let ingest = ingest_with(&doubles, Settings { batch_limit: 2, ..Settings::default() });
    let two = [adt("ZIS", "A01", "M1", "1"), adt("ZIS", "A01", "M2", "1")].concat();
    let three = [two.clone(), adt("ZIS", "A01", "M3", "1")].concat();
    let refused = ingest.accept_all(&three, &mllp()).await;
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].refusal.as_ref().unwrap().code, "batch-too-long");
    assert!(doubles.state().payloads.is_empty());
    assert!(ingest.accept_all(&two, &mllp()).await.iter().all(|accepted| accepted.verdict.is_positive()));
}

#[tokio::test]
async fn an_envelope_around_nothing_is_refused() {
    let doubles = Doubles::new();
    let all = ingest(&doubles).accept_all(b"FHS|^~\\&|ZIS\rFTS|0\r", &mllp()).await;
    assert_eq!(all.iter().map(|accepted| accepted.verdict).collect::<Vec<_>>(), [Verdict::Refused]);
}

#[tokio::test]
async fn what_comes_in_is_counted_by_transport_and_verdict() {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let message = adt("ZIS", "A01", "M1", "1000001");
    ingest.accept(&message, &mllp()).await;
    ingest.accept(&message, &mllp()).await;
    ingest.accept(b"", &mllp()).await;
    let counted: Vec<_> = ingest
        .counts()
        .into_iter()
        .filter(|count| count.messages > 0)
        .map(|count| (count.transport, count.verdict, count.messages))
        .collect();
    assert_eq!(
        counted,
        [
            (Transport::Mllp, Verdict::Accepted, 1),
            (Transport::Mllp, Verdict::Duplicate, 1),
            (Transport::Mllp, Verdict::Refused, 1)
        ]
    );
}
