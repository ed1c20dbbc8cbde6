//! What the log answers: to a patient, a privacy officer, an auditor.
//!
//! # Words
//!
//! * **subject**: what is asked about: one patient (by all their numbers), a user, a department, the emergency
//!   procedure, what was denied ([`Subject`]). Each is found by key; no question reads the whole log.
//! * **asked**: subject, period (days in the Netherlands), language, and whether people are named ([`Asked`]).
//! * **row**: what an answer tells of one entry, in codes ([`Row`]); **shown**: the same in words ([`Shown`]).
//! * **totals**: the answer in numbers, over the whole period and not over one page ([`Totals`]).
//!
//! An answer is written while it is read ([`write()`]): memory does not grow with its length, and the totals,
//! counted while the entries go by, stand at its end. Who takes part is named only on demand: what a patient is
//! told by law (Wabvpz 15e) are organisation, role, action and data; a name only where it matters to them.
//!
//! # Example
//!
//! ```
//! use zorgsluis_audit_answers::{Asked, Language, Subject};
//!
//! let asked = Asked {
//!     subject: Subject::Department("SEH".into()),
//!     organisation: "linde".into(),
//!     from: Some("2026-11-01".parse()?),
//!     to: Some("2026-11-30".parse()?),
//!     newest_first: false,
//!     with_names: false,
//!     language: Language::Dutch,
//!     made: "2026-12-01T09:00:00Z".parse()?,
//! };
//! // Days are days in the Netherlands, whatever the zone of the machine.
//! assert_eq!(asked.period().unwrap().0, "2026-10-31T23:00:00Z".parse()?);
//! assert_eq!(asked.period_in_words(), "vanaf 2026-11-01 tot en met 2026-11-30");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod asked;
mod csv_table;
mod html;
mod json;
mod reasons;
mod row;
mod shown;
mod text;
mod totals;
mod words;

pub use answer::{AnswerError, Collected, Extent, Format, Written, collect, write};
pub use asked::{Asked, Subject};
pub use html::{STYLE_SHEET, print_page};
pub use row::{Person, Row, Told};
pub use shown::{Counted, InWords, Shown, dutch_time, moment};
pub use totals::{Day, Totals};
pub use words::Language;
