//! Another key for the checkpoints of the log.

use tlog::LocalSigner;

use super::{DataDirectory, FHIR, KEY_TABLE, KEYS, STATE};
use crate::OpenError;
use crate::keys::{KeyFiles, begin_log_rotation, end_log_rotation, remember_log_key};

impl DataDirectory {
    /// The key that shall sign the log next, while one takes over from the other: a rotation was begun, and not ended.
    pub fn next_log_signer(&self, name: &str) -> Result<Option<LocalSigner>, tlog::KeyError> {
        self.files.log_signing_next().map(|seed| LocalSigner::from_seed(name, seed)).transpose()
    }

    /// Makes the key that shall sign the log next, or takes up a rotation that was cut off. It is on disk before
    /// anything in the log speaks of it. For who [opened](Self::open) the directory alone.
    pub fn begin_log_rotation(&self, name: &str) -> Result<LocalSigner, OpenError> {
        let seed = begin_log_rotation(&self.path)?;
        LocalSigner::from_seed(name, &seed).map_err(|_| OpenError::Key { file: "keys/log-signing.next" })
    }

    /// The key that signs the log as it stands on disk now: after a rotation the new one.
    pub fn present_log_signer(&self, name: &str) -> Result<LocalSigner, OpenError> {
        let files = KeyFiles::open(&self.path, false)?;
        LocalSigner::from_seed(name, files.log_signing())
            .map_err(|_| OpenError::Key { file: "keys/log-signing.key" })
    }

    /// Ends a rotation, once the key has taken over in the log: the key that signed before is gone from this
    /// directory, for good. Cut off at any point, it is ended by calling it again. What this handle gives out as
    /// [`log_signer`](Self::log_signer) is the key before, still: open the directory anew.
    pub fn end_log_rotation(&self) -> Result<(), OpenError> {
        let seed = begin_log_rotation(&self.path)?;
        let key_folder = self.path.join(KEYS);
        for (folder, schema) in [(&key_folder, KEY_TABLE), (&self.path, STATE), (&self.path, FHIR)] {
            remember_log_key(folder, schema.file, &seed)?;
        }
        end_log_rotation(&self.path)
    }
}
