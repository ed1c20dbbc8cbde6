//! Between the columns of a table and the words of the domain.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Error, Row};
use uuid::Uuid;
use zorgsluis_domain::MessageId;
use zorgsluis_domain::port::{Page, PageRequest};

use crate::database::Failure;

/// Items of one page at most, whatever was asked.
const MAX_PAGE: usize = 1000;

pub(crate) fn uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get::<_, [u8; 16]>(column).map(Uuid::from_bytes)
}

pub(crate) fn message(row: &Row<'_>, column: usize) -> rusqlite::Result<MessageId> {
    uuid(row, column).map(MessageId)
}

pub(crate) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let micros: i64 = row.get(column)?;
    Timestamp::from_microsecond(micros)
        .map_err(|cause| Error::FromSqlConversionFailure(column, Type::Integer, cause.into()))
}

pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(column, number))
}

/// How many items to give.
pub(crate) fn limit(page: &PageRequest) -> usize {
    page.limit.clamp(1, MAX_PAGE)
}

/// The LIMIT that shows whether there is more.
pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
}

/// The page of items that were asked for with [`one_more`]: takes the surplus one away and says where to
/// go on.
pub(crate) fn page<T>(items: &mut Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(cursor) } else { None };
    Page { items: std::mem::take(items), next }
}

/// A place in a listing ordered by time and id, `<microseconds>.<id>`.
pub(crate) fn cursor(at: Timestamp, id: impl Display) -> String {
    format!("{}.{id}", at.as_microsecond())
}

pub(crate) fn parse_cursor<I: FromStr>(operation: &'static str, text: &str) -> Result<(i64, I), Failure> {
    text.split_once('.')
        .and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)))
        .ok_or_else(|| bad_cursor(operation))
}

pub(crate) fn bad_cursor(operation: &'static str) -> Failure {
    Failure::refused(operation, "the page cursor is not one that was given out")
}
