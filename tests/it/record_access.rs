//! Work on the data files themselves is recorded by who does it: `audit record-access`.

use crate::harness::{Server, run, stderr, stdout};

#[test]
fn a_database_administrator_records_what_was_opened_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(Server::start(&data).stop().success());
    let data = data.to_str().unwrap();
    let patient = "Patient/0d6c5a1e-1111-5222-8333-444455556666";
    let record = ["audit", "record-access", "--data", data, "--user", "dba-2"];
    let recorded = |more: &[&str]| run([&record[..], more].concat());

    let plain = recorded(&["--reason", "herstel na een volle schijf"]);
    assert!(plain.status.success(), "{}", stderr(&plain));
    assert!(stdout(&plain).starts_with("recorded  "), "{}", stdout(&plain));
    let other = "Patient/1d6c5a1e-1111-5222-8333-444455556666";
    let two =
        recorded(&["--reason", "kopie", "--patient", patient, "--patient", other, "--file", "index.db"]);
    assert_eq!(stdout(&two).lines().count(), 2, "one entry for each patient: {}", stdout(&two));

    for wrong in [&["--reason", " "][..], &["--reason", "x", "--patient", "999990019"], &[]] {
        let refused = recorded(wrong);
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}");
        assert!(!stderr(&refused).contains("999990019"), "{}", stderr(&refused));
    }

    let exported = run(["audit", "export", "--data", data]);
    let events: Vec<serde_json::Value> = stdout(&exported)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &serde_json::Value| event["subtype"][0]["code"] == "110132")
        .collect();
    assert_eq!(events.len(), 3);
    assert_eq!(events[0]["purposeOfEvent"][0]["text"], "herstel na een volle schijf");
    assert_eq!(events[0]["agent"][0]["who"]["identifier"]["value"], "dba-2");
    assert_eq!(events[0]["extension"][0]["valueCode"], "database");
    assert_eq!(events[1]["entity"][0]["what"]["reference"], patient);
    assert!(run(["audit", "verify", "--data", data]).status.success());
}
