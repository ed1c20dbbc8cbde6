//! `audit reconcile --aws --cloudtrail s3://…`: the log files where CloudTrail delivers them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::deployment::Deployment;

/// That a function stored a message, or read one.
fn event(number: u128, time: &str, name: &str) -> Value {
    json!({
        "eventVersion": "1.11",
        "eventID": Uuid::from_u128(number),
        "eventTime": time,
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "userIdentity": { "type": "AssumedRole", "sessionContext": {
            "sessionIssuer": { "type": "Role", "userName": "zorgsluis-ingest" } } },
        "requestParameters": { "bucketName": "raw", "key": format!("messages/{}", Uuid::from_u128(number)) },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn log_files_of_the_period_are_read_where_they_are_delivered() {
    let deployment = Deployment::new().await;
    let function = deployment.function().await;
    assert!(function.write(0..2).await.is_empty());
    function.tick().await.0.unwrap();
    deployment.world.table("notices").await;
    let trail = deployment.world.bucket("trail").await;
    let reconcile = async |place: &str| {
        let place = format!("s3://{trail}/{place}");
        let period = ["--from", "2026-11-10", "--to", "2026-11-10"];
        let command = ["audit", "reconcile", "--aws", "--json", "--cloudtrail", &place];
        deployment.run(&[&command[..], &period].concat()).await
    };
    assert!(reconcile("AWSLogs").await.refused().contains("there is no log file of CloudTrail"));

    let deliver = async |key: &str, records: Value| {
        let key = format!("AWSLogs/123456789012/{key}");
        let bytes = json!({ "Records": records }).to_string();
        deployment.world.object(&trail, &key, bytes.as_bytes()).await;
    };
    // Of other days, and no log files.
    deliver("CloudTrail/eu-west-1/2026/11/02/a.json", json!([event(1, "2026-11-02T08:00:00Z", "PutObject")]))
        .await;
    deliver("CloudTrail/eu-west-1/2026/11/20/b.json", json!([event(2, "2026-11-20T08:00:00Z", "PutObject")]))
        .await;
    let digest = "CloudTrail-Digest/eu-west-1/2026/11/10/c.json";
    deployment.world.object(&trail, &format!("AWSLogs/123456789012/{digest}"), b"{}").await;
    // Delivered late, in the folder of the next day.
    let late = json!([event(4, "2026-11-10T22:00:00Z", "GetObject")]);
    deliver("CloudTrail/eu-west-1/2026/11/11/d.json", late).await;
    let complete = reconcile("AWSLogs").await;
    assert_eq!(complete.status, Some(0), "{complete:?}");

    let put = json!([event(3, "2026-11-10T08:00:00Z", "PutObject")]);
    deliver("CloudTrail/eu-west-1/2026/11/10/e.json", put).await;
    let found = reconcile("AWSLogs").await;
    assert_eq!(found.status, Some(1), "{found:?}");
    let found = found.json();
    let found: Vec<_> = found["found"].as_array().unwrap().iter().map(|one| one["kind"].as_str()).collect();
    assert_eq!(found, [Some("message-without-entry")]);
    assert_eq!(reconcile("AWSLogs/123456789012/CloudTrail/eu-west-1/2026/11/11/").await.status, Some(0));

    // One that is damaged ends the command, with its name.
    deployment
        .world
        .object(&trail, "AWSLogs/123456789012/CloudTrail/eu-west-1/2026/11/10/f.json", b"{\"Records\": [{}")
        .await;
    let damaged = reconcile("AWSLogs").await.refused();
    assert!(damaged.contains("/2026/11/10/f.json: no JSON at line 1"), "{damaged}");
}
