//! More than fits into one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tlog::Signer as _;
use zorgsluis_audit_writer::{AuditLog, AuditWriter, Content, LogReader, ReadBy, Verification};
use zorgsluis_domain::audit::{AccessMethod, Object, ObjectRole, Source, User};
use zorgsluis_domain::port::{AuditSink, DeadLetters, FhirStore, PageRequest, PatientIndex};
use zorgsluis_domain::{AuditEntry, Effect, Stage};
use zorgsluis_embedded::SystemRandom;
use zorgsluis_worker::Outcome;

use super::faults::{Faults, Faulty};
use super::process::{delivered, only_message, processor_into, way};
use super::world::{World, adt, assert_same, clock, effects, oru};
use crate::support::{busy, busy_named};

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

/// The log of a hospital as it is run: entries sealed, with the limits that it has.
async fn log_of(world: &World) -> Arc<AuditWriter> {
    let directory = &world.directory;
    let signer = directory.log_signer("zorgsluis/linde").unwrap();
    let verifying = vec![signer.verifying_key().clone()];
    let (storage, index) = (Arc::new(directory.log_storage()), Arc::new(directory.entry_index("linde")));
    let keys = Arc::new(directory.keys());
    let log = AuditLog::new(storage, index, keys, "linde", "zorgsluis/linde", verifying).unwrap();
    Arc::new(AuditWriter::open(log, &SystemRandom, Arc::new(signer)).await.unwrap())
}

/// All entries of the log.
async fn entries(writer: &Arc<AuditWriter>) -> Vec<AuditEntry> {
    let by = ReadBy {
        user: User::system("privacy-officer", true),
        responsible: None,
        access: AccessMethod::CommandLine,
        source: Source { enterprise_site_id: "linde".into(), source_id: "test".into(), source_type: 4 },
    };
    let sink = Arc::clone(writer) as Arc<dyn AuditSink>;
    let reader = LogReader::new(writer.log().clone(), sink, clock(), Arc::new(SystemRandom), by);
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest { after, limit: 100 };
        let page = reader.period(Timestamp::MIN, Timestamp::MAX, &page).await.unwrap();
        all.extend(page.items.into_iter().filter_map(|line| match line.content {
            Content::Entry(entry) => Some(*entry),
            Content::Erased => None,
        }));
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

#[test]
fn thousands_of_results_go_the_whole_way_and_take_no_longer_each() {
    // Threads of their own, whose time is told apart from what else the machine does.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(NAME)
        .thread_keep_alive(Duration::from_secs(600))
        .enable_all()
        .build()
        .unwrap();
    let [few, many] = [1_000, 12_000].map(|results| runtime.block_on(whole_way(results)));
    assert!(many < few * 12 * 4, "a thousand {few:?}, twelve thousand {many:?}");
}

/// The name of the threads that deliver.
const NAME: &str = "large";

/// Delivers a report of so many results, and looks at what became of it. Gives how long the delivery worked.
async fn whole_way(results: usize) -> Duration {
    let worked = || busy() + busy_named(NAME).unwrap_or_default();
    let world = World::new();
    let writer = log_of(&world).await;
    let audit = Arc::clone(&writer) as Arc<dyn AuditSink>;
    let processor = processor_into(&world, Arc::new(world.directory.keys()), audit);
    let before = worked();
    assert_eq!(delivered(&processor, &panel(results)).await, Outcome::Done);
    let took = worked().saturating_sub(before);
    assert_eq!(world.of_type("Observation").await.len(), results);
    let report = world.one("DiagnosticReport").await;
    assert_eq!(report["result"].as_array().unwrap().len(), results);

    // Nothing was set aside, and the journal says what was written and recorded.
    let message = only_message(&world).await;
    assert!(world.directory.dead_letters().get(message).await.unwrap().is_none());
    let stages = way(&world, message).await;
    let (mut written, mut recorded) = (BTreeSet::new(), BTreeSet::new());
    for stage in stages {
        match stage {
            Stage::Applied { effects } => written.extend(effects.into_iter().map(|one| one.resource)),
            Stage::Audited { entries } => recorded.extend(entries),
            _ => {}
        }
    }
    assert!(written.len() > results, "{}", written.len());

    // Entries that each fit into the log name every resource, all of them about this message.
    let of_message: Vec<AuditEntry> =
        entries(&writer).await.into_iter().filter(|entry| recorded.contains(&entry.id)).collect();
    assert_eq!(of_message.len(), recorded.len());
    assert!(recorded.len() > results / 500);
    let mut named = BTreeSet::new();
    for entry in &of_message {
        let about = |object: &&Object| object.role == ObjectRole::Message;
        let messages: Vec<&Object> = entry.objects.iter().filter(about).collect();
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].id, message.to_string());
        assert!(entry.patient.is_some());
        named.extend(entry.objects.iter().map(|object| object.id.clone()));
    }
    let unnamed: Vec<&String> = written.iter().filter(|resource| !named.contains(*resource)).collect();
    assert!(unnamed.is_empty(), "{} of {}", unnamed.len(), written.len());
    writer.checkpoint().await.unwrap();
    assert!(writer.log().verify(Verification::default()).await.unwrap().is_clean());
    took
}
