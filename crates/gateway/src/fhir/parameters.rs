//! Parameters of a request: those of ours, those of the store, and what may stand in a URL.

use form_urlencoded::parse;
use uuid::Uuid;

use super::{FhirError, ResourceType};

/// Resources in a page, when `_count` does not say.
const DEFAULT_COUNT: usize = 50;
/// Resources in a page at most.
const MAX_COUNT: usize = 200;

/// The parameters of a request, taken apart.
#[derive(Default)]
pub(super) struct Parameters {
    /// `_format`.
    pub(super) format: Option<String>,
    /// `_count`, at most [`MAX_COUNT`].
    pub(super) count: Option<usize>,
    /// `_page`, the token of a page.
    pub(super) page: Option<String>,
    /// All others, for the store.
    pub(super) search: Vec<(String, String)>,
}

impl Parameters {
    /// Reads a query or a form.
    pub(super) fn read(text: &[u8]) -> Result<Self, FhirError> {
        let mut parameters = Self::default();
        for (name, value) in parse(text) {
            match name.as_ref() {
                "_format" => parameters.format = Some(value.into_owned()),
                "_page" => parameters.page = Some(value.into_owned()),
                // Layout only; answers are compact.
                "_pretty" => {}
                "_count" => {
                    let count: usize =
                        value.parse().map_err(|_| FhirError::Invalid("_count must be a whole number"))?;
                    if count == 0 {
                        return Err(FhirError::Invalid("_count=0 (a total only) is not supported"));
                    }
                    parameters.count = Some(count.min(MAX_COUNT));
                }
                _ => parameters.search.push((name.into_owned(), value.into_owned())),
            }
        }
        if parameters.page.is_some() && !(parameters.search.is_empty() && parameters.count.is_none()) {
            return Err(FhirError::Invalid("a page link takes no other parameters"));
        }
        Ok(parameters)
    }

    pub(super) fn limit(&self) -> usize {
        self.count.unwrap_or(DEFAULT_COUNT)
    }

    /// Refuses what must not stand in a URL. Ids (UUIDs that we made), dates of change and the codes of a few
    /// administrative value sets may; identifiers, names, birth dates, codes of what ails somebody and whatever
    /// else may tell something about a person may not.
    pub(super) fn check_url(
        search: &[(String, String)],
        resource_type: &ResourceType,
    ) -> Result<(), FhirError> {
        let harmless = search.iter().all(|(name, value)| match name.as_str() {
            "_id" => value.split(',').all(is_own_id),
            "_lastUpdated" => is_moment(value),
            "status" | "category" | "class" | "intent" => value.split(',').all(is_word),
            name => {
                let known = resource_type.parameters.iter().find(|parameter| parameter.name == name);
                known.is_some_and(|parameter| parameter.kind == "reference")
                    && value.split(',').all(is_own_reference)
            }
        });
        if harmless { Ok(()) } else { Err(FhirError::PhiInUrl) }
    }
}

fn is_own_id(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

/// `<uuid>` or `Type/<uuid>`.
fn is_own_reference(text: &str) -> bool {
    match text.split_once('/') {
        Some((kind, id)) => kind.bytes().all(|byte| byte.is_ascii_alphabetic()) && is_own_id(id),
        None => is_own_id(text),
    }
}

fn is_moment(text: &str) -> bool {
    text.len() <= 40
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'.' | b'+' | b' '))
}

/// A code such as `final` or `entered-in-error`.
fn is_word(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}
