//! `docs/listener.md` tells the truth: its commands work, its tests and metrics exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tokio::task::spawn_blocking;
use zorgsluis_listener::{Reload, Settings, Tls, TlsFiles};

use crate::stores::Stores;
use crate::support::Running;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/listener.md")).unwrap()
}

/// What stands between backticks in tables.
fn quoted_in_tables(page: &str) -> BTreeSet<&str> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_tests_of_the_table_exist_and_none_is_left_out() {
    let page = page();
    let told: BTreeSet<String> = quoted_in_tables(&page)
        .into_iter()
        .filter(|quoted| quoted.contains("::") && !quoted.contains("zorgsluis"))
        .map(str::to_owned)
        .collect();
    let mut there = BTreeSet::new();
    for module in [
        "certificates",
        "documentation",
        "door",
        "framing",
        "health",
        "limits",
        "reload",
        "shutdown",
        "soak",
        "tls",
    ] {
        let path = root().join(format!("crates/listener/tests/it/{module}.rs"));
        let text = std::fs::read_to_string(path).unwrap();
        let mut is_test = false;
        for line in text.lines() {
            is_test |= line.starts_with("#[tokio::test");
            if let Some(name) = line.strip_prefix("async fn ").filter(|_| std::mem::take(&mut is_test)) {
                there.insert(format!("{module}::{}", name.split('(').next().unwrap()));
            }
        }
    }
    let missing: Vec<_> = told.difference(&there).collect();
    assert!(missing.is_empty(), "not there: {missing:?}");
    assert!(told.len() >= 25, "{}", told.len());
    // Those that need no row: counts that others rest on, and halves.
    let others = [
        "framing::metrics_count_frames_bytes_and_answers",
        "health::what_is_not_there_is_not_found",
        "soak::the_listening_half",
    ];
    let untold: Vec<_> = there.difference(&told).filter(|test| !others.contains(&test.as_str())).collect();
    assert!(untold.is_empty(), "without a row: {untold:?}");
}

/// The commands of the page, block by block.
fn commands() -> Vec<String> {
    let page = page();
    let blocks = page.split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

fn run(commands: &str, folder: &Path, port: u16) -> Output {
    let mut command = Command::new("sh");
    command.arg("-euc").arg(commands).current_dir(folder).env("PORT", port.to_string());
    command.stdin(Stdio::null()).output().unwrap()
}

fn succeed(commands: &str, folder: &Path) {
    let output = run(commands, folder, 0);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// By another implementation of TLS: OpenSSL.
#[tokio::test]
async fn the_commands_make_a_set_up_that_works() {
    let commands = commands();
    let [set_up, by_hand, revoke] = commands.as_slice() else { panic!("{} blocks", commands.len()) };
    let folder = tempfile::tempdir().unwrap();
    succeed(set_up, folder.path());
    let file = |name: &str| folder.path().join(name);
    let tls = Tls::load(TlsFiles {
        certificate: file("server.pem"),
        key: file("server.key"),
        client_ca: file("ca.pem"),
        crl: Some(file("crl.pem")),
    })
    .unwrap();
    let stores = Stores::new();
    let running = Running::start_tls(stores.door(100), Settings::default(), &tls).await;
    let port = running.tls_address.unwrap().port();
    let send = || {
        let (by_hand, folder) = (by_hand.clone(), folder.path().to_owned());
        async move { spawn_blocking(move || run(&by_hand, &folder, port)).await.unwrap() }
    };
    let answered = String::from_utf8(send().await.stdout).unwrap();
    assert!(answered.contains("MSA|AA|M1"), "{answered}");
    let way = stores.way(stores.waiting().await.pop().unwrap()).await;
    assert!(format!("{way:?}").contains("epd.linde.example"), "{way:?}");

    succeed(revoke, folder.path());
    assert_eq!(tls.reload().await.unwrap(), Reload::InForce);
    assert!(send().await.stdout.is_empty());
    running.handshake_failed("revoked").await;

    // The page names every metric, and no other.
    let metrics = running.listener.prometheus();
    let there: BTreeSet<&str> =
        metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let page = page();
    let told: BTreeSet<&str> = quoted_in_tables(&page)
        .into_iter()
        .filter(|quoted| quoted.starts_with("zorgsluis_mllp_") && !quoted.contains('{'))
        .collect();
    assert_eq!(there, told);
}
