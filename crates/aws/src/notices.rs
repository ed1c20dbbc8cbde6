//! Which notices were sent, in the table `notices`: an item a notice, by its id.
//!
//! The index `by-state` lists them: a partition for each state (spread over a few), in the order of their last change.
//! All states together are read from the partitions of each: a notice stands in the index once.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::{Notice, NoticeId, NoticeState, NotifiedEvent, Protection};
use zorgsluis_domain::port::{NoticeRegister, Page, PageRequest, Reservation};

use crate::Clients;
use crate::table::{
    Item, Patience, Row, Table, Write, cursor, item, limit, merged, page, parse_cursor, shard, shards, text,
    time_key,
};

/// All states.
const STATES: [NoticeState; 5] = [
    NoticeState::Reserved,
    NoticeState::Sent,
    NoticeState::Refused,
    NoticeState::Unknown,
    NoticeState::Dropped,
];
/// Behind every place in the listing.
const END: &str = "~";

/// The register of notices on DynamoDB. A notice is read as it stands; the listing is an index and follows after a
/// moment. What is decided about a notice is decided on its item.
#[derive(Clone)]
pub struct DynamoNoticeRegister {
    table: Table,
}

impl DynamoNoticeRegister {
    /// The register in this table (its whole name, `zorgsluis-notices`).
    #[must_use]
    pub fn new(clients: &Clients, table: impl Into<Arc<str>>) -> Self {
        Self { table: Table::new(&clients.dynamodb, table) }
    }
}

const fn protection_name(protection: Protection) -> &'static str {
    match protection {
        Protection::Smime => "smime",
        Protection::WithoutPhi => "without-phi",
    }
}

fn protection(name: &str) -> Option<Protection> {
    [Protection::Smime, Protection::WithoutPhi].into_iter().find(|one| protection_name(*one) == name)
}

fn key(id: NoticeId) -> Item {
    item([("id", text(id))])
}

fn place(changed: Timestamp, id: NoticeId) -> String {
    format!("{}/{id}", time_key(changed))
}

fn written(notice: &Notice) -> Item {
    let mut item = key(notice.id);
    let mut set = |name: &str, value: String| item.insert(name.to_owned(), text(value));
    set("message", notice.message.to_string());
    set("provider", notice.provider.to_string());
    set("event", notice.event.name().into());
    set("protection", protection_name(notice.protection).into());
    set("state", notice.state.name().into());
    set("reserved", time_key(notice.reserved));
    set("changed", time_key(notice.changed));
    set("listing", shard(notice.state.name(), notice.id.0));
    set("place", place(notice.changed, notice.id));
    for (name, value) in [("receipt", &notice.receipt), ("why", &notice.why)] {
        if let Some(value) = value {
            set(name, value.clone());
        }
    }
    item
}

fn read(row: Row<'_>) -> Result<Notice, PortError> {
    Ok(Notice {
        id: row.parsed("id")?,
        message: row.parsed("message")?,
        provider: row.uuid("provider")?,
        event: NotifiedEvent::from_name(row.text("event")?).ok_or_else(|| row.damaged("event"))?,
        protection: protection(row.text("protection")?).ok_or_else(|| row.damaged("protection"))?,
        state: NoticeState::from_name(row.text("state")?).ok_or_else(|| row.damaged("state"))?,
        reserved: row.time("reserved")?,
        changed: row.time("changed")?,
        receipt: row.maybe_text("receipt")?.map(str::to_owned),
        why: row.maybe_text("why")?.map(str::to_owned),
    })
}

/// The write that moves a notice.
fn settled(
    id: NoticeId,
    from: &[NoticeState],
    to: NoticeState,
    at: Timestamp,
    receipt: Option<&str>,
    why: Option<&str>,
) -> Write {
    let mut set = String::from("SET #state = :to, changed = :at, listing = :listing, place = :place");
    if receipt.is_some() {
        set.push_str(", receipt = :receipt");
    }
    set.push_str(if why.is_some() { ", why = :why" } else { " REMOVE why" });
    let states: Vec<String> = (0..from.len()).map(|nth| format!(":from{nth}")).collect();
    let mut write = Write::update(key(id), set)
        .only_if(format!("#state IN ({})", states.join(", ")))
        .name("#state", "state")
        .value(":to", text(to.name()))
        .value(":at", text(time_key(at)))
        .value(":listing", text(shard(to.name(), id.0)))
        .value(":place", text(place(at, id)));
    for (name, value) in [(":receipt", receipt), (":why", why)] {
        if let Some(value) = value {
            write = write.value(name, text(value));
        }
    }
    for (name, state) in states.iter().zip(from) {
        write = write.value(name, text(state.name()));
    }
    write
}

#[async_trait]
impl NoticeRegister for DynamoNoticeRegister {
    async fn reserve(&self, notice: &Notice) -> Result<Reservation, PortError> {
        const OPERATION: &str = "notices.reserve";
        if notice.state != NoticeState::Reserved {
            let reason = "a reservation is in the state reserved".into();
            return Err(PortError::Refused { operation: OPERATION, reason });
        }
        let mut patience = Patience::new(OPERATION);
        loop {
            // A transaction of one: repeated after a lost answer, a reservation is still new. As a plain
            // conditional put it would find itself standing, and nobody would send.
            let put = Write::put(written(notice)).only_if("attribute_not_exists(id)");
            let Err(cancelled) = self.table.transact(OPERATION, vec![put]).await? else {
                return Ok(Reservation::New);
            };
            if let Some(stands) = cancelled.standing(0) {
                return Ok(Reservation::Standing(read(Row::new(OPERATION, stands))?));
            }
            patience.wait().await?;
        }
    }

    async fn settle(
        &self,
        id: NoticeId,
        from: &[NoticeState],
        to: NoticeState,
        at: Timestamp,
        receipt: Option<&str>,
        why: Option<&str>,
    ) -> Result<bool, PortError> {
        const OPERATION: &str = "notices.settle";
        if from.is_empty() {
            return Ok(false);
        }
        let mut patience = Patience::new(OPERATION);
        loop {
            let write = settled(id, from, to, at, receipt, why);
            let Err(cancelled) = self.table.transact(OPERATION, vec![write]).await? else { return Ok(true) };
            if cancelled.refused(0) {
                return Ok(false);
            }
            patience.wait().await?;
        }
    }

    async fn get(&self, id: NoticeId) -> Result<Option<Notice>, PortError> {
        const OPERATION: &str = "notices.get";
        let found = self.table.get(OPERATION, key(id)).await?;
        found.map(|item| read(Row::new(OPERATION, &item))).transpose()
    }

    async fn list(
        &self,
        state: Option<NoticeState>,
        request: &PageRequest,
    ) -> Result<Page<Notice>, PortError> {
        const OPERATION: &str = "notices.list";
        let limit = limit(request);
        let before = match &request.after {
            None => END.to_owned(),
            Some(cursor) => {
                let (changed, id) = parse_cursor(OPERATION, cursor)?;
                place(changed, id)
            }
        };
        let states = STATES.into_iter().filter(|one| state.is_none_or(|state| state == *one));
        let queries = states
            .flat_map(|state| shards(state.name()))
            .map(|shard| {
                self.table
                    .query(OPERATION, "listing = :listing AND place < :before")
                    .index("by-state")
                    .value(":listing", text(shard))
                    .value(":before", text(&before))
                    .backward()
            })
            .collect();
        let items = merged(OPERATION, queries, "id", limit + 1, true).await?;
        let notices =
            items.iter().map(|item| read(Row::new(OPERATION, item))).collect::<Result<Vec<_>, _>>()?;
        Ok(page(notices, limit, |notice| cursor(notice.changed, notice.id)))
    }
}

impl std::fmt::Debug for DynamoNoticeRegister {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoNoticeRegister").finish_non_exhaustive()
    }
}
