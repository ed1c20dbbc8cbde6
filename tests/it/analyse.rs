//! `zorgsluis analyse` and `zorgsluis deidentify`: notes from texts, messages and events.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::harness::{root, run, stderr, stdout, zorgsluis};

fn run_with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = zorgsluis()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn objects(output: &Output) -> Vec<serde_json::Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The words that were found, with the text that stands at their places.
fn words(analysis: &serde_json::Value) -> Vec<String> {
    let entities = analysis["Entities"].as_array().unwrap();
    entities.iter().map(|entity| entity["Text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_text_gives_one_analysis_in_the_shape_of_comprehend_medical() {
    let output = run_with_input(&["analyse", "-"], "Geen koorts 😷. Start metoprolol 50 mg 2dd1.".as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    let analyses = objects(&output);
    assert_eq!(analyses.len(), 1);
    assert_eq!(words(&analyses[0]), ["koorts", "metoprolol"]);
    assert_eq!(analyses[0]["Language"], "nl");
    assert!(analyses[0]["ModelVersion"].is_string() && analyses[0].get("Source").is_none());
    let metoprolol = &analyses[0]["Entities"][1];
    assert_eq!((&metoprolol["BeginOffset"], &metoprolol["Category"]), (&21.into(), &"MEDICATION".into()));
    let traits = analyses[0]["Entities"][0]["Traits"].as_array().unwrap();
    assert!(traits.iter().any(|one| one["Name"] == "NEGATION"), "{traits:?}");
}

#[test]
fn the_language_can_be_said() {
    let note = "diabetes";
    for lang in ["nl", "en"] {
        let output = run_with_input(&["analyse", "--lang", lang, "-"], note.as_bytes());
        assert_eq!(objects(&output)[0]["Language"], lang);
    }
    assert_eq!(run(["analyse", "--lang", "de", "-"]).status.code(), Some(2));
}

#[test]
fn messages_give_one_line_a_note_with_its_place() {
    let output =
        run(["analyse", "events/28-adt-a01-dutch-admission-note.hl7", "events/30-adt-a04-english-note.hl7"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let analyses = objects(&output);
    assert_eq!(analyses.len(), 2);
    assert_eq!(analyses[0]["Source"], "events/28-adt-a01-dutch-admission-note.hl7");
    assert!(analyses[0]["At"].as_str().unwrap().starts_with("OBX[1]-5"), "{}", analyses[0]["At"]);
    assert_eq!((&analyses[0]["Index"], &analyses[0]["Language"]), (&0.into(), &"nl".into()));
    assert_eq!(analyses[1]["Language"], "en");
    assert!(words(&analyses[1]).iter().any(|word| word == "furosemide"));
}

#[test]
fn an_event_of_sqs_is_read_as_the_messages_in_it() {
    let event = "events/lambda/sqs/28-adt-a01-dutch-admission-note.json";
    let folder = tempfile::tempdir().unwrap();
    let path = if root().join(event).exists() {
        event.to_owned()
    } else {
        let message = std::fs::read(root().join("events/28-adt-a01-dutch-admission-note.hl7")).unwrap();
        let body: String = message.iter().map(|byte| char::from(*byte)).collect();
        let path = folder.path().join("event.json");
        std::fs::write(&path, serde_json::json!({"Records": [{"body": body}]}).to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let output = run(["analyse", &path]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(words(&objects(&output)[0]).iter().any(|word| word == "metformine"));
}

#[test]
fn a_masked_note_is_analysed_at_the_places_of_the_original() {
    let note = "Mevr. Zevenhuizen had op 3 mei koorts en kreeg paracetamol.";
    let plain = objects(&run_with_input(&["analyse", "-"], note.as_bytes()));
    let masked = objects(&run_with_input(&["analyse", "--deidentify", "-"], note.as_bytes()));
    assert_eq!(words(&plain[0]), ["koorts", "paracetamol"]);
    assert_eq!(plain[0]["Entities"], masked[0]["Entities"]);
}

#[test]
fn a_person_sees_the_note_with_marks() {
    let output = run_with_input(&["analyse", "--marked", "-"], b"Geen koorts.\n");
    assert_eq!(stdout(&output), "Geen [koorts|CONDITION -NEG].\n");
}

#[test]
fn the_text_is_printed_with_phi_masked() {
    let note = "Mevr. De Wit (92 jaar, BSN 999990019) kwam op 3 mei.\nWit beslag op de tong.";
    let output = run_with_input(&["deidentify", "-"], note.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(
        stdout(&output),
        "Mevr. [NAME] ([AGE] jaar, BSN [BSN]) kwam op [DATE].\nWit beslag op de tong.\n"
    );
}

#[test]
fn the_people_of_a_message_are_masked_in_its_notes() {
    let message = "MSH|^~\\&|ZIS|LINDE|||20261116141500||ADT^A08^ADT_A01|X1|P|2.4|||||NLD|UNICODE UTF-8\r\
        EVN|A08|20261116141500\r\
        PID|1||1000077^^^LINDE^PI~999990019^^^NLMINBIZA^NNNLD||Grutjeblok-van Wapserveen&&Grutjeblok&van&Wapserveen^J^M^^^^L~^Zwaantine^^^^^N||19530217|F|||Uilebalken 7&Uilebalken&7^^Zompdorp^^9091ZZ^NL^H||06-00000020^PRN^CP\r\
        PD1||||01004567^Krommedissel&&Krommedissel^A^B\r\
        NK1|1|Grutjeblok&&Grutjeblok^Fokkelien|CHD^dochter\r\
        PV1|1|N\r\
        OBX|1|TX|OPN^Opnamenotitie||zwaantine grutjeblok, nr 100.00.77, koorts. Fokkelien en dokter krommedissel gebeld; Uilebalken in zompdorp... Grutjebloks koorts zakt. J.M. bleef.||||||F\r";
    let output = run_with_input(&["deidentify", "-"], message.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let lower = text.to_lowercase();
    for word in [
        "zwaantine",
        "grutjeblok",
        "fokkelien",
        "krommedissel",
        "100.00.77",
        "uilebalken",
        "zompdorp",
        "j.m.",
    ] {
        assert!(!lower.contains(word), "{word}: {text}");
    }
    assert_eq!(lower.matches("koorts").count(), 2, "{text}");
}

#[test]
fn several_notes_have_headers() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("a.txt"), folder.path().join("b.txt"));
    std::fs::write(&one, "Geen klachten.\n").unwrap();
    std::fs::write(&two, "dhr. Zevenhuizen").unwrap();
    let (one, two) = (one.to_str().unwrap(), two.to_str().unwrap());
    let output = run(["deidentify", one, two]);
    assert_eq!(stdout(&output), format!("==> {one} <==\nGeen klachten.\n\n==> {two} <==\ndhr. [NAME]\n"));
    let sources: Vec<_> =
        objects(&run(["analyse", one, two])).iter().map(|line| line["Source"].clone()).collect();
    assert_eq!(sources, [one, two]);
}

#[test]
fn another_encoding_is_read_and_told() {
    let output = run_with_input(&["deidentify", "-"], b"Mevr. Vri\xebs is moe.");
    assert!(output.status.success());
    assert_eq!(stdout(&output), "Mevr. [NAME] is moe.\n");
    assert!(
        stderr(&output).contains("windows-1252") && !stderr(&output).contains("Vri"),
        "{}",
        stderr(&output)
    );
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("koorts".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(stdout(&run_with_input(&["deidentify", "-"], &utf16)), "koorts\n");
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["analyse", "deidentify"] {
        assert_eq!(run([command]).status.code(), Some(2));
        let missing = run([command, "no-such-note.txt"]);
        assert_eq!(missing.status.code(), Some(1));
        assert!(stderr(&missing).contains("no-such-note.txt"), "{}", stderr(&missing));
        assert_eq!(run([command, folder.path().to_str().unwrap()]).status.code(), Some(1));
        let empty = run_with_input(&[command, "-"], b" \n");
        assert_eq!((empty.status.code(), stdout(&empty).as_str()), (Some(1), ""));
        assert!(stderr(&empty).contains("-: is empty"), "{}", stderr(&empty));
        let damaged = run_with_input(&[command, "-"], b"MSH|^~\\&|ZIS|LINDE|||20260102||ADT^A99|43|P|2.5\r");
        assert_eq!(damaged.status.code(), Some(1));
        assert!(stderr(&damaged).contains("unsupported-event"), "{}", stderr(&damaged));
        // The good one beside it is done.
        let both = run([command, "no-such-note.txt", "events/30-adt-a04-english-note.hl7"]);
        assert_eq!(both.status.code(), Some(1));
        assert!(!both.stdout.is_empty());
    }
}

#[test]
fn help_shows_an_example_of_both() {
    for command in ["analyse", "deidentify"] {
        let help = stdout(&run([command, "--help"]));
        assert!(help.contains(&format!("zorgsluis {command} note.txt")), "{help}");
    }
}
