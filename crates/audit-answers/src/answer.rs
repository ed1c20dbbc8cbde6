//! An answer, written as it is read.

use std::io::{self, Write};

use zorgsluis_audit_writer::{AuditError, Found, Reading};

use crate::row::Row;
use crate::shown::dutch_time;
use crate::totals::Totals;
use crate::{Asked, csv_table, html, json, text};

/// Entries that are read at a time.
const CHUNK: usize = 500;

/// How an answer is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Columns for a terminal.
    #[default]
    Table,
    /// One JSON object.
    Json,
    /// Comma-separated values, RFC 4180.
    Csv,
    /// A page made to be printed, in one file.
    Html,
}

/// How much of an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Lines at most; `None`: all of them.
    pub page: Option<usize>,
    /// Whether to count the whole period, also what is behind the page.
    pub totals: bool,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Lines.
    pub lines: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// Whether nothing was read but entries about readings of the log, of which this one is one.
    pub only_readings: bool,
}

/// Why an answer ended too early.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] AuditError),
    /// It could not be written to where it goes.
    #[error("the answer could not be written: {0}")]
    Output(#[from] io::Error),
}

/// What is told of an answer, in order: once the heading, each entry, once the end.
pub(crate) trait Teller: Send {
    fn begin(&mut self, asked: &Asked) -> io::Result<()>;
    fn row(&mut self, asked: &Asked, row: &Row) -> io::Result<()>;
    fn end(&mut self, asked: &Asked, totals: Option<&Totals>, next: Option<&str>) -> io::Result<()>;
}

/// Writes the answer as it is read: memory stays the same whatever its length. Totals are counted while the
/// entries go by, and stand at the end. When only a page is wanted, what lies behind it is read for the totals
/// alone; without totals it is not read at all.
pub async fn write<W: Write + Send>(
    reading: &mut Reading,
    asked: &Asked,
    extent: Extent,
    format: Format,
    out: W,
) -> Result<Written, AnswerError> {
    let mut teller: Box<dyn Teller + '_> = match format {
        Format::Table => Box::new(text::Text::new(out)),
        Format::Json => Box::new(json::Json::new(out)),
        Format::Csv => Box::new(csv_table::Csv::new(out)),
        Format::Html => Box::new(html::Html::new(out, html::Style::Inline)),
    };
    tell(reading, asked, extent, teller.as_mut()).await
}

pub(crate) async fn tell(
    reading: &mut Reading,
    asked: &Asked,
    extent: Extent,
    teller: &mut dyn Teller,
) -> Result<Written, AnswerError> {
    let mut totals = extent.totals.then(|| Totals::new(asked.with_names, dutch_time()));
    let limit = extent.page.unwrap_or(usize::MAX);
    let (mut lines, mut last, mut next) = (0_usize, None, None);
    let mut only_readings = true;
    teller.begin(asked)?;
    loop {
        // One behind the page tells that there is more.
        let wanted = if totals.is_some() { CHUNK } else { limit.saturating_sub(lines).saturating_add(1) };
        let page = reading.next(wanted.min(CHUNK)).await?;
        for found in &page {
            let row = Row::of(found, asked.with_names);
            if let Some(totals) = &mut totals {
                totals.add(&row);
            }
            only_readings &= row.is_reading();
            if lines < limit {
                teller.row(asked, &row)?;
                lines += 1;
                last = Some(Found::cursor(found));
            } else if next.is_none() {
                next = last.take();
            }
        }
        if page.is_empty() || (next.is_some() && totals.is_none()) {
            break;
        }
    }
    if let Some(totals) = &mut totals {
        totals.finish();
    }
    teller.end(asked, totals.as_ref(), next.as_deref())?;
    Ok(Written { lines: u64::try_from(lines).unwrap_or(u64::MAX), next, only_readings })
}

/// One page of an answer, for who shows it in a page of their own.
#[derive(Debug, Default)]
pub struct Collected {
    /// The lines.
    pub rows: Vec<Row>,
    /// The totals of the whole period, when they were asked for.
    pub totals: Option<Totals>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

impl Teller for Collected {
    fn begin(&mut self, _: &Asked) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, _: &Asked, row: &Row) -> io::Result<()> {
        self.rows.push(row.clone());
        Ok(())
    }

    fn end(&mut self, _: &Asked, totals: Option<&Totals>, next: Option<&str>) -> io::Result<()> {
        self.totals = totals.cloned();
        self.next = next.map(str::to_owned);
        Ok(())
    }
}

/// Reads one page of at most `size` lines.
pub async fn collect(
    reading: &mut Reading,
    asked: &Asked,
    size: usize,
    totals: bool,
) -> Result<Collected, AnswerError> {
    let mut collected = Collected::default();
    tell(reading, asked, Extent { page: Some(size), totals }, &mut collected).await?;
    Ok(collected)
}
