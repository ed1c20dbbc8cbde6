//! Who said something, and when: what decides between two messages about one element.

use std::cmp::Ordering;

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::MessageId;

/// How much the word of a message counts for an element, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rank {
    /// Filled because FHIR demands it; no message says it.
    Presumed,
    /// The message only names something that another message registers.
    Mention,
    /// The message is the source.
    Registration,
}

impl Rank {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Presumed => "presumed",
            Self::Mention => "mention",
            Self::Registration => "registration",
        }
    }

    pub(crate) fn of_code(code: &str) -> Option<Self> {
        [Self::Presumed, Self::Mention, Self::Registration].into_iter().find(|rank| rank.code() == code)
    }
}

/// A moment among messages: time, then the sender's sequence number, then the id of the message, which
/// is made from its content. So two different messages are never at the same moment, and everybody who
/// compares them finds the same order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    pub(crate) sequence: u64,
    /// The id of the message, or, in [`Moment::of_day`], what stands for the content.
    pub(crate) by: String,
}

impl Moment {
    pub(crate) fn new(at: Option<Timestamp>, sequence: Option<u64>, by: MessageId) -> Self {
        Self {
            at: bounded(at.unwrap_or(Timestamp::UNIX_EPOCH)),
            sequence: sequence.unwrap_or(0),
            by: by.to_string(),
        }
    }

    /// The moment of what many messages name and none is the source of, a doctor or a ward: the day, and
    /// the content itself. All messages of a day that say the same have the same moment, so the first of
    /// them writes and the others have nothing to write; those that differ find the same order
    /// everywhere.
    pub(crate) fn of_day(at: Option<Timestamp>, content: &[u8]) -> Self {
        let at = bounded(at.unwrap_or(Timestamp::UNIX_EPOCH));
        let day = at.as_second() - at.as_second().rem_euclid(86_400);
        let by = Uuid::new_v5(&Uuid::NAMESPACE_OID, content).to_string();
        Self { at: Timestamp::from_second(day).unwrap_or(at), sequence: 0, by }
    }

    /// Before every message: what stands in a resource and was said by none that we know.
    pub(crate) fn never() -> Self {
        Self { at: bounded(Timestamp::MIN), sequence: 0, by: String::new() }
    }
}

/// What a FHIR instant can say: the years 1 to 9999.
fn bounded(at: Timestamp) -> Timestamp {
    const FIRST: i64 = -62_135_596_800;
    const LAST: i64 = 253_370_764_800;
    match at.as_second() {
        ..FIRST => Timestamp::from_second(FIRST).unwrap_or(at),
        LAST.. => Timestamp::from_second(LAST).unwrap_or(at),
        _ => at,
    }
}

/// The stamp of one register. The greater one decides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Stamp {
    /// How many mergers lie between the number under which this was said and the patient that it stands
    /// with now, counting only mergers that came after it. What was said about the surviving patient
    /// itself counts more, whatever its time: a merger does not overwrite, it fills.
    pub(crate) merged: u32,
    pub(crate) rank: Rank,
    pub(crate) moment: Moment,
}

impl Stamp {
    pub(crate) const fn new(rank: Rank, moment: Moment) -> Self {
        Self { merged: 0, rank, moment }
    }

    /// The stamp of what no message said.
    pub(crate) fn unstamped() -> Self {
        Self { merged: u32::MAX, rank: Rank::Presumed, moment: Moment::never() }
    }

    /// Whether `self` loses against `other` by weight, not by time.
    pub(crate) fn is_outranked_by(&self, other: &Self) -> bool {
        self.weight() < other.weight()
    }

    /// What no message says gives way to what one says, about whatever number it was.
    ///
    /// The rank goes before the mergers: a merger that comes between two words about one number must not turn
    /// their order round, or it would matter whether it came before them.
    fn weight(&self) -> (Rank, std::cmp::Reverse<u32>) {
        (self.rank, std::cmp::Reverse(self.merged))
    }
}

impl Ord for Stamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.weight().cmp(&other.weight()).then_with(|| self.moment.cmp(&other.moment))
    }
}

impl PartialOrd for Stamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
