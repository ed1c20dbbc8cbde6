//! A batch file: what is neither envelope nor white space is in exactly one entry.
#![no_main]

use hl7v2::batch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut messages = batch::messages(bytes);
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
        let _ = entry.parse();
    }
    outside(&bytes[behind..]);
    let _ = messages.problems().len();
});
