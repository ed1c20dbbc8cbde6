//! Where the objects of a log stand: [`LogPaths`], [`LogObject`], [`TileId`].

use std::fmt;

/// The width of a full tile (C2SP tlog-tiles).
pub const TILE_WIDTH: u16 = 256;

/// The keys of one log, all under `log/<shard>/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPaths {
    prefix: String,
}

/// The name of a shard is not 1 to 64 characters of `[a-z0-9-]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a shard's name is 1 to 64 characters of a-z, 0-9 and '-'")]
pub struct ShardNameError;

impl LogPaths {
    /// The keys of this shard.
    pub fn new(shard: &str) -> Result<Self, ShardNameError> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if shard.is_empty() || shard.len() > 64 || !shard.bytes().all(fits) {
            return Err(ShardNameError);
        }
        Ok(Self { prefix: format!("log/{shard}/") })
    }

    /// What all keys of this log begin with; ends with `/`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of an object.
    #[must_use]
    pub fn key(&self, object: LogObject) -> String {
        format!("{}{object}", self.prefix)
    }

    /// The key of the entry bundle that begins at this index.
    #[must_use]
    pub fn bundle(&self, first: u64) -> String {
        self.key(LogObject::Bundle { first })
    }

    /// What the keys of all entry bundles begin with.
    #[must_use]
    pub fn bundles(&self) -> String {
        format!("{}entries/", self.prefix)
    }

    /// What the keys of the kept checkpoints begin with.
    #[must_use]
    pub fn kept(&self) -> String {
        format!("{}checkpoints/", self.prefix)
    }

    /// What the keys of the hand-overs begin with.
    #[must_use]
    pub fn handovers(&self) -> String {
        format!("{}checkpoints/key-", self.prefix)
    }

    /// What the keys of the witnessed checkpoints begin with.
    #[must_use]
    pub fn witnessed(&self) -> String {
        format!("{}witnessed/", self.prefix)
    }

    /// What the keys of the partial tiles of this place begin with.
    #[must_use]
    pub(crate) fn partials(&self, kind: TileKind, n: u64) -> String {
        format!("{}{}.p/", self.prefix, TileId { kind, n, width: TILE_WIDTH })
    }

    /// The object at a key; `None` if no object of a log has this key.
    #[must_use]
    pub fn object(&self, key: &str) -> Option<LogObject> {
        LogObject::parse(key.strip_prefix(&self.prefix)?)
    }
}

/// An object of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogObject {
    /// `entries/<first index, 20 digits>`: what was appended, in one piece. The truth.
    Bundle {
        /// The index of its first entry.
        first: u64,
    },
    /// `tile/…`: derived.
    Tile(TileId),
    /// `checkpoint`: the newest signed tree head.
    Checkpoint,
    /// `checkpoints/<yyyy-mm-dd>`: a copy of the checkpoint that stood on that day, created once. Where the
    /// storage locks it, nobody can take back everything to a state before it unnoticed.
    Kept(Day),
    /// `checkpoints/key-<id, 8 hex digits>`: the checkpoint with which the key of this id took over from the one
    /// before it ([`Handover`](crate::Handover)), created once.
    Handover(u32),
    /// `witnessed/<id, 8 hex digits>`: the newest checkpoint that the witness with the key of this id cosigned;
    /// replaced, never shrinks. Nothing else depends on it.
    Witnessed(u32),
    /// `sealed`: a copy of the last checkpoint of a log that takes no more entries.
    Sealed,
}

impl fmt::Display for LogObject {
    /// The key, relative to the log's prefix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundle { first } => write!(f, "entries/{first:020}"),
            Self::Tile(tile) => tile.fmt(f),
            Self::Checkpoint => f.write_str("checkpoint"),
            Self::Kept(day) => write!(f, "checkpoints/{day}"),
            Self::Handover(id) => write!(f, "checkpoints/key-{id:08x}"),
            Self::Witnessed(id) => write!(f, "witnessed/{id:08x}"),
            Self::Sealed => f.write_str("sealed"),
        }
    }
}

impl LogObject {
    fn parse(relative: &str) -> Option<Self> {
        if let Some(first) = relative.strip_prefix("entries/") {
            let canonical = first.len() == 20 && first.bytes().all(|b| b.is_ascii_digit());
            return canonical.then(|| first.parse().ok()).flatten().map(|first| Self::Bundle { first });
        }
        if let Some(id) = relative.strip_prefix("checkpoints/key-") {
            return key_id(id).map(Self::Handover);
        }
        if let Some(id) = relative.strip_prefix("witnessed/") {
            return key_id(id).map(Self::Witnessed);
        }
        if let Some(day) = relative.strip_prefix("checkpoints/") {
            return Day::parse(day).map(Self::Kept);
        }
        match relative {
            "checkpoint" => Some(Self::Checkpoint),
            "sealed" => Some(Self::Sealed),
            _ => TileId::parse(relative).map(Self::Tile),
        }
    }
}

/// The id of a key, as it stands in a name.
fn key_id(text: &str) -> Option<u32> {
    let id = u32::from_str_radix(text, 16).ok()?;
    (format!("{id:08x}") == text).then_some(id)
}

/// A day, as it stands in a key. This crate has no calendar: whoever has a clock says which day it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// The day; `None` for what is none in any year.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_day = year <= 9999 && (1..=12).contains(&month) && (1..=31).contains(&day);
        is_day.then_some(Self { year, month, day })
    }

    fn parse(text: &str) -> Option<Self> {
        let (year, rest) = text.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        let day = Self::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
        (day.to_string() == text).then_some(day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of this level, 0 to 7: at level `l`, roots of subtrees of 256^`l` leaves.
    Hashes(u8),
    /// The leaves themselves, each with its length (uint16) before it.
    Leaves,
}

/// A tile: `tile/<L>/<N>[.p/<W>]`, or `tile/entries/<N>[.p/<W>]` (C2SP tlog-tiles).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// What it holds.
    pub kind: TileKind,
    /// Its number within its level.
    pub n: u64,
    /// How many hashes or leaves it holds: 1 to 255 in a partial tile, 256 in a full one.
    pub width: u16,
}

impl TileId {
    /// The number of leaves that a tree has at least when this tile is part of it; `None` when that
    /// is beyond any tree.
    #[must_use]
    pub fn end(&self) -> Option<u64> {
        let level = match self.kind {
            TileKind::Hashes(level) => u32::from(level),
            TileKind::Leaves => 0,
        };
        let hashes = self.n.checked_mul(u64::from(TILE_WIDTH))?.checked_add(u64::from(self.width))?;
        hashes.checked_mul(1_u64.checked_shl(8 * level)?)
    }

    /// Reads a key relative to the log's prefix; `None` unless it is exactly what `Display` writes.
    #[must_use]
    pub fn parse(relative: &str) -> Option<Self> {
        let (level, place) = relative.strip_prefix("tile/")?.split_once('/')?;
        let kind = match level {
            "entries" => TileKind::Leaves,
            level => TileKind::Hashes(level.parse().ok().filter(|level| *level <= 7)?),
        };
        let (number, width) = match place.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|w| (1..TILE_WIDTH).contains(w))?),
            None => (place, TILE_WIDTH),
        };
        let mut n = 0_u64;
        for part in number.split('/') {
            let digits = part.strip_prefix('x').unwrap_or(part);
            n = n.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let tile = Self { kind, n, width };
        (tile.to_string() == relative).then_some(tile)
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Leaves => f.write_str("tile/entries/")?,
        }
        let mut power = 1_u64;
        while self.n / power >= 1000 {
            power *= 1000;
        }
        while power > 1 {
            write!(f, "x{:03}/", self.n / power % 1000)?;
            power /= 1000;
        }
        write!(f, "{:03}", self.n % 1000)?;
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let tile = |kind, n, width| TileId { kind, n, width }.to_string();
        assert_eq!(tile(TileKind::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(tile(TileKind::Hashes(3), 5, 112), "tile/3/005.p/112");
        assert_eq!(tile(TileKind::Leaves, 1000, 256), "tile/entries/x001/000");
        assert_eq!(LogObject::Bundle { first: 42 }.to_string(), "entries/00000000000000000042");
        let widest = TileId { kind: TileKind::Leaves, n: u64::MAX, width: 1 };
        assert_eq!(TileId::parse(&widest.to_string()), Some(widest));
    }

    #[test]
    fn only_the_canonical_form_is_a_tile() {
        for wrong in [
            "tile/00/000",
            "tile/8/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/+01",
            "tile/0/",
            "tile/0/000.p/",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(TileId::parse(wrong), None, "{wrong}");
        }
        let paths = LogPaths::new("a").unwrap();
        assert_eq!(paths.object("log/a/entries/0000000000000000004"), None);
        assert_eq!(paths.object("log/a/entries/+0000000000000000004"), None);
        assert_eq!(paths.object("log/b/checkpoint"), None);
        assert_eq!(paths.object("log/a/checkpoint"), Some(LogObject::Checkpoint));
        assert!(LogPaths::new("../x").is_err());
    }

    #[test]
    fn handovers_and_witnessed_checkpoints_have_the_names_of_keys() {
        let paths = LogPaths::new("a").unwrap();
        for (key, object) in [
            ("log/a/checkpoints/key-00c0ffee", LogObject::Handover(0xc0_ffee)),
            ("log/a/witnessed/deadbeef", LogObject::Witnessed(0xdead_beef)),
        ] {
            assert_eq!((paths.object(key), paths.key(object)), (Some(object), key.to_owned()));
        }
        for wrong in ["checkpoints/key-C0FFEE00", "checkpoints/key-+0c0ffee", "witnessed/1", "witnessed/"] {
            assert_eq!(paths.object(&format!("log/a/{wrong}")), None, "{wrong}");
        }
    }

    #[test]
    fn a_kept_checkpoint_has_the_name_of_its_day() {
        let paths = LogPaths::new("a").unwrap();
        let kept = LogObject::Kept(Day::new(2026, 3, 9).unwrap());
        assert_eq!(paths.key(kept), "log/a/checkpoints/2026-03-09");
        assert_eq!(paths.object("log/a/checkpoints/2026-03-09"), Some(kept));
        for wrong in ["2026-3-9", "2026-13-01", "2026-00-01", "2026-01-32", "+026-01-01", "2026-01-01/x", ""]
        {
            assert_eq!(paths.object(&format!("log/a/checkpoints/{wrong}")), None, "{wrong}");
        }
    }
}
