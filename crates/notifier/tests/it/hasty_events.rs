//! The mail system tells of a mail before its sending is confirmed.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::{NoticeId, NoticeState, OutgoingMail};
use zorgsluis_domain::port::{MailError, MailTrace, Mailer};
use zorgsluis_notifier::{Notifier, Ports};
use zorgsluis_worker::{Delivery, Outcome, deliver};

use crate::mail_events::{MAIL, event, owned};
use crate::world::{BRUG, Post, World, named, start};

/// A post that tells what became of a mail before it answers that it took it.
struct Hasty {
    post: Arc<Post>,
    /// Another process of the same notifier, which takes the event.
    events: Notifier,
    tells: Mutex<Option<&'static str>>,
    /// The answer gets lost.
    loses: bool,
}

#[async_trait]
impl Mailer for Hasty {
    async fn send(&self, mail: &OutgoingMail) -> Result<String, MailError> {
        let receipt = self.post.send(mail).await?;
        let tells = self.tells.lock().unwrap().take();
        if let Some(name) = tells {
            self.events.mail_event(&event(name, mail.notice, MAIL, start(), start())).await.unwrap();
        }
        if self.loses { Err(MailError::Unknown) } else { Ok(receipt) }
    }

    async fn trace(&self, notice: NoticeId) -> Result<MailTrace, PortError> {
        self.post.trace(notice).await
    }
}

/// How a notice stands whose event was faster than the answer; `again`: in its second attempt.
async fn hasty(
    name: &'static str,
    again: bool,
    loses: bool,
) -> (NoticeState, Option<String>, String, Option<String>) {
    let world = World::with_post(false).await;
    world.enlist(&world.practice()).await;
    let reference = world.message(&world.order(vec![named(BRUG)])).await;
    let notice = NoticeId::of(reference.message, world.practice().id);
    let (post, events) = (Arc::clone(&world.post), world.notifier());
    let mailer = Hasty { post, events, tells: Mutex::new(Some(name)), loses };
    let ports = Ports { mailer: Arc::new(mailer), ..world.ports() };
    let notifier = Arc::new(Notifier::new(ports, world.settings.clone()).unwrap());
    let delivery = Delivery {
        body: serde_json::to_string(&reference).unwrap(),
        group: String::from("patient"),
        sent: Some(start()),
        receive_count: 1,
    };
    if again {
        let away = PortError::unavailable("test", "away");
        *world.post.puts_off.lock().unwrap() = Some(MailError::NotSent(away));
        assert!(matches!(deliver(&notifier, &*world.clock, &delivery).await, Outcome::Retry(_)));
    }
    let ended = deliver(&notifier, &*world.clock, &delivery).await;
    assert!(!matches!(ended, Outcome::Retry(_)), "{name}");
    assert_eq!(world.post.of(notice), 1, "{name}");
    let line = world.line(notice).await.unwrap();
    assert_eq!(line.receipt.as_deref(), Some(MAIL), "{name}");
    assert_eq!(world.letter(&reference).await.is_some(), line.state == NoticeState::Refused, "{name}");
    let said = world.communication(notice).await.unwrap();
    let why = said["statusReason"]["coding"][0]["code"].as_str().map(str::to_owned);
    assert_eq!(deliver(&notifier, &*world.clock, &delivery).await, ended, "delivered again: {name}");
    let after = world.line(notice).await.unwrap();
    assert_eq!((after.state, &after.why, world.post.of(notice)), (line.state, &line.why, 1), "{name}");
    (line.state, line.why, said["status"].as_str().unwrap().to_owned(), why)
}

#[tokio::test]
async fn a_mail_that_came_back_before_its_sending_was_confirmed_stays_so() {
    for (name, state, why, status) in [
        ("bounce-permanent", NoticeState::Refused, Some("mail-bounced"), "stopped"),
        ("bounce-transient", NoticeState::Unknown, Some("mail-perhaps-bounced"), "unknown"),
        ("complaint", NoticeState::Sent, Some("mail-complained"), "completed"),
        ("reject", NoticeState::Refused, Some("mail-rejected"), "stopped"),
        ("rendering-failure", NoticeState::Refused, Some("mail-not-rendered"), "stopped"),
        ("delivery", NoticeState::Sent, None, "completed"),
        ("send", NoticeState::Sent, None, "completed"),
        ("delay", NoticeState::Sent, None, "completed"),
    ] {
        for again in [false, true] {
            for loses in [false, true] {
                let why = why.and_then(owned);
                let expected = (state, why.clone(), status.to_owned(), why);
                let stands = hasty(name, again, loses).await;
                assert_eq!(stands, expected, "{name}, again: {again}, answer lost: {loses}");
            }
        }
    }
}
