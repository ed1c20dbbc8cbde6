//! The first page of an answer (50 lines, the reading logged before) among many entries, beside a full scan of the
//! same log in the same run: in a process that has just begun, and in one that goes on.
//! `cargo bench -p zorgsluis-audit-answers --bench answers [-- ENTRIES]`; 10 million need 18 GB.
//! `BENCH_DATA=FOLDER` keeps what was filled, and takes it again.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark measures time, prints, and fails by panicking"
)]

mod fill;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zorgsluis_audit_writer::{AuditWriter, LogReader, Question, ReadBy, Term};
use zorgsluis_domain::audit::{AccessMethod, Source, User};
use zorgsluis_embedded::{DataDirectory, SystemRandom};

const PAGE: usize = 50;
const TURNS: u64 = 20;
const SUBJECTS: [&str; 5] = ["patient", "user", "department", "break-glass", "denied"];

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, folder, subject] = arguments.as_slice()
        && word == "page"
    {
        return one_page(Path::new(folder), subject).await;
    }
    // Cargo passes `--bench`.
    let size: u64 = arguments.iter().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let made = tempfile::tempdir_in(std::env::var("BENCH_DIR").unwrap_or_else(|_| "/tmp".into())).unwrap();
    let data = match std::env::var_os("BENCH_DATA") {
        // Filled by an earlier run with as many, and kept.
        Some(folder) => folder.into(),
        None => made.path().join("data"),
    };
    if data.exists() {
        // An older version's is brought up to date.
        DataDirectory::open(&data).unwrap().close().await;
    } else {
        let start = Instant::now();
        fill::fill(&data, size).await;
        let took = start.elapsed();
        println!(
            "fill, {size} entries in bundles of {}: {:.0}/s, {} MiB on disk",
            fill::BUNDLE,
            size as f64 / took.as_secs_f64(),
            on_disk(&data) >> 20
        );
    }

    let directory = DataDirectory::open_read(&data).unwrap();
    let writer = Arc::new(fill::open(&directory).await);
    let scan = scan(&writer, &directory).await;
    println!(
        "full scan, {size} entries opened: {:.1} s; {} KiB of memory at most",
        scan.as_secs_f64(),
        peak_kib()
    );
    for subject in SUBJECTS {
        let (mut times, mut logging) = (Vec::new(), Vec::new());
        for turn in 0..TURNS {
            let start = Instant::now();
            let (lines, logged) = first_page(&writer, &directory, term(subject, turn)).await;
            times.push(start.elapsed());
            logging.push(logged);
            assert!(lines > 0, "{subject}");
        }
        times.sort_unstable();
        logging.sort_unstable();
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        let me = std::env::current_exe().unwrap();
        let cold = std::process::Command::new(me).arg("page").arg(&data).arg(subject).output().unwrap();
        assert!(cold.status.success());
        println!(
            "first page, {subject}: {}, of which {} to log the reading (worst of {TURNS}: {}); full scan is {:.0} x \
             that; a process that begins: {}",
            millis(median),
            millis(logging[logging.len() / 2]),
            millis(worst),
            scan.as_secs_f64() / median.as_secs_f64(),
            String::from_utf8_lossy(&cold.stdout).trim()
        );
    }
    directory.close().await;
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn term(subject: &str, turn: u64) -> Term {
    match subject {
        "patient" => Term::Patient(fill::patient(turn)),
        "user" => Term::User(fill::user(turn)),
        "department" => Term::Department(fill::department(turn)),
        "break-glass" => Term::Emergency,
        _ => Term::NotSucceeded,
    }
}

fn reader(writer: &Arc<AuditWriter>, directory: &DataDirectory) -> LogReader {
    let by = ReadBy {
        user: User::system("privacy-officer", true),
        responsible: None,
        access: AccessMethod::CommandLine,
        source: Source { enterprise_site_id: "linde".into(), source_id: "cli".into(), source_type: 4 },
    };
    let log = writer.log().clone();
    LogReader::new(log, writer.clone(), directory.clock(), Arc::new(SystemRandom), by)
}

/// The newest lines about something: how many, and how long it took to log that they are read.
async fn first_page(writer: &Arc<AuditWriter>, directory: &DataDirectory, term: Term) -> (usize, Duration) {
    let start = Instant::now();
    let question = Question { newest_first: true, ..Question::about(term) };
    let mut reading = reader(writer, directory).ask(&question).await.unwrap();
    let logged = start.elapsed();
    (reading.next(PAGE).await.unwrap().len(), logged)
}

/// Reads and opens every entry.
async fn scan(writer: &Arc<AuditWriter>, directory: &DataDirectory) -> Duration {
    let start = Instant::now();
    let mut reading = reader(writer, directory).ask(&Question::about(Term::All)).await.unwrap();
    while !reading.next(500).await.unwrap().is_empty() {}
    start.elapsed()
}

/// What a process that begins takes, from opening the data directory to the page.
async fn one_page(folder: &Path, subject: &str) {
    let start = Instant::now();
    let directory = DataDirectory::open_read(folder).unwrap();
    let writer = Arc::new(fill::open(&directory).await);
    first_page(&writer, &directory, term(subject, TURNS)).await;
    println!("{}, {} KiB of memory", millis(start.elapsed()), peak_kib());
}

fn on_disk(folder: &Path) -> u64 {
    std::fs::read_dir(folder).unwrap().flatten().fold(0, |sum, entry| {
        let about = entry.metadata().unwrap();
        sum + if about.is_dir() { on_disk(&entry.path()) } else { about.len() }
    })
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
