//! The cursor of a page: what the store's next link says, sealed.
//!
//! A next link may repeat what was searched for, so the cursor shows nothing of it; and it holds only for the
//! search that it was given for, so that nobody who may search one thing goes on with another.

use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zorgsluis_domain::port::Keys;
use zorgsluis_domain::{PortError, Purpose};

/// Bytes of nonce in front of what is sealed.
const NONCE: usize = 12;

/// Seals and opens cursors.
pub(super) struct Cursors(RandomizedNonceKey);

impl Cursors {
    /// Under a key made from that of messages, the same in every function and on every day.
    pub(super) fn new(keys: &dyn Keys) -> Result<Self, PortError> {
        let key = keys.pseudonym(Purpose::Message, &[b"fhir-store cursor"]);
        RandomizedNonceKey::new(&AES_256_GCM, key.as_bytes()).map(Self).map_err(|_| PortError::Refused {
            operation: "fhir.open",
            reason: String::from("the key of cursors"),
        })
    }

    pub(super) fn seal(
        &self,
        operation: &'static str,
        context: &[u8],
        link: &str,
    ) -> Result<String, PortError> {
        let mut text = link.as_bytes().to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(context), &mut text);
        let nonce = nonce.map_err(|cause| PortError::unavailable(operation, cause))?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_ref().as_slice(), &text].concat()))
    }

    pub(super) fn open(
        &self,
        operation: &'static str,
        context: &[u8],
        cursor: &str,
    ) -> Result<String, PortError> {
        let refused = || PortError::Refused {
            operation,
            reason: String::from("the page cursor is not one of this search"),
        };
        let mut sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let (nonce, text) = sealed.split_at_mut_checked(NONCE).ok_or_else(refused)?;
        let nonce = aws_lc_rs::aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| refused())?;
        let plain = self.0.open_in_place(nonce, Aad::from(context), text).map_err(|_| refused())?;
        String::from_utf8(plain.to_vec()).map_err(|_| refused())
    }
}
