//! Integration tests of `zorgsluis-clinical-text`, through its public doors only.
#![cfg_attr(
    feature = "recogniser",
    expect(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::print_stdout,
        reason = "a test that fails says so by a panic; the evaluation prints its figures"
    )
)]

#[cfg(feature = "deidentify")]
mod deidentify;
#[cfg(feature = "recogniser")]
mod evaluation;
#[cfg(all(feature = "deidentify", feature = "recogniser"))]
mod growth;
mod language;
#[cfg(feature = "recogniser")]
mod recogniser;
