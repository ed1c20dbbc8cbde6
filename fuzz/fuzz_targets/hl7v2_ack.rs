//! What came, and what comes back: every answer is a message of its own lines, and answers can be read.
#![no_main]

use hl7v2::ack::{AckBuilder, AckCode, Acknowledgement, Condition, Header, Problem};
use hl7v2::{Message, Place};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Acknowledgement::parse(bytes);
    let header = Header::read(bytes);
    let _ = (header.mode(), header.version());
    let problem = match Message::parse(bytes) {
        Ok(_) => Problem::new(Condition::Internal, "a-code", "a|text^with~every\\separator&\r\n"),
        Err(error) => Problem::from(&error),
    };
    let place = Place { repetition: 2, ..Place::of_field(*b"PID", 1, 3) };
    let built = AckBuilder::new(AckCode::AE, &header)
        .sent_at("20260102")
        .control_id("Z1")
        .problem(problem.at(place))
        .build();
    assert!(!built.iter().any(|byte| b"\n\x0b\x1c\0".contains(byte)));
    assert_eq!(built.iter().filter(|byte| **byte == b'\r').count(), 3);
    let read = Acknowledgement::parse(&built).expect("our own answer");
    assert_eq!((read.code, read.problems.len()), (AckCode::AE, 1));
    assert_eq!(read.problems[0].place.map(|place| place.field), Some(3));
    let message = Message::parse(&built).expect("our own answer");
    assert_eq!(message.header().field(9).value().text(), "ACK");
    assert_eq!(message.header().field(10).value().text(), "Z1");
    // Sender and receiver change places, and MSA-2 is MSH-10 as it came.
    if Message::parse(bytes).is_ok() {
        let clean =
            |raw: &[u8]| raw.iter().copied().filter(|byte| !byte.is_ascii_control()).collect::<Vec<_>>();
        for (ours, theirs) in [(5, 3), (6, 4), (3, 5), (4, 6)] {
            assert_eq!(message.header().field(ours).raw(), clean(header.field(theirs)));
        }
        let answered = message.segment("MSA").expect("three segments").field(2).raw();
        assert_eq!(answered, clean(header.field(10)));
    }
});
