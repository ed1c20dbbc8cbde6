//! `zorgsluis profile` and `zorgsluis codes`: what a profile changes, and what it could map.

use std::path::{Path, PathBuf};

use crate::harness::{Server, code, run, stderr, stdout};

const RESULT: &str = "MSH|^~\\&|LAB|OOST|||20260102103000||ORU^R01^ORU_R01|7|P|2.5\r\
    PID|1||1^^^OOST^PI||Jansen&&Jansen^Anna||19800101|K\r\
    OBR|1||F1|CHEM^Chemie^99lab|||20260102\r\
    OBX|1|NM|NA^Natrium^99lab||140|mmol/l|||||F\r\
    OBX|2|NM|K^Kalium^99lab||4,10|zakjes|||||F\r\
    ZLB|1|trial 12\r";

const PROFILE: &str = "[[sender]]\nname = \"oost\"\nfacility = \"OOST\"\n\
    authorities = { OOST = \"https://oost.example/patients\" }\n\
    [[sender.codes]]\nfrom = \"99lab\"\nto = \"http://loinc.org\"\n[sender.codes.map]\nCHEM = \"24321-2\"\n\
    K = { code = \"2823-3\", display = \"Potassium\" }\n\
    [sender.z-segments.ZLB]\n1 = { ignore = \"a number of the analyser\" }\n\
    2 = { extension = \"https://oost.example/trial\", on = \"patient\" }\n";

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn codes(arguments: &[&str]) -> Vec<serde_json::Value> {
    let output = run([&["codes", "--json"], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_added_to_the_profile_maps_a_code_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let message = write(folder.path(), "a.hl7", RESULT);
    let message = message.to_str().unwrap();
    let profile = write(folder.path(), "oost.toml", PROFILE);

    let listed = codes(&["--profile", profile.to_str().unwrap(), message]);
    let named = |line: &serde_json::Value| {
        format!("{} {}", line["field"].as_str().unwrap(), line["code"].as_str().unwrap())
    };
    assert_eq!(listed.iter().map(named).collect::<Vec<_>>(), ["OBX-3 NA", "OBX-6 zakjes", "PID-8 K"]);
    assert_eq!(
        (&listed[0]["count"], &listed[0]["system"], &listed[0]["profile"]),
        (&1.into(), &"99lab".into(), &"oost".into())
    );
    assert!(!stdout(&run(["codes", message])).contains("Natrium"), "texts are shown only when asked for");
    assert!(stdout(&run(["codes", "--texts", message])).contains("Natrium"));

    // The line as it was proposed, with a code in it.
    let line = listed[0]["line"].as_str().unwrap().replace('…', "2951-2");
    let longer = PROFILE.replace("[sender.codes.map]\n", &format!("[sender.codes.map]\n{line}\n"))
        + "[[sender.codes]]\nfields = [\"PID-8\"]\nto = \"http://terminology.hl7.org/CodeSystem/v2-0001\"\nmap = { K = \"F\" }\n"
        + "[[sender.codes]]\nfields = [\"OBX-6\"]\nto = \"http://unitsofmeasure.org\"\nmap = { zakjes = \"{bag}\" }\n";
    let profile = write(folder.path(), "oost.toml", &longer);
    let profile = profile.to_str().unwrap();
    assert_eq!(codes(&["--profile", profile, message]), Vec::<serde_json::Value>::new());
    let bundle = stdout(&run(["convert", "--profile", profile, message]));
    for written in [
        r#"{"system":"http://loinc.org","code":"2951-2"}"#,
        r#""gender":"female""#,
        r#""unit":"zakjes","system":"http://unitsofmeasure.org","code":"{bag}""#,
        r#""value":4.10"#,
    ] {
        assert!(bundle.contains(written), "{written}");
    }
}

#[test]
fn the_proposed_block_is_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    let message = write(folder.path(), "a.hl7", RESULT);
    let told = stdout(&run(["codes", message.to_str().unwrap()]));
    let (_, block) = told.split_at(told.find("[[sender.codes]]").unwrap());
    let profile = format!("[[sender]]\nname = \"oost\"\nfacility = \"OOST\"\n{block}");
    let profile = write(folder.path(), "oost.toml", &profile);
    let output = run(["profile", "check", profile.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    // `…` is no code of table 0001: that one is still to be mapped.
    let left = codes(&["--profile", profile.to_str().unwrap(), message.to_str().unwrap()]);
    assert_eq!(left.iter().map(|line| &line["field"]).collect::<Vec<_>>(), ["PID-8"]);
}

#[test]
fn the_log_says_which_stored_messages_were_read_for_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let answer = server.mllp().exchange(RESULT.as_bytes()).unwrap();
    assert_eq!(code(&answer), "AA", "{answer}");
    server.settle();
    assert!(server.stop().success());
    let readings = || {
        let exported = run(["audit", "export", "--data", data.to_str().unwrap()]);
        assert!(exported.status.success(), "{}", stderr(&exported));
        let events = stdout(&exported);
        let events = events.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let by_operator = |event: &serde_json::Value| {
            event["action"] == "R"
                && event["subtype"][0]["code"] == "read"
                && event.to_string().contains("operator")
        };
        events.filter(by_operator).count()
    };
    let before = readings();
    let listed = codes(&["--data", data.to_str().unwrap()]);
    assert!(!listed.is_empty());
    assert_eq!(readings(), before + 1, "one message, one entry");
    let verified = run(["audit", "verify", "--data", data.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", stderr(&verified));
}

#[test]
fn every_mistake_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a.toml",
        "[default]\ntime-zone = \"Europe/Amsterdm\"\n\n[[sender]]\nname = \"x\"\ncharacter-set = \"EBCDIC\"\n\
        authorities = { A = \"no uri\", B = \"nor this\" }\n",
    );
    write(folder.path(), "b.toml", "[[sender]]\nname = \"y\"\napplication = \"Y\"\ncolour = \"blue\"\n");
    let output = run(["profile", "check", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let errors = stderr(&output);
    for (place, text) in [
        ("a.toml:2:13: ", "not a time zone"),
        ("a.toml:4:1: ", "needs an `application`"),
        ("a.toml:6:17: ", "`EBCDIC` is not a character set"),
        ("a.toml:7:21: ", "`no uri`"),
        ("a.toml:7:35: ", "`nor this`"),
        ("b.toml:4:1: ", "unknown field `colour`"),
    ] {
        assert!(errors.lines().any(|line| line.contains(place) && line.contains(text)), "{place}\n{errors}");
    }
}

#[test]
fn what_never_has_an_effect_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "{PROFILE}[sender.coding-systems]\nLN = \"http://loinc.org\"\n[[sender.codes]]\nfrom = \"99LAB\"\n\
        fields = [\"OBX-3\", \"EVN-300\"]\nto = \"http://snomed.info/sct\"\nmap = {{ K = \"1\" }}\n"
    );
    let profile = write(folder.path(), "oost.toml", &text);
    let output = run(["profile", "check", profile.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let told = stdout(&output);
    for what in ["`LN` means http://loinc.org anyway", "`K` is mapped by a list before", "field `EVN-300`"] {
        assert!(told.contains(what), "{what}\n{told}");
    }
    assert!(told.contains("valid: default, oost"));
}

#[test]
fn trying_a_profile_shows_what_changes_and_no_values() {
    let folder = tempfile::tempdir().unwrap();
    let message = write(folder.path(), "a.hl7", RESULT);
    let profile = write(folder.path(), "oost.toml", PROFILE);
    let (profile, message) = (profile.to_str().unwrap(), message.to_str().unwrap());
    let output = run(["profile", "try", profile, message]);
    assert!(output.status.success(), "{}", stderr(&output));
    let told = stdout(&output);
    for line in [
        "profile oost",
        "Patient[1] identifier[0].system: nothing → https://oost.example/patients",
        "Observation[2] code.coding[0].code: K → 2823-3",
        "Patient[1] extension[0].valueString: nothing → a value",
        "understood now: ZLB[1]-1[1].1, ZLB[1]-2[1].1",
        "warnings gone: OBR[1]-4 code-without-mapping",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert!(!told.contains("trial 12") && !told.contains("Jansen"));
    assert!(
        stdout(&run(["profile", "try", "--show-values", profile, message])).contains("nothing → trial 12")
    );
}

#[test]
fn the_codes_of_a_data_directory_are_those_of_its_messages() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let message = write(folder.path(), "a.hl7", RESULT);
    let server = crate::harness::Server::start(&data);
    let sent = run(["send", "--to", &server.mllp.to_string(), message.to_str().unwrap()]);
    assert!(sent.status.success(), "{}", stderr(&sent));
    let listed = codes(&["--data", data.to_str().unwrap()]);
    assert!(listed.iter().any(|line| line["code"] == "NA" && line["facility"] == "OOST"), "{listed:?}");
    drop(server);
    assert_eq!(codes(&["--data", data.to_str().unwrap()]), listed);
    let texts = run(["codes", "--texts", "--data", data.to_str().unwrap()]);
    assert_eq!(texts.status.code(), Some(2));
}
