//! What the store can do, as the capability statement tells it.

/// A resource type that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceType {
    /// `Patient`.
    pub name: &'static str,
    /// Its search parameters, without those of every type (`_id`, `_lastUpdated`). Empty: it can be read and
    /// not searched.
    pub parameters: Vec<SearchParameter>,
}

/// A search parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchParameter {
    /// `birthdate`.
    pub name: &'static str,
    /// A code of SearchParamType: `token`, `string`, `reference`, `date`.
    pub kind: &'static str,
}
