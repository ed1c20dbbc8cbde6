//! Another system submits an event, and the privacy officer reads it: tokens of their own, over real sockets.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Server, run, stderr, stdout};

/// Gives a client a token.
pub(crate) fn add(data: &str, right: &str, name: &str) -> String {
    let added = run(["clients", "add", "--data", data, "--right", right, name]);
    assert!(added.status.success(), "{}", stderr(&added));
    let token = stdout(&added).trim().to_owned();
    assert_eq!(token.len(), 43);
    token
}

/// A search of a patient in the EPD, by a nurse.
fn event() -> Value {
    json!({
        "resourceType": "AuditEvent",
        "id": "epd-1",
        "type": { "system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest" },
        "subtype": [{ "system": "http://hl7.org/fhir/restful-interaction", "code": "search" }],
        "action": "E",
        "recorded": "2026-03-02T09:30:15.123456+01:00",
        "outcome": "0",
        "agent": [{ "who": { "identifier": { "value": "verpleegkundige-7" } }, "requestor": true }],
        "source": { "observer": { "display": "EPD" } },
        "entity": [{
            "role": { "system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "24" },
            "query": "bmFtZT1TbHVpcw=="
        }]
    })
}

pub(crate) fn post(
    server: &Server,
    token: &str,
    path: &str,
    kind: &str,
    body: &str,
) -> (u16, String, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent
        .post(format!("http://{}{path}", server.http))
        .header("Authorization", format!("Bearer {token}"))
        .header("Content-Type", kind)
        .send(body)
        .unwrap();
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    let body = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), location.unwrap_or_default(), body)
}

fn submit(server: &Server, token: &str) -> (u16, String, String) {
    post(server, token, "/fhir/AuditEvent", "application/fhir+json", &event().to_string())
}

fn search(server: &Server, token: &str, form: &str) -> (u16, Value) {
    let kind = "application/x-www-form-urlencoded";
    let (status, _, body) = post(server, token, "/fhir/AuditEvent/_search", kind, form);
    (status, serde_json::from_str(&body).unwrap())
}

fn file(data: &Path) -> String {
    std::fs::read_to_string(data.join("clients.json")).unwrap_or_default()
}

#[test]
fn who_was_given_a_right_comes_in_at_once_and_who_lost_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = data.to_str().unwrap();
    let none = run(["clients", "add", "--data", text, "--right", "log", "officer"]);
    assert_eq!(none.status.code(), Some(1), "there is no directory yet: {}", stderr(&none));
    let server = Server::start(&data);
    let (epd, officer) = (add(text, "audit-source", "epd"), add(text, "log", "officer"));
    assert!(!file(&data).contains(&epd) && !file(&data).contains(&officer), "no token is kept");
    let listed = stdout(&run(["clients", "list", "--data", text]));
    assert!(
        listed.contains("epd") && listed.contains("audit-source") && listed.lines().count() == 2,
        "{listed}"
    );
    for wrong in [vec!["--right", "audit-source", "epd"], vec!["--right", "log", "Jan Jansen"]] {
        let refused = run(["clients", "add", "--data", text].into_iter().chain(wrong));
        assert!(!refused.status.success() && stdout(&refused).is_empty());
    }

    let (status, location, body) = submit(&server, &epd);
    assert_eq!((status, body.as_str()), (201, ""), "{body}");
    assert_eq!(submit(&server, &epd).0, 200);
    assert_eq!(submit(&server, &officer).0, 403);
    assert_eq!(search(&server, &epd, "agent=verpleegkundige-7").0, 403);
    let (status, found) = search(&server, &officer, "agent=verpleegkundige-7");
    assert_eq!((status, &found["entry"][0]["fullUrl"]), (200, &json!(location)));
    assert_eq!(found["entry"].as_array().unwrap().len(), 1);

    let removed = run(["clients", "remove", "--data", text, "epd"]);
    assert!(removed.status.success(), "{}", stderr(&removed));
    assert_eq!(submit(&server, &epd).0, 401);
    assert_eq!(run(["clients", "remove", "--data", text, "epd"]).status.code(), Some(1));
    assert!(server.stop().success());

    // Exported as it was submitted; who was let in, and who was turned away, stands in the log too.
    let exported = stdout(&run(["audit", "export", "--data", text]));
    let events: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ours = events.iter().find(|event| event["recorded"] == "2026-03-02T09:30:15.123456+01:00").unwrap();
    assert_eq!(ours["agent"], event()["agent"]);
    assert!(location.ends_with(ours["id"].as_str().unwrap()));
    for told in ["client-added audit-source", "client-added log", "client-removed", "no-right", "client epd"]
    {
        assert!(exported.contains(told), "{told}");
    }
    assert!(!exported.contains(&epd));
    let verified = run(["audit", "verify", "--data", text]);
    assert!(verified.status.success(), "{}", stdout(&verified));
}

#[test]
fn of_changes_made_beside_one_another_none_undoes_another() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = data.to_str().unwrap();
    assert!(Server::start(&data).stop().success());
    for name in ["old-1", "old-2", "old-3"] {
        add(text, "log", name);
    }
    std::thread::scope(|scope| {
        for name in ["new-1", "new-2", "new-3"] {
            scope.spawn(move || add(text, "audit-source", name));
        }
        for name in ["old-1", "old-2", "old-3"] {
            scope.spawn(move || {
                let removed = run(["clients", "remove", "--data", text, name]);
                assert!(removed.status.success(), "{}", stderr(&removed));
            });
        }
    });
    let listed = stdout(&run(["clients", "list", "--data", text, "--json"]));
    let names =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["name"].as_str().unwrap().to_owned();
    let mut left: Vec<String> = listed.lines().map(names).collect();
    left.sort();
    assert_eq!(left, ["new-1", "new-2", "new-3"]);

    // A draft that a killed process left behind stands in nobody's way.
    std::fs::write(data.join("clients.json.new"), "[{").unwrap();
    add(text, "log", "officer");
    assert!(!data.join("clients.json.new").exists() && file(&data).contains("officer"));
}
