//! `zorgsluis audit reconcile --cloudtrail`: what CloudTrail wrote down, compared with the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tlog::LogStorage;
use zorgsluis_audit_writer::Content;
use zorgsluis_cloudtrail::{Comparison, Roles, read};
use zorgsluis_domain::port::{NoticeRegister, PageRequest};
use zorgsluis_domain::reconciliation::Area;

use super::progress::Progress;
use super::reconcile::Teller;
use super::{Opened, period};
use crate::aws;
use crate::cli::ReconcileArgs;
use crate::failure::Failure;

/// What CloudTrail can tell of. Registers are tables, whose ordinary use it does not write down.
const SEEN: [Area; 4] = [Area::Writes, Area::Reads, Area::Mails, Area::Messages];
/// How much older than what it speaks of an entry may be: a message waits in a queue, or as a dead letter.
const BEFORE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Bytes of a file in S3 at most, as it is packed.
const LONGEST: usize = 256 << 20;
/// Objects of one listing.
const PAGE: usize = 1000;

/// Runs the command.
pub(super) async fn run(args: &ReconcileArgs, place: &str) -> Result<(), Failure> {
    let (from, to) = period(&args.period)?;
    let opened = Opened::open(&args.log).await?;
    let mut comparison = Comparison::new(Roles::of(&args.roles)).within(from, to);
    // What CloudTrail wrote down first: an entry comes before what it speaks of.
    let files = match place.strip_prefix("s3://") {
        Some(place) => from_bucket(place, (from, to), &mut comparison).await?,
        None => from_folder(Path::new(place), &mut comparison)?,
    };
    if files == 0 {
        return Err(Failure::wrong(format!("{place}: there is no log file of CloudTrail of this period")));
    }
    notices(&opened, &mut comparison).await?;
    let entries = opened.log.entries_in_all().await.unwrap_or_default();
    let bar = Progress::new(entries, "read", args.log.json);
    let since = (from > Timestamp::UNIX_EPOCH).then(|| from.saturating_sub(BEFORE).unwrap_or(Timestamp::MIN));
    let damaged = |error| Failure::wrong(format!("{error}; see `zorgsluis audit verify`"));
    let mut walk = opened.reader.walk(since).await.map_err(damaged)?;
    while let Some(lines) = walk.next().await.map_err(damaged)? {
        for line in lines {
            bar.at(line.index);
            if let Content::Entry(entry) = &line.content {
                comparison.entry(line.id, entry);
            }
        }
    }
    bar.done();
    let mut teller = Teller::new(args.log.json, &SEEN);
    let tally = comparison.compare(|found| teller.tell(&found));
    teller.conclude(&tally);
    opened.close().await?;
    if tally.differences == 0 { Ok(()) } else { Err(Failure::named()) }
}

/// Whether this is a log file, and neither a digest nor an insight.
fn is_log_file(name: &str) -> bool {
    let apart =
        ["/CloudTrail-Digest/", "/CloudTrail-Insight/", "_CloudTrail-Digest_", "_CloudTrail-Insight_"];
    (name.ends_with(".json.gz") || name.ends_with(".json")) && !apart.iter().any(|part| name.contains(part))
}

fn take(name: &str, bytes: &[u8], comparison: &mut Comparison) -> Result<(), Failure> {
    comparison.events(read(name, bytes).map_err(Failure::wrong)?);
    Ok(())
}

/// All files below a folder, as `aws s3 sync` brings them.
fn from_folder(folder: &Path, comparison: &mut Comparison) -> Result<usize, Failure> {
    let trouble = |path: &Path, error: &std::io::Error| Failure::file(path, error);
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::<PathBuf>::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| trouble(&folder, &error))? {
            let path = entry.map_err(|error| trouble(&folder, &error))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().is_some_and(is_log_file) {
                files.push(path);
            }
        }
    }
    files.sort();
    for path in &files {
        let bytes = std::fs::read(path).map_err(|error| trouble(path, &error))?;
        take(&path.display().to_string(), &bytes, comparison)?;
    }
    Ok(files.len())
}

/// The files of a bucket, of the days of the period and one before and behind: their keys name the day.
async fn from_bucket(
    place: &str,
    (from, to): (Timestamp, Timestamp),
    comparison: &mut Comparison,
) -> Result<usize, Failure> {
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let storage: Arc<dyn LogStorage> = aws::objects(bucket).await?;
    let (mut after, mut files): (Option<String>, usize) = (None, 0);
    loop {
        let page = storage.list(prefix, after.as_deref(), PAGE).await.map_err(Failure::wrong)?;
        for key in page.keys.iter().filter(|key| is_log_file(key) && is_of(key, from, to)) {
            let object = storage.get(key, LONGEST).await.map_err(Failure::wrong)?;
            if let Some(object) = object {
                take(&format!("s3://{bucket}/{key}"), &object.bytes, comparison)?;
                files += 1;
            }
        }
        match page.keys.last() {
            Some(last) if page.more => after = Some(last.clone()),
            _ => return Ok(files),
        }
    }
}

/// Whether the day that a key names (`…/2026/11/02/…`) is of the period; one that names none is.
fn is_of(key: &str, from: Timestamp, to: Timestamp) -> bool {
    let parts: Vec<&str> = key.split('/').collect();
    let day = parts.windows(3).find_map(|three| match three {
        [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2 => {
            Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
        }
        _ => None,
    });
    let day_of = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    day.is_none_or(|day| {
        day >= day_of(from).yesterday().unwrap_or(Date::MIN)
            && day <= day_of(to).tomorrow().unwrap_or(Date::MAX)
    })
}

/// Under which id SES took which notice.
async fn notices(opened: &Opened, comparison: &mut Comparison) -> Result<(), Failure> {
    let register: Arc<dyn NoticeRegister> = match &opened.local {
        Some((directory, _)) => Arc::new(directory.notice_register()),
        None => aws::notices().await?,
    };
    let mut page = PageRequest::first(1000);
    loop {
        let notices = register.list(None, &page).await.map_err(Failure::wrong)?;
        for notice in notices.items {
            if let Some(receipt) = &notice.receipt {
                comparison.notice(notice.id.0, receipt);
            }
        }
        match notices.next {
            Some(next) => page.after = Some(next),
            None => return Ok(()),
        }
    }
}
