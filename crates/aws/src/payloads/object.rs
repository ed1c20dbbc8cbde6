//! The objects of the raw bucket.
//!
//! * `messages/<id>`: `ZSP`, version 1, the data key's id (16 bytes), the time of receipt (microseconds, 8
//!   bytes, the most significant first), then what the key sealed.
//! * `notes/<id>/<name>`: `ZSN`, version 1, the data key's id, then what the key sealed.
//!
//! What is sealed is bound to its place and to the time of receipt: an object that was changed, or put in the
//! place of another, does not open.

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::port::Sealed;
use zorgsluis_domain::{MessageId, PortError};

const MESSAGE: [u8; 4] = *b"ZSP\x01";
const NOTE: [u8; 4] = *b"ZSN\x01";
/// Characters of a note's name at most.
const MAX_NAME: usize = 100;

pub(super) fn message_key(message: MessageId) -> String {
    format!("messages/{message}")
}

/// What the keys of all notes about a message begin with.
pub(super) fn notes_of(message: MessageId) -> String {
    format!("notes/{message}/")
}

/// # Errors
///
/// `Refused` when the name is none for an object: it is a word of ours, never text of a message.
pub(super) fn note_key(operation: &'static str, message: MessageId, name: &str) -> Result<String, PortError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(plain) || name.starts_with('.') {
        return Err(PortError::Refused {
            operation,
            reason: "a note's name has 1 to 100 letters, digits, '.', '_' and '-'".into(),
        });
    }
    Ok(format!("notes/{message}/{name}"))
}

pub(super) fn message_context(message: MessageId, received: Timestamp) -> String {
    format!("payload/1/{message}/{}", received.as_microsecond())
}

pub(super) fn note_context(message: MessageId, name: &str) -> String {
    format!("note/1/{message}/{name}")
}

pub(super) fn write_message(received: Timestamp, sealed: &Sealed) -> Vec<u8> {
    let received = received.as_microsecond().to_be_bytes();
    [MESSAGE.as_slice(), sealed.key.as_bytes(), &received, &sealed.ciphertext].concat()
}

pub(super) fn read_message(operation: &'static str, body: &[u8]) -> Result<(Timestamp, Sealed), PortError> {
    let damaged = || damaged(operation);
    let body = body.strip_prefix(&MESSAGE).ok_or_else(damaged)?;
    let (key, body) = body.split_first_chunk().ok_or_else(damaged)?;
    let (received, ciphertext) = body.split_first_chunk().ok_or_else(damaged)?;
    let received = Timestamp::from_microsecond(i64::from_be_bytes(*received)).map_err(|_| damaged())?;
    Ok((received, Sealed { key: Uuid::from_bytes(*key), ciphertext: ciphertext.to_vec() }))
}

pub(super) fn write_note(sealed: &Sealed) -> Vec<u8> {
    [NOTE.as_slice(), sealed.key.as_bytes(), &sealed.ciphertext].concat()
}

pub(super) fn read_note(operation: &'static str, body: &[u8]) -> Result<Sealed, PortError> {
    let damaged = || damaged(operation);
    let body = body.strip_prefix(&NOTE).ok_or_else(damaged)?;
    let (key, ciphertext) = body.split_first_chunk().ok_or_else(damaged)?;
    Ok(Sealed { key: Uuid::from_bytes(*key), ciphertext: ciphertext.to_vec() })
}

fn damaged(operation: &'static str) -> PortError {
    PortError::Damaged { operation, reason: "the object has not the shape of what is stored here".into() }
}
