//! Log files of CloudTrail.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::event::{Event, event};

/// The most bytes of a file, unpacked. CloudTrail delivers files of some megabytes.
const LONGEST: u64 = 512 << 20;

/// A file that is not what CloudTrail delivers: which, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct FileError {
    /// Its name.
    pub file: String,
    /// What is wrong, and where: the number of the record, or line and column. No value of it.
    pub reason: String,
}

/// Reads a file: gzipped, or as it was unpacked. Events that have nothing to do with the stores are left out.
///
/// # Errors
///
/// When it is cut off or damaged, or holds no records: what it told would be missing, and be taken for differences.
pub fn read(file: &str, bytes: &[u8]) -> Result<Vec<Event>, FileError> {
    let wrong = |reason: String| FileError { file: file.to_owned(), reason };
    let mut unpacked = Vec::new();
    let json: &[u8] = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut within = MultiGzDecoder::new(bytes).take(LONGEST.saturating_add(1));
        let read = within.read_to_end(&mut unpacked);
        read.map_err(|error| wrong(format!("the gzip is damaged or cut off ({})", error.kind())))?;
        if u64::try_from(unpacked.len()).unwrap_or(u64::MAX) > LONGEST {
            return Err(wrong(format!("unpacked it has more than {LONGEST} bytes")));
        }
        &unpacked
    } else {
        bytes
    };
    let root: Value = serde_json::from_slice(json)
        .map_err(|error| wrong(format!("no JSON at line {} column {}", error.line(), error.column())))?;
    let records = root.get("Records").and_then(Value::as_array);
    let records = records.ok_or_else(|| wrong(String::from("has no list \"Records\", as log files have")))?;
    let mut events = Vec::new();
    for (number, record) in (1_usize..).zip(records) {
        let damaged = |field: &str| wrong(format!("record {number}: {field} is missing or is none"));
        events.extend(event(record).map_err(damaged)?);
    }
    Ok(events)
}
