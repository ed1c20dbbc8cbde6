//! What an erasure asks of the patient index beyond the port.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::port::{IndexChange, PatientIndex as _};
use zorgsluis_domain::{Clock as _, PortError, Pseudonym};

use super::DynamoPatientIndex;
use super::item::{
    CLAIMED, ERASED_PATIENT, STAND_IN, erased_key, erased_partition, holder_key, patient_partition,
    stand_in_item,
};
use crate::SystemClock;
use crate::table::{Item, Row, Write, busy, item, text};

const OPERATION: &str = "patient_index.erase";
/// How long the last step of an erasure may take.
const FENCE: Duration = Duration::from_secs(5 * 60);

/// An identifier that a patient holds or held.
pub(crate) struct Held {
    pub(crate) identifier: Pseudonym,
    /// Who holds it.
    holder: Uuid,
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
            let holder = row.uuid("patient")?;
            let theirs = patients.contains(&holder);
            let owner = row.maybe_text("owner")?;
            let owner = owner.map(|hex| Pseudonym::from_hex(hex).ok_or_else(|| row.damaged("owner")));
            held.push(Held { identifier, holder, owner: owner.transpose()?, theirs });
        }
        Ok(held)
    }

    /// Who holds or ever held each of these identifiers. Reads the whole table, once: no index leads from an identifier
    /// to those who had it.
    pub(crate) async fn claimants(
        &self,
        identifiers: &BTreeSet<Pseudonym>,
    ) -> Result<HashMap<Pseudonym, BTreeSet<Uuid>>, PortError> {
        let mut claimants: HashMap<Pseudonym, BTreeSet<Uuid>> = HashMap::new();
        if identifiers.is_empty() {
            return Ok(claimants);
        }
        // `change` and `what` are of events.
        let claims = self
            .table
            .scan(OPERATION)
            .only("#change = :claimed")
            .name("#change", "change")
            .value(":claimed", text(CLAIMED))
            .attributes("pk, what");
        claims
            .each(|row| {
                let identifier = Pseudonym::from_hex(row.text("what")?).ok_or_else(|| row.damaged("what"))?;
                if identifiers.contains(&identifier) {
                    let patient = row.text("pk")?.strip_prefix("patient/").and_then(|id| id.parse().ok());
                    let patient = patient.ok_or_else(|| row.damaged("pk"))?;
                    claimants.entry(identifier).or_default().insert(patient);
                }
                Ok(())
            })
            .await?;
        Ok(claimants)
    }

    /// Keeps the numbers of these patients from those who write about them, until a moment. Answers how many.
    pub(crate) async fn fence(&self, patients: &[Uuid], until: Timestamp) -> Result<usize, PortError> {
        let mut fenced = 0;
        for held in self.held(patients).await?.into_iter().filter(|held| held.theirs) {
            let fence = Write::update(holder_key(&held.identifier), "SET fenced_until = :until")
                .only_if("patient = :holder")
                .value(":holder", text(held.holder))
                .value(":until", text(until));
            // One that was taken from them meanwhile is another's.
            fenced += usize::from(self.table.transact(OPERATION, vec![fence]).await?.is_ok());
        }
        Ok(fenced)
    }

    /// Whether nobody can write under any number of these patients at a moment, and there is one.
    pub(crate) async fn is_fenced(&self, patients: &[Uuid], at: Timestamp) -> Result<bool, PortError> {
        let mut any = false;
        for Held { identifier, .. } in self.held(patients).await?.into_iter().filter(|held| held.theirs) {
            let Some(found) = self.table.get(OPERATION, holder_key(&identifier)).await? else { continue };
            let row = Row::new(OPERATION, &found);
            if !row.has("fenced_until") || row.time("fenced_until")? <= at {
                return Ok(false);
            }
            any = true;
        }
        Ok(any)
    }

    /// Takes away all that the index says of these patients. Their numbers can be claimed anew, when nothing else is
    /// left: who claims one begins anew under the same id.
    pub(crate) async fn erase(&self, patients: &[Uuid]) -> Result<(), PortError> {
        let Some(first) = patients.first() else { return Ok(()) };
        let note = item([("pk", text(format!("erasing/{first}"))), ("sk", text("numbers"))]);
        let begun = self.table.get(OPERATION, note.clone()).await?;
        let numbers = match &begun {
            Some(begun) => numbers(Row::new(OPERATION, begun))?,
            None => {
                // So it is known of each whether it is still the erased one's.
                let until = SystemClock.now().saturating_add(FENCE).unwrap_or(Timestamp::MAX);
                self.fence(patients, until).await?;
                let held = self.held(patients).await?.into_iter().filter(|held| held.theirs);
                let numbers: Vec<Pseudonym> = held.map(|held| held.identifier).collect();
                let listed: Vec<String> = numbers.iter().map(Pseudonym::to_string).collect();
                let mut noted = note.clone();
                noted.insert(String::from("numbers"), text(listed.join(" ")));
                self.table.put(OPERATION, noted).await?;
                numbers
            }
        };
        self.remember(patients, &numbers).await?;
        if !begun.as_ref().is_some_and(|begun| Row::new(OPERATION, begun).has("rows_gone")) {
            for patient in patients {
                let rows =
                    self.table.query(OPERATION, "pk = :pk").value(":pk", text(patient_partition(*patient)));
                for row in rows.all().await? {
                    let row = Row::new(OPERATION, &row);
                    self.remove(item([("pk", text(row.text("pk")?)), ("sk", text(row.text("sk")?))])).await?;
                }
            }
            let gone = Write::update(note.clone(), "SET rows_gone = :yes").value(":yes", text("yes"));
            if self.table.transact(OPERATION, vec![gone]).await?.is_err() {
                return Err(PortError::Unavailable { operation: OPERATION, retry_after: None, cause: None });
            }
        }
        for number in numbers {
            // A new claim has no fence.
            let taken = Write::delete(holder_key(&number)).only_if("attribute_exists(fenced_until)");
            let refused = self.table.transact(OPERATION, vec![taken]).await?.err();
            if refused.is_some_and(|cancelled| !cancelled.refused(0)) {
                return Err(PortError::Unavailable { operation: OPERATION, retry_after: None, cause: None });
            }
        }
        self.remove(note).await
    }

    /// Keeps what leads from the numbers of these patients to lines of the log about them, which stay.
    async fn remember(&self, patients: &[Uuid], identifiers: &[Pseudonym]) -> Result<(), PortError> {
        for patient in patients {
            let partition = erased_partition(*patient);
            for stand_in in self.stand_ins(OPERATION, &patient_partition(*patient)).await? {
                self.table.put(OPERATION, stand_in_item(&partition, stand_in)).await?;
            }
            let row = item([("pk", text(&partition)), ("sk", text("numbers"))]);
            let known = self.table.get(OPERATION, row.clone()).await?;
            let mut all: BTreeSet<Pseudonym> = identifiers.iter().copied().collect();
            if let Some(known) = known {
                all.extend(numbers(Row::new(OPERATION, &known))?);
            }
            let listed: Vec<String> = all.iter().map(Pseudonym::to_string).collect();
            let mut kept = row;
            kept.insert(String::from("numbers"), text(listed.join(" ")));
            kept.insert(String::from("patient"), text(patient));
            self.table.put(OPERATION, kept).await?;
            for identifier in identifiers {
                let mut was = erased_key(identifier, *patient);
                was.insert(String::from("patient"), text(patient));
                self.table.put(OPERATION, was).await?;
            }
        }
        Ok(())
    }

    /// The erased patients of whom numbers are kept, each with who stood for them. Reads the whole table.
    pub(crate) async fn remembered(&self) -> Result<Vec<(Uuid, Option<Uuid>)>, PortError> {
        let mut patients = Vec::new();
        let kept = self
            .table
            .scan(OPERATION)
            .only("begins_with(pk, :erased) AND sk = :numbers")
            .value(":erased", text(ERASED_PATIENT))
            .value(":numbers", text("numbers"))
            .attributes("patient");
        kept.each(|row| {
            patients.push(row.uuid("patient")?);
            Ok(())
        })
        .await?;
        let mut remembered = Vec::new();
        for patient in patients {
            let stand_ins = self.stand_ins(OPERATION, &erased_partition(patient)).await?;
            if stand_ins.is_empty() {
                remembered.push((patient, None));
            }
            remembered.extend(stand_ins.into_iter().map(|stand_in| (patient, Some(stand_in))));
        }
        Ok(remembered)
    }

    /// Keeps the numbers of a patient no longer, once no stand-in of theirs is left.
    pub(crate) async fn forget_number(&self, patient: Uuid, stand_in: Option<Uuid>) -> Result<(), PortError> {
        let partition = erased_partition(patient);
        let key = |sort: String| item([("pk", text(&partition)), ("sk", text(sort))]);
        if let Some(stand_in) = stand_in {
            self.remove(key(format!("{STAND_IN}{stand_in}"))).await?;
        }
        if !self.stand_ins(OPERATION, &partition).await?.is_empty() {
            return Ok(());
        }
        let row = key(String::from("numbers"));
        if let Some(kept) = self.table.get(OPERATION, row.clone()).await? {
            for identifier in numbers(Row::new(OPERATION, &kept))? {
                self.remove(erased_key(&identifier, patient)).await?;
            }
        }
        self.remove(row).await
    }

    async fn remove(&self, key: Item) -> Result<(), PortError> {
        let request = self.table.client().delete_item().table_name(self.table.name()).set_key(Some(key));
        request.send().await.map(drop).map_err(|error| busy(OPERATION, error))
    }
}

/// The numbers that an erasure noted.
fn numbers(row: Row<'_>) -> Result<Vec<Pseudonym>, PortError> {
    let listed = row.text("numbers")?.split_whitespace();
    listed.map(|hex| Pseudonym::from_hex(hex).ok_or_else(|| row.damaged("numbers"))).collect()
}
