//! Patients who do not want their providers to be told, in `state.db`.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{OptOut, OptOuts};

use crate::column;
use crate::database::Database;

/// The register of opt-outs.
#[derive(Clone)]
pub struct SqliteOptOuts {
    database: Database,
}

impl SqliteOptOuts {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl OptOuts for SqliteOptOuts {
    async fn opted_out(&self, patients: &[Uuid]) -> Result<bool, PortError> {
        let patients = patients.to_vec();
        self.database
            .read("opt_outs.opted_out", move |connection| {
                let mut newest = connection.prepare_cached(
                    "SELECT opted_out FROM opt_out WHERE patient = ?1 ORDER BY n DESC LIMIT 1",
                )?;
                for patient in &patients {
                    let wish: Option<bool> =
                        newest.query_row([patient.as_bytes()], |row| row.get(0)).optional()?;
                    if wish == Some(true) {
                        return Ok(true);
                    }
                }
                Ok(false)
            })
            .await
    }

    async fn put(&self, wish: &OptOut) -> Result<(), PortError> {
        let wish = wish.clone();
        self.database
            .write("opt_outs.put", move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO opt_out (patient, opted_out, at, by) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![
                        wish.patient.as_bytes(),
                        wish.opted_out,
                        wish.at.as_microsecond(),
                        wish.by
                    ])?;
                Ok(())
            })
            .await
    }

    async fn history(&self, patient: Uuid) -> Result<Vec<OptOut>, PortError> {
        self.database
            .read("opt_outs.history", move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT opted_out, at, by FROM opt_out WHERE patient = ?1 ORDER BY n DESC",
                )?;
                let rows = select.query_map([patient.as_bytes()], |row| {
                    let at: Timestamp = column::time(row, 1)?;
                    Ok(OptOut { patient, opted_out: row.get(0)?, at, by: row.get(2)? })
                })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }
}

impl std::fmt::Debug for SqliteOptOuts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteOptOuts").finish_non_exhaustive()
    }
}
