//! Patients who do not want their providers to be told, in the table `opt-outs`.
//!
//! | `patient` | `sk` | |
//! |---|---|---|
//! | `<id>` | `newest` | the newest wish, and how many there are |
//! | `<id>` | `wish/<number>` | every wish |
//!
//! The order of wishes is that in which they were written, not that of their times: the clocks of two writers may
//! differ.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{OptOut, OptOuts};

use crate::Clients;
use crate::table::{Item, Patience, Row, Table, Write, item, number, text, time_key};

/// The register of opt-outs on DynamoDB. Every read sees what was written before it.
#[derive(Clone)]
pub struct DynamoOptOuts {
    table: Table,
}

impl DynamoOptOuts {
    /// The register in this table (its whole name, `zorgsluis-opt-outs`).
    #[must_use]
    pub fn new(clients: &Clients, table: impl Into<Arc<str>>) -> Self {
        Self { table: Table::new(&clients.dynamodb, table) }
    }
}

fn newest_key(patient: Uuid) -> Item {
    item([("patient", text(patient)), ("sk", text("newest"))])
}

/// A wish under a key.
fn written(mut key: Item, wish: &OptOut) -> Item {
    key.insert("wish".into(), AttributeValue::Bool(wish.opted_out));
    key.insert("since".into(), text(time_key(wish.at)));
    key.insert("author".into(), text(&wish.by));
    key
}

fn read(row: Row<'_>) -> Result<OptOut, PortError> {
    Ok(OptOut {
        patient: row.uuid("patient")?,
        opted_out: row.flag("wish")?,
        at: row.time("since")?,
        by: row.text("author")?.to_owned(),
    })
}

#[async_trait]
impl OptOuts for DynamoOptOuts {
    async fn opted_out(&self, patients: &[Uuid]) -> Result<bool, PortError> {
        const OPERATION: &str = "opt_outs.opted_out";
        let once: BTreeSet<_> = patients.iter().copied().collect();
        let newest = self.table.get_all(OPERATION, once.into_iter().map(newest_key).collect()).await?;
        for item in &newest {
            if Row::new(OPERATION, item).flag("wish")? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn put(&self, wish: &OptOut) -> Result<(), PortError> {
        const OPERATION: &str = "opt_outs.put";
        let micros = Timestamp::from_microsecond(wish.at.as_microsecond()).unwrap_or(wish.at);
        let wish = OptOut { at: micros, ..wish.clone() };
        let mut patience = Patience::new(OPERATION);
        loop {
            let stands = self.table.get(OPERATION, newest_key(wish.patient)).await?;
            let wishes = match &stands {
                None => 0,
                Some(item) => {
                    let row = Row::new(OPERATION, item);
                    // The same wish once more: its answer was lost.
                    if read(row)? == wish {
                        return Ok(());
                    }
                    row.number::<u64>("wishes")?
                }
            };
            let next = wishes.saturating_add(1);
            let mut newest = written(newest_key(wish.patient), &wish);
            newest.insert("wishes".into(), number(next));
            let newest = match wishes {
                0 => Write::put(newest).only_if("attribute_not_exists(patient)"),
                wishes => Write::put(newest).only_if("wishes = :wishes").value(":wishes", number(wishes)),
            };
            let key = item([("patient", text(wish.patient)), ("sk", text(format!("wish/{next:020}")))]);
            if self.table.transact(OPERATION, vec![newest, Write::put(written(key, &wish))]).await?.is_ok() {
                return Ok(());
            }
            patience.wait().await?;
        }
    }

    async fn history(&self, patient: Uuid) -> Result<Vec<OptOut>, PortError> {
        const OPERATION: &str = "opt_outs.history";
        let query = self
            .table
            .query(OPERATION, "patient = :patient AND begins_with(sk, :wish)")
            .value(":patient", text(patient))
            .value(":wish", text("wish/"))
            .backward();
        query.all().await?.iter().map(|item| read(Row::new(OPERATION, item))).collect()
    }
}

impl std::fmt::Debug for DynamoOptOuts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoOptOuts").finish_non_exhaustive()
    }
}
