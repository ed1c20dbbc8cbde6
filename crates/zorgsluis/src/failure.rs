//! Why a command did not end with status 0.

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use zorgsluis_audit_writer::AuditError;

/// Why a command did not end with status 0; its text goes to standard error.
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    text: Option<String>,
}

impl Failure {
    /// Something was found wrong (status 1).
    pub(crate) fn wrong(text: impl Display) -> Self {
        Self { status: 1, text: Some(text.to_string()) }
    }

    /// Something was found wrong, and was named already.
    pub(crate) const fn named() -> Self {
        Self { status: 1, text: None }
    }

    /// Wrong use (status 2).
    pub(crate) fn usage(text: impl Display) -> Self {
        Self { status: 2, text: Some(text.to_string()) }
    }

    /// The log cannot be read or written; with the command that helps, where one does.
    pub(crate) fn log(error: &AuditError) -> Self {
        let help = if error.is_index_damaged() {
            ": index.db is damaged; it derives from the log: make it anew with `zorgsluis audit rebuild --data DIR`"
        } else if matches!(error, AuditError::Unreadable { .. }) {
            "; see `zorgsluis audit verify`"
        } else {
            ""
        };
        Self::wrong(format!("{error}{help}"))
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::wrong(format!("{}: {error}", path.display()))
    }

    pub(crate) fn report(self) -> ExitCode {
        if let Some(text) = self.text {
            say!("zorgsluis: {text}");
        }
        ExitCode::from(self.status)
    }
}
