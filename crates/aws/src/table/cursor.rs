//! Pages: how many items, and where the next one begins.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{Page, PageRequest};

/// Items of one page at most, whatever was asked.
const MAX_PAGE: usize = 1000;

/// How many items to give.
pub(crate) fn limit(page: &PageRequest) -> usize {
    page.limit.clamp(1, MAX_PAGE)
}

/// The page of items of which one more than `limit` was asked for: takes the surplus away and says where to go on.
pub(crate) fn page<T>(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(cursor) } else { None };
    Page { items, next }
}

/// A time as a part of a sort key: microseconds, of one width, in the order of time (years 0 to 9999).
pub(crate) fn time_key(at: Timestamp) -> String {
    // Cut as a cursor cuts it, so that a place and the cursor made of it are one.
    let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
    format!("{at:.6}")
}

/// A place in a listing ordered by time and id, `<microseconds>.<id>`.
pub(crate) fn cursor(at: Timestamp, id: impl Display) -> String {
    format!("{}.{id}", at.as_microsecond())
}

/// Reads what [`cursor`] gave.
pub(crate) fn parse_cursor<I: FromStr>(
    operation: &'static str,
    text: &str,
) -> Result<(Timestamp, I), PortError> {
    text.split_once('.')
        .and_then(|(at, id)| Some((Timestamp::from_microsecond(at.parse().ok()?).ok()?, id.parse().ok()?)))
        .ok_or_else(|| bad_cursor(operation))
}

/// What a cursor gets that nobody gave out.
pub(crate) fn bad_cursor(operation: &'static str) -> PortError {
    PortError::Refused { operation, reason: "the page cursor is not one that was given out".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_times_have_the_order_of_the_times() {
        let times = ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59.999999Z", "2024-03-01T00:00:00Z"];
        let keys = times.map(|time| time_key(time.parse().unwrap()));
        assert!(keys.is_sorted(), "{keys:?}");
        assert!(keys.iter().all(|key| key.len() == 27));
        assert_eq!(time_key("2024-03-01T00:00:00.0000019Z".parse().unwrap()), "2024-03-01T00:00:00.000001Z");
    }

    #[test]
    fn a_cursor_reads_what_it_wrote_and_nothing_else() {
        let at: Timestamp = "2024-03-07T10:15:00.000002Z".parse().unwrap();
        assert_eq!(parse_cursor::<u32>("test", &cursor(at, 7)).unwrap(), (at, 7));
        for garbage in ["", ".", "x", "1", "1.", "1.x", ".7", "9223372036854775807.7", "1.7.7"] {
            let answer = parse_cursor::<u32>("test", garbage);
            assert!(matches!(answer, Err(PortError::Refused { .. })), "{garbage}");
        }
    }
}
