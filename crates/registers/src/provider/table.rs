//! Providers in a CSV file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use jiff::Timestamp;
use zorgsluis_domain::text::Language;

use super::{Record, Said};
use crate::RegisterError;
use crate::check;
use crate::mapping::ProviderMapping;
use crate::sheet::{Row, Sheet};

/// Files that a CSV file names, by the name that stands there.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Whether a field of the certificate column is the name of a file: it ends like one.
fn is_file(field: &str) -> bool {
    field.rsplit_once('.').is_some_and(|(_, extension)| {
        ["pem", "crt", "cer", "der"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// Whether the path stays below the folder of the CSV file.
fn is_inside(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// The files that a CSV file of providers names in its certificate column, relative to its own folder.
/// Those that lead out of it are left out, and refused by the import.
pub fn referenced_files(data: &[u8], mapping: &str) -> Result<BTreeSet<String>, RegisterError> {
    let mapping = ProviderMapping::parse(mapping)?;
    let Some(column) = &mapping.certificate else { return Ok(BTreeSet::new()) };
    let sheet = Sheet::read(data, mapping.separator, mapping.encoding)?;
    let column = sheet.column(column)?;
    let fields = sheet.rows.iter().map(|row| row.field(column));
    Ok(fields.filter(|field| is_file(field) && is_inside(field)).map(str::to_owned).collect())
}

/// A column of the mapping and where it stands.
#[derive(Clone, Copy)]
struct Column<'m> {
    name: &'m str,
    nth: usize,
}

fn optional<'m>(sheet: &Sheet, name: Option<&'m String>) -> Result<Option<Column<'m>>, RegisterError> {
    name.map(|name| Ok(Column { name, nth: sheet.column(name)? })).transpose()
}

fn text(record: &mut Record, column: Column<'_>, field: &str) -> Said<Option<String>> {
    if let Err(code) = check::text(field) {
        record.findings.refuse(column.name, code);
    }
    Said::This(Some(field.to_owned()).filter(|text| !text.is_empty()))
}

struct Columns<'m> {
    identifiers: Vec<(Column<'m>, &'m str)>,
    name: Vec<Column<'m>>,
    organisation: Option<Column<'m>>,
    address: Option<Column<'m>>,
    language: Option<Column<'m>>,
    fixed_language: Option<Language>,
    certificate: Option<Column<'m>>,
    active: Option<Column<'m>>,
    opted_out: Option<Column<'m>>,
}

impl<'m> Columns<'m> {
    fn of(mapping: &'m ProviderMapping, sheet: &Sheet) -> Result<Self, RegisterError> {
        let one = |name: &'m String| Ok(Column { name, nth: sheet.column(name)? });
        let fixed = mapping.language.as_ref().and_then(|language| language.fixed.as_deref());
        let fixed_language = fixed
            .map(|code| {
                Language::from_code(code).ok_or_else(|| RegisterError::Mapping {
                    line: 1,
                    text: String::from("`language.fixed` is `nl` or `en`"),
                })
            })
            .transpose()?;
        Ok(Self {
            identifiers: mapping
                .identifiers
                .iter()
                .map(|column| Ok((one(&column.column)?, column.system.as_str())))
                .collect::<Result<_, RegisterError>>()?,
            name: mapping.name.iter().map(one).collect::<Result<_, RegisterError>>()?,
            organisation: optional(sheet, mapping.organisation.as_ref())?,
            address: optional(sheet, mapping.address.as_ref())?,
            language: optional(
                sheet,
                mapping.language.as_ref().and_then(|language| language.column.as_ref()),
            )?,
            fixed_language,
            certificate: optional(sheet, mapping.certificate.as_ref())?,
            active: optional(sheet, mapping.active.as_ref())?,
            opted_out: optional(sheet, mapping.opted_out.as_ref())?,
        })
    }

    fn record(&self, sheet: &Sheet, row: &Row, files: &Files, now: Timestamp) -> Record {
        let mut record = Record::new(sheet.findings(row));
        if record.findings.is_refused() {
            return record;
        }
        for (column, system) in &self.identifiers {
            record.identifier(system, row.field(column.nth), column.name);
        }
        let parts = self.name.iter().map(|column| row.field(column.nth)).filter(|part| !part.is_empty());
        record.name = parts.collect::<Vec<_>>().join(" ");
        if let Some(column) = self.organisation {
            record.organisation = text(&mut record, column, row.field(column.nth));
        }
        if let Some(column) = self.address {
            record.address(row.field(column.nth), column.name);
        }
        self.language(&mut record, row);
        if let Some(column) = self.certificate {
            certificate(&mut record, column, row.field(column.nth), files, now);
        }
        if let Some(column) = self.active {
            match (row.field(column.nth), check::flag(row.field(column.nth))) {
                ("", _) => {}
                (_, Some(active)) => record.active = Said::This(active),
                (_, None) => record.findings.refuse(column.name, "active-unknown"),
            }
        }
        if let Some(column) = self.opted_out {
            match check::events(row.field(column.nth)) {
                Some(events) => record.opted_out = Said::This(events),
                None => record.findings.refuse(column.name, "event-unknown"),
            }
        }
        let first = |columns: Option<Column<'m>>| columns.map_or("", |column| column.name);
        record.complete(
            first(self.identifiers.first().map(|(column, _)| *column)),
            first(self.name.last().copied()),
        );
        record
    }

    fn language(&self, record: &mut Record, row: &Row) {
        if let Some(language) = self.fixed_language {
            record.language = Said::This(language);
        }
        let Some(column) = self.language else { return };
        match row.field(column.nth) {
            "" => {}
            code => match Language::from_code(code) {
                Some(language) => record.language = Said::This(language),
                None => record.findings.refuse(column.name, "language-unknown"),
            },
        }
    }
}

fn certificate(record: &mut Record, column: Column<'_>, field: &str, files: &Files, now: Timestamp) {
    if field.is_empty() {
        record.certificate = Said::This(None);
    } else if !is_file(field) {
        record.certificate(field.as_bytes(), column.name, now);
    } else if !is_inside(field) {
        record.findings.refuse(column.name, "certificate-path-outside");
    } else if let Some(bytes) = files.get(field) {
        record.certificate(bytes, column.name, now);
    } else {
        record.findings.refuse(column.name, "certificate-file-missing");
    }
}

/// The rows of a CSV file.
pub(crate) fn read(
    data: &[u8],
    mapping: &str,
    files: &Files,
    now: Timestamp,
) -> Result<Vec<Record>, RegisterError> {
    let mapping = ProviderMapping::parse(mapping)?;
    let sheet = Sheet::read(data, mapping.separator, mapping.encoding)?;
    let columns = Columns::of(&mapping, &sheet)?;
    Ok(sheet.rows.iter().map(|row| columns.record(&sheet, row, files, now)).collect())
}
