//! How providers are told: where mail goes, who it is from, and with what it is signed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use zorgsluis_domain::Clock;
use zorgsluis_domain::port::Mailer;
use zorgsluis_embedded::DataDirectory;
use zorgsluis_notifier::smtp::{SmtpMailer, SmtpSettings};
use zorgsluis_notifier::{Settings, SigningIdentity, SigningPem};

use super::announcement::write_private;
use crate::failure::Failure;

/// Where the organisation's signing identity stands, in the folder of keys.
const CERTIFICATE: &str = "keys/mail-signing.cert.pem";
const KEY: &str = "keys/mail-signing.key.pem";

/// What was chosen for mails.
#[derive(Debug)]
pub(crate) struct MailConfig {
    /// A relay; without one mails are files in the outbox.
    pub(crate) smtp: Option<SmtpSettings>,
    /// The organisation's name.
    pub(crate) name: Option<String>,
    /// The sender.
    pub(crate) from: String,
    /// The organisation's certificate and key, PEM.
    pub(crate) signing: Option<SigningPem>,
    /// Where links lead.
    pub(crate) base_url: Option<String>,
}

impl MailConfig {
    /// Mails as files, from an address that nobody can answer.
    pub(crate) fn outbox() -> Self {
        Self {
            smtp: None,
            name: None,
            from: String::from("zorgsluis@localhost.localdomain"),
            signing: None,
            base_url: None,
        }
    }

    /// The mailer that was chosen.
    pub(super) fn mailer(&self, directory: &DataDirectory) -> Result<Arc<dyn Mailer>, Failure> {
        Ok(match &self.smtp {
            None => Arc::new(directory.outbox()),
            Some(settings) => Arc::new(SmtpMailer::new(settings.clone()).map_err(Failure::usage)?),
        })
    }

    /// The notifier's settings. The first start makes a signing identity, where none is named.
    pub(super) fn settings(
        &self,
        directory: &DataDirectory,
        organisation: &str,
        pages: &str,
    ) -> Result<Settings, Failure> {
        let name = self.name.as_deref().unwrap_or(organisation);
        let signing = match &self.signing {
            Some(pem) => SigningIdentity::from_pem(pem).map_err(Failure::usage)?,
            None => {
                let pem = standing_or_new(directory.path(), name, &self.from, &*directory.clock())?;
                SigningIdentity::from_pem(&pem).map_err(Failure::wrong)?
            }
        };
        let base_url = self.base_url.as_deref().unwrap_or(pages).trim_end_matches('/');
        let mut settings = Settings::new(organisation, name, self.from.as_str(), base_url, Arc::new(signing));
        if self.smtp.is_none() {
            // A file of the outbox cannot be made twice, so nobody has to be waited for.
            settings.in_hand = Duration::ZERO;
        }
        Ok(settings)
    }
}

/// The signing identity of the data directory; a new one where there is none yet.
fn standing_or_new(data: &Path, name: &str, from: &str, clock: &dyn Clock) -> Result<SigningPem, Failure> {
    let (certificate, key) = (data.join(CERTIFICATE), data.join(KEY));
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error));
    // The certificate is written last: a key alone was left by a crash.
    if certificate.exists() {
        return Ok(SigningPem { certificate: read(&certificate)?, key: read(&key)? });
    }
    let pem = SigningIdentity::generate(name, from, clock.now()).map_err(Failure::wrong)?;
    for (path, text) in [(&key, &pem.key), (&certificate, &pem.certificate)] {
        write_private(path, text.as_bytes()).map_err(|error| Failure::file(path, &error))?;
    }
    Ok(pem)
}
