//! Events that another system reported: given back as they were submitted.

use jiff::fmt::temporal::DateTimePrinter;
use serde_json::{Map, Value, json};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::Reported;

use super::own;

/// The event as it was submitted, with the id that it has here and the extension `audit-reported`: who submitted it, when
/// it was received, the id that the submitter gave it, and the patient as they are known here.
pub(super) fn as_submitted(entry: &AuditEntry, reported: &Reported) -> Option<Value> {
    let Ok(Value::Object(submitted)) = serde_json::from_str(&reported.original) else { return None };
    let mut event = Map::new();
    event.insert("resourceType".into(), json!("AuditEvent"));
    event.insert("id".into(), json!(entry.id.to_string()));
    let id = submitted.get("id").cloned();
    for (name, value) in submitted {
        event.entry(name).or_insert(value);
    }
    let received = DateTimePrinter::new().timestamp_to_string(&reported.received);
    let mut parts = vec![
        json!({ "url": "submitter", "valueString": reported.submitter }),
        json!({ "url": "received", "valueInstant": received }),
    ];
    if let Some(id) = id {
        parts.push(json!({ "url": "id", "valueId": id }));
    }
    if let Some(patient) = &entry.patient {
        parts.push(json!({ "url": "patient", "valueReference": { "reference": patient.reference } }));
    }
    let extensions = event.entry("extension").or_insert_with(|| json!([]));
    extensions.as_array_mut()?.push(json!({ "url": own("audit-reported"), "extension": parts }));
    Some(Value::Object(event))
}
