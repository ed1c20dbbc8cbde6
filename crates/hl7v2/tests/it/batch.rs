//! Batch files and concatenated messages.

use hl7v2::batch::{self, EnvelopeProblem};

fn read(bytes: &[u8]) -> (Vec<String>, Vec<&'static str>) {
    let mut messages = batch::messages(bytes);
    let read = messages
        .by_ref()
        .map(|entry| match entry.parse() {
            Ok(message) => message.header().field(10).value().text().into_owned(),
            Err(error) => error.code().to_owned(),
        })
        .collect();
    (read, messages.problems().iter().map(EnvelopeProblem::code).collect())
}

#[test]
fn one_message_is_a_batch_of_one() {
    assert_eq!(read(b"MSH|^~\\&||||||||1\nPID|1\n"), (vec!["1".into()], vec![]));
    assert_eq!(read(b"\xEF\xBB\xBF\r\nMSH|^~\\&||||||||1\n\n"), (vec!["1".into()], vec![]));
    assert_eq!(read(b"  \r\n"), (vec![], vec![]));
}

#[test]
fn concatenated_messages_are_several() {
    let two = b"MSH|^~\\&||||||||1\rPID|1\r\rMSH|^~\\&||||||||2\r\nPID|1\r\n";
    assert_eq!(read(two), (vec!["1".into(), "2".into()], vec![]));
    let framed = b"\x0bMSH|^~\\&||||||||1\rPID|1\x1c\r\x0bMSH|^~\\&||||||||2\x1c\r";
    assert_eq!(read(framed), (vec!["1".into(), "2".into()], vec![]));
}

#[test]
fn an_entry_names_where_it_stands() {
    let bytes = b"FHS|^~\\&|\rBHS|^~\\&|\rMSH|^~\\&||||||||1\rPID|1\rMSH#^~\\&########2\rBTS|2\rFTS|1\r";
    let entries: Vec<_> = batch::messages(bytes).collect();
    assert_eq!(entries.len(), 2);
    for (index, entry) in entries.iter().enumerate() {
        assert_eq!(entry.index, index);
        assert_eq!(&bytes[entry.offset..entry.offset + entry.bytes.len()], entry.bytes);
    }
    assert_eq!(read(bytes), (vec!["1".into(), "2".into()], vec![]));
}

#[test]
fn broken_promises_are_named() {
    let one = "MSH|^~\\&||||||||1\r";
    for (file, problem) in [
        (format!("BHS|^~\\&\r{one}BTS|2\r"), "batch-message-count"),
        (format!("FHS|^~\\&\rBHS|^~\\&\r{one}BTS|1\rFTS|2\r"), "batch-count"),
        (format!("FHS|^~\\&\rBHS|^~\\&\r{one}"), "batch-unclosed"),
    ] {
        assert_eq!(read(file.as_bytes()), (vec!["1".into()], vec![problem]));
    }
}

#[test]
fn a_damaged_message_hurts_only_itself() {
    let bytes = b"MSH|^~\\&||||||||1\rgarbage\rMSH|^~\\&||||||||2\r";
    assert_eq!(read(bytes), (vec!["invalid-segment-name".into(), "2".into()], vec![]));
    let stray = b"stray\rMSH|^~\\&||||||||2\rBTS|1\rstray\r";
    let read = read(stray).0;
    assert_eq!(read, ["missing-header", "2", "missing-header"]);
}
