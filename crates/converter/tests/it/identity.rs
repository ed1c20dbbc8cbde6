//! `docs/identity.md` shows the rules that the code has.

use serde_json::Value;
use zorgsluis_converter::identity::rule::RULES;
use zorgsluis_converter::identity::{Part, Rule};
use zorgsluis_converter::{ConvertOptions, convert};

fn row(rule: &Rule) -> String {
    let part = |part: &Part| match part {
        Part::Clear(text) => (*text).to_owned(),
        Part::Pseudonym(text) => format!("*hmac*({text})"),
    };
    let parts: Vec<String> = rule.parts.iter().map(part).collect();
    let warning = if rule.warning.is_empty() { String::new() } else { format!("`{}`", rule.warning) };
    format!("| `{}` | {} | {warning} |", rule.name, parts.join(" · "))
}

#[test]
fn the_page_and_the_code_have_the_same_table() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/identity.md");
    let page = std::fs::read_to_string(page).unwrap();
    let shown: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let rules: Vec<String> = RULES.iter().map(row).collect();
    assert_eq!(shown, rules);
}

#[test]
fn rules_have_names_of_their_own() {
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}

/// Ids of the patients, how many identifiers each is known by and shows, and the warnings.
fn patients(pid: &str) -> (Vec<String>, Vec<usize>, usize, Vec<&'static str>) {
    let message = format!(
        "MSH|^~\\&|ZIS|LINDE|||20260102101500||ADT^A28|M1|P|2.5.1\rEVN|A28|20260102101500\r{pid}\rPV1|1|N\r"
    );
    let options = ConvertOptions::demonstration();
    let conversion = convert(message.as_bytes(), &options).unwrap();
    let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
    let entries = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    let patient = entries.clone().find(|resource| resource["resourceType"] == "Patient").unwrap();
    (
        conversion.patients.iter().map(|patient| patient.id.to_string()).collect(),
        conversion.patients.iter().map(|patient| patient.identifiers.len()).collect(),
        patient["identifier"].as_array().unwrap().len(),
        conversion.warnings.iter().map(|warning| warning.code).collect(),
    )
}

#[test]
fn a_bsn_that_nobody_can_have_identifies_nobody() {
    for bsn in ["999999999", "111111111", "000000000", "123456789", "999911121", "12345678", "onbekend"] {
        let alone = |name: &str| patients(&format!("PID|1||{bsn}^^^NLMINBIZA^NNNLD||{name}||19610412|F"));
        let (id, known, shown, warnings) = alone("Vries^J");
        assert_eq!((known, shown), (vec![0], 1), "{bsn}: it stands there, and is no key");
        assert!(warnings.contains(&"bsn-fails-11-test") && warnings.contains(&"patient-by-name"));
        assert_ne!(id, alone("Bakker^P").0, "{bsn}: two people");
        let numbered =
            |rest: &str| patients(&format!("PID|1||{rest}1000001^^^LINDE^PI||Vries^J||19610412|F"));
        let (id, known, shown, _) = numbered(&format!("{bsn}^^^NLMINBIZA^NNNLD~"));
        assert_eq!((known, shown), (vec![1], 2), "{bsn}: the other number remains");
        assert_eq!(id, numbered("").0);
    }
    let (_, known, _, warnings) = patients("PID|1||999911120^^^NLMINBIZA^NNNLD||Vries^J||19610412|F");
    assert_eq!((known, warnings.contains(&"bsn-fails-11-test")), (vec![1], false));
}

#[test]
fn a_result_without_order_number_is_known_by_the_first_time_there_is() {
    let ids = |control: &str, obr7: &str, obr22: &str, obx14: &str| {
        let message = format!(
            "MSH|^~\\&|LABSYS|LINDE|||20261103091600||ORU^R01|{control}|P|2.5.1\rPID|1||1000001^^^LINDE^PI\r\
             OBR|1|||CHEM^Chemie^99zli|||{obr7}|||||||||||||||{obr22}|||F\r\
             OBX|1|NM|K^kalium^99zli||4.1|mmol/L|||||F|||{obx14}\r"
        );
        let options = ConvertOptions::demonstration();
        let conversion = convert(message.as_bytes(), &options).unwrap();
        let of_kind = |kind: &str| {
            let mut all = conversion.bundle.entry.iter().map(|entry| &entry.resource);
            all.find(|resource| resource.kind() == kind).unwrap().id().unwrap()
        };
        (of_kind("Observation"), of_kind("DiagnosticReport"))
    };
    let (one, two) = ("20261101080000", "20261102080000");
    for (this, other) in [
        (ids("1", one, "", ""), ids("2", two, "", "")),
        (ids("1", "", one, ""), ids("2", "", two, "")),
        (ids("1", "", "", ""), ids("2", "", "", "")),
    ] {
        assert_ne!(this.0, other.0, "results of two days");
        assert_ne!(this.1, other.1, "reports of two days");
    }
    assert_eq!(ids("1", one, two, ""), ids("2", one, one, ""), "OBR-7 goes first");
    assert_eq!(ids("1", one, "", two).0, ids("2", two, "", two).0, "OBX-14 goes before both");
    assert_eq!(ids("1", "", "", ""), ids("1", "", "", ""));
}
