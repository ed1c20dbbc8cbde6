//! A batch file: what is neither envelope nor white space is in exactly one entry; and the messages in an envelope of
//! ours are the same messages, with nothing to complain of.
#![no_main]

use hl7v2::batch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut messages = batch::messages(bytes);
    let mut parsed = Vec::new();
    let mut behind = 0;
    let outside = |gap: &[u8]| {
        for line in gap.split(|byte| b"\r\n\x0b\x1c".contains(byte)) {
            // Blank bytes and a byte order mark may stand before the first line.
            let blank = |byte: &u8| {
                byte.is_ascii_whitespace() || matches!(byte, 0 | 0x1A) || b"\xEF\xBB\xBF".contains(byte)
            };
            let text =
                line.iter().position(|byte| !blank(byte)).and_then(|at| line.get(at..)).unwrap_or_default();
            let envelope = [&b"FHS"[..], b"BHS", b"BTS", b"FTS"].iter().any(|name| text.starts_with(name));
            assert!(envelope || text.is_empty());
        }
    };
    for (index, entry) in messages.by_ref().enumerate() {
        assert_eq!(entry.index, index);
        assert!(entry.offset >= behind && !entry.bytes.is_empty());
        outside(&bytes[behind..entry.offset]);
        behind = entry.offset + entry.bytes.len();
        assert_eq!(&bytes[entry.offset..behind], entry.bytes);
        if entry.parse().is_ok() {
            parsed.push(entry.bytes.trim_ascii());
        }
    }
    outside(&bytes[behind..]);
    let _ = messages.problems().len();
    enveloped(&parsed);
});

fn enveloped(messages: &[&[u8]]) {
    // Blank bytes and a byte order mark before MSH belong to no line of a batch.
    if !messages.iter().all(|message| message.starts_with(b"MSH")) {
        return;
    }
    let mut file = b"FHS|^~\\&|\rBHS|^~\\&|\r".to_vec();
    for message in messages {
        file.extend_from_slice(message);
        file.push(b'\r');
    }
    file.extend(format!("BTS|{}\rFTS|1\r", messages.len()).into_bytes());
    let mut again = batch::messages(&file);
    let found: Vec<_> = again.by_ref().map(|entry| entry.bytes.trim_ascii()).collect();
    assert_eq!(found, messages);
    assert!(again.problems().is_empty());
}
