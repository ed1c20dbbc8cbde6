//! No silent loss: a marker in the place of any leaf is in the Bundle, or the leaf is in the report.
//!
//! Over the examples of the mapping and `events/`; with `ZORGSLUIS_CORPUS=FOLDER` over the messages of that
//! folder as well (`tests/validate.sh` sets it).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hl7v2::{Message, Place};
use serde_json::Value;
use zorgsluis_converter::{ConvertOptions, convert};

/// The numbers of the markers that stand in a Bundle: in its JSON, or in what its attachments hold. Codes are
/// written in lower or upper case where FHIR's are.
fn held(bundle: &[u8], wanted: &[usize]) -> BTreeSet<usize> {
    let mut found = markers(std::str::from_utf8(bundle).unwrap());
    // Most markers stand there as they are, and a look into the attachments costs many times more.
    if !wanted.iter().all(|marker| found.contains(marker)) {
        let mut attached = String::new();
        attachments(&serde_json::from_slice(bundle).unwrap(), &mut attached);
        found.append(&mut markers(&attached));
    }
    found
}

fn marker(number: usize) -> String {
    format!("Zq{number}x")
}

fn markers(text: &str) -> BTreeSet<usize> {
    let lower = text.to_ascii_lowercase();
    let behind = lower.split("zq").skip(1);
    behind.filter_map(|one| one.split_once('x')?.0.parse().ok()).collect()
}

fn attachments(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            if let Some(data) = members.get("data").and_then(Value::as_str)
                && let Ok(bytes) = STANDARD.decode(data)
            {
                text.push('\n');
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
            members.values().for_each(|member| attachments(member, text));
        }
        Value::Array(items) => items.iter().for_each(|item| attachments(item, text)),
        _ => {}
    }
}

/// What says how to read the message, not what it says.
fn is_syntax(place: &str) -> bool {
    ["MSH[1]-1[", "MSH[1]-2[", "MSH[1]-9[", "MSH[1]-18["].iter().any(|start| place.starts_with(start))
}

/// Where a leaf stands, without which of several segments and repetitions: one of each is enough, for each
/// event and type of value.
fn kind_of_place(event: &str, leaf: hl7v2::Value<'_, '_>, message: &Message<'_>) -> String {
    let place = leaf.place();
    let segment = std::str::from_utf8(&place.segment).unwrap().to_owned();
    let of_type = message.segments().filter(|one| one.id() == segment).nth(usize::from(place.nth.max(1)) - 1);
    let value_type = of_type.filter(|_| segment == "OBX").map(|obx| obx.field(2).value().text().into_owned());
    format!(
        "{event} {segment}-{}.{}.{} {}",
        place.field,
        place.component,
        place.subcomponent,
        value_type.unwrap_or_default()
    )
}

/// A leaf that gets a marker.
#[derive(Clone, Copy)]
struct Leaf {
    place: Place,
    offset: usize,
    length: usize,
    marker: usize,
}

/// A message, and the leaves of it that get a marker at once: one of each segment, so that none changes what
/// another of the same segment means.
struct Marked {
    name: String,
    bytes: Vec<u8>,
    leaves: Vec<Leaf>,
}

impl Marked {
    /// The message with its markers.
    fn message(&self) -> Vec<u8> {
        let mut marked = Vec::with_capacity(self.bytes.len());
        let mut from = 0;
        for leaf in &self.leaves {
            marked.extend_from_slice(&self.bytes[from..leaf.offset]);
            marked.extend_from_slice(marker(leaf.marker).as_bytes());
            from = leaf.offset + leaf.length;
        }
        marked.extend_from_slice(&self.bytes[from..]);
        marked
    }

    /// The leaves of which the conversion says nothing. `None` where the message is refused with the markers.
    fn lost(&self) -> Option<Vec<Leaf>> {
        let (message, options) = (self.message(), ConvertOptions::demonstration());
        let conversion = convert(&message, &options).ok()?;
        let report = conversion.report("marker", 0);
        let ignored = report.ignored.iter().map(|one| one.at.0);
        let reported: BTreeSet<_> = ignored.chain(report.unmapped.iter().map(|one| one.at.0)).collect();
        let mut silent = self.leaves.clone();
        silent.retain(|leaf| !reported.contains(&leaf.place));
        let wanted: Vec<usize> = silent.iter().map(|leaf| leaf.marker).collect();
        let held = held(&conversion.bundle_json(), &wanted);
        silent.retain(|leaf| !held.contains(&leaf.marker));
        Some(silent)
    }

    fn alone(&self, leaf: Leaf) -> Self {
        Self { name: self.name.clone(), bytes: self.bytes.clone(), leaves: vec![leaf] }
    }
}

/// The leaves of a message (of those of its segments that are meant) whose kind of place was not seen yet, in as many
/// messages as its longest segment needs.
fn mark(
    name: &str,
    bytes: &[u8],
    meant: impl Fn(&[u8; 3], u16) -> bool,
    seen: &mut BTreeSet<String>,
    to: &mut Vec<Marked>,
) {
    let options = ConvertOptions::demonstration();
    let Ok(conversion) = convert(bytes, &options) else { return };
    let Ok(message) = Message::parse(bytes) else { return };
    let mut rounds: Vec<Vec<Leaf>> = Vec::new();
    let (mut segment, mut nth) = (None, 0);
    for (number, leaf) in message.leaves().enumerate() {
        let place = leaf.place();
        if !meant(&place.segment, place.nth) {
            continue;
        }
        if is_syntax(&place.to_string()) || !seen.insert(kind_of_place(&conversion.event, leaf, &message)) {
            continue;
        }
        nth = if segment == Some((place.segment, place.nth)) { nth + 1 } else { 0 };
        segment = Some((place.segment, place.nth));
        if rounds.len() <= nth {
            rounds.push(Vec::new());
        }
        let (offset, length) = (leaf.offset() as usize, leaf.raw().len());
        rounds[nth].push(Leaf { place, offset, length, marker: number });
    }
    to.extend(rounds.into_iter().map(|leaves| Marked {
        name: name.to_owned(),
        bytes: bytes.to_owned(),
        leaves,
    }));
}

/// The places where a marker is lost, and how many were tried: a message may be refused with it. What is lost or
/// refused among others is tried alone.
fn lost(all: &[Marked]) -> (Vec<String>, usize) {
    let (mut lost, mut tried) = (Vec::new(), 0);
    for marked in all {
        let together = marked.lost();
        let doubtful = together.as_ref().unwrap_or(&marked.leaves);
        tried += marked.leaves.len() - doubtful.len();
        for leaf in doubtful {
            let Some(silent) = marked.alone(*leaf).lost() else { continue };
            tried += 1;
            lost.extend(silent.iter().map(|leaf| format!("{}: {}", marked.name, leaf.place)));
        }
    }
    (lost, tried)
}

fn files(folder: &Path, to: &mut Vec<PathBuf>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, to);
        } else if path.extension().is_some_and(|extension| extension == "hl7") {
            to.push(path);
        }
    }
}

/// The examples of the mapping, and the events.
fn own_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("tests/mapping"), &mut paths);
    files(&root.join("../../events"), &mut paths);
    paths
}

/// Those, and the corpus where there is one.
fn all_files() -> Vec<PathBuf> {
    let mut paths = own_files();
    if let Some(corpus) = std::env::var_os("ZORGSLUIS_CORPUS") {
        files(Path::new(&corpus), &mut paths);
    }
    paths
}

/// The messages of files, each with the name of its file.
fn messages(paths: &[PathBuf]) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy();
        let bytes = std::fs::read(path).unwrap();
        all.extend(hl7v2::batch::messages(&bytes).map(|entry| (name.to_string(), entry.bytes.to_vec())));
    }
    all
}

/// The segments of a message, as they stand there.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split(|byte| b"\r\n".contains(byte)).filter(|line| line.len() > 3).collect()
}

/// Of which kind a segment is, and the how manieth of it.
fn which(lines: &[&[u8]], at: usize) -> ([u8; 3], u16) {
    let id = [lines[at][0], lines[at][1], lines[at][2]];
    (id, count(&lines[..=at], &id))
}

fn count(lines: &[&[u8]], id: &[u8; 3]) -> u16 {
    u16::try_from(lines.iter().filter(|line| line.starts_with(id)).count()).unwrap()
}

#[test]
fn every_leaf_is_understood() {
    let options = ConvertOptions::demonstration();
    let mut unmapped = Vec::new();
    for (name, bytes) in messages(&all_files()) {
        let Ok(conversion) = convert(&bytes, &options) else { continue };
        let report = conversion.report(&name, 0);
        // What a Z-segment means, only a profile says.
        let of_hl7 = report.unmapped.iter().filter(|one| one.at.0.segment.first() != Some(&b'Z'));
        unmapped.extend(of_hl7.map(|one| format!("{name}: {}", one.at.0)));
    }
    assert!(unmapped.is_empty(), "not understood:\n{}", unmapped.join("\n"));
}

#[test]
fn a_marker_in_any_leaf_is_in_the_bundle_or_its_place_in_the_report() {
    let (mut marked, mut seen) = (Vec::new(), BTreeSet::new());
    for (name, bytes) in messages(&all_files()) {
        mark(&name, &bytes, |_, _| true, &mut seen, &mut marked);
    }
    println!("{} leaves were tried", none_is_lost(&marked));
}

/// The message once for each of its segments, with that one twice, side by side and at the end; and once with all behind
/// its header twice: each of the two is told of otherwise than the other in one place.
fn doubled(name: &str, bytes: &[u8], seen: &mut [BTreeSet<String>; 4], to: &mut Vec<Marked>) {
    let lines = lines(bytes);
    let [first, second, last, group] = seen;
    for (at, line) in lines.iter().enumerate().skip(1) {
        let mut lines = lines.clone();
        lines.insert(at, line);
        let (id, nth) = which(&lines, at);
        let message = lines.join(&b'\r');
        mark(name, &message, |one, of| (*one, of) == (id, nth), first, to);
        mark(name, &message, |one, of| (*one, of) == (id, nth + 1), second, to);
        let line = lines.remove(at);
        lines.push(line);
        let only = which(&lines, lines.len() - 1);
        mark(name, &lines.join(&b'\r'), |one, of| (*one, of) == only, last, to);
    }
    let Some(begin) = lines.iter().position(|line| line.starts_with(b"PID")) else { return };
    let twice = [&lines[..], &lines[begin..]].concat();
    mark(name, &twice.join(&b'\r'), |id, nth| nth > count(&lines, id), group, to);
}

#[test]
fn what_a_segment_that_comes_twice_says_otherwise_is_in_the_bundle_or_its_place_in_the_report() {
    let (mut marked, mut seen) = (Vec::new(), [const { BTreeSet::new() }; 4]);
    for (name, bytes) in messages(&own_files()) {
        doubled(&name, &bytes, &mut seen, &mut marked);
    }
    println!("{} leaves were tried", none_is_lost(&marked));
}

/// How many leaves were tried.
fn none_is_lost(marked: &[Marked]) -> usize {
    // Some thousands of conversions, none of which knows of another: a part for each processor.
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let parts = marked.chunks(marked.len().div_ceil(processors).max(1));
    let (mut all_lost, mut all_tried) = (Vec::new(), 0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = parts.map(|part| scope.spawn(|| lost(part))).collect();
        for thread in threads {
            let (lost, tried) = thread.join().unwrap();
            all_lost.extend(lost);
            all_tried += tried;
        }
    });
    assert!(all_lost.is_empty(), "neither in the Bundle nor in the report:\n{}", all_lost.join("\n"));
    assert!(all_tried > 200, "only {all_tried} leaves were tried");
    all_tried
}

/// A segment of each kind, as rich as any example has it.
fn richest(messages: &[(String, Vec<u8>)]) -> BTreeMap<[u8; 3], &[u8]> {
    let mut all = BTreeMap::<[u8; 3], &[u8]>::new();
    for (_, bytes) in messages {
        for line in lines(bytes).into_iter().skip(1) {
            let known = all.entry([line[0], line[1], line[2]]).or_default();
            if line.len() > known.len() {
                *known = line;
            }
        }
    }
    all
}

/// Some of all the segments in all the events, and in three places: `ZORGSLUIS_STRAYS=PART,SEED` tries one of so many.
#[test]
fn what_a_segment_tells_where_none_of_its_kind_belongs_is_in_the_bundle_or_its_place_in_the_report() {
    let asked = std::env::var_os("ZORGSLUIS_STRAYS").unwrap_or_else(|| "97,1".into());
    let (part, seed) = asked.to_str().and_then(|asked| asked.split_once(',')).expect("PART,SEED");
    let (part, seed): (usize, usize) = (part.parse().unwrap(), seed.parse().unwrap());
    let messages = messages(&own_files());
    let kinds = richest(&messages);
    let options = ConvertOptions::demonstration();
    let (mut marked, mut events, mut nth) = (Vec::new(), BTreeSet::new(), seed);
    for (name, bytes) in &messages {
        let Ok(conversion) = convert(bytes, &options) else { continue };
        if !events.insert(conversion.event.clone()) {
            continue;
        }
        let lines = lines(bytes);
        for (id, line) in &kinds {
            for at in [1, lines.len() / 2 + 1, lines.len()] {
                nth += 1;
                if nth % part != 0 {
                    continue;
                }
                let mut lines = lines.clone();
                lines.insert(at, line);
                let only = which(&lines, at);
                let name = format!("{name}, {} behind {at}", id.escape_ascii());
                let meant = |one: &[u8; 3], of| (*one, of) == only;
                mark(&name, &lines.join(&b'\r'), meant, &mut BTreeSet::new(), &mut marked);
            }
        }
    }
    println!("{} leaves were tried", none_is_lost(&marked));
}

/// A segment in which each component has one subcomponent more, or each repetition one component.
fn with_more(line: &[u8], separator: u8) -> Vec<u8> {
    let fields: Vec<Vec<u8>> = line
        .split(|byte| *byte == b'|')
        .enumerate()
        .map(|(nth, field)| {
            if nth == 0 || field.is_empty() || field == b"\"\"" {
                return field.to_vec();
            }
            let more = |part: &[u8]| {
                if part.is_empty() { Vec::new() } else { [part, &[separator], b"More"].concat() }
            };
            let each = |one: &[u8]| one.split(|byte| *byte == b'^').map(more).collect::<Vec<_>>().join(&b'^');
            let repetition = |one: &[u8]| if separator == b'&' { each(one) } else { more(one) };
            field.split(|byte| *byte == b'~').map(repetition).collect::<Vec<_>>().join(&b'~')
        })
        .collect();
    fields.join(&b'|')
}

#[test]
fn what_stands_behind_a_component_is_in_the_bundle_or_its_place_in_the_report() {
    let (mut marked, mut seen) = (Vec::new(), [const { BTreeSet::new() }; 2]);
    for (name, bytes) in messages(&own_files()) {
        let lines = lines(&bytes);
        for (at, line) in lines.iter().enumerate().skip(1) {
            let only = which(&lines, at);
            for (separator, seen) in b"&^".iter().zip(&mut seen) {
                let more = with_more(line, *separator);
                let mut lines = lines.clone();
                lines[at] = &more;
                mark(&name, &lines.join(&b'\r'), |one, of| (*one, of) == only, seen, &mut marked);
            }
        }
    }
    println!("{} leaves were tried", none_is_lost(&marked));
}
