//! The notifier through its public door, on the embedded stores.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod certificates;
mod faults;
mod hasty_events;
mod mail_events;
mod mail_events_again;
mod mails;
mod once;
mod outbox;
mod recipients;
mod smime;
#[cfg(feature = "smtp")]
mod smtp;
mod world;
