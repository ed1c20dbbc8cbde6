//! Messages about a patient in `state.db`, and all that was noted of them.
//!
//! A message is a patient's when it wrote something about them, and when only their keys protect it. Where somebody
//! else had the same number, its key says nothing by itself: what wrote about the other one is the other's, and of
//! what wrote about nobody (it was set aside, or waits) nobody can tell from here whose it is.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rusqlite::{Connection, params};
use uuid::Uuid;
use zorgsluis_domain::{QueueReference, Stage, StepEffect};

use super::damaged;
use super::owners::Owner;
use super::survey::is_shared;
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

/// Whose messages are looked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Sought {
    /// All numbers of the person.
    pub(super) patients: Vec<Uuid>,
    /// The resources about them, `Type/id`.
    pub(super) names: HashSet<String>,
    pub(super) owners: Vec<Owner>,
    /// Keys of others that protected nothing but theirs.
    pub(super) keys: HashSet<[u8; 16]>,
    /// Messages that a person said are theirs.
    pub(super) told: BTreeSet<Uuid>,
}

/// The messages of one person.
#[derive(Debug, Clone, Default)]
pub(super) struct Messages {
    pub(super) theirs: Vec<StoredMessage>,
    /// Those of which it cannot be told whose they are.
    pub(super) unclear: Vec<Uuid>,
    /// Which of the owners protect something of somebody else, too.
    pub(super) shared: Vec<bool>,
}

/// The messages of each of these, in one reading of the journal.
pub(super) fn messages(connection: &Connection, sought: &[Sought]) -> Result<Vec<Messages>, Failure> {
    let mut wrote: Vec<HashSet<Uuid>> = vec![HashSet::new(); sought.len()];
    // Under a key of whose, and by which of the owners.
    let mut under: Vec<HashMap<Uuid, Option<usize>>> = vec![HashMap::new(); sought.len()];
    let mut names: HashMap<String, Vec<usize>> = HashMap::new();
    for (nth, one) in sought.iter().enumerate() {
        if let Some(under) = under.get_mut(nth) {
            for key in &one.keys {
                by_key(connection, key, |message| {
                    under.entry(message).or_insert(None);
                })?;
            }
            for (owner, of) in one.owners.iter().enumerate() {
                for key in &of.keys {
                    by_key(connection, key, |message| {
                        under.insert(message, Some(owner));
                    })?;
                }
            }
        }
        let own = one.patients.iter().map(|patient| format!("Patient/{patient}"));
        for name in one.names.iter().cloned().chain(own) {
            let all = names.entry(name).or_default();
            if !all.contains(&nth) {
                all.push(nth);
            }
        }
    }
    let protected: HashSet<Uuid> = under.iter().flat_map(|under| under.keys().copied()).collect();
    // The patients about whom these wrote.
    let mut about: HashMap<Uuid, BTreeSet<String>> = HashMap::new();
    each_effect(connection, |message, effect| {
        if !is_shared(&effect.resource) {
            for nth in names.get(&effect.resource).into_iter().flatten() {
                wrote.get_mut(*nth).map(|wrote| wrote.insert(message));
            }
        }
        if protected.contains(&message) && effect.resource.starts_with("Patient/") {
            about.entry(message).or_default().insert(effect.resource.clone());
        }
    })?;
    let mut found = Vec::with_capacity(sought.len());
    for ((one, mut theirs), under) in sought.iter().zip(wrote).zip(under) {
        let mut shared: Vec<bool> = one.owners.iter().map(|owner| owner.shared).collect();
        for (message, owner) in &under {
            let of_another = about.contains_key(message) && !theirs.contains(message);
            if let Some(shared) = owner.and_then(|owner| shared.get_mut(owner)) {
                *shared |= of_another;
            }
        }
        theirs.extend(&one.told);
        let mut unclear = Vec::new();
        for (message, owner) in under {
            let is_shared = owner.and_then(|owner| shared.get(owner)).copied().unwrap_or(false);
            if theirs.contains(&message) || !is_shared {
                theirs.insert(message);
            } else if !about.contains_key(&message) {
                unclear.push(message);
            }
        }
        let unclear = stored(connection, unclear)?.into_iter().filter(|message| message.stands);
        let mut unclear: Vec<Uuid> = unclear.map(|message| message.id).collect();
        unclear.sort_unstable();
        found.push(Messages { theirs: stored(connection, theirs)?, unclear, shared });
    }
    Ok(found)
}

fn by_key(connection: &Connection, key: &[u8; 16], mut with: impl FnMut(Uuid)) -> Result<(), Failure> {
    for sql in ["SELECT message FROM payload WHERE key = ?1", "SELECT message FROM note WHERE key = ?1"] {
        let mut select = connection.prepare_cached(sql)?;
        for id in select.query_map([key], |row| column::uuid(row, 0))? {
            with(id?);
        }
    }
    Ok(())
}

/// What the journal knows of what messages wrote.
fn each_effect(connection: &Connection, mut with: impl FnMut(Uuid, &StepEffect)) -> Result<(), Failure> {
    let mut steps =
        connection.prepare("SELECT message, stage FROM way_step WHERE instr(stage, '\"resource\"') > 0")?;
    let mut rows = steps.query([])?;
    while let Some(row) = rows.next()? {
        // One that cannot be read could name anybody: then nothing is told apart, and nothing destroyed.
        let stage: Stage = serde_json::from_str(row.get_ref(1)?.as_str().unwrap_or_default())
            .map_err(|_| damaged("not a step of a message's way"))?;
        if let Stage::Applied { effects } | Stage::Enriched { effects, .. } = stage {
            let message = column::uuid(row, 0)?;
            // Who holds a number that another's message names is not who that message is about.
            let told = effects
                .iter()
                .filter(|effect| effect.why.as_deref() != Some("identifier-of-another-patient"));
            told.for_each(|effect| with(message, effect));
        }
    }
    Ok(())
}

fn stored(
    connection: &Connection,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<StoredMessage>, Failure> {
    let mut select =
        connection.prepare_cached("SELECT received, length(ciphertext) FROM payload WHERE message = ?1")?;
    let mut found = Vec::new();
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

/// What else messages wrote that wrote about one of these patients and about nobody else, by the journal alone: for an
/// older `state.db` beside a `fhir.db` from which the resources are gone.
pub(super) fn written_beside(connection: &Connection, patients: &[Uuid]) -> Result<Vec<String>, Failure> {
    let own: HashSet<String> = patients.iter().map(|patient| format!("Patient/{patient}")).collect();
    let mut wrote: HashMap<Uuid, (bool, bool, BTreeSet<String>)> = HashMap::new();
    each_effect(connection, |message, effect| {
        let (mine, others, names) = wrote.entry(message).or_default();
        if effect.resource.starts_with("Patient/") {
            let is_own = own.contains(&effect.resource);
            (*mine, *others) = (*mine || is_own, *others || !is_own);
        } else if !is_shared(&effect.resource) {
            names.insert(effect.resource.clone());
        }
    })?;
    let theirs = wrote.into_values().filter(|(mine, others, _)| *mine && !others);
    let names: BTreeSet<String> = theirs.flat_map(|(_, _, names)| names).collect();
    Ok(names.into_iter().collect())
}

/// The keys that protect nothing but these messages and the notes beside them.
pub(super) fn only_theirs(connection: &Connection, messages: &[StoredMessage]) -> Result<Vec<Uuid>, Failure> {
    let ids: HashSet<Uuid> = messages.iter().map(|message| message.id).collect();
    let mut used: BTreeMap<[u8; 16], bool> = BTreeMap::new();
    for id in &ids {
        for sql in ["SELECT key FROM payload WHERE message = ?1", "SELECT key FROM note WHERE message = ?1"] {
            for key in connection.prepare_cached(sql)?.query_map([id.as_bytes()], |row| row.get(0))? {
                used.insert(key?, false);
            }
        }
    }
    for (key, by_others) in &mut used {
        by_key(connection, key, |message| *by_others |= !ids.contains(&message))?;
    }
    Ok(used.into_iter().filter(|(_, by_others)| !by_others).map(|(key, _)| Uuid::from_bytes(key)).collect())
}

/// The notices about these messages.
pub(super) fn notices(connection: &Connection, messages: &[StoredMessage]) -> Result<Vec<Uuid>, Failure> {
    let mut about = connection.prepare_cached("SELECT id FROM notice WHERE message = ?1")?;
    let mut notices = Vec::new();
    for message in messages {
        for notice in about.query_map([message.id.as_bytes()], |row| column::uuid(row, 0))? {
            notices.push(notice?);
        }
    }
    Ok(notices)
}

/// Takes the messages and all that was noted of them away. What remains of a message is its id (an HMAC) and when it
/// came: so a second delivery of the same bytes is recognised and does not bring back what was erased. In the place of
/// its key stands `tombstone`, a key that was destroyed. Of the patient's numbers remains the pseudonym, which leads to
/// the lines of the log as long as those are kept.
pub(super) fn erase(
    connection: &Connection,
    messages: &[StoredMessage],
    queued: &Queued,
    patients: &[Uuid],
    tombstone: Uuid,
) -> Result<(), Failure> {
    let mut groups: BTreeMap<(String, String), ()> = BTreeMap::new();
    for message in messages {
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
            "INSERT OR IGNORE INTO erased_identifier (pseudonym, patient, stand_in)
             SELECT pseudonym, patient, stand_in FROM released_stand_in WHERE patient = ?1",
            "DELETE FROM released_stand_in WHERE patient = ?1",
            "INSERT OR IGNORE INTO erased_identifier (pseudonym, patient, stand_in)
             SELECT pseudonym, patient, stand_in FROM patient_identifier WHERE patient = ?1",
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

pub(super) type Queued = HashMap<Uuid, Vec<(i64, String, String)>>;

/// What waits in the queues, by message.
pub(super) fn queued(connection: &Connection) -> Result<Queued, Failure> {
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
