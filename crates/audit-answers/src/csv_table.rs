//! An answer as comma-separated values (RFC 4180), for a spreadsheet.

use std::io::{self, Write};

use csv::{Terminator, Writer, WriterBuilder};

use crate::Asked;
use crate::answer::Teller;
use crate::row::Row;
use crate::shown::{Shown, dutch_time};
use crate::totals::Totals;

pub(crate) struct Csv<W: Write> {
    out: Writer<W>,
}

impl<W: Write> Csv<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out: WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out) }
    }
}

/// A cell that no spreadsheet takes for a formula: one that begins like one gets an apostrophe before it.
fn cell(text: String) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if formula { format!("'{text}") } else { text }
}

/// What went wrong with writing, as it came: a reader that has seen enough is told from a full disk.
fn written(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::other("a row cannot be written"),
    }
}

impl<W: Write + Send> Teller for Csv<W> {
    fn begin(&mut self, asked: &Asked) -> io::Result<()> {
        let w = asked.language;
        let header = [
            w.log(),
            w.number(),
            w.time(),
            w.organisation(),
            w.department(),
            w.role(),
            w.person(),
            w.action(),
            w.data(),
            w.patient(),
            w.reason(),
            w.protocol(),
            w.emergency(),
            w.outcome(),
        ];
        self.out.write_record(header).map_err(written)
    }

    fn row(&mut self, asked: &Asked, row: &Row) -> io::Result<()> {
        let w = asked.language;
        let shown = Shown::of(row, w);
        // With its offset: a spreadsheet sorts it, and nobody has to guess the zone.
        let time = row.recorded.to_zoned(dutch_time()).strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string();
        let emergency = if shown.emergency { w.yes() } else { w.no() };
        let (action, emergency) = match shown.erased {
            true => (w.erased().to_owned(), ""),
            false => (shown.action, emergency),
        };
        let record = [
            shown.log,
            shown.index.to_string(),
            time,
            shown.organisation,
            shown.department,
            shown.role,
            shown.person,
            action,
            shown.data,
            shown.patient,
            shown.reason,
            shown.protocol,
            emergency.to_owned(),
            shown.outcome,
        ];
        self.out.write_record(record.map(cell)).map_err(written)
    }

    fn end(&mut self, _: &Asked, _: Option<&Totals>, _: Option<&str>) -> io::Result<()> {
        self.out.flush()
    }
}
