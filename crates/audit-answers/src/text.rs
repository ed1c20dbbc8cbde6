//! An answer in columns, for a terminal.

use std::io::{self, Write};

use crate::Asked;
use crate::answer::Teller;
use crate::row::Row;
use crate::shown::{Counted, InWords, Shown};
use crate::totals::Totals;

/// Lines by which the widths of the columns are found.
const SAMPLE: usize = 200;
/// The widest that a column is made; what is longer pushes the rest of its line.
const WIDEST: usize = 44;

pub(crate) struct Text<W> {
    out: W,
    /// What is held back until the widths are known.
    held: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
    lines: u64,
}

impl<W: Write> Text<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self { out, held: Vec::new(), widths: None, lines: 0 }
    }

    fn line(&mut self, cells: Vec<String>) -> io::Result<()> {
        match &self.widths {
            Some(widths) => write_line(&mut self.out, &cells, widths),
            None => {
                self.held.push(cells);
                if self.held.len() > SAMPLE { self.release() } else { Ok(()) }
            }
        }
    }

    /// Finds the widths, and writes what was held back.
    fn release(&mut self) -> io::Result<()> {
        let columns = self.held.first().map_or(0, Vec::len);
        let width = |column: usize| {
            let cells = self.held.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).min(WIDEST)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for line in std::mem::take(&mut self.held) {
            write_line(&mut self.out, &line, &widths)?;
        }
        self.widths = Some(widths);
        Ok(())
    }
}

fn write_line(out: &mut impl Write, cells: &[String], widths: &[usize]) -> io::Result<()> {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        // A cell holds what others wrote: nothing of it steers the terminal.
        let cell = cell.replace(char::is_control, "\u{fffd}");
        line.push_str(&cell);
        let pad = width.saturating_sub(cell.chars().count()) + 2;
        line.extend(std::iter::repeat_n(' ', pad));
    }
    writeln!(out, "{}", line.trim_end())
}

fn cells(asked: &Asked, shown: Shown) -> Vec<String> {
    let w = asked.language;
    if shown.erased {
        return vec![shown.time, w.erased().to_owned()];
    }
    let flags = shown.flags(w);
    let organisation = match shown.department.as_str() {
        "" => shown.organisation,
        department => format!("{}, {department}", shown.organisation),
    };
    let mut cells = vec![shown.time, organisation, shown.role];
    if asked.with_names {
        cells.push(shown.person);
    }
    cells.extend([shown.action, shown.data]);
    if !asked.subject.is_patient() {
        cells.push(shown.patient);
    }
    cells.extend([shown.reason, shown.protocol, flags]);
    cells
}

impl<W: Write + Send> Teller for Text<W> {
    fn begin(&mut self, asked: &Asked) -> io::Result<()> {
        let w = asked.language;
        writeln!(self.out, "{}", asked.subject.title(w))?;
        if let Some(name) = asked.subject.name() {
            writeln!(self.out, "{}: {}", w.about(), name.replace(char::is_control, "\u{fffd}"))?;
        }
        let order = if asked.newest_first { w.newest_first() } else { w.oldest_first() };
        writeln!(self.out, "{}: {} ({order})\n", w.period(), asked.period_in_words())?;
        let mut header = vec![w.time(), w.organisation(), w.role()];
        if asked.with_names {
            header.push(w.person());
        }
        header.extend([w.action(), w.data()]);
        if !asked.subject.is_patient() {
            header.push(w.patient());
        }
        header.extend([w.reason(), w.protocol(), w.remarks()]);
        self.line(header.into_iter().map(str::to_owned).collect())
    }

    fn row(&mut self, asked: &Asked, row: &Row) -> io::Result<()> {
        self.lines += 1;
        self.line(cells(asked, Shown::of(row, asked.language)))
    }

    fn end(&mut self, asked: &Asked, totals: Option<&Totals>, next: Option<&str>) -> io::Result<()> {
        let w = asked.language;
        if self.lines == 0 {
            self.held.clear();
            writeln!(self.out, "{}", w.no_entries())?;
        }
        self.release()?;
        if let Some(next) = next {
            writeln!(self.out, "\n{} --after {next}", w.more())?;
        }
        if let Some(totals) = totals.filter(|totals| totals.entries > 0) {
            let InWords { figures, counted } = InWords::of(totals, w);
            writeln!(self.out, "\n{}", w.totals())?;
            for (what, count) in figures {
                writeln!(self.out, "  {count:>9}  {what}")?;
            }
            for Counted { heading, rows } in counted {
                writeln!(self.out, "{heading}")?;
                for (what, count) in rows {
                    writeln!(self.out, "  {count:>9}  {}", what.replace(char::is_control, "\u{fffd}"))?;
                }
            }
            if !asked.subject.is_patient() && !totals.busiest().is_empty() {
                writeln!(self.out, "{}", w.busiest())?;
                for day in totals.busiest() {
                    writeln!(self.out, "  {:>9}  {} {} ({})", day.patients, w.user(), day.user, day.day)?;
                }
            }
        }
        self.out.flush()
    }
}
