//! Each reason that the code gives to an entry has words in both languages.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use zorgsluis_audit_answers::Language;

/// Calls whose first argument is the reason of an outcome.
const CALLS: &[&str] =
    &[".failed(", "Deed::denied(", "Deed::refused(", "ProcessError::refused(", "cx.refuse("];

/// Files whose reasons stand behind something else; and what stands before each.
const FILES: &[(&str, &[&str])] = &[
    (
        "gateway/src/auth.rs",
        &["Presented::Nothing => ", "Presented::Wrong => ", "Presented::Unknown => ", "Client(_) => "],
    ),
    ("gateway/src/refused.rs", &["Some("]),
    ("gateway/src/fhir/read.rs", &["None => Some(", "deleted => Some("]),
    ("gateway/src/page/notice.rs", &["UNREADABLE: &str = "]),
    ("hl7v2/src/error.rs", &["Self::Empty => ", "} => "]),
    ("ingest/src/accept.rs", &["code: "]),
    ("ingest/src/prepare.rs", &["code: "]),
    ("audit-writer/src/lambda.rs", &["Poison { code: "]),
    ("converter/src/apply/plan/merging.rs", &["code: "]),
    ("converter/src/apply/plan/moving.rs", &["code: "]),
    ("notifier/src/lookup.rs", &[": &str = "]),
    ("notifier/src/tell.rs", &[": &str = "]),
    ("notifier/src/tell/ticket.rs", &[": &str = "]),
    ("notifier/src/events/settle.rs", &[": &str = "]),
    ("notifier/src/notifier.rs", &["Ok(Some(", "then_some(", "Withheld, ", "  Some("]),
    (
        "notifier/src/smime/recipient.rs",
        &["Self::Expired => ", "Valid => ", "Address => ", "Unreadable => ", "Usage => ", "Key => "],
    ),
    ("notifier/src/smtp.rs", &["MailError::Refused(String::from("]),
    ("aws/src/mailer.rs", &["MailError::Refused(String::from("]),
    ("domain/src/error.rs", &["} => "]),
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The code of a file without its tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The codes that stand directly behind some text.
fn behind<'a>(code: &'a str, what: &'a str) -> impl Iterator<Item = &'a str> {
    code.split(what).skip(1).filter_map(|rest| {
        let literal = rest.trim_start().strip_prefix('"')?.split('"').next()?;
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (literal.len() > 1 && literal.chars().all(kebab)).then_some(literal)
    })
}

#[test]
fn every_reason_that_the_code_gives_has_words_in_dutch_and_english() {
    let mut all = Vec::new();
    for entry in fs::read_dir(crates()).unwrap() {
        sources(&entry.unwrap().path().join("src"), &mut all);
    }
    let mut found: BTreeSet<String> = BTreeSet::new();
    for path in all {
        let code = code(&path);
        found.extend(CALLS.iter().flat_map(|call| behind(&code, call)).map(str::to_owned));
    }
    for (file, before) in FILES {
        let code = code(&crates().join(file));
        for what in *before {
            let here: Vec<&str> = behind(&code, what).collect();
            assert!(!here.is_empty(), "{file}: nothing stands behind {what:?} any more");
            found.extend(here.into_iter().map(str::to_owned));
        }
    }
    assert!(found.len() > 60, "{found:?}");
    let wordless: Vec<_> = found
        .iter()
        .filter(|code| {
            [Language::Dutch, Language::English].iter().any(|l| l.reason_of(code) == code.as_str())
        })
        // What the word itself is, in one of the languages.
        .filter(|code| !["deleted", "forbidden", "operator"].contains(&code.as_str()))
        .collect();
    assert!(wordless.is_empty(), "without words in reasons.rs: {wordless:?}");
}
