//! The protocol as a model: three writers and a publisher in any order, with whatever may go wrong.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use stateright::{Expectation, Model, Property};
use tlog::Step;

use super::process::{Next, Told, Writer};
use super::publisher::Publisher;
use super::world::{Bundle, IDS, NOWHERE, PAST, Rule, Tree, World, Write};

/// Steps that a process did one after the other.
pub(super) type Pairs = Mutex<BTreeSet<(Step, Step)>>;

/// What is to be explored.
pub(super) struct Protocol {
    /// For each writer the batches of ids that it has to bring. The same id at two writers: delivered again.
    pub(super) batches: Vec<Vec<Vec<u8>>>,
    pub(super) publishers: usize,
    /// How many of them seal, besides.
    pub(super) sealers: usize,
    /// How many things may go wrong, of any kind, at any moment.
    pub(super) troubles: u8,
    /// The rule that nobody follows.
    pub(super) without: Option<Rule>,
    /// Which steps came behind which.
    pub(super) pairs: Arc<Pairs>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) world: World,
    writers: Vec<Writer>,
    publishers: Vec<Publisher>,
    /// Writes that are still on their way; some never arrive.
    late: Vec<Write>,
    troubles: u8,
    /// Where each id stands, as was told to who brought it.
    acknowledged: [u8; IDS + 1],
    /// The longest tree that has been signed. All that were signed before are beginnings of it, or `wrong` says so.
    signed: Tree,
    /// What went wrong, other than what `world` shows.
    wrong: Option<Wrong>,
}

/// What can be wrong with what has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Wrong {
    /// A process found what cannot be, and stopped.
    Damage,
    /// Two checkpoints were signed, neither of which continues the other.
    SignedApart,
    /// A smaller checkpoint replaced a larger one.
    Shrunk,
}

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Writer(u8),
    Publisher(u8),
}

/// How a call of a port comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It takes effect and answers.
    Answered,
    /// It takes effect; the answer is lost.
    AnswerLost,
    /// No answer; it takes effect later, or never.
    Late,
    /// Of an index record only the rows take effect; no answer.
    RowsOnly,
    /// The process dies before the call, or gives up; another brings the same.
    DiesBefore,
    /// The process dies right after the effect.
    DiesAfter,
    /// The process dies while the call is on its way.
    DiesMeanwhile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Call(Who, How),
    /// A late write takes effect.
    Arrives(u8),
}

impl Protocol {
    /// Whether the property must always hold.
    pub(super) fn is_promise(&self, name: &str) -> bool {
        let mut properties = self.properties().into_iter();
        properties.any(|property| property.name == name && property.expectation == Expectation::Always)
    }

    fn batch(&self, writer: usize, batch: u8) -> &[u8] {
        &self.batches[writer][usize::from(batch)]
    }

    fn write(&self, state: &State, who: Who) -> Option<Write> {
        match who {
            Who::Writer(n) => {
                let writer = &state.writers[usize::from(n)];
                writer.write(n, self.batch(n.into(), writer.batch))
            }
            Who::Publisher(n) => state.publishers[usize::from(n)].write(),
        }
    }

    fn call(&self, state: &mut State, who: Who, how: How) {
        let write = self.write(state, who);
        let mut told = Told::Nothing;
        match (how, write) {
            (How::Answered, Some(write)) => {
                told = if state.write(write, self.without) { Told::Done } else { Told::Refused };
            }
            (How::AnswerLost | How::DiesAfter, Some(write)) => {
                state.write(write, self.without);
            }
            (How::Late | How::DiesMeanwhile, Some(write)) => {
                state.late.push(write);
                state.late.sort_unstable();
            }
            (How::RowsOnly, Some(Write::Record(bundle))) => {
                state.write(Write::Rows(bundle), self.without);
            }
            _ => {}
        }
        if how != How::Answered {
            state.troubles -= 1;
        }
        let dies = matches!(how, How::DiesBefore | How::DiesAfter | How::DiesMeanwhile);
        match who {
            Who::Writer(n) => {
                let writer = &mut state.writers[usize::from(n)];
                if dies {
                    return writer.begin_anew();
                }
                let (from, batch) = (writer.at, self.batch(n.into(), writer.batch));
                match writer.go(&state.world, n, batch, told, self.without) {
                    Next::On => {}
                    Next::Damaged => state.wrong = Some(Wrong::Damage),
                    Next::Closed => writer.end(),
                    Next::Acknowledged(places) => {
                        for (acknowledged, place) in state.acknowledged.iter_mut().zip(places) {
                            *acknowledged = if place == NOWHERE { *acknowledged } else { place };
                        }
                        writer.next_batch(self.batches[usize::from(n)].len());
                    }
                }
                self.note(from, writer.at);
            }
            Who::Publisher(n) => {
                let publisher = &mut state.publishers[usize::from(n)];
                if dies {
                    return publisher.begin_anew();
                }
                let from = publisher.at;
                if let Some(tree) = publisher.signs() {
                    if state.signed.is_prefix_of(tree) {
                        state.signed = tree;
                    } else if !tree.is_prefix_of(state.signed) {
                        state.wrong = Some(Wrong::SignedApart);
                    }
                }
                if matches!(publisher.go(&state.world, told, self.without), Next::Damaged) {
                    state.wrong = Some(Wrong::Damage);
                }
                self.note(Some(from), Some(publisher.at));
            }
        }
    }

    fn note(&self, from: Option<Step>, to: Option<Step>) {
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            self.pairs.lock().unwrap().insert((from, to));
        }
    }

    fn everybody(&self, state: &State) -> Vec<Who> {
        let writers = (0..).zip(&state.writers).filter(|(_, writer)| writer.at.is_some());
        let publishers =
            (0..).zip(&state.publishers).filter(|(_, publisher)| !publisher.is_at_rest(&state.world));
        writers.map(|(n, _)| Who::Writer(n)).chain(publishers.map(|(n, _)| Who::Publisher(n))).collect()
    }
}

impl State {
    fn write(&mut self, write: Write, without: Option<Rule>) -> bool {
        let before = self.world.checkpoint.len();
        let held = self.world.write(write, without);
        if self.world.checkpoint.len() < before {
            self.wrong = Some(Wrong::Shrunk);
        }
        held
    }

    /// Forgets what makes no difference any more: which earlier attempt a bundle is of, and writes on their way that
    /// come too late. States that differ in nothing else have the same future.
    fn forget_the_past(&mut self, without: Option<Rule>) {
        let mut attempts = [None; 4];
        for (n, writer) in (0_u8..).zip(&mut self.writers) {
            attempts[usize::from(n)] = writer.attempt(n);
            writer.count_anew();
        }
        let rename = |bundle: &mut Bundle| {
            let current = attempts.contains(&Some(bundle.nonce)) && bundle.nonce != PAST;
            bundle.nonce = if current { (bundle.nonce.0, 1) } else { PAST };
        };
        self.world.bundles.iter_mut().for_each(rename);
        let Self { world, late, .. } = self;
        late.retain(|write| !world.is_past(write, without));
        for write in late.iter_mut() {
            match write {
                Write::Create(bundle) => rename(bundle),
                Write::Record(bundle) | Write::Rows(bundle) => bundle.nonce = PAST,
                Write::Tiles(_) | Write::Replace { .. } | Write::Seal(_) => {}
            }
        }
        late.sort_unstable();
    }

    /// Whether the next call of this process only reads what no call of another changes any more: what stands in a
    /// bundle, that there is one, that the index is complete so far, that there is no seal where nobody seals.
    fn is_settled(&self, who: Who) -> bool {
        match who {
            Who::Writer(n) => self.writers[usize::from(n)].is_settled(&self.world),
            Who::Publisher(n) => self.publishers[usize::from(n)].is_settled(&self.world),
        }
    }

    /// All writers are done, and the publisher has nothing to do.
    fn is_at_rest(&self) -> bool {
        self.writers.iter().all(|writer| writer.at.is_none())
            && self.publishers.iter().all(|publisher| publisher.is_at_rest(&self.world))
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            world: World::new(self.sealers > 0),
            writers: vec![Writer::new(); self.batches.len()],
            publishers: [vec![Publisher::new(); self.publishers], vec![Publisher::sealer(); self.sealers]]
                .concat(),
            late: Vec::new(),
            troubles: self.troubles,
            acknowledged: [NOWHERE; IDS + 1],
            signed: Tree::default(),
            wrong: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let everybody = self.everybody(state);
        // A call that changes nothing and comes out the same whatever others do before it: the orders of it and
        // their calls all lead to one state, and one of them is enough. Who dies at it might have died earlier.
        if let Some(who) = everybody.iter().find(|who| state.is_settled(**who)) {
            return actions.push(Action::Call(*who, How::Answered));
        }
        for who in everybody {
            actions.push(Action::Call(who, How::Answered));
            if state.troubles == 0 {
                continue;
            }
            actions.push(Action::Call(who, How::DiesBefore));
            // A read without an answer is done again: nothing has changed.
            if let Some(write) = self.write(state, who) {
                let ways = [How::AnswerLost, How::Late, How::DiesAfter, How::DiesMeanwhile];
                actions.extend(ways.map(|how| Action::Call(who, how)));
                if matches!(write, Write::Record(_)) {
                    actions.push(Action::Call(who, How::RowsOnly));
                }
            }
        }
        for (n, write) in (0..).zip(&state.late) {
            if n == 0 || state.late[usize::from(n) - 1] != *write {
                actions.push(Action::Arrives(n));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        if last.wrong.is_some() {
            return None;
        }
        let mut state = last.clone();
        match action {
            Action::Call(who, how) => self.call(&mut state, who, how),
            Action::Arrives(n) => {
                let write = state.late.remove(n.into());
                state.write(write, self.without);
            }
        }
        state.forget_the_past(self.without);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "each bundle continues the one before it: no fork, no gap",
                |_, state: &State| {
                    let mut tree = Tree::default();
                    state.world.bundles.iter().all(|bundle| {
                        let continues = bundle.before == tree;
                        tree = tree.with(bundle.entries);
                        continues
                    })
                },
            ),
            Property::always("no id stands twice", |_, state: &State| {
                let mut seen = 0_u16;
                state.world.entries().iter().all(|id| {
                    let new = seen & (1 << id) == 0;
                    seen |= 1 << id;
                    new
                })
            }),
            Property::always(
                "what was acknowledged stands where it was told, and is found",
                |_, state: &State| {
                    let entries = state.world.entries();
                    (0_u8..).zip(state.acknowledged).filter(|(_, place)| *place != NOWHERE).all(
                        |(id, place)| {
                            entries.get(place) == Some(id) && state.world.rows[usize::from(id)] == place
                        },
                    )
                },
            ),
            Property::always(
                "the index says what is true, and is complete as far as it says",
                |_, state: &State| {
                    let (world, entries) = (&state.world, state.world.entries());
                    (0_u8..).zip(world.rows).all(|(id, row)| row == NOWHERE || entries.get(row) == Some(id))
                        && world.through <= entries.len()
                        && (0..world.through).all(|index| {
                            entries.get(index).is_some_and(|id| world.rows[usize::from(id)] == index)
                        })
                },
            ),
            Property::always("the checkpoint never shrinks", |_, state: &State| {
                state.wrong != Some(Wrong::Shrunk)
            }),
            Property::always("nothing is signed that is not there, or changes", |_, state: &State| {
                state.wrong != Some(Wrong::SignedApart) && state.signed.is_prefix_of(state.world.entries())
            }),
            Property::always("the tiles of the checkpoint stand", |_, state: &State| {
                state.world.has_tiles(state.world.checkpoint.len())
            }),
            Property::always("nobody finds damage", |_, state: &State| state.wrong != Some(Wrong::Damage)),
            Property::always("at rest everything is in, and covered", |model: &Self, state: &State| {
                !state.is_at_rest() || {
                    let entries = state.world.entries();
                    let brought: BTreeSet<u8> = model.batches.iter().flatten().flatten().copied().collect();
                    let all = entries.iter().collect::<BTreeSet<u8>>() == brought
                        && brought.iter().all(|id| state.acknowledged[usize::from(*id)] != NOWHERE);
                    // What came to a log that was closed before was refused.
                    (all || state.world.is_closed())
                        && (model.sealers == 0 || state.world.sealed == Some(entries.len()))
                        && (model.publishers + model.sealers == 0 || state.world.checkpoint == entries)
                }
            }),
            Property::always("nothing comes behind the seal", |_, state: &State| {
                let bundles = &state.world.bundles;
                let last =
                    bundles.iter().rposition(Bundle::is_closing).is_none_or(|at| at + 1 == bundles.len());
                last && state.world.sealed.is_none_or(|size| state.world.entries().len() == size)
            }),
            Property::sometimes("a log is closed before all is in", |model: &Self, state: &State| {
                model.sealers == 0 || (state.is_at_rest() && state.acknowledged[1] == NOWHERE)
            }),
            Property::sometimes("all come to rest", |_, state: &State| state.is_at_rest()),
            Property::sometimes("a writer finds another's bundle in its place", |_, state: &State| {
                state.writers.iter().any(Writer::was_beaten)
            }),
            Property::sometimes(
                "a bundle is still on its way that its writer has given up",
                |model: &Self, state: &State| {
                    let late = |write: &Write| matches!(write, Write::Create(bundle) if bundle.nonce == PAST);
                    model.troubles == 0 || state.late.iter().any(late)
                },
            ),
        ]
    }
}
