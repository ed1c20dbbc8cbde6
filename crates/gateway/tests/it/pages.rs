use axum::body::Body;
use axum::http::StatusCode;
use uuid::Uuid;
use zorgsluis_domain::notice::{NoticeOutcome, NoticeStep, NotifiedEvent, Protection};
use zorgsluis_domain::port::{DeadLetters as _, Journal as _, PageRequest};
use zorgsluis_domain::{Effect, MessageId, Stage, StepEffect, Transport};

use crate::support::World;

fn message(n: u128) -> MessageId {
    MessageId(Uuid::from_u128(n))
}

async fn way(world: &World, n: u128) -> MessageId {
    let id = message(n);
    let received = Stage::Received {
        transport: Transport::Mllp,
        sender: "ziekenhuis-linde-zis".into(),
        event: "ADT^A01".into(),
        control_id: format!("LINDE{n:06}"),
        bytes: 1562,
        peer: None,
    };
    let at = "2026-11-02T08:30:00Z".parse().unwrap();
    let converted = Stage::Converted {
        mapped: 57,
        ignored: 4,
        unmapped: vec!["PID[1]-3[2].9".into()],
        warnings: vec!["PID[1]-7[1].1 invalid-date".into()],
    };
    let applied = Stage::Applied {
        effects: vec![
            StepEffect { resource: "Patient/x".into(), effect: Effect::Created, why: None },
            StepEffect {
                resource: "Encounter/y".into(),
                effect: Effect::Unchanged,
                why: Some("older-than-stored".into()),
            },
        ],
    };
    world.directory.journal().record(id, at, &[received, Stage::Queued, converted, applied]).await.unwrap();
    id
}

#[tokio::test]
async fn pages_need_a_session_and_a_wrong_token_gives_none() {
    let world = World::new();
    for path in ["/", "/dead-letters", "/log", "/messages/x"] {
        let answer = world.page(path, "zorgsluis_session=made-up").await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/login"), "{path}");
    }
    assert!(world.entries().is_empty(), "to be sent to the form is no denial");
    let wrong = world.post_form("/login", "", "token=wrong").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(wrong.headers.get("set-cookie").is_none());
    assert!(wrong.body.contains("role=\"alert\""));
    assert_eq!(world.entries().len(), 1);

    let (cookie, form_token) = world.sign_in().await;
    assert_eq!(world.page("/", &cookie).await.status, StatusCode::OK);
    let out = world.post_form("/logout", &cookie, &format!("form_token={form_token}")).await;
    assert_eq!(out.header("location"), "/login");
    assert_eq!(world.page("/", &cookie).await.status, StatusCode::SEE_OTHER, "the session has ended");
}

#[tokio::test]
async fn messages_are_listed_and_paged_and_each_has_its_way() {
    let world = World::new();
    for n in 0..60 {
        way(&world, n).await;
    }
    let (cookie, _) = world.sign_in().await;
    let mut path = "/?lang=nl".to_owned();
    let mut seen = std::collections::BTreeSet::new();
    loop {
        let page = world.page(&path, &cookie).await;
        assert_eq!(page.status, StatusCode::OK);
        for part in page.body.split("href=\"/messages/").skip(1) {
            assert!(seen.insert(part.split('"').next().unwrap().to_owned()), "shown twice");
        }
        let Some((_, next)) = page.body.split_once("rel=\"next\" href=\"") else { break };
        path = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    }
    assert_eq!(seen.len(), 60);

    let one = world.page(&format!("/messages/{}?lang=en", message(7)), &cookie).await;
    for part in [
        "LINDE000007",
        "Converted to FHIR",
        "PID[1]-3[2].9",
        "invalid-date",
        "older-than-stored",
        "left as it was",
        "created",
        "1562 bytes",
    ] {
        assert!(one.body.contains(part), "{part} is missing: {}", one.body);
    }
    for path in [format!("/messages/{}", message(999)), "/messages/x".into(), "/nowhere".into()] {
        assert_eq!(world.page(&path, &cookie).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn dead_letters_go_back_by_a_button_of_this_session_only() {
    let world = World::new();
    let ids = [way(&world, 1).await, way(&world, 2).await, way(&world, 3).await];
    for id in ids {
        world.park(id, "2026-11-02T08:30:00Z").await;
    }
    let (cookie, form_token) = world.sign_in().await;
    let page = world.page("/dead-letters", &cookie).await;
    assert_eq!(page.body.matches("unsupported-event</a>").count(), 3);
    let one = format!("/dead-letters/{}/replay", ids[0]);
    let left =
        || async { world.directory.dead_letters().list(&PageRequest::first(9)).await.unwrap().items.len() };

    // Without a session; with a session and no token, or another's.
    let token = format!("form_token={form_token}");
    assert_eq!(world.post_form(&one, "", &token).await.status, StatusCode::UNAUTHORIZED);
    for form in ["", "form_token=", "form_token=made-up"] {
        assert_eq!(world.post_form(&one, &cookie, form).await.status, StatusCode::FORBIDDEN);
    }
    let bearer_only = world
        .request("POST", &one)
        .header("authorization", world.bearer())
        .body(Body::from(token.clone()))
        .unwrap();
    assert_eq!(world.send(bearer_only).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(left().await, 3);

    let done = world.post_form(&one, &cookie, &token).await;
    assert_eq!(done.header("location"), "/dead-letters?replayed=1&failed=0");
    assert_eq!(left().await, 2);
    let all = world.post_form("/dead-letters/replay", &cookie, &token).await;
    assert_eq!(all.header("location"), "/dead-letters?replayed=2&failed=0");
    assert_eq!(left().await, 0);
    let told = world.page("/dead-letters?replayed=2&failed=0&lang=en", &cookie).await;
    assert!(told.body.contains("Offered again: 2") && told.body.contains("No message is set aside."));

    world.park(ids[0], "2026-11-02T08:30:00Z").await;
    world.audit.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(world.post_form(&one, &cookie, &token).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(left().await, 1, "without an audit entry nothing is done");
}

#[tokio::test]
async fn a_refused_message_is_shown_with_its_place() {
    let world = World::new();
    let request = world
        .request("POST", "/hl7")
        .header("authorization", world.bearer())
        .header("content-type", "application/hl7-v2")
        .body(Body::from("MSH|^^\\&|ZIS|LINDE|||20261102||ADT^A01|M2|P|2.5\r"))
        .unwrap();
    world.send(request).await;
    let (cookie, _) = world.sign_in().await;
    let page = world.page("/", &cookie).await;
    assert!(page.body.contains("invalid-delimiters") && page.body.contains("MSH[1]-2"), "{}", page.body);
}

#[tokio::test]
async fn the_log_page_tells_the_state_of_the_log() {
    let world = World::new();
    let (cookie, _) = world.sign_in().await;
    let page = world.page("/log?lang=en", &cookie).await;
    for part in [
        "1234",
        "zorgsluis.example/linde",
        "9f86d081884c7d65",
        "The log verifies.",
        "5676 / 5678",
        "Log and data differ",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
}

#[tokio::test]
async fn both_languages_are_whole_and_remembered() {
    let world = World::new();
    let (cookie, _) = world.sign_in().await;
    let dutch = world.page("/", &cookie).await;
    assert!(dutch.body.contains("<html lang=\"nl\">") && dutch.body.contains("<h1>Berichten</h1>"));
    let english = world.page("/?lang=en", &cookie).await;
    assert!(english.body.contains("<html lang=\"en\">") && english.body.contains("<h1>Messages</h1>"));
    assert!(english.header("set-cookie").starts_with("zorgsluis_lang=en; Path=/; HttpOnly; SameSite=Strict"));
    let remembered = world.page("/log", &format!("{cookie}; zorgsluis_lang=en")).await;
    assert!(remembered.body.contains("<h1>Audit log</h1>"));
    let asked = world.get_with("/login", &[("accept-language", "en-GB,nl;q=0.5")]).await;
    assert!(asked.body.contains("<h1>Sign in</h1>"));
}

#[tokio::test]
async fn a_message_shows_what_its_note_gave_and_who_was_told() {
    let world = World::new();
    let id = way(&world, 1).await;
    let enriched = Stage::Enriched {
        engine: "zorgsluis-recogniser".into(),
        version: "1.0.0".into(),
        notes: 2,
        entities: [("MEDICAL_CONDITION".to_owned(), 7), ("MEDICATION".to_owned(), 3)].into(),
        effects: vec![StepEffect { resource: "Condition/z".into(), effect: Effect::Created, why: None }],
    };
    let step = |at: &str, outcome, why: Option<&str>| NoticeStep {
        at: at.into(),
        notice: None,
        provider: why.is_none().then(|| Uuid::from_u128(5)),
        outcome,
        protection: why.is_none().then_some(Protection::Smime),
        why: why.map(str::to_owned),
    };
    let notices = vec![
        step("PD1[1]-4[1]", NoticeOutcome::Sent, None),
        step("PV1[1]-8[1]", NoticeOutcome::Refused, Some("recipient-unknown")),
    ];
    let notified = Stage::Notified { event: NotifiedEvent::Admission, notices };
    let at = "2026-11-02T08:31:00Z".parse().unwrap();
    world.directory.journal().record(id, at, &[enriched, notified]).await.unwrap();
    let (cookie, _) = world.sign_in().await;
    let page = world.page(&format!("/messages/{id}?lang=en"), &cookie).await;
    for part in [
        "Read by zorgsluis-recogniser 1.0.0",
        "<dt>Conditions and symptoms</dt><dd>7</dd>",
        "<dt>Medicines</dt><dd>3</dd>",
        "Condition/z",
        "Event: admission",
        "S/MIME, encrypted",
        "href=\"/providers/00000000-0000-0000-0000-000000000005\"",
        "recipient-unknown",
    ] {
        assert!(page.body.contains(part), "{part} is missing: {}", page.body);
    }
}
