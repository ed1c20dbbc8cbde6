//! What the adapters write is what the policies of the buckets let them write. MiniStack judges no conditions: what
//! was sent is held against the statements of the template, which the infrastructure's tests keep as it is.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use jiff::Timestamp;
use serde_json::Value;
use tlog::{Created, Etag, LogStorage, Replaced};
use zorgsluis_aws::{Clients, S3LogStorage, S3Payloads, SystemClock};
use zorgsluis_contract::message;
use zorgsluis_domain::Clock;
use zorgsluis_domain::port::{KeyOwner, PayloadStore, Put};

use crate::ministack::World;

/// The organisation of the template is `example`; the term is that which programs are given (`LOG_RETENTION_DAYS`).
const RETENTION_DAYS: u32 = 1827;

/// A PutObject as it was sent.
#[derive(Debug, Clone)]
struct Written {
    key: String,
    headers: BTreeMap<String, String>,
}

/// Keeps what is written.
#[derive(Debug, Clone, Default)]
struct Writes(Arc<Mutex<Vec<Written>>>);

impl Intercept for Writes {
    fn name(&self) -> &'static str {
        "writes"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        if request.method() == "PUT" {
            // http://host:port/bucket/key?x-id=PutObject
            let path = request.uri().split('?').next().unwrap();
            let key = path.splitn(5, '/').nth(4).unwrap().to_owned();
            let headers = request.headers().iter();
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            self.0.lock().unwrap().push(Written { key, headers });
        }
        Ok(())
    }
}

impl Writes {
    /// The same clients, of which this keeps what they write.
    fn of(&self, clients: &Clients) -> Clients {
        let config = clients.s3.config().to_builder().interceptor(self.clone()).build();
        let mut clients = clients.clone();
        clients.s3 = aws_sdk_s3::Client::from_conf(config);
        clients
    }

    fn take(&self) -> Vec<Written> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// The statements by which the policy of a bucket refuses to write some objects and not others.
fn denials(kind: &str) -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/test/snapshots/storage.json");
    let template: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let resources = template["Resources"].as_object().unwrap();
    let begin = format!("zorgsluis-{kind}-");
    let is_its = |policy: &&Value| {
        let bucket = &resources[policy["Properties"]["Bucket"]["Ref"].as_str().unwrap()];
        bucket["Properties"]["BucketName"].as_str().unwrap().starts_with(&begin)
    };
    let mut policies = resources.values().filter(|one| one["Type"] == "AWS::S3::BucketPolicy");
    let policy = policies.find(is_its).unwrap();
    let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap();
    let writing = |one: &&Value| {
        one["Effect"] == "Deny" && list(&one["Action"]).contains(&&Value::from("s3:PutObject"))
    };
    statements.iter().filter(writing).cloned().collect()
}

/// One or several of them, as templates have it.
fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

/// Whether a key is of the place `/…*…` behind the name of the bucket.
fn fits(place: &str, key: &str) -> bool {
    match place.split_once('*') {
        None => place == key,
        Some((before, rest)) => key.strip_prefix(before).is_some_and(|key| {
            key.char_indices().any(|(at, _)| fits(rest, key.split_at(at).1)) || fits(rest, "")
        }),
    }
}

fn is_about(statement: &Value, key: &str) -> bool {
    let places = list(&statement["Resource"]).into_iter();
    let mut places = places.filter_map(|one| one["Fn::Join"][1].as_array()?.last()?.as_str());
    places.any(|place| fits(place, &format!("/{key}")))
}

/// What a condition asks about.
fn asked(key: &str, written: &Written) -> Option<String> {
    let header = |name: &str| written.headers.get(name).cloned();
    match key {
        "s3:if-none-match" => header("if-none-match"),
        "s3:object-lock-mode" => header("x-amz-object-lock-mode"),
        "s3:object-lock-remaining-retention-days" => {
            let until: Timestamp = header("x-amz-object-lock-retain-until-date")?.parse().unwrap();
            Some((until.duration_since(SystemClock.now()).as_hours() / 24).to_string())
        }
        _ => header(key.strip_prefix("s3:").unwrap()),
    }
}

/// Whether a statement refuses this: all that its condition says holds.
fn refuses(statement: &Value, written: &Written) -> bool {
    let conditions = statement["Condition"].as_object().unwrap();
    let mut each = conditions.iter().flat_map(|(operator, keys)| {
        keys.as_object().unwrap().iter().map(move |(key, expected)| (operator.as_str(), key, expected))
    });
    is_about(statement, &written.key)
        && each.all(|(operator, key, expected)| {
            let value = asked(key, written);
            match operator {
                "Null" => value.is_none() == (expected == "true"),
                "StringNotEquals" => value.as_deref() != expected.as_str(),
                "StringNotEqualsIfExists" => value.is_some() && value.as_deref() != expected.as_str(),
                "NumericLessThan" => {
                    let least: i64 = expected.as_str().unwrap().parse().unwrap();
                    value.is_some_and(|value| value.parse::<i64>().unwrap() < least)
                }
                other => unreachable!("{other} is not known here"),
            }
        })
}

/// That the policy of the bucket lets all of this through, and what would be refused without its condition.
fn judge(kind: &str, writes: &[Written]) -> Vec<String> {
    let denials = denials(kind);
    assert!(denials.iter().any(|one| one["Sid"] == "CreateOnly"), "{kind}: the statements are read");
    let mut created_only = Vec::new();
    for written in writes {
        for statement in &denials {
            assert!(!refuses(statement, written), "{} refuses {written:?}", statement["Sid"]);
        }
        let mut bare = written.clone();
        bare.headers.remove("if-none-match");
        if denials.iter().any(|statement| refuses(statement, &bare)) {
            created_only.push(written.key.split('/').rev().nth(1).unwrap().to_owned());
        }
    }
    created_only
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_of_messages_is_let_through_and_messages_alone_are_created_once() {
    let (world, writes) = (World::new().await, Writes::default());
    let keys = world.keys().await;
    let (bucket, table) = (world.bucket("raw").await, world.table("messages").await);
    let payloads = S3Payloads::new(&writes.of(&world.clients), bucket, table.as_str(), Arc::new(keys));
    let (one, owner) = (message(1), KeyOwner::System);
    let put = payloads.put(one, &owner, SystemClock.now(), b"MSH|").await.unwrap();
    assert_eq!(put, Put::Created);
    // As the converter does when a message comes again, and the probe of the intake.
    for content in [b"first".as_slice(), b"second"] {
        payloads.put_note(one, &owner, "notice-order.json", content).await.unwrap();
    }
    let writes = writes.take();
    assert_eq!(writes.len(), 3, "{writes:?}");
    assert_eq!(judge("raw", &writes), ["messages"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_of_the_log_is_let_through_and_what_is_locked_is_created_once() {
    let (world, writes) = (World::new().await, Writes::default());
    let bucket = world.log_bucket().await;
    let storage = S3LogStorage::new(&writes.of(&world.clients), &bucket, RETENTION_DAYS);
    for key in [
        "log/example/entries/00000000000000000000",
        "log/example/checkpoints/2026-11-22",
        "log/example/sealed",
    ] {
        assert_eq!(storage.create(key, b"one").await.unwrap(), Created::New);
    }
    let (checkpoint, tile) = ("log/example/checkpoint", "log/example/tile/entries/000");
    assert_eq!(storage.replace_if(checkpoint, b"one", None).await.unwrap(), Replaced::Done);
    let Etag(etag) = storage.get(checkpoint, 100).await.unwrap().unwrap().etag;
    assert_eq!(storage.replace_if(checkpoint, b"two", Some(&Etag(etag))).await.unwrap(), Replaced::Done);
    for bytes in [b"one", b"two"] {
        storage.put(tile, bytes).await.unwrap();
    }
    let writes = writes.take();
    assert_eq!(writes.len(), 7, "{writes:?}");
    assert_eq!(judge("log", &writes), ["entries", "checkpoints"]);
}

#[test]
fn a_write_without_its_condition_or_its_lock_is_refused() {
    let written = |key: &str, headers: &[(&str, &str)]| Written {
        key: key.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let refused = |kind: &str, written: Written| denials(kind).iter().any(|one| refuses(one, &written));
    assert!(refused("raw", written("messages/1", &[])));
    assert!(!refused("raw", written("messages/1", &[("if-none-match", "*")])));
    assert!(!refused("raw", written("notes/1/order", &[])));
    assert!(refused("raw", written("notes/1/order", &[("x-amz-server-side-encryption", "AES256")])));
    assert!(refused("log", written("log/example/entries/0", &[("if-none-match", "*")])), "not locked");
    assert!(!refused("log", written("log/example/checkpoint", &[])));
}
