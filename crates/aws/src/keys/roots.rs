//! The keys of pseudonyms. What is made from the same bytes is the same as in `embedded`.

use aws_lc_rs::{hkdf, hmac};
use zorgsluis_domain::port::KeyOwner;
use zorgsluis_domain::{PortError, Pseudonym, Purpose};

pub(super) struct Roots {
    identity: [u8; 32],
    purposes: Vec<(Purpose, hmac::Key)>,
    owners: hmac::Key,
}

impl Roots {
    /// # Errors
    ///
    /// `Damaged` when a key has not 32 bytes.
    pub(super) fn new(
        operation: &'static str,
        identity: Vec<u8>,
        pseudonym: &[u8],
    ) -> Result<Self, PortError> {
        let damaged =
            || PortError::Damaged { operation, reason: "a key of pseudonyms has not 32 bytes".into() };
        let identity: [u8; 32] = identity.try_into().map_err(|_| damaged())?;
        if pseudonym.len() != 32 {
            return Err(damaged());
        }
        let derived = |purpose: &str| {
            let mut bytes = [0; 32];
            hkdf::Salt::new(hkdf::HKDF_SHA256, b"zorgsluis")
                .extract(pseudonym)
                .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
                .and_then(|key| key.fill(&mut bytes))
                .map_err(|_| PortError::unavailable(operation, "a key could not be derived"))?;
            Ok::<_, PortError>(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
        };
        let purposes = Purpose::ALL
            .into_iter()
            .map(|purpose| {
                let key = match purpose {
                    Purpose::Identity => hmac::Key::new(hmac::HMAC_SHA256, &identity),
                    other => derived(&format!("zorgsluis/pseudonym/1/{}", other.name()))?,
                };
                Ok((purpose, key))
            })
            .collect::<Result<_, PortError>>()?;
        Ok(Self { identity, purposes, owners: derived("zorgsluis/key-table-owner/1")? })
    }

    pub(super) const fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    pub(super) fn pseudonym(&self, purpose: Purpose, parts: &[&[u8]]) -> Pseudonym {
        let key = self.purposes.iter().find(|(of, _)| *of == purpose);
        // `purposes` is made from `Purpose::ALL`; the owners' key stands in for a purpose missing there.
        Pseudonym::from_bytes(mac(key.map_or(&self.owners, |(_, key)| key), parts))
    }

    /// Under what an owner's key is kept: 64 hexadecimal digits that cannot be joined with any other table.
    pub(super) fn owner(&self, owner: &KeyOwner) -> String {
        let parts: [&[u8]; 2] = match owner {
            KeyOwner::Patient(pseudonym) => [b"patient", pseudonym.as_bytes()],
            KeyOwner::Sender(name) => [b"sender", name.as_bytes()],
            KeyOwner::System => [b"system", b""],
        };
        Pseudonym::from_bytes(mac(&self.owners, &parts)).to_string()
    }
}

fn mac(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(context.sign().as_ref()) {
        *to = *from;
    }
    bytes
}
