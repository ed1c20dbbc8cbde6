//! A log on AWS is closed for good, beside a function that writes it.

use crate::deployment::{Deployment, ORGANISATION};

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
    let export = deployment.run(&["audit", "export", "--aws"]).await.well();
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
