//! Setting aside what can never be an entry.

use aws_lambda_events::event::sqs::SqsMessage;
use jiff::Timestamp;
use std::collections::HashMap;
use uuid::Uuid;
use zorgsluis_domain::port::{DeadLetter, KeyOwner, dead_letter};
use zorgsluis_domain::{MessageId, PortError, Stage, Transport};

use super::{Handler, Poison, TO_COMMIT};

impl Handler {
    /// Parks a message, and says whether that was done.
    pub(super) async fn park_in_time(
        &self,
        message: &SqsMessage,
        poison: &Poison,
        deadline: Timestamp,
    ) -> bool {
        let parked = match self.left(deadline, TO_COMMIT) {
            Some(left) => tokio::time::timeout(left, self.park(message, poison)).await.ok(),
            None => None,
        };
        let (code, error) = match parked {
            Some(Ok(())) => {
                tracing::warn!(code = poison.code, "a message of the audit queue was set aside");
                return true;
            }
            Some(Err(error)) => (error.code(), error.to_string()),
            None => ("out-of-time", String::from("the time was up")),
        };
        tracing::error!(
            code,
            error,
            because = poison.code,
            "a message of the audit queue could not be set aside, and goes back"
        );
        false
    }

    /// Keeps the body, sealed, and parks the message. Doing it again changes nothing.
    async fn park(&self, message: &SqsMessage, poison: &Poison) -> Result<(), PortError> {
        let body = message.body.as_deref().unwrap_or_default();
        let parked = self.clock.now();
        let received = sent(&message.attributes).unwrap_or(parked);
        let id = MessageId(Uuid::new_v5(
            &Uuid::NAMESPACE_OID,
            format!("audit queue {}", message.message_id.as_deref().unwrap_or_default()).as_bytes(),
        ));
        self.payloads.put(id, &KeyOwner::System, received, body.as_bytes()).await?;
        let way = self.journal.get(id).await?;
        let told = |like: fn(&Stage) -> bool| {
            way.as_ref().is_some_and(|way| way.steps.iter().any(|step| like(&step.stage)))
        };
        // It came through a queue, and no sweep must bring it into another one.
        if !told(|stage| matches!(stage, Stage::Queued)) {
            let received_here = Stage::Received {
                transport: Transport::Queue,
                sender: String::from("unknown"),
                event: String::new(),
                control_id: String::new(),
                bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
                peer: None,
            };
            self.journal.record(id, received, &[received_here, Stage::Queued]).await?;
        }
        let attempts = message.attributes.get("ApproximateReceiveCount");
        let letter = DeadLetter {
            message: id,
            group: dead_letter::AUDIT_QUEUE.to_owned(),
            received,
            parked,
            code: poison.code.to_owned(),
            at: None,
            text: poison.text.to_owned(),
            attempts: attempts.and_then(|count| count.parse().ok()).unwrap_or(1),
        };
        self.dead_letters.park(&letter).await?;
        if !told(|stage| matches!(stage, Stage::Parked { .. })) {
            let stage = Stage::Parked { code: letter.code, at: None };
            self.journal.record(id, parked, &[stage]).await?;
        }
        Ok(())
    }
}

fn sent(attributes: &HashMap<String, String>) -> Option<Timestamp> {
    Timestamp::from_millisecond(attributes.get("SentTimestamp")?.parse().ok()?).ok()
}
