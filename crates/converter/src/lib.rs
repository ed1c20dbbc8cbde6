//! HL7 v2 to FHIR R4: [`convert()`] (pure) and apply (into a store).
//!
//! # Words
//!
//! - To **convert** is to say in FHIR exactly what one message asserts: bytes in, a [`Conversion`] out.
//!   It reads no clock, no store and no randomness; the same bytes give the same Bundle.
//! - A **refusal** ([`Refusal`]) says why a message is not converted, with the place in the message. A
//!   message is refused as a whole or converted as a whole.
//! - The **ledger** accounts for every populated field: mapped, ignored by a named decision, or not
//!   understood ([`Conversion::report`]).
//! - A **natural key** is what makes a thing the same thing in the next message; ids are made from it
//!   ([`identity`]).
//! - A **sender profile** says what a sender means where HL7 v2 leaves it open ([`profile`]).
//! - A **deletion** is an element whose field was `""`; a **snapshot** a set that the message lists in
//!   full; a **presumed** element is there only because FHIR demands it.
//!
//! # An example
//!
//! ```
//! use zorgsluis_converter::{ConvertOptions, convert};
//!
//! let message = b"MSH|^~\\&|ZIS|HOSP|||20260102103000||ADT^A08^ADT_A01|42|P|2.5\r\
//!     EVN|A08|20260102103000\r\
//!     PID|1||123^^^HOSP^PI~999911120^^^NLMINBIZA^NNNLD||de Vries&de&Vries^Anna||19800101|F|||\"\"\r\
//!     PV1|1|N\r";
//! let options = ConvertOptions::demonstration();
//! let conversion = convert(message, &options)?;
//!
//! let json = String::from_utf8(conversion.bundle_json())?;
//! assert!(json.contains(r#""system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999911120""#));
//! // PID-11 was `""`: the sender deletes the address.
//! assert_eq!(conversion.deletions[0].path, "address");
//!
//! let report = conversion.report("a.hl7", 0);
//! assert!(report.unmapped.is_empty() && report.refused.is_none());
//!
//! let refusal = convert(b"MSH|^~\\&|ZIS|HOSP|||20260102||ADT^A99|43|P|2.5\r", &options).unwrap_err();
//! assert_eq!((refusal.code, refusal.at.as_str()), ("unsupported-event", "MSH[1]-9[1]"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things are
//!
//! `message/` has one module for each kind of message, `segment/` one for each segment, `datatype/` one
//! for each datatype, named as HL7 names them. `context.rs` is the framework that they share: read it
//! first. Each segment has the table of its fields ([`mapping`]): where each is written, or why it is left out.

pub mod apply;
mod context;
mod conversion;
mod convert;
mod datatype;
mod document;
pub mod identity;
mod ledger;
mod local_code;
pub mod mapping;
mod message;
mod nl_core;
mod notice;
mod null;
pub mod process;
pub mod profile;
mod segment;
pub mod table;
pub mod time;
pub mod unit;

pub use conversion::{
    At, Authority, Conversion, Deletion, EntryNote, Ignored, KnownThrough, Merge, Move, Order,
    PatientIdentifier, PatientIdentity, Presumed, Refusal, Refused, ReportLine, Sender, Snapshot, Unlink,
    Unmapped, VisitEvent, Warning,
};
pub use convert::{ConvertOptions, convert};
pub use document::{NOTE_SERIES, SOURCE_RANGE};
pub use identity::IdentityKey;
pub use local_code::LocalCode;
pub use message::supports;
pub use notice::Notice;
