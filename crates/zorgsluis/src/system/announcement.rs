//! What a running server tells the commands that want to reach it.

use std::net::SocketAddr;
use std::path::Path;

use crate::failure::Failure;
use crate::private_file;

/// The file in the data directory.
pub(crate) const ANNOUNCEMENT: &str = "server.json";

/// What `server.json` says. Readable by the owner of the data directory only.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Announcement {
    pub(crate) pid: u32,
    pub(crate) mllp: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) token: String,
}

impl Announcement {
    /// What a server that holds this directory announced; `None` when there is none.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(data.join(ANNOUNCEMENT)).ok()?).ok()
    }

    pub(super) fn write(&self, data: &Path) -> Result<(), Failure> {
        let path = data.join(ANNOUNCEMENT);
        let json = serde_json::to_vec(self).map_err(Failure::wrong)?;
        private_file::replace(&path, &json).map_err(|error| Failure::file(&path, &error))
    }
}
