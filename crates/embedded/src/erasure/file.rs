//! The file of tombstones, kept outside of the data directory.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use zorgsluis_domain::erasure::Tombstone;

use crate::directory::sync_folder;

/// A file of tombstones, one line of JSON each, to which lines are only added. It is kept where a backup of the data
/// directory does not bring back an older one: by default beside the directory, `<directory>.tombstones`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TombstoneFile {
    path: PathBuf,
}

impl TombstoneFile {
    /// The file at this path, which need not be there yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file beside a data directory.
    pub fn beside(data: &Path) -> Result<Self> {
        let data = std::path::absolute(data)?;
        let mut name = data
            .file_name()
            .ok_or_else(|| Error::new(ErrorKind::InvalidInput, "the data directory has no name"))?
            .to_owned();
        name.push(".tombstones");
        Ok(Self { path: data.with_file_name(name) })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All tombstones, in the order in which they were written; none when there is no file. A last line that was cut
    /// off is passed over (what it was about had not begun); any other that is no tombstone is an error: nobody may
    /// serve data of which it is not known whether they were erased.
    pub fn read(&self) -> Result<Vec<Tombstone>> {
        let text = match std::fs::read_to_string(&self.path) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            text => text?,
        };
        let whole = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
        let read = |(number, line): (usize, &str)| {
            let what = format!("line {} of {} is not a tombstone", number + 1, self.path.display());
            Tombstone::parse(line).ok_or_else(|| Error::new(ErrorKind::InvalidData, what))
        };
        whole.lines().enumerate().map(read).collect()
    }

    /// Adds a tombstone unless it stands there. Durable when it returns.
    pub fn add(&self, tombstone: &Tombstone) -> Result<()> {
        if self.read()?.iter().any(|standing| standing.id == tombstone.id) {
            return Ok(());
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.path)?;
        file.try_lock().map_err(Error::from)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let whole = u64::try_from(whole).unwrap_or(u64::MAX);
        file.set_len(whole)?;
        file.seek(SeekFrom::Start(whole))?;
        writeln!(file, "{}", tombstone.to_line())?;
        file.sync_all()?;
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => sync_folder(folder),
            _ => File::open(".")?.sync_all(),
        }
    }
}
