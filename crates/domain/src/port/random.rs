//! Randomness.

use crate::PortError;

/// Where random bytes come from: ids of entries, nonces of writers, tokens. Nothing but an adapter of
/// this port asks the operating system for them.
pub trait Random: Send + Sync {
    /// Fills the slice with bytes that nobody can foresee (fit for keys).
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError>;
}
