//! The keys of a log's objects, read from the folders.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tlog::{Listing, LogPaths};

/// Whether a key is one that [`tlog::LogStorage`] allows.
pub(super) fn is_key(key: &str) -> bool {
    key.len() <= 200
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte))
        && key.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Keys that begin with `prefix` and are greater than `after`, in byte order.
pub(super) fn list(root: &Path, prefix: &str, after: Option<&str>, limit: usize) -> io::Result<Listing> {
    let mut walk = Walk { prefix, after, limit: limit.max(1), keys: Vec::new(), more: false };
    // Only the folder that the prefix names is looked into, and what is below it.
    match prefix.rsplit_once('/') {
        Some((base, _)) if is_key(base) => {
            if let Some(folder) = folder_of(root, base)? {
                walk.folder(&folder, &format!("{base}/"))?;
            }
        }
        _ => walk.folder(root, "")?,
    }
    Ok(Listing { keys: walk.keys, more: walk.more })
}

/// The folder of keys that begin with `base`; `None` if there is none, or something else in its place.
fn folder_of(root: &Path, base: &str) -> io::Result<Option<PathBuf>> {
    let (mut folder, mut key) = (root.to_owned(), String::new());
    for part in base.split('/') {
        folder.push(part);
        key.push_str(part);
        match fs::symlink_metadata(&folder) {
            Ok(found) if found.is_dir() && !is_object(&key) => {}
            Err(cause) if !matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(cause);
            }
            _ => return Ok(None),
        }
        key.push('/');
    }
    Ok(Some(folder))
}

struct Walk<'a> {
    prefix: &'a str,
    after: Option<&'a str>,
    limit: usize,
    keys: Vec<String>,
    more: bool,
}

impl Walk<'_> {
    /// Visits what stands in a folder whose keys begin with `base`.
    fn folder(&mut self, folder: &Path, base: &str) -> io::Result<()> {
        let mut behind = None;
        loop {
            let (names, complete) = self.names(folder, base, behind.as_deref())?;
            for key in &names {
                if self.keys.len() >= self.limit {
                    self.more = true;
                    return Ok(());
                }
                match key.strip_suffix('/') {
                    Some(inner) => {
                        let name = inner.rsplit('/').next().unwrap_or(inner);
                        self.folder(&folder.join(name), key)?;
                        if self.more {
                            return Ok(());
                        }
                    }
                    None => self.keys.push(key.clone()),
                }
            }
            if complete {
                return Ok(());
            }
            behind = names.last().cloned();
        }
    }

    /// The smallest names behind one, at most as many as can still be needed (a folder may hold a
    /// million bundles), and whether these are all. A folder's name ends with `/`, as its keys go on,
    /// which gives the byte order of whole keys.
    fn names(&self, folder: &Path, base: &str, behind: Option<&str>) -> io::Result<(BTreeSet<String>, bool)> {
        let wanted = self.limit.saturating_add(1);
        let mut names = BTreeSet::new();
        let mut complete = true;
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok((names, true)),
            Err(cause) => return Err(cause),
        };
        let after = self.after.and_then(|after| after.strip_prefix(base)).map(str::as_bytes);
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            // Most of a large folder stands before or behind the page: passed over before it costs anything.
            let bytes = name.as_encoded_bytes();
            let before = after.is_some_and(|after| bytes < after && !after.starts_with(bytes));
            let last = if names.len() >= wanted { names.last() } else { None };
            let last: Option<&str> = last.and_then(|last: &String| last.strip_prefix(base));
            if before || last.is_some_and(|last| bytes > last.as_bytes()) {
                complete &= before;
                continue;
            }
            let (name, exact) = printable(&name);
            // A folder in the place of an object, or with a name that no key has, stands for itself: it
            // is listed, and whoever reads it learns that it is no object.
            let is_folder = entry.file_type()?.is_dir() && exact && !is_object(&format!("{base}{name}"));
            let key = format!("{base}{name}{}", if is_folder { "/" } else { "" });
            let wants = if is_folder { self.may_hold(&key) } else { self.holds(&key) };
            if !wants || behind.is_some_and(|behind| key.as_str() <= behind) {
                continue;
            }
            names.insert(key);
            if names.len() > wanted {
                names.pop_last();
                complete = false;
            }
        }
        Ok((names, complete))
    }

    fn holds(&self, key: &str) -> bool {
        key.starts_with(self.prefix) && self.after.is_none_or(|after| key > after)
    }

    /// Whether keys that begin with `folder` can be wanted.
    fn may_hold(&self, folder: &str) -> bool {
        let prefix = folder.starts_with(self.prefix) || self.prefix.starts_with(folder);
        let after = self.after.is_none_or(|after| folder > after || after.starts_with(folder));
        prefix && after
    }
}

/// A name as it can stand in a key and be printed, and whether it is exactly that.
fn printable(name: &OsStr) -> (String, bool) {
    let lossy = name.to_string_lossy();
    let text: String =
        lossy.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    let exact = name == text.as_str();
    (text, exact)
}

/// Whether this is the key of an object of a log.
fn is_object(key: &str) -> bool {
    let shard = key.strip_prefix("log/").and_then(|rest| rest.split_once('/'));
    shard.and_then(|(shard, _)| LogPaths::new(shard).ok()).is_some_and(|paths| paths.object(key).is_some())
}
