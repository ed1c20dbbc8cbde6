//! What counts more of what is told before and after mergers, whatever the order of arrival.

use super::world::{adt, after_each_order, oru};

/// A registration, then a merger, then a laboratory that still uses the old number: the registration counts more
/// than a mention, whether the merger came between them or not.
#[tokio::test]
async fn a_mention_under_the_old_number_after_a_merger_ends_the_same_in_every_order() {
    let registered = format!("PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F");
    let mentioned = "PID|1||1000001^^^LINDE^PI||Vries^Johanna||1961|F";
    after_each_order(&[
        adt("A28", 0, &[&registered]),
        adt("A40", 10, &["PID|1||1000004^^^LINDE^PI", "MRG|1000001^^^LINDE^PI"]),
        oru(20, mentioned, "4.1", "F"),
    ])
    .await;
}

/// A number that is merged once more after what it was merged into went on: what weighs more does not depend on
/// which of the two mergers was told first.
#[tokio::test]
async fn mergers_one_after_the_other_end_the_same_in_every_order() {
    let number = |last: u32, more: &str| format!("PID|1||100000{last}^^^LINDE^PI||{more}");
    after_each_order(&[
        adt("A28", 5, &[&number(2, "Bakker^P||1948")]),
        adt("A28", 25, &[&number(1, "Bakker^Pieter||19481103")]),
        adt("A40", 20, &[&number(3, ""), "MRG|1000002^^^LINDE^PI"]),
        adt("A40", 30, &[&number(2, ""), "MRG|1000001^^^LINDE^PI"]),
    ])
    .await;
}
