//! What comes of a plan: what is written, in which order, and what the operator reads.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;
use zorgsluis_domain::port::ResourceKey;
use zorgsluis_domain::{Effect, StepEffect};

use super::merging::Merging;
use super::{Plan, Planned, Planner, patient};
use crate::apply::draft::{Content, Draft};
use crate::apply::identity::IdentifierConflict;
use crate::apply::state::Joined;

impl Planner<'_> {
    /// What is to be written, and why.
    pub(super) fn finish(self, mergers: &[Merging], conflicts: Vec<IdentifierConflict>) -> Plan {
        let mut writes = Vec::new();
        let mut effects = Vec::new();
        let mut carriers: BTreeSet<ResourceKey> = self.touched.keys().cloned().collect();
        carriers.extend(self.people.values().map(|who| patient(who.now)));
        carriers.extend(self.leant.iter().cloned());
        let mut checks = Vec::new();
        for (key, draft) in &self.drafts.0 {
            let rendered = draft.render();
            let changed = rendered.is_some() && draft.stands != rendered;
            if draft.named || changed {
                effects.push(effect(key, draft, changed));
            }
            let locked = self.locked.contains(key);
            let Some(resource) = rendered.filter(|_| changed || locked) else {
                if carriers.contains(key) {
                    checks.push((key.clone(), draft.precondition()));
                }
                continue;
            };
            let interim = self.touched.get(key).and_then(|_| self.without_lists(draft));
            let resource = Value::Object(resource);
            let effect = if draft.stands.is_some() { Effect::Changed } else { Effect::Created };
            writes.push(Planned {
                key: key.clone(),
                precondition: draft.precondition(),
                resource,
                interim,
                effect,
            });
        }
        writes.sort_by_key(|write| order(&write.key.resource_type));
        for conflict in &conflicts {
            effects.push(StepEffect {
                resource: patient(conflict.holder).to_string(),
                effect: Effect::Unchanged,
                why: Some(String::from("identifier-of-another-patient")),
            });
        }
        let mut patients: Vec<Uuid> = Vec::new();
        for person in &self.said.patients {
            let who = self.who(person.id);
            for id in [who.now, who.given] {
                if !patients.contains(&id)
                    && (id == who.now
                        || mergers.iter().any(|m| m.kind == "Patient" && m.obsolete.given == id))
                {
                    patients.push(id);
                }
            }
        }
        let merged = mergers
            .iter()
            .filter(|merging| merging.kind == "Patient" && !merging.is_alias())
            .map(|merging| (merging.obsolete.given, merging.surviving.now))
            .collect();
        let handovers = self.handovers(mergers);
        Plan { writes, checks, effects, merged, handovers, patients, conflicts }
    }
}

/// What came of a resource, in the words that the journal and the operator know.
fn effect(key: &ResourceKey, draft: &Draft, changed: bool) -> StepEffect {
    let any = |wanted: &[Joined]| draft.joined.iter().any(|joined| wanted.contains(joined));
    let unlisted = draft.state().is_some_and(|state| state.unlisted);
    let effect = match (changed, &draft.stands) {
        (true, None) => Effect::Created,
        (true, Some(_)) => Effect::Changed,
        (false, _) => Effect::Unchanged,
    };
    let whole = matches!(draft.content, Content::Whole(_));
    let why = match effect {
        _ if draft.remark.is_some() => draft.remark,
        Effect::Created | Effect::Changed if draft.stub => Some("merged-away"),
        Effect::Created | Effect::Changed if unlisted => Some("left-out-of-newer-snapshot"),
        Effect::Created => None,
        Effect::Changed if !draft.named => Some("listed-again"),
        Effect::Changed if any(&[Joined::Changed]) => {
            if any(&[Joined::Older]) {
                Some("partly-older-than-stored")
            } else {
                None
            }
        }
        Effect::Changed => Some("confirmed"),
        Effect::Unchanged if any(&[Joined::Outranked]) && whole => Some("status-rank"),
        Effect::Unchanged if any(&[Joined::Older]) => Some("older-than-stored"),
        Effect::Unchanged if any(&[Joined::Outranked]) => Some("registration-wins"),
        Effect::Unchanged => Some("same-content"),
    };
    StepEffect { resource: key.to_string(), effect, why: why.map(str::to_owned) }
}

/// What refers to others comes behind them.
fn order(resource_type: &str) -> usize {
    const ORDER: &[&str] = &[
        "Patient",
        "Organization",
        "Location",
        "Practitioner",
        "PractitionerRole",
        "RelatedPerson",
        "Coverage",
        "Account",
        "AllergyIntolerance",
        "Device",
        "Consent",
        "Account",
        "Condition",
        "Encounter",
        "Procedure",
        "Goal",
        "CareTeam",
        "CarePlan",
        "Schedule",
        "Slot",
        "ServiceRequest",
        "Medication",
        "MedicationRequest",
        "MedicationDispense",
        "MedicationAdministration",
        "Immunization",
        "Specimen",
        "Observation",
        "DiagnosticReport",
        "Appointment",
        "DocumentReference",
        "ChargeItem",
        "Task",
        "MessageHeader",
        "Provenance",
    ];
    ORDER.iter().position(|kind| *kind == resource_type).unwrap_or(ORDER.len())
}
