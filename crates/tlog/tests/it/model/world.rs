//! What stands in the model's storage and index, and what a call of a port does to it.

use std::fmt;

/// Entries have these numbers as ids: 1 to [`IDS`].
pub(super) const IDS: usize = 6;

/// The nonce of a bundle that nobody compares with an attempt of its own any more.
pub(super) const PAST: (u8, u8) = (u8::MAX, 0);

/// Marks an id that stands nowhere.
pub(super) const NOWHERE: u8 = u8::MAX;

/// The ids of the entries from the first on: what a root of the real tree commits to.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Tree {
    len: u8,
    /// Four bits each.
    ids: u64,
}

impl Tree {
    pub(super) fn len(self) -> u8 {
        self.len
    }

    pub(super) fn push(&mut self, id: u8) {
        assert!(self.len < 16 && id < 16, "the model is larger than its tree");
        self.ids |= u64::from(id) << (4 * self.len);
        self.len += 1;
    }

    pub(super) fn with(mut self, other: Self) -> Self {
        other.iter().for_each(|id| self.push(id));
        self
    }

    pub(super) fn get(self, at: u8) -> Option<u8> {
        (at < self.len).then_some(((self.ids >> (4 * at)) & 15) as u8)
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u8> {
        (0..self.len).map(move |at| ((self.ids >> (4 * at)) & 15) as u8)
    }

    /// Whether `longer` continues it.
    pub(super) fn is_prefix_of(self, longer: Self) -> bool {
        let mask = if self.len == 16 { u64::MAX } else { (1 << (4 * self.len)) - 1 };
        self.len <= longer.len && longer.ids & mask == self.ids
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A bundle: what it holds, which tree it continues, and whose attempt it is (the nonce).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Bundle {
    pub(super) before: Tree,
    pub(super) entries: Tree,
    pub(super) nonce: (u8, u8),
}

impl Bundle {
    /// Behind this tree, and of no writer: nothing comes behind it.
    pub(super) fn closing(before: Tree) -> Self {
        Self { before, entries: Tree::default(), nonce: PAST }
    }

    pub(super) fn is_closing(&self) -> bool {
        self.entries.len() == 0
    }

    pub(super) fn first(&self) -> u8 {
        self.before.len()
    }

    pub(super) fn end(&self) -> u8 {
        self.before.len() + self.entries.len()
    }

    /// Each id and its index.
    pub(super) fn places(&self) -> impl Iterator<Item = (u8, u8)> {
        self.entries.iter().zip(self.first()..)
    }
}

/// A write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Write {
    Create(Bundle),
    Record(Bundle),
    /// Only the rows: the process or the adapter stopped before the coverage.
    Rows(Bundle),
    Tiles(u8),
    Replace {
        read: Tree,
        with: Tree,
    },
    /// The seal of a log of this length.
    Seal(u8),
}

/// The rules that are followed; a test leaves one out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// A bundle is created only where none stands.
    CreateOnlyWhereNothingStands,
    /// Nobody tries a place before the index is complete up to it.
    IndexCompleteBeforeTheNextAttempt,
    /// Whoever finds the place taken reads what stands there, and compares the nonce.
    ReadBackWhatStands,
    /// What another writer's bundle holds is not brought again.
    DropWhatAnotherLogged,
    /// A checkpoint is replaced only if it is the one that was read.
    ReplaceOnlyWhatWasRead,
    /// The tiles stand before the checkpoint that they belong to.
    TilesBeforeTheCheckpoint,
    /// What closes the log stands before the seal does.
    CloseBeforeTheSeal,
    /// The hint where the head is, is not believed: what stands behind it is looked for.
    ProbeBehindTheHint,
}

/// Storage and index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    /// By first index.
    pub(super) bundles: Vec<Bundle>,
    /// Where the index says that an id stands.
    pub(super) rows: [u8; IDS + 1],
    pub(super) through: u8,
    pub(super) last_bundle: Option<u8>,
    /// Sizes of which the unfinished tiles stand.
    pub(super) tiles: u32,
    pub(super) checkpoint: Tree,
    /// Whether somebody seals; it stays as it is.
    pub(super) seals: bool,
    /// The length of the log of which the seal stands.
    pub(super) sealed: Option<u8>,
}

impl World {
    pub(super) fn new(seals: bool) -> Self {
        let (rows, checkpoint) = ([NOWHERE; IDS + 1], Tree::default());
        let bundles = Vec::new();
        Self { bundles, rows, through: 0, last_bundle: None, tiles: 1, checkpoint, seals, sealed: None }
    }

    /// Whether the bundle stands that closes the log.
    pub(super) fn is_closed(&self) -> bool {
        self.bundles.iter().any(Bundle::is_closing)
    }

    /// Whether a write that is on its way changes nothing, whenever it arrives.
    pub(super) fn is_past(&self, write: &Write, without: Option<Rule>) -> bool {
        match write {
            Write::Create(bundle) => {
                without != Some(Rule::CreateOnlyWhereNothingStands) && self.bundle(bundle.first()).is_some()
            }
            Write::Record(bundle) | Write::Rows(bundle) => self.through >= bundle.end(),
            Write::Tiles(size) => self.has_tiles(*size),
            // The checkpoint only grows.
            Write::Replace { read, .. } => {
                without != Some(Rule::ReplaceOnlyWhatWasRead)
                    && self.checkpoint != *read
                    && self.checkpoint.len() >= read.len()
            }
            Write::Seal(_) => self.sealed.is_some(),
        }
    }

    pub(super) fn bundle(&self, first: u8) -> Option<Bundle> {
        self.bundles.iter().find(|bundle| bundle.first() == first).copied()
    }

    /// Every entry, as far as each bundle begins where the one before it ends.
    pub(super) fn entries(&self) -> Tree {
        let mut tree = Tree::default();
        while let Some(bundle) = self.bundle(tree.len()).filter(|bundle| !bundle.is_closing()) {
            tree = tree.with(bundle.entries);
        }
        tree
    }

    pub(super) fn has_tiles(&self, size: u8) -> bool {
        self.tiles & (1 << size) != 0
    }

    /// Takes effect; whether its condition held.
    pub(super) fn write(&mut self, write: Write, without: Option<Rule>) -> bool {
        match write {
            Write::Create(bundle) => {
                if self.bundle(bundle.first()).is_some() {
                    if without != Some(Rule::CreateOnlyWhereNothingStands) {
                        return false;
                    }
                    self.bundles.retain(|standing| standing.first() != bundle.first());
                }
                self.bundles.push(bundle);
                self.bundles.sort_unstable_by_key(|bundle| (bundle.first(), bundle.is_closing()));
                true
            }
            Write::Record(bundle) | Write::Rows(bundle) => {
                if self.through < bundle.first() {
                    return false;
                }
                if self.through >= bundle.end() {
                    return true;
                }
                for (id, index) in bundle.places() {
                    let row = &mut self.rows[usize::from(id)];
                    if *row == NOWHERE {
                        *row = index;
                    }
                }
                if matches!(write, Write::Record(_)) {
                    (self.through, self.last_bundle) = (bundle.end(), Some(bundle.first()));
                }
                true
            }
            Write::Tiles(size) => {
                self.tiles |= 1 << size;
                true
            }
            Write::Replace { read, with } => {
                let held = self.checkpoint == read || without == Some(Rule::ReplaceOnlyWhatWasRead);
                if held {
                    self.checkpoint = with;
                }
                held
            }
            Write::Seal(size) => {
                let new = self.sealed.is_none();
                self.sealed.get_or_insert(size);
                new
            }
        }
    }
}
