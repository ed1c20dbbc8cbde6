//! What a running server tells the commands that want to reach it.

use std::net::SocketAddr;
use std::path::Path;

use crate::failure::Failure;

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
        let temporary = data.join("server.json.new");
        let json = serde_json::to_vec(self).map_err(Failure::wrong)?;
        write_private(&temporary, &json)
            .and_then(|()| std::fs::rename(&temporary, &path))
            .map_err(|error| Failure::file(&path, &error))
    }
}

/// Writes a file that only its owner can read.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    // Created anew, never opened: what somebody else put there keeps neither its mode nor its target.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path)?.write_all(bytes)
}
