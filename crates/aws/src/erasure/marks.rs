//! Which tombstones were applied to which table.
//!
//! Each table holds the mark of each tombstone that was applied to it. One that is restored to an earlier moment has
//! lost the marks together with all else that happened since, and so it is known what has to be done again there, and
//! there alone: elsewhere a new dossier of the same patient may have begun.

use aws_sdk_dynamodb::Client;
use uuid::Uuid;
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::{MessageId, PortError};

use crate::table::{Item, Row, Table, busy, item, number, text};

const OPERATION: &str = "erasure.marks";

/// A table that holds what is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Keys,
    Messages,
    PatientIndex,
    Notices,
    DeadLetters,
}

impl Kept {
    /// Those that hold a dossier, in the order in which they are erased.
    pub(super) const DOSSIER: [Self; 4] =
        [Self::Messages, Self::PatientIndex, Self::Notices, Self::DeadLetters];

    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Messages => "messages",
            Self::PatientIndex => "patient-index",
            Self::Notices => "notices",
            Self::DeadLetters => "dead-letters",
        }
    }

    fn key(self, partition: &str, sort: &str) -> Item {
        match self {
            Self::Keys => item([("pk", text(partition))]),
            Self::Messages | Self::PatientIndex => item([("pk", text(partition)), ("sk", text(sort))]),
            Self::Notices => item([("id", text(partition))]),
            Self::DeadLetters => item([("message", text(partition))]),
        }
    }
}

/// The tables by what they hold.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    client: Client,
    prefix: String,
}

fn partition(tombstone: Uuid) -> String {
    format!("erasure/{tombstone}")
}

impl Marks {
    /// In the tables whose names begin with `prefix`.
    pub(super) fn new(client: &Client, prefix: &str) -> Self {
        Self { client: client.clone(), prefix: prefix.into() }
    }

    /// A table by its name.
    pub(super) fn named(&self, name: &str) -> Table {
        Table::new(&self.client, format!("{}-{name}", self.prefix))
    }

    fn table(&self, kept: Kept) -> Table {
        self.named(kept.table())
    }

    /// How far a tombstone has come in a table: 0, not at all.
    pub(super) async fn stage(&self, kept: Kept, tombstone: Uuid) -> Result<u8, PortError> {
        let key = kept.key(&partition(tombstone), "mark");
        let found = self.table(kept).get(OPERATION, key).await?;
        found.map_or(Ok(0), |found| Row::new(OPERATION, &found).number("stage"))
    }

    /// Notes how far it has come.
    pub(super) async fn note(&self, kept: Kept, tombstone: &Tombstone, stage: u8) -> Result<(), PortError> {
        let mut mark = kept.key(&partition(tombstone.id), "mark");
        mark.extend(item([("stage", number(stage)), ("erased_at", text(tombstone.at))]));
        self.table(kept).put(OPERATION, mark).await
    }

    /// Notes that a message goes, and the notices about it: when another table is restored, it is known what of it
    /// has to go though nothing leads there any more.
    pub(super) async fn note_message(
        &self,
        tombstone: Uuid,
        message: MessageId,
        notices: &[Uuid],
    ) -> Result<(), PortError> {
        let mut row = Kept::Messages.key(&partition(tombstone), &format!("message/{message}"));
        let notices: Vec<String> = notices.iter().map(Uuid::to_string).collect();
        row.extend(item([("notices", text(notices.join(" "))), ("gone", text(message))]));
        self.table(Kept::Messages).put(OPERATION, row).await
    }

    /// The messages that went, with their notices.
    pub(super) async fn messages(&self, tombstone: Uuid) -> Result<Vec<(MessageId, Vec<Uuid>)>, PortError> {
        let query = self
            .table(Kept::Messages)
            .query(OPERATION, "pk = :pk AND begins_with(sk, :message)")
            .value(":pk", text(partition(tombstone)))
            .value(":message", text("message/"));
        let mut gone = Vec::new();
        for found in query.all().await? {
            let row = Row::new(OPERATION, &found);
            let notices = row.text("notices")?.split_whitespace().map(str::parse);
            let notices = notices.collect::<Result<_, _>>().map_err(|_| row.damaged("notices"))?;
            gone.push((row.parsed("gone")?, notices));
        }
        Ok(gone)
    }

    /// Takes a notice, or a dead letter, away.
    pub(super) async fn remove(&self, kept: Kept, id: &str) -> Result<(), PortError> {
        let table = self.table(kept);
        let request = table.client().delete_item().table_name(table.name());
        let removed = request.set_key(Some(kept.key(id, ""))).send().await;
        removed.map(drop).map_err(|error| busy(OPERATION, error))
    }
}
