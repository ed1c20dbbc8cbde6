/// What cannot be done with the means that were given. No text holds a value of a message, a key or an
/// address.
#[derive(Debug, thiserror::Error)]
pub enum NotifierError {
    /// The certificates of the signing identity are no PEM certificates.
    #[error("the signing certificate cannot be read")]
    CertificateUnreadable,
    /// The key of the signing identity is no private key of a kind that is known (RSA, P-256, P-384).
    #[error("the signing key cannot be read: PEM with an RSA, P-256 or P-384 key is wanted")]
    KeyUnreadable,
    /// The key does not belong to the certificate.
    #[error("the signing key does not belong to the signing certificate")]
    KeyMismatch,
    /// A new signing identity could not be made.
    #[error("no signing identity could be made")]
    Generate(#[source] rcgen::Error),
    /// A mail could not be signed.
    #[error("the mail could not be signed")]
    Sign,
    /// A mail could not be encrypted for this certificate.
    #[error("the mail could not be encrypted")]
    Encrypt,
    /// A mail could not be written.
    #[error("the mail could not be written")]
    Render(#[source] askama::Error),
    /// The settings cannot be used; the text says which, without their values.
    #[error("the settings of the notifier cannot be used: {0}")]
    Settings(&'static str),
}

impl From<der::Error> for NotifierError {
    /// Only our own structures are encoded by this: a certificate of somebody else is read elsewhere.
    fn from(_: der::Error) -> Self {
        Self::Encrypt
    }
}

/// What stands behind a [`MailError::NotSent`](zorgsluis_domain::port::MailError::NotSent) that concerns this
/// mail, and not the mail system as a whole: it took the connection, and put this mail off. Tried again for
/// [`Settings::patience`](crate::Settings::patience), then refused with this code.
#[derive(Debug, thiserror::Error)]
#[error("the mail was put off ({0})")]
pub struct PutOff(
    /// The code, in kebab-case: `smtp-452`.
    pub String,
);
