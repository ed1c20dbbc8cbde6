//! Certificates from the environment into files, for where secrets come as variables only (Fargate).
//!
//! A container that ends at once does this, so that what faces the network has no private key among its variables.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The variable with the text of a file, the one with its path, and whether there must be one.
const FILES: [(&str, &str, bool); 4] = [
    ("ZORGSLUIS_TLS_CERTIFICATE", "ZORGSLUIS_LISTENER_CERTIFICATE", true),
    ("ZORGSLUIS_TLS_KEY", "ZORGSLUIS_LISTENER_KEY", true),
    ("ZORGSLUIS_TLS_CLIENT_CA", "ZORGSLUIS_LISTENER_CLIENT_CA", true),
    ("ZORGSLUIS_TLS_CRL", "ZORGSLUIS_LISTENER_CRL", false),
];

/// What every PEM text holds (RFC 7468 §2).
const PEM: &str = "-----BEGIN ";

/// Why the certificates were not written. Names variables; holds none of their values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificatesError {
    /// Not set, or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// The text is something else.
    #[error("{0} must be PEM")]
    NoPem(&'static str),
    /// The path leads nowhere from `/`.
    #[error("{0} must be an absolute path")]
    NoPath(&'static str),
    /// The file cannot be written where the variable says.
    #[error("{0}: the file cannot be written")]
    Unwritten(&'static str, #[source] std::io::Error),
}

/// Writes the PEM texts of `ZORGSLUIS_TLS_CERTIFICATE`, `_KEY`, `_CLIENT_CA` and, where it is set, `_CRL` into the
/// files that `ZORGSLUIS_LISTENER_CERTIFICATE` and so on name: for the owner only, each whole or not at all.
/// `get` answers the value of a variable.
///
/// # Errors
///
/// The first variable that is missing or cannot be what it says: then nothing is written. A file that cannot be
/// written: those before it are.
pub fn write_certificates(get: impl Fn(&str) -> Option<String>) -> Result<(), CertificatesError> {
    let get = |name: &'static str| get(name).filter(|value| !value.trim().is_empty());
    let mut files = Vec::new();
    for (text, path, needed) in FILES {
        let pem = match get(text) {
            Some(pem) if pem.contains(PEM) => pem,
            Some(_) => return Err(CertificatesError::NoPem(text)),
            None if needed => return Err(CertificatesError::Missing(text)),
            None => continue,
        };
        let file = PathBuf::from(get(path).ok_or(CertificatesError::Missing(path))?);
        if !file.is_absolute() || file.file_name().is_none() {
            return Err(CertificatesError::NoPath(path));
        }
        files.push((path, file, pem));
    }
    for (path, file, pem) in &files {
        write(file, pem.as_bytes()).map_err(|cause| CertificatesError::Unwritten(path, cause))?;
    }
    Ok(())
}

/// Beside it first, with the rights of the owner only (0600), then in its place.
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or_else(|| Path::new("/"));
    let mut beside = NamedTempFile::new_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(file)?;
    Ok(())
}
