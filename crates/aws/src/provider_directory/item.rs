//! The items of the provider directory.

use std::collections::BTreeSet;

use aws_lc_rs::digest;
use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::BusinessIdentifier;
use zorgsluis_domain::port::{Provider, StoredProvider};

use crate::table::{Item, Row, bytes, item, number, text, time_key};

/// The partition of the listing by name. One is enough: a directory has thousands of providers and changes a few
/// times a day; an import writes far less than the 1,000 items a second that a partition takes.
pub(super) const NAMES: &str = "names";
/// Of a name, what enters a sort key (which has 1,024 bytes at most). Longer ones that begin alike are ordered by id.
const MAX_NAME: usize = 512;

/// The partition of a provider.
pub(super) fn partition(id: Uuid) -> String {
    format!("provider/{id}")
}

/// The key of a provider's newest version.
pub(super) fn newest_key(id: Uuid) -> Item {
    item([("pk", text(partition(id))), ("sk", text("newest"))])
}

/// The key of a version, from 1.
pub(super) fn version_key(id: Uuid, version: u64) -> Item {
    item([("pk", text(partition(id))), ("sk", text(format!("version/{version:020}")))])
}

/// A version of a provider under one of its keys.
pub(super) fn version_item(
    operation: &'static str,
    key: Item,
    stored: &StoredProvider,
) -> Result<Item, PortError> {
    let mut provider = stored.provider.clone();
    // As bytes: in JSON it would take four times as much.
    let certificate = provider.certificate.take();
    let json = serde_json::to_string(&provider).map_err(|cause| PortError::unavailable(operation, cause))?;
    let mut item = key;
    item.insert("version".into(), number(stored.version));
    item.insert("changed".into(), text(time_key(stored.changed)));
    item.insert("author".into(), text(&stored.changed_by));
    item.insert("provider".into(), text(json));
    if let Some(certificate) = certificate {
        item.insert("certificate".into(), bytes(certificate));
    }
    Ok(item)
}

/// Reads a version.
pub(super) fn stored(row: Row<'_>) -> Result<StoredProvider, PortError> {
    let mut provider: Provider =
        serde_json::from_str(row.text("provider")?).map_err(|_| row.damaged("provider"))?;
    provider.certificate = row.maybe_bytes("certificate")?.map(<[u8]>::to_vec);
    Ok(StoredProvider {
        provider,
        version: row.number("version")?,
        changed: row.time("changed")?,
        changed_by: row.text("author")?.to_owned(),
    })
}

/// A time as it is stored: to the microsecond.
pub(super) fn to_microsecond(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// The keys of the items that lead to a provider, as one version of it has them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Signposts {
    /// Those that say which provider has an identifier, an address or a name: partition and sort key.
    pub(super) leads: BTreeSet<(String, String)>,
    /// The partitions in which it is the one active provider.
    pub(super) active: BTreeSet<String>,
}

impl Signposts {
    /// Of a version.
    pub(super) fn of(provider: &Provider) -> Self {
        let holder = format!("holder/{}", provider.id);
        let identifiers: BTreeSet<_> = provider.identifiers.iter().map(identifier_partition).collect();
        let mut leads: BTreeSet<_> = identifiers
            .iter()
            .chain(&provider.address.as_deref().map(address_partition))
            .map(|partition| (partition.clone(), holder.clone()))
            .collect();
        leads.insert((NAMES.to_owned(), name_key(&provider.name, provider.id)));
        Self { leads, active: if provider.active { identifiers } else { BTreeSet::new() } }
    }
}

/// The item that leads to a provider.
pub(super) fn lead_item((partition, sort): &(String, String), id: Uuid) -> Item {
    item([("pk", text(partition)), ("sk", text(sort)), ("id", text(id))])
}

/// The key of the item that says which active provider has an identifier.
pub(super) fn active_key(partition: &str) -> Item {
    item([("pk", text(partition)), ("sk", text("active"))])
}

/// The partition of an identifier. Its hash: of one length, whatever a directory calls an identifier, and no number
/// of a person stands where keys are shown (traces of requests, hot keys).
pub(super) fn identifier_partition(identifier: &BusinessIdentifier) -> String {
    let length = (identifier.system.len() as u64).to_be_bytes();
    hashed("identifier", &[&length, identifier.system.as_bytes(), identifier.value.as_bytes()])
}

/// The partition of an e-mail address, without regard to case.
pub(super) fn address_partition(address: &str) -> String {
    hashed("address", &[address.to_lowercase().as_bytes()])
}

fn hashed(kind: &str, parts: &[&[u8]]) -> String {
    let hash = digest::digest(&digest::SHA256, &parts.concat());
    hash.as_ref().iter().fold(format!("{kind}/"), |hex, byte| format!("{hex}{byte:02x}"))
}

/// The place of a provider in the listing by name.
pub(super) fn name_key(name: &str, id: Uuid) -> String {
    let folded = fold(name);
    let mut end = folded.len().min(MAX_NAME);
    while !folded.is_char_boundary(end) {
        end -= 1;
    }
    // A zero byte ends a name before any longer one that begins with it.
    format!("{}\0{id}", folded.get(..end).unwrap_or_default())
}

/// A name without case and accents.
fn fold(text: &str) -> String {
    let plain = text.nfd().filter(|character| !is_combining_mark(*character) && *character != '\0');
    plain.flat_map(char::to_lowercase).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_without_case_and_accents_and_then_by_id() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let keys =
            [("angel", other), ("Ångström", one), ("de Wit", one), ("DE WIT", other), ("de Wit-Bos", one)]
                .map(|(name, id)| name_key(name, id));
        assert!(keys.is_sorted(), "{keys:?}");
        assert!(name_key(&"é".repeat(2000), one).len() < 1024);
        assert!(name_key(&"ß".repeat(2000), one).len() < 1024);
    }

    #[test]
    fn identifiers_that_are_not_one_have_partitions_that_are_not_one() {
        let partition = |system: &str, value: &str| {
            identifier_partition(&BusinessIdentifier { system: system.into(), value: value.into() })
        };
        assert_ne!(partition("urn:a", "b1"), partition("urn:ab", "1"));
        assert_eq!(partition("urn:a", "1").len(), "identifier/".len() + 64);
        assert!(!partition("urn:a", "01004567").contains("01004567"));
    }
}
