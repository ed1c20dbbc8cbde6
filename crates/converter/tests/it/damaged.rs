//! What holds for every message that is converted, however it was damaged: what `fuzz/` tries by the million.

use std::path::{Path, PathBuf};

use hl7v2::{Message, batch};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, convert};

use crate::shape;

const MARKER: &str = "Zq7Wx";

/// What may come in the place of something else.
const WORDS: &[&str] = &[
    "",
    "|",
    "||",
    "^",
    "^^",
    "~",
    "&",
    "\\",
    "\"\"",
    "\r",
    " ",
    "Y",
    "N",
    "DE",
    "-1",
    "0",
    "1",
    "1.5",
    "9999999999",
    "2026",
    "20260231",
    "202601021030+0100",
    "x y",
    "a@example.org",
    "http://a.example",
    "\\X0D\\",
    "\\X00\\",
    "\\H\\",
    "\\.br\\",
    "\\T\\",
    "é",
    "1^D",
    "HL70001",
    "2.16.840.1",
    "A^B^C^D^E^F^G^H^I^J^K^L^M^N^O^P",
    "a&b&c&d",
    "a~b~a~b",
    "\rPID|1||7^^^L^PI\r",
    "\rOBX|1|NM|A^B||5|mg\r",
    "\rNTE|1||x\r",
    "\rPRT|1|AD||PP|1^D\r",
    "\rZZZ|1\r",
];

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

fn files(folder: &Path, to: &mut Vec<PathBuf>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    to.extend(paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "hl7")));
}

fn examples() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("tests/mapping"), &mut paths);
    files(&root.join("../../events"), &mut paths);
    let mut all = Vec::new();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        all.extend(batch::messages(&bytes).map(|entry| entry.bytes.to_vec()));
    }
    all
}

/// One to four changes: a part goes, comes twice or in another place, or another word stands there.
fn damage(bytes: &mut Vec<u8>, others: &[Vec<u8>], dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        let lines: Vec<Vec<u8>> = bytes.split(|byte| b"\r\n".contains(byte)).map(<[u8]>::to_vec).collect();
        let at = 1 + dice.below(lines.len() - 1);
        match dice.below(6) {
            0 => {
                let mut lines = lines;
                if at < lines.len() {
                    let line = lines.remove(at);
                    let to = 1 + dice.below(lines.len());
                    lines.insert(to.min(lines.len()), line);
                }
                *bytes = lines.join(&b'\r');
            }
            1 => {
                let other = &others[dice.below(others.len())];
                let foreign: Vec<&[u8]> = other.split(|byte| b"\r\n".contains(byte)).skip(1).collect();
                if let Some(line) = foreign.get(dice.below(foreign.len())) {
                    let mut lines = lines;
                    lines.insert(at.min(lines.len()), line.to_vec());
                    *bytes = lines.join(&b'\r');
                }
            }
            // A leaf becomes another word.
            2 | 3 => {
                let Ok(message) = Message::parse(bytes) else { return };
                let leaves: Vec<(usize, usize)> = message
                    .leaves()
                    .filter(|leaf| !(&leaf.place().segment == b"MSH" && matches!(leaf.place().field, 9 | 18)))
                    .map(|leaf| (leaf.offset() as usize, leaf.raw().len()))
                    .collect();
                let (start, length) = leaves[dice.below(leaves.len())];
                let word = WORDS[dice.below(WORDS.len())].bytes();
                bytes.splice(start..start + length, word);
            }
            4 => {
                let start = 60.min(bytes.len()) + dice.below(bytes.len().saturating_sub(60));
                let end = (start + dice.below(30)).min(bytes.len());
                bytes.drain(start.min(end)..end);
            }
            _ => {
                let start = 60.min(bytes.len()) + dice.below(bytes.len().saturating_sub(60));
                let word = WORDS[dice.below(WORDS.len())].bytes();
                bytes.splice(start..start, word);
            }
        }
    }
}

#[test]
fn no_damage_loses_anything_or_makes_what_fhir_forbids() {
    let profiles =
        Profiles::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/profiles")).unwrap();
    let options = ConvertOptions { profiles, ..ConvertOptions::demonstration() };
    let examples = examples();
    let asked = |name: &str, default: u64| {
        std::env::var_os(name).and_then(|rounds| rounds.to_str()?.parse().ok()).unwrap_or(default)
    };
    let (rounds, seed) = (asked("ZORGSLUIS_DAMAGES", 600), asked("ZORGSLUIS_DAMAGE_SEED", 1));
    let (mut converted, mut failed) = (0, Vec::new());
    for round in 0..rounds {
        let mut dice = Dice(round.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ seed);
        let mut bytes = examples[dice.below(examples.len())].clone();
        damage(&mut bytes, &examples, &mut dice);
        let said = || format!("ZORGSLUIS_DAMAGE_SEED={seed}, round {round}:\n{}", bytes.escape_ascii());
        let tried = std::panic::catch_unwind(|| holds(&bytes, &options, round as usize));
        match tried {
            Ok(tried) => converted += usize::from(tried),
            // Each says by itself, above, what does not hold.
            Err(_) => failed.push(said()),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(converted as u64 > rounds / 2, "only {converted} of {rounds} were converted");
}

/// Whether it was converted; then all that must hold does.
fn holds(bytes: &[u8], options: &ConvertOptions, nth: usize) -> bool {
    let Ok(conversion) = convert(bytes, options) else { return false };
    let json = conversion.bundle_json();
    shape::check(&json);
    let message = Message::parse(bytes).unwrap();
    let leaves: Vec<_> = message.leaves().collect();
    let report = conversion.report("damaged", 0);
    assert_eq!(leaves.len(), report.mapped + report.ignored.len() + report.unmapped.len());
    let leaf = leaves[nth % leaves.len()];
    let place = leaf.place();
    if &place.segment == b"MSH" && matches!(place.field, 1 | 2 | 9 | 12 | 18) {
        return true;
    }
    let start = leaf.offset() as usize;
    let changed = [&bytes[..start], MARKER.as_bytes(), &bytes[start + leaf.raw().len()..]].concat();
    let Ok(conversion) = convert(&changed, options) else { return true };
    let report = conversion.report("damaged", 0);
    let reported = report.ignored.iter().any(|one| one.at.0 == place)
        || report.unmapped.iter().any(|one| one.at.0 == place);
    let kept = reported || shape::holds(&conversion.bundle_json(), MARKER);
    assert!(kept, "neither in the Bundle nor in the report: {place}");
    let shown = format!("{conversion:?}{}", serde_json::to_string(&report).unwrap());
    assert!(!shown.contains(MARKER) || place.to_string().starts_with("MSH[1]-10["), "shown: {place}");
    true
}
