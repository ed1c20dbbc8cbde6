//! From files to a configuration of rustls.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::{Expiry, TlsError, TlsFile, TlsFiles};

/// Bytes of certificates or a key. Large chains have some ten thousand.
const LIMIT: u64 = 4 << 20;
/// Bytes of lists of revoked certificates: those of large authorities have some millions.
const CRL_LIMIT: u64 = 64 << 20;

/// SHA-256 of the files, or of why they could not be read.
pub(super) type Digest = [u8; digest::SHA256_OUTPUT_LEN];

/// What is in force.
pub(super) struct Loaded {
    pub(super) config: Arc<ServerConfig>,
    pub(super) expiry: Expiry,
    pub(super) digest: Digest,
}

/// The files as they were read.
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Vec<u8>,
    crl: Option<Vec<u8>>,
}

/// Reads the files and makes a configuration of them. The digest tells this reading from the next.
pub(super) fn load(files: &TlsFiles) -> (Digest, Result<Loaded, TlsError>) {
    match read(files) {
        Ok(contents) => {
            let digest = contents.digest();
            (digest, build(&contents, digest))
        }
        Err(error) => (sha256([error.to_string().as_bytes()]), Err(error)),
    }
}

fn read(files: &TlsFiles) -> Result<Contents, TlsError> {
    Ok(Contents {
        certificate: read_file(TlsFile::Certificate, &files.certificate, LIMIT)?,
        key: read_file(TlsFile::Key, &files.key, LIMIT)?,
        client_ca: read_file(TlsFile::ClientCa, &files.client_ca, LIMIT)?,
        crl: match &files.crl {
            Some(path) => Some(read_file(TlsFile::Crl, path, CRL_LIMIT)?),
            None => None,
        },
    })
}

fn read_file(file: TlsFile, path: &Path, limit: u64) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|opened| opened.take(limit.saturating_add(1)).read_to_end(&mut bytes));
    read.map_err(|source| TlsError::Unreadable { file, source })?;
    if bytes.len() as u64 > limit {
        return Err(TlsError::TooLarge { file, limit });
    }
    Ok(bytes)
}

fn sha256<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = Digest::default();
    out.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    out
}

impl Contents {
    fn digest(&self) -> Digest {
        let parts = [self.certificate.as_slice(), &self.key, &self.client_ca];
        sha256(parts.into_iter().chain(self.crl.as_deref()))
    }
}

fn build(contents: &Contents, digest: Digest) -> Result<Loaded, TlsError> {
    let chain = certificates(TlsFile::Certificate, &contents.certificate)?;
    let authorities = certificates(TlsFile::ClientCa, &contents.client_ca)?;
    let lists = contents.crl.as_deref().map(lists).transpose()?;
    let key = PrivateKeyDer::from_pem_slice(&contents.key)
        .map_err(|_| TlsError::Malformed { file: TlsFile::Key })?;
    let expiry = Expiry {
        certificate: first_expiry(TlsFile::Certificate, &chain)?,
        client_ca: first_expiry(TlsFile::ClientCa, &authorities)?,
        crl: lists.as_deref().map(next_list).transpose()?,
    };

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority).map_err(|_| TlsError::Malformed { file: TlsFile::ClientCa })?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .with_crls(lists.unwrap_or_default())
        .build()
        .map_err(|source| TlsError::Verifier { source })?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|source| TlsError::KeyPair { source })?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|source| TlsError::KeyPair { source })?;
    // A resumed session would not be verified again. MLLP connections last: a full handshake costs nothing.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Loaded { config: Arc::new(config), expiry, digest })
}

fn certificates(file: TlsFile, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    all.ok().filter(|all| !all.is_empty()).ok_or(TlsError::Malformed { file })
}

/// The lists, PEM or a single one as DER, as distribution points have it.
fn lists(bytes: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    // A SEQUENCE (X.690 §8.9).
    if bytes.first() == Some(&0x30) {
        return Ok(vec![CertificateRevocationListDer::from(bytes.to_vec())]);
    }
    let all: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(bytes).collect();
    all.ok().filter(|all| !all.is_empty()).ok_or(TlsError::Malformed { file: TlsFile::Crl })
}

fn first_expiry(file: TlsFile, all: &[CertificateDer<'_>]) -> Result<i64, TlsError> {
    let mut first = i64::MAX;
    for der in all {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| TlsError::Malformed { file })?;
        first = first.min(certificate.validity().not_after.timestamp());
    }
    Ok(first)
}

fn next_list(all: &[CertificateRevocationListDer<'_>]) -> Result<i64, TlsError> {
    let mut first = i64::MAX;
    for der in all {
        let (_, list) = CertificateRevocationList::from_der(der)
            .map_err(|_| TlsError::Malformed { file: TlsFile::Crl })?;
        first = first.min(list.next_update().map_or(i64::MAX, |at| at.timestamp()));
    }
    Ok(first)
}
