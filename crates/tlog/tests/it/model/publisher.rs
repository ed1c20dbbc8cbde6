//! What a publisher does: the tiles and the checkpoint, one [`Step`] of `tlog` at a time.

use tlog::Step;

use super::process::{Next, Told};
use super::world::{Rule, Tree, World, Write};

/// A process that signs: `Publisher`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Publisher {
    pub(super) at: Step,
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
        Self { at: Step::ReadCheckpoint, edge: None, last: nothing, read: nothing, tree: nothing }
    }

    /// Whether there is something for it to do: the clock would call it all the same.
    pub(super) fn is_at_rest(&self, world: &World) -> bool {
        self.at == Step::ReadCheckpoint && world.bundle(world.checkpoint.len()).is_none()
    }

    /// The write that it does next, if that is one.
    pub(super) fn write(&self) -> Option<Write> {
        match self.at {
            Step::WriteTiles => Some(Write::Tiles(self.tree.len())),
            Step::ReplaceCheckpoint => Some(Write::Replace { read: self.read, with: self.tree }),
            _ => None,
        }
    }

    /// Whether its next call changes nothing that others see, and comes out the same at any moment.
    pub(super) fn is_settled(&self, world: &World) -> bool {
        match self.at {
            Step::ReadTiles | Step::Sign => true,
            Step::Probe => world.bundle(self.tree.len()).is_some(),
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
                None => self.rest(None),
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
                Some(next) => return self.follow(self.tree.with(next.entries)),
                None if self.tree.len() < self.read.len() => return Next::Damaged,
                None if self.tree == self.read => self.rest(Some(self.tree)),
                None if without == Some(Rule::TilesBeforeTheCheckpoint) => self.at = Step::Sign,
                None => self.at = Step::WriteTiles,
            },
            Step::WriteTiles if told == Told::Nothing => {}
            Step::WriteTiles => self.at = Step::Sign,
            Step::Sign => self.at = Step::ReplaceCheckpoint,
            Step::ReplaceCheckpoint => {
                let edge = Some(self.tree);
                let last = if told == Told::Done { self.tree } else { self.last };
                self.rest(edge);
                self.last = last;
            }
            Step::ReadSeal
            | Step::ReadCoverage
            | Step::RecordFound
            | Step::CheckIds
            | Step::Create
            | Step::ReadBack
            | Step::RecordOwn
            | Step::WriteSeal
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
        *self = Self { edge, last, ..Self::new() };
    }
}
