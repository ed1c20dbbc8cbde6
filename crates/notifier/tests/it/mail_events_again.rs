//! Events of the mail system under faults, in batches, and in any order.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use jiff::ToSpan;
use proptest::prelude::*;
use serde_json::Value;
use zorgsluis_domain::Clock;
use zorgsluis_domain::notice::{NoticeId, NoticeState};
use zorgsluis_domain::port::{DeadLetters, MailError, NoticeRegister, PageRequest};
use zorgsluis_notifier::Notifier;
use zorgsluis_notifier::events::MailEvent;
use zorgsluis_notifier::events::lambda::{Events, MailEvents};

use crate::faults::{Faults, behind};
use crate::mail_events::{MAIL, Story, event, owned};
use crate::world::{PRACTICE, World, start};

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_at_any_call_loses_or_doubles_what_an_event_says() {
    for name in ["bounce-permanent", "complaint", "bounce-transient", "delivery"] {
        let mut points = 0;
        let mut story = Story::sent().await;
        let faults = Arc::new(Faults::default());
        let ports = behind(&story.world.ports(), &faults);
        let notifier = Arc::new(Notifier::new(ports, story.world.settings.clone()).unwrap());
        let handler = MailEvents::new(notifier, Duration::from_secs(1));
        for point in 1.. {
            if name == "delivery" {
                *story.world.post.puts_off.lock().unwrap() = Some(MailError::Unknown);
            }
            story.again().await;
            let versions = story.versions().await;
            let body = story.event(name);
            faults.at(point);
            let deadline = story.world.clock.now() + 60.seconds();
            let mut ended = tokio::select! {
                ended = handler.handle(batch(&[&body]), deadline) => Some(ended),
                () = faults.killed.notified() => None,
            };
            let fired = faults.fired.load(Ordering::SeqCst);
            faults.at(0);
            let mut redeliveries = 0;
            while ended.as_ref().is_none_or(|ended| !ended.handled.response.batch_item_failures.is_empty()) {
                redeliveries += 1;
                assert!(redeliveries < 5, "{name} {point} never ends");
                ended = Some(handler.handle(batch(&[&body]), deadline).await);
            }
            assert_eq!(ended.unwrap().handled.tally.parked, 0, "{name} {point}");
            let (state, why, status, reason) = story.stands().await;
            let marked = story.directory().await.undeliverable().is_some();
            let letter = story.world.letter(&story.reference).await.is_some();
            let expected = match name {
                "bounce-permanent" => (NoticeState::Refused, owned("mail-bounced"), "stopped", true, true),
                "complaint" => (NoticeState::Sent, owned("mail-complained"), "completed", true, false),
                "delivery" => (NoticeState::Sent, None, "completed", false, false),
                _ => (NoticeState::Unknown, owned("mail-perhaps-bounced"), "unknown", false, false),
            };
            assert_eq!((state, why.clone(), status.as_str(), marked, letter), expected, "{name} {point}");
            assert_eq!(reason, why, "{name} {point}");
            let more = story.versions().await - versions;
            assert_eq!(more, usize::from(marked), "{name} {point}: one version more");
            assert_eq!(story.world.post.of(story.notice), usize::from(name != "delivery"));
            if !fired {
                points = point;
                break;
            }
        }
        assert!(points > 20, "{name}: {points} points were tried");
    }
}

/// A batch as the queue hands it over.
fn batch(bodies: &[&str]) -> SqsEvent {
    let mut event = SqsEvent::default();
    for (nth, body) in bodies.iter().enumerate() {
        let mut record = SqsMessage::default();
        record.message_id = Some(format!("m{nth}"));
        record.body = Some((*body).to_owned());
        record.attributes.insert(String::from("SentTimestamp"), String::from("1795338640000"));
        record.attributes.insert(String::from("ApproximateReceiveCount"), String::from("2"));
        event.records.push(record);
    }
    event
}

#[tokio::test]
async fn what_is_no_event_is_parked_and_the_others_of_its_batch_are_taken() {
    let story = Story::sent().await;
    let handler = MailEvents::new(Arc::clone(&story.notifier), Duration::from_secs(1));
    let bounce = story.event("bounce-permanent");
    let incomplete = {
        let mut event: Value = serde_json::from_str(&bounce).unwrap();
        event["detail"].as_object_mut().unwrap().remove("bounce");
        event.to_string()
    };
    let unknown = bounce.replace("\"Bounce\"", "\"Teleported\"");
    let bodies = ["", "{", "praktijk@brug.example", &incomplete, &unknown, &bounce];
    let deadline = story.world.clock.now() + 60.seconds();
    let Events { handled, bounced, complained } = handler.handle(batch(&bodies), deadline).await;
    assert!(handled.response.batch_item_failures.is_empty());
    assert_eq!((handled.tally.parked, handled.tally.done, bounced, complained), (5, 1, 1, 0));
    let letters = story.world.directory.dead_letters().list(&PageRequest::first(20)).await.unwrap().items;
    let mut codes: Vec<_> = letters.iter().map(|letter| letter.code.as_str()).collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            "mail-bounced",
            "mail-event-incomplete",
            "mail-event-unknown",
            "mail-event-unreadable",
            "mail-event-unreadable",
            "mail-event-unreadable"
        ]
    );
    for letter in &letters {
        assert!(!serde_json::to_string(letter).unwrap().contains('@'), "no address");
    }
    // The same again parks nothing twice.
    handler.handle(batch(&bodies), deadline).await;
    let again = story.world.directory.dead_letters().list(&PageRequest::first(20)).await.unwrap().items;
    assert_eq!(again.len(), letters.len());
}

#[tokio::test]
async fn too_little_time_sends_an_event_back() {
    let story = Story::sent().await;
    let handler = MailEvents::new(Arc::clone(&story.notifier), Duration::from_secs(10));
    let body = story.event("bounce-permanent");
    let events = handler.handle(batch(&[&body]), story.world.clock.now() + 9.seconds()).await;
    assert_eq!(events.handled.response.batch_item_failures[0].item_identifier, "m0");
    assert_eq!(story.line().await.state, NoticeState::Sent);
}

#[test]
fn the_debug_form_of_an_event_holds_no_address() {
    let body = event("bounce-permanent", NoticeId(uuid::Uuid::max()), MAIL, start(), start());
    let read = MailEvent::read(&body).unwrap().unwrap();
    assert_eq!(read.recipients.expose_phi(), &[PRACTICE.to_owned()]);
    assert!(!format!("{read:?}").contains('@'));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn in_any_order_and_any_number_of_times_the_strongest_word_wins(
        mut told in prop::collection::vec(0_usize..6, 1..7),
        seed in any::<u64>(),
    ) {
        const NAMES: [&str; 6] = ["send", "delivery", "delay", "bounce-transient", "complaint", "bounce-permanent"];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let strongest = *told.iter().max().unwrap();
        let turn = usize::try_from(seed % 7).unwrap() % told.len();
        told.rotate_left(turn);
        let (state, why) = runtime.block_on(async {
            let world = World::with_post(false).await;
            if seed % 2 == 0 {
                *world.post.puts_off.lock().unwrap() = Some(MailError::Unknown);
            }
            let story = Story::of(world).await;
            for one in &told {
                story.tell(NAMES[*one]).await;
            }
            let line = story.world.directory.notice_register().get(story.notice).await.unwrap().unwrap();
            (line.state, line.why)
        });
        let expected = match strongest {
            3 => (NoticeState::Unknown, owned("mail-perhaps-bounced")),
            4 => (NoticeState::Sent, owned("mail-complained")),
            5 => (NoticeState::Refused, owned("mail-bounced")),
            _ => (NoticeState::Sent, None),
        };
        prop_assert_eq!((state, why), expected);
    }
}
