//! Mail over SMTP (RFC 5321), by way of one relay of the organisation.
//!
//! SMTP has no way to ask later whether a mail was taken. So [`Mailer::trace`] always answers that nobody
//! can tell, and a mail counts as taken, refused, or certainly not sent only by what the relay answered.
//! The narrow place is behind the dot that ends the mail: whoever hears nothing there does not know.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use percent_encoding::percent_decode_str;
use url::Url;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::{NoticeId, OutgoingMail};
use zorgsluis_domain::port::{MailError, MailTrace, Mailer};

use crate::{NotifierError, PutOff, is_address};

const SEND: &str = "smtp.send";
const FAREWELL: Duration = Duration::from_secs(5);
/// Of a receipt at most, in characters.
const RECEIPT: usize = 120;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protection {
    /// TLS from the first byte (RFC 8314 §3.3).
    Implicit,
    /// STARTTLS, or nothing is sent.
    StartTls,
    /// None: a relay on this machine.
    None,
}

/// Where the relay is and how it is spoken to. Holds a secret; `Debug` shows the relay only.
#[derive(Clone)]
pub struct SmtpSettings {
    host: String,
    port: u16,
    protection: Protection,
    credentials: Option<Credentials>,
    /// PEM certificates that are trusted in place of those of the system.
    pub roots: Option<Vec<u8>>,
    /// The name with which the relay is greeted: a domain name of this machine or organisation
    /// (RFC 5321 §4.1.1.1).
    pub hello: String,
    /// How long sending one mail may take in all.
    pub timeout: Duration,
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("protection", &self.protection)
            .field("credentials", &self.credentials.is_some())
            .finish_non_exhaustive()
    }
}

impl SmtpSettings {
    /// Reads `smtps://user:password@host:465` (TLS from the first byte), `smtp://user:password@host:587`
    /// (STARTTLS, never without) or `smtp://127.0.0.1:25?tls=none` (plain, on this machine only). User and
    /// password are percent-encoded.
    ///
    /// # Errors
    ///
    /// [`NotifierError::Settings`].
    pub fn parse(url: &str) -> Result<Self, NotifierError> {
        let wrong = NotifierError::Settings;
        let url = Url::parse(url).map_err(|_| wrong("the SMTP address is no URL"))?;
        // The library reads an IPv4 address as a name here: the scheme is not one of the web's.
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("the SMTP address names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let mut plain = false;
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("tls", "none") => plain = true,
                ("tls", "required") => {}
                _ => {
                    return Err(wrong(
                        "the SMTP address has a parameter that is not known (tls=required|none)",
                    ));
                }
            }
        }
        let (protection, port) = match url.scheme() {
            "smtps" if !plain => (Protection::Implicit, 465),
            "smtp" if plain && here => (Protection::None, 25),
            "smtp" if plain => return Err(wrong("SMTP without TLS is for a relay on this machine only")),
            "smtp" => (Protection::StartTls, 587),
            _ => return Err(wrong("the SMTP address must begin with smtps:// or smtp://")),
        };
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(String::from).map_err(|_| wrong("SMTP user or password is not UTF-8"))
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => {
                Some(Credentials::new(decoded(user)?, decoded(password.unwrap_or_default())?))
            }
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(port),
            protection,
            credentials,
            roots: None,
            hello: String::from("zorgsluis.invalid"),
            timeout: Duration::from_secs(100),
        })
    }
}

/// Hands mails to an SMTP relay. One connection a mail.
#[derive(Clone)]
pub struct SmtpMailer {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SmtpMailer").field(&self.settings).finish()
    }
}

/// How far a mail came.
#[derive(Default)]
struct Progress {
    /// The relay has greeted: what goes wrong from here on may be about this mail.
    begun: AtomicBool,
    /// All of it is with the relay but the dot that ends it; the dot may be.
    given: AtomicBool,
}

impl SmtpMailer {
    /// Reads certificates; connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`NotifierError::Settings`].
    pub fn new(settings: SmtpSettings) -> Result<Self, NotifierError> {
        // Any name that can stand behind an `@` can stand behind EHLO.
        if !is_address(&format!("a@{}", settings.hello)) {
            return Err(NotifierError::Settings("the name to greet the SMTP relay with is no domain name"));
        }
        let wrong = |_| NotifierError::Settings("the certificates for SMTP cannot be read");
        let tls = match settings.protection {
            Protection::None => None,
            Protection::Implicit | Protection::StartTls => {
                let mut builder = TlsParametersBuilder::new(settings.host.clone());
                if let Some(roots) = &settings.roots {
                    builder = builder
                        .certificate_store(CertificateStore::None)
                        .add_root_certificate(Certificate::from_pem(roots).map_err(wrong)?);
                }
                Some(builder.build().map_err(wrong)?)
            }
        };
        Ok(Self { settings, tls })
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, lettre::transport::smtp::Error> {
        let settings = &self.settings;
        let hello = ClientId::Domain(settings.hello.clone());
        let address = (settings.host.as_str(), settings.port);
        let implicit = self.tls.clone().filter(|_| settings.protection == Protection::Implicit);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, Some(settings.timeout), &hello, implicit, None)
                .await?;
        if let (Some(tls), Protection::StartTls) = (&self.tls, settings.protection) {
            connection.starttls(tls.clone(), &hello).await?;
        }
        if let Some(credentials) = &settings.credentials {
            connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await?;
        }
        Ok(connection)
    }

    async fn hand_over(&self, mail: &OutgoingMail, progress: &Progress) -> Result<String, MailError> {
        let address = |text: &str| {
            text.parse::<Address>().map_err(|_| MailError::Refused(String::from("mail-address-unusable")))
        };
        let (from, to) = (address(&mail.from)?, address(&mail.to)?);
        // Until here nothing is about this mail: what goes wrong concerns the relay.
        let mut connection = self.connect().await.map_err(|error| {
            tracing::warn!(status = error.status().map(u16::from), "the SMTP relay cannot be used");
            MailError::NotSent(PortError::unavailable(SEND, error))
        })?;
        progress.begun.store(true, Ordering::SeqCst);
        let answer = async {
            connection.command(Mail::new(Some(from), Vec::new())).await?;
            connection.command(Rcpt::new(to, Vec::new())).await?;
            connection.command(Data).await?;
            let message = mail.message.expose_phi().as_slice();
            // The line end before the dot is added again.
            let message = message.strip_suffix(b"\r\n").unwrap_or(message);
            let parts = std::iter::once(message).chain(std::iter::from_fn(|| {
                // Asked for more: what there is was written, and the dot comes next.
                progress.given.store(true, Ordering::SeqCst);
                None
            }));
            connection.message_iter(parts).await
        }
        .await;
        match answer {
            Ok(response) => {
                part(connection);
                Ok(receipt(&response))
            }
            Err(error) => {
                let code = error.status().map(u16::from);
                part(connection);
                Err(match code {
                    Some(code) if error.is_permanent() => MailError::Refused(format!("smtp-{code}")),
                    // 421: the relay itself is going away (RFC 5321 §3.8).
                    Some(421) => MailError::NotSent(PortError::unavailable(SEND, error)),
                    Some(code) => put_off(format!("smtp-{code}")),
                    None if progress.given.load(Ordering::SeqCst) => MailError::Unknown,
                    None => put_off(String::from("smtp-broken-off")),
                })
            }
        }
    }
}

fn put_off(code: String) -> MailError {
    MailError::NotSent(PortError::unavailable(SEND, PutOff(code)))
}

/// Takes leave politely, beside: how long the relay takes over that says nothing about the mail.
fn part(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move { tokio::time::timeout(FAREWELL, connection.abort()).await });
}

/// What the relay called the mail, as far as it can be kept.
fn receipt(response: &Response) -> String {
    let said = response.first_line().unwrap_or_default();
    let said = said.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' }).take(RECEIPT);
    format!("smtp {}", said.collect::<String>().trim())
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<String, MailError> {
        let progress = Progress::default();
        match tokio::time::timeout(self.settings.timeout, self.hand_over(mail, &progress)).await {
            Ok(ended) => ended,
            Err(_) if progress.given.load(Ordering::SeqCst) => Err(MailError::Unknown),
            Err(_) if progress.begun.load(Ordering::SeqCst) => Err(put_off(String::from("smtp-timeout"))),
            Err(elapsed) => Err(MailError::NotSent(PortError::unavailable(SEND, elapsed))),
        }
    }

    async fn trace(&self, _notice: NoticeId) -> Result<MailTrace, PortError> {
        Ok(MailTrace::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::{Protection, SmtpSettings};

    #[test]
    fn a_relay_elsewhere_is_never_spoken_to_without_tls() {
        let read = |url| SmtpSettings::parse(url).map(|settings| (settings.protection, settings.port)).ok();
        assert_eq!(read("smtps://relay.linde.example"), Some((Protection::Implicit, 465)));
        assert_eq!(read("smtp://relay.linde.example"), Some((Protection::StartTls, 587)));
        assert_eq!(read("smtp://127.0.0.1:2525?tls=none"), Some((Protection::None, 2525)));
        assert_eq!(read("smtp://relay.linde.example?tls=none"), None);
        assert_eq!(read("smtp://relay.linde.example?tls=maybe"), None);
        assert_eq!(read("http://relay.linde.example"), None);
    }

    #[test]
    fn a_password_is_never_printed() {
        let settings = SmtpSettings::parse("smtps://zorg%40linde:gehe%2Fim@relay.linde.example").unwrap();
        let shown = format!("{settings:?}");
        assert!(!shown.contains("gehe") && !shown.contains("zorg"), "{shown}");
    }
}
