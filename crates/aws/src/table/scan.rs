//! Reading a whole table, page after page of 1 MB.

use aws_sdk_dynamodb::types::AttributeValue;
use zorgsluis_domain::PortError;

use super::{Item, Row, Table, busy};

/// A consistent scan. What is written meanwhile may be seen or not.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Scan {
    table: Table,
    operation: &'static str,
    filter: Option<String>,
    names: Option<(String, String)>,
    values: Item,
    attributes: Option<&'static str>,
}

impl Scan {
    pub(super) fn new(table: Table, operation: &'static str) -> Self {
        Self { table, operation, filter: None, names: None, values: Item::new(), attributes: None }
    }

    /// Only the items of which this holds.
    pub(crate) fn only(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// What `#name` stands for: for a name that DynamoDB reserves.
    pub(crate) fn name(mut self, alias: &str, attribute: &str) -> Self {
        self.names = Some((alias.to_owned(), attribute.to_owned()));
        self
    }

    /// What `:name` stands for.
    pub(crate) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// Of each item these attributes: `pk, what`.
    pub(crate) const fn attributes(mut self, attributes: &'static str) -> Self {
        self.attributes = Some(attributes);
        self
    }

    /// Hands on each item.
    pub(crate) async fn each(
        self,
        mut take: impl FnMut(Row<'_>) -> Result<(), PortError>,
    ) -> Result<(), PortError> {
        let mut pages = self
            .table
            .client()
            .scan()
            .table_name(self.table.name())
            .consistent_read(true)
            .set_filter_expression(self.filter)
            .set_expression_attribute_names(self.names.map(|one| [one].into()))
            .set_expression_attribute_values(Some(self.values).filter(|values| !values.is_empty()))
            .set_projection_expression(self.attributes.map(str::to_owned))
            .into_paginator()
            .items()
            .send();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| busy(self.operation, error))?;
            take(Row::new(self.operation, &found))?;
        }
        Ok(())
    }
}
