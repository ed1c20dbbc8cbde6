//! What the tombstones tell who reads the log.

use zorgsluis_audit_writer::patient_pseudonym;
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::Keys;
use zorgsluis_domain::retention::dutch_day;

/// Which lines about these patients (`Patient/<id>`) were destroyed, in words: the index leads to them no longer.
pub(crate) fn destroyed_lines(keys: &dyn Keys, tombstones: &[Tombstone], patients: &[String]) -> Vec<String> {
    let pseudonyms: Vec<_> = patients.iter().map(|patient| patient_pseudonym(keys, patient)).collect();
    let mut told = Vec::new();
    for tombstone in tombstones {
        for lines in tombstone.lines.iter().filter(|lines| pseudonyms.contains(&lines.patient)) {
            let years: Vec<String> = lines.years.iter().map(i16::to_string).collect();
            let (day, reason) = (dutch_day(tombstone.at), tombstone.reason.code());
            told.push(format!("lines of {} were destroyed on {day} ({reason})", years.join(", ")));
        }
    }
    told
}
