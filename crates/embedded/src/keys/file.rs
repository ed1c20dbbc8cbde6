//! The keys that stand in files.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::hkdf;

use crate::OpenError;
use crate::directory::sync_folder;
use crate::source::random;

const IDENTITY: &str = "identity.key";
const PSEUDONYM: &str = "pseudonym.key";
const WRAPPING: &str = "wrapping.key";
const LOG_SIGNING: &str = "log-signing.key";

/// The secrets of a data directory, 32 random bytes each.
pub(crate) struct KeyFiles {
    identity: [u8; 32],
    pseudonym: [u8; 32],
    wrapping: [u8; 32],
    log_signing: [u8; 32],
}

impl KeyFiles {
    /// Reads them; when `make`, makes those that are not there.
    pub(crate) fn open(folder: &Path, make: bool) -> Result<Self, OpenError> {
        let key = |file| {
            if make {
                create(folder, file)?;
            }
            read(folder, file)
        };
        Ok(Self {
            identity: key(IDENTITY)?,
            pseudonym: key(PSEUDONYM)?,
            wrapping: key(WRAPPING)?,
            log_signing: key(LOG_SIGNING)?,
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

/// Makes a key, once: whole or not at all, also when the power goes in between.
fn create(folder: &Path, file: &'static str) -> Result<(), OpenError> {
    let fault = |cause| OpenError::file(file, cause);
    let path = folder.join(file);
    if path.exists() {
        return Ok(());
    }
    let bytes: [u8; 32] = random("keys.create").map_err(|_| OpenError::Random)?;
    // Only the holder of the directory's lock comes here: an older draft is of a start that was killed.
    let draft = folder.join(format!("{file}.new"));
    match std::fs::remove_file(&draft) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(fault(cause)),
        _ => {}
    }
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(fault)?;
    out.write_all(&bytes).and_then(|()| out.sync_all()).map_err(fault)?;
    std::fs::rename(&draft, &path).map_err(fault)?;
    sync_folder(folder).map_err(fault)
}

fn read(folder: &Path, file: &'static str) -> Result<[u8; 32], OpenError> {
    let fault = |cause| OpenError::file(file, cause);
    let mut bytes = Vec::with_capacity(33);
    File::open(folder.join(file)).map_err(fault)?.take(33).read_to_end(&mut bytes).map_err(fault)?;
    bytes.try_into().map_err(|_| OpenError::Key { file })
}
