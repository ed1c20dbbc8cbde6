//! FHIR facade, `POST /hl7` and operator pages over HTTP.
//!
//! # Words
//!
//! * **gateway**: a router over the ports ([`Gateway`]); [`serve`] puts it on a socket.
//! * **disclosure**: an answer that shows something about a patient. Its audit entries, one for each patient,
//!   are durable before it leaves; when they cannot be written, nothing is shown (503).
//! * **access token**: what opens the doors until access decisions exist; drawn at each start and printed
//!   once. Machines send it as a bearer token, people type it into a form that gives them a session.
//! * **client**: a system or person with a token of its own, and one [`Right`]: [`Clients`] knows them.
//! * **page link**: the `next` link of a search. What was searched for travels in it sealed under a key of
//!   this process, so that no URL holds PHI.
//!
//! # Doors
//!
//! | Path | For | Opened by |
//! |---|---|---|
//! | `POST /hl7` | senders of HL7 v2 | token |
//! | `/fhir/…` | FHIR R4, read only, JSON | token; `/fhir/metadata` is open |
//! | `POST /fhir/AuditEvent`, `POST /fhir` | systems that report events into the log | token of a client, right `audit-source` |
//! | `/fhir/AuditEvent…` | who reads the log | token of a client, right `log` |
//! | `/`, `/messages/{id}`, `/dead-letters`, `/notices`, `/providers`, `/patients`, `/patients/{id}/log`, `/log` | operators | session (or token, to read) |
//! | `/notices/{id}` | who follows the link of a mail; operators | session (or token, to read) |
//! | `POST /replay` | `zorgsluis replay` | token |
//! | `POST /registers/providers`, `/registers/patients` | `zorgsluis registers import` | token |
//! | `/metrics` | Prometheus | token |
//! | `/health` | whoever checks | open |
//!
//! `docs/http-api.md` tells each of them in full. All of it is for this machine only: [`serve`] refuses an
//! address that is not loopback, and requests under another host name are refused (DNS rebinding).
//!
//! # PHI
//!
//! Only `/fhir`, `/notices/{id}` and `/patients/{id}/log` (who did what with a patient's data) show any; `/patients`
//! tells which id a number belongs to, and whether the patient objects to notices. Log lines hold route template, method, status and duration, never a path, a query
//! or a body. Searches by identifier, name, birth date and the like are `POST …/_search`; in a URL they are
//! refused.
//!
//! ```
//! use std::net::SocketAddr;
//! use zorgsluis_gateway::{AccessToken, GatewayError, check_address};
//!
//! let token = AccessToken::generate()?;
//! assert_eq!(token.reveal().len(), 43);
//! assert_eq!(format!("{token:?}"), "AccessToken");
//! assert!(check_address(SocketAddr::from(([127, 0, 0, 1], 8080))).is_ok());
//! assert!(check_address(SocketAddr::from(([0, 0, 0, 0], 8080))).is_err());
//! # Ok::<(), GatewayError>(())
//! ```

mod asset;
mod auth;
mod clients;
mod denial;
mod disclosure;
mod error;
mod fhir;
mod frame;
mod gateway;
mod health;
mod hl7;
mod import;
mod letters;
mod log_state;
mod metrics;
mod page;
mod refused;
mod replay;
mod secret;
mod serve;
mod session;

pub use clients::{Client, Clients, Right, TokenHash};
pub use error::GatewayError;
pub use fhir::{ResourceType, SearchParameter};
pub use gateway::{Gateway, Parts, Settings};
pub use letters::{Content, Letter, Letters, ReadLetter, Section};
pub use log_state::{Checkpoint, LogReport, LogState, Reconciliation, Verification};
pub use secret::AccessToken;
pub use serve::{check_address, serve};
