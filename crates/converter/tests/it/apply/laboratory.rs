//! Laboratory orders and the results that answer them, in any order of arrival and delivered twice.

use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::world::{World, after, assert_same};

const PID: &str = "PID|1||1000003^^^LINDE^PI||Visser&&Visser^M||19550217|F";

fn time(minute: u32) -> String {
    format!("2026110509{minute:02}00")
}

fn header(minute: u32, kind: &str) -> String {
    let at = time(minute);
    format!("MSH|^~\\&|LABSYS|LINDE|ZORGSLUIS|LINDE|{at}||{kind}|L{minute}|P|2.5.1|||||NLD|8859/1\r{PID}\r")
}

/// An order of the ward: what it asks of two specimens.
fn order(minute: u32, control: &str, status: &str, code: &str) -> String {
    let at = time(minute);
    header(minute, "OML^O21^OML_O21").replace("LABSYS|LINDE", "ZorgDomein|OrderModule")
        + &format!(
            "ORC|{control}|P7^ZorgDomein||G7^ZorgDomein|{status}||||{at}|||01004567^de Wit^A^^^^^^VEKTIS\r\
             TQ1|1||||||{}|R\r\
             OBR|1|P7^ZorgDomein||{code}^{code}^99zli\r\
             NTE|1|P|Nuchter.\r\
             OBX|1|NM|GEWICHT^gewicht^99zda||7{minute}|kg|||||F\r\
             SPM|1|M7&ZorgDomein||SER^Serum^HL70487\r",
            if control == "NW" { "20261105|" } else { "20261105|20261106" }
        )
}

struct Told<'a> {
    minute: u32,
    orc: &'a str,
    obr: &'a str,
    potassium: Option<(&'a str, &'a str)>,
    sodium: Option<(&'a str, &'a str)>,
    comment: &'a str,
}

impl Told<'_> {
    fn observations(&self) -> String {
        let one = |nth: u32, code: &str, told: Option<(&str, &str)>| {
            told.map(|(value, status)| {
                format!("OBX|{nth}|NM|{code}^{code}^99zli||{value}|mmol/L|||||{status}|||20261105080000\r")
            })
            .unwrap_or_default()
        };
        let comment =
            if self.comment.is_empty() { String::new() } else { format!("NTE|1|L|{}\r", self.comment) };
        format!("{}{}{comment}", one(1, "K", self.potassium), one(2, "NA", self.sodium))
    }

    fn request(&self) -> String {
        let at = time(self.minute);
        format!(
            "OBR|1|P7^ZorgDomein|F7^LABSYS|LAB^chemie^99zli|||20261105080000|||||||||||||||{at}||LAB|{}\r",
            self.obr
        )
    }

    fn oru(&self) -> String {
        header(self.minute, "ORU^R01^ORU_R01")
            + &format!("ORC|RE|P7^ZorgDomein|F7^LABSYS||{}\r", self.orc)
            + &self.request()
            + &self.observations()
    }

    /// The same by specimen.
    fn oul(&self) -> String {
        header(self.minute, "OUL^R22^OUL_R22")
            + "SPM|1|M7&ZorgDomein||SER^Serum^HL70487\r"
            + &self.request()
            + &format!("ORC|RE|P7^ZorgDomein|F7^LABSYS||{}\r", self.orc)
            + &self.observations()
    }
}

/// Ordered, partly answered, answered, changed, corrected, a late preliminary result, and cancelled too late.
fn story() -> Vec<String> {
    let told =
        |minute, orc, obr, potassium, sodium, comment| Told { minute, orc, obr, potassium, sodium, comment };
    vec![
        order(0, "NW", "", "LAB"),
        order(2, "XO", "", "LABX"),
        told(10, "IP", "P", Some(("4.0", "P")), None, "volgt").oru(),
        told(15, "IP", "A", Some(("4.1", "F")), Some(("140", "P")), "").oul(),
        told(20, "CM", "F", Some(("4.1", "F")), Some(("141", "F")), "beoordeeld").oru(),
        order(25, "CA", "", "LABX"),
        told(30, "CM", "C", Some(("4.6", "C")), Some(("141", "F")), "verwisseld").oul(),
        told(12, "IP", "P", Some(("3.9", "P")), Some(("139", "P")), "").oru(),
    ]
}

async fn value_of(world: &World, code: &str) -> (Value, Value) {
    let all = world.of_type("Observation").await;
    let is =
        |one: &&Value| one["code"]["coding"].as_array().unwrap().iter().any(|coding| coding["code"] == code);
    let one = all.iter().find(is).unwrap();
    (one["status"].clone(), one["valueQuantity"]["value"].clone())
}

#[tokio::test]
async fn the_last_word_on_each_result_stands() {
    let world = after(&story()).await;
    assert_eq!(world.of_type("DiagnosticReport").await.len(), 1, "whichever kind of message told it");
    assert_eq!(world.one("DiagnosticReport").await["status"], "corrected");
    assert_eq!(value_of(&world, "K").await, (Value::from("corrected"), Value::from(4.6)));
    assert_eq!(value_of(&world, "NA").await, (Value::from("final"), Value::from(141)));
    assert_eq!(world.one("ServiceRequest").await["code"]["coding"][0]["code"], "LABX");
}

#[test]
fn orders_and_results_of_a_laboratory_end_the_same_in_any_order() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let expected = after(&story()).await.all().await;
        let mut twice = story();
        twice.extend(story());
        let mut runner = TestRunner::new(Config::default());
        for _ in 0..16 {
            let shuffled = Just(twice.clone()).prop_shuffle().new_tree(&mut runner).unwrap().current();
            let when: Vec<&str> = shuffled.iter().map(|one| one.split('|').nth(9).unwrap()).collect();
            assert_same(&after(&shuffled).await.all().await, &expected, &format!("{when:?}"));
        }
    });
}

#[tokio::test]
async fn what_a_later_message_deletes_is_gone() {
    let placed = order(0, "NW", "", "LAB")
        .replace("^VEKTIS\r", "^VEKTIS|||||||||||||HO^wacht^99zli\r")
        .replace("LAB^LAB^99zli\r", "LAB^LAB^99zli|||||||||||||||||||||||||||R05^Hoest^I10\r");
    let deleted = order(2, "XO", "", "LAB")
        .replace("^VEKTIS\r", "^VEKTIS|||||||||||||\"\"\r")
        .replace("LAB^LAB^99zli\r", "LAB^LAB^99zli|||||||||||||||||||||||||||\"\"\r");
    let modifier = |request: &Value| request["extension"].to_string().contains("v2-order-status-modifier");
    let before = after([&placed]).await.one("ServiceRequest").await;
    assert!(before["reasonCode"].is_array() && modifier(&before), "{before}");
    for messages in [[&placed, &deleted], [&deleted, &placed]] {
        let request = after(messages).await.one("ServiceRequest").await;
        assert!(request["reasonCode"].is_null() && !modifier(&request), "{request}");
        assert!(
            request["occurrencePeriod"].is_object() && request["occurrenceDateTime"].is_null(),
            "{request}"
        );
    }
}
