//! The key that signs checkpoints, in KMS.

use std::fmt;

use async_trait::async_trait;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};
use tlog::{SignError, Signer, VerifyingKey};
use zorgsluis_domain::PortError;

use crate::clients::Clients;
use crate::failure::failed;

/// What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410 §4).
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// [`Signer`] over a KMS key of the kind `ECC_NIST_EDWARDS25519`, usage `SIGN_VERIFY`. The private half never
/// leaves KMS; the public half is read once, when this is made.
#[derive(Clone)]
pub struct KmsSigner {
    kms: aws_sdk_kms::Client,
    key: String,
    public: VerifyingKey,
}

impl KmsSigner {
    /// The signer with the key of this id, ARN or alias. `origin` is the name of the log, under which the key
    /// stands in signature lines.
    pub async fn load(clients: &Clients, key: &str, origin: &str) -> Result<Self, PortError> {
        const OPERATION: &str = "kms.public-key";
        let refused = |reason: &str| PortError::Refused { operation: OPERATION, reason: reason.to_owned() };
        let answer = clients.kms.get_public_key().key_id(key).send().await;
        let answer = answer.map_err(|error| failed(OPERATION, error))?;
        if answer.key_spec != Some(KeySpec::EccNistEdwards25519)
            || answer.key_usage != Some(KeyUsageType::SignVerify)
        {
            return Err(refused("not an Ed25519 key for signing"));
        }
        let der = answer.public_key.unwrap_or_else(|| Blob::new([])).into_inner();
        let bytes = der.strip_prefix(&ED25519_SPKI).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| refused("the public key has another form than RFC 8410"))?;
        let public = VerifyingKey::new(origin, bytes)
            .map_err(|_| refused("the name of the log cannot stand in a signature"))?;
        // From here on by its ARN: an alias that is moved changes no key under a running signer.
        Ok(Self { kms: clients.kms.clone(), key: answer.key_id.unwrap_or_else(|| key.to_owned()), public })
    }
}

#[async_trait]
impl Signer for KmsSigner {
    fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let answer = self
            .kms
            .sign()
            .key_id(&self.key)
            .message(Blob::new(message))
            .message_type(MessageType::Raw)
            .signing_algorithm(SigningAlgorithmSpec::Ed25519Sha512)
            .send()
            .await
            .map_err(|error| SignError(failed("kms.sign", error).into()))?;
        let signature = answer.signature.unwrap_or_else(|| Blob::new([])).into_inner();
        let signature = <[u8; 64]>::try_from(signature)
            .map_err(|_| SignError("an Ed25519 signature has 64 bytes".into()))?;
        // What does not verify must never stand in a log.
        if self.public.verifies(message, &signature) {
            Ok(signature)
        } else {
            Err(SignError("the signature is not that of the public key".into()))
        }
    }
}

impl fmt::Debug for KmsSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KmsSigner").field("public", &self.public).finish_non_exhaustive()
    }
}
