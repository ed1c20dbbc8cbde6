//! Values that are nothing of what their field wants: separators anywhere, escapes, nulls, control characters, much
//! too long. Whatever comes, the Bundle is one that FHIR allows, and no word of it is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hl7v2::Message;
use proptest::prelude::*;
use serde_json::Value;
use zorgsluis_converter::{ConvertOptions, convert};

use crate::support::busy;

const GOOD: &str = "MSH|^~\\&|ZIS|LINDE|LAB||20240311150000||ORU^R01^ORU_R01|M1|P|2.5.1\r\
    PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^Johanna^M||19610412|F|||Lindelaan 12^^Lindedorp^^1234 AB^NL^H||020-1234567^PRN^PH\r\
    NK1|1|de Vries^Pieter|SPO|Lindelaan 12|020-1112233\r\
    PV1|1|I|3A^12^1^LINDE||||1234^Smit^Jan^^^^^^LINDE||||||||||||500123^^^LINDE^VN|||||||||||||||||||||||||202403111430\r\
    ORC|RE|9001^ZIS|7001^LAB\r\
    OBR|1|9001^ZIS|7001^LAB|KAL^Kalium^L|||202403111510|||||||||1234^Smit^Jan||||||202403111700||CH|F\r\
    OBX|1|NM|2823-3^Kalium^LN||4.1|mmol/L^^UCUM|3.5-5.0|N|||F|||202403111510\r\
    OBX|2|CWE|883-9^Bloedgroep^LN||O^bloedgroep O^L||||||F\r\
    OBX|3|ST|OPM^Opmerking^L||goed||||||F\r\
    NTE|1|L|Monster licht hemolytisch\r";

/// A field by the datatype that it should have.
const FIELDS: &[(&str, usize, usize)] = &[
    ("PID", 0, 3),  // CX
    ("PID", 0, 5),  // XPN
    ("PID", 0, 7),  // TS
    ("PID", 0, 8),  // IS
    ("PID", 0, 11), // XAD
    ("PID", 0, 13), // XTN
    ("NK1", 0, 2),  // XPN
    ("NK1", 0, 3),  // CWE
    ("NK1", 0, 5),  // XTN
    ("PV1", 0, 2),  // IS
    ("PV1", 0, 3),  // PL
    ("PV1", 0, 7),  // XCN
    ("PV1", 0, 44), // TS
    ("OBR", 0, 4),  // CWE
    ("OBR", 0, 16), // XCN
    ("OBX", 0, 3),  // CWE
    ("OBX", 0, 5),  // NM
    ("OBX", 0, 6),  // CWE
    ("OBX", 0, 7),  // ST
    ("OBX", 0, 14), // TS
    ("OBX", 1, 5),  // CWE
    ("OBX", 2, 5),  // ST
    ("NTE", 0, 3),  // FT
    ("MSH", 0, 3),  // HD
    ("MSH", 0, 10), // ST
];

/// The message with this in the place of a field.
fn with(message: &str, (name, nth, field): (&str, usize, usize), value: &str) -> String {
    let mut seen = 0;
    let segments = message.split_terminator('\r').map(|segment| {
        let mut fields: Vec<&str> = segment.split('|').collect();
        if fields[0] == name {
            seen += 1;
            if seen == nth + 1 {
                let at = field - usize::from(name == "MSH");
                fields.resize(fields.len().max(at + 1), "");
                fields[at] = value;
            }
        }
        fields.join("|") + "\r"
    });
    segments.collect()
}

/// A part of a value. `Word` becomes a word that stands nowhere else.
#[derive(Debug, Clone)]
enum Part {
    Word,
    Text(&'static str),
    Long(usize),
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        4 => Just(Part::Word),
        8 => prop::sample::select(vec![
            "^", "^", "^", "~", "&", "&", "\"\"", "\\F\\", "\\S\\", "\\X00\\", "\\X0B\\", "\\X1B5D\\", "\\X7F\\", "\\.br\\",
            "\\Zx\\", "\\", "\\X", "\u{1}", "\u{b}", "\u{1f}", "\u{7f}", "\t", "\u{a0}", "\u{200b}", "\u{feff}", "  ", "-1",
            "0", "19991399", "20240230", "2024", "L", "LN", "HL70001", "1.2.3", "ISO", "urn:x y", "http://x y/z", "@", "+31",
            "PRN", "NET", "Internet", "H", "\u{1f469}\u{200d}\u{2695}\u{fe0f}", "e\u{301}", "<script>", "{\"a\":1}",
        ])
        .prop_map(Part::Text),
        1 => (1usize..6_000).prop_map(Part::Long),
    ]
}

fn text_of(parts: &[Part]) -> (String, Vec<String>) {
    let (mut text, mut words) = (String::new(), Vec::new());
    for (nth, part) in parts.iter().enumerate() {
        match part {
            Part::Word => {
                let word = format!("Zq{nth}x");
                text.push_str(&word);
                words.push(word);
            }
            Part::Text(more) => text.push_str(more),
            Part::Long(length) => text.extend(std::iter::repeat_n('w', *length)),
        }
    }
    (text, words)
}

/// What a Bundle is made of, as FHIR R4 allows it; gives back all its text, attachments decoded.
fn check(value: &Value, path: &str, text: &mut String) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                assert!(!member.is_null() || path.ends_with("given"), "{path}.{key} is null");
                check(member, &format!("{path}.{key}"), text);
            }
        }
        Value::Array(items) => {
            assert!(!items.is_empty(), "{path} is empty");
            items.iter().for_each(|item| check(item, path, text));
        }
        Value::String(string) => {
            let key = path.rsplit('.').next().unwrap();
            let bad = |c: char| c < ' ' && !matches!(c, '\t' | '\r' | '\n');
            assert!(!string.contains(bad), "{path}: a control character");
            assert!(!string.trim().is_empty(), "{path} is blank");
            match key {
                "id" => {
                    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
                    assert!(string.len() <= 64 && string.chars().all(fits), "{path}: {string:?}");
                }
                "system" | "url" | "fullUrl" | "reference" | "valueUri" | "endpoint" => {
                    assert!(!string.contains(char::is_whitespace), "{path}: {string:?}");
                }
                "code" | "valueCode" | "use" | "status" | "gender" | "language" | "contentType" => {
                    let words: Vec<&str> = string.split(' ').collect();
                    let fits = |word: &&str| !word.is_empty() && !word.contains(char::is_whitespace);
                    assert!(words.iter().all(fits), "{path}: {string:?}");
                }
                "data" => text.push_str(&String::from_utf8_lossy(&STANDARD.decode(string).unwrap())),
                _ => {}
            }
            text.push_str(string);
            text.push('\n');
        }
        _ => {}
    }
}

/// The ids of a Bundle, by type.
type Ids = BTreeMap<String, BTreeSet<String>>;

/// Every reference leads to an entry, and no entry stands twice.
fn check_references(bundle: &Value) -> Ids {
    let entries = bundle["entry"].as_array().unwrap();
    let mut by_kind = Ids::new();
    let mut urls = BTreeSet::new();
    for entry in entries {
        let url = entry["fullUrl"].as_str().unwrap();
        assert!(urls.insert(url), "{url} twice");
        let kind = entry["resource"]["resourceType"].as_str().unwrap();
        by_kind.entry(kind.to_owned()).or_default().insert(url.to_owned());
    }
    let json = bundle.to_string();
    for reference in json.split("\"reference\":\"").skip(1) {
        let to = reference.split('"').next().unwrap();
        assert!(urls.contains(to), "{to} leads nowhere");
    }
    by_kind
}

/// Converts and checks; the ids by type.
fn sound(message: &str, words: &[String]) -> Option<Ids> {
    let options = ConvertOptions::demonstration();
    let conversion = convert(message.as_bytes(), &options).ok()?;
    let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
    let mut text = String::new();
    check(&bundle, "Bundle", &mut text);
    let ids = check_references(&bundle);
    let report = conversion.report("test", 0);
    let places = report.ignored.iter().map(|one| one.at.0).chain(report.unmapped.iter().map(|one| one.at.0));
    let places: BTreeSet<String> = places.map(|place| place.to_string()).collect();
    let (text, parsed) = (text.to_lowercase(), Message::parse(message.as_bytes()).unwrap());
    for leaf in parsed.leaves() {
        let sent = leaf.text();
        for word in words.iter().filter(|word| sent.contains(word.as_str())) {
            let (place, word) = (leaf.place().to_string(), word.to_lowercase());
            assert!(text.contains(&word) || places.contains(&place), "{place} is lost: {sent:?}");
        }
    }
    Some(ids)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_stands_in_a_field_the_bundle_is_sound_and_nothing_is_lost(
        at in 0..FIELDS.len(),
        parts in prop::collection::vec(part(), 0..14),
    ) {
        let (value, words) = text_of(&parts);
        let message = with(GOOD, FIELDS[at], &value);
        // Without a patient or with a broken header it is refused, which is sound too; nothing else is.
        let (segment, nth, field) = FIELDS[at];
        let Some(ids) = sound(&message, &words) else {
            prop_assert!(matches!((segment, nth), ("MSH" | "PID", 0)), "refused for {}-{}", segment, field);
            return Ok(());
        };
        static CLEAN: OnceLock<Ids> = OnceLock::new();
        let clean = CLEAN.get_or_init(|| sound(GOOD, &[]).unwrap());
        // What a thing is known by is nothing of what was damaged.
        let own: &[&str] = match (segment, nth, field) {
            ("PID", 0, 3) | ("MSH", 0, 3 | 10) => &[],
            ("OBR", 0, 4) => &["Patient", "Encounter"],
            ("OBX", 0, 3) => &["Patient", "Encounter", "DiagnosticReport"],
            ("NK1", ..) => &["Patient", "Encounter", "DiagnosticReport", "Observation"],
            _ => &["Patient", "Encounter", "DiagnosticReport", "RelatedPerson"],
        };
        for kind in own {
            prop_assert_eq!(ids.get(*kind), clean.get(*kind), "{} by {}-{}", kind, segment, field);
        }
    }

    #[test]
    fn damage_in_several_fields_at_once_is_sound(
        damaged in prop::collection::vec((0..FIELDS.len(), prop::collection::vec(part(), 0..6)), 2..6),
    ) {
        let mut message = String::from(GOOD);
        let (mut nth, mut words) = (0, Vec::new());
        for (at, parts) in &damaged {
            let (mut value, of_value) = text_of(parts);
            for word in of_value {
                // Each word once in the message.
                let other = format!("Zy{nth}{word}");
                value = value.replacen(&word, &other, 1);
                words.push(other);
                nth += 1;
            }
            message = with(&message, FIELDS[*at], &value);
        }
        words.retain(|word| message.contains(word.as_str()));
        let refusable = damaged.iter().any(|(at, _)| matches!(FIELDS[*at].0, "MSH" | "PID"));
        prop_assert!(sound(&message, &words).is_some() || refusable, "refused");
    }
}

/// So many of something, each other than the last.
fn many(count: usize, one: impl Fn(usize) -> String, between: &str) -> String {
    let mut text = String::new();
    for nth in 0..count {
        let _ = write!(text, "{}{}", if nth == 0 { "" } else { between }, one(nth));
    }
    text
}

#[test]
fn five_hundred_repetitions_are_five_hundred() {
    let options = ConvertOptions::demonstration();
    let bundle_of = |message: &str| {
        let conversion = convert(message.as_bytes(), &options).unwrap();
        let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
        check_references(&bundle);
        assert!(conversion.report("test", 0).unmapped.is_empty());
        bundle
    };
    let all = |bundle: &Value, kind: &str| crate::support::of_kind(bundle, kind);

    let numbers = many(500, |nth| format!("{}^^^LINDE^PI", 1_000_001 + nth), "~");
    let addresses = many(500, |nth| format!("Lindelaan {nth}^^Lindedorp^^1234 AB^NL^H"), "~");
    let message = with(&with(GOOD, ("PID", 0, 3), &numbers), ("PID", 0, 11), &addresses);
    let bundle = bundle_of(&message);
    let patient = &all(&bundle, "Patient")[0];
    assert_eq!(patient["identifier"].as_array().unwrap().len(), 500);
    assert_eq!(patient["address"].as_array().unwrap().len(), 500);

    let values = many(500, |nth| format!("{nth}^waarde {nth}^L"), "~");
    let bundle = bundle_of(&with(GOOD, ("OBX", 1, 5), &values));
    let mut text = String::new();
    check(&bundle, "Bundle", &mut text);
    let words: BTreeSet<&str> = text.split(['^', '\n', '~', ',', ';']).map(str::trim).collect();
    let missing: Vec<usize> = (0..500).filter(|nth| !words.contains(&*format!("waarde {nth}"))).collect();
    assert!(missing.is_empty(), "{missing:?}");

    let kin = many(500, |nth| format!("NK1|{nth}|Jansen^Kind{nth}|CHD"), "\r") + "\rPV1|";
    let bundle = bundle_of(&GOOD.replacen("PV1|", &kin, 1));
    assert_eq!(all(&bundle, "RelatedPerson").len(), 501);
}

/// How long it takes to convert a message, and that it is converted.
fn time(message: &str) -> f64 {
    let options = ConvertOptions::demonstration();
    let run = || {
        let start = busy();
        let conversion = convert(message.as_bytes(), &options).unwrap();
        let length = conversion.bundle_json().len();
        assert!(length > 0);
        busy().saturating_sub(start).as_secs_f64()
    };
    run().min(run())
}

/// What is sixteen times as long does not take more than four times sixteen times as long. Other work disturbs the
/// processor's caches: one of a few tries will do.
fn grows_evenly(name: &str, message: impl Fn(usize) -> String, unit: usize) {
    let tries = (0..4).map(|_| (time(&message(unit)), time(&message(16 * unit))));
    let mut told = Vec::new();
    for (small, large) in tries {
        if large < 64.0 * small.max(0.002) {
            return;
        }
        told.push((small, large));
    }
    panic!("{name}: seconds, and of sixteen times as much: {told:.4?}");
}

#[test]
fn what_is_long_or_many_takes_its_time_and_no_more() {
    let repeated = |place, one: fn(usize) -> String| move |count| with(GOOD, place, &many(count, one, "~"));
    grows_evenly("PID-3", repeated(("PID", 0, 3), |nth| format!("{nth}^^^LINDE^PI")), 60);
    grows_evenly("PID-11", repeated(("PID", 0, 11), |nth| format!("Laan {nth}^^Dorp")), 60);
    grows_evenly("PID-5", repeated(("PID", 0, 5), |nth| format!("Naam{nth}^A")), 60);
    grows_evenly("PID-13", repeated(("PID", 0, 13), |nth| format!("06{nth}^PRN")), 60);
    grows_evenly("OBX-5", repeated(("OBX", 1, 5), |nth| format!("{nth}^x^L")), 60);
    grows_evenly(
        "NTE",
        |count| GOOD.to_owned() + &many(count, |nth| format!("NTE|{nth}|L|regel {nth}"), "\r") + "\r",
        60,
    );
    grows_evenly(
        "a long text",
        |count| with(GOOD, ("NTE", 0, 3), &"Monster is hemolytisch. ".repeat(count)),
        500,
    );
    grows_evenly("escapes", |count| with(GOOD, ("NTE", 0, 3), &"a\\T\\b".repeat(count)), 2_000);
    grows_evenly("components", |count| with(GOOD, ("PID", 0, 5), &"a^".repeat(count)), 200);
    grows_evenly("components of nothing", |count| with(GOOD, ("PID", 0, 3), &"^a".repeat(count)), 200);
    grows_evenly("subcomponents", |count| with(GOOD, ("PID", 0, 5), &"a&".repeat(count)), 200);
    grows_evenly("fields", |count| with(GOOD, ("PID", 0, 60), &"a|".repeat(count)), 100);
}

#[test]
fn a_document_of_megabytes_comes_through_whole_and_one_beyond_the_limit_is_refused() {
    let options = ConvertOptions::demonstration();
    let with_scan = |bytes: usize| {
        let scan = STANDARD.encode(vec![7_u8; bytes]);
        let value = format!("LAB^application^pdf^Base64^{scan}");
        (with(&GOOD.replace("OBX|3|ST|", "OBX|3|ED|"), ("OBX", 2, 5), &value), scan)
    };
    let (message, scan) = with_scan(2_900_000);
    let conversion = convert(message.as_bytes(), &options).unwrap();
    let json = String::from_utf8(conversion.bundle_json()).unwrap();
    assert!(json.contains(&scan));
    assert!(conversion.report("test", 0).unmapped.is_empty());

    let (message, _) = with_scan(10_000_000);
    let refusal = convert(message.as_bytes(), &options).unwrap_err();
    assert_eq!(refusal.code, "message-too-large");

    let note = "Monster is hemolytisch. ".repeat(1 << 16);
    let message = with(GOOD, ("NTE", 0, 3), &note);
    let conversion = convert(message.as_bytes(), &options).unwrap();
    assert!(String::from_utf8(conversion.bundle_json()).unwrap().contains(note.trim()));
}

#[test]
fn a_control_character_is_shown_as_one_that_cannot_be_shown_and_its_place_is_told() {
    // Found by the tests above; and a blank universal id, which left an extension without a value.
    let options = ConvertOptions::demonstration();
    for (place, value, at) in [
        (("OBX", 0, 6), "mmol\u{1}", "OBX[1]-6[1].1"),
        (("OBX", 0, 3), "K\\X0B\\^Kalium^L", "OBX[1]-3[1].1"),
        (("MSH", 0, 10), "M\u{1f}1", "MSH[1]-10[1].1"),
        (("PID", 0, 5), "de Vries^Jo\u{b}hanna", "PID[1]-5[1].2"),
    ] {
        let message = with(GOOD, place, value);
        sound(&message, &[]).unwrap();
        let conversion = convert(message.as_bytes(), &options).unwrap();
        let report = conversion.report("test", 0);
        let told = report.warnings.iter().filter(|one| one.code == "control-character");
        assert_eq!(told.map(|one| one.at.to_string()).collect::<Vec<_>>(), [at]);
        assert!(String::from_utf8(conversion.bundle_json()).unwrap().contains('\u{fffd}'), "{at}");
    }
    sound(&with(GOOD, ("MSH", 0, 3), "ZIS^\t^"), &[]).unwrap();
    sound(&with(GOOD, ("OBX", 0, 6), "&Zq1x"), &[String::from("Zq1x")]).unwrap();
}
