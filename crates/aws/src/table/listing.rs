//! A register that is listed as one, and whose index is spread over several partitions.

use uuid::Uuid;
use zorgsluis_domain::PortError;

use super::{Item, Query, Row};

/// Partitions of an index over which the items of one listing are spread. A partition takes 1,000 writes a second;
/// a listing reads all of them at once.
const SHARDS: u8 = 4;

/// The partition of the index in which an item of a listing stands.
pub(crate) fn shard(listing: &str, id: Uuid) -> String {
    let last = id.as_bytes().last().copied().unwrap_or_default();
    format!("{listing}/{}", last % SHARDS)
}

/// The partitions of a listing.
pub(crate) fn shards(listing: &str) -> impl Iterator<Item = String> + use<'_> {
    (0..SHARDS).map(move |nth| format!("{listing}/{nth}"))
}

/// The first `most` items of several queries together, each of which is in the order of the attribute `place`.
///
/// An index follows its table after a moment: an item that moved from one partition to another just now may stand in
/// both. Where two items have one `id`, the one that comes first stays.
pub(crate) async fn merged(
    operation: &'static str,
    queries: Vec<Query>,
    id: &'static str,
    most: usize,
    backward: bool,
) -> Result<Vec<Item>, PortError> {
    let reads: Vec<_> = queries.into_iter().map(|query| tokio::spawn(query.first(most))).collect();
    let mut placed = Vec::new();
    for read in reads {
        let items = read.await.map_err(|cause| PortError::unavailable(operation, cause))??;
        for item in items {
            let row = Row::new(operation, &item);
            placed.push((row.text("place")?.to_owned(), row.text(id)?.to_owned(), item));
        }
    }
    placed.sort_unstable_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    if backward {
        placed.reverse();
    }
    let mut seen = std::collections::HashSet::new();
    placed.retain(|(_, id, _)| seen.insert(id.clone()));
    placed.truncate(most);
    Ok(placed.into_iter().map(|(_, _, item)| item).collect())
}
