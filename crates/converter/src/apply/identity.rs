//! Which patient a message is about.

use uuid::Uuid;
use zorgsluis_domain::port::{Claim, FhirStore, IndexedIdentifier, Keys, PatientIndex, ResourceKey};
use zorgsluis_domain::{Phi, PortError, Pseudonym};

use serde_json::{Map, Value};

use super::ApplyError;
use super::assertion::Person;
use super::read::object;
use crate::conversion::PatientIdentifier;

/// A chain of mergers longer than this is no chain.
const LONGEST_WAY: usize = 64;

/// Who a person of the message is in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The id in the Bundle.
    pub(crate) named: Uuid,
    /// The id that the identifiers were given first.
    pub(crate) given: Uuid,
    /// The id under which the data live now: mergers followed.
    pub(crate) now: Uuid,
}

/// An identifier that belongs to another patient already: reported, never merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentifierConflict {
    /// The patient of the message.
    pub patient: Uuid,
    /// Which of the patient's identifiers, counted from 0 in the order of the conversion.
    pub identifier: usize,
    /// The patient that has it.
    pub holder: Uuid,
}

/// Finds patients.
pub(crate) struct Identities<'a> {
    pub(crate) index: &'a dyn PatientIndex,
    pub(crate) store: &'a dyn FhirStore,
    pub(crate) keys: &'a dyn Keys,
    /// Whether to wait for a patient who has a number already and is not written yet: another message is
    /// about to, or was given up.
    pub(crate) wait: bool,
}

impl Identities<'_> {
    /// The patient of a person, who gets an id here when nobody knows them. `said` is what the message
    /// says of the person. `alone`: only the first identifier counts (the obsolete number of a merger:
    /// its BSN would lead to the patient that stays).
    pub(crate) async fn resolve(
        &self,
        person: &Person,
        said: Option<&Map<String, Value>>,
        alone: bool,
    ) -> Result<(Resolved, Vec<IdentifierConflict>), ApplyError> {
        let indexed: Vec<IndexedIdentifier> =
            person.identifiers.iter().map(|identifier| self.indexed(identifier)).collect();
        let Some(main) = indexed.first() else {
            // Known by nothing but its id, which was made from what there is.
            let now = self.survivor(person.id).await?;
            return Ok((Resolved { named: person.id, given: person.id, now }, Vec::new()));
        };
        let pseudonyms: Vec<Pseudonym> = indexed.iter().map(|identifier| identifier.pseudonym).collect();
        let known = self.index.resolve_to_write(&pseudonyms).await?;
        let mut conflicts = Vec::new();
        let mut given = match known.first().copied().flatten() {
            // A BSN is no sender's own number: it may be another one's by mistake.
            Some(given)
                if given != person.id
                    && person.identifiers.first().is_some_and(is_bsn)
                    && self.contradicts(self.survivor(given).await?, said).await? =>
            {
                conflicts.push(IdentifierConflict { patient: person.id, identifier: 0, holder: given });
                person.id
            }
            Some(given) => given,
            None => {
                let others: &[Option<Uuid>] = if alone { &[] } else { known.get(1..).unwrap_or_default() };
                self.by_others(person, others, said).await?.unwrap_or(person.id)
            }
        };
        if known.first().copied().flatten().is_none()
            && let Claim::Conflict(other) = self.index.claim(main, given).await?
        {
            // Somebody was faster with the same number.
            given = self
                .index
                .resolve(std::slice::from_ref(&main.pseudonym))
                .await?
                .first()
                .copied()
                .flatten()
                .unwrap_or(other);
        }
        let now = self.survivor(given).await?;
        for (identifier, (number, known)) in indexed.iter().zip(&known).enumerate().skip(1) {
            let holder = match known {
                Some(holder) => *holder,
                None => match self.index.claim(number, given).await? {
                    Claim::Conflict(holder) => holder,
                    Claim::Claimed | Claim::Held => given,
                },
            };
            if holder != given && holder != now && self.survivor(holder).await? != now {
                conflicts.push(IdentifierConflict { patient: given, identifier, holder });
            }
        }
        Ok((Resolved { named: person.id, given, now }, conflicts))
    }

    /// Takes the numbers of a person from the patient whose other number went to somebody else (A43): they do
    /// not lead there any more.
    pub(crate) async fn part(&self, person: &Person, other: Uuid) -> Result<(), ApplyError> {
        let numbers: Vec<Pseudonym> =
            person.identifiers.iter().map(|identifier| self.indexed(identifier).pseudonym).collect();
        let known = self.index.resolve_to_write(&numbers).await?;
        for (number, holder) in numbers.iter().zip(known) {
            if holder == Some(other) {
                self.index.release(number, other).await?;
            }
        }
        Ok(())
    }

    /// The one patient that the further identifiers lead to, unless the main number forbids it: a
    /// patient that has another number of the same kind is another patient for the one who gave it.
    async fn by_others(
        &self,
        person: &Person,
        known: &[Option<Uuid>],
        said: Option<&Map<String, Value>>,
    ) -> Result<Option<Uuid>, ApplyError> {
        let mut found: Vec<Uuid> = Vec::new();
        let mut by_bsn_alone = true;
        for (identifier, patient) in person.identifiers.iter().skip(1).zip(known) {
            let Some(patient) = *patient else { continue };
            by_bsn_alone &= is_bsn(identifier);
            let patient = self.survivor(patient).await?;
            if !found.contains(&patient) {
                found.push(patient);
            }
        }
        let [patient] = found.as_slice() else { return Ok(None) };
        if by_bsn_alone && self.contradicts(*patient, said).await? {
            return Ok(None);
        }
        let Some(main) = person.identifiers.first().and_then(|main| identifier(said?, main)) else {
            return Ok(Some(*patient));
        };
        let key = ResourceKey::new("Patient", patient.to_string());
        let stored = self.store.read(std::slice::from_ref(&key)).await?.pop().flatten();
        let Some(stored) = stored.as_ref().map(object).transpose()? else {
            return if self.wait { Err(ApplyError::Contended) } else { Ok(None) };
        };
        let other_number = identifiers(&stored).any(|other| {
            kind(other) == kind(main)
                && other.get("value") != main.get("value")
                && other.get("use").and_then(Value::as_str) != Some("old")
        });
        Ok((!other_number).then_some(*patient))
    }

    /// Whether both birth date and sex of the stored patient are others than those of the message: then
    /// one of the two has somebody else's BSN.
    async fn contradicts(
        &self,
        patient: Uuid,
        said: Option<&Map<String, Value>>,
    ) -> Result<bool, ApplyError> {
        let Some(said) = said else { return Ok(false) };
        let key = ResourceKey::new("Patient", patient.to_string());
        let stored = self.store.read(std::slice::from_ref(&key)).await?.pop().flatten();
        let Some(stored) = stored.as_ref().map(object).transpose()? else {
            // A message that is about to be written, or was given up.
            return if self.wait { Err(ApplyError::Contended) } else { Ok(false) };
        };
        let both = |element: &str| Some((stored.get(element)?.as_str()?, said.get(element)?.as_str()?));
        let born = both("birthDate").is_some_and(|(a, b)| !a.starts_with(b) && !b.starts_with(a));
        let sex = matches!(both("gender"), Some(("male", "female") | ("female", "male")));
        Ok(born && sex)
    }

    /// Where the data of a patient live now. The link of the stored patient decides: it is written in
    /// one transaction with the merger itself; the index may know of it a moment later.
    pub(crate) async fn survivor(&self, patient: Uuid) -> Result<Uuid, PortError> {
        let mut at = patient;
        for _ in 0..LONGEST_WAY {
            let next = self.index.survivor(at).await?;
            let key = ResourceKey::new("Patient", next.to_string());
            let stored = self.store.read(std::slice::from_ref(&key)).await?.pop().flatten();
            let replaced = stored.as_ref().map(object).transpose()?.and_then(|stored| replaced_by(&stored));
            match replaced {
                Some(other) => at = other,
                None => return Ok(next),
            }
        }
        Err(PortError::Damaged {
            operation: "patient-index.survivor",
            reason: String::from("the links of a patient do not end"),
        })
    }

    fn indexed(&self, identifier: &Phi<PatientIdentifier>) -> IndexedIdentifier {
        let identifier = identifier.expose_phi();
        IndexedIdentifier::of(self.keys, &identifier.system, &identifier.value)
    }
}

fn is_bsn(identifier: &Phi<PatientIdentifier>) -> bool {
    identifier.expose_phi().system == fhir::nl::BSN
}

/// The patient that replaced this one.
pub(crate) fn replaced_by(patient: &Map<String, Value>) -> Option<Uuid> {
    let links = patient.get("link").and_then(Value::as_array).into_iter().flatten();
    links
        .filter(|link| link.get("type").and_then(Value::as_str) == Some("replaced-by"))
        .filter_map(|link| link.pointer("/other/reference")?.as_str()?.strip_prefix("Patient/")?.parse().ok())
        .next()
}

fn identifiers(patient: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    patient.get("identifier").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// The identifier in the resource.
fn identifier<'a>(
    said: &'a Map<String, Value>,
    main: &Phi<PatientIdentifier>,
) -> Option<&'a Map<String, Value>> {
    let main = main.expose_phi();
    let mut with_value =
        identifiers(said).filter(|other| other.get("value").and_then(Value::as_str) == Some(&main.value));
    let first = with_value.next()?;
    let by_system =
        |other: &&Map<String, Value>| other.get("system").and_then(Value::as_str) == Some(&main.system);
    Some(std::iter::once(first).chain(with_value).find(by_system).unwrap_or(first))
}

/// What two numbers have in common when one authority gave both: the system; without one, type and
/// assigner.
fn kind(identifier: &Map<String, Value>) -> (Option<&Value>, Option<&Value>, Option<&Value>) {
    match identifier.get("system") {
        Some(system) => (Some(system), None, None),
        None => (None, identifier.get("type"), identifier.get("assigner")),
    }
}
