//! Who may be told, and under which address, in the table `providers`.
//!
//! | `pk` | `sk` | |
//! |---|---|---|
//! | `provider/<id>` | `newest` | the newest version |
//! | `provider/<id>` | `version/<number>` | every version |
//! | `identifier/<hash>` | `active` | the one active provider that has the identifier |
//! | `identifier/<hash>` | `holder/<id>` | a provider that has it, also an inactive one |
//! | `address/<hash>` | `holder/<id>` | a provider with this e-mail address |
//! | `names` | `<folded name>\0<id>` | the listing by name |
//!
//! A version and all that leads to it are written in one transaction. There is no index: those follow their table
//! after a moment only, and a notice must not go to an address that was just taken away.

mod item;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::BusinessIdentifier;
use zorgsluis_domain::port::{Page, PageRequest, Provider, ProviderDirectory, ProviderError, StoredProvider};

use crate::Clients;
use crate::table::{
    MAX_WRITES, Patience, Query, Row, Table, Write, bad_cursor, item as attributes, limit, page, text,
};
use item::{
    NAMES, Signposts, active_key, address_partition, identifier_partition, lead_item, name_key, newest_key,
    partition, stored, to_microsecond, version_item, version_key,
};

/// The register of providers on DynamoDB. Every read, also by identifier, address and name, sees what was written
/// before it. A provider may have some forty identifiers: with all that leads to it, it has to fit a transaction.
#[derive(Clone)]
pub struct DynamoProviderDirectory {
    table: Table,
}

impl DynamoProviderDirectory {
    /// The register in this table (its whole name, `zorgsluis-providers`).
    #[must_use]
    pub fn new(clients: &Clients, table: impl Into<Arc<str>>) -> Self {
        Self { table: Table::new(&clients.dynamodb, table) }
    }

    async fn newest(&self, operation: &'static str, id: Uuid) -> Result<Option<StoredProvider>, PortError> {
        let found = self.table.get(operation, newest_key(id)).await?;
        found.map(|item| stored(Row::new(operation, &item))).transpose()
    }

    /// The newest versions of these, each once, by id.
    async fn all_newest(
        &self,
        operation: &'static str,
        ids: BTreeSet<Uuid>,
    ) -> Result<Vec<StoredProvider>, PortError> {
        let items = self.table.get_all(operation, ids.into_iter().map(newest_key).collect()).await?;
        let mut found =
            items.iter().map(|item| stored(Row::new(operation, item))).collect::<Result<Vec<_>, _>>()?;
        found.sort_unstable_by_key(|stored| stored.provider.id);
        Ok(found)
    }

    fn holders(&self, operation: &'static str, partition: &str) -> Query {
        self.table
            .query(operation, "pk = :partition AND begins_with(sk, :holder)")
            .value(":partition", text(partition))
            .value(":holder", text("holder/"))
    }

    /// The providers to whom an item of these partitions leads.
    async fn led_to(
        &self,
        operation: &'static str,
        partitions: BTreeSet<String>,
    ) -> Result<Vec<StoredProvider>, PortError> {
        let mut ids = BTreeSet::new();
        for partition in partitions {
            for item in self.holders(operation, &partition).all().await? {
                ids.insert(Row::new(operation, &item).uuid("id")?);
            }
        }
        self.all_newest(operation, ids).await
    }

    /// Whether this very version was written before: its answer was lost.
    async fn was_written(&self, operation: &'static str, wanted: &StoredProvider) -> Result<bool, PortError> {
        let key = version_key(wanted.provider.id, wanted.version);
        let found = self.table.get(operation, key).await?;
        Ok(found.map(|item| stored(Row::new(operation, &item))).transpose()?.as_ref() == Some(wanted))
    }
}

/// The writes of a version in the place of another, those with a condition first: the version, and the partitions
/// of the identifiers that it has to have alone, in this order.
fn writes(
    operation: &'static str,
    stands: Option<&StoredProvider>,
    wanted: &StoredProvider,
) -> Result<(Vec<Write>, usize), PortError> {
    let id = wanted.provider.id;
    let newest = Write::put(version_item(operation, newest_key(id), wanted)?);
    let newest = match stands {
        None => newest.only_if("attribute_not_exists(pk)"),
        Some(stands) => {
            newest.only_if("version = :stands").value(":stands", crate::table::number(stands.version))
        }
    };
    let before = stands.map(|stands| Signposts::of(&stands.provider)).unwrap_or_default();
    let after = Signposts::of(&wanted.provider);
    let mut writes = vec![newest];
    for partition in after.active.difference(&before.active) {
        let mut alone = active_key(partition);
        alone.insert("id".into(), text(id));
        writes.push(Write::put(alone).only_if("attribute_not_exists(pk)"));
    }
    let conditions = writes.len();
    writes.push(Write::put(version_item(operation, version_key(id, wanted.version), wanted)?));
    writes.extend(
        before.active.difference(&after.active).map(|partition| Write::delete(active_key(partition))),
    );
    writes.extend(after.leads.difference(&before.leads).map(|lead| Write::put(lead_item(lead, id))));
    writes.extend(
        before.leads.difference(&after.leads).map(|(partition, sort)| {
            Write::delete(attributes([("pk", text(partition)), ("sk", text(sort))]))
        }),
    );
    if writes.len() > MAX_WRITES {
        return Err(PortError::Refused {
            operation,
            reason: "more identifiers than a provider can have".into(),
        });
    }
    Ok((writes, conditions))
}

#[async_trait]
impl ProviderDirectory for DynamoProviderDirectory {
    async fn find(&self, identifiers: &[BusinessIdentifier]) -> Result<Vec<StoredProvider>, PortError> {
        let partitions = identifiers.iter().map(identifier_partition).collect();
        self.led_to("provider_directory.find", partitions).await
    }

    async fn find_by_address(&self, address: &str) -> Result<Vec<StoredProvider>, PortError> {
        self.led_to("provider_directory.find_by_address", [address_partition(address)].into()).await
    }

    async fn get(&self, id: Uuid) -> Result<Option<StoredProvider>, PortError> {
        self.newest("provider_directory.get", id).await
    }

    async fn put(
        &self,
        provider: &Provider,
        expected: Option<u64>,
        at: Timestamp,
        by: &str,
    ) -> Result<u64, ProviderError> {
        const OPERATION: &str = "provider_directory.put";
        let version = expected.unwrap_or(0) + 1;
        let wanted = StoredProvider {
            provider: provider.clone(),
            version,
            changed: to_microsecond(at),
            changed_by: by.to_owned(),
        };
        let mut patience = Patience::new(OPERATION);
        loop {
            let stands = self.newest(OPERATION, provider.id).await?;
            if stands.as_ref().map(|stands| stands.version) != expected {
                return match self.was_written(OPERATION, &wanted).await? {
                    true => Ok(version),
                    false => Err(ProviderError::Conflict),
                };
            }
            let (writes, conditions) = writes(OPERATION, stands.as_ref(), &wanted)?;
            let Err(cancelled) = self.table.transact(OPERATION, writes).await? else { return Ok(version) };
            // What the version says comes first: of one that is old, nobody need know who holds what.
            if !cancelled.refused(0)
                && let Some(held) = (1..conditions).find_map(|nth| cancelled.standing(nth))
            {
                return Err(ProviderError::IdentifierHeld(Row::new(OPERATION, held).uuid("id")?));
            }
            patience.wait().await?;
        }
    }

    async fn list(&self, request: &PageRequest) -> Result<Page<StoredProvider>, PortError> {
        const OPERATION: &str = "provider_directory.list";
        let limit = limit(request);
        // A cursor is the id of the last one shown: names are personal data and stand in no URL.
        let after = match &request.after {
            None => None,
            Some(cursor) => {
                let id = cursor.parse().map_err(|_| bad_cursor(OPERATION))?;
                let last = self.newest(OPERATION, id).await?.ok_or_else(|| bad_cursor(OPERATION))?;
                Some(name_key(&last.provider.name, id))
            }
        };
        let query = match after {
            None => self.table.query(OPERATION, "pk = :names"),
            Some(after) => {
                self.table.query(OPERATION, "pk = :names AND sk > :after").value(":after", text(after))
            }
        };
        let leads = query.value(":names", text(NAMES)).first(limit + 1).await?;
        let ids = leads
            .iter()
            .map(|item| Row::new(OPERATION, item).uuid("id"))
            .collect::<Result<Vec<_>, PortError>>()?;
        let ids = page(ids, limit, Uuid::to_string);
        let mut items = self.all_newest(OPERATION, ids.items.iter().copied().collect()).await?;
        items.sort_by_cached_key(|stored| ids.items.iter().position(|id| *id == stored.provider.id));
        Ok(Page { items, next: ids.next })
    }

    async fn history(&self, id: Uuid) -> Result<Vec<StoredProvider>, PortError> {
        const OPERATION: &str = "provider_directory.history";
        let query = self
            .table
            .query(OPERATION, "pk = :provider AND begins_with(sk, :version)")
            .value(":provider", text(partition(id)))
            .value(":version", text("version/"))
            .backward();
        query.all().await?.iter().map(|item| stored(Row::new(OPERATION, item))).collect()
    }
}

impl std::fmt::Debug for DynamoProviderDirectory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoProviderDirectory").finish_non_exhaustive()
    }
}
