//! One document: read, compared with what stands, recorded and written; again when somebody was faster.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;
use zorgsluis_domain::port::{Precondition, ResourceKey, TransactionError, Write};
use zorgsluis_domain::text::Language;
use zorgsluis_domain::{AuditEntry, Effect, EntryId, PortError, StepEffect};

use crate::Enricher;
use crate::engine::{EngineName, Reading, Step, analyse};
use crate::identity::{provenance_key, suggestion_key};
use crate::note::{Document, object, precondition};
use crate::outside::Outside;
use crate::plan::{Given, Plan, Standing, plan};
use crate::provenance::targets;
use crate::trail::Trail;

/// Writes and checks in one transaction at most (HealthLake).
const TRANSACTION: usize = 160;

/// How often a document is planned anew before its message goes back to the queue.
const ATTEMPTS: u32 = 8;

/// What became of the documents of a message.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) effects: BTreeMap<String, StepEffect>,
    pub(crate) entries: Vec<EntryId>,
    pub(crate) counts: BTreeMap<String, u32>,
    pub(crate) engines: BTreeSet<EngineName>,
    pub(crate) notes: u32,
}

impl Done {
    /// An earlier attempt may have done a part, which is then no longer news.
    fn effect(&mut self, effect: &StepEffect) {
        match self.effects.get(&effect.resource) {
            Some(standing) if standing.effect != Effect::Unchanged => {}
            _ => {
                self.effects.insert(effect.resource.clone(), effect.clone());
            }
        }
    }

    pub(crate) fn entries(&mut self, entries: &[AuditEntry]) {
        for entry in entries {
            if !self.entries.contains(&entry.id) {
                self.entries.push(entry.id);
            }
        }
    }
}

/// Why a document was not done.
enum Trouble {
    /// Somebody wrote what the plan rests on: plan again.
    Contended,
    Port(PortError),
}

impl From<PortError> for Trouble {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl Enricher {
    /// Brings what is suggested from a document in line with the document as it stands.
    pub(crate) async fn document(
        &self,
        key: &ResourceKey,
        trail: &Trail<'_>,
        done: &mut Done,
    ) -> Result<(), PortError> {
        // What was read in a version is not read again when only the writing is done anew.
        let mut read: Option<(u64, Reading)> = None;
        for attempt in 0..ATTEMPTS {
            match self.once(key, trail, &mut read, done).await {
                Ok(()) => {
                    if let Some((_, reading)) = read {
                        for (name, count) in reading.findings.counts {
                            *done.counts.entry(name).or_default() += count;
                        }
                        done.notes += reading.texts;
                        done.engines.extend(reading.engines);
                    }
                    return Ok(());
                }
                Err(Trouble::Port(error)) => return Err(error),
                Err(Trouble::Contended) => pause(attempt, trail).await,
            }
        }
        Err(PortError::Conflict { operation: "enrich" })
    }

    async fn once(
        &self,
        key: &ResourceKey,
        trail: &Trail<'_>,
        read: &mut Option<(u64, Reading)>,
        done: &mut Done,
    ) -> Result<(), Trouble> {
        let Some(stored) = self.fhir.read(std::slice::from_ref(key)).await?.pop().flatten() else {
            return Ok(());
        };
        let document = Document::of(&stored)?;
        let mut checks = vec![(document.key.clone(), document.precondition)];
        let subject = self.subject(&document, &mut checks).await?;
        if read.as_ref().is_none_or(|(version, _)| *version != document.version) {
            let reading = self.read(&document, subject, trail, done).await?;
            *read = Some((document.version, reading));
        }
        let Some((_, reading)) = read else { return Ok(()) };
        let plan = self.plan(&document, reading, subject, trail).await?;
        let entries = trail.of_plan(&plan, subject.or_else(|| plan.patient()));
        if !entries.is_empty() {
            self.audit.record(&entries).await?;
            done.entries(&entries);
        }
        self.write(&plan, checks).await?;
        plan.effects.iter().for_each(|effect| done.effect(effect));
        Ok(())
    }

    /// The patient whom a document is about now. Whoever writes about a patient holds to that patient's
    /// version: a merger changes it, and moves what stands, so nothing is written behind its back.
    async fn subject(
        &self,
        document: &Document,
        checks: &mut Vec<(ResourceKey, Precondition)>,
    ) -> Result<Option<Uuid>, Trouble> {
        let Some(subject) = document.subject else { return Ok(None) };
        let survivor = self.patients.survivor(subject).await?;
        let key = ResourceKey::new("Patient", survivor.to_string());
        match self.fhir.read(std::slice::from_ref(&key)).await?.pop().flatten() {
            None => checks.push((key, Precondition::Absent)),
            Some(stored) => {
                if is_replaced(&Value::Object(object(&stored)?)) {
                    return Err(Trouble::Contended);
                }
                checks.push((key, precondition(&stored)));
            }
        }
        Ok(Some(survivor))
    }

    /// Lets the engines read the texts of a document.
    async fn read(
        &self,
        document: &Document,
        patient: Option<Uuid>,
        trail: &Trail<'_>,
        done: &mut Done,
    ) -> Result<Reading, PortError> {
        let mut reading = Reading::default();
        if document.texts.is_empty() || patient.is_none() {
            return Ok(reading);
        }
        let entries = [trail.of_reading(document, patient)];
        self.audit.record(&entries).await?;
        done.entries(&entries);
        let mut outside = Outside::new(self, document, patient, trail);
        for text in &document.texts {
            let (engine, analysis) = match self.engines.first_step(text).await? {
                Step::Nothing => continue,
                Step::Read(analysis) => (&self.engines.embedded, analysis),
                Step::Ask(engine) => match outside.ask(engine, text, done).await {
                    Ok(analysis) => (engine, analysis),
                    Err(error) if error.is_transient() => return Err(error),
                    // It will never take this text; ours does.
                    Err(_) => {
                        let language = Some(Language::English);
                        let embedded = &self.engines.embedded;
                        (embedded, analyse(embedded, text.text.clone(), language).await?)
                    }
                },
            };
            reading.findings.add(text, &analysis, &self.settings);
            // What an engine outside runs on today is known from its answer only.
            let version = analysis.model_version.clone();
            reading.engines.insert(EngineName { version, ..EngineName::of(&**engine) });
            reading.texts += 1;
        }
        Ok(reading)
    }

    async fn plan(
        &self,
        document: &Document,
        reading: &Reading,
        subject: Option<Uuid>,
        trail: &Trail<'_>,
    ) -> Result<Plan, PortError> {
        let provenance = provenance_key(&document.key.id);
        let wanted: BTreeMap<ResourceKey, _> = reading
            .findings
            .all
            .iter()
            .map(|finding| (suggestion_key(&*self.keys, &document.key.id, finding), finding))
            .collect();
        let mut standing = self.standing(vec![provenance.clone()]).await?;
        let named: BTreeSet<ResourceKey> = match standing.get(&provenance) {
            Some(stored) => {
                let named = targets(&Value::Object(object(stored)?)).into_iter().map(|target| target.key);
                named
                    .filter(|key| matches!(key.resource_type.as_str(), "Condition" | "MedicationStatement"))
                    .collect()
            }
            None => BTreeSet::new(),
        };
        let keys: BTreeSet<ResourceKey> = named.iter().chain(wanted.keys()).cloned().collect();
        standing.extend(self.standing(keys.into_iter().collect()).await?);
        plan(&Given {
            keys: &*self.keys,
            document,
            reading,
            subject: subject.map(|subject| format!("Patient/{subject}")),
            standing: &standing,
            provenance,
            named,
            wanted,
            now: trail.now,
        })
    }

    async fn standing(&self, keys: Vec<ResourceKey>) -> Result<Standing, PortError> {
        let found = self.fhir.read(&keys).await?;
        Ok(keys.into_iter().zip(found).filter_map(|(key, found)| Some((key, found?))).collect())
    }

    /// Writes a plan, in several transactions when it is too large for one. The first holds the
    /// Provenance, which names everything: after a crash the next delivery finds what is missing.
    async fn write(&self, plan: &Plan, mut checks: Vec<(ResourceKey, Precondition)>) -> Result<(), Trouble> {
        checks.extend(plan.checks.iter().cloned());
        let room = TRANSACTION.saturating_sub(checks.len() + 1).max(1);
        for (nth, part) in plan.writes.chunks(room).enumerate() {
            let held = checks.iter();
            let mut writes: Vec<Write> = part.iter().map(|planned| planned.write()).collect();
            writes.extend(
                held.map(|(key, precondition)| Write::Check {
                    key: key.clone(),
                    precondition: *precondition,
                }),
            );
            match self.fhir.transaction(&writes).await {
                Ok(_) => {}
                Err(TransactionError::Conflict(_)) => return Err(Trouble::Contended),
                Err(TransactionError::Port(error)) => return Err(error.into()),
            }
            if nth == 0 {
                let provenance = part.iter().find(|planned| planned.recorded.is_some());
                checks.extend(provenance.map(|one| (one.key.clone(), Precondition::Version(one.version))));
            }
        }
        Ok(())
    }
}

fn is_replaced(patient: &Value) -> bool {
    let links = patient.get("link").and_then(Value::as_array).into_iter().flatten();
    links.into_iter().any(|link| link.get("type").and_then(Value::as_str) == Some("replaced-by"))
}

/// Waits a little longer each time, each message at its own pace.
async fn pause(attempt: u32, trail: &Trail<'_>) {
    let own = u64::from(trail.message.0.as_bytes().last().copied().unwrap_or(0)) / 16;
    tokio::time::sleep(Duration::from_millis((2_u64 << attempt.min(7)) + own)).await;
}
