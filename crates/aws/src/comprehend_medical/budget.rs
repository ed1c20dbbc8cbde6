//! How many requests a day may cost.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use zorgsluis_domain::{Clock, PortError};

use super::ANALYSE;
use crate::failure::{failed, has_code};

/// A counter for each day (UTC), one item of a DynamoDB table, shared by all instances.
#[derive(Clone)]
pub(super) struct Budget {
    client: aws_sdk_dynamodb::Client,
    table: String,
    limit: u64,
    clock: Arc<dyn Clock>,
}

impl Budget {
    pub(super) fn new(
        client: aws_sdk_dynamodb::Client,
        table: String,
        limit: u64,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { client, table, limit, clock }
    }

    /// Takes the requests of a text out of the day's budget, all or none. What was taken and not spent (a request
    /// failed) is not given back: the limit is never passed.
    ///
    /// # Errors
    ///
    /// [`PortError::Refused`] when less is left: another engine reads the text.
    pub(super) async fn take(&self, requests: usize) -> Result<(), PortError> {
        let requests = requests as u64;
        let spent = || PortError::Refused {
            operation: ANALYSE,
            reason: String::from("the requests of this day are used up"),
        };
        let Some(most) = self.limit.checked_sub(requests) else { return Err(spent()) };
        let day = self.clock.now().strftime("%Y-%m-%d").to_string();
        let number = |number: u64| AttributeValue::N(number.to_string());
        let counted = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(format!("comprehend-medical#{day}")))
            .update_expression("ADD #used :requests")
            .condition_expression("attribute_not_exists(#used) OR #used <= :most")
            .expression_attribute_names("#used", "used")
            .expression_attribute_values(":requests", number(requests))
            .expression_attribute_values(":most", number(most))
            .send()
            .await;
        match counted {
            Ok(_) => Ok(()),
            Err(error) if has_code(&error, "ConditionalCheckFailedException") => {
                tracing::warn!(
                    limit = self.limit,
                    "the requests of this day to Comprehend Medical are used up"
                );
                Err(spent())
            }
            // Uncounted, nothing is asked.
            Err(error) => match failed(ANALYSE, error) {
                unavailable @ PortError::Unavailable { .. } => Err(unavailable),
                other => Err(PortError::unavailable(ANALYSE, other)),
            },
        }
    }
}
