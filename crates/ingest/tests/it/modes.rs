//! MSH-15 and MSH-16 against what is answered.

use hl7v2::ack::AckCode::{self, AA, AE, AR, CA, CE, CR};

use crate::doubles::Doubles;
use crate::support::{adt_asking, answered, ingest, mllp};

/// What is answered to an accepted, a refused and an unavailable message.
async fn codes(sender: &str, accept: &str, application: &str) -> [Vec<AckCode>; 3] {
    let doubles = Doubles::new();
    let ingest = ingest(&doubles);
    let good = adt_asking(sender, "A01", "M1", "1", accept, application);
    let accepted = ingest.accept(&good, &mllp()).await;
    let mut damaged = adt_asking(sender, "A01", "M2", "1", accept, application);
    damaged.extend_from_slice(b"this is no segment\r");
    let refused = ingest.accept(&damaged, &mllp()).await;
    doubles.fail("payload.put", 1);
    let unavailable =
        ingest.accept(&adt_asking(sender, "A01", "M3", "1", accept, application), &mllp()).await;
    [accepted, refused, unavailable]
        .map(|accepted| answered(&accepted).into_iter().map(|(code, _)| code).collect())
}

#[tokio::test]
async fn original_mode_has_one_answer() {
    assert_eq!(codes("ZIS", "", "").await, [vec![AA], vec![AR], vec![AE]]);
}

#[tokio::test]
async fn the_accept_acknowledgement_is_exact() {
    for (asked, expected) in [
        ("AL", [vec![CA], vec![CR], vec![CE]]),
        ("NE", [vec![], vec![], vec![]]),
        ("ER", [vec![], vec![CR], vec![CE]]),
        ("SU", [vec![CA], vec![], vec![]]),
    ] {
        assert_eq!(codes("ZIS", asked, "NE").await, expected, "MSH-15 {asked}");
    }
}

#[tokio::test]
async fn without_the_profile_only_a_refusal_is_an_application_acknowledgement() {
    for (accept, application, expected) in [
        ("AL", "AL", [vec![CA], vec![CR], vec![CE]]),
        ("ER", "AL", [vec![], vec![CR], vec![CE]]),
        ("SU", "AL", [vec![CA], vec![AR], vec![AE]]),
        ("", "AL", [vec![], vec![AR], vec![AE]]),
        ("NE", "ER", [vec![], vec![AR], vec![AE]]),
        ("", "SU", [vec![], vec![], vec![]]),
    ] {
        assert_eq!(
            codes("ZIS", accept, application).await,
            expected,
            "MSH-15 {accept}, MSH-16 {application}"
        );
    }
}

#[tokio::test]
async fn the_application_acknowledgement_follows_the_profile() {
    for (accept, application, expected) in [
        ("AL", "AL", [vec![CA, AA], vec![CR], vec![CE]]),
        ("AL", "ER", [vec![CA], vec![CR], vec![CE]]),
        ("AL", "SU", [vec![CA, AA], vec![CR], vec![CE]]),
        ("NE", "AL", [vec![AA], vec![AR], vec![AE]]),
        ("", "AL", [vec![AA], vec![AR], vec![AE]]),
        ("NE", "ER", [vec![], vec![AR], vec![AE]]),
        ("AL", "NE", [vec![CA], vec![CR], vec![CE]]),
    ] {
        assert_eq!(
            codes("TALK", accept, application).await,
            expected,
            "MSH-15 {accept}, MSH-16 {application}"
        );
    }
}
