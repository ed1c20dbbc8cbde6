//! Searching the log by several criteria at once: the index leads to the entries of the rarest one, the others are
//! looked for in what these say.

use std::cell::OnceCell;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tlog::{Hit, Place, Query};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{Object, ObjectRole};
use zorgsluis_domain::port::Page;

use crate::chain::{ChainCursor, Span};
use crate::log::misled;
use crate::{AuditError, AuditLog, Content, Line, LogReader, Term, to_audit_event};

/// Rows of the index that are looked at for one page, at most. A page may so hold fewer entries than were asked for,
/// or none, and still not be the last.
const MAX_ROWS: usize = 2_000;
/// Rows that are looked at together.
const CHUNK: usize = 250;
/// Rows by which criteria are compared: which has fewer.
const PROBE: usize = 250;

/// An entry that a search looks at.
#[derive(Debug)]
pub struct Candidate<'a> {
    entry: &'a AuditEntry,
    event: OnceCell<Value>,
}

impl<'a> Candidate<'a> {
    /// An entry, not converted yet.
    #[must_use]
    pub const fn new(entry: &'a AuditEntry) -> Self {
        Self { entry, event: OnceCell::new() }
    }

    /// The entry.
    #[must_use]
    pub const fn entry(&self) -> &AuditEntry {
        self.entry
    }

    /// Its AuditEvent: made for the first criterion that asks for it, and kept for the others.
    pub fn event(&self) -> &Value {
        self.event.get_or_init(|| to_audit_event(self.entry))
    }
}

/// Whether an entry fulfils a criterion.
pub type Fits = Arc<dyn Fn(&Candidate<'_>) -> bool + Send + Sync>;

/// One criterion of a search.
#[derive(Clone)]
pub struct Criterion {
    /// Whoever fulfils it is found under one of these terms; empty when the index knows nothing of it.
    pub terms: Vec<Term>,
    /// Whether an entry fulfils it.
    pub fits: Fits,
}

/// What is searched for.
#[derive(Clone)]
pub struct LogSearch<'a> {
    /// As it was asked, for the entry about this reading. PHI: the log seals it.
    pub query: &'a str,
    /// The one patient whom the search is about, if it is about one: `Patient/<id>`.
    pub patient: Option<String>,
    /// All of them hold.
    pub criteria: Vec<Criterion>,
    /// From this time on.
    pub from: Timestamp,
    /// To before this time.
    pub to: Timestamp,
    /// Newest first, or oldest first.
    pub newest_first: bool,
    /// Entries on the page at most.
    pub limit: usize,
    /// The cursor that the last page gave.
    pub after: Option<&'a str>,
}

/// Where a search goes on: behind which row, and how many entries the log had when it began. What came later is not of
/// this search, so that it neither shows an entry twice nor ends never.
#[derive(Debug, Clone, Copy)]
struct Position {
    row: ChainCursor,
    size: u64,
}

impl Position {
    fn parse(text: &str, log: &AuditLog) -> Option<Self> {
        let (size, row) = text.split_once('.')?;
        Some(Self { row: ChainCursor::parse(row, log)?, size: size.parse().ok()? })
    }

    fn text(self, log: &AuditLog) -> String {
        let of = log.chain().nth(self.row.rank).unwrap_or(log);
        format!("{}.{}.{}.{}", self.size, self.row.at, self.row.index, of.shard())
    }
}

/// A row of the index of one of the logs of a chain.
#[derive(Debug, Clone, Copy)]
struct Row {
    rank: usize,
    hit: Hit,
}

impl Row {
    const fn place(&self) -> ChainCursor {
        ChainCursor { at: self.hit.at, rank: self.rank, index: self.hit.place.index }
    }
}

impl LogReader {
    /// Entries that fulfil all criteria, one page. The reading is logged first, with the query as object (role 24).
    ///
    /// # Errors
    /// As every reading; [`AuditError::Cursor`] when `after` is not a cursor of a search.
    pub async fn search(&self, search: &LogSearch<'_>) -> Result<Page<Line>, AuditError> {
        let query = Some(search.query.to_owned());
        let entry = self
            .reading(String::from("search"))?
            .object(Object { query, ..Object::new(ObjectRole::Query, "AuditEvent") })
            .patient_if_any(search.patient.clone());
        // As it stood before this reading.
        let size = self.log().index.coverage().await?.through;
        self.log_first(entry).await?;
        self.log().search(search, size).await
    }
}

impl AuditLog {
    async fn search(&self, search: &LogSearch<'_>, size: u64) -> Result<Page<Line>, AuditError> {
        let start = match search.after {
            Some(text) => Some(Position::parse(text, self).ok_or(AuditError::Cursor)?),
            None => None,
        };
        let size = start.map_or(size, |start| start.size);
        let mut row = start.map(|start| start.row);
        let terms = self.rarest(search, row).await?;
        if terms.iter().any(|term| !matches!(term, Term::Patient(_))) && self.is_index_outdated().await? {
            return Err(AuditError::IndexOutdated);
        }
        let (mut items, mut looked_at) = (Vec::new(), 0);
        loop {
            let (rows, more) = self.rows(&terms, search, row, CHUNK).await?;
            looked_at += rows.len();
            // A sealed log has no entries that came since.
            let here = |row: &&Row| row.rank < self.earlier.len() || row.hit.place.index < size;
            let of_this: Vec<Row> = rows.iter().filter(here).copied().collect();
            let places: Vec<(usize, Place)> = of_this.iter().map(|row| (row.rank, row.hit.place)).collect();
            let lines = self.lines_in(&places).await?;
            for (found, line) in of_this.iter().zip(lines) {
                if !fulfils(&line, &terms, search)? {
                    continue;
                }
                if items.len() >= search.limit.max(1) {
                    // There is one more: the page ends before it.
                    let next = row.map(|row| Position { row, size }.text(self));
                    return Ok(Page { items, next });
                }
                items.push(line);
                row = Some(found.place());
            }
            let Some(last) = rows.last() else { return Ok(Page { items, next: None }) };
            if !more {
                return Ok(Page { items, next: None });
            }
            // Between the last one shown and here nothing was found.
            let here = last.place();
            row = Some(here);
            if looked_at >= MAX_ROWS || items.len() >= search.limit.max(1) {
                return Ok(Page { items, next: Some(Position { row: here, size }.text(self)) });
            }
        }
    }

    /// The terms of the criterion with the fewest rows from here on; all entries, if no criterion has terms.
    async fn rarest(
        &self,
        search: &LogSearch<'_>,
        from: Option<ChainCursor>,
    ) -> Result<Vec<Term>, AuditError> {
        let mut rarest: Option<(usize, &[Term])> = None;
        let candidates = search.criteria.iter().map(|criterion| criterion.terms.as_slice());
        let candidates: Vec<&[Term]> = candidates.filter(|terms| !terms.is_empty()).collect();
        if let [only] = candidates.as_slice() {
            return Ok(only.to_vec());
        }
        for terms in candidates {
            let count = self.rows(terms, search, from, PROBE).await?.0.len();
            if rarest.is_none_or(|(fewest, _)| count < fewest) {
                rarest = Some((count, terms));
            }
        }
        Ok(rarest.map_or_else(|| vec![Term::All], |(_, terms)| terms.to_vec()))
    }

    /// The next rows under any of these terms, each once; and whether there are more behind them.
    async fn rows(
        &self,
        terms: &[Term],
        search: &LogSearch<'_>,
        after: Option<ChainCursor>,
        limit: usize,
    ) -> Result<(Vec<Row>, bool), AuditError> {
        let (mut all, mut more) = (Vec::new(), false);
        let (from, to) = (search.from.as_microsecond(), search.to.as_microsecond());
        for (rank, log) in self.chain().enumerate() {
            let span = Span { from, to, after: None }.behind(rank, after, search.newest_first);
            for term in terms.iter().filter(|_| span.from < span.to) {
                let query = Query {
                    key: term.key(log.keys.as_ref()),
                    from: span.from,
                    to: span.to,
                    after: span.after,
                    limit,
                    newest_first: search.newest_first,
                };
                let found = log.index.find(&query).await?;
                more |= found.next.is_some();
                all.extend(found.hits.into_iter().map(|hit| Row { rank, hit }));
            }
        }
        all.sort_by_key(Row::place);
        all.dedup_by_key(|row| row.place());
        if search.newest_first {
            all.reverse();
        }
        more |= all.len() > limit;
        all.truncate(limit);
        Ok((all, more))
    }
}

/// Whether a line is one of those searched for. What the index wrongly led to is an error: a row was altered.
fn fulfils(line: &Line, terms: &[Term], search: &LogSearch<'_>) -> Result<bool, AuditError> {
    let Content::Entry(entry) = &line.content else {
        // What it said is gone; that it was there is shown to who asked for no more than a patient or a time.
        return Ok(search.criteria.iter().all(|criterion| criterion.terms == terms));
    };
    let at = entry.recorded.as_microsecond();
    let in_period = (search.from.as_microsecond()..search.to.as_microsecond()).contains(&at);
    if !in_period || !terms.iter().any(|term| term.fits(entry)) {
        return Err(misled(line));
    }
    let candidate = Candidate::new(entry);
    Ok(search.criteria.iter().all(|criterion| (criterion.fits)(&candidate)))
}
