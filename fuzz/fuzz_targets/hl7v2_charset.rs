//! MSH-18 (up to the first line end) and bytes in that character set.
#![no_main]

use hl7v2::charset::{Charset, from_utf16};
use hl7v2::{Message, ParseOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = from_utf16(bytes);
    let mut halves = bytes.splitn(2, |byte| *byte == b'\n');
    let (name, content) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let charset = core::str::from_utf8(name).ok().and_then(|name| Charset::for_name(name).ok());
    if let Some(charset) = charset {
        let text = charset.decode(content);
        if charset.fits(content) {
            let back = charset.encode(&text);
            // A set may have two spellings of one character, never two meanings of one spelling.
            assert_eq!(charset.decode(&back), text);
        }
        let options = ParseOptions { charset: Some(charset), ..ParseOptions::default() };
        let _ = Message::parse_with(bytes, &options)
            .map(|message| message.leaves().map(|l| l.text().len()).sum::<usize>());
    }
    let message = [b"MSH|^~\\&||||||||||||||||", name, b"\rNTE|", content].concat();
    if let Ok(message) = Message::parse(&message) {
        message.leaves().for_each(|leaf| drop(leaf.text()));
    }
});
