//! A log on AWS is closed for good, beside a function that writes it.

use aws_sdk_kms::types::KeySpec;
use serde_json::Value;

use crate::deployment::{Deployment, ORGANISATION, codes, patient};

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_sealed_once_and_a_warm_function_writes_nothing_behind_it() {
    let mut deployment = Deployment::new().await;
    let function = deployment.function().await;
    assert!(function.write(0..4).await.is_empty());
    let waits =
        deployment.world.clients.sqs.send_message().queue_url(&deployment.queue).message_body("waits");
    waits.send().await.unwrap();
    let sealed = deployment.run(&["audit", "seal", "--aws", "--json"]).await;
    assert!(sealed.err.contains("1 message in the audit queue"), "{sealed:?}");
    let sealed = sealed.json();
    // Four, and the last entry, which says so.
    assert_eq!((&sealed["already"], &sealed["size"]), (&false.into(), &5.into()));
    let seal = deployment.bytes(&format!("log/{ORGANISATION}/sealed")).await;
    assert_eq!(String::from_utf8(seal.clone()).unwrap(), sealed["checkpoint"].as_str().unwrap());
    let end = deployment.bytes(&format!("log/{ORGANISATION}/entries/{:020}", 5)).await;
    assert!(end.starts_with(b"TLOGBNDL"), "what closes it stands in the place of the next bundle");

    // Neither what is new nor what stands there already is lost: it stays in the queue.
    for _ in 0..2 {
        assert_eq!(function.write(3..6).await, ["3", "4", "5"]);
        assert_eq!(deployment.function().await.write(5..6).await, ["5"]);
    }
    // Nothing of it is set aside, and the clock finds nothing to do.
    let letters = deployment.world.clients.dynamodb.scan();
    let letters = letters.table_name(format!("{}-dead-letters", deployment.world.name)).send().await.unwrap();
    assert_eq!(letters.count, 0);
    function.tick().await.0.unwrap();

    let again = deployment.run(&["audit", "seal", "--aws"]).await.well();
    assert!(again.contains("was sealed already: 5 entries"), "{again}");
    let report = deployment.verify(&["--sealed"]).await.json();
    assert_eq!(
        (&report["clean"], &report["sealed"], &report["size"]),
        (&true.into(), &true.into(), &5.into())
    );

    // The log that continues, in the same bucket: what waited in the queue goes there.
    let said = deployment.run(&["audit", "seal", "--aws", "--successor", ORGANISATION]).await;
    assert_eq!(said.status, Some(2), "{said:?}");
    let said = deployment.run(&["audit", "seal", "--aws", "--successor", "linde-2027"]).await.well();
    assert!(said.contains("linde-2027 continues it"), "{said}");
    deployment.set("ZORGSLUIS_ORGANISATION", "linde-2027");
    let function = deployment.function().await;
    assert!(function.write(3..6).await.is_empty());
    function.tick().await.0.unwrap();
    let export = deployment.run(&["audit", "export", "--aws", "--organisation", "linde-2027"]).await.well();
    assert_eq!(export.lines().count(), 4, "{export}");
    assert!(export.contains("continues zorgsluis/linde, sealed at 5 entries"), "{export}");
    // Given twice, it does not close the one that continues.
    let said = deployment.run(&["audit", "seal", "--aws"]).await;
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("sealed already: linde; --organisation says which"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_not_there_is_not_sealed() {
    let deployment = Deployment::new().await;
    let said = deployment.run(&["audit", "seal", "--aws"]).await.refused();
    assert!(said.contains("there is no log of linde"), "{said}");
    let none = deployment.world.clients.s3.list_objects_v2().bucket(&deployment.bucket).send().await.unwrap();
    assert_eq!(none.key_count, Some(0));
    let said = deployment.run(&["audit", "seal", "--aws", "--organisation", "eik"]).await;
    assert_eq!(said.status, Some(2), "{said:?}");
}

/// A log of four entries and the last one, sealed; and one that continues it, with its first entry and two more. The
/// environment names that.
async fn chain() -> Deployment {
    let mut deployment = Deployment::new().await;
    let function = deployment.function().await;
    assert!(function.write(0..4).await.is_empty());
    function.tick().await.0.unwrap();
    deployment.run(&["audit", "seal", "--aws", "--successor", "linde-2027"]).await.well();
    deployment.set("ZORGSLUIS_ORGANISATION", "linde-2027");
    let function = deployment.function().await;
    assert!(function.write(6..8).await.is_empty());
    function.tick().await.0.unwrap();
    deployment
}

/// Names and sizes of the logs of a report, and whether each verifies.
fn logs(report: &Value) -> Vec<(&str, u64, bool)> {
    let earlier = report["earlier"].as_array().unwrap().iter();
    let of = |one: &Value| one["size"].as_u64().unwrap();
    [report]
        .into_iter()
        .chain(earlier)
        .map(|one| (one["log"].as_str().unwrap(), of(one), codes(one).is_empty()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_proofs_and_verification_go_through_both_logs() {
    let mut deployment = chain().await;
    let export = deployment.run(&["audit", "export", "--aws"]).await.well();
    assert_eq!(export.lines().count(), 5 + 3, "{export}");
    // Whom entries 0 and 3 of the one, and entry 6 of the other are about.
    let history = ["audit", "history", "--aws", "--patient", &patient(0), "--json"];
    let told = deployment.run(&history).await.json();
    let of: Vec<_> =
        told["lines"].as_array().unwrap().iter().map(|line| line["log"].as_str().unwrap()).collect();
    assert_eq!(of, ["linde", "linde", "linde-2027"]);
    // Page by page the same, and of one log alone what is in it.
    let first = deployment.run(&[&history[..], &["--page-size", "2"]].concat()).await.json();
    let next = first["next"].as_str().unwrap();
    let second =
        deployment.run(&[&history[..], &["--page-size", "2", "--after", next]].concat()).await.json();
    assert_eq!((first["lines"].as_array().unwrap().len(), second["lines"].as_array().unwrap().len()), (2, 1));
    let one = deployment.run(&[&history[..], &["--organisation", "linde"]].concat()).await.json();
    assert_eq!(one["lines"].as_array().unwrap().len(), 2);
    let other = deployment.run(&[&history[..], &["--organisation", "eik"]].concat()).await;
    assert_eq!(other.status, Some(2), "{other:?}");

    let proven = async |deployment: &Deployment, at: usize| {
        let id = told["lines"][at]["id"].as_str().unwrap();
        let proof = deployment.run(&["audit", "prove", "--aws", id, "--json"]).await.json();
        proof["keys"][0].as_str().unwrap().split('+').next().unwrap().to_owned()
    };
    assert_eq!(proven(&deployment, 0).await, "zorgsluis/linde");
    assert_eq!(proven(&deployment, 2).await, "zorgsluis/linde-2027");
    let report = deployment.run(&["audit", "verify", "--aws", "--json"]).await.json();
    assert_eq!(logs(&report), [("linde-2027", 3, true), ("linde", 5, true)]);

    // Another key signs from here on: the one before still leads to the log that it sealed.
    let key = deployment.world.signing_key(KeySpec::EccNistEdwards25519).await;
    deployment.run(&["audit", "rotate-key", "--aws", "--new-key", &key]).await.well();
    deployment.set("ZORGSLUIS_LOG_SIGNING_KEY", &key);
    let report = deployment.run(&["audit", "verify", "--aws", "--json"]).await.json();
    assert_eq!(logs(&report), [("linde-2027", 4, true), ("linde", 5, true)]);
    assert_eq!(proven(&deployment, 0).await, "zorgsluis/linde");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_of_the_chain_finds_what_was_done_to_the_log_before() {
    let deployment = chain().await;
    let verify = ["audit", "verify", "--aws", "--json"];
    // It is logged: through the queue.
    assert!(deployment.run(&verify).await.err.is_empty());
    let bundle = format!("log/{ORGANISATION}/entries/{:020}", 0);
    let bytes = deployment.bytes(&bundle).await;
    deployment.put(&bundle, &[&bytes[..], b"!"].concat()).await;
    let said = deployment.run(&verify).await;
    assert_eq!(said.status, Some(1), "{said:?}");
    let report = said.json();
    assert_eq!(logs(&report), [("linde-2027", 3, true), ("linde", 5, false)]);
    assert!(codes(&report["earlier"][0]).contains(&"second-version"), "{report}");
    // Without its seal it is no log that another continues.
    deployment.delete(&format!("log/{ORGANISATION}/sealed")).await;
    let said = deployment.run(&verify).await;
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(codes(&said.json()).contains(&"predecessor-missing"), "{said:?}");
}
