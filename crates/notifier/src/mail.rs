//! The mail itself (RFC 5322, MIME).
//!
//! Nothing of a patient stands in a header. What an encrypted mail says of itself stands once more inside
//! what is signed (RFC 9788), so that it cannot be sent on as if written to somebody else.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::headers::{Header, HeaderType};
use mail_builder::mime::{BodyPart, MimePart};
use zorgsluis_domain::Phi;
use zorgsluis_domain::notice::{NoticeId, NoticeOrder, OutgoingMail};
use zorgsluis_domain::port::Provider;
use zorgsluis_domain::text::Language;

use crate::dossier::Dossier;
use crate::letter::{Letter, Words, event_name, full, link};
use crate::smime::{Cms, RecipientCertificate, encrypt, sign};
use crate::{NotifierError, Settings};

/// A name in a header at most, in characters.
const NAME: usize = 128;

/// What every mail of a notice has.
pub(crate) struct Envelope<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) provider: &'a Provider,
    /// The provider's address, checked.
    pub(crate) to: &'a str,
    pub(crate) notice: NoticeId,
    pub(crate) now: Timestamp,
}

impl Envelope<'_> {
    /// A mail with everything in it, signed and encrypted.
    pub(crate) fn smime(
        &self,
        order: &NoticeOrder,
        dossier: &Dossier,
        certificate: &RecipientCertificate,
    ) -> Result<OutgoingMail, NotifierError> {
        let event = event_name(order.event, self.provider.language);
        let letter = full(self.settings, self.provider, self.notice, order, dossier);
        let mut inner = self.alternatives(&letter, true)?;
        let headers = self.headers(Some(event));
        let outer = headers.iter().map(outer).collect::<Vec<_>>();
        inner.headers.extend(headers.into_iter().chain(outer));
        let signed = sign(&written(inner), &self.settings.signing, self.now)?;
        let signed = written(cms_part(&signed));
        let sealed = encrypt(signed, certificate, self.settings.cipher)?;
        Ok(self.outgoing(cms_part(&sealed), Some(event)))
    }

    /// A mail that says no more than that there is something to read.
    pub(crate) fn link(&self) -> Result<OutgoingMail, NotifierError> {
        let letter = link(self.settings, self.provider.language, self.notice);
        Ok(self.outgoing(self.alternatives(&letter, false)?, None))
    }

    fn outgoing(&self, mut part: MimePart<'_>, event: Option<&str>) -> OutgoingMail {
        let mut headers = self.headers(event);
        headers.push(("MIME-Version".into(), Raw::new("1.0").into()));
        headers.append(&mut part.headers);
        let message = written(MimePart { headers, contents: part.contents });
        OutgoingMail {
            notice: self.notice,
            from: self.settings.from.clone(),
            to: self.to.to_owned(),
            message: Phi::new(message),
        }
    }

    fn headers(&self, event: Option<&str>) -> Vec<(Cow<'static, str>, HeaderType<'static>)> {
        let settings = self.settings;
        let words = Words::of(self.provider.language);
        let domain = settings.from.rsplit('@').next().unwrap_or_default();
        let short: String = self.notice.to_string().chars().take(8).collect();
        let subject = match event {
            Some(event) => format!("{} {}: {event} [{short}]", words.message_from, settings.name),
            None => format!("{} {} [{short}]", words.message_from, settings.name),
        };
        let date = jiff::fmt::rfc2822::to_string(&self.now.to_zoned(TimeZone::UTC)).unwrap_or_default();
        let address = |name: &str, email: &str| {
            let name = header_text(name);
            Address::new_address(Some(name).filter(|name| !name.is_empty()), email.to_owned())
        };
        let mut headers: Vec<(Cow<'static, str>, HeaderType<'static>)> = vec![
            ("Date".into(), Raw::new(date).into()),
            ("From".into(), address(&settings.name, &settings.from).into()),
        ];
        if let Some(reply_to) = &settings.reply_to {
            headers.push(("Reply-To".into(), address("", reply_to).into()));
        }
        headers.extend([
            ("To".into(), address(&self.provider.name, self.to).into()),
            ("Subject".into(), Text::new(header_text(&subject)).into()),
            ("Message-ID".into(), Raw::new(format!("<{}@{domain}>", self.notice)).into()),
            ("Auto-Submitted".into(), Raw::new("auto-generated").into()),
        ]);
        headers
    }

    /// Text and HTML. `protected` says that the part carries the headers of the mail (RFC 9788 §2.1.1).
    fn alternatives(&self, letter: &Letter, protected: bool) -> Result<MimePart<'static>, NotifierError> {
        let language = match self.provider.language {
            Language::Dutch => "nl",
            Language::English => "en",
        };
        let part = |kind: &'static str, text: String| MimePart::new(kind, text).language(language);
        let parts = vec![part("text/plain", letter.text()?), part("text/html", letter.html()?)];
        let mut kind = ContentType::new("multipart/alternative")
            // `=_` cannot stand in quoted-printable or base64.
            .attribute("boundary", format!("=_{}", self.notice.0.simple()));
        if protected {
            kind = kind.attribute("hp", "cipher");
        }
        Ok(MimePart::new(kind, BodyPart::Multipart(parts)))
    }
}

/// That a header stands outside what is encrypted too (RFC 9788 §2.2): nothing of it is a secret.
fn outer(
    (name, value): &(Cow<'static, str>, HeaderType<'static>),
) -> (Cow<'static, str>, HeaderType<'static>) {
    let mut written = Vec::new();
    value.write_header(&mut written, name.len() + 2);
    let written = String::from_utf8_lossy(&written).replace("\r\n", "");
    ("HP-Outer".into(), Raw::new(format!("{name}: {}", written.trim())).into())
}

fn cms_part(cms: &Cms) -> MimePart<'_> {
    let kind = ContentType::new("application/pkcs7-mime")
        .attribute("smime-type", cms.smime_type)
        .attribute("name", "smime.p7m");
    MimePart::new(kind, cms.der.as_slice()).attachment("smime.p7m")
}

fn written(part: MimePart<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    part.write_part(&mut bytes);
    bytes
}

/// A text that can stand in one header: no control characters (no line ends among them), not too long.
fn header_text(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(NAME)
        .collect::<String>()
        .trim()
        .to_owned()
}
