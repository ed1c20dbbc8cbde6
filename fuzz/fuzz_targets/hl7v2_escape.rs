//! A value and a text, in separators of all kinds: no panic, bounded growth, decode ∘ encode = identity.
#![no_main]

use hl7v2::{Charset, Delimiters, escape};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let usual = Delimiters::default();
    for delimiters in [
        Delimiters { truncation: Some(b'#'), ..usual },
        Delimiters { field: b'!', component: b'.', escape: Some(b'+'), ..usual },
        Delimiters { repetition: None, subcomponent: None, ..usual },
        Delimiters { escape: None, ..usual },
    ] {
        for charset in [Charset::UTF8, Charset::LATIN1, Charset::ASCII] {
            let text = escape::decode(bytes, &delimiters, charset);
            // The most that a sequence of seven bytes (`\.sp200\`) may stand for is 200 characters.
            assert!(text.len() <= bytes.len() * 40);
            let encoded = escape::encode(&text, &delimiters);
            assert!(!encoded.bytes().any(|byte| b"\r\n\x0b\x1c".contains(&byte)));
            let escape = delimiters.escape;
            assert!(
                !encoded.bytes().any(|byte| Some(byte) != escape && delimiters.all().any(|one| one == byte))
            );
            if escape.is_some() {
                assert_eq!(escape::decode(encoded.as_bytes(), &delimiters, Charset::UTF8), text);
                assert!(
                    encoded.is_empty() == text.is_empty() && encoded != "\"\"",
                    "no value becomes a null"
                );
            }
        }
    }
});
