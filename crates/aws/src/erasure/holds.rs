//! What was declared to forbid the destruction of a patient's data, in the table `holds`: an item a hold, by its id.

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::erasure::Hold;

use crate::table::{Item, Patience, Row, Table, Write, item, text};

#[derive(Debug, Clone)]
pub(super) struct Holds {
    table: Table,
}

fn key(id: Uuid) -> Item {
    item([("id", text(id))])
}

fn written(operation: &'static str, hold: &Hold) -> Result<Item, PortError> {
    let json = serde_json::to_string(hold).map_err(|cause| PortError::unavailable(operation, cause))?;
    let mut item = key(hold.id);
    // `hold` is a reserved word of DynamoDB.
    item.insert("hold_json".into(), text(json));
    Ok(item)
}

fn read(row: Row<'_>) -> Result<Hold, PortError> {
    serde_json::from_str(row.text("hold_json")?).map_err(|_| row.damaged("hold_json"))
}

impl Holds {
    pub(super) const fn new(table: Table) -> Self {
        Self { table }
    }

    pub(super) async fn add(&self, hold: &Hold) -> Result<(), PortError> {
        const OPERATION: &str = "holds.add";
        let put = Write::put(written(OPERATION, hold)?).only_if("attribute_not_exists(id)");
        // One that stands there was declared before; it may have been lifted since.
        self.table.transact(OPERATION, vec![put]).await.map(drop)
    }

    pub(super) async fn lift(&self, id: Uuid, at: Timestamp) -> Result<Option<Hold>, PortError> {
        const OPERATION: &str = "holds.lift";
        let mut patience = Patience::new(OPERATION);
        loop {
            let Some(found) = self.table.get(OPERATION, key(id)).await? else { return Ok(None) };
            let row = Row::new(OPERATION, &found);
            let mut hold = read(row)?;
            hold.lifted = hold.lifted.or(Some(at));
            let put = Write::put(written(OPERATION, &hold)?)
                .only_if("hold_json = :stood")
                .value(":stood", text(row.text("hold_json")?));
            if self.table.transact(OPERATION, vec![put]).await?.is_ok() {
                return Ok(Some(hold));
            }
            patience.wait().await?;
        }
    }

    /// All of them: there are few.
    pub(super) async fn list(&self, patients: Option<&[Uuid]>) -> Result<Vec<Hold>, PortError> {
        const OPERATION: &str = "holds.list";
        let mut holds = Vec::new();
        let scan = self.table.scan(OPERATION);
        scan.each(|row| {
            let hold = read(row)?;
            if patients.is_none_or(|patients| patients.contains(&hold.patient)) {
                holds.push(hold);
            }
            Ok(())
        })
        .await?;
        holds.sort_by_key(|hold| (hold.since, hold.id));
        Ok(holds)
    }
}
