//! Who is who: several numbers, conflicts, mergers.

use serde_json::Value;
use zorgsluis_converter::apply::ApplyError;
use zorgsluis_domain::Effect;

use super::world::{World, adt};

const VISIT: &str = "PV1|1|N";

#[tokio::test]
async fn a_further_number_leads_to_the_patient_that_has_it() {
    let world = World::new();
    let by_bsn = "PID|1||999990019^^^NLMINBIZA^NNNLD||de Vries&de&Vries^J||19610412|F";
    world.send(&adt("A28", 0, &[by_bsn, VISIT])).await;
    world.send(&adt("A28", 10, &["PID|1||1000001^^^LINDE^PI~999990019^^^NLMINBIZA^NNNLD", VISIT])).await;
    world.send(&adt("A31", 20, &["PID|1||1000001^^^LINDE^PI||||||||||06-00000001^PRN^CP", VISIT])).await;
    let patient = world.one("Patient").await;
    assert_eq!(patient["birthDate"], "1961-04-12");
    assert_eq!(patient["telecom"][0]["value"], "06-00000001");
    assert_eq!(patient["identifier"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_bsn_of_somebody_else_is_reported_and_nobody_is_merged() {
    let world = World::new();
    let one = "PID|1||1000002^^^LINDE^PI~999990032^^^NLMINBIZA^NNNLD||Bakker&&Bakker^P||19481103|M";
    let two = "PID|1||1000011^^^LINDE^PI~999990032^^^NLMINBIZA^NNNLD||Bakkers&&Bakkers^Petra||19801130|F";
    let first = world.send(&adt("A28", 0, &[one, VISIT])).await;
    assert!(first.conflicts.is_empty());
    let second = world.send(&adt("A28", 10, &[two, VISIT])).await;
    assert_eq!(second.conflicts.len(), 1);
    assert_eq!(second.conflicts[0].holder, first.patients[0]);
    let reported =
        second.effects.iter().find(|one| one.why.as_deref() == Some("identifier-of-another-patient"));
    assert_eq!(reported.unwrap().effect, Effect::Unchanged);
    let patients = world.of_type("Patient").await;
    let mut born: Vec<&Value> = patients.iter().map(|patient| &patient["birthDate"]).collect();
    born.sort_by_key(|born| born.to_string());
    assert_eq!(born, ["1948-11-03", "1980-11-30"]);
    // Again, and in its own name: still two.
    world.send(&adt("A31", 20, &[two, VISIT])).await;
    assert_eq!(world.of_type("Patient").await.len(), 2);
}

#[tokio::test]
async fn a_merger_leaves_a_stub_and_moves_everything() {
    let world = World::new();
    let old = "PID|1||1000009^^^LINDE^PI||Vries&&Vries^J||1961|U";
    let new = "PID|1||1000001^^^LINDE^PI~999990019^^^NLMINBIZA^NNNLD||de Vries&de&Vries^J||19610412|F";
    world
        .send(&adt(
            "A04",
            0,
            &[old, "PV1|1|E|SEH^K2^^LINDE||||||||||||||||V2^^^LINDE^VN", "NK1|1|Jansen^K|FND"],
        ))
        .await;
    world.send(&adt("A28", 5, &[new, VISIT])).await;
    let merged = world.send(&adt("A40", 10, &[new, "MRG|1000009^^^LINDE^PI"])).await;
    let why = |wanted: &str| merged.effects.iter().filter(|one| one.why.as_deref() == Some(wanted)).count();
    assert_eq!((why("merged-away"), why("moved-to-survivor")), (1, 2), "{:?}", merged.effects);
    let patients = world.of_type("Patient").await;
    assert_eq!(patients.len(), 2);
    let stub = patients.iter().find(|one| one["active"] == false).unwrap();
    assert_eq!(stub["link"][0]["type"], "replaced-by");
    assert_eq!(stub.get("birthDate"), None, "what it held is with the surviving patient");
    let survivor = world.one("Patient").await;
    assert_eq!(survivor["link"][0]["type"], "replaces");
    assert_eq!(survivor["birthDate"], "1961-04-12");
    let here = format!("Patient/{}", survivor["id"].as_str().unwrap());
    assert_eq!(world.one("Encounter").await["subject"]["reference"], here.as_str());
    assert_eq!(world.one("RelatedPerson").await["patient"]["reference"], here.as_str());

    // Chains are followed to the end.
    let third = "PID|1||1000020^^^LINDE^PI||de Vries&de&Vries^J";
    world.send(&adt("A40", 20, &[third, "MRG|1000001^^^LINDE^PI"])).await;
    world.send(&adt("A31", 30, &["PID|1||1000009^^^LINDE^PI||||||||||06-00000009^PRN^CP", VISIT])).await;
    let survivor = world.one("Patient").await;
    assert_eq!(survivor["telecom"][0]["value"], "06-00000009");
    assert_eq!(survivor["identifier"].as_array().unwrap().len(), 4);
    let there = format!("Patient/{}", survivor["id"].as_str().unwrap());
    assert_eq!(world.one("Encounter").await["subject"]["reference"], there.as_str());
}

#[tokio::test]
async fn a_circle_of_mergers_is_refused() {
    let world = World::new();
    let (one, two) = ("1000001^^^LINDE^PI", "1000002^^^LINDE^PI");
    world.send(&adt("A40", 0, &[&format!("PID|1||{one}||A^B"), &format!("MRG|{two}")])).await;
    let stands = world.all().await;
    let back = adt("A40", 10, &[&format!("PID|1||{two}||A^B"), &format!("MRG|{one}")]);
    let refused = world.try_apply(&world.apply, &back).await;
    assert!(matches!(refused, Err(ApplyError::Refused { code: "merge-circle", .. })));
    let elsewhere = adt("A40", 20, &["PID|1||1000003^^^LINDE^PI||A^B", &format!("MRG|{two}")]);
    let refused = world.try_apply(&world.apply, &elsewhere).await;
    assert!(matches!(refused, Err(ApplyError::Refused { code: "merged-elsewhere", .. })));
    assert_eq!(world.all().await, stands);
}

#[tokio::test]
async fn a_false_bsn_joins_nobody() {
    let world = World::new();
    for (minute, bsn) in [(0, "999999999"), (10, "123456789")] {
        let one = format!("PID|1||1000002^^^LINDE^PI~{bsn}^^^NLMINBIZA^NNNLD||Bakker&&Bakker^P||19481103|M");
        let two = format!("PID|1||1000011^^^LINDE^PI~{bsn}^^^NLMINBIZA^NNNLD||Bos&&Bos^T||19801130|F");
        let three = format!("PID|1||{bsn}^^^NLMINBIZA^NNNLD||Prins&&Prins^K||19700101|F");
        for pid in [one, two, three] {
            assert!(world.send(&adt("A28", minute, &[&pid, VISIT])).await.conflicts.is_empty());
        }
        assert_eq!(world.of_type("Patient").await.len(), 3);
    }
}

#[tokio::test]
async fn a_bsn_alone_does_not_lead_to_somebody_of_another_birth_date_and_sex() {
    let bsn = "999990019^^^NLMINBIZA^NNNLD";
    let linde = format!("PID|1||1000001^^^LINDE^PI~{bsn}||de Vries&de&Vries^J||19610412|F");
    let wilg = |born: &str, sex: &str| format!("PID|1||77^^^WILG^PI~{bsn}||Bos&&Bos^T||{born}|{sex}");
    let only = |born: &str, sex: &str| format!("PID|1||{bsn}||Bos&&Bos^T||{born}|{sex}");
    for (pid, patients) in [
        (wilg("19801130", "M"), 2),
        (wilg("19801130", "F"), 1),
        (wilg("1961", "M"), 1),
        (wilg("19801130", ""), 1),
        (only("19801130", "M"), 2),
        (only("19610412", "M"), 1),
    ] {
        let world = World::new();
        let first = world.send(&adt("A28", 0, &[&linde, VISIT])).await;
        let message = adt("A28", 10, &[&pid, VISIT]);
        for _ in 0..2 {
            let second = world.send(&message).await;
            assert_eq!(world.of_type("Patient").await.len(), patients);
            let holders: Vec<_> = second.conflicts.iter().map(|conflict| conflict.holder).collect();
            assert_eq!(holders, if patients == 2 { vec![first.patients[0]] } else { vec![] });
        }
    }
}
