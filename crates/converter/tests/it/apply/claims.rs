//! `meta.profile` in the store: a promise of what stands, whoever said it.

use serde_json::Value;

use super::world::{adt, after_each_order};

const PATIENT: &str = "http://nictiz.nl/fhir/StructureDefinition/nl-core-Patient";
const ENCOUNTER: &str = "http://nictiz.nl/fhir/StructureDefinition/nl-core-Encounter";

fn claims(resource: &Value, profile: &str) -> bool {
    resource["meta"]["profile"].as_array().is_some_and(|all| all.iter().any(|one| one == profile))
}

/// A patient of this name (XPN) who speaks this.
fn told(minute: u32, name: &str, language: &str) -> String {
    adt("A31", minute, &[&format!("PID|1||1000001^^^LINDE^PI||{name}|||F|||||||{language}")])
}

#[tokio::test]
async fn what_a_later_message_breaks_is_claimed_no_more() {
    // zib-NameInformation-1: a prefix without its name.
    let said = [told(0, "de Vries&de&Vries^J^^^^^L", ""), told(1, "de Vries&de^J^^^^^L", "")];
    let patient = after_each_order(&said).await.one("Patient").await;
    assert_eq!(patient["name"][0]["family"], "de Vries");
    assert!(!claims(&patient, PATIENT));
}

#[tokio::test]
async fn what_a_later_message_mends_is_claimed_again() {
    let said = [told(0, "de Vries&de^J^^^^^L", ""), told(1, "de Vries&de&Vries^J^^^^^L", "")];
    assert!(claims(&after_each_order(&said).await.one("Patient").await, PATIENT));
}

#[tokio::test]
async fn an_element_that_an_earlier_message_broke_breaks_the_whole() {
    // Of itself the second keeps all rules; the language of the first, which is of no list, stands beside it.
    let said = [told(0, "", "Tamazight"), told(1, "de Vries&de&Vries^J^^^^^L", "")];
    let patient = after_each_order(&said).await.one("Patient").await;
    assert_eq!(patient["name"][0]["family"], "de Vries");
    assert!(!patient["communication"].is_null());
    assert!(!claims(&patient, PATIENT));
}

#[tokio::test]
async fn a_visit_in_two_places_is_claimed_no_more() {
    let visit = |minute, event: &str, bed: &str| {
        adt(
            event,
            minute,
            &["PID|1||1000001^^^LINDE^PI||Bos", &format!("PV1|1|I|{bed}||||||||||||||||V1^^^LINDE^VN")],
        )
    };
    let said = [visit(0, "A01", "C3^12^1^LINDE"), visit(5, "A02", "C4^1^1^LINDE")];
    let world = after_each_order(&said[..1]).await;
    assert!(claims(&world.one("Encounter").await, ENCOUNTER));
    assert!(!claims(&after_each_order(&said).await.one("Encounter").await, ENCOUNTER));
}
