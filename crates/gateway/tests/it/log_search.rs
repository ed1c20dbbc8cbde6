//! Searching the log over HTTP.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::{Value, json};
use zorgsluis_audit_writer::{log_key_owner, patient_pseudonym};
use zorgsluis_domain::audit::{EventKind, ObjectRole};
use zorgsluis_domain::port::{AuditSink as _, DataClass, Keys as _};

use crate::patterns::{BSN_SYSTEM, NUMBER, bundle, event, plain};
use crate::support::{Answer, BSN, OTHER, PATIENT, World, keep, logged, token_of};

impl World {
    /// POST of a search of the log, as a client.
    pub(crate) async fn search_log(&self, client: &str, form: &str) -> Answer {
        let request = self
            .request("POST", "/fhir/AuditEvent/_search")
            .header("authorization", format!("Bearer {}", token_of(client)))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.send(request).await
    }

    /// The ids that the submitter gave to what a search finds, all pages.
    async fn find(&self, form: &str) -> Vec<String> {
        let mut answer = self.search_log("privacy-officer", form).await;
        let mut found = Vec::new();
        loop {
            assert_eq!(answer.status, StatusCode::OK, "{form}: {}", answer.body);
            let json = answer.json();
            found.extend(matches(&json).iter().map(submitted_id));
            let Some(next) = next(&json) else { return found };
            answer = self.get_as("privacy-officer", &next).await;
        }
    }
}

fn matches(bundle: &Value) -> Vec<Value> {
    assert_eq!(bundle["type"], "searchset");
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    entries
        .into_iter()
        .filter(|entry| entry["search"]["mode"] == "match")
        .map(|entry| entry["resource"].clone())
        .collect()
}

fn submitted_id(event: &Value) -> String {
    let own = event["extension"].as_array().unwrap().iter().find_map(|extension| {
        let parts = extension["extension"].as_array()?;
        parts.iter().find(|part| part["url"] == "id")?["valueId"].as_str().map(str::to_owned)
    });
    own.unwrap_or_else(|| "own".to_owned())
}

/// The path of the `next` link.
fn next(bundle: &Value) -> Option<String> {
    let links = bundle["link"].as_array().unwrap();
    let next = links.iter().find(|link| link["relation"] == "next")?;
    Some(next["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:8080").unwrap().to_owned())
}

/// Days in March, each with one event; the patient, the action and so on differ.
async fn a_world_with_events() -> World {
    let world = World::with_log().await;
    world.put("Patient", PATIENT, &crate::support::patient("Sluiswachter", BSN)).await;
    world.claim(BSN).await;
    let numbered = |id: &str, day: u32, pattern: &str, number: &str| {
        let mut event = event(pattern);
        event["id"] = json!(id);
        event["recorded"] = json!(format!("2026-03-{day:02}T12:00:00Z"));
        if event["entity"][0]["what"]["identifier"].is_object() {
            event["entity"][0]["what"]["identifier"]["value"] = json!(number);
        }
        event
    };
    let mut failed = plain("mislukt", "2026-03-05T12:00:00Z");
    failed["outcome"] = json!("8");
    failed["entity"][1]["what"]["reference"] = json!("Condition/c-1");
    let mut other = numbered("ander", 4, "PatientUpdate", BSN);
    other["agent"][2]["who"] = json!({ "reference": "Practitioner/p-1" });
    let events = [
        numbered("lezen", 2, "PatientRead", BSN),
        numbered("onbekend", 3, "PatientRead", NUMBER),
        other,
        failed,
        numbered("zoeken", 6, "Query", ""),
        numbered("export", 7, "PrivacyDisclosure.Source", BSN),
    ];
    let answer = world.submit_text("epd", "/fhir", bundle("transaction", &events).to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    world.entries();
    world
}

#[tokio::test]
async fn each_parameter_finds_what_it_says_and_nothing_else() {
    let world = a_world_with_events().await;
    let bsn = "http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn";
    let uzi = "http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fuzi-nr-pers";
    let march = "date=ge2026-03-01&date=lt2026-04-01&_count=3";
    for (form, found) in [
        (String::new(), "export zoeken mislukt ander onbekend lezen"),
        ("_sort=date".into(), "lezen onbekend ander mislukt zoeken export"),
        ("_sort=-date".into(), "export zoeken mislukt ander onbekend lezen"),
        (format!("patient=Patient/{PATIENT}"), "export ander lezen"),
        (format!("patient={PATIENT}&action=R"), "export lezen"),
        (format!("patient.identifier={bsn}|{BSN}"), "export ander lezen"),
        (format!("patient%3Aidentifier={bsn}|{NUMBER}"), "mislukt onbekend"),
        (format!("patient={OTHER}"), ""),
        ("agent=900030787".into(), "zoeken mislukt onbekend lezen"),
        (format!("agent.identifier={uzi}|900030787"), "zoeken mislukt onbekend lezen"),
        ("agent.identifier=|werkplek-12".into(), "zoeken mislukt ander onbekend lezen"),
        ("agent=Practitioner/p-1".into(), "ander"),
        ("agent=niemand".into(), ""),
        ("type=rest".into(), "zoeken mislukt ander onbekend lezen"),
        ("type=http%3A%2F%2Fdicom.nema.org%2Fresources%2Fontology%2FDCM|110106".into(), "export"),
        ("subtype=read,search".into(), "zoeken mislukt onbekend lezen"),
        ("subtype=disclose".into(), "export"),
        ("action=U,E".into(), "zoeken ander"),
        ("outcome=8".into(), "mislukt"),
        ("outcome=0&subtype=read".into(), "onbekend lezen"),
        ("entity=Condition/c-1".into(), "mislukt"),
        ("entity=Observation/obs-1".into(), "ander onbekend lezen"),
        ("date=eq2026-03-04".into(), "ander"),
        ("date=2026-03-04T12:00:00Z".into(), "ander"),
        ("date=gt2026-03-06".into(), "export"),
        ("date=le2026-03-03".into(), "onbekend lezen"),
    ] {
        let form = if form.is_empty() { march.to_owned() } else { format!("{march}&{form}") };
        assert_eq!(world.find(&form).await.join(" "), found, "{form}");
    }
    let answer =
        world.search_log("privacy-officer", &format!("patient.identifier={bsn}|{BSN}&_count=1")).await;
    keep("audit-event-searchset", &answer);
    let links = answer.json()["link"].to_string();
    assert!(links.contains("AuditEvent/_search") && !links.contains(BSN), "{links}");
}

#[tokio::test]
async fn a_reading_is_logged_with_its_query_and_patient_before_anything_is_shown() {
    let world = a_world_with_events().await;
    let form = format!("patient={PATIENT}&agent=900030787");
    world.search_log("privacy-officer", &form).await;
    let entries = world.entries();
    let reading = &entries[0];
    assert_eq!((entries.len(), reading.event.kind), (1, EventKind::LogRead));
    assert_eq!(reading.users[0].id, "privacy-officer");
    assert_eq!(reading.patient.as_ref().unwrap().reference, format!("Patient/{PATIENT}"));
    let query = reading.objects.iter().find(|object| object.role == ObjectRole::Query).unwrap();
    assert_eq!(query.query.as_deref(), Some(form.as_str()));
    world.audit.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    for answer in [
        world.search_log("privacy-officer", &form).await,
        world.get_as("privacy-officer", "/fhir/AuditEvent").await,
        world.get_as("privacy-officer", &format!("/fhir/AuditEvent/{}", reading.id)).await,
    ] {
        assert_eq!((answer.status, answer.issue().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "transient"));
        assert!(!answer.body.contains("900030787"));
    }
}

#[tokio::test]
async fn all_pages_show_each_event_once_while_others_come_in() {
    let world = World::with_log().await;
    let events: Vec<Value> =
        (0..57).map(|n| plain(&format!("e{n}"), &format!("2026-03-02T12:00:{:02}Z", n % 20))).collect();
    let answer = world.submit_text("epd", "/fhir", bundle("transaction", &events).to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    for (client, order) in [("privacy-officer", "-date"), ("auditor", "date")] {
        let mut answer = world.search_log(client, &format!("subtype=read&_sort={order}&_count=8")).await;
        let (mut seen, mut times) = (BTreeSet::new(), Vec::new());
        for n in 0.. {
            let json = answer.json();
            for event in matches(&json) {
                assert!(seen.insert(submitted_id(&event)), "shown twice");
                times.push(event["recorded"].as_str().unwrap().to_owned());
            }
            let Some(next) = next(&json) else { break };
            assert!(!next.contains("read") && !next.contains("subtype"), "{next}");
            // One more, in the middle of those that are being gone through.
            let more = plain(&format!("{client}-{n}"), "2026-03-02T12:00:10Z");
            assert_eq!(world.submit("epd", &more).await.status, StatusCode::CREATED);
            answer = world.get_as(client, &next).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        }
        assert!((0..57).all(|n| seen.contains(&format!("e{n}"))), "{seen:?}");
        assert!(!seen.iter().any(|id| id.starts_with(client)), "of another time: {seen:?}");
        let mut sorted = times.clone();
        sorted.sort();
        if order == "-date" {
            sorted.reverse();
        }
        assert_eq!(times, sorted);
    }
    // In ascending order the readings themselves come behind: it ends all the same.
    let mut answer = world.search_log("auditor", "_sort=date&_count=1&date=ge2026-04-01").await;
    for _ in 0..200 {
        match next(&answer.json()) {
            Some(next) => answer = world.get_as("auditor", &next).await,
            None => return,
        }
    }
    panic!("it never ends");
}

#[tokio::test]
async fn what_is_not_understood_is_refused_and_a_url_names_nobody() {
    let world = a_world_with_events().await;
    for (form, code) in [
        ("_id=x", "invalid"),
        ("altid=x", "invalid"),
        ("date=morgen", "invalid"),
        ("date=ne2026-03-01", "invalid"),
        ("date=", "invalid"),
        ("_sort=agent", "invalid"),
        ("_count=0", "invalid"),
        ("outcome=5", "invalid"),
        ("action=X", "invalid"),
        ("patient=Patient/123", "invalid"),
        ("patient.identifier=999990019", "invalid"),
        ("entity=x", "invalid"),
        ("type=", "invalid"),
        ("type=a|", "invalid"),
        ("_page=AAAA", "invalid"),
    ] {
        let answer = world.search_log("privacy-officer", form).await;
        assert_eq!((answer.status.as_u16(), answer.issue().as_str()), (400, code), "{form}: {}", answer.body);
        assert!(!answer.body.contains("999990019"));
    }
    for path in [
        format!("/fhir/AuditEvent?patient.identifier={BSN_SYSTEM}|{BSN}"),
        "/fhir/AuditEvent?agent=900030787".into(),
        format!("/fhir/AuditEvent?type={BSN}"),
    ] {
        let answer = world.get_as("privacy-officer", &path).await;
        assert_eq!((answer.status.as_u16(), answer.issue().as_str()), (400, "security"), "{path}");
        assert!(!answer.body.contains(BSN));
    }
    let url = format!("/fhir/AuditEvent?patient={PATIENT}&date=ge2026-03-05&outcome=0");
    let found = world.get_as("privacy-officer", &url).await;
    keep("audit-event-searchset-get", &found);
    assert_eq!(matches(&found.json()).iter().map(submitted_id).collect::<Vec<_>>(), ["export"]);
    assert!(!logged().contains(BSN));
}

#[tokio::test]
async fn a_page_link_is_good_for_who_was_given_it_and_unchanged() {
    let world = a_world_with_events().await;
    let page = world.search_log("privacy-officer", "_count=1").await;
    let link = next(&page.json()).unwrap();
    assert_eq!(world.get_as("privacy-officer", &link).await.status, StatusCode::OK);
    for (client, link) in [
        ("auditor", link.clone()),
        ("privacy-officer", format!("{link}x")),
        ("privacy-officer", "/fhir/AuditEvent?_page=AAAA".into()),
    ] {
        let answer = world.get_as(client, &link).await;
        assert_eq!((answer.status, answer.issue().as_str()), (StatusCode::GONE, "expired"), "{link}");
    }
    let answer = world.get_as("privacy-officer", &format!("{link}&_count=5")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    for id in ["x", PATIENT, "0199c0de-0000-7000-8000-000000000000"] {
        let answer = world.get_as("privacy-officer", &format!("/fhir/AuditEvent/{id}")).await;
        assert_eq!((answer.status, answer.issue().as_str()), (StatusCode::NOT_FOUND, "not-found"), "{id}");
    }
    for (method, path) in
        [("PUT", "/fhir/AuditEvent/x"), ("DELETE", "/fhir/AuditEvent/x"), ("PUT", "/fhir/AuditEvent")]
    {
        let request = world
            .request(method, path)
            .header("authorization", format!("Bearer {}", token_of("privacy-officer")))
            .body(Body::empty())
            .unwrap();
        let answer = world.send(request).await;
        assert_eq!(
            (answer.status, answer.issue().as_str()),
            (StatusCode::METHOD_NOT_ALLOWED, "not-supported")
        );
    }
}

#[tokio::test]
async fn our_own_entries_are_found_beside_those_of_others() {
    let world = a_world_with_events().await;
    world.get(&format!("/fhir/Patient/{PATIENT}")).await;
    let own = world.entries();
    assert_eq!(own[0].event.kind, EventKind::ResourceRead);
    let found = world.find(&format!("patient={PATIENT}&subtype=read")).await;
    assert_eq!(found, ["own", "lezen"]);
    // A second delivery to the writer changes nothing.
    world.audit.record(&own).await.unwrap();
    assert_eq!(world.find(&format!("patient={PATIENT}&type=rest")).await, ["own", "ander", "lezen"]);
    let answer = world.get_as("privacy-officer", &format!("/fhir/AuditEvent/{}", own[0].id)).await;
    assert_eq!(answer.json()["id"], own[0].id.to_string());
}

#[tokio::test]
async fn an_entry_whose_content_was_erased_is_counted_and_shows_nothing() {
    let world = a_world_with_events().await;
    let found = world.search_log("privacy-officer", &format!("patient={PATIENT}")).await.json();
    let url = found["entry"][0]["fullUrl"]
        .as_str()
        .unwrap()
        .strip_prefix("http://127.0.0.1:8080")
        .unwrap()
        .to_owned();
    let keys = world.directory.keys();
    let patient = patient_pseudonym(&keys, &format!("Patient/{PATIENT}"));
    keys.destroy(&log_key_owner(&keys, &patient, 2026), DataClass::Log).await.unwrap();
    let answer = world.search_log("privacy-officer", &format!("patient={PATIENT}&_count=100")).await;
    keep("audit-event-searchset-erased", &answer);
    assert_eq!(matches(&answer.json()), Vec::<Value>::new());
    // The three events, and the reading before this one.
    let outcome = &answer.json()["entry"][0];
    assert_eq!(
        (&outcome["search"]["mode"], &outcome["resource"]["resourceType"]),
        (&json!("outcome"), &json!("OperationOutcome"))
    );
    assert!(outcome["resource"]["issue"][0]["diagnostics"].as_str().unwrap().starts_with("4 more"));
    let gone = world.get_as("privacy-officer", &url).await;
    assert_eq!((gone.status, gone.issue().as_str()), (StatusCode::GONE, "deleted"));
}
