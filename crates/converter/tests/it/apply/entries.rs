//! What the log says of a message that was applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use zorgsluis_audit_writer::{claim, to_audit_event};
use zorgsluis_domain::audit::{EventKind, ObjectRole};
use zorgsluis_domain::port::ResourceKey;
use zorgsluis_domain::{AuditEntry, QueueReference, patients_of};
use zorgsluis_worker::{Outcome, Process as _};

use super::process::{delivered, event, processor};
use super::world::World;

fn entries(world: &World) -> Vec<AuditEntry> {
    world.trail.0.lock().unwrap().values().cloned().collect()
}

#[tokio::test]
async fn what_is_written_for_two_patients_stands_in_an_entry_of_each_and_names_nothing_of_the_other() {
    let world = World::new();
    world.send(&event("111-adt-a17-swap-of-beds.hl7")).await;
    let mut whose: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut several = BTreeSet::new();
    for entry in entries(&world) {
        if !matches!(entry.event.kind, EventKind::ResourceCreate | EventKind::ResourceUpdate) {
            continue;
        }
        let patient = entry.patient.unwrap().reference;
        several.insert(patient.clone());
        for object in entry.objects.iter().filter(|object| object.role == ObjectRole::Resource) {
            whose.entry(object.id.clone()).or_default().insert(patient.clone());
        }
    }
    assert_eq!(several.len(), 2);
    let all = world.all().await;
    for patient in &several {
        let visits = whose.iter().filter(|(key, of)| key.starts_with("Encounter/") && of.contains(patient));
        assert_eq!(visits.count(), 1, "{patient}");
    }
    let mut nobodys = 0;
    for (key, value) in &all {
        let named = patients_of(&ResourceKey::parse(key).unwrap(), value);
        let named: BTreeSet<String> = named.into_iter().collect();
        if named.is_empty() {
            nobodys += 1;
            assert_eq!(whose[key].len(), 1, "{key}: once, with one of them");
        } else {
            assert_eq!(whose[key], named, "{key}");
        }
    }
    assert!(nobodys > 0, "beds and wards are nobody's");
}

#[tokio::test]
async fn a_message_from_the_queue_is_recorded_as_a_disclosure_by_the_address_that_sent_it() {
    let world = World::new();
    let processor = processor(&world);
    let received = "2026-11-20T10:00:00Z".parse().unwrap();
    let message = processor.accept(event("01-adt-a01-admission.hl7").as_bytes(), received).await.unwrap();
    let mut reference = QueueReference::new(message, received);
    reference.peer = Some("10.1.2.3".parse().unwrap());
    let body = serde_json::to_string(&reference).unwrap();
    assert_eq!(delivered(&processor, &body).await, Outcome::Done);
    let mut patterns = BTreeSet::new();
    for entry in entries(&world) {
        let (claimed, event) = (claim(&entry), to_audit_event(&entry));
        assert_eq!(claimed.not_balp, None, "{event:#}");
        patterns.insert(claimed.profiles[0].rsplit("IHE.BasicAudit.").next().unwrap().to_owned());
        let addresses: Vec<&Value> =
            event["agent"].as_array().unwrap().iter().map(|agent| &agent["network"]).collect();
        // The one who wrote is this system; the one who sent is a client of the import only.
        let sent = addresses.iter().any(|network| network["address"] == "10.1.2.3" && network["type"] == "2");
        assert_eq!(sent, entry.event.kind == EventKind::Import, "{event:#}");
    }
    assert_eq!(patterns.into_iter().collect::<Vec<_>>(), ["PatientCreate", "PrivacyDisclosure.Recipient"]);
}
