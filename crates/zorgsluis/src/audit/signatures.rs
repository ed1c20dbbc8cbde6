//! Who signed a log that was verified: its keys, one after the other, and the witnesses.

use jiff::Timestamp;
use serde_json::{Value, json};
use tlog::{Report, Witnessed};

use crate::terminal::{count, out};

/// Tells it.
pub(super) fn tell(report: &Report) {
    for key in &report.signed_by {
        out!("  signed by   {key}");
    }
    for handover in &report.handovers {
        out!("  new key     at entry {}: {} took over", handover.size, handover.to);
    }
    for witnessed in &report.witnessed {
        let entries = count(usize::try_from(witnessed.size).unwrap_or(usize::MAX), "entry", "entries");
        // A name is whatever somebody wrote there.
        let name = witnessed.name.replace(char::is_control, "\u{fffd}");
        match time(witnessed) {
            Some(time) => out!("  witnessed   {entries} by {name}, {time}"),
            None => {
                out!("  witnessed   {entries} by {name}: not checked, for that give its key with --witness")
            }
        }
    }
}

fn time(witnessed: &Witnessed) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(witnessed.time?).ok()?).ok()
}

pub(super) fn handovers(report: &Report) -> Vec<Value> {
    let told = report.handovers.iter().map(|handover| {
        json!({ "size": handover.size, "from": handover.from.to_string(), "to": handover.to.to_string() })
    });
    told.collect()
}

pub(super) fn witnesses(report: &Report) -> Vec<Value> {
    let told = report.witnessed.iter().map(|witnessed| {
        json!({
            "name": witnessed.name,
            "keyId": format!("{:08x}", witnessed.id),
            "size": witnessed.size,
            "checked": witnessed.time.is_some(),
            "time": time(witnessed).map(|time| time.to_string()),
        })
    });
    told.collect()
}
