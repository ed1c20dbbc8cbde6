//! AES-256-GCM with random nonces, for data and for the keys of data.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use uuid::Uuid;
use zorgsluis_domain::PortError;

use crate::source::random;

/// A data key, ready for use.
pub(super) struct DataKey {
    id: Uuid,
    key: RandomizedNonceKey,
}

impl DataKey {
    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn seal(
        &self,
        operation: &'static str,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, PortError> {
        seal(&self.key, operation, &[self.id.as_bytes(), context].concat(), plaintext)
    }

    pub(super) fn open(
        &self,
        operation: &'static str,
        context: &[u8],
        ciphertext: &[u8],
    ) -> Result<Vec<u8>, PortError> {
        open(&self.key, operation, &[self.id.as_bytes(), context].concat(), ciphertext)
    }
}

/// The key that encrypts data keys.
pub(super) struct WrappingKey(RandomizedNonceKey);

impl WrappingKey {
    pub(super) fn new(bytes: &[u8; 32]) -> Option<Self> {
        RandomizedNonceKey::new(&AES_256_GCM, bytes).ok().map(Self)
    }

    /// A new data key, and the same wrapped for one id, owner and class.
    pub(super) fn generate(
        &self,
        operation: &'static str,
        id: Uuid,
        owner: &[u8; 32],
        class: &str,
    ) -> Result<(DataKey, Vec<u8>), PortError> {
        let bytes: [u8; 32] = random(operation)?;
        let wrapped = seal(&self.0, operation, &binding(id, owner, class), &bytes)?;
        Ok((data_key(operation, id, &bytes)?, wrapped))
    }

    pub(super) fn unwrap(
        &self,
        operation: &'static str,
        id: Uuid,
        owner: &[u8; 32],
        class: &str,
        wrapped: &[u8],
    ) -> Result<DataKey, PortError> {
        data_key(operation, id, &open(&self.0, operation, &binding(id, owner, class), wrapped)?)
    }
}

/// Binds a wrapped key to its row.
fn binding(id: Uuid, owner: &[u8; 32], class: &str) -> Vec<u8> {
    [id.as_bytes().as_slice(), owner, class.as_bytes()].concat()
}

fn data_key(operation: &'static str, id: Uuid, bytes: &[u8]) -> Result<DataKey, PortError> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, bytes)
        .map_err(|_| PortError::Damaged { operation, reason: String::from("not a key of 32 bytes") })?;
    Ok(DataKey { id, key })
}

/// Nonce ‖ ciphertext ‖ tag.
fn seal(
    key: &RandomizedNonceKey,
    operation: &'static str,
    context: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, PortError> {
    let mut text = Vec::with_capacity(plaintext.len() + AES_256_GCM.tag_len());
    text.extend_from_slice(plaintext);
    let nonce = key
        .seal_in_place_append_tag(Aad::from(context), &mut text)
        .map_err(|_| PortError::unavailable(operation, "the data could not be encrypted"))?;
    Ok([nonce.as_ref().as_slice(), &text].concat())
}

fn open(
    key: &RandomizedNonceKey,
    operation: &'static str,
    context: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, PortError> {
    let damaged = || PortError::Damaged { operation, reason: String::from("it does not open under its key") };
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
    let mut text = ciphertext.to_vec();
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut text)
        .map_err(|_| damaged())?
        .len();
    text.truncate(length);
    Ok(text)
}
