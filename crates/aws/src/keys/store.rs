//! The items of the table `keys`.

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::DataClass;

use crate::table::{Item, Patience, Row, Table, Write, busy, bytes, item, text};

/// A wrapped data key.
pub(super) struct Record {
    /// The owner's fingerprint.
    pub(super) owner: String,
    pub(super) class: String,
    pub(super) wrapped: Vec<u8>,
}

/// What stands under an id.
pub(super) enum Held {
    Key(Record),
    Tombstone,
}

pub(super) struct Store {
    table: Table,
}

fn owner_key(owner: &str, class: &str) -> Item {
    item([("pk", text(format!("owner/{owner}/{class}")))])
}

fn id_key(id: Uuid) -> Item {
    item([("pk", text(format!("key/{id}")))])
}

impl Store {
    pub(super) fn new(client: &aws_sdk_dynamodb::Client, table: &str) -> Self {
        Self { table: Table::new(client, table) }
    }

    /// The id of the key under which an owner's data are sealed now.
    pub(super) async fn current(
        &self,
        operation: &'static str,
        owner: &str,
        class: DataClass,
    ) -> Result<Option<Uuid>, PortError> {
        let found = self.table.get(operation, owner_key(owner, class.name())).await?;
        found.map(|found| Row::new(operation, &found).uuid("data_key")).transpose()
    }

    pub(super) async fn by_id(&self, operation: &'static str, id: Uuid) -> Result<Option<Held>, PortError> {
        let Some(found) = self.table.get(operation, id_key(id)).await? else { return Ok(None) };
        let row = Row::new(operation, &found);
        if row.has("destroyed") {
            return Ok(Some(Held::Tombstone));
        }
        Ok(Some(Held::Key(Record {
            owner: row.text("owner")?.to_owned(),
            class: row.text("class")?.to_owned(),
            wrapped: row.bytes("wrapped_key")?.to_vec(),
        })))
    }

    /// Makes a key the present one; false when its owner has one.
    pub(super) async fn make(
        &self,
        operation: &'static str,
        id: Uuid,
        record: &Record,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let mut present = owner_key(&record.owner, &record.class);
        present.insert("data_key".to_owned(), text(id));
        let mut key = id_key(id);
        key.insert("owner".to_owned(), text(&record.owner));
        key.insert("class".to_owned(), text(&record.class));
        key.insert("wrapped_key".to_owned(), bytes(record.wrapped.clone()));
        key.insert("made".to_owned(), text(now));
        let writes = vec![
            Write::put(present).only_if("attribute_not_exists(pk)"),
            Write::put(key).only_if("attribute_not_exists(pk)"),
        ];
        Ok(self.table.transact(operation, writes).await?.is_ok())
    }

    /// Leaves a tombstone in the place of a key; false when it was gone.
    pub(super) async fn destroy(
        &self,
        operation: &'static str,
        id: Uuid,
        owner: &str,
        class: &str,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let mut patience = Patience::new(operation);
        loop {
            let mut writes = vec![
                Write::update(id_key(id), "SET destroyed = :now REMOVE wrapped_key")
                    .only_if("attribute_exists(wrapped_key)")
                    .value(":now", text(now)),
            ];
            let present = self.table.get(operation, owner_key(owner, class)).await?;
            let present =
                present.map(|present| Row::new(operation, &present).uuid("data_key")).transpose()?;
            if present == Some(id) {
                writes.push(
                    Write::delete(owner_key(owner, class)).only_if("data_key = :id").value(":id", text(id)),
                );
            }
            match self.table.transact(operation, writes).await? {
                Ok(()) => return Ok(true),
                // Somebody else destroyed it.
                Err(cancelled) if cancelled.refused(0) && present != Some(id) => return Ok(false),
                Err(_) => patience.wait().await?,
            }
        }
    }

    /// When a key was made; `None` for one that never was, or whose item does not say.
    pub(super) async fn made(
        &self,
        operation: &'static str,
        id: Uuid,
    ) -> Result<Option<Timestamp>, PortError> {
        let Some(found) = self.table.get(operation, id_key(id)).await? else { return Ok(None) };
        let row = Row::new(operation, &found);
        row.has("made").then(|| row.time("made")).transpose()
    }

    /// Whose a key is, or was: the owner's fingerprint.
    pub(super) async fn owner_of(
        &self,
        operation: &'static str,
        id: Uuid,
    ) -> Result<Option<String>, PortError> {
        let found = self.table.get(operation, id_key(id)).await?;
        let owner = found.as_ref().map(|found| Row::new(operation, found).maybe_text("owner")).transpose()?;
        Ok(owner.flatten().map(str::to_owned))
    }

    /// Writes the tombstone of a key that never was.
    pub(super) async fn mark_destroyed(
        &self,
        operation: &'static str,
        id: Uuid,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let mut mark = id_key(id);
        mark.insert("destroyed".to_owned(), text(now));
        self.table.put(operation, mark).await
    }

    /// The ids of all keys that were destroyed.
    pub(super) async fn tombstones(&self, operation: &'static str) -> Result<Vec<Uuid>, PortError> {
        let mut pages = self
            .table
            .client()
            .scan()
            .table_name(self.table.name())
            .consistent_read(true)
            .filter_expression("attribute_exists(destroyed)")
            .projection_expression("pk")
            .into_paginator()
            .items()
            .send();
        let mut ids = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| busy(operation, error))?;
            let row = Row::new(operation, &found);
            let id = row.text("pk")?.strip_prefix("key/").and_then(|id| id.parse().ok());
            ids.push(id.ok_or_else(|| row.damaged("pk"))?);
        }
        Ok(ids)
    }
}
