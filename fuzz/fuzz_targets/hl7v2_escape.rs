//! A value and a text: no panic, bounded growth, decode ∘ encode = identity.
#![no_main]

use hl7v2::{Charset, Delimiters, escape};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let delimiters = Delimiters { truncation: Some(b'#'), ..Delimiters::default() };
    for charset in [Charset::UTF8, Charset::LATIN1, Charset::ASCII] {
        let text = escape::decode(bytes, &delimiters, charset);
        // The most that a sequence of seven bytes (`\.sp200\`) may stand for is 200 characters.
        assert!(text.len() <= bytes.len() * 40);
        let encoded = escape::encode(&text, &delimiters);
        assert_eq!(escape::decode(encoded.as_bytes(), &delimiters, Charset::UTF8), text);
        assert!(!encoded.bytes().any(|byte| b"|^~&#\r\n\x0b\x1c".contains(&byte)));
    }
});
