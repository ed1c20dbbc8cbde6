//! Messages about a patient in `state.db`, and all that was noted of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, params};
use uuid::Uuid;
use zorgsluis_domain::{QueueReference, Stage};

use crate::column;
use crate::database::Failure;
use crate::queue::refresh_group;

/// A stored message.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredMessage {
    pub(super) id: Uuid,
    pub(super) received: i64,
    /// Whether its content stands there.
    pub(super) stands: bool,
}

/// What is to go.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) messages: Vec<StoredMessage>,
    /// Keys that protect nothing but these messages and the notes beside them.
    pub(super) only_theirs: Vec<Uuid>,
    pub(super) notices: Vec<Uuid>,
}

/// The messages that these keys protect, and those that wrote one of these resources.
pub(super) fn messages(
    connection: &Connection,
    resources: &HashSet<String>,
    keys: &HashSet<[u8; 16]>,
) -> Result<Vec<StoredMessage>, Failure> {
    let mut ids: HashSet<Uuid> = HashSet::new();
    for sql in ["SELECT message FROM payload WHERE key = ?1", "SELECT message FROM note WHERE key = ?1"] {
        let mut by_key = connection.prepare(sql)?;
        for key in keys {
            for id in by_key.query_map([key], |row| column::uuid(row, 0))? {
                ids.insert(id?);
            }
        }
    }
    let mut steps =
        connection.prepare("SELECT message, stage FROM way_step WHERE instr(stage, '\"resource\"') > 0")?;
    let mut rows = steps.query([])?;
    while let Some(row) = rows.next()? {
        let stage: Result<Stage, _> = serde_json::from_str(row.get_ref(1)?.as_str().unwrap_or_default());
        if let Ok(Stage::Applied { effects } | Stage::Enriched { effects, .. }) = stage
            && effects.iter().any(|effect| {
                // Who holds a number that another's message names is not who that message is about.
                effect.why.as_deref() != Some("identifier-of-another-patient")
                    && resources.contains(&effect.resource)
                    && !is_shared(&effect.resource)
            })
        {
            ids.insert(column::uuid(row, 0)?);
        }
    }
    let mut select =
        connection.prepare("SELECT received, length(ciphertext) FROM payload WHERE message = ?1")?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = select.query([id.as_bytes()])?;
        let (received, length): (i64, i64) = match rows.next()? {
            Some(row) => (row.get(0)?, row.get(1)?),
            None => (i64::MIN, 0),
        };
        found.push(StoredMessage { id, received, stands: length > 0 });
    }
    Ok(found)
}

/// The resources about a patient hold none of these; a guard, so that a message is never taken for its hospital.
fn is_shared(resource: &str) -> bool {
    ["Practitioner/", "Organization/", "Location/"].iter().any(|kind| resource.starts_with(kind))
}

pub(super) fn plan(
    connection: &Connection,
    resources: &HashSet<String>,
    keys: &HashSet<[u8; 16]>,
) -> Result<Plan, Failure> {
    let messages = messages(connection, resources, keys)?;
    let ids: HashSet<Uuid> = messages.iter().map(|message| message.id).collect();
    let mut used: HashMap<[u8; 16], bool> = HashMap::new();
    let mut notices = Vec::new();
    for id in &ids {
        for sql in ["SELECT key FROM payload WHERE message = ?1", "SELECT key FROM note WHERE message = ?1"] {
            for key in connection.prepare_cached(sql)?.query_map([id.as_bytes()], |row| row.get(0))? {
                used.insert(key?, false);
            }
        }
        let mut about = connection.prepare_cached("SELECT id FROM notice WHERE message = ?1")?;
        for notice in about.query_map([id.as_bytes()], |row| column::uuid(row, 0))? {
            notices.push(notice?);
        }
    }
    for (key, by_others) in &mut used {
        for sql in ["SELECT message FROM payload WHERE key = ?1", "SELECT message FROM note WHERE key = ?1"] {
            for id in connection.prepare_cached(sql)?.query_map([key], |row| column::uuid(row, 0))? {
                *by_others |= !ids.contains(&id?);
            }
        }
    }
    let only_theirs = used.into_iter().filter(|(_, by_others)| !by_others);
    Ok(Plan { messages, only_theirs: only_theirs.map(|(key, _)| Uuid::from_bytes(key)).collect(), notices })
}

/// Takes the messages and all that was noted of them away. What remains of a message is its id (an HMAC) and when it
/// came: so a second delivery of the same bytes is recognised and does not bring back what was erased. In the place of
/// its key stands `tombstone`, a key that was destroyed.
pub(super) fn erase(
    connection: &Connection,
    plan: &Plan,
    patients: &[Uuid],
    tombstone: Uuid,
) -> Result<(), Failure> {
    let mut groups: BTreeMap<(String, String), ()> = BTreeMap::new();
    let queued = queued(connection)?;
    for message in &plan.messages {
        let id = message.id.as_bytes();
        connection
            .prepare_cached("UPDATE payload SET key = ?2, ciphertext = zeroblob(0) WHERE message = ?1")?
            .execute(params![id, tombstone.as_bytes()])?;
        for sql in [
            "DELETE FROM note WHERE message = ?1",
            "DELETE FROM dead_letter WHERE message = ?1",
            "DELETE FROM way_step WHERE message = ?1",
            "DELETE FROM notice WHERE message = ?1",
            // It is never to be queued again.
            "UPDATE way SET queued = 1 WHERE message = ?1",
        ] {
            connection.prepare_cached(sql)?.execute([id])?;
        }
        connection
            .prepare_cached(
                "INSERT INTO way (message, first_at, queued)
                 SELECT message, received, 1 FROM payload WHERE message = ?1 ON CONFLICT DO NOTHING",
            )?
            .execute([id])?;
        for (seq, queue, group) in queued.get(&message.id).into_iter().flatten() {
            connection.prepare_cached("DELETE FROM queue_message WHERE seq = ?1")?.execute([seq])?;
            groups.insert((queue.clone(), group.clone()), ());
        }
    }
    for (queue, group) in groups.into_keys() {
        refresh_group(connection, &queue, &group)?;
    }
    for patient in patients {
        for sql in [
            "DELETE FROM patient_identifier WHERE patient = ?1",
            "DELETE FROM patient_event WHERE patient = ?1",
            "DELETE FROM patient_merge WHERE old = ?1",
            "DELETE FROM patient_merge WHERE new = ?1",
        ] {
            connection.execute(sql, [patient.as_bytes()])?;
        }
    }
    Ok(())
}

type Queued = HashMap<Uuid, Vec<(i64, String, String)>>;

/// What waits in the queues, by message.
fn queued(connection: &Connection) -> Result<Queued, Failure> {
    let mut found = Queued::new();
    let mut statement = connection.prepare("SELECT seq, queue, grp, body FROM queue_message")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let body: String = row.get(3)?;
        if let Ok(reference) = serde_json::from_str::<QueueReference>(&body) {
            found.entry(reference.message.0).or_default().push((row.get(0)?, row.get(1)?, row.get(2)?));
        }
    }
    Ok(found)
}
