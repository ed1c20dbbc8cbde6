//! Processes that write one log in one bucket and table, with whatever goes wrong.

use std::process::Command;

use tlog::Day;
use zorgsluis_aws::{Clients, Endpoints, KmsSigner};
use zorgsluis_contract::{log_faults, log_killed};

use crate::log_world::{Deployed, entries};
use crate::lossy::Lossy;
use crate::ministack::{REGION, World, credentials};

const PLACE: &str = "ZORGSLUIS_LOG_WRITERS_PLACE";

/// Clients of their own, as a process has them.
async fn clients(endpoint: &str) -> Clients {
    let endpoints = Endpoints { all: Some(endpoint.to_owned()), comprehend_medical: None };
    Clients::load(REGION, &endpoints, Some(credentials())).await
}

/// Runs only when it is started as a child: as a function that the queue called.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    #[expect(clippy::disallowed_methods, reason = "where the parent says that the log is")]
    let Some(place) = std::env::var(PLACE).ok().filter(|_| log_killed::is_child()) else { return };
    let [endpoint, bucket, table, key] = place.split(' ').collect::<Vec<_>>()[..] else {
        unreachable!("{place}")
    };
    let clients = clients(endpoint).await;
    let signer = KmsSigner::load(&clients, key, crate::log::ORIGIN).await.unwrap();
    let (bucket, table) = (bucket.to_owned(), table.to_owned());
    log_killed::child(Deployed { clients, bucket, table, signer, key: key.to_owned() }).await;
}

/// A child that writes into this log.
fn child_of(world: &World, deployed: &Deployed) -> impl Fn() -> Command + Sync + use<> {
    let Deployed { bucket, table, key, .. } = deployed;
    let place = format!("{} {bucket} {table} {key}", world.endpoint);
    move || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "log_faults::child", "--nocapture", "--test-threads=1"]).env(PLACE, &place);
        command
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_whichever_call_goes_wrong() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    log_faults::nothing_is_lost_or_doubled_whichever_call_goes_wrong(deployed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_make_one_log() {
    let world = World::new().await;
    log_faults::many_writers_make_one_log(Deployed::new(&world).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_three_processes_each_is_killed_at_every_call() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    let child = child_of(&world, &deployed);
    log_killed::of_three_processes_each_is_killed_at_every_call(deployed, &child).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_stopped_at_any_call_and_wakes_up_late_changes_nothing() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    let child = child_of(&world, &deployed);
    log_killed::a_process_that_is_stopped_at_any_call_and_wakes_up_late_changes_nothing(deployed, &child)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_on_its_way_is_no_second_entry() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    let put = |shard: &str, object: &str| format!("PUT /{}/log/{shard}/{object}", deployed.bucket);
    for (shard, needle) in [
        ("a", put("a", "entries/00000000000000000000")),
        ("b", put("b", "checkpoint?")),
        ("c", put("c", "tile/")),
        ("d", put("d", "checkpoints/")),
        ("e", "DynamoDB_20120810.BatchWriteItem".to_owned()),
        ("f", "DynamoDB_20120810.UpdateItem".to_owned()),
        ("g", "DynamoDB_20120810.BatchGetItem".to_owned()),
        ("h", "TrentService.Sign".to_owned()),
    ] {
        // The SDK sends it again and is told that it stands there, or has to read what does.
        let line = Lossy::new(&world, &needle, 1).await;
        let by = deployed.by(&line.clients);
        let key = deployed.signer.clone();
        let signer = if shard == "h" {
            let reload = world.signing_key(aws_sdk_kms::types::KeySpec::EccNistEdwards25519).await;
            KmsSigner::load(&line.clients, &reload, crate::log::ORIGIN).await.unwrap()
        } else {
            key
        };
        let by = Deployed { signer, ..by };
        let mut process = by.process(shard, 1);
        assert_eq!(process.write(&entries(0..5)).await.unwrap(), 5, "{needle}");
        process.publisher.keep(Day::new(2026, 11, 22).unwrap()).await.unwrap();
        assert!(line.lost_all(), "{needle}");
        assert_eq!(process.write(&entries(3..8)).await.unwrap(), 8, "{needle}");
        let report = Deployed { clients: world.clients.clone(), ..by }.verify(shard).await;
        assert!(report.is_clean(), "{needle}: {:?}", report.findings);
        assert_eq!((report.size, report.unsealed_tail), (8, 0), "{needle}");
    }
}
