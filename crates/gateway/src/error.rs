use std::net::SocketAddr;

/// Why the gateway could not be set up or could not go on.
///
/// What becomes of a single request is answered to it: as an OperationOutcome, as an HL7 acknowledgement, or
/// as a page.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The operating system gave no randomness.
    #[error("no randomness: the operating system gave none")]
    Randomness,
    /// The access token is too short, or holds characters that a header cannot.
    #[error("the access token needs at least 32 printable characters")]
    WeakToken,
    /// The address can be reached from other machines. Until access decisions exist (who may see which
    /// patient), the gateway serves its own machine only.
    #[error("{0} is not a loopback address; use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The listening socket failed.
    #[error("the listening socket failed")]
    Socket(#[source] std::io::Error),
}
