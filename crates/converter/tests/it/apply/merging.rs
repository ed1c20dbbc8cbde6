//! What a message leaves, changes and deletes.

use serde_json::{Value, json};
use zorgsluis_domain::Effect;

use super::world::{World, adt, oru, why};

const PV1: &str = "PV1|1|I|C3^12^1^LINDE||||03999201^van der Waterman&van der&Waterman^H^^^^^^VEKTIS|||CHI|||||||||V1^^^LINDE^VN";

fn identifiers(patient: &Value) -> Vec<&str> {
    patient["identifier"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn empty_keeps_and_null_deletes() {
    let world = World::new();
    let full = "PID|1||1000001^^^LINDE^PI~999990019^^^NLMINBIZA^NNNLD||de Vries&de&Vries^Johanna||19610412|F|||\
        Zilverreigerdijk 12&Zilverreigerdijk&12^^Lindewaard^^9090ZZ^NL^H||06-00000001^PRN^CP|0900-0002^WPN^PH||M";
    world.send(&adt("A01", 0, &[full, PV1])).await;
    let before = world.one("Patient").await;

    // A thin result message names the patient and nothing else: everything stays.
    let thin = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J";
    let applied = world.send(&oru(10, thin, "4.1", "F")).await;
    assert_eq!(why(&applied, "Patient"), (Effect::Unchanged, String::from("registration-wins")));
    assert_eq!(world.one("Patient").await, before);

    // A08: new address, name and birth date empty, work phone deleted.
    let update =
        "PID|1||1000001^^^LINDE^PI||||||||Waterlelielaan 7&Waterlelielaan&7^^Lindewaard^^9091ZZ^NL^H|||\"\"";
    let applied = world.send(&adt("A08", 20, &[update, "PV1|1|I|||||||||||||||||V1^^^LINDE^VN"])).await;
    assert_eq!(why(&applied, "Patient").0, Effect::Changed);
    let after = world.one("Patient").await;
    for kept in ["name", "birthDate", "gender", "maritalStatus"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_eq!(identifiers(&after), identifiers(&before));
    assert_eq!(after["address"][0]["postalCode"], "9091ZZ");
    let uses: Vec<&Value> = after["telecom"].as_array().unwrap().iter().map(|one| &one["use"]).collect();
    assert!(
        !uses.contains(&&json!("work")) && uses.len() == 1,
        "the work number is deleted, the other one stays"
    );
    let encounter = world.one("Encounter").await;
    assert_eq!(encounter["status"], "in-progress");
    assert_eq!(encounter["location"].as_array().unwrap().len(), 1, "PV1-3 was empty");
    assert_eq!(encounter["participant"].as_array().unwrap().len(), 1, "PV1-7 was empty");
}

#[tokio::test]
async fn an_older_update_that_comes_late_changes_nothing_newer() {
    let world = World::new();
    let pid = |phone: &str| format!("PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F|||||{phone}");
    world.send(&adt("A01", 0, &[&pid("06-00000001^PRN^CP"), PV1])).await;
    world.send(&adt("A08", 30, &[&pid("\"\""), PV1])).await;
    let before = world.all().await;
    let applied = world.send(&adt("A08", 15, &[&pid("06-00000002^PRN^CP"), PV1])).await;
    assert_eq!(why(&applied, "Patient"), (Effect::Unchanged, String::from("older-than-stored")));
    let after = world.all().await;
    for kind in ["Patient/", "Encounter/"] {
        let of_kind = |all: &std::collections::BTreeMap<String, Value>| {
            all.iter()
                .filter(|(key, _)| key.starts_with(kind))
                .map(|(_, value)| value.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(of_kind(&before), of_kind(&after));
    }
}

#[tokio::test]
async fn an_update_does_not_reopen_what_was_closed_and_a_cancellation_does() {
    let world = World::new();
    let pid = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J";
    let visit = |end: &str| {
        format!(
            "PV1|1|I|C3^12^1^LINDE||||||||||||||||V1^^^LINDE^VN|||||||||||||||||||||||||20261105080000|{end}"
        )
    };
    world.send(&adt("A01", 0, &[pid, &visit("")])).await;
    world.send(&adt("A03", 10, &[pid, &visit("20261105091000")])).await;
    world.send(&adt("A08", 20, &[pid, "PV1|1|I|C3^12^1^LINDE||||||||||||||||V1^^^LINDE^VN"])).await;
    let encounter = world.one("Encounter").await;
    assert_eq!(encounter["status"], "finished");
    assert_eq!(encounter["period"]["end"], "2026-11-05T09:10:00+01:00");
    world.send(&adt("A13", 30, &[pid, &visit("")])).await;
    let encounter = world.one("Encounter").await;
    assert_eq!(encounter["status"], "in-progress");
    assert_eq!(encounter["period"], json!({ "start": "2026-11-05T08:00:00+01:00" }));
}

#[tokio::test]
async fn a_transfer_leaves_one_active_location_and_both_in_the_history() {
    let world = World::new();
    let pid = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J";
    let visit = |place: &str| format!("PV1|1|I|{place}||||||||||||||||V1^^^LINDE^VN");
    world.send(&adt("A01", 0, &[pid, &visit("C3^12^1^LINDE")])).await;
    world.send(&adt("A02", 10, &[pid, &visit("D1^04^2^LINDE")])).await;
    let encounter = world.one("Encounter").await;
    let statuses: Vec<&str> =
        encounter["location"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["completed", "active"]);
}

#[tokio::test]
async fn a_list_replaces_the_senders_list_and_an_older_one_revives_nothing() {
    let world = World::new();
    let pid = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J";
    let penicillin = "AL1|1|DA|764146007^penicilline^SCT|SV";
    let peanut = "AL1|2|FA|91934008^pinda^SCT|MO";
    let latex = "AL1|3|MA|111088007^latex^SCT|MI";
    let statuses = async |world: &World| {
        let mut all: Vec<(String, String)> = world
            .of_type("AllergyIntolerance")
            .await
            .iter()
            .map(|one| {
                let code = one["code"]["coding"][0]["code"].as_str().unwrap().to_owned();
                (code, one["clinicalStatus"]["coding"][0]["code"].as_str().unwrap().to_owned())
            })
            .collect();
        all.sort();
        all
    };
    let is = |code: &str, status: &str| (code.to_owned(), status.to_owned());

    world.send(&adt("A01", 0, &[pid, PV1, penicillin, peanut])).await;
    let applied = world.send(&adt("A08", 30, &[pid, PV1, penicillin])).await;
    let left_out =
        applied.effects.iter().filter(|one| one.why.as_deref() == Some("left-out-of-newer-snapshot"));
    assert_eq!(left_out.count(), 1);
    let now = [is("764146007", "active"), is("91934008", "inactive")];
    assert_eq!(statuses(&world).await, now);

    // Without AL1 nothing is said about allergies.
    world.send(&adt("A08", 40, &[pid, PV1])).await;
    assert_eq!(statuses(&world).await, now);

    // An older list comes late: it neither revives nor adds.
    world.send(&adt("A08", 15, &[pid, PV1, penicillin, peanut, latex])).await;
    let late = [is("111088007", "inactive"), is("764146007", "active"), is("91934008", "inactive")];
    assert_eq!(statuses(&world).await, late);

    // A newer one does.
    world.send(&adt("A08", 50, &[pid, PV1, peanut])).await;
    let newest = [is("111088007", "inactive"), is("764146007", "inactive"), is("91934008", "active")];
    assert_eq!(statuses(&world).await, newest);

    // Another sender's list is another list.
    let other = adt("A08", 55, &[pid, PV1, latex]).replace("|ZIS|", "|LABSYS|");
    world.send(&other).await;
    let both = [is("111088007", "active"), is("764146007", "inactive"), is("91934008", "active")];
    assert_eq!(statuses(&world).await, both);
}

#[tokio::test]
async fn a_settled_result_is_not_unsettled_and_a_correction_stays() {
    let world = World::new();
    let pid = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J";
    let value = async |world: &World| {
        let observation = world.one("Observation").await;
        (
            observation["valueQuantity"]["value"].to_string(),
            observation["status"].as_str().unwrap().to_owned(),
        )
    };
    let is = |number: &str, status: &str| (number.to_owned(), status.to_owned());
    world.send(&oru(10, pid, "4.1", "F")).await;
    assert_eq!(value(&world).await, is("4.1", "final"));
    let applied = world.send(&oru(20, pid, "4.0", "P")).await;
    assert_eq!(why(&applied, "Observation"), (Effect::Unchanged, String::from("status-rank")));
    assert_eq!(value(&world).await, is("4.1", "final"));
    world.send(&oru(30, pid, "4.4", "C")).await;
    assert_eq!(value(&world).await, is("4.4", "corrected"));
    let applied = world.send(&oru(25, pid, "4.2", "F")).await;
    assert_eq!(why(&applied, "Observation"), (Effect::Unchanged, String::from("older-than-stored")));
    assert_eq!(value(&world).await, is("4.4", "corrected"));
}
