//! What changes because something else did: the task of a request, and the notes that a correction corrects.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use zorgsluis_domain::Phi;
use zorgsluis_domain::port::{PageRequest, ResourceKey, Search};

use super::Planner;
use crate::apply::ApplyError;
use crate::apply::draft::{Content, Draft};
use crate::apply::identity::Identities;
use crate::apply::stamp::{Moment, Rank};
use crate::apply::state::{Joined, Register};
use crate::document::NOTE_SERIES;
use crate::identity::task_of;
use crate::segment::orc::control::task_of_request;

/// Notes of one series that are looked at, at most. Beyond that a correction corrects none of them.
const NOTES: usize = 500;

/// The task of a request.
pub(crate) fn task_key(request: &ResourceKey) -> Option<ResourceKey> {
    (request.resource_type == "ServiceRequest")
        .then(|| ResourceKey::new("Task", task_of(&request.id).to_string()))
}

impl Planner<'_> {
    /// Reads the tasks of the requests that the message names, and the notes of the series that its notes
    /// are of.
    pub(super) async fn load_followers(&mut self, identities: &Identities<'_>) -> Result<(), ApplyError> {
        let tasks: Vec<ResourceKey> =
            self.said.entries.iter().filter_map(|entry| task_key(&entry.key)).collect();
        self.drafts.load(identities.store, tasks).await?;
        let series: BTreeSet<String> =
            self.said.entries.iter().filter_map(|entry| series_of(&entry.content)).collect();
        for series in series {
            let mut keys = Vec::new();
            let mut after = None;
            while keys.len() < NOTES {
                let search = Search {
                    resource_type: String::from("DocumentReference"),
                    parameters: Phi::new(vec![(
                        String::from("identifier"),
                        format!("{NOTE_SERIES}|{series}"),
                    )]),
                    page: PageRequest { after: after.take(), limit: 100 },
                };
                let page = identities.store.search(&search).await?;
                keys.extend(page.items.into_iter().map(|stored| stored.key));
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            self.drafts.load(identities.store, keys).await?;
        }
        Ok(())
    }

    /// A task is as far as its request is, where a later message says that: a result completes the order that
    /// it answers without knowing of a task. The status is joined with the stamp of the request's, so it
    /// does not matter which of the two came first.
    pub(super) fn follow_requests(&mut self) {
        let requests: Vec<ResourceKey> =
            self.drafts.0.keys().filter(|key| key.resource_type == "ServiceRequest").cloned().collect();
        for request in requests {
            let Some(task) = task_key(&request) else { continue };
            let status = self.drafts.state(&request).and_then(|state| state.registers.get("status")).cloned();
            let Some(Register { stamp, value: Some(value) }) = status else { continue };
            let told = value.get("status").and_then(Value::as_str).and_then(task_of_request);
            let (Some(told), Some(draft)) = (told, self.drafts.0.get_mut(&task)) else { continue };
            if stamp.rank < Rank::Registration || (draft.stands.is_none() && !draft.named) {
                continue;
            }
            let Some(state) = draft.state_mut() else { continue };
            let own = state.registers.get("status").map(|register| &register.stamp);
            if own.is_some_and(|own| own.rank == Rank::Registration && own.moment >= stamp.moment) {
                continue;
            }
            let register = Register { stamp, value: Some(json!({ "status": told })) };
            let joined = state.join_register(String::from("status"), register);
            draft.joined.push(joined);
            draft.dirty = true;
            if joined == Joined::Changed {
                draft.remark = Some("follows-its-request");
            }
        }
    }

    /// Notes that nothing but their text tells apart: a correction among them takes the place of the one note
    /// of its series that is older than it, and a final note that of the one older note that is preliminary. Of several nobody can tell which one is meant: they stay, and the
    /// correction says so. What comes out depends on the notes and their moments alone, not on who came
    /// first.
    pub(super) fn correct_notes(&mut self) {
        let mut all: BTreeMap<String, Vec<Note>> = BTreeMap::new();
        for (key, draft) in &self.drafts.0 {
            if let (Some(series), Some(note)) =
                (draft.whole().and_then(|whole| series_of(whole.content())), Note::of(key, draft))
            {
                all.entry(series).or_default().push(note);
            }
        }
        for mut notes in all.into_values() {
            // What one message says at once: first the notes, then what corrects them.
            notes.sort_by(|a, b| (&a.moment, a.corrects, &a.key).cmp(&(&b.moment, b.corrects, &b.key)));
            let mut replaced: BTreeMap<ResourceKey, Option<ResourceKey>> = BTreeMap::new();
            let mut unclear: BTreeSet<ResourceKey> = BTreeSet::new();
            for (at, correction) in notes.iter().enumerate().filter(|(_, note)| note.corrects || note.settled)
            {
                let older = notes.get(..at).unwrap_or_default();
                // What one message says at once of two notes, one of them final, is about two notes.
                let meant = |note: &&Note| {
                    correction.corrects || (note.preliminary && note.moment < correction.moment)
                };
                let open = older.iter().filter(|note| !note.wrong && !replaced.contains_key(&note.key));
                let mut open = open.filter(meant);
                match (open.next(), open.next()) {
                    (Some(one), None) if notes.len() <= NOTES => {
                        let by = (!correction.wrong).then(|| correction.key.clone());
                        replaced.insert(one.key.clone(), by);
                    }
                    (None, _) => {}
                    _ => {
                        unclear.insert(correction.key.clone());
                    }
                }
            }
            for note in &notes {
                let targets = replaced.iter().filter(|(_, by)| by.as_ref() == Some(&note.key));
                let relates: Vec<Value> = targets
                    .map(|(target, _)| json!({ "code": "replaces", "target": { "reference": target.to_string() } }))
                    .collect();
                let status = match replaced.contains_key(&note.key) {
                    _ if note.wrong => "entered-in-error",
                    true => "superseded",
                    false => "current",
                };
                let remark = if status == "superseded" {
                    Some("corrected-by-another-note")
                } else {
                    unclear.contains(&note.key).then_some("corrects-one-of-several-notes")
                };
                let Some(draft) = self.drafts.0.get_mut(&note.key) else { continue };
                draft.settle_note(status, relates, remark);
            }
        }
        self.lock_notes();
    }

    /// Two messages about one series at the same time must see each other: whoever writes one of its notes
    /// writes the patient, too.
    fn lock_notes(&mut self) {
        let written = self.drafts.0.iter().any(|(_, draft)| {
            draft.whole().is_some_and(|whole| series_of(whole.content()).is_some())
                && draft.render().is_some_and(|rendered| draft.stands.as_ref() != Some(&rendered))
        });
        if written {
            self.locked.extend(self.people.values().map(|who| super::patient(who.now)));
        }
    }
}

/// A note of a series.
struct Note {
    key: ResourceKey,
    moment: Moment,
    /// It takes the place of another, or takes it back.
    corrects: bool,
    /// It says that there is no such note.
    wrong: bool,
    /// It is final: it takes the place of one that was preliminary.
    settled: bool,
    preliminary: bool,
}

impl Note {
    fn of(key: &ResourceKey, draft: &Draft) -> Option<Self> {
        let whole = draft.whole()?;
        let status = whole.content().get("docStatus").and_then(Value::as_str);
        let wrong = status == Some("entered-in-error");
        Some(Self {
            key: key.clone(),
            moment: whole.moment.clone(),
            corrects: wrong || status == Some("amended"),
            wrong,
            settled: status == Some("final"),
            preliminary: status == Some("preliminary"),
        })
    }
}

/// The series that a note is of.
fn series_of(content: &Map<String, Value>) -> Option<String> {
    let identifiers = content.get("identifier")?.as_array()?;
    let of_series = |one: &&Value| one.get("system").and_then(Value::as_str) == Some(NOTE_SERIES);
    Some(identifiers.iter().find(of_series)?.get("value")?.as_str()?.to_owned())
}

impl Draft {
    /// Says of a note whether another took its place, and which ones it took the place of.
    fn settle_note(&mut self, status: &str, relates: Vec<Value>, remark: Option<&'static str>) {
        self.dirty = true;
        if remark.is_some() {
            self.remark = remark;
        }
        if let Content::Whole(Some(whole)) = &mut self.content {
            whole.set("status", Some(Value::from(status)));
            whole.set("relatesTo", (!relates.is_empty()).then_some(Value::Array(relates)));
        }
    }
}
