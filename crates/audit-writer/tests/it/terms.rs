//! By what entries are found, and an index that was made before they were.

use jiff::Timestamp;
use tlog::{EntryIndex, IndexKey};
use zorgsluis_audit_writer::{AuditError, Content, Line, Term};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{Event, EventKind, Outcome, PurposeOfUse, Responsible, User};
use zorgsluis_domain::port::{AuditSink, PageRequest};

use crate::support::{ANNA, BRAM, World, codes, entry, time};

/// Entries, each of which differs from an ordinary one (number 0) in one thing.
fn different() -> Vec<AuditEntry> {
    let changed = |number: u64, change: fn(&mut AuditEntry)| {
        let mut entry = entry(number, Some(ANNA));
        change(&mut entry);
        entry
    };
    vec![
        changed(0, |_| {}),
        changed(1, |entry| entry.users[0].id = "verpleegkundige-4".into()),
        changed(2, |entry| entry.users[0].uzi = Some("900030795".into())),
        changed(3, |entry| entry.users[0].department = Some("SEH".into())),
        changed(4, |entry| entry.event.kind = EventKind::Export),
        changed(5, |entry| entry.event.outcome = Outcome::SeriousFailure),
        changed(6, |entry| entry.legal_basis.emergency = true),
        changed(7, |entry| entry.users[0].purpose = Some(PurposeOfUse::EmergencyTreatment)),
        changed(8, |entry| entry.patient = None),
        changed(9, |entry| entry.responsible = Some(Responsible { id: "hoofd-9".into(), role: None })),
        changed(10, |entry| entry.users.push(User::system("verpleegkundige-4", false))),
        changed(11, |entry| entry.event = Event::failure(EventKind::AccessDenied, entry.event.action, "x")),
        changed(12, |entry| entry.event.kind = EventKind::BreakGlass),
    ]
}

fn numbers(lines: &[Line]) -> Vec<i64> {
    let number = |line: &Line| match &line.content {
        Content::Entry(entry) => entry.recorded.as_second() - time(0).as_second(),
        Content::Erased => i64::MIN,
    };
    lines.iter().map(number).collect()
}

#[tokio::test]
async fn an_entry_is_found_by_each_of_its_terms_and_by_no_other() {
    let world = World::new();
    let writer = world.writer().await;
    writer.record(&different()).await.unwrap();
    let reader = world.reader(writer);
    let all: Vec<i64> = (0..13).collect();
    let but = |without: &[i64]| -> Vec<i64> {
        all.iter().copied().filter(|number| !without.contains(number)).collect()
    };
    for (term, expected) in [
        (Term::All, all.clone()),
        (Term::Patient(ANNA.into()), but(&[8])),
        (Term::Patient(BRAM.into()), vec![]),
        (Term::User("arts-17".into()), but(&[1])),
        (Term::User("verpleegkundige-4".into()), vec![1, 10]),
        (Term::User("hoofd-9".into()), vec![9]),
        // A number is not an id, nor a department's code either.
        (Term::User("900030795".into()), vec![]),
        (Term::Uzi("900030795".into()), vec![2]),
        (Term::Department("SEH".into()), vec![3]),
        (Term::Kind(EventKind::Export), vec![4]),
        (Term::Kind(EventKind::ResourceRead), but(&[4, 11, 12])),
        (Term::Emergency, vec![6, 7, 12]),
        (Term::NotSucceeded, vec![5, 11]),
    ] {
        let found = reader.by(&term, time(0), time(100), &PageRequest::first(50)).await.unwrap();
        assert_eq!(numbers(&found.items), expected, "{term:?}");
    }
}

#[test]
fn every_kind_of_event_is_named_as_entries_hold_it() {
    for kind in EventKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
}

/// Takes the rows of the first `count` entries back to the scheme in which only patients were found.
fn as_it_was(world: &World, count: usize) {
    world.index.tamper(|rows, _| {
        for row in rows.iter_mut().take(count) {
            row.keys.retain(|key| !key.key.starts_with("term:"));
            for IndexKey { key, .. } in &mut row.keys {
                if key == "all/2" {
                    *key = "all".into();
                }
            }
        }
    });
}

#[tokio::test]
async fn an_index_of_an_older_scheme_says_so_and_never_answers_incompletely() {
    let world = World::new();
    let writer = world.writer().await;
    for entry in different() {
        writer.record(&[entry]).await.unwrap();
    }
    writer.checkpoint().await.unwrap();
    as_it_was(&world, 5);
    let reader = world.reader(writer.clone());
    let page = PageRequest::first(50);
    for term in [Term::All, Term::User("arts-17".into()), Term::NotSucceeded] {
        let found = reader.by(&term, time(0), time(100), &page).await;
        assert!(matches!(found, Err(AuditError::IndexOutdated)), "{found:?}");
    }
    // Patients are found as they always were.
    let found = reader.history(ANNA, time(0), time(100), &page).await.unwrap();
    assert_eq!(found.items.len(), 12);
    let report = world.verify().await;
    // One finding, not one for each row.
    assert_eq!(codes(&report), ["index-outdated"]);
    assert_eq!((report.findings.len(), report.more_findings), (1, 0));

    writer.checkpoint().await.unwrap();
    world.log.rebuild().await.unwrap();
    assert!(world.verify().await.is_clean());
    let found = reader.by(&Term::User("arts-17".into()), Timestamp::MIN, time(100), &page).await.unwrap();
    assert_eq!(found.items.len(), 12);
}

#[tokio::test]
async fn a_row_that_is_made_to_look_older_is_a_finding() {
    let world = World::new();
    let writer = world.writer().await;
    writer.record(&different()).await.unwrap();
    writer.checkpoint().await.unwrap();
    as_it_was(&world, 1);
    assert_eq!(codes(&world.verify().await), ["index-outdated"]);
}

#[tokio::test]
async fn no_user_department_or_kind_stands_in_the_index() {
    let world = World::new();
    let writer = world.writer().await;
    writer.record(&different()).await.unwrap();
    let rows = format!("{:?}", world.index.rows(0, 100).await.unwrap());
    for secret in ["arts", "verpleegkundige", "hoofd", "9000307", "SEH", "export", "glass", "denied"] {
        assert!(!rows.contains(secret), "{secret}");
    }
    // What a term costs: one row each. An ordinary reading of a result has these.
    let terms = Term::of(&different()[0]);
    assert_eq!(terms.len(), 5, "{terms:?}");
}
