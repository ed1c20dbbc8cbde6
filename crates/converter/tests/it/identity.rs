//! `docs/identity.md` shows the rules that the code has.

use zorgsluis_converter::identity::rule::{Part, RULES, Rule};

fn row(rule: &Rule) -> String {
    let part = |part: &Part| match part {
        Part::Clear(text) => (*text).to_owned(),
        Part::Pseudonym(text) => format!("*hmac*({text})"),
    };
    let parts: Vec<String> = rule.parts.iter().map(part).collect();
    let warning = if rule.warning.is_empty() { String::new() } else { format!("`{}`", rule.warning) };
    format!("| `{}` | {} | {warning} |", rule.name, parts.join(" · "))
}

#[test]
fn the_page_and_the_code_have_the_same_table() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/identity.md");
    let page = std::fs::read_to_string(page).unwrap();
    let shown: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let rules: Vec<String> = RULES.iter().map(row).collect();
    assert_eq!(shown, rules);
}

#[test]
fn rules_have_names_of_their_own() {
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}
