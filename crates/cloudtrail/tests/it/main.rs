//! Files as CloudTrail delivers them, of invented ids, compared with entries about the same story.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod files;
mod story;
