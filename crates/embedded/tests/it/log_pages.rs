//! A page deep in an answer costs what the first one does.

use std::time::{Duration, Instant};

use tlog::{Cursor, EntryId, EntryIndex, IndexKey, IndexedBundle, IndexedEntry, Query};

use crate::Home;

const ROWS: u64 = 60_000;
const BUNDLE: u64 = 2_000;

/// The fastest of some, which other work on the machine disturbs least.
async fn page(index: &dyn EntryIndex, query: &Query) -> Duration {
    let mut fastest = Duration::MAX;
    for _ in 0..15 {
        let start = Instant::now();
        assert_eq!(index.find(query).await.unwrap().hits.len(), query.limit);
        fastest = fastest.min(start.elapsed());
    }
    fastest
}

#[tokio::test]
async fn a_page_deep_in_an_answer_costs_what_the_first_one_does() {
    let home = Home::new();
    let index = home.directory.entry_index("linde");
    for first in (0..ROWS).step_by(BUNDLE as usize) {
        let entries = (first..first + BUNDLE).map(|number| IndexedEntry {
            id: EntryId(u128::from(number).to_be_bytes()),
            keys: vec![IndexKey { key: "all".into(), at: number as i64 }],
        });
        let bundle = IndexedBundle { first, end: first + BUNDLE, entries: entries.collect() };
        index.record(&bundle).await.unwrap();
    }
    for newest_first in [false, true] {
        let number = if newest_first { 10 } else { ROWS - 10 };
        let (from, to) = (i64::MIN, i64::MAX);
        let first = Query { key: "all".into(), from, to, after: None, limit: 5, newest_first };
        let deep = Query { after: Some(Cursor { at: number as i64, index: number }), ..first.clone() };
        let (first, deep) = (page(&index, &first).await, page(&index, &deep).await);
        assert!(
            deep < first * 8,
            "newest first {newest_first}: {first:?} at the beginning, {deep:?} at the end"
        );
    }
}
