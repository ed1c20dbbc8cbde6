//! What an erasure asks of the patient index beyond the port.

use std::collections::BTreeSet;

use uuid::Uuid;
use zorgsluis_domain::port::{IndexChange, PatientIndex as _};
use zorgsluis_domain::{PortError, Pseudonym};

use super::DynamoPatientIndex;
use super::item::{holder_key, patient_partition};
use crate::table::{Item, Row, busy, item, text};

const OPERATION: &str = "patient_index.erase";

/// An identifier that a patient holds.
pub(crate) struct Held {
    pub(crate) identifier: Pseudonym,
    /// Whose keys protect what comes under it, where the claim says so.
    pub(crate) owner: Option<Pseudonym>,
}

impl DynamoPatientIndex {
    /// The identifiers that these patients hold now.
    pub(crate) async fn held(&self, patients: &[Uuid]) -> Result<Vec<Held>, PortError> {
        let mut claimed = BTreeSet::new();
        for patient in patients {
            for event in self.history(*patient).await? {
                if let IndexChange::Claimed(identifier) = event.change {
                    claimed.insert(identifier);
                }
            }
        }
        let mut held = Vec::new();
        for identifier in claimed {
            let Some(found) = self.table.get(OPERATION, holder_key(&identifier)).await? else { continue };
            let row = Row::new(OPERATION, &found);
            if patients.contains(&row.uuid("patient")?) {
                let owner = row.maybe_text("owner")?;
                let owner = owner.map(|hex| Pseudonym::from_hex(hex).ok_or_else(|| row.damaged("owner")));
                held.push(Held { identifier, owner: owner.transpose()? });
            }
        }
        Ok(held)
    }

    /// Takes away all that the index says of these patients. Their numbers can be claimed anew.
    pub(crate) async fn erase(&self, patients: &[Uuid]) -> Result<(), PortError> {
        // Their events lead to the numbers, and go last.
        for Held { identifier, .. } in self.held(patients).await? {
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
