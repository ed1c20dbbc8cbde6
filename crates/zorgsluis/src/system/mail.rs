//! How providers are told: where mail goes, who it is from, and with what it is signed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use zorgsluis_domain::port::Mailer;
use zorgsluis_embedded::DataDirectory;
use zorgsluis_notifier::smtp::{SmtpMailer, SmtpSettings};
use zorgsluis_notifier::{Settings, SigningIdentity, SigningPem};

use crate::failure::Failure;
use crate::private_file;

/// Where the organisation's signing identity stands, in the folder of keys.
const CERTIFICATE: &str = "keys/mail-signing.cert.pem";
const KEY: &str = "keys/mail-signing.key.pem";

/// A certificate of our own making is made anew when less than this is left of it.
const RENEWED: SignedDuration = SignedDuration::from_hours(60 * 24);

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

    /// The notifier's settings. The first start makes a signing identity, where none is given; a later one makes
    /// it anew when it is another's or will expire soon.
    pub(super) fn settings(
        &self,
        directory: &DataDirectory,
        organisation: &str,
        pages: &str,
    ) -> Result<Settings, Failure> {
        let name = self.name.as_deref().unwrap_or(organisation);
        let signing = match &self.signing {
            Some(pem) => given(SigningIdentity::from_pem(pem).map_err(Failure::usage)?, directory)?,
            None => standing_or_new(directory, name, &self.from)?,
        };
        if !signing.names(&self.from) {
            say!(
                "zorgsluis: the certificate that signs mails does not name {}: mail programs will warn",
                self.from
            );
        }
        let base_url = self.base_url.as_deref().unwrap_or(pages).trim_end_matches('/');
        let mut settings = Settings::new(organisation, name, self.from.as_str(), base_url, Arc::new(signing));
        if self.smtp.is_none() {
            // A file of the outbox cannot be made twice, so nobody has to be waited for.
            settings.in_hand = Duration::ZERO;
        }
        Ok(settings)
    }
}

/// An identity that somebody gave: it must be valid now.
fn given(identity: SigningIdentity, directory: &DataDirectory) -> Result<SigningIdentity, Failure> {
    if identity.is_valid(directory.clock().now()) {
        return Ok(identity);
    }
    let until = identity.valid_until().unwrap_or(Timestamp::MAX);
    Err(Failure::usage(format!(
        "the certificate that signs mails has expired or is not valid yet (it is valid until {until})"
    )))
}

/// The signing identity of the data directory, when it is this sender's and does not expire soon; else a new
/// one.
fn standing_or_new(directory: &DataDirectory, name: &str, from: &str) -> Result<SigningIdentity, Failure> {
    let (certificate, key) = (directory.path().join(CERTIFICATE), directory.path().join(KEY));
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error));
    let now = directory.clock().now();
    // The certificate is written last: a key alone was left by a crash.
    if certificate.exists() {
        let pem = SigningPem { certificate: read(&certificate)?, key: read(&key)? };
        let identity = SigningIdentity::from_pem(&pem).map_err(Failure::wrong)?;
        if !identity.is_self_signed() {
            // Somebody put one of a certification authority there.
            return given(identity, directory);
        }
        let soon = now.saturating_add(RENEWED).unwrap_or(Timestamp::MAX);
        if identity.is_made_for(name, from) && identity.is_valid(now) && identity.is_valid(soon) {
            return Ok(identity);
        }
        std::fs::remove_file(&certificate).map_err(|error| Failure::file(&certificate, &error))?;
    }
    let pem = SigningIdentity::generate(name, from, now).map_err(Failure::wrong)?;
    for (path, text) in [(&key, &pem.key), (&certificate, &pem.certificate)] {
        private_file::replace(path, text.as_bytes()).map_err(|error| Failure::file(path, &error))?;
    }
    SigningIdentity::from_pem(&pem).map_err(Failure::wrong)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::{SignedDuration, Timestamp};
    use zorgsluis_domain::port::clock::FixedClock;
    use zorgsluis_embedded::DataDirectory;
    use zorgsluis_notifier::{SigningIdentity, SigningPem};

    use super::{CERTIFICATE, MailConfig};

    const LINDE: &str = "berichten@linde.example";

    fn start() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    /// A start of the system after so many days: the certificate that it signs with, or why it does not start.
    async fn signs_with(
        data: &std::path::Path,
        days: i64,
        name: &str,
        from: &str,
        signing: Option<SigningPem>,
    ) -> String {
        let clock = FixedClock(start() + SignedDuration::from_hours(24 * days));
        let directory = DataDirectory::open_with_clock(data, Arc::new(clock)).unwrap();
        let mail = MailConfig {
            name: Some(name.to_owned()),
            from: from.to_owned(),
            signing,
            ..MailConfig::outbox()
        };
        let settings = mail.settings(&directory, "linde", "http://127.0.0.1:8080");
        directory.close().await;
        match settings {
            Ok(settings) => settings.signing.certificate_pem(),
            Err(failure) => format!("{failure:?}"),
        }
    }

    #[tokio::test]
    async fn a_certificate_of_our_own_follows_the_sender_and_is_renewed_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let first = signs_with(&data, 0, "De Linde", LINDE, None).await;
        assert!(first.contains("BEGIN CERTIFICATE"), "{first}");
        assert_eq!(signs_with(&data, 1000, "De Linde", LINDE, None).await, first, "it stands");
        let other = signs_with(&data, 1, "De Linde", "post@linde.example", None).await;
        assert_ne!(other, first, "another sender");
        assert_eq!(signs_with(&data, 1, "De Linde", "post@linde.example", None).await, other);
        let named = signs_with(&data, 1, "De Eik", "post@linde.example", None).await;
        assert_ne!(named, other, "another name");
        // Three years, less 60 days.
        let renewed = signs_with(&data, 1040, "De Eik", "post@linde.example", None).await;
        assert!(renewed.contains("BEGIN CERTIFICATE") && renewed != named, "{renewed}");
        // A crash between certificate and key.
        std::fs::remove_file(data.join(CERTIFICATE)).unwrap();
        assert!(
            signs_with(&data, 1040, "De Eik", "post@linde.example", None).await.contains("BEGIN CERTIFICATE")
        );
    }

    #[tokio::test]
    async fn a_certificate_that_was_given_and_has_expired_refuses_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let pem = SigningIdentity::generate("De Linde", LINDE, start()).unwrap();
        let signs = async |days| signs_with(&data, days, "De Linde", LINDE, Some(pem.clone())).await;
        assert_eq!(signs(1090).await.trim(), pem.certificate.trim());
        let refused = signs(1100).await;
        assert!(refused.contains("status: 2") && refused.contains("expired"), "{refused}");
    }
}
