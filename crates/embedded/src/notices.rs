//! Which notices were sent, in `state.db`.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::{Notice, NoticeId, NoticeState, NotifiedEvent, Protection};
use zorgsluis_domain::port::{NoticeRegister, Page, PageRequest, Reservation};

use crate::column;
use crate::database::{Database, Failure};

const COLUMNS: &str = "id, message, provider, event, protection, state, reserved, changed, receipt, why";

/// The register of notices.
#[derive(Clone)]
pub struct SqliteNoticeRegister {
    database: Database,
}

impl SqliteNoticeRegister {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
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

/// A column whose words are fixed.
fn word<T>(row: &Row<'_>, column: usize, read: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    read(text).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            "no word of this column".into(),
        )
    })
}

fn notice(row: &Row<'_>) -> rusqlite::Result<Notice> {
    Ok(Notice {
        id: NoticeId(column::uuid(row, 0)?),
        message: column::message(row, 1)?,
        provider: column::uuid(row, 2)?,
        event: word(row, 3, NotifiedEvent::from_name)?,
        protection: word(row, 4, protection)?,
        state: word(row, 5, NoticeState::from_name)?,
        reserved: column::time(row, 6)?,
        changed: column::time(row, 7)?,
        receipt: row.get(8)?,
        why: row.get(9)?,
    })
}

fn standing(connection: &Connection, id: NoticeId) -> rusqlite::Result<Option<Notice>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM notice WHERE id = ?1"))?
        .query_row([id.0.as_bytes()], notice)
        .optional()
}

#[async_trait]
impl NoticeRegister for SqliteNoticeRegister {
    async fn reserve(&self, notice: &Notice) -> Result<Reservation, PortError> {
        const OPERATION: &str = "notices.reserve";
        let notice = notice.clone();
        self.database
            .write(OPERATION, move |connection| {
                if notice.state != NoticeState::Reserved {
                    return Err(Failure::refused(OPERATION, "a reservation is in the state reserved"));
                }
                if let Some(stands) = standing(connection, notice.id)? {
                    return Ok(Reservation::Standing(stands));
                }
                connection
                    .prepare_cached(&format!(
                        "INSERT INTO notice ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
                    ))?
                    .execute(params![
                        notice.id.0.as_bytes(),
                        notice.message.0.as_bytes(),
                        notice.provider.as_bytes(),
                        notice.event.name(),
                        protection_name(notice.protection),
                        notice.state.name(),
                        notice.reserved.as_microsecond(),
                        notice.changed.as_microsecond(),
                        notice.receipt,
                        notice.why,
                    ])?;
                Ok(Reservation::New)
            })
            .await
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
        let (from, receipt, why) = (from.to_vec(), receipt.map(str::to_owned), why.map(str::to_owned));
        self.database
            .write("notices.settle", move |connection| {
                let Some(stands) = standing(connection, id)? else { return Ok(false) };
                if !from.contains(&stands.state) {
                    return Ok(false);
                }
                connection
                    .prepare_cached(
                        "UPDATE notice SET state = ?2, changed = ?3, receipt = coalesce(?4, receipt), why = ?5
                         WHERE id = ?1",
                    )?
                    .execute(params![id.0.as_bytes(), to.name(), at.as_microsecond(), receipt, why])?;
                Ok(true)
            })
            .await
    }

    async fn get(&self, id: NoticeId) -> Result<Option<Notice>, PortError> {
        self.database.read("notices.get", move |connection| Ok(standing(connection, id)?)).await
    }

    async fn list(&self, state: Option<NoticeState>, page: &PageRequest) -> Result<Page<Notice>, PortError> {
        const OPERATION: &str = "notices.list";
        let (after, limit) = (page.after.clone(), column::limit(page));
        self.database
            .read(OPERATION, move |connection| {
                let (changed, id) = match &after {
                    Some(cursor) => column::parse_cursor(OPERATION, cursor)?,
                    None => (i64::MAX, NoticeId(Uuid::max())),
                };
                let only = if state.is_some() { "state = ?4 AND" } else { "?4 IS NULL AND" };
                let sql = format!(
                    "SELECT {COLUMNS} FROM notice WHERE {only} (changed, id) < (?1, ?2)
                     ORDER BY changed DESC, id DESC LIMIT ?3"
                );
                let values =
                    params![changed, id.0.as_bytes(), column::one_more(limit), state.map(NoticeState::name)];
                let mut notices = connection
                    .prepare_cached(&sql)?
                    .query_map(values, notice)?
                    .collect::<rusqlite::Result<Vec<_>>>()?;
                Ok(column::page(&mut notices, limit, |notice| column::cursor(notice.changed, notice.id)))
            })
            .await
    }
}

impl std::fmt::Debug for SqliteNoticeRegister {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteNoticeRegister").finish_non_exhaustive()
    }
}
