//! Visits, accounts and numbers that are merged, changed and moved; persons who are linked and deleted.

use serde_json::Value;
use zorgsluis_converter::apply::ApplyError;
use zorgsluis_domain::Effect;

use super::world::{World, adt, effects, oru};

pub(crate) const ONE: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F";
pub(crate) const TWO: &str = "PID|1||1000002^^^LINDE^PI||Bakker&&Bakker^P||19481103|M";

/// A PV1 of this number in class I.
pub(crate) fn visit(number: &str) -> String {
    format!("PV1|1|I|C3^12^1^LINDE||||||||||||||||{number}^^^LINDE^VN")
}

/// A result with an order number of its own, in a visit.
pub(crate) fn result(minute: u32, pid: &str, number: &str, order: u32) -> String {
    let lab = oru(minute, &format!("{pid}\r{}", visit(number)), "4.1", "F");
    lab.replace("F1^", &format!("F{order}^")).replace("A1^", &format!("A{order}^"))
}

async fn refused(world: &World, message: &str) -> &'static str {
    match world.try_apply(&world.apply, message).await {
        Err(ApplyError::Refused { code, .. }) => code,
        Err(other) => panic!("{other}"),
        Ok(_) => "",
    }
}

/// The only one that has this number as a current one.
async fn numbered(world: &World, kind: &str, number: &str) -> Value {
    let mut all = world.of_type(kind).await;
    all.retain(|one| {
        let numbers = one["identifier"].as_array().into_iter().flatten();
        let replaced = one["status"] == "entered-in-error" || one["active"] == false;
        !replaced && numbers.into_iter().any(|id| id["value"] == number && id["use"] != "old")
    });
    assert_eq!(all.len(), 1, "{kind} {number}");
    all.remove(0)
}

fn reference(resource: &Value) -> String {
    format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
}

async fn are_all_of(world: &World, kinds: &[&str], element: &str, holder: &str) {
    for kind in kinds {
        let all = world.of_type(kind).await;
        assert!(!all.is_empty(), "{kind}");
        for one in all.iter().filter(|one| one["status"] != "entered-in-error") {
            assert_eq!(one[element]["reference"], holder, "{kind}");
        }
    }
}

#[tokio::test]
async fn a_merged_visit_becomes_a_stub_and_what_hangs_on_it_follows() {
    let world = World::new();
    world.send(&adt("A01", 0, &[ONE, &visit("V1"), "DG1|1||S72.0^heupfractuur^I10||20261105|A"])).await;
    world.send(&adt("A01", 2, &[ONE, &visit("V0"), "DG1|1||D50.9^anemie^I10||20261105|W"])).await;
    world.send(&result(4, ONE, "V0", 1)).await;
    let merge = adt("A42", 10, &[ONE, "MRG|||||V0^^^LINDE^VN", "PV1|1|I|||||||||||||||||V1^^^LINDE^VN"]);
    let merged = world.send(&merge).await;
    let why: Vec<_> = merged.effects.iter().filter_map(|one| one.why.as_deref()).collect();
    assert!(why.contains(&"merged-away") && why.contains(&"moved-to-survivor"), "{why:?}");
    let stays = numbered(&world, "Encounter", "V1").await;
    are_all_of(&world, &["Observation", "DiagnosticReport", "Condition"], "encounter", &reference(&stays))
        .await;
    let stub = world.of_type("Encounter").await.into_iter().find(|one| one["status"] == "entered-in-error");
    let stub = stub.unwrap();
    assert_eq!(stub["extension"][0]["valueReference"]["reference"], reference(&stays));
    assert_eq!(stub.get("period"), None);
    let active = world.of_type("Condition").await;
    let active = active.iter().filter(|one| one["clinicalStatus"]["coding"][0]["code"] == "active");
    assert_eq!(active.count(), 2, "a merger loses no diagnosis");

    // What comes for the old number goes to the visit that is left; again changes nothing.
    world.send(&result(20, ONE, "V0", 2)).await;
    world.send(&adt("A03", 30, &[ONE, &visit("V0")])).await;
    are_all_of(&world, &["Observation", "DiagnosticReport"], "encounter", &reference(&stays)).await;
    assert_eq!(numbered(&world, "Encounter", "V1").await["status"], "finished");
    let again = world.send(&merge).await;
    assert_eq!(effects(&again, Effect::Changed) + effects(&again, Effect::Created), 0, "{:?}", again.effects);
    // Nor can it be turned round.
    let back = adt("A42", 40, &[ONE, "MRG|||||V1^^^LINDE^VN", "PV1|1|I|||||||||||||||||V0^^^LINDE^VN"]);
    assert_eq!(refused(&world, &back).await, "merge-circle");
}

#[tokio::test]
async fn a_visit_of_another_patient_is_not_merged() {
    let world = World::new();
    world.send(&adt("A01", 0, &[ONE, &visit("V1")])).await;
    world.send(&adt("A01", 1, &[TWO, &visit("V0")])).await;
    let before = world.all().await;
    let merge = adt("A42", 10, &[ONE, "MRG|||||V0^^^LINDE^VN", &visit("V1")]);
    assert_eq!(refused(&world, &merge).await, "subject-conflict");
    assert_eq!(world.all().await, before);
}

#[tokio::test]
async fn a_visit_with_another_number_is_the_same_visit() {
    let world = World::new();
    let ended = format!("{}|||||||||||||||||||||||||20261105080000|20261105090000", visit("V0"));
    world.send(&adt("A03", 0, &[ONE, &ended])).await;
    world.send(&result(4, ONE, "V0", 1)).await;
    let renumbered = adt("A50", 10, &[ONE, "MRG|||||V0^^^LINDE^VN", "PV1|1|I|||||||||||||||||V1^^^LINDE^VN"]);
    world.send(&renumbered).await;
    let stays = numbered(&world, "Encounter", "V1").await;
    assert_eq!(stays["status"], "finished", "what no message says gives way to what one said");
    assert_eq!(stays["period"]["end"], "2026-11-05T09:00:00+01:00");
    are_all_of(&world, &["Observation", "DiagnosticReport"], "encounter", &reference(&stays)).await;
    // Told under the old number, later: it counts by its time.
    world.send(&adt("A13", 20, &[ONE, &visit("V0")])).await;
    assert_eq!(numbered(&world, "Encounter", "V1").await["status"], "in-progress");
    // Back to the old number: the same visit still, and that number is in use again.
    world.send(&adt("A50", 30, &[ONE, "MRG|||||V1^^^LINDE^VN", &visit("V0")])).await;
    let stays = numbered(&world, "Encounter", "V0").await;
    are_all_of(&world, &["Observation", "DiagnosticReport"], "encounter", &reference(&stays)).await;
}

#[tokio::test]
async fn a_moved_visit_takes_all_that_hangs_on_it() {
    let world = World::new();
    world.send(&adt("A28", 0, &[TWO])).await;
    let diagnosis = "DG1|1||S72.0^heupfractuur^I10||20261105|A";
    let allergy = "AL1|1|DA|764146007^penicilline^SCT|SV";
    world.send(&adt("A01", 1, &[ONE, &visit("V1"), allergy, diagnosis])).await;
    world.send(&result(4, ONE, "V1", 1).replace("OBX|1", "NTE|1||nuchter\rOBX|1")).await;
    let specimen = "SPM|1|B1^LABSYS||SER^serum^99zli";
    world.send(&format!("{}{specimen}\r", result(5, ONE, "V1", 2))).await;
    let before = numbered(&world, "Patient", "1000001").await;
    let moved =
        world.send(&adt("A45", 10, &[TWO, "MRG|1000001^^^LINDE^PI||||V1^^^LINDE^VN", &visit("V1")])).await;
    assert!(moved.effects.iter().any(|one| one.why.as_deref() == Some("moved-with-its-visit")));
    let (one, two) =
        (numbered(&world, "Patient", "1000001").await, numbered(&world, "Patient", "1000002").await);
    assert_eq!((&one["name"], &one["birthDate"]), (&before["name"], &before["birthDate"]));
    let of_visit =
        ["Encounter", "Observation", "DiagnosticReport", "Condition", "ServiceRequest", "Specimen"];
    let of_visit: Vec<&str> = {
        let all = world.all().await;
        let there = |kind: &&str| all.keys().any(|key| key.starts_with(&format!("{kind}/")));
        of_visit.into_iter().filter(there).collect()
    };
    assert!(of_visit.len() >= 5, "{of_visit:?}");
    are_all_of(&world, &of_visit, "subject", &reference(&two)).await;
    are_all_of(&world, &["AllergyIntolerance"], "patient", &reference(&one)).await;

    // Whoever does not know of it still says the old patient: it goes to the right one.
    world.send(&result(20, ONE, "V1", 3)).await;
    world.send(&adt("A08", 21, &[ONE, &visit("V1")])).await;
    are_all_of(&world, &of_visit, "subject", &reference(&two)).await;
    // And back again.
    world.send(&adt("A45", 30, &[ONE, "MRG|1000002^^^LINDE^PI||||V1^^^LINDE^VN", &visit("V1")])).await;
    are_all_of(&world, &of_visit, "subject", &reference(&one)).await;
    world.send(&result(40, TWO, "V1", 4)).await;
    are_all_of(&world, &of_visit, "subject", &reference(&one)).await;
}

#[tokio::test]
async fn a_move_gives_back_a_number_that_was_taken_by_mistake() {
    let world = World::new();
    // The wrong one came first and holds the number: the right one is parked.
    world.send(&adt("A01", 0, &[ONE, &visit("V1")])).await;
    let right = adt("A08", 5, &[TWO, &visit("V1")]);
    assert_eq!(refused(&world, &right).await, "subject-conflict");
    world.send(&adt("A45", 10, &[TWO, "MRG|1000001^^^LINDE^PI||||V1^^^LINDE^VN", &visit("V1")])).await;
    world.send(&right).await;
    let two = numbered(&world, "Patient", "1000002").await;
    are_all_of(&world, &["Encounter"], "subject", &reference(&two)).await;
    // A third one has still no part in it.
    let third = adt("A08", 20, &["PID|1||1000003^^^LINDE^PI||Bos&&Bos^T", &visit("V1")]);
    assert_eq!(refused(&world, &third).await, "subject-conflict");
}

#[tokio::test]
async fn a_person_with_another_number_is_the_same_person() {
    let world = World::new();
    let old = "PID|1||1000009^^^LINDE^PI||de Vries&de&Vries^J||19610412|F|||||06-00000009^PRN^CP";
    world.send(&adt("A01", 0, &[old, &visit("V1"), "AL1|1|DA|764146007^penicilline^SCT|SV"])).await;
    let change =
        adt("A47", 10, &["PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J", "MRG|1000009^^^LINDE^PI"]);
    let changed = world.send(&change).await;
    assert!(changed.effects.iter().any(|one| one.why.as_deref() == Some("renumbered")));
    let one = numbered(&world, "Patient", "1000001").await;
    assert_eq!((&one["birthDate"], &one["telecom"][0]["value"]), (&old_birth(), &Value::from("06-00000009")));
    are_all_of(&world, &["Encounter"], "subject", &reference(&one)).await;
    // In a merger what was told of the old number before would give way; here only time counts.
    world.send(&adt("A31", 5, &[&old.replace("06-00000009", "06-00000005"), "AL1|1||\"\""])).await;
    let one = numbered(&world, "Patient", "1000001").await;
    assert_eq!(one["telecom"][0]["value"], "06-00000005");
    assert_eq!(world.one("AllergyIntolerance").await["clinicalStatus"]["coding"][0]["code"], "inactive");
    // The number is given back.
    world
        .send(&adt("A47", 20, &["PID|1||1000009^^^LINDE^PI||de Vries&de&Vries^J", "MRG|1000001^^^LINDE^PI"]))
        .await;
    let one = numbered(&world, "Patient", "1000009").await;
    let old = one["identifier"].as_array().unwrap().iter().find(|id| id["value"] == "1000001").unwrap();
    assert_eq!(old["use"], "old");
    are_all_of(&world, &["Encounter"], "subject", &reference(&one)).await;
}

fn old_birth() -> Value {
    Value::from("1961-04-12")
}

#[tokio::test]
async fn links_are_made_both_ways_and_taken_away() {
    let world = World::new();
    let pair = [ONE, "PID|2||1000002^^^LINDE^PI||Bakker&&Bakker^P"];
    let links = async |world: &World| {
        let all = world.of_type("Patient").await;
        all.iter().map(|one| one["link"].as_array().map_or(0, Vec::len)).sum::<usize>()
    };
    world.send(&adt("A24", 10, &pair)).await;
    let (one, two) =
        (numbered(&world, "Patient", "1000001").await, numbered(&world, "Patient", "1000002").await);
    assert_eq!(one["link"][0]["other"]["reference"], reference(&two));
    assert_eq!(
        (&two["link"][0]["other"]["reference"], &two["link"][0]["type"]),
        (&Value::from(reference(&one)), &Value::from("seealso"))
    );
    // An older one that comes late takes nothing away.
    world.send(&adt("A37", 5, &pair)).await;
    assert_eq!(links(&world).await, 2);
    world.send(&adt("A37", 20, &pair)).await;
    assert_eq!(links(&world).await, 0);
    world.send(&adt("A24", 30, &pair)).await;
    // Two who are one are not linked to themselves, and the link of the merger is no link that A37 takes away.
    world.send(&adt("A40", 40, &[ONE, "MRG|1000002^^^LINDE^PI"])).await;
    world.send(&adt("A37", 50, &pair)).await;
    let one = numbered(&world, "Patient", "1000001").await;
    assert_eq!(one["link"].as_array().unwrap().len(), 1);
    assert_eq!(one["link"][0]["type"], "replaces");
}

#[tokio::test]
async fn a_deleted_person_is_out_of_use_and_comes_back() {
    let world = World::new();
    let active = async |world: &World| world.of_type("Patient").await[0]["active"].clone();
    world.send(&adt("A28", 0, &[ONE])).await;
    world.send(&adt("A29", 10, &[ONE])).await;
    assert_eq!(active(&world).await, false);
    assert_eq!(world.of_type("Patient").await[0]["birthDate"], "1961-04-12", "nothing is erased");
    world.send(&adt("A31", 15, &[ONE])).await;
    world.send(&adt("A28", 5, &[ONE])).await;
    assert_eq!(active(&world).await, false, "an update says nothing of it, and an older one is older");
    world.send(&adt("A28", 20, &[ONE])).await;
    assert_eq!(active(&world).await, true);
}

#[tokio::test]
async fn the_deletion_of_a_number_that_was_merged_leaves_the_person_in_use() {
    for [first, second] in [["A40", "A29"], ["A29", "A40"]] {
        let world = World::new();
        world.send(&adt("A28", 0, &[TWO])).await;
        for event in [first, second] {
            let message = match event {
                "A40" => adt("A40", 10, &[ONE, "MRG|1000002^^^LINDE^PI"]),
                _ => adt("A29", 20, &[TWO]),
            };
            world.send(&message).await;
        }
        assert_eq!(numbered(&world, "Patient", "1000001").await["active"], true, "{first} {second}");
    }
}

#[tokio::test]
async fn a_number_that_moves_takes_what_was_told_under_it() {
    let mrn = "1000001^^^LINDE^PI";
    let pid = |person: &str, name: &str| format!("PID|1||{mrn}~{person}^^^REGIO^PT||{name}");
    for told_before in [true, false] {
        let world = World::new();
        let target = "PID|1||1000005^^^LINDE^PI~P5^^^REGIO^PT||Bakker&&Bakker^P||19481103|M";
        world.send(&adt("A28", 0, &[target])).await;
        let visit = adt("A01", 1, &[&pid("P9", "Bos&&Bos^T"), &visit("V1")]);
        if told_before {
            world.send(&visit).await;
        }
        let moves = adt("A43", 10, &[&pid("P5", "Bakker&&Bakker^P"), &format!("MRG|{mrn}~P9^^^REGIO^PT")]);
        world.send(&moves).await;
        if !told_before {
            world.send(&visit).await;
        }
        let there = numbered(&world, "Patient", "P5").await;
        let values: Vec<&str> =
            there["identifier"].as_array().unwrap().iter().map(|id| id["value"].as_str().unwrap()).collect();
        assert!(values.contains(&"1000001") && !values.contains(&"P9"), "{values:?}");
        are_all_of(&world, &["Encounter"], "subject", &reference(&there)).await;
        // The other person is known by the number that is left, and somebody else.
        world.send(&adt("A28", 20, &["PID|1||P9^^^REGIO^PT||Bos&&Bos^T||19801130|F"])).await;
        let left = numbered(&world, "Patient", "P9").await;
        assert_ne!(left["id"], there["id"]);
        assert_eq!(
            (&left["birthDate"], &there["birthDate"]),
            (&Value::from("1980-11-30"), &Value::from("1948-11-03"))
        );
    }
}

#[tokio::test]
async fn an_account_that_was_merged_is_inactive_and_leads_to_the_other() {
    let world = World::new();
    let account = |number: &str| format!("{ONE}||||||||||{number}^^^LINDE^AN");
    for (event, active) in [("A41", "A1"), ("A49", "A2")] {
        let old = if active == "A1" { "A0" } else { "A1" };
        let minute = if active == "A1" { 10 } else { 20 };
        world.send(&adt(event, minute, &[&account(active), &format!("MRG|||{old}^^^LINDE^AN")])).await;
    }
    let accounts = world.of_type("Account").await;
    assert_eq!(accounts.len(), 3);
    let stays = accounts.iter().find(|one| one["status"] != "inactive").unwrap();
    let numbers = stays["identifier"].as_array().unwrap();
    let current: Vec<&Value> = numbers.iter().filter(|id| id["use"] != "old").collect();
    assert_eq!((numbers.len(), &current[0]["value"]), (3, &Value::from("A2")));
}

#[tokio::test]
async fn an_account_that_moves_takes_its_visits_along() {
    let account = |pid: &str| format!("{pid}||||||||||A1^^^LINDE^AN");
    let moves = adt("A44", 10, &[&account(TWO), "MRG|1000001^^^LINDE^PI||A1^^^LINDE^AN"]);
    for told_before in [true, false] {
        let world = World::new();
        let told = [adt("A01", 0, &[&account(ONE), &visit("V1")]), result(4, ONE, "V1", 1)];
        if !told_before {
            world.send(&moves).await;
        }
        for message in &told {
            world.send(message).await;
        }
        if told_before {
            let moved = world.send(&moves).await;
            assert!(moved.effects.iter().any(|one| one.why.as_deref() == Some("moved-with-its-visit")));
        }
        world.send(&result(20, ONE, "V1", 2)).await;
        let two = numbered(&world, "Patient", "1000002").await;
        are_all_of(&world, &["Encounter", "Observation", "DiagnosticReport"], "subject", &reference(&two))
            .await;
        assert_eq!(world.one("Account").await["subject"][0]["reference"], reference(&two));
    }
}
