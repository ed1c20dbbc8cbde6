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
    /// How long a mail is tried that the mail system puts off ([`PutOff`](crate::PutOff): a mailbox over
    /// quota), from its reservation or the last replay of its message. Then it counts as refused, so that the
    /// patient's later notices are not held up behind it.
    pub patience: Duration,
}

impl Settings {
    /// Settings with the usual choices: times as in Amsterdam, AES-256-GCM, three minutes in
    /// hand, a day of patience.
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
            patience: Duration::from_hours(24),
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

/// Whether this is an e-mail address: the `dot-atom@domain` form of an addr-spec (RFC 5322 §3.4.1) in ASCII,
/// within the limits of RFC 5321 §4.5.3.1, under a domain of two labels at least. So it can stand in a header
/// and in an SMTP command as it is.
#[must_use]
pub fn is_address(address: &str) -> bool {
    let atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let local_right =
        local.len() <= 64 && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(atext));
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    local_right && address.len() <= 254 && domain.contains('.') && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses_have_the_form_of_rfc_5322() {
        for right in [
            "dewit@praktijk-dewit.example",
            "a.b+c@sub.example.nl",
            "o'neill@x.example",
            "A_1@xn--caf-dma.example",
        ] {
            assert!(is_address(right), "{right}");
        }
        for wrong in [
            "",
            "dewit",
            "@x.example",
            "a@",
            "a@localhost",
            ".a@x.example",
            "a..b@x.example",
            "a b@x.example",
            "a@b@x.example",
            "a@x..example",
            "a@-x.example",
            "a@x.example\r\nBcc: b@y.example",
            "é@x.example",
            "a@x.example,b@y.example",
            "<a@x.example>",
            "\"a b\"@x.example",
            "a@[127.0.0.1]",
        ] {
            assert!(!is_address(wrong), "{wrong}");
        }
        assert!(!is_address(&format!("{}@x.example", "a".repeat(65))));
    }
}
