//! The log's objects as files, and its index in SQLite.

mod file;
mod index;
mod listing;

pub use file::FileLogStorage;
pub use index::SqliteEntryIndex;
