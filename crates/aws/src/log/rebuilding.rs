//! While the index is made anew: writers do not believe that an id is missing, and readers get no half answer.
//!
//! The item of the coverage says so itself. Whoever empties the index marks it first (`rebuilding`) and counts
//! (`epoch`), in one write; the mark goes when everything is recorded again. Each question reads that item before
//! and after its rows: only where it is unmarked and the same both times were the rows those of a whole index. So
//! a writer that was asked before the mark, or sleeps through all of it, cannot take a row that was taken away for
//! an entry that was never logged; and its own rows are covered only if the index is still the one that it saw.
//!
//! A handle that began anew while another was at it takes over: the other one's writes are refused from then on, and
//! so is each delete, which asks for its own count in the same transaction.

use std::sync::atomic::Ordering;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;
use tlog::{Coverage, IndexError};

use super::index::{DynamoEntryIndex, fault};
use super::row::number;
use crate::failure::has_code;
use crate::table::{self, Item, Patience, Write, busy, text};

/// How many rows one transaction takes away, beside the question that it asks (100 is DynamoDB's bound).
const DELETES: usize = 99;

/// What the item of the coverage says.
pub(super) struct Standing {
    pub(super) coverage: Coverage,
    /// How often the index was made anew.
    epoch: u64,
    /// Whether it is being made anew now.
    rebuilding: bool,
}

impl Standing {
    /// Whether it is still the index that was seen then.
    pub(super) const fn is_same(&self, then: &Self) -> bool {
        self.epoch == then.epoch
    }

    /// The condition that it is, and with what it is asked.
    pub(super) fn unchanged(&self, request: UpdateItemFluentBuilder) -> (String, UpdateItemFluentBuilder) {
        let marked = if self.rebuilding { "attribute_exists" } else { "attribute_not_exists" };
        let marked = format!("{marked}(rebuilding)");
        if self.epoch == 0 {
            return (format!("{marked} AND attribute_not_exists(epoch)"), request);
        }
        let request = request.expression_attribute_values(":epoch", table::number(self.epoch));
        (format!("{marked} AND epoch = :epoch"), request)
    }
}

impl DynamoEntryIndex {
    /// How the index stands, for who may use it now: everybody, or while it is made anew who does that.
    pub(super) async fn standing(&self) -> Result<Standing, IndexError> {
        let standing = self.look_at_standing().await?;
        let own = self.rebuilds.load(Ordering::Relaxed);
        let admitted = if standing.rebuilding { own == standing.epoch && own != 0 } else { own == 0 };
        if admitted { Ok(standing) } else { Err(IndexError::Rebuilding) }
    }

    async fn look_at_standing(&self) -> Result<Standing, IndexError> {
        let item = self.table.get("log-index.coverage", self.coverage_key()).await.map_err(fault)?;
        let item = item.unwrap_or_default();
        let unreadable = || IndexError::permanent("the coverage of the index cannot be read");
        let of = |name: &str| match item.get(name) {
            Some(_) => number(&item, name).map(Some).ok_or_else(unreadable),
            None => Ok(None),
        };
        let through = of("through")?;
        if through.is_none() && item.contains_key("last_bundle") {
            return Err(unreadable());
        }
        Ok(Standing {
            coverage: Coverage { through: through.unwrap_or_default(), last_bundle: of("last_bundle")? },
            epoch: of("epoch")?.unwrap_or_default(),
            rebuilding: item.contains_key("rebuilding"),
        })
    }

    /// What was read between two looks at the standing, if it is the whole index's.
    pub(super) async fn whole<T>(
        &self,
        read: impl Future<Output = Result<T, IndexError>>,
    ) -> Result<T, IndexError> {
        let before = self.standing().await?;
        let answer = read.await?;
        if self.standing().await?.is_same(&before) {
            Ok(answer)
        } else {
            Err(IndexError::transient("the index was made anew meanwhile"))
        }
    }

    /// Marks the index, and takes all rows away.
    pub(super) async fn empty(&self) -> Result<(), IndexError> {
        const OPERATION: &str = "log-index.reset";
        let mark = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(self.coverage_key()))
            .update_expression(
                "SET through = :zero, epoch = if_not_exists(epoch, :zero) + :one, rebuilding = :one REMOVE last_bundle",
            )
            .expression_attribute_values(":zero", table::number(0))
            .expression_attribute_values(":one", table::number(1))
            .return_values(ReturnValue::UpdatedNew);
        let marked = mark.send().await.map_err(|error| fault(busy(OPERATION, error)))?;
        let epoch = number(&marked.attributes.unwrap_or_default(), "epoch")
            .ok_or_else(|| IndexError::permanent("the index could not be marked"))?;
        self.rebuilds.store(epoch, Ordering::Relaxed);
        let mut start: Option<Item> = None;
        loop {
            let answer = self
                .table
                .client()
                .scan()
                .table_name(self.table.name())
                .consistent_read(true)
                .filter_expression("begins_with(pk, :log)")
                .projection_expression("pk, sk")
                .expression_attribute_values(":log", text(format!("{}#", self.shard)))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| fault(busy(OPERATION, error)))?;
            for keys in answer.items.unwrap_or_default().chunks(DELETES) {
                self.take_away(keys, epoch).await?;
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes rows away, together with the question whether nobody else took over: who slept since the mark must
    /// not take away what another handle recorded. One after the other: all of them ask about the same item.
    async fn take_away(&self, keys: &[Item], epoch: u64) -> Result<(), IndexError> {
        const OPERATION: &str = "log-index.empty";
        let mut patience = Patience::new(OPERATION);
        loop {
            let own = Write::check(self.coverage_key(), "epoch = :epoch AND attribute_exists(rebuilding)")
                .value(":epoch", table::number(epoch));
            let deletes = keys.iter().cloned().map(Write::delete);
            let writes = std::iter::once(own).chain(deletes).collect();
            match self.table.transact(OPERATION, writes).await.map_err(fault)? {
                Ok(()) => return Ok(()),
                Err(cancelled) if cancelled.refused(0) => return Err(IndexError::Rebuilding),
                Err(_) => patience.wait().await.map_err(fault)?,
            }
        }
    }

    /// Takes the mark away.
    pub(super) async fn unmark(&self) -> Result<(), IndexError> {
        let own = self.rebuilds.load(Ordering::Relaxed);
        if own == 0 {
            return Ok(());
        }
        let update = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(self.coverage_key()))
            .update_expression("REMOVE rebuilding")
            .condition_expression("epoch = :epoch")
            .expression_attribute_values(":epoch", table::number(own));
        match update.send().await {
            Ok(_) => {}
            Err(error) if has_code(&error, "ConditionalCheckFailedException") => {
                return Err(IndexError::Rebuilding);
            }
            Err(error) => return Err(fault(busy("log-index.rebuilt", error))),
        }
        self.rebuilds.store(0, Ordering::Relaxed);
        Ok(())
    }
}
