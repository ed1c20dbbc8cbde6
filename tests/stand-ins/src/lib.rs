//! HealthLake and Comprehend Medical on the wire, for tests: nothing emulates them.
//!
//! # Words
//!
//! * **stand-in**: a service on 127.0.0.1 that speaks the wire of the real one as far as the adapters use it, and
//!   is as strict as its documentation: what it refuses the real one refuses, we have reason to think.
//! * **gate**: what stands in front of each ([`gate`]): signatures are verified ([`sigv4`]), trouble happens on
//!   demand ([`faults`]), request lines are kept for who wants to look at them.

pub mod faults;
pub mod gate;
pub mod sigv4;
