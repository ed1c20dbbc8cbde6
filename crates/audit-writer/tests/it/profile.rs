//! Our own profiles, extensions and code systems (`profiles/`), and our events held against them: a small
//! interpreter of what their differentials say (min, max, pattern, fixed, slices, required bindings).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use zorgsluis_audit_writer::to_audit_event;

use crate::samples::{all, named};

const BASE: &str = "https://zorgsluis.github.io/fhir/";

/// All definitions by their canonical URL.
fn definitions() -> BTreeMap<String, Value> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let mut found = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let name = format!("{}-{}", json["resourceType"].as_str().unwrap(), json["id"].as_str().unwrap());
        assert_eq!(path.file_stem().unwrap(), name.as_str());
        assert_eq!(json["url"], format!("{BASE}{}", name.replacen('-', "/", 1)));
        found.insert(json["url"].as_str().unwrap().to_owned(), json);
    }
    found
}

struct Check<'d> {
    all: &'d BTreeMap<String, Value>,
    found: Vec<String>,
}

impl Check<'_> {
    /// Holds a node against a definition and, before, against what it derives from.
    fn against(&mut self, url: &str, node: &Value) {
        let Some(definition) = self.all.get(url) else {
            return self.found.push(format!("{url}: no such definition"));
        };
        let parent = definition["baseDefinition"].as_str().unwrap_or_default();
        if parent.starts_with(BASE) {
            self.against(parent, node);
        }
        let elements = definition["differential"]["element"].as_array().unwrap().clone();
        for element in &elements {
            self.element(&elements, element, node);
        }
    }

    fn element(&mut self, elements: &[Value], element: &Value, root: &Value) {
        let id = element["id"].as_str().unwrap();
        let segments: Vec<&str> = id.split('.').skip(1).collect();
        let Some((last, before)) = segments.split_last() else { return };
        let mut prefix = id.split('.').next().unwrap().to_owned();
        let mut parents = vec![root];
        for segment in before {
            prefix = format!("{prefix}.{segment}");
            parents =
                parents.into_iter().flat_map(|parent| children(elements, &prefix, segment, parent)).collect();
        }
        for parent in parents {
            let found = children(elements, id, last, parent);
            let most = element["max"].as_str().and_then(|max| max.parse().ok()).unwrap_or(usize::MAX);
            let least = usize::try_from(element["min"].as_u64().unwrap_or(0)).unwrap();
            if !(least..=most).contains(&found.len()) {
                self.found.push(format!("{id}: {} of {least}..{most}", found.len()));
            }
            for node in found {
                self.value(id, element, node);
            }
        }
    }

    fn value(&mut self, id: &str, element: &Value, node: &Value) {
        for (key, wanted) in element.as_object().unwrap() {
            let fits = match key.as_str() {
                key if key.starts_with("pattern") => within(wanted, node),
                key if key.starts_with("fixed") => wanted == node,
                "binding" => self.bound(wanted, node),
                _ => true,
            };
            if !fits {
                self.found.push(format!("{id}: {key} {wanted}"));
            }
        }
        let profile = element["type"][0]["profile"][0].as_str();
        if let Some(profile) = profile {
            self.against(profile, node);
        }
    }

    fn bound(&self, binding: &Value, code: &Value) -> bool {
        let set = &self.all[binding["valueSet"].as_str().unwrap()];
        let system = set["compose"]["include"][0]["system"].as_str().unwrap();
        codes(&self.all[system]).contains(code.as_str().unwrap())
    }
}

fn codes(system: &Value) -> BTreeSet<String> {
    let concepts = system["concept"].as_array().unwrap();
    assert_eq!(system["count"], concepts.len());
    concepts.iter().map(|concept| concept["code"].as_str().unwrap().to_owned()).collect()
}

/// The values of a segment of an element's id below a node: `entity`, `entity:patient`, `value[x]`.
fn children<'v>(elements: &[Value], id: &str, segment: &str, node: &'v Value) -> Vec<&'v Value> {
    let (name, slice) = segment.split_once(':').map_or((segment, None), |(name, slice)| (name, Some(slice)));
    let values: Vec<&Value> = match name.strip_suffix("[x]") {
        Some(stem) => {
            let members = node.as_object().into_iter().flatten();
            members.filter(|(member, _)| member.starts_with(stem)).map(|(_, value)| value).collect()
        }
        None => match node.get(name) {
            Some(Value::Array(all)) => all.iter().collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        },
    };
    if slice.is_none() {
        return values;
    }
    values.into_iter().filter(|value| in_slice(elements, id, name, value)).collect()
}

/// Whether a value belongs to a slice: by the discriminator that stands at the sliced element.
fn in_slice(elements: &[Value], id: &str, name: &str, value: &Value) -> bool {
    let at = |id: &str| elements.iter().find(|element| element["id"] == id);
    let whole = format!("{}.{name}", id.rsplit_once('.').unwrap().0);
    let sliced = at(&whole).and_then(|element| element["slicing"]["discriminator"][0]["path"].as_str());
    // An element of a derived profile names a slice of its base: `url` is the discriminator of extensions.
    match sliced.unwrap_or(if name == "extension" { "url" } else { "type" }) {
        "url" => {
            let element = at(id).unwrap();
            let by_profile = element["type"][0]["profile"][0].as_str();
            let own = at(&format!("{id}.url")).and_then(|url| url["fixedUri"].as_str());
            value["url"].as_str() == by_profile.or(own)
        }
        "$this" => pattern(at(id).unwrap()).is_some_and(|pattern| within(pattern, value)),
        path => match at(&format!("{id}.{path}")).and_then(pattern) {
            Some(pattern) => value.get(path).is_some_and(|value| within(pattern, value)),
            // Of the base: the only such slice is the patient.
            None => value[path]["code"] == "1",
        },
    }
}

fn pattern(element: &Value) -> Option<&Value> {
    element.as_object()?.iter().find(|(key, _)| key.starts_with("pattern")).map(|(_, pattern)| pattern)
}

/// Whether a value holds all that a pattern says.
fn within(pattern: &Value, value: &Value) -> bool {
    match (pattern, value) {
        (Value::Object(pattern), Value::Object(value)) => {
            pattern.iter().all(|(key, wanted)| value.get(key).is_some_and(|value| within(wanted, value)))
        }
        (Value::Array(pattern), Value::Array(values)) => {
            pattern.iter().all(|wanted| values.iter().any(|value| within(wanted, value)))
        }
        _ => pattern == value,
    }
}

fn faults(event: &Value) -> Vec<String> {
    let all = definitions();
    let mut check = Check { all: &all, found: Vec::new() };
    for profile in event["meta"]["profile"].as_array().into_iter().flatten() {
        let profile = profile.as_str().unwrap();
        if profile.starts_with(BASE) {
            check.against(profile, event);
        }
    }
    check.found
}

#[test]
fn every_event_keeps_the_rules_of_the_profiles_of_ours_that_it_claims() {
    let mut claimed = BTreeSet::new();
    for (name, entry) in all() {
        let event = to_audit_event(&entry);
        assert_eq!(faults(&event), Vec::<String>::new(), "{name}: {event:#}");
        let profiles = event["meta"]["profile"].as_array().into_iter().flatten();
        claimed.extend(profiles.filter_map(|url| url.as_str()?.strip_prefix(BASE).map(str::to_owned)));
    }
    let all = definitions();
    let profiles = all.values().filter(|definition| definition["type"] == "AuditEvent");
    let known: BTreeSet<_> =
        profiles.map(|profile| format!("StructureDefinition/{}", profile["id"].as_str().unwrap())).collect();
    assert_eq!(claimed, known, "each profile is claimed by some sample");
}

/// An event with one thing changed breaks the element that speaks of it: the profiles can fail.
#[test]
fn an_event_that_breaks_a_profile_is_found_at_the_element() {
    type Change = fn(&mut Value);
    let changes: [(&str, &str, Change); 14] = [
        ("denial", "AuditEvent.outcomeDesc", |e| drop(e.as_object_mut().unwrap().remove("outcomeDesc"))),
        ("denial", "AuditEvent.outcome: pattern", |e| e["outcome"] = json!("0")),
        ("denial", "AuditEvent.agent:client: 0", |e| e["agent"][0]["type"] = json!({"text": "?"})),
        ("denial", "AuditEvent.subtype:accessDenied", |e| e["subtype"][0]["code"] = json!("refusal")),
        ("refusal", "AuditEvent.type: pattern", |e| e["type"]["code"] = json!("110113")),
        ("break-glass", "AuditEvent.purposeOfEvent:breakGlass", |e| {
            drop(e["purposeOfEvent"].as_array_mut().unwrap().remove(1));
        }),
        ("break-glass", "AuditEvent.entity:patient: 0", |e| e["entity"][0]["type"]["code"] = json!("2")),
        ("erasure", "AuditEvent.entity:", |e| drop(e["entity"].as_array_mut().unwrap().pop())),
        ("log-read", "AuditEvent.entity:log", |e| e["entity"][1]["role"]["code"] = json!("4")),
        ("read", "AuditEvent.extension:accessMethod: 0", |e| e["extension"][0]["url"] = json!("urn:x")),
        ("read", "Extension.value[x]: binding", |e| e["extension"][0]["valueCode"] = json!("telepathy")),
        ("read", "AuditEvent.source.site", |e| drop(e["source"].as_object_mut().unwrap().remove("site"))),
        ("read", "AuditEvent.agent.who", |e| drop(e["agent"][1].as_object_mut().unwrap().remove("who"))),
        ("session", "AuditEvent.action: pattern", |e| e["action"] = json!("R")),
    ];
    for (name, place, change) in changes {
        let name = if name == "session" { "log-in" } else { name };
        let mut event = to_audit_event(&named(name));
        change(&mut event);
        let found = faults(&event);
        assert!(found.iter().any(|fault| fault.starts_with(place)), "{name}, {place}: {found:?}");
    }
}

/// Every extension that stands in an event is defined, holds what its definition says, and every one that is
/// defined stands in some event.
#[test]
fn every_extension_is_defined_and_every_definition_is_used() {
    fn walk(value: &Value, found: &mut Vec<Value>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::Array(list)) = members.get("extension") {
                    found.extend(list.iter().filter(|e| e["url"].as_str().unwrap().contains(':')).cloned());
                }
                members.values().for_each(|value| walk(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let all_definitions = definitions();
    let mut used = BTreeSet::new();
    for (name, entry) in all() {
        let mut extensions = Vec::new();
        walk(&to_audit_event(&entry), &mut extensions);
        for extension in extensions {
            let url = extension["url"].as_str().unwrap();
            let mut check = Check { all: &all_definitions, found: Vec::new() };
            check.against(url, &extension);
            assert_eq!(check.found, Vec::<String>::new(), "{name}: {extension}");
            used.insert(url.to_owned());
        }
    }
    let defined: BTreeSet<_> = all_definitions
        .iter()
        .filter(|(_, definition)| definition["type"] == "Extension")
        .map(|(url, _)| url.clone())
        .collect();
    assert_eq!(used, defined);
}

#[test]
fn the_code_system_of_events_holds_the_codes_that_events_use() {
    let system = format!("{BASE}CodeSystem/audit-event");
    let used: BTreeSet<String> = all()
        .iter()
        .map(|(_, entry)| to_audit_event(entry))
        .flat_map(|event| event["subtype"].as_array().cloned().unwrap_or_default())
        .filter(|subtype| subtype["system"] == *system)
        .map(|subtype| subtype["code"].as_str().unwrap().to_owned())
        .chain([String::from("other")])
        .collect();
    assert_eq!(used, codes(&definitions()[&system]));
}

/// Writes the definitions where a FHIR validator can read them, beside the events.
#[test]
fn the_definitions_are_written_for_the_validator() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit-profiles");
    std::fs::create_dir_all(&folder).unwrap();
    for (url, definition) in definitions() {
        let name = url.rsplit_once("fhir/").unwrap().1.replace('/', "-");
        std::fs::write(folder.join(format!("{name}.json")), definition.to_string()).unwrap();
    }
}
