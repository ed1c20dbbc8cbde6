//! The table of `docs/audit-log.md`, "What is logged", held against what is exported.

use std::collections::BTreeSet;
use std::path::Path;

use zorgsluis_audit_writer::to_audit_event;
use zorgsluis_domain::audit::EventKind;

use crate::samples::all;

#[test]
fn the_table_of_what_is_logged_holds_every_kind_as_it_is_exported() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/audit-log.md")).unwrap();
    let (_, section) = page.split_once("\n## What is logged\n").unwrap();
    let section = section.split_once("\n## ").unwrap().0;
    let samples: Vec<_> = all().into_iter().map(|(_, entry)| (to_audit_event(&entry), entry)).collect();
    let mut told = BTreeSet::new();
    for row in section.lines().filter(|line| line.starts_with("| ") && line.contains(" | `")) {
        let cells: Vec<String> =
            row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
        assert_eq!(cells.len(), 6, "{row}");
        let [kind, action, code, profile, file] = [1, 2, 3, 4, 5].map(|cell| &cells[cell]);
        let (event_type, subtype) = code.split_once(", ").unwrap();
        let fits = samples.iter().any(|(event, entry)| {
            let name = serde_json::to_value(entry.event.kind).unwrap();
            let last = |url: &str| url.rsplit('/').next().unwrap().replace("IHE.BasicAudit.", "");
            let claimed = event["meta"]["profile"][0].as_str().map(last);
            name == kind.as_str()
                && event["action"] == action.as_str()
                && event["type"]["code"] == event_type
                && event["subtype"][0]["code"] == subtype
                && claimed.as_deref() == Some(profile)
        });
        assert!(fits, "no entry is exported so: {row}");
        assert!(root.join(file).is_file(), "{file}");
        assert!(told.insert(kind.clone()), "{kind} stands twice");
    }
    let name = |kind: EventKind| serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned();
    let every: BTreeSet<String> =
        EventKind::ALL.into_iter().filter(|kind| *kind != EventKind::Other).map(name).collect();
    assert_eq!(told, every);
}
