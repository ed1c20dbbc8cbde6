//! The contract of [`EntryIndex`].

use tlog::{
    Coverage, Cursor, EntryId, EntryIndex, IndexError, IndexKey, IndexedBundle, IndexedEntry, Place, Query,
    Rekeyed,
};

fn id(number: u64) -> EntryId {
    EntryId(u128::from(number + 1).to_be_bytes())
}

/// Entries `first..end`; every one under `all`, each third under `third`, at times that go back and forth.
fn bundle(first: u64, end: u64) -> IndexedBundle {
    let entries = (first..end)
        .map(|index| {
            let at = i64::try_from(index ^ 1).unwrap();
            let mut keys = vec![IndexKey { key: "all".into(), at }];
            if index % 3 == 0 {
                keys.push(IndexKey { key: "third".into(), at: 7 });
            }
            IndexedEntry { id: id(index), keys }
        })
        .collect();
    IndexedBundle { first, end, entries }
}

fn query(key: &str) -> Query {
    Query { key: key.into(), from: i64::MIN, to: i64::MAX, after: None, limit: 100, newest_first: false }
}

pub async fn bundles_are_recorded_in_order_and_once<I: EntryIndex>(index: I) {
    assert_eq!(index.coverage().await.unwrap(), Coverage::default());
    assert_eq!(index.places(&[id(0)]).await.unwrap(), [None]);
    assert!(matches!(index.record(&bundle(1, 3)).await, Err(IndexError::Gap { through: 0, first: 1 })));
    index.record(&bundle(0, 4)).await.unwrap();
    index.record(&bundle(4, 5)).await.unwrap();
    assert!(matches!(index.record(&bundle(6, 7)).await, Err(IndexError::Gap { through: 5, first: 6 })));
    // Again, and an older one: no effect.
    index.record(&bundle(4, 5)).await.unwrap();
    index.record(&bundle(0, 4)).await.unwrap();
    assert_eq!(index.coverage().await.unwrap(), Coverage { through: 5, last_bundle: Some(4) });
    let places = index.places(&[id(4), id(99), id(1)]).await.unwrap();
    assert_eq!(places, [Some(Place { index: 4, bundle: 4 }), None, Some(Place { index: 1, bundle: 0 })]);
    assert!(index.record(&IndexedBundle { end: 9, ..bundle(5, 6) }).await.is_err());
    assert_eq!(index.coverage().await.unwrap().through, 5);
}

pub async fn entries_are_found_by_key_and_time<I: EntryIndex>(index: I) {
    index.record(&bundle(0, 10)).await.unwrap();
    let all = index.find(&query("all")).await.unwrap();
    let found: Vec<_> = all.hits.iter().map(|hit| (hit.at, hit.place.index)).collect();
    let expected: Vec<_> = (0..10).map(|at| (at, u64::try_from(at ^ 1).unwrap())).collect();
    assert_eq!(found, expected);
    assert_eq!(all.next, None);
    let some = index.find(&Query { from: 3, to: 6, ..query("all") }).await.unwrap();
    assert_eq!(some.hits.iter().map(|hit| hit.at).collect::<Vec<_>>(), [3, 4, 5]);
    assert!(index.find(&query("none")).await.unwrap().hits.is_empty());
    // Pages, both ways, also within one time.
    for newest_first in [false, true] {
        let mut listed = Vec::new();
        let mut after: Option<Cursor> = None;
        loop {
            let page = index.find(&Query { after, limit: 3, newest_first, ..query("third") }).await.unwrap();
            assert!(page.hits.len() <= 3);
            listed.extend(page.hits.iter().map(|hit| hit.place.index));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        if newest_first {
            listed.reverse();
        }
        assert_eq!(listed, [0, 3, 6, 9]);
    }
}

pub async fn verification_sees_every_row<I: EntryIndex>(index: I) {
    index.record(&bundle(0, 4)).await.unwrap();
    index.record(&bundle(4, 10)).await.unwrap();
    let mut seen = Vec::new();
    loop {
        let from = seen.len() as u64;
        let rows = index.rows(from, 3).await.unwrap();
        if rows.is_empty() {
            break;
        }
        seen.extend(rows);
    }
    assert_eq!(seen.len(), 10);
    for (number, row) in (0..).zip(&seen) {
        assert_eq!((row.index, row.id), (number, Some(id(number))));
        assert_eq!(row.bundle, if number < 4 { 0 } else { 4 });
        let source = bundle(number, number + 1);
        assert_eq!(row.keys, source.entries[0].keys);
    }
}

pub async fn the_keys_of_an_entry_can_be_replaced<I: EntryIndex>(index: I) {
    index.record(&bundle(0, 4)).await.unwrap();
    index.record(&bundle(4, 10)).await.unwrap();
    let place = Place { index: 6, bundle: 4 };
    let keys = vec![IndexKey { key: "all".into(), at: 70 }];
    let known = Rekeyed { place, id: id(6), keys: keys.clone() };
    // Neither an id that is not known nor one that stands elsewhere changes anything.
    let unknown = Rekeyed { id: id(99), ..known.clone() };
    let elsewhere = Rekeyed { place: Place { index: 3, bundle: 0 }, ..known.clone() };
    for _ in 0..2 {
        index.replace_keys(&[unknown.clone(), elsewhere.clone(), known.clone()]).await.unwrap();
    }
    let rows = index.rows(0, 100).await.unwrap();
    assert_eq!(rows.len(), 10);
    for row in &rows {
        let number = row.index;
        let expected = if number == 6 { &keys } else { &bundle(number, number + 1).entries[0].keys };
        assert_eq!((&row.keys, row.id, row.whole), (expected, Some(id(number)), true));
    }
    let third = index.find(&query("third")).await.unwrap();
    assert_eq!(third.hits.iter().map(|hit| hit.place.index).collect::<Vec<_>>(), [0, 3, 9]);
    let last = index.find(&Query { from: 60, ..query("all") }).await.unwrap();
    assert_eq!(last.hits.iter().map(|hit| (hit.at, hit.place)).collect::<Vec<_>>(), [(70, place)]);
    assert_eq!(index.coverage().await.unwrap(), Coverage { through: 10, last_bundle: Some(4) });
}

pub async fn a_reset_empties_it<I: EntryIndex>(index: I) {
    index.record(&bundle(0, 4)).await.unwrap();
    index.reset().await.unwrap();
    assert_eq!(index.coverage().await.unwrap(), Coverage::default());
    assert!(index.rows(0, 10).await.unwrap().is_empty());
    assert!(index.find(&query("all")).await.unwrap().hits.is_empty());
    index.record(&bundle(0, 2)).await.unwrap();
    assert_eq!(index.coverage().await.unwrap().through, 2);
}

pub async fn many_recorders_of_one_bundle_agree<I: EntryIndex + Clone + 'static>(index: I) {
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let index = index.clone();
            tokio::spawn(async move {
                for first in 0..10 {
                    index.record(&bundle(first, first + 1)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(index.coverage().await.unwrap(), Coverage { through: 10, last_bundle: Some(9) });
    assert_eq!(index.rows(0, 100).await.unwrap().len(), 10);
}

pub async fn a_whole_bundle_of_ids_is_asked_for_at_once<I: EntryIndex>(index: I) {
    // Every fourth id is known; one stands twice in the question.
    let entries: Vec<_> = (0..1030).map(|n| IndexedEntry { id: id(4 * n), keys: Vec::new() }).collect();
    index.record(&IndexedBundle { first: 0, end: 1030, entries }).await.unwrap();
    let mut ids: Vec<_> = (0..4095).map(id).collect();
    ids.push(id(8));
    assert_eq!(ids.len(), tlog::MAX_IDS);
    let places = index.places(&ids).await.unwrap();
    assert_eq!(places.len(), ids.len());
    for (number, place) in (0..4095).zip(&places) {
        let expected = (number % 4 == 0).then_some(Place { index: number / 4, bundle: 0 });
        assert_eq!(*place, expected, "{number}");
    }
    assert_eq!(places[4095], Some(Place { index: 2, bundle: 0 }));
    ids.push(id(9));
    assert!(matches!(index.places(&ids).await, Err(IndexError::Permanent(_))));
}

pub async fn an_id_that_stands_twice_leads_to_where_it_stood_first<I: EntryIndex>(index: I) {
    let entry = |number| IndexedEntry { id: id(number), keys: Vec::new() };
    let entries = vec![entry(1), entry(2), entry(1)];
    index.record(&IndexedBundle { first: 0, end: 3, entries }).await.unwrap();
    assert_eq!(index.places(&[id(1)]).await.unwrap(), [Some(Place { index: 0, bundle: 0 })]);
    assert_eq!(index.coverage().await.unwrap().through, 3);
}
