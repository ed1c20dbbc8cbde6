//! Time and randomness of the machine that a function or the listener runs on.

use aws_lc_rs::rand::SecureRandom as _;
use jiff::Timestamp;
use zorgsluis_domain::port::Random;
use zorgsluis_domain::{Clock, PortError};

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
