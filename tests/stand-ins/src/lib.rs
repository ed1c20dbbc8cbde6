//! HealthLake and Comprehend Medical on the wire, for tests: nothing emulates them.
//!
//! # Words
//!
//! * **stand-in**: a service on 127.0.0.1 that speaks the wire of the real one as far as the adapters use it, and
//!   is as strict as its documentation: what it refuses the real one refuses, we have reason to think.
//! * **gate**: what stands in front of each ([`gate`]): signatures are verified ([`sigv4`]), trouble happens on
//!   demand ([`faults`]), request lines are kept for who wants to look at them.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use zorgsluis_stand_ins::{gate::Running, healthlake, sigv4::Keys};
//!
//! let keys = Keys::new([("AKIAIOSFODNN7EXAMPLE", "secret")]);
//! let (service, gate) = healthlake::service(&std::env::temp_dir(), keys)?;
//! let running = Running::start(([127, 0, 0, 1], 0).into(), service).await?;
//! println!("http://{}{}", running.address, healthlake::PATH);
//! # drop(gate);
//! # Ok(())
//! # }
//! ```

pub mod comprehend_medical;
pub mod faults;
pub mod gate;
pub mod healthlake;
pub mod sigv4;
