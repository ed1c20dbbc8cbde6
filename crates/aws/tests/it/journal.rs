//! The journal on DynamoDB.

use std::collections::BTreeMap;

use zorgsluis_contract::{at, message};
use zorgsluis_domain::port::{Journal, PageRequest};
use zorgsluis_domain::{Effect, Stage, StepEffect};

use crate::ministack::World;
use crate::suite::suite;
use zorgsluis_aws::DynamoJournal;

suite!(the_journal, world => (DynamoJournal::new(&world.clients, world.table("messages").await)), records:
    the_way_of_a_message_grows_in_the_order_of_time,
    the_journal_knows_what_was_queued,
    the_latest_ways_come_first,
);

async fn journal() -> (World, DynamoJournal, String) {
    let world = World::new().await;
    let table = world.table("messages").await;
    let journal = DynamoJournal::new(&world.clients, table.as_str());
    (world, journal, table)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_replayed_often_keeps_its_whole_way() {
    let (_world, journal, _) = journal().await;
    let place = "x".repeat(3000);
    let round: Vec<_> = (0..20)
        .map(|_| Stage::Converted { mapped: 1, ignored: 0, unmapped: vec![place.clone()], warnings: vec![] })
        .collect();
    // More than a megabyte: several pages of a query.
    for second in 0..30 {
        let time = at(&format!("2024-03-07T10:00:{second:02}Z"));
        journal.record(message(1), time, &round).await.unwrap();
    }
    let way = journal.get(message(1)).await.unwrap().unwrap();
    assert_eq!(way.steps.len(), 600);
    assert!(way.steps.is_sorted_by_key(|step| step.at));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_larger_than_an_item_is_kept_whole() {
    let (world, journal, table) = journal().await;
    let effects: Vec<_> = (0..9000)
        .map(|n| StepEffect {
            resource: format!("Observation/{n:036}"),
            effect: Effect::Created,
            why: Some("óuder-dan-bewaard".into()),
        })
        .collect();
    let large = Stage::Applied { effects };
    let time = at("2024-03-07T10:00:00Z");
    journal.record(message(1), time, &[Stage::Queued, large.clone(), Stage::Replayed]).await.unwrap();
    let way = journal.get(message(1)).await.unwrap().unwrap();
    let stages: Vec<_> = way.steps.into_iter().map(|step| step.stage).collect();
    assert_eq!(stages, [Stage::Queued, large.clone(), Stage::Replayed]);

    // A recording that broke off before its last part: it was not told to be recorded, and is passed over.
    let client = &world.clients.dynamodb;
    let items = client.scan().table_name(&table).send().await.unwrap().items.unwrap();
    let last = items
        .iter()
        .filter(|item| {
            item["sk"].as_s().unwrap().starts_with("step#2024-03-07T10:00:00.000000Z#000000000001#")
        })
        .max_by_key(|item| item["sk"].as_s().unwrap().clone())
        .unwrap();
    assert!(last["sk"].as_s().unwrap().ends_with("#0003"), "the stage took several items");
    let (pk, sk) = (last["pk"].clone(), last["sk"].clone());
    client.delete_item().table_name(&table).key("pk", pk).key("sk", sk).send().await.unwrap();
    journal.record(message(1), time, std::slice::from_ref(&large)).await.unwrap();
    let way = journal.get(message(1)).await.unwrap().unwrap();
    let stages: Vec<_> = way.steps.into_iter().map(|step| step.stage).collect();
    assert_eq!(stages, [Stage::Queued, Stage::Replayed, large]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ways_are_listed_over_sparse_years_and_move_when_an_older_step_is_told() {
    let (_world, journal, _) = journal().await;
    let times =
        ["2019-12-31T23:59:59Z", "2021-06-01T00:00:00Z", "2024-02-29T12:00:00Z", "2024-03-01T00:00:00Z"];
    for (number, time) in (1..).zip(times) {
        journal.record(message(number), at(time), &[Stage::Queued]).await.unwrap();
    }
    // The fourth was seen before the second.
    journal.record(message(4), at("2020-01-01T00:00:00Z"), &[Stage::Duplicate]).await.unwrap();
    let mut listed = Vec::new();
    let mut page = PageRequest::first(1);
    loop {
        let found = journal.latest(&page).await.unwrap();
        listed.extend(found.items.into_iter().map(|way| way.message));
        match found.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(listed, [3, 2, 4, 1].map(message));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_recorders_of_one_message_lose_nothing() {
    let (_world, journal, _) = journal().await;
    let tasks: Vec<_> = (0..20u32)
        .map(|n| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let stage = Stage::Enriched {
                    engine: "zorgsluis-recogniser".into(),
                    version: n.to_string(),
                    notes: n,
                    entities: BTreeMap::new(),
                    effects: vec![],
                };
                journal
                    .record(message(1), at("2024-03-07T10:00:00Z"), &[stage, Stage::Duplicate])
                    .await
                    .unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let way = journal.get(message(1)).await.unwrap().unwrap();
    assert_eq!(way.steps.len(), 40);
    // What one recording told stays together, in its order.
    assert!(
        way.steps.chunks(2).all(|pair| matches!(pair[0].stage, Stage::Enriched { .. })
            && matches!(pair[1].stage, Stage::Duplicate))
    );
    let notes: std::collections::HashSet<_> = way
        .steps
        .iter()
        .filter_map(|step| match step.stage {
            Stage::Enriched { notes, .. } => Some(notes),
            _ => None,
        })
        .collect();
    assert_eq!(notes.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_first_recording_broke_off_is_not_listed() {
    let (world, journal, table) = journal().await;
    journal.record(message(1), at("2024-03-07T10:00:00Z"), &[Stage::Queued]).await.unwrap();
    journal.record(message(2), at("2024-03-07T10:00:01Z"), &[Stage::Queued]).await.unwrap();
    let client = &world.clients.dynamodb;
    let items = client.scan().table_name(&table).send().await.unwrap().items.unwrap();
    let step = items
        .into_iter()
        .find(|item| {
            *item["pk"].as_s().unwrap() == message(2).to_string()
                && item["sk"].as_s().unwrap().starts_with("step#")
        })
        .unwrap();
    let (pk, sk) = (step["pk"].clone(), step["sk"].clone());
    client.delete_item().table_name(&table).key("pk", pk).key("sk", sk).send().await.unwrap();
    assert_eq!(journal.get(message(2)).await.unwrap(), None);
    let listed = journal.latest(&PageRequest::first(10)).await.unwrap();
    assert_eq!(listed.items.into_iter().map(|way| way.message).collect::<Vec<_>>(), [message(1)]);
    // What it said of the message as a whole is kept: the reference stood in the queue when it was told.
    assert!(journal.was_queued(message(2)).await.unwrap());
}
