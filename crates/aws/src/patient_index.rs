//! Which patient an identifier belongs to, in the table `patient-index`.
//!
//! | `pk` | `sk` | |
//! |---|---|---|
//! | `identifier/<pseudonym>` | `holder` | whose it is, whose keys protect what comes under it, who stood for them in the log; while they are erased, until when nobody writes under it |
//! | `patient/<id>` | `head` | how many events there are, into whom the patient was merged, whether others were merged into it |
//! | `patient/<id>` | `merged/<id>` | a patient that was merged into this one |
//! | `patient/<id>` | `stand-in/<id>` | who stood for the patient in the log before anybody here knew them |
//! | `patient/<id>` | `event/<number>` | what happened, an item each: a patient may have thousands |
//! | `identifier/<pseudonym>` | `released` | its stand-in stays with who had it before |
//! | `identifier/<pseudonym>` | `erased/<id>` | it was this patient's when the dossier was destroyed; as long as lines of the log stand |
//! | `erased-patient/<id>` | `numbers`, `stand-in/<id>` | of such a patient: which these are, and who stood for them |
//!
//! Whatever changes is a transaction that writes its events too and raises the number of events of each patient it
//! touches, on condition that nobody else did. So two changes of one patient never pass each other, and no merge
//! closes a circle: links are never taken away, the patient that is merged had none when the transaction was done,
//! and neither had the end of the other's links, which was somebody else.

mod erase;
mod item;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::port::{Claim, IndexChange, IndexEvent, IndexedIdentifier, PatientIndex};
use zorgsluis_domain::{Clock, PortError, Pseudonym};

use crate::Clients;
use crate::table::{Patience, Row, Table, Write, text};
use item::{
    ERASED, Head, STAND_IN, erased_partition, event, head_key, holder_key, identifier_partition, merged_item,
    patient_partition, released_key, stand_in_item,
};

/// When to come again for a patient who is being erased.
const COME_AGAIN: Duration = Duration::from_secs(20);

/// The patient index on DynamoDB. Every read sees what was written before it.
#[derive(Clone)]
pub struct DynamoPatientIndex {
    table: Table,
    clock: Arc<dyn Clock>,
}

impl DynamoPatientIndex {
    /// The index in this table (its whole name, `zorgsluis-patient-index`).
    #[must_use]
    pub fn new(clients: &Clients, table: impl Into<Arc<str>>, clock: Arc<dyn Clock>) -> Self {
        Self { table: Table::new(&clients.dynamodb, table), clock }
    }

    async fn holder(
        &self,
        operation: &'static str,
        identifier: &Pseudonym,
    ) -> Result<Option<Uuid>, PortError> {
        let found = self.table.get(operation, holder_key(identifier)).await?;
        found.map(|item| Row::new(operation, &item).uuid("patient")).transpose()
    }

    /// Whose these are. None of a number that is fenced at a moment, where one is given: that passes.
    async fn holders(
        &self,
        operation: &'static str,
        identifiers: &[Pseudonym],
        unfenced: Option<Timestamp>,
    ) -> Result<Vec<Option<Uuid>>, PortError> {
        let once: BTreeSet<_> = identifiers.iter().collect();
        let keys = once.into_iter().map(holder_key).collect();
        let mut holders = HashMap::new();
        for item in self.table.get_all(operation, keys).await? {
            let row = Row::new(operation, &item);
            if let (Some(now), true) = (unfenced, row.has("fenced_until"))
                && row.time("fenced_until")? > now
            {
                return Err(PortError::Unavailable { operation, retry_after: Some(COME_AGAIN), cause: None });
            }
            holders.insert(row.text("pk")?.to_owned(), row.uuid("patient")?);
        }
        Ok(identifiers
            .iter()
            .map(|identifier| holders.get(&identifier_partition(identifier)).copied())
            .collect())
    }

    async fn head(&self, operation: &'static str, patient: Uuid) -> Result<Head, PortError> {
        match self.table.get(operation, head_key(patient)).await? {
            Some(item) => Head::read(patient, Row::new(operation, &item)),
            None => Ok(Head::of_nobody(patient)),
        }
    }

    /// Who stood for a patient, by the partition in which that stands.
    async fn stand_ins(&self, operation: &'static str, partition: &str) -> Result<Vec<Uuid>, PortError> {
        let query = self
            .table
            .query(operation, "pk = :pk AND begins_with(sk, :stand_in)")
            .value(":pk", text(partition))
            .value(":stand_in", text(STAND_IN));
        query.all().await?.iter().map(|item| Row::new(operation, item).uuid("stand_in")).collect()
    }

    async fn follow(&self, operation: &'static str, patient: Uuid) -> Result<Uuid, PortError> {
        // No merge closes a circle; a damaged table might.
        let (mut last, mut seen) = (patient, BTreeSet::new());
        while seen.insert(last) {
            match self.head(operation, last).await?.replacement {
                Some(next) => last = next,
                None => return Ok(last),
            }
        }
        Err(PortError::Damaged { operation, reason: "the merges of a patient have no end".into() })
    }

    /// Whether two patients have one survivor. Not so is said only of a moment at which both had another one.
    async fn same(&self, operation: &'static str, one: Uuid, other: Uuid) -> Result<bool, PortError> {
        let (mut one, mut other) = (one, other);
        loop {
            one = self.follow(operation, one).await?;
            other = self.follow(operation, other).await?;
            if one == other {
                return Ok(true);
            }
            if self.head(operation, one).await?.replacement.is_none() {
                return Ok(false);
            }
        }
    }

    /// Those of some patients into whom others were merged.
    async fn parents(&self, operation: &'static str, patients: &[Uuid]) -> Result<Vec<Uuid>, PortError> {
        let keys = patients.iter().map(|patient| head_key(*patient)).collect();
        let mut parents = Vec::new();
        for item in self.table.get_all(operation, keys).await? {
            let row = Row::new(operation, &item);
            if row.has("merged") {
                parents.push(row.uuid("patient")?);
            }
        }
        Ok(parents)
    }
}

#[async_trait]
impl PatientIndex for DynamoPatientIndex {
    async fn resolve(&self, identifiers: &[Pseudonym]) -> Result<Vec<Option<Uuid>>, PortError> {
        self.holders("patient_index.resolve", identifiers, None).await
    }

    async fn resolve_to_write(&self, identifiers: &[Pseudonym]) -> Result<Vec<Option<Uuid>>, PortError> {
        self.holders("patient_index.resolve_to_write", identifiers, Some(self.clock.now())).await
    }

    async fn claim(&self, identifier: &IndexedIdentifier, patient: Uuid) -> Result<Claim, PortError> {
        const OPERATION: &str = "patient_index.claim";
        let mut patience = Patience::new(OPERATION);
        loop {
            if let Some(holder) = self.holder(OPERATION, &identifier.pseudonym).await? {
                let same = holder == patient || self.same(OPERATION, holder, patient).await?;
                return Ok(if same { Claim::Held } else { Claim::Conflict(holder) });
            }
            let head = self.head(OPERATION, patient).await?;
            let mut given = holder_key(&identifier.pseudonym);
            given.insert("patient".into(), text(patient));
            given.insert("owner".into(), text(identifier.owner));
            given.insert("stand_in".into(), text(identifier.stand_in));
            let mut writes = vec![Write::put(given).only_if("attribute_not_exists(pk)")];
            // Whoever the log tells of from before anybody here knew them is the first who had the number.
            let released = self.table.get(OPERATION, released_key(&identifier.pseudonym)).await?.is_some();
            let erased = self.erased_with(&identifier.pseudonym).await?;
            if !released && erased.iter().all(|one| *one == patient) {
                writes.push(Write::put(stand_in_item(&patient_partition(patient), identifier.stand_in)));
            }
            writes.extend(head.happened(self.clock.now(), &IndexChange::Claimed(identifier.pseudonym)));
            if self.table.transact(OPERATION, writes).await?.is_ok() {
                return Ok(Claim::Claimed);
            }
            patience.wait().await?;
        }
    }

    async fn survivor(&self, patient: Uuid) -> Result<Uuid, PortError> {
        self.follow("patient_index.survivor", patient).await
    }

    async fn merge(&self, old: Uuid, new: Uuid) -> Result<(), PortError> {
        const OPERATION: &str = "patient_index.merge";
        let refused = |reason: &str| Err(PortError::Refused { operation: OPERATION, reason: reason.into() });
        if old == new {
            return refused("a patient cannot be merged into itself");
        }
        let mut patience = Patience::new(OPERATION);
        loop {
            let (merged, into) = (self.head(OPERATION, old).await?, self.head(OPERATION, new).await?);
            if merged.replacement.is_some() {
                return match self.same(OPERATION, old, new).await? {
                    true => Ok(()),
                    false => refused("the patient was merged into another one already"),
                };
            }
            let target = match into.replacement {
                Some(next) => self.follow(OPERATION, next).await?,
                None => new,
            };
            if target == old {
                return refused("the merge would close a circle");
            }
            let now = self.clock.now();
            let mut writes = vec![Write::put(merged_item(new, old))];
            writes.extend(merged.happened(now, &IndexChange::MergedInto(new)));
            writes.extend(into.happened(now, &IndexChange::Merged(old)));
            if target != new {
                writes.push(Write::check(head_key(target), "attribute_not_exists(replacement)"));
            }
            if self.table.transact(OPERATION, writes).await?.is_ok() {
                return Ok(());
            }
            patience.wait().await?;
        }
    }

    async fn merged_into(&self, survivor: Uuid) -> Result<Vec<Uuid>, PortError> {
        const OPERATION: &str = "patient_index.merged_into";
        // Each is looked at once: a circle in a damaged table comes to its end.
        let (mut seen, mut found) = (BTreeSet::from([survivor]), Vec::new());
        let mut parents = vec![survivor];
        while !parents.is_empty() {
            let mut children = Vec::new();
            for parent in parents {
                let query = self
                    .table
                    .query(OPERATION, "pk = :patient AND begins_with(sk, :merged)")
                    .value(":patient", text(patient_partition(parent)))
                    .value(":merged", text("merged/"));
                for item in query.all().await? {
                    let child = Row::new(OPERATION, &item).uuid("patient")?;
                    if seen.insert(child) {
                        children.push(child);
                    }
                }
            }
            parents = self.parents(OPERATION, &children).await?;
            found.append(&mut children);
        }
        Ok(found)
    }

    async fn release(&self, identifier: &Pseudonym, patient: Uuid) -> Result<bool, PortError> {
        const OPERATION: &str = "patient_index.release";
        let mut patience = Patience::new(OPERATION);
        loop {
            if self.holder(OPERATION, identifier).await? != Some(patient) {
                return Ok(false);
            }
            let head = self.head(OPERATION, patient).await?;
            let taken = Write::delete(holder_key(identifier))
                .only_if("patient = :patient")
                .value(":patient", text(patient));
            let mut writes = vec![taken, Write::put(released_key(identifier))];
            writes.extend(head.happened(self.clock.now(), &IndexChange::Released(*identifier)));
            if self.table.transact(OPERATION, writes).await?.is_ok() {
                return Ok(true);
            }
            patience.wait().await?;
        }
    }

    async fn in_log(&self, patient: Uuid) -> Result<Vec<Uuid>, PortError> {
        const OPERATION: &str = "patient_index.in_log";
        let survivor = self.follow(OPERATION, patient).await?;
        let mut all = vec![survivor];
        all.extend(self.merged_into(survivor).await?);
        if !all.contains(&patient) {
            all.push(patient);
        }
        for id in all.clone() {
            for partition in [patient_partition(id), erased_partition(id)] {
                for stand_in in self.stand_ins(OPERATION, &partition).await? {
                    if !all.contains(&stand_in) {
                        all.push(stand_in);
                    }
                }
            }
        }
        Ok(all)
    }

    async fn erased_with(&self, identifier: &Pseudonym) -> Result<Vec<Uuid>, PortError> {
        const OPERATION: &str = "patient_index.erased_with";
        let query = self
            .table
            .query(OPERATION, "pk = :pk AND begins_with(sk, :erased)")
            .value(":pk", text(identifier_partition(identifier)))
            .value(":erased", text(ERASED));
        query.all().await?.iter().map(|item| Row::new(OPERATION, item).uuid("patient")).collect()
    }

    async fn history(&self, patient: Uuid) -> Result<Vec<IndexEvent>, PortError> {
        const OPERATION: &str = "patient_index.history";
        let query = self
            .table
            .query(OPERATION, "pk = :patient AND begins_with(sk, :event)")
            .value(":patient", text(patient_partition(patient)))
            .value(":event", text("event/"))
            .backward();
        query.all().await?.iter().map(|item| event(Row::new(OPERATION, item))).collect()
    }
}

impl std::fmt::Debug for DynamoPatientIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoPatientIndex").finish_non_exhaustive()
    }
}
