//! Tells providers what happened to their patients.
//!
//! A message brings an order to notify ([`NoticeOrder`](zorgsluis_domain::notice::NoticeOrder)): what happened,
//! to whom, and whom the message names. [`Notifier`] looks each of them up in the provider directory, writes a
//! mail, and hands it to a [`Mailer`](zorgsluis_domain::port::Mailer) once. `docs/notices.md` tells the rules
//! to a hospital.
//!
//! # Words
//!
//! * **notice**: what one provider is told of one message. Its id is made from both.
//! * **directory**: the only source of addresses. A message *selects* a provider by identifiers; an address
//!   in it is compared and never written to.
//! * **reserve, send, confirm**: the line in the notice register is durable before the mail is handed over,
//!   and moved on when it is known what came of it.
//! * **ticket**: who may hand a mail over. The reservation is the first; each later attempt takes one of its
//!   own, and a ticket is given once.
//! * **in hand**: another delivery may be sending this notice now; it is left alone for
//!   [`Settings::in_hand`].
//!
//! # What always holds
//!
//! * A mail with PHI is signed by the organisation and encrypted for the provider's certificate (S/MIME,
//!   RFC 8551). Without a certificate that can be used, the mail says that there is something to read, and
//!   where. No header of any mail holds PHI.
//! * The audit entry (to whom, about whom, which resources in which version) is durable before the mail is
//!   handed over. Whoever is not told is an entry as well.
//! * No mail goes out twice by itself, and none is forgotten: each notice ends sent, refused, withheld, or
//!   unknown, which an operator decides. A mailer answers
//!   [`MailTrace::Absent`](zorgsluis_domain::port::MailTrace::Absent) only where it certainly knows, and
//!   where a send under way cannot add a second mail (the outbox creates each file once; SMTP never knows).
//! * What stands in the way of one does not stand in the way of the others. Who cannot be told as things
//!   stand (`recipient-unknown`, `recipient-ambiguous`, `recipient-without-address`,
//!   `recipient-address-unusable`, `recipient-address-mismatch`, or the code of the mail system) sets the
//!   message aside afterwards; a replay tells those who were not told.
//! * Each notice is a FHIR Communication, without clinical content.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//! use zorgsluis_notifier::{RecipientCertificate, Settings, SigningIdentity};
//!
//! # fn main() -> Result<(), zorgsluis_notifier::NotifierError> {
//! // A new system signs with an identity of its own making until it is given a better one.
//! let now = "2026-11-22T12:00:00Z".parse().unwrap_or_default();
//! let pem = SigningIdentity::generate("Ziekenhuis De Linde", "berichten@linde.example", now)?;
//! let identity = SigningIdentity::from_pem(&pem)?;
//! assert!(identity.is_self_signed());
//! let settings = Settings::new(
//!     "linde",
//!     "Ziekenhuis De Linde",
//!     "berichten@linde.example",
//!     "https://berichten.linde.example",
//!     Arc::new(identity),
//! );
//! assert_eq!(settings.in_hand.as_secs(), 180);
//! // What cannot be encrypted for counts as no certificate, and the step in the journal says why.
//! let fault = RecipientCertificate::check(b"nothing", "praktijk@brug.example", now).err();
//! assert_eq!(fault.map(|fault| fault.code()), Some("certificate-unreadable"));
//! # Ok(()) }
//! ```
#![cfg_attr(not(test), warn(missing_docs))]

mod communication;
mod dossier;
mod error;
pub mod events;
mod letter;
mod lookup;
mod mail;
mod notifier;
mod page;
mod settings;
mod smime;
#[cfg(feature = "smtp")]
pub mod smtp;
mod tell;
mod trail;

pub use error::{NotifierError, PutOff};
pub use letter::{Letter, Line, Section};
pub use notifier::{Notifier, Ports};
pub use page::{Content, ReadLetter};
pub use settings::{Settings, is_address};
pub use smime::{CertificateFault, ContentCipher, RecipientCertificate, SigningIdentity, SigningPem};
pub use tell::{NOT_SENT, SEND_AGAIN};
