//! Which objects stand there at all, and whether their history is one creation.

use super::{Code, Finding, Run};
use crate::error::{LogError, Step};
use crate::log::PAGE;
use crate::path::LogObject;

/// The most tiles ahead of the checkpoint that are remembered: those of one unfinished publication.
const MAX_AHEAD: usize = 4096;

impl Run<'_> {
    /// Names what does not belong there, and remembers tiles of a larger tree than the checkpoint's.
    pub(super) async fn list_objects(&mut self) -> Result<(), LogError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.log.list(self.log.paths().prefix(), after.as_deref()).await?;
            for key in &page.keys {
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
                Some(last) if page.more => after = Some(last.clone()),
                _ => break,
            }
        }
        let seal = self.log.paths().key(LogObject::Sealed);
        for prefix in [self.log.paths().bundles(), seal] {
            self.check_versions(&prefix).await?;
        }
        Ok(())
    }

    /// Bundles and seal are created once and never again.
    async fn check_versions(&mut self, prefix: &str) -> Result<(), LogError> {
        let mut after: Option<String> = None;
        loop {
            let page = match self.log.storage().rewritten(prefix, after.as_deref(), PAGE).await {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(()),
                Err(source) => return Err(LogError::Storage { step: Step::Read, source }),
            };
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
            }
            match page.objects.last() {
                Some(last) if page.more => after = Some(last.key.clone()),
                _ => return Ok(()),
            }
        }
    }
}
