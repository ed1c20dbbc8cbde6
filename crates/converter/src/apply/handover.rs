//! After a merger, a change of number or a move: what refers to the old one is given to the new one, in batches.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;
use zorgsluis_domain::port::{
    FhirStore, PageRequest, Precondition, ResourceKey, Search, StoredResource, Write,
};
use zorgsluis_domain::{Effect, Phi, PortError, StepEffect};

use super::assertion::rewrite_references;
use super::draft::visit_of;
use super::identity;
use super::plan::{Handover, patient, task_key, thing_replaced_by};
use super::read::object;
use super::trail::Trail;
use super::{Applied, Apply, ApplyError};

/// Types whose resources belong to a patient, and go along in a merger. `Provenance` and
/// `MessageHeader` stay: they tell what a message was about when it came.
const OF_PATIENT: &[&str] = &[
    "Encounter",
    "Observation",
    "DiagnosticReport",
    "AllergyIntolerance",
    "Consent",
    "Condition",
    "Coverage",
    "RelatedPerson",
    "Specimen",
    "ServiceRequest",
    "Account",
    "ChargeItem",
    "Procedure",
    "Goal",
    "CarePlan",
    "CareTeam",
    "DocumentReference",
    "Appointment",
    "MedicationRequest",
    "MedicationDispense",
    "MedicationAdministration",
    "MedicationStatement",
    "Immunization",
    "Communication",
];

/// Looked at in one go. With their tasks and specimens they fit into one transaction.
const PAGE: usize = 50;

impl Apply {
    /// Gives everything that refers to the old one to the new one. Nothing is added meanwhile: whoever writes
    /// about a patient or a visit holds to its version, and that changed.
    pub(super) async fn hand_over(
        &self,
        handover: &Handover,
        trail: &Trail<'_>,
        applied: &mut Applied,
        effects: &mut BTreeMap<String, StepEffect>,
    ) -> Result<(), ApplyError> {
        for (kind, parameter, value) in searches(handover) {
            let mut after = None;
            loop {
                let search = Search {
                    resource_type: kind.to_owned(),
                    parameters: Phi::new(vec![(parameter.to_owned(), value.clone())]),
                    page: PageRequest { after: after.take(), limit: PAGE },
                };
                let page = self.store.search(&search).await?;
                let moved = self.of_page(handover, page.items).await?;
                if moved.is_empty() {
                    match page.next {
                        Some(next) => after = Some(next),
                        None => break,
                    }
                    continue;
                }
                self.hand_over_some(handover, moved, trail, applied, effects).await?;
            }
        }
        self.stay(handover).await
    }

    /// What of a page changes.
    async fn of_page(
        &self,
        handover: &Handover,
        mut items: Vec<StoredResource>,
    ) -> Result<Vec<Write>, ApplyError> {
        let mut along: Vec<ResourceKey> = Vec::new();
        if let Some(visit) = &handover.visit {
            let mut of_visit = Vec::new();
            for item in items {
                let content = object(&item)?;
                let its = |key: &ResourceKey| key == visit || handover.stubs.contains(key);
                if its(&item.key) || visit_of(&content).as_ref().is_some_and(its) {
                    // A specimen hangs on no visit, but on what was examined during it.
                    along.extend(references(content.get("specimen")));
                    of_visit.push(item);
                }
            }
            items = of_visit;
        }
        // A task goes along with its request.
        along.extend(items.iter().filter_map(|one| task_key(&one.key)));
        along.sort();
        along.dedup();
        along.retain(|key| !items.iter().any(|one| one.key == *key));
        if !along.is_empty() {
            items.extend(self.store.read(&along).await?.into_iter().flatten());
        }
        let moved = items.iter().filter_map(|stored| changed(stored, &handover.changes).transpose());
        Ok(moved.collect::<Result<Vec<Write>, PortError>>()?)
    }

    /// The patients that were looked through are still who they were, and an account that moved has no visit
    /// that was not known: what one of them had may have gone to another one meanwhile.
    async fn stay(&self, handover: &Handover) -> Result<(), ApplyError> {
        if let Some(account) = handover.visit.as_ref().filter(|holder| holder.resource_type == "Account") {
            let visits = visits_on(&*self.store, account).await?;
            if !visits.iter().all(|visit| handover.known.contains(visit)) {
                return Err(ApplyError::Contended);
            }
        }
        if handover.holder.resource_type == "Patient" {
            return Ok(());
        }
        let keys: Vec<ResourceKey> = handover.patients.iter().map(|id| patient(*id)).collect();
        for stored in self.store.read(&keys).await?.iter().flatten() {
            if identity::replaced_by(&object(stored)?).is_some() {
                return Err(ApplyError::Contended);
            }
        }
        Ok(())
    }

    async fn hand_over_some(
        &self,
        handover: &Handover,
        mut moved: Vec<Write>,
        trail: &Trail<'_>,
        applied: &mut Applied,
        effects: &mut BTreeMap<String, StepEffect>,
    ) -> Result<(), ApplyError> {
        let versions: Vec<(ResourceKey, u64)> = moved
            .iter()
            .filter_map(|write| match write {
                Write::Put { key, precondition: Precondition::Version(version), .. } => {
                    Some((key.clone(), *version))
                }
                _ => None,
            })
            .collect();
        self.record(&trail.of_move(&handover.patients, &versions), applied).await?;
        // The patient to whom it goes, too: he may be merged meanwhile.
        let to = handover.patients.last().map(|id: &Uuid| patient(*id));
        for key in
            [Some(handover.holder.clone()), to.filter(|to| *to != handover.holder)].into_iter().flatten()
        {
            let stored = self.store.read(std::slice::from_ref(&key)).await?.pop().flatten();
            let Some(stored) = stored else { return Err(ApplyError::Contended) };
            let content = object(&stored)?;
            if identity::replaced_by(&content).is_some() || thing_replaced_by(&content).is_some() {
                return Err(ApplyError::Contended);
            }
            // What is written itself holds to its version already.
            if !versions.iter().any(|(written, _)| *written == key) {
                moved.push(Write::Check { key, precondition: Precondition::Version(stored.version) });
            }
        }
        // Before it is done: a conflict may be told although it was, and then it is not found to be moved again. All of
        // it is with the new one in the end, or nothing of this is told.
        for (key, _) in versions {
            let resource = key.to_string();
            let why = Some(handover.why.to_owned());
            effects.insert(resource.clone(), StepEffect { resource, effect: Effect::Changed, why });
        }
        self.transact(&moved).await?;
        Ok(())
    }
}

/// Where what is handed over may stand: type, search parameter, value.
fn searches(handover: &Handover) -> Vec<(&'static str, &'static str, String)> {
    let mut all = Vec::new();
    for patient in &handover.among {
        all.extend(OF_PATIENT.iter().map(|kind| (*kind, "patient", format!("Patient/{patient}"))));
    }
    // What is on an account need not be of its patient.
    for (from, _) in handover.changes.iter().filter(|(from, _)| from.starts_with("Account/")) {
        all.extend(["Encounter", "ChargeItem"].map(|kind| (kind, "account", from.clone())));
    }
    all
}

/// The visits on an account.
pub(super) async fn visits_on(
    store: &dyn FhirStore,
    account: &ResourceKey,
) -> Result<Vec<ResourceKey>, PortError> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let search = Search {
            resource_type: String::from("Encounter"),
            parameters: Phi::new(vec![(String::from("account"), account.to_string())]),
            page: PageRequest { after: after.take(), limit: PAGE },
        };
        let page = store.search(&search).await?;
        all.extend(page.items.into_iter().map(|item| item.key));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

/// The resources of one type that a list of references names.
fn references(list: Option<&Value>) -> impl Iterator<Item = ResourceKey> {
    let list = match list {
        Some(Value::Array(list)) => list.iter().collect(),
        other => other.into_iter().collect::<Vec<_>>(),
    };
    let key = |one: &Value| {
        let (kind, id) = one.get("reference")?.as_str()?.split_once('/')?;
        Some(ResourceKey::new(kind, id))
    };
    list.into_iter().filter_map(key).collect::<Vec<_>>().into_iter()
}

/// The resource with other references; `None` when none of them changes.
fn changed(stored: &StoredResource, changes: &[(String, String)]) -> Result<Option<Write>, PortError> {
    let mut content = object(stored)?;
    // What took its place is told as the message told it: a chain is followed link by link.
    let kept = thing_replaced_by(&content).and_then(|_| content.shift_remove("extension"));
    let mut resource = Value::Object(content);
    let changed = rewrite_references(&mut resource, &|reference| {
        changes.iter().find(|(from, _)| from == reference).map(|(_, to)| to.clone())
    });
    if let (Some(kept), Value::Object(content)) = (kept, &mut resource) {
        content.insert(String::from("extension"), kept);
    }
    Ok(changed.then(|| Write::Put {
        key: stored.key.clone(),
        json: Phi::new(resource.to_string().into_bytes()),
        precondition: Precondition::Version(stored.version),
    }))
}
