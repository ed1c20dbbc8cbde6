//! Turns the lists of `vocabulary/` into what the recogniser embeds: an FST of all terms and three tables of
//! bytes. `src/lexicon/mod.rs` reads them and tells the layout.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

#[path = "src/lexicon/forms.rs"]
mod forms;
#[path = "src/token.rs"]
#[allow(dead_code, reason = "the build script uses the keys only")]
mod token;

type Result<T> = std::result::Result<T, Error>;

const DUTCH: u8 = 1;
const ENGLISH: u8 = 2;

const CONDITION: u8 = 0;
const MEDICINE: u8 = 1;
const STOP: u8 = 2;

const EXACT: u8 = 0;
const FORM: u8 = 1;
const MISSPELT: u8 = 2;
const ABBREVIATION: u8 = 3;
const AMBIGUOUS: u8 = 4;
const TITLE: u8 = 5;

/// Of `kind`: written in capitals.
const CAPITALS: u8 = 0x80;

/// One meaning of a phrase.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Sense {
    languages: u8,
    what: u8,
    /// `DX_NAME`, `SYMPTOM`, `SIGN`, `GENERIC_NAME`, `BRAND_NAME` as a number.
    kind: u8,
    class: u8,
    concept: u32,
    /// Words of which one must stand near; 0 is none.
    needs: u32,
}

#[derive(Default)]
struct Vocabulary {
    phrases: BTreeMap<String, Vec<Sense>>,
    /// (code, label), each once.
    concepts: HashMap<(String, String), u32>,
    in_order: Vec<(String, String)>,
    /// Words whose slips of the pen are looked for, with languages.
    words: BTreeMap<String, u8>,
}

impl Vocabulary {
    fn concept(&mut self, code: &str, label: &str) -> u32 {
        let pair = (code.to_owned(), label.to_owned());
        if let Some(at) = self.concepts.get(&pair) {
            return *at;
        }
        let at = u32::try_from(self.in_order.len()).unwrap_or(u32::MAX);
        self.concepts.insert(pair.clone(), at);
        self.in_order.push(pair);
        at
    }

    fn add(&mut self, key: String, sense: Sense) {
        if key.is_empty() {
            return;
        }
        let senses = self.phrases.entry(key).or_default();
        let twin = senses.iter_mut().find(|one| {
            one.what == sense.what && (one.concept == sense.concept || one.languages & sense.languages != 0)
        });
        match twin {
            // A form or a title says nothing new beside the term itself.
            Some(one) if one.concept == sense.concept && one.class == sense.class => {
                one.languages |= sense.languages;
            }
            Some(one) if one.languages & sense.languages == sense.languages => {
                if rank(sense.class) < rank(one.class) {
                    *one = sense;
                }
            }
            _ => senses.push(sense),
        }
    }

    /// A term and its other forms.
    fn term(&mut self, term: &str, sense: &Sense) {
        let key = key(term);
        // Slips are looked for in names that are in use: not in titles, nor in brands of the world without a code.
        let coded = self.in_order.get(sense.concept as usize).is_some_and(|(code, _)| !code.is_empty());
        if sense.class == EXACT && coded {
            for word in key.split(' ').filter(|word| word.chars().count() >= 7) {
                *self.words.entry(word.to_owned()).or_default() |= sense.languages;
            }
        }
        let mut forms = Vec::new();
        if sense.what == CONDITION && matches!(sense.class, EXACT | TITLE) {
            if sense.languages & DUTCH != 0 {
                forms.extend(forms::dutch(&key));
                forms.extend(forms::dutch_adjective(&key));
            }
            if sense.languages & ENGLISH != 0 {
                forms.extend(forms::english(&key));
            }
        }
        let class = if sense.class == TITLE { TITLE } else { FORM };
        for form in forms {
            if form != key {
                self.add(form, Sense { class, ..sense.clone() });
            }
        }
        self.add(key, sense.clone());
    }
}

/// A term as the lexicon keys it: its words and numbers in normal form, one blank between. A hyphen, a slash
/// or an apostrophe between them is no difference.
fn key(term: &str) -> String {
    let tokens = token::Tokens::of(term);
    let mut key = String::with_capacity(term.len());
    for token in &tokens.all {
        if matches!(token.kind, token::Kind::Word | token::Kind::Number) {
            if !key.is_empty() {
                key.push(' ');
            }
            key.push_str(tokens.normal(token));
        }
    }
    key
}

fn rank(class: u8) -> u8 {
    match class {
        EXACT => 0,
        ABBREVIATION => 1,
        FORM => 2,
        MISSPELT => 3,
        TITLE => 4,
        _ => 5,
    }
}

/// The rows of a list, with where each stands.
fn rows(path: &Path, columns: &[&str]) -> Result<Vec<(String, Vec<String>)>> {
    let name = path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::other(format!("{name}: {error}"))),
    };
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut cells: Vec<String> = line.split('\t').map(|cell| cell.trim().to_owned()).collect();
        if cells.first().map(String::as_str) == columns.first().copied() {
            continue;
        }
        // Empty cells at the end may be left out.
        if cells.len() < columns.len() {
            cells.resize(columns.len(), String::new());
        }
        let place = format!("{name}:{}", number + 1);
        if cells.len() != columns.len() || cells.first().is_none_or(String::is_empty) {
            let wanted = columns.join(", ");
            return Err(Error::other(format!("{place}: {} cells; wanted: {wanted}", cells.len())));
        }
        rows.push((place, cells));
    }
    Ok(rows)
}

fn cell(row: &[String], column: usize) -> &str {
    row.get(column).map_or("", String::as_str)
}

fn kind(place: &str, word: &str) -> Result<u8> {
    Ok(match word {
        "DX_NAME" => 0,
        "SYMPTOM" => 1,
        "SIGN" => 2,
        "GENERIC_NAME" => 3,
        "BRAND_NAME" => 4,
        other => return Err(Error::other(format!("{place}: {other:?} is no kind"))),
    })
}

fn languages(place: &str, word: &str) -> Result<u8> {
    Ok(match word {
        "nl" => DUTCH,
        "en" => ENGLISH,
        "both" => DUTCH | ENGLISH,
        other => return Err(Error::other(format!("{place}: {other:?} is neither nl, en nor both"))),
    })
}

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/token.rs");
    println!("cargo::rerun-if-changed=src/lexicon/forms.rs");
    println!("cargo::rerun-if-changed=vocabulary");
    #[expect(clippy::disallowed_methods, reason = "Cargo speaks to a build script through the environment")]
    let folder = PathBuf::from(std::env::var("OUT_DIR").map_err(Error::other)?);
    #[expect(clippy::disallowed_methods, reason = "Cargo speaks to a build script through the environment")]
    if std::env::var("CARGO_FEATURE_RECOGNISER").is_err() {
        return Ok(());
    }
    // ATC codes are the WHO's, whose terms not everybody can keep: `ZORGSLUIS_ATC=no` leaves them out.
    println!("cargo::rerun-if-env-changed=ZORGSLUIS_ATC");
    #[expect(clippy::disallowed_methods, reason = "a build script is set by the environment")]
    let atc = !std::env::var("ZORGSLUIS_ATC").is_ok_and(|said| said == "no");
    println!("cargo::rustc-env=ZORGSLUIS_ATC={}", if atc { "yes" } else { "no" });
    let mut vocabulary = Vocabulary::default();
    // Number 0 is none.
    vocabulary.concept("", "");
    let root = Path::new("vocabulary");
    conditions(&mut vocabulary, root)?;
    medicines(&mut vocabulary, root)?;
    abbreviations(&mut vocabulary, root)?;
    misspellings(&mut vocabulary, root)?;
    stop(&mut vocabulary, root)?;
    write(&vocabulary, &folder, atc)
}

fn conditions(vocabulary: &mut Vocabulary, root: &Path) -> Result<()> {
    let lists: [(&str, &[&str], u8, u8); 3] = [
        ("nl/conditions.tsv", &["term", "code", "label_en", "kind"], DUTCH, EXACT),
        ("en/clinical.tsv", &["term", "code", "label", "kind"], ENGLISH, EXACT),
        ("en/conditions.tsv", &["term", "code", "label", "source"], ENGLISH, TITLE),
    ];
    for (name, columns, languages, class) in lists {
        for (place, row) in rows(&root.join(name), columns)? {
            let concept = vocabulary.concept(cell(&row, 1), cell(&row, 2));
            let kind = if class == TITLE { 0 } else { kind(&place, cell(&row, 3))? };
            let sense = Sense { languages, what: CONDITION, kind, class, concept, needs: 0 };
            vocabulary.term(cell(&row, 0), &sense);
        }
    }
    Ok(())
}

fn medicines(vocabulary: &mut Vocabulary, root: &Path) -> Result<()> {
    let columns = ["term", "generic_en", "atc_or_empty", "kind", "source"];
    // A row without a code takes the one that another row has for the same substance.
    let mut codes: HashMap<String, String> = HashMap::new();
    for name in ["en/medicines.tsv", "nl/medicines.tsv"] {
        for (_, row) in rows(&root.join(name), &columns)? {
            if !cell(&row, 2).is_empty() {
                codes.insert(key(cell(&row, 1)), cell(&row, 2).to_owned());
            }
        }
    }
    for (name, languages) in [("nl/medicines.tsv", DUTCH), ("en/medicines.tsv", ENGLISH)] {
        for (place, row) in rows(&root.join(name), &columns)? {
            let known = codes.get(&key(cell(&row, 1))).map_or("", String::as_str);
            let code = if cell(&row, 2).is_empty() { known } else { cell(&row, 2) };
            let concept = vocabulary.concept(code, cell(&row, 1));
            let kind = kind(&place, cell(&row, 3))?;
            let sense = Sense { languages, what: MEDICINE, kind, class: EXACT, concept, needs: 0 };
            vocabulary.term(cell(&row, 0), &sense);
        }
    }
    Ok(())
}

fn abbreviations(vocabulary: &mut Vocabulary, root: &Path) -> Result<()> {
    let columns = ["language", "abbreviation", "expansion", "code", "category", "ambiguous", "needs"];
    for (place, row) in rows(&root.join("abbreviations.tsv"), &columns)? {
        let languages = languages(&place, cell(&row, 0))?;
        let ambiguous = cell(&row, 5) == "yes";
        let class = if ambiguous { AMBIGUOUS } else { ABBREVIATION };
        let expansion = cell(&row, 2);
        let meant = vocabulary.phrases.get(&key(expansion)).cloned().unwrap_or_default();
        let (what, kind, concept) = match cell(&row, 4) {
            "CONDITION" => {
                let same = meant.iter().find(|sense| sense.what == CONDITION);
                let code = cell(&row, 3);
                let label = same
                    .and_then(|sense| vocabulary.in_order.get(sense.concept as usize))
                    .filter(|(known, _)| known == code || code.is_empty())
                    .cloned();
                let (code, label) = label.unwrap_or_else(|| (code.to_owned(), expansion.to_owned()));
                (CONDITION, same.map_or(0, |sense| sense.kind & !CAPITALS), vocabulary.concept(&code, &label))
            }
            "MEDICATION" => {
                let same = meant.iter().find(|sense| sense.what == MEDICINE);
                let concept = match same {
                    Some(sense) => sense.concept,
                    None => vocabulary.concept("", expansion),
                };
                (MEDICINE, same.map_or(3, |sense| sense.kind & !CAPITALS), concept)
            }
            "OTHER" => (STOP, 0, 0),
            other => return Err(Error::other(format!("{place}: {other:?} is no category"))),
        };
        let needs = cell(&row, 6);
        let needs = if needs.is_empty() { 0 } else { vocabulary.concept("needs", &needs_keys(needs)) };
        let written = cell(&row, 1);
        let capitals = written.chars().any(char::is_uppercase);
        let kind = if capitals { kind | CAPITALS } else { kind };
        let sense = Sense { languages, what, kind, class, concept, needs };
        vocabulary.term(written, &sense);
    }
    Ok(())
}

/// The words of which one must stand near, in normal form, one a line.
fn needs_keys(needs: &str) -> String {
    let keys: Vec<String> = needs.split(['|', ',', ';']).map(key).filter(|key| !key.is_empty()).collect();
    keys.join("\n")
}

fn misspellings(vocabulary: &mut Vocabulary, root: &Path) -> Result<()> {
    for (place, row) in rows(&root.join("misspellings.tsv"), &["language", "misspelling", "correct"])? {
        let languages = languages(&place, cell(&row, 0))?;
        let senses = vocabulary.phrases.get(&key(cell(&row, 2))).cloned().unwrap_or_default();
        let key = key(cell(&row, 1));
        for sense in senses.into_iter().filter(|sense| sense.what != STOP) {
            vocabulary.add(key.clone(), Sense { languages, class: MISSPELT, ..sense });
        }
    }
    Ok(())
}

fn stop(vocabulary: &mut Vocabulary, root: &Path) -> Result<()> {
    for (place, row) in rows(&root.join("stop.tsv"), &["language", "term", "reason"])? {
        let languages = languages(&place, cell(&row, 0))?;
        let sense = Sense { languages, what: STOP, kind: 0, class: EXACT, concept: 0, needs: 0 };
        vocabulary.add(key(cell(&row, 1)), sense);
    }
    Ok(())
}

/// The tables, all numbers little-endian:
/// `senses.bin`, 12 bytes each: languages, what, kind, class, concept (u32), needs (u32: concept or 0);
/// `concepts.bin`, 12 bytes each: start of its strings (u32), length of code, length of label (u32);
/// `strings.bin`; `phrases.fst`: key to first sense times 256 and number of senses; `words.fst`: word to
/// languages.
fn write(vocabulary: &Vocabulary, folder: &Path, atc: bool) -> Result<()> {
    let medicines = vocabulary.phrases.values().flatten().filter(|sense| !atc && sense.what == MEDICINE);
    let uncoded: HashSet<u32> = medicines.map(|sense| sense.concept).collect();
    let mut phrases = fst::MapBuilder::memory();
    let mut senses = Vec::new();
    // Equal groups of senses (all forms of a term) are kept once.
    let mut groups: HashMap<Vec<Sense>, u64> = HashMap::new();
    let mut count = 0_u64;
    for (key, group) in &vocabulary.phrases {
        let mut group = group.clone();
        group.sort();
        group.truncate(255);
        let size = group.len() as u64;
        let first = *groups.entry(group.clone()).or_insert_with(|| {
            for sense in &group {
                senses.extend([sense.languages, sense.what, sense.kind, sense.class]);
                senses.extend(sense.concept.to_le_bytes());
                senses.extend(sense.needs.to_le_bytes());
            }
            let first = count;
            count += size;
            first
        });
        phrases.insert(key, (first << 8) | size).map_err(Error::other)?;
    }
    let mut concepts = Vec::new();
    let mut strings = String::new();
    for (nth, (code, label)) in (0..).zip(&vocabulary.in_order) {
        let code = if uncoded.contains(&nth) { "" } else { code };
        for number in [strings.len(), code.len(), label.len()] {
            concepts.extend(u32::try_from(number).map_err(Error::other)?.to_le_bytes());
        }
        strings.push_str(code);
        strings.push_str(label);
    }
    // Every word of a term is known; those of curated terms with seven letters or more are what a slip of the
    // pen is corrected to.
    let mut known: BTreeMap<&str, u64> = BTreeMap::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for word in vocabulary.phrases.keys().flat_map(|key| key.split(' ')) {
        if seen.insert(word) {
            known.insert(word, 0);
        }
    }
    for (word, languages) in &vocabulary.words {
        known.insert(word, u64::from(*languages));
    }
    let words = fst::Map::from_iter(known).map_err(Error::other)?;
    let phrases = phrases.into_inner().map_err(Error::other)?;
    fs::write(folder.join("phrases.fst"), &phrases)?;
    fs::write(folder.join("words.fst"), words.as_fst().as_bytes())?;
    fs::write(folder.join("senses.bin"), &senses)?;
    fs::write(folder.join("concepts.bin"), &concepts)?;
    fs::write(folder.join("strings.bin"), &strings)?;
    // Names the vocabulary in the version: FNV-1a over all of it, 32 bits.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in phrases.iter().chain(&senses).chain(&concepts).chain(strings.as_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    }
    println!("cargo::rustc-env=ZORGSLUIS_VOCABULARY={:08x}", (hash >> 32) ^ (hash & 0xffff_ffff));
    Ok(())
}
