//! `zorgsluis audit reconcile`: whether the log is complete.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use zorgsluis_domain::reconciliation::{Area, Found, Ratio, Tally};

use super::progress::Progress;
use super::{directory, existing, period};
use crate::cli::ReconcileArgs;
use crate::failure::Failure;
use crate::system::{LogAccess, logged_in, percent, ratio, ratios, reconcile};
use crate::terminal::{Style, out, out_part};

/// Lines of what stands apart that are printed of each kind; with `--json` all of them are.
const APART: u64 = 5;
/// What stands apart as its counterpart may still come.
const UNCOMPARED: [&str; 3] = ["not-delivered-yet", "under-way", "waiting"];

/// Runs the command.
pub(super) async fn run(args: &ReconcileArgs) -> Result<(), Failure> {
    if let Some(place) = &args.cloudtrail {
        return super::cloudtrail::run(args, place).await;
    }
    let Some(data) = &args.log.stores.data else { return Err(Failure::usage("--data or --cloudtrail")) };
    let period = period(&args.period)?;
    let directory = directory(data)?;
    // The whole chain in any case: what was written before a seal, the sealed log explains.
    let organisation = logged_in(data, &existing(data, args.log.organisation.as_deref())?)?;
    let access = LogAccess::open(&directory, &organisation).await?;
    let reader = access.reader(&directory);
    let entries = access.writer.log().entries_in_all().await.unwrap_or_default();
    let bar = Arc::new(Progress::new(entries, "read", args.log.json));
    let teller = Arc::new(Mutex::new(Teller::new(args.log.json, &Area::COUNTED)));
    let tell = {
        let (teller, bar) = (Arc::clone(&teller), Arc::clone(&bar));
        move |found: Found| {
            bar.done();
            teller.lock().unwrap_or_else(PoisonError::into_inner).tell(&found);
        }
    };
    let tally = reconcile(&directory, &reader, period, |read| bar.at(read), tell).await?;
    bar.done();
    // The entry about this reading.
    access.writer.checkpoint().await.map_err(Failure::wrong)?;
    directory.close().await;
    teller.lock().unwrap_or_else(PoisonError::into_inner).conclude(&tally);
    if tally.differences == 0 { Ok(()) } else { Err(Failure::named()) }
}

/// Prints what is found as it is found: however much it is, it does not have to fit into memory.
pub(super) struct Teller {
    json: bool,
    style: Style,
    told: bool,
    /// What was compared.
    areas: &'static [Area],
    /// What stands apart, by kind: how many, and the first of them.
    apart: BTreeMap<&'static str, (u64, Vec<String>)>,
}

impl Teller {
    pub(super) fn new(json: bool, areas: &'static [Area]) -> Self {
        Self { json, style: Style::for_stdout(), told: false, areas, apart: BTreeMap::new() }
    }

    pub(super) fn tell(&mut self, found: &Found) {
        if !found.difference {
            let (count, first) = self.apart.entry(found.kind).or_default();
            *count += 1;
            if *count <= APART && !self.json {
                first.push(as_text(found));
            }
        }
        if self.json {
            out_part!("{}{}", if self.told { ",\n  " } else { "{\"found\": [\n  " }, as_json(found));
        } else if found.difference {
            out!("{}  {}", self.style.bad("difference"), as_text(found));
        }
        self.told = true;
    }

    pub(super) fn conclude(&self, tally: &Tally) {
        if self.json {
            let begin = if self.told { "\n" } else { "{\"found\": [" };
            let summary = self.summary(tally).to_string();
            out!("{begin}], {}", summary.trim_start_matches('{'));
            return;
        }
        for (kind, (count, first)) in &self.apart {
            out!("{}  {kind}: {count}, no difference", self.style.dim("apart     "));
            first.iter().for_each(|line| out!("            {line}"));
            if *count > APART {
                out!("            and {} more (--json lists them)", count - APART);
            }
        }
        out_part!("{}", ratios(tally, self.areas, ""));
        let all = ratio(tally.all());
        let waiting = self.waiting();
        if tally.differences == 0 && tally.all().of == 0 {
            let nothing = self.style.attention("Nothing was compared:");
            out!("{nothing} neither log nor stores tell of anything in this period that must stand in both");
        } else if tally.differences == 0 && waiting > tally.all().of {
            out!("{} {all}", self.style.attention("Little was compared, and of that the log is complete:"));
        } else if tally.differences == 0 {
            out!("{} {all}", self.style.good("The log is complete:"));
        } else {
            let text = if tally.differences == 1 { "1 difference" } else { "differences" };
            let number =
                if tally.differences == 1 { String::new() } else { format!("{} ", tally.differences) };
            out!("{} {number}{text}; {all}", self.style.bad("The log is not complete:"));
        }
        if waiting > 0 {
            out!("  {waiting} more may still be on their way and were not compared: run it again later");
        }
    }

    /// How many may still be on their way: neither compared nor a difference.
    fn waiting(&self) -> u64 {
        UNCOMPARED.iter().filter_map(|kind| Some(self.apart.get(kind)?.0)).sum()
    }

    fn summary(&self, tally: &Tally) -> serde_json::Value {
        let one = |ratio: Ratio| json!({ "of": ratio.of, "have": ratio.have, "percent": percent(ratio) });
        let areas = Area::COUNTED.iter().zip(tally.ratios).filter(|(area, _)| self.areas.contains(area));
        let areas: serde_json::Map<String, serde_json::Value> =
            areas.map(|(area, ratio)| (area.name().to_owned(), one(ratio))).collect();
        // Where nothing was compared, nothing is known.
        let known = tally.differences > 0 || tally.all().of > 0;
        json!({
            "complete": known.then_some(tally.differences == 0),
            "differences": tally.differences,
            "waiting": self.waiting(),
            "areas": areas,
            "all": one(tally.all()),
        })
    }
}

fn as_text(found: &Found) -> String {
    let time = found.time.map(|time| format!(", {}", time.strftime("%Y-%m-%d %H:%M:%S"))).unwrap_or_default();
    let message = found.message.map(|message| format!(", message {message}")).unwrap_or_default();
    let entry = found.entry.map(|entry| format!(", entry {entry}")).unwrap_or_default();
    // The place may be the message itself.
    let message =
        if found.at.contains(message.trim_start_matches(", message ")) { String::new() } else { message };
    format!("{} {}: {}{time}{message}{entry}", found.area.name(), found.kind, found.at)
}

fn as_json(found: &Found) -> serde_json::Value {
    json!({
        "area": found.area.name(),
        "kind": found.kind,
        "difference": found.difference,
        "at": found.at,
        "time": found.time.map(|time| time.to_string()),
        "message": found.message.map(|message| message.to_string()),
        "entry": found.entry.map(|entry| entry.to_string()),
    })
}
