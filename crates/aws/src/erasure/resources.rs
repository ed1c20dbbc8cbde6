//! The resources about a patient in HealthLake.
//!
//! A search finds what stands. What was deleted, or names the patient no longer, is found by no search: it is named by
//! the ways of the messages that wrote it. Of each that is found, all versions are read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;
use zorgsluis_domain::erasure::about::{
    INVOLUNTARY_CARE, SHARED, identifiers, is_about, patients_named, references,
};
use zorgsluis_domain::port::{FhirStore as _, PageRequest, ResourceKey, Search, StoredResource};
use zorgsluis_domain::{Phi, PortError};

use crate::HealthLake;

/// Types that name a patient in the search parameter `patient` (FHIR R4).
const OF_PATIENTS: [&str; 26] = [
    "Account",
    "AllergyIntolerance",
    "Appointment",
    "CarePlan",
    "CareTeam",
    "ChargeItem",
    "Communication",
    "Condition",
    "Consent",
    "Coverage",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "Goal",
    "Immunization",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Procedure",
    "Provenance",
    "RelatedPerson",
    "ServiceRequest",
    "Specimen",
    "Task",
];

/// Histories and searches under way at once.
const AT_ONCE: usize = 8;
/// References in one search.
const TOGETHER: usize = 20;

/// What stands about a patient.
#[derive(Default)]
pub(super) struct Resources {
    /// Those that go with all of their versions, up to the moment that was asked.
    pub(super) whole: BTreeSet<ResourceKey>,
    /// Single versions that go: of what is about another one by now, or was written anew since.
    pub(super) versions: Vec<(ResourceKey, u64)>,
    /// Those that name the patient and are about another one.
    pub(super) left: Vec<String>,
    pub(super) last_updated: Option<Timestamp>,
    pub(super) involuntary_care: u64,
    /// `birthDate` of the version written last.
    pub(super) birth: Option<String>,
    /// Every identifier that a Patient resource ever had.
    pub(super) identifiers: BTreeSet<(String, String)>,
}

/// What is looked for.
pub(super) struct Sought<'a> {
    pub(super) fhir: &'a HealthLake,
    pub(super) patients: &'a [Uuid],
    /// Whose dossiers are destroyed, by id, and up to when.
    pub(super) erased: &'a HashMap<String, Timestamp>,
    /// What messages about them wrote.
    pub(super) named: BTreeSet<ResourceKey>,
    /// Only records of involuntary care.
    pub(super) involuntary_care: bool,
    /// Nothing that was written later.
    pub(super) until: Timestamp,
}

impl Sought<'_> {
    pub(super) async fn find(&self) -> Result<Resources, PortError> {
        let ids: HashSet<String> = self.patients.iter().map(Uuid::to_string).collect();
        let mut candidates = self.named.clone();
        candidates.extend(ids.iter().map(|id| ResourceKey::new("Patient", id)));
        candidates.extend(self.search_patients().await?);
        candidates.retain(|key| !SHARED.contains(&key.resource_type.as_str()));
        let mut found = Resources::default();
        let mut born = Timestamp::MIN;
        let mut apart: BTreeMap<ResourceKey, Vec<StoredResource>> = BTreeMap::new();
        for (key, versions) in self.histories(candidates).await? {
            let said = self.said(&key, &versions, &ids);
            if !said.mine {
                apart.insert(key, versions);
                continue;
            }
            for value in said.patients {
                identifiers(&value.1, &mut found.identifiers);
                let birth = value.1.get("birthDate").and_then(Value::as_str);
                if birth.is_some() && value.0 >= born {
                    (found.birth, born) = (birth.map(str::to_owned), value.0);
                }
            }
            if said.others && !said.about_mine {
                if !self.involuntary_care {
                    let gone = said.versions.into_iter().map(|version| (key.clone(), version));
                    found.versions.extend(gone);
                }
                found.left.push(key.to_string());
                continue;
            }
            found.involuntary_care += u64::from(said.involuntary_care);
            if !self.involuntary_care || said.involuntary_care {
                self.take(&mut found, key, &versions);
            }
        }
        found.left.sort();
        self.with_what_is_about_them(found, apart).await
    }

    /// Adds what names no patient but one of these resources: the Provenance of a document, say.
    async fn with_what_is_about_them(
        &self,
        mut found: Resources,
        mut apart: BTreeMap<ResourceKey, Vec<StoredResource>>,
    ) -> Result<Resources, PortError> {
        let mut new: Vec<String> = found.whole.iter().map(ToString::to_string).collect();
        while !new.is_empty() {
            let mut hits = BTreeSet::new();
            for some in new.chunks(TOGETHER) {
                hits.extend(self.search("Provenance", "target", some.join(",")).await?);
            }
            hits.retain(|key| !found.whole.contains(key) && !apart.contains_key(key));
            apart.extend(self.histories(hits).await?);
            let names: HashSet<&str> = new.iter().map(String::as_str).collect();
            let is_of_them = |versions: &Vec<StoredResource>| {
                let texts = || versions.iter().map(text);
                texts().all(|json| !json.contains("\"Patient/"))
                    && texts().any(|json| references(json).any(|reference| names.contains(reference)))
            };
            let more: Vec<ResourceKey> = apart
                .iter()
                .filter(|(_, versions)| is_of_them(versions))
                .map(|(key, _)| key.clone())
                .collect();
            new.clear();
            for key in more {
                let Some(versions) = apart.remove(&key) else { continue };
                new.push(key.to_string());
                self.take(&mut found, key, &versions);
            }
        }
        Ok(found)
    }

    /// Takes a resource that goes. One that was written anew since the moment loses its versions from before.
    fn take(&self, found: &mut Resources, key: ResourceKey, versions: &[StoredResource]) {
        let old: Vec<&StoredResource> =
            versions.iter().filter(|version| version.last_updated <= self.until).collect();
        found.last_updated = found.last_updated.max(old.iter().map(|version| version.last_updated).max());
        if old.len() == versions.len() {
            found.whole.insert(key);
        } else {
            found.versions.extend(old.iter().map(|version| (key.clone(), version.version)));
        }
    }

    async fn search_patients(&self) -> Result<BTreeSet<ResourceKey>, PortError> {
        let mut searches = Vec::new();
        for some in self.patients.chunks(TOGETHER) {
            let value: Vec<String> = some.iter().map(|id| format!("Patient/{id}")).collect();
            searches.extend(OF_PATIENTS.iter().map(|kind| self.search(kind, "patient", value.join(","))));
        }
        let hits: Vec<_> = stream::iter(searches).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(hits.into_iter().flatten().collect())
    }

    async fn search(
        &self,
        kind: &str,
        parameter: &str,
        value: String,
    ) -> Result<Vec<ResourceKey>, PortError> {
        let mut search = Search {
            resource_type: kind.to_owned(),
            parameters: Phi::new(vec![(parameter.to_owned(), value)]),
            page: PageRequest::first(100),
        };
        let mut keys = Vec::new();
        loop {
            let page = self.fhir.search(&search).await?;
            keys.extend(page.items.into_iter().map(|stored| stored.key));
            match page.next {
                Some(next) => search.page.after = Some(next),
                None => return Ok(keys),
            }
        }
    }

    /// All versions of each that there is, the latest first.
    async fn histories(
        &self,
        keys: BTreeSet<ResourceKey>,
    ) -> Result<Vec<(ResourceKey, Vec<StoredResource>)>, PortError> {
        let reads = keys.into_iter().map(|key| async move {
            let mut versions = Vec::new();
            let mut page = PageRequest::first(100);
            loop {
                let read = self.fhir.history(&key, &page).await?;
                versions.extend(read.items);
                match read.next {
                    Some(next) => page.after = Some(next),
                    None => return Ok::<_, PortError>((key, versions)),
                }
            }
        });
        let mut all: Vec<_> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        all.retain(|(_, versions)| !versions.is_empty());
        Ok(all)
    }
}

/// What the versions of one resource say of the patient.
#[derive(Default)]
struct Said {
    mine: bool,
    others: bool,
    /// What the last version says.
    about_mine: bool,
    /// The versions that were about the patient.
    versions: Vec<u64>,
    involuntary_care: bool,
    /// The Patient resource itself, version by version, with its time.
    patients: Vec<(Timestamp, Value)>,
}

impl Sought<'_> {
    /// What the versions of a resource say. Who is erased is nobody for whom it would have to stay.
    fn said(&self, key: &ResourceKey, versions: &[StoredResource], ids: &HashSet<String>) -> Said {
        let mut said = Said::default();
        let is_patient = key.resource_type == "Patient";
        let is_mine = is_patient && ids.contains(&key.id);
        for version in versions.iter().rev() {
            let json = text(version);
            let is_erased = |id: &str| self.erased.get(id).is_some_and(|at| version.last_updated <= *at);
            let mine = patients_named(json).any(|id| ids.contains(id));
            let others = patients_named(json).any(|id| !ids.contains(id) && !is_erased(id));
            // A deletion says nothing of anybody.
            if version.deleted || !(mine || is_mine || others) {
                said.mine |= is_mine;
                continue;
            }
            said.others |= others || (is_patient && !is_mine);
            said.mine |= mine || is_mine;
            said.about_mine = is_mine;
            if mine || is_mine {
                said.involuntary_care |= json.contains(INVOLUNTARY_CARE);
                let value: Value = serde_json::from_str(json).unwrap_or_default();
                said.about_mine |= !is_patient && is_about(&value, ids);
                if said.about_mine && version.last_updated <= self.until {
                    said.versions.push(version.version);
                }
                if is_mine {
                    said.patients.push((version.last_updated, value));
                }
            }
        }
        said
    }
}

fn text(version: &StoredResource) -> &str {
    std::str::from_utf8(version.json.expose_phi()).unwrap_or_default()
}
