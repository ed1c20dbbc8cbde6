//! `zorgsluis mapping`: what becomes of events and fields, from the tables of the converter.

use zorgsluis_converter::mapping::{Map, Row, Verdict, events, maps, markdown};

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
    let events = events().into_iter().map(|(kind, event)| {
        serde_json::json!({
            "event": format!("{kind}^{}", event.trigger),
            "name": event.name,
            "does": event.does,
            "official": event.official,
        })
    });
    serde_json::json!({ "events": events.collect::<Vec<_>>(), "segments": maps() })
}

fn overview() {
    for of_kind in events().chunk_by(|(a, _), (b, _)| a == b) {
        let triggers: Vec<&str> = of_kind.iter().map(|(_, event)| event.trigger).collect();
        out!("{:<4} {}", of_kind.first().map_or("", |(kind, _)| kind), triggers.join(" "));
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
    let of_kind = events().into_iter().filter(|(known, _)| *known == kind);
    let mut named = of_kind.filter(|(_, event)| trigger.is_empty() || event.trigger == trigger).peekable();
    if named.peek().is_some() {
        for (kind, event) in named {
            out!("{kind}^{}  {}: {}", event.trigger, event.name, event.does);
        }
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{what}: no segment and no message that is converted; see `zorgsluis mapping`"
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
