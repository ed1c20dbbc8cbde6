//! Several writes that are done all or not at all.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put,
    ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update,
};
use zorgsluis_domain::PortError;

use super::{Item, Table, busy};

/// Writes of one transaction at most.
pub(crate) const MAX_WRITES: usize = 100;

#[derive(Debug, Clone)]
enum Kind {
    Put,
    Update(String),
    Delete,
    Check,
}

/// One write of a transaction.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Write {
    kind: Kind,
    /// The key, or the whole item of a put.
    item: Item,
    condition: Option<String>,
    names: HashMap<String, String>,
    values: Item,
}

impl Write {
    fn new(kind: Kind, item: Item) -> Self {
        Self { kind, item, condition: None, names: HashMap::new(), values: Item::new() }
    }

    /// Puts an item.
    pub(crate) fn put(item: Item) -> Self {
        Self::new(Kind::Put, item)
    }

    /// Changes the item of this key: `SET a = :a REMOVE b`.
    pub(crate) fn update(key: Item, expression: impl Into<String>) -> Self {
        Self::new(Kind::Update(expression.into()), key)
    }

    /// Takes the item of this key away.
    pub(crate) fn delete(key: Item) -> Self {
        Self::new(Kind::Delete, key)
    }

    /// Changes nothing: its condition has to hold.
    pub(crate) fn check(key: Item, condition: impl Into<String>) -> Self {
        Self::new(Kind::Check, key).only_if(condition)
    }

    /// Only if this holds of what stands.
    pub(crate) fn only_if(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// What `#name` stands for: for names that DynamoDB reserves.
    pub(crate) fn name(mut self, alias: &str, attribute: &str) -> Self {
        self.names.insert(alias.to_owned(), attribute.to_owned());
        self
    }

    /// What `:name` stands for.
    pub(crate) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    fn build(self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let names = Some(self.names).filter(|names| !names.is_empty());
        let values = Some(self.values).filter(|values| !values.is_empty());
        let whole = TransactWriteItem::builder();
        Ok(match self.kind {
            Kind::Put => whole.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(self.item))
                    .set_condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(OnFailure::AllOld)
                    .build()?,
            ),
            Kind::Update(expression) => whole.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(self.item))
                    .update_expression(expression)
                    .set_condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(OnFailure::AllOld)
                    .build()?,
            ),
            Kind::Delete => whole.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(self.item))
                    .set_condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(OnFailure::AllOld)
                    .build()?,
            ),
            Kind::Check => whole.condition_check(
                ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(self.item))
                    .set_condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(OnFailure::AllOld)
                    .build()?,
            ),
        }
        .build())
    }
}

/// Why nothing was written: a condition did not hold, or somebody else was at one of the items.
#[derive(Debug)]
pub(crate) struct Cancelled {
    reasons: Vec<CancellationReason>,
}

impl Cancelled {
    /// Whether the condition of the nth write (from 0) is known not to hold. Where another transaction was in the
    /// way no condition may be known.
    pub(crate) fn refused(&self, nth: usize) -> bool {
        self.reasons.get(nth).and_then(CancellationReason::code) == Some("ConditionalCheckFailed")
    }

    /// What stands where the condition of the nth write (from 0) did not hold; none where nothing stands.
    pub(crate) fn standing(&self, nth: usize) -> Option<&Item> {
        self.reasons.get(nth).filter(|_| self.refused(nth)).and_then(CancellationReason::item)
    }
}

pub(super) async fn transact(
    table: &Table,
    operation: &'static str,
    writes: Vec<Write>,
) -> Result<Result<(), Cancelled>, PortError> {
    let items: Result<Vec<_>, _> = writes.into_iter().map(|write| write.build(table.name())).collect();
    let items =
        items.map_err(|_| PortError::Refused { operation, reason: "a write is not complete".into() })?;
    let answer = table.client().transact_write_items().set_transact_items(Some(items)).send().await;
    let Err(error) = answer else { return Ok(Ok(())) };
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
    else {
        return Err(busy(operation, error));
    };
    let reasons = cancelled.cancellation_reasons.clone().unwrap_or_default();
    let codes: Vec<&str> = reasons.iter().filter_map(CancellationReason::code).collect();
    if codes.iter().any(|code| matches!(*code, "ValidationError" | "ItemCollectionSizeLimitExceeded")) {
        return Err(PortError::Refused { operation, reason: "an item is too large, or none".into() });
    }
    let known = |code: &&str| matches!(*code, "None" | "ConditionalCheckFailed" | "TransactionConflict");
    if codes.iter().all(known) && codes.iter().any(|code| *code != "None") {
        return Ok(Err(Cancelled { reasons }));
    }
    // ThrottlingError, ProvisionedThroughputExceeded, DuplicateItem, AccessDenied, and what is not known.
    Err(PortError::unavailable(operation, error))
}
