//! One KMS key takes over from another.

use aws_sdk_kms::types::KeySpec;

use crate::deployment::{Deployment, ORGANISATION, codes};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_key_takes_over_and_functions_follow_it_without_being_started_anew() {
    let mut deployment = Deployment::new().await;
    let next = deployment.world.signing_key(KeySpec::EccNistEdwards25519).await;
    let told_nothing = deployment.function().await;
    deployment.set("ZORGSLUIS_LOG_NEXT_SIGNING_KEY", &next);
    let function = deployment.function().await;
    assert!(function.write(0..3).await.is_empty());
    function.tick().await.0.unwrap();
    let before = deployment.bytes(&format!("log/{ORGANISATION}/checkpoint")).await;

    let rotated =
        deployment.run(&["audit", "rotate-key", "--aws", "--new-key", &next, "--json"]).await.json();
    assert_eq!(rotated["size"], 4, "three, and the entry about it");
    let handover = deployment.bytes(rotated["handover"].as_str().unwrap()).await;
    assert!(String::from_utf8(handover).unwrap().contains("key-handover"));
    // Again, also once the functions went on: nothing more is done.
    assert!(function.write(3..5).await.is_empty());
    function.tick().await.0.unwrap();
    let again = deployment.run(&["audit", "rotate-key", "--aws", "--new-key", &next, "--json"]).await.json();
    assert_eq!(again, rotated);
    // Who was not told of the next key takes entries, and signs nothing.
    assert!(told_nothing.write(5..6).await.is_empty());
    let error = told_nothing.tick().await.0.unwrap_err();
    assert!(error.reason().contains("not to be believed"), "{error:?}");
    function.tick().await.0.unwrap();

    // With either public key alone, without KMS.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.pub");
    let old = folder.path().join("old-checkpoint");
    std::fs::write(&old, before).unwrap();
    for key in ["before", "now"] {
        std::fs::write(&file, rotated[key].as_str().unwrap()).unwrap();
        let with = ["--key", file.to_str().unwrap(), "--checkpoint", old.to_str().unwrap()];
        let report = deployment.verify(&with).await.json();
        assert_eq!(codes(&report), [""; 0], "{report}");
        assert_eq!((&report["size"], &report["checkpoint"]), (&7.into(), &7.into()));
        assert_eq!(report["signedBy"][0], rotated["now"]);
        assert_eq!(report["handovers"][0]["size"], 4);
    }
    // The key before may go: it is named nowhere any more.
    let second = deployment.signing_key.clone();
    deployment.set("ZORGSLUIS_LOG_NEXT_SIGNING_KEY", "");
    deployment.set("ZORGSLUIS_LOG_SIGNING_KEY", &next);
    deployment.signing_key = next.clone();
    deployment.world.clients.kms.disable_key().key_id(&second).send().await.unwrap();
    let function = deployment.function().await;
    assert!(function.write(6..7).await.is_empty());
    function.tick().await.0.unwrap();
    assert_eq!(deployment.verify(&[]).await.json()["clean"], true);
    let exported = deployment.run(&["audit", "export", "--aws"]).await.well();
    assert!(exported.contains("110129"), "the rotation is an entry: {exported}");

    let same = deployment.run(&["audit", "rotate-key", "--aws", "--new-key", &next]).await.well();
    assert!(same.contains("took over at entry 4"), "{same}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_take_over_is_refused() {
    let mut deployment = Deployment::new().await;
    deployment.function().await.write(0..2).await;
    let own = deployment.signing_key.clone();
    let said = deployment.run(&["audit", "rotate-key", "--aws", "--new-key", &own]).await;
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("signs the log already"), "{said:?}");
    let curve = deployment.world.signing_key(KeySpec::EccNistP256).await;
    let said = deployment.run(&["audit", "rotate-key", "--aws", "--new-key", &curve]).await.refused();
    assert!(said.contains("not an Ed25519 key"), "{said}");
    let said = deployment.run(&["audit", "rotate-key", "--aws"]).await;
    assert_eq!(said.status, Some(2), "{said:?}");

    // From a key that was replaced nobody takes over.
    let (one, two) = (
        deployment.world.signing_key(KeySpec::EccNistEdwards25519).await,
        deployment.world.signing_key(KeySpec::EccNistEdwards25519).await,
    );
    deployment.run(&["audit", "rotate-key", "--aws", "--new-key", &one]).await.well();
    let said = deployment.run(&["audit", "rotate-key", "--aws", "--new-key", &two]).await.refused();
    assert!(said.contains("from which another took over"), "{said}");
    deployment.set("ZORGSLUIS_LOG_SIGNING_KEY", &one);
    deployment.run(&["audit", "rotate-key", "--aws", "--new-key", &two]).await.well();
    let report = deployment.verify(&[]).await.json();
    assert_eq!((codes(&report).len(), report["handovers"].as_array().unwrap().len()), (0, 2), "{report}");
    deployment.set("ZORGSLUIS_LOG_SIGNING_KEY", &two);
    deployment.run(&["audit", "seal", "--aws"]).await.well();
    let said = deployment.run(&["audit", "rotate-key", "--aws", "--new-key", &one]).await.refused();
    assert!(said.contains("is sealed"), "{said}");
}
