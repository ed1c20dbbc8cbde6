//! TLS with client certificates, from files that may change while the listener runs.

mod failure;
mod files;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub use failure::HandshakeFailure;
use files::{Digest, Loaded};

/// The files that TLS stands on, all PEM. They are read when the listener starts and again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The listener's certificate, followed by the intermediate ones up to what its clients trust.
    pub certificate: PathBuf,
    /// The private key of that certificate: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
    /// The certification authorities of the clients: who has no certificate of theirs gets no connection.
    pub client_ca: PathBuf,
    /// Their lists of revoked certificates (RFC 5280 §5), PEM or DER. With it each client certificate must
    /// have an issuer whose list stands in this file.
    pub crl: Option<PathBuf>,
}

/// Which of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFile {
    /// [`TlsFiles::certificate`].
    Certificate,
    /// [`TlsFiles::key`].
    Key,
    /// [`TlsFiles::client_ca`].
    ClientCa,
    /// [`TlsFiles::crl`].
    Crl,
}

impl std::fmt::Display for TlsFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Certificate => "file of the certificate",
            Self::Key => "file of the private key",
            Self::ClientCa => "file of the client authorities",
            Self::Crl => "file of revoked certificates",
        })
    }
}

/// Why the files cannot be used. Holds nothing of what stands in them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("the {file} cannot be read: {}", source.kind())]
    Unreadable {
        /// Which one.
        file: TlsFile,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file is larger than any such file is.
    #[error("the {file} is larger than {limit} bytes")]
    TooLarge {
        /// Which one.
        file: TlsFile,
        /// Bytes it may have.
        limit: u64,
    },
    /// A file holds nothing of its kind, or something that is none.
    #[error("the {file} holds nothing of its kind, or is damaged")]
    Malformed {
        /// Which one.
        file: TlsFile,
    },
    /// Certificate and key do not belong together, or the key is of no use for TLS.
    #[error("certificate and private key cannot be used together")]
    KeyPair {
        /// What rustls said.
        source: rustls::Error,
    },
    /// Authorities and lists do not make a verifier.
    #[error("the client authorities or their lists of revoked certificates cannot be used")]
    Verifier {
        /// What rustls said.
        source: rustls::server::VerifierBuilderError,
    },
    /// Reading ended in a panic: a fault in this software.
    #[error("reading the files of TLS ended in a fault of this software")]
    Fault,
}

/// When the first of each kind expires, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// Of the listener's certificate and those behind it.
    pub certificate: i64,
    /// Of the client authorities.
    pub client_ca: i64,
    /// Of the lists of revoked certificates: when the next one is due. A list that is older still counts.
    pub crl: Option<i64>,
}

impl Expiry {
    pub(crate) fn named(self) -> impl Iterator<Item = (&'static str, i64)> {
        let fixed = [("certificate", self.certificate), ("client-ca", self.client_ca)];
        fixed.into_iter().chain(self.crl.map(|at| ("crl", at)))
    }
}

/// What [`Tls::reload`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// The files are those in force.
    Unchanged,
    /// New ones are in force for new connections.
    InForce,
}

/// How often files were taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reloads {
    /// Changed files that came into force.
    pub done: u64,
    /// Changed files that could not be used.
    pub failed: u64,
    /// Whether the files as they were last read are in force.
    pub current: bool,
}

/// TLS as it is in force. Cloning gives another handle on the same.
///
/// TLS 1.2 and 1.3 only, a client certificate always, no resumed sessions (each connection is verified anew).
#[derive(Clone)]
pub struct Tls {
    inner: Arc<Inner>,
}

struct Inner {
    files: TlsFiles,
    in_force: RwLock<Arc<Loaded>>,
    /// What was read last, whether it could be used or not. Held while reading: one reads at a time.
    last: Mutex<Digest>,
    done: AtomicU64,
    failed: AtomicU64,
    current: AtomicBool,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.inner.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files. Blocks for a moment: meant for the start.
    ///
    /// # Errors
    ///
    /// Why they cannot be used.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let (digest, loaded) = files::load(&files);
        let inner = Inner {
            files,
            in_force: RwLock::new(Arc::new(loaded?)),
            last: Mutex::new(digest),
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            current: AtomicBool::new(true),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    fn in_force(&self) -> Arc<Loaded> {
        Arc::clone(&self.inner.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the next connection is served with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.in_force().config)
    }

    /// When certificates and lists in force expire.
    pub fn expiry(&self) -> Expiry {
        self.in_force().expiry
    }

    /// How often the files were taken over since the start.
    pub fn reloads(&self) -> Reloads {
        Reloads {
            done: self.inner.done.load(Ordering::Relaxed),
            failed: self.inner.failed.load(Ordering::Relaxed),
            current: self.inner.current.load(Ordering::Relaxed),
        }
    }

    /// Reads the files again, for example at SIGHUP. What is new holds for new connections; those that stand
    /// go on. The listener does the same by itself each [`Settings::reload`](crate::Settings::reload).
    ///
    /// # Errors
    ///
    /// Why the files cannot be used: those in force stay so.
    pub async fn reload(&self) -> Result<Reload, TlsError> {
        self.look(true).await
    }

    /// Looks at the files; those that could not be used are tried again only when they have changed, or when
    /// `again` is set.
    async fn look(&self, again: bool) -> Result<Reload, TlsError> {
        let mut last = self.inner.last.lock().await;
        let files = self.inner.files.clone();
        let read = tokio::task::spawn_blocking(move || files::load(&files)).await;
        let (digest, loaded) = read.map_err(|_| TlsError::Fault)?;
        let known = *last == digest;
        let current = self.inner.current.load(Ordering::Relaxed);
        if known && (current || !again) {
            return Ok(Reload::Unchanged);
        }
        *last = digest;
        match loaded {
            Ok(loaded) if digest == self.in_force().digest => {
                // Back to what is in force.
                drop(loaded);
                self.inner.current.store(true, Ordering::Relaxed);
                Ok(Reload::Unchanged)
            }
            Ok(loaded) => {
                *self.inner.in_force.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
                self.inner.current.store(true, Ordering::Relaxed);
                self.inner.done.fetch_add(1, Ordering::Relaxed);
                tracing::info!("new certificates are in force for new connections");
                Ok(Reload::InForce)
            }
            Err(error) => {
                self.inner.current.store(false, Ordering::Relaxed);
                self.inner.failed.fetch_add(1, Ordering::Relaxed);
                let cause = std::error::Error::source(&error).map(tracing::field::display);
                tracing::error!(%error, cause, "the changed files of TLS cannot be used: the old ones stay");
                Err(error)
            }
        }
    }

    /// Looks at the files again and again, until `end`.
    pub(crate) async fn watch(&self, every: Duration, end: &CancellationToken) {
        while end.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
            // What is wrong has been reported and counted.
            let _ = self.look(false).await;
        }
    }
}
