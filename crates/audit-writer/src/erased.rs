//! What stands in the log about one patient, year by year, and what remains in the index once a year's key is gone. Of
//! logs that continue each other, in all of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tlog::{Cursor, Hits, Place, Query, Rekeyed};
use uuid::Uuid;
use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::{AuditEntry, Pseudonym};

use crate::content::{Opened, id_time, open_logged, patient_pseudonym, year_of};
use crate::term::{Term, erased_keys, patient_key};
use crate::{AuditError, AuditLog};

/// Entries that are looked at together.
const PAGE: usize = 500;

/// The lines about a patient that were recorded in one calendar year (UTC), and share a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedYear {
    /// The year.
    pub year: i16,
    /// How many lines.
    pub lines: u64,
    /// When the newest of them was written: the time of its event or, where another system reported that later, when
    /// it was received.
    pub newest: Timestamp,
}

/// What the log holds about a patient whom only the pseudonym names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientLines {
    /// Year by year, the oldest first.
    pub years: Vec<LoggedYear>,
}

impl AuditLog {
    /// The lines about a patient that the index still finds under the pseudonym, by year. Discloses nothing of what
    /// they say.
    pub async fn lines_about(&self, patient: &Pseudonym) -> Result<PatientLines, AuditError> {
        let mut years: BTreeMap<i16, LoggedYear> = BTreeMap::new();
        for log in self.chain() {
            log.count_lines(patient, &mut years).await?;
        }
        Ok(PatientLines { years: years.into_values().collect() })
    }

    /// Counts those of this log.
    async fn count_lines(
        &self,
        patient: &Pseudonym,
        years: &mut BTreeMap<i16, LoggedYear>,
    ) -> Result<(), AuditError> {
        let mut after = None;
        loop {
            let Hits { hits, next } = self.page(patient_key(patient), after).await?;
            let places: Vec<Place> = hits.iter().map(|hit| hit.place).collect();
            for (hit, logged) in hits.iter().zip(self.log.entries(&places).await?) {
                let at = Timestamp::from_microsecond(hit.at).unwrap_or(Timestamp::MAX);
                let told = Timestamp::from_microsecond(id_time(logged.leaf.id())).unwrap_or(at);
                let received = match open_logged(self.keys.as_ref(), &logged).await? {
                    Opened::Entry(entry) => entry.reported.map_or(at, |reported| reported.received),
                    Opened::Erased | Opened::Faulty(_) => at,
                };
                let (year, newest) = (year_of(at), at.max(told).max(received));
                let found = years.entry(year).or_insert(LoggedYear { year, lines: 0, newest });
                found.lines += 1;
                found.newest = found.newest.max(newest);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Whether the index of any of the logs finds a line under the pseudonym.
    pub async fn has_lines_about(&self, patient: &Pseudonym) -> Result<bool, AuditError> {
        for log in self.chain() {
            let key = patient_key(patient);
            let query =
                Query { key, from: i64::MIN, to: i64::MAX, after: None, limit: 1, newest_first: false };
            if !log.index.find(&query).await?.hits.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Of a person's numbers those that lead to a line, as `Patient/<id>`; the first one, which is the present one,
    /// always. A reading is logged under each number that is asked for: under the others it would be noise.
    pub async fn with_lines(&self, numbers: &[Uuid]) -> Result<Vec<String>, AuditError> {
        let mut found: Vec<String> = Vec::new();
        for number in numbers {
            let reference = format!("Patient/{number}");
            let pseudonym = patient_pseudonym(self.keys.as_ref(), &reference);
            if found.is_empty() || self.has_lines_about(&pseudonym).await? {
                found.push(reference);
            }
        }
        Ok(found)
    }

    /// Takes from the index what it says of those lines about a patient that are erased. What remains leads from
    /// an id to its place, and shows that there was a line, at the time that its id states. Lines that can still be
    /// opened stay as they are. Returns how many were changed; again is no error.
    pub async fn forget_erased(&self, patient: &Pseudonym) -> Result<u64, AuditError> {
        let mut forgotten = 0;
        for log in self.chain() {
            forgotten += log.forget_here(patient).await?;
        }
        Ok(forgotten)
    }

    /// Takes it from the index of this log.
    async fn forget_here(&self, patient: &Pseudonym) -> Result<u64, AuditError> {
        let mut forgotten = 0;
        let mut after = None;
        loop {
            let Hits { hits, next } = self.page(patient_key(patient), after).await?;
            let places: Vec<Place> = hits.iter().map(|hit| hit.place).collect();
            let mut erased = Vec::new();
            for (place, logged) in places.iter().zip(self.log.entries(&places).await?) {
                if matches!(open_logged(self.keys.as_ref(), &logged).await?, Opened::Erased) {
                    let id = logged.leaf.id();
                    erased.push(Rekeyed { place: *place, id, keys: erased_keys(id) });
                }
            }
            self.index.replace_keys(&erased).await?;
            forgotten += u64::try_from(erased.len()).unwrap_or(u64::MAX);
            match next {
                Some(next) => after = Some(next),
                None => return Ok(forgotten),
            }
        }
    }

    /// The entries that are tombstones, oldest first. They speak of no patient but by pseudonyms, so that reading
    /// them is no reading of a patient's lines.
    pub async fn erasures(&self) -> Result<Vec<AuditEntry>, AuditError> {
        let mut entries = Vec::new();
        for log in self.chain() {
            log.tombstones(&mut entries).await?;
        }
        Ok(entries)
    }

    /// Those of this log.
    async fn tombstones(&self, entries: &mut Vec<AuditEntry>) -> Result<(), AuditError> {
        let key = Term::Kind(EventKind::Erasure).key(self.keys.as_ref());
        let mut after = None;
        loop {
            let Hits { hits, next } = self.page(key.clone(), after).await?;
            let places: Vec<Place> = hits.iter().map(|hit| hit.place).collect();
            for logged in self.log.entries(&places).await? {
                match open_logged(self.keys.as_ref(), &logged).await? {
                    // What tells the patient of it is no tombstone, and goes with the patient's other lines.
                    // Nor is what another system reports: it destroys nothing here.
                    Opened::Entry(entry) if entry.patient.is_none() && entry.reported.is_none() => {
                        entries.push(*entry);
                    }
                    Opened::Entry(_) | Opened::Erased => {}
                    Opened::Faulty(code) => {
                        return Err(AuditError::Unreadable { index: logged.index, code });
                    }
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn page(&self, key: String, after: Option<Cursor>) -> Result<Hits, AuditError> {
        let query = Query { key, from: i64::MIN, to: i64::MAX, after, limit: PAGE, newest_first: false };
        Ok(self.index.find(&query).await?)
    }
}
