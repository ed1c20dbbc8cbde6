//! The tables as a page: `docs/terminology.md`.

use std::fmt::Write as _;

use super::{By, MAPS, all, coding_system};

const HEAD: &str = "# Terminology

Made from the tables that the code itself uses (`ZORGSLUIS_WRITE_DOCS=1 cargo test -p zorgsluis-converter
--no-default-features --test it terminology`); a test compares this page with them. A code that keeps the whole meaning stands alone in FHIR; of one
that does not, marked *with loss*, the sender's own code stands beside it. A code that is in no table is kept as it was
sent.
";

/// The page.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    // Writing to a String cannot fail.
    let _ = write_all(&mut page);
    page
}

fn write_all(page: &mut String) -> std::fmt::Result {
    maps(page)?;
    systems(page)?;
    tables(page)
}

fn maps(page: &mut String) -> std::fmt::Result {
    let count = |is: fn(&By) -> bool| MAPS.iter().filter(|map| is(&map.by)).count();
    let tables = count(|by| matches!(by, By::Table(_)));
    let code = count(|by| matches!(by, By::Code(_)));
    let nothing = count(|by| matches!(by, By::Nothing(_)));
    writeln!(page, "\n## The official concept maps\n")?;
    writeln!(page, "| Maps | By a table | By code | Declined |\n|---|---|---|---|")?;
    writeln!(page, "| {} | {tables} | {code} | {nothing} |\n", MAPS.len())?;
    writeln!(page, "| Map | HL7 table | Here |\n|---|---|---|")?;
    for map in MAPS {
        let number = if map.table == "9999" { "" } else { map.table };
        let here = match map.by {
            By::Table(ours) => format!("[`{ours}`](#{ours})"),
            By::Code(how) => how.to_owned(),
            By::Nothing(why) => format!("declined: {why}"),
        };
        writeln!(page, "| {} | {number} | {here} |", map.name.replace('[', "\\["))?;
    }
    writeln!(
        page,
        "\nWhere an official map has no FHIR code, ours may have one. Codes that ours maps otherwise:\n"
    )?;
    writeln!(page, "| Map | Code | Why |\n|---|---|---|")?;
    for map in MAPS {
        for (code, why) in map.differs {
            writeln!(page, "| {} | `{code}` | {why} |", map.name.replace('[', "\\["))?;
        }
    }
    Ok(())
}

fn systems(page: &mut String) -> std::fmt::Result {
    writeln!(page, "\n## Names of code systems\n")?;
    writeln!(
        page,
        "What a code system may be called in CWE.3, without regard to case; `HL7nnnn` is \
         `http://terminology.hl7.org/CodeSystem/v2-nnnn`. A URI is taken as it is. An OID that is not in the second \
         table becomes `urn:oid:`. Profiles add names of their own (`coding-systems`).\n"
    )?;
    writeln!(page, "| Name | Code system |\n|---|---|")?;
    for (name, uri) in coding_system::NAMES {
        writeln!(page, "| `{name}` | {uri} |")?;
    }
    writeln!(page, "\n| OID | Code system |\n|---|---|")?;
    for (oid, uri) in coding_system::OIDS {
        writeln!(page, "| `{oid}` | {uri} |")?;
    }
    Ok(())
}

fn tables(page: &mut String) -> std::fmt::Result {
    writeln!(page, "\n## Tables")?;
    for table in all() {
        writeln!(page, "\n### {}\n\n{}\n", table.name, table.what)?;
        let bare = table.codes.iter().all(|(code, target)| *code == target.code && target.display.is_none());
        if let Some((_, first)) = table.codes.first()
            && bare
        {
            let codes: Vec<_> = table.codes.iter().map(|(code, _)| format!("`{code}`")).collect();
            writeln!(page, "{}: {}", first.system, codes.join(" "))?;
            continue;
        }
        writeln!(page, "| Code | FHIR | Text | |\n|---|---|---|---|")?;
        for (code, target) in table.codes {
            let loss = if target.exact { "" } else { "with loss" };
            let text = target.display.unwrap_or_default();
            writeln!(page, "| `{code}` | {}\\|{} | {text} | {loss} |", target.system, target.code)?;
        }
    }
    Ok(())
}
