//! What people and programs read.

use zorgsluis_audit_answers::{Asked, Format, Language, Subject};
use zorgsluis_audit_writer::{log_key_owner, patient_pseudonym};
use zorgsluis_domain::audit::{Event, EventKind};
use zorgsluis_domain::port::{DataClass, Keys as _};

use crate::world::{ALL, ANNA, SECRETS, World, about, asked, read};

const FORMATS: [Format; 4] = [Format::Table, Format::Json, Format::Csv, Format::Html];

#[tokio::test]
async fn an_answer_tells_all_that_the_law_names_and_no_name_unless_asked() {
    let mut emergency = read(2, ANNA);
    emergency.legal_basis.emergency = true;
    emergency.event.reason = Some("buiten bewustzijn".into());
    let world = World::with(&[read(1, ANNA), emergency]).await;
    for format in FORMATS {
        let (text, _) = world.told(&about(ANNA), ALL, format).await;
        // Organisation, role, protocols, reason.
        for told in ["ziekenhuis-linde", "01.015", "policy/7", "admission/1", "opt-in", "buiten bewustzijn"] {
            assert!(text.contains(told), "{format:?}: {told}\n{text}");
        }
        for secret in SECRETS {
            assert!(!text.contains(secret), "{format:?}: {secret}\n{text}");
        }
        let (text, _) = world.told(&Asked { with_names: true, ..about(ANNA) }, ALL, format).await;
        for secret in SECRETS {
            assert!(text.contains(secret), "{format:?}: {secret}\n{text}");
        }
    }
    for (language, words) in [
        (Language::Dutch, ["ingezien", "uitslagen", "behandeling", "NOOD", "Organisatie"]),
        (Language::English, ["viewed", "results", "treatment", "EMERGENCY", "Organisation"]),
    ] {
        let (text, _) = world.told(&Asked { language, ..about(ANNA) }, ALL, Format::Table).await;
        for word in words {
            assert!(text.contains(word), "{word}\n{text}");
        }
        assert!(text.contains("2026-11-16 10:00:00 CET"), "{text}");
    }
}

#[tokio::test]
async fn what_an_entry_holds_is_neither_a_formula_nor_markup_nor_a_command_to_the_terminal() {
    let mut entry = read(1, ANNA);
    entry.users[0].department = Some("=HYPERLINK(\"http://x\")".into());
    entry.event.trigger = Some("a, \"b\"\r\nc".into());
    entry.legal_basis.emergency = true;
    entry.event.reason = Some("<script>alert(1)</script>\u{1b}[2J".into());
    entry.users[0].purpose = None;
    let mut denied = read(2, ANNA);
    denied.event = Event::failure(EventKind::AccessDenied, denied.event.action, "-1+2");
    denied.users[0].organisation = Some("@SUM(A1)".into());
    let world = World::with(&[entry, denied]).await;
    let (csv, _) = world.told(&about(ANNA), ALL, Format::Csv).await;
    assert!(csv.contains("\r\n") && !csv.ends_with("\n\n"));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap().len(), 14);
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(&rows[0][4], "'=HYPERLINK(\"http://x\")");
    assert_eq!(&rows[1][3], "'@SUM(A1)");
    assert_eq!((&rows[0][2], &rows[0][12]), ("2026-11-16T10:00:00.000000+01:00", "ja"));
    assert!(rows[0][10].contains("a, \"b\"\r\nc"));
    for row in &rows {
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{row:?}");
    }
    let (html, _) = world.told(&about(ANNA), ALL, Format::Html).await;
    assert!(!html.contains("<script") && html.contains("&#60;script&#62;"), "{html}");
    let (table, _) = world.told(&about(ANNA), ALL, Format::Table).await;
    assert!(!table.contains('\u{1b}'));
    // One line an entry, whatever stands in it.
    assert_eq!(table.lines().filter(|line| line.contains("2026-11-16 1")).count(), 2, "{table}");
}

#[tokio::test]
async fn the_page_to_print_is_one_file_for_everybody() {
    let world = World::with(&[read(1, ANNA), read(2, ANNA)]).await;
    for (language, code) in [(Language::Dutch, "nl"), (Language::English, "en")] {
        for subject in [Subject::Patient(vec![ANNA.into()]), Subject::User("arts-17".into())] {
            let (html, _) = world.told(&Asked { language, ..asked(subject) }, ALL, Format::Html).await;
            assert!(html.starts_with(&format!("<!doctype html>\n<html lang=\"{code}\">")));
            assert_eq!((html.matches("<h1>").count(), html.matches("<main>").count()), (1, 1));
            // Nothing is loaded, nothing runs.
            for outside in ["<script", "src=", "<link", "http://", "https://", "url(", "@import"] {
                assert!(!html.contains(outside), "{outside}");
            }
            assert!(html.contains("size: A4"));
            // Every heading of a table says what it heads, every table what it is.
            assert_eq!(
                html.matches("<th").count(),
                html.matches("<th scope=").count() + html.matches("<thead").count()
            );
            assert_eq!(html.matches("<table").count(), html.matches("<caption").count());
            let rows = html.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
            let columns = html.split("</thead>").next().unwrap().matches("<th scope=").count();
            for row in rows.split("<tr").skip(1) {
                assert_eq!(row.matches("<td").count() + row.matches("<th").count(), columns, "{row}");
            }
        }
    }
}

#[tokio::test]
async fn an_erased_entry_shows_as_erased_with_its_time() {
    let world = World::with(&[read(1, ANNA), read(2, ANNA)]).await;
    let keys = world.directory.keys();
    let owner = log_key_owner(&keys, &patient_pseudonym(&keys, ANNA), 2026);
    assert_eq!(keys.destroy(&owner, DataClass::Log).await.unwrap(), 1);
    for format in FORMATS {
        let (text, written) = world.told(&about(ANNA), ALL, format).await;
        let erased = if format == Format::Json { "\"erased\":true" } else { "gewist" };
        assert_eq!((text.matches(erased).count(), written.lines), (2, 2), "{format:?}\n{text}");
        assert!(text.contains("2026-11-16"), "{format:?}");
    }
}

#[tokio::test]
async fn where_nothing_is_found_each_format_is_still_whole() {
    let world = World::with(&[]).await;
    let nobody = asked(Subject::User("nobody".into()));
    for format in FORMATS {
        let (text, written) = world.told(&nobody, ALL, format).await;
        assert_eq!((written.lines, written.next), (0, None));
        match format {
            Format::Json => assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok()),
            Format::Csv => assert_eq!(text.lines().count(), 1),
            Format::Table => assert!(text.contains("niets gevonden")),
            Format::Html => assert!(text.contains("niets gevonden") && text.ends_with("</html>\n")),
        }
    }
}
