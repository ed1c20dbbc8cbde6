//! `/notices/{id}`: the letter behind the link of a mail, and the operator's decisions.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value;
use uuid::Uuid;
use zorgsluis_domain::audit::{Action, DataCategory, EventKind};
use zorgsluis_domain::notice::{
    NamedRecipient, Notice, NoticeId, NoticeOrder, NoticeState, NoticeStep, NotifiedEvent, Protection,
};
use zorgsluis_domain::port::{
    DeadLetters as _, FhirStore as _, Journal as _, KeyOwner, NoticeRegister as _, PayloadStore as _,
    ProviderDirectory as _, Queue as _, ResourceKey,
};
use zorgsluis_domain::{MessageId, QueueReference, Stage};
use zorgsluis_worker::Outcome;

use crate::registers::import_providers;
use crate::support::{BSN, OTHER, PATIENT, World, logged};

const RESERVED: &str = "2026-11-02T08:30:00Z";
const CONDITION: &str = "Instabiele angina pectoris";
/// What a letter tells, and no other page.
const PHI: [&str; 4] = ["Sluiswachter", "12 april 1961", CONDITION, "1961-04-12"];

/// The message of the notice that [`World::told`] makes.
fn message() -> MessageId {
    MessageId(Uuid::from_u128(0xfeed_0001))
}

impl World {
    /// A notice to this provider about the patient, of which nobody can tell whether it was sent; with its message,
    /// as the converter and the notifier leave it.
    pub(crate) async fn told(&self, provider: &str) -> NoticeId {
        let provider = self.provider(provider).await;
        let stored = self.directory.provider_directory().get(provider).await.unwrap().unwrap();
        let condition = format!(
            r#"{{"resourceType":"Condition","id":"{OTHER}","clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}}]}},"code":{{"text":"{CONDITION}"}},"subject":{{"reference":"Patient/{PATIENT}"}}}}"#
        );
        self.put("Condition", OTHER, &condition).await;
        let at = "PD1[1]-4[1]".to_owned();
        let order = NoticeOrder {
            v: 1,
            event: NotifiedEvent::Admission,
            patient: PATIENT.parse().unwrap(),
            perhaps: Vec::new(),
            encounter: None,
            occurred: Some("2026-11-02T09:30:00+01:00".into()),
            about: Vec::new(),
            recipients: vec![NamedRecipient {
                at: at.clone(),
                identifiers: stored.provider.identifiers,
                address: None,
                about: Vec::new(),
            }],
            empty: Vec::new(),
        };
        let (payloads, owner) = (self.directory.payloads(), KeyOwner::Sender("linde".into()));
        let reserved = RESERVED.parse().unwrap();
        payloads.put(message(), &owner, reserved, b"MSH|^~\\&|ZIS").await.unwrap();
        let order = serde_json::to_vec(&order).unwrap();
        payloads.put_note(message(), &owner, NoticeOrder::NOTE, &order).await.unwrap();
        let id = NoticeId::of(message(), provider);
        let register = self.directory.notice_register();
        let line = Notice {
            id,
            message: message(),
            provider,
            event: NotifiedEvent::Admission,
            protection: Protection::WithoutPhi,
            state: NoticeState::Reserved,
            reserved,
            changed: reserved,
            receipt: None,
            why: None,
        };
        register.reserve(&line).await.unwrap();
        let why = Some("not-confirmed");
        register
            .settle(id, &[NoticeState::Reserved], NoticeState::Unknown, reserved, None, why)
            .await
            .unwrap();
        let step = NoticeStep {
            at,
            notice: Some(id),
            provider: Some(provider),
            outcome: zorgsluis_domain::notice::NoticeOutcome::Unknown,
            protection: Some(Protection::WithoutPhi),
            why: why.map(str::to_owned),
        };
        let notified = Stage::Notified { event: NotifiedEvent::Admission, notices: vec![step] };
        self.directory.journal().record(message(), reserved, &[Stage::Queued, notified]).await.unwrap();
        id
    }

    async fn line(&self, id: NoticeId) -> Notice {
        self.directory.notice_register().get(id).await.unwrap().unwrap()
    }

    /// The status of its Communication.
    async fn communicated(&self, id: NoticeId) -> Option<String> {
        let key = ResourceKey::new("Communication", id.to_string());
        let stored = self.directory.fhir_store().read(&[key]).await.unwrap().remove(0)?;
        let resource: Value = serde_json::from_slice(stored.json.expose_phi()).unwrap();
        Some(resource["status"].as_str().unwrap().to_owned())
    }

    /// The deliveries that wait in the queue of notices, done by the notifier.
    async fn deliver_notices(&self) -> Vec<(String, Outcome)> {
        let queue = self.directory.queue("notices", Duration::from_secs(60));
        let mut done = Vec::new();
        for received in queue.receive(10, Duration::ZERO).await.unwrap() {
            let delivery = (&received).into();
            let notifier = std::sync::Arc::new(self.notifier.clone());
            let outcome = zorgsluis_worker::deliver(&notifier, &*self.directory.clock(), &delivery).await;
            queue.delete(&[received.receipt]).await.unwrap();
            done.push((received.group, outcome));
        }
        done
    }

    fn mails(&self, id: NoticeId) -> usize {
        let name = format!("{id}.eml");
        let outbox = std::fs::read_dir(self.directory.path().join("outbox")).unwrap();
        outbox.filter(|file| file.as_ref().unwrap().file_name().to_str() == Some(&name)).count()
    }
}

async fn world() -> World {
    let world = World::with_patient().await;
    import_providers(&world).await;
    world
}

#[tokio::test]
async fn who_follows_the_link_signs_in_and_reads_the_letter_and_the_log_knows() {
    let world = world().await;
    let id = world.told("A.B. de Wit").await;
    let link = format!("/notices/{id}");
    let stranger = world.page(&link, "").await;
    assert_eq!(
        (stranger.status, stranger.header("location")),
        (StatusCode::SEE_OTHER, &*format!("/login?notice={id}"))
    );
    assert!(stranger.body.is_empty());
    let form = world.page(stranger.header("location"), "").await;
    assert!(form.body.contains(&format!("name=\"notice\" value=\"{id}\"")));
    assert!(form.body.contains(&format!("/login?notice={id}&#38;lang=en")), "{}", form.body);
    let wrong = world.post_form("/login", "", &format!("token=wrong&notice={id}")).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(wrong.body.contains(&format!("name=\"notice\" value=\"{id}\"")));
    let token = world.token.reveal().to_owned();
    let right = world.post_form("/login", "", &format!("token={token}&notice={id}")).await;
    assert_eq!(right.header("location"), link);
    let cookie = right.header("set-cookie").split(';').next().unwrap().to_owned();
    world.entries();

    let page = world.page(&format!("{link}?lang=en"), &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    for text in ["A.B. de Wit", "Arie Sluiswachter", "12 april 1961", CONDITION, "lang=\"nl\""] {
        assert!(page.body.contains(text), "{text} in {}", page.body);
    }
    assert!(page.body.contains(&format!("/messages/{}", message())));
    assert!(!page.body.contains(BSN), "a letter tells no BSN");
    assert!(page.body.contains("This page shows medical data"));
    assert_eq!(page.header("cache-control"), "no-store");
    let entries = world.entries();
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!((entry.event.kind, entry.event.action), (EventKind::ResourceRead, Action::Read));
    assert_eq!(entry.patient.as_ref().unwrap().reference, format!("Patient/{PATIENT}"));
    let read: Vec<_> = entry.objects.iter().map(|object| (object.id.as_str(), object.version)).collect();
    let (patient, condition) = (format!("Patient/{PATIENT}"), format!("Condition/{OTHER}"));
    let communication = format!("Communication/{id}");
    for expected in [(communication.as_str(), None), (&patient, Some(1)), (&condition, Some(1))] {
        assert!(read.contains(&expected), "{expected:?} in {read:?}");
    }
    assert!(entry.data_categories.contains(&DataCategory::of_resource("Condition")));

    // The letter is read now, not kept.
    world.put("Condition", OTHER, &format!(r#"{{"resourceType":"Condition","id":"{OTHER}","code":{{"text":"Longontsteking"}},"subject":{{"reference":"Patient/{PATIENT}"}}}}"#)).await;
    let page = world.page(&link, &cookie).await;
    assert!(page.body.contains("Longontsteking") && !page.body.contains(CONDITION));
}

#[tokio::test]
async fn nobody_is_led_anywhere_but_to_a_notice() {
    let world = world().await;
    for path in ["/notices/x", &format!("/notices/{BSN}"), "/messages/x", "/notices"] {
        assert_eq!(world.page(path, "").await.header("location"), "/login", "{path}");
    }
    let token = world.token.reveal().to_owned();
    for notice in ["//evil.example", "https://evil.example", "../log", BSN, ""] {
        let form = world.page(&format!("/login?notice={notice}"), "").await;
        assert!(!form.body.contains("name=\"notice\"") && !form.body.contains("evil"), "{notice}");
        let signed_in = world.post_form("/login", "", &format!("token={token}&notice={notice}")).await;
        assert_eq!(signed_in.header("location"), "/", "{notice}");
    }
    let (cookie, _) = world.sign_in().await;
    world.entries();
    for path in [format!("/notices/{}", Uuid::from_u128(9)), "/notices/x".into(), format!("/notices/{BSN}")] {
        let absent = world.page(&path, &cookie).await;
        assert_eq!(absent.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!absent.body.contains(BSN));
    }
    assert!(world.entries().is_empty());
}

#[tokio::test]
async fn without_an_entry_no_letter() {
    let world = world().await;
    let id = world.told("A.B. de Wit").await;
    let (cookie, form_token) = world.sign_in().await;
    world.audit.broken.store(true, Ordering::SeqCst);
    let page = world.page(&format!("/notices/{id}"), &cookie).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    for phi in PHI.iter().chain(&["A.B. de Wit", PATIENT]) {
        assert!(!page.body.contains(phi), "{phi} in {}", page.body);
    }
    let form = format!("form_token={form_token}&decision=send-again&twice=yes");
    let decided = world.post_form(&format!("/notices/{id}"), &cookie, &form).await;
    assert_eq!(decided.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.line(id).await.state, NoticeState::Unknown);
    assert!(world.deliver_notices().await.is_empty());
}

#[tokio::test]
async fn what_must_not_be_told_is_not_shown() {
    let world = world().await;
    let id = world.told("A.B. de Wit").await;
    let (cookie, form_token) = world.sign_in().await;
    let path = format!("/notices/{id}?lang=en");
    let shows = async |text: &str, reason: Option<&str>| {
        world.entries();
        let page = world.page(&path, &cookie).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains(text), "{text} in {}", page.body);
        assert_eq!(page.body.contains("Sluiswachter"), reason.is_none());
        let entries = world.entries();
        assert_eq!((entries.len(), entries[0].event.outcome_reason.as_deref()), (1, reason));
        assert_eq!(entries[0].patient.as_ref().unwrap().reference, format!("Patient/{PATIENT}"));
    };
    shows("Arie Sluiswachter", None).await;
    let wish = async |wish: &str| {
        let form = format!("form_token={form_token}&wish={wish}");
        world.post_form(&format!("/patients/{PATIENT}/opt-out"), &cookie, &form).await
    };
    wish("out").await;
    shows("The patient does not want providers to be told", Some("patient-opted-out")).await;
    wish("in").await;
    shows("Arie Sluiswachter", None).await;
    let directory = world.directory.provider_directory();
    let stored = directory.get(world.provider("A.B. de Wit").await).await.unwrap().unwrap();
    let change = async |change: &dyn Fn(&mut zorgsluis_domain::port::Provider)| {
        let mut provider = stored.provider.clone();
        change(&mut provider);
        let version = directory.get(provider.id).await.unwrap().unwrap().version;
        directory.put(&provider, Some(version), RESERVED.parse().unwrap(), "test").await.unwrap();
    };
    change(&|provider| provider.active = false).await;
    shows("The provider is not active", Some("provider-inactive")).await;
    change(&|provider| provider.opted_out = [NotifiedEvent::Admission].into()).await;
    shows("The provider wants no notice of such events", Some("provider-opted-out")).await;
    change(&|_| ()).await;
    let form = format!("form_token={form_token}&decision=drop&state=unknown");
    world.post_form(&format!("/notices/{id}"), &cookie, &form).await;
    shows("This notice was dropped", Some("dropped")).await;
}

#[tokio::test]
async fn a_letter_stands_on_no_other_page_and_in_no_url_header_or_log_line() {
    let world = world().await;
    let id = world.told("A.B. de Wit").await;
    let provider = world.provider("A.B. de Wit").await;
    let (cookie, form_token) = world.sign_in().await;
    let letter = world.page(&format!("/notices/{id}"), &cookie).await;
    let unconfirmed = format!("form_token={form_token}&decision=send-again&state=unknown");
    let others = [
        world.post_form(&format!("/notices/{id}"), &cookie, &unconfirmed).await,
        world.page("/notices?state=all", &cookie).await,
        world.page(&format!("/messages/{}", message()), &cookie).await,
        world.page(&format!("/providers/{provider}"), &cookie).await,
        world.page(&format!("/patients/{PATIENT}"), &cookie).await,
        world.page("/", &cookie).await,
        world.page("/dead-letters", &cookie).await,
        world.page("/log", &cookie).await,
        world.page(&format!("/login?notice={id}"), "").await,
        world.get("/metrics").await,
    ];
    for phi in PHI {
        for other in &others {
            assert!(!other.body.contains(phi), "{phi} in {}", other.body);
        }
        assert_eq!(letter.body.contains(phi), phi != "1961-04-12", "{phi}");
        for link in letter.body.split(['"', ' ']).filter(|part| part.starts_with('/')) {
            assert!(!link.contains(phi), "{link}");
        }
        assert!(!format!("{:?}", letter.headers).contains(phi));
        assert!(!logged().contains(phi), "{phi} in the log");
    }
    let links: Vec<&str> =
        letter.body.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.iter().all(|link| !link.contains(PATIENT) && !link.contains(BSN)), "{links:?}");
    assert!(!logged().contains(CONDITION));
}

#[tokio::test]
async fn a_decision_brings_the_communication_along_and_what_failed_is_mended_by_opening_the_page() {
    let world = world().await;
    let id = world.told("A.B. de Wit").await;
    let (cookie, form_token) = world.sign_in().await;
    world.store_away.store(true, Ordering::SeqCst);
    let form = format!("form_token={form_token}&decision=was-sent&state=unknown");
    let decided = world.post_form(&format!("/notices/{id}"), &cookie, &form).await;
    assert_eq!(decided.header("location"), "/notices?state=unknown&settled=1", "the decision stands");
    assert_eq!(world.line(id).await.state, NoticeState::Sent);
    assert_eq!(world.communicated(id).await, None);
    assert!(logged().contains("could not follow"));
    world.store_away.store(false, Ordering::SeqCst);
    world.page(&format!("/notices/{id}"), &cookie).await;
    assert_eq!(world.communicated(id).await.as_deref(), Some("completed"));
    let version = async || {
        let key = ResourceKey::new("Communication", id.to_string());
        world.directory.fhir_store().read(&[key]).await.unwrap().remove(0).unwrap().version
    };
    let before = version().await;
    world.page(&format!("/notices/{id}"), &cookie).await;
    assert_eq!(version().await, before, "what stands so is not written again");
}

#[tokio::test]
async fn a_notice_that_is_dropped_is_not_done() {
    let world = world().await;
    let id = world.told("A.B. de Wit").await;
    let (cookie, form_token) = world.sign_in().await;
    let form = format!("form_token={form_token}&decision=drop&state=unknown");
    world.post_form(&format!("/notices/{id}"), &cookie, &form).await;
    assert_eq!(world.communicated(id).await.as_deref(), Some("not-done"));
}

#[tokio::test]
async fn what_nobody_can_tell_was_sent_is_sent_again_when_the_operator_says_so() {
    let world = world().await;
    let id = world.told("A.B. de Wit").await;
    let (cookie, form_token) = world.sign_in().await;
    let page = world.page(&format!("/notices/{id}?lang=en"), &cookie).await;
    assert!(page.body.contains("the provider gets it twice"), "{}", page.body);
    assert_eq!(page.body.matches("value=\"send-again\"").count(), 1);
    let decide = async |more: &str| {
        let form = format!("form_token={form_token}&decision=send-again&state=unknown{more}");
        world.post_form(&format!("/notices/{id}"), &cookie, &form).await
    };
    world.entries();
    // Not without saying that one knows.
    assert_eq!(decide("").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.line(id).await.state, NoticeState::Unknown);
    assert!(world.entries().is_empty());

    assert_eq!(decide("&twice=yes").await.header("location"), "/notices?state=unknown&settled=1");
    let line = world.line(id).await;
    assert_eq!((line.state, line.why.as_deref()), (NoticeState::Reserved, Some("send-again")));
    let entries = world.entries();
    assert_eq!((entries.len(), entries[0].event.kind), (1, EventKind::Register));
    assert_eq!(entries[0].objects[0].description.as_deref(), Some("notice-send-again"));
    assert_eq!(decide("&twice=yes").await.header("location"), "/notices?state=unknown&settled=0", "once");
    assert_eq!(world.mails(id), 0);

    let delivered = world.deliver_notices().await;
    assert_eq!(delivered, [(format!("message-{}", message()), Outcome::Done)]);
    assert_eq!((world.line(id).await.state, world.mails(id)), (NoticeState::Sent, 1));
    assert_eq!(world.communicated(id).await.as_deref(), Some("completed"));
    let disclosed = world.entries();
    assert!(disclosed.iter().any(|entry| entry.event.kind == EventKind::Disclosure));
    // A delivery that comes late sends nothing.
    let reference = QueueReference::new(message(), RESERVED.parse().unwrap());
    world.notifier.notify(&reference).await.unwrap();
    assert!(world.entries().is_empty());
}

#[tokio::test]
async fn what_is_sent_again_is_told_in_the_log_again() {
    let world = world().await;
    // Nothing changes in between: both mails tell the same resources in the same versions.
    let id = world.told("A.B. de Wit").await;
    let register = world.directory.notice_register();
    let (cookie, form_token) = world.sign_in().await;
    let mut told = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let form = format!("form_token={form_token}&decision=send-again&twice=yes");
        world.post_form(&format!("/notices/{id}"), &cookie, &form).await;
        world.entries();
        assert_eq!(world.deliver_notices().await.len(), 1);
        let entries = world.entries();
        let disclosed = entries.iter().filter(|entry| entry.event.kind == EventKind::Disclosure);
        told.extend(disclosed.map(|entry| entry.id));
        let (from, now) = ([NoticeState::Sent], world.directory.clock().now());
        register.settle(id, &from, NoticeState::Unknown, now, None, Some("not-confirmed")).await.unwrap();
    }
    assert_eq!(told.len(), 2, "two disclosures, two entries");
}

#[tokio::test]
async fn a_message_that_is_set_aside_keeps_its_group() {
    let world = world().await;
    let id = world.told("A.B. de Wit").await;
    world.park(message(), RESERVED).await;
    let (cookie, form_token) = world.sign_in().await;
    let form = format!("form_token={form_token}&decision=send-again&twice=yes");
    world.post_form(&format!("/notices/{id}"), &cookie, &form).await;
    assert_eq!(world.deliver_notices().await, [("g".to_owned(), Outcome::Done)]);
    assert_eq!(world.mails(id), 1);
    assert!(world.directory.dead_letters().get(message()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_notice_whose_order_is_gone_can_be_decided_on_and_shows_nothing() {
    let world = world().await;
    let id = crate::registers::notice(&world, 1, RESERVED).await;
    let (cookie, _) = world.sign_in().await;
    world.entries();
    let page = world.page(&format!("/notices/{id}?lang=en"), &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("The content cannot be put together") && page.body.contains("value=\"drop\""));
    let entries = world.entries();
    assert_eq!(entries[0].event.outcome_reason.as_deref(), Some("letter-unreadable"));
    assert!(entries[0].patient.is_none());
}
