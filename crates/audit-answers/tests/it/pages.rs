//! Pages, order, period, totals.

use serde_json::Value;
use zorgsluis_audit_answers::{Asked, Extent, Format, Subject, collect};
use zorgsluis_audit_writer::Form;
use zorgsluis_domain::audit::{EventKind, Outcome};

use crate::world::{ALL, ANNA, BRAM, World, about, asked, read, time};

async fn json(world: &World, asked: &Asked, extent: Extent, after: Option<&str>) -> (Vec<i64>, Value) {
    let (text, _) = world.told_behind(asked, extent, Format::Json, after).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    let hour = |line: &Value| {
        let recorded: jiff::Timestamp = line["recorded"].as_str().unwrap().parse().unwrap();
        (recorded.as_second() - time(0).as_second()) / 3600
    };
    (answer["lines"].as_array().unwrap().iter().map(hour).collect(), answer)
}

#[tokio::test]
async fn pages_follow_one_another_and_totals_are_of_the_whole_period() {
    let entries: Vec<_> = (0..25).map(|hour| read(hour, ANNA)).collect();
    let world = World::with(&entries).await;
    for newest_first in [false, true] {
        let asked = Asked { newest_first, ..about(ANNA) };
        let mut expected: Vec<i64> = (0..25).collect();
        if newest_first {
            expected.reverse();
        }
        let page = Extent { page: Some(10), totals: true };
        let (mut hours, first) = json(&world, &asked, page, None).await;
        assert_eq!((hours.len(), first["totals"]["entries"].as_u64()), (10, Some(25)));
        assert_eq!(first["totals"]["byCategory"]["results"], 25);
        let mut next = first["next"].as_str().map(str::to_owned);
        while let Some(cursor) = next {
            let page = Extent { page: Some(10), totals: false };
            let (more, answer) = json(&world, &asked, page, Some(&cursor)).await;
            assert!(answer["totals"].is_null());
            hours.extend(more);
            next = answer["next"].as_str().map(str::to_owned);
        }
        assert_eq!(hours, expected);
        // All at once is the same; a page that is exactly full names no next one.
        assert_eq!(json(&world, &asked, ALL, None).await.0, expected);
        let (_, full) = json(&world, &asked, Extent { page: Some(25), totals: false }, None).await;
        assert!(full["next"].is_null());
    }
}

#[tokio::test]
async fn a_person_with_several_numbers_has_one_history_in_the_order_of_time() {
    let entries = [read(1, ANNA), read(4, ANNA), read(2, BRAM), read(3, BRAM), read(5, BRAM)];
    let world = World::with(&entries).await;
    let both = asked(Subject::Patient(vec![ANNA.into(), BRAM.into()]));
    let (hours, _) = json(&world, &both, Extent { page: Some(3), totals: false }, None).await;
    assert_eq!(hours, [1, 2, 3]);
    let newest = Asked { newest_first: true, ..both };
    assert_eq!(json(&world, &newest, ALL, None).await.0, [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn a_day_of_the_period_is_a_day_in_the_netherlands() {
    // 2026-11-16T22:30Z is still the 16th there, 23:30Z is the 17th.
    let mut entries = [read(14, ANNA), read(15, ANNA)];
    for entry in &mut entries {
        entry.recorded += jiff::SignedDuration::from_mins(30);
    }
    let world = World::with(&entries).await;
    let on = |from: &str, to: &str| Asked {
        from: Some(from.parse().unwrap()),
        to: Some(to.parse().unwrap()),
        ..about(ANNA)
    };
    assert_eq!(json(&world, &on("2026-11-16", "2026-11-16"), ALL, None).await.0, [14]);
    assert_eq!(json(&world, &on("2026-11-17", "2026-11-17"), ALL, None).await.0, [15]);
    assert!(on("2026-11-17", "2026-11-16").period().is_none());
}

#[tokio::test]
async fn totals_tell_how_many_different_patients_a_user_saw_in_a_day_without_naming_anybody() {
    let patient = |number: i64| format!("Patient/00000000-0000-5000-8000-{number:012}");
    let mut entries: Vec<_> = (0..12).map(|number| read(number, &patient(number % 6))).collect();
    entries.push(read(30, ANNA));
    entries[0].event.outcome = Outcome::MinorFailure;
    entries[1].event.kind = EventKind::BreakGlass;
    let world = World::with(&entries).await;
    let department = asked(Subject::Department("INT".into()));
    let mut reading = world.ask(&department, Form::Shown, None).await;
    let collected = collect(&mut reading, &department, 5, true).await.unwrap();
    let totals = collected.totals.unwrap();
    assert_eq!((collected.rows.len(), totals.entries, totals.user_count()), (5, 13, 1));
    assert_eq!((totals.not_succeeded, totals.emergency), (1, 1));
    let busiest: Vec<_> =
        totals.busiest().iter().map(|day| (&*day.user, day.patients, day.entries)).collect();
    assert_eq!(busiest, [("1", 6, 12), ("1", 1, 1)]);
    assert!(!totals.to_json().to_string().contains("arts-17"));
    let named = Asked { with_names: true, ..department };
    let mut reading = world.ask(&named, Form::Shown, None).await;
    let totals = collect(&mut reading, &named, 5, true).await.unwrap().totals.unwrap();
    assert_eq!(totals.users(9), [("arts-17".to_owned(), 13)]);
}

#[tokio::test]
async fn the_log_says_in_what_form_an_answer_left_and_whether_it_named_people() {
    let world = World::with(&[read(1, ANNA)]).await;
    let named = Asked { with_names: true, to: None, ..about(ANNA) };
    for (form, kind) in [(Form::Shown, "log-read"), (Form::Printed, "print"), (Form::Exported, "export")] {
        drop(world.ask(&named, form, None).await);
        let (_, answer) = json(&world, &Asked { newest_first: true, ..named.clone() }, ALL, None).await;
        let kinds: Vec<_> = answer["lines"].as_array().unwrap().iter().map(|line| &line["kind"]).collect();
        // The newest is the reading that tells it.
        assert!(kinds[..2].iter().any(|found| *found == kind), "{kind}: {kinds:?}");
    }
}
