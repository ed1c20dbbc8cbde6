//! Going through all resources, once for all patients that are asked for, however many they are.
//!
//! What is about a patient is judged by the whole resource, all its versions together: what names two patients, or was
//! moved from one to the other, is told apart by what it says last.

use std::collections::{BTreeSet, HashMap, HashSet};

use rusqlite::Connection;
use serde_json::Value;
use zorgsluis_domain::erasure::about::{
    INVOLUNTARY_CARE, SHARED, identifiers, is_about, patients_named, references,
};

use super::resources::{Asked, Resources, Version, each_version, is_about_others};
use crate::database::Failure;

/// The resources about each of these; and how often all resources were read for that.
pub(super) fn about(
    connection: &Connection,
    asked: &[Asked],
    gone: &HashSet<String>,
) -> Result<(Vec<Resources>, u64), Failure> {
    let mut survey = Survey::new(asked, gone);
    each_version(connection, |version| {
        survey.read(version);
        Ok(())
    })?;
    survey.settle();
    let mut found = survey.found;
    let passes = with_what_is_about_them(connection, asked, gone, &mut found)?;
    Ok((found, passes + 1))
}

/// What the versions of one resource say of one patient.
#[derive(Default)]
struct Mention {
    /// What the last version says.
    about: bool,
    /// The versions that were about the patient.
    versions: Vec<i64>,
    involuntary_care: bool,
}

/// A resource that is being read.
struct Current {
    rid: i64,
    name: String,
    /// Every patient that a version names, or is.
    named: BTreeSet<String>,
    mentions: HashMap<usize, Mention>,
    last_updated: i64,
}

struct Survey<'a> {
    asked: &'a [Asked],
    /// Patients of whom nothing stands any more: what names them keeps nothing about anybody.
    gone: &'a HashSet<String>,
    /// Who is asked for with which number.
    who: HashMap<&'a str, Vec<usize>>,
    found: Vec<Resources>,
    /// When the birth dates were written.
    born: Vec<i64>,
    current: Option<Current>,
}

impl<'a> Survey<'a> {
    fn new(asked: &'a [Asked], gone: &'a HashSet<String>) -> Self {
        let mut who: HashMap<&str, Vec<usize>> = HashMap::new();
        for (nth, one) in asked.iter().enumerate() {
            one.patients.iter().for_each(|patient| who.entry(patient).or_default().push(nth));
        }
        Self {
            asked,
            gone,
            who,
            found: asked.iter().map(|_| Resources::default()).collect(),
            born: vec![i64::MIN; asked.len()],
            current: None,
        }
    }

    fn read(&mut self, version: &Version<'_>) {
        if self.current.as_ref().is_none_or(|current| current.rid != version.rid) {
            self.settle();
        }
        let current = self.current.get_or_insert_with(|| Current {
            rid: version.rid,
            name: format!("{}/{}", version.kind, version.id),
            named: BTreeSet::new(),
            mentions: HashMap::new(),
            last_updated: version.last_updated,
        });
        current.last_updated = current.last_updated.max(version.last_updated);
        let own = (version.kind == "Patient").then_some(version.id);
        let named: BTreeSet<&str> = patients_named(version.json).chain(own).collect();
        // A deletion, or what names nobody: the version before says whose it is.
        if named.is_empty() {
            return;
        }
        current.mentions.values_mut().for_each(|mention| mention.about = false);
        let asked_for: BTreeSet<usize> =
            named.iter().filter_map(|patient| self.who.get(patient)).flatten().copied().collect();
        for patient in named {
            if !current.named.contains(patient) {
                current.named.insert(patient.to_owned());
            }
        }
        if asked_for.is_empty() {
            return;
        }
        let value: Value = serde_json::from_str(version.json).unwrap_or_default();
        for nth in asked_for {
            let Some(((asked, found), born)) =
                self.asked.get(nth).zip(self.found.get_mut(nth)).zip(self.born.get_mut(nth))
            else {
                continue;
            };
            let mention = current.mentions.entry(nth).or_default();
            mention.involuntary_care |= version.json.contains(INVOLUNTARY_CARE);
            let is_own = own.is_some_and(|id| asked.patients.contains(id));
            mention.about = is_own || (own.is_none() && is_about(&value, &asked.patients));
            if mention.about {
                mention.versions.push(version.rowid);
            }
            if is_own {
                identifiers(&value, &mut found.identifiers);
                let birth = value.get("birthDate").and_then(Value::as_str);
                if birth.is_some() && version.last_updated >= *born {
                    (found.birth, *born) = (birth.map(str::to_owned), version.last_updated);
                }
            }
        }
    }

    /// Decides about the resource that was read.
    fn settle(&mut self) {
        let Some(current) = self.current.take() else { return };
        for (nth, mention) in current.mentions {
            let Some((asked, found)) = self.asked.get(nth).zip(self.found.get_mut(nth)) else { continue };
            let another =
                |patient: &String| !asked.patients.contains(patient) && !self.gone.contains(patient);
            if !mention.about && current.named.iter().any(another) {
                if !asked.involuntary_care {
                    found.versions.extend(mention.versions);
                }
                found.left.insert(current.name.clone());
                continue;
            }
            found.involuntary_care += u64::from(mention.involuntary_care);
            if !asked.involuntary_care || mention.involuntary_care {
                found.take(current.rid, current.name.clone(), current.last_updated);
            }
        }
    }
}

impl Resources {
    fn take(&mut self, rid: i64, name: String, last_updated: i64) {
        self.last_updated = self.last_updated.max(Some(last_updated));
        self.rids.push(rid);
        self.names.insert(name);
    }
}

/// A resource that names no patient itself but, in some version, what is about one.
#[derive(Default)]
struct Dependent {
    rid: i64,
    name: String,
    /// Whether any version names a patient.
    names_patient: bool,
    /// The versions that name something of each who is asked for, and no patient.
    hits: HashMap<usize, Vec<i64>>,
    /// The last version, and what it names.
    last: (i64, Vec<String>),
    last_updated: i64,
}

/// Adds what names no patient but one of these resources: the Provenance of a document, say. Returns how often all
/// resources were read.
fn with_what_is_about_them(
    connection: &Connection,
    asked: &[Asked],
    gone: &HashSet<String>,
    found: &mut [Resources],
) -> Result<u64, Failure> {
    let mut new: HashMap<String, Vec<usize>> = HashMap::new();
    for (nth, resources) in found.iter().enumerate() {
        resources.names.iter().for_each(|name| new.entry(name.clone()).or_default().push(nth));
    }
    let mut passes = 0;
    while !new.is_empty() {
        passes += 1;
        let mut dependents: Vec<Dependent> = Vec::new();
        let mut current = Dependent { rid: i64::MIN, ..Dependent::default() };
        each_version(connection, |version| {
            if SHARED.contains(&version.kind) {
                return Ok(());
            }
            if current.rid != version.rid {
                let next = Dependent {
                    rid: version.rid,
                    name: format!("{}/{}", version.kind, version.id),
                    ..Dependent::default()
                };
                let done = std::mem::replace(&mut current, next);
                dependents.extend(Some(done).filter(|done| !done.hits.is_empty()));
            }
            current.last_updated = current.last_updated.max(version.last_updated);
            if version.json.contains("\"Patient/") || version.kind == "Patient" {
                current.names_patient = true;
                current.last = (version.rowid, Vec::new());
                return Ok(());
            }
            let named: Vec<&str> = references(version.json).collect();
            let hit: BTreeSet<usize> =
                named.iter().filter_map(|reference| new.get(*reference)).flatten().copied().collect();
            for nth in &hit {
                current.hits.entry(*nth).or_default().push(version.rowid);
            }
            if !named.is_empty() {
                current.last = (version.rowid, named.into_iter().map(str::to_owned).collect());
            }
            Ok(())
        })?;
        dependents.extend(Some(current).filter(|last| !last.hits.is_empty()));
        new.clear();
        for dependent in dependents {
            for (nth, hits) in dependent.hits {
                let Some((asked, found)) = asked.get(nth).zip(found.get_mut(nth)) else { continue };
                if found.names.contains(&dependent.name) {
                    continue;
                }
                let (last, named) = &dependent.last;
                let nobody_else: HashSet<String> = asked.patients.union(gone).cloned().collect();
                let mut of_others = dependent.names_patient;
                for name in named.iter().filter(|name| !found.names.contains(*name)) {
                    of_others |= !is_shared(name) && is_about_others(connection, name, &nobody_else)?;
                }
                if of_others {
                    // What it says last is about another one, or about both.
                    found.left.insert(dependent.name.clone());
                    if !asked.involuntary_care {
                        found.versions.extend(hits.iter().filter(|rowid| *rowid != last));
                    }
                    continue;
                }
                found.take(dependent.rid, dependent.name.clone(), dependent.last_updated);
                new.entry(dependent.name.clone()).or_default().push(nth);
            }
        }
    }
    Ok(passes)
}

/// Whether a resource belongs to no patient; a guard, so that a message is never taken for its hospital.
pub(super) fn is_shared(resource: &str) -> bool {
    resource.split_once('/').is_some_and(|(kind, _)| SHARED.contains(&kind))
}
