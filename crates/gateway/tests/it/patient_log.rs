//! `/patients/{id}/log`: asked by a form, logged before it is shown, paged, in both languages.

use axum::http::StatusCode;
use zorgsluis_domain::audit::{
    AccessMethod, Action, Application, Deed, Event, EventKind, PatientObject, Source, User,
};
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::{AuditSink as _, DataClass, PatientIndex as _};
use zorgsluis_domain::retention::Reason;
use zorgsluis_domain::{AuditEntry, EntryId};

use crate::accessible::check;
use crate::support::{PATIENT, World};

/// Somebody reads something of the patient, at a minute of the 2nd of November 2026.
fn reading(minute: i64, reason: Option<&str>) -> AuditEntry {
    let start: jiff::Timestamp = "2026-11-02T08:00:00Z".parse().unwrap();
    let at = start + jiff::SignedDuration::from_mins(minute);
    let event = match reason {
        None => Event::success(EventKind::ResourceRead, Action::Read),
        Some(reason) => Event::failure(EventKind::AccessDenied, Action::Read, reason),
    };
    let mut user = User::system("arts-17", true);
    user.name = Some("H.J. van der Waterman".into());
    user.roles = vec!["x|01.015".into()];
    let source = Source { enterprise_site_id: "linde".into(), source_id: "gateway".into(), source_type: 4 };
    let id = EntryId::derived(at, &minute.to_string());
    let mut entry = AuditEntry::of(Deed::read())
        .at(id, at)
        .by(user)
        .through(AccessMethod::Http, Application::zorgsluis())
        .reported_by(source)
        .build();
    entry.event = event;
    entry.patient = Some(PatientObject { reference: format!("Patient/{PATIENT}") });
    entry.legal_basis.emergency = minute == 3;
    entry
}

#[tokio::test]
async fn who_saw_a_patients_data_is_shown_page_by_page_and_that_it_was_is_logged_first() {
    let world = World::with_log().await;
    let entries: Vec<_> =
        (0..70).map(|minute| reading(minute, (minute == 5).then_some("no-relationship"))).collect();
    world.audit.record(&entries).await.unwrap();
    world.entries();
    let (cookie, token) = world.sign_in().await;
    world.entries();
    let path = format!("/patients/{PATIENT}/log");

    // The form alone reads nothing.
    let form = world.page(&path, &cookie).await;
    assert_eq!(form.status, StatusCode::OK);
    check("the form", &form.body);
    assert!(world.entries().is_empty());

    let asked = format!("form_token={token}&from=2026-11-02&to=2026-11-02");
    for (lang, words) in [
        ("nl", ["ingezien", "Noodprocedure", "niet gelukt: no-relationship", "Totalen over de hele periode"]),
        ("en", ["viewed", "Emergency procedure", "not done: no-relationship", "Totals of the whole period"]),
    ] {
        let answer = world.post_form(&path, &format!("{cookie}; zorgsluis_lang={lang}"), &asked).await;
        assert_eq!(answer.status, StatusCode::OK);
        check("the first page", &answer.body);
        for word in words {
            assert!(answer.body.contains(word), "{word}");
        }
        assert!(answer.body.contains("2026-11-02 09:00:00 CET") && answer.body.contains("<dd>70</dd>"));
        assert!(!answer.body.contains("Waterman") && !answer.body.contains("arts-17"));
        assert_eq!(answer.body.matches("<time").count(), 50);
        let logged = world.entries();
        assert_eq!(logged.len(), 1);
        assert_eq!(logged[0].event.kind, EventKind::LogRead);
        assert_eq!(logged[0].patient.as_ref().unwrap().reference, format!("Patient/{PATIENT}"));
        let (_, rest) = answer.body.split_once("name=\"after\" value=\"").unwrap();
        let after = rest.split('"').next().unwrap();
        let second = world.post_form(&path, &cookie, &format!("{asked}&after={after}")).await;
        check("the second page", &second.body);
        assert_eq!(second.body.matches("<time").count(), 20);
        assert!(!second.body.contains("name=\"after\""));
        assert_eq!(world.entries().len(), 1);
    }

    let printed = world.post_form(&path, &cookie, &format!("{asked}&print=yes")).await;
    assert_eq!(printed.body.matches("<time").count(), 70);
    // Pages of this server hold no styles of their own.
    assert!(printed.body.contains("href=\"/assets/print.css\"") && !printed.body.contains("<style"));
    assert_eq!(world.entries()[0].event.kind, EventKind::Print);
    assert!(world.page("/assets/print.css", "").await.body.contains("size: A4"));
}

#[tokio::test]
async fn what_is_asked_wrongly_or_cannot_be_logged_shows_nothing() {
    let world = World::with_log().await;
    world.audit.record(&[reading(1, None)]).await.unwrap();
    let (cookie, token) = world.sign_in().await;
    world.entries();
    let path = format!("/patients/{PATIENT}/log");
    for wrong in ["from=gisteren", "from=2026-11-03&to=2026-11-02", "to=2026-13-01"] {
        let answer = world.post_form(&path, &cookie, &format!("form_token={token}&{wrong}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        check(wrong, &answer.body);
    }
    let wrong = world.post_form(&path, &cookie, &format!("form_token={token}&after=x")).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    let elsewhere = world.post_form("/patients/nobody/log", &cookie, &format!("form_token={token}")).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
    let forged = world.post_form(&path, &cookie, "form_token=made-up").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    world.audit.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    let answer = world.post_form(&path, &cookie, &format!("form_token={token}")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.body.contains("<time"));
}

/// What the page shows of a patient's lines: when each was.
async fn times(world: &World, patient: &str) -> usize {
    let (cookie, token) = world.sign_in().await;
    let path = format!("/patients/{patient}/log");
    let answer = world.post_form(&path, &cookie, &format!("form_token={token}&to=2026-11-20")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.body.matches("<time").count()
}

#[tokio::test]
async fn lines_from_before_anybody_knew_the_patient_are_led_to_once_the_number_is_claimed() {
    let world = World::with_log().await;
    let reported = crate::patterns::plain("1", "2026-11-02T08:00:00Z");
    let answer = world.submit("epd", &reported).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    assert_eq!(times(&world, PATIENT).await, 0, "nobody knows whose the number is");
    world.claim(crate::patterns::NUMBER).await;
    assert_eq!(times(&world, PATIENT).await, 1);
}

#[tokio::test]
async fn numbers_that_were_destroyed_with_a_dossier_still_lead_to_the_lines() {
    let world = World::with_log().await;
    world.audit.record(&[reading(1, None), reading(2, None)]).await.unwrap();
    let [patient, other] = [PATIENT, crate::support::OTHER].map(|id| id.parse::<uuid::Uuid>().unwrap());
    world.claim(crate::support::BSN).await;
    world.directory.patient_index().merge(patient, other).await.unwrap();
    assert_eq!(times(&world, crate::support::OTHER).await, 2);
    let tombstone = Tombstone {
        v: 1,
        id: uuid::Uuid::from_u128(1),
        at: world.directory.clock().now(),
        class: DataClass::Dossier,
        reason: Reason::PatientRequest,
        patients: vec![other, patient],
        owners: Vec::new(),
        keys: Vec::new(),
        messages: Vec::new(),
        lines: Vec::new(),
    };
    world.directory.erasures().apply(&tombstone).await.unwrap();
    assert_eq!(times(&world, crate::support::OTHER).await, 2, "the merge is gone, the tombstone tells it");
    // Who asks by number finds them, too.
    let number = format!("{}%7C{}", crate::patterns::BSN_SYSTEM, crate::support::BSN);
    let search = format!("patient.identifier={number}&subtype=read");
    let found = world.search_log("privacy-officer", &search).await.json();
    assert_eq!(found["entry"].as_array().map(Vec::len), Some(2), "{found}");
}
