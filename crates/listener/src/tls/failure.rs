//! Why a handshake failed, as few reasons as a person can act on.

use std::io;

use rustls::CertificateError;

/// Why a TLS handshake failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeFailure {
    /// It took longer than [`Settings::handshake`](crate::Settings::handshake).
    TimedOut,
    /// So many others were at it that its turn did not come in that time.
    Busy,
    /// The other side closed the connection.
    Closed,
    /// What came is not TLS.
    NotTls,
    /// No version or cipher in common: TLS 1.2 and 1.3 only.
    Incompatible,
    /// The client has no certificate.
    NoCertificate,
    /// The client's certificate is not of the authorities.
    UnknownIssuer,
    /// The client's certificate has expired, or is not valid yet.
    Expired,
    /// The client's certificate has been revoked.
    Revoked,
    /// No list says whether the client's certificate has been revoked.
    UnknownRevocation,
    /// The client's certificate cannot be used for another reason.
    BadCertificate,
    /// The client refused, for example our certificate.
    RefusedByPeer,
    /// Anything else.
    Other,
}

impl HandshakeFailure {
    /// All reasons.
    pub const ALL: [Self; 13] = [
        Self::TimedOut,
        Self::Busy,
        Self::Closed,
        Self::NotTls,
        Self::Incompatible,
        Self::NoCertificate,
        Self::UnknownIssuer,
        Self::Expired,
        Self::Revoked,
        Self::UnknownRevocation,
        Self::BadCertificate,
        Self::RefusedByPeer,
        Self::Other,
    ];

    /// Its name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TimedOut => "timed-out",
            Self::Busy => "busy",
            Self::Closed => "closed",
            Self::NotTls => "not-tls",
            Self::Incompatible => "incompatible",
            Self::NoCertificate => "no-certificate",
            Self::UnknownIssuer => "unknown-issuer",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::UnknownRevocation => "unknown-revocation",
            Self::BadCertificate => "bad-certificate",
            Self::RefusedByPeer => "refused-by-peer",
            Self::Other => "other",
        }
    }

    pub(crate) fn of(error: &io::Error) -> Self {
        let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match (cause, error.kind()) {
            (Some(error), _) => Self::of_tls(error),
            (
                None,
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe,
            ) => Self::Closed,
            (None, _) => Self::Other,
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::NoCertificatesPresented => Self::NoCertificate,
            rustls::Error::InvalidCertificate(certificate) => Self::of_certificate(certificate),
            rustls::Error::PeerIncompatible(_) => Self::Incompatible,
            rustls::Error::AlertReceived(_) => Self::RefusedByPeer,
            rustls::Error::InvalidMessage(_)
            | rustls::Error::InappropriateMessage { .. }
            | rustls::Error::PeerSentOversizedRecord => Self::NotTls,
            _ => Self::Other,
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::Expired,
            CertificateError::Revoked => Self::Revoked,
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::UnknownRevocationStatus => Self::UnknownRevocation,
            _ => Self::BadCertificate,
        }
    }
}
