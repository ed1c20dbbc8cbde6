//! Signed notes, checkpoints and verifier keys: no panic, one text for each, and nobody is believed unsigned.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::{Checkpoint, Note, SignedCheckpoint, VerifyingKey};

fuzz_target!(|bytes: &[u8]| {
    let key = VerifyingKey::new("fuzz.example/log", [9; 32]).expect("a name");
    assert!(SignedCheckpoint::parse(bytes, "fuzz.example/log", std::slice::from_ref(&key)).is_err());
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_text().as_bytes(), bytes);
        assert!(note.text().ends_with('\n'));
        if let Ok(checkpoint) = Checkpoint::parse(note.text()) {
            assert_eq!(checkpoint.to_text(), note.text());
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(checkpoint) = Checkpoint::parse(text) {
            assert_eq!(checkpoint.to_text(), text);
        }
        if let Ok(key) = VerifyingKey::parse(text) {
            assert_eq!(VerifyingKey::parse(&key.to_string()), Ok(key));
        }
    }
});
