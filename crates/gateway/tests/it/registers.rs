//! Registers and notices on the operator's pages, and imports by machines.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;
use zorgsluis_domain::audit::{Action, EventKind, Outcome};
use zorgsluis_domain::notice::{Notice, NoticeId, NoticeState, NotifiedEvent, Protection};
use zorgsluis_domain::port::{
    AddressFault, AddressFaultReason, IndexedIdentifier, Keys as _, NoticeRegister as _, OptOuts as _,
    PageRequest, PatientIndex as _, Provider, ProviderDirectory as _,
};
use zorgsluis_domain::{MessageId, Purpose};

use crate::support::{Answer, BSN, OTHER, PATIENT, World};

const BSN_SYSTEM: &str = "http://fhir.nl/fhir/NamingSystem/bsn";
const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{EVENTS}/{name}")).unwrap()
}

fn providers_envelope() -> Value {
    let certificate = |name: &str| STANDARD.encode(file(name));
    json!({
        "format": "csv",
        "mapping": String::from_utf8(file("providers.mapping.toml")).unwrap(),
        "data": STANDARD.encode(file("providers.csv")),
        "files": {
            "certificates/dewit.pem": certificate("certificates/dewit.pem"),
            "certificates/jones.pem": certificate("certificates/jones.pem"),
            "certificates/timmer.pem": certificate("certificates/timmer.pem"),
        },
    })
}

/// Takes the invented providers of `events/`.
pub(crate) async fn import_providers(world: &World) -> Answer {
    let answer = world.import("providers", &providers_envelope()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer
}

impl World {
    pub(crate) async fn provider(&self, name: &str) -> Uuid {
        let found = self.directory.provider_directory().list(&PageRequest::first(100)).await.unwrap();
        found.items.iter().find(|stored| stored.provider.name == name).unwrap().provider.id
    }

    /// Gives a BSN to the patient.
    pub(crate) async fn claim(&self, bsn: &str) {
        let identifier = IndexedIdentifier::of(&self.directory.keys(), BSN_SYSTEM, bsn);
        self.directory.patient_index().claim(&identifier, PATIENT.parse().unwrap()).await.unwrap();
    }
}

/// A notice that was reserved then.
pub(crate) async fn notice(world: &World, n: u128, reserved: &str) -> NoticeId {
    let provider = world.provider("A.B. de Wit").await;
    let message = MessageId(Uuid::from_u128(n));
    let at = reserved.parse().unwrap();
    let notice = Notice {
        id: NoticeId::of(message, provider),
        message,
        provider,
        event: NotifiedEvent::Admission,
        protection: Protection::Smime,
        state: NoticeState::Reserved,
        reserved: at,
        changed: at,
        receipt: None,
        why: None,
    };
    world.directory.notice_register().reserve(&notice).await.unwrap();
    notice.id
}

#[tokio::test]
async fn a_file_is_imported_by_a_machine_with_the_token_only() {
    let world = World::new();
    let closed = world.request("POST", "/registers/providers").body("{}".into()).unwrap();
    assert_eq!(world.send(closed).await.status, StatusCode::UNAUTHORIZED);
    world.entries();
    let report = import_providers(&world).await.json();
    let rows = String::from_utf8(file("providers.csv")).unwrap().lines().count() - 1;
    assert_eq!((&report["created"], &report["refused"]), (&json!(rows), &json!(0)), "{report}");
    assert_eq!(report["problems"][0]["code"], "certificate-expired");
    assert_eq!(report["problems"][0]["line"], 7);
    let entries = world.entries();
    assert!(entries.iter().all(|entry| entry.event.kind == EventKind::Register));
    assert_eq!(entries[0].event.action, Action::Create);
    let again = import_providers(&world).await.json();
    assert_eq!((&again["created"], &again["unchanged"]), (&json!(0), &json!(rows)));
}

#[tokio::test]
async fn what_is_no_import_is_refused_with_the_reason() {
    let world = World::new();
    for (envelope, status) in [
        (json!({}), StatusCode::BAD_REQUEST),
        (json!({"format": "csv", "data": "%"}), StatusCode::BAD_REQUEST),
        (json!({"format": "xml", "data": ""}), StatusCode::BAD_REQUEST),
        (json!({"format": "csv", "mapping": "x = 1", "data": ""}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"format": "fhir", "data": STANDARD.encode("[]")}), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = world.import("patients", &envelope).await;
        assert_eq!(answer.status, status, "{envelope}: {}", answer.body);
    }
    world.audit.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    let answer = world.import("providers", &providers_envelope()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let found = world.directory.provider_directory().list(&PageRequest::first(9)).await.unwrap();
    assert!(found.items.is_empty(), "without an audit entry nothing is written");
}

#[tokio::test]
async fn providers_are_listed_searched_and_shown() {
    let world = World::new();
    let (cookie, form_token) = world.sign_in().await;
    let empty = world.page("/providers?lang=en", &cookie).await;
    assert!(empty.body.contains("registers import providers"));
    import_providers(&world).await;
    let list = world.page("/providers?lang=en", &cookie).await;
    for part in ["A.B. de Wit", "AGB 01004567", "UZI 900012345", "dewit@praktijk-dewit.example", "Not active"]
    {
        assert!(list.body.contains(part), "{part}");
    }
    for (wanted, found) in [("DE WIT", 1), ("01004568", 1), ("noord", 2), ("0100456", 0)] {
        let form = format!("form_token={form_token}&wanted={wanted}");
        let answer = world.post_form("/providers", &cookie, &form).await;
        assert_eq!(answer.body.matches("<a href=\"/providers/").count(), found, "{wanted}");
    }
    let nothing = world.post_form("/providers", &cookie, &format!("form_token={form_token}&wanted=")).await;
    assert_eq!(nothing.header("location"), "/providers");
    let id = world.provider("A.B. de Wit").await;
    let one = world.page(&format!("/providers/{id}?lang=en"), &cookie).await;
    for part in ["RSA 3072", "CN=A.B. de Wit", "2040-01-01", "<span class=\"code\">import</span>"] {
        assert!(one.body.contains(part), "{part}: {}", one.body);
    }
    for path in ["/providers/x", &format!("/providers/{}", Uuid::nil())] {
        assert_eq!(world.page(path, &cookie).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn an_operator_changes_a_provider_and_every_version_stays() {
    let world = World::new();
    import_providers(&world).await;
    let (cookie, form_token) = world.sign_in().await;
    let id = world.provider("C. Smits").await;
    let path = format!("/providers/{id}");
    let get = || async { world.directory.provider_directory().get(id).await.unwrap().unwrap() };
    world.entries();

    let token = format!("form_token={form_token}");
    assert_eq!(world.post_form(&path, &cookie, "version=1&address=").await.status, StatusCode::FORBIDDEN);
    let wrong = format!("{token}&version=1&address=smits@nowhere&language=nl&active=1");
    let answer = world.post_form(&path, &cookie, &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("address-invalid") && answer.body.contains("value=\"smits@nowhere\""));
    assert_eq!(get().await.version, 1);
    assert!(world.entries().is_empty());

    let pem = String::from_utf8(file("certificates/jones.pem")).unwrap();
    let body = form_urlencoded::Serializer::new(token.clone())
        .append_pair("version", "1")
        .append_pair("address", "c.smits@huisartsen-noord.example")
        .append_pair("language", "en")
        .append_pair("certificate", &pem)
        .append_pair("opted_out", "discharge")
        .append_pair("opted_out", "result")
        .append_pair("active", "1")
        .finish();
    let saved = world.post_form(&path, &cookie, &body).await;
    assert_eq!(saved.header("location"), format!("{path}?saved=1"), "{}", saved.body);
    let stored = get().await;
    assert_eq!((stored.version, stored.changed_by.as_str()), (2, "access-token"));
    assert_eq!(stored.provider.address.as_deref(), Some("c.smits@huisartsen-noord.example"));
    assert_eq!(stored.provider.opted_out, [NotifiedEvent::Discharge, NotifiedEvent::Result].into());
    assert!(stored.provider.certificate.is_some());
    let entries = world.entries();
    assert_eq!((entries.len(), entries[0].event.action), (1, Action::Update));
    assert_eq!(entries[0].objects[1].id, format!("Provider/{id}"));

    // Somebody who looks at version 1 still.
    let late = world.post_form(&path, &cookie, &format!("{token}&version=1&address=&active=1")).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    // Nothing set: not active, no certificate.
    let none = format!("{token}&version=2&address=&language=en&certificate_remove=1");
    world.post_form(&path, &cookie, &none).await;
    let stored = get().await;
    assert!(!stored.provider.active && stored.provider.certificate.is_none());
    let page = world.page(&format!("{path}?lang=en"), &cookie).await;
    assert_eq!(page.body.matches("<th role=\"rowheader\"").count(), 3, "three versions");
    assert!(page.body.contains("<span class=\"one\">Certificate</span>"));

    world.audit.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    let body = format!("{token}&version=3&address=a@b.example&active=1");
    assert_eq!(world.post_form(&path, &cookie, &body).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get().await.version, 3, "without an audit entry nothing is done");
}

#[tokio::test]
async fn an_address_from_which_mail_came_back_is_shown_until_an_operator_has_seen_to_it() {
    let world = World::new();
    import_providers(&world).await;
    let (cookie, form_token) = world.sign_in().await;
    let id = world.provider("C. Smits").await;
    let directory = world.directory.provider_directory();
    let path = format!("/providers/{id}");
    let fill = |version: u64, more: &str| {
        format!("form_token={form_token}&version={version}&language=nl&active=1&{more}")
    };
    world.post_form(&path, &cookie, &fill(1, "address=smits@oost.example")).await;
    let mark = || async {
        let stands = directory.get(id).await.unwrap().unwrap();
        let fault = AddressFault {
            address: stands.provider.address.clone().unwrap(),
            why: AddressFaultReason::Bounced,
            since: stands.changed,
        };
        let marked = Provider { address_fault: Some(fault), ..stands.provider };
        directory.put(&marked, Some(stands.version), stands.changed, "mail-events").await.unwrap()
    };
    let version = mark().await;
    for page in ["/providers?lang=en".to_owned(), format!("{path}?lang=en")] {
        assert!(world.page(&page, &cookie).await.body.contains("mail comes back"), "{page}");
    }
    let fault = || async { directory.get(id).await.unwrap().unwrap().provider.address_fault };
    // Another change leaves the mark; so does the import.
    world.post_form(&path, &cookie, &fill(version, "address=smits@oost.example&opted_out=result")).await;
    assert!(fault().await.is_some());
    // It works again.
    world.post_form(&path, &cookie, &fill(version + 1, "address=smits@oost.example&address_works=1")).await;
    assert_eq!(fault().await, None);
    let page = world.page(&format!("{path}?lang=en"), &cookie).await;
    assert!(!page.body.contains("mail comes back"));
    assert!(page.body.contains("Whether the address can be reached"), "in the history");
    // Another address.
    let version = mark().await;
    world.post_form(&path, &cookie, &fill(version, "address=c.smits@oost.example")).await;
    assert_eq!(fault().await, None);
}

#[tokio::test]
async fn looking_a_patient_up_is_logged_before_it_is_told() {
    let world = World::with_patient().await;
    world.claim(BSN).await;
    let (cookie, form_token) = world.sign_in().await;
    world.entries();
    let look_up = async |value: &str| {
        let form = format!("form_token={form_token}&system={BSN_SYSTEM}&value={value}");
        world.post_form("/patients?lang=en", &cookie, &form).await
    };
    let found = look_up(BSN).await;
    assert_eq!(found.status, StatusCode::OK);
    assert!(found.body.contains(PATIENT) && found.body.contains(BSN_SYSTEM), "{}", found.body);
    for phi in [BSN, "Sluiswachter", "1961-04-12"] {
        assert!(!found.body.contains(phi), "{phi}");
    }
    let entries = world.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].event.kind, entries[0].event.action), (EventKind::Register, Action::Read));
    assert_eq!(entries[0].patient.as_ref().unwrap().reference, format!("Patient/{PATIENT}"));

    let nobody = look_up("999990019").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    let entries = world.entries();
    assert_eq!((entries.len(), entries[0].event.outcome), (1, Outcome::MinorFailure));
    assert!(entries[0].patient.is_none());

    world.audit.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    for answer in [look_up(BSN).await, world.page(&format!("/patients/{PATIENT}"), &cookie).await] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!answer.body.contains(PATIENT) || !answer.body.contains(BSN_SYSTEM));
    }
}

#[tokio::test]
async fn a_patient_objects_and_takes_it_back() {
    let world = World::with_patient().await;
    world.claim(BSN).await;
    let (survivor, old): (Uuid, Uuid) = (PATIENT.parse().unwrap(), OTHER.parse().unwrap());
    world.directory.patient_index().merge(old, survivor).await.unwrap();
    let (cookie, form_token) = world.sign_in().await;
    let opted_out = || async { world.directory.opt_outs().opted_out(&[survivor, old]).await.unwrap() };
    let wish = async |patient: &str, wish: &str| {
        let form = format!("form_token={form_token}&wish={wish}");
        world.post_form(&format!("/patients/{patient}/opt-out"), &cookie, &form).await
    };
    world.entries();
    // By the id of one who was merged: the wish is the survivor's.
    assert_eq!(wish(OTHER, "out").await.header("location"), format!("/patients/{OTHER}?saved=1"));
    assert!(opted_out().await);
    assert!(world.directory.opt_outs().opted_out(&[survivor]).await.unwrap());
    let page = world.page(&format!("/patients/{PATIENT}?lang=en"), &cookie).await;
    assert!(page.body.contains("does not want providers to be told") && page.body.contains(OTHER));
    wish(PATIENT, "in").await;
    assert!(!opted_out().await);
    assert_eq!(world.directory.opt_outs().history(survivor).await.unwrap().len(), 2);
    let updates = world.entries().iter().filter(|entry| entry.event.action == Action::Update).count();
    assert_eq!(updates, 2);
    assert_eq!(wish(PATIENT, "maybe").await.status, StatusCode::NOT_FOUND);
    let unknown = world.page(&format!("/patients/{}", Uuid::from_u128(77)), &cookie).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_identifier_is_released_with_a_reason() {
    let world = World::with_patient().await;
    world.claim(BSN).await;
    let pseudonym =
        world.directory.keys().pseudonym(Purpose::PatientIndex, &[BSN_SYSTEM.as_bytes(), BSN.as_bytes()]);
    let (cookie, form_token) = world.sign_in().await;
    let release = async |reason: &str| {
        let form = format!("form_token={form_token}&identifier={pseudonym}&reason={reason}");
        world.post_form(&format!("/patients/{PATIENT}/release"), &cookie, &form).await
    };
    assert_eq!(release("").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    world.entries();
    assert_eq!(release("typing+error").await.header("location"), "/patients?released=1");
    let entries = world.entries();
    assert_eq!(entries[0].event.action, Action::Delete);
    assert_eq!(entries[0].objects[1].description.as_deref(), Some("typing error"));
    assert_eq!(world.directory.patient_index().resolve(&[pseudonym]).await.unwrap(), [None]);
    assert_eq!(release("again").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_nobody_can_tell_was_sent_waits_for_the_operator() {
    let world = World::new();
    import_providers(&world).await;
    let old = notice(&world, 1, "2026-11-02T08:30:00Z").await;
    let dropped = notice(&world, 2, "2026-11-02T08:30:00Z").await;
    let now = world.directory.clock().now().to_string();
    let fresh = notice(&world, 3, &now).await;
    let (cookie, form_token) = world.sign_in().await;
    let decide = async |id: NoticeId, decision: &str| {
        let form = format!("form_token={form_token}&decision={decision}&state=reserved");
        world.post_form(&format!("/notices/{id}"), &cookie, &form).await
    };
    let register = world.directory.notice_register();
    let state = async |id| register.get(id).await.unwrap().unwrap().state;
    let page = world.page("/notices?state=reserved&lang=en", &cookie).await;
    assert_eq!(page.body.matches("value=\"was-sent\"").count(), 2, "one is being sent now");
    assert!(page.body.contains("A.B. de Wit"));
    world.entries();

    assert_eq!(decide(old, "was-sent").await.header("location"), "/notices?state=reserved&settled=1");
    assert_eq!(state(old).await, NoticeState::Sent);
    decide(dropped, "drop").await;
    assert_eq!(state(dropped).await, NoticeState::Dropped);
    assert_eq!(world.entries().len(), 2);
    for id in [old, fresh] {
        assert_eq!(decide(id, "drop").await.header("location"), "/notices?state=reserved&settled=0");
    }
    assert_eq!((state(old).await, state(fresh).await), (NoticeState::Sent, NoticeState::Reserved));
    assert!(world.entries().is_empty());
    assert_eq!(decide(fresh, "send").await.status, StatusCode::NOT_FOUND);
    let all = world.page("/notices?state=all&lang=en", &cookie).await;
    assert!(all.body.contains("Sent") && all.body.contains("Dropped") && all.body.contains("On its way"));
}
