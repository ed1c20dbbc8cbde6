//! A CSV file (RFC 4180, with any separator), decoded and cut into rows.

use std::borrow::Cow;
use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::mapping::Encoding;
use crate::report::{Findings, Place};
use crate::{MAX_DATA, MAX_ROWS, RegisterError};

pub(crate) struct Sheet {
    /// Where each heading stands; none for one that stands there twice.
    columns: HashMap<String, Option<usize>>,
    /// Fields of a row at least: up to the last heading that is not empty.
    least: usize,
    /// Fields of a row at most: those of the heading.
    most: usize,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) line: u64,
    record: StringRecord,
}

impl Sheet {
    pub(crate) fn read(data: &[u8], separator: char, encoding: Encoding) -> Result<Self, RegisterError> {
        if data.len() > MAX_DATA {
            return Err(RegisterError::TooLarge);
        }
        let text = decode(data, encoding)?;
        let mut reader = ReaderBuilder::new()
            .delimiter(u8::try_from(separator).unwrap_or(b','))
            .trim(Trim::All)
            .flexible(true)
            .from_reader(text.as_bytes());
        let not_csv = |error: csv::Error| RegisterError::NotCsv {
            line: error.position().map_or(1, csv::Position::line),
        };
        let headers = reader.headers().map_err(not_csv)?;
        let mut columns = HashMap::new();
        for (nth, name) in headers.iter().enumerate() {
            columns.entry(name.to_owned()).and_modify(|nth| *nth = None).or_insert(Some(nth));
        }
        let least = headers
            .iter()
            .collect::<Vec<_>>()
            .iter()
            .rposition(|name| !name.is_empty())
            .map_or(0, |last| last + 1);
        let most = headers.len();
        let mut rows = Vec::new();
        for record in reader.into_records() {
            let mut record = record.map_err(not_csv)?;
            let line = record.position().map_or(0, csv::Position::line);
            if rows.len() == MAX_ROWS {
                return Err(RegisterError::TooManyRows);
            }
            // What spreadsheets leave at the end: separators and nothing between them.
            if record.iter().all(str::is_empty) {
                continue;
            }
            if record.iter().skip(most).all(str::is_empty) {
                record.truncate(most);
            }
            rows.push(Row { line, record });
        }
        Ok(Self { columns, least, most, rows })
    }

    /// Where a column stands that the mapping names.
    pub(crate) fn column(&self, name: &str) -> Result<usize, RegisterError> {
        match self.columns.get(name) {
            Some(Some(nth)) => Ok(*nth),
            Some(None) => Err(RegisterError::ColumnTwice { column: name.to_owned() }),
            None => Err(RegisterError::ColumnMissing { column: name.to_owned() }),
        }
    }

    /// Findings for a row; one with more or fewer fields than the heading is refused,
    /// but for empty ones at the end.
    pub(crate) fn findings(&self, row: &Row) -> Findings {
        let mut findings = Findings::new(Place { line: row.line, entry: String::new() });
        if !(self.least..=self.most).contains(&row.record.len()) {
            findings.refuse("", "row-length");
        }
        findings
    }
}

impl Row {
    /// A field, without the space around it.
    pub(crate) fn field(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default()
    }
}

fn decode(data: &[u8], encoding: Encoding) -> Result<Cow<'_, str>, RegisterError> {
    match encoding {
        Encoding::Utf8 => {
            let data = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
            std::str::from_utf8(data).map(Cow::Borrowed).map_err(|error| {
                let before = data.get(..error.valid_up_to()).unwrap_or_default();
                let lines = before.iter().filter(|byte| **byte == b'\n').count();
                let line = u64::try_from(lines).unwrap_or(u64::MAX).saturating_add(1);
                RegisterError::Encoding { line, encoding: "utf-8" }
            })
        }
        // The WHATWG decoder of ISO 8859-1 is that of windows-1252, which holds more and nothing else.
        Encoding::Latin1 => Ok(encoding_rs::WINDOWS_1252.decode_without_bom_handling(data).0),
        Encoding::Latin9 => Ok(encoding_rs::ISO_8859_15.decode_without_bom_handling(data).0),
    }
}
