//! Converting an ADT^A01 to Bundle JSON on one core, beside `serde_json` writing the same Bundle in the
//! same run: `cargo bench -p zorgsluis-converter`.
//!
//! Machines are noisy, so the measured things take turns and the ratio of each turn counts; the median is
//! printed. A folder as argument (after `--`) is measured as a mix. With `--rounds N` it converts what is named
//! (`a01`, `oru`, or a folder) N times and measures nothing: for callgrind, whose counts are the same however
//! busy the machine is (`tests/bench.sh instructions`).
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
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, rounds, what] = arguments.as_slice()
        && flag == "--rounds"
    {
        let rounds = rounds.parse().unwrap_or_default();
        return rounds_of(rounds, what, &options);
    }
    let folders = arguments;
    let message = messages::A01.as_bytes();
    let bundle = json(message, &options);
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

/// Converts messages a number of times; prints how many there are.
fn rounds_of(rounds: usize, what: &str, options: &ConvertOptions) {
    let files = match what {
        "a01" => vec![messages::A01.as_bytes().to_vec()],
        "oru" => vec![laboratory_report().into_bytes()],
        folder => read(Path::new(folder)),
    };
    let messages: Vec<&[u8]> =
        files.iter().flat_map(|bytes| hl7v2::batch::messages(bytes)).map(|entry| entry.bytes).collect();
    for message in messages.iter().cycle().take(rounds * messages.len()) {
        black_box(json(black_box(message), options));
    }
    println!("{} messages", messages.len());
}

/// An ORU^R01 with thirty results.
fn laboratory_report() -> String {
    let mut report = String::from(
        "MSH|^~\\&|LAB|LINDE|ZIS|LINDE|20260102120000+0100||ORU^R01^ORU_R01|LAB00001|P|2.5.1|||AL|NE|NLD|UNICODE UTF-8\r\
         PID|1||7393670^^^ZIS^PI~999911120^^^NLMINBIZA^NNNLD||van Putten&van&Putten^Anna^^^^^L||19800623|F\r\
         PV1|1|I|C3^312^2^LINDE|||||||||||||||||V20260001^^^ZIS^VN\r\
         ORC|RE|ORD00001^ZIS|LAB00001^LAB||CM||||20260102080000+0100|||01004567^Smit^K^^^dr.^^^VEKTIS\r\
         OBR|1|ORD00001^ZIS|LAB00001^LAB|KC^Klinische chemie^99LAB|||20260102081500+0100|||||||||01004567^Smit^K^^^dr.^^^VEKTIS||||||20260102115500+0100||LAB|F\r",
    );
    for n in 1..=30 {
        report += &format!(
            "OBX|{n}|NM|L{n}^Bepaling {n}^99LAB^2823-3^Potassium^LN||4.{n}|mmol/L^mmol/L^UCUM|3.5-5.1|N|||F|||20260102081500+0100\r"
        );
    }
    report
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
