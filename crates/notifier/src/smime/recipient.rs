//! Whether a provider's certificate can be encrypted for: the one place that decides it, for imports, pages
//! and mails alike.

use std::fmt;

use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{
    ANY_EXTENDED_KEY_USAGE, ID_EC_PUBLIC_KEY, ID_KP_EMAIL_PROTECTION, RSA_ENCRYPTION, SECP_256_R_1,
    SECP_384_R_1,
};
use der::asn1::{Ia5StringRef, PrintableStringRef, Utf8StringRef};
use der::{Any, Decode, Encode, Tag, Tagged};
use jiff::Timestamp;
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, SubjectAltName};
use x509_cert::name::Name;
use x509_cert::time::Time;

/// A certificate is not longer than this.
const MAX_DER: usize = 16 << 10;
/// emailAddress in a subject (PKCS #9, RFC 2985 §5.2.1).
const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");
/// SmtpUTF8Mailbox among the other names (RFC 8398 §3).
const SMTP_UTF8_MAILBOX: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.9");

/// A provider's certificate that mail can be encrypted for, while it is valid.
#[derive(Clone)]
pub struct RecipientCertificate {
    pub(super) certificate: Certificate,
    pub(super) key: RecipientKey,
    label: String,
    addresses: Vec<String>,
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
    /// It is no X.509 certificate, or one of more than 16 KiB.
    Unreadable,
    /// It is not for the encryption of mail.
    Usage,
    /// Its key is of a kind or size that is not used.
    Key,
}

impl CertificateFault {
    /// The code in steps and reports: `certificate-expired`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "certificate-expired",
            Self::NotYetValid => "certificate-not-yet-valid",
            Self::OtherAddress => "certificate-other-address",
            Self::Unreadable => "certificate-unreadable",
            Self::Usage => "certificate-usage",
            Self::Key => "certificate-key-weak",
        }
    }
}

impl RecipientCertificate {
    /// Reads a certificate (DER) and checks what time and address do not change: that it may encrypt (RSA:
    /// keyEncipherment, EC: keyAgreement; RFC 8550 §4.4.2), that it is for mail where it says what it is for
    /// (§4.4.4), and its key: RSA of 2048 to 8192 bits, P-256 or P-384.
    ///
    /// Who issued it is not asked: whoever put it in the directory answers for it.
    ///
    /// # Errors
    ///
    /// The fault.
    pub fn read(der: &[u8]) -> Result<Self, CertificateFault> {
        let certificate = Some(der)
            .filter(|der| der.len() <= MAX_DER)
            .and_then(|der| Certificate::from_der(der).ok())
            .ok_or(CertificateFault::Unreadable)?;
        let (key, label) = key(&certificate).ok_or(CertificateFault::Key)?;
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
            return Err(CertificateFault::Usage);
        }
        let addresses = addresses(&certificate)?;
        Ok(Self { certificate, key, label, addresses })
    }

    /// Reads a certificate, and checks that mail to `address` can be encrypted for it at `now`.
    ///
    /// # Errors
    ///
    /// The fault.
    pub fn check(der: &[u8], address: &str, now: Timestamp) -> Result<Self, CertificateFault> {
        let read = Self::read(der)?;
        read.is_valid(now)?;
        read.is_of(address)?;
        Ok(read)
    }

    /// Whether it is valid at `now`.
    ///
    /// # Errors
    ///
    /// [`CertificateFault::NotYetValid`], [`CertificateFault::Expired`].
    pub fn is_valid(&self, now: Timestamp) -> Result<(), CertificateFault> {
        if now < self.not_before() {
            return Err(CertificateFault::NotYetValid);
        }
        if now > self.not_after() {
            return Err(CertificateFault::Expired);
        }
        Ok(())
    }

    /// Whether it is of this address, or names none at all (then the directory answers for it).
    ///
    /// # Errors
    ///
    /// [`CertificateFault::OtherAddress`].
    pub fn is_of(&self, address: &str) -> Result<(), CertificateFault> {
        let named = &self.addresses;
        if named.is_empty() || named.iter().any(|named| named.eq_ignore_ascii_case(address)) {
            return Ok(());
        }
        Err(CertificateFault::OtherAddress)
    }

    /// Whom it names (RFC 4514).
    #[must_use]
    pub fn subject(&self) -> String {
        self.certificate.tbs_certificate.subject.to_string()
    }

    /// Who issued it (RFC 4514).
    #[must_use]
    pub fn issuer(&self) -> String {
        self.certificate.tbs_certificate.issuer.to_string()
    }

    /// The first second of its validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        time(&self.certificate.tbs_certificate.validity.not_before)
    }

    /// The last one.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        time(&self.certificate.tbs_certificate.validity.not_after)
    }

    /// Kind and size of its key: `RSA 3072`, `EC P-256`.
    #[must_use]
    pub fn key_label(&self) -> &str {
        &self.label
    }

    /// The e-mail addresses that it names (RFC 8550 §3): those of the subject's alternative name; where
    /// there are none, the subject's emailAddress.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }
}

impl fmt::Debug for RecipientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecipientCertificate")
    }
}

/// A time of a validity, to the second.
pub(super) fn time(time: &Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

fn extension<'c, T: Decode<'c> + const_oid::AssociatedOid>(
    certificate: &'c Certificate,
) -> Result<Option<T>, CertificateFault> {
    let found = certificate.tbs_certificate.get::<T>().map_err(|_| CertificateFault::Unreadable)?;
    Ok(found.map(|(_, value)| value))
}

pub(super) fn addresses(certificate: &Certificate) -> Result<Vec<String>, CertificateFault> {
    let names: Option<SubjectAltName> = extension(certificate)?;
    let named: Vec<String> = names
        .iter()
        .flat_map(|names| &names.0)
        .filter_map(|name| match name {
            GeneralName::Rfc822Name(address) => Some(address.as_str().to_owned()),
            GeneralName::OtherName(other) if other.type_id == SMTP_UTF8_MAILBOX => Some(text(&other.value)),
            _ => None,
        })
        .collect();
    if named.is_empty() {
        return Ok(attributes(&certificate.tbs_certificate.subject, EMAIL_ADDRESS));
    }
    Ok(named)
}

/// The values of an attribute of a name.
pub(super) fn attributes(name: &Name, wanted: ObjectIdentifier) -> Vec<String> {
    name.0
        .iter()
        .flat_map(|set| set.0.iter())
        .filter(|attribute| attribute.oid == wanted)
        .map(|attribute| text(&attribute.value))
        .collect()
}

/// A text; one in a writing that is not read is empty, which is nobody's address.
fn text(value: &Any) -> String {
    let text = match value.tag() {
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().map(|text| text.as_str().to_owned()),
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().map(|text| text.as_str().to_owned()),
        Tag::PrintableString => {
            value.decode_as::<PrintableStringRef<'_>>().map(|text| text.as_str().to_owned())
        }
        _ => return String::new(),
    };
    text.unwrap_or_default()
}

fn key(certificate: &Certificate) -> Option<(RecipientKey, String)> {
    let info = &certificate.tbs_certificate.subject_public_key_info;
    let bits = info.subject_public_key.as_bytes()?;
    match info.algorithm.oid {
        RSA_ENCRYPTION => {
            let info = info.to_der().ok()?;
            let key = Pkcs1PublicEncryptingKey::new(PublicEncryptingKey::from_der(&info).ok()?).ok()?;
            let size = key.key_size_bits();
            (2048..=8192).contains(&size).then(|| (RecipientKey::Rsa(info), format!("RSA {size}")))
        }
        ID_EC_PUBLIC_KEY => {
            let curve: ObjectIdentifier = info.algorithm.parameters.as_ref()?.decode_as().ok()?;
            match (curve, bits.len()) {
                (SECP_256_R_1, 65) => Some((RecipientKey::P256(bits.to_vec()), String::from("EC P-256"))),
                (SECP_384_R_1, 97) => Some((RecipientKey::P384(bits.to_vec()), String::from("EC P-384"))),
                _ => None,
            }
        }
        _ => None,
    }
}
