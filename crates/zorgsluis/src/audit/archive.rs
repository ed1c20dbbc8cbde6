//! `zorgsluis audit archive`: a period of the log as one file, with proofs, for an auditor.

mod pack;
mod previous;

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::json;
use tlog::{KeyChain, SignedCheckpoint};
use zorgsluis_audit_writer::{AuditError, Excerpt, ExcerptContent, to_audit_event};

use super::progress::Progress;
use super::{Opened, period};
use crate::cli::ArchiveArgs;
use crate::failure::Failure;
use crate::terminal::{Style, count, out};
use pack::Pack;

const README: &str = include_str!("archive/README.md");
const CHECK: &str = include_str!("archive/check_archive.py");

/// How many entries of which kind an archive holds.
#[derive(Default)]
struct Counts {
    entries: u64,
    uncommitted: u64,
    erased: u64,
    outside: u64,
}

/// Runs the command.
pub(super) async fn run(args: &ArchiveArgs) -> Result<(), Failure> {
    let (from, to) = period(&args.period)?;
    if args.output.exists() {
        return Err(Failure::usage(format!("{}: is there already", args.output.display())));
    }
    let opened = Opened::open(&args.log).await?;
    let keys = opened.log.verifying_keys();
    let chain = opened.log.tlog().key_chain(keys).await.map_err(Failure::wrong)?;
    let origin = opened.log.tlog().origin().to_owned();
    let given = args.checkpoint.as_deref().map(|path| previous::checkpoint(path, &origin, &chain));
    let before = args.previous.as_deref().map(|path| previous::state(path, &origin, &chain));
    let (given, previous) = (given.transpose()?, before.transpose()?);
    // The log knows of it before anything is copied out.
    opened.reader.log_export(from, to).await.map_err(Failure::wrong)?;
    opened.cover().await?;
    let standing = opened.log.tlog().checkpoint(keys).await.map_err(Failure::wrong)?;
    let signed = given.or(standing).ok_or_else(|| Failure::wrong("the log has no checkpoint"))?;
    let excerpt = opened.log.excerpt(from, to, signed.checkpoint()).await.map_err(unreadable)?;
    let Some(excerpt) = excerpt else {
        return Err(Failure::wrong("no entry of this period is covered by the checkpoint"));
    };

    // Under another name until it is whole.
    let mut part = args.output.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let file = draft(part)?;
    let whole = Whole { excerpt: &excerpt, signed: &signed, previous: previous.as_ref(), chain: &chain };
    let written = write(&opened, &whole, args, Pack::new(file)).await;
    let counts = match written {
        Ok(counts) => counts,
        Err(failure) => {
            drop(fs::remove_file(part));
            return Err(failure);
        }
    };
    fs::rename(part, &args.output).map_err(|error| Failure::file(&args.output, &error))?;
    tell(args, &excerpt, &signed, &counts);
    drop(excerpt);
    tell_of_others(&opened, from, to).await?;
    opened.close().await
}

fn unreadable(error: AuditError) -> Failure {
    match error {
        AuditError::Unreadable { .. } => Failure::wrong(format!("{error}; see `zorgsluis audit verify`")),
        error => Failure::wrong(error),
    }
}

/// The file as long as it is not whole: new, and for its owner only. One that a process left behind that was cut off
/// is taken away; one that another process is writing is not.
fn draft(part: &Path) -> Result<File, Failure> {
    let failed = |error: std::io::Error| Failure::file(part, &error);
    let new = || OpenOptions::new().write(true).read(true).create_new(true).mode(0o600).open(part);
    let file = match new() {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // Not through a link that somebody laid there.
            let there = fs::symlink_metadata(part).map_err(failed)?;
            if there.is_file() {
                let left = OpenOptions::new().read(true).open(part).map_err(failed)?;
                if left.try_lock().is_err() {
                    let part = part.display();
                    return Err(Failure::wrong(format!("{part}: another process is writing it")));
                }
            }
            fs::remove_file(part).map_err(failed)?;
            new()
        }
        made => made,
    };
    let file = file.map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

/// An archive holds entries of one log: says where else entries of the period stand.
async fn tell_of_others(opened: &Opened, from: Timestamp, to: Timestamp) -> Result<(), Failure> {
    for log in opened.log.earlier() {
        let seal = log.tlog().seal(log.verifying_keys()).await.map_err(Failure::wrong)?;
        let Some(seal) = seal else { continue };
        if log.excerpt(from, to, seal.checkpoint()).await.map_err(unreadable)?.is_some() {
            let name = log.shard();
            say!("zorgsluis: entries of this period stand in the log of {name} too: --organisation {name}");
        }
    }
    Ok(())
}

/// What an archive is made of.
struct Whole<'a> {
    excerpt: &'a Excerpt<'a>,
    signed: &'a SignedCheckpoint,
    previous: Option<&'a SignedCheckpoint>,
    chain: &'a KeyChain,
}

/// Writes the files of the archive, one after the other.
async fn write(
    opened: &Opened,
    whole: &Whole<'_>,
    args: &ArchiveArgs,
    mut pack: Pack,
) -> Result<Counts, Failure> {
    let (log, Whole { excerpt, signed, previous, chain }) = (&opened.log, whole);
    let (range, size) = (excerpt.range(), signed.checkpoint().size);
    pack.file("README.md", README.as_bytes())?;
    pack.file("check_archive.py", CHECK.as_bytes())?;
    // The present key, and those before it; the hand-overs lead from any one to the others.
    pack.file("log.vkey", lines(chain.keys()).as_bytes())?;
    for handover in chain.handovers() {
        let name = format!("handovers/{:08x}", handover.to().id());
        pack.file(&name, handover.signed().to_text().as_bytes())?;
    }
    pack.file("checkpoint", signed.to_text().as_bytes())?;
    for witnessed in log.tlog().witnessed(chain.keys()).await.map_err(Failure::wrong)? {
        let name = format!("witnesses/{:08x}", witnessed.id);
        pack.file(&name, witnessed.signed.to_text().as_bytes())?;
    }
    let base64 = |hashes: &[tlog::Hash]| lines(hashes.iter().map(|hash| STANDARD.encode(hash.0)));
    pack.file("range-proof.txt", base64(&excerpt.proof().await.map_err(Failure::wrong)?).as_bytes())?;
    if let Some(previous) = previous {
        let old = previous.checkpoint().size;
        if old > size {
            return Err(Failure::wrong("the previous checkpoint covers more than this archive's"));
        }
        let proof = log.tlog().consistency(old, size).await.map_err(Failure::wrong)?;
        let (from, to) = (previous.checkpoint().root, signed.checkpoint().root);
        tlog::verify_consistency(old, from, size, to, &proof).map_err(|error| {
            Failure::wrong(format!("the log does not continue the previous checkpoint: {error}"))
        })?;
        pack.file("previous-checkpoint", previous.to_text().as_bytes())?;
        pack.file("consistency-proof.txt", base64(&proof).as_bytes())?;
    }

    pack.begin("leaves.txt")?;
    let mut bundle = excerpt.first_bundle();
    while let Some((leaves, next)) = excerpt.leaves(bundle).await.map_err(unreadable)? {
        for (_, leaf) in leaves {
            pack.line(&STANDARD.encode(leaf))?;
        }
        bundle = next;
    }
    pack.end();
    let progress = Progress::new(2 * (range.end - range.start), "packed", args.log.json);
    let counts = entries(excerpt, &mut pack, &progress).await?;
    audit_events(excerpt, &mut pack, &progress).await?;
    progress.done();

    let manifest = json!({
        "format": "zorgsluis-log-archive/1",
        "log": signed.checkpoint().origin,
        "period": { "from": args.period.from.map(|day| day.to_string()), "to": args.period.to.map(|day| day.to_string()) },
        "range": { "first": range.start, "end": range.end },
        "counts": {
            "entries": counts.entries, "uncommitted": counts.uncommitted,
            "erased": counts.erased, "outside": counts.outside,
        },
        "checkpoint": { "size": size, "root": signed.checkpoint().root.to_string() },
        "previous": previous.map(|previous| previous.checkpoint().size),
        "files": pack.sums().iter().map(|(name, bytes, sum)| json!({
            "name": name, "bytes": bytes, "sha256": sum,
        })).collect::<Vec<_>>(),
    });
    pack.file("manifest.json", format!("{manifest:#}\n").as_bytes())?;
    pack.finish()?;
    Ok(counts)
}

/// What the leaves say.
async fn entries(excerpt: &Excerpt<'_>, pack: &mut Pack, progress: &Progress) -> Result<Counts, Failure> {
    let mut counts = Counts::default();
    pack.begin("entries.ndjson")?;
    let (mut bundle, first) = (excerpt.first_bundle(), excerpt.range().start);
    while let Some((lines, next)) = excerpt.lines(bundle).await.map_err(unreadable)? {
        for line in lines {
            let (index, id) = (line.index, line.id.to_string());
            let told = match line.content {
                ExcerptContent::Entry { disclosure: Some(shown), .. } => {
                    counts.entries += 1;
                    let salt = STANDARD.encode(shown.salt());
                    json!({ "index": index, "id": id, "is": "entry", "salt": salt, "entry": shown.json() })
                }
                ExcerptContent::Entry { entry, disclosure: None } => {
                    counts.uncommitted += 1;
                    let entry = serde_json::to_string(&entry).map_err(Failure::wrong)?;
                    json!({ "index": index, "id": id, "is": "entry-uncommitted", "entry": entry })
                }
                ExcerptContent::Erased => {
                    counts.erased += 1;
                    json!({ "index": index, "id": id, "is": "erased" })
                }
                ExcerptContent::Outside => {
                    counts.outside += 1;
                    json!({ "index": index, "id": id, "is": "outside" })
                }
            };
            pack.line(&told.to_string())?;
        }
        bundle = next;
        progress.at(next.saturating_sub(first));
    }
    pack.end();
    Ok(counts)
}

/// The same as FHIR.
async fn audit_events(excerpt: &Excerpt<'_>, pack: &mut Pack, progress: &Progress) -> Result<(), Failure> {
    pack.begin("audit-events.ndjson")?;
    let range = excerpt.range();
    let mut bundle = excerpt.first_bundle();
    while let Some((lines, next)) = excerpt.lines(bundle).await.map_err(unreadable)? {
        for line in lines {
            if let ExcerptContent::Entry { entry, .. } = line.content {
                pack.line(&to_audit_event(&entry).to_string())?;
            }
        }
        bundle = next;
        progress.at((range.end - range.start) + next.saturating_sub(range.start));
    }
    pack.end();
    Ok(())
}

fn lines(of: impl IntoIterator<Item = impl ToString>) -> String {
    of.into_iter().map(|line| format!("{}\n", line.to_string())).collect()
}

fn tell(args: &ArchiveArgs, excerpt: &Excerpt<'_>, signed: &SignedCheckpoint, counts: &Counts) {
    let (range, size) = (excerpt.range(), signed.checkpoint().size);
    let path = args.output.display();
    if args.log.json {
        let json = json!({
            "archive": path.to_string(), "first": range.start, "end": range.end, "size": size,
            "entries": counts.entries, "uncommitted": counts.uncommitted,
            "erased": counts.erased, "outside": counts.outside,
        });
        out!("{json}");
        return;
    }
    let style = Style::for_stdout();
    let plural = |n: u64| count(usize::try_from(n).unwrap_or(usize::MAX), "entry", "entries");
    out!("{} {} of {size} in the log", style.good(format!("{path}:")), plural(range.end - range.start));
    out!("  told        {}", plural(counts.entries + counts.uncommitted));
    for (what, n) in [("erased", counts.erased), ("outside", counts.outside)] {
        if n > 0 {
            out!("  {what:<11} {}", plural(n));
        }
    }
    out!("  It holds personal data. README.md in it says how to check it, without this program.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_can_be_read_through() {
        for text in [CHECK, README] {
            assert!(text.lines().count() <= 150 && text.lines().all(|line| line.chars().count() <= 120));
        }
    }
}
