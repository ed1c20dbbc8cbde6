//! One message from the queue: its documents read, its way written down, and on to the notices.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::task::JoinSet;
use zorgsluis_domain::port::{DeadLetter, ResourceKey};
use zorgsluis_domain::{MessageId, PortError, QueueReference, Stage, Way};
use zorgsluis_worker::{Process, ProcessError, send_on};

use crate::Enricher;
use crate::engine::EngineName;
use crate::run::Done;
use crate::trail::Trail;

/// How often the journal is asked for the step of the converter, which sends the message on before it
/// writes that down.
const LOOKS: u32 = 5;

#[async_trait]
impl Process for Enricher {
    /// Nobody puts messages straight into the queue of notes: what is no reference is parked.
    async fn accept(&self, raw: &[u8], received: Timestamp) -> Result<MessageId, PortError> {
        self.parking.accept(raw, received).await
    }

    /// Whoever waits for a notice is told also when a note cannot be read: the reference goes on before
    /// the message is parked, and only then. What may pass (see [`zorgsluis_worker::deliver`]) comes
    /// again, and goes on then.
    async fn process(&self, reference: &QueueReference, group: &str) -> Result<(), ProcessError> {
        let found = self.work_on(reference.message).await;
        let (replays, read) = match found {
            Ok(None) => return Ok(()),
            Ok(Some((way, documents))) => (way.replays(), self.read_all(reference, &way, documents).await),
            Err(error) => (0, Err(error.into())),
        };
        if let Err(ProcessError::Port(error)) = &read
            && (error.is_transient() || matches!(error, PortError::Conflict { .. }))
        {
            return read.map(drop);
        }
        if reference.notify {
            let deduplication = format!("{}-notices-{replays}", reference.message);
            send_on(&*self.notices, reference, group, deduplication).await?;
        }
        self.parking.journal.record(reference.message, self.clock.now(), &self.stages(read?)).await?;
        Ok(())
    }

    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
        self.parking.park(letter).await
    }
}

impl Enricher {
    /// Reads the documents of a message, in a task of its own: a panic becomes a refusal.
    async fn read_all(
        &self,
        reference: &QueueReference,
        way: &Way,
        documents: Vec<ResourceKey>,
    ) -> Result<Done, ProcessError> {
        let trigger = way.origin().map(|(_, event)| event.to_owned());
        let (enricher, reference) = (self.clone(), reference.clone());
        // A set, since it ends its task when it is dropped.
        let mut task = JoinSet::new();
        task.spawn(async move {
            let trail = Trail {
                message: reference.message,
                received: reference.received,
                traceparent: reference.traceparent.as_deref(),
                trigger: trigger.as_deref(),
                source: &enricher.parking.source,
                now: enricher.clock.now(),
            };
            let mut done = Done::default();
            for document in &documents {
                enricher.document(document, &trail, &mut done).await?;
            }
            Ok(done)
        });
        match task.join_next().await {
            Some(Ok(read)) => read,
            Some(Err(_)) | None => Err(ProcessError::panicked()),
        }
    }

    /// The way of a message and its documents; `None` when nothing is left to do.
    async fn work_on(&self, message: MessageId) -> Result<Option<(Way, Vec<ResourceKey>)>, PortError> {
        for look in 0..LOOKS {
            let way = self.parking.journal.get(message).await?;
            let way = way.ok_or(PortError::NotFound { operation: "journal.get" })?;
            let ended = |stage: &Stage| matches!(stage, Stage::Enriched { .. } | Stage::Parked { .. });
            if way.since_replay().any(ended) {
                return Ok(None);
            }
            let applied = way.since_replay().rev().find_map(|stage| match stage {
                Stage::Applied { effects } => Some(effects),
                _ => None,
            });
            if let Some(effects) = applied {
                let mut documents: Vec<ResourceKey> = Vec::new();
                for effect in effects {
                    match ResourceKey::parse(&effect.resource) {
                        Some(key)
                            if key.resource_type == "DocumentReference" && !documents.contains(&key) =>
                        {
                            documents.push(key);
                        }
                        _ => {}
                    }
                }
                return Ok(Some((way, documents)));
            }
            tokio::time::sleep(Duration::from_millis(10_u64 << look)).await;
        }
        // The converter went down between sending and writing: it will be delivered again, and so are we.
        Err(PortError::Unavailable { operation: "journal.applied", retry_after: None, cause: None })
    }

    fn stages(&self, done: Done) -> Vec<Stage> {
        let mut engines = done.engines;
        if engines.is_empty() {
            engines.insert(EngineName::of(&*self.engines.embedded));
        }
        let all = |part: fn(&EngineName) -> &str| engines.iter().map(part).collect::<Vec<_>>().join(", ");
        let enriched = Stage::Enriched {
            engine: all(|engine| &engine.name),
            version: all(|engine| &engine.version),
            notes: done.notes,
            entities: done.counts,
            effects: done.effects.into_values().collect(),
        };
        let mut stages = vec![enriched];
        if !done.entries.is_empty() {
            stages.push(Stage::Audited { entries: done.entries });
        }
        stages
    }
}
