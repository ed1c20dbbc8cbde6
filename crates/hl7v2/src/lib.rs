//! HL7 v2: parse, decode, acknowledge, and the MLLP framing. Knows nothing of FHIR.
//!
//! # Words
//!
//! A **message** is lines; each is a **segment** with a name of three characters. A segment has **fields**, a field
//! has **repetitions**, a repetition **components**, a component **subcomponents**: the deepest level that the
//! bytes have is a **leaf**, here a [`Value`]. The **separators** are what MSH-1 and MSH-2 of that message say. A
//! [`Place`] names any of these: `PID[1]-3[2].9`. All are counted from 1, as HL7 does.
//!
//! A field may be *empty* (the sender says nothing about it), *null* (`""`: delete what you have) or *present*.
//!
//! # How it works
//!
//! [`Message::parse`] passes over the bytes once and notes where segments and fields begin. It copies nothing and
//! decodes nothing: what is never asked for costs nothing. Escapes and character sets are resolved by
//! [`Value::text`]. Accessors never fail: what is absent is empty.
//!
//! ```
//! use hl7v2::Message;
//! let bytes = b"MSH|^~\\&|ZIS|AMC|||20260102||ADT^A01^ADT_A01|1|P|2.5|||||NLD|8859/1\r\
//!     PID|1||123^^^ZIS^PI~999911120^^^NLMINBIZA^NNNLD||de Vri\xE8s&de&Vri\xE8s^A||19700101|\"\"\r";
//! let message = Message::parse(bytes)?;
//!
//! let pid = message.segment("PID").ok_or("no PID")?;
//! let bsn = pid.field(3).repetitions().find(|cx| cx.component(4).value().text() == "NLMINBIZA");
//! assert_eq!(bsn.ok_or("no BSN")?.value().text(), "999911120");
//! assert_eq!(pid.field(5).first().component(1).subcomponent(3).text(), "Vriès");
//! assert!(pid.field(8).is_null() && pid.field(30).is_empty());
//!
//! let last = message.leaves().last().ok_or("no leaf")?;
//! assert_eq!(last.place().to_string(), "PID[1]-8[1].1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Content is PHI
//!
//! `Debug` of every type here prints a shape and a place, never a value; errors and warnings hold none either.

mod delimiters;
mod error;
mod field;
mod index;
mod message;
mod options;
mod place;
mod segment;
mod value;

pub mod ack;
pub mod batch;
pub mod charset;
pub mod escape;
#[cfg(feature = "mllp")]
pub mod mllp;

pub use charset::Charset;
pub use delimiters::Delimiters;
pub use error::{ParseError, Warning, WarningKind};
pub use field::{Component, Field, Repetition};
pub use message::Message;
pub use options::{Limits, ParseOptions};
pub use place::{Place, PlaceError};
pub use segment::Segment;
pub use value::Value;
