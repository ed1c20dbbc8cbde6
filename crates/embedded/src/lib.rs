//! The ports on SQLite and files.
