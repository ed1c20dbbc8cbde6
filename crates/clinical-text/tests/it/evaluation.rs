//! How well the recogniser reads notes that it was not written for, as far as its authors can tell: the notes of
//! `tests/evaluation` are theirs. Prints what `docs/clinical-text.md` publishes:
//! `cargo test -p zorgsluis-clinical-text --test it evaluation -- --nocapture`.

use std::fmt::Write as _;

use zorgsluis_clinical_text::Recogniser;
use zorgsluis_clinical_text::language::detect;
use zorgsluis_domain::text::{AttributeType, Category, Entity, Language, TraitName};

const TRAITS: [TraitName; 4] =
    [TraitName::Negation, TraitName::PertainsToFamily, TraitName::PastHistory, TraitName::Hypothetical];

/// What should be found.
struct Expected {
    start: u32,
    end: u32,
    /// None: not judged.
    category: Option<Category>,
    traits: Vec<TraitName>,
    code: String,
    attributes: Vec<(AttributeType, u32, u32)>,
}

struct Note {
    name: String,
    text: String,
    expected: Vec<Expected>,
}

/// Reads the marks out of a file of notes.
fn notes(file: &str) -> Vec<Note> {
    let body: String =
        file.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    let notes = body.split("=== ").skip(1).enumerate();
    notes
        .map(|(number, note)| {
            let (kind, marked) = note.split_once('\n').unwrap();
            let mut note =
                Note { name: format!("{kind} {}", number + 1), text: String::new(), expected: Vec::new() };
            let mut rest = marked.trim_end();
            while let Some((before, after)) = rest.split_once('{') {
                let (mark, after) = after.split_once('}').unwrap();
                note.text.push_str(before);
                let (words, says) = mark.split_once('|').unwrap();
                let start = u32::try_from(note.text.chars().count()).unwrap();
                note.text.push_str(words);
                let end = u32::try_from(note.text.chars().count()).unwrap();
                take(&mut note.expected, start, end, says);
                rest = after;
            }
            note.text.push_str(rest);
            note
        })
        .collect()
}

fn take(expected: &mut Vec<Expected>, start: u32, end: u32, says: &str) {
    let attribute = match says {
        "S" => Some(AttributeType::Strength),
        "D" => Some(AttributeType::Dosage),
        "F" => Some(AttributeType::Frequency),
        "R" => Some(AttributeType::RouteOrMode),
        "O" => Some(AttributeType::Form),
        "U" => Some(AttributeType::Duration),
        "T" => Some(AttributeType::Rate),
        _ => None,
    };
    if let Some(attribute) = attribute {
        // Of the nearest medicine: the one before; the first of a line has it before itself.
        if let Some(last) = expected.iter_mut().rev().find(|one| one.category == Some(Category::Medication)) {
            last.attributes.push((attribute, start, end));
        }
        return;
    }
    let mut one = Expected {
        start,
        end,
        category: Some(Category::MedicalCondition),
        traits: Vec::new(),
        code: String::new(),
        attributes: Vec::new(),
    };
    for word in says.split_whitespace() {
        match word {
            "n" => one.traits.push(TraitName::Negation),
            "f" => one.traits.push(TraitName::PertainsToFamily),
            "p" => one.traits.push(TraitName::PastHistory),
            "h" => one.traits.push(TraitName::Hypothetical),
            "m" => one.category = Some(Category::Medication),
            "x" => one.category = None,
            code => one.code = code.to_owned(),
        }
    }
    expected.push(one);
}

/// Right, false and missed.
#[derive(Default, Clone, Copy)]
struct Count {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Count {
    fn precision(self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }

    fn recall(self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }

    fn f1(self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
    }
}

#[derive(Default)]
struct Figures {
    conditions: Count,
    medicines: Count,
    traits: [Count; 4],
    attributes: Count,
    codes: Count,
    exact: Count,
    faults: String,
}

fn evaluate(file: &str, language: Language) -> Figures {
    let recogniser = Recogniser::embedded().unwrap();
    let mut figures = Figures::default();
    for note in notes(file) {
        let analysis = recogniser.read(&note.text, None);
        assert_eq!(analysis.language, Some(language), "{}", note.name);
        let mut used = vec![false; analysis.entities.len()];
        for expected in &note.expected {
            let found = analysis.entities.iter().position(|entity| {
                overlap(entity, expected)
                    && expected.category.is_none_or(|category| entity.category == category)
            });
            if let Some(found) = found {
                used[found] = true;
            }
            let Some(category) = expected.category else { continue };
            let count = if category == Category::Medication {
                &mut figures.medicines
            } else {
                &mut figures.conditions
            };
            let words = slice(&note.text, expected.start, expected.end);
            let Some(found) = found.map(|found| &analysis.entities[found]) else {
                count.missed += 1;
                writeln!(figures.faults, "{}: missed {words:?}", note.name).unwrap();
                continue;
            };
            count.right += 1;
            judge(&mut figures, &note, expected, found, &words);
        }
        for (entity, _) in analysis.entities.iter().zip(used).filter(|(_, used)| !used) {
            // A second entity within what is expected is counted once.
            if note.expected.iter().any(|expected| overlap(entity, expected)) {
                continue;
            }
            let count = if entity.category == Category::Medication {
                &mut figures.medicines
            } else {
                &mut figures.conditions
            };
            count.wrong += 1;
            writeln!(figures.faults, "{}: false {:?}", note.name, entity.text).unwrap();
        }
    }
    figures
}

fn judge(figures: &mut Figures, note: &Note, expected: &Expected, found: &Entity, words: &str) {
    let same = (found.begin_offset, found.end_offset) == (expected.start, expected.end);
    if same {
        figures.exact.right += 1
    } else {
        figures.exact.missed += 1
    }
    for (name, count) in TRAITS.iter().zip(&mut figures.traits) {
        match (expected.traits.contains(name), found.has(*name)) {
            (true, true) => count.right += 1,
            (false, true) => count.wrong += 1,
            (true, false) => count.missed += 1,
            (false, false) => {}
        }
        if expected.traits.contains(name) != found.has(*name) {
            let has = if found.has(*name) { "false" } else { "missed" };
            writeln!(figures.faults, "{}: {has} {name:?} of {words:?}", note.name).unwrap();
        }
    }
    if !expected.code.is_empty() {
        let codes = found.icd10cm_concepts.iter().chain(&found.atc_concepts);
        let codes: Vec<_> = codes.map(|concept| concept.code.as_str()).collect();
        if codes.iter().any(|code| code.starts_with(&expected.code)) {
            figures.codes.right += 1;
        } else {
            figures.codes.wrong += 1;
            writeln!(figures.faults, "{}: {words:?} has {codes:?}, not {}", note.name, expected.code)
                .unwrap();
        }
    }
    let mut taken = vec![false; found.attributes.len()];
    for (what, start, end) in &expected.attributes {
        let at = found
            .attributes
            .iter()
            .position(|one| one.r#type == *what && one.begin_offset < *end && *start < one.end_offset);
        match at {
            Some(at) => {
                taken[at] = true;
                figures.attributes.right += 1;
            }
            None => {
                figures.attributes.missed += 1;
                let words = slice(&note.text, *start, *end);
                writeln!(figures.faults, "{}: missed {what:?} {words:?}", note.name).unwrap();
            }
        }
    }
    for (one, _) in found.attributes.iter().zip(taken).filter(|(_, taken)| !taken) {
        figures.attributes.wrong += 1;
        writeln!(figures.faults, "{}: false {:?} {:?} of {words:?}", note.name, one.r#type, one.text)
            .unwrap();
    }
}

fn overlap(entity: &Entity, expected: &Expected) -> bool {
    entity.begin_offset < expected.end && expected.start < entity.end_offset
}

fn slice(text: &str, start: u32, end: u32) -> String {
    text.chars().skip(start as usize).take((end - start) as usize).collect()
}

/// Prints the figures; asserts floors a little below what was measured.
#[track_caller]
fn report(
    name: &str,
    file: &str,
    language: Language,
    entities: f64,
    traits: f64,
    attributes: f64,
    codes: f64,
) {
    let figures = evaluate(file, language);
    let mut lines = format!("{name}: {} notes\n", notes(file).len());
    let mut row = |what: &str, count: Count| {
        let n = count.right + count.missed;
        let (p, r, f) = (count.precision(), count.recall(), count.f1());
        writeln!(lines, "| {what} | {n} | {p:.3} | {r:.3} | {f:.3} |").unwrap();
    };
    row("conditions", figures.conditions);
    row("medicines", figures.medicines);
    for (trait_name, count) in TRAITS.iter().zip(figures.traits) {
        row(&format!("{trait_name:?}"), count);
    }
    row("attributes", figures.attributes);
    let share =
        |count: Count| f64::from(count.right) / f64::from((count.right + count.wrong + count.missed).max(1));
    let (code, exact) = (share(figures.codes), share(figures.exact));
    println!("{lines}codes right {code:.3}, exact range {exact:.3}\n{}", figures.faults);
    let all = figures.traits.iter().fold(Count::default(), |sum, one| Count {
        right: sum.right + one.right,
        wrong: sum.wrong + one.wrong,
        missed: sum.missed + one.missed,
    });
    assert!(figures.conditions.f1() >= entities && figures.medicines.f1() >= entities, "{lines}");
    assert!(all.f1() >= traits && figures.attributes.f1() >= attributes && code >= codes, "{lines}");
}

#[test]
fn dutch_notes() {
    report("Dutch", include_str!("../evaluation/nl-tuning.txt"), Language::Dutch, 0.97, 0.95, 0.97, 0.97);
}

#[test]
fn dutch_notes_held_out() {
    report(
        "Dutch, held out",
        include_str!("../evaluation/nl-held-out.txt"),
        Language::Dutch,
        0.97,
        0.95,
        0.96,
        0.95,
    );
}

#[test]
fn english_notes() {
    report("English", include_str!("../evaluation/en-tuning.txt"), Language::English, 0.97, 0.95, 0.97, 0.96);
}

#[test]
fn english_notes_held_out() {
    report(
        "English, held out",
        include_str!("../evaluation/en-held-out.txt"),
        Language::English,
        0.96,
        0.95,
        0.95,
        0.96,
    );
}

#[test]
fn dutch_notes_written_last() {
    report(
        "Dutch, written last",
        include_str!("../evaluation/nl-last.txt"),
        Language::Dutch,
        0.95,
        0.95,
        0.96,
        0.95,
    );
}

#[test]
fn english_notes_written_last() {
    report(
        "English, written last",
        include_str!("../evaluation/en-last.txt"),
        Language::English,
        0.93,
        0.93,
        0.96,
        0.96,
    );
}

/// Every sentence alone is as short as a note can be.
#[test]
fn the_language_of_single_sentences() {
    for (language, files) in [
        (
            Language::Dutch,
            [
                include_str!("../evaluation/nl-tuning.txt"),
                include_str!("../evaluation/nl-held-out.txt"),
                include_str!("../evaluation/nl-last.txt"),
            ],
        ),
        (
            Language::English,
            [
                include_str!("../evaluation/en-tuning.txt"),
                include_str!("../evaluation/en-held-out.txt"),
                include_str!("../evaluation/en-last.txt"),
            ],
        ),
    ] {
        let texts: Vec<String> = files.iter().flat_map(|file| notes(file)).map(|note| note.text).collect();
        let sentences = texts.iter().flat_map(|text| text.split(['\n', '.'])).map(str::trim);
        let sentences: Vec<&str> =
            sentences.filter(|sentence| sentence.split_whitespace().count() >= 3).collect();
        let found: Vec<_> = sentences.iter().map(|sentence| detect(sentence)).collect();
        let wrong = found.iter().filter(|found| found.is_some_and(|found| found != language)).count();
        let unknown = found.iter().filter(|found| found.is_none()).count();
        println!("{language}: {} sentences, {wrong} taken for the other, {unknown} unclear", sentences.len());
        assert!(wrong * 100 <= sentences.len() && unknown * 20 <= sentences.len());
    }
}
