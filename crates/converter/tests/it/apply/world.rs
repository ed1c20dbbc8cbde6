//! A hospital on embedded stores: messages in, resources out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use zorgsluis_converter::apply::{Applied, Apply, ApplyError, Delivery};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, IdentityKey, convert};
use zorgsluis_domain::port::clock::FixedClock;
use zorgsluis_domain::port::{
    AuditSink, FhirStore, PageRequest, PatientIndex, ResourceKey, Search, StoredResource,
};
use zorgsluis_domain::{AuditEntry, Clock, Effect, EntryId, MessageId, Phi, PortError, Pseudonym};
use zorgsluis_embedded::{DataDirectory, searchable_types};

/// Keeps entries as the log does: one of an id.
#[derive(Default)]
pub(crate) struct Trail(pub(crate) Mutex<HashMap<EntryId, AuditEntry>>);

#[async_trait]
impl AuditSink for Trail {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        let mut all = self.0.lock().unwrap();
        for entry in entries {
            all.entry(entry.id).or_insert_with(|| entry.clone());
        }
        Ok(())
    }
}

pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(crate) directory: DataDirectory,
    pub(crate) store: Arc<dyn FhirStore>,
    pub(crate) trail: Arc<Trail>,
    pub(crate) apply: Apply,
    pub(crate) options: ConvertOptions,
    /// The tasks that were said to be: the store is not searched for them.
    tasks: Mutex<BTreeSet<ResourceKey>>,
}

/// The sender profiles of `events/`.
pub(crate) fn options() -> ConvertOptions {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/profiles");
    ConvertOptions { profiles: Profiles::load(&folder).unwrap(), key: IdentityKey::demonstration() }
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(FixedClock("2026-11-22T12:00:00Z".parse().unwrap()))
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(folder.path().join("data")).unwrap();
        let store: Arc<dyn FhirStore> = Arc::new(directory.fhir_store());
        let trail = Arc::new(Trail::default());
        let apply = Apply::new(
            Arc::clone(&store),
            Arc::new(directory.patient_index()),
            Arc::new(directory.keys()),
            Arc::clone(&trail) as Arc<dyn AuditSink>,
            clock(),
            "Ziekenhuis De Linde",
        );
        Self { _folder: folder, directory, store, trail, apply, options: options(), tasks: Mutex::default() }
    }

    /// The same world behind other stores.
    pub(crate) fn through(
        &self,
        store: Arc<dyn FhirStore>,
        index: Arc<dyn PatientIndex>,
        audit: Arc<dyn AuditSink>,
    ) -> Apply {
        Apply::new(store, index, Arc::new(self.directory.keys()), audit, clock(), "Ziekenhuis De Linde")
    }

    pub(crate) async fn try_apply(&self, apply: &Apply, message: &str) -> Result<Applied, ApplyError> {
        let delivery = delivery(message);
        let future = {
            let conversion = convert(message.as_bytes(), &self.options).unwrap();
            let tasks = conversion.bundle.entry.iter().filter(|entry| entry.resource.kind() == "Task");
            let keys = tasks.map(|entry| ResourceKey::new("Task", entry.full_url.0.to_string()));
            self.tasks.lock().unwrap().extend(keys);
            apply.apply(&conversion, &delivery)
        };
        future.await
    }

    pub(crate) async fn send(&self, message: &str) -> Applied {
        self.try_apply(&self.apply, message).await.unwrap()
    }

    /// Everything that stands, without version and time of the store.
    pub(crate) async fn all(&self) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        for kind in searchable_types() {
            let mut after = None;
            loop {
                let search = Search {
                    resource_type: kind.to_owned(),
                    parameters: Phi::new(Vec::new()),
                    page: PageRequest { after, limit: 100 },
                };
                let page = self.store.search(&search).await.unwrap();
                all.extend(page.items.iter().map(shown));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        let tasks: Vec<ResourceKey> = self.tasks.lock().unwrap().iter().cloned().collect();
        all.extend(self.store.read(&tasks).await.unwrap().iter().flatten().map(shown));
        all
    }

    /// All of one type.
    pub(crate) async fn of_type(&self, kind: &str) -> Vec<Value> {
        let all = self.all().await;
        all.into_iter()
            .filter(|(key, _)| key.starts_with(&format!("{kind}/")))
            .map(|(_, value)| value)
            .collect()
    }

    /// The only one of a type that is not merged away.
    pub(crate) async fn one(&self, kind: &str) -> Value {
        let mut all = self.of_type(kind).await;
        all.retain(|value| value["active"] != false);
        assert_eq!(all.len(), 1, "{kind}");
        all.remove(0)
    }
}

/// A resource without version and time of the store.
fn shown(stored: &StoredResource) -> (String, Value) {
    let mut value: Value = serde_json::from_slice(stored.json.expose_phi()).unwrap();
    let meta = value.get_mut("meta").and_then(Value::as_object_mut).unwrap();
    meta.remove("versionId");
    meta.remove("lastUpdated");
    (stored.key.to_string(), value)
}

/// The id of a message is made from its content. Here without a key, so that it is the same in all worlds.
fn delivery(message: &str) -> Delivery {
    let hash = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, message.as_bytes());
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(hash.as_bytes());
    Delivery {
        message: MessageId::from_pseudonym(&Pseudonym::from_bytes(bytes)),
        received: Timestamp::from_second(1_795_000_000).unwrap(),
        traceparent: None,
        authenticated: None,
        peer: None,
    }
}

/// Two states of a store are the same; names what is not.
pub(crate) fn assert_same(ended: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>, when: &str) {
    for (key, value) in expected {
        match ended.get(key) {
            Some(other) if other == value => {}
            Some(other) => panic!("{when}: {key}\n  expected {value}\n  ended in {other}"),
            None => panic!("{when}: {key} is missing"),
        }
    }
    let more: Vec<&String> = ended.keys().filter(|key| !expected.contains_key(*key)).collect();
    assert!(more.is_empty(), "{when}: {more:?}");
}

pub(crate) fn effects(applied: &Applied, effect: Effect) -> usize {
    applied.effects.iter().filter(|one| one.effect == effect).count()
}

/// Why the only resource of a type was left or changed.
pub(crate) fn why(applied: &Applied, kind: &str) -> (Effect, String) {
    let mut of_kind = applied.effects.iter().filter(|one| one.resource.starts_with(&format!("{kind}/")));
    let one = of_kind.next().unwrap();
    assert!(of_kind.next().is_none(), "one {kind}");
    (one.effect, one.why.clone().unwrap_or_default())
}

/// An ADT message: event, minute of 5 November 2026 after nine, and the segments behind EVN.
pub(crate) fn adt(event: &str, minute: u32, segments: &[&str]) -> String {
    let at = format!("20261105{:02}{:02}00", 9 + minute / 60, minute % 60);
    let body = segments.join("\r");
    format!(
        "MSH|^~\\&|ZIS|LINDE|ZORGSLUIS|LINDE|{at}||ADT^{event}|T{minute}{event}|P|2.4|||||NLD|8859/1\r\
         EVN|{event}|{at}\r{body}\r"
    )
}

/// An ORU message of the laboratory with one potassium result.
pub(crate) fn oru(minute: u32, pid: &str, value: &str, status: &str) -> String {
    let at = format!("20261105{:02}{:02}00", 9 + minute / 60, minute % 60);
    format!(
        "MSH|^~\\&|LABSYS|LINDE|ZORGSLUIS|LINDE|{at}||ORU^R01|L{minute}{status}|P|2.4|||||NLD|8859/1\r\
         {pid}\r\
         OBR|1|A1^ZIS|F1^LABSYS|EL^elektrolyten^99zli|||20261105080000|||||||||||||||{at}||LAB|{status}\r\
         OBX|1|NM|K^kalium^99zli||{value}|mmol/L|3.5-5.0||||{status}|||20261105080000\r"
    )
}

/// What stands after these messages.
pub(crate) async fn after<'a>(messages: impl IntoIterator<Item = &'a String>) -> World {
    let world = World::new();
    for message in messages {
        world.send(message).await;
    }
    world
}

/// A story that arrives from its end to its beginning ends as it was sent, and once more it changes nothing.
pub(crate) async fn ends_the_same_in_reverse(mut messages: Vec<String>) {
    let expected = after(&messages).await.all().await;
    messages.reverse();
    let world = after(&messages).await;
    assert_same(&world.all().await, &expected, "reversed");
    for message in &messages {
        assert_eq!(effects(&world.send(message).await, Effect::Created), 0);
    }
    assert_same(&world.all().await, &expected, "twice");
}

/// What stands after these messages, in every order and each sent twice: always the same.
pub(crate) async fn after_each_order(messages: &[String]) -> World {
    let world = after(messages).await;
    let expected = world.all().await;
    for order in orders(messages) {
        let other = World::new();
        let names = order.iter().map(|m| &m[40..75]).collect::<Vec<_>>();
        // What is sent again may mend what the order spoilt: both are looked at.
        for (again, messages) in [("", &order[..]), (" again", messages)] {
            for message in messages {
                other.send(message).await;
            }
            assert_same(&other.all().await, &expected, &format!("{names:?}{again}"));
        }
    }
    world
}

/// All orders of some messages.
fn orders(messages: &[String]) -> Vec<Vec<String>> {
    let Some((first, rest)) = messages.split_first() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for order in orders(rest) {
        for at in 0..=order.len() {
            let mut with = order.clone();
            with.insert(at, first.clone());
            all.push(with);
        }
    }
    all
}
