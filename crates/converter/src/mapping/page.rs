//! The tables as a page: `docs/mapping.md`.

use std::fmt::Write as _;

use super::{Map, Row, Verdict, events, maps};

const HEAD: &str = "# What becomes of every event and field

Made by `zorgsluis mapping --format markdown` from the tables that the code itself uses; a test compares this page
with them. **Written** means that the field stands in the Bundle, at that element. **Elsewhere** means that the
official HL7 v2-to-FHIR map names that element and we write the field to another one. **Left** means that the field
is in no output, and the report of each conversion says so with the same reason.
";

/// The page.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    // Writing to a String cannot fail.
    let _ = write_all(&mut page);
    page
}

fn write_all(page: &mut String) -> std::fmt::Result {
    totals(page)?;
    writeln!(page, "\n## Events\n")?;
    writeln!(page, "| Event | Name | What becomes of it | Official map |\n|---|---|---|---|")?;
    for (kind, event) in events() {
        let origin = if event.official { "yes" } else { "none: designed from FHIR" };
        writeln!(page, "| {kind}^{} | {} | {} | {origin} |", event.trigger, event.name, event.does)?;
    }
    for map in maps() {
        segment(page, map)?;
    }
    Ok(())
}

fn totals(page: &mut String) -> std::fmt::Result {
    let rows = || maps().iter().flat_map(|map| map.rows);
    let count = |is: fn(&Row) -> bool| rows().filter(|row| is(row)).count();
    let written = count(|row| row.verdict == Verdict::Written);
    let elsewhere = count(|row| matches!(row.verdict, Verdict::Elsewhere(_)));
    let left = count(|row| matches!(row.verdict, Verdict::Left(_)));
    let events = events().len();
    writeln!(page, "\n| Events | Segments | Rows | Written | Elsewhere | Left |\n|---|---|---|---|---|---|")?;
    writeln!(page, "| {events} | {} | {} | {written} | {elsewhere} | {left} |", maps().len(), rows().count())
}

fn segment(page: &mut String, map: &Map) -> std::fmt::Result {
    writeln!(page, "\n## {}: {}\n", map.segment, map.name)?;
    writeln!(page, "| Field | Name | FHIR | |\n|---|---|---|---|")?;
    for row in map.rows {
        let name = usize::from(row.field).checked_sub(1).and_then(|at| map.fields.get(at)).unwrap_or(&"");
        let place = match (row.field, row.component) {
            (0, _) => String::from("all others"),
            (field, 0) => format!("{}-{field}", map.segment),
            (field, component) => format!("{}-{field}.{component}", map.segment),
        };
        let to = if row.to.is_empty() { String::new() } else { format!("`{}`", row.to) };
        match row.verdict {
            Verdict::Written => writeln!(page, "| {place} | {name} | {to} | |")?,
            Verdict::Elsewhere(why) => writeln!(page, "| {place} | {name} | {to} | elsewhere: {why} |")?,
            Verdict::Left(why) => writeln!(page, "| {place} | {name} | {to} | left: {why} |")?,
        }
    }
    Ok(())
}
