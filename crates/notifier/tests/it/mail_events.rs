//! What the mail system tells afterwards: bounces, complaints and the like, late, twice and in any order.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::notice::{Notice, NoticeId, NoticeState};
use zorgsluis_domain::port::{AddressFaultReason, MailError, Provider, ProviderDirectory};
use zorgsluis_domain::{Clock, QueueReference};
use zorgsluis_notifier::Notifier;
use zorgsluis_notifier::events::{Taken, Told};
use zorgsluis_worker::Outcome;

use crate::faults::{Faults, behind};
use crate::world::{BRUG, PRACTICE, World, named, start};

/// What SES calls the mails of the tests; the post of the world answers `taken`.
pub(crate) const MAIL: &str = "taken";

/// An event of `events/lambda`, about a mail of the test.
pub(crate) fn event(name: &str, notice: NoticeId, mail: &str, sent: Timestamp, at: Timestamp) -> String {
    let path = format!("{}/../../events/lambda/mail-{name}.json", env!("CARGO_MANIFEST_DIR"));
    let sample: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut event: Value = serde_json::from_str(sample["Records"][0]["body"].as_str().unwrap()).unwrap();
    let detail = &mut event["detail"];
    detail["mail"]["tags"]["notice"] = json!([notice.to_string()]);
    detail["mail"]["messageId"] = json!(mail);
    detail["mail"]["timestamp"] = json!(sent);
    for kind in ["bounce", "complaint", "delivery", "deliveryDelay"] {
        if detail[kind].is_object() {
            detail[kind]["timestamp"] = json!(at);
        }
    }
    event.to_string()
}

/// A notice that was sent, and events about it.
pub(crate) struct Story {
    pub(crate) world: World,
    pub(crate) notifier: Arc<Notifier>,
    pub(crate) reference: QueueReference,
    pub(crate) notice: NoticeId,
    pub(crate) provider: Provider,
}

impl Story {
    pub(crate) async fn sent() -> Self {
        Self::of(World::with_post(false).await).await
    }

    pub(crate) async fn of(world: World) -> Self {
        let provider = world.practice();
        world.enlist(&provider).await;
        let reference = world.message(&world.order(vec![named(BRUG)])).await;
        world.delivered(&reference).await;
        let notice = NoticeId::of(reference.message, provider.id);
        world.clock.turn(5);
        Self { notifier: Arc::new(world.notifier()), world, reference, notice, provider }
    }

    pub(crate) fn event(&self, name: &str) -> String {
        event(name, self.notice, MAIL, start(), start() + 5.seconds())
    }

    /// Another message, in the same world, as if nothing had been told of the address.
    pub(crate) async fn again(&mut self) {
        self.world.enlist(&self.provider).await;
        self.reference = self.world.message(&self.world.order(vec![named(BRUG)])).await;
        self.world.delivered(&self.reference).await;
        self.notice = NoticeId::of(self.reference.message, self.provider.id);
    }

    pub(crate) async fn tell(&self, name: &str) -> Taken {
        self.notifier.mail_event(&self.event(name)).await.unwrap()
    }

    pub(crate) async fn line(&self) -> Notice {
        self.world.line(self.notice).await.unwrap()
    }

    /// State, reason, and what the Communication says of it.
    pub(crate) async fn stands(&self) -> (NoticeState, Option<String>, String, Option<String>) {
        let line = self.line().await;
        let said = self.world.communication(self.notice).await.unwrap();
        let why = said["statusReason"]["coding"][0]["code"].as_str().map(str::to_owned);
        (line.state, line.why, said["status"].as_str().unwrap().to_owned(), why)
    }

    pub(crate) async fn directory(&self) -> Provider {
        self.world.directory.provider_directory().get(self.provider.id).await.unwrap().unwrap().provider
    }

    pub(crate) async fn versions(&self) -> usize {
        let directory = self.world.directory.provider_directory();
        directory.history(self.provider.id).await.unwrap().len()
    }

    /// All that an event could change.
    pub(crate) async fn everything(&self) -> (Notice, Value, Provider, usize, bool) {
        (
            self.line().await,
            self.world.communication(self.notice).await.unwrap(),
            self.directory().await,
            self.versions().await,
            self.world.letter(&self.reference).await.is_some(),
        )
    }
}

pub(crate) fn owned(why: &str) -> Option<String> {
    Some(why.to_owned())
}

#[tokio::test]
async fn each_event_ends_where_the_table_says() {
    for (name, told, state, why, status, marked) in [
        ("send", Told::Taken, NoticeState::Sent, None, "completed", None),
        ("delivery", Told::Taken, NoticeState::Sent, None, "completed", None),
        ("delay", Told::Taken, NoticeState::Sent, None, "completed", None),
        (
            "bounce-permanent",
            Told::Bounced,
            NoticeState::Refused,
            Some("mail-bounced"),
            "stopped",
            Some(AddressFaultReason::Bounced),
        ),
        (
            "bounce-transient",
            Told::PerhapsBounced,
            NoticeState::Unknown,
            Some("mail-perhaps-bounced"),
            "unknown",
            None,
        ),
        (
            "bounce-undetermined",
            Told::PerhapsBounced,
            NoticeState::Unknown,
            Some("mail-perhaps-bounced"),
            "unknown",
            None,
        ),
        (
            "complaint",
            Told::Complained,
            NoticeState::Sent,
            Some("mail-complained"),
            "completed",
            Some(AddressFaultReason::Complained),
        ),
        (
            "reject",
            Told::NotSent("mail-rejected"),
            NoticeState::Refused,
            Some("mail-rejected"),
            "stopped",
            None,
        ),
        (
            "rendering-failure",
            Told::NotSent("mail-not-rendered"),
            NoticeState::Refused,
            Some("mail-not-rendered"),
            "stopped",
            None,
        ),
    ] {
        let story = Story::sent().await;
        let when = story.world.communication(story.notice).await.unwrap()["sent"].clone();
        assert!(when.is_string());
        assert_eq!(story.tell(name).await, Taken::Told(told), "{name}");
        let why = why.map(str::to_owned);
        assert_eq!(story.stands().await, (state, why.clone(), status.to_owned(), why), "{name}");
        if state == NoticeState::Sent {
            assert_eq!(story.world.communication(story.notice).await.unwrap()["sent"], when, "{name}");
        }
        assert_eq!(story.directory().await.undeliverable().map(|fault| fault.why), marked, "{name}");
        let letter = story.world.letter(&story.reference).await.map(|letter| letter.code);
        assert_eq!(letter.is_some(), state == NoticeState::Refused, "{name}");
        let before = story.everything().await;
        let entries = story.world.entries().len();
        story.world.clock.turn(60);
        assert_eq!(story.tell(name).await, Taken::Told(told), "the same again: {name}");
        assert_eq!(story.everything().await, before, "{name}");
        assert_eq!(story.world.entries().len(), entries, "{name}");
    }
}

#[tokio::test]
async fn what_nobody_could_tell_is_told_by_the_event_of_the_mail() {
    for (name, state) in [
        ("send", NoticeState::Sent),
        ("delivery", NoticeState::Sent),
        ("bounce-permanent", NoticeState::Refused),
    ] {
        let world = World::with_post(false).await;
        *world.post.puts_off.lock().unwrap() = Some(MailError::Unknown);
        let story = Story::of(world).await;
        assert_eq!(story.line().await.state, NoticeState::Unknown);
        story.tell(name).await;
        let line = story.line().await;
        assert_eq!((line.state, line.receipt.as_deref()), (state, Some(MAIL)), "{name}");
        assert_eq!(story.stands().await.2, if state == NoticeState::Sent { "completed" } else { "stopped" });
        if state == NoticeState::Sent {
            let said = story.world.communication(story.notice).await.unwrap();
            let sent: Timestamp = said["sent"].as_str().unwrap().parse().unwrap();
            assert_eq!(sent.as_microsecond(), start().as_microsecond(), "when SES took it");
        }
    }
}

#[tokio::test]
async fn a_notice_that_came_back_goes_to_the_address_that_is_put_right() {
    let story = Story::sent().await;
    story.tell("bounce-permanent").await;
    let fault = story.directory().await.address_fault.unwrap();
    assert_eq!((fault.address.as_str(), fault.since), (PRACTICE, start() + 5.seconds()));

    // Offered again before anybody has seen to it, it is refused; so is every other notice.
    story.world.replayed(&story.reference).await;
    story.world.delivered(&story.reference).await;
    assert_eq!(story.world.letter(&story.reference).await.unwrap().code, "recipient-address-bounced");
    let other = story.world.message(&story.world.order(vec![named(BRUG)])).await;
    assert_eq!(story.world.delivered(&other).await, Outcome::Parked);
    assert_eq!(story.world.letter(&other).await.unwrap().code, "recipient-address-bounced");
    assert_eq!(story.world.post.count(), 1);

    let right = Provider { address: Some("nieuw@brug.example".into()), ..story.directory().await };
    story.world.enlist(&right).await;
    for reference in [&story.reference, &other] {
        story.world.replayed(reference).await;
        assert_eq!(story.world.delivered(reference).await, Outcome::Done);
    }
    assert_eq!(story.world.post.count(), 3);
    assert_eq!(story.stands().await.2, "completed");
}

#[tokio::test]
async fn a_word_about_an_earlier_mail_changes_nothing_of_a_later_one() {
    let story = Story::sent().await;
    story
        .notifier
        .mail_event(&event("bounce-permanent", story.notice, "taken-first", start(), start()))
        .await
        .unwrap();
    assert_eq!(
        story.line().await.receipt.as_deref(),
        Some(MAIL),
        "of another mail than the one that is known"
    );
    assert_eq!(story.line().await.state, NoticeState::Sent);
    story.tell("bounce-permanent").await;
    story
        .world
        .enlist(&Provider { address: Some("nieuw@brug.example".into()), ..story.directory().await })
        .await;
    story.world.replayed(&story.reference).await;
    // It goes again, and nobody can tell.
    story.world.clock.turn(3600);
    *story.world.post.puts_off.lock().unwrap() = Some(MailError::Unknown);
    story.world.delivered(&story.reference).await;
    let open = story.everything().await;
    assert_eq!(open.0.state, NoticeState::Unknown);
    for name in ["bounce-permanent", "send", "complaint", "bounce-transient"] {
        story
            .notifier
            .mail_event(&event(name, story.notice, "taken-before", start(), start()))
            .await
            .unwrap();
        assert_eq!(story.everything().await.0, open.0, "{name}");
    }
    let now = story.world.clock.now();
    story.notifier.mail_event(&event("delivery", story.notice, "taken-again", now, now)).await.unwrap();
    let line = story.line().await;
    assert_eq!((line.state, line.receipt.as_deref()), (NoticeState::Sent, Some("taken-again")));
}

#[tokio::test]
async fn an_operator_who_puts_the_address_right_is_not_overruled_by_what_came_before() {
    let story = Story::sent().await;
    story.tell("bounce-permanent").await;
    story.world.clock.turn(60);
    let directory = story.world.directory.provider_directory();
    let works = Provider { address_fault: None, ..story.directory().await };
    directory.put(&works, Some(2), story.world.clock.now(), "operator").await.unwrap();
    let late = event(
        "bounce-permanent",
        NoticeId::of(story.reference.message, story.provider.id),
        MAIL,
        start(),
        start() + 9.seconds(),
    );
    for event in [story.event("bounce-permanent"), late, story.event("complaint")] {
        story.notifier.mail_event(&event).await.unwrap();
        assert!(story.directory().await.undeliverable().is_none());
    }
    // A mail after that which comes back again is news.
    let now = story.world.clock.now() + 1.second();
    story.notifier.mail_event(&event("bounce-permanent", story.notice, MAIL, start(), now)).await.unwrap();
    assert!(story.directory().await.undeliverable().is_some());
}

#[tokio::test]
async fn a_bounce_of_an_address_that_the_directory_has_no_more_marks_nobody() {
    let story = Story::sent().await;
    story
        .world
        .enlist(&Provider { address: Some("nieuw@brug.example".into()), ..story.provider.clone() })
        .await;
    story.tell("bounce-permanent").await;
    assert_eq!(story.line().await.state, NoticeState::Refused);
    assert!(story.directory().await.address_fault.is_none());
}

#[tokio::test]
async fn an_address_is_known_in_any_case_and_with_a_name_before_it() {
    let story = Story::sent().await;
    let told = story.event("bounce-permanent").replace(PRACTICE, "De Brug <Praktijk@BRUG.example>");
    story.notifier.mail_event(&told).await.unwrap();
    assert!(story.directory().await.undeliverable().is_some());
}

#[tokio::test]
async fn events_of_others_and_of_what_nobody_asks_change_nothing() {
    let story = Story::sent().await;
    let before = story.everything().await;
    let ours = story.event("bounce-permanent");
    let without_tag = {
        let mut event: Value = serde_json::from_str(&ours).unwrap();
        event["detail"]["mail"]["tags"].as_object_mut().unwrap().remove("notice");
        event.to_string()
    };
    let nowhere = event("bounce-permanent", NoticeId(uuid::Uuid::nil()), MAIL, start(), start());
    let opened = ours.replace("\"Bounce\"", "\"Open\"");
    let not_an_id = ours.replace(&story.notice.to_string(), "newsletter");
    for body in [without_tag, nowhere, opened, not_an_id] {
        assert_eq!(story.notifier.mail_event(&body).await.unwrap(), Taken::Elsewhere);
    }
    assert_eq!(story.everything().await, before);
}

#[tokio::test]
async fn an_entry_is_in_the_log_before_anything_is_changed() {
    let story = Story::sent().await;
    let faults = Arc::new(Faults::default());
    let notifier =
        Notifier::new(behind(&story.world.ports(), &faults), story.world.settings.clone()).unwrap();
    // The log is away: nothing else happens, whichever call it is.
    let before = story.everything().await;
    let entries = story.world.entries().len();
    faults.no_audit.store(true, Ordering::SeqCst);
    assert!(notifier.mail_event(&story.event("bounce-permanent")).await.is_err());
    assert_eq!((story.everything().await, story.world.entries().len()), (before, entries));
    faults.no_audit.store(false, Ordering::SeqCst);
    notifier.mail_event(&story.event("bounce-permanent")).await.unwrap();
    let kinds: Vec<_> = story.world.entries().iter().map(|entry| entry.event.kind).collect();
    assert!(kinds.contains(&EventKind::Register), "the directory");
    assert!(kinds.contains(&EventKind::ResourceUpdate), "the Communication");
    let written = story.world.entries();
    for entry in &written {
        if entry.event.trigger.as_deref() == Some("mail-bounced") {
            assert!(!serde_json::to_string(entry).unwrap().contains(PRACTICE), "no address");
        }
    }
}
