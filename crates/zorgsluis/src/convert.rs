//! `zorgsluis convert`: HL7 v2 in, one Bundle a line out, the ledger beside it.

pub(crate) mod source;

use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::panic::AssertUnwindSafe;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, IdentityKey, Refusal, ReportLine, convert};

use self::source::Source;
use crate::cli::ConvertArgs;
use crate::failure::Failure;

/// Runs the command.
pub(crate) fn run(args: &ConvertArgs) -> Result<(), Failure> {
    let options = options(args)?;
    if options.key.is_demonstration() {
        say!("zorgsluis: ids are made with the published demonstration key; use --key for your own");
    }
    let (sources, mut trouble) = source::find(&args.inputs);
    let mut report = args.report.as_deref().map(create).transpose()?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let progress = progress(sources.len());
    let mut counts = Counts::default();

    for source in sources {
        let bytes = match source.read() {
            Ok(bytes) => bytes,
            Err(reason) => {
                trouble.push(format!("{}: {reason}", source.name()));
                continue;
            }
        };
        for (index, message) in messages(&source, &bytes).iter().enumerate() {
            let line = one(message, &options, source.name(), index, &mut out)?;
            counts.add(&line);
            if let Some(refused) = &line.refused {
                trouble.push(format!(
                    "{}[{index}]: {}: {} ({})",
                    source.name(),
                    refused.at,
                    refused.text,
                    refused.code
                ));
            }
            if let (Some((path, file)), Ok(json)) = (&mut report, serde_json::to_string(&line)) {
                writeln!(file, "{json}").map_err(|error| Failure::file(path, &error))?;
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    finish(out.flush())?;
    if let Some((path, mut file)) = report {
        file.flush().map_err(|error| Failure::file(&path, &error))?;
    }
    for line in &trouble {
        say!("{line}");
    }
    counts.tell();
    if trouble.is_empty() { Ok(()) } else { Err(Failure::named()) }
}

fn options(args: &ConvertArgs) -> Result<ConvertOptions, Failure> {
    let mut options = ConvertOptions::demonstration();
    if let Some(path) = &args.profile {
        options.profiles = Profiles::load(path).map_err(Failure::usage)?;
    }
    if let Some(path) = &args.key {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
        let key = zorgsluis_domain::Pseudonym::from_hex(text.trim()).ok_or_else(|| {
            Failure::usage(format!("{}: an identity key is 64 lower-case hexadecimal digits", path.display()))
        })?;
        options.key = IdentityKey::new(key.as_bytes());
    }
    Ok(options)
}

/// The messages of a source: those of a batch, or of a Lambda event, each on its own.
pub(crate) fn messages(source: &Source, bytes: &[u8]) -> Vec<Vec<u8>> {
    let bodies = if source.is_json() { source::bodies(bytes) } else { None };
    let whole = [bytes.to_vec()];
    let bodies = bodies.as_deref().unwrap_or(&whole);
    let mut found = Vec::new();
    for body in bodies {
        let before = found.len();
        found.extend(hl7v2::batch::messages(body).map(|entry| entry.bytes.to_vec()));
        if found.len() == before {
            // Nothing that looks like a message: converted all the same, to be refused with its reason.
            found.push(body.clone());
        }
    }
    found
}

fn one(
    message: &[u8],
    options: &ConvertOptions,
    source: &str,
    index: usize,
    out: &mut impl std::io::Write,
) -> Result<ReportLine, Failure> {
    // One bad message hurts only itself.
    let converted = std::panic::catch_unwind(AssertUnwindSafe(|| {
        convert(message, options)
            .map(|conversion| (conversion.bundle_json(), conversion.report(source, index)))
    }));
    match converted {
        Ok(Ok((bundle, report))) => {
            finish(out.write_all(&bundle).and_then(|()| out.write_all(b"\n")))?;
            Ok(report)
        }
        Ok(Err(refusal)) => Ok(refusal.report(source, index)),
        Err(_) => Ok(Refusal {
            code: "panic",
            at: String::from("MSH[1]"),
            text: String::from("the converter failed on this message: a fault of ours, please report it"),
            control_id: None,
            event: None,
        }
        .report(source, index)),
    }
}

/// A reader that has seen enough (`| head`) is no failure.
fn finish(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::wrong(format!("standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

fn create(path: &Path) -> Result<(std::path::PathBuf, BufWriter<File>), Failure> {
    let file = File::create(path).map_err(|error| Failure::file(path, &error))?;
    Ok((path.to_owned(), BufWriter::new(file)))
}

/// A bar on standard error, when a person sees it and the Bundles go elsewhere.
fn progress(sources: usize) -> ProgressBar {
    if sources < 20 || !std::io::stderr().is_terminal() || std::io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(sources as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} files, {eta} left") {
        bar.set_style(style);
    }
    bar
}

#[derive(Default)]
struct Counts {
    messages: usize,
    refused: usize,
    mapped: usize,
    ignored: usize,
    unmapped: usize,
}

impl Counts {
    fn add(&mut self, line: &ReportLine) {
        self.messages += 1;
        self.refused += usize::from(line.refused.is_some());
        self.mapped += line.mapped;
        self.ignored += line.ignored.len();
        self.unmapped += line.unmapped.len();
    }

    fn tell(&self) {
        say!(
            "zorgsluis: {} messages, {} refused; fields: {} mapped, {} ignored by decision, {} not understood",
            self.messages,
            self.refused,
            self.mapped,
            self.ignored,
            self.unmapped
        );
    }
}
