//! Witnesses of a log on AWS: those that look at the bucket, and those to which the function submits. And what a
//! command reads where something was laid over what was written first.

use crate::command_line::{self, Serving};
use crate::deployment::{Deployment, ORGANISATION, codes, patient, until};

/// A witness that follows the log of a deployment: its folder and its key.
async fn witness(deployment: &Deployment) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let state = state.to_str().unwrap();
    let name = ["witness", "init", "--state", state, "--name", "toezicht.example/w1"];
    let key = command_line::run(&name, &[]).await.well().trim().to_owned();
    let report = deployment.verify(&[]).await.json();
    let signed = report["signedBy"][0].as_str().unwrap();
    command_line::run(&["witness", "add-log", "--state", state, "--key", signed], &[]).await.well();
    (folder, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_looks_at_the_bucket_and_finds_a_rollback() {
    let deployment = Deployment::new().await;
    let function = deployment.function().await;
    assert!(function.write(0..3).await.is_empty());
    function.tick().await.0.unwrap();
    let checkpoint = format!("log/{ORGANISATION}/checkpoint");
    let old = deployment.bytes(&checkpoint).await;
    let (folder, key) = witness(&deployment).await;
    let state = folder.path().join("state");
    let state = state.to_str().unwrap();
    let endpoint = deployment.world.endpoint.clone();
    let check = ["witness", "check", "--state", state, "--bucket", &deployment.bucket, "--organisation"];
    let check = [&check[..], &[ORGANISATION, "--endpoint", &endpoint]].concat();
    let said = deployment.run(&check).await.well();
    assert!(said.contains("cosigned: 3 entries, seen for the first time"), "{said}");
    assert!(function.write(3..5).await.is_empty());
    function.tick().await.0.unwrap();
    let said = deployment.run(&check).await.well();
    assert!(said.contains("cosigned: 5 entries, which continue the 3"), "{said}");
    let report = deployment.verify(&["--witness", &key]).await.json();
    assert_eq!((&report["clean"], &report["witnesses"][0]["size"]), (&true.into(), &5.into()), "{report}");

    deployment.put(&checkpoint, &old).await;
    let said = deployment.run(&check).await.refused();
    assert!(said.contains("seen before: 5 entries; shown now: 3"), "{said}");
    let report = deployment.verify(&["--witness", &key]).await.json();
    assert!(codes(&report).contains(&"checkpoint-rolled-back"), "{report}");
    let wrong = [&check[..], &["--read-only"]].concat();
    assert_eq!(deployment.run(&wrong).await.status, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_submits_and_a_witness_that_is_down_or_refuses_stops_nothing() {
    let mut deployment = Deployment::new().await;
    let function = deployment.function().await;
    assert!(function.write(0..3).await.is_empty());
    let (answered, metrics) = function.tick().await;
    answered.unwrap();
    assert_eq!(metrics.get("WitnessMissed"), None, "there is none");
    let (folder, key) = witness(&deployment).await;
    let state = folder.path().join("state");
    let state = state.to_str().unwrap();
    let serve = |listen: &str| Serving::start(&["witness", "serve", "--state", state, "--listen", listen]);
    let server = serve("127.0.0.1:0");
    let url = server.line.split_whitespace().nth(1).unwrap().trim_end_matches("/add-checkpoint").to_owned();
    deployment.set("ZORGSLUIS_LOG_WITNESSES", &format!("{url} {key}"));
    let function = deployment.function().await;
    let told = async |function: &crate::deployment::Function| {
        let (answered, metrics) = function.tick().await;
        answered.unwrap();
        (metrics["WitnessMissed"].clone(), metrics["WitnessRefused"].clone(), metrics["Unsealed"].clone())
    };
    assert_eq!(told(&function).await, (0.into(), 0.into(), 0.into()));
    let report = deployment.verify(&["--witness", &key]).await.json();
    assert_eq!((&report["clean"], &report["witnesses"][0]["size"]), (&true.into(), &3.into()), "{report}");

    drop(server);
    assert!(function.write(3..5).await.is_empty());
    assert_eq!(told(&function).await, (1.into(), 0.into(), 0.into()), "covered all the same");
    let _server = serve(url.trim_start_matches("http://"));
    until("the witness is back", async || told(&function).await == (0.into(), 0.into(), 0.into())).await;
    let report = deployment.verify(&["--witness", &key]).await.json();
    assert_eq!(report["witnesses"][0]["size"], 5, "{report}");

    // A log that was begun anew under the same name: the witness has seen another.
    let mut other = Deployment::new().await;
    other.set("ZORGSLUIS_LOG_SIGNING_KEY", &deployment.signing_key);
    other.signing_key = deployment.signing_key.clone();
    other.set("ZORGSLUIS_LOG_WITNESSES", &format!("{url} {key}"));
    let forked = other.function().await;
    assert!(forked.write(7..9).await.is_empty());
    assert_eq!(told(&forked).await, (1.into(), 1.into(), 0.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_read_what_was_written_first_whatever_was_laid_over_it() {
    let deployment = Deployment::new().await;
    let function = deployment.function().await;
    for numbers in [0..2, 2..4, 4..6] {
        assert!(function.write(numbers).await.is_empty());
    }
    function.tick().await.0.unwrap();
    let whole = deployment.run(&["audit", "export", "--aws"]).await.well();
    assert_eq!(whole.lines().count(), 6, "{whole}");
    let bundle = |first: u64| format!("log/{ORGANISATION}/entries/{first:020}");
    let last = deployment.bytes(&bundle(4)).await;
    deployment.put(&bundle(0), b"nothing").await;
    deployment.put(&bundle(2), &last).await;
    deployment.delete(&bundle(4)).await;
    let report = deployment.verify(&[]).await.json();
    let mut found = codes(&report);
    found.sort_unstable();
    assert_eq!(found, ["delete-marker", "second-version", "second-version"], "{report}");
    assert_eq!(deployment.run(&["audit", "export", "--aws"]).await.well(), whole);
    let asked = patient(1);
    let answer = deployment.run(&["audit", "history", "--aws", "--patient", &asked, "--json"]).await.json();
    assert_eq!(answer["lines"].as_array().map(Vec::len), Some(2), "{answer}");
    let entry: serde_json::Value = serde_json::from_str(whole.lines().next().unwrap()).unwrap();
    let id = entry["id"].as_str().unwrap();
    let proof = deployment.run(&["audit", "prove", "--aws", id]).await.well();
    assert!(proof.starts_with("c2sp.org/tlog-proof"), "{proof}");
    deployment.run(&["audit", "rebuild", "--aws"]).await.well();
    assert_eq!(deployment.run(&["audit", "export", "--aws"]).await.well(), whole);
}
