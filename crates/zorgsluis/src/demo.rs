//! `zorgsluis demo`: everything in one process, and each sample message's way before your eyes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use zorgsluis_clinical_text::Recogniser;
use zorgsluis_converter::profile::Profiles;
use zorgsluis_domain::notice::NoticeOutcome;
use zorgsluis_domain::port::{Journal, PageRequest};
use zorgsluis_domain::{Stage, Way};

use crate::cli::{DEFAULT_HTTP, DEFAULT_MLLP, DemoArgs};
use crate::convert::source::by_number;
use crate::failure::Failure;
use crate::mail;
use crate::marked::marked;
use crate::notes;
use crate::registers::fill_providers;
use crate::send::{Client, complaints};
use crate::serve::{End, print_addresses};
use crate::system::{Config, MailConfig, System, organisation, ratio};
use crate::terminal::{Style, count, out, out_part};
use crate::way;

/// No message takes longer than this here.
const PATIENCE: Duration = Duration::from_secs(60);

/// The file that tells a data directory of the demo from others.
const MARKER: &str = "demo";
const MARKED: &str =
    "Made by `zorgsluis demo`: invented people, and certificates whose private keys are published.\n";

/// Runs the command.
pub(crate) async fn run(args: &DemoArgs) -> Result<(), Failure> {
    let style = Style::for_stdout();
    let events = events(&args.events)?;
    let profiles = args.events.join("profiles");
    let profiles = if profiles.is_dir() {
        Profiles::load(&profiles).map_err(Failure::usage)?
    } else {
        Profiles::builtin()
    };
    let temporary = match &args.data {
        Some(_) => None,
        None => Some(tempfile::tempdir().map_err(Failure::wrong)?),
    };
    let data = match (&args.data, &temporary) {
        (Some(data), _) => data.clone(),
        (None, Some(folder)) => folder.path().join("data"),
        (None, None) => return Err(Failure::wrong("no folder for the data")),
    };
    let new = claim(&data)?;
    let directory = fill_providers(&data, &args.events).await?;
    let system = System::start(Config {
        data: data.clone(),
        mllp: address(args.once, DEFAULT_MLLP).await?,
        http: address(args.once, DEFAULT_HTTP).await?,
        mllp_tls: None,
        mllp_health: None,
        mail: MailConfig { name: Some(String::from("Ziekenhuis De Linde")), ..MailConfig::outbox() },
        profiles,
        organisation: organisation(&data, None)?,
        tombstones: None,
        reconcile_every: None,
        witnesses: Vec::new(),
    })
    .await?;
    if new {
        let marker = data.join(MARKER);
        std::fs::write(&marker, MARKED).map_err(|error| Failure::file(&marker, &error))?;
    }

    out!("{}", style.bold("Zorgsluis: HL7 v2 in, FHIR R4 out, and a log that nobody can quietly change"));
    out!(
        "{} from {}, over MLLP to {}",
        count(events.len(), "message", "messages"),
        args.events.display(),
        system.mllp
    );
    if let Some(report) = directory {
        let known = report.created + report.changed + report.unchanged;
        out!(
            "{} in the directory of who may be told, from providers.csv",
            count(known, "provider", "providers")
        );
    }
    let stage = Stagecraft {
        recogniser: Recogniser::embedded().map_err(Failure::wrong)?,
        outbox: data.join("outbox"),
        keys: args.events.join("certificates"),
        style,
    };
    let mut client = Client::connect(system.mllp).await?;
    for event in &events {
        show(&system, &mut client, event, &stage).await?;
    }
    let clean = conclude(&system, style).await?;
    if args.once {
        system.stop().await?;
    } else {
        let mut end = End::listen()?;
        out!("\n{}", style.bold("It goes on serving; Ctrl-C ends it."));
        print_addresses(&system, style);
        out!("  {} {}", style.dim("data    "), data.display());
        end.wait().await;
        system.stop().await?;
    }
    drop(temporary);
    if clean { Ok(()) } else { Err(Failure::wrong("the log does not verify, or is not complete")) }
}

/// Whether the directory is new, for the demo to make its own. One that holds another's data is refused: the
/// demo's providers, whose private keys everybody has, would come over real ones with the same numbers.
fn claim(data: &Path) -> Result<bool, Failure> {
    if data.join(MARKER).is_file() {
        return Ok(false);
    }
    let empty = match std::fs::read_dir(data) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(Failure::file(data, &error)),
    };
    if empty {
        return Ok(true);
    }
    Err(Failure::usage(format!(
        "--data {}: holds data that the demo did not make, and the demo brings invented providers whose keys are \
         published: name a new directory",
        data.display()
    )))
}

/// The usual address, or a free port when it is taken (or when nobody will want to know it).
async fn address(any: bool, usual: &str) -> Result<std::net::SocketAddr, Failure> {
    let usual: std::net::SocketAddr = usual.parse().map_err(Failure::wrong)?;
    let free = !any && TcpListener::bind(usual).await.is_ok();
    Ok(std::net::SocketAddr::new(usual.ip(), if free { usual.port() } else { 0 }))
}

fn events(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "hl7"))
        .collect();
    files.sort_by_cached_key(|path| by_number(path));
    if files.is_empty() {
        return Err(Failure::usage(format!("{}: no .hl7 file in it", folder.display())));
    }
    Ok(files)
}

/// What the demo needs to show what a message holds: its people are invented.
struct Stagecraft {
    recogniser: Recogniser,
    outbox: PathBuf,
    keys: PathBuf,
    style: Style,
}

impl Stagecraft {
    /// What stands behind a stage: the notes with what was found in them, the mails.
    fn behind(&self, event: &Path, stage: &Stage) -> String {
        match stage {
            Stage::Enriched { .. } => notes::of_event(event)
                .iter()
                .map(|note| {
                    let analysis = self.recogniser.read(&note.text, None);
                    quoted(&marked(&note.text, &analysis, self.style), self.style)
                })
                .collect(),
            Stage::Notified { notices, .. } => notices
                .iter()
                .filter(|step| step.outcome == NoticeOutcome::Sent)
                .filter_map(|step| step.notice)
                .map(|notice| mail::show(&self.outbox.join(format!("{notice}.eml")), &self.keys, self.style))
                .collect(),
            _ => String::new(),
        }
    }
}

/// A text behind a line, indented.
fn quoted(text: &str, style: Style) -> String {
    text.lines().map(|line| format!("  {:<9} {} {line}\n", "", style.dim("│"))).collect()
}

async fn show(system: &System, client: &mut Client, event: &Path, stage: &Stagecraft) -> Result<(), Failure> {
    let style = stage.style;
    let bytes = std::fs::read(event).map_err(|error| Failure::file(event, &error))?;
    let name = event.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let seen = steps_so_far(&*system.journal).await?;
    let answer =
        client.exchange(&bytes).await.map_err(|reason| Failure::wrong(format!("{name}: {reason}")))?;
    let code = if answer.code.is_accepted() { style.good(answer.code) } else { style.bad(answer.code) };
    out!("\n{code}  {}", style.bold(name));
    if !answer.code.is_accepted() {
        out!("  {} {}", style.dim(format!("{:<9}", "refused")), complaints(&answer));
    }
    tokio::time::timeout(PATIENCE, system.settle())
        .await
        .map_err(|_| Failure::wrong("the queue does not empty"))??;
    for way in steps_since(&*system.journal, &seen).await? {
        out_part!("{}", way::render(&way, style, |step| stage.behind(event, step)));
    }
    Ok(())
}

/// How many steps each message's way has.
type Seen = std::collections::HashMap<zorgsluis_domain::MessageId, usize>;

async fn all_ways(journal: &dyn Journal) -> Result<Vec<Way>, Failure> {
    Ok(journal.latest(&PageRequest::first(200)).await.map_err(Failure::wrong)?.items)
}

async fn steps_so_far(journal: &dyn Journal) -> Result<Seen, Failure> {
    Ok(all_ways(journal).await?.into_iter().map(|way| (way.message, way.steps.len())).collect())
}

/// What was added to the ways since then.
async fn steps_since(journal: &dyn Journal, seen: &Seen) -> Result<Vec<Way>, Failure> {
    let mut added = all_ways(journal).await?;
    for way in &mut added {
        let known = seen.get(&way.message).copied().unwrap_or(0).min(way.steps.len());
        way.steps.drain(..known);
    }
    added.retain(|way| !way.steps.is_empty());
    added.sort_by_key(|way| way.steps.first().map_or(Timestamp::MAX, |step| step.at));
    Ok(added)
}

/// Verifies the log and compares it with the stores, and says so.
async fn conclude(system: &System, style: Style) -> Result<bool, Failure> {
    let report = system.verify().await?;
    out!();
    if report.is_clean() {
        out!(
            "{} {} in {}, recomputed from the first; the root is {}",
            style.good("The log verifies:"),
            count(usize::try_from(report.size).unwrap_or(usize::MAX), "entry", "entries"),
            count(usize::try_from(report.bundles).unwrap_or(usize::MAX), "bundle", "bundles"),
            report.root
        );
    } else {
        out!("{}", style.bad("The log does not verify:"));
        for finding in &report.findings {
            out!("  {finding}");
        }
    }
    let tally = system
        .reconcile(|found| {
            if found.difference {
                out!("  {} {}: {}", found.area.name(), found.kind, found.at);
            }
        })
        .await?;
    let (all, complete) = (ratio(tally.all()), tally.differences == 0);
    if complete {
        out!("{} {all} of what was done has its entry", style.good("The log is complete:"));
    } else {
        out!("{} {all}", style.bad("The log is not complete:"));
    }
    Ok(report.is_clean() && complete)
}

#[cfg(test)]
mod tests {
    use zorgsluis_domain::port::{PageRequest, ProviderDirectory as _};

    use super::{DemoArgs, claim, run};

    #[tokio::test(flavor = "multi_thread")]
    async fn the_demo_leaves_the_data_of_others_alone() {
        let folder = tempfile::tempdir().unwrap();
        let theirs = folder.path().join("theirs");
        zorgsluis_embedded::DataDirectory::open(&theirs).unwrap().close().await;
        let events = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events").into();
        let refused = run(&DemoArgs { once: true, data: Some(theirs.clone()), events }).await.unwrap_err();
        assert!(format!("{refused:?}").contains("status: 2"), "{refused:?}");
        let held = zorgsluis_embedded::DataDirectory::open(&theirs).unwrap();
        let providers = held.provider_directory();
        assert!(providers.list(&PageRequest::first(1)).await.unwrap().items.is_empty());
        held.close().await;
        // A folder that is not there yet, or empty, is its own; so is one that it made.
        assert!(claim(&folder.path().join("new")).unwrap());
        std::fs::create_dir(folder.path().join("empty")).unwrap();
        assert!(claim(&folder.path().join("empty")).unwrap());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_demo_goes_on_with_its_own_data() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let events = folder.path().join("events");
        std::fs::create_dir(&events).unwrap();
        let message = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");
        let mut found: Vec<_> =
            std::fs::read_dir(message).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.extension().is_some_and(|extension| extension == "hl7"));
        found.sort();
        std::fs::copy(found.first().unwrap(), events.join("01.hl7")).unwrap();
        for _ in 0..2 {
            run(&DemoArgs { once: true, data: Some(data.clone()), events: events.clone() }).await.unwrap();
        }
        assert!(!claim(&data).unwrap());
    }
}
