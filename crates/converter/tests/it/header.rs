//! MessageHeader.focus and Provenance.target: what a message is about, whatever its kind.

use crate::support::{event, of_kind, run};

#[test]
fn the_header_and_the_provenance_name_what_the_message_is_about() {
    for (start, kinds) in [
        ("168-dft", &["Patient", "Encounter", "ChargeItem"][..]),
        ("165-bar", &["Patient", "Encounter", "Account"]),
        ("148-adt-a60", &["Patient", "AllergyIntolerance"]),
        ("175-ppr", &["Patient", "Condition", "Goal", "CarePlan"]),
        ("186-rde", &["Patient", "MedicationRequest"]),
        ("187-rds", &["Patient", "MedicationDispense"]),
        ("189-ras", &["Patient", "MedicationAdministration"]),
        ("194-vxu", &["Patient", "Immunization"]),
    ] {
        let (bundle, _) = run(&event(start));
        let header = of_kind(&bundle, "MessageHeader")[0]["focus"].to_string();
        let provenance = of_kind(&bundle, "Provenance")[0]["target"].to_string();
        for kind in kinds {
            for resource in of_kind(&bundle, kind) {
                let id = resource["id"].as_str().unwrap();
                assert!(header.contains(id) && provenance.contains(id), "{kind} of {start}");
            }
            assert!(!of_kind(&bundle, kind).is_empty(), "{kind} of {start}");
        }
    }
}
