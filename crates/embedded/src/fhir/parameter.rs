//! The search parameters that the store serves: one table, which indexing, searching and the
//! CapabilityStatement all read.

mod table;

use table::{TABLE, date, token};

/// How values of a parameter are compared (FHIR R4 Search, "Search Parameter Types").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SearchKind {
    /// Equality of a code, with or without its system: `code`, `system|code`, `|code`, `system|`.
    Token,
    /// Beginning of a text, whatever its case and accents; with `:exact` the whole text as it stands.
    String,
    /// A resource: `id`, `Type/id`; with `:Type` only that type.
    Reference,
    /// A date or time, with the prefixes `eq`, `ge`, `gt`, `le`, `lt`, at the precision given.
    Date,
}

impl SearchKind {
    /// Its code in `SearchParameter.type`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::String => "string",
            Self::Reference => "reference",
            Self::Date => "date",
        }
    }
}

/// A search parameter of one resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchParameter {
    /// Its name, `birthdate`.
    pub name: &'static str,
    /// How it compares.
    pub kind: SearchKind,
    /// Where its values stand in the resource's JSON, as element names joined by dots; arrays are
    /// entered.
    pub paths: &'static [&'static str],
    /// Of a reference: the only type of resource that counts; empty when all do.
    pub target: &'static str,
}

impl SearchParameter {
    /// Its expression on a resource type, in the manner of FHIRPath: `Patient.name.family`.
    pub fn expression(&self, resource_type: &str) -> String {
        self.paths.iter().map(|path| format!("{resource_type}.{path}")).collect::<Vec<_>>().join(" | ")
    }
}

/// What can be searched in every resource type.
pub const COMMON: &[SearchParameter] = &[token("_id", &["id"]), date("_lastUpdated", &["meta.lastUpdated"])];

/// The resource types that can be searched, by name.
pub fn searchable_types() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(resource_type, _)| *resource_type)
}

/// The search parameters of a resource type, without the [`COMMON`] ones; empty for a type that
/// cannot be searched.
pub fn search_parameters(resource_type: &str) -> &'static [SearchParameter] {
    TABLE
        .binary_search_by_key(&resource_type, |(name, _)| name)
        .ok()
        .and_then(|at| TABLE.get(at))
        .map_or(&[], |(_, parameters)| parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_names_stand_once() {
        let types: Vec<_> = searchable_types().collect();
        assert!(types.is_sorted());
        for resource_type in types {
            let mut names: Vec<_> = search_parameters(resource_type)
                .iter()
                .chain(COMMON)
                .map(|parameter| parameter.name)
                .collect();
            let all = names.len();
            assert!(all > COMMON.len(), "{resource_type}");
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{resource_type}");
        }
    }
}
