//! What is refused at the door is answered, named, and in the log.

use crate::harness::{Server, code, run, stderr, stdout};

#[test]
fn damaged_messages_and_broken_frames_have_their_entry() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let mut connection = server.mllp();

    let answer = connection.exchange(b"MSH|^~\\&|ZIS|WEST|||20261101||ADT^A01|R1|P|2.5\rPID_1\r").unwrap();
    assert_eq!(code(&answer), "AR", "{answer}");
    assert!(answer.contains("ERR|"), "the place is named: {answer}");

    // A frame that the next one interrupts, then a good message on the same connection.
    connection.send_raw(b"\x0bMSH|^~\\&|ZIS|WEST|||20261101||ADT^A01|R2|P|2.5\r\x0bMSH|^~\\&|ZIS|WEST|||20261101120000||ADT^A28|R3|P|2.5\rPID|1||7^^^WEST^PI||Proef^A\r\x1c\r");
    assert_eq!(code(&connection.receive().unwrap()), "AE");
    assert_eq!(code(&connection.receive().unwrap()), "AA");

    let (status, body) = server.post_hl7(b"no message at all");
    assert_eq!(status, 400, "{body}");
    server.settle();
    assert!(server.stop().success());

    let exported = run(["audit", "export", "--data", data.to_str().unwrap()]);
    assert!(exported.status.success(), "{}", stderr(&exported));
    let refusals = stdout(&exported)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|event| event["outcome"] == "4")
        .count();
    assert_eq!(refusals, 3);
}

#[test]
fn a_flood_of_denials_is_counted_to_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start(&data);
    let token = std::mem::replace(&mut server.token, String::from("wrong"));
    for _ in 0..50 {
        assert_eq!(server.get("/fhir/Patient").0, 401);
    }
    server.token = token;
    assert!(server.stop().success());
    let exported = run(["audit", "export", "--data", data.to_str().unwrap()]);
    let denied: Vec<String> = stdout(&exported)
        .lines()
        .filter(|line| line.contains("denials") || line.contains("wrong-token"))
        .map(str::to_owned)
        .collect();
    assert_eq!(denied.len(), 31, "thirty, and one for the rest");
    assert!(denied.iter().any(|line| line.contains("20 denials")), "{denied:?}");
}
