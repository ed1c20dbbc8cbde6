//! Which objects stand there at all, and whether their history is one creation.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{Code, Finding, Run};
use crate::error::{LogError, Step};
use crate::path::LogObject;

/// The most tiles ahead of the checkpoint that are remembered: those of one unfinished publication.
const MAX_AHEAD: usize = 4096;

/// The most kept checkpoints that are read: one a day for a century.
const MAX_KEPT: usize = 36_525;

/// The most rewritten objects that are read by version: more than that is no accident, and no log.
const MAX_FIRSTS: usize = 4096;

impl Run<'_> {
    /// Names what does not belong there, and remembers tiles of a larger tree than the checkpoint's. What
    /// stands among the entries is named when they are read.
    pub(super) async fn list_objects(&mut self) -> Result<(), LogError> {
        let entries = self.log.paths().bundles();
        // `0` follows `/`: behind all keys of entries.
        let behind = format!("{}0", entries.trim_end_matches('/'));
        let mut after: Option<String> = None;
        loop {
            let page = self.log.list(self.log.paths().prefix(), after.as_deref()).await?;
            for key in page.keys.iter().filter(|key| !key.starts_with(&entries)) {
                match self.log.paths().object(key) {
                    Some(LogObject::Tile(tile)) => {
                        let ahead = tile.end().is_none_or(|end| end > self.covered);
                        if ahead && self.tiles_ahead.len() < MAX_AHEAD {
                            self.tiles_ahead.push(tile);
                        }
                    }
                    Some(_) => {}
                    None => self.findings.add(Code::UnexpectedObject, Some(key.clone()), None),
                }
            }
            match page.keys.last() {
                Some(last) if page.more && last.starts_with(&entries) => after = Some(behind.clone()),
                Some(last) if page.more => after = Some(last.clone()),
                _ => break,
            }
        }
        Ok(())
    }

    /// Bundles, kept checkpoints and seal are created once and never again. Where one has been, what was
    /// written first is the log, and is read by its version from here on.
    pub(super) async fn list_rewritten(&mut self) -> Result<(), LogError> {
        let paths = self.log.paths();
        for prefix in [paths.bundles(), paths.kept(), paths.key(LogObject::Sealed)] {
            self.check_versions(&prefix).await?;
        }
        Ok(())
    }

    async fn check_versions(&mut self, prefix: &str) -> Result<(), LogError> {
        let mut after: Option<String> = None;
        loop {
            let Some(page) = self.log.rewritten(prefix, after.as_deref()).await? else { return Ok(()) };
            self.versions_checked = true;
            for object in &page.objects {
                let index = match self.log.paths().object(&object.key) {
                    Some(LogObject::Bundle { first }) => Some(first),
                    _ => None,
                };
                for (count, least, code) in [
                    (object.delete_markers, 1, Code::DeleteMarker),
                    (object.versions, 2, Code::SecondVersion),
                ] {
                    if count >= least {
                        let detail = Some(format!("{count}"));
                        self.findings.push(Finding { code, object: Some(object.key.clone()), index, detail });
                    }
                }
                if let Some(first) = &object.first
                    && self.firsts.len() < MAX_FIRSTS
                {
                    self.firsts.insert(object.key.clone(), first.clone());
                }
            }
            match page.objects.last() {
                Some(last) if page.more => after = Some(last.key.clone()),
                _ => return Ok(()),
            }
        }
    }

    /// All keys under a prefix of few objects, also of those on which a delete marker lies.
    pub(super) async fn created_once(&self, prefix: &str) -> Result<BTreeSet<String>, LogError> {
        let mut keys: BTreeSet<String> =
            self.firsts.keys().filter(|key| key.starts_with(prefix)).cloned().collect();
        let mut after: Option<String> = None;
        loop {
            let page = self.log.list(prefix, after.as_deref()).await?;
            after = page.keys.last().cloned();
            keys.extend(page.keys);
            if !page.more || after.is_none() || keys.len() > MAX_KEPT {
                return Ok(keys);
            }
        }
    }

    /// An object; the version that was written first, where there are others.
    pub(super) async fn read(&self, key: &str, limit: usize) -> Result<Option<Bytes>, LogError> {
        let object = match self.firsts.get(key) {
            Some(first) => self.log.get_version(key, first, limit).await?,
            None => self.log.get(key, limit, Step::Read).await?,
        };
        Ok(object.map(|object| object.bytes))
    }
}
