//! What the events of ADT become.

use serde_json::Value;
use zorgsluis_converter::{Authority, Conversion, ConvertOptions, convert};

use crate::messages::{A01, A02, A03, A04, A08, A13, A40, ODD};

/// Converts, and gives the Bundle as a value.
fn bundle(message: &str) -> Value {
    with(message, |conversion| serde_json::from_slice(&conversion.bundle_json()).unwrap())
}

fn with<T>(message: &str, look: impl FnOnce(&Conversion<'_>) -> T) -> T {
    let options = ConvertOptions::demonstration();
    look(&convert(message.as_bytes(), &options).unwrap())
}

/// The resources of a type.
fn resources<'b>(bundle: &'b Value, kind: &str) -> Vec<&'b Value> {
    let entries = bundle["entry"].as_array().unwrap();
    entries.iter().map(|entry| &entry["resource"]).filter(|r| r["resourceType"] == kind).collect()
}

/// Bundle and report, as text that people can compare.
fn shown(message: &str) -> String {
    with(message, |conversion| {
        let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
        let report = conversion.report("test", 0);
        format!(
            "{}\n\n{}\ndeletions {:?}\npresumed {:?}\nsnapshots {:?}\nmerges {:?}\n",
            serde_json::to_string_pretty(&bundle).unwrap(),
            serde_json::to_string_pretty(&report).unwrap(),
            conversion.deletions,
            conversion.presumed,
            conversion.snapshots,
            conversion.merges,
        )
    })
}

#[test]
fn admission() {
    insta::assert_snapshot!(shown(A01));
}

#[test]
fn transfer() {
    insta::assert_snapshot!(shown(A02));
}

#[test]
fn discharge() {
    insta::assert_snapshot!(shown(A03));
}

#[test]
fn update_with_deletions() {
    insta::assert_snapshot!(shown(A08));
}

#[test]
fn merge_of_two_pairs() {
    insta::assert_snapshot!(shown(A40));
}

#[test]
fn cancelled_discharge() {
    insta::assert_snapshot!(shown(A13));
}

#[test]
fn outpatient_of_a_careless_sender() {
    insta::assert_snapshot!(shown(A04));
}

#[test]
fn what_no_table_knows() {
    insta::assert_snapshot!(shown(ODD));
}

#[test]
fn nothing_populated_is_left_unexplained_in_an_admission() {
    with(A01, |conversion| {
        let report = conversion.report("a.hl7", 0);
        assert_eq!(report.unmapped, [], "all of it is mapped or ignored by decision");
        assert!(report.mapped > 120);
    });
}

#[test]
fn the_name_follows_nl_core() {
    let bundle = bundle(A01);
    let patient = resources(&bundle, "Patient")[0];
    let name = &patient["name"][0];
    assert_eq!(name["extension"][0]["valueCode"], "NL3");
    assert_eq!(name["use"], "official");
    assert_eq!(name["text"], "Johanna Petronella Maria van den Berg-de Vries");
    assert_eq!(name["given"], serde_json::json!(["Johanna", "Petronella", "Maria"]));
    assert_eq!(name["_given"].as_array().unwrap().len(), 3);
    assert_eq!(name["_family"]["extension"].as_array().unwrap().len(), 4);
    assert_eq!(patient["name"][1], serde_json::json!({"use": "usual", "given": ["Anneke"]}));
    let profile = "http://nictiz.nl/fhir/StructureDefinition/nl-core-Patient";
    assert_eq!(patient["meta"]["profile"][0], profile);
    assert_eq!(patient["address"][0]["_line"][0]["extension"][2]["valueString"], "a");
}

#[test]
fn identifiers_get_their_systems() {
    let bundle = bundle(A01);
    let patient = resources(&bundle, "Patient")[0];
    assert_eq!(patient["identifier"][0]["system"], "http://fhir.nl/fhir/NamingSystem/bsn");
    assert_eq!(patient["identifier"][1]["assigner"]["display"], "ZIS");
    let agb =
        |resource: &&Value| resource["identifier"][0]["system"] == "http://fhir.nl/fhir/NamingSystem/agb-z";
    assert!(resources(&bundle, "Practitioner").iter().all(agb));
    assert_eq!(resources(&bundle, "Practitioner").len(), 4, "K. Smit attends and admits: once");
    let insurers: Vec<_> = resources(&bundle, "Organization")
        .into_iter()
        .filter(|one| one["identifier"][0]["system"] == "http://fhir.nl/fhir/NamingSystem/uzovi")
        .collect();
    assert_eq!(insurers.len(), 1);
    assert_eq!(insurers[0]["name"], "Zilveren Kruis");
}

#[test]
fn a_number_of_a_dutch_register_is_the_same_by_authority_and_by_type() {
    let message = |insurer: &str, doctor: &str| {
        format!(
            "MSH|^~\\&|A|B|||20260102||ADT^A01|1|P|2.5\rPID|1||1^^^A^PI\r\
             PV1|1|I|||||{doctor}||||||||||||V1\rIN1|1|P|{insurer}|Polder{}4711\r",
            "|".repeat(32)
        )
    };
    let ids = |text: &str| {
        let bundle = bundle(text);
        let of = |kind: &str, register: &str| {
            let system = format!("http://fhir.nl/fhir/NamingSystem/{register}");
            let found =
                resources(&bundle, kind).into_iter().find(|r| r["identifier"][0]["system"] == *system);
            found.unwrap()["id"].clone()
        };
        (of("Organization", "uzovi"), of("Practitioner", "agb-z"))
    };
    let by_authority = message("8999^^^UZOVI", "01004567^Smit^^^^^^^VEKTIS");
    let by_type = message("8999^^^^UZOVI", "01004567^Smit^^^^^^^^^^^AGB");
    assert_eq!(ids(&by_authority), ids(&by_type));
    with(&by_type, |conversion| assert_eq!(conversion.report("a", 0).unmapped, []));
}

#[test]
fn every_reference_resolves_and_every_id_stands_once() {
    for message in crate::messages::ALL {
        let text = with(message, |conversion| String::from_utf8(conversion.bundle_json()).unwrap());
        let bundle: Value = serde_json::from_str(&text).unwrap();
        let urls: Vec<&str> =
            bundle["entry"].as_array().unwrap().iter().map(|e| e["fullUrl"].as_str().unwrap()).collect();
        let mut unique = urls.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), urls.len());
        for reference in text.split("\"reference\":\"").skip(1) {
            let target = reference.split('"').next().unwrap();
            assert!(urls.contains(&target), "{target} does not resolve");
        }
    }
}

#[test]
fn the_patient_id_is_the_same_whatever_the_order_of_identifiers() {
    let id = |message: &str| with(message, |conversion| conversion.patients[0].id);
    let swapped = A01.replace(
        "999911120^^^NLMINBIZA^NNNLD~7393670^^^ZIS^PI",
        "7393670^^^ZIS^PI~999911120^^^NLMINBIZA^NNNLD",
    );
    assert_ne!(swapped, A01);
    assert_eq!(id(A01), id(&swapped));
    assert_eq!(id(A01), id(A02), "the thin message is about the same patient");
}

#[test]
fn a_bsn_alone_identifies_but_a_visit_number_does_not() {
    let message =
        |pid3: &str| format!("MSH|^~\\&|ZD|ZD|||20260102||ADT^A28|1|P|2.5\rPID|1||{pid3}||Bos^Jan\r");
    let id = |pid3: &str| with(&message(pid3), |conversion| conversion.patients[0].id);
    let bsn = "123456782^^^NLMINBIZA^NNNLD";
    assert_eq!(id(bsn), id(&format!("{bsn}~ZD1^^^ZorgDomein^VN")));
    assert_eq!(id(bsn), id(&format!("ZD2^^^ZorgDomein^VN~{bsn}")));
    with(&message(&format!("{bsn}~ZD1^^^ZorgDomein^VN")), |conversion| {
        assert_eq!(conversion.patients[0].identifiers.len(), 1, "a visit number identifies nobody");
    });
}

#[test]
fn a_patient_without_identifier_is_known_by_what_there_is_and_warns() {
    let warned = |pid: &str| {
        let message = format!("MSH|^~\\&|ZD|ZD|||20260102||ADT^A28|1|P|2.5\r{pid}\r");
        with(&message, |conversion| {
            conversion.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>()
        })
    };
    assert_eq!(warned("PID|1||ZD1^^^ZorgDomein^VN||Bos^Jan||19700101"), ["patient-by-name"]);
    assert_eq!(warned("PID|1|77|||Bos^Jan"), ["patient-by-other-number"]);
    assert_eq!(warned("PID|1"), ["patient-unknown"]);
}

#[test]
fn a_class_of_n_without_number_is_no_visit() {
    let message = |pv1: &str| format!("MSH|^~\\&|A|B|||20260102||ADT^A04|1|P|2.5\rPID|1||1^^^A^PI\r{pv1}\r");
    let encounters = |pv1: &str| resources(&bundle(&message(pv1)), "Encounter").len();
    assert_eq!(encounters("PV1|1|N"), 0);
    assert_eq!(encounters("PV1|1|N|||||01004567^Smit"), 0);
    assert_eq!(encounters("PV1|1|O|||||01004567^Smit"), 1);
    with(&message("PV1|1|N|||||01004567^Smit"), |conversion| {
        let report = conversion.report("a", 0);
        let named = report.ignored.iter().filter(|one| one.at.0.field == 7 && one.why.contains("no visit"));
        assert_eq!(named.count(), 2, "who is named in no visit is reported");
        assert!(report.unmapped.is_empty());
    });
}

#[test]
fn a_visit_without_number_is_known_only_where_visits_are_registered() {
    let message = |event: &str, evn: &str, pv1: &str| {
        format!("MSH|^~\\&|A|B|||20260102||{event}|1|P|2.5\r{evn}\rPID|1||1^^^A^PI\r{pv1}\r")
    };
    let id = |text: &str| {
        let bundle = bundle(text);
        let ids: Vec<Value> = resources(&bundle, "Encounter").iter().map(|one| one["id"].clone()).collect();
        ids
    };
    for event in ["ADT^A08", "ADT^A28", "ADT^A31", "ORU^R01"] {
        let evn = if event == "ORU^R01" { "NTE|1" } else { "EVN||202601020900" };
        let text = message(event, evn, "PV1|1|I|A1^2^3||||01004567^Smit");
        assert_eq!(id(&text).len(), 0, "{event}");
        with(&text, |conversion| {
            let report = conversion.report("a", 0);
            assert_eq!(report.unmapped, []);
            let left_out =
                report.ignored.iter().filter(|one| one.at.0.to_string().starts_with("PV1")).count();
            assert_eq!(left_out, 7, "set id, class, place in three parts, and who attends in two");
            assert!(conversion.warnings.iter().any(|warning| warning.code == "visit-without-number"));
        });
        let named = "PV1|1|I|A1^2^3||||||||||||||||V1";
        assert_eq!(id(&message(event, "EVN||202601020900", named)).len(), 1, "{event}");
    }
    let admitted = format!("PV1|1|I|A1{}202601012200", "|".repeat(41));
    let by_admission = id(&message("ADT^A01", "EVN||202601020900", &admitted));
    assert_eq!(by_admission.len(), 1);
    assert_eq!(by_admission, id(&message("ADT^A02", "EVN||202601030900", &admitted)));
    // A06 and A07 change the class, and however the time is written.
    let outpatient = admitted.replace("|I|", "|O|") + "00+0100";
    assert_eq!(by_admission, id(&message("ADT^A07", "EVN||202601020900", &outpatient)));
    assert_ne!(by_admission, id(&message("ADT^A01", "EVN||202601020900", &format!("{admitted}30"))));
    let by_event = id(&message("ADT^A01", "EVN||202601020900||||202601020800", "PV1|1|I|A1"));
    assert_eq!(by_event, id(&message("ADT^A01", "EVN||202601020901||||202601020800", "PV1|1|I|A1")));
    assert_ne!(by_event, id(&message("ADT^A01", "EVN||202601020900", "PV1|1|I|A1")));
}

#[test]
fn a_bsn_that_fails_the_test_is_kept_with_a_warning() {
    let message = "MSH|^~\\&|A|B|||20260102||ADT^A28|1|P|2.5\rPID|1||999940003^^^NLMINBIZA^NNNLD||Bos^Jan\r";
    with(message, |conversion| {
        let codes: Vec<_> = conversion.warnings.iter().map(|w| (w.at.to_string(), w.code)).collect();
        let nobody = ("PID[1]-3".to_owned(), "patient-by-name");
        assert_eq!(codes, [nobody, ("PID[1]-3[1].1".to_owned(), "bsn-fails-11-test")]);
    });
    assert_eq!(resources(&bundle(message), "Patient")[0]["identifier"][0]["value"], "999940003");
}

#[test]
fn states_of_the_visit() {
    let status = |message: &str| resources(&bundle(message), "Encounter")[0]["status"].clone();
    assert_eq!(status(A01), "in-progress");
    assert_eq!(status(A03), "finished");
    assert_eq!(status(A13), "in-progress");
    assert_eq!(status(&A02.replace("A02", "A11")), "cancelled");
    assert_eq!(status(&A02.replace("A02", "A12")), "in-progress");
    assert_eq!(status(&A02.replace("A02", "A05")), "planned");
    assert_eq!(status(&A02.replace("ADT^A02", "ADT^A04").replace("PV1|1|I", "PV1|1|P")), "planned");
}

#[test]
fn a_cancelled_discharge_takes_the_end_away() {
    with(A13, |conversion| {
        let paths: Vec<_> = conversion.deletions.iter().map(|deletion| deletion.path).collect();
        let stay = ["hospitalization.dischargeDisposition", "hospitalization.destination"];
        assert_eq!(paths, ["period.end", stay[0], stay[1]]);
        let report = conversion.report("a", 0);
        assert!(report.ignored.iter().any(|ignored| ignored.at.0.to_string() == "PV1[1]-45[1].1"));
    });
    assert_eq!(resources(&bundle(A13), "Encounter")[0]["period"].get("end"), None);
}

#[test]
fn an_update_says_what_it_deletes_and_what_it_presumes() {
    with(A08, |conversion| {
        let paths: Vec<_> = conversion.deletions.iter().map(|deletion| deletion.path).collect();
        assert_eq!(paths, ["birthDate", "address", "telecom:home", "participant:ATND"]);
        assert_eq!(conversion.presumed.len(), 1);
        assert_eq!(conversion.presumed[0].path, "status");
        let [snapshot] = conversion.snapshots.as_slice() else { panic!("one list") };
        assert_eq!((snapshot.kind, snapshot.ids.len()), ("AllergyIntolerance", 0));
        assert_eq!(conversion.order.sequence, Some(7));
        assert!(conversion.notes.iter().all(|note| note.authority == Authority::Registration));
    });
}

#[test]
fn only_an_explicit_null_empties_a_list() {
    let lists = |segments: &str| {
        let message = format!("MSH|^~\\&|A|B|||20260102||ADT^A31|1|P|2.5\rPID|1||1^^^A^PI\r{segments}\r");
        with(&message, |conversion| {
            let lists =
                conversion.snapshots.iter().map(|list| (list.kind, list.ids.len())).collect::<Vec<_>>();
            let places = conversion.warnings.iter().filter(|warning| warning.code == "incomplete-list");
            let unmapped = conversion.report("a", 0).unmapped.len();
            (lists, places.map(|warning| warning.at.to_string()).collect::<Vec<_>>(), unmapped)
        })
    };
    let unknown = |segment: &str, unmapped: usize| (vec![], vec![segment.to_owned()], unmapped);
    assert_eq!(lists("AL1|1"), unknown("AL1[1]", 0));
    assert_eq!(lists("AL1|1||"), unknown("AL1[1]", 0));
    assert_eq!(lists("AL1|1|DA"), unknown("AL1[1]", 1));
    assert_eq!(lists("AL1|1|DA||SV"), unknown("AL1[1]", 2));
    assert_eq!(lists("AL1|1|DA|\"\"|SV"), unknown("AL1[1]", 3));
    assert_eq!(lists("AL1|1||^Penicilline\rAL1|2|DA||SV"), unknown("AL1[2]", 2));
    assert_eq!(lists("DG1|1"), unknown("DG1[1]", 0));
    assert_eq!(lists("IN1|1"), unknown("IN1[1]", 0));
    assert_eq!(lists("NK1|1"), unknown("NK1[1]", 0));
    for (segments, kind, members) in [
        ("AL1|1||\"\"", "AllergyIntolerance", 0),
        ("AL1|1||^Penicilline\rAL1|2||^Noten", "AllergyIntolerance", 2),
        ("DG1|1||\"\"", "Condition", 0),
        ("IN1|1|\"\"", "Coverage", 0),
        ("NK1|1|\"\"", "RelatedPerson", 0),
        ("NK1|1|Bos^Jan", "RelatedPerson", 1),
    ] {
        assert_eq!(lists(segments), (vec![(kind, members)], vec![], 0), "{segments}");
    }
}

#[test]
fn a_merge_links_both_ways() {
    with(A40, |conversion| {
        assert_eq!(conversion.merges.len(), 2);
        assert_eq!(conversion.patients.len(), 4);
        for merge in &conversion.merges {
            assert_eq!(merge.obsolete.len(), 1);
            assert_ne!(merge.obsolete[0], merge.surviving);
        }
    });
    let bundle = bundle(A40);
    let patients = resources(&bundle, "Patient");
    let links = |kind: &str| patients.iter().filter(|p| p["link"][0]["type"] == kind).count();
    assert_eq!((links("replaces"), links("replaced-by")), (2, 2));
    assert!(patients.iter().all(|p| p["active"] == (p["link"][0]["type"] == "replaces")));
}

#[test]
fn refusals_name_their_place() {
    let options = ConvertOptions::demonstration();
    let refused = |message: &str| {
        let refusal = convert(message.as_bytes(), &options).unwrap_err();
        (refusal.code, refusal.at)
    };
    let header = |event: &str| format!("MSH|^~\\&|A|B|||20260102||{event}|1|P|2.5\r");
    assert_eq!(refused(&header("ADT^A99")), ("unsupported-event", "MSH[1]-9[1]".into()));
    assert_eq!(refused(&header("ADT^A01")), ("no-patient", "PID[1]".into()));
    let merge = header("ADT^A40") + "PID|1||1^^^A^PI\r";
    assert_eq!(refused(&merge), ("no-merge", "MRG[1]".into()));
    assert_eq!(refused(&(merge.clone() + "MRG|\r")), ("no-old-identifier", "MRG[1]-1".into()));
    assert_eq!(refused(&(merge + "MRG|1^^^A^PI\r")), ("merge-with-itself", "MRG[1]-1".into()));
    let two = header("ADT^A01") + "PID|1||1^^^A^PI\rPID|2||2^^^A^PI\r";
    assert_eq!(refused(&two), ("several-patients", "PID[2]".into()));
    assert_eq!(refused("hello"), ("missing-header", "MSH[1]".into()));
    let report = convert(header("ADT^A99").as_bytes(), &options).unwrap_err().report("f.hl7", 3);
    assert_eq!(
        serde_json::to_value(report).unwrap(),
        serde_json::json!({
            "source": "f.hl7", "index": 3, "control_id": "1", "event": "ADT^A99",
            "refused": {
                "code": "unsupported-event", "at": "MSH[1]-9[1]",
                "text": "no conversion is written for this message type and event"
            },
            "mapped": 0, "ignored": [], "unmapped": [], "warnings": []
        })
    );
}

#[test]
fn debug_shows_no_content() {
    let options = ConvertOptions::demonstration();
    let conversion = convert(A01.as_bytes(), &options).unwrap();
    let debug = format!("{conversion:?} {:?} {:?} {:?}", conversion.bundle, conversion.patients, options.key);
    for secret in ["Vries", "999911120", "7393670", "Schoonstraat", "Penicilline", "anneke@example.org"] {
        assert!(!debug.contains(secret), "{secret}");
    }
}

#[test]
fn no_identifier_stands_in_an_id() {
    // The ids are the same for whoever has the key, and others under another key.
    let key = zorgsluis_converter::IdentityKey::new(&[9; 32]);
    let options = ConvertOptions { key, ..ConvertOptions::demonstration() };
    let other = convert(A01.as_bytes(), &options).unwrap();
    with(A01, |conversion| {
        assert!(conversion.demonstration_key && !other.demonstration_key);
        assert_ne!(conversion.patients[0].id, other.patients[0].id);
    });
}
