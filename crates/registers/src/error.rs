use zorgsluis_domain::PortError;

/// Why an import or a change was not done at all. Texts are safe to log and to show.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The mapping cannot be read.
    #[error("the mapping, line {line}: {text}")]
    Mapping {
        /// The line, from 1.
        line: usize,
        /// What is wrong; speaks of the mapping only.
        text: String,
    },
    /// A column of the mapping is not in the file.
    #[error("the file has no column `{column}`, which the mapping names")]
    ColumnMissing {
        /// The column, as the mapping names it.
        column: String,
    },
    /// A column of the mapping is twice in the file.
    #[error("the file has more than one column `{column}`, which the mapping names")]
    ColumnTwice {
        /// The column, as the mapping names it.
        column: String,
    },
    /// The file is larger than [`crate::MAX_DATA`].
    #[error("the file is larger than {} MiB", crate::MAX_DATA >> 20)]
    TooLarge,
    /// The file has more than [`crate::MAX_ROWS`] rows or entries.
    #[error("the file has more than {} rows", crate::MAX_ROWS)]
    TooManyRows,
    /// The file is not in the encoding that the mapping names.
    #[error("line {line}: the file is not in the encoding {encoding}")]
    Encoding {
        /// The line, from 1.
        line: u64,
        /// The encoding.
        encoding: &'static str,
    },
    /// The file is not CSV.
    #[error("line {line}: this is not CSV")]
    NotCsv {
        /// The line, from 1.
        line: u64,
    },
    /// The file is not a FHIR Bundle in JSON.
    #[error("this is not a FHIR R4 Bundle in JSON")]
    NotABundle,
    /// What was to be changed is not there.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// What was to be written breaks a rule.
    #[error("{field}: {code}")]
    Refused {
        /// Which part of it.
        field: &'static str,
        /// Which rule: `address-invalid`.
        code: &'static str,
    },
    /// Somebody else changed it meanwhile.
    #[error("it was changed by somebody else meanwhile")]
    Conflict,
    /// The audit log did not take the entry: nothing was done.
    #[error("the audit log does not take the entry; nothing was done")]
    Audit(#[source] PortError),
    /// A store failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl RegisterError {
    /// Whether the same request may succeed later without any change.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Audit(_) => true,
            Self::Port(error) => error.is_transient(),
            _ => false,
        }
    }
}
