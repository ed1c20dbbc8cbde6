//! Whether a provider's certificate can be encrypted for.

use std::fmt;

use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{
    ANY_EXTENDED_KEY_USAGE, ID_EC_PUBLIC_KEY, ID_KP_EMAIL_PROTECTION, RSA_ENCRYPTION, SECP_256_R_1,
    SECP_384_R_1,
};
use der::{Decode, Encode};
use jiff::Timestamp;
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, SubjectAltName};

/// A provider's certificate that mail can be encrypted for.
#[derive(Clone)]
pub struct RecipientCertificate {
    pub(super) certificate: Certificate,
    pub(super) key: RecipientKey,
}

#[derive(Clone)]
pub(super) enum RecipientKey {
    /// A SubjectPublicKeyInfo.
    Rsa(Vec<u8>),
    /// A point.
    P256(Vec<u8>),
    /// A point.
    P384(Vec<u8>),
}

/// Why mail cannot be encrypted for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateFault {
    /// It is not valid any more.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It names addresses, and the provider's is not among them.
    OtherAddress,
    /// It is not for encryption of mail, or its key is of a kind or size that is not used.
    Unusable,
}

impl CertificateFault {
    /// The code in steps: `certificate-expired`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "certificate-expired",
            Self::NotYetValid => "certificate-not-yet-valid",
            Self::OtherAddress => "certificate-other-address",
            Self::Unusable => "certificate-unusable",
        }
    }
}

impl RecipientCertificate {
    /// Reads a certificate (DER) and checks that mail to `address` can be encrypted for it at `now`:
    /// its validity, that it may encrypt (RSA: keyEncipherment, EC: keyAgreement; RFC 8551 §4.4.2), that
    /// it is for mail where it says what it is for (§4.4.4), that it is of this address where it names
    /// any (§3), and its key: RSA of 2048 to 8192 bits, P-256 or P-384.
    ///
    /// Who issued it is not asked: whoever put it in the directory answers for it.
    ///
    /// # Errors
    ///
    /// The fault.
    pub fn check(der: &[u8], address: &str, now: Timestamp) -> Result<Self, CertificateFault> {
        let certificate = Certificate::from_der(der).map_err(|_| CertificateFault::Unusable)?;
        let held = &certificate.tbs_certificate;
        let now = u64::try_from(now.as_second()).unwrap_or(0);
        if held.validity.not_before.to_unix_duration().as_secs() > now {
            return Err(CertificateFault::NotYetValid);
        }
        if held.validity.not_after.to_unix_duration().as_secs() < now {
            return Err(CertificateFault::Expired);
        }
        let key = key(&certificate).ok_or(CertificateFault::Unusable)?;
        let usage: Option<KeyUsage> = extension(&certificate)?;
        let may = usage.is_none_or(|usage| match key {
            RecipientKey::Rsa(_) => usage.key_encipherment(),
            RecipientKey::P256(_) | RecipientKey::P384(_) => usage.key_agreement(),
        });
        let purposes: Option<ExtendedKeyUsage> = extension(&certificate)?;
        let for_mail = purposes.is_none_or(|purposes| {
            purposes
                .0
                .iter()
                .any(|purpose| [ID_KP_EMAIL_PROTECTION, ANY_EXTENDED_KEY_USAGE].contains(purpose))
        });
        if !may || !for_mail {
            return Err(CertificateFault::Unusable);
        }
        let names: Option<SubjectAltName> = extension(&certificate)?;
        let mut addresses = names
            .iter()
            .flat_map(|names| &names.0)
            .filter_map(|name| match name {
                GeneralName::Rfc822Name(address) => Some(address.as_str()),
                _ => None,
            })
            .peekable();
        if addresses.peek().is_some() && !addresses.any(|named| named.eq_ignore_ascii_case(address)) {
            return Err(CertificateFault::OtherAddress);
        }
        Ok(Self { certificate, key })
    }
}

impl fmt::Debug for RecipientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecipientCertificate")
    }
}

fn extension<'c, T: Decode<'c> + const_oid::AssociatedOid>(
    certificate: &'c Certificate,
) -> Result<Option<T>, CertificateFault> {
    let found = certificate.tbs_certificate.get::<T>().map_err(|_| CertificateFault::Unusable)?;
    Ok(found.map(|(_, value)| value))
}

fn key(certificate: &Certificate) -> Option<RecipientKey> {
    let info = &certificate.tbs_certificate.subject_public_key_info;
    let bits = info.subject_public_key.as_bytes()?;
    match info.algorithm.oid {
        RSA_ENCRYPTION => {
            let info = info.to_der().ok()?;
            let key = Pkcs1PublicEncryptingKey::new(PublicEncryptingKey::from_der(&info).ok()?).ok()?;
            (2048..=8192).contains(&key.key_size_bits()).then_some(RecipientKey::Rsa(info))
        }
        ID_EC_PUBLIC_KEY => {
            let curve: ObjectIdentifier = info.algorithm.parameters.as_ref()?.decode_as().ok()?;
            match (curve, bits.len()) {
                (SECP_256_R_1, 65) => Some(RecipientKey::P256(bits.to_vec())),
                (SECP_384_R_1, 97) => Some(RecipientKey::P384(bits.to_vec())),
                _ => None,
            }
        }
        _ => None,
    }
}
