//! The demo, and a server that a person talks to.

use crate::harness::{Server, code, events, run, stderr, stdout};

#[test]
fn the_demo_shows_each_message_and_ends_well() {
    let output = run(["demo", "--once"]);
    let text = stdout(&output);
    assert!(output.status.success(), "{text}{}", stderr(&output));
    for event in events() {
        let name = event.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(text.contains(&name), "{name} is not shown");
    }
    for word in ["ADT^A01", "ORU^R01", "AA", "AR", "created", "changed", "left", "parked", "audit", "again"] {
        assert!(text.contains(word), "the demo shows {word:?}:\n{text}");
    }
    assert!(text.contains("The log verifies"), "{text}");
}

#[test]
fn a_message_that_was_sent_can_be_read_and_its_reading_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let admission = events().into_iter().next().unwrap();
    let sent = run(["send", "--to", &server.mllp.to_string(), admission.to_str().unwrap()]);
    assert!(sent.status.success(), "{}", stderr(&sent));
    assert!(stdout(&sent).contains("AA"));
    server.settle();

    let patients = server.all("Patient");
    let id = patients[0]["id"].as_str().unwrap().to_owned();
    let (status, body) = server.get(&format!("/fhir/Patient/{id}"));
    assert_eq!(status, 200);
    assert!(body.contains("assembly-order"), "a Dutch name");

    let history = run(["audit", "history", "--json", "--data", data.to_str().unwrap(), "--patient", &id]);
    assert!(history.status.success(), "{}", stderr(&history));
    let answer: serde_json::Value = serde_json::from_str(&stdout(&history)).unwrap();
    let lines = answer["lines"].as_array().unwrap();
    let kinds: Vec<String> = lines.iter().map(|line| line["kind"].as_str().unwrap().to_owned()).collect();
    for kind in ["import", "resource-create", "resource-read"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind} is not in {kinds:?}");
    }
    // Reading the log is an entry too.
    let again = run(["audit", "history", "--json", "--data", data.to_str().unwrap(), "--patient", &id]);
    assert!(stdout(&again).contains("\"kind\":\"export\""), "{}", stdout(&again));
}

#[test]
fn dead_letters_are_replayed_through_the_running_server_and_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = data.to_str().unwrap().to_owned();
    let server = Server::start(&data);
    let unsupported =
        b"MSH|^~\\&|EPD|WEST|ZS|WEST|20261101120000||ADT^A19|U1|P|2.5\rEVN|A19|20261101120000\r";
    assert_eq!(code(&server.send(unsupported)), "AA", "kept, not rejected");
    server.settle();
    assert!(server.get("/dead-letters").1.contains("unsupported-event"));

    let replayed = run(["replay", "--data", &text, "--all"]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
    assert!(stdout(&replayed).contains("1 message"), "{}", stdout(&replayed));
    server.settle();
    assert!(server.get("/dead-letters").1.contains("unsupported-event"), "it stands there again");
    assert!(server.stop().success());

    let replayed = run(["replay", "--data", &text, "--all"]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
    let verified = run(["audit", "verify", "--sealed", "--data", &text]);
    assert!(verified.status.success(), "{}{}", stdout(&verified), stderr(&verified));
}

#[test]
fn one_server_holds_a_data_directory() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let second =
        run(["serve", "--data", data.to_str().unwrap(), "--mllp", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("in use"), "{}", stderr(&second));
    drop(server);
}

#[test]
fn http_is_for_loopback_only() {
    let folder = tempfile::tempdir().unwrap();
    let output = run([
        "serve",
        "--data",
        folder.path().to_str().unwrap(),
        "--mllp",
        "127.0.0.1:0",
        "--http",
        "0.0.0.0:0",
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("loopback"), "{}", stderr(&output));
}

#[test]
fn a_decimal_keeps_its_digits_on_the_whole_way() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"));
    // Sent, and sent again later with another unit elsewhere: written once by itself, once merged.
    for (control, time, result) in [("D1", "20261101120000", "5.10"), ("D2", "20261101130000", "5.100")] {
        let message = format!(
            "MSH|^~\\&|LAB|WEST|ZS|WEST|{time}+0100||ORU^R01^ORU_R01|{control}|P|2.5\r\
             PID|1||700001^^^WEST^PI||Proef&&Proef^A||19700101|F\r\
             OBR|1|P1^ZIS|F1^LAB|24331-1^Lipiden^LN|||202611011100+0100|||||||||||||||||||CH|F\r\
             OBX|1|NM|2093-3^Cholesterol^LN||{result}|mmol/L|||||F\r"
        );
        assert_eq!(code(&server.send(message.as_bytes())), "AA");
        server.settle();
        let (status, body) = server.get("/fhir/Observation");
        assert_eq!(status, 200);
        assert!(body.contains(&format!("\"value\":{result},")), "{result}: {body}");
    }
}

#[test]
fn no_log_is_no_clean_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = data.to_str().unwrap();
    assert!(Server::start(&data).stop().success());
    let other = run(["audit", "verify", "--data", text, "--organisation", "somebody-else"]);
    assert_eq!(other.status.code(), Some(2), "{}", stdout(&other));
    assert!(stderr(&other).contains("demo-hospital"), "{}", stderr(&other));
    assert!(!data.join("log/somebody-else").exists(), "verifying makes no log");
    let served = run([
        "serve",
        "--data",
        text,
        "--organisation",
        "somebody-else",
        "--mllp",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
    ]);
    assert_eq!(served.status.code(), Some(2), "a directory holds the log of one organisation");
    assert!(run(["audit", "verify", "--data", text]).status.success());
}

#[test]
fn the_history_of_a_merged_patient_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let person = |control: &str, event: &str, number: &str, more: &str| {
        format!(
            "MSH|^~\\&|ZIS|WEST|ZS|WEST|20261101120000+0100||ADT^{event}|{control}|P|2.5\r\
             EVN|{event}|20261101120000+0100\r\
             PID|1||{number}^^^WEST^PI||Proef&&Proef^A||19700101|F\r{more}"
        )
    };
    for message in [
        person("H1", "A28", "1", ""),
        person("H2", "A28", "2", ""),
        person("H3", "A40", "1", "MRG|2^^^WEST^PI\r"),
    ] {
        assert_eq!(code(&server.send(message.as_bytes())), "AA");
        server.settle();
    }
    let patients = server.all("Patient");
    assert_eq!(patients.len(), 2);
    assert!(server.stop().success());
    let histories: Vec<Vec<String>> = patients
        .iter()
        .map(|patient| {
            let id = patient["id"].as_str().unwrap();
            let data = data.to_str().unwrap();
            let output = run(["audit", "history", "--json", "--data", data, "--patient", id]);
            assert!(output.status.success(), "{}", stderr(&output));
            let answer: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
            let lines = answer["lines"].as_array().unwrap().iter();
            lines
                .filter(|line| line["kind"] != "export")
                .map(|line| line["id"].as_str().unwrap().to_owned())
                .collect()
        })
        .collect();
    assert_eq!(histories[0], histories[1], "asked for by the present number or by the retired one");
    assert!(histories[0].len() > 4, "{histories:?}");
}
