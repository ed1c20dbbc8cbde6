//! A process that records entries and checkpoints is killed, or gets no answer, at every call.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tlog::memory::{FAULTS, Fault, FaultPlan, Faulty, MemoryStorage};
use tlog::{LogStorage, StorageError};
use zorgsluis_audit_writer::AuditWriter;
use zorgsluis_contract::through::{AtLog, Through};
use zorgsluis_domain::port::AuditSink;

use crate::support::{ANNA, BRAM, World, entry, log_on, signer};

/// Records eight entries in three calls with checkpoints between, as a process that starts again after
/// a crash; returns how many calls of the ports it took.
async fn life(faults: Option<(u64, Fault)>) -> u64 {
    let world = World::new();
    let plan = FaultPlan::new(faults);
    let storage = Arc::new(Faulty::new(world.storage.clone(), plan.clone()));
    let index = Arc::new(Faulty::new(world.index.clone(), plan.clone()));
    let faulty = log_on(storage, index, world.keys.clone());
    let start = |log| AuditWriter::open(log, world.random.as_ref(), signer());
    let mut writer = start(faulty.clone()).await;
    for (numbers, patient) in [(0..3, ANNA), (2..5, BRAM), (5..8, ANNA)] {
        let entries: Vec<_> =
            numbers.map(|number| entry(number, Some(if number == 2 { ANNA } else { patient }))).collect();
        let accepted = async |writer: &AuditWriter| {
            writer.record(&entries).await.is_ok() && writer.checkpoint().await.is_ok()
        };
        let mut tries = 0;
        while !matches!(&writer, Ok(writer) if accepted(writer).await) {
            tries += 1;
            assert!(tries < 5, "{faults:?}");
            if plan.crashed() {
                writer = start(world.log.clone()).await;
            } else if writer.is_err() {
                writer = start(faulty.clone()).await;
            }
        }
    }
    let report = world.verify().await;
    assert!(report.is_clean(), "{faults:?}: {:?}", report.findings);
    assert_eq!((report.size, report.unsealed_tail, report.unindexed), (8, 0, Some(0)), "{faults:?}");
    plan.calls()
}

#[tokio::test]
async fn nothing_accepted_is_lost_and_nothing_is_doubled() {
    let calls = life(None).await;
    assert!(calls > 25, "{calls}");
    for call in 0..calls {
        for fault in FAULTS {
            life(Some((call, fault))).await;
        }
    }
}

#[tokio::test]
async fn a_new_process_completes_the_index_by_opening_what_another_wrote() {
    // At one of these calls it dies after the bundle was created and before it was recorded.
    let mut found = false;
    for call in 0..12 {
        let world = World::new();
        let plan = FaultPlan::new([(call, Fault::CrashAfter)]);
        let storage = Arc::new(Faulty::new(world.storage.clone(), plan.clone()));
        world.writer().await;
        let log = log_on(storage, Arc::new(Faulty::new(world.index.clone(), plan)), world.keys.clone());
        let Ok(writer) = AuditWriter::new(log, world.random.as_ref()) else { continue };
        let _ = writer.append(&[entry(1, Some(ANNA))]).await;
        let unindexed = world.verify().await.unindexed;
        found |= unindexed == Some(1);
        world.writer().await.record(&[entry(1, Some(ANNA)), entry(2, None)]).await.unwrap();
        let report = world.verify().await;
        assert!(report.is_clean(), "{call}: {:?}", report.findings);
        assert_eq!((report.size, report.unindexed), (2, Some(0)));
    }
    assert!(found, "one of the crashes left an entry that the index did not have");
}

/// Storage on a disk that has no room while `full` is set.
struct Disk {
    storage: Arc<MemoryStorage>,
    full: AtomicBool,
}

impl AtLog for Disk {
    fn storage(&self) -> &dyn LogStorage {
        self.storage.as_ref()
    }
    fn before_write(&self) -> Result<(), StorageError> {
        let full = self.full.load(Ordering::SeqCst);
        if full { Err(StorageError::from_io(ErrorKind::StorageFull.into())) } else { Ok(()) }
    }
}

#[tokio::test]
async fn a_full_disk_is_no_damage_and_everything_goes_on_when_there_is_room() {
    let world = World::new();
    let disk = Arc::new(Through(Disk { storage: world.storage.clone(), full: AtomicBool::new(false) }));
    let writer = world.writer_on(log_on(disk.clone(), world.index.clone(), world.keys.clone())).await;
    writer.record(&[entry(1, Some(ANNA))]).await.unwrap();

    disk.0.full.store(true, Ordering::SeqCst);
    let error = writer.record(&[entry(2, Some(BRAM))]).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("unavailable", true), "{error}");
    let error = writer.append(&[entry(2, Some(BRAM))]).await.unwrap_err();
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        said.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    assert!(said.contains("the disk is full") && !said.contains("damage"), "{said}");
    assert!(writer.checkpoint().await.unwrap_err().is_transient());

    disk.0.full.store(false, Ordering::SeqCst);
    writer.record(&[entry(2, Some(BRAM))]).await.unwrap();
    writer.checkpoint().await.unwrap();
    let report = world.verify().await;
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.size, report.unsealed_tail), (2, 0));
}
