//! Dead letters back into the queue.

mod entries;

use std::collections::{HashSet, VecDeque};
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use zorgsluis_domain::audit::{AccessMethod, Application, Deed, User};
use zorgsluis_domain::port::queue::MAX_BATCH;
use zorgsluis_domain::port::{DeadLetter, Outgoing, PageRequest, dead_letter};
use zorgsluis_domain::{AuditEntry, EntryId, MessageId, PortError, QueueReference, Stage, Way};

use crate::accept::body;
use crate::proof::Proof;
use crate::{Ingest, IngestError};

/// Dead letters that are read at a time.
const PAGE: usize = 200;

/// Why a letter of another queue than the inbound one (an event of the mail, say) does not go back: this one leads to
/// nobody who could do it. The inbound queue gives each message a group.
const OTHER_QUEUE: &str = "not-from-inbound";

/// Which dead letters go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay<'a> {
    /// All that stand there now.
    All,
    /// These.
    Messages(&'a [MessageId]),
}

/// Who asks for a replay, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requester {
    /// The user.
    pub user: User,
    /// The door.
    pub access: AccessMethod,
}

impl Requester {
    /// The person at the command line of the machine that holds the data.
    pub fn command_line() -> Self {
        Self { user: User::system("operator", true), access: AccessMethod::CommandLine }
    }
}

/// What a replay did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Back in the queue, oldest receipt first.
    pub queued: Vec<MessageId>,
    /// Not done, with the reason in kebab-case: `not-found`, `not-from-inbound` (it did not come through the
    /// inbound queue), `behind-a-failed-one` of its group, or what the queue said. They stand with the dead
    /// letters as before.
    pub failed: Vec<(MessageId, &'static str)>,
}

impl Ingest {
    /// Puts dead letters back into the queue, in the order of receipt within each group, with a fresh
    /// deduplication id. The audit entries (one a message) are written first.
    ///
    /// When one cannot be queued, the later ones of its group stay too, so that the order holds.
    ///
    /// It may run beside the converter and beside another replay: the journal says "replayed" before the
    /// message is in the queue, and a letter is taken away after that, and only if it is still the one that
    /// was read. At every moment the message is in the queue or with the dead letters.
    pub async fn replay(&self, what: Replay<'_>, by: &Requester) -> Result<Replayed, IngestError> {
        let mut replayed = Replayed::default();
        match what {
            Replay::Messages(messages) => {
                let mut letters = Vec::with_capacity(messages.len());
                let mut seen = HashSet::new();
                for message in messages.iter().filter(|message| seen.insert(**message)) {
                    match self.ports.dead_letters.get(*message).await.map_err(IngestError::Store)? {
                        Some(letter) => letters.push(letter),
                        None => replayed.failed.push((*message, "not-found")),
                    }
                }
                letters.sort_by_key(|letter| letter.received);
                self.replay_letters(letters, by, &mut HashSet::new(), &mut replayed).await?;
            }
            Replay::All => {
                // What the converter parks again meanwhile was parked after this moment and is left alone:
                // otherwise a replay of what cannot succeed would never end.
                let start = self.ports.clock.now();
                let mut stopped = HashSet::new();
                let mut page = PageRequest::first(PAGE);
                loop {
                    let found = self.ports.dead_letters.list(&page).await.map_err(IngestError::Store)?;
                    let letters = found.items.into_iter().filter(|letter| letter.parked <= start).collect();
                    self.replay_letters(letters, by, &mut stopped, &mut replayed).await?;
                    match found.next {
                        Some(next) => page.after = Some(next),
                        None => break,
                    }
                }
            }
        }
        tracing::info!(
            queued = replayed.queued.len(),
            failed = replayed.failed.len(),
            "dead letters replayed"
        );
        Ok(replayed)
    }

    async fn replay_letters(
        &self,
        letters: Vec<DeadLetter>,
        by: &Requester,
        stopped: &mut HashSet<String>,
        replayed: &mut Replayed,
    ) -> Result<(), IngestError> {
        let (entries, letters): (Vec<_>, Vec<_>) =
            letters.into_iter().partition(|letter| letter.group == dead_letter::AUDIT_QUEUE);
        match &self.audit_queue {
            Some(queue) => self.replay_entries(queue.as_ref(), &entries, by, replayed).await?,
            None => replayed.failed.extend(entries.iter().map(|letter| (letter.message, OTHER_QUEUE))),
        }
        let mut waiting: VecDeque<DeadLetter> = letters.into();
        while !waiting.is_empty() {
            // One of each group at a time: what comes behind it is sent when it is known to be queued.
            let mut batch: Vec<DeadLetter> = Vec::with_capacity(MAX_BATCH);
            let mut rest = VecDeque::new();
            let mut groups = HashSet::new();
            for letter in waiting {
                if letter.group.is_empty() {
                    replayed.failed.push((letter.message, OTHER_QUEUE));
                } else if stopped.contains(&letter.group) {
                    replayed.failed.push((letter.message, "behind-a-failed-one"));
                } else if batch.len() < MAX_BATCH && groups.insert(letter.group.clone()) {
                    batch.push(letter);
                } else {
                    rest.push_back(letter);
                }
            }
            waiting = rest;
            if !batch.is_empty() {
                self.replay_batch(&batch, by, stopped, replayed).await?;
            }
        }
        Ok(())
    }

    async fn replay_batch(
        &self,
        batch: &[DeadLetter],
        by: &Requester,
        stopped: &mut HashSet<String>,
        replayed: &mut Replayed,
    ) -> Result<(), IngestError> {
        let now = self.ports.clock.now();
        let entries: Vec<AuditEntry> = batch.iter().map(|letter| self.replay_entry(letter, by)).collect();
        self.ports.audit.record(&entries).await.map_err(IngestError::Audit)?;
        let mut ways = Vec::with_capacity(batch.len());
        for letter in batch {
            ways.push(self.ports.journal.get(letter.message).await.map_err(IngestError::Store)?);
        }
        let mut outgoing = Vec::with_capacity(batch.len());
        for (letter, way) in batch.iter().zip(&ways) {
            let peer = way.as_ref().and_then(Way::peer);
            outgoing.push(self.outgoing(letter, peer, now).await.map_err(IngestError::Store)?);
        }
        // Told before it is done: a worker that takes up the message at once must not find "parked" as the
        // last word about it. A crash from here on leaves the letter standing, and perhaps the message in the
        // queue too; both together do no harm.
        let mut times = Vec::with_capacity(batch.len());
        for (letter, way) in batch.iter().zip(&ways) {
            let at = after_parking(letter, way.as_ref(), now);
            self.journal_replay(letter, at, Stage::Replayed).await?;
            times.push(at);
        }
        let mut results = self.ports.queue.send(&outgoing).await.map_err(IngestError::Store)?.into_iter();
        for (letter, at) in batch.iter().zip(times) {
            match results.next() {
                Some(Ok(_)) => {
                    self.journal_replay(letter, at, Stage::Queued).await?;
                    // Parked again by now, it has another letter, and that one stays.
                    self.ports.dead_letters.remove(letter).await.map_err(IngestError::Store)?;
                    replayed.queued.push(letter.message);
                }
                Some(Err(error)) => {
                    stopped.insert(letter.group.clone());
                    replayed.failed.push((letter.message, error.code()));
                }
                None => {
                    stopped.insert(letter.group.clone());
                    replayed.failed.push((letter.message, "unavailable"));
                }
            }
        }
        Ok(())
    }

    /// What goes into the queue for a letter.
    async fn outgoing(
        &self,
        letter: &DeadLetter,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Outgoing, PortError> {
        let proof = Proof::of(self.ports.payloads.as_ref(), letter.message).await?;
        let mut reference = QueueReference::new(letter.message, letter.received);
        reference.peer = peer.or_else(|| proof.as_ref().and_then(|proof| proof.peer));
        reference.authenticated = proof.map(|proof| proof.authenticated);
        Ok(Outgoing {
            body: body(&reference)?,
            group: letter.group.clone(),
            deduplication: format!("{}-{}-{}", letter.message, now.as_nanosecond(), self.serial()),
        })
    }

    async fn journal_replay(
        &self,
        letter: &DeadLetter,
        at: Timestamp,
        stage: Stage,
    ) -> Result<(), IngestError> {
        self.ports.journal.record(letter.message, at, &[stage]).await.map_err(IngestError::Store)
    }

    fn replay_entry(&self, letter: &DeadLetter, by: &Requester) -> AuditEntry {
        let now = self.ports.clock.now();
        let id = EntryId::derived(now, &format!("replay {} {}", letter.message, self.serial()));
        AuditEntry::of(Deed::replayed(letter.message.to_string()))
            .at(id, now)
            .by(by.user.clone())
            .through(by.access, Application::zorgsluis())
            .reported_by(self.audit_source())
            .build()
    }
}

/// A moment after everything that the journal knows of the message up to its parking, whatever the clocks of other
/// machines say: the way is read in the order of time.
fn after_parking(letter: &DeadLetter, way: Option<&Way>, now: Timestamp) -> Timestamp {
    let last = way.and_then(|way| way.steps.last().map(|step| step.at)).unwrap_or(letter.parked);
    let parked = last.max(letter.parked);
    now.max(parked.checked_add(SignedDuration::from_micros(1)).unwrap_or(parked))
}
