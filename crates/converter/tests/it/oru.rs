//! ORU^R01, with the result events of `events/` and small messages of its own.

mod events;
mod notes;
mod orders;
mod timing;
mod values;

use serde_json::Value;

use crate::support::{of_kind, run};

/// A message of the laboratory with these segments behind PID and PV1.
fn message(segments: &[&str]) -> String {
    let head = "MSH|^~\\&|LABSYS|LINDE|||20261103091600+0100||ORU^R01^ORU_R01|T1|P|2.5.1|||||NLD|UNICODE UTF-8\r\
                PID|1||1000001^^^LINDE^PI\rPV1|1|I|||||||||||||||||V1^^^LINDE^VN\r";
    format!("{head}{}\r", segments.join("\r"))
}

const OBR: &str =
    "OBR|1|P1^ZIS|F1^LABSYS|CHEM^Chemie^99zli|||20261103081500|||||||||||||||20261103091200||CH|F";

/// What becomes of one OBX behind an OBR, and the codes of the warnings.
fn observation(obx: &str) -> (Value, Vec<&'static str>) {
    let text = message(&[OBR, obx]);
    let (bundle, report) = run(text.as_bytes());
    let mut found = of_kind(&bundle, "Observation");
    assert_eq!(found.len(), 1, "{obx}");
    assert!(report.unmapped.is_empty(), "{obx}: {:?}", report.unmapped);
    (found.remove(0), report.warnings.iter().map(|warning| warning.code).collect())
}
