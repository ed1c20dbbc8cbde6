//! Setting messages aside, with an entry in the audit log.

use std::sync::Arc;

use jiff::Timestamp;
use zorgsluis_domain::audit::{AccessMethod, Application, Deed, Source, User};
use zorgsluis_domain::port::{
    AuditSink, DeadLetter, DeadLetters, Journal, KeyOwner, Keys, PayloadStore, Put,
};
use zorgsluis_domain::{AuditEntry, EntryId, MessageId, PortError, Purpose, Stage, Transport, Way};

/// Where messages are set aside, and stored when they came straight into a queue.
#[derive(Clone)]
pub struct Parking {
    /// The raw messages.
    pub payloads: Arc<dyn PayloadStore>,
    /// Pseudonyms.
    pub keys: Arc<dyn Keys>,
    /// The way of each message.
    pub journal: Arc<dyn Journal>,
    /// What was set aside.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// The NEN 7513 log.
    pub audit: Arc<dyn AuditSink>,
    /// Who reports, in audit entries.
    pub source: Source,
}

impl Parking {
    /// Stores a body that is no reference to a stored message, under an id made from its content. For
    /// queues into which nobody puts raw messages: it will be parked.
    ///
    /// # Errors
    ///
    /// What the payload store and the journal answer.
    pub async fn accept(&self, raw: &[u8], received: Timestamp) -> Result<MessageId, PortError> {
        let id = MessageId::from_pseudonym(&self.keys.pseudonym(Purpose::Message, &[raw]));
        self.store(
            id,
            &KeyOwner::System,
            received,
            raw,
            [String::from("unknown"), String::new(), String::new()],
        )
        .await?;
        Ok(id)
    }

    /// Stores a raw message that came straight into the queue; `shown` is what the journal shows of it:
    /// the sender's profile, the event, the control id.
    ///
    /// # Errors
    ///
    /// What the payload store and the journal answer.
    pub async fn store(
        &self,
        id: MessageId,
        owner: &KeyOwner,
        received: Timestamp,
        raw: &[u8],
        shown: [String; 3],
    ) -> Result<(), PortError> {
        // Stored before, it may be without its way: the process may have died between the two.
        if self.payloads.put(id, owner, received, raw).await? == Put::AlreadyThere
            && self.journal.was_queued(id).await?
        {
            return Ok(());
        }
        let [sender, event, control_id] = shown;
        let bytes = raw.len() as u64;
        let stage =
            Stage::Received { transport: Transport::Queue, sender, event, control_id, bytes, peer: None };
        // It came through a queue: no sweep must bring it into another one.
        self.journal.record(id, received, &[stage, Stage::Queued]).await
    }

    /// Sets a message aside: an entry in the audit log, a dead letter, a step in the journal. Once for
    /// each time that it was taken up.
    ///
    /// # Errors
    ///
    /// What the ports answer.
    pub async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
        let way = self.journal.get(letter.message).await?;
        let parked = |way: &Way| way.since_replay().any(|stage| matches!(stage, Stage::Parked { .. }));
        if way.as_ref().is_some_and(parked) {
            return Ok(());
        }
        let entry = self.refusal(letter, way.as_ref());
        let id = entry.id;
        self.audit.record(&[entry]).await?;
        self.dead_letters.park(letter).await?;
        let parked = Stage::Parked { code: letter.code.clone(), at: letter.at.clone() };
        let stages = [Stage::Audited { entries: vec![id] }, parked];
        self.journal.record(letter.message, letter.parked, &stages).await
    }

    /// The entry about a refusal. One for each time that a message is set aside: again after a replay.
    fn refusal(&self, letter: &DeadLetter, way: Option<&Way>) -> AuditEntry {
        let replays = way.map(Way::replays).unwrap_or_default();
        let name = format!("park {} {} {replays}", letter.message, letter.code);
        let (sender, trigger) = way.and_then(Way::origin).unwrap_or(("unknown", ""));
        AuditEntry::of(Deed::refused(letter.code.clone()).triggered_by(Some(trigger)))
            .at(EntryId::derived(letter.received, &name), letter.parked)
            .by(User::system(sender, true))
            .through(AccessMethod::Queue, Application::zorgsluis())
            .reported_by(self.source.clone())
            .user(User::system("zorgsluis", false))
            .message(letter.message.to_string())
            .build()
    }
}
