//! What old versions of HL7 v2 wrote otherwise.

use crate::support::{of_kind, run};

/// HL7 v2.1: no trigger in MSH-9, PID-2 to 4 are numbers of the patient, a name has no type.
const V21: &str = "MSH|^~\\&|ZIS|HOSP|||19900101103000||ADT|1|P|2.1\rEVN|A01|19900101103000\r\
    PID||99^^^X|123|456|Jansen^Anna^M||19500101|F||||||020-1234567\rPV1||I|3A^12^1||||1234^Smit^J\r";

#[test]
fn a_message_of_version_2_1_is_read_by_its_event_segment_and_loses_nothing() {
    let (bundle, report) = run(V21.as_bytes());
    assert_eq!(report.event.as_deref(), Some("ADT^A01"));
    assert_eq!(report.unmapped, []);
    let patient = &of_kind(&bundle, "Patient")[0];
    let numbers: Vec<_> = patient["identifier"].as_array().unwrap().iter().map(|one| &one["value"]).collect();
    for number in ["123", "99", "456"] {
        assert!(numbers.iter().any(|found| *found == number), "{number}: {numbers:?}");
    }
    assert_eq!(patient["name"][0]["family"], "Jansen");
    assert_eq!(patient["telecom"][0]["value"], "020-1234567");
    assert_eq!(of_kind(&bundle, "Encounter")[0]["class"]["code"], "IMP");
}
