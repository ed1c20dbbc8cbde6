//! What the pages name, stands: files and folders, commands and their options.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::harness::{root, run, stdout};

/// Folders of the repository; `infra/node_modules` is made by npm.
const FOLDERS: [&str; 6] = ["crates/", "docs/", "events/", "fuzz/", "infra/", "tests/"];
const MADE: [&str; 2] = ["infra/node_modules", "infra/cdk.out"];

/// README.md and its kind, and everything below docs/.
fn pages() -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join("docs")];
    let mut pages: Vec<PathBuf> = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "events/README.md",
        "fuzz/README.md",
        "tests/peers/README.md",
    ]
    .map(|page| root().join(page))
    .into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.into_iter().map(|page| (page.clone(), std::fs::read_to_string(page).unwrap())).collect()
}

/// A name in capitals stands for any name: then the folder must be there.
fn stands(path: &Path) -> bool {
    let any = path.file_stem().is_some_and(|stem| {
        let stem = stem.to_string_lossy();
        stem.contains('*') || (stem.len() > 1 && stem.bytes().all(|byte| byte.is_ascii_uppercase()))
    });
    path.exists() || (any && path.parent().is_some_and(Path::exists))
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let mut missing = Vec::new();
    for (page, text) in pages() {
        // Between backticks.
        let words = text.split('`').skip(1).step_by(2).flat_map(|code| code.split([' ', ',', '\n']));
        for word in words.map(|word| word.trim_end_matches(['.', ':', ';', ')', '/'])) {
            let names_a_place = FOLDERS.iter().any(|folder| word.starts_with(folder))
                && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-*".contains(&byte));
            if names_a_place && !MADE.contains(&word) && !stands(&root().join(word)) {
                missing.push(format!("{}: {word}", page.display()));
            }
        }
        // Links to other pages.
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next()) {
            let to_a_page = link.ends_with(".md") && !link.contains("://");
            if to_a_page && !page.parent().unwrap().join(link).exists() {
                missing.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_command_that_a_page_names_is_one_with_these_options() {
    let mut named = BTreeSet::new();
    for (_, text) in pages() {
        for line in text.lines() {
            for told in line.split("zorgsluis ").skip(1) {
                let told = told.split(['`', '|', '\\', '#', '>', '<']).next().unwrap();
                let words: Vec<&str> =
                    told.split([' ', '[', ']', '=', '…']).filter(|word| !word.is_empty()).collect();
                named.insert(words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            }
        }
    }
    let commands = stdout(&run(["--help"]));
    let is_command = |word: &str| commands.lines().any(|line| line.split_whitespace().next() == Some(word));
    let mut wrong = Vec::new();
    let mut seen = 0;
    for words in
        named.iter().filter(|words| words.first().is_some_and(|word| word != "help" && is_command(word)))
    {
        let deep =
            ["audit", "clients", "holds", "profile", "registers", "witness"].contains(&words[0].as_str());
        let depth = if deep { 2.min(words.len()) } else { 1 };
        let path = words.iter().take(depth).map(String::as_str).filter(|word| !word.starts_with('-'));
        let help = run(path.chain(["--help"]));
        let text = stdout(&help);
        let options = words.iter().filter(|word| word.starts_with("--"));
        let unknown: Vec<&String> = options.filter(|option| !text.contains(option.as_str())).collect();
        if !help.status.success() || !unknown.is_empty() {
            wrong.push(format!("{}: {unknown:?}", words.join(" ")));
        }
        seen += 1;
    }
    assert!(wrong.is_empty() && seen > 20, "{seen}: {wrong:#?}");
}

/// The file of a test as `cargo test` calls it: `tlog::model::conforms::…` stands in `crates/tlog/tests/it/model/…`.
fn holds_test(test: &str) -> bool {
    let words: Vec<&str> = test.split("::").collect();
    let [package, modules @ .., function] = &words[..] else { return false };
    let folder = if *package == "tests" {
        root().join("tests/it")
    } else {
        root().join("crates").join(package).join("tests/it")
    };
    let module = folder.join(modules.join("/"));
    [module.with_extension("rs"), module.join("mod.rs")]
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .any(|source| source.contains(&format!("fn {function}(")))
}

#[test]
fn every_attack_on_the_log_has_tests_that_are_there() {
    let page = std::fs::read_to_string(root().join("docs/audit-log.md")).unwrap();
    let (_, section) = page.split_once("## What `audit verify` finds").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let tests: Vec<&str> = section
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
        .map(|line| line.split('`').nth(1).expect("a test"))
        .collect();
    let missing: Vec<_> = tests.iter().filter(|test| !holds_test(test)).collect();
    assert!(missing.is_empty(), "{missing:#?}");

    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Attack"));
    let mut named = BTreeSet::new();
    let mut attacks = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [attack, _, numbers] = cells[..] else { panic!("{row}") };
        attacks.insert(attack.split([':', ' ']).next().unwrap().to_owned());
        named
            .extend(numbers.split(", ").map(|number| number.parse::<usize>().expect("the number of a test")));
    }
    assert_eq!(
        named,
        (1..=tests.len()).collect(),
        "each test belongs to an attack, and each attack has some"
    );
    for attack in [
        "edit", "delete", "second", "insert", "reorder", "truncate", "roll", "fork", "replace", "rewrite",
        "silence", "replay",
    ] {
        assert!(attacks.contains(attack), "{attack} is not in the table");
    }
}
