//! SignedData (RFC 5652 §5) with the content in it.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::CmsVersion;
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_TIME};
use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ID_SHA_256, ID_SHA_384, SHA_256_WITH_RSA_ENCRYPTION,
};
use der::asn1::{Any, GeneralizedTime, OctetString, SetOfVec, UtcTime};
use der::{Decode, Encode, Tag};
use jiff::Timestamp;
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

use super::identity::SigningKey;
use super::{Cms, SigningIdentity, content_info};
use crate::NotifierError;

/// Signs a MIME entity (CRLF line ends).
pub(crate) fn sign(entity: &[u8], identity: &SigningIdentity, now: Timestamp) -> Result<Cms, NotifierError> {
    let der = signed(entity, identity, now).map_err(|_| NotifierError::Sign)?;
    Ok(Cms { smime_type: "signed-data", der })
}

fn signed(entity: &[u8], identity: &SigningIdentity, now: Timestamp) -> der::Result<Vec<u8>> {
    let fault = || der::Error::from(der::ErrorKind::Failed);
    let signer = identity.signer().ok_or_else(fault)?;
    let (digest_oid, digest_algorithm, signature_algorithm) = match identity.key() {
        SigningKey::Rsa(_) => (
            ID_SHA_256,
            &digest::SHA256,
            AlgorithmIdentifierOwned { oid: SHA_256_WITH_RSA_ENCRYPTION, parameters: Some(Any::null()) },
        ),
        SigningKey::P256(_) => (ID_SHA_256, &digest::SHA256, without_parameters(ECDSA_WITH_SHA_256)),
        SigningKey::P384(_) => (ID_SHA_384, &digest::SHA384, without_parameters(ECDSA_WITH_SHA_384)),
    };
    let hash = digest::digest(digest_algorithm, entity);
    let seconds = u64::try_from(now.as_second()).map_err(|_| fault())?;
    let since = std::time::Duration::from_secs(seconds);
    // UTCTime to 2049, GeneralizedTime from then on (RFC 5652 §11.3).
    let time = match UtcTime::from_unix_duration(since) {
        Ok(time) => Time::UtcTime(time),
        Err(_) => Time::GeneralTime(GeneralizedTime::from_unix_duration(since)?),
    };
    let attributes = SetOfVec::try_from(vec![
        attribute(ID_CONTENT_TYPE, &ID_DATA)?,
        attribute(ID_SIGNING_TIME, &time)?,
        attribute(ID_MESSAGE_DIGEST, &OctetString::new(hash.as_ref())?)?,
    ])?;
    // What is signed is the SET itself, not its implicit tag (RFC 5652 §5.4).
    let signature = signature(identity.key(), &attributes.to_der()?).ok_or_else(fault)?;
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: signer.tbs_certificate.issuer.clone(),
            serial_number: signer.tbs_certificate.serial_number.clone(),
        }),
        digest_alg: without_parameters(digest_oid),
        signed_attrs: Some(attributes),
        signature_algorithm,
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let mut certificates = SetOfVec::new();
    for certificate in identity.certificates() {
        certificates.insert(CertificateChoices::Certificate(certificate.clone()))?;
    }
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![without_parameters(digest_oid)])?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: ID_DATA,
            econtent: Some(Any::new(Tag::OctetString, entity)?),
        },
        certificates: Some(CertificateSet(certificates)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![info])?),
    };
    content_info(ID_SIGNED_DATA, &data)
}

const fn without_parameters(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters: None }
}

fn attribute(oid: ObjectIdentifier, value: &impl Encode) -> der::Result<Attribute> {
    let value = Any::from_der(&value.to_der()?)?;
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

fn signature(key: &SigningKey, message: &[u8]) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    match key {
        SigningKey::Rsa(key) => rsa(key, &random, message),
        SigningKey::P256(key) | SigningKey::P384(key) => {
            key.sign(&random, message).ok().map(|signature| signature.as_ref().to_vec())
        }
    }
}

fn rsa(key: &RsaKeyPair, random: &SystemRandom, message: &[u8]) -> Option<Vec<u8>> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, random, message, &mut signature).ok()?;
    Some(signature)
}
