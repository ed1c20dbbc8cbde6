//! S/MIME (RFC 8551): signed by the organisation, then encrypted for one provider.

mod envelope;
mod identity;
mod recipient;
mod sign;

use std::fmt;

pub use envelope::ContentCipher;
pub(crate) use envelope::encrypt;
pub use identity::{SigningIdentity, SigningPem};
pub use recipient::{CertificateFault, RecipientCertificate};
pub(crate) use sign::sign;

/// DER of a CMS ContentInfo, with the `smime-type` of its MIME part (RFC 8551 §3.2.2).
pub(crate) struct Cms {
    pub(crate) smime_type: &'static str,
    pub(crate) der: Vec<u8>,
}

impl fmt::Debug for Cms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cms").field("smime_type", &self.smime_type).finish_non_exhaustive()
    }
}

/// Wraps a content in a ContentInfo (RFC 5652 §3).
fn content_info(
    content_type: der::asn1::ObjectIdentifier,
    content: &impl der::Encode,
) -> der::Result<Vec<u8>> {
    use der::{Decode, Encode};
    let content = der::Any::from_der(&content.to_der()?)?;
    cms::content_info::ContentInfo { content_type, content }.to_der()
}
