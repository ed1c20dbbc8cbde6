use std::path::PathBuf;

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process serves from this directory; a directory has one server.
    #[error("{} is in use by another server{}", path.display(), pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Held {
        /// The data directory.
        path: PathBuf,
        /// The process that holds it, when it could be read.
        pid: Option<u32>,
    },
    /// There is no data directory here (or its first start has not finished).
    #[error("{} is not a data directory: start a server on it first", path.display())]
    Absent {
        /// The path given.
        path: PathBuf,
    },
    /// A database is of another version of the program.
    #[error("{file} has schema version {found}; this program knows version {expected}")]
    Schema {
        /// The database.
        file: &'static str,
        /// What it says.
        found: usize,
        /// What this program writes.
        expected: usize,
    },
    /// A key file is not what it was written as. Nothing is made in its place: what was encrypted or
    /// named by the key would be lost for good.
    #[error("the key file {file} is damaged")]
    Key {
        /// The file.
        file: &'static str,
    },
    /// A database could not be opened.
    #[error("{file} could not be opened as a database")]
    Database {
        /// The database.
        file: &'static str,
        /// What SQLite said.
        #[source]
        cause: rusqlite::Error,
    },
    /// A file or folder could not be made or read.
    #[error("{file} could not be made or read")]
    File {
        /// The file or folder, within the data directory.
        file: &'static str,
        /// What the operating system said.
        #[source]
        cause: std::io::Error,
    },
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    Random,
}

impl OpenError {
    pub(crate) const fn file(file: &'static str, cause: std::io::Error) -> Self {
        Self::File { file, cause }
    }
}
