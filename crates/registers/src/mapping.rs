//! Which column is what: TOML. `docs/registers.md` explains every key.

use serde::Deserialize;

use crate::RegisterError;

/// A column that holds identifiers of one system.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct IdentifierColumn {
    pub(crate) column: String,
    pub(crate) system: String,
}

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "iso-8859-1")]
    Latin1,
    #[serde(rename = "iso-8859-15")]
    Latin9,
}

/// The language of the mails: from a column, or one for all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct LanguageOf {
    #[serde(default)]
    pub(crate) column: Option<String>,
    #[serde(default)]
    pub(crate) fixed: Option<String>,
}

const fn comma() -> char {
    ','
}

const fn utf8() -> Encoding {
    Encoding::Utf8
}

/// The mapping of a file of providers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ProviderMapping {
    #[serde(default = "comma")]
    pub(crate) separator: char,
    #[serde(default = "utf8")]
    pub(crate) encoding: Encoding,
    pub(crate) identifiers: Vec<IdentifierColumn>,
    /// Columns that are joined by spaces.
    pub(crate) name: Vec<String>,
    #[serde(default)]
    pub(crate) organisation: Option<String>,
    #[serde(default)]
    pub(crate) address: Option<String>,
    #[serde(default)]
    pub(crate) language: Option<LanguageOf>,
    #[serde(default)]
    pub(crate) certificate: Option<String>,
    #[serde(default)]
    pub(crate) active: Option<String>,
    #[serde(default)]
    pub(crate) opted_out: Option<String>,
}

/// The mapping of a file of patients.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct PatientMapping {
    #[serde(default = "comma")]
    pub(crate) separator: char,
    #[serde(default = "utf8")]
    pub(crate) encoding: Encoding,
    pub(crate) identifiers: Vec<IdentifierColumn>,
    #[serde(default)]
    pub(crate) opted_out: Option<String>,
}

fn parse<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, RegisterError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        RegisterError::Mapping { line: before.matches('\n').count() + 1, text: error.message().to_owned() }
    })
}

fn check(separator: char, identifiers: &[IdentifierColumn]) -> Result<(), RegisterError> {
    let wrong = |text: &str| Err(RegisterError::Mapping { line: 1, text: text.to_owned() });
    if !separator.is_ascii() || separator == '"' || matches!(separator, '\r' | '\n') {
        return wrong("`separator` is one ASCII character, such as `;`");
    }
    if identifiers.is_empty() {
        return wrong("`identifiers` names at least one column");
    }
    Ok(())
}

impl ProviderMapping {
    pub(crate) fn parse(text: &str) -> Result<Self, RegisterError> {
        let mapping: Self = parse(text)?;
        check(mapping.separator, &mapping.identifiers)?;
        if mapping.name.is_empty() {
            return Err(RegisterError::Mapping {
                line: 1,
                text: String::from("`name` names at least one column"),
            });
        }
        if mapping
            .language
            .as_ref()
            .is_some_and(|language| language.column.is_some() == language.fixed.is_some())
        {
            return Err(RegisterError::Mapping {
                line: 1,
                text: String::from("`language` has either `column` or `fixed`"),
            });
        }
        Ok(mapping)
    }
}

impl PatientMapping {
    pub(crate) fn parse(text: &str) -> Result<Self, RegisterError> {
        let mapping: Self = parse(text)?;
        check(mapping.separator, &mapping.identifiers)?;
        Ok(mapping)
    }
}
