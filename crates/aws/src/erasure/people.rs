//! What stands about persons who are looked for or erased together: each table is read through once for all of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::port::{FhirStore as _, Found, Keys as _, PageRequest, Search};
use zorgsluis_domain::{Phi, PortError, Pseudonym, Purpose};

use super::messages::{Around, Gone};
use super::resources::Resources;
use super::{AwsErasures, count};

/// What stands about one person, all their numbers together.
pub(super) struct Person {
    pub(super) patients: Vec<Uuid>,
    pub(super) gone: Vec<Gone>,
    pub(super) resources: Resources,
    /// By number, the owner of the keys that protect what comes under it.
    owners: BTreeMap<Pseudonym, Pseudonym>,
    /// Numbers of which it is known that somebody else has them, too.
    elsewhere: BTreeSet<Pseudonym>,
}

/// Who ever had which number.
pub(super) struct Claimants(HashMap<Pseudonym, BTreeSet<Uuid>>);

impl Person {
    /// The owners of keys by what identifies the patient in the resources, and by what the index says of the numbers
    /// that the patient was given. Apart from them: the owners of numbers that somebody else has or had, too (one that
    /// was moved, or two persons under one). Their keys protect what is about the other.
    pub(super) fn owners(&self, claimants: &Claimants) -> (Vec<Pseudonym>, Vec<Pseudonym>) {
        let is_of_another = |number: &Pseudonym| {
            let others = claimants.0.get(number).into_iter().flatten();
            self.elsewhere.contains(number) || others.into_iter().any(|one| !self.patients.contains(one))
        };
        let shared = self.owners.iter().filter(|(number, _)| is_of_another(number));
        let shared: BTreeSet<Pseudonym> = shared.map(|(_, owner)| *owner).collect();
        let owners: BTreeSet<Pseudonym> =
            self.owners.values().copied().filter(|owner| !shared.contains(owner)).collect();
        (owners.into_iter().collect(), shared.into_iter().collect())
    }
}

impl AwsErasures {
    /// What stands about a person, up to a moment.
    pub(super) async fn person(
        &self,
        around: &Around,
        patients: &[Uuid],
        until: Timestamp,
    ) -> Result<Person, PortError> {
        let gone = self.messages_about(around, patients).await?;
        let resources = self.resources(around, patients, Gone::resources(&gone), false, until).await?;
        let (mut owners, mut elsewhere) = (BTreeMap::new(), BTreeSet::new());
        for (system, value) in &resources.identifiers {
            let parts = [system.as_bytes(), value.as_bytes()];
            let number = self.keys.pseudonym(Purpose::PatientIndex, &parts);
            owners.insert(number, self.keys.pseudonym(Purpose::KeyOwner, &parts));
            if self.is_of_another(system, value, patients).await? {
                elsewhere.insert(number);
            }
        }
        for held in self.index.held(patients).await? {
            if let Some(owner) = held.owner {
                owners.insert(held.identifier, owner);
            }
            if !held.theirs {
                elsewhere.insert(held.identifier);
            }
        }
        Ok(Person { patients: patients.to_vec(), gone, resources, owners, elsewhere })
    }

    /// Who had the numbers of these.
    pub(super) async fn claimants(&self, people: &[Person]) -> Result<Claimants, PortError> {
        let numbers: BTreeSet<Pseudonym> =
            people.iter().flat_map(|person| person.owners.keys().copied()).collect();
        if !numbers.is_empty() {
            self.scans.fetch_add(1, Ordering::Relaxed);
        }
        self.index.claimants(&numbers).await.map(Claimants)
    }

    /// What of it an erasure would reach.
    pub(super) async fn found(
        &self,
        around: &Around,
        claimants: &Claimants,
        person: Person,
        told: &[Uuid],
    ) -> Result<Found, PortError> {
        let (owners, shared) = person.owners(claimants);
        let Person { mut gone, resources, .. } = person;
        gone.extend(self.letters_of(around, &owners, &gone).await?);
        let unclear = self.letters_of(around, &shared, &gone).await?;
        let (mut messages, mut latest) = (0, None);
        for one in &gone {
            if self.payloads.stands(one.message).await? {
                messages += 1;
                latest = latest.max(one.received);
            }
        }
        Ok(Found {
            resources: count(resources.whole.len()),
            left: resources.left,
            messages,
            // Handed on at once.
            mails: 0,
            last_change: resources.last_updated.max(latest),
            involuntary_care: resources.involuntary_care,
            birth: resources.birth.as_deref().and_then(|birth| birth.parse().ok()),
            owners,
            keys: Vec::new(),
            unclear: unclear.into_iter().map(|one| one.message.0).filter(|one| !told.contains(one)).collect(),
        })
    }

    /// Whether the Patient resource of somebody else has an identifier.
    async fn is_of_another(&self, system: &str, value: &str, patients: &[Uuid]) -> Result<bool, PortError> {
        let escaped = |text: &str| {
            let text = text.replace('\\', r"\\").replace('|', r"\|");
            text.replace(',', r"\,").replace('$', r"\$")
        };
        let token = format!("{}|{}", escaped(system), escaped(value));
        let mut search = Search {
            resource_type: String::from("Patient"),
            parameters: Phi::new(vec![(String::from("identifier"), token)]),
            page: PageRequest::first(100),
        };
        loop {
            let page = self.fhir.search(&search).await?;
            let is_theirs = |id: &str| id.parse().is_ok_and(|id| patients.contains(&id));
            if page.items.iter().any(|stored| !is_theirs(&stored.key.id)) {
                return Ok(true);
            }
            match page.next {
                Some(next) => search.page.after = Some(next),
                None => return Ok(false),
            }
        }
    }
}
