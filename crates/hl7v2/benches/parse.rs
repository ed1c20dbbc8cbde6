//! Placeholder until the figures are wanted.
fn main() {}
