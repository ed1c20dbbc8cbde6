//! Whatever is done to bucket and table past the log is found.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use tlog::{Day, EntryIndex as _};

use crate::log_world::{Deployed, codes, entries, id};
use crate::ministack::World;

/// A log of nine entries in three bundles, and the checkpoint of six of them kept.
async fn log(deployed: &Deployed, shard: &str) {
    let mut process = deployed.process(shard, 1);
    for numbers in [0..3, 3..6] {
        process.write(&entries(numbers)).await.unwrap();
    }
    process.publisher.keep(Day::new(2026, 11, 22).unwrap()).await.unwrap();
    process.write(&entries(6..9)).await.unwrap();
    let report = deployed.verify(shard).await;
    assert!(report.is_clean(), "{:?}", report.findings);
}

impl Deployed {
    async fn overwrite(&self, key: &str, bytes: &[u8]) {
        let body = ByteStream::from(bytes.to_vec());
        self.clients.s3.put_object().bucket(&self.bucket).key(key).body(body).send().await.unwrap();
    }

    async fn delete(&self, key: &str) {
        self.clients.s3.delete_object().bucket(&self.bucket).key(key).send().await.unwrap();
    }

    async fn bytes(&self, key: &str) -> Vec<u8> {
        let object = self.clients.s3.get_object().bucket(&self.bucket).key(key).send().await.unwrap();
        object.body.collect().await.unwrap().to_vec()
    }

    /// Sets one attribute of an item, or takes it away.
    async fn alter(&self, pk: &str, sk: &str, name: &str, value: Option<AttributeValue>) {
        let update = self
            .clients
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(sk.to_owned()))
            .expression_attribute_names("#name", name);
        let update = match value {
            Some(value) => {
                update.update_expression("SET #name = :value").expression_attribute_values(":value", value)
            }
            None => update.update_expression("REMOVE #name"),
        };
        update.send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_the_bucket_is_found() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    let bundle = |shard: &str, first: u64| format!("log/{shard}/entries/{first:020}");
    for shard in ["marker", "last", "version", "swap", "tile", "older", "gone", "kept", "new", "seal"] {
        log(&deployed, shard).await;
        let checkpoint = format!("log/{shard}/checkpoint");
        let expected: &[&str] = match shard {
            "marker" => {
                deployed.delete(&bundle(shard, 3)).await;
                &["delete-marker"]
            }
            "last" => {
                deployed.delete(&bundle(shard, 6)).await;
                &["delete-marker"]
            }
            "version" => {
                deployed.overwrite(&bundle(shard, 3), b"nothing").await;
                &["second-version"]
            }
            "swap" => {
                let first = deployed.bytes(&bundle(shard, 0)).await;
                deployed.delete(&bundle(shard, 0)).await;
                deployed.overwrite(&bundle(shard, 0), &first).await;
                &["delete-marker", "second-version"]
            }
            "tile" => {
                let tile = format!("log/{shard}/tile/0/000.p/9");
                let mut bytes = deployed.bytes(&tile).await;
                bytes[0] ^= 1;
                deployed.overwrite(&tile, &bytes).await;
                &["tile-differs"]
            }
            // An older state of all that can be replaced: the kept checkpoint tells.
            "older" => {
                let kept = deployed.bytes(&format!("log/{shard}/checkpoints/2026-11-22")).await;
                let other = deployed.process("older-yet", 1).write(&entries(0..3)).await;
                assert_eq!(other.unwrap(), 3);
                deployed.overwrite(&checkpoint, &kept).await;
                assert!(deployed.verify(shard).await.is_clean(), "that is a checkpoint of this log");
                let old = deployed.bytes("log/older-yet/checkpoint").await;
                deployed.overwrite(&checkpoint, &old).await;
                &["checkpoint-rolled-back"]
            }
            "gone" => {
                deployed.delete(&checkpoint).await;
                &["checkpoint-missing", "checkpoint-rolled-back"]
            }
            "kept" => {
                deployed.delete(&format!("log/{shard}/checkpoints/2026-11-22")).await;
                &["delete-marker"]
            }
            "new" => {
                deployed.overwrite(&format!("log/{shard}/entries/readme"), b"hello").await;
                &["unexpected-object"]
            }
            _ => {
                deployed.overwrite(&format!("log/{shard}/sealed"), b"so").await;
                &["closing-missing", "seal-differs"]
            }
        };
        let report = deployed.verify(shard).await;
        assert_eq!(codes(&report), expected, "{shard}: {:?}", report.findings);
        assert_eq!(report.size, 9, "{shard}: what was written first is read all the same");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_the_index_is_found() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    let row = |shard: &str, number: u64| format!("{shard}#id#{:032x}", u128::from_be_bytes(id(number).0));
    let key = |number: u64| format!("{:016x}#{number:020}", number ^ (1 << 63));
    let text = |value: &str| Some(AttributeValue::S(value.to_owned()));
    let number = |value: u64| Some(AttributeValue::N(value.to_string()));
    for shard in ["gone", "moved", "bundle", "hidden", "planted", "far", "key", "patient", "coverage"] {
        log(&deployed, shard).await;
        let delete = async |pk: String, sk: String| {
            let request = deployed.clients.dynamodb.delete_item().table_name(&deployed.table);
            let request = request.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk));
            request.send().await.unwrap();
        };
        // A row that leads from an id that nobody has logged to a place: it would keep that entry out of the log.
        let plant = async |at: u64| {
            let mut item = deployed.clients.dynamodb.put_item().table_name(&deployed.table);
            let slot = id(77).0.iter().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte)) % 8;
            for (name, value) in [
                ("pk", text(&row(shard, 77))),
                ("sk", text("id")),
                ("slot", text(&format!("{shard}#{slot}"))),
                ("idx", text(&format!("{at:020}"))),
                ("bundle", number(3)),
                ("keys", number(0)),
            ] {
                item = item.item(name, value.unwrap());
            }
            item.send().await.unwrap();
        };
        let expected: &[&str] = match shard {
            "gone" => {
                delete(row(shard, 4), "id".into()).await;
                &["index-row-altered"]
            }
            "moved" => {
                deployed.alter(&row(shard, 4), "id", "idx", text(&format!("{:020}", 5))).await;
                &["index-row-altered", "index-row-extra"]
            }
            "bundle" => {
                deployed.alter(&row(shard, 4), "id", "bundle", number(0)).await;
                &["index-row-altered"]
            }
            // What verification would not see counts for nobody.
            "hidden" => {
                deployed.alter(&row(shard, 4), "id", "slot", None).await;
                assert_eq!(deployed.index(shard).places(&[id(4)]).await.unwrap(), [None]);
                &["index-row-altered"]
            }
            "planted" => {
                plant(5).await;
                assert!(deployed.index(shard).places(&[id(77)]).await.unwrap()[0].is_some());
                &["index-row-extra"]
            }
            "far" => {
                plant(1 << 50).await;
                assert!(deployed.index(shard).places(&[id(77)]).await.unwrap()[0].is_some());
                &["index-row-extra"]
            }
            "key" => {
                delete(format!("{shard}#key#patient:1"), key(4)).await;
                &["index-row-altered"]
            }
            "patient" => {
                let at = key(4);
                delete(format!("{shard}#key#patient:1"), at.clone()).await;
                for (name, value) in [
                    ("slot", text(&format!("{shard}#4"))),
                    ("idx", text(&format!("{:020}", 4))),
                    ("bundle", number(3)),
                ] {
                    deployed.alter(&format!("{shard}#key#patient:2"), &at, name, value).await;
                }
                &["index-row-altered"]
            }
            _ => {
                deployed.alter(shard, "coverage", "through", number(12)).await;
                &["index-ahead"]
            }
        };
        let report = deployed.verify(shard).await;
        let found = codes(&report);
        assert!(!report.is_clean() && expected.iter().all(|code| found.contains(code)), "{shard}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_open_the_entries_finds_all_the_same_that_keys_are_gone_or_were_added() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    let (text, number) = (AttributeValue::S, |value: u64| AttributeValue::N(value.to_string()));
    // The order of a key is the number of its entry.
    let sort_key = |number: u64| format!("{:016x}#{number:020}", number ^ (1 << 63));
    for shard in ["whole", "key", "patient", "slot", "bundle", "number", "invented"] {
        log(&deployed, shard).await;
        let pk = |at: u64| format!("{shard}#key#patient:{}", at % 3);
        let delete = async |at: u64| {
            let request = deployed.clients.dynamodb.delete_item().table_name(&deployed.table);
            let request = request.key("pk", text(pk(at))).key("sk", text(sort_key(at)));
            request.send().await.unwrap();
        };
        let expected: &[(&str, u64)] = match shard {
            "whole" => &[],
            "key" => {
                delete(4).await;
                &[("index-row-altered", 4)]
            }
            "patient" => {
                for at in [1, 4, 7] {
                    delete(at).await;
                }
                &[("index-row-altered", 1), ("index-row-altered", 4), ("index-row-altered", 7)]
            }
            "slot" => {
                deployed.alter(&pk(4), &sort_key(4), "slot", None).await;
                &[("index-row-altered", 4)]
            }
            "bundle" => {
                deployed.alter(&pk(4), &sort_key(4), "bundle", None).await;
                &[("index-row-altered", 4), ("index-row-extra", 4)]
            }
            "number" => {
                let row = format!("{shard}#id#{:032x}", u128::from_be_bytes(id(4).0));
                deployed.alter(&row, "id", "keys", Some(number(1))).await;
                &[("index-row-altered", 4)]
            }
            _ => {
                let mut put = deployed.clients.dynamodb.put_item().table_name(&deployed.table);
                for (name, value) in [
                    ("pk", text(format!("{shard}#key#patient:other"))),
                    ("sk", text(sort_key(4))),
                    ("slot", text(format!("{shard}#4"))),
                    ("idx", text(format!("{:020}", 4))),
                    ("bundle", number(3)),
                ] {
                    put = put.item(name, value);
                }
                put.send().await.unwrap();
                &[("index-row-altered", 4)]
            }
        };
        let report = deployed.verify_closed(shard).await;
        let mut found: Vec<_> =
            report.findings.iter().map(|finding| (finding.code.as_str(), finding.index.unwrap())).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{shard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_lost_its_coverage_is_completed_by_the_next_writer() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    log(&deployed, "umc").await;
    let request = deployed.clients.dynamodb.delete_item().table_name(&deployed.table);
    let key = [("pk", "umc"), ("sk", "coverage")];
    let request = key
        .iter()
        .fold(request, |request, (name, value)| request.key(*name, AttributeValue::S((*value).to_owned())));
    request.send().await.unwrap();
    let report = deployed.verify("umc").await;
    assert_eq!((codes(&report), report.unindexed), (vec!["index-coverage-differs"], Some(9)));
    assert_eq!(deployed.process("umc", 2).write(&entries(8..11)).await.unwrap(), 11);
    let report = deployed.verify("umc").await;
    assert_eq!((report.is_clean(), report.unindexed, report.size), (true, Some(0), 11));
}
