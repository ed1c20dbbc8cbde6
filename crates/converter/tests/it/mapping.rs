//! The tables of the mapping against what the code does.
//!
//! `tests/mapping/*.hl7` hold messages that fill the fields of their segments. A row that says *written* is
//! true when emptying that field changes what stands at that element; one that says *left* when the report
//! gives its reason; and whatever is written has a row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use zorgsluis_converter::mapping::{Map, Row, Verdict, maps, markdown};
use zorgsluis_converter::{ConvertOptions, convert};

struct Example {
    name: String,
    segments: Vec<String>,
}

impl Example {
    fn message(&self) -> String {
        self.segments.iter().map(|segment| format!("{segment}\r")).collect()
    }

    /// The same message without this field, or this component of it, in any segment of that name.
    fn without(&self, map: &Map, row: &Row) -> Option<String> {
        let mut changed = false;
        let segments = self.segments.iter().map(|segment| {
            let mut fields: Vec<String> = segment.split('|').map(str::to_owned).collect();
            let at = usize::from(row.field) - usize::from(map.segment == "MSH");
            if fields[0] == map.segment && fields.get(at).is_some_and(|field| !field.is_empty()) {
                let emptied = emptied(&fields[at], row.component);
                changed |= emptied != fields[at];
                fields[at] = emptied;
            }
            fields.join("|")
        });
        let message = segments.map(|segment| segment + "\r").collect();
        changed.then_some(message)
    }
}

fn emptied(field: &str, component: u16) -> String {
    if component == 0 {
        return String::new();
    }
    let repetitions = field.split('~').map(|repetition| {
        let mut parts: Vec<&str> = repetition.split('^').collect();
        if let Some(part) = parts.get_mut(usize::from(component) - 1) {
            *part = "";
        }
        parts.join("^")
    });
    repetitions.collect::<Vec<_>>().join("~")
}

fn examples() -> Vec<Example> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mapping");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| Example {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        segments: std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect(),
    };
    files.iter().map(read).collect()
}

/// The resources of a message by type. Ids are replaced by the type that they belong to: another key must
/// not look like another content.
fn resources(message: &str) -> Option<BTreeMap<String, Vec<Value>>> {
    let options = ConvertOptions::demonstration();
    let conversion = convert(message.as_bytes(), &options).ok()?;
    let mut json = String::from_utf8(conversion.bundle_json()).unwrap();
    let bundle: Value = serde_json::from_str(&json).unwrap();
    for entry in bundle["entry"].as_array().unwrap() {
        let (id, kind) = (&entry["resource"]["id"], &entry["resource"]["resourceType"]);
        json = json.replace(id.as_str().unwrap(), kind.as_str().unwrap());
    }
    let bundle: Value = serde_json::from_str(&json).unwrap();
    let mut resources: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for entry in bundle["entry"].as_array().unwrap() {
        let resource = entry["resource"].clone();
        resources.entry(resource["resourceType"].as_str().unwrap().to_owned()).or_default().push(resource);
    }
    // What stands beside the entries: identifier and time of the Bundle itself.
    let mut whole = bundle.clone();
    whole.as_object_mut().unwrap().remove("entry");
    resources.insert(String::from("Bundle"), vec![whole]);
    resources.values_mut().for_each(|all| all.sort_by_key(Value::to_string));
    Some(resources)
}

/// What stands at `Type.element.element`; `extension(name)` is an extension whose URL ends so.
fn at(resources: &BTreeMap<String, Vec<Value>>, path: &str) -> Vec<Value> {
    let mut steps = path.split('.');
    let mut found: Vec<Value> = resources.get(steps.next().unwrap()).cloned().unwrap_or_default();
    // A full stop in a URL is no step: extensions are named by the last part of theirs.
    for step in steps {
        let flat = found.into_iter().flat_map(|value| match value {
            Value::Array(list) => list,
            other => vec![other],
        });
        found = flat.flat_map(|value| children(&value, step)).collect();
    }
    found
}

fn children(value: &Value, step: &str) -> Vec<Value> {
    if let Some(name) = step.strip_prefix("extension(").and_then(|rest| rest.strip_suffix(')')) {
        let all = value["extension"].as_array().cloned().unwrap_or_default();
        let named = |one: &Value| one["url"].as_str().is_some_and(|url| url.rsplit('/').next() == Some(name));
        return all.into_iter().filter(named).collect();
    }
    [step.to_owned(), format!("_{step}")].iter().filter_map(|key| value.get(key).cloned()).collect()
}

fn rows() -> impl Iterator<Item = (&'static Map, &'static Row)> {
    maps().iter().flat_map(|map| map.rows.iter().map(move |row| (*map, row)))
}

fn name(map: &Map, row: &Row) -> String {
    match row.component {
        0 => format!("{}-{} → {}", map.segment, row.field, row.to),
        component => format!("{}-{}.{component} → {}", map.segment, row.field, row.to),
    }
}

#[test]
fn every_written_row_is_seen_in_an_example() {
    let examples: Vec<_> = examples().into_iter().map(|one| (resources(&one.message()), one)).collect();
    for (whole, example) in &examples {
        assert!(whole.is_some(), "{} is converted", example.name);
    }
    let mut untrue = Vec::new();
    for (map, row) in rows().filter(|(_, row)| row.verdict == Verdict::Written && row.field > 0) {
        let seen = examples.iter().any(|(whole, example)| {
            let without = example.without(map, row).and_then(|message| resources(&message));
            whole
                .as_ref()
                .zip(without)
                .is_some_and(|(with, without)| at(with, row.to) != at(&without, row.to))
        });
        if !seen {
            untrue.push(name(map, row));
        }
    }
    assert!(untrue.is_empty(), "no example shows these rows:\n{}", untrue.join("\n"));
}

/// The leaves of an example, by what became of them: (segment, field, component), and why it was left out.
fn leaves(message: &str) -> Vec<(String, u16, u16, Option<String>, bool)> {
    let options = ConvertOptions::demonstration();
    let report = convert(message.as_bytes(), &options).unwrap().report("example", 0);
    let ignored: BTreeMap<String, String> =
        report.ignored.iter().map(|one| (one.at.0.to_string(), one.why.to_string())).collect();
    let unmapped: BTreeSet<String> = report.unmapped.iter().map(|one| one.at.0.to_string()).collect();
    let parsed = hl7v2::Message::parse(message.as_bytes()).unwrap();
    let account = parsed.leaves().map(|leaf| {
        let place = leaf.place();
        let text = place.to_string();
        let segment = String::from_utf8(place.segment.to_vec()).unwrap();
        (segment, place.field, place.component, ignored.get(&text).cloned(), unmapped.contains(&text))
    });
    account.collect()
}

#[test]
fn every_left_row_is_given_as_the_reason_in_the_report() {
    let leaves: Vec<_> = examples().iter().flat_map(|example| leaves(&example.message())).collect();
    let mut untrue = Vec::new();
    for (map, row) in rows().filter(|(_, row)| row.field > 0) {
        let Verdict::Left(why) = row.verdict else { continue };
        let reported = leaves.iter().any(|(segment, field, component, ignored, _)| {
            segment == map.segment
                && *field == row.field
                && (row.component == 0 || *component == row.component)
                && ignored.as_deref() == Some(why)
        });
        if !reported {
            untrue.push(name(map, row));
        }
    }
    assert!(untrue.is_empty(), "no example shows these rows:\n{}", untrue.join("\n"));
}

#[test]
fn whatever_is_written_has_a_row_and_nothing_in_the_examples_is_unmapped() {
    let mut missing = BTreeSet::new();
    for example in examples() {
        for (segment, field, component, ignored, unmapped) in leaves(&example.message()) {
            if unmapped {
                missing.insert(format!("{}: {segment}-{field}.{component} is not understood", example.name));
            }
            let Some(map) = maps().iter().find(|map| map.segment == segment) else { continue };
            let written = map.rows.iter().any(|row| {
                row.field == field
                    && (row.component == 0 || row.component == component)
                    && row.verdict == Verdict::Written
            });
            // Without separators or a type of message there is no message.
            let syntax = segment == "MSH" && (field <= 2 || (field, component) == (9, 1));
            if ignored.is_none() && !(unmapped || written || syntax) {
                missing.insert(format!("{}: {segment}-{field}.{component} has no row", example.name));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.into_iter().collect::<Vec<_>>().join("\n"));
}

/// A field that is written elsewhere is written somewhere.
#[test]
fn what_is_written_elsewhere_has_a_row_that_says_where() {
    for (map, row) in rows().filter(|(_, row)| matches!(row.verdict, Verdict::Elsewhere(_))) {
        let somewhere = map.rows.iter().any(|other| {
            other.field == row.field
                && matches!(other.verdict, Verdict::Written)
                && (row.component == 0 || other.component == 0 || other.component == row.component)
        });
        assert!(somewhere, "{}", name(map, row));
    }
}

/// With `ZORGSLUIS_WRITE_DOCS=1` the page is written anew.
#[test]
fn the_page_shows_the_tables() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mapping.md");
    let made = markdown();
    if std::env::var_os("ZORGSLUIS_WRITE_DOCS").is_some() {
        std::fs::write(&page, &made).unwrap();
    }
    let stands = std::fs::read_to_string(&page).unwrap();
    assert!(stands == made, "docs/mapping.md: run this test with ZORGSLUIS_WRITE_DOCS=1");
}
