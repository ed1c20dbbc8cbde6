//! One notice for a message and provider, whatever happens.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::notice::{Notice, NoticeId, NoticeOutcome, NoticeState, NotifiedEvent, Protection};
use zorgsluis_domain::port::{MailError, NoticeRegister};
use zorgsluis_domain::{Clock, MessageId, PortError};
use zorgsluis_notifier::{NOT_SENT, PutOff};
use zorgsluis_worker::Outcome;

use crate::world::{BRUG, World, named, start};

pub(crate) async fn reserved(world: &World, notice: NoticeId, message: MessageId) {
    reserved_at(world, notice, message, start()).await;
}

async fn reserved_at(world: &World, notice: NoticeId, message: MessageId, at: Timestamp) {
    let line = Notice {
        id: notice,
        message,
        provider: world.practice().id,
        event: NotifiedEvent::Admission,
        protection: Protection::WithoutPhi,
        state: NoticeState::Reserved,
        reserved: at,
        changed: at,
        receipt: None,
        why: None,
    };
    world.directory.notice_register().reserve(&line).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_delivery_and_a_replay_send_nothing_again() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let (reference, ended) = world.notify(&world.order(vec![named(BRUG)])).await;
    ended.unwrap();
    assert_eq!(world.steps(&reference).await[0].outcome, NoticeOutcome::Sent);
    let entries = world.entries().len();
    assert_eq!(world.delivered(&reference).await, Outcome::Done);
    world.replayed(&reference).await;
    assert_eq!(world.delivered(&reference).await, Outcome::Done);
    assert_eq!(world.steps(&reference).await[0].outcome, NoticeOutcome::SentBefore);
    assert_eq!((world.post.count(), world.entries().len()), (1, entries));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_knows_to_whom_what_was_told() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let (reference, _) = world.notify(&world.order(vec![named(BRUG)])).await;
    let entry = world.entries().into_iter().find(|entry| entry.event.kind == EventKind::Disclosure).unwrap();
    assert_eq!(entry.patient.as_ref().unwrap().reference, format!("Patient/{}", world.patient));
    assert_eq!(entry.users[0].agb.as_deref(), Some(BRUG));
    assert!(entry.objects.iter().any(|object| object.id == reference.message.to_string()));
    // A mail without PHI tells nothing of the record: none of it was read.
    assert!(
        !entry
            .objects
            .iter()
            .any(|object| object.id.starts_with("Patient/") || object.id.starts_with("Condition/"))
    );
    let event = zorgsluis_audit_writer::to_audit_event(&entry);
    assert_eq!(
        event["meta"]["profile"][0],
        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source"
    );
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit-events");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("notice.json"), event.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_at_the_same_time_send_once() {
    for knows in [true, false] {
        let world = Arc::new(World::with_post(knows).await);
        world.enlist(&world.practice()).await;
        for _ in 0..15 {
            let reference = world.message(&world.order(vec![named(BRUG)])).await;
            let mut deliveries = tokio::task::JoinSet::new();
            for _ in 0..4 {
                let (world, reference) = (Arc::clone(&world), reference.clone());
                deliveries.spawn(async move {
                    for _ in 0..400 {
                        match world.delivered(&reference).await {
                            Outcome::Retry(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                            ended => return ended,
                        }
                    }
                    panic!("it never ended");
                });
            }
            while let Some(ended) = deliveries.join_next().await {
                assert_eq!(ended.unwrap(), Outcome::Done);
            }
            let notice = NoticeId::of(reference.message, world.practice().id);
            assert_eq!(world.post.of(notice), 1);
            assert_eq!(world.line(notice).await.unwrap().state, NoticeState::Sent);
            assert_eq!(world.communication(notice).await.unwrap()["status"], "completed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_that_a_crash_left_is_matched_to_what_the_mailer_knows() {
    for knows in [true, false] {
        let world = World::with_post(knows).await;
        world.enlist(&world.practice()).await;
        let reference = world.message(&world.order(vec![named(BRUG)])).await;
        let notice = NoticeId::of(reference.message, world.practice().id);
        reserved(&world, notice, reference.message).await;
        // Somebody may still be at it.
        assert!(
            matches!(world.delivered(&reference).await, Outcome::Retry(wait) if wait <= Duration::from_secs(60))
        );
        assert_eq!(world.post.count(), 0);
        world.clock.turn(61);
        assert_eq!(world.delivered(&reference).await, Outcome::Done);
        let line = world.line(notice).await.unwrap();
        let step = world.steps(&reference).await.remove(0);
        let status = world.communication(notice).await.unwrap()["status"].clone();
        if knows {
            assert_eq!(
                (line.state, step.outcome, world.post.count()),
                (NoticeState::Sent, NoticeOutcome::Sent, 1)
            );
            assert_eq!(status, "completed");
        } else {
            // Never out a second time by itself: an operator decides.
            assert_eq!(
                (line.state, step.outcome, world.post.count()),
                (NoticeState::Unknown, NoticeOutcome::Unknown, 0)
            );
            assert_eq!((line.why.as_deref(), status), (Some("not-confirmed"), serde_json::json!("unknown")));
            world.replayed(&reference).await;
            world.clock.turn(1000);
            assert_eq!(world.delivered(&reference).await, Outcome::Done);
            assert_eq!(world.post.count(), 0, "not by a replay either");
            // The operator knows that it did not go, and has it sent.
            let register = world.directory.notice_register();
            let (from, to) = ([NoticeState::Unknown], NoticeState::Reserved);
            assert!(
                register
                    .settle(notice, &from, to, start(), None, Some(zorgsluis_notifier::NOT_SENT))
                    .await
                    .unwrap()
            );
            world.replayed(&reference).await;
            assert_eq!(world.delivered(&reference).await, Outcome::Done);
            assert_eq!((world.post.count(), world.line(notice).await.unwrap().state), (1, NoticeState::Sent));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_dropped_is_not_sent() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let reference = world.message(&world.order(vec![named(BRUG)])).await;
    let notice = NoticeId::of(reference.message, world.practice().id);
    reserved(&world, notice, reference.message).await;
    let register = world.directory.notice_register();
    register
        .settle(notice, &[NoticeState::Reserved], NoticeState::Dropped, start(), None, None)
        .await
        .unwrap();
    assert_eq!(world.delivered(&reference).await, Outcome::Done);
    assert_eq!(world.steps(&reference).await[0].outcome, NoticeOutcome::Withheld);
    assert_eq!(world.communication(notice).await.unwrap()["status"], "not-done");
    assert_eq!(world.post.count(), 0);
    // The operator was wrong: it had gone.
    let (from, to) = ([NoticeState::Dropped], NoticeState::Sent);
    register.settle(notice, &from, to, start(), None, Some("operator")).await.unwrap();
    world.notifier().follow(notice).await.unwrap();
    assert_eq!(world.communication(notice).await.unwrap()["status"], "completed");
    assert_eq!(world.post.count(), 0);
    let stranger = world.notifier().follow(NoticeId(uuid::Uuid::nil())).await;
    assert_eq!(crate::world::code(stranger), "port not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_mail_system_refuses_is_parked_and_can_be_sent_after_a_replay() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    *world.post.refuses.lock().unwrap() = Some(String::from("smtp-550"));
    let reference = world.message(&world.order(vec![named(BRUG)])).await;
    assert_eq!(world.delivered(&reference).await, Outcome::Parked);
    let notice = NoticeId::of(reference.message, world.practice().id);
    let line = world.line(notice).await.unwrap();
    assert_eq!((line.state, line.why.as_deref()), (NoticeState::Refused, Some("smtp-550")));
    assert_eq!(world.letter(&reference).await.unwrap().code, "smtp-550");
    assert_eq!(world.communication(notice).await.unwrap()["status"], "stopped");
    let failed = world.entries().into_iter().find(|entry| {
        entry.event.kind == EventKind::Disclosure && entry.event.outcome_reason.as_deref() == Some("smtp-550")
    });
    assert!(failed.is_some());
    *world.post.refuses.lock().unwrap() = None;
    assert_eq!(world.delivered(&reference).await, Outcome::Done, "parked is parked");
    assert_eq!(world.post.count(), 0);
    world.replayed(&reference).await;
    assert_eq!(world.delivered(&reference).await, Outcome::Done);
    assert_eq!(world.post.count(), 1);
    assert_eq!(world.communication(notice).await.unwrap()["status"], "completed");
}

/// Writes one Communication of each status where a FHIR validator can read them: `tests/validate.sh`.
#[tokio::test(flavor = "multi_thread")]
async fn one_communication_of_each_status_is_written_for_the_validator() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("communications");
    std::fs::create_dir_all(&folder).unwrap();
    let world = World::with_post(false).await;
    let mut practice = world.practice();
    world.enlist(&practice).await;
    for name in ["completed", "stopped", "unknown", "not-done"] {
        *world.post.refuses.lock().unwrap() = (name == "stopped").then(|| String::from("smtp-550"));
        practice.active = name != "not-done";
        world.enlist(&practice).await;
        let mut order = world.order(vec![named(BRUG)]);
        order.about = vec![String::from("DiagnosticReport/7f9c24e8-0000-5000-8000-0000000000f1")];
        let reference = world.message(&order).await;
        let notice = NoticeId::of(reference.message, practice.id);
        if name == "unknown" {
            reserved(&world, notice, reference.message).await;
            world.clock.turn(61);
        }
        world.delivered(&reference).await;
        let communication = world.communication(notice).await.unwrap();
        assert_eq!(communication["status"], name);
        for known in ["Johanna", "1961", "angina", "7393670", "999911120"] {
            assert!(!communication.to_string().contains(known), "{known}");
        }
        std::fs::write(folder.join(format!("{name}.json")), communication.to_string()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_put_off_for_a_day_is_set_aside_and_what_concerns_the_relay_is_not() {
    let world = World::new().await;
    world.enlist(&world.practice()).await;
    let over_quota = || {
        let put_off = PutOff(String::from("smtp-452"));
        *world.post.puts_off.lock().unwrap() =
            Some(MailError::NotSent(PortError::unavailable("smtp.send", put_off)));
    };
    let unreachable = || {
        *world.post.puts_off.lock().unwrap() =
            Some(MailError::NotSent(PortError::unavailable("smtp.send", "nobody answers")));
    };
    let reference = world.message(&world.order(vec![named(BRUG)])).await;
    let notice = NoticeId::of(reference.message, world.practice().id);
    for _ in 0..24 {
        over_quota();
        assert!(matches!(world.delivered(&reference).await, Outcome::Retry { .. }));
        let line = world.line(notice).await.unwrap();
        assert_eq!((line.state, line.why.as_deref()), (NoticeState::Reserved, Some(NOT_SENT)));
        world.clock.turn(3600);
    }
    // The relay cannot be reached: nobody's fault here, so it waits, however long.
    unreachable();
    assert!(matches!(world.delivered(&reference).await, Outcome::Retry { .. }));
    over_quota();
    assert_eq!(world.delivered(&reference).await, Outcome::Parked);
    let line = world.line(notice).await.unwrap();
    assert_eq!((line.state, line.why.as_deref()), (NoticeState::Refused, Some("smtp-452")));
    assert_eq!(world.letter(&reference).await.unwrap().code, "smtp-452");
    assert_eq!(world.communication(notice).await.unwrap()["status"], "stopped");
    // A replay has a day of its own.
    world.replayed(&reference).await;
    over_quota();
    assert!(matches!(world.delivered(&reference).await, Outcome::Retry { .. }));
    assert_eq!(world.delivered(&reference).await, Outcome::Done);
    assert_eq!(world.line(notice).await.unwrap().state, NoticeState::Sent);
    assert_eq!(world.post.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_was_sent_is_told_only_where_it_is_known() {
    let world = World::with_post(false).await;
    world.enlist(&world.practice()).await;
    let (known, ended) = world.notify(&world.order(vec![named(BRUG)])).await;
    ended.unwrap();
    let notice = NoticeId::of(known.message, world.practice().id);
    let told = world.communication(notice).await.unwrap();
    assert!(told["status"] == "completed" && told["sent"].is_string(), "{told}");

    // A crash; later an operator finds it in the log of the relay.
    let later = world.message(&world.order(vec![named(BRUG)])).await;
    let notice = NoticeId::of(later.message, world.practice().id);
    world.clock.turn(5);
    reserved_at(&world, notice, later.message, world.clock.now()).await;
    world.clock.turn(3600);
    assert_eq!(world.delivered(&later).await, Outcome::Done);
    // What is asked about it meanwhile adds no second entry about the failure.
    world.notifier().follow(notice).await.unwrap();
    let failures = world.entries().into_iter().filter(|entry| entry.event.outcome_reason.is_some()).count();
    assert_eq!(failures, 1);
    let register = world.directory.notice_register();
    let now = world.clock.now();
    assert!(
        register
            .settle(notice, &[NoticeState::Unknown], NoticeState::Sent, now, None, Some("operator"))
            .await
            .unwrap()
    );
    world.notifier().follow(notice).await.unwrap();
    let told = world.communication(notice).await.unwrap();
    assert!(told["status"] == "completed" && told.get("sent").is_none(), "{told}");
}
