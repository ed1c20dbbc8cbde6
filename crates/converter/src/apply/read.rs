//! Stored resources as JSON objects.

use serde_json::{Map, Value};
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::StoredResource;

/// The resource without version and time of the store. A deleted one is an empty object.
pub(crate) fn object(stored: &StoredResource) -> Result<Map<String, Value>, PortError> {
    if stored.deleted {
        return Ok(Map::new());
    }
    let damaged = || PortError::Damaged {
        operation: "fhir-store.read",
        reason: format!("{} is no JSON object", stored.key.resource_type),
    };
    let mut resource: Map<String, Value> =
        serde_json::from_slice(stored.json.expose_phi()).map_err(|_| damaged())?;
    if let Some(Value::Object(meta)) = resource.get_mut("meta") {
        meta.remove("versionId");
        meta.remove("lastUpdated");
        if meta.is_empty() {
            resource.remove("meta");
        }
    }
    Ok(resource)
}
