//! When, how often and how urgently: TQ1, ORC-7, OBR-27, OBR-5 and OBR-6 on the ServiceRequest.

use serde_json::{Value, json};

use super::{OBR, message};
use crate::support::{of_kind, run};

const FURTHER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-timing";

/// The request of an order with these segments, and the codes of the warnings. Nothing is lost.
fn request(segments: &[&str]) -> (Value, Vec<&'static str>) {
    let (bundle, report) = run(message(segments).as_bytes());
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let codes = report.warnings.iter().map(|warning| warning.code).collect();
    (of_kind(&bundle, "ServiceRequest").remove(0), codes)
}

fn of_orc(timing: &str, obr5: &str) -> Value {
    let obr = OBR.replacen("zli|||", &format!("zli|{obr5}||"), 1);
    request(&[&format!("ORC|RE|P1^ZIS|F1^LABSYS||||{timing}"), &obr]).0
}

fn of_tq1(tq1: &str) -> Value {
    request(&["ORC|RE|P1^ZIS|F1^LABSYS", tq1, OBR]).0
}

#[test]
fn a_priority_that_contradicts_another_stands_beside_it() {
    assert_eq!(of_orc("^^^^^S", "")["priority"], "stat");
    let twice = of_orc("^^^^^S", "S");
    assert!(twice["priority"] == "stat" && twice["extension"].is_null());
    let contradicted = of_orc("^^^^^S", "R");
    assert_eq!(contradicted["priority"], "routine");
    let beside = json!([{"url": FURTHER, "extension": [{"url": "priority", "valueCode": "stat"}]}]);
    assert_eq!(contradicted["extension"], beside);
}

#[test]
fn a_start_alone_is_a_moment_and_with_an_end_a_period() {
    let start = of_tq1("TQ1|1||||||202611030800||R");
    assert_eq!(start["occurrenceDateTime"], "2026-11-03T08:00:00+01:00");
    let period = of_tq1("TQ1|1||||||20261103|20261105|R");
    assert_eq!(period["occurrencePeriod"], json!({"start": "2026-11-03", "end": "2026-11-05"}));
}

#[test]
fn a_repeat_pattern_is_a_timing() {
    let said = of_tq1("TQ1|1|2^buis|BID|0800~2000||5^d|20261103|||bij koorts|nuchter|S|10^min|10");
    let repeat = &said["occurrenceTiming"]["repeat"];
    let shown = json!({
        "boundsPeriod": repeat["boundsPeriod"], "count": repeat["count"], "duration": repeat["duration"],
        "durationUnit": repeat["durationUnit"], "frequency": repeat["frequency"], "period": repeat["period"],
        "periodUnit": repeat["periodUnit"], "timeOfDay": repeat["timeOfDay"],
    });
    assert_eq!(
        shown,
        json!({
            "boundsPeriod": {"start": "2026-11-03"}, "count": 10, "duration": 10, "durationUnit": "min",
            "frequency": 2, "period": 1, "periodUnit": "d", "timeOfDay": ["08:00:00", "20:00:00"],
        })
    );
    // Five days, beside the period that begins at the start.
    assert_eq!(repeat["extension"][0]["valueDuration"]["code"], "d");
    assert_eq!(said["occurrenceTiming"]["code"]["coding"][0]["code"], "BID");
    assert_eq!(said["quantityQuantity"], json!({"value": 2, "unit": "buis"}));
    assert_eq!(said["asNeededCodeableConcept"]["text"], "bij koorts");
    assert_eq!(said["note"][0]["text"], "nuchter");
}

#[test]
fn days_of_the_week_and_events_of_the_day() {
    let monday = of_tq1("TQ1|1||Q2J15");
    let repeat = &monday["occurrenceTiming"]["repeat"];
    assert_eq!(
        repeat,
        &json!({"frequency": 2, "period": 2, "periodUnit": "wk", "dayOfWeek": ["mon", "fri"]})
    );
    let before = of_tq1("TQ1|1||^^^^^^^ACM^30^min");
    assert_eq!(before["occurrenceTiming"]["repeat"], json!({"when": ["ACM"], "offset": 30}));
    let weekend = of_tq1("TQ1|1||QD^DW^6^1");
    assert_eq!(weekend["occurrenceTiming"]["repeat"]["dayOfWeek"], json!(["sat", "sun", "mon"]));
}

#[test]
fn a_pattern_that_nobody_knows_stays_as_it_was_sent() {
    let (said, warnings) = request(&["ORC|RE|P1^ZIS|F1^LABSYS", "TQ1|1||3xd&driemaal daags&99zli", OBR]);
    assert_eq!(warnings, ["unknown-repeat-pattern"]);
    let timing = &said["occurrenceTiming"];
    assert!(timing["repeat"].is_null());
    assert_eq!(timing["code"]["coding"][0]["code"], "3xd");
    assert_eq!(timing["code"]["coding"][0]["display"], "driemaal daags");
}

#[test]
fn what_tq1_replaced_says_the_same() {
    let said = of_orc("1^TID&0800,1400,2000^D5^20261103^^R^zo nodig^innemen^^^^15", "");
    let repeat = &said["occurrenceTiming"]["repeat"];
    assert_eq!(repeat["timeOfDay"], json!(["08:00:00", "14:00:00", "20:00:00"]));
    assert_eq!((&repeat["frequency"], &repeat["count"]), (&json!(3), &json!(15)));
    assert_eq!(said["occurrenceTiming"]["code"]["coding"][0]["code"], "TID");
    assert_eq!((&said["priority"], &said["note"][0]["text"]), (&json!("routine"), &json!("innemen")));
}

#[test]
fn a_second_timing_stands_beside_the_first() {
    let said = request(&["ORC|RE|P1^ZIS|F1^LABSYS", "TQ1|1||QAM", "TQ1|2||QPM", OBR]).0;
    assert_eq!(said["occurrenceTiming"]["repeat"]["when"], json!(["MORN"]));
    let further = &said["extension"][0];
    assert_eq!(further["url"], FURTHER);
    assert_eq!(further["extension"][0]["valueTiming"]["repeat"]["when"], json!(["EVE"]));
}

#[test]
fn a_requested_moment_outside_the_timing_is_kept() {
    let obr = OBR.replacen("zli|||", "zli||20261104|", 1);
    let both = request(&["ORC|RE|P1^ZIS|F1^LABSYS", "TQ1|1||||||20261103", &obr]).0;
    assert_eq!(both["occurrenceDateTime"], "2026-11-04");
    assert!(both["extension"][0]["extension"][0]["valueTiming"].is_object());
    let repeated = request(&["ORC|RE|P1^ZIS|F1^LABSYS", "TQ1|1||QD", &obr]).0;
    assert_eq!(repeated["occurrenceTiming"]["repeat"]["boundsPeriod"], json!({"start": "2026-11-04"}));
}
