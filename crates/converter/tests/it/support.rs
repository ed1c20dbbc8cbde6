//! The events of `events/` and how tests look at Bundles.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, ReportLine, convert};

pub(crate) fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

pub(crate) fn options() -> ConvertOptions {
    let profiles = Profiles::load(&events().join("profiles")).unwrap();
    ConvertOptions { profiles, ..ConvertOptions::demonstration() }
}

pub(crate) fn event(start: &str) -> Vec<u8> {
    let mut files = std::fs::read_dir(events()).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(start);
    std::fs::read(files.find(named).unwrap()).unwrap()
}

/// A message of `tests/mapping`.
pub(crate) fn example(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mapping");
    std::fs::read(folder.join(name)).unwrap()
}

pub(crate) fn run(bytes: &[u8]) -> (Value, ReportLine) {
    let options = options();
    let conversion = convert(bytes, &options).unwrap();
    let mut report = conversion.report("test", 0);
    // Nearly all codes here are invented: that they are listed has a test of its own.
    report.warnings.retain(|warning| warning.code != "code-without-mapping");
    (serde_json::from_slice(&conversion.bundle_json()).unwrap(), report)
}

pub(crate) fn of_kind(bundle: &Value, kind: &str) -> Vec<Value> {
    let entries = bundle["entry"].as_array().unwrap();
    let resources = entries.iter().map(|entry| entry["resource"].clone());
    resources.filter(|resource| resource["resourceType"] == kind).collect()
}

/// The text of a document.
pub(crate) fn text_of(document: &Value) -> String {
    let data = document["content"][0]["attachment"]["data"].as_str().unwrap_or_default();
    String::from_utf8(STANDARD.decode(data).unwrap()).unwrap()
}

/// The ranges of a document: place, and the characters that stand there.
pub(crate) fn ranges_of(document: &Value) -> Vec<(String, String)> {
    let text: Vec<char> = text_of(document).chars().collect();
    let extensions =
        document["content"][0]["attachment"]["extension"].as_array().cloned().unwrap_or_default();
    let source = extensions.iter().filter(|one| one["url"] == zorgsluis_converter::SOURCE_RANGE);
    source
        .map(|range| {
            let part = |url: &str| {
                range["extension"].as_array().unwrap().iter().find(|part| part["url"] == url).unwrap().clone()
            };
            let at = |url: &str| usize::try_from(part(url)["valueInteger"].as_u64().unwrap()).unwrap();
            let place = part("place")["valueString"].as_str().unwrap().to_owned();
            (place, text[at("begin")..at("end")].iter().collect())
        })
        .collect()
}

/// How long this thread has worked: on Linux its own time, so that other work on the machine counts for nothing.
pub(crate) fn busy() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    worked(Path::new("/proc/thread-self")).unwrap_or_else(|| START.elapsed())
}

/// How long the threads of this process with this name have worked.
pub(crate) fn busy_named(name: &str) -> Option<Duration> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let named =
        |thread: &PathBuf| std::fs::read_to_string(thread.join("comm")).is_ok_and(|comm| comm.trim() == name);
    threads.filter(named).map(|thread| worked(&thread)).sum()
}

/// The first number of `schedstat` is the time on a processor in nanoseconds (kernel, sched-stats).
fn worked(thread: &Path) -> Option<Duration> {
    let text = std::fs::read_to_string(thread.join("schedstat")).ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}
