use std::path::PathBuf;

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds this directory: a directory has one server, or one command that takes its place.
    #[error(
        "{} is in use{}: a server runs on it, or a command that takes a server's place",
        path.display(),
        pid.map(|pid| format!(" by process {pid}")).unwrap_or_default()
    )]
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
    /// Part of a data directory is missing. It is not made anew: new keys would give every patient a
    /// second id and leave what was sealed closed for good.
    #[error("{file} is missing, but the directory holds data: put it back from your backup")]
    Missing {
        /// The file, within the data directory.
        file: &'static str,
    },
    /// A database holds nothing, not even its tables, though the directory holds data.
    #[error("{file} was emptied, but the directory holds data: put it back from your backup")]
    Emptied {
        /// The database.
        file: &'static str,
    },
    /// A key is another than the one that a database was written with.
    #[error("{key} is not the key that {database} was written with: put the right one back from your backup")]
    KeyReplaced {
        /// The key file, within the data directory.
        key: &'static str,
        /// The database that remembers another.
        database: &'static str,
    },
    /// A file or folder belongs to another user and is open to others.
    #[error("{} belongs to another user and is open to others", path.display())]
    NotOurs {
        /// The file or folder.
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
    #[error("{file} could not be opened as a database{}", remedy(file))]
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

/// What helps, where something does.
fn remedy(file: &str) -> &'static str {
    if file == "index.db" {
        ": it derives from the log; make it anew with `zorgsluis audit rebuild --data DIR`"
    } else {
        ""
    }
}

impl OpenError {
    pub(crate) const fn file(file: &'static str, cause: std::io::Error) -> Self {
        Self::File { file, cause }
    }
}
