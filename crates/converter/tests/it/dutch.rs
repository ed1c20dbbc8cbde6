//! docs/dutch.md: its examples are what happens.

use serde_json::Value;
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, convert};

/// The fenced blocks of the page: language and text, in order.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```").filter(|language| !language.is_empty()) {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((language.to_owned(), text.join("\n")));
        }
    }
    blocks
}

/// Whether all that is expected is there: of a list each member somewhere, of an object each key; `null` is an
/// element that is absent.
fn holds(actual: &Value, expected: &Value) -> bool {
    match expected {
        Value::Object(keys) => keys.iter().all(|(key, wanted)| match actual.get(key) {
            None => wanted.is_null(),
            Some(found) => holds(found, wanted),
        }),
        Value::Array(members) => members
            .iter()
            .all(|wanted| actual.as_array().is_some_and(|found| found.iter().any(|one| holds(one, wanted)))),
        other => actual == other,
    }
}

#[test]
fn every_example_of_the_page_is_what_happens() {
    let page = include_str!("../../../../docs/dutch.md");
    let options = ConvertOptions::demonstration();
    let mut resources: Vec<Value> = Vec::new();
    let mut shown = 0;
    for (language, text) in blocks(page) {
        match language.as_str() {
            "hl7" => {
                let message = text.replace('\n', "\r") + "\r";
                let conversion = convert(message.as_bytes(), &options).unwrap();
                let report = conversion.report("dutch.md", 0);
                assert!(report.unmapped.is_empty(), "{text}\n{:?}", report.unmapped);
                let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
                let entries = bundle["entry"].as_array().unwrap();
                resources = entries.iter().map(|entry| entry["resource"].clone()).collect();
            }
            "json" => {
                let expected: Value = serde_json::from_str(&text).unwrap();
                let kind = &expected["resourceType"];
                let found: Vec<&Value> =
                    resources.iter().filter(|one| one["resourceType"] == *kind).collect();
                let holds = found.iter().any(|one| holds(one, &expected));
                assert!(holds, "{text}\nis not in\n{}", serde_json::to_string_pretty(&found).unwrap());
                shown += 1;
            }
            other => panic!("a block of `{other}`"),
        }
    }
    assert!(shown > 8);
}

/// MSH-18 8859/15 has the euro sign and Ž where 8859/1 has other signs.
#[test]
fn letters_of_8859_15_are_read_as_such() {
    let in_set = |set: &str| {
        let mut message =
            format!("MSH|^~\\&|ZIS|LINDE|||20260102101700+0100||ADT^A31^ADT_A05|1|P|2.5||||||{set}\r")
                .into_bytes();
        // ISO 8859-15: 0xB4 is Ž, 0xA4 is €.
        message.extend(b"PID|1||1^^^ZIS^PI||\xB4ukov||19800623|F|||Prijs \xA4 12^^Delft\r");
        let options = ConvertOptions::demonstration();
        let bundle = convert(&message, &options).unwrap().bundle_json();
        let bundle: Value = serde_json::from_slice(&bundle).unwrap();
        let entries = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
        let patient = entries.into_iter().find(|one| one["resourceType"] == "Patient").unwrap().clone();
        (patient["name"][0]["family"].clone(), patient["address"][0]["line"][0].clone())
    };
    assert_eq!(in_set("8859/15"), ("Žukov".into(), "Prijs € 12".into()));
    assert_eq!(in_set("8859/1"), ("´ukov".into(), "Prijs ¤ 12".into()));
}

fn patient_of(options: &ConvertOptions, pid: &str) -> (Value, Vec<String>) {
    let message = format!("MSH|^~\\&|ZIS|LINDE|||20260102101700+0100||ADT^A31^ADT_A05|1|P|2.5\r{pid}\r");
    let conversion = convert(message.as_bytes(), options).unwrap();
    let warnings = conversion.report("test", 0).warnings.into_iter().map(|warning| warning.code.to_owned());
    let warnings = warnings.collect();
    let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
    let mut entries = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    let patient = entries.rfind(|one| one["resourceType"] == "Patient").unwrap();
    (patient.clone(), warnings)
}

#[test]
fn a_number_in_pid_19_is_a_bsn_where_the_profile_says_so() {
    let plain = ConvertOptions::demonstration();
    let profile = "[default]\nauthorities = { \"^SS\" = \"http://fhir.nl/fhir/NamingSystem/bsn\" }\n";
    let profiles = Profiles::parse(&[("p.toml", profile)]).unwrap();
    let told = ConvertOptions { profiles, ..ConvertOptions::demonstration() };
    let pid = |number: &str, list: &str| format!("PID|1||{list}||Bos||||||||||||||{number}");

    let (patient, warnings) = patient_of(&plain, &pid("999911120", "1^^^ZIS^PI"));
    assert!(patient["identifier"][1]["system"].is_null());
    assert_eq!(warnings, ["perhaps-a-bsn"]);
    let (_, warnings) = patient_of(&plain, &pid("999911121", "1^^^ZIS^PI"));
    assert!(warnings.is_empty(), "it cannot be one: {warnings:?}");

    let (patient, warnings) = patient_of(&told, &pid("999911120", "1^^^ZIS^PI"));
    assert_eq!(patient["identifier"][1]["system"], "http://fhir.nl/fhir/NamingSystem/bsn");
    assert!(warnings.is_empty(), "{warnings:?}");
    let (patient, warnings) = patient_of(&told, &pid("999911121", "1^^^ZIS^PI"));
    assert_eq!(patient["identifier"][1]["value"], "999911121");
    assert_eq!(warnings, ["bsn-fails-11-test"]);

    // Said twice, it is one.
    let twice = pid("999911120", "1^^^ZIS^PI~999911120^^^NLMINBIZA^NNNLD");
    for options in [&plain, &told] {
        let (patient, warnings) = patient_of(options, &twice);
        assert_eq!(patient["identifier"].as_array().unwrap().len(), 2);
        assert!(warnings.is_empty(), "{warnings:?}");
    }
}

#[test]
fn four_digits_of_vektis_are_an_insurer_unless_the_profile_says_otherwise() {
    let message = "MSH|^~\\&|ZIS|LINDE|||20260102101700+0100||ADT^A31^ADT_A05|1|P|2.5\r\
        PID|1||1^^^ZIS^PI||Bos\rIN1|1|B|8999^^^VEKTIS\rIN1|2|B|01057711^^^VEKTIS\r";
    let systems = |profile: &str| -> Vec<String> {
        let profiles = Profiles::parse(&[("p.toml", profile)]).unwrap();
        let options = ConvertOptions { profiles, ..ConvertOptions::demonstration() };
        let bundle = convert(message.as_bytes(), &options).unwrap().bundle_json();
        let bundle: Value = serde_json::from_slice(&bundle).unwrap();
        let entries = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
        let insurers =
            entries.filter(|one| one["resourceType"] == "Organization" && one["identifier"].is_array());
        let mut systems: Vec<_> =
            insurers.map(|one| one["identifier"][0]["system"].as_str().unwrap().to_owned()).collect();
        systems.sort();
        systems
    };
    let register = |name: &str| format!("http://fhir.nl/fhir/NamingSystem/{name}");
    assert_eq!(systems(""), [register("agb-z"), register("uzovi")]);
    let own = "[default]\nauthorities = { VEKTIS = \"https://linde.example/insurers\" }\n";
    assert_eq!(systems(own), ["https://linde.example/insurers"; 2]);
}
