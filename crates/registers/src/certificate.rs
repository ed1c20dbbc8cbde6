//! Certificates of recipients: X.509 (RFC 5280) for S/MIME (RFC 8550).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;
use x509_parser::public_key::PublicKey;

/// A certificate is not longer than this.
const MAX_DER: usize = 16 << 10;

/// A certificate that mails can be encrypted for.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// Whether a certificate can be used at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It can.
    Valid,
    /// Not yet.
    NotYet,
    /// Not any more.
    Expired,
}

impl Certificate {
    /// Reads PEM, or DER as it is or in base64. The error is a code: `certificate-unreadable`,
    /// `certificate-usage` (it is not for encrypting mail), `certificate-key-weak` (RSA of fewer than
    /// 2048 bits, or another key than RSA, P-256 and P-384).
    pub fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let der = der(bytes).filter(|der| der.len() <= MAX_DER).ok_or("certificate-unreadable")?;
        let (rest, parsed) = parse_x509_certificate(&der).map_err(|_| "certificate-unreadable")?;
        if !rest.is_empty() {
            return Err("certificate-unreadable");
        }
        let (key, rsa) = key(&parsed).ok_or("certificate-key-weak")?;
        usage(&parsed, rsa)?;
        let time = |seconds| Timestamp::from_second(seconds).map_err(|_| "certificate-unreadable");
        let read = Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            not_before: time(parsed.validity().not_before.timestamp())?,
            not_after: time(parsed.validity().not_after.timestamp())?,
            key,
            addresses: addresses(&parsed),
            fingerprint: fingerprint(&der),
            der: Vec::new(),
        };
        Ok(Self { der, ..read })
    }

    /// Whether it can be used now.
    #[must_use]
    pub fn validity(&self, now: Timestamp) -> Validity {
        if now < self.not_before {
            Validity::NotYet
        } else if now > self.not_after {
            Validity::Expired
        } else {
            Validity::Valid
        }
    }

    /// Whether it names this address, or none at all (RFC 8550 §3: then the directory vouches for it).
    #[must_use]
    pub fn fits(&self, address: &str) -> bool {
        self.addresses.is_empty() || self.addresses.iter().any(|named| named.eq_ignore_ascii_case(address))
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

/// Kind and size of the key, and whether it is RSA; none when it is weak or unknown.
fn key(certificate: &X509Certificate<'_>) -> Option<(String, bool)> {
    const P256: &str = "1.2.840.10045.3.1.7";
    const P384: &str = "1.3.132.0.34";
    let info = certificate.public_key();
    match info.parsed().ok()? {
        PublicKey::RSA(rsa) => {
            let bits = rsa.key_size();
            (bits >= 2048).then(|| (format!("RSA {bits}"), true))
        }
        PublicKey::EC(_) => {
            let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
            match curve.as_str() {
                P256 => Some((String::from("EC P-256"), false)),
                P384 => Some((String::from("EC P-384"), false)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Key usage and extended key usage, where they stand, allow encryption of mail (RFC 8550 §4.4).
fn usage(certificate: &X509Certificate<'_>, rsa: bool) -> Result<(), &'static str> {
    let unreadable = |_| "certificate-unreadable";
    if let Some(usage) = certificate.key_usage().map_err(unreadable)? {
        let right = if rsa { usage.value.key_encipherment() } else { usage.value.key_agreement() };
        if !right {
            return Err("certificate-usage");
        }
    }
    if let Some(usage) = certificate.extended_key_usage().map_err(unreadable)?
        && !usage.value.email_protection
        && !usage.value.any
    {
        return Err("certificate-usage");
    }
    Ok(())
}

fn addresses(certificate: &X509Certificate<'_>) -> Vec<String> {
    let mut found: Vec<String> = certificate
        .subject()
        .iter_email()
        .filter_map(|attribute| attribute.as_str().ok())
        .map(str::to_owned)
        .collect();
    if let Ok(Some(names)) = certificate.subject_alternative_name() {
        found.extend(names.value.general_names.iter().filter_map(|name| match name {
            GeneralName::RFC822Name(address) => Some((*address).to_owned()),
            _ => None,
        }));
    }
    found
}

fn fingerprint(der: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, der);
    hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
