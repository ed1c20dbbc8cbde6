//! Processes that write one log in one data directory, with whatever goes wrong.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use zorgsluis_contract::log_process::{Logs, Ports};
use zorgsluis_contract::{log_faults, log_killed};
use zorgsluis_embedded::DataDirectory;

use super::Home;

const FOLDER: &str = "ZORGSLUIS_LOG_WRITERS_FOLDER";

#[derive(Clone)]
struct Directory(DataDirectory);

impl Logs for Directory {
    fn ports(&self, shard: &str) -> Ports {
        Ports {
            storage: Arc::new(self.0.log_storage()),
            index: Arc::new(self.0.entry_index(shard)),
            signer: Arc::new(self.0.log_signer("test.example/log").unwrap()),
        }
    }
}

/// Runs only when it is started as a child.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER).filter(|_| log_killed::is_child()) else { return };
    let directory = DataDirectory::open_read(PathBuf::from(folder)).unwrap();
    log_killed::child(Directory(directory)).await;
}

/// A child that writes into this directory.
fn child_of(home: &Home) -> impl Fn() -> Command + Sync + use<> {
    let folder = home.directory.path().to_owned();
    move || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "log_writers::child", "--nocapture", "--test-threads=1"]);
        command.env(FOLDER, &folder);
        command
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_whichever_call_goes_wrong() {
    let home = Home::new();
    log_faults::nothing_is_lost_or_doubled_whichever_call_goes_wrong(Directory(home.directory.clone())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_make_one_log() {
    let home = Home::new();
    log_faults::many_writers_make_one_log(Directory(home.directory.clone())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_three_processes_each_is_killed_at_every_call() {
    let home = Home::new();
    let logs = Directory(home.directory.clone());
    log_killed::of_three_processes_each_is_killed_at_every_call(logs, &child_of(&home)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_stopped_at_any_call_and_wakes_up_late_changes_nothing() {
    let home = Home::new();
    let (logs, child) = (Directory(home.directory.clone()), child_of(&home));
    log_killed::a_process_that_is_stopped_at_any_call_and_wakes_up_late_changes_nothing(logs, &child).await;
}
