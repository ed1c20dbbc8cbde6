//! The ports in memory, with a switch for each operation that makes it fail, and a book of what was called
//! in which order. Only for tests of the use case: the adapters have a contract suite of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::port::*;
use zorgsluis_domain::{
    AuditEntry, Clock, MessageId, Phi, PortError, Pseudonym, Purpose, Stage, Way, WayStep,
};
use zorgsluis_ingest::Ports;

#[derive(Default)]
pub(crate) struct State {
    /// Operations that fail, with how often they still do so.
    pub(crate) failing: HashMap<&'static str, u32>,
    /// Operations that were done, in order.
    pub(crate) book: Vec<&'static str>,
    pub(crate) payloads: BTreeMap<MessageId, (Timestamp, KeyOwner, Vec<u8>)>,
    pub(crate) notes: BTreeMap<(MessageId, String), Vec<u8>>,
    pub(crate) queue: Vec<Outgoing>,
    /// Groups whose sends fail.
    pub(crate) refused_groups: BTreeSet<String>,
    pub(crate) journal: Vec<(MessageId, WayStep)>,
    pub(crate) dead_letters: BTreeMap<MessageId, DeadLetter>,
    pub(crate) audit: Vec<AuditEntry>,
    /// From which time on the store was asked for what was never queued.
    pub(crate) unqueued_from: Vec<Timestamp>,
    pub(crate) now: Timestamp,
}

/// All ports at once.
#[derive(Clone, Default)]
pub(crate) struct Doubles(Arc<Mutex<State>>);

impl Doubles {
    pub(crate) fn new() -> Self {
        let doubles = Self::default();
        doubles.state().now = "2026-11-02T08:30:00Z".parse().unwrap();
        doubles
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn fail(&self, operation: &'static str, times: u32) {
        self.state().failing.insert(operation, times);
    }

    pub(crate) fn pass(&self, time: Duration) {
        let mut state = self.state();
        state.now = state.now.checked_add(time).unwrap();
    }

    pub(crate) fn ports(&self) -> Ports {
        let all = Arc::new(self.clone());
        Ports {
            payloads: all.clone(),
            queue: all.clone(),
            journal: all.clone(),
            dead_letters: all.clone(),
            audit: all.clone(),
            keys: all.clone(),
            clock: all,
        }
    }

    /// Stages of one message, in order.
    pub(crate) fn way(&self, message: MessageId) -> Vec<Stage> {
        let state = self.state();
        state.journal.iter().filter(|(id, _)| *id == message).map(|(_, step)| step.stage.clone()).collect()
    }

    fn call(&self, operation: &'static str) -> Result<MutexGuard<'_, State>, PortError> {
        let mut state = self.state();
        if let Some(times) = state.failing.get_mut(operation)
            && *times > 0
        {
            *times -= 1;
            return Err(PortError::unavailable(operation, "switched off by the test"));
        }
        state.book.push(operation);
        Ok(state)
    }
}

fn page<T: Clone>(all: &[T], request: &PageRequest) -> Page<T> {
    let start: usize = request.after.as_deref().map_or(0, |after| after.parse().unwrap());
    let end = all.len().min(start + request.limit);
    Page { items: all[start..end].to_vec(), next: (end < all.len()).then(|| end.to_string()) }
}

impl Clock for Doubles {
    fn now(&self) -> Timestamp {
        self.state().now
    }
}

#[async_trait]
impl PayloadStore for Doubles {
    async fn put(
        &self,
        message: MessageId,
        owner: &KeyOwner,
        received: Timestamp,
        bytes: &[u8],
    ) -> Result<Put, PortError> {
        let mut state = self.call("payload.put")?;
        if state.payloads.contains_key(&message) {
            return Ok(Put::AlreadyThere);
        }
        state.payloads.insert(message, (received, owner.clone(), bytes.to_vec()));
        Ok(Put::Created)
    }

    async fn get(&self, message: MessageId) -> Result<Payload, PortError> {
        let state = self.call("payload.get")?;
        let (received, _, bytes) =
            state.payloads.get(&message).ok_or(PortError::NotFound { operation: "payload.get" })?;
        if bytes.is_empty() {
            return Err(PortError::Erased { operation: "payload.get" });
        }
        Ok(Payload { message, received: *received, bytes: Phi::new(bytes.clone()) })
    }

    async fn list(
        &self,
        received_before: Timestamp,
        request: &PageRequest,
    ) -> Result<Page<(MessageId, Timestamp)>, PortError> {
        self.unqueued(Timestamp::MIN..received_before, request).await
    }

    async fn unqueued(
        &self,
        received: Range<Timestamp>,
        request: &PageRequest,
    ) -> Result<Page<(MessageId, Timestamp)>, PortError> {
        let mut state = self.call("payload.unqueued")?;
        let queued: BTreeSet<MessageId> = state
            .journal
            .iter()
            .filter(|(_, step)| step.stage == Stage::Queued)
            .map(|(message, _)| *message)
            .collect();
        let after = request.after.as_deref().and_then(|after| {
            let (at, message) = after.split_once(' ')?;
            Some((at.parse::<Timestamp>().ok()?, message.parse::<MessageId>().ok()?))
        });
        let mut all: Vec<_> = state
            .payloads
            .iter()
            .map(|(id, (at, ..))| (*at, *id))
            .filter(|(at, id)| received.contains(at) && !queued.contains(id))
            .filter(|place| after.is_none_or(|after| *place > after))
            .collect();
        all.sort_unstable();
        let more = all.len() > request.limit;
        all.truncate(request.limit);
        state.unqueued_from.push(received.start);
        let next = all.last().filter(|_| more).map(|(at, id)| format!("{at} {id}"));
        Ok(Page { items: all.into_iter().map(|(at, id)| (id, at)).collect(), next })
    }

    async fn put_note(
        &self,
        message: MessageId,
        _: &KeyOwner,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), PortError> {
        self.call("payload.put_note")?.notes.insert((message, name.to_owned()), bytes.to_vec());
        Ok(())
    }

    async fn get_note(&self, message: MessageId, name: &str) -> Result<Phi<Vec<u8>>, PortError> {
        let state = self.call("payload.get_note")?;
        let found = state.notes.get(&(message, name.to_owned())).cloned();
        found.map(Phi::new).ok_or(PortError::NotFound { operation: "payload.get_note" })
    }
}

#[async_trait]
impl Queue for Doubles {
    async fn send(&self, batch: &[Outgoing]) -> Result<Vec<Result<String, PortError>>, PortError> {
        let mut state = self.call("queue.send")?;
        assert!(batch.len() <= queue::MAX_BATCH);
        let mut results = Vec::new();
        for outgoing in batch {
            if state.refused_groups.contains(&outgoing.group) {
                results.push(Err(PortError::unavailable("queue.send", "group switched off by the test")));
                continue;
            }
            if state.queue.iter().all(|queued| queued.deduplication != outgoing.deduplication) {
                state.queue.push(outgoing.clone());
            }
            results.push(Ok(outgoing.deduplication.clone()));
        }
        Ok(results)
    }

    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Received>, PortError> {
        Ok(Vec::new())
    }

    async fn delete(&self, _: &[Receipt]) -> Result<(), PortError> {
        Ok(())
    }

    async fn change_visibility(&self, _: &[Receipt], _: Duration) -> Result<(), PortError> {
        Ok(())
    }

    async fn depth(&self) -> Result<QueueDepth, PortError> {
        let mut state = self.call("queue.depth")?;
        state.book.pop();
        Ok(QueueDepth { waiting: state.queue.len() as u64, in_flight: 0 })
    }
}

#[async_trait]
impl Journal for Doubles {
    async fn record(&self, message: MessageId, at: Timestamp, stages: &[Stage]) -> Result<(), PortError> {
        let mut state = self.call("journal.record")?;
        for stage in stages {
            state.journal.push((message, WayStep { at, stage: stage.clone() }));
        }
        Ok(())
    }

    async fn get(&self, message: MessageId) -> Result<Option<Way>, PortError> {
        let state = self.call("journal.get")?;
        let steps: Vec<_> =
            state.journal.iter().filter(|(id, _)| *id == message).map(|(_, step)| step.clone()).collect();
        Ok((!steps.is_empty()).then_some(Way { message, steps }))
    }

    async fn was_queued(&self, message: MessageId) -> Result<bool, PortError> {
        let state = self.call("journal.was_queued")?;
        Ok(state.journal.iter().any(|(id, step)| *id == message && step.stage == Stage::Queued))
    }

    async fn latest(&self, request: &PageRequest) -> Result<Page<Way>, PortError> {
        let state = self.call("journal.latest")?;
        let mut ways: Vec<Way> = Vec::new();
        for (message, step) in &state.journal {
            match ways.iter_mut().find(|way| way.message == *message) {
                Some(way) => way.steps.push(step.clone()),
                None => ways.push(Way { message: *message, steps: vec![step.clone()] }),
            }
        }
        ways.reverse();
        Ok(page(&ways, request))
    }
}

#[async_trait]
impl DeadLetters for Doubles {
    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
        self.call("dead.park")?.dead_letters.insert(letter.message, letter.clone());
        Ok(())
    }

    async fn list(&self, request: &PageRequest) -> Result<Page<DeadLetter>, PortError> {
        let state = self.call("dead.list")?;
        let mut all: Vec<_> = state.dead_letters.values().cloned().collect();
        all.sort_by_key(|letter| (letter.received, letter.message));
        // A key as cursor: the listing goes on where it was, whatever was removed meanwhile.
        let after = request.after.as_deref().map(|after| after.parse::<MessageId>().unwrap());
        let last = after.and_then(|after| state.dead_letters.get(&after).cloned());
        let start = match (&after, &last) {
            (None, _) => 0,
            (Some(_), Some(last)) => {
                all.iter().position(|letter| letter.message == last.message).unwrap() + 1
            }
            (Some(_), None) => 0,
        };
        let end = all.len().min(start + request.limit);
        let items = all[start..end].to_vec();
        let next = items.last().filter(|_| end < all.len()).map(|letter| letter.message.to_string());
        Ok(Page { items, next })
    }

    async fn get(&self, message: MessageId) -> Result<Option<DeadLetter>, PortError> {
        Ok(self.call("dead.get")?.dead_letters.get(&message).cloned())
    }

    async fn remove(&self, letter: &DeadLetter) -> Result<bool, PortError> {
        let mut state = self.call("dead.remove")?;
        if state.dead_letters.get(&letter.message) != Some(letter) {
            return Ok(false);
        }
        state.dead_letters.remove(&letter.message);
        Ok(true)
    }
}

#[async_trait]
impl AuditSink for Doubles {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        self.call("audit.record")?.audit.extend_from_slice(entries);
        Ok(())
    }
}

#[async_trait]
impl Keys for Doubles {
    /// Not an HMAC, but as distinct as one.
    fn pseudonym(&self, purpose: Purpose, parts: &[&[u8]]) -> Pseudonym {
        let mut framed = purpose.name().as_bytes().to_vec();
        for part in parts {
            framed.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
            framed.extend_from_slice(part);
        }
        let first = Uuid::new_v5(&Uuid::NAMESPACE_OID, &framed);
        let second = Uuid::new_v5(&Uuid::NAMESPACE_URL, &framed);
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(first.as_bytes());
        bytes[16..].copy_from_slice(second.as_bytes());
        Pseudonym::from_bytes(bytes)
    }

    fn identity_key(&self) -> Phi<[u8; 32]> {
        Phi::new([7; 32])
    }

    async fn seal(&self, _: &KeyOwner, _: DataClass, _: &[u8], _: &[u8]) -> Result<Sealed, PortError> {
        Err(PortError::Refused { operation: "keys.seal", reason: "not ingest's".into() })
    }

    async fn open(&self, _: &Sealed, _: &[u8]) -> Result<Phi<Vec<u8>>, PortError> {
        Err(PortError::NotFound { operation: "keys.open" })
    }

    async fn destroy(&self, _: &KeyOwner, _: DataClass) -> Result<u64, PortError> {
        Ok(0)
    }
}
