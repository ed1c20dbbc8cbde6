//! The text form of public keys (C2SP signed-note, "Verifier keys"): `name+id+base64(type ‖ key)`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::hash::sha256;
use crate::sign::KeyError;

/// The id of a key: the first four bytes of `SHA-256(name ‖ "\n" ‖ type ‖ key)`.
pub(crate) fn id(name: &str, kind: u8, key: &[u8; 32]) -> Result<u32, KeyError> {
    if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(KeyError::Name);
    }
    let hashed = [name.as_bytes(), &[b'\n', kind], key].concat();
    let [a, b, c, d, ..] = sha256(&hashed).0;
    Ok(u32::from_be_bytes([a, b, c, d]))
}

/// Reads the text form of a key of this type: name and key.
pub(crate) fn parse(text: &str, kind: u8) -> Result<(&str, [u8; 32]), KeyError> {
    // The name holds no plus sign, base64 may.
    let (name, rest) = text.split_once('+').ok_or(KeyError::Form)?;
    let (stated, key) = rest.split_once('+').ok_or(KeyError::Form)?;
    if stated.len() != 8 || !stated.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(KeyError::Form);
    }
    let stated = u32::from_str_radix(stated, 16).map_err(|_| KeyError::Form)?;
    let key = STANDARD.decode(key).map_err(|_| KeyError::Form)?;
    let (&found, key) = key.split_first().ok_or(KeyError::Form)?;
    let key = <[u8; 32]>::try_from(key).map_err(|_| KeyError::Type)?;
    if found != kind {
        return Err(KeyError::Type);
    }
    if id(name, kind, &key)? == stated { Ok((name, key)) } else { Err(KeyError::Id) }
}

/// Writes the text form.
pub(crate) fn write(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    id: u32,
    kind: u8,
    key: &[u8; 32],
) -> fmt::Result {
    let key: Vec<u8> = std::iter::once(kind).chain(*key).collect();
    write!(f, "{name}+{id:08x}+{}", STANDARD.encode(key))
}
