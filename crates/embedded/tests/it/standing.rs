//! What stands in a data directory when it is opened, and what of it is missing, replaced or open.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tlog::EntryIndex;
use zorgsluis_domain::Purpose;
use zorgsluis_domain::port::Keys;
use zorgsluis_embedded::{DataDirectory, OpenError};

/// A closed data directory that a server had.
async fn closed() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    DataDirectory::open(&path).unwrap().close().await;
    (folder, path)
}

fn identity(directory: &DataDirectory) -> String {
    directory.keys().pseudonym(Purpose::Identity, &[b"x"]).to_string()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_beside_data_is_named_and_not_made() {
    for missing in [
        "keys/keys.db",
        "keys/identity.key",
        "keys/pseudonym.key",
        "keys/wrapping.key",
        "keys/log-signing.key",
        "state.db",
        "fhir.db",
    ] {
        let (_folder, path) = closed().await;
        fs::remove_file(path.join(missing)).unwrap();
        let before = names(&path.join("keys"));
        for opened in [DataDirectory::open(&path), DataDirectory::open_read(&path)] {
            let Err(error) = opened else { panic!("{missing} must be missed") };
            assert!(matches!(error, OpenError::Missing { file } if file == missing), "{missing}: {error}");
            assert!(error.to_string().contains("backup"), "{error}");
        }
        assert!(!path.join(missing).exists(), "{missing}");
        assert_eq!(names(&path.join("keys")), before, "{missing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_keys_are_never_made_beside_any_data() {
    let (_folder, path) = closed().await;
    fs::create_dir_all(path.join("log/main/entries")).unwrap();
    fs::remove_dir_all(path.join("keys")).unwrap();
    // Whatever of the data is left.
    for gone in ["", "state.db", "fhir.db", "index.db"] {
        if !gone.is_empty() {
            fs::remove_file(path.join(gone)).unwrap();
        }
        let opened = DataDirectory::open(&path);
        assert!(matches!(opened, Err(OpenError::Missing { .. })), "without {gone}: {opened:?}");
        assert!(!path.join("keys").exists());
    }
    fs::remove_dir_all(path.join("log")).unwrap();
    DataDirectory::open(&path).unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_database_is_not_filled_with_new_tables() {
    for emptied in ["keys/keys.db", "state.db", "fhir.db"] {
        let (_folder, path) = closed().await;
        fs::write(path.join(emptied), b"").unwrap();
        for opened in [DataDirectory::open(&path), DataDirectory::open_read(&path)] {
            assert!(matches!(opened, Err(OpenError::Emptied { .. })), "{emptied}: {opened:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_key_is_refused_by_its_name() {
    for replaced in ["keys/identity.key", "keys/pseudonym.key", "keys/wrapping.key", "keys/log-signing.key"] {
        let (_folder, path) = closed().await;
        let right = fs::read(path.join(replaced)).unwrap();
        fs::write(path.join(replaced), [7; 32]).unwrap();
        for opened in [DataDirectory::open(&path), DataDirectory::open_read(&path)] {
            let Err(OpenError::KeyReplaced { key, .. }) = opened else { panic!("{replaced}: {opened:?}") };
            assert_eq!(key, replaced);
        }
        fs::write(path.join(replaced), right).unwrap();
        open_when_free(&path).await.close().await;
    }
}

/// Opens the directory. An opening that was refused holds it for as long as its threads take to end.
async fn open_when_free(path: &Path) -> DataDirectory {
    for _ in 0..1_000 {
        match DataDirectory::open(path) {
            Err(OpenError::Held { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
            opened => return opened.unwrap(),
        }
    }
    panic!("the directory does not become free");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_another_directory_are_refused() {
    let ((_one, path), (_two, other)) = (closed().await, closed().await);
    fs::remove_dir_all(path.join("keys")).unwrap();
    fs::rename(other.join("keys"), path.join("keys")).unwrap();
    let opened = DataDirectory::open(&path);
    assert!(matches!(opened, Err(OpenError::KeyReplaced { database: "state.db", .. })), "{opened:?}");
    let ((_one, path), (_two, other)) = (closed().await, closed().await);
    fs::copy(other.join("keys/keys.db"), path.join("keys/keys.db")).unwrap();
    let opened = DataDirectory::open(&path);
    assert!(matches!(opened, Err(OpenError::KeyReplaced { database: "keys.db", .. })), "{opened:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_was_cut_off_is_gone_on_with() {
    let (_folder, path) = closed().await;
    let before = fs::read(path.join("keys/identity.key")).unwrap();
    // As if it had been killed before the last key and the databases.
    fs::write(path.join("first-start"), b"").unwrap();
    for file in ["keys/log-signing.key", "keys/keys.db", "state.db", "fhir.db", "index.db"] {
        fs::remove_file(path.join(file)).unwrap();
    }
    assert!(matches!(DataDirectory::open_read(&path), Err(OpenError::Absent { .. })));
    DataDirectory::open(&path).unwrap().close().await;
    assert!(!path.join("first-start").exists());
    assert_eq!(fs::read(path.join("keys/identity.key")).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_index_is_made_empty() {
    let (_folder, path) = closed().await;
    fs::remove_file(path.join("index.db")).unwrap();
    let directory = DataDirectory::open(&path).unwrap();
    assert_eq!(directory.entry_index("main").coverage().await.unwrap().through, 0);
    assert!(!identity(&directory).is_empty());
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_to_others_is_shut() {
    let (_folder, path) = closed().await;
    let set =
        |name: &str, mode| fs::set_permissions(path.join(name), fs::Permissions::from_mode(mode)).unwrap();
    for folder in ["", "keys", "log", "tmp"] {
        set(folder, 0o777);
    }
    for file in ["keys/identity.key", "keys/wrapping.key", "keys/keys.db", "state.db", "fhir.db", "index.db"]
    {
        set(file, 0o644);
    }
    DataDirectory::open(&path).unwrap().close().await;
    let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
    for folder in ["", "keys", "log", "tmp"] {
        assert_eq!(mode(folder), 0o700, "{folder}");
    }
    for file in ["keys/identity.key", "keys/wrapping.key", "keys/keys.db", "state.db", "fhir.db", "index.db"]
    {
        assert_eq!(mode(file), 0o600, "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_owns_and_others_may_enter_is_refused() {
    let (_folder, path) = closed().await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    // Giving a folder away takes root.
    if std::os::unix::fs::chown(&path, Some(12345), None).is_err() {
        return;
    }
    let opened = DataDirectory::open(&path);
    assert!(matches!(opened, Err(OpenError::NotOurs { .. })), "{opened:?}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755, "left as it was");
}
