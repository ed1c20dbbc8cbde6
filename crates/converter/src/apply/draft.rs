//! The resources that a message touches: as they stand, and as they will.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
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

    pub(crate) fn whole(&self) -> Option<&Whole> {
        match &self.content {
            Content::Whole(whole) => whole.as_deref(),
            Content::Registers(_) => None,
        }
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
                let content = match (&stands, rule::is_whole(&key.resource_type)) {
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
