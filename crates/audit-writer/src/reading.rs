//! [`Question`] and [`Reading`]: what is asked of the log, and its answer as it comes, one page after the other.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt;

use jiff::Timestamp;
use tlog::Query;

use crate::chain::{ChainCursor, Span};
use crate::term::Term;
use crate::{AuditError, AuditLog, Content, Line};

/// The most entries that are read at a time, of each term.
const CHUNK: usize = 500;

/// In what form an answer leaves, which the entry about the reading says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// Shown to who asks.
    #[default]
    Shown,
    /// Made to be printed.
    Printed,
    /// As a file for other programs.
    Exported,
}

/// What is asked of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Entries that any of these fits: more than one for a person with several numbers.
    pub terms: Vec<Term>,
    /// From this time on.
    pub from: Timestamp,
    /// To before this time.
    pub to: Timestamp,
    /// The newest first instead of the oldest.
    pub newest_first: bool,
    /// Only what comes behind this place: [`Found::cursor`] of the last one known.
    pub after: Option<String>,
    /// In what form the answer leaves.
    pub form: Form,
    /// What else the entry about the reading says of it.
    pub note: Option<String>,
}

impl Question {
    /// All that a term fits, the oldest first.
    #[must_use]
    pub fn about(term: Term) -> Self {
        Self {
            terms: vec![term],
            from: Timestamp::UNIX_EPOCH,
            to: Timestamp::MAX,
            newest_first: false,
            after: None,
            form: Form::Shown,
            note: None,
        }
    }

    /// What the entry about the reading says: the terms but patients (who stand in the entry themselves), the
    /// period, and the note.
    pub(crate) fn description(&self) -> String {
        let terms = self.terms.iter().filter_map(|term| match term {
            Term::All | Term::Patient(_) => None,
            Term::User(id) => Some(format!("user {id}")),
            Term::Uzi(number) => Some(format!("UZI {number}")),
            Term::Department(code) => Some(format!("department {code}")),
            Term::Kind(kind) => Some(format!("kind {}", kind.name())),
            Term::Emergency => Some(String::from("emergency")),
            Term::NotSucceeded => Some(String::from("not succeeded")),
            Term::Reported => Some(String::from("reported by other systems")),
        });
        let period = format!("{}/{}", self.from, self.to);
        terms.chain([period]).chain(self.note.clone()).collect::<Vec<_>>().join(", ")
    }
}

/// An entry that was found, and when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// When, by the index: also of an entry that is erased.
    pub at: Timestamp,
    /// The entry.
    pub line: Line,
}

impl Found {
    /// Its place, to go on behind it with [`Question::after`].
    #[must_use]
    pub fn cursor(&self) -> String {
        ChainCursor::text(self.at.as_microsecond(), self.line.index, &self.line.log)
    }
}

/// The answer to a question, read as it is asked for: memory stays the same whatever its length.
pub struct Reading {
    log: AuditLog,
    newest_first: bool,
    sources: Vec<Source>,
    last: Option<ChainCursor>,
}

/// What is read of one term, in one log of the chain.
struct Source {
    log: AuditLog,
    rank: usize,
    term: Term,
    span: Span,
    ready: VecDeque<Found>,
    done: bool,
}

impl Source {
    /// Where the entry stands that comes next.
    fn next(&self) -> Option<ChainCursor> {
        self.ready.front().map(|found| ChainCursor {
            at: found.at.as_microsecond(),
            rank: self.rank,
            index: found.line.index,
        })
    }
}

impl Reading {
    /// Checks the question. The entry about the reading must be durable before.
    pub(crate) async fn begin(log: AuditLog, question: &Question) -> Result<Self, AuditError> {
        let after = match &question.after {
            Some(text) => Some(ChainCursor::parse(text, &log).ok_or(AuditError::Cursor)?),
            None => None,
        };
        // The keys of patients are the same in all schemes.
        let all_schemes = question.terms.iter().all(|term| matches!(term, Term::Patient(_)));
        if !all_schemes && log.is_index_outdated().await? {
            return Err(AuditError::IndexOutdated);
        }
        let newest_first = question.newest_first;
        let whole =
            Span { from: question.from.as_microsecond(), to: question.to.as_microsecond(), after: None };
        let mut sources = Vec::new();
        for (rank, of) in log.chain().enumerate() {
            let span = whole.behind(rank, after, newest_first);
            sources.extend(question.terms.iter().filter(|_| span.from < span.to).map(|term| Source {
                log: of.clone(),
                rank,
                term: term.clone(),
                span,
                ready: VecDeque::new(),
                done: false,
            }));
        }
        Ok(Self { log, newest_first, sources, last: None })
    }

    /// The next entries, at most `limit`; empty at the end.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<Found>, AuditError> {
        let mut page = Vec::new();
        while page.len() < limit {
            self.fill(limit - page.len()).await?;
            let before = |one: &Source, other: &Source| match (one.next(), other.next()) {
                (Some(one), Some(other)) if self.newest_first => other.cmp(&one),
                (Some(one), Some(other)) => one.cmp(&other),
                (one, other) => other.is_some().cmp(&one.is_some()).then(Ordering::Equal),
            };
            let Some(next) = self.sources.iter_mut().min_by(|one, other| before(one, other)) else { break };
            let place = next.next();
            let Some(found) = next.ready.pop_front() else { break };
            // One entry may be found by several terms.
            if self.last != place {
                self.last = place;
                page.push(found);
            }
        }
        Ok(page)
    }

    /// Sees to it that each source has something ready, or is at its end.
    async fn fill(&mut self, limit: usize) -> Result<(), AuditError> {
        for source in self.sources.iter_mut().filter(|source| source.ready.is_empty() && !source.done) {
            let query = Query {
                key: source.term.key(source.log.keys.as_ref()),
                from: source.span.from,
                to: source.span.to,
                after: source.span.after,
                limit: limit.clamp(1, CHUNK),
                newest_first: self.newest_first,
            };
            let hits = source.log.index.find(&query).await?;
            source.done = hits.next.is_none();
            source.span.after = hits.next;
            source.ready = source.log.found(&source.term, &query, &hits.hits).await?.into();
        }
        Ok(())
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("log", &self.log).finish_non_exhaustive()
    }
}

impl AuditLog {
    /// The entries at these places. The index only points; what is given out must be what was asked for, or a
    /// rewritten index would show one patient's entries to another.
    async fn found(&self, term: &Term, query: &Query, hits: &[tlog::Hit]) -> Result<Vec<Found>, AuditError> {
        let places: Vec<tlog::Place> = hits.iter().map(|hit| hit.place).collect();
        let mut found = Vec::with_capacity(hits.len());
        for (line, hit) in self.lines(&places).await?.into_iter().zip(hits) {
            let misled = AuditError::Unreadable { index: line.index, code: "index-row-altered" };
            let belongs = match &line.content {
                Content::Entry(entry) => {
                    let recorded = entry.recorded.as_microsecond();
                    recorded == hit.at && (query.from..query.to).contains(&recorded) && term.fits(entry)
                }
                Content::Erased => true,
            };
            let at = Timestamp::from_microsecond(hit.at);
            match at {
                Ok(at) if belongs => found.push(Found { at, line }),
                _ => return Err(misled),
            }
        }
        Ok(found)
    }
}
