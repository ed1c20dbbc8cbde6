//! The state of a verification, by which it is taken up where it was broken off.
//!
//! A line with the SHA-256 of the rest, then JSON. It is the word of whoever verifies: keep it where the log's
//! keeper cannot write, as whoever can write it can leave findings out.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Code, Finding, Run, VerifyOptions};
use crate::append::extend;
use crate::bundle::{BundleRef, MAX_BUNDLE_BYTES};
use crate::error::LogError;
use crate::hash::{Hash, sha256};
use crate::index::Coverage;
use crate::log::BUNDLES_PAGE;
use crate::path::LogObject;
use crate::tile::{Edge, SavedEdge};

const FIRST_LINE: &str = "tlog-verification@v1 ";
/// Longer than any state: 1,000 findings and the unfinished tiles.
const MAX_STATE_BYTES: usize = 16 << 20;
/// Codes of entries that a state may bring.
const MAX_CODES: usize = 256;

/// What is offered the state of a verification: called with a function that writes it down, so that it costs
/// nothing where it is not kept.
pub type KeepState<'a> = &'a (dyn Fn(&dyn Fn() -> Vec<u8>) + Send + Sync);

/// Why a verification cannot be taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Not the state of a verification, or cut off, or altered.
    #[error("not the whole state of a verification: remove it to verify from the first entry")]
    Damaged,
    /// The state of the verification of another log.
    #[error("the state is of another log")]
    OtherLog,
    /// It was begun with other options: index, opening of payloads, checkpoints, seal, key.
    #[error("it was begun with other options or checkpoints")]
    OtherOptions,
    /// What was read before is not there any more as it was.
    #[error("the log has changed below entry {size}, where it was broken off: verify it from the first")]
    Changed {
        /// The number of entries that had been verified.
        size: u64,
    },
}

/// What was known when the reading of entries began: what comes after it belongs into the state.
#[derive(Debug, Clone, Default)]
pub(super) struct Begun {
    findings: usize,
    more: u64,
    marks: BTreeSet<(u64, Hash)>,
}

#[derive(Serialize, Deserialize)]
struct State {
    origin: String,
    prefix: String,
    options: String,
    marks: Vec<(u64, String)>,
    since: Option<u64>,
    after: String,
    passed: u64,
    bundles: u64,
    erased: u64,
    edge: SavedEdge,
    findings: Vec<SavedFinding>,
    more: u64,
    index: Option<SavedIndex>,
}

#[derive(Serialize, Deserialize)]
struct SavedFinding {
    code: String,
    object: Option<String>,
    index: Option<u64>,
    detail: Option<String>,
}

/// How far the comparison with the index has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SavedIndex {
    pub(super) through: u64,
    pub(super) last_bundle: Option<u64>,
    pub(super) fits: bool,
    pub(super) ahead: Option<u64>,
    pub(super) skip: u64,
    pub(super) outdated: bool,
}

impl SavedIndex {
    pub(super) fn coverage(&self) -> Coverage {
        Coverage { through: self.through, last_bundle: self.last_bundle }
    }
}

/// What a verification was asked, as far as its findings depend on it.
fn options_of(options: &VerifyOptions<'_>) -> String {
    let note = |bytes: Option<&[u8]>| bytes.map_or_else(|| "-".to_owned(), |bytes| sha256(bytes).to_string());
    let keys = options.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    format!(
        "trusted {} since {} sealed {} index {} opened {} findings {} keys {}",
        note(options.trusted),
        note(options.since),
        options.sealed,
        options.index.is_some(),
        options.describe.is_some(),
        options.max_findings,
        sha256(keys.as_bytes()),
    )
}

impl Run<'_> {
    /// Remembers where the beginning ends.
    pub(super) fn note_beginning(&mut self) {
        let marks = self.marks.iter().map(|mark| (mark.size, mark.root)).collect();
        self.begun = Begun { findings: self.findings.kept.len(), more: self.findings.more, marks };
    }

    /// Offers the state to whoever keeps it. Only as far as a checkpoint covers the entries, so that whatever is
    /// known when it is taken up lies behind it.
    pub(super) fn offer_state(&self) {
        let size = self.edge.frontier().size();
        if let (Some(keep), Some(after), false) = (self.options.keep, &self.passed.0, self.lost)
            && size <= self.covered
        {
            keep(&|| self.state(after));
        }
    }

    fn state(&self, after: &str) -> Vec<u8> {
        let saved = |finding: &Finding| SavedFinding {
            code: finding.code.as_str().to_owned(),
            object: finding.object.clone(),
            index: finding.index,
            detail: finding.detail.clone(),
        };
        let state = State {
            origin: self.log.origin().to_owned(),
            prefix: self.log.paths().prefix().to_owned(),
            options: options_of(self.options),
            marks: self.begun.marks.iter().map(|(size, root)| (*size, root.to_string())).collect(),
            since: self.since,
            after: after.to_owned(),
            passed: self.passed.1,
            bundles: self.bundles,
            erased: self.erased,
            edge: self.edge.save(),
            findings: self.findings.kept.iter().skip(self.begun.findings).map(saved).collect(),
            more: self.findings.more - self.begun.more,
            index: self.index.as_ref().map(super::IndexCheck::save),
        };
        let json = serde_json::to_vec(&state).unwrap_or_default();
        [format!("{FIRST_LINE}{}\n", sha256(&json)).as_bytes(), &json].concat()
    }

    /// Goes on from a state, if it is of this log and the log still is as it was.
    pub(super) async fn take_up(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        let state = parse(bytes).ok_or(StateError::Damaged)?;
        if state.origin != self.log.origin() || state.prefix != self.log.paths().prefix() {
            return Err(StateError::OtherLog.into());
        }
        if state.options != options_of(self.options) {
            return Err(StateError::OtherOptions.into());
        }
        let edge = Edge::restore(&state.edge).ok_or(StateError::Damaged)?;
        let size = edge.frontier().size();
        let changed = || LogError::from(StateError::Changed { size });
        // What was signed then must be signed still, and nothing new may be said about what was read.
        let seen: BTreeSet<(u64, String)> = state.marks.into_iter().collect();
        let below = |(at, _): &&(u64, String)| *at <= size;
        let now: BTreeSet<(u64, String)> =
            self.marks.iter().map(|mark| (mark.size, mark.root.to_string())).collect();
        let checked = now.iter().filter(below).all(|mark| seen.contains(mark));
        if !checked
            || self.covered < size
            || !self.stands(&state.after, state.passed, state.since, &edge).await?
        {
            return Err(changed());
        }
        self.marks.retain(|mark| mark.size > size);
        self.edge = edge;
        (self.since, self.bundles, self.erased) = (state.since, state.bundles, state.erased);
        if state.since.is_some() {
            self.trusted = self.trusted.max(state.since);
        }
        self.passed = (Some(state.after), state.passed);
        self.index = match (self.index.take(), state.index) {
            (Some(index), Some(saved)) => Some(index.restore(&saved, size).ok_or_else(changed)?),
            // It could not be read then: that is among the findings.
            _ => None,
        };
        for finding in state.findings {
            let code = Code::parse(&finding.code).ok_or(StateError::Damaged)?;
            let SavedFinding { object, index, detail, .. } = finding;
            self.findings.push(Finding { code, object, index, detail });
        }
        self.findings.more += state.more;
        Ok(())
    }

    /// Whether as many objects stand there as were passed, and the last bundle still leads to this tree.
    async fn stands(
        &self,
        last: &str,
        passed: u64,
        since: Option<u64>,
        edge: &Edge,
    ) -> Result<bool, LogError> {
        let prefix = self.log.paths().bundles();
        let mut after = since.and_then(|size| size.checked_sub(1)).map(|last| self.log.paths().bundle(last));
        let begin = after.clone();
        let hidden = |key: &&String| {
            key.starts_with(&prefix)
                && key.as_str() <= last
                && begin.as_ref().is_none_or(|begin| *key > begin)
        };
        let mut listed: BTreeSet<String> = self.firsts.keys().filter(hidden).cloned().collect();
        let mut found = listed.len() as u64;
        'pages: loop {
            let page = self.log.list_pages_of(BUNDLES_PAGE, &prefix, after.as_deref()).await?;
            for key in &page.keys {
                if key.as_str() > last {
                    break 'pages;
                }
                found += u64::from(!listed.remove(key));
            }
            match page.keys.last() {
                Some(key) if page.more => after = Some(key.clone()),
                _ => break,
            }
        }
        if found != passed {
            return Ok(false);
        }
        let Some(LogObject::Bundle { first }) = self.log.paths().object(last) else { return Ok(true) };
        let Some(bytes) = self.read(last, MAX_BUNDLE_BYTES).await? else { return Ok(false) };
        let Ok(bundle) = BundleRef::parse(&bytes) else { return Ok(false) };
        let mut tree = bundle.before().unwrap_or_default();
        if extend(&mut tree, &bundle).is_err() {
            return Ok(false);
        }
        // A bundle within another was passed over.
        Ok(first == bundle.first() && (tree == *edge.frontier() || tree.size() < edge.frontier().size()))
    }
}

fn parse(bytes: &[u8]) -> Option<State> {
    let (sum, json) = bytes.strip_prefix(FIRST_LINE.as_bytes())?.split_at_checked(64)?;
    let json = json.strip_prefix(b"\n").filter(|json| json.len() <= MAX_STATE_BYTES)?;
    (sha256(json).to_string().as_bytes() == sum).then(|| serde_json::from_slice(json).ok())?
}

impl Code {
    /// The code with this name; of those that are the caller's own, so many as a caller may have.
    fn parse(name: &str) -> Option<Self> {
        static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        if let Some(code) = Self::named(name) {
            return Some(code);
        }
        if name.len() > 64 || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            return None;
        }
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.get(name) {
            return Some(Self::Entry(name));
        }
        if known.len() >= MAX_CODES {
            return None;
        }
        let name: &'static str = String::leak(name.to_owned());
        known.insert(name);
        Some(Self::Entry(name))
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("after", &self.after).finish_non_exhaustive()
    }
}
