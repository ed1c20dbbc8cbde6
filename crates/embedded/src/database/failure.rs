use rusqlite::ErrorCode;
use zorgsluis_domain::PortError;

/// Why work on a database failed: of the database, or as the port defines.
#[derive(Debug)]
pub(crate) enum Failure {
    Sql(rusqlite::Error),
    Port(PortError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl Failure {
    /// A request that can never succeed.
    pub(crate) fn refused(operation: &'static str, reason: impl Into<String>) -> Self {
        Self::Port(PortError::Refused { operation, reason: reason.into() })
    }

    /// Stored data that cannot be what was put there.
    pub(crate) fn damaged(operation: &'static str, reason: impl Into<String>) -> Self {
        Self::Port(PortError::Damaged { operation, reason: reason.into() })
    }

    pub(crate) fn into_port(self, operation: &'static str) -> PortError {
        match self {
            Self::Port(error) => error,
            Self::Sql(
                rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::Utf8Error(..),
            ) => PortError::Damaged { operation, reason: String::from("a row holds another kind of value") },
            // A full disk (SQLITE_FULL), a failed or refused access (SQLITE_IOERR, SQLITE_READONLY,
            // SQLITE_CANTOPEN): the file is as it was, and the call may succeed later.
            Self::Sql(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    PortError::Damaged { operation, reason: String::from("the database file is damaged") }
                }
                Some(ErrorCode::TooBig) => PortError::Refused {
                    operation,
                    reason: String::from("a value is too large to be stored"),
                },
                _ => PortError::unavailable(operation, error),
            },
        }
    }
}

/// Trouble that may pass, without a database error behind it.
pub(crate) fn unavailable(operation: &'static str, what: &'static str) -> PortError {
    PortError::unavailable(operation, what)
}
