//! Segments that stand where HL7 defines none: what they say is kept.

use crate::support::{example, of_kind, run};

#[test]
fn an_orc_without_rxa_in_a_vaccination_record_orders_nothing() {
    let (bundle, report) = run(&example("VXU-alone.hl7"));
    assert!(of_kind(&bundle, "ServiceRequest").is_empty());
    assert!(of_kind(&bundle, "Immunization").is_empty());
    // What the registry is told of the patient stays.
    assert_eq!(of_kind(&bundle, "Observation").len(), 1);
    assert!(report.warnings.iter().any(|one| one.code == "vaccination-without-rxa"), "{report:?}");
    assert!(report.unmapped.is_empty(), "{report:?}");
}

#[test]
fn a_result_with_a_txa_is_a_document_too() {
    let (bundle, report) = run(&example("ORU-document.hl7"));
    let documents = of_kind(&bundle, "DocumentReference");
    let one = documents.iter().find(|one| one["masterIdentifier"]["value"] == "D7").unwrap();
    assert_eq!(one["context"]["related"][0]["reference"].as_str().map(|to| to.is_empty()), Some(false));
    // The OBX before it is its content, and the NTE behind it a comment on it.
    assert_eq!(one["content"].as_array().unwrap().len(), 2);
    assert!(report.unmapped.is_empty(), "{report:?}");
}

#[test]
fn an_appointment_in_an_adt_is_an_appointment() {
    let (bundle, report) = run(&example("ADT-appointment.hl7"));
    let appointments = of_kind(&bundle, "Appointment");
    let [appointment] = appointments.as_slice() else { panic!("{appointments:?}") };
    assert_eq!(appointment["comment"], "nuchter");
    assert!(appointment["basedOn"][0]["reference"].is_string());
    assert!(report.unmapped.is_empty(), "{report:?}");
}

#[test]
fn a_second_order_of_the_same_number_takes_nothing_from_the_first() {
    let (bundle, report) = run(&example("ORM-twice.hl7"));
    let orders = of_kind(&bundle, "ServiceRequest");
    let [order] = orders.as_slice() else { panic!("{orders:?}") };
    let text = order.to_string();
    for said in ["F1", "F-1", "F2", "F-2", "further-occurrence", "further-quantity", "further-requester"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(report.unmapped.is_empty(), "{report:?}");
}
