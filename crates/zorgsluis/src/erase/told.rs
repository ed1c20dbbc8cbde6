//! What the tombstones tell who reads the log.

use uuid::Uuid;
use zorgsluis_audit_writer::patient_pseudonym;
use zorgsluis_domain::retention::dutch_day;
use zorgsluis_embedded::DataDirectory;

use crate::failure::Failure;

/// Adds the numbers that an erased patient had: merges are erased with the dossier, the lines of the log stay.
pub(crate) async fn with_erased_numbers(
    directory: &DataDirectory,
    patients: &mut Vec<Uuid>,
) -> Result<(), Failure> {
    for tombstone in directory.erasures().tombstones().await.map_err(Failure::wrong)? {
        if tombstone.patients.iter().any(|patient| patients.contains(patient)) {
            let more = tombstone.patients.into_iter().filter(|patient| !patients.contains(patient));
            let more: Vec<Uuid> = more.collect();
            patients.extend(more);
        }
    }
    Ok(())
}

/// Which lines about these patients (`Patient/<id>`) were destroyed, in words: the index leads to them no longer.
pub(crate) async fn destroyed_lines(
    directory: &DataDirectory,
    patients: &[String],
) -> Result<Vec<String>, Failure> {
    let keys = directory.keys();
    let pseudonyms: Vec<_> = patients.iter().map(|patient| patient_pseudonym(&keys, patient)).collect();
    let mut told = Vec::new();
    for tombstone in directory.erasures().tombstones().await.map_err(Failure::wrong)? {
        for lines in tombstone.lines.iter().filter(|lines| pseudonyms.contains(&lines.patient)) {
            let years: Vec<String> = lines.years.iter().map(i16::to_string).collect();
            let (day, reason) = (dutch_day(tombstone.at), tombstone.reason.code());
            told.push(format!("lines of {} were destroyed on {day} ({reason})", years.join(", ")));
        }
    }
    Ok(told)
}
