//! Older states of a log, as an auditor may hold them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tlog::{CheckpointError, ConsistencyFile, KeyChain, SignedCheckpoint};
use zip::ZipArchive;

use crate::failure::Failure;

/// How long a file may be that is read whole: a note, or a consistency proof.
const MAX_SMALL: usize = tlog::MAX_CONSISTENCY_BYTES;

/// A checkpoint of this log from a file.
pub(super) fn checkpoint(path: &Path, origin: &str, chain: &KeyChain) -> Result<SignedCheckpoint, Failure> {
    believed(&crate::audit::verify::checkpoint(path)?, path, origin, chain)
}

/// The state that an archive is to continue: a checkpoint (a hand-over is one, too), the archive before, or a
/// consistency proof, of which the newer checkpoint counts.
pub(super) fn state(path: &Path, origin: &str, chain: &KeyChain) -> Result<SignedCheckpoint, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("{}: cannot be read: {error}", path.display()))
    };
    let mut file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut begin = Vec::new();
    let limit = u64::try_from(MAX_SMALL).unwrap_or(u64::MAX).saturating_add(1);
    Read::by_ref(&mut file).take(limit).read_to_end(&mut begin).map_err(|error| unreadable(&error))?;
    let bytes = if begin.starts_with(b"PK") {
        let other = || Failure::usage(format!("{}: is no archive of a log", path.display()));
        let mut zip = ZipArchive::new(file).map_err(|_| other())?;
        let packed = zip.by_name("checkpoint").map_err(|_| other())?;
        let mut bytes = Vec::new();
        packed.take(limit).read_to_end(&mut bytes).map_err(|_| other())?;
        bytes
    } else if let Ok(proof) = ConsistencyFile::parse(&begin) {
        proof.checkpoint.into_bytes()
    } else {
        begin
    };
    if crate::audit::verify::origin_of(&bytes).is_err() {
        return Err(Failure::usage(format!(
            "{}: is not a checkpoint (--previous takes a checkpoint, an archive or a consistency proof)",
            path.display()
        )));
    }
    believed(&bytes, path, origin, chain)
}

fn believed(bytes: &[u8], path: &Path, origin: &str, chain: &KeyChain) -> Result<SignedCheckpoint, Failure> {
    if let Some(other) = crate::audit::verify::origin_of(bytes).ok().filter(|other| other != origin) {
        let text = format!("{}: is a checkpoint of {other}, not of {origin}", path.display());
        return Err(Failure::usage(text));
    }
    let failed = |error: CheckpointError| Failure::wrong(format!("{}: {error}", path.display()));
    if let Ok(of) = crate::audit::verify::origin_of(bytes)
        && of != origin
    {
        let path = path.display();
        return Err(Failure::usage(format!("{path}: is a checkpoint of {of}, not of {origin}")));
    }
    let signed = SignedCheckpoint::parse(bytes, origin, chain.keys()).map_err(failed)?;
    if chain.admits(&signed) { Ok(signed) } else { Err(failed(CheckpointError::KeyRetired)) }
}
