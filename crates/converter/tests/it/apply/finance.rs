//! Accounts, charges, referrals, problems and staff, in any order and each delivered twice.

use super::world::{World, after_each_order};

const PID: &str =
    "PID|1||1000321^^^LINDE^PI||Hendriks&&Hendriks^Sanne^^^^^L||19790412|F|||||||||||7000321^^^LINDE^AN";
const PV1: &str = "PV1|1|I|C3^12^1^LINDE||||||||||||||||V88321^^^LINDE^VN";

/// A message of an hour of 5 November 2026.
fn message(kind: &str, hour: u32, segments: &[&str]) -> String {
    let at = format!("20261105{hour:02}0000");
    let body = segments.join("\r");
    let evn = if kind.starts_with("BAR") || kind.starts_with("DFT") {
        format!("EVN||{at}\r")
    } else {
        String::new()
    };
    format!("MSH|^~\\&|ZIS|LINDE|ZORGSLUIS|LINDE|{at}||{kind}|F{hour}|P|2.5.1|||||NLD|8859/1\r{evn}{body}\r")
}

/// The concept of a problem's status.
fn code<'v>(value: &'v serde_json::Value, element: &str) -> &'v str {
    value[element]["coding"][0]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_account_is_opened_changed_and_ended_in_any_order() {
    let messages = [
        message(
            "BAR^P01",
            8,
            &[
                PID,
                PV1,
                "IN1|1|BASIS^Basis^99ZIS|8999^^^UZOVI^UZOVI|Zorgzeker|||||||||||||||||||||||||||||||||300321987",
            ],
        ),
        message("BAR^P05", 9, &[PID, PV1, "ACC|20261105071500|02^Val op straat^99ZIS|Lindelaan"]),
        message("BAR^P05", 10, &[PID, PV1, "ACC|20261105071500|02^Val op straat^99ZIS|Lindelaan, Utrecht"]),
        message("BAR^P06", 11, &[PID, PV1]),
    ];
    let world = after_each_order(&messages).await;
    let account = world.one("Account").await;
    assert_eq!(account["status"], "inactive");
    assert_eq!(account["servicePeriod"]["start"], "2026-11-05T08:00:00+01:00");
    assert_eq!(account["servicePeriod"]["end"], "2026-11-05T11:00:00+01:00");
    assert_eq!(account["coverage"].as_array().map(Vec::len), Some(1), "what a change does not say stays");
    let text = account.to_string();
    assert!(text.contains("Lindelaan, Utrecht"), "the later change counts");
}

#[tokio::test]
async fn what_is_told_of_a_visit_in_several_places_stands_together() {
    let visit = |number: &str| format!("PV1|1|I|C3^12^1^LINDE||||||||||||||||{number}");
    let diagnosis = |code: &str| format!("DG1|1||{code}^x^ICD-10-NL||20261105|F");
    let (one, two, none) = (visit("V1^^^LINDE^VN"), visit("V2^^^LINDE^VN"), visit(""));
    let [a, b, c, d, e] = ["I10", "E11", "S72.0", "J45", "K21"].map(diagnosis);
    let told = [PID, &one, &a, &two, &b, &none, &c, &one, &d, &none, &e];
    for kind in ["BAR^P01", "ADT^A08"] {
        let world = World::new();
        world.send(&message(kind, 8, &told)).await;
        let active = async || {
            let diagnoses = world.of_type("Condition").await;
            diagnoses.iter().filter(|one| code(one, "clinicalStatus") == "active").count()
        };
        assert_eq!(active().await, 5, "{kind}");
        // A later list of the one visit withdraws what it leaves out, and nothing of the other.
        world.send(&message(kind, 9, &[PID, &one, &d])).await;
        assert_eq!(active().await, 4, "{kind}");
    }
}

#[tokio::test]
async fn an_account_that_is_opened_again_is_open() {
    let messages = [
        message("BAR^P01", 8, &[PID, PV1]),
        message("BAR^P06", 9, &[PID, PV1]),
        message("BAR^P01", 10, &[PID, PV1]),
        message("BAR^P05", 11, &[PID, PV1]),
    ];
    let world = after_each_order(&messages).await;
    assert_eq!(world.one("Account").await["status"], "active");
}

#[tokio::test]
async fn a_purged_account_stays_purged() {
    let messages = [
        message("BAR^P01", 8, &[PID, PV1]),
        message("BAR^P02", 9, &[PID, PV1]),
        message(
            "DFT^P03",
            10,
            &[PID, PV1, "FT1|1|ZP-1^LINDE||20261105|20261106|CG|190035^Verpleegdag^99ZA|||2|900.00&EUR"],
        ),
    ];
    let world = after_each_order(&messages).await;
    assert_eq!(world.one("Account").await["status"], "inactive");
}

#[tokio::test]
async fn a_charge_comes_twice_and_is_credited_in_any_order() {
    let charge = "FT1|1|ZP-2^LINDE||20261105|20261106|CG|190035^Verpleegdag^99ZA|||2|900.00&EUR|450.00&EUR";
    let messages = [
        message("DFT^P03", 8, &[PID, PV1, charge, "NTE|1||op verzoek"]),
        message("DFT^P03", 9, &[PID, PV1, charge]),
        message(
            "DFT^P03",
            10,
            &[PID, PV1, "FT1|1|ZP-2^LINDE||20261105|20261107|CD|190035^Verpleegdag^99ZA|||2|-900.00&EUR"],
        ),
    ];
    let world = after_each_order(&messages).await;
    let charge = world.one("ChargeItem").await;
    assert_eq!(charge["status"], "not-billable");
    assert_eq!(charge["priceOverride"]["value"].to_string(), "-900.00");
    assert_eq!(charge["note"][0]["text"], "op verzoek", "the note is of the charge");
    assert_eq!(world.of_type("DocumentReference").await.len(), 0, "and no note of the visit");
}

#[tokio::test]
async fn charges_of_one_message_that_share_a_number_are_several() {
    let messages = [message(
        "DFT^P03",
        8,
        &[
            PID,
            PV1,
            "FT1|1|ZP-3^LINDE||20261105|20261106|CG|190035^Verpleegdag^99ZA|||2|900.00&EUR",
            "FT1|2|ZP-3^LINDE||20261105|20261107|CD|190035^Verpleegdag^99ZA|||2|-900.00&EUR",
            "FT1|3|ZP-4^LINDE||20261105|20261107|CG|039613^Consult^99ZA|||1|90.00&EUR",
            "FT1|4|ZP-4^LINDE||20261105|20261107|CG|039613^Consult^99ZA|||1|90.00&EUR||||||||I10^hypertensie^I10",
        ],
    )];
    let world = after_each_order(&messages).await;
    let charges = world.of_type("ChargeItem").await;
    assert_eq!(charges.len(), 3, "a charge, its credit, and what was told twice");
    let consult = charges.iter().find(|one| one["identifier"][0]["value"] == "ZP-4").unwrap();
    assert_eq!(consult["reason"][0]["coding"][0]["code"], "I10");
}

const RF1: &str = "|R^Routine^HL70280|MED^Medical^HL70281||O^Outpatient^HL70284|VW-1^LINDE|20261110|20270210|20261105080000";

#[tokio::test]
async fn a_cancelled_referral_stays_cancelled() {
    let [pending, accepted] =
        ["P^Pending^HL70283", "A^Accepted^HL70283"].map(|status| format!("RF1|{status}{RF1}"));
    let to = "PRD|RT^Referred to provider^HL70286|Kuipers&&Kuipers^L||||||||Revalidatie Zuid^^06000077";
    let dg1 = "DG1|1||S72.0^Heupfractuur^ICD-10-NL||20261105|F";
    let messages = [
        message("REF^I12", 8, &[&pending, to, PID, dg1]),
        message("REF^I13", 9, &[&accepted, to, PID]),
        message("REF^I14", 10, &[&accepted, to, PID]),
    ];
    let world = after_each_order(&messages).await;
    let request = world.one("ServiceRequest").await;
    assert_eq!(request["status"], "revoked");
    assert_eq!(request["reasonReference"].as_array().map(Vec::len), Some(1), "why it was referred stays");
    assert_eq!(world.one("Task").await["status"], "cancelled");
}

#[tokio::test]
async fn a_problem_that_was_deleted_stays_so() {
    let messages = [
        message(
            "PPR^PC1",
            8,
            &[
                PID,
                "PRB|AD|20261105080000|I10^Hypertensie^ICD-10-NL|PR-42^LINDE|||20261105|||||||ACTIVE|20261105|201903",
                "NTE|1||Gemeten bij opname",
            ],
        ),
        message(
            "PPR^PC2",
            9,
            &[
                PID,
                "PRB|UP|20261105090000|I10^Hypertensie^ICD-10-NL|PR-42^LINDE|||20261105||20261120|||||RESOLVED",
            ],
        ),
        message("PPR^PC3", 10, &[PID, "PRB|DE|20261105100000|I10^Hypertensie^ICD-10-NL|PR-42^LINDE"]),
    ];
    let world = after_each_order(&messages).await;
    let problem = world.one("Condition").await;
    assert_eq!(code(&problem, "verificationStatus"), "entered-in-error");
    assert!(problem.get("clinicalStatus").is_none(), "FHIR allows none then (con-5)");
}

#[tokio::test]
async fn a_problem_is_corrected_in_any_order() {
    let prb = |hour: u32, status: &str, onset: &str| {
        format!(
            "PRB|UP|20261105{hour:02}0000|I10^Hypertensie^ICD-10-NL|PR-42^LINDE|||20261105|||||||{status}|20261105|{onset}"
        )
    };
    let [added, resolved, again] =
        [prb(8, "ACTIVE", "201903"), prb(9, "RESOLVED", "201904"), prb(10, "ACTIVE", "201904")];
    let messages = [
        message("PPR^PC1", 8, &[PID, &added]),
        message("PPR^PC2", 9, &[PID, &resolved]),
        message("PPR^PC2", 10, &[PID, &again]),
    ];
    let world = after_each_order(&messages).await;
    let problem = world.one("Condition").await;
    assert_eq!(code(&problem, "clinicalStatus"), "active");
    assert_eq!(problem["onsetDateTime"], "2019-04");
}

/// A record of the master file of the staff.
fn staff(hour: u32, event: &str, rest: &[&str]) -> String {
    let mfe = format!("MFE|{event}|1||01054321|CE");
    let mut segments = vec!["MFI|PRA^Practitioner master file^HL70175||UPD|||NE", &mfe];
    segments.extend(rest);
    message("MFN^M02", hour, &segments)
}

const STF: &str = "STF|M321^^99ZIS|01054321^^^VEKTIS^AGB|Smeets&&Smeets^Rob^^^dr.|||19800101|";

/// Whether roles count, as far as anybody said so.
fn active(roles: &[serde_json::Value]) -> Vec<bool> {
    roles.iter().filter_map(|role| role["active"].as_bool()).collect()
}

#[tokio::test]
async fn a_member_of_the_staff_leaves_and_comes_back_in_any_order() {
    let pra = "PRA||CHIR^Chirurgie^99ZIS|MD^Medisch specialist^99ZIS||0303^^C";
    let mention = message(
        "ADT^A08",
        11,
        &[PID, "PV1|1|I|C3^12^1^LINDE||||01054321^Smets^R^^^^^^VEKTIS^^^^AGB||||||||||||V88321^^^LINDE^VN"],
    );
    let left = [staff(8, "MAD", &[STF, pra]), staff(9, "MDL", &[STF, pra]), mention.clone()];
    let world = after_each_order(&left).await;
    let person = world.of_type("Practitioner").await;
    let smeets = person.iter().find(|one| one["birthDate"] == "1980-01-01").unwrap();
    assert_eq!(smeets["active"], false);
    assert_eq!(
        smeets["name"][0]["family"], "Smeets",
        "the master file knows better than who mentions somebody"
    );
    assert_eq!(active(&world.of_type("PractitionerRole").await), [false]);

    let back = [staff(8, "MDL", &[STF, pra]), staff(9, "MAD", &[STF, pra]), mention];
    let world = after_each_order(&back).await;
    let person = world.of_type("Practitioner").await;
    let smeets = person.iter().find(|one| one["birthDate"] == "1980-01-01").unwrap();
    assert_eq!(smeets["active"], true);
    assert_eq!(active(&world.of_type("PractitionerRole").await), [true]);
}

#[tokio::test]
async fn what_is_charged_for_a_procedure_leaves_the_procedure() {
    let world = World::new();
    let pr1 = "PR1|1||335411^Kophalsprothese^99ZA|Kophalsprothese|20261105103000||||||||||||||OK-1^LINDE";
    let other = "PR1|1||335411^Kophalsprothese^99ZA|Kophalsprothese|20261105113000||||||||||||||OK-2^LINDE";
    world.send(&message("BAR^P01", 8, &[PID, PV1, pr1])).await;
    world.send(&message("BAR^P05", 9, &[PID, PV1, other])).await;
    let done = world.of_type("Procedure").await;
    assert_eq!(done.len(), 2, "PR1 is no list: what was done is not undone by a message that leaves it out");
    let taken_back = format!("{pr1}|D");
    world.send(&message("BAR^P12", 10, &[PID, PV1, &taken_back])).await;
    let done = world.of_type("Procedure").await;
    assert_eq!(done.iter().filter(|one| one["status"] == "entered-in-error").count(), 1);
}
