//! Acknowledgements: modes, versions, garbage, and the way back.

use hl7v2::ack::{
    AckBuilder, AckCode, AckCondition, AckMode, AckReadError, Acknowledgement, Condition, Header, Problem,
};
use hl7v2::{Message, Place};

fn place() -> Place {
    "PID[1]-3[2].9".parse().unwrap()
}

fn answer(received: &[u8], code: AckCode, problems: &[Problem]) -> String {
    let header = Header::read(received);
    let builder = AckBuilder::new(code, &header).sent_at("20260102").control_id("Z1");
    let built = problems.iter().cloned().fold(builder, AckBuilder::problem).build();
    Message::parse(&built).unwrap();
    String::from_utf8(built).unwrap()
}

fn adt(version: &str) -> Vec<u8> {
    format!("MSH|^~\\&|ZIS|AMC^1.2^ISO|SLUIS|LAB|2026||ADT^A01^ADT_A01|M 1|D|{version}||||||8859/1\rPID|1\r")
        .into()
}

#[test]
fn sender_and_receiver_change_places_and_the_rest_is_echoed() {
    assert_eq!(
        answer(&adt("2.5.1^NLD"), AckCode::AA, &[]),
        "MSH|^~\\&|SLUIS|LAB|ZIS|AMC^1.2^ISO|20260102||ACK^A01^ACK|Z1|D|2.5.1^NLD||||||8859/1\rMSA|AA|M 1\r"
    );
    assert!(answer(&adt("2.3"), AckCode::CA, &[]).contains("|ACK^A01|Z1|D|2.3|"));
}

#[test]
fn the_error_segment_follows_the_version() {
    let problem = Problem::new(Condition::DataType, "invalid-bsn", "not a BSN").at(place());
    let problems = [problem, Problem::new(Condition::Internal, "down", "try later")];
    let old = answer(&adt("2.4"), AckCode::AE, &problems);
    assert!(old.ends_with(
        "\rMSA|AE|M 1|not a BSN\r\
         ERR|PID^1^3^102&Data type error&HL70357~^^^207&Application internal error&HL70357\r"
    ));
    let new = answer(&adt("2.5"), AckCode::AE, &problems);
    assert!(new.ends_with(
        "\rMSA|AE|M 1|not a BSN\r\
         ERR||PID^1^3^2^9|102^Data type error^HL70357|E|invalid-bsn|||not a BSN\r\
         ERR|||207^Application internal error^HL70357|E|down|||try later\r"
    ));
    assert!(answer(&adt("2.8"), AckCode::AE, &problems).contains("\rMSA|AE|M 1\rERR||PID"));
    for text in [old, new] {
        let read = Acknowledgement::parse(text.as_bytes()).unwrap();
        assert_eq!((read.code, read.control_id.as_str()), (AckCode::AE, "M 1"));
        assert_eq!(read.problems.len(), 2);
        assert_eq!(read.problems[0].place.unwrap().field, 3);
        assert_eq!(read.problems[1].condition, Some(207));
    }
}

#[test]
fn the_senders_separators_are_used() {
    let text = answer(
        b"MSH:/*!+:A:B/C:D:E:::ADT/A01:7/8!F!9:P:2.4\r",
        AckCode::AE,
        &[Problem::new(Condition::Internal, "x", "a:b")],
    );
    let (header, rest) = text.split_once('\r').unwrap();
    assert_eq!(header, "MSH:/*!+:D:E:A:B/C:20260102::ACK/A01/ACK:Z1:P:2.4");
    assert_eq!(rest, "MSA:AE:7/8!F!9:a!F!b\rERR:///207+Application internal error+HL70357\r");
}

#[test]
fn garbage_gets_an_answer_too() {
    for received in [&b""[..], b"GET / HTTP/1.1\r\n\r\n", b"MSH", b"MSHX", b"\xff\xfe\0\0", b"\r\r\r"] {
        assert!(!Header::read(received).is_found());
        assert_eq!(answer(received, AckCode::AR, &[]), "MSH|^~\\&|||||20260102||ACK|Z1|P|2.5\rMSA|AR\r");
    }
    // The separators cannot be used, but the control id can be told.
    let odd = answer(b"MSH|^^^^|A&B|||||||1^2\r", AckCode::AR, &[]);
    assert!(odd.contains("\rMSA|AR|1\\S\\2\r") && odd.contains("|A\\T\\B|"), "{odd}");
    // Damage before MSH.
    assert!(answer(b"noise\rMSH|^~\\&||||||||77\r", AckCode::AR, &[]).contains("MSA|AR|77\r"));
}

#[test]
fn a_control_id_cannot_add_lines() {
    let built = answer(b"MSH|^~\\&||||||ADT^A\r01|1\x0b2\x1c3\nMSA|AA\x00|4\r", AckCode::AE, &[]);
    assert_eq!(built.matches('\r').count(), 2);
    let built = answer(b"MSH|^~\\&|||||||ADT^A01|1\x002\rPID|1", AckCode::AE, &[]);
    assert!(built.ends_with("MSA|AE|12\r"));
}

#[test]
fn modes_follow_msh_15_and_16() {
    let mode = |accept: &str, application: &str| {
        Header::read(format!("MSH|^~\\&|||||||||||||{accept}|{application}\r").as_bytes()).mode()
    };
    use AckCondition::{Always, Error, Never, Success};
    assert_eq!(mode("", ""), AckMode::Original);
    assert_eq!(mode("\"\"", ""), AckMode::Original);
    assert_eq!(mode("AL", "NE"), AckMode::Enhanced { accept: Always, application: Never });
    assert_eq!(mode("ER", "SU"), AckMode::Enhanced { accept: Error, application: Success });
    assert_eq!(mode("", "AL"), AckMode::Enhanced { accept: Never, application: Always });
    assert!(Error.wants(AckCode::CE) && !Error.wants(AckCode::CA));
    assert!(Success.wants(AckCode::CA) && !Success.wants(AckCode::CR));
    assert_eq!(AckCode::AR.as_accept(), AckCode::CR);
}

#[test]
fn what_is_no_answer_is_named() {
    assert_eq!(Acknowledgement::parse(b"MSH|^~\\&|A\r"), Err(AckReadError::MissingMsa));
    assert_eq!(Acknowledgement::parse(b"MSH|^~\\&|A\rMSA|OK|1\r"), Err(AckReadError::UnknownCode));
    assert!(matches!(Acknowledgement::parse(b"HTTP/1.1 400"), Err(AckReadError::Parse(_))));
    let read = Acknowledgement::parse(b"MSH|^~\\&|A\rMSA|AE|1|what a mess\rERR|PID^^5\r").unwrap();
    assert_eq!(read.text.as_deref(), Some("what a mess"));
    assert_eq!(read.problems[0].place.unwrap().to_string(), "PID[1]-5");
    assert!(!format!("{read:?}").contains("mess"));
}
