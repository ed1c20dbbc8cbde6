//! The keys that stand in files.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::{hkdf, hmac};

use crate::OpenError;
use crate::directory::sync_folder;
use crate::source::random;

const IDENTITY: &str = "keys/identity.key";
const PSEUDONYM: &str = "keys/pseudonym.key";
const WRAPPING: &str = "keys/wrapping.key";
pub(super) const LOG_SIGNING: &str = "keys/log-signing.key";
/// The key that shall sign the log next: stands while it takes over.
const LOG_SIGNING_NEXT: &str = "keys/log-signing.next";

/// The key files, within the data directory.
pub(crate) const KEY_FILES: [&str; 4] = [IDENTITY, PSEUDONYM, WRAPPING, LOG_SIGNING];

/// The secrets of a data directory, 32 random bytes each.
pub(crate) struct KeyFiles {
    identity: [u8; 32],
    pseudonym: [u8; 32],
    wrapping: [u8; 32],
    log_signing: [u8; 32],
    log_signing_next: Option<[u8; 32]>,
}

impl KeyFiles {
    /// Reads those of a data directory; when `make`, makes those that are not there.
    pub(crate) fn open(directory: &Path, make: bool) -> Result<Self, OpenError> {
        let key = |file| {
            if make {
                create(directory, file)?;
            }
            read(directory, file)
        };
        Ok(Self {
            identity: key(IDENTITY)?,
            pseudonym: key(PSEUDONYM)?,
            wrapping: key(WRAPPING)?,
            log_signing: key(LOG_SIGNING)?,
            log_signing_next: next_log_signing(directory)?,
        })
    }

    pub(crate) const fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    pub(crate) const fn wrapping(&self) -> &[u8; 32] {
        &self.wrapping
    }

    pub(crate) const fn log_signing(&self) -> &[u8; 32] {
        &self.log_signing
    }

    pub(crate) const fn log_signing_next(&self) -> Option<&[u8; 32]> {
        self.log_signing_next.as_ref()
    }

    /// What a database may remember in the place of a key that is being replaced.
    pub(super) fn next_fingerprint(&self, file: &str) -> Option<Fingerprint> {
        self.log_signing_next.as_ref().filter(|_| file == LOG_SIGNING).map(fingerprint)
    }

    /// Each key file with what tells this key from another, and nothing about the key.
    pub(crate) fn fingerprints(&self) -> [(&'static str, Fingerprint); 4] {
        [
            (IDENTITY, fingerprint(&self.identity)),
            (PSEUDONYM, fingerprint(&self.pseudonym)),
            (WRAPPING, fingerprint(&self.wrapping)),
            (LOG_SIGNING, fingerprint(&self.log_signing)),
        ]
    }

    /// A key of its own for a purpose.
    pub(crate) fn derived(&self, purpose: &str) -> Result<[u8; 32], OpenError> {
        let mut bytes = [0; 32];
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"zorgsluis")
            .extract(&self.pseudonym)
            .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|key| key.fill(&mut bytes))
            .map_err(|_| OpenError::Key { file: PSEUDONYM })?;
        Ok(bytes)
    }
}

/// Makes the key that shall sign the log next, unless it stands there from a rotation that was cut off.
pub(crate) fn begin_log_rotation(directory: &Path) -> Result<[u8; 32], OpenError> {
    create(directory, LOG_SIGNING_NEXT)?;
    read(directory, LOG_SIGNING_NEXT)
}

/// Puts the next key in the place of the one that signed before; the databases remember it already.
pub(crate) fn end_log_rotation(directory: &Path) -> Result<(), OpenError> {
    let fault = |cause| OpenError::file(LOG_SIGNING, cause);
    let path = directory.join(LOG_SIGNING);
    std::fs::rename(directory.join(LOG_SIGNING_NEXT), &path).map_err(fault)?;
    sync_folder(path.parent().unwrap_or(directory)).map_err(fault)
}

fn next_log_signing(directory: &Path) -> Result<Option<[u8; 32]>, OpenError> {
    match read(directory, LOG_SIGNING_NEXT) {
        Err(OpenError::File { cause, .. }) if cause.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// The first eight bytes of an HMAC-SHA256 under the key.
pub(crate) type Fingerprint = [u8; 8];

pub(super) fn fingerprint(key: &[u8; 32]) -> Fingerprint {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"zorgsluis/key-fingerprint/1");
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    bytes
}

/// Makes a key, once: whole or not at all, also when the power goes in between.
fn create(directory: &Path, file: &'static str) -> Result<(), OpenError> {
    let fault = |cause| OpenError::file(file, cause);
    let path = directory.join(file);
    let folder = path.parent().unwrap_or(directory);
    if path.exists() {
        return Ok(());
    }
    let bytes: [u8; 32] = random("keys.create").map_err(|_| OpenError::Random)?;
    // Only the holder of the directory's lock comes here: an older draft is of a start that was killed.
    let draft = directory.join(format!("{file}.new"));
    match std::fs::remove_file(&draft) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(fault(cause)),
        _ => {}
    }
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(fault)?;
    out.write_all(&bytes).and_then(|()| out.sync_all()).map_err(fault)?;
    std::fs::rename(&draft, &path).map_err(fault)?;
    sync_folder(folder).map_err(fault)
}

fn read(directory: &Path, file: &'static str) -> Result<[u8; 32], OpenError> {
    let fault = |cause| OpenError::file(file, cause);
    let mut bytes = Vec::with_capacity(33);
    File::open(directory.join(file)).map_err(fault)?.take(33).read_to_end(&mut bytes).map_err(fault)?;
    bytes.try_into().map_err(|_| OpenError::Key { file })
}
