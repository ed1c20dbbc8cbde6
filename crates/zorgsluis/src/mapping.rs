//! `zorgsluis mapping`: what becomes of events and fields, from the tables of the converter.

use zorgsluis_converter::mapping::{Event, Kind, Map, Row, Verdict, kinds, maps, markdown};

use crate::cli::{MappingArgs, MappingFormat};
use crate::failure::Failure;
use crate::terminal::{out, out_part};

/// Runs the command.
pub(crate) fn run(args: &MappingArgs) -> Result<(), Failure> {
    match args.format {
        MappingFormat::Markdown => out_part!("{}", markdown()),
        MappingFormat::Json => out!("{}", json()),
        MappingFormat::Text if args.what.is_empty() => overview(),
        MappingFormat::Text => {
            for what in &args.what {
                show(what)?;
            }
        }
    }
    Ok(())
}

fn json() -> serde_json::Value {
    let events = kinds().iter().flat_map(|kind| {
        kind.events.iter().map(|event| {
            serde_json::json!({
                "event": format!("{}^{}", kind.kind, event.trigger),
                "name": event.name,
                "does": event.does,
                "official": event.official,
            })
        })
    });
    serde_json::json!({ "events": events.collect::<Vec<_>>(), "segments": maps() })
}

fn overview() {
    for kind in kinds() {
        let triggers: Vec<&str> = kind.events.iter().map(|event| event.trigger).collect();
        out!("{:<4} {}", kind.kind, triggers.join(" "));
    }
    out!();
    for map in maps() {
        let written = map.rows.iter().filter(|row| row.verdict == Verdict::Written).count();
        let left = map.rows.iter().filter(|row| matches!(row.verdict, Verdict::Left(_))).count();
        out!("{:<4} {:<40} {written:>3} written, {left:>3} left", map.segment, map.name);
    }
    out!("\nMore: zorgsluis mapping PV1, zorgsluis mapping PID-3, zorgsluis mapping ADT");
}

fn show(what: &str) -> Result<(), Failure> {
    let wanted = what.to_ascii_uppercase();
    let (segment, field) = wanted.split_once('-').unwrap_or((&wanted, ""));
    let (kind, trigger) = wanted.split_once('^').unwrap_or((&wanted, ""));
    if let Some(map) = maps().iter().find(|map| map.segment == segment) {
        return show_segment(map, field, what);
    }
    if let Some(kind) = kinds().iter().find(|known| known.kind == kind) {
        return show_events(kind, trigger, what);
    }
    Err(Failure::usage(format!(
        "{what}: no segment or kind of message that is converted; see `zorgsluis mapping`"
    )))
}

fn show_segment(map: &Map, field: &str, what: &str) -> Result<(), Failure> {
    let number: Option<u16> = match field {
        "" => None,
        text => Some(
            text.parse().map_err(|_| Failure::usage(format!("{what}: no field; try {}-3", map.segment)))?,
        ),
    };
    let named = |row: &&Row| number.is_none_or(|number| row.field == number);
    let mut rows = map.rows.iter().filter(named).peekable();
    if rows.peek().is_none() {
        return Err(Failure::usage(format!("{what}: nothing is decided about this field")));
    }
    out!("{}: {}", map.segment, map.name);
    for row in rows {
        let name =
            usize::from(row.field).checked_sub(1).and_then(|at| map.fields.get(at)).unwrap_or(&"all others");
        let place = match (row.field, row.component) {
            (0, _) => String::from("*"),
            (field, 0) => format!("{field}"),
            (field, component) => format!("{field}.{component}"),
        };
        match row.verdict {
            Verdict::Written => out!("  {place:<6} {name:<36} {}", row.to),
            Verdict::Elsewhere(why) => out!("  {place:<6} {name:<36} not to {}: {why}", row.to),
            Verdict::Left(why) => out!("  {place:<6} {name:<36} left: {why}"),
        }
    }
    Ok(())
}

fn show_events(kind: &Kind, trigger: &str, what: &str) -> Result<(), Failure> {
    let named = |event: &&Event| trigger.is_empty() || event.trigger == trigger;
    let mut events = kind.events.iter().filter(named).peekable();
    if events.peek().is_none() {
        return Err(Failure::usage(format!("{what}: not converted; see `zorgsluis mapping {}`", kind.kind)));
    }
    for event in events {
        out!("{}^{}  {}: {}", kind.kind, event.trigger, event.name, event.does);
    }
    Ok(())
}
