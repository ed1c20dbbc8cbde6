//! What the organisation chooses.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::{ContentCipher, NotifierError, SigningIdentity};

/// What the organisation chooses about its notices.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its id in audit entries.
    pub organisation: String,
    /// Its name, as mails say it: `Ziekenhuis De Linde`.
    pub name: String,
    /// The address that mails come from. Its domain is that of the Message-IDs.
    pub from: String,
    /// Where answers go, when elsewhere.
    pub reply_to: Option<String>,
    /// Where the gateway is found by providers, without a slash at the end: `https://notices.linde.example`.
    pub base_url: String,
    /// With what the mails are signed.
    pub signing: Arc<SigningIdentity>,
    /// How the content is encrypted.
    pub cipher: ContentCipher,
    /// In which zone times are shown.
    pub time_zone: TimeZone,
    /// How long a notice that another delivery has in hand is left alone: longer than the mailer's
    /// longest sending. Zero for a mailer that can itself not send one notice twice (the outbox).
    pub in_hand: Duration,
}

impl Settings {
    /// Settings with the usual choices: times as in Amsterdam, AES-256-GCM, three minutes in hand.
    pub fn new(
        organisation: impl Into<String>,
        name: impl Into<String>,
        from: impl Into<String>,
        base_url: impl Into<String>,
        signing: Arc<SigningIdentity>,
    ) -> Self {
        Self {
            organisation: organisation.into(),
            name: name.into(),
            from: from.into(),
            reply_to: None,
            base_url: base_url.into(),
            signing,
            cipher: ContentCipher::default(),
            time_zone: TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC),
            in_hand: Duration::from_secs(180),
        }
    }

    /// Whether they can be used.
    pub(crate) fn check(&self) -> Result<(), NotifierError> {
        let addresses = std::iter::once(&self.from).chain(&self.reply_to);
        if !addresses.into_iter().all(|address| is_address(address)) {
            return Err(NotifierError::Settings("from and reply-to must be e-mail addresses"));
        }
        let url = &self.base_url;
        let scheme = url.starts_with("https://") || url.starts_with("http://");
        if !scheme
            || url.ends_with('/')
            || !url.chars().all(|c| c.is_ascii_graphic() && !"\"<>?#".contains(c))
        {
            return Err(NotifierError::Settings(
                "base-url must be an http(s) URL without a slash at the end",
            ));
        }
        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) {
            return Err(NotifierError::Settings("the name of the organisation cannot be used"));
        }
        Ok(())
    }
}

/// Whether a text is one e-mail address that can stand in a header and in an SMTP command: `local@domain`
/// of printable ASCII, or letters of other scripts, without what RFC 5322 §3.2.3 calls specials.
pub(crate) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let fits = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && part.chars().all(|c| !c.is_control() && !c.is_whitespace() && !"()<>[]:;@\\,\"".contains(c))
    };
    text.len() <= 254 && local.len() <= 64 && fits(local) && fits(domain)
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn an_address_is_one_address() {
        assert!(is_address("praktijk@brug.example"));
        assert!(is_address("j.de-vries+zorg@brug.example"));
        for wrong in ["", "a@", "@b", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "a@b,c@d", "<a@b>", "a@b>", ".a@b"]
        {
            assert!(!is_address(wrong), "{wrong:?}");
        }
    }
}
