//! The items of the table `keys`.

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::DataClass;

use crate::table::{Item, Patience, Row, Table, Write, bytes, item, text};

/// A wrapped data key.
pub(super) struct Record {
    /// The owner's fingerprint.
    pub(super) owner: String,
    pub(super) class: String,
    pub(super) wrapped: Vec<u8>,
    /// Until when it opens nothing: an erasure is about to be decided.
    pub(super) held_until: Option<Timestamp>,
}

/// What stands under an id.
pub(super) enum Held {
    Key(Record),
    Tombstone,
}

/// When a key was made.
pub(super) struct Made {
    pub(super) at: Timestamp,
    /// It took the place of keys that were retired.
    pub(super) follows: bool,
}

/// The keys of an owner and class that stand.
#[derive(Default)]
struct Present {
    /// Under which data are sealed now.
    now: Option<Uuid>,
    /// Which seal nothing any more.
    older: Vec<Uuid>,
}

impl Present {
    /// The write by which others stand in the place of these, if these stand there still.
    fn replaced_by(&self, owner: &str, class: &str, others: &Self) -> Write {
        let listed = |ids: &[Uuid]| text(ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(" "));
        let mut expression = Vec::new();
        let mut values = Vec::new();
        if let Some(now) = others.now {
            expression.push("SET data_key = :new_key");
            values.push((":new_key", text(now)));
        }
        if !others.older.is_empty() {
            expression.push(if others.now.is_some() {
                ", older = :new_older"
            } else {
                "SET older = :new_older"
            });
            values.push((":new_older", listed(&others.older)));
        }
        let gone = match (others.now.is_none(), others.older.is_empty()) {
            (true, true) => "",
            (true, false) => " REMOVE data_key",
            (false, true) => " REMOVE older",
            (false, false) => "",
        };
        let expression = format!("{}{gone}", expression.concat());
        let key = owner_key(owner, class);
        let mut write =
            if expression.is_empty() { Write::delete(key) } else { Write::update(key, expression) };
        let mut stood = Vec::new();
        match self.now {
            Some(now) => {
                stood.push("data_key = :old_key");
                values.push((":old_key", text(now)));
            }
            None => stood.push("attribute_not_exists(data_key)"),
        }
        if self.older.is_empty() {
            stood.push("attribute_not_exists(older)");
        } else {
            stood.push("older = :old_older");
            values.push((":old_older", listed(&self.older)));
        }
        for (name, value) in values {
            write = write.value(name, value);
        }
        write.only_if(stood.join(" AND "))
    }
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
        Ok(self.present(operation, owner, class.name()).await?.now)
    }

    /// The ids of all keys of an owner that stand, the present one last.
    pub(super) async fn of_owner(
        &self,
        operation: &'static str,
        owner: &str,
        class: DataClass,
    ) -> Result<Vec<Uuid>, PortError> {
        let Present { now, mut older, .. } = self.present(operation, owner, class.name()).await?;
        older.extend(now);
        Ok(older)
    }

    async fn present(&self, operation: &'static str, owner: &str, class: &str) -> Result<Present, PortError> {
        let Some(found) = self.table.get(operation, owner_key(owner, class)).await? else {
            return Ok(Present::default());
        };
        let row = Row::new(operation, &found);
        let ids = row.maybe_text("older")?.unwrap_or_default().split_whitespace().map(str::parse);
        Ok(Present {
            now: row.has("data_key").then(|| row.uuid("data_key")).transpose()?,
            older: ids.collect::<Result<_, _>>().map_err(|_| row.damaged("older"))?,
        })
    }

    /// An owner has no present key from here on, and those that there are open nothing until a moment.
    pub(super) async fn retire(
        &self,
        operation: &'static str,
        owner: &str,
        class: DataClass,
        held_until: Timestamp,
    ) -> Result<(), PortError> {
        let mut patience = Patience::new(operation);
        loop {
            let stood = self.present(operation, owner, class.name()).await?;
            let mut keys = stood.older.clone();
            keys.extend(stood.now);
            if keys.is_empty() {
                return Ok(());
            }
            let held = keys.iter().map(|id| {
                Write::update(id_key(*id), "SET held_until = :until")
                    .only_if("attribute_exists(wrapped_key)")
                    .value(":until", text(held_until))
            });
            let mut writes: Vec<Write> = held.collect();
            writes.push(stood.replaced_by(owner, class.name(), &Present { now: None, older: keys }));
            match self.table.transact(operation, writes).await? {
                Ok(()) => return Ok(()),
                Err(_) => patience.wait().await?,
            }
        }
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
            held_until: row.has("held_until").then(|| row.time("held_until")).transpose()?,
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
        let mut key = id_key(id);
        key.insert("owner".to_owned(), text(&record.owner));
        key.insert("class".to_owned(), text(&record.class));
        key.insert("wrapped_key".to_owned(), bytes(record.wrapped.clone()));
        key.insert("made".to_owned(), text(now));
        if !self.present(operation, &record.owner, &record.class).await?.older.is_empty() {
            key.insert("follows".to_owned(), text("retired keys"));
        }
        let writes = vec![
            Write::update(owner_key(&record.owner, &record.class), "SET data_key = :id")
                .only_if("attribute_not_exists(data_key)")
                .value(":id", text(id)),
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
                Write::update(id_key(id), "SET destroyed = :now REMOVE wrapped_key, held_until")
                    .only_if("attribute_exists(wrapped_key)")
                    .value(":now", text(now)),
            ];
            let stood = self.present(operation, owner, class).await?;
            let listed = stood.now == Some(id) || stood.older.contains(&id);
            if listed {
                let others = stood.older.iter().copied().filter(|one| *one != id);
                let left = Present { now: stood.now.filter(|now| *now != id), older: others.collect() };
                writes.push(stood.replaced_by(owner, class, &left));
            }
            match self.table.transact(operation, writes).await? {
                Ok(()) => return Ok(true),
                // Somebody else destroyed it.
                Err(cancelled) if cancelled.refused(0) && !listed => return Ok(false),
                Err(_) => patience.wait().await?,
            }
        }
    }

    /// When a key was made; `None` for one that never was, or whose item does not say.
    pub(super) async fn made(&self, operation: &'static str, id: Uuid) -> Result<Option<Made>, PortError> {
        let Some(found) = self.table.get(operation, id_key(id)).await? else { return Ok(None) };
        let row = Row::new(operation, &found);
        if !row.has("made") {
            return Ok(None);
        }
        // Retired itself, it follows nothing any more.
        let follows = row.has("follows") && !row.has("held_until");
        Ok(Some(Made { at: row.time("made")?, follows }))
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
}
