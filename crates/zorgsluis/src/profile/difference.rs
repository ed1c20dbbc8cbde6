//! What differs between two Bundles of one message.

use std::collections::BTreeMap;

use serde_json::Value;

/// What differs.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// How many resources have another id.
    pub(crate) ids: usize,
    /// What differs besides ids and the references to them.
    pub(crate) changes: Vec<Change>,
}

/// An element that differs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// `Observation[2]`.
    pub(crate) resource: String,
    /// `code.coding[0].system`.
    pub(crate) path: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    /// Whether the element holds a word of a vocabulary, which says nothing about a patient by itself.
    pub(crate) is_vocabulary: bool,
}

/// Resources of one type are compared with each other: those of the same id first, the rest in their order.
pub(crate) fn differences(before: &Value, after: &Value) -> Differences {
    let (mut old, new) = (by_type(before), by_type(after));
    let mut found = Differences::default();
    for (kind, resources) in new {
        let mut left = old.remove(kind).unwrap_or_default();
        let mut pairs: Vec<(usize, Option<&Value>, &Value)> = Vec::new();
        for (nth, resource) in resources.iter().enumerate() {
            let same = left.iter().position(|other| other.get("id") == resource.get("id"));
            pairs.push((nth, same.map(|at| left.remove(at)), resource));
        }
        let mut left = left.into_iter();
        for (nth, other, resource) in pairs {
            let renamed = other.is_none();
            let other = other.or_else(|| left.next());
            found.ids += usize::from(renamed && other.is_some());
            compare(&mut found, &format!("{kind}[{}]", nth + 1), other, Some(resource));
        }
        for gone in left {
            compare(&mut found, &format!("{kind}[gone]"), Some(gone), None);
        }
    }
    for (kind, resources) in old {
        for gone in resources {
            compare(&mut found, &format!("{kind}[gone]"), Some(gone), None);
        }
    }
    found
}

fn by_type(bundle: &Value) -> BTreeMap<&str, Vec<&Value>> {
    let mut found: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    let entries = bundle.get("entry").and_then(Value::as_array).into_iter().flatten();
    for resource in entries.filter_map(|entry| entry.get("resource")) {
        let kind = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
        found.entry(kind).or_default().push(resource);
    }
    found
}

fn compare(found: &mut Differences, resource: &str, before: Option<&Value>, after: Option<&Value>) {
    let leaves = |value: Option<&Value>| {
        let mut leaves = BTreeMap::new();
        if let Some(value) = value {
            collect(value, String::new(), &mut leaves);
        }
        leaves
    };
    let (mut old, new) = (leaves(before), leaves(after));
    for (path, value) in new {
        let other = old.remove(&path);
        if other.as_ref() != Some(&value) {
            found.push(resource, path, other, Some(value));
        }
    }
    for (path, value) in old {
        found.push(resource, path, Some(value), None);
    }
}

impl Differences {
    fn push(&mut self, resource: &str, path: String, before: Option<String>, after: Option<String>) {
        let last = path.rsplit('.').next().unwrap_or_default();
        if matches!(last, "id" | "reference" | "resourceType") {
            return;
        }
        let in_coding = path.contains("oding") || path.ends_with("unit");
        let is_vocabulary = matches!(last, "system" | "url" | "use") || last == "code" && in_coding;
        self.changes.push(Change { resource: resource.to_owned(), path, before, after, is_vocabulary });
    }
}

fn collect(value: &Value, path: String, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(member, path, leaves);
            }
        }
        Value::Array(items) => {
            for (nth, item) in items.iter().enumerate() {
                collect(item, format!("{path}[{nth}]"), leaves);
            }
        }
        Value::String(text) => {
            leaves.insert(path, text.clone());
        }
        other => {
            leaves.insert(path, other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_new_id_is_counted_and_what_hangs_on_it_compared() {
        let bundle = |id: &str, code: &str, name: &str| {
            let resource = json!({
                "resourceType": "Patient", "id": id, "code": { "coding": [{ "code": code }] }, "name": name
            });
            json!({ "entry": [{ "resource": resource }] })
        };
        let found = differences(&bundle("1", "a", "x"), &bundle("2", "b", "y"));
        assert_eq!(found.ids, 1);
        let shown: Vec<_> = found.changes.iter().map(|one| (one.path.as_str(), one.is_vocabulary)).collect();
        assert_eq!(shown, [("code.coding[0].code", true), ("name", false)]);
        assert!(differences(&bundle("1", "a", "x"), &bundle("1", "a", "x")).changes.is_empty());
    }
}
