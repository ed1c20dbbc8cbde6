//! A disk without room: nothing is called damaged, nothing half stands there.
//!
//! The child is this test program again, under a shell's limit for the size of a file.

use std::path::PathBuf;
use std::process::Command;

use tlog::{Created, LogStorage, StorageError};
use zorgsluis_embedded::FileLogStorage;

use super::Home;

const FOLDER: &str = "ZORGSLUIS_FULL_DISK_TEST_FOLDER";
const KEY: &str = "log/main/entries/00000000000000000000";

/// Runs only when it is started as the child.
#[tokio::test]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let storage = FileLogStorage::new(folder.join("objects"), folder.join("temporary"));
    let long = vec![7; 1 << 20];
    let error = storage.create(KEY, &long).await.unwrap_err();
    assert!(matches!(error, StorageError::Hindered { .. }) && error.is_transient(), "{error}");
    assert!(storage.put("log/main/tile/0/000", &long).await.unwrap_err().is_transient());
    assert!(storage.replace_if("log/main/checkpoint", &long, None).await.unwrap_err().is_transient());
    assert!(storage.list("log/", None, 10).await.unwrap().keys.is_empty());
    assert_eq!(storage.create(KEY, b"short").await.unwrap(), Created::New);
}

#[test]
fn a_disk_without_room_refuses_for_now_and_holds_no_half_object() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    let home = Home::new();
    let _ = home.objects();
    // Without its signal the limit shows as an error of the write, as a full disk does.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" --exact full_disk::child"])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, home.folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    let left = std::fs::read_dir(home.folder.path().join("temporary")).unwrap();
    let left: Vec<_> =
        left.map(|entry| entry.unwrap().file_name()).filter(|name| name != "replace.lock").collect();
    assert!(left.is_empty(), "{left:?}");
}
