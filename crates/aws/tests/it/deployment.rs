//! What the function behind the audit queue and an operator's command line find: stores, keys, environment.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kms::types::KeySpec;
use aws_sdk_sqs::types::QueueAttributeName;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use zorgsluis_audit_writer::function::Behind;
use zorgsluis_aws::function::{Call, Failed, Function as _, Metrics};
use zorgsluis_aws::{Parts, Program, Settings};
use zorgsluis_domain::audit::{AccessMethod, Application, Deed, Source, User};
use zorgsluis_domain::{AuditEntry, EntryId};

use crate::command_line::{self, Done};
use crate::made::{IDENTITY, PSEUDONYM};
use crate::ministack::{REGION, World};

/// Whose log.
pub(crate) const ORGANISATION: &str = "linde";

pub(crate) struct Deployment {
    pub(crate) world: World,
    pub(crate) bucket: String,
    pub(crate) signing_key: String,
    /// URL of the audit queue.
    pub(crate) queue: String,
    environment: HashMap<String, String>,
}

impl Deployment {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let pseudonyms = world.cmk().await;
        let settings = world.bucket("settings").await;
        for (name, bytes) in [("identity", IDENTITY), ("pseudonym", PSEUDONYM)] {
            let wrapped = world.wrapped(&pseudonyms, name, &bytes).await;
            world.object(&settings, &format!("keys/{name}"), &wrapped).await;
        }
        for table in ["keys", "log-index", "messages", "dead-letters", "patient-index"] {
            world.table(table).await;
        }
        let (bucket, raw) = (world.log_bucket().await, world.bucket("raw").await);
        let signing_key = world.signing_key(KeySpec::EccNistEdwards25519).await;
        let queue = world.clients.sqs.create_queue().queue_name(format!("{}-audit", world.name));
        let queue = queue.attributes(QueueAttributeName::VisibilityTimeout, "1").send().await.unwrap();
        let queue = queue.queue_url.unwrap();
        let environment = [
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ENDPOINT_URL", world.endpoint.clone()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            ("ZORGSLUIS_ORGANISATION", ORGANISATION.to_owned()),
            ("ZORGSLUIS_TABLE_PREFIX", world.name.clone()),
            ("ZORGSLUIS_RAW_BUCKET", raw),
            ("ZORGSLUIS_LOG_BUCKET", bucket.clone()),
            ("ZORGSLUIS_SETTINGS_BUCKET", settings),
            ("ZORGSLUIS_AUDIT_QUEUE", queue.clone()),
            ("ZORGSLUIS_PHI_KEY", world.cmk().await),
            ("ZORGSLUIS_AUDIT_KEY", world.cmk().await),
            ("ZORGSLUIS_PSEUDONYM_KEY", pseudonyms),
            ("ZORGSLUIS_LOG_SIGNING_KEY", signing_key.clone()),
            ("ZORGSLUIS_LOG_RETENTION_DAYS", "30".to_owned()),
        ];
        let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { world, bucket, signing_key, queue, environment }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// A function that starts cold.
    pub(crate) async fn function(&self) -> Function {
        let get = |name: &str| self.environment.get(name).cloned();
        let settings = Settings::read(Program::AuditWriter, get).unwrap();
        let parts = Parts::new(Arc::new(settings), self.world.clients.clone());
        Function(Behind::start(parts).await.unwrap())
    }

    /// The ports of a command.
    pub(crate) fn parts(&self) -> Parts {
        let get = |name: &str| self.environment.get(name).cloned();
        let settings = Settings::read(Program::CommandLine, get).unwrap();
        Parts::new(Arc::new(settings), self.world.clients.clone())
    }

    /// Runs a command.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Done {
        let environment: Vec<_> =
            self.environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        command_line::run(arguments, &environment).await
    }

    /// Verifies the log in the bucket, and its index.
    pub(crate) async fn verify(&self, more: &[&str]) -> Done {
        let arguments =
            ["audit", "verify", "--json", "--bucket", &self.bucket, "--organisation", ORGANISATION];
        let place = ["--endpoint", &self.world.endpoint, "--table-prefix", &self.world.name];
        let key = ["--signing-key", &self.signing_key];
        let key: &[&str] = if more.contains(&"--key") { &[] } else { &key };
        self.run(&[&arguments[..], &place, key, more].concat()).await
    }

    pub(crate) async fn put(&self, key: &str, bytes: &[u8]) {
        self.world.object(&self.bucket, key, bytes).await;
    }

    pub(crate) async fn delete(&self, key: &str) {
        self.world.clients.s3.delete_object().bucket(&self.bucket).key(key).send().await.unwrap();
    }

    pub(crate) async fn bytes(&self, key: &str) -> Vec<u8> {
        let object = self.world.clients.s3.get_object().bucket(&self.bucket).key(key).send().await.unwrap();
        object.body.collect().await.unwrap().to_vec()
    }
}

/// Findings of a verification.
pub(crate) fn codes(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

/// The function behind the audit queue, warm.
pub(crate) struct Function(Behind);

impl Function {
    /// A batch with these entries; which messages went back to the queue.
    pub(crate) async fn write(&self, numbers: std::ops::Range<u8>) -> Vec<String> {
        self.write_at(1_795_000_000, numbers).await
    }

    /// The same, of a time in seconds since 1970.
    pub(crate) async fn write_at(&self, second: i64, numbers: std::ops::Range<u8>) -> Vec<String> {
        let message = |number: u8| {
            let body = serde_json::to_string(&entry(second, number)).unwrap();
            json!({
                "messageId": number.to_string(), "receiptHandle": "r", "body": body, "md5OfBody": "",
                "attributes": {}, "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": REGION,
                "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:audit",
            })
        };
        let batch = json!({ "Records": numbers.map(message).collect::<Vec<_>>() });
        let answer = self.0.handle(batch, &call()).await.unwrap().unwrap();
        answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
    }

    /// What the clock calls for; and the metrics.
    pub(crate) async fn tick(&self) -> (Result<(), Failed>, Value) {
        let call = call();
        let event = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {} });
        let answered = self.0.handle(event, &call).await.map(drop);
        (answered, call.metrics.line(Program::AuditWriter, 0).unwrap_or_default())
    }
}

fn call() -> Call {
    let deadline = zorgsluis_domain::Clock::now(&zorgsluis_aws::SystemClock) + SignedDuration::from_secs(60);
    Call { deadline, traceparent: None, metrics: Metrics::new(ORGANISATION) }
}

/// Somebody read something of one of three invented patients.
fn entry(second: i64, number: u8) -> AuditEntry {
    let time = Timestamp::from_second(second + i64::from(number)).unwrap();
    AuditEntry::of(Deed::read())
        .at(EntryId::new(time, [number; 10]), time)
        .by(User::system("arts-17", true))
        .through(AccessMethod::CommandLine, Application::zorgsluis())
        .reported_by(Source {
            enterprise_site_id: ORGANISATION.into(),
            source_id: "tests".into(),
            source_type: 4,
        })
        .patient(patient(number % 3))
        .build()
}

/// One of three invented patients.
pub(crate) fn patient(number: u8) -> String {
    format!("Patient/0d6c4c1e-7a34-5b0e-9d3a-00000000000{number}")
}

/// Until this holds, or a while.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..100 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreachable!("{what}");
}
