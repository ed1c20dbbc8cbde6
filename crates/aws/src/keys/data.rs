//! A data key in the clear: AES-256-GCM with random nonces, in the format of `embedded`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use uuid::Uuid;
use zorgsluis_domain::PortError;

pub(super) struct DataKey {
    id: Uuid,
    class: String,
    key: RandomizedNonceKey,
}

impl DataKey {
    /// # Errors
    ///
    /// `Damaged` when it has not 32 bytes.
    pub(super) fn new(
        operation: &'static str,
        id: Uuid,
        class: &str,
        bytes: &[u8],
    ) -> Result<Self, PortError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, bytes)
            .map_err(|_| PortError::Damaged { operation, reason: "not a key of 32 bytes".into() })?;
        Ok(Self { id, class: class.to_owned(), key })
    }

    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    /// The name of the class of what it protects.
    pub(super) fn class(&self) -> &str {
        &self.class
    }

    /// Nonce ‖ ciphertext ‖ tag. The key's id is authenticated with the context.
    pub(super) fn seal(
        &self,
        operation: &'static str,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, PortError> {
        let mut text = Vec::with_capacity(plaintext.len() + AES_256_GCM.tag_len());
        text.extend_from_slice(plaintext);
        let context = [self.id.as_bytes(), context].concat();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(context), &mut text)
            .map_err(|_| PortError::unavailable(operation, "the data could not be encrypted"))?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    pub(super) fn open(
        &self,
        operation: &'static str,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, PortError> {
        let damaged = || PortError::Damaged { operation, reason: "it does not open under its key".into() };
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
        let mut text = ciphertext.to_vec();
        let context = [self.id.as_bytes(), context].concat();
        let length = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut text)
            .map_err(|_| damaged())?
            .len();
        text.truncate(length);
        Ok(text)
    }
}
