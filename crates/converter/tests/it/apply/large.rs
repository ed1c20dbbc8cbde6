//! More than fits into one transaction.

use std::sync::Arc;
use std::time::Instant;

use zorgsluis_domain::Effect;
use zorgsluis_domain::port::{AuditSink, FhirStore, PatientIndex};

use super::faults::{Faults, Faulty};
use super::world::{World, adt, assert_same, effects, oru};

const PID: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F";

fn allergies(minute: u32, from: usize, to: usize) -> String {
    let listed: Vec<String> = (from..to).map(|nth| format!("AL1|{nth}|DA|STOF{nth}^stof {nth}^L")).collect();
    let mut segments = vec![PID, "PV1|1|N"];
    segments.extend(listed.iter().map(String::as_str));
    adt("A08", minute, &segments)
}

async fn active(world: &World) -> usize {
    let all = world.of_type("AllergyIntolerance").await;
    all.iter().filter(|one| one["clinicalStatus"]["coding"][0]["code"] == "active").count()
}

#[tokio::test]
async fn a_report_of_hundreds_of_results_is_split_and_whole() {
    let world = World::new();
    let mut message = oru(10, PID, "4.1", "F");
    for nth in 2..400 {
        message.push_str(&format!(
            "OBX|{nth}|NM|X{nth}^bepaling {nth}^L||{nth}|mmol/L|||||F|||20261105080000\r"
        ));
    }
    let applied = world.send(&message).await;
    assert!(effects(&applied, Effect::Created) > 400);
    assert_eq!(world.of_type("Observation").await.len(), 399);
    assert_eq!(world.one("DiagnosticReport").await["result"].as_array().unwrap().len(), 399);
    let again = world.send(&message).await;
    assert_eq!(effects(&again, Effect::Unchanged), again.effects.len());
}

#[tokio::test]
async fn a_crash_between_the_parts_does_not_hide_what_a_list_left_out() {
    let whole = World::new();
    whole.send(&allergies(0, 0, 250)).await;
    whole.send(&allergies(10, 249, 300)).await;
    let expected = whole.all().await;
    assert_eq!(active(&whole).await, 51);

    for nth in 1.. {
        let world = World::new();
        world.send(&allergies(0, 0, 250)).await;
        let faults = Arc::new(Faults::default());
        let store: Arc<dyn FhirStore> = Arc::new(Faulty(Arc::clone(&world.store), Arc::clone(&faults)));
        let index: Arc<dyn PatientIndex> = Arc::new(world.directory.patient_index());
        let trail: Arc<dyn AuditSink> = world.trail.clone();
        let apply = world.through(store, index, trail);
        faults.at(nth);
        let crashed = world.try_apply(&apply, &allergies(10, 249, 300)).await.is_err();
        if crashed {
            world.try_apply(&apply, &allergies(10, 249, 300)).await.unwrap();
        }
        assert_same(&world.all().await, &expected, &format!("crash at point {nth}"));
        if !crashed {
            assert!(nth > 4, "three transactions at least");
            break;
        }
    }
}

/// A report of so many results.
fn panel(results: usize) -> String {
    let mut message = oru(10, PID, "4.1", "F");
    for nth in 2..=results {
        message.push_str(&format!(
            "OBX|{nth}|NM|X{nth}^bepaling {nth}^L||{nth}|mmol/L|||||F|||20261105080000\r"
        ));
    }
    message
}

#[tokio::test]
async fn thousands_of_results_are_all_written_and_recorded_and_take_no_longer_each() {
    let mut took = Vec::new();
    for results in [1_000, 12_000] {
        let world = World::new();
        let message = panel(results);
        let start = Instant::now();
        let applied = world.send(&message).await;
        took.push(start.elapsed());
        assert_eq!(world.of_type("Observation").await.len(), results);
        let report = world.one("DiagnosticReport").await;
        assert_eq!(report["result"].as_array().unwrap().len(), results);

        // The log names every resource, in entries that each fit into it.
        let trail = world.trail.0.lock().unwrap();
        let named: Vec<usize> = trail
            .values()
            .map(|entry| serde_json::to_string(entry).unwrap().matches("Observation/").count())
            .collect();
        assert!(named.iter().all(|named| *named <= 500), "{named:?}");
        let written: usize = trail.values().map(|entry| entry.objects.len()).sum();
        assert!(written > results, "{written}");
        assert_eq!(trail.len(), applied.entries.len());
    }
    let each = took[0] / 1_000;
    for (took, results) in took.iter().zip([1_000, 12_000]) {
        assert!(*took < each * results * 8, "{results}: {took:?}, of a thousand {each:?} each");
    }
}
