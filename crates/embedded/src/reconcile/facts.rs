//! What the entries say, and what the journal says was done, in tables of their own.

use rusqlite::{Connection, params};
use uuid::Uuid;
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{EventKind, Object, ObjectRole, Outcome};
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::{DataClass, ResourceKey};

use super::{Cut, LoggedLine};
use crate::database::Failure;

/// Takes lines of the log.
pub(super) fn take(connection: &Connection, lines: &[LoggedLine]) -> Result<(), Failure> {
    let transaction = connection.unchecked_transaction()?;
    for line in lines {
        let idx = i64::try_from(line.index).unwrap_or(i64::MAX);
        let entry = line.entry.as_deref();
        // What another system reports of its own stores explains nothing of what was done to these.
        let own = entry.filter(|entry| entry.reported.is_none());
        let kind = |entry: &AuditEntry| match &entry.reported {
            Some(_) => String::from("Reported"),
            // The last entry of a sealed log, and the first of the one that continues it: no run of the system.
            None if is_of_chain(entry) => String::from("LogContinued"),
            None => format!("{:?}", entry.event.kind),
        };
        transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO entry (idx, id, recorded, kind, success, patient, message, stage,
                                              told_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                idx,
                line.id.0.as_bytes(),
                entry.map(|entry| entry.recorded.as_microsecond()),
                entry.map(kind),
                entry.map(|entry| entry.event.outcome == Outcome::Success),
                own.and_then(|entry| entry.patient.as_ref()).map(|patient| &patient.reference),
                own.and_then(message_of).map(|message| *message.as_bytes()),
                entry.map(|entry| stage(&entry.source.source_id)),
                told_at(line),
            ])?;
        if let Some(entry) = own {
            take_objects(&transaction, idx, entry)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Whether an entry only leads from one log to the next.
fn is_of_chain(entry: &AuditEntry) -> bool {
    matches!(entry.event.kind, EventKind::ApplicationStart | EventKind::ApplicationStop)
        && entry.objects.iter().any(|object| object.role == ObjectRole::Log)
}

/// When, in microseconds: of an erased one, by its id (RFC 9562 §5.7: milliseconds in the first 48 bits).
fn told_at(line: &LoggedLine) -> i64 {
    if let Some(entry) = &line.entry {
        return entry.recorded.as_microsecond();
    }
    let millis = i64::try_from(line.id.0.as_u128() >> 80).unwrap_or(0);
    millis.saturating_mul(1_000)
}

/// What was destroyed: that it is not there is no difference.
pub(super) fn take_tombstones(connection: &Connection, tombstones: &[Tombstone]) -> Result<(), Failure> {
    for tombstone in tombstones {
        let at = tombstone.at.as_microsecond();
        connection.execute(
            "INSERT OR IGNORE INTO tombstone (id, at, entry) VALUES (?1, ?2, ?3)",
            params![tombstone.id.as_bytes(), at, tombstone.entry().0.as_bytes()],
        )?;
        if tombstone.class == DataClass::Log {
            continue;
        }
        for patient in &tombstone.patients {
            connection.execute(
                "INSERT INTO erased (patient, at) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
                params![format!("Patient/{patient}"), at],
            )?;
        }
    }
    Ok(())
}

/// The step of the journal with which a part of the system ends its work on a message.
fn stage(source: &str) -> &'static str {
    match source {
        source if source.contains("enricher") => "enriched",
        source if source.contains("notifier") => "notified",
        _ => "applied",
    }
}

/// The message that an entry is about.
fn message_of(entry: &AuditEntry) -> Option<Uuid> {
    let messages = entry.objects.iter().filter(|object| object.role == ObjectRole::Message);
    messages.filter_map(|object| object.id.parse().ok()).next()
}

fn take_objects(connection: &Connection, idx: i64, entry: &AuditEntry) -> Result<(), Failure> {
    let succeeded = entry.event.outcome == Outcome::Success;
    let resources = || entry.objects.iter().filter(|object| object.role == ObjectRole::Resource);
    let versioned = |object: &Object| object.version.and_then(|version| i64::try_from(version).ok());
    for object in resources() {
        let (Some(reading), Some(version)) = (object.reading, versioned(object)) else { continue };
        connection
            .prepare_cached("INSERT INTO named (reading, resource, version, idx) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![i64::try_from(reading).unwrap_or(i64::MAX), object.id, version, idx])?;
    }
    match entry.event.kind {
        kind if succeeded && kind.writes() => {
            for object in resources() {
                let Some(version) = versioned(object) else { continue };
                connection
                    .prepare_cached("INSERT INTO announced (resource, version, idx) VALUES (?1, ?2, ?3)")?
                    .execute(params![object.id, version, idx])?;
            }
        }
        EventKind::Disclosure if succeeded => {
            for object in resources().filter(|object| object.version.is_none()) {
                let key = ResourceKey::parse(&object.id).filter(|key| key.resource_type == "Communication");
                let Some(notice) = key.and_then(|key| key.id.parse::<Uuid>().ok()) else { continue };
                connection
                    .prepare_cached("INSERT INTO told (notice, idx) VALUES (?1, ?2)")?
                    .execute(params![notice.as_bytes(), idx])?;
            }
        }
        EventKind::Register => {
            for object in resources() {
                if let Some(version) = versioned(object) {
                    connection
                        .prepare_cached(
                            "INSERT INTO register_change (object, version, idx) VALUES (?1, ?2, ?3)",
                        )?
                        .execute(params![object.id, version, idx])?;
                }
            }
            if let Some(patient) =
                entry.patient.as_ref().filter(|_| resources().any(|one| one.id == "OptOut"))
            {
                connection
                    .prepare_cached("INSERT INTO wish (patient, at, idx) VALUES (?1, ?2, ?3)")?
                    .execute(params![patient.reference, entry.recorded.as_microsecond(), idx])?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Indexes what was taken, and takes from the journal what was done, by message. Once.
pub(super) fn settle(connection: &Connection, cut: &Cut) -> Result<(), Failure> {
    connection.execute_batch(
        "CREATE INDEX IF NOT EXISTS entry_id ON entry (id);
         CREATE INDEX IF NOT EXISTS entry_recorded ON entry (recorded);
         CREATE INDEX IF NOT EXISTS entry_erased ON entry (told_at) WHERE recorded IS NULL;
         CREATE INDEX IF NOT EXISTS entry_message ON entry (message, kind) WHERE message IS NOT NULL;
         CREATE INDEX IF NOT EXISTS announced_resource ON announced (resource, version, idx);
         CREATE INDEX IF NOT EXISTS named_reading ON named (reading, resource, version);
         CREATE INDEX IF NOT EXISTS told_notice ON told (notice);
         CREATE INDEX IF NOT EXISTS register_object ON register_change (object, version);
         CREATE INDEX IF NOT EXISTS wish_patient ON wish (patient, at);
         DELETE FROM done; DELETE FROM audited; DELETE FROM ended; DELETE FROM unannounced;",
    )?;
    connection.execute(
        "INSERT INTO done SELECT w.message, json_extract(e.value, '$.resource'),
                json_extract(e.value, '$.effect') <> 'unchanged', w.at
         FROM state.way_step w, json_each(w.stage, '$.applied.effects') e WHERE w.at <= ?1
         UNION ALL
         SELECT w.message, json_extract(e.value, '$.resource'),
                json_extract(e.value, '$.effect') <> 'unchanged', w.at
         FROM state.way_step w, json_each(w.stage, '$.enriched.effects') e WHERE w.at <= ?1
         UNION ALL
         SELECT w.message, 'Communication/' || json_extract(e.value, '$.notice'), 1, w.at
         FROM state.way_step w, json_each(w.stage, '$.notified.notices') e
         WHERE w.at <= ?1 AND json_extract(e.value, '$.notice') IS NOT NULL",
        [cut.at],
    )?;
    // An id as text becomes the sixteen bytes that it is elsewhere.
    connection.execute(
        "INSERT INTO audited SELECT w.message, unhex(e.value, '-'), w.at
         FROM state.way_step w, json_each(w.stage, '$.audited.entries') e WHERE w.at <= ?1",
        [cut.at],
    )?;
    connection.execute(
        "INSERT INTO ended
         SELECT message, 'applied', max(at) FROM state.way_step
         WHERE at <= ?1 AND json_type(stage, '$.applied') IS NOT NULL GROUP BY message
         UNION ALL
         SELECT message, 'parked', max(at) FROM state.way_step
         WHERE at <= ?1 AND json_type(stage, '$.parked') IS NOT NULL GROUP BY message
         UNION ALL
         SELECT message, 'enriched', max(at) FROM state.way_step
         WHERE at <= ?1 AND json_type(stage, '$.enriched') IS NOT NULL GROUP BY message
         UNION ALL
         SELECT message, 'notified', max(at) FROM state.way_step
         WHERE at <= ?1 AND json_type(stage, '$.notified') IS NOT NULL GROUP BY message",
        [cut.at],
    )?;
    connection.execute_batch(
        "CREATE INDEX IF NOT EXISTS done_resource ON done (resource, message);
         CREATE INDEX IF NOT EXISTS done_message ON done (message, resource);
         CREATE INDEX IF NOT EXISTS audited_message ON audited (message);
         CREATE INDEX IF NOT EXISTS ended_message ON ended (message, what);",
    )?;
    Ok(())
}
