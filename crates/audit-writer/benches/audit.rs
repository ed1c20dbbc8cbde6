//! The whole way of an entry, in memory: JSON, AES-256-GCM, leaf, bundle, index; then tiles and checkpoint,
//! and the verification that opens every payload. Against plain SHA-256 of the same JSON, in one run.
//! `cargo bench -p zorgsluis-audit-writer [-- ENTRIES]`

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and fails by panicking")]

#[path = "../tests/it/support.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod support;

use std::time::Instant;

use support::{ANNA, World, entry};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::port::AuditSink;

const BATCH: u64 = 500;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let size: u64 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(50_000);
    let entries: Vec<AuditEntry> =
        (0..size).map(|number| entry(number, (number % 5 > 0).then_some(ANNA))).collect();

    let json: Vec<Vec<u8>> = entries.iter().map(|entry| serde_json::to_vec(entry).unwrap()).collect();
    let start = Instant::now();
    for bytes in &json {
        std::hint::black_box(tlog::sha256(bytes));
    }
    let plain = start.elapsed().as_nanos() as f64 / size as f64;
    let bytes = json.iter().map(Vec::len).sum::<usize>() as u64 / size;
    println!("plain SHA-256 of an entry's JSON ({bytes} bytes): {:.0}/s", 1e9 / plain);
    let report = |what: &str, start: Instant| {
        let each = start.elapsed().as_nanos() as f64 / size as f64;
        println!("{what}: {:.0} entries/s, {:.1} x plain SHA-256", 1e9 / each, each / plain);
    };

    let world = World::new();
    let writer = world.writer().await;
    let start = Instant::now();
    for batch in entries.chunks(BATCH as usize) {
        writer.record(batch).await.unwrap();
    }
    report("audit append, batches of 500", start);
    let start = Instant::now();
    writer.checkpoint().await.unwrap();
    report("audit checkpoint", start);
    let start = Instant::now();
    let verified = world.verify().await;
    assert!(verified.is_clean() && verified.size == size);
    report("audit verify, with every payload opened and the index compared", start);
}
