//! Events of other systems, from the files that docs/audit-events.md shows, to the answers of the log.

use std::io::Write as _;
use std::process::Stdio;

use crate::clients::{add, post};
use crate::harness::{Server, root, run, stderr, stdout, zorgsluis};

fn example(name: &str) -> String {
    std::fs::read_to_string(root().join("events/audit-events").join(name)).unwrap()
}

#[test]
fn an_emergency_that_another_system_reports_stands_in_the_answers_about_emergencies_and_about_the_patient() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = data.to_str().unwrap();
    let server = Server::start(&data);
    let message = std::fs::read(root().join("events/01-adt-a01-admission.hl7")).unwrap();
    assert_eq!(server.post_hl7(&message).0, 202);
    server.settle();
    let token = add(text, "audit-source", "epd");
    let names = ["break-glass.json", "query.json", "export.json", "application-start.json"];
    for name in names {
        let sent = post(&server, &token, "/fhir/AuditEvent", "application/fhir+json", &example(name));
        assert_eq!(sent.0, 201, "{name}: {}", sent.2);
    }
    assert!(server.stop().success());

    let reason = "Patiënt buiten bewustzijn op de SEH";
    let emergencies = run(["audit", "break-glass", "--data", text, "--lang", "en"]);
    let told = stdout(&emergencies);
    assert!(
        told.contains("emergency procedure used") && told.contains(reason),
        "{told}{}",
        stderr(&emergencies)
    );
    assert!(told.contains("EMERGENCY") && told.contains("Remarks"), "{told}");

    // The patient is found by the number that the event names.
    let mut asked = zorgsluis()
        .args(["audit", "history", "--data", text, "--identifier", "http://fhir.nl/fhir/NamingSystem/bsn|-"])
        .args(["--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    asked.stdin.take().unwrap().write_all(b"999990019\n").unwrap();
    let answer: serde_json::Value =
        serde_json::from_slice(&asked.wait_with_output().unwrap().stdout).unwrap();
    let kinds: Vec<&str> =
        answer["lines"].as_array().unwrap().iter().filter_map(|line| line["kind"].as_str()).collect();
    for kind in ["break-glass", "resource-search", "export", "import"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    // What an application did when nobody was meant is found by who did it.
    let started = stdout(&run(["audit", "user", "pacs", "--data", text, "--lang", "en"]));
    assert!(started.contains("system started"), "{started}");
}

#[test]
fn a_page_to_print_says_where_the_next_begins_and_nobody_is_asked_about_by_an_empty_name() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = data.to_str().unwrap();
    assert!(Server::start(&data).stop().success());
    for name in ["one", "two", "three"] {
        add(text, "log", name);
    }
    let page = |arguments: &[&str]| {
        let asked = ["audit", "user", "operator", "--data", text, "--format", "html", "--page-size", "2"];
        let answer = run(asked.into_iter().chain(arguments.iter().copied()));
        assert!(answer.status.success(), "{}", stderr(&answer));
        stdout(&answer)
    };
    let first = page(&[]);
    let cursor = first.split("--after ").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned();
    let second = page(&["--after", &cursor]);
    let times = |html: &str| -> Vec<String> {
        let times = html.split("<time datetime=\"").skip(1);
        times.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    assert_eq!((times(&first).len(), times(&second).len()), (2, 2));
    assert!(times(&first).iter().all(|time| !times(&second).contains(time)), "{first}{second}");

    for asked in [["audit", "user", ""], ["audit", "user", " "], ["audit", "department", ""]] {
        let refused = run(asked.into_iter().chain(["--data", text]));
        assert_eq!(refused.status.code(), Some(2), "{asked:?}");
        assert!(stderr(&refused).contains("is empty") && stdout(&refused).is_empty(), "{}", stderr(&refused));
    }
}
