//! The link to the next page. What was searched for travels in it sealed, so that no URL holds PHI, and
//! nothing has to be remembered here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FhirError;
use crate::Gateway;

/// Seconds for which a link is good.
const GOOD_FOR: i64 = 60 * 60;

/// Where a search or a history goes on.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    /// Name and value of the parameters of a search.
    #[serde(rename = "p")]
    pub(super) parameters: Vec<(String, String)>,
    /// The store's own mark.
    #[serde(rename = "a")]
    pub(super) after: String,
    #[serde(rename = "n")]
    pub(super) limit: usize,
    #[serde(rename = "e")]
    expires: i64,
}

impl Position {
    pub(super) fn new(
        parameters: Vec<(String, String)>,
        after: String,
        limit: usize,
        now: Timestamp,
    ) -> Self {
        Self { parameters, after, limit, expires: now.as_second().saturating_add(GOOD_FOR) }
    }

    /// The token, good only for `context`: a type, or an instance.
    pub(super) fn seal(&self, gateway: &Gateway, context: &str) -> Result<String, FhirError> {
        let plain = serde_json::to_vec(self).map_err(|_| FhirError::Answer)?;
        gateway.0.links.seal(context, plain).ok_or(FhirError::Answer)
    }

    pub(super) fn open(gateway: &Gateway, context: &str, token: &str) -> Result<Self, FhirError> {
        let plain = gateway.0.links.open(context, token).ok_or(FhirError::Expired)?;
        let position: Self = serde_json::from_slice(&plain).map_err(|_| FhirError::Expired)?;
        if position.expires < gateway.0.parts.clock.now().as_second() {
            return Err(FhirError::Expired);
        }
        Ok(position)
    }
}
