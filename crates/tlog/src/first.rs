//! A log as it was first written, whatever was laid over it since.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::LogError;
use crate::log::Log;

/// The most bundles that are read by version: more than that is no accident, and no log.
const MAX_FIRSTS: usize = 4096;

impl Log {
    /// The same log, each bundle read in the version that was written first: what was laid over it, or a delete
    /// marker on it, changes nothing for the reader. That it happened, [`verify`](crate::verify) says. Lists the
    /// versions of all bundles once, as they stand now; where the storage keeps none, it is the log itself.
    pub async fn first_written(&self) -> Result<Self, LogError> {
        let (mut firsts, mut after): (BTreeMap<String, String>, Option<String>) = (BTreeMap::new(), None);
        let prefix = self.paths().bundles();
        while let Some(page) = self.rewritten(&prefix, after.as_deref()).await? {
            after = page.objects.last().map(|object| object.key.clone());
            firsts.extend(page.objects.into_iter().filter_map(|object| Some((object.key, object.first?))));
            if !page.more || after.is_none() || firsts.len() >= MAX_FIRSTS {
                break;
            }
        }
        let mut log = self.clone();
        log.firsts = Arc::new(firsts);
        Ok(log)
    }
}
