//! Identity: which id a resource gets.
//!
//! An id is a name-based UUID (version 5) over a rule's name and a **natural key**: what makes the
//! thing the same thing in the next message. So the same patient, visit or result gets the same id
//! from every message, and nobody has to be asked. What could name a patient enters the key only as a
//! **pseudonym**, HMAC-SHA256 under the [`IdentityKey`], so that ids, which stand in URLs and keys,
//! give nothing away: there are few enough BSNs to try them all against a plain hash.
//!
//! The rules stand in [`rule`]; `docs/identity.md` shows the same table to people, and a test compares
//! the two. Which of a patient's identifiers is used is told in [`rule::PATIENT`].

mod natural_key;
pub mod rule;

use std::cell::RefCell;
use std::fmt;

use aws_lc_rs::{digest, hmac};
use uuid::{Builder, Uuid};

pub use natural_key::{Part, Rule};

/// The namespace of all ids: version 5 of
/// `https://zorgsluis.github.io/id` in the URL namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0xa2b5_7f35_0959_58e4_9d6e_91fa_efa7_dd46);

/// The key under which patient identifiers become pseudonyms. It is never rotated: another key gives
/// every resource another id. `Debug` tells nothing of it.
#[derive(Clone)]
pub struct IdentityKey {
    key: hmac::Key,
    demonstration: bool,
}

impl IdentityKey {
    /// Takes 32 secret bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, bytes), demonstration: false }
    }

    /// The published key: for trying things out, and for examples that come out the same everywhere.
    /// Pseudonyms under it protect nobody.
    pub fn demonstration() -> Self {
        Self { demonstration: true, ..Self::new(b"zorgsluis demonstration key 0001") }
    }

    /// Whether this is the published key.
    pub fn is_demonstration(&self) -> bool {
        self.demonstration
    }

    /// HMAC-SHA256 over the values, each with its length before it.
    pub fn pseudonym(&self, values: &[&str]) -> [u8; 32] {
        self.pseudonym_of_bytes(&joined(values))
    }

    /// The id of the patient with this identifier, by [`rule::PATIENT`]: what a message gives to a patient
    /// whom nobody knows yet. `authority` is the identifier system (or `authority:<name>`,
    /// `sender:<facility>`).
    pub fn patient(&self, authority: &str, identifier: &str) -> Uuid {
        Ids::new(self).id(&rule::PATIENT, &[&[authority, identifier]])
    }

    /// HMAC-SHA256 over bytes.
    pub(crate) fn pseudonym_of_bytes(&self, bytes: &[u8]) -> [u8; 32] {
        array(&hmac::sign(&self.key, bytes))
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityKey").field("demonstration", &self.demonstration).finish_non_exhaustive()
    }
}

fn array(tag: &hmac::Tag) -> [u8; 32] {
    // An HMAC-SHA256 has 32 bytes.
    tag.as_ref().try_into().unwrap_or([0; 32])
}

/// Makes ids by the rules.
pub(crate) struct Ids<'a> {
    key: &'a IdentityKey,
    scratch: RefCell<Vec<u8>>,
    /// The values that became a pseudonym last, and that: each result has the number of its order in its key.
    last: RefCell<Option<(Vec<u8>, [u8; 32])>>,
}

impl<'a> Ids<'a> {
    pub(crate) fn new(key: &'a IdentityKey) -> Self {
        Self { key, scratch: RefCell::new(Vec::with_capacity(256)), last: RefCell::new(None) }
    }

    pub(crate) fn key(&self) -> &'a IdentityKey {
        self.key
    }

    /// The id that a rule gives to a natural key: one slice of values for each part of the rule.
    pub(crate) fn id(&self, rule: &Rule, parts: &[&[&str]]) -> Uuid {
        debug_assert_eq!(
            rule.parts.len(),
            parts.len(),
            "{}: the rule has another number of parts",
            rule.name
        );
        let mut name = self.scratch.borrow_mut();
        name.clear();
        name.extend_from_slice(NAMESPACE.as_bytes());
        push(&mut name, rule.name.as_bytes());
        for (part, values) in rule.parts.iter().zip(parts) {
            match part {
                Part::Clear(_) => values.iter().for_each(|value| push(&mut name, value.as_bytes())),
                Part::Pseudonym(_) => push(&mut name, &self.pseudonym(values)),
            }
        }
        hashed(&name)
    }

    /// As [`IdentityKey::pseudonym`].
    fn pseudonym(&self, values: &[&str]) -> [u8; 32] {
        let values = joined(values);
        let mut last = self.last.borrow_mut();
        match &*last {
            Some((known, pseudonym)) if *known == values => *pseudonym,
            _ => {
                let pseudonym = self.key.pseudonym_of_bytes(&values);
                *last = Some((values, pseudonym));
                pseudonym
            }
        }
    }
}

/// The id of the task of a request ([`rule::TASK`]).
pub(crate) fn task_of(request: &str) -> Uuid {
    through(&rule::TASK, request)
}

/// The id of the visit that is known by its account alone ([`rule::ENCOUNTER_BY_ACCOUNT`]).
pub(crate) fn visit_of_account(account: &str) -> Uuid {
    through(&rule::ENCOUNTER_BY_ACCOUNT, account)
}

/// The id of the account that is known by its visit alone ([`rule::ACCOUNT_OF_VISIT`]).
pub(crate) fn account_of_visit(visit: &str) -> Uuid {
    through(&rule::ACCOUNT_OF_VISIT, visit)
}

/// The id of what is known by the id of another thing: it needs no key, because that id is in the clear.
fn through(rule: &Rule, id: &str) -> Uuid {
    let mut name = NAMESPACE.as_bytes().to_vec();
    push(&mut name, rule.name.as_bytes());
    push(&mut name, id.as_bytes());
    hashed(&name)
}

/// What `Uuid::new_v5` does, with the processor's own SHA-1. RFC 9562 §5.5 prescribes that hash; nothing is
/// protected by it.
fn hashed(name: &[u8]) -> Uuid {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, name);
    let first = hash.as_ref().first_chunk().copied().unwrap_or_default();
    Builder::from_sha1_bytes(first).into_uuid()
}

/// Appends bytes with their length before them, so that no two keys read alike.
fn push(name: &mut Vec<u8>, bytes: &[u8]) {
    name.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    name.extend_from_slice(bytes);
}

/// Values, each with its length before it.
fn joined(values: &[&str]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(64);
    values.iter().for_each(|value| push(&mut joined, value.as_bytes()));
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_key_gives_another_id_and_debug_is_silent() {
        let demonstration = IdentityKey::demonstration();
        let other = IdentityKey::new(&[7; 32]);
        let id = |key: &IdentityKey| Ids::new(key).id(&rule::PATIENT, &[&["ZIS", "1"]]);
        assert_ne!(id(&demonstration), id(&other));
        assert_eq!(id(&other), id(&IdentityKey::new(&[7; 32])));
        assert_eq!(format!("{other:?}"), "IdentityKey { demonstration: false, .. }");
    }

    #[test]
    fn an_id_is_a_uuid_of_version_5() {
        let key = IdentityKey::demonstration();
        let mut name = Vec::new();
        for text in [&b"Practitioner"[..], b"AGB", b"01004567"] {
            push(&mut name, text);
        }
        let id = Ids::new(&key).id(&rule::PRACTITIONER, &[&["AGB", "01004567"]]);
        assert_eq!(id, Uuid::new_v5(&NAMESPACE, &name));
    }

    #[test]
    fn what_is_known_through_another_thing_is_found_without_the_key() {
        let key = IdentityKey::new(&[7; 32]);
        let ids = Ids::new(&key);
        assert_eq!(ids.id(&rule::TASK, &[&["request"]]), task_of("request"));
        assert_eq!(ids.id(&rule::ENCOUNTER_BY_ACCOUNT, &[&["account"]]), visit_of_account("account"));
        assert_eq!(ids.id(&rule::ACCOUNT_OF_VISIT, &[&["visit"]]), account_of_visit("visit"));
    }

    #[test]
    fn values_cannot_be_shifted_between_parts() {
        let key = IdentityKey::demonstration();
        let ids = Ids::new(&key);
        let id = |a: &str, b: &str| ids.id(&rule::PATIENT, &[&[a, b]]);
        assert_ne!(id("A", "BC"), id("AB", "C"));
    }
}
