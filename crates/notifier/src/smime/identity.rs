//! The certificate and key with which the organisation signs.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair, RsaKeyPair,
};
use const_oid::ObjectIdentifier;
use der::Encode;
use jiff::{Span, Timestamp, tz::TimeZone};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, SanType,
};
use x509_cert::Certificate;
use x509_cert::der::EncodePem;
use x509_cert::der::pem::LineEnding;

use super::recipient::{addresses, attributes, time};
use crate::NotifierError;

/// commonName in a subject (X.520).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// Certificates of a chain at most.
const CHAIN: usize = 8;

/// The certificate (with its chain) and the key with which the organisation signs its mail.
pub struct SigningIdentity {
    certificates: Vec<Certificate>,
    key: SigningKey,
}

pub(super) enum SigningKey {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
}

/// A certificate and its key as PEM, as they are kept.
#[derive(Clone)]
pub struct SigningPem {
    /// Certificates: that of the signer first, then its chain.
    pub certificate: String,
    /// The private key: PKCS#8, PKCS#1 or SEC 1. A secret.
    pub key: String,
}

impl fmt::Debug for SigningPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningPem")
    }
}

impl fmt::Debug for SigningIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningIdentity")
            .field("certificates", &self.certificates.len())
            .finish_non_exhaustive()
    }
}

impl SigningIdentity {
    /// Reads certificate and key, and checks that they belong together.
    ///
    /// # Errors
    ///
    /// [`NotifierError::CertificateUnreadable`], [`NotifierError::KeyUnreadable`],
    /// [`NotifierError::KeyMismatch`].
    pub fn from_pem(pem: &SigningPem) -> Result<Self, NotifierError> {
        // An empty text makes the library panic (x509-cert 0.2.5).
        let chain = Some(pem.certificate.trim()).filter(|chain| !chain.is_empty());
        let certificates =
            Certificate::load_pem_chain(chain.ok_or(NotifierError::CertificateUnreadable)?.as_bytes())
                .map_err(|_| NotifierError::CertificateUnreadable)?;
        let signer = certificates
            .first()
            .filter(|_| certificates.len() <= CHAIN)
            .ok_or(NotifierError::CertificateUnreadable)?;
        let (label, key) =
            der::pem::decode_vec(pem.key.trim().as_bytes()).map_err(|_| NotifierError::KeyUnreadable)?;
        let key = SigningKey::read(label, &key).ok_or(NotifierError::KeyUnreadable)?;
        let info = &signer.tbs_certificate.subject_public_key_info;
        if info.subject_public_key.as_bytes() != Some(key.public()) {
            return Err(NotifierError::KeyMismatch);
        }
        Ok(Self { certificates, key })
    }

    /// Makes a new key and a certificate that nobody but itself vouches for, so that a new system can
    /// sign at once: `CN=<organisation>, OU=self-signed`, for `address`, valid for three years from the
    /// day before `now`. A mail program shows its signature as unknown until the certificate is trusted
    /// or replaced by one of a certification authority.
    ///
    /// # Errors
    ///
    /// [`NotifierError::Generate`].
    pub fn generate(organisation: &str, address: &str, now: Timestamp) -> Result<SigningPem, NotifierError> {
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, organisation);
        name.push(DnType::OrganizationalUnitName, "self-signed");
        params.distinguished_name = name;
        let address = address.try_into().map_err(NotifierError::Generate)?;
        params.subject_alt_names = vec![SanType::Rfc822Name(address)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
        let day = now.to_zoned(TimeZone::UTC).date();
        let (from, to) = (day.saturating_sub(Span::new().days(1)), day.saturating_add(Span::new().years(3)));
        let date = |date: jiff::civil::Date| {
            let part = |number: i8| u8::try_from(number).unwrap_or(1);
            rcgen::date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
        };
        (params.not_before, params.not_after) = (date(from), date(to));
        let key =
            rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(NotifierError::Generate)?;
        let certificate = params.self_signed(&key).map_err(NotifierError::Generate)?;
        Ok(SigningPem { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    /// The certificate as PEM, for those who want to trust it.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.signer().and_then(|signer| signer.to_pem(LineEnding::LF).ok()).unwrap_or_default()
    }

    /// Whether nobody but itself vouches for the certificate.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.signer().is_some_and(|signer| {
            let (issuer, subject) = (&signer.tbs_certificate.issuer, &signer.tbs_certificate.subject);
            issuer.to_der().ok() == subject.to_der().ok()
        })
    }

    /// Until when the certificate is valid.
    #[must_use]
    pub fn valid_until(&self) -> Option<Timestamp> {
        Some(time(&self.signer()?.tbs_certificate.validity.not_after))
    }

    /// Whether the certificate is valid at `now`.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.signer().is_some_and(|signer| {
            let validity = &signer.tbs_certificate.validity;
            (time(&validity.not_before)..=time(&validity.not_after)).contains(&now)
        })
    }

    /// Whether the certificate names an address: one that does not makes mail programs warn of mails from
    /// there (RFC 8550 §3).
    #[must_use]
    pub fn names(&self, address: &str) -> bool {
        let named = self.signer().and_then(|signer| addresses(signer).ok()).unwrap_or_default();
        named.iter().any(|named| named.eq_ignore_ascii_case(address))
    }

    /// Whether [`SigningIdentity::generate`] made this for the organisation and address.
    #[must_use]
    pub fn is_made_for(&self, organisation: &str, address: &str) -> bool {
        let of = |wanted| {
            let subject = self.signer().map(|signer| &signer.tbs_certificate.subject);
            subject.map(|subject| attributes(subject, wanted)).unwrap_or_default()
        };
        self.is_self_signed() && of(COMMON_NAME) == [organisation] && self.names(address)
    }

    pub(super) fn signer(&self) -> Option<&Certificate> {
        self.certificates.first()
    }

    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    pub(super) const fn key(&self) -> &SigningKey {
        &self.key
    }
}

impl SigningKey {
    fn read(label: &str, der: &[u8]) -> Option<Self> {
        let rsa = |key: Result<RsaKeyPair, _>| {
            key.ok().filter(|key| key.public_modulus_len() >= 256).map(Self::Rsa)
        };
        let curve = |algorithm: &'static EcdsaSigningAlgorithm| match label {
            "EC PRIVATE KEY" => EcdsaKeyPair::from_private_key_der(algorithm, der).ok(),
            _ => EcdsaKeyPair::from_pkcs8(algorithm, der).ok(),
        };
        match label {
            "RSA PRIVATE KEY" => rsa(RsaKeyPair::from_der(der)),
            "PRIVATE KEY" | "EC PRIVATE KEY" => curve(&ECDSA_P256_SHA256_ASN1_SIGNING)
                .map(Self::P256)
                .or_else(|| curve(&ECDSA_P384_SHA384_ASN1_SIGNING).map(Self::P384))
                .or_else(|| rsa(RsaKeyPair::from_pkcs8(der))),
            _ => None,
        }
    }

    /// As it stands in the certificate: an RSAPublicKey, or a point.
    fn public(&self) -> &[u8] {
        match self {
            Self::Rsa(key) => key.public_key().as_ref(),
            Self::P256(key) | Self::P384(key) => key.public_key().as_ref(),
        }
    }
}
