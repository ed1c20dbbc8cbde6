//! Patients into the index.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;
use zorgsluis_converter::IdentityKey;
use zorgsluis_domain::Pseudonym;
use zorgsluis_domain::audit::Action;
use zorgsluis_domain::notice::BusinessIdentifier;
use zorgsluis_domain::port::{Claim, IndexedIdentifier, OptOut, ResourceKey};

use super::read::{self, Person};
use crate::registers::Act;
use crate::report::Findings;
use crate::{By, Options, RegisterError, Registers, Report, Source};

/// Who stands behind a wish that an import wrote.
const IMPORT: &str = "import";
/// Audit entries written at a time, before the changes that they tell of.
const BATCH: usize = 250;

/// What a row changes.
struct Change {
    patient: Uuid,
    new: bool,
    claims: Vec<(IndexedIdentifier, String)>,
    /// The other identifiers of the row: the index or an earlier row has them.
    others: Vec<IndexedIdentifier>,
    opts_out: bool,
    findings: Findings,
}

/// What the rows until now give whom.
#[derive(Default)]
struct Given {
    by_identifier: HashMap<Pseudonym, Uuid>,
    /// The values of each system of a patient, as pseudonyms.
    numbers: HashMap<Uuid, BTreeMap<String, Pseudonym>>,
}

impl Registers {
    /// Takes patients from a file: the identifiers of one row are one person's. The person gets the id
    /// that the index knows for one of them, else the one that a message with the first of them would
    /// give. Identifiers that lead to different patients are reported (`identifier-conflict`), never
    /// merged. Nothing is taken away: a row adds identifiers and a wish, no more.
    pub async fn import_patients(
        &self,
        source: &Source<'_>,
        options: Options,
        by: &By,
    ) -> Result<Report, RegisterError> {
        let now = self.now();
        let people = match source {
            Source::Csv { data, mapping, .. } => read::table(data, mapping)?,
            Source::Bundle(data) => read::bundle(data)?,
        };
        let key = IdentityKey::new(self.ports.keys.identity_key().expose_phi());
        let mut report = Report { dry_run: options.dry_run, ..Report::default() };
        let (mut given, mut changes) = (Given::default(), Vec::new());
        let mut malformed = false;
        for person in people {
            if person.findings.is_refused() {
                malformed = true;
                report.take(person.findings);
                continue;
            }
            match self.plan_patient(person, &key, &mut given).await? {
                Ok(change) if change.claims.is_empty() && !change.opts_out => {
                    report.unchanged += 1;
                    report.take(change.findings);
                }
                Ok(change) => changes.push(change),
                Err(findings) => report.take(findings),
            }
        }
        // A conflict concerns its own row only; a file that is not what the mapping says is not taken.
        report.written = !options.dry_run && (!malformed || options.partly);
        let what = if report.written { "patient-import" } else { "patient-import-checked" };
        self.record(&[self.entry(now, by, Act::new(Action::Read, what))]).await?;
        if report.written {
            for batch in batches(changes) {
                self.write_patients(batch, now, by, &mut report).await?;
            }
        } else {
            for change in changes {
                *(if change.new { &mut report.created } else { &mut report.changed }) += 1;
                report.take(change.findings);
            }
        }
        report.problems.sort_by_key(|problem| problem.line);
        Ok(report)
    }

    pub(super) fn indexed(&self, identifier: &BusinessIdentifier) -> IndexedIdentifier {
        IndexedIdentifier::of(&*self.ports.keys, &identifier.system, &identifier.value)
    }

    async fn plan_patient(
        &self,
        person: Person,
        key: &IdentityKey,
        given: &mut Given,
    ) -> Result<Result<Change, Findings>, RegisterError> {
        let Person { mut findings, identifiers, opted_out } = person;
        let indexed: Vec<IndexedIdentifier> =
            identifiers.iter().map(|(identifier, _)| self.indexed(identifier.expose_phi())).collect();
        let pseudonyms: Vec<Pseudonym> = indexed.iter().map(|one| one.pseudonym).collect();
        let known = self.ports.patients.resolve_to_write(&pseudonyms).await?;
        let mut holders: Vec<(usize, Uuid)> = Vec::new();
        for (nth, (pseudonym, known)) in pseudonyms.iter().zip(&known).enumerate() {
            if let Some(holder) = known.or_else(|| given.by_identifier.get(pseudonym).copied()) {
                holders.push((nth, holder));
            }
        }
        let mut patients = BTreeSet::new();
        for (nth, holder) in &holders {
            patients.insert(self.ports.patients.survivor(*holder).await?);
            if patients.len() > 1 {
                findings.refuse(identifiers.get(*nth).map_or("", |(_, part)| part), "identifier-conflict");
                return Ok(Err(findings));
            }
        }
        let first = identifiers.first().map(|(identifier, _)| identifier.expose_phi());
        let patient = holders.first().map(|(_, holder)| *holder);
        let new = patient.is_none();
        let Some(patient) = patient.or_else(|| first.map(|first| key.patient(&first.system, &first.value)))
        else {
            findings.refuse("", "identifier-missing");
            return Ok(Err(findings));
        };
        // Who gives out numbers of a system gives a person one: another number is another person.
        let mut stored = None;
        for ((identifier, part), pseudonym) in identifiers.iter().zip(&pseudonyms) {
            let identifier = identifier.expose_phi();
            let numbers = given.numbers.entry(patient).or_default();
            let other = numbers.get(&identifier.system).is_some_and(|number| number != pseudonym);
            if stored.is_none() && !new {
                stored = Some(self.stored_identifiers(patient).await?);
            }
            let other_stored = stored
                .iter()
                .flatten()
                .any(|(system, value)| *system == identifier.system && *value != identifier.value)
                && !stored
                    .iter()
                    .flatten()
                    .any(|(system, value)| *system == identifier.system && *value == identifier.value);
            if other || other_stored {
                findings.refuse(part, "identifier-conflict");
                return Ok(Err(findings));
            }
        }
        let numbers = given.numbers.entry(patient).or_default();
        for ((identifier, _), pseudonym) in identifiers.iter().zip(&pseudonyms) {
            numbers.insert(identifier.expose_phi().system.clone(), *pseudonym);
        }
        let (mut claims, mut others) = (Vec::new(), Vec::new());
        for ((one, known), (_, part)) in indexed.iter().zip(&known).zip(&identifiers) {
            if known.is_none() && given.by_identifier.insert(one.pseudonym, patient).is_none() {
                claims.push((*one, part.clone()));
            } else {
                others.push(*one);
            }
        }
        let opts_out = opted_out && !self.has_opted_out(patient).await?;
        Ok(Ok(Change { patient, new, claims, others, opts_out, findings }))
    }

    /// System and value of the identifiers of a stored patient that are in use.
    pub(super) async fn stored_identifiers(
        &self,
        patient: Uuid,
    ) -> Result<Vec<(String, String)>, RegisterError> {
        let survivor = self.ports.patients.survivor(patient).await?;
        let key = ResourceKey::new("Patient", survivor.to_string());
        let stored = self.ports.fhir.read(std::slice::from_ref(&key)).await?.pop().flatten();
        let Some(stored) = stored.filter(|stored| !stored.deleted) else { return Ok(Vec::new()) };
        let patient: Value = serde_json::from_slice(stored.json.expose_phi()).unwrap_or_default();
        let text = |identifier: &Value, name| Some(identifier.get(name)?.as_str()?.to_owned());
        let identifiers = patient.get("identifier").and_then(Value::as_array).into_iter().flatten();
        Ok(identifiers
            .filter(|identifier| text(identifier, "use").as_deref() != Some("old"))
            .filter_map(|identifier| Some((text(identifier, "system")?, text(identifier, "value")?)))
            .collect())
    }

    async fn write_patients(
        &self,
        changes: Vec<Change>,
        now: Timestamp,
        by: &By,
        report: &mut Report,
    ) -> Result<(), RegisterError> {
        let entries: Vec<_> = changes
            .iter()
            .map(|change| {
                let action = if change.new { Action::Create } else { Action::Update };
                let mut objects: Vec<_> = change
                    .claims
                    .iter()
                    .map(|(one, _)| (format!("PatientIndex/{}", one.pseudonym), None))
                    .collect();
                if change.opts_out {
                    objects.push((String::from("OptOut"), None));
                }
                let act = Act::new(action, "patient-import");
                self.entry(now, by, Act { patient: Some(change.patient), objects, ..act })
            })
            .collect();
        self.record(&entries).await?;
        // All of a portion at once: they share the cost of a commit.
        for written in join_all(changes.into_iter().map(|change| self.write_patient(change, now))).await {
            let Change { new, findings, .. } = written?;
            if !findings.is_refused() {
                *(if new { &mut report.created } else { &mut report.changed }) += 1;
            }
            report.take(findings);
        }
        Ok(())
    }

    async fn write_patient(&self, mut change: Change, now: Timestamp) -> Result<Change, RegisterError> {
        let patient = change.patient;
        let mut held = false;
        for (identifier, part) in &change.claims {
            match self.ports.patients.claim(identifier, patient).await? {
                Claim::Conflict(_) => change.findings.refuse(part, "identifier-conflict"),
                Claim::Claimed | Claim::Held => held = true,
            }
        }
        // A wish under an id that no identifier leads to would be nobody's: the row is reported instead.
        if change.opts_out && (held || self.holds_one(patient, &change.others).await?) {
            let patient = self.ports.patients.survivor(patient).await?;
            let wish = OptOut { patient, opted_out: true, at: now, by: IMPORT.to_owned() };
            self.ports.opt_outs.put(&wish).await?;
        }
        Ok(change)
    }

    /// Whether one of the identifiers is the patient's: known to be, or of an earlier row, which may be written
    /// at this moment.
    async fn holds_one(
        &self,
        patient: Uuid,
        identifiers: &[IndexedIdentifier],
    ) -> Result<bool, RegisterError> {
        for identifier in identifiers {
            match self.ports.patients.claim(identifier, patient).await? {
                Claim::Claimed | Claim::Held => return Ok(true),
                Claim::Conflict(_) => {}
            }
        }
        Ok(false)
    }
}

/// The changes in portions.
fn batches(mut changes: Vec<Change>) -> Vec<Vec<Change>> {
    let mut batches = Vec::new();
    while !changes.is_empty() {
        let rest = changes.split_off(changes.len().min(BATCH));
        batches.push(std::mem::replace(&mut changes, rest));
    }
    batches
}
