//! Sender profiles, through the public door.

use std::path::Path;

use hl7v2::Message;
use zorgsluis_converter::profile::{
    ApplicationAck, Demographics, NotifiedEvent, ProfileError, Profiles, Recipient, Unsupported, ZRule,
    ZTarget,
};

fn one(text: &str) -> Result<Profiles, ProfileError> {
    Profiles::parse(&[("p.toml", text)])
}

fn pid3(profile: &str, pid3: &str) -> Option<usize> {
    let profiles = one(profile).unwrap();
    let raw = format!("MSH|^~\\&|EPD|ZH|||20240101||ADT^A01|1|P|2.5\rPID|1||{pid3}\r");
    let message = Message::parse(raw.as_bytes()).unwrap();
    let field = message.segment("PID").unwrap().field(3);
    profiles.for_message(&message).patient_identifier(field)
}

#[test]
fn the_profile_of_the_sample_events_says_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/profiles");
    let profiles = Profiles::load(&folder).unwrap();
    let lab = profiles.for_sender(" LABSYS ", "LINDE");
    assert_eq!(lab.name, "ziekenhuis-linde-lab");
    assert_eq!(lab.demographics, Demographics::Fill);
    assert_eq!(lab.notify(NotifiedEvent::Result), [Recipient::Ordering]);
    assert_eq!(lab.notify(NotifiedEvent::Admission), []);
    let sodium = lab.translate("OBX-3", "99ZLI", "NA").unwrap();
    assert_eq!((sodium.system.as_str(), sodium.code.as_str()), ("http://loinc.org", "2951-2"));
    assert!(lab.translate("OBX-5", "99zli", "NA").is_none(), "only the named fields");
    assert!(lab.translate("OBX-3", "L", "NA").is_none(), "only the named code system");
    assert_eq!(
        lab.z_field("ZLB", 1),
        Some(&ZRule::Ignore { reason: "sequence number of the analyser's rack".into() })
    );
    assert!(matches!(lab.z_field("ZLB", 2), Some(ZRule::Extension { on: ZTarget::Patient, .. })));
    assert_eq!(lab.z_field("ZLB", 3), None);
    assert_eq!(profiles.for_sender("ZIS", "ELSEWHERE").name, "default");
    assert_eq!(profiles.by_name("ziekenhuis-linde-zis").unwrap().notify(NotifiedEvent::Discharge).len(), 2);
}

#[test]
fn the_most_particular_profile_is_chosen() {
    let profiles = one("[[sender]]\nname='both'\napplication='A'\nfacility='F'\n\
         [[sender]]\nname='application'\napplication='A'\n\
         [[sender]]\nname='facility'\nfacility='F'\n")
    .unwrap();
    assert_eq!(profiles.for_sender("A", "F").name, "both");
    assert_eq!(profiles.for_sender("A", "X").name, "application");
    assert_eq!(profiles.for_sender("X", "F").name, "facility");
    assert_eq!(profiles.for_sender("X", "X").name, "default");
    assert_eq!(profiles.for_sender("", "").name, "default");
}

#[test]
fn a_sender_takes_from_the_default_what_it_does_not_say() {
    let profiles = Profiles::parse(&[
        ("a.toml", "[[sender]]\nname='a'\nfacility='A'\ntime-zone='UTC'\nauthorities.X='urn:oid:1.2.3'\n"),
        (
            "b.toml",
            "[default]\nunsupported='reject'\napplication-ack='on-accept'\ncharacter-set='8859/1'\n\
             authorities.X='urn:oid:1.2.4'\nauthorities.Y='urn:oid:1.2.5'\n",
        ),
    ])
    .unwrap();
    let a = profiles.for_sender("", "A");
    assert_eq!((a.unsupported, a.application_ack), (Unsupported::Reject, ApplicationAck::OnAccept));
    assert!(a.character_set.is_some());
    assert_eq!(a.time_zone, jiff::tz::TimeZone::UTC);
    assert_eq!(a.identifier_system("x", "", "").as_deref(), Some("urn:oid:1.2.3"));
    assert_eq!(a.identifier_system("Y", "", "").as_deref(), Some("urn:oid:1.2.5"));
}

#[test]
fn authorities_that_speak_for_themselves() {
    let profiles = Profiles::builtin();
    let default = profiles.for_sender("", "");
    let system = |ns, id, kind| default.identifier_system(ns, id, kind).map(std::borrow::Cow::into_owned);
    let bsn = Some("http://fhir.nl/fhir/NamingSystem/bsn".to_owned());
    assert_eq!(system("NLMINBIZA", "", ""), bsn);
    assert_eq!(system("anything", "2.16.840.1.113883.2.4.6.3", "ISO"), bsn);
    assert_eq!(system("VEKTIS", "", "").as_deref(), Some("http://fhir.nl/fhir/NamingSystem/agb-z"));
    assert_eq!(system("LAB", "1.2.840.99", "ISO").as_deref(), Some("urn:oid:1.2.840.99"));
    assert_eq!(
        system("", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "UUID").as_deref(),
        Some("urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8")
    );
    assert_eq!(system("", "https://a.example/x", "URI").as_deref(), Some("https://a.example/x"));
    assert_eq!(system("1.2.3.4", "", "").as_deref(), Some("urn:oid:1.2.3.4"));
    assert_eq!(system("LAB", "", ""), None);
    assert_eq!(system("LAB", "lab one", "URI"), None);
    assert_eq!(system("", "1.2.3", "DNS"), None);
}

#[test]
fn the_senders_own_identifier_is_found_in_any_order() {
    let bsn = "999911120^^^NLMINBIZA^NNNLD";
    assert_eq!(pid3("", &format!("{bsn}~123^^^ZH^PI")), Some(2));
    assert_eq!(pid3("", &format!("123^^^ZH^PI~{bsn}")), Some(1));
    assert_eq!(pid3("", &format!("{bsn}~77^^^ZH^MR~123^^^ZH^PI")), Some(3));
    assert_eq!(pid3("", &format!("{bsn}~77^^^ZH^MR")), Some(2));
    assert_eq!(pid3("", &format!("{bsn}~55^^^ZD^VN")), Some(1), "a visit number names no patient");
    assert_eq!(pid3("", &format!("{bsn}~55^^^ZD^PT")), Some(2));
    assert_eq!(pid3("", "55^^^ZD^VN"), Some(1));
    assert_eq!(pid3("", bsn), Some(1), "a BSN alone is better than nothing");
    assert_eq!(pid3("", &format!("^^^ZH^PI~{bsn}")), Some(2), "an empty identifier names nobody");
    assert_eq!(pid3("", ""), None);

    let named = "[[sender]]\nname='z'\nfacility='ZH'\npatient-identifier={type='VN',authority='ZD'}\n";
    assert_eq!(pid3(named, &format!("123^^^ZH^PI~{bsn}~55^^^ZD^VN")), Some(3));
    assert_eq!(pid3(named, &format!("123^^^ZH^PI~{bsn}~55^^^XX^VN")), Some(1), "none such: the usual order");
    let by_oid = "[[sender]]\nname='z'\nfacility='ZH'\npatient-identifier={authority='1.2.3.4'}\n";
    assert_eq!(pid3(by_oid, "123^^^ZH^PI~77^^^A&1.2.3.4&ISO^MR"), Some(2));
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let sender = "[[sender]]\nname = 'z'\nfacility = 'ZH'\n";
    for (text, expected) in [
        ("[default]\ntimezone = 'UTC'\n", "p.toml:2:1: unknown field `timezone`"),
        ("[default]\ntime-zone = 'Mars'\n", "p.toml:2:13: `Mars` is not a time zone"),
        (
            "[default]\nunsupported = 'drop'\n",
            "p.toml:2:15: unknown variant `drop`, expected `keep` or `reject`",
        ),
        ("[default]\nunsupported = true\n", "p.toml:2:15: "),
        ("[default]\ncharacter-set = 'EBCDIC'\n", "p.toml:2:17: `EBCDIC` is not a character set"),
        ("[default]\nname = 'x'\n", "p.toml:2:8: [default] applies to every sender: `name`"),
        ("[default]\n[default]\n", "p.toml:2:2: duplicate key"),
        ("[[sender]]\nfacility = 'ZH'\n", "p.toml:1:1: a sender needs a `name`"),
        ("[[sender]]\nname = 'z'\n", "p.toml:1:1: sender `z` needs an `application`"),
        ("[[sender]]\nname = 'a b'\nfacility = 'ZH'\n", "p.toml:2:8: `a b` is not a name"),
        (&format!("{sender}{sender}"), "p.toml:4:1: there is a sender `z` already"),
        (
            &format!("{sender}[[sender]]\nname = 'y'\nfacility = 'ZH'\n"),
            "p.toml:4:1: sender `z` has the same application and facility",
        ),
        (
            &format!("{sender}authorities.ZH = 'ons eigen nummer'\n"),
            "p.toml:4:18: `ons eigen nummer` is not an",
        ),
        (&format!("{sender}authorities.ZH = 'urn:oid:2.016'\n"), "p.toml:4:18: `urn:oid:2.016` is not an"),
        (&format!("{sender}patient-identifier = {{}}\n"), "p.toml:4:22: `patient-identifier` needs"),
        (
            &format!("{sender}[[sender.codes]]\nto = 'http://loinc.org'\n[sender.codes.map]\n"),
            "p.toml:4:1: this code map",
        ),
        (
            &format!(
                "{sender}[[sender.codes]]\nfields = ['OBX3']\nto = 'http://loinc.org'\nmap = {{ A = '1' }}\n"
            ),
            "p.toml:5:11: `OBX3` is not a field",
        ),
        (
            &format!("{sender}[[sender.codes]]\nto = 'http://loinc.org'\nmap = {{ A = {{ kode = '1' }} }}\n"),
            "p.toml:6:15: unknown field `kode`",
        ),
        (
            &format!("{sender}[sender.z-segments.PID]\n1 = {{ ignore = 'x' }}\n"),
            "p.toml:4:20: `PID` is not a Z-segment",
        ),
        (
            &format!("{sender}[sender.z-segments.ZAB]\n0 = {{ ignore = 'x' }}\n"),
            "p.toml:5:1: `0` is not a field number",
        ),
        (&format!("{sender}[sender.z-segments.ZAB]\n1 = {{ ignore = ' ' }}\n"), "p.toml:5:5: say either"),
        (
            &format!("{sender}[sender.z-segments.ZAB]\n1 = {{ extension = 'urn:x:y', ignore = 'z' }}\n"),
            "p.toml:5:5: say either",
        ),
        (
            &format!("{sender}[sender.z-segments.ZAB]\n1 = {{ extension = 'urn:xx:y', on = 'Pet' }}\n"),
            "p.toml:5:36: `Pet` is not a resource that we write",
        ),
        (
            &format!("{sender}[sender.z-segments.ZAB]\n'1.0' = {{ ignore = 'x' }}\n"),
            "p.toml:5:1: `1.0` is not a field number",
        ),
        (&format!("{sender}notify.birth = ['PD1-4']\n"), "p.toml:4:8: unknown field `birth`"),
        (&format!("{sender}notify.result = ['PV1-99']\n"), "p.toml:4:18: unknown variant `PV1-99`"),
        ("[default\n", "p.toml:1:"),
    ] {
        let said = one(text).unwrap_err().to_string();
        assert!(said.starts_with(expected), "{text}\nsaid: {said}\nnot:  {expected}");
    }
    let twice = Profiles::parse(&[("a.toml", "[default]\n"), ("b.toml", "\n[default]\n")]).unwrap_err();
    assert_eq!(twice.to_string(), "b.toml:2:1: there is a [default] already, in a.toml");
}

#[test]
fn a_missing_file_and_an_empty_folder_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let said = Profiles::load(&folder.path().join("none.toml")).unwrap_err();
    assert!(said.to_string().ends_with("none.toml: cannot be read"), "{said}");
    let said = Profiles::load(folder.path()).unwrap_err();
    assert!(said.to_string().ends_with("holds no .toml file"), "{said}");
}

/// The TOML blocks of the reference, and the keys of its table.
fn reference() -> (Vec<String>, Vec<String>) {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sender-profiles.md"))
        .unwrap();
    let blocks = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    let keys = page[page.find("## Keys").unwrap()..].lines().skip_while(|line| !line.starts_with("|---"));
    let keys = keys.skip(1).take_while(|line| line.starts_with('|'));
    let keys = keys.flat_map(|line| line.split('|').nth(1).unwrap().split(','));
    (blocks.collect(), keys.map(|key| key.trim().trim_matches('`').to_owned()).collect())
}

#[test]
fn every_block_of_the_reference_is_a_profile_and_every_key_has_an_example() {
    let (blocks, keys) = reference();
    assert!(blocks.len() >= 4 && keys.len() >= 14, "{} {}", blocks.len(), keys.len());
    for block in &blocks {
        let whole = block.contains("[[sender]]");
        let text = if whole {
            block.clone()
        } else {
            format!("[[sender]]\nname = \"x\"\nfacility = \"X\"\n{block}")
        };
        Profiles::parse(&[("sender-profiles.md", &text)]).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
    let examples = blocks.concat();
    for key in keys {
        let is_set =
            |line: &str| line.starts_with(&format!("{key} = ")) || line.contains(&format!("[sender.{key}"));
        assert!(examples.lines().any(is_set), "no example of `{key}`");
    }
}

const Z: &str = "MSH|^~\\&|LAB|HOSP|||20260102103000||ADT^A08^ADT_A01|1|P|2.5\rEVN||20260102103000\r\
    PID|1||1^^^HOSP^PI\rZLB|rack|trial 12~trial 13|K1^first^99x|20241027023000|J^1,5^rest|soon\r";

#[test]
fn a_z_segment_is_mapped_by_the_profile_alone() {
    let profile = "[[sender]]\nname = 'lab'\nfacility = 'HOSP'\n\
        [[sender.codes]]\nfrom = '99x'\nfields = ['ZLB-3']\nto = 'http://snomed.info/sct'\nmap = { K1 = '123' }\n\
        [sender.z-segments.ZLB]\n1 = { ignore = 'a rack' }\n2 = { extension = 'urn:xz:2', on = 'patient' }\n\
        3 = { extension = 'urn:xz:3', on = 'Patient', as = 'concept' }\n\
        4 = { extension = 'urn:xz:4', on = 'patient', as = 'date-time' }\n\
        5 = { extension = 'urn:xz:5', on = 'patient' }\n'5.1' = { extension = 'urn:xz:51', on = 'patient', as = 'boolean' }\n\
        '5.2' = { extension = 'urn:xz:52', on = 'patient', as = 'decimal' }\n\
        6 = { extension = 'urn:xz:6', on = 'patient', as = 'date-time' }\n";
    let profiles = Profiles::parse(&[("z.toml", profile)]).unwrap();
    let options = zorgsluis_converter::ConvertOptions {
        profiles,
        ..zorgsluis_converter::ConvertOptions::demonstration()
    };
    let conversion = zorgsluis_converter::convert(Z.as_bytes(), &options).unwrap();
    let bundle: serde_json::Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
    let patient = crate::support::of_kind(&bundle, "Patient").remove(0);
    let written: Vec<_> = patient["extension"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| Some((one["url"].as_str()?.strip_prefix("urn:xz:")?.to_owned(), one.clone())))
        .collect();
    let of =
        |name: &str| written.iter().filter(|(url, _)| url == name).map(|(_, one)| one).collect::<Vec<_>>();
    assert_eq!(of("2").iter().map(|one| &one["valueString"]).collect::<Vec<_>>(), ["trial 12", "trial 13"]);
    assert_eq!(of("3")[0]["valueCodeableConcept"]["coding"][0]["code"], "123");
    assert_eq!(of("3")[0]["valueCodeableConcept"]["coding"][1]["code"], "K1");
    assert_eq!(of("4")[0]["valueDateTime"], "2024-10-27T02:30:00+02:00");
    assert_eq!(of("51")[0]["valueBoolean"], true);
    assert_eq!(of("52")[0]["valueDecimal"], 1.5);
    assert_eq!(of("5")[0]["valueString"], "rest");
    assert_eq!(of("6")[0]["valueString"], "soon");
    let report = conversion.report("z", 0);
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    assert!(report.ignored.iter().any(|one| one.at.0.to_string() == "ZLB[1]-1[1].1" && one.why == "a rack"));
    assert!(report.warnings.iter().any(|one| one.code == "value-is-not-of-its-type"));
}
