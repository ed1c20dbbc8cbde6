//! Certificates of recipients, as files and forms bring them. Whether mail can be encrypted for one, the
//! notifier decides ([`RecipientCertificate`]): what counts as good here is what mails are encrypted for.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use zorgsluis_notifier::{CertificateFault, RecipientCertificate};

/// A certificate that mails can be encrypted for, while it is valid.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// As it is stored and sent: DER.
    pub der: Vec<u8>,
    /// Whom it names.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The first moment of its validity.
    pub not_before: Timestamp,
    /// The last one.
    pub not_after: Timestamp,
    /// Kind and size of its key: `RSA 3072`, `EC P-256`.
    pub key: String,
    /// The e-mail addresses that it names.
    pub addresses: Vec<String>,
    /// SHA-256 of the DER, in pairs of digits as `openssl x509 -fingerprint` prints them.
    pub fingerprint: String,
    checked: RecipientCertificate,
}

impl Certificate {
    /// Reads PEM, or DER as it is or in base64.
    ///
    /// # Errors
    ///
    /// [`CertificateFault::Unreadable`], [`CertificateFault::Usage`], [`CertificateFault::Key`].
    pub fn read(bytes: &[u8]) -> Result<Self, CertificateFault> {
        let der = der(bytes).ok_or(CertificateFault::Unreadable)?;
        let checked = RecipientCertificate::read(&der)?;
        Ok(Self {
            subject: checked.subject(),
            issuer: checked.issuer(),
            not_before: checked.not_before(),
            not_after: checked.not_after(),
            key: checked.key_label().to_owned(),
            addresses: checked.addresses().to_vec(),
            fingerprint: fingerprint(&der),
            der,
            checked,
        })
    }

    /// Whether it is valid now.
    ///
    /// # Errors
    ///
    /// [`CertificateFault::NotYetValid`], [`CertificateFault::Expired`].
    pub fn is_valid(&self, now: Timestamp) -> Result<(), CertificateFault> {
        self.checked.is_valid(now)
    }

    /// Whether it is of this address, or names none (RFC 8550 §3: then the directory answers for it).
    ///
    /// # Errors
    ///
    /// [`CertificateFault::OtherAddress`].
    pub fn is_of(&self, address: &str) -> Result<(), CertificateFault> {
        self.checked.is_of(address)
    }
}

fn der(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.first() == Some(&0x30) {
        return Some(bytes.to_vec());
    }
    if bytes.windows(10).any(|window| window == b"-----BEGIN") {
        return CertificateDer::from_pem_slice(bytes).ok().map(|der| der.to_vec());
    }
    let compact: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(compact).ok()
}

fn fingerprint(der: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, der);
    hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
