//! Ids that are made here.

use uuid::Uuid;
use zorgsluis_domain::PortError;

/// A random UUID (version 4).
pub(crate) fn random_uuid(operation: &'static str) -> Result<Uuid, PortError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| PortError::unavailable(operation, "no randomness"))?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}
