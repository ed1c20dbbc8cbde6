//! Secrets of one run: the access token, and the key of page links. The one place here that draws randomness.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use zorgsluis_domain::PortError;
use zorgsluis_domain::port::Random;

use crate::GatewayError;

/// Bytes of a nonce of AES-GCM.
const NONCE: usize = 12;

/// Bytes from the operating system's source of randomness.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], GatewayError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| GatewayError::Randomness)?;
    Ok(bytes)
}

/// The same as a port.
pub(crate) struct OwnRandom;

impl Random for OwnRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError> {
        rand::fill(bytes).map_err(|_| PortError::unavailable("random.fill", GatewayError::Randomness))
    }
}

/// Text of 256 random bits, fit for headers, cookies and forms.
pub(crate) fn random_text() -> Result<String, GatewayError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let (a, b) = (digest(&SHA256, a.as_bytes()), digest(&SHA256, b.as_bytes()));
    verify_slices_are_equal(a.as_ref(), b.as_ref()).is_ok()
}

/// The bearer token that opens the gateway. Its `Debug` does not print it.
#[derive(Clone)]
pub struct AccessToken(String);

impl AccessToken {
    /// A new token: 256 random bits as 43 characters of base64url.
    pub fn generate() -> Result<Self, GatewayError> {
        random_text().map(Self)
    }

    /// A token that was made elsewhere. It must have at least 32 characters, of those that a header may
    /// hold.
    pub fn from_text(text: &str) -> Result<Self, GatewayError> {
        let fit = text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fit { Ok(Self(text.to_owned())) } else { Err(GatewayError::WeakToken) }
    }

    /// The text, to be shown once to the person who starts the server.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn is(&self, presented: &str) -> bool {
        same(&self.0, presented)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken")
    }
}

/// Seals what must travel in a link without being readable there. The key lives as long as the process.
pub(crate) struct LinkKey(RandomizedNonceKey);

impl LinkKey {
    pub(crate) fn generate() -> Result<Self, GatewayError> {
        let key = random::<32>()?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).map(Self).map_err(|_| GatewayError::Randomness)
    }

    /// The sealed text as base64url. `context` must be given again to open it.
    pub(crate) fn seal(&self, context: &str, mut plain: Vec<u8>) -> Option<String> {
        let aad = Aad::from(context.as_bytes());
        let nonce = self.0.seal_in_place_append_tag(aad, &mut plain).ok()?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut plain);
        Some(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What was sealed; `None` when it was not sealed by this process in this context.
    pub(crate) fn open(&self, context: &str, sealed: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut ciphertext = ciphertext.to_vec();
        let aad = Aad::from(context.as_bytes());
        self.0.open_in_place(nonce, aad, &mut ciphertext).ok().map(|plain| plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_only_in_its_context_and_unchanged() {
        let key = LinkKey::generate().unwrap();
        let sealed = key.seal("Patient", b"name=Sluiswachter".to_vec()).unwrap();
        assert!(!sealed.contains("Sluiswachter"));
        assert_eq!(key.open("Patient", &sealed).unwrap(), b"name=Sluiswachter");
        assert_eq!(key.open("Encounter", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key.open("Patient", &changed), None, "character {at}");
        }
        assert_eq!(LinkKey::generate().unwrap().open("Patient", &sealed), None, "another run");
        assert_eq!(key.open("Patient", ""), None);
    }

    #[test]
    fn a_token_is_compared_as_a_whole_and_never_printed() {
        let token = AccessToken::generate().unwrap();
        assert!(token.is(token.reveal()));
        assert!(!token.is(&format!("{}=", token.reveal())));
        assert!(!token.is(""));
        assert!(!format!("{token:?}").contains(token.reveal()));
        assert!(matches!(AccessToken::from_text("short"), Err(GatewayError::WeakToken)));
    }
}
