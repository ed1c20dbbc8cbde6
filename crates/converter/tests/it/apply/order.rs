//! Any order of arrival ends in the same state; coming twice changes nothing.

use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};

use super::world::{World, adt, assert_same, effects, oru};
use zorgsluis_domain::Effect;

const NEW: &str = "1000001^^^LINDE^PI~999990019^^^NLMINBIZA^NNNLD";
const OLD: &str = "1000009^^^LINDE^PI";

/// One patient's messages, with everything that could depend on order, in the order of sending.
pub(crate) fn story() -> Vec<String> {
    let pid = |number: &str, rest: &str| format!("PID|1||{number}||{rest}");
    let full = |address: &str, home: &str, work: &str| {
        pid(NEW, &format!("de Vries&de&Vries^Johanna||19610412|F|||{address}||{home}|{work}||M"))
    };
    let visit = |place: &str, prior: &str, doctor: &str, end: &str| {
        format!(
            "PV1|1|I|{place}|||{prior}|{doctor}|||CHI|||||||||V1^^^LINDE^VN|||||||||||||||||||||||||20261105083000|{end}"
        )
    };
    let waterman = "03999201^van der Waterman&van der&Waterman^H^^^^^^VEKTIS";
    let velde = "03999203^ten Velde&ten&Velde^E^^^^^^VEKTIS";
    let penicillin = "AL1|1|DA|764146007^penicilline^SCT|SV";
    let peanut = "AL1|2|FA|91934008^pinda^SCT|MO";
    let latex = "AL1|3|MA|111088007^latex^SCT|MI";
    let kin = "NK1|1|van den Berg&van den&Berg^K|SPO|||06-00000003^PRN^CP";
    let insurance = "IN1|1|BASIS|8999^^^^UZOVI|Polderland||||||||20260101||||||||||||||||||||||||8999000101";
    let hip = "DG1|1||S72.0^heupfractuur^I10||20261105|A";
    let anaemia = "DG1|2||D50.9^anemie^I10||20261105|W";
    let dike = "Zilverreigerdijk 12&Zilverreigerdijk&12^^Lindewaard^^9090ZZ^NL^H";
    let lane = "Waterlelielaan 7&Waterlelielaan&7^^Lindewaard^^9091ZZ^NL^H";
    let thin = pid(NEW, "de Vries&de&Vries^J");
    vec![
        adt(
            "A01",
            0,
            &[
                &full(dike, "06-00000001^PRN^CP", "0900-0002^WPN^PH"),
                kin,
                &visit("C3^12^1^LINDE", "", waterman, ""),
                penicillin,
                peanut,
                hip,
                insurance,
            ],
        ),
        adt("A02", 10, &[&thin, &visit("D1^04^2^LINDE", "C3^12^1^LINDE", "", "")]),
        oru(12, &thin, "4.0", "P"),
        adt(
            "A08",
            15,
            &[
                &full(dike, "06-00000002^PRN^CP", "0900-0002^WPN^PH"),
                &visit("D1^04^2^LINDE", "", waterman, ""),
                penicillin,
                peanut,
                latex,
                hip,
                anaemia,
            ],
        ),
        adt("A08", 20, &[&full(lane, "", "\"\""), &visit("D1^04^2^LINDE", "", velde, ""), penicillin]),
        oru(22, &thin, "4.1", "F"),
        adt(
            "A04",
            25,
            &[
                &pid(OLD, "Vries&&Vries^J||1961|U|||^^Lindewaard^^^NL^H"),
                "PV1|1|E|SEH^K2^^LINDE||||||||||||||||V2^^^LINDE^VN",
                "AL1|1|DA|387458008^acetylsalicylzuur^SCT|U",
            ],
        ),
        oru(27, &pid(OLD, "Vries&&Vries^J"), "5.9", "F").replace("F1^", "F2^").replace("A1^", "A2^"),
        adt("A03", 30, &[&thin, &visit("D1^04^2^LINDE", "", "", "20261105093000"), hip]),
        oru(32, &thin, "4.4", "C"),
        adt("A40", 40, &[&thin, &format!("MRG|{OLD}")]),
        adt(
            "A08",
            50,
            &[
                &pid(OLD, "de Vries&de&Vries^Johanna||19610412|F|||||06-00000005^PRN^CP"),
                "PV1|1|E|SEH^K2^^LINDE||||||||||||||||V2^^^LINDE^VN",
            ],
        ),
    ]
}

fn shuffled(messages: Vec<String>, times: u32) -> Vec<Vec<String>> {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let strategy = Just(messages).prop_shuffle();
    (0..times).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_of_arrival_ends_in_the_same_state() {
    let sent = World::new();
    for message in story() {
        sent.send(&message).await;
    }
    let expected = sent.all().await;
    let mut reversed = story();
    reversed.reverse();
    let mut orders = shuffled(story(), 40);
    orders.push(reversed);
    for (nth, order) in orders.into_iter().enumerate() {
        let world = World::new();
        for message in &order {
            world.send(message).await;
        }
        assert_same(&world.all().await, &expected, &format!("order {nth}"));
    }
}

#[tokio::test]
async fn the_story_ends_as_told() {
    let world = World::new();
    for message in story() {
        world.send(&message).await;
    }
    let patient = world.one("Patient").await;
    assert_eq!(patient["address"][0]["postalCode"], "9091ZZ", "the emergency room knew less, later");
    assert_eq!(patient["telecom"][0]["value"], "06-00000005", "told under the old number, after the merger");
    assert_eq!(patient["birthDate"], "1961-04-12");
    let old = patient["identifier"].as_array().unwrap().iter().find(|one| one["value"] == "1000009").unwrap();
    assert_eq!(old["use"], "old");
    let reference = format!("Patient/{}", patient["id"].as_str().unwrap());
    for kind in ["Encounter", "Observation", "DiagnosticReport"] {
        for resource in world.of_type(kind).await {
            assert_eq!(resource["subject"]["reference"], reference.as_str(), "{kind}");
        }
    }
    let active = world.of_type("AllergyIntolerance").await;
    let active = active.iter().filter(|one| one["clinicalStatus"]["coding"][0]["code"] == "active");
    assert_eq!(active.count(), 2, "penicillin, and what the emergency room knew: a merger loses no allergy");
}

#[tokio::test]
async fn a_second_delivery_changes_nothing_and_records_nothing() {
    let world = World::new();
    for message in story() {
        world.send(&message).await;
        let stands = world.all().await;
        let recorded = world.trail.0.lock().unwrap().len();
        let again = world.send(&message).await;
        assert_eq!(
            effects(&again, Effect::Created) + effects(&again, Effect::Changed),
            0,
            "{:?}",
            again.effects
        );
        assert!(again.effects.iter().all(|effect| effect.effect == Effect::Unchanged));
        assert_same(&world.all().await, &stands, "again");
        assert_eq!(world.trail.0.lock().unwrap().len(), recorded);
    }
    let stands = world.all().await;
    let mut all = story();
    all.reverse();
    for message in all {
        world.send(&message).await;
    }
    assert_same(&world.all().await, &stands, "everything again, in reverse");
}
