//! The contract of [`LogStorage`].

use tlog::{Created, Etag, LogStorage, Replaced, StorageError};

pub async fn an_object_is_created_once<S: LogStorage>(storage: S) {
    assert!(storage.get("log/a/entries/000", 10).await.unwrap().is_none());
    assert_eq!(storage.create("log/a/entries/000", b"one").await.unwrap(), Created::New);
    assert_eq!(storage.create("log/a/entries/000", b"two").await.unwrap(), Created::AlreadyExists);
    assert_eq!(&storage.get("log/a/entries/000", 10).await.unwrap().unwrap().bytes[..], b"one");
    // A key may be the beginning of another, and a folder may stand beside it.
    assert_eq!(storage.create("log/a/entries/000.p/7", b"").await.unwrap(), Created::New);
    assert!(storage.get("log/a/entries", 10).await.unwrap_or(None).is_none());
}

pub async fn of_many_creations_at_once_one_wins<S: LogStorage + Clone + 'static>(storage: S) {
    for round in 0..10 {
        let key = format!("log/entries/{round}");
        let tasks: Vec<_> = (0..8u8)
            .map(|n| {
                let (storage, key) = (storage.clone(), key.clone());
                tokio::spawn(async move { (n, storage.create(&key, &[n; 5000]).await.unwrap()) })
            })
            .collect();
        let mut winners = Vec::new();
        for task in tasks {
            if let (n, Created::New) = task.await.unwrap() {
                winners.push(n);
            }
        }
        assert_eq!(winners.len(), 1);
        assert_eq!(storage.get(&key, 5000).await.unwrap().unwrap().bytes[..], [winners[0]; 5000]);
    }
}

pub async fn an_object_longer_than_the_limit_is_not_read<S: LogStorage>(storage: S) {
    storage.create("k", b"12345").await.unwrap();
    assert!(matches!(storage.get("k", 4).await, Err(StorageError::TooLarge { limit: 4 })));
    assert_eq!(storage.get("k", 5).await.unwrap().unwrap().bytes.len(), 5);
}

pub async fn a_replacement_needs_the_object_that_was_read<S: LogStorage>(storage: S) {
    let stranger = Etag("none".into());
    assert_eq!(storage.replace_if("c", b"one", Some(&stranger)).await.unwrap(), Replaced::Changed);
    assert!(storage.get("c", 10).await.unwrap().is_none());
    assert_eq!(storage.replace_if("c", b"one", None).await.unwrap(), Replaced::Done);
    assert_eq!(storage.replace_if("c", b"two", None).await.unwrap(), Replaced::Changed);
    let one = storage.get("c", 10).await.unwrap().unwrap();
    assert_eq!(&one.bytes[..], b"one");
    assert_eq!(storage.replace_if("c", b"two", Some(&one.etag)).await.unwrap(), Replaced::Done);
    assert_eq!(storage.replace_if("c", b"three", Some(&one.etag)).await.unwrap(), Replaced::Changed);
    let two = storage.get("c", 10).await.unwrap().unwrap();
    assert_eq!(&two.bytes[..], b"two");
    assert_ne!(one.etag, two.etag);
}

pub async fn of_many_replacements_at_once_none_is_lost<S: LogStorage + Clone + 'static>(storage: S) {
    storage.create("c", &0u64.to_be_bytes()).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let storage = storage.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    loop {
                        let found = storage.get("c", 8).await.unwrap().unwrap();
                        let number = u64::from_be_bytes(found.bytes[..].try_into().unwrap());
                        let next = (number + 1).to_be_bytes();
                        if storage.replace_if("c", &next, Some(&found.etag)).await.unwrap() == Replaced::Done
                        {
                            break;
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(storage.get("c", 8).await.unwrap().unwrap().bytes[..], 80u64.to_be_bytes());
}

pub async fn put_writes_whatever_stands_there<S: LogStorage>(storage: S) {
    storage.put("tile/0/000", b"part").await.unwrap();
    storage.put("tile/0/000", b"part").await.unwrap();
    storage.put("tile/0/000", b"the whole").await.unwrap();
    assert_eq!(&storage.get("tile/0/000", 100).await.unwrap().unwrap().bytes[..], b"the whole");
    storage.put("tile/0/000", b"").await.unwrap();
    assert!(storage.get("tile/0/000", 100).await.unwrap().unwrap().bytes.is_empty());
}

pub async fn keys_are_listed_in_byte_order<S: LogStorage>(storage: S) {
    let mut keys: Vec<String> = (0..23).map(|n| format!("log/x/entries/{n:03}")).collect();
    for key in
        ["log/x/tile/0/001", "log/x/tile/0/001.p/7", "log/x/tile/0/001-a", "log/x/tile/0/0010", "log/xy", "m"]
    {
        keys.push(key.into());
    }
    for key in &keys {
        storage.create(key, b"x").await.unwrap();
    }
    keys.sort();
    for prefix in
        ["", "log/", "log/x", "log/x/", "log/x/entries/01", "log/x/tile/0/001", "log/x/tile/0/001.", "z"]
    {
        for limit in [1, 2, 7, 100] {
            let mut listed = Vec::new();
            let mut after = None;
            loop {
                let page = storage.list(prefix, after.as_deref(), limit).await.unwrap();
                assert!(page.keys.len() <= limit);
                assert!(!page.more || !page.keys.is_empty(), "at least one while there are more");
                listed.extend(page.keys);
                if !page.more {
                    break;
                }
                after = listed.last().cloned();
            }
            let expected: Vec<_> = keys.iter().filter(|key| key.starts_with(prefix)).cloned().collect();
            assert_eq!(listed, expected, "{prefix} by {limit}");
        }
    }
    let behind = storage.list("log/x/entries/", Some("log/x/entries/0205"), 100).await.unwrap();
    assert_eq!(behind.keys, ["log/x/entries/021", "log/x/entries/022"]);
}

pub async fn what_is_no_key_is_refused<S: LogStorage>(storage: S) {
    let long = "k".repeat(201);
    for key in ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.", "a b", "a\0b", "é", long.as_str()] {
        assert!(matches!(storage.create(key, b"x").await, Err(StorageError::Permanent(_))), "{key}");
        assert!(matches!(storage.get(key, 1).await, Err(StorageError::Permanent(_))), "{key}");
    }
}

/// A storage that keeps versions tells which objects were written a second time, and still has what was written
/// first; one that keeps none says so.
pub async fn what_was_written_again_is_told_where_versions_are_kept<S: LogStorage>(
    storage: S,
    keeps_versions: bool,
) {
    for key in ["log/a/entries/0", "log/a/entries/1", "log/a/entries/2"] {
        storage.create(key, b"first").await.unwrap();
        storage.create(key, b"other").await.unwrap();
    }
    let told = storage.rewritten("log/a/", None, 10).await.unwrap();
    assert_eq!(
        told.map(|page| page.objects.len()),
        keeps_versions.then_some(0),
        "a refused one leaves nothing"
    );
    for key in ["log/a/entries/0", "log/a/entries/2", "log/a/sealed", "log/b"] {
        storage.put(key, b"second").await.unwrap();
        storage.put(key, b"third!").await.unwrap();
    }
    if !keeps_versions {
        assert_eq!(storage.rewritten("log/a/", None, 10).await.unwrap(), None);
        assert!(storage.get_version("log/a/entries/0", "1", 10).await.unwrap().is_none());
        return;
    }
    for limit in [1, 2, 10] {
        let (mut told, mut after) = (Vec::new(), None);
        loop {
            let page = storage.rewritten("log/a/", after.as_deref(), limit).await.unwrap().unwrap();
            assert!(page.objects.len() <= limit && !(page.more && page.objects.is_empty()));
            told.extend(page.objects);
            after = told.last().map(|object| object.key.clone());
            if !page.more {
                break;
            }
        }
        let seen: Vec<_> =
            told.iter().map(|object| (object.key.as_str(), object.versions, object.delete_markers)).collect();
        assert_eq!(seen, [("log/a/entries/0", 3, 0), ("log/a/entries/2", 3, 0), ("log/a/sealed", 2, 0)]);
        let first = told[0].first.as_deref().unwrap();
        let object = storage.get_version("log/a/entries/0", first, 10).await.unwrap().unwrap();
        assert_eq!(&object.bytes[..], b"first");
        assert!(matches!(
            storage.get_version("log/a/entries/0", first, 4).await,
            Err(StorageError::TooLarge { limit: 4 })
        ));
    }
}
