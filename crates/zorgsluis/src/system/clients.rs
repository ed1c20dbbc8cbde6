//! Systems and people with credentials of their own, in `clients.json` of the data directory.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use zorgsluis_domain::PortError;
use zorgsluis_gateway::{Client, Clients, Right, TokenHash};

use crate::failure::Failure;
use crate::private_file;

/// The file in the data directory.
const FILE: &str = "clients.json";

/// A client as it is written down: of its token no more than the hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StoredClient {
    /// By what it is known in the log.
    pub(crate) name: String,
    /// `audit-source` or `log`.
    pub(crate) right: String,
    /// SHA-256 of its token, hexadecimal.
    pub(crate) token_sha256: String,
    /// The identifier system of its patient ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) patient_system: Option<String>,
}

fn path(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// All clients; none when there is no file.
pub(crate) fn read(data: &Path) -> Result<Vec<StoredClient>, Failure> {
    let path = path(data);
    match std::fs::read(&path) {
        Ok(json) => serde_json::from_slice(&json).map_err(|error| {
            Failure::wrong(format!("{}: line {}: not a list of clients", path.display(), error.line()))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Failure::file(&path, &error)),
    }
}

/// The clients, while nobody else can change them.
pub(crate) struct HeldClients {
    path: PathBuf,
    pub(crate) clients: Vec<StoredClient>,
    _lock: File,
}

impl HeldClients {
    /// Waits until nobody else changes them, and reads them.
    pub(crate) fn of(data: &Path) -> Result<Self, Failure> {
        let path = path(data);
        let lock = private_file::lock(&path).map_err(|error| Failure::file(&path, &error))?;
        Ok(Self { clients: read(data)?, path, _lock: lock })
    }

    /// Writes them down, durably, in place of those that were.
    pub(crate) fn write(self) -> Result<(), Failure> {
        let mut json = serde_json::to_vec_pretty(&self.clients).map_err(Failure::wrong)?;
        json.push(b'\n');
        private_file::replace(&self.path, &json).map_err(|error| Failure::file(&self.path, &error))
    }
}

/// The clients of a running server. The file is read again when it has changed: who was added comes in, and who was
/// removed does not, without a restart.
pub(super) struct FileClients {
    path: PathBuf,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Which file it was, when it was written, and how long it is.
    stamp: Option<(u64, SystemTime, u64)>,
    clients: Arc<[StoredClient]>,
}

impl FileClients {
    pub(super) fn new(data: &Path) -> Self {
        Self { path: path(data), known: Mutex::default() }
    }

    fn current(&self) -> Result<Arc<[StoredClient]>, PortError> {
        const OPERATION: &str = "clients.find";
        let away = |error: std::io::Error| PortError::unavailable(OPERATION, error);
        let stamp = match std::fs::metadata(&self.path) {
            Ok(file) => (file.ino(), file.modified().map_err(away)?, file.len()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Arc::default()),
            Err(error) => return Err(away(error)),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.stamp != Some(stamp) {
            let json = std::fs::read(&self.path).map_err(away)?;
            let clients: Vec<StoredClient> =
                serde_json::from_slice(&json).map_err(|_| PortError::Damaged {
                    operation: OPERATION,
                    reason: String::from("clients.json is not a list of clients"),
                })?;
            *known = Known { stamp: Some(stamp), clients: clients.into() };
        }
        Ok(Arc::clone(&known.clients))
    }
}

impl Clients for FileClients {
    fn find(&self, token: &TokenHash) -> Result<Option<Client>, PortError> {
        let token = token.to_string();
        let clients = self.current()?;
        let Some(found) = clients.iter().find(|client| client.token_sha256 == token) else { return Ok(None) };
        // A right that this version does not know is none.
        let Some(right) = Right::from_name(&found.right) else { return Ok(None) };
        Ok(Some(Client {
            name: found.name.as_str().into(),
            right,
            patient_system: found.patient_system.as_deref().map(Into::into),
        }))
    }
}
