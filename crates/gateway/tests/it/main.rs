//! The gateway over the embedded stores, through its router and over real HTTP.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod accessible;
mod audit;
mod capability;
mod contrast;
mod frame;
mod hl7;
mod intake;
mod letters;
mod log_search;
mod notices;
mod pages;
mod paging;
mod patient_log;
mod patterns;
mod phi;
mod read;
mod registers;
mod search;
mod served;
mod support;
