//! What a publisher does: the tiles and the checkpoint, one [`Step`] of `tlog` at a time.

use tlog::Step;

use super::process::{Next, Told};
use super::world::{Bundle, Rule, Tree, World, Write};

/// How far a process is that seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Seals {
    /// It does not.
    Not,
    /// It will.
    Yet,
    /// What closes the log stands; it covers all, and writes the seal.
    Closed,
    Done,
}

/// A process that signs: `Publisher`. One of them may seal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Publisher {
    pub(super) at: Step,
    seals: Seals,
    /// It was told that the place is taken where it would close the log.
    taken: bool,
    /// The tree that it has in mind from its last round.
    edge: Option<Tree>,
    /// The largest checkpoint that it has seen or signed.
    last: Tree,
    /// The checkpoint that it read in this round.
    read: Tree,
    /// The tree that it works on.
    tree: Tree,
}

impl Publisher {
    pub(super) fn new() -> Self {
        let nothing = Tree::default();
        let (seals, taken) = (Seals::Not, false);
        Self {
            at: Step::ReadCheckpoint,
            seals,
            taken,
            edge: None,
            last: nothing,
            read: nothing,
            tree: nothing,
        }
    }

    /// One that seals.
    pub(super) fn sealer() -> Self {
        Self { seals: Seals::Yet, ..Self::new() }
    }

    /// A new process in its place. Sealing is begun anew.
    pub(super) fn begin_anew(&mut self) {
        let seals = if self.seals == Seals::Not { Seals::Not } else { Seals::Yet };
        *self = Self { seals, ..Self::new() };
    }

    /// Whether there is something for it to do: the clock would call it all the same.
    pub(super) fn is_at_rest(&self, world: &World) -> bool {
        let covered = world.bundle(world.checkpoint.len()).is_none_or(|bundle| bundle.is_closing());
        self.at == Step::ReadCheckpoint && covered && matches!(self.seals, Seals::Not | Seals::Done)
    }

    /// The write that it does next, if that is one.
    pub(super) fn write(&self) -> Option<Write> {
        match self.at {
            Step::WriteTiles => Some(Write::Tiles(self.tree.len())),
            Step::ReplaceCheckpoint => Some(Write::Replace { read: self.read, with: self.tree }),
            Step::Close => Some(Write::Create(Bundle::closing(self.tree))),
            Step::WriteSeal => Some(Write::Seal(self.tree.len())),
            _ => None,
        }
    }

    /// Whether its next call changes nothing that others see, and comes out the same at any moment.
    pub(super) fn is_settled(&self, world: &World) -> bool {
        match self.at {
            Step::ReadTiles | Step::Sign => true,
            Step::Probe | Step::ReadBack => world.bundle(self.tree.len()).is_some(),
            _ => false,
        }
    }

    /// The tree that it signs next.
    pub(super) fn signs(&self) -> Option<Tree> {
        (self.at == Step::Sign).then_some(self.tree)
    }

    /// Goes on after its call. Every step of the code stands here by name, so that a new one must be placed.
    pub(super) fn go(&mut self, world: &World, told: Told, without: Option<Rule>) -> Next {
        match self.at {
            Step::ReadCheckpoint => {
                self.read = world.checkpoint;
                if !self.last.is_prefix_of(self.read) {
                    return Next::Damaged;
                }
                match self.edge.take().filter(|edge| edge.len() <= self.read.len()) {
                    Some(edge) => return self.follow(edge),
                    None if self.read.len() == 0 => return self.follow(Tree::default()),
                    None => self.at = Step::ReadHinted,
                }
            }
            Step::ReadHinted => match world.bundle(self.read.len()) {
                None => self.covered(None, self.read, without),
                Some(next) if next.before != self.read => return Next::Damaged,
                Some(_) => self.at = Step::ReadTiles,
            },
            Step::ReadTiles => {
                if !world.has_tiles(self.read.len()) {
                    return Next::Damaged;
                }
                return self.follow(self.read);
            }
            Step::Probe => match world.bundle(self.tree.len()) {
                Some(next) if next.before != self.tree => return Next::Damaged,
                Some(next) if !next.is_closing() => return self.follow(self.tree.with(next.entries)),
                _ if self.tree.len() < self.read.len() => return Next::Damaged,
                _ if self.tree == self.read => self.covered(Some(self.tree), self.tree, without),
                _ if without == Some(Rule::TilesBeforeTheCheckpoint) => self.at = Step::Sign,
                _ => self.at = Step::WriteTiles,
            },
            Step::WriteTiles if told == Told::Nothing => {}
            Step::WriteTiles => self.at = Step::Sign,
            Step::Sign => self.at = Step::ReplaceCheckpoint,
            Step::ReplaceCheckpoint => {
                let edge = Some(self.tree);
                if told == Told::Done {
                    self.last = self.tree;
                    self.covered(edge, self.tree, without);
                } else {
                    self.rest(edge);
                }
            }
            Step::Close if told == Told::Done => self.closed(),
            Step::Close => (self.at, self.taken) = (Step::ReadBack, told == Told::Refused),
            Step::ReadBack => match (world.bundle(self.tree.len()), std::mem::take(&mut self.taken)) {
                (Some(found), _) if found.before != self.tree => return Next::Damaged,
                (Some(found), _) if found.is_closing() => self.closed(),
                (Some(found), _) => (self.at, self.tree) = (Step::Close, self.tree.with(found.entries)),
                (None, true) => return Next::Damaged,
                (None, false) => self.at = Step::Close,
            },
            Step::WriteSeal if told == Told::Nothing => {}
            Step::WriteSeal => *self = Self { seals: Seals::Done, last: self.last, ..Self::new() },
            Step::ReadSeal
            | Step::ReadCoverage
            | Step::RecordFound
            | Step::CheckIds
            | Step::Create
            | Step::RecordOwn
            | Step::KeepCheckpoint
            | Step::KeepHandover
            | Step::ReadWitnessed
            | Step::KeepWitnessed
            | Step::Read
            | Step::ResetIndex => unreachable!("no step of a publisher: {}", self.at),
        }
        Next::On
    }

    /// Has come to this tree: behind the checkpoint it must be the one that was signed.
    fn follow(&mut self, tree: Tree) -> Next {
        if tree.len() >= self.read.len() {
            if !self.read.is_prefix_of(tree) {
                return Next::Damaged;
            }
            self.last = self.read;
        }
        (self.at, self.tree) = (Step::Probe, tree);
        Next::On
    }

    fn rest(&mut self, edge: Option<Tree>) {
        let last = if edge.is_some() { self.last } else { self.read };
        *self = Self { edge, last, seals: self.seals, ..Self::new() };
    }

    /// The checkpoint covers this tree, behind which it found nothing: the end of its round.
    fn covered(&mut self, edge: Option<Tree>, tree: Tree, without: Option<Rule>) {
        self.rest(edge);
        self.tree = match self.seals {
            Seals::Not | Seals::Done => return,
            Seals::Yet | Seals::Closed => tree,
        };
        let closes = self.seals == Seals::Yet && without != Some(Rule::CloseBeforeTheSeal);
        self.at = if closes { Step::Close } else { Step::WriteSeal };
    }

    /// What closes the log stands: what it overtook on the way is still to be covered.
    fn closed(&mut self) {
        *self = Self { seals: Seals::Closed, edge: self.edge, last: self.last, ..Self::new() };
    }
}
