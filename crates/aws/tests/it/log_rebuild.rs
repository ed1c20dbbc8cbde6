//! The index of the log is made anew while functions that write it are awake.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tlog::{EntryIndex as _, IndexError, LogError, Query, rebuild};

use crate::deployment::{Deployment, ORGANISATION, codes, patient};
use crate::log_world::{Deployed, Logs as _, Opener, entries, id};
use crate::lossy::Lossy;
use crate::ministack::World;

impl Deployed {
    async fn rebuild(&self, shard: &str) -> Result<u64, LogError> {
        let ports = self.ports(shard);
        let keys = [ports.signer.verifying_key().clone()];
        rebuild(&ports.log(shard), &keys, Some((&*ports.index, &Opener))).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_index_is_made_anew_no_writer_believes_that_an_entry_is_missing() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    let mut warm = deployed.process("umc", 1);
    for numbers in [0..3, 3..6] {
        warm.write(&entries(numbers)).await.unwrap();
    }
    // Somebody begins, and is gone.
    deployed.index("umc").reset().await.unwrap();
    for _ in 0..2 {
        let refused = warm.append(&entries(4..8)).await;
        assert!(matches!(refused, Err(LogError::IndexRebuilding)), "{refused:?}");
        assert!(refused.unwrap_err().is_transient(), "the queue keeps it");
    }
    let cold = deployed.process("umc", 2).append(&entries(8..9)).await;
    assert!(matches!(cold, Err(LogError::IndexRebuilding)), "{cold:?}");
    // Nobody gets half an answer.
    let reader = deployed.index("umc");
    let query = Query { key: "all".into(), from: 0, to: 9, after: None, limit: 9, newest_first: false };
    assert!(matches!(reader.find(&query).await, Err(IndexError::Rebuilding)));
    assert!(matches!(reader.places(&[id(1)]).await, Err(IndexError::Rebuilding)));
    assert!(matches!(reader.rows(0, 9).await, Err(IndexError::Rebuilding)));

    assert_eq!(deployed.rebuild("umc").await.unwrap(), 6);
    let places = warm.append(&entries(4..8)).await.unwrap();
    assert_eq!(places.iter().map(|place| place.new).collect::<Vec<_>>(), [false, false, true, true]);
    assert_eq!(reader.find(&query).await.unwrap().hits.len(), 8);
    warm.publisher.publish().await.unwrap();
    let report = deployed.verify("umc").await;
    assert!(report.is_clean() && report.size == 8, "{:?}", report.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_anew_takes_over_from_whoever_was_at_it() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    deployed.process("umc", 1).write(&entries(0..3)).await.unwrap();
    let (one, two) = (deployed.index("umc"), deployed.index("umc"));
    one.reset().await.unwrap();
    two.reset().await.unwrap();
    assert!(matches!(one.coverage().await, Err(IndexError::Rebuilding)));
    assert!(matches!(one.rebuilt().await, Err(IndexError::Rebuilding)));
    assert_eq!(two.coverage().await.unwrap().through, 0);
    two.rebuilt().await.unwrap();
    // What is unmarked is whole for its coverage: the next writer completes it.
    assert_eq!(deployed.process("umc", 2).write(&entries(2..4)).await.unwrap(), 4);
    assert!(deployed.verify("umc").await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_slept_while_another_made_it_anew_takes_nothing_away() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    deployed.process("umc", 1).write(&entries(0..250)).await.unwrap();
    let line = Lossy::new(&world, "DynamoDB_20120810.Scan", 0).await;
    // The first has marked the index and read its rows; before it hears of them another does all of it.
    line.hold();
    let slow = deployed.by(&line.clients);
    let sleeper = tokio::spawn(async move { slow.index("umc").reset().await });
    line.is_held().await;
    assert_eq!(deployed.rebuild("umc").await.unwrap(), 250);
    line.release();
    let refused = sleeper.await.unwrap();
    assert!(matches!(refused, Err(IndexError::Rebuilding)), "{refused:?}");
    let ids: Vec<_> = (0..250).map(id).collect();
    let places = deployed.index("umc").places(&ids).await.unwrap();
    assert_eq!(places.len(), 250);
    let report = deployed.verify("umc").await;
    assert!(report.is_clean() && report.unindexed == Some(0), "{:?}", report.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_beside_it_lose_and_double_nothing() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    deployed.process("umc", 9).write(&entries(0..40)).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writer = |number: u8| {
        let (deployed, stop) = (deployed.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut process = deployed.process("umc", number);
            let mut at = 0;
            // All that was ever logged comes again and again, and some that is new.
            while !stop.load(Ordering::SeqCst) || at < 40 {
                let from = at % 40;
                let new = 100 * u64::from(number) + at;
                let batch = entries((from..from + 3).chain([new]));
                while let Err(error) = process.append(&batch).await {
                    assert!(error.is_transient(), "{error:?}");
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                at += 1;
            }
            at
        })
    };
    let writers = [writer(1), writer(2)];
    for _ in 0..3 {
        deployed.rebuild("umc").await.unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    let mut expected = std::collections::BTreeSet::from_iter(0..42_u64);
    for (number, writer) in (1..).zip(writers) {
        let at: u64 = writer.await.unwrap();
        expected.extend((0..at).map(|at| 100 * number + at));
    }
    let size = deployed.process("umc", 7).write(&entries(0..3)).await.unwrap();
    let report = deployed.verify("umc").await;
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(size, expected.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_on_the_way_leave_it_whole() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    for (shard, needle) in [
        ("a", "UpdateItem"),
        ("b", "BatchWriteItem"),
        ("f", "TransactWriteItems"),
        ("c", "Scan"),
        ("d", "GetItem"),
        ("e", "/entries/"),
    ] {
        deployed.process(shard, 1).write(&entries(0..30)).await.unwrap();
        let line = Lossy::new(&world, needle, 1).await;
        assert_eq!(deployed.by(&line.clients).rebuild(shard).await.unwrap(), 30, "{needle}");
        assert!(line.lost_all(), "{needle}");
        let report = deployed.verify(shard).await;
        assert!(report.is_clean() && report.unindexed == Some(0), "{needle}: {:?}", report.findings);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_makes_tiles_and_index_anew() {
    let deployment = Deployment::new().await;
    let function = deployment.function().await;
    assert!(function.write(0..6).await.is_empty());
    function.tick().await.0.unwrap();
    let (table, dynamodb) =
        (format!("{}-log-index", deployment.world.name), &deployment.world.clients.dynamodb);
    let items = dynamodb.scan().table_name(&table).send().await.unwrap().items.unwrap();
    for item in items.iter().step_by(2) {
        let delete = dynamodb.delete_item().table_name(&table);
        delete.key("pk", item["pk"].clone()).key("sk", item["sk"].clone()).send().await.unwrap();
    }
    let tile = format!("log/{ORGANISATION}/tile/0/000.p/6");
    deployment.put(&tile, b"no tile").await;
    let report = deployment.verify(&[]).await;
    assert_eq!(report.status, Some(1), "{report:?}");
    assert!(codes(&report.json()).contains(&"tile-differs"), "{report:?}");

    let said = deployment.run(&["audit", "rebuild", "--aws"]).await.well();
    assert!(said.contains("tiles and index made anew: 6 entries"), "{said}");
    let report = deployment.verify(&[]).await;
    assert_eq!(codes(&report.json()), [""; 0], "{report:?}");
    // The function is warm all the while: what comes twice stands once.
    assert!(function.write(4..8).await.is_empty());
    function.tick().await.0.unwrap();
    let report = deployment.verify(&[]).await.json();
    assert_eq!(
        (&report["clean"], &report["size"], &report["unindexed"]),
        (&true.into(), &8.into(), &0.into())
    );
    let json = deployment.run(&["audit", "rebuild", "--aws", "--index-only", "--json"]).await;
    assert_eq!((&json.json()["entries"], &json.json()["tiles"]), (&8.into(), &false.into()));

    // Of entries that do not lead to the checkpoint nothing is made, and the index stays as it was.
    deployment.delete(&format!("log/{ORGANISATION}/checkpoint")).await;
    let other = deployment.bytes(&format!("log/{ORGANISATION}/entries/{:020}", 0)).await;
    deployment.put(&format!("log/{ORGANISATION}/entries/{:020}", 8), &other).await;
    let said = deployment.run(&["audit", "rebuild", "--aws"]).await.refused();
    assert!(said.contains("does not continue the entries before it"), "{said}");
    let prefix = deployment.world.name.clone();
    let index = zorgsluis_aws::DynamoEntryIndex::new(
        &deployment.world.clients,
        &format!("{prefix}-log-index"),
        ORGANISATION,
    );
    assert_eq!(index.coverage().await.unwrap().through, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_leaves_messages_in_the_queue_until_it_is_done() {
    let deployment = Deployment::new().await;
    let function = deployment.function().await;
    assert!(function.write(0..4).await.is_empty());
    let table = format!("{}-log-index", deployment.world.name);
    let index = zorgsluis_aws::DynamoEntryIndex::new(&deployment.world.clients, &table, ORGANISATION);
    index.reset().await.unwrap();
    assert_eq!(function.write(2..6).await, ["2", "3", "4", "5"]);
    let error = function.tick().await.0.unwrap_err();
    assert!(error.reason().contains("made anew"), "{error:?}");
    let asked = patient(1);
    let history = ["audit", "history", "--aws", "--patient", &asked, "--json"];
    let said = deployment.run(&history).await.refused();
    assert!(said.contains("made anew"), "{said}");

    deployment.run(&["audit", "rebuild", "--aws"]).await.well();
    assert!(function.write(2..6).await.is_empty());
    function.tick().await.0.unwrap();
    let report = deployment.verify(&[]).await.json();
    assert_eq!((&report["clean"], &report["size"]), (&true.into(), &6.into()), "{report}");
    let answer = deployment.run(&history).await;
    assert_eq!(answer.json()["lines"].as_array().map(Vec::len), Some(2), "{answer:?}");
}
