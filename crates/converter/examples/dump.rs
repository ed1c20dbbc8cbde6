//! Converts HL7 v2 files and writes one Bundle a file into a folder, with the report beside them:
//! `cargo run -p zorgsluis-converter --example dump -- [--profile FILE|DIR] OUT FILE|DIR…`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

use std::io::Write;
use std::path::{Path, PathBuf};

use hl7v2::batch;
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, convert};

fn main() -> std::io::Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let mut options = ConvertOptions::demonstration();
    let mut out = args.next();
    if out.as_deref() == Some(Path::new("--profile")) {
        let profiles = args.next().unwrap_or_default();
        options.profiles = Profiles::load(&profiles).map_err(std::io::Error::other)?;
        out = args.next();
    }
    let Some(out) = out else {
        eprintln!("usage: dump [--profile FILE|DIR] OUT FILE|DIR…");
        std::process::exit(2);
    };
    std::fs::create_dir_all(&out)?;
    let mut files = Vec::new();
    for path in args {
        collect(&path, &mut files)?;
    }
    let mut report = std::fs::File::create(out.with_extension("report.ndjson"))?;
    let (mut converted, mut refused) = (0usize, 0usize);
    for file in files {
        let bytes = std::fs::read(&file)?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let source = file.display().to_string();
        for (index, message) in batch::messages(&bytes).enumerate() {
            let line = match convert(message.bytes, &options) {
                Ok(conversion) => {
                    converted += 1;
                    std::fs::write(out.join(format!("{stem}-{index}.json")), conversion.bundle_json())?;
                    conversion.report(&source, index)
                }
                Err(refusal) => {
                    refused += 1;
                    refusal.report(&source, index)
                }
            };
            serde_json::to_writer(&mut report, &line)?;
            report.write_all(b"\n")?;
        }
    }
    println!("{converted} converted, {refused} refused");
    Ok(())
}

fn collect(path: &Path, to: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        to.push(path.to_owned());
        return Ok(());
    }
    let mut entries =
        std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    entries
        .iter()
        .filter(|path| path.is_dir() || path.extension().is_some_and(|e| e == "hl7"))
        .try_for_each(|path| collect(path, to))
}
