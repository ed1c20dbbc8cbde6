//! The entries of the NEN 7513 log about one message.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::audit::{
    AccessMethod, Application, Deed, EntryBuilder, NetworkAccessPoint, PurposeOfUse, Source, User,
};
use zorgsluis_domain::port::ResourceKey;
use zorgsluis_domain::{AuditEntry, Effect, EntryId, patients_of};

use super::Delivery;
use super::assertion::Assertions;
use super::plan::Plan;

/// Resources that one entry names: a log entry has a limit (a message with thousands of results writes more),
/// and NEN 7513 wants to know of each which it was. More than these stand in further entries.
const IN_ONE: usize = 250;

/// What every entry about one message has in common.
pub(crate) struct Trail<'a> {
    pub(crate) said: &'a Assertions,
    pub(crate) delivery: &'a Delivery,
    pub(crate) source: &'a Source,
    pub(crate) now: Timestamp,
}

impl Trail<'_> {
    /// What is recorded before a plan is carried out: that the message was taken in, one entry a
    /// patient, and what will be created, changed and merged.
    pub(crate) fn of_plan(&self, plan: &Plan) -> Vec<AuditEntry> {
        let mut entries = Vec::new();
        let patients: Vec<Option<Uuid>> = match plan.patients.as_slice() {
            [] => vec![None],
            patients => patients.iter().copied().map(Some).collect(),
        };
        for patient in &patients {
            let name = patient.map_or_else(String::new, |patient| patient.to_string());
            let deed = Deed::imported(self.delivery.message.to_string());
            entries.push(self.entry(&format!("import {name}"), deed, *patient).build());
        }
        let first = patients.first().copied().flatten();
        let digest = digest(plan);
        for (effect, deed, action) in
            [(Effect::Created, Deed::created(), "create"), (Effect::Changed, Deed::updated(), "update")]
        {
            for (patient, written) in by_patient(plan, first, effect) {
                let whose = match patient {
                    Some(other) if patient != first => format!(" {other}"),
                    _ => String::new(),
                };
                for (nth, part) in written.chunks(IN_ONE).enumerate() {
                    let name = format!("write {action} {digest}{whose}{}", part_name(nth));
                    let entry = self.entry_of_message(&name, deed.clone(), patient);
                    entries.push(entry.resources(part.iter().cloned()).build());
                }
            }
        }
        for (old, new) in &plan.merged {
            for patient in [old, new] {
                let name = format!("merge {old} {new} {patient}");
                let both = [old, new].map(|id| (format!("Patient/{id}"), None));
                let entry = self.entry_of_message(&name, Deed::merged(), Some(*patient));
                entries.push(entry.resources(both).build());
            }
        }
        entries
    }

    /// What is recorded before resources of a merged patient are given to the surviving one, or those of a
    /// visit to whose it is: with each of the patients.
    pub(crate) fn of_move(&self, patients: &[Uuid], moved: &[(ResourceKey, u64)]) -> Vec<AuditEntry> {
        let parts = moved.chunks(IN_ONE);
        parts.flat_map(|part| patients.iter().map(|patient| self.of_move_with(*patient, part))).collect()
    }

    fn of_move_with(&self, new: Uuid, moved: &[(ResourceKey, u64)]) -> AuditEntry {
        let keys =
            moved.iter().map(|(key, version)| format!("{key} {version}")).collect::<Vec<_>>().join(" ");
        let name = format!("move {new} {keys}");
        let versions = moved.iter().map(|(key, version)| (key.to_string(), Some(version + 1)));
        self.entry_of_message(&name, Deed::updated(), Some(new)).resources(versions).build()
    }

    /// The id is made from the message and the name: a second delivery gives the same entry, which the
    /// log keeps once.
    fn entry(&self, name: &str, deed: Deed, patient: Option<Uuid>) -> EntryBuilder {
        let message = self.delivery.message;
        let id = EntryId::derived(self.delivery.received, &format!("apply {message} {name}"));
        // Who was proved goes before who the message says it is.
        let said = self.said.sender.clone();
        let (user, alternate_id) = match &self.delivery.authenticated {
            Some(name) => (name.clone(), Some(said)),
            None => (said, None),
        };
        let purpose = Some(PurposeOfUse::Treatment);
        let network = self.delivery.peer.map(|peer| NetworkAccessPoint::Ip(peer.to_string()));
        let sender = User { purpose, alternate_id, network, ..User::system(user, true) };
        AuditEntry::of(deed.triggered_by(Some(&self.said.event)))
            .at(id, self.now)
            .by(sender)
            .through(AccessMethod::Queue, Application::zorgsluis())
            .reported_by(self.source.clone())
            .user(User::system("zorgsluis", false))
            .patient_if_any(patient.map(|patient| format!("Patient/{patient}")))
            .traceparent(self.delivery.traceparent.clone())
    }

    /// One that names the message beside what was done because of it.
    fn entry_of_message(&self, name: &str, deed: Deed, patient: Option<Uuid>) -> EntryBuilder {
        self.entry(name, deed, patient).message(self.delivery.message.to_string())
    }
}

/// Resources and the versions of them that are made.
type Versions = Vec<(String, Option<u64>)>;

/// What is written, by the patients whom it is about. What names nobody (a ward, a physician) goes with the first
/// patient of the message; what names several, with each of them.
fn by_patient(plan: &Plan, first: Option<Uuid>, effect: Effect) -> BTreeMap<Option<Uuid>, Versions> {
    let mut written: BTreeMap<_, Versions> = BTreeMap::new();
    for (write, version, _) in plan.versions().filter(|(.., of)| *of == effect) {
        let named = patients_of(&write.key, &write.resource);
        let named = named.iter().filter_map(|patient| patient.strip_prefix("Patient/")?.parse().ok());
        let mut whose: Vec<Option<Uuid>> = named.map(Some).collect();
        if whose.is_empty() {
            whose.push(first);
        }
        for patient in whose {
            written.entry(patient).or_default().push((write.key.to_string(), Some(version)));
        }
    }
    written
}

/// What tells the parts of a long list of resources apart.
fn part_name(nth: usize) -> String {
    if nth == 0 { String::new() } else { format!(" {nth}") }
}

/// Tells one plan from another: what is written, over which versions, to what.
fn digest(plan: &Plan) -> Uuid {
    let mut name = Vec::new();
    for write in &plan.writes {
        name.extend_from_slice(format!("{} {} ", write.key, write.version()).as_bytes());
        name.extend(write.resource.to_string().into_bytes());
    }
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &name)
}
