//! A log of invented entries on the embedded stores, of any length: sealed, indexed, appended as a server does.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tlog::Signer as _;
use zorgsluis_audit_writer::{AuditLog, AuditWriter};
use zorgsluis_domain::audit::{
    AccessMethod, Action, Application, Deed, Event, EventKind, NetworkAccessPoint, PatientObject,
    PurposeOfUse, Source, User,
};
use zorgsluis_domain::{AuditEntry, EntryId};
use zorgsluis_embedded::{DataDirectory, SystemRandom};

/// Entries of one patient, on average.
pub(crate) const PER_PATIENT: u64 = 500;
/// Users, and departments.
const USERS: u64 = 500;
const DEPARTMENTS: u64 = 40;
/// One entry in so many is of the emergency procedure.
const EMERGENCY: u64 = 2_000;
/// Entries in a bundle: what comes together on a busy server shares one.
pub(crate) const BUNDLE: u64 = 256;
/// Time between two entries: ten million in half a year.
const BETWEEN: SignedDuration = SignedDuration::from_millis(1_577);

pub(crate) fn patient(number: u64) -> String {
    format!("Patient/00000000-0000-5000-8000-{number:012}")
}

pub(crate) fn user(number: u64) -> String {
    format!("user-{}", number % USERS)
}

pub(crate) fn department(number: u64) -> String {
    format!("dep-{}", number % DEPARTMENTS)
}

fn source() -> Source {
    Source { enterprise_site_id: "linde".into(), source_id: "gateway".into(), source_type: 4 }
}

/// When the entry of this number was recorded: all lie in one calendar year.
fn time(number: u64) -> Timestamp {
    let start = Timestamp::from_second(1_767_300_000).unwrap();
    start + BETWEEN * i32::try_from(number).unwrap()
}

/// The entry of this number, of `size`. Patients and users follow one another as if shuffled.
fn entry(number: u64, size: u64) -> AuditEntry {
    let shuffled = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let at = time(number);
    let user = User {
        name: Some(format!("Medewerker {}", shuffled % USERS)),
        roles: vec!["http://fhir.nl/fhir/NamingSystem/uzi-rolcode|01.015".into()],
        department: Some(department(shuffled % USERS)),
        purpose: Some(PurposeOfUse::Treatment),
        network: Some(NetworkAccessPoint::Ip("192.0.2.44".into())),
        ..User::system(user(shuffled), true)
    };
    let event = match number % 500 {
        499 => Event::failure(EventKind::AccessDenied, Action::Read, "no-relationship"),
        _ => Event::success(EventKind::ResourceRead, Action::Read),
    };
    let id = EntryId::derived(at, &number.to_string());
    let mut entry = AuditEntry::of(Deed::read())
        .at(id, at)
        .by(user)
        .through(AccessMethod::Http, Application::zorgsluis())
        .reported_by(source())
        .build()
        .with_resources([(format!("Observation/{}", uuid_like(shuffled)), Some(1))]);
    entry.event = event;
    entry.patient = Some(PatientObject { reference: patient(shuffled % (size / PER_PATIENT).max(1)) });
    entry.legal_basis.authorisation_protocol = Some("policy/7".into());
    entry.legal_basis.treatment_relationship_protocol = Some("admission/1".into());
    entry.legal_basis.emergency = number.is_multiple_of(EMERGENCY);
    entry
}

fn uuid_like(number: u64) -> String {
    format!("11111111-1111-5111-8111-{:012}", number % 1_000_000_000_000)
}

/// The log in a data directory, and who writes to it.
pub(crate) async fn open(directory: &DataDirectory) -> AuditWriter {
    let signer = Arc::new(directory.log_signer("zorgsluis/linde").unwrap());
    let log = AuditLog::new(
        Arc::new(directory.log_storage()),
        Arc::new(directory.entry_index("linde")),
        Arc::new(directory.keys()),
        "linde",
        "zorgsluis/linde",
        vec![signer.verifying_key().clone()],
    );
    AuditWriter::open(log.unwrap(), &SystemRandom, signer).await.unwrap()
}

/// Fills a new data directory with so many entries, covered by a checkpoint.
pub(crate) async fn fill(folder: &Path, size: u64) {
    let directory = DataDirectory::open(folder).unwrap();
    let writer = open(&directory).await;
    for first in (0..size).step_by(BUNDLE as usize) {
        let entries: Vec<AuditEntry> =
            (first..(first + BUNDLE).min(size)).map(|number| entry(number, size)).collect();
        writer.append(&entries).await.unwrap();
    }
    writer.checkpoint().await.unwrap();
    directory.close().await;
}
