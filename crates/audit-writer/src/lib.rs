//! NEN 7513 entries into the log and its index.
