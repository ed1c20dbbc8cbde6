//! What was declared to forbid the destruction of a patient's data. Works beside a server.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::erasure::Hold;

use super::{Erasures, damaged};

impl Erasures {
    /// Declares a hold.
    pub async fn add_hold(&self, hold: &Hold) -> Result<(), PortError> {
        let (id, patient) = (hold.id, hold.patient);
        let json = serde_json::to_string(hold).unwrap_or_default();
        self.key_table
            .write("holds.add", move |connection| {
                connection.execute(
                    "INSERT INTO hold (id, patient, hold) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                    params![id.as_bytes(), patient.as_bytes(), json],
                )?;
                Ok(())
            })
            .await
    }

    /// Lifts a hold. It stays in the list, with the time. `None` when there is none of this id.
    pub async fn lift_hold(&self, id: Uuid, at: Timestamp) -> Result<Option<Hold>, PortError> {
        self.key_table
            .write("holds.lift", move |connection| {
                let json: Option<String> = connection
                    .query_row("SELECT hold FROM hold WHERE id = ?1", [id.as_bytes()], |row| row.get(0))
                    .optional()?;
                let Some(json) = json else { return Ok(None) };
                let mut hold: Hold = serde_json::from_str(&json).map_err(|_| damaged("not a hold"))?;
                hold.lifted = hold.lifted.or(Some(at));
                let json = serde_json::to_string(&hold).unwrap_or_default();
                connection
                    .execute("UPDATE hold SET hold = ?2 WHERE id = ?1", params![id.as_bytes(), json])?;
                Ok(Some(hold))
            })
            .await
    }

    /// All holds, lifted ones included, in the order in which they were declared; of these patients, or of all.
    pub async fn holds(&self, patients: Option<&[Uuid]>) -> Result<Vec<Hold>, PortError> {
        let patients = patients.map(<[Uuid]>::to_vec);
        self.key_table
            .read("holds.list", move |connection| {
                let lines: Vec<String> = connection
                    .prepare("SELECT hold FROM hold")?
                    .query_map([], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                let mut holds = Vec::with_capacity(lines.len());
                for line in lines {
                    let hold: Hold = serde_json::from_str(&line).map_err(|_| damaged("not a hold"))?;
                    if patients.as_ref().is_none_or(|patients| patients.contains(&hold.patient)) {
                        holds.push(hold);
                    }
                }
                holds.sort_by_key(|hold| (hold.since, hold.id));
                Ok(holds)
            })
            .await
    }
}
