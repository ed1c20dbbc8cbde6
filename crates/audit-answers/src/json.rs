//! An answer as one JSON object: codes, not words; times in UTC.

use std::io::{self, Write};

use serde_json::Value;

use crate::Asked;
use crate::answer::Teller;
use crate::row::Row;
use crate::totals::Totals;

pub(crate) struct Json<W> {
    out: W,
    some: bool,
}

impl<W: Write> Json<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self { out, some: false }
    }
}

impl<W: Write + Send> Teller for Json<W> {
    fn begin(&mut self, asked: &Asked) -> io::Result<()> {
        write!(self.out, "{{\"asked\":{},\n\"lines\":[", asked.to_json())
    }

    fn row(&mut self, _: &Asked, row: &Row) -> io::Result<()> {
        let comma = if std::mem::replace(&mut self.some, true) { "," } else { "" };
        write!(self.out, "{comma}\n{}", row.to_json())
    }

    fn end(&mut self, _: &Asked, totals: Option<&Totals>, next: Option<&str>) -> io::Result<()> {
        let totals = totals.map_or(Value::Null, Totals::to_json);
        let next = next.map_or(Value::Null, Value::from);
        writeln!(self.out, "],\n\"totals\":{totals},\n\"next\":{next}}}")?;
        self.out.flush()
    }
}
