//! Reading the items of one partition, page after page of 1 MB.

use aws_sdk_dynamodb::types::AttributeValue;
use zorgsluis_domain::PortError;

use super::{Item, Table, busy};

/// A query. Consistent, unless it is on an index: those follow their table after a moment.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Query {
    table: Table,
    operation: &'static str,
    condition: String,
    index: Option<&'static str>,
    values: Item,
    backward: bool,
}

impl Query {
    pub(super) fn new(table: Table, operation: &'static str, condition: &str) -> Self {
        Self {
            table,
            operation,
            condition: condition.to_owned(),
            index: None,
            values: Item::new(),
            backward: false,
        }
    }

    /// On this index.
    pub(crate) fn index(mut self, index: &'static str) -> Self {
        self.index = Some(index);
        self
    }

    /// What `:name` stands for.
    pub(crate) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// The largest sort key first.
    pub(crate) const fn backward(mut self) -> Self {
        self.backward = true;
        self
    }

    /// All of them.
    pub(crate) async fn all(self) -> Result<Vec<Item>, PortError> {
        self.read(None).await
    }

    /// The first `most`; fewer only where there are no more.
    pub(crate) async fn first(self, most: usize) -> Result<Vec<Item>, PortError> {
        self.read(Some(most)).await
    }

    async fn read(self, most: Option<usize>) -> Result<Vec<Item>, PortError> {
        let (mut found, mut start) = (Vec::new(), None);
        loop {
            let limit = most.map(|most| most.saturating_sub(found.len()));
            if limit == Some(0) {
                return Ok(found);
            }
            let request = self
                .table
                .client()
                .query()
                .table_name(self.table.name())
                .set_index_name(self.index.map(str::to_owned))
                .key_condition_expression(&self.condition)
                .set_expression_attribute_values(Some(self.values.clone()))
                .consistent_read(self.index.is_none())
                .scan_index_forward(!self.backward)
                .set_limit(limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
                .set_exclusive_start_key(start);
            let answer = request.send().await.map_err(|error| busy(self.operation, error))?;
            found.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }
}
