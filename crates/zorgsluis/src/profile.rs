//! `zorgsluis profile`: are sender profiles right, and what do they change.

mod difference;

use std::panic::AssertUnwindSafe;

use serde_json::Value;
use zorgsluis_converter::profile::{Profiles, check};
use zorgsluis_converter::{ConvertOptions, ReportLine, convert};

use self::difference::{Change, differences};
use crate::cli::{ProfileCheckArgs, ProfileCommand, ProfileTryArgs};
use crate::convert::{messages, source};
use crate::failure::Failure;
use crate::terminal::{count, out};

/// Runs the command.
pub(crate) fn run(command: &ProfileCommand) -> Result<(), Failure> {
    match command {
        ProfileCommand::Check(args) => check_all(args),
        ProfileCommand::Try(args) => try_on(args),
    }
}

fn check_all(args: &ProfileCheckArgs) -> Result<(), Failure> {
    let checked = check(&args.profile).map_err(Failure::usage)?;
    for mistake in &checked.mistakes {
        say!("{mistake}");
    }
    if !checked.mistakes.is_empty() {
        return Err(Failure::wrong(count(checked.mistakes.len(), "mistake", "mistakes")));
    }
    for (profile, what) in &checked.idle {
        out!("{profile}: {what}: this never has an effect");
    }
    out!("valid: {}", checked.names.join(", "));
    Ok(())
}

fn try_on(args: &ProfileTryArgs) -> Result<(), Failure> {
    let without = ConvertOptions::demonstration();
    let profiles = Profiles::load(&args.profile).map_err(Failure::usage)?;
    let with = ConvertOptions { profiles, ..ConvertOptions::demonstration() };
    let (sources, mut trouble) = source::find(&args.inputs);
    for source in sources {
        let bytes = match source.read() {
            Ok(bytes) => bytes,
            Err(reason) => {
                trouble.push(format!("{}: {reason}", source.name()));
                continue;
            }
        };
        for (index, message) in messages(&source, &bytes).iter().enumerate() {
            let (Some(before), Some(after)) = (converted(message, &without), converted(message, &with))
            else {
                trouble.push(format!("{}[{index}]: the converter failed on this message", source.name()));
                continue;
            };
            show(&format!("{}[{index}]", source.name()), &before, &after, args.show_values);
        }
    }
    for line in &trouble {
        say!("{line}");
    }
    if trouble.is_empty() { Ok(()) } else { Err(Failure::named()) }
}

/// What a conversion came to: the Bundle, or nothing where it was refused; the ledger; the profile.
struct Outcome {
    bundle: Value,
    report: ReportLine,
    profile: String,
}

fn converted(message: &[u8], options: &ConvertOptions) -> Option<Outcome> {
    let run = || match convert(message, options) {
        Ok(conversion) => Outcome {
            bundle: serde_json::from_slice(&conversion.bundle_json()).unwrap_or_default(),
            report: conversion.report("", 0),
            profile: conversion.profile.to_owned(),
        },
        Err(refusal) => {
            Outcome { bundle: Value::Null, report: refusal.report("", 0), profile: String::from("none") }
        }
    };
    std::panic::catch_unwind(AssertUnwindSafe(run)).ok()
}

fn show(name: &str, before: &Outcome, after: &Outcome, values: bool) {
    out!("{name}: profile {}", after.profile);
    for (outcome, which) in [(before, "without"), (after, "with")] {
        if let Some(refused) = &outcome.report.refused {
            out!("  refused {which} the profile: {}: {} ({})", refused.at, refused.text, refused.code);
        }
    }
    let found = differences(&before.bundle, &after.bundle);
    if found.ids > 0 {
        out!(
            "  ids: {} made from other identifiers",
            count(found.ids, "resource has its id", "resources have their ids")
        );
    }
    for Change { resource, path, before, after, is_vocabulary } in &found.changes {
        let shown = |value: &Option<String>| match value {
            None => String::from("nothing"),
            Some(text) if values || *is_vocabulary => text.clone(),
            Some(_) => String::from("a value"),
        };
        let (from, to) = (shown(before), shown(after));
        let to = if from == "a value" && to == from { String::from("another value") } else { to };
        out!("  {resource} {path}: {from} → {to}");
    }
    ledger(&before.report, &after.report);
    if found.changes.is_empty() && found.ids == 0 {
        out!("  the Bundle stays as it is");
    }
}

/// What became understood, or ignored, or odd, or is so no longer.
fn ledger(before: &ReportLine, after: &ReportLine) {
    let unmapped =
        |line: &ReportLine| line.unmapped.iter().map(|one| one.at.0.to_string()).collect::<Vec<_>>();
    let ignored = |line: &ReportLine| line.ignored.iter().map(|one| one.at.0.to_string()).collect::<Vec<_>>();
    let warnings = |line: &ReportLine| {
        line.warnings.iter().map(|one| format!("{} {}", one.at, one.code)).collect::<Vec<_>>()
    };
    let gone = |old: &[String], new: &[String]| {
        old.iter().filter(|one| !new.contains(one)).cloned().collect::<Vec<_>>().join(", ")
    };
    for (what, places) in [
        ("understood now", gone(&unmapped(before), &unmapped(after))),
        ("not understood any more", gone(&unmapped(after), &unmapped(before))),
        ("left out by decision now", gone(&ignored(after), &ignored(before))),
        ("warnings gone", gone(&warnings(before), &warnings(after))),
        ("new warnings", gone(&warnings(after), &warnings(before))),
    ] {
        if !places.is_empty() {
            out!("  {what}: {places}");
        }
    }
}
