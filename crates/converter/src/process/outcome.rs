//! The report of a conversion: for the operator beside the message, and in its way.

use serde_json::{Value, json};
use zorgsluis_domain::Stage;

use crate::conversion::ReportLine;

/// The step of the journal: counts, and at most `places` places of each kind.
pub(crate) fn stage(line: &ReportLine, places: usize) -> Stage {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Stage::Converted {
        mapped: count(line.mapped),
        ignored: count(line.ignored.len()),
        unmapped: line.unmapped.iter().take(places).map(|unmapped| unmapped.at.0.to_string()).collect(),
        warnings: line
            .warnings
            .iter()
            .take(places)
            .map(|warning| format!("{} {}", warning.at, warning.code))
            .collect(),
    }
}

/// An OperationOutcome: what was not understood, and what was odd. Places and codes, no values.
pub(crate) fn operation_outcome(line: &ReportLine) -> Vec<u8> {
    let unmapped = line.unmapped.iter().map(|unmapped| {
        issue(
            "warning",
            "not-supported",
            "not understood: this field does not stand in the resources",
            &unmapped.at.0.to_string(),
        )
    });
    let warnings = line
        .warnings
        .iter()
        .map(|warning| issue("information", "processing", warning.code, &warning.at.to_string()));
    let mut issues: Vec<Value> = unmapped.chain(warnings).collect();
    let counts = format!("{} fields mapped, {} left out by decision", line.mapped, line.ignored.len());
    issues.push(json!({ "severity": "information", "code": "informational", "diagnostics": counts }));
    json!({ "resourceType": "OperationOutcome", "issue": issues }).to_string().into_bytes()
}

fn issue(severity: &str, code: &str, text: &str, at: &str) -> Value {
    json!({ "severity": severity, "code": code, "details": { "text": text }, "location": [at] })
}
