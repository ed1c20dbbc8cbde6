//! Patients: which identifiers are one person's, and who wants nobody to be told.

mod card;
mod import;
mod read;

pub use card::Card;
