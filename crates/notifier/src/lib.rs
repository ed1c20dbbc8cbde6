//! Notifier.
mod communication;
mod dossier;
mod error;
mod letter;
mod lookup;
mod mail;
mod notifier;
mod settings;
mod smime;
mod tell;
mod trail;
pub use error::NotifierError;
pub use notifier::{Notifier, Ports};
pub use settings::Settings;
#[cfg(feature = "smtp")]
pub mod smtp;
pub use smime::{CertificateFault, ContentCipher, RecipientCertificate, SigningIdentity, SigningPem};
pub use tell::NOT_SENT;
