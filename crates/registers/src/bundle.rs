//! A FHIR R4 Bundle that is read: its entries, and the references between them.

use std::collections::HashMap;

use serde_json::Value;

use crate::{MAX_DATA, MAX_ROWS, RegisterError};

pub(crate) struct Bundle {
    entries: Vec<Value>,
    /// Where `Type/id` and `fullUrl` lead.
    by_reference: HashMap<String, usize>,
}

impl Bundle {
    pub(crate) fn read(data: &[u8]) -> Result<Self, RegisterError> {
        if data.len() > MAX_DATA {
            return Err(RegisterError::TooLarge);
        }
        let mut bundle: Value = serde_json::from_slice(data).map_err(|_| RegisterError::NotABundle)?;
        if bundle.get("resourceType").and_then(Value::as_str) != Some("Bundle") {
            return Err(RegisterError::NotABundle);
        }
        let entries = match bundle.get_mut("entry").map(Value::take) {
            Some(Value::Array(entries)) => entries,
            None => Vec::new(),
            Some(_) => return Err(RegisterError::NotABundle),
        };
        if entries.len() > MAX_ROWS {
            return Err(RegisterError::TooManyRows);
        }
        let mut by_reference = HashMap::new();
        for (nth, entry) in entries.iter().enumerate() {
            if let Some(url) = string(entry, "/fullUrl") {
                by_reference.insert(url.to_owned(), nth);
            }
            if let (Some(kind), Some(id)) =
                (string(entry, "/resource/resourceType"), string(entry, "/resource/id"))
            {
                by_reference.insert(format!("{kind}/{id}"), nth);
            }
        }
        Ok(Self { entries, by_reference })
    }

    /// The resources of a type, each with the place of its entry, `entry[3]`, counted from 0 as FHIRPath does.
    pub(crate) fn of_type<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = (usize, &'b Value)> {
        let resources = self.entries.iter().enumerate();
        let resources = resources.filter_map(|(nth, entry)| Some((nth, entry.get("resource")?)));
        resources.filter(move |(_, resource)| string(resource, "/resourceType") == Some(kind))
    }

    /// The entry that a Reference leads to.
    pub(crate) fn target(&self, reference: Option<&Value>) -> Option<(usize, &Value)> {
        let nth = *self.by_reference.get(string(reference?, "/reference")?)?;
        Some((nth, self.entries.get(nth)?.get("resource")?))
    }
}

/// A text by its JSON pointer, without the space around it; none when it is empty.
pub(crate) fn string<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The members of an array.
pub(crate) fn each<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}
