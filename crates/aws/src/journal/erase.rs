//! What an erasure asks of the journal beyond the port.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use uuid::Uuid;
use zorgsluis_domain::{MessageId, PortError};

use super::{BATCH, DynamoJournal};
use crate::table::{Item, Patience, Row, busy, item, text};

const OPERATION: &str = "journal.erase";
const PATIENT: &str = "Patient/";
/// Patients in one scan at most: an expression of DynamoDB is bounded.
const TOGETHER: usize = 50;

impl DynamoJournal {
    /// The messages of which a step names one of these patients, and whom. Reads the whole table, once: no index leads
    /// from a patient to messages.
    pub(crate) async fn naming(
        &self,
        patients: &[Uuid],
    ) -> Result<BTreeMap<MessageId, BTreeSet<Uuid>>, PortError> {
        let mut found: BTreeMap<MessageId, BTreeSet<Uuid>> = BTreeMap::new();
        if patients.is_empty() {
            return Ok(found);
        }
        let mut steps = self.messages.table.scan(OPERATION).attributes("pk, stage");
        // Of more an expression cannot hold the names: all come, and are looked at here.
        if patients.len() <= TOGETHER {
            let named: Vec<String> =
                (0..patients.len()).map(|nth| format!("contains(stage, :p{nth})")).collect();
            steps = steps.only(named.join(" OR "));
            for (nth, id) in patients.iter().enumerate() {
                steps = steps.value(&format!(":p{nth}"), text(format!("{PATIENT}{id}")));
            }
        } else {
            steps = steps.only("contains(stage, :patient)").value(":patient", text(PATIENT));
        }
        let sought: HashSet<Uuid> = patients.iter().copied().collect();
        steps
            .each(|step| {
                let stage = step.text("stage")?;
                let ids = stage.match_indices(PATIENT).filter_map(|(at, found)| {
                    let id = stage.get(at + found.len()..)?.get(..36)?;
                    id.parse::<Uuid>().ok()
                });
                let named: BTreeSet<Uuid> = ids.filter(|id| sought.contains(id)).collect();
                if !named.is_empty() {
                    found.entry(step.parsed("pk")?).or_default().extend(named);
                }
                Ok(())
            })
            .await?;
        Ok(found)
    }

    /// Takes the steps of a message away; its head stays, so that nothing queues it again.
    pub(crate) async fn erase(&self, message: MessageId) -> Result<(), PortError> {
        let table = &self.messages.table;
        let steps = table
            .query(OPERATION, "pk = :pk AND begins_with(sk, :step)")
            .value(":pk", text(message))
            .value(":step", text("step#"))
            .all()
            .await?;
        let deletes = steps.iter().map(|step| {
            let sk = Row::new(OPERATION, step).text("sk")?;
            let key: Item = item([("pk", text(message)), ("sk", text(sk))]);
            let delete = DeleteRequest::builder().set_key(Some(key)).build();
            let delete = delete.map_err(|error| PortError::unavailable(OPERATION, error))?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        });
        let deletes = deletes.collect::<Result<Vec<_>, PortError>>()?;
        for some in deletes.chunks(BATCH) {
            let mut patience = Patience::new(OPERATION);
            let mut writes = some.to_vec();
            loop {
                let request = table.client().batch_write_item().request_items(table.name(), writes);
                let answer = request.send().await.map_err(|error| busy(OPERATION, error))?;
                let left = answer.unprocessed_items.unwrap_or_default().remove(table.name());
                writes = left.unwrap_or_default();
                if writes.is_empty() {
                    break;
                }
                patience.wait().await?;
            }
        }
        Ok(())
    }
}
