//! Patients in a file: a CSV file, or a FHIR R4 Bundle of Patients.

use zorgsluis_domain::Phi;
use zorgsluis_domain::notice::BusinessIdentifier;

use crate::bundle::{Bundle, each, string};
use crate::mapping::PatientMapping;
use crate::report::{Findings, Place};
use crate::sheet::Sheet;
use crate::{RegisterError, check};

/// What a row says of a person.
pub(super) struct Person {
    pub(super) findings: Findings,
    /// The one behind the id first, each with the part of the row where it stands.
    pub(super) identifiers: Vec<(Phi<BusinessIdentifier>, String)>,
    pub(super) opted_out: bool,
}

impl Person {
    const fn new(findings: Findings) -> Self {
        Self { findings, identifiers: Vec::new(), opted_out: false }
    }

    fn identifier(&mut self, system: &str, value: &str, part: &str) {
        if value.is_empty() {
            return;
        }
        if let Err(code) = check::identifier(system, value) {
            return self.findings.refuse(part, code);
        }
        if system == fhir::nl::BSN && !fhir::nl::passes_eleven_test(value) {
            // Nobody's: the converter does the same with it (docs/identity.md).
            return self.findings.warn(part, "bsn-fails-11-test");
        }
        let identifier = BusinessIdentifier { system: system.to_owned(), value: value.to_owned() };
        self.identifiers.push((Phi::new(identifier), part.to_owned()));
    }

    /// A BSN is behind the id only when there is nothing else.
    fn complete(&mut self, part: &str) {
        self.identifiers.sort_by_key(|(identifier, _)| identifier.expose_phi().system == fhir::nl::BSN);
        if self.identifiers.is_empty() && !self.findings.is_refused() {
            self.findings.refuse(part, "identifier-missing");
        }
    }
}

pub(super) fn table(data: &[u8], mapping: &str) -> Result<Vec<Person>, RegisterError> {
    let mapping = PatientMapping::parse(mapping)?;
    let sheet = Sheet::read(data, mapping.separator, mapping.encoding)?;
    let columns: Vec<(usize, &str, &str)> = mapping
        .identifiers
        .iter()
        .map(|column| Ok((sheet.column(&column.column)?, column.column.as_str(), column.system.as_str())))
        .collect::<Result<_, RegisterError>>()?;
    let opted_out = mapping.opted_out.as_ref().map(|name| Ok((sheet.column(name)?, name)));
    let opted_out = opted_out.transpose().map_err(|error: RegisterError| error)?;
    let mut people = Vec::with_capacity(sheet.rows.len());
    for row in &sheet.rows {
        let mut person = Person::new(sheet.findings(row));
        if !person.findings.is_refused() {
            for (nth, name, system) in &columns {
                person.identifier(system, row.field(*nth), name);
            }
            if let Some((nth, name)) = opted_out {
                match (row.field(nth), check::flag(row.field(nth))) {
                    ("", _) => {}
                    (_, Some(wish)) => person.opted_out = wish,
                    (_, None) => person.findings.refuse(name, "opted-out-unknown"),
                }
            }
            person.complete(columns.first().map_or("", |(_, name, _)| name));
        }
        people.push(person);
    }
    Ok(people)
}

pub(super) fn bundle(data: &[u8]) -> Result<Vec<Person>, RegisterError> {
    let bundle = Bundle::read(data)?;
    let read = |(nth, patient)| {
        let mut person =
            Person::new(Findings::new(Place { line: 0, entry: format!("entry[{nth}].resource") }));
        for identifier in each(patient, "identifier") {
            let old = string(identifier, "/use") == Some("old");
            if let (Some(system), Some(value), false) =
                (string(identifier, "/system"), string(identifier, "/value"), old)
            {
                person.identifier(system, value, "identifier");
            }
        }
        person.complete("identifier");
        person
    };
    Ok(bundle.of_type("Patient").map(read).collect())
}
