//! What an erasure asks of the journal beyond the port.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use uuid::Uuid;
use zorgsluis_domain::{MessageId, PortError};

use super::{BATCH, DynamoJournal};
use crate::table::{Item, Patience, Row, busy, item, text};

const OPERATION: &str = "journal.erase";
/// Patients in one scan at most: an expression of DynamoDB is bounded.
const TOGETHER: usize = 50;

impl DynamoJournal {
    /// The messages of which a step names one of these patients. Reads the whole table: no index leads from a patient
    /// to messages.
    pub(crate) async fn naming(&self, patients: &[Uuid]) -> Result<BTreeSet<MessageId>, PortError> {
        let table = &self.messages.table;
        let mut found = BTreeSet::new();
        for some in patients.chunks(TOGETHER) {
            let named: Vec<String> = (0..some.len()).map(|nth| format!("contains(stage, :p{nth})")).collect();
            let mut steps = table.scan(OPERATION).only(named.join(" OR ")).attributes("pk");
            for (nth, id) in some.iter().enumerate() {
                steps = steps.value(&format!(":p{nth}"), text(format!("Patient/{id}")));
            }
            steps
                .each(|step| {
                    found.insert(step.parsed("pk")?);
                    Ok(())
                })
                .await?;
        }
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
