//! Time and randomness of this machine.

use aws_lc_rs::rand::SecureRandom;
use jiff::Timestamp;
use zorgsluis_domain::{Clock, PortError, port::Random};

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the adapter of the Clock port")]
        Timestamp::now()
    }
}

/// Randomness fit for keys, from the operating system by way of AWS-LC.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError> {
        aws_lc_rs::rand::SystemRandom::new()
            .fill(bytes)
            .map_err(|_| PortError::unavailable("random.fill", "no randomness"))
    }
}

/// `N` random bytes.
pub(crate) fn random<const N: usize>(operation: &'static str) -> Result<[u8; N], PortError> {
    let mut bytes = [0u8; N];
    SystemRandom
        .fill(&mut bytes)
        .map(|()| bytes)
        .map_err(|_| PortError::unavailable(operation, "no randomness"))
}

/// A random UUID (version 4).
pub(crate) fn random_uuid(operation: &'static str) -> Result<uuid::Uuid, PortError> {
    Ok(uuid::Builder::from_random_bytes(random(operation)?).into_uuid())
}
