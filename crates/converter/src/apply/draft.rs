//! The resources that a message touches: as they stand, and as they will.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{FhirStore, Precondition, ResourceKey};

use super::read::object;
use super::rule;
use super::state::{Joined, State};
use super::whole::Whole;

/// Resources in one read at most.
const READ_AT_ONCE: usize = 100;

/// How one resource is put together.
pub(crate) enum Content {
    Registers(Box<State>),
    /// `None`: nobody said anything yet.
    Whole(Option<Box<Whole>>),
}

/// One resource: what stands, and what will.
pub(crate) struct Draft {
    pub(crate) stands: Option<Map<String, Value>>,
    pub(crate) version: Option<u64>,
    pub(crate) content: Content,
    /// What the message's registers met.
    pub(crate) joined: Vec<Joined>,
    /// The message speaks of it.
    pub(crate) named: bool,
    /// The message changes it without speaking of it.
    pub(crate) dirty: bool,
    /// It stands for a patient who was merged away.
    pub(crate) stub: bool,
    /// Why it changes or not, where that is more than what its registers met.
    pub(crate) remark: Option<&'static str>,
}

impl Draft {
    pub(crate) fn state(&self) -> Option<&State> {
        match &self.content {
            Content::Registers(state) => Some(state),
            Content::Whole(_) => None,
        }
    }

    pub(crate) fn state_mut(&mut self) -> Option<&mut State> {
        match &mut self.content {
            Content::Registers(state) => Some(state),
            Content::Whole(_) => None,
        }
    }

    /// Nobody said anything of it yet, and now this is said.
    pub(crate) fn expect(&mut self, key: &ResourceKey, said: &Map<String, Value>) {
        if matches!(self.content, Content::Whole(None)) && !rule::is_told_as_a_whole(&key.resource_type, said)
        {
            self.content = Content::Registers(Box::new(State::new(key.clone())));
        }
    }

    pub(crate) fn whole(&self) -> Option<&Whole> {
        match &self.content {
            Content::Whole(whole) => whole.as_deref(),
            Content::Registers(_) => None,
        }
    }

    /// The visit that it hangs on, or the account where it hangs on no visit; of these two, itself.
    pub(crate) fn visit(&self, key: &ResourceKey) -> Option<ResourceKey> {
        if matches!(key.resource_type.as_str(), "Encounter" | "Account") {
            return Some(key.clone());
        }
        match &self.content {
            Content::Registers(state) => ["encounter", "context", "context.encounter", "account"]
                .into_iter()
                .find_map(|path| visit_of(state.registers.get(path)?.value.as_ref()?.as_object()?)),
            Content::Whole(whole) => visit_of(whole.as_ref()?.content()),
        }
    }

    /// The account that it is on.
    pub(crate) fn account(&self) -> Option<ResourceKey> {
        match &self.content {
            Content::Registers(state) => {
                account_of(state.registers.get("account")?.value.as_ref()?.as_object()?)
            }
            Content::Whole(whole) => account_of(whole.as_ref()?.content()),
        }
    }

    /// The patient that it is about.
    pub(crate) fn patient(&self) -> Option<Uuid> {
        match &self.content {
            Content::Registers(state) => PATIENT_IN
                .iter()
                .find_map(|path| patient_of(state.registers.get(*path)?.value.as_ref()?.as_object()?)),
            Content::Whole(whole) => patient_of(whole.as_ref()?.content()),
        }
    }

    /// Gives it to another patient; who said what about it, and when, stays.
    pub(crate) fn give_to(&mut self, patient: &ResourceKey) {
        if self.patient().is_none_or(|now| now.to_string() == patient.id) {
            return;
        }
        let reference = Value::from(patient.to_string());
        let change = |content: &mut Map<String, Value>| {
            for element in PATIENT_IN {
                let about = match content.get_mut(*element) {
                    Some(Value::Array(list)) => list.first_mut(),
                    other => other,
                };
                if let Some(Value::Object(subject)) = about {
                    subject.insert(String::from("reference"), reference.clone());
                }
            }
        };
        match &mut self.content {
            Content::Registers(state) => {
                for path in PATIENT_IN {
                    let register = state.registers.get_mut(*path).and_then(|one| one.value.as_mut());
                    if let Some(Value::Object(content)) = register {
                        change(content);
                    }
                }
            }
            Content::Whole(Some(whole)) => {
                let mut content = whole.content().clone();
                change(&mut content);
                for element in PATIENT_IN {
                    if let Some(value) = content.get(*element) {
                        whole.set(element, Some(value.clone()));
                    }
                }
            }
            Content::Whole(None) => return,
        }
        self.dirty = true;
    }

    /// What must still hold when it is written.
    pub(crate) fn precondition(&self) -> Precondition {
        match (&self.stands, self.version) {
            (Some(_), Some(version)) => Precondition::Version(version),
            _ => Precondition::Absent,
        }
    }

    /// The resource as it will stand; `None` when the message does not touch it.
    pub(crate) fn render(&self) -> Option<Map<String, Value>> {
        match &self.content {
            Content::Registers(state) if self.named || (self.dirty && self.stands.is_some()) => {
                Some(state.render())
            }
            Content::Whole(Some(whole)) if self.named || self.dirty => Some(whole.render()),
            _ => None,
        }
    }
}

/// The elements that name the patient of a resource.
const PATIENT_IN: &[&str] = &["subject", "patient", "for"];

/// The patient that a resource names.
pub(crate) fn patient_of(content: &Map<String, Value>) -> Option<Uuid> {
    let of = |element: &&str| {
        let about = content.get(*element)?;
        // The subjects of an account are a list.
        about.get(0).unwrap_or(about).get("reference")?.as_str()?.strip_prefix("Patient/")
    };
    // An appointment names its patient among its participants.
    let taking_part = || {
        let participants = content.get("participant")?.as_array()?;
        let actors = participants.iter().filter_map(|one| one.pointer("/actor/reference")?.as_str());
        actors.filter_map(|actor| actor.strip_prefix("Patient/")).next()
    };
    PATIENT_IN.iter().find_map(of).or_else(taking_part)?.parse().ok()
}

/// The visit that a resource names, or the account where it names no visit.
pub(crate) fn visit_of(content: &Map<String, Value>) -> Option<ResourceKey> {
    // The visits of a document are a list, which may be all that is given here.
    let context = content.get("context");
    let references = [
        content.get("encounter").map(|list| list.get(0).unwrap_or(list)),
        context,
        context.and_then(|context| context.get("encounter")?.get(0)),
    ];
    let id = references
        .into_iter()
        .flatten()
        .find_map(|one| one.get("reference")?.as_str()?.strip_prefix("Encounter/"));
    id.map(|id| ResourceKey::new("Encounter", id)).or_else(|| account_of(content))
}

/// The account that a resource names.
pub(crate) fn account_of(content: &Map<String, Value>) -> Option<ResourceKey> {
    let reference = content.get("account")?.get(0)?.get("reference")?.as_str()?;
    Some(ResourceKey::new("Account", reference.strip_prefix("Account/")?))
}

/// All resources that one message touches.
#[derive(Default)]
pub(crate) struct Drafts(pub(crate) BTreeMap<ResourceKey, Draft>);

impl Drafts {
    /// Reads what is not there yet.
    pub(crate) async fn load(
        &mut self,
        store: &dyn FhirStore,
        keys: impl IntoIterator<Item = ResourceKey>,
    ) -> Result<(), PortError> {
        let mut missing: Vec<ResourceKey> =
            keys.into_iter().filter(|key| !self.0.contains_key(key)).collect();
        missing.sort();
        missing.dedup();
        for keys in missing.chunks(READ_AT_ONCE) {
            let stored = store.read(keys).await?;
            for (key, stored) in keys.iter().zip(stored) {
                let stored = stored.filter(|stored| !stored.deleted);
                let stands = stored.as_ref().map(object).transpose()?;
                let whole = match &stands {
                    Some(resource) => rule::is_told_as_a_whole(&key.resource_type, resource),
                    // What is said first decides: see `Draft::expect`.
                    None => rule::is_whole(&key.resource_type),
                };
                let content = match (&stands, whole) {
                    (Some(resource), true) => {
                        Content::Whole(Some(Box::new(Whole::of_stored(key.clone(), resource.clone()))))
                    }
                    (None, true) => Content::Whole(None),
                    (Some(resource), false) => {
                        Content::Registers(Box::new(State::of_stored(key.clone(), resource)))
                    }
                    (None, false) => Content::Registers(Box::new(State::new(key.clone()))),
                };
                let version = stored.map(|stored| stored.version);
                let draft = Draft {
                    stands,
                    version,
                    content,
                    joined: Vec::new(),
                    named: false,
                    dirty: false,
                    stub: false,
                    remark: None,
                };
                self.0.insert(key.clone(), draft);
            }
        }
        Ok(())
    }

    pub(crate) fn state(&self, key: &ResourceKey) -> Option<&State> {
        self.0.get(key).and_then(Draft::state)
    }
}
