//! How rows of the log's index stand in DynamoDB.

use tlog::{EntryId, IndexKey, Place};

use crate::table::{self, Item, item};

/// How many partitions of the secondary index the rows of one log are spread over: one alone takes 1,000 writes
/// a second.
pub(super) const SLOTS: u8 = 8;

/// The sort key of a row that leads from an id to its place.
const ID: &str = "id";

/// A row: an id or a key, and the place that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) what: What,
}

/// What leads to a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// An entry's id, and how many rows of keys belong to it.
    Id(EntryId, usize),
    /// A key and its order.
    Key(IndexKey),
}

/// The partition of an id.
pub(super) fn id_partition(shard: &str, id: &EntryId) -> String {
    format!("{shard}#id#{:032x}", u128::from_be_bytes(id.0))
}

/// The partition of a key.
pub(super) fn key_partition(shard: &str, key: &str) -> String {
    format!("{shard}#key#{key}")
}

/// One of the partitions of the secondary index.
pub(super) fn slot(shard: &str, number: u8) -> String {
    format!("{shard}#{number}")
}

/// The order of a key: sorts as text as the number does.
pub(super) fn order(at: i64) -> String {
    format!("{:016x}", at.cast_unsigned() ^ (1 << 63))
}

/// An index, so that it sorts as text.
pub(super) fn padded(index: u64) -> String {
    format!("{index:020}")
}

/// A text of an item.
pub(super) fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}

/// A number of an item.
pub(super) fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

impl Row {
    /// The primary key: partition and sort key.
    pub(super) fn key(&self, shard: &str) -> (String, String) {
        match &self.what {
            What::Id(id, _) => (id_partition(shard, id), ID.to_owned()),
            What::Key(IndexKey { key, at }) => {
                (key_partition(shard, key), format!("{}#{}", order(*at), padded(self.place.index)))
            }
        }
    }

    /// The slot: by what leads there, so that rows written together are spread.
    fn slot(&self, shard: &str) -> String {
        let last = match &self.what {
            What::Id(id, _) => id.0.iter().fold(0, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(*byte)),
            What::Key(_) => self.place.index.to_le_bytes().first().copied().unwrap_or_default(),
        };
        slot(shard, last % SLOTS)
    }

    /// The item. It carries the keys of the secondary index: what verification cannot see there, [`Row::read`]
    /// does not take for a row.
    pub(super) fn item(&self, shard: &str) -> Item {
        let (pk, sk) = self.key(shard);
        let mut row = item([
            ("pk", table::text(pk)),
            ("sk", table::text(sk)),
            ("slot", table::text(self.slot(shard))),
            ("idx", table::text(padded(self.place.index))),
            ("bundle", table::number(self.place.bundle)),
        ]);
        if let What::Id(_, keys) = self.what {
            row.extend(item([("keys", table::number(u64::try_from(keys).unwrap_or(u64::MAX)))]));
        }
        row
    }

    /// Reads an item; `None` unless it is exactly what [`Row::item`] writes.
    pub(super) fn read(shard: &str, item: &Item) -> Option<Self> {
        let (pk, sk) = (text(item, "pk")?, text(item, "sk")?);
        let place = Place { index: text(item, "idx")?.parse().ok()?, bundle: number(item, "bundle")? };
        let rest = pk.strip_prefix(shard)?;
        let what = if let Some(id) = rest.strip_prefix("#id#") {
            let keys = usize::try_from(number(item, "keys")?).ok()?;
            What::Id(EntryId(u128::from_str_radix(id, 16).ok()?.to_be_bytes()), keys)
        } else {
            let key = rest.strip_prefix("#key#")?.to_owned();
            let (at, _) = sk.split_once('#')?;
            let at = (u64::from_str_radix(at, 16).ok()? ^ (1 << 63)).cast_signed();
            What::Key(IndexKey { key, at })
        };
        let row = Self { place, what };
        (row.item(shard) == *item).then_some(row)
    }
}
