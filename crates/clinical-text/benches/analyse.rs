//! Analysis of notes against the least that anybody must do with the same bytes (check the UTF-8, fold the case,
//! split at blanks), in one run; the time to load, and the memory. `cargo bench -p zorgsluis-clinical-text`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark measures time, prints, and fails by panicking"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use zorgsluis_clinical_text::{Recogniser, language};

const NOTES: [(&str, &str); 2] = [
    ("Dutch", include_str!("../tests/evaluation/nl-tuning.txt")),
    ("English", include_str!("../tests/evaluation/en-tuning.txt")),
];
const TIME: Duration = Duration::from_secs(3);

fn main() {
    let before = resident_kib();
    let start = Instant::now();
    let recogniser = Recogniser::embedded().unwrap();
    // The triggers and word lists are read when first used.
    black_box(recogniser.read("Geen koorts.", None));
    black_box(recogniser.read("No fever.", None));
    let loaded = start.elapsed();
    println!(
        "load: {:.1} ms, vocabulary {:.1} MB in the binary, {} KiB of memory more",
        loaded.as_secs_f64() * 1e3,
        recogniser.vocabulary_size() as f64 / 1e6,
        resident_kib().saturating_sub(before)
    );
    for (name, file) in NOTES {
        let notes = notes(file);
        let bytes: usize = notes.iter().map(String::len).sum();
        let plain = measure(&notes, plain);
        let detect = measure(&notes, |note| usize::from(language::detect(note).is_some()));
        let each = measure(&notes, |note| recogniser.read(note, None).entities.len());
        let rate = |seconds: f64| bytes as f64 / seconds / 1e6;
        println!(
            "{name}: {} notes of {} bytes on average, one core: analyse {:.2} MB/s, {:.0} notes/s, {:.1} x the plain pass \
             ({:.1} MB/s); language only {:.1} MB/s",
            notes.len(),
            bytes / notes.len(),
            rate(each),
            notes.len() as f64 / each,
            each / plain,
            rate(plain),
            rate(detect),
        );
    }
    let note: String = notes(NOTES[0].1).concat();
    let long = note.repeat((1 << 20) / note.len() + 1);
    let before = peak_kib();
    let start = Instant::now();
    let found = recogniser.read(&long, None).entities.len();
    println!(
        "one note of {:.1} MB: {:.0} ms, {found} entities, {} KiB of memory more at most",
        long.len() as f64 / 1e6,
        start.elapsed().as_secs_f64() * 1e3,
        peak_kib().saturating_sub(before)
    );
}

/// Seconds for one pass over all notes.
fn measure(notes: &[String], work: impl Fn(&str) -> usize) -> f64 {
    let mut passes = 0_u32;
    let start = Instant::now();
    while start.elapsed() < TIME {
        let sum: usize = notes.iter().map(|note| work(note)).sum();
        black_box(sum);
        passes += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(passes)
}

fn plain(note: &str) -> usize {
    let text = std::str::from_utf8(black_box(note.as_bytes())).unwrap();
    text.split_whitespace().map(|word| black_box(word.to_lowercase()).len()).sum()
}

/// The notes of the evaluation without their marks.
fn notes(file: &str) -> Vec<String> {
    let body: Vec<&str> = file.lines().filter(|line| !line.starts_with('#')).collect();
    let body = body.join("\n");
    let clean = |note: &str| {
        let text = note.split_once('\n').map_or("", |(_, text)| text);
        text.split('{')
            .map(|part| match part.split_once('}') {
                Some((mark, rest)) => format!("{}{rest}", mark.split('|').next().unwrap_or_default()),
                None => part.to_owned(),
            })
            .collect::<String>()
    };
    body.split("=== ").skip(1).map(clean).collect()
}

fn resident_kib() -> u64 {
    status("VmRSS:")
}

fn peak_kib() -> u64 {
    status("VmHWM:")
}

fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
