//! What an erasure asks of the patient index beyond the port.

use std::collections::BTreeSet;

use uuid::Uuid;
use zorgsluis_domain::port::{IndexChange, PatientIndex as _};
use zorgsluis_domain::{PortError, Pseudonym};

use super::DynamoPatientIndex;
use super::item::{CLAIMED, holder_key, patient_partition};
use crate::table::{Item, Row, busy, item, text};

const OPERATION: &str = "patient_index.erase";

/// An identifier that a patient holds or held.
pub(crate) struct Held {
    pub(crate) identifier: Pseudonym,
    /// Whose keys protect what comes under it, where the claim says so.
    pub(crate) owner: Option<Pseudonym>,
    /// Whether the patient holds it now; else somebody else does.
    pub(crate) theirs: bool,
}

impl DynamoPatientIndex {
    /// The identifiers that were ever given to these patients.
    async fn given(&self, patients: &[Uuid]) -> Result<BTreeSet<Pseudonym>, PortError> {
        let mut given = BTreeSet::new();
        for patient in patients {
            for event in self.history(*patient).await? {
                if let IndexChange::Claimed(identifier) = event.change {
                    given.insert(identifier);
                }
            }
        }
        Ok(given)
    }

    /// The identifiers that these patients hold, or held before somebody else did.
    pub(crate) async fn held(&self, patients: &[Uuid]) -> Result<Vec<Held>, PortError> {
        let mut held = Vec::new();
        for identifier in self.given(patients).await? {
            let Some(found) = self.table.get(OPERATION, holder_key(&identifier)).await? else { continue };
            let row = Row::new(OPERATION, &found);
            let theirs = patients.contains(&row.uuid("patient")?);
            let owner = row.maybe_text("owner")?;
            let owner = owner.map(|hex| Pseudonym::from_hex(hex).ok_or_else(|| row.damaged("owner")));
            held.push(Held { identifier, owner: owner.transpose()?, theirs });
        }
        Ok(held)
    }

    /// Those of these identifiers that somebody but these patients holds or ever held. Reads the whole table: no index
    /// leads from an identifier to those who had it.
    pub(crate) async fn of_others(
        &self,
        identifiers: &BTreeSet<Pseudonym>,
        patients: &[Uuid],
    ) -> Result<BTreeSet<Pseudonym>, PortError> {
        let mut of_others = BTreeSet::new();
        let own: BTreeSet<String> = patients.iter().map(|patient| patient_partition(*patient)).collect();
        if identifiers.is_empty() {
            return Ok(of_others);
        }
        let mut pages = self
            .table
            .client()
            .scan()
            .table_name(self.table.name())
            .consistent_read(true)
            // `change` and `what` are of events.
            .filter_expression("#change = :claimed")
            .expression_attribute_names("#change", "change")
            .expression_attribute_values(":claimed", text(CLAIMED))
            .projection_expression("pk, what")
            .into_paginator()
            .items()
            .send();
        while let Some(event) = pages.next().await {
            let event = event.map_err(|error| busy(OPERATION, error))?;
            let row = Row::new(OPERATION, &event);
            let identifier = Pseudonym::from_hex(row.text("what")?).ok_or_else(|| row.damaged("what"))?;
            if identifiers.contains(&identifier) && !own.contains(row.text("pk")?) {
                of_others.insert(identifier);
            }
        }
        Ok(of_others)
    }

    /// Takes away all that the index says of these patients. Their numbers can be claimed anew.
    pub(crate) async fn erase(&self, patients: &[Uuid]) -> Result<(), PortError> {
        // Their events lead to the numbers, and go last.
        for Held { identifier, .. } in self.held(patients).await?.into_iter().filter(|held| held.theirs) {
            self.remove(holder_key(&identifier)).await?;
        }
        for patient in patients {
            let rows =
                self.table.query(OPERATION, "pk = :pk").value(":pk", text(patient_partition(*patient)));
            for row in rows.all().await? {
                let row = Row::new(OPERATION, &row);
                self.remove(item([("pk", text(row.text("pk")?)), ("sk", text(row.text("sk")?))])).await?;
            }
        }
        Ok(())
    }

    async fn remove(&self, key: Item) -> Result<(), PortError> {
        let request = self.table.client().delete_item().table_name(self.table.name()).set_key(Some(key));
        request.send().await.map(drop).map_err(|error| busy(OPERATION, error))
    }
}
