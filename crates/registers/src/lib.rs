//! The registers: whom the system may tell, at which address, and which identifiers are one patient's.
//!
//! # Words
//!
//! * **provider directory**: the providers with their identifiers (AGB, UZI, BIG), e-mail address,
//!   language and certificate. The only source of addresses.
//! * **patient index**: which identifier is which patient's, as pseudonyms.
//! * **opt-out**: a patient who wants no provider to be told, or a provider who wants no notice of an event.
//! * **notice**: what one provider was told of one message. What nobody can tell was sent waits for an
//!   operator's [`Decision`].
//! * **import**: a CSV file with a mapping (TOML: which column is what), or a FHIR R4 Bundle. All rows are
//!   checked before any is written, the same file twice changes nothing, nothing is deleted.
//! * **report**: what an import did, with line, column and code of each problem; no values.
//!
//! Every import and every change by an operator is an entry of the NEN 7513 log, written before it is
//! done; without the entry nothing is done. `docs/registers.md` tells all this to an operator.
//!
//! # Example
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use std::sync::Arc;
//! # use zorgsluis_domain::{AuditEntry, PortError, port::AuditSink};
//! # struct Log;
//! # #[async_trait::async_trait] impl AuditSink for Log {
//! #     async fn record(&self, _: &[AuditEntry]) -> Result<(), PortError> { Ok(()) }
//! # }
//! # let folder = tempfile::tempdir()?;
//! # let directory = zorgsluis_embedded::DataDirectory::open(folder.path().join("data"))?;
//! use zorgsluis_registers::{By, Files, Options, Ports, Registers, Source};
//!
//! let registers = Registers::new(Ports {
//!     providers: Arc::new(directory.provider_directory()),
//!     patients: Arc::new(directory.patient_index()),
//!     opt_outs: Arc::new(directory.opt_outs()),
//!     notices: Arc::new(directory.notice_register()),
//!     fhir: Arc::new(directory.fhir_store()),
//!     keys: Arc::new(directory.keys()),
//!     audit: Arc::new(Log),
//!     clock: directory.clock(),
//! }, "linde");
//! let source = Source::Csv {
//!     data: b"AGB;Naam;E-mail\n01004567;A.B. de Wit;dewit@praktijk-dewit.example\n",
//!     mapping: r#"
//!         separator = ";"
//!         identifiers = [{ column = "AGB", system = "http://fhir.nl/fhir/NamingSystem/agb-z" }]
//!         name = ["Naam"]
//!         address = "E-mail"
//!     "#,
//!     files: &Files::new(),
//! };
//! let first = registers.import_providers(&source, Options::default(), &By::command_line()).await?;
//! assert_eq!((first.created, first.unchanged), (1, 0));
//! let again = registers.import_providers(&source, Options::default(), &By::command_line()).await?;
//! assert_eq!((again.created, again.unchanged), (0, 1));
//! # directory.close().await;
//! # Ok(()) }
//! ```

mod bundle;
mod certificate;
mod check;
mod error;
mod mapping;
mod notice;
mod patient;
mod provider;
mod registers;
mod report;
mod sheet;

pub use certificate::Certificate;
pub use error::RegisterError;
pub use notice::Decision;
pub use patient::Card;
pub use provider::bundle::CERTIFICATE_EXTENSION;
pub use provider::table::{Files, referenced_files};
pub use registers::{By, Ports, Registers};
pub use report::{Problem, Report};
pub use zorgsluis_notifier::{CertificateFault, is_address};

/// Bytes of a file at most.
pub const MAX_DATA: usize = 8 << 20;
/// Rows of a CSV file, or entries of a Bundle, at most.
pub const MAX_ROWS: usize = 100_000;

/// What is imported.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A CSV file.
    Csv {
        /// Its bytes.
        data: &'a [u8],
        /// Which column is what, TOML.
        mapping: &'a str,
        /// The files that it names.
        files: &'a Files,
    },
    /// A FHIR R4 Bundle in JSON.
    Bundle(&'a [u8]),
}

/// How an import is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Checks and tells, and writes nothing.
    pub dry_run: bool,
    /// Writes the rows that are right also when others are refused.
    pub partly: bool,
}
