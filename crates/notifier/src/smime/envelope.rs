//! EnvelopedData (RFC 5652 §6) and AuthEnvelopedData (RFC 5083) for one recipient.
//!
//! The key of the content goes to an RSA key by PKCS #1 v1.5 (RFC 8551 §2.3: every program and card
//! reads it), to an EC key by ephemeral-static ECDH with AES-256 key wrap (RFC 5753).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{
    Algorithm, ECDH_P256, ECDH_P384, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral,
};
use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest;
use aws_lc_rs::key_wrap::{AesKek, KeyWrap};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use cms::cert::IssuerAndSerialNumber;
use cms::content_info::CmsVersion;
use cms::enveloped_data::{
    EncryptedContentInfo, EnvelopedData, KeyAgreeRecipientIdentifier, KeyAgreeRecipientInfo,
    KeyTransRecipientInfo, OriginatorIdentifierOrKey, OriginatorPublicKey, RecipientEncryptedKey,
    RecipientIdentifier, RecipientInfo, RecipientInfos,
};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{
    ID_AES_256_CBC, ID_AES_256_GCM, ID_AES_256_WRAP, ID_CT_AUTH_ENVELOPED_DATA, ID_DATA, ID_ENVELOPED_DATA,
};
use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION};
use der::asn1::{Any, BitString, OctetString, SetOfVec};
use der::{Decode, Encode, Sequence};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::recipient::RecipientKey;
use super::{Cms, RecipientCertificate, content_info};
use crate::NotifierError;

/// dhSinglePass-stdDH-sha256kdf-scheme and -sha384kdf-scheme (RFC 5753 §7.1.4).
const STD_DH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.1.11.1");
const STD_DH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.1.11.2");

const KEY: usize = 32;
const TAG: usize = 16;

/// How the content of a mail is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContentCipher {
    /// AES-256-GCM in AuthEnvelopedData: what RFC 8551 §2.7.1.2 asks for when the recipient's program is
    /// not known. A change on the way is noticed before anything is shown.
    #[default]
    Aes256Gcm,
    /// AES-256-CBC in EnvelopedData, for mail programs from before 2019. A change on the way is noticed
    /// by the signature only.
    Aes256Cbc,
}

/// AuthEnvelopedData (RFC 5083 §2.1) without attributes.
#[derive(Sequence)]
struct AuthEnvelopedData {
    version: CmsVersion,
    recip_infos: RecipientInfos,
    encrypted_content: EncryptedContentInfo,
    mac: OctetString,
}

/// GCMParameters (RFC 5084 §3.2).
#[derive(Sequence)]
struct GcmParameters {
    nonce: OctetString,
    icv_length: u8,
}

/// ECC-CMS-SharedInfo (RFC 5753 §7.2), without entityUInfo.
#[derive(Sequence)]
struct SharedInfo {
    key_info: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT")]
    bits: OctetString,
}

/// Encrypts a MIME entity for one recipient.
pub(crate) fn encrypt(
    mut entity: Vec<u8>,
    recipient: &RecipientCertificate,
    cipher: ContentCipher,
) -> Result<Cms, NotifierError> {
    let mut key = [0_u8; KEY];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| NotifierError::Encrypt)?;
    let info = match &recipient.key {
        RecipientKey::Rsa(public) => transported(recipient, public, &key),
        RecipientKey::P256(point) => agreed(recipient, point, &ECDH_P256, &key),
        RecipientKey::P384(point) => agreed(recipient, point, &ECDH_P384, &key),
    }?;
    let by_agreement = matches!(info, RecipientInfo::Kari(_));
    let recip_infos = RecipientInfos(SetOfVec::try_from(vec![info])?);
    match cipher {
        ContentCipher::Aes256Gcm => {
            let mut nonce = [0_u8; 12];
            aws_lc_rs::rand::fill(&mut nonce).map_err(|_| NotifierError::Encrypt)?;
            let sealing =
                LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).map_err(|_| NotifierError::Encrypt)?);
            let nonce_value = Nonce::assume_unique_for_key(nonce);
            let tag = sealing
                .seal_in_place_separate_tag(nonce_value, Aad::empty(), &mut entity)
                .map_err(|_| NotifierError::Encrypt)?;
            let parameters = GcmParameters { nonce: OctetString::new(nonce)?, icv_length: TAG as u8 };
            let data = AuthEnvelopedData {
                version: CmsVersion::V0,
                recip_infos,
                encrypted_content: encrypted(ID_AES_256_GCM, &parameters, entity)?,
                mac: OctetString::new(tag.as_ref())?,
            };
            let der = content_info(ID_CT_AUTH_ENVELOPED_DATA, &data)?;
            Ok(Cms { smime_type: "authEnveloped-data", der })
        }
        ContentCipher::Aes256Cbc => {
            let fault = |_| NotifierError::Encrypt;
            let encrypting = UnboundCipherKey::new(&AES_256, &key)
                .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
                .map_err(fault)?;
            let DecryptionContext::Iv128(iv) = encrypting.encrypt(&mut entity).map_err(fault)? else {
                return Err(NotifierError::Encrypt);
            };
            let iv: &[u8] = iv.as_ref();
            let data = EnvelopedData {
                version: if by_agreement { CmsVersion::V2 } else { CmsVersion::V0 },
                originator_info: None,
                recip_infos,
                encrypted_content: encrypted(ID_AES_256_CBC, &OctetString::new(iv)?, entity)?,
                unprotected_attrs: None,
            };
            Ok(Cms { smime_type: "enveloped-data", der: content_info(ID_ENVELOPED_DATA, &data)? })
        }
    }
}

fn encrypted(
    oid: ObjectIdentifier,
    parameters: &impl Encode,
    content: Vec<u8>,
) -> der::Result<EncryptedContentInfo> {
    Ok(EncryptedContentInfo {
        content_type: ID_DATA,
        content_enc_alg: algorithm(oid, Some(parameters))?,
        encrypted_content: Some(OctetString::new(content)?),
    })
}

fn algorithm(
    oid: ObjectIdentifier,
    parameters: Option<&impl Encode>,
) -> der::Result<AlgorithmIdentifierOwned> {
    let parameters = match parameters {
        Some(parameters) => Some(Any::from_der(&parameters.to_der()?)?),
        None => None,
    };
    Ok(AlgorithmIdentifierOwned { oid, parameters })
}

fn issuer_and_serial(recipient: &RecipientCertificate) -> IssuerAndSerialNumber {
    let held = &recipient.certificate.tbs_certificate;
    IssuerAndSerialNumber { issuer: held.issuer.clone(), serial_number: held.serial_number.clone() }
}

/// Key transport (RFC 3370 §4.2.1).
fn transported(
    recipient: &RecipientCertificate,
    public: &[u8],
    key: &[u8],
) -> Result<RecipientInfo, NotifierError> {
    let fault = |_| NotifierError::Encrypt;
    let public = PublicEncryptingKey::from_der(public).map_err(|_| NotifierError::Encrypt)?;
    let public = Pkcs1PublicEncryptingKey::new(public).map_err(fault)?;
    let mut sealed = vec![0; public.ciphertext_size()];
    let sealed = public.encrypt(key, &mut sealed).map_err(fault)?;
    Ok(RecipientInfo::Ktri(KeyTransRecipientInfo {
        version: CmsVersion::V0,
        rid: RecipientIdentifier::IssuerAndSerialNumber(issuer_and_serial(recipient)),
        key_enc_alg: algorithm(RSA_ENCRYPTION, Some(&der::asn1::Null))?,
        enc_key: OctetString::new(&*sealed)?,
    }))
}

/// Key agreement (RFC 5753 §3.1).
fn agreed(
    recipient: &RecipientCertificate,
    point: &[u8],
    curve: &'static Algorithm,
    key: &[u8],
) -> Result<RecipientInfo, NotifierError> {
    let fault = |_| NotifierError::Encrypt;
    let (scheme, hash) =
        if curve == &ECDH_P256 { (STD_DH_SHA256, &digest::SHA256) } else { (STD_DH_SHA384, &digest::SHA384) };
    let wrap = AlgorithmIdentifierOwned { oid: ID_AES_256_WRAP, parameters: None };
    let private = EphemeralPrivateKey::generate(curve, &SystemRandom::new()).map_err(fault)?;
    let originator = private.compute_public_key().map_err(fault)?;
    let shared =
        SharedInfo { key_info: wrap.clone(), bits: OctetString::new(256_u32.to_be_bytes())? }.to_der()?;
    // X9.63 key derivation: one block of the hash is enough for 256 bits.
    let wrapping =
        agree_ephemeral(private, UnparsedPublicKey::new(curve, point), NotifierError::Encrypt, |secret| {
            let mut context = digest::Context::new(hash);
            context.update(secret);
            context.update(&1_u32.to_be_bytes());
            context.update(&shared);
            let derived = context.finish();
            derived.as_ref().first_chunk::<KEY>().copied().ok_or(NotifierError::Encrypt)
        })?;
    let mut sealed = [0_u8; KEY + 8];
    let kek = AesKek::new(&aws_lc_rs::key_wrap::AES_256, &wrapping).map_err(fault)?;
    let sealed = kek.wrap(key, &mut sealed).map_err(fault)?;
    let originator = OriginatorPublicKey {
        algorithm: AlgorithmIdentifierOwned { oid: ID_EC_PUBLIC_KEY, parameters: None },
        public_key: BitString::from_bytes(originator.as_ref())?,
    };
    Ok(RecipientInfo::Kari(KeyAgreeRecipientInfo {
        version: CmsVersion::V3,
        originator: OriginatorIdentifierOrKey::OriginatorKey(originator),
        ukm: None,
        key_enc_alg: algorithm(scheme, Some(&wrap))?,
        recipient_enc_keys: vec![RecipientEncryptedKey {
            rid: KeyAgreeRecipientIdentifier::IssuerAndSerialNumber(issuer_and_serial(recipient)),
            enc_key: OctetString::new(&*sealed)?,
        }],
    }))
}
