//! Events as products of other makers write them: DICOM's Audit Trail and Node Authentication, told in FHIR R4 (IHE
//! ITI-20, FHIR feed), without any pattern of BALP.

use std::path::Path;

use axum::http::StatusCode;
use serde_json::{Value, json};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{Action, EventKind, NetworkAccessPoint, ObjectRole, PurposeOfUse};

use super::{issues, path};
use crate::support::World;

/// An example of `events/audit-events`, which the documentation shows.
fn example(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/audit-events");
    serde_json::from_str(&std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap()).unwrap()
}

/// Submits an example; gives the entry that it became.
async fn taken(world: &World, name: &str) -> AuditEntry {
    let event = example(name);
    let answer = world.submit("epd", &event).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{name}: {}", answer.body);
    let entry = world.reported().remove(0);
    let mut back = world.get_as("privacy-officer", &path(&answer)).await.json();
    for ours in ["id", "extension"] {
        back.as_object_mut().unwrap().remove(ours);
    }
    assert_eq!(back, event, "{name}: given back as it came");
    entry
}

#[tokio::test]
async fn a_query_of_an_affinity_domain_is_a_search_with_its_query_and_both_ends_of_the_line() {
    let world = World::with_log().await;
    let entry = taken(&world, "query").await;
    assert_eq!((entry.event.kind, entry.event.action), (EventKind::ResourceSearch, Action::Execute));
    assert!(entry.patient.is_some());
    let ends: Vec<_> = entry.users.iter().map(|user| user.network.clone()).collect();
    assert_eq!(ends[0], Some(NetworkAccessPoint::Ip("10.20.0.7".into())));
    assert_eq!(ends[1], Some(NetworkAccessPoint::Machine("xds.regio.example".into())));
    assert_eq!(entry.users[2].uzi.as_deref(), Some("900030787"));
    assert_eq!(entry.users[2].purpose, Some(PurposeOfUse::Treatment));
    let query = entry.objects.iter().find(|object| object.role == ObjectRole::Query).unwrap();
    assert!(query.query.as_deref().unwrap().starts_with("<AdhocQueryRequest>"), "decoded");
}

#[tokio::test]
async fn an_export_to_media_and_the_start_of_an_application_are_taken() {
    let world = World::with_log().await;
    let export = taken(&world, "export").await;
    assert_eq!((export.event.kind, export.event.action), (EventKind::Export, Action::Read));
    assert_eq!(export.users[0].name.as_deref(), Some("Radiologie, cd-brander"));
    assert_eq!(export.objects[0].life_cycle.as_deref(), Some("10"));
    let start = taken(&world, "application-start").await;
    assert_eq!((start.event.kind, start.patient), (EventKind::ApplicationStart, None));
    assert_eq!(start.users[1].id, "root");
}

#[tokio::test]
async fn breaking_the_glass_elsewhere_is_an_entry_of_the_emergency_procedure_with_its_reason() {
    let world = World::with_log().await;
    let entry = taken(&world, "break-glass").await;
    assert_eq!(entry.event.kind, EventKind::BreakGlass);
    assert!(entry.legal_basis.emergency);
    assert!(entry.event.reason.unwrap().starts_with("Patiënt buiten bewustzijn"));
    // Without a patient nobody could be told of it.
    let mut nobody = example("break-glass");
    nobody.as_object_mut().unwrap().remove("entity");
    let refused = world.submit("epd", &nobody).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(issues(&refused.json()), [("AuditEvent.entity".into(), "required".into())]);
}

/// What other products send that cannot be taken as it stands: each is told where, and what would be right.
#[tokio::test]
async fn what_other_makers_send_and_cannot_be_taken_is_told_where_and_why() {
    let world = World::with_log().await;
    let with = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut event = example(name);
        change(&mut event);
        event
    };
    for (event, at, code, says) in [
        // FHIR STU3: users and objects under other names.
        (
            with("query", &|e| {
                let user = e["agent"][0].as_object_mut().unwrap();
                let who = user.remove("who").unwrap();
                user.insert("userId".into(), who["identifier"].clone());
            }),
            "AuditEvent.agent[0]",
            "structure",
            "FHIR R4 does not have",
        ),
        // FHIR R5.
        (
            with("query", &|e| {
                let kind = e.as_object_mut().unwrap().remove("type").unwrap();
                e["code"] = json!({ "coding": [kind] });
            }),
            "AuditEvent.type",
            "required",
            "missing",
        ),
        // An identifier of a patient as HL7 v2 writes it, in one.
        (
            with("query", &|e| {
                e["entity"][0]["what"]["identifier"] =
                    json!({ "value": "1000001^^^&2.16.528.1.1007.3.3.1&ISO" });
            }),
            "AuditEvent.entity[0].what",
            "required",
            "system and value",
        ),
        // DICOM lets the outcome be left out.
        (
            with("export", &|e| drop(e.as_object_mut().unwrap().remove("outcome"))),
            "AuditEvent.outcome",
            "required",
            "missing",
        ),
        // Two patients on one disc.
        (
            with("export", &|e| {
                let mut other = e["entity"][0].clone();
                other["what"]["identifier"]["value"] = json!("999990020");
                e["entity"].as_array_mut().unwrap().push(other);
            }),
            "AuditEvent.entity[2].what",
            "business-rule",
            "one event for each",
        ),
        // A process without any name.
        (
            with("application-start", &|e| drop(e["agent"][1].as_object_mut().unwrap().remove("altId"))),
            "AuditEvent.agent[1].who",
            "required",
            "names nobody",
        ),
        // A name and a query of one object.
        (
            with("query", &|e| e["entity"][1]["name"] = json!("FindDocuments")),
            "AuditEvent.entity[1]",
            "invariant",
            "sev-1",
        ),
    ] {
        let answer = world.submit("epd", &event).await;
        assert!(answer.status.is_client_error(), "{at}: {}", answer.body);
        let outcome = answer.json();
        let issue = |issue: &&Value| issue["expression"][0] == at && issue["code"] == code;
        let told = outcome["issue"].as_array().unwrap().iter().find(issue);
        let told = told.unwrap_or_else(|| panic!("{at} {code}: {}", answer.body));
        assert!(told["diagnostics"].as_str().unwrap().contains(says), "{at}: {told}");
    }
    // DICOM's own XML is told what is taken instead.
    let xml = "<AuditMessage><EventIdentification EventActionCode=\"E\"/></AuditMessage>";
    let answer = world.submit_text("epd", "/fhir/AuditEvent", xml).await;
    assert_eq!((answer.status.as_u16(), answer.issue().as_str()), (400, "structure"), "{}", answer.body);
    assert!(world.reported().is_empty());
}
