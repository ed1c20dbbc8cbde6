//! What a writer and a publisher do: the protocol, one [`Step`] of `tlog` at a time.

use tlog::Step;

use super::world::{Bundle, IDS, NOWHERE, PAST, Rule, Tree, World, Write};

/// Where a process goes after a call.
pub(super) enum Next {
    /// It went on.
    On,
    /// All of its batch is in the log: these places are acknowledged.
    Acknowledged([u8; IDS + 1]),
    /// It found the log closed: what it brings is not taken any more.
    Closed,
    /// It found something that the protocol says cannot be: an error that stops it.
    Damaged,
}

/// What came of a call that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It took effect.
    Done,
    /// Its condition did not hold.
    Refused,
    /// No answer.
    Nothing,
}

/// A process that appends: `Appender`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Writer {
    /// What it does next; `None` when all of its batches are in.
    pub(super) at: Option<Step>,
    /// Which of its batches it brings.
    pub(super) batch: u8,
    /// Counts its attempts, for the nonce; not forgotten by a restart, for a nonce never comes twice.
    attempts: u8,
    /// The tree up to where it has come; the index is complete through it.
    head: Option<Tree>,
    /// The hint that it follows, and how far that reaches.
    hint: Option<(u8, u8)>,
    /// Another's bundle that it steps over.
    found: Option<Bundle>,
    /// It looks for the head; otherwise it appends.
    looking: bool,
    /// It was told that the place is taken.
    taken: bool,
    /// Where the entries of the batch stand.
    places: [u8; IDS + 1],
}

impl Writer {
    pub(super) fn new() -> Self {
        Self {
            at: Some(Step::ReadSeal),
            batch: 0,
            attempts: 0,
            head: None,
            hint: None,
            found: None,
            looking: true,
            taken: false,
            places: [NOWHERE; IDS + 1],
        }
    }

    /// A new process brings the same batch; or the same process after it gave up.
    pub(super) fn begin_anew(&mut self) {
        *self = Self { batch: self.batch, attempts: self.attempts, ..Self::new() };
    }

    /// The write that it does next, if that is one. Reads do nothing.
    pub(super) fn write(&self, number: u8, batch: &[u8]) -> Option<Write> {
        match self.at? {
            Step::Create | Step::RecordOwn => {
                let bundle = self.own(number, batch);
                Some(if self.at == Some(Step::Create) {
                    Write::Create(bundle)
                } else {
                    Write::Record(bundle)
                })
            }
            Step::RecordFound => self.found.map(Write::Record),
            _ => None,
        }
    }

    /// Whether its next call only reads what stays as it is.
    pub(super) fn is_settled(&self, world: &World) -> bool {
        match self.at {
            Some(Step::ReadSeal) => !world.seals || world.sealed.is_some(),
            Some(Step::ReadHinted) => true,
            Some(Step::ReadCoverage) => self.found.is_some_and(|found| world.through >= found.end()),
            Some(Step::Probe | Step::ReadBack) => world.bundle(self.head.unwrap_or_default().len()).is_some(),
            _ => false,
        }
    }

    /// It found another's bundle where it wanted to put its own.
    pub(super) fn was_beaten(&self) -> bool {
        !self.looking && self.found.is_some()
    }

    fn own(&self, number: u8, batch: &[u8]) -> Bundle {
        let mut entries = Tree::default();
        self.pending(batch).for_each(|id| entries.push(id));
        Bundle { before: self.head.unwrap_or_default(), entries, nonce: (number, self.attempts) }
    }

    fn pending<'b>(&self, batch: &'b [u8]) -> impl Iterator<Item = u8> + use<'_, 'b> {
        batch.iter().copied().filter(|id| self.places[usize::from(*id)] == NOWHERE)
    }

    /// Goes on after its call. Every step of the code stands here by name, so that a new one must be placed.
    pub(super) fn go(
        &mut self,
        world: &World,
        number: u8,
        batch: &[u8],
        told: Told,
        rules: Option<Rule>,
    ) -> Next {
        let Some(step) = self.at else { return Next::On };
        match step {
            Step::ReadSeal if world.sealed.is_some() => return Next::Closed,
            Step::ReadSeal => self.at = Some(Step::ReadCoverage),
            Step::ReadCoverage => return self.read_coverage(world, batch, rules),
            Step::ReadHinted => {
                let Some((first, through)) = self.hint.take() else { return Next::Damaged };
                let Some(bundle) = world.bundle(first).filter(|bundle| bundle.end() == through) else {
                    return Next::Damaged;
                };
                self.head = Some(bundle.before.with(bundle.entries));
                let probes = rules != Some(Rule::ProbeBehindTheHint);
                self.at = Some(if probes { Step::Probe } else { Step::CheckIds });
            }
            Step::Probe => match world.bundle(self.head.unwrap_or_default().len()) {
                Some(found) => return self.step_over(found),
                None => self.at = Some(Step::CheckIds),
            },
            Step::RecordFound | Step::RecordOwn if told == Told::Nothing => {}
            Step::RecordFound | Step::RecordOwn if told == Told::Refused => return Next::Damaged,
            Step::RecordFound => return self.stepped_over(batch, rules),
            Step::CheckIds => {
                for id in batch {
                    self.places[usize::from(*id)] = world.rows[usize::from(*id)];
                }
                self.looking = false;
                return self.next_bundle(batch);
            }
            Step::Create => match told {
                Told::Done => self.at = Some(Step::RecordOwn),
                Told::Refused if rules == Some(Rule::ReadBackWhatStands) => self.at = Some(Step::RecordOwn),
                Told::Refused | Told::Nothing => {
                    (self.at, self.taken) = (Some(Step::ReadBack), told == Told::Refused);
                }
            },
            Step::ReadBack => {
                let taken = std::mem::take(&mut self.taken);
                match world.bundle(self.head.unwrap_or_default().len()) {
                    Some(found) if found == self.own(number, batch) => self.at = Some(Step::RecordOwn),
                    Some(found) => return self.step_over(found),
                    None if taken => return Next::Damaged,
                    None => self.at = Some(Step::Create),
                }
            }
            Step::RecordOwn => {
                let own = self.own(number, batch);
                self.head = Some(own.before.with(own.entries));
                own.places().for_each(|(id, index)| self.places[usize::from(id)] = index);
                return self.next_bundle(batch);
            }
            Step::ReadCheckpoint
            | Step::ReadTiles
            | Step::WriteTiles
            | Step::Sign
            | Step::ReplaceCheckpoint
            | Step::Close
            | Step::WriteSeal
            | Step::KeepCheckpoint
            | Step::KeepHandover
            | Step::ReadWitnessed
            | Step::KeepWitnessed
            | Step::Read
            | Step::ResetIndex => unreachable!("no step of a writer: {step}"),
        }
        Next::On
    }

    fn read_coverage(&mut self, world: &World, batch: &[u8], rules: Option<Rule>) -> Next {
        if let Some(found) = self.found {
            let lags = rules == Some(Rule::IndexCompleteBeforeTheNextAttempt);
            if world.through < found.end() && !lags {
                self.at = Some(Step::RecordFound);
                return Next::On;
            }
            return self.stepped_over(batch, rules);
        }
        match world.last_bundle {
            Some(first) => (self.at, self.hint) = (Some(Step::ReadHinted), Some((first, world.through))),
            None => (self.at, self.head) = (Some(Step::Probe), Some(Tree::default())),
        }
        Next::On
    }

    fn step_over(&mut self, found: Bundle) -> Next {
        if Some(found.before) != self.head {
            return Next::Damaged;
        }
        if found.is_closing() {
            return Next::Closed;
        }
        (self.at, self.found) = (Some(Step::ReadCoverage), Some(found));
        Next::On
    }

    fn stepped_over(&mut self, batch: &[u8], rules: Option<Rule>) -> Next {
        let Some(found) = self.found.take() else { return Next::Damaged };
        self.head = Some(found.before.with(found.entries));
        if self.looking {
            self.at = Some(Step::Probe);
            return Next::On;
        }
        if rules != Some(Rule::DropWhatAnotherLogged) {
            for (id, index) in found.places().filter(|(id, _)| batch.contains(id)) {
                self.places[usize::from(id)] = index;
            }
        }
        self.next_bundle(batch)
    }

    fn next_bundle(&mut self, batch: &[u8]) -> Next {
        if self.pending(batch).next().is_none() {
            return Next::Acknowledged(self.places);
        }
        (self.at, self.attempts) = (Some(Step::Create), self.attempts + 1);
        Next::On
    }

    /// The next batch, with the head in mind.
    pub(super) fn next_batch(&mut self, batches: usize) {
        let head = self.head;
        self.batch += 1;
        self.begin_anew();
        let more = usize::from(self.batch) < batches;
        if more {
            (self.at, self.head) = (Some(Step::CheckIds), head);
        } else {
            self.end();
        }
    }

    /// All is said: states that differ in how it got here are one.
    pub(super) fn end(&mut self) {
        *self = Self { at: None, batch: self.batch, ..Self::new() };
    }

    /// The nonce of the attempt that it makes, if it still compares it with anything.
    pub(super) fn attempt(&self, number: u8) -> Option<(u8, u8)> {
        let attempts = matches!(self.at, Some(Step::Create | Step::ReadBack | Step::RecordOwn));
        attempts.then_some((number, self.attempts))
    }

    /// Counts its attempts anew from the one that it makes: no earlier one is compared with any more.
    pub(super) fn count_anew(&mut self) {
        self.attempts = u8::from(self.attempt(0).is_some());
        if let Some(found) = &mut self.found {
            found.nonce = PAST;
        }
    }
}
