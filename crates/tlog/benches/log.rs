//! Append, verify and prove against plain SHA-256 of the same bytes, a plain hash chain and `ct-merkle`, in one
//! run; and the memory of it at two sizes of log. `cargo bench -p tlog [-- ENTRIES]`, or `LOG_ENTRIES=10000000`:
//! one million unless told otherwise, some 800 MB a million in the folder for temporary files.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark measures time, prints, and fails by panicking"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use tlog::memory::MemoryIndex;
use tlog::{
    Appender, Created, Describe, DescribeError, Description, EntryId, Etag, IndexKey, Listing, LocalSigner,
    Log, LogPaths, LogStorage, LoggedEntry, NewEntry, Object, Parallel, Publisher, Replaced,
    RewrittenListing, Signer, StorageError, VerifyOptions, sha256, verify,
};

const PAYLOAD: usize = 600;
const BUNDLE: u64 = 1000;
const PROOFS: u64 = 2000;
/// The tree in memory takes 200 bytes an entry.
const MAX_IN_MEMORY: u64 = 2_000_000;
const ORIGIN: &str = "bench.example/log";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, folder, size] = arguments.as_slice()
        && word == "verify"
    {
        return check(&Files::at(folder.into()), size.parse().unwrap());
    }
    // Cargo passes `--bench`.
    #[expect(clippy::disallowed_methods, reason = "how `make bench` tells a benchmark its size")]
    let told = arguments.iter().skip(1).cloned().chain(std::env::var("LOG_ENTRIES"));
    let size: u64 = told.filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let plain = plain_sha256(size);
    hash_chain(size, plain);
    ct_merkle_tree(size.min(MAX_IN_MEMORY), plain);
    for size in [size / 8, size] {
        let folder = tempfile::tempdir().unwrap();
        fill(&Files::at(folder.path().to_owned()), size, plain);
        // In a process of its own, whose peak of memory is the verification's.
        let me = std::env::current_exe().unwrap();
        let child =
            std::process::Command::new(me).arg("verify").arg(folder.path()).arg(size.to_string()).status();
        assert!(child.unwrap().success());
    }
}

/// Nanoseconds an entry for hashing its payload and its leaf, the least that anybody must do.
fn plain_sha256(size: u64) -> f64 {
    let bytes = vec![7_u8; PAYLOAD + 49 + 16];
    let start = Instant::now();
    let mut sum = 0_u64;
    for _ in 0..size {
        sum += u64::from(sha256(std::hint::black_box(&bytes)).0[0]);
    }
    std::hint::black_box(sum);
    let each = start.elapsed().as_nanos() as f64 / size as f64;
    println!("plain SHA-256 of {} bytes: {:.0}/s", bytes.len(), 1e9 / each);
    each
}

/// What a log without a tree costs: each entry's hash covers the one before.
fn hash_chain(size: u64, plain: f64) {
    let mut bytes = vec![7_u8; PAYLOAD + 49 + 16 + 32];
    let start = Instant::now();
    for _ in 0..size {
        let hash = sha256(std::hint::black_box(&bytes)).0;
        bytes[..32].copy_from_slice(&hash);
    }
    std::hint::black_box(&bytes);
    report("hash chain", size, start.elapsed().as_nanos() as f64, plain);
}

/// The same leaves in a tree of `ct-merkle`, which keeps all of it in memory and nothing on disk.
fn ct_merkle_tree(size: u64, plain: f64) {
    let mut tree = ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    let payload = vec![7_u8; PAYLOAD];
    let start = Instant::now();
    for number in 0..size {
        let mut leaf = vec![1; 65];
        leaf[1..9].copy_from_slice(&number.to_be_bytes());
        leaf[17..49].copy_from_slice(&sha256(std::hint::black_box(&payload)).0);
        tree.push(leaf);
    }
    std::hint::black_box(tree.root());
    report("ct-merkle, append", size, start.elapsed().as_nanos() as f64, plain);
    let start = Instant::now();
    for number in places(size) {
        std::hint::black_box(tree.prove_inclusion(number as usize));
    }
    let each = start.elapsed().as_nanos() as f64 / PROOFS as f64;
    println!(
        "ct-merkle, {size} entries: {:.1} µs a proof, {} KiB of memory at most",
        each / 1000.0,
        peak_kib()
    );
}

/// Places spread over a log.
fn places(size: u64) -> impl Iterator<Item = u64> {
    (0..PROOFS).map(move |number| number * 7919 * 104_729 % size)
}

/// Proves entries here and there; each proof is verified before it is given out.
fn prove(log: &Log, keys: &[tlog::VerifyingKey], size: u64) {
    let start = Instant::now();
    for index in places(size) {
        let place = tlog::Place { index, bundle: index / BUNDLE * BUNDLE };
        std::hint::black_box(run(log.prove(place, keys)).unwrap());
    }
    let each = start.elapsed().as_nanos() as f64 / PROOFS as f64;
    println!(
        "prove, {size} entries: {:.0} µs a proof, with the reading of its bundle and tiles",
        each / 1000.0
    );
}

fn fill(files: &Files, size: u64, plain: f64) {
    let log = log_on(files);
    let mut publisher = Publisher::new(log.clone(), signer(), Vec::new());
    run(publisher.publish()).unwrap();
    let mut appender = Appender::new(log, Arc::new(MemoryIndex::new()), Arc::new(Nothing), *b"writer 1");
    let mut spent = 0.0;
    for first in (0..size).step_by(BUNDLE as usize) {
        let payloads: Vec<Bytes> =
            (first..first + BUNDLE).map(|number| Bytes::from(vec![number as u8; PAYLOAD])).collect();
        let start = Instant::now();
        let entries: Vec<NewEntry> = payloads.into_iter().zip(first..).map(|(p, n)| entry(n, p)).collect();
        run(appender.append(&entries)).unwrap();
        spent += start.elapsed().as_nanos() as f64;
    }
    report("append", size, spent, plain);
    let start = Instant::now();
    run(publisher.publish()).unwrap();
    report("tiles and checkpoint", size, start.elapsed().as_nanos() as f64, plain);
}

/// Verifies, and tells the peak of memory of this process.
fn check(files: &Files, size: u64) {
    let plain = plain_sha256(size);
    let keys = [signer().verifying_key().clone()];
    let log = log_on(files);
    let start = Instant::now();
    let result = run(verify(&log, &VerifyOptions::new(&keys))).unwrap();
    let spent = start.elapsed().as_nanos() as f64;
    assert!(result.is_clean() && result.size == size, "{:?}", result.findings);
    report("verify, one job", size, spent, plain);
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let parallel = Parallel::new(jobs, |work| drop(std::thread::spawn(move || run(work))));
    let options = VerifyOptions { parallel: Some(&parallel), ..VerifyOptions::new(&keys) };
    let start = Instant::now();
    assert_eq!(run(verify(&log, &options)).unwrap(), result);
    report(&format!("verify, {jobs} jobs"), size, start.elapsed().as_nanos() as f64, plain);
    prove(&log, &keys, size);
    println!("verify and prove, {size} entries: {} KiB of memory at most", peak_kib());
}

fn report(what: &str, size: u64, nanos: f64, plain: f64) {
    let each = nanos / size as f64;
    println!("{what}, {size} entries: {:.0} entries/s, {:.2} x plain SHA-256", 1e9 / each, each / plain);
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn entry(number: u64, payload: Bytes) -> NewEntry {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    let key = IndexKey { key: format!("p{}", number % 1000), at: number as i64 };
    NewEntry::new(EntryId(id), payload, &[1; 16], vec![key]).unwrap()
}

fn signer() -> Arc<LocalSigner> {
    Arc::new(LocalSigner::from_seed(ORIGIN, &[1; 32]).unwrap())
}

fn log_on(files: &Files) -> Log {
    Log::new(Arc::new(files.clone()), LogPaths::new("bench").unwrap(), ORIGIN)
}

fn run<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
        // Somebody else is at work.
        std::thread::yield_now();
    }
}

struct Nothing;

#[async_trait]
impl Describe for Nothing {
    async fn describe(&self, entries: &[LoggedEntry]) -> Result<Vec<Description>, DescribeError> {
        Ok(vec![Description::Erased(Vec::new()); entries.len()])
    }
}

/// Files without `fsync`: the benchmark is of the log, not of the disk.
#[derive(Clone)]
struct Files {
    root: PathBuf,
}

impl Files {
    fn at(root: PathBuf) -> Self {
        Self { root }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    fn write(&self, key: &str, bytes: &[u8]) {
        let path = self.path(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

#[async_trait]
impl LogStorage for Files {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Created, StorageError> {
        if self.path(key).exists() {
            return Ok(Created::AlreadyExists);
        }
        self.write(key, bytes);
        Ok(Created::New)
    }

    async fn get(&self, key: &str, _limit: usize) -> Result<Option<Object>, StorageError> {
        let Ok(bytes) = std::fs::read(self.path(key)) else { return Ok(None) };
        Ok(Some(Object { bytes: bytes.into(), etag: Etag(String::new()) }))
    }

    async fn replace_if(&self, key: &str, bytes: &[u8], _: Option<&Etag>) -> Result<Replaced, StorageError> {
        self.write(key, bytes);
        Ok(Replaced::Done)
    }

    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError> {
        self.write(key, bytes);
        Ok(())
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, StorageError> {
        let mut folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        folder.push('/');
        let mut keys = Vec::new();
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            let Ok(found) = std::fs::read_dir(self.path(&folder)) else { continue };
            for item in found.map(Result::unwrap) {
                let key = format!("{folder}{}", item.file_name().to_str().unwrap());
                if item.file_type().unwrap().is_dir() {
                    folders.push(format!("{key}/"));
                } else if key.starts_with(prefix) && after.is_none_or(|after| *key > *after) {
                    keys.push(key);
                }
            }
        }
        keys.sort_unstable();
        let more = keys.len() > limit;
        keys.truncate(limit);
        Ok(Listing { keys, more })
    }

    async fn rewritten(
        &self,
        _: &str,
        _: Option<&str>,
        _: usize,
    ) -> Result<Option<RewrittenListing>, StorageError> {
        Ok(None)
    }
}
