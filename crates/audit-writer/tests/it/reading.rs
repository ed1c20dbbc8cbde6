//! Reading, which is logged first.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use zorgsluis_audit_writer::{AuditError, Content, Line, Verification, log_key_owner, patient_pseudonym};
use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::port::{AuditSink, DataClass, Keys, PageRequest};
use zorgsluis_domain::{AuditEntry, PortError};

use crate::support::{ANNA, BRAM, ORIGIN, World, entry, time};

fn numbers(lines: &[Line]) -> Vec<String> {
    let name = |line: &Line| match &line.content {
        Content::Entry(entry) => entry.objects.first().map(|object| object.id.clone()).unwrap_or_default(),
        Content::Erased => "erased".into(),
    };
    lines.iter().map(name).collect()
}

async fn filled() -> (World, Arc<zorgsluis_audit_writer::AuditWriter>) {
    let world = World::new();
    let writer = world.writer().await;
    for number in 0..20 {
        let patient = if number % 2 == 0 { ANNA } else { BRAM };
        writer.record(&[entry(number, Some(patient)), entry(100 + number, None)]).await.unwrap();
    }
    writer.checkpoint().await.unwrap();
    (world, writer)
}

#[tokio::test]
async fn a_patients_history_is_found_by_period_and_page() {
    let (world, writer) = filled().await;
    let reader = world.reader(writer);
    let mut page = PageRequest::first(3);
    let mut found = Vec::new();
    loop {
        let lines = reader.history(ANNA, time(4), time(15), &page).await.unwrap();
        assert!(lines.items.len() <= 3);
        found.extend(numbers(&lines.items));
        match lines.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    let expected = [4, 6, 8, 10, 12, 14].map(|number| format!("Observation/obs-{number}"));
    assert_eq!(found, expected);
    let other =
        reader.history("Patient/nobody", Timestamp::MIN, Timestamp::MAX, &PageRequest::first(9)).await;
    // Even this reading is in the history of whom it was about.
    assert_eq!(numbers(&other.unwrap().items), ["log/linde"]);
    let wrong = PageRequest { after: Some("x".into()), limit: 3 };
    assert!(matches!(reader.history(ANNA, time(0), time(1), &wrong).await, Err(AuditError::Cursor)));
}

#[tokio::test]
async fn a_period_holds_the_entries_of_all() {
    let (world, writer) = filled().await;
    let reader = world.reader(writer);
    let lines = reader.period(time(18), time(103), &PageRequest::first(50)).await.unwrap();
    let expected = [18, 19, 100, 101, 102].map(|number| format!("Observation/obs-{number}"));
    assert_eq!(numbers(&lines.items), expected);
}

#[tokio::test]
async fn each_reading_is_an_entry_of_its_own() {
    let (world, writer) = filled().await;
    let reader = world.reader(writer.clone());
    reader.history(BRAM, time(0), time(5), &PageRequest::first(5)).await.unwrap();
    let line = reader.entry(entry(3, Some(BRAM)).id).await.unwrap();
    assert_eq!(line.content, Content::Entry(Box::new(entry(3, Some(BRAM)))));
    reader.verify(Verification::default()).await.unwrap().logged.unwrap();
    let lines = reader.period(time(900), time(901), &PageRequest::first(50)).await.unwrap();
    let read: Vec<_> = lines
        .items
        .iter()
        .map(|line| match &line.content {
            Content::Entry(entry) => (entry.event.kind, entry.patient.is_some()),
            Content::Erased => panic!("not erased"),
        })
        .collect();
    assert_eq!(
        read,
        [
            (EventKind::LogRead, true),
            (EventKind::LogRead, false),
            (EventKind::LogVerify, false),
            // The reading of this list itself.
            (EventKind::LogRead, false),
        ]
    );
    // The patient sees who read the log about them.
    let history = reader.history(BRAM, time(900), time(901), &PageRequest::first(50)).await.unwrap();
    assert_eq!(history.items.len(), 2);
}

struct Away;

#[async_trait]
impl AuditSink for Away {
    async fn record(&self, _: &[AuditEntry]) -> Result<(), PortError> {
        Err(PortError::Unavailable { operation: "audit.record", retry_after: None, cause: None })
    }
}

#[tokio::test]
async fn what_cannot_be_logged_is_not_disclosed() {
    let (world, _) = filled().await;
    let reader = world.reader(Arc::new(Away));
    let page = PageRequest::first(5);
    assert!(matches!(reader.history(ANNA, time(0), time(9), &page).await, Err(AuditError::NotLogged(_))));
    assert!(matches!(reader.period(time(0), time(9), &page).await, Err(AuditError::NotLogged(_))));
    assert!(matches!(reader.entry(entry(3, None).id).await, Err(AuditError::NotLogged(_))));
    assert!(matches!(reader.prove(entry(3, None).id).await, Err(AuditError::NotLogged(_))));
    // A verification discloses nothing, and is given all the same.
    let verified = reader.verify(Verification::default()).await.unwrap();
    assert!(verified.report.is_clean() && verified.logged.is_err());
}

#[tokio::test]
async fn an_entry_is_proved_to_who_has_only_the_public_key() {
    let (world, writer) = filled().await;
    let reader = world.reader(writer);
    let id = entry(7, Some(BRAM)).id;
    let text = reader.prove(id).await.unwrap().to_text();
    let proof = tlog::ProofFile::parse(&text).unwrap();
    let head = proof.verify(ORIGIN, world.log.verifying_keys()).unwrap();
    assert_eq!((proof.leaf.id().to_string(), head.checkpoint().size), (id.to_string(), 40));
    let unknown = reader.prove(entry(77, None).id).await;
    assert!(matches!(unknown, Err(AuditError::NoSuchEntry)));
}

#[tokio::test]
async fn an_erased_entry_is_shown_as_erased_and_still_proved() {
    let (world, writer) = filled().await;
    let anna = patient_pseudonym(world.keys.as_ref(), ANNA);
    let lines = world.log.lines_about(&anna).await.unwrap();
    let [only] = lines.years[..] else { panic!("{lines:?}") };
    assert_eq!(only.lines, 10);
    let owner = log_key_owner(world.keys.as_ref(), &anna, only.year);
    assert_eq!(world.keys.destroy(&owner, DataClass::Log).await.unwrap(), 1);
    let report = world.verify().await;
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(report.erased, Some(10));
    let reader = world.reader(writer);
    let id = entry(4, Some(ANNA)).id;
    assert_eq!(reader.entry(id).await.unwrap().content, Content::Erased);
    let proof = reader.prove(id).await.unwrap();
    assert!(proof.verify(ORIGIN, world.log.verifying_keys()).is_ok());
    // The index forgets what it said of them, and again is the same.
    assert_eq!(world.log.forget_erased(&anna).await.unwrap(), 10);
    assert_eq!(world.log.forget_erased(&anna).await.unwrap(), 0);
    assert!(world.log.lines_about(&anna).await.unwrap().years.is_empty());
    assert!(world.verify().await.is_clean());
    assert_eq!(reader.entry(id).await.unwrap().content, Content::Erased);
    let rows = tlog::EntryIndex::rows(world.index.as_ref(), 0, 1000).await.unwrap();
    assert!(!format!("{rows:?}").contains(&anna.to_string()));
    // Tiles and index can be made anew without the erased content, and are the same.
    world.log.rebuild().await.unwrap();
    assert!(world.verify().await.is_clean());
    let anew = tlog::EntryIndex::rows(world.index.as_ref(), 0, 1000).await.unwrap();
    assert_eq!(anew, rows);
}

#[tokio::test]
async fn old_lines_about_a_patient_go_while_young_ones_stay() {
    let world = World::new();
    let writer = world.writer().await;
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let mut entries = Vec::new();
    // The last moment of one year and the first of the next, UTC.
    for (number, recorded) in
        [(1, "2019-12-31T23:59:59.999999Z"), (2, "2020-01-01T00:00:00Z"), (3, "2026-11-02T08:00:00Z")]
    {
        let mut old = entry(number, Some(ANNA));
        old.recorded = at(recorded);
        old.id = zorgsluis_domain::EntryId::derived(old.recorded, &number.to_string());
        entries.push(old);
    }
    // A line about 2019 that was written seven years later: its term runs from then.
    let mut late = entry(4, Some(BRAM));
    (late.recorded, late.id) =
        (at("2019-06-01T12:00:00Z"), zorgsluis_domain::EntryId::derived(at("2026-11-02T08:00:00Z"), "late"));
    entries.push(late);
    // So does that of an event of 2018 that another system reported.
    let mut told = entry(5, Some(BRAM));
    told.recorded = at("2018-06-01T12:00:00Z");
    told.id = zorgsluis_domain::EntryId::derived(told.recorded, "told");
    told.reported = Some(zorgsluis_domain::audit::Reported {
        submitter: "pacs".into(),
        received: at("2026-11-02T09:00:00Z"),
        original: "{}".into(),
    });
    entries.push(told);
    writer.record(&entries).await.unwrap();
    let anna = patient_pseudonym(world.keys.as_ref(), ANNA);
    let years = world.log.lines_about(&anna).await.unwrap().years;
    assert_eq!(
        years.iter().map(|year| (year.year, year.lines)).collect::<Vec<_>>(),
        [(2019, 1), (2020, 1), (2026, 1)]
    );
    assert_eq!(years[2].newest, at("2026-11-02T08:00:00Z"));
    let bram = patient_pseudonym(world.keys.as_ref(), BRAM);
    let [told, late] = world.log.lines_about(&bram).await.unwrap().years[..] else { panic!("two years") };
    assert_eq!((told.year, told.newest), (2018, at("2026-11-02T09:00:00Z")));
    assert_eq!((late.year, late.newest), (2019, at("2026-11-02T08:00:00Z")));

    let owner = log_key_owner(world.keys.as_ref(), &anna, 2019);
    assert_eq!(world.keys.destroy(&owner, DataClass::Log).await.unwrap(), 1);
    assert_eq!(world.log.forget_erased(&anna).await.unwrap(), 1);
    let reader = world.reader(writer);
    assert_eq!(reader.entry(entries[0].id).await.unwrap().content, Content::Erased);
    assert!(matches!(reader.entry(entries[1].id).await.unwrap().content, Content::Entry(_)));
    let years = world.log.lines_about(&anna).await.unwrap().years;
    assert_eq!(years.iter().map(|year| year.year).collect::<Vec<_>>(), [2020, 2026]);
    let report = world.verify().await;
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(report.erased, Some(1));
}
