//! Converting an ADT^A01 to Bundle JSON on one core, beside `serde_json` writing the same Bundle in the
//! same run: `cargo bench -p zorgsluis-converter`.
//!
//! Machines are noisy, so the measured things take turns and the ratio of each turn counts; the median is
//! printed. A folder as argument (after `--`) is measured as a mix. With `--count-instructions` it converts
//! a hundred times, or each message of the folder once, and measures nothing: for callgrind, whose counts are the same on every machine, however busy.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zorgsluis_converter::{ConvertOptions, convert};

#[path = "../tests/it/messages.rs"]
#[expect(dead_code, reason = "the benchmark uses one of the messages that the tests share")]
mod messages;

fn per_second(count: u32, elapsed: Duration) -> f64 {
    f64::from(count) / elapsed.as_secs_f64()
}

fn time(count: u32, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        run();
    }
    per_second(count, start.elapsed())
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or_default()
}

fn json(message: &[u8], options: &ConvertOptions) -> Vec<u8> {
    convert(message, options).map(|conversion| conversion.bundle_json()).unwrap_or_default()
}

fn main() {
    let options = ConvertOptions::demonstration();
    let message = messages::A01.as_bytes();
    let bundle = json(message, &options);
    let folders: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if std::env::args().any(|arg| arg == "--count-instructions") {
        let files: Vec<Vec<u8>> = folders.iter().flat_map(|folder| read(Path::new(folder))).collect();
        let mut messages: Vec<&[u8]> =
            files.iter().flat_map(|bytes| hl7v2::batch::messages(bytes)).map(|entry| entry.bytes).collect();
        if folders.is_empty() {
            messages = vec![message; 100];
        }
        for message in messages {
            black_box(json(black_box(message), &options));
        }
        return;
    }
    let value: serde_json::Value = serde_json::from_slice(&bundle).unwrap_or_default();
    let count = 3_000;
    let (mut ours, mut serde, mut ratios) = (vec![], vec![], vec![]);
    for _ in 0..15 {
        let a = time(count, || {
            black_box(json(black_box(message), &options));
        });
        let b = time(count, || {
            black_box(serde_json::to_vec(black_box(&value)).unwrap_or_default());
        });
        ours.push(a);
        serde.push(b);
        ratios.push(b / a);
    }
    println!(
        "ADT^A01 of {} bytes to a Bundle of {} bytes, one core, messages a second (median of turns)",
        message.len(),
        bundle.len()
    );
    println!("  convert to Bundle JSON            {:>9.0} (to reach: 50000)", median(ours));
    println!("  serde_json, write the same Bundle {:>9.0}", median(serde));
    println!("  ratio of time                     {:>9.1} (at most: 5)", median(ratios));
    for folder in folders {
        mix(Path::new(&folder), &options);
    }
}

/// All messages of a folder, one after the other.
fn mix(folder: &Path, options: &ConvertOptions) {
    let bytes = read(folder);
    let messages: Vec<&[u8]> =
        bytes.iter().flat_map(|bytes| hl7v2::batch::messages(bytes).map(|entry| entry.bytes)).collect();
    let converted: Vec<&[u8]> =
        messages.iter().copied().filter(|message| convert(message, options).is_ok()).collect();
    let count = u32::try_from(converted.len()).unwrap_or(u32::MAX);
    let rates = (0..15)
        .map(|_| {
            time(20, || {
                for message in &converted {
                    black_box(json(message, options));
                }
            }) * f64::from(count)
        })
        .collect();
    println!("mix of {count} messages ({} refused)", messages.len() - converted.len());
    println!("  convert to Bundle JSON            {:>9.0} (to reach: 20000)", median(rates));
}

fn read(folder: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.iter().filter_map(|file| std::fs::read(file).ok()).collect()
}

fn collect(folder: &Path, to: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, to);
        } else if path.extension().is_some_and(|extension| extension == "hl7") {
            to.push(path);
        }
    }
}
