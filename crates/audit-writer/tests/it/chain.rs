//! Logs that continue each other answer as one.

use std::sync::Arc;

use jiff::Timestamp;
use tlog::memory::MemoryIndex;
use tlog::{LocalSigner, Signer as _};
use zorgsluis_audit_writer::{
    AuditError, AuditLog, AuditWriter, Criterion, Found, LogReader, LogSearch, Question, ReadBy, Term,
};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{AccessMethod, User};
use zorgsluis_domain::port::clock::FixedClock;
use zorgsluis_domain::port::{AuditSink, DataClass, Keys as _, PageRequest};

use crate::support::{ANNA, BRAM, World, codes, entry, source, time};

const KEY: [u8; 32] = [3; 32];

fn origin(shard: &str) -> String {
    format!("ziekenhuis.example/log/{shard}")
}

/// A log of this shard in the world's storage, with an index of its own.
fn log(world: &World, shard: &str) -> AuditLog {
    let signer = LocalSigner::from_seed(origin(shard), &KEY).unwrap();
    let keys = vec![signer.verifying_key().clone()];
    let (storage, index) = (world.storage.clone(), Arc::new(MemoryIndex::new()));
    AuditLog::new(storage, index, world.keys.clone(), shard, &origin(shard), keys).unwrap()
}

async fn writer(world: &World, log: &AuditLog) -> Arc<AuditWriter> {
    let signer = LocalSigner::from_seed(origin(log.shard()), &KEY).unwrap();
    Arc::new(AuditWriter::open(log.clone(), world.random.as_ref(), Arc::new(signer)).await.unwrap())
}

fn reader(world: &World, log: &AuditLog, sink: Arc<dyn AuditSink>) -> LogReader {
    let by = ReadBy {
        user: User::system("privacy-officer", true),
        responsible: None,
        access: AccessMethod::CommandLine,
        source: source(),
    };
    LogReader::new(log.clone(), sink, Arc::new(FixedClock(time(900))), world.random.clone(), by)
}

/// Entries that no time tells apart from the next log's: three at each of these seconds.
fn at(seconds: &[u64], serial: u64) -> Vec<AuditEntry> {
    let entries = seconds.iter().flat_map(|second| {
        (0..3).map(move |n| {
            let mut entry = entry(*second, Some(if n == 0 { ANNA } else { BRAM }));
            entry.id = zorgsluis_domain::EntryId::derived(entry.recorded, &format!("{serial} {second} {n}"));
            entry
        })
    });
    entries.collect()
}

/// Three logs, each continuing the one before, with times that overlap: what was reported late stands in the next.
async fn chain(world: &World) -> (AuditLog, Arc<AuditWriter>) {
    let mut earlier: Vec<AuditLog> = Vec::new();
    for (serial, (shard, seconds)) in
        [("one", &[1_u64, 2, 3, 5][..]), ("two", &[2, 3, 4, 6]), ("three", &[3, 5, 7])].iter().enumerate()
    {
        let log = log(world, shard);
        let writer = writer(world, &log).await;
        if let Some(before) = earlier.last() {
            let seal = before.tlog().seal(before.verifying_keys()).await.unwrap().unwrap();
            reader(world, &log, writer.clone()).log_succession(seal.checkpoint()).await.unwrap();
        }
        writer.append(&at(seconds, serial as u64)).await.unwrap();
        if *shard == "three" {
            writer.checkpoint().await.unwrap();
            return (log.continuing(earlier), writer);
        }
        writer.seal().await.unwrap();
        earlier.push(log);
    }
    unreachable!()
}

async fn whole(reader: &LogReader, question: &Question) -> Vec<Found> {
    let (mut reading, mut all) = (reader.ask(question).await.unwrap(), Vec::new());
    loop {
        let page = reading.next(4).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn place(found: &Found) -> (Timestamp, String, u64) {
    (found.at, found.line.log.to_string(), found.line.index)
}

#[tokio::test]
async fn an_answer_tells_of_all_of_them_in_the_order_of_time_and_its_pages_join() {
    let world = World::new();
    let (log, _) = chain(&world).await;
    // Readings are logged elsewhere, so that they do not stand among what is read.
    let elsewhere = writer(&world, &self::log(&world, "elsewhere")).await;
    let reader = reader(&world, &log, elsewhere);
    for terms in
        [vec![Term::Patient(ANNA.into()), Term::Patient(BRAM.into())], vec![Term::Uzi("900030787".into())]]
    {
        for newest_first in [false, true] {
            let question = Question { terms: terms.clone(), newest_first, ..Question::about(Term::All) };
            let all = whole(&reader, &question).await;
            assert_eq!(all.len(), 3 * 11);
            let mut times: Vec<_> = all.iter().map(|found| found.at).collect();
            let mut sorted = times.clone();
            sorted.sort();
            if newest_first {
                times.reverse();
            }
            assert_eq!(times, sorted);
            let logs = all.iter().map(|found| &*found.line.log).collect::<std::collections::BTreeSet<_>>();
            assert_eq!(logs, ["one", "three", "two"].into());
            // From behind each entry, in whichever log it stands, the rest and nothing else.
            for (behind, from) in all.iter().enumerate() {
                let after = Some(from.cursor());
                let rest = whole(&reader, &Question { after, ..question.clone() }).await;
                let (rest, expected): (Vec<_>, Vec<_>) =
                    (rest.iter().map(place).collect(), all.iter().skip(behind + 1).map(place).collect());
                assert_eq!(rest, expected, "{newest_first} behind {}", from.cursor());
            }
        }
    }
    let bounded = Question { from: time(3), to: time(5), ..Question::about(Term::Patient(ANNA.into())) };
    assert_eq!(whole(&reader, &bounded).await.len(), 4);
    let unknown = Question { after: Some("5.1.four".into()), ..bounded };
    assert!(matches!(reader.ask(&unknown).await, Err(AuditError::Cursor)));
}

#[tokio::test]
async fn a_search_pages_through_all_of_them() {
    let world = World::new();
    let (log, _) = chain(&world).await;
    let elsewhere = writer(&world, &self::log(&world, "elsewhere")).await;
    let reader = reader(&world, &log, elsewhere);
    for newest_first in [false, true] {
        let (mut after, mut all): (Option<String>, Vec<(Timestamp, String, u64)>) = (None, Vec::new());
        loop {
            let criterion = Criterion {
                terms: vec![Term::Patient(BRAM.into())],
                fits: Arc::new(|candidate| candidate.entry().patient.is_some()),
            };
            let page = reader
                .search(&LogSearch {
                    query: "patient=x",
                    patient: None,
                    criteria: vec![criterion],
                    from: Timestamp::MIN,
                    to: Timestamp::MAX,
                    newest_first,
                    limit: 3,
                    after: after.as_deref(),
                })
                .await
                .unwrap();
            assert!(page.items.len() <= 3);
            for line in page.items {
                let zorgsluis_audit_writer::Content::Entry(entry) = &line.content else { unreachable!() };
                all.push((entry.recorded, line.log.to_string(), line.index));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let mut seen = all.clone();
        seen.sort();
        seen.dedup();
        assert_eq!((all.len(), seen.len()), (22, 22), "each once");
        let times: Vec<_> = all.iter().map(|(at, ..)| *at).collect();
        assert!(times.is_sorted_by(|a, b| if newest_first { a >= b } else { a <= b }), "{times:?}");
    }
}

#[tokio::test]
async fn an_entry_is_found_proved_and_forgotten_in_whichever_of_them_it_stands() {
    let world = World::new();
    let (log, writer) = chain(&world).await;
    let reader = reader(&world, &log, writer.clone());
    let of_one = at(&[1], 0).remove(0);
    assert_eq!(
        log.holds(&[of_one.id, zorgsluis_domain::EntryId(uuid::Uuid::nil())]).await.unwrap(),
        [true, false]
    );
    assert_eq!(log.holding(of_one.id).await.unwrap().shard(), "one");
    assert_eq!(&*reader.entry(of_one.id).await.unwrap().log, "one");
    let proof = reader.prove(of_one.id).await.unwrap();
    let key = LocalSigner::from_seed(origin("one"), &KEY).unwrap().verifying_key().clone();
    proof.verify(&origin("one"), &[key]).unwrap();

    let mut walk = reader.walk(None).await.unwrap();
    let mut logs: Vec<String> = Vec::new();
    while let Some(lines) = walk.next().await.unwrap() {
        logs.extend(lines.iter().map(|line| line.log.to_string()));
    }
    logs.dedup();
    assert_eq!(logs, ["one", "two", "three"]);

    // What is erased is forgotten by the indexes of all of them.
    let anna = zorgsluis_audit_writer::patient_pseudonym(world.keys.as_ref(), ANNA);
    assert_eq!(log.lines_about(&anna).await.unwrap().years[0].lines, 11);
    let owner = zorgsluis_audit_writer::log_key_owner(world.keys.as_ref(), &anna, 2026);
    world.keys.destroy(&owner, DataClass::Log).await.unwrap();
    assert_eq!(log.forget_erased(&anna).await.unwrap(), 11);
    assert!(log.lines_about(&anna).await.unwrap().years.is_empty());
    let page = reader.history(ANNA, Timestamp::MIN, Timestamp::MAX, &PageRequest::first(50)).await.unwrap();
    assert!(page.items.iter().all(|line| &*line.log == "three"), "only this reading itself");
}

#[tokio::test]
async fn a_first_entry_that_does_not_agree_with_the_seal_is_found() {
    let world = World::new();
    let (log, _) = chain(&world).await;
    let [one, two] = log.earlier() else { unreachable!() };
    assert_eq!(log.check_succession(two).await.unwrap(), None);
    assert_eq!(two.check_succession(one).await.unwrap(), None);
    let named = two.succession().await.unwrap().unwrap();
    assert_eq!((named.origin.as_str(), named.size), (origin("one").as_str(), 12));
    assert_eq!(one.succession().await.unwrap(), None);

    // Another log was put in the place of the one that was sealed, sound in itself.
    let other = World { keys: world.keys.clone(), ..World::new() };
    let forged = self::log(&other, "one");
    let forger = writer(&other, &forged).await;
    forger.append(&at(&[1, 2, 3], 0)).await.unwrap();
    let code =
        |finding: Option<tlog::Finding>| finding.map(|finding| finding.code.as_str()).unwrap_or_default();
    assert_eq!(code(two.check_succession(&forged).await.unwrap()), "predecessor-unsealed");
    forger.seal().await.unwrap();
    assert_eq!(codes(&forged.verify(Default::default()).await.unwrap()), [""; 0]);
    assert_eq!(code(two.check_succession(&forged).await.unwrap()), "succession-differs");
    assert_eq!(code(log.check_succession(one).await.unwrap()), "succession-differs", "it continues another");
    assert_eq!(code(one.check_succession(two).await.unwrap()), "succession-missing");
}

#[tokio::test]
async fn a_number_of_which_only_a_sealed_log_tells_still_leads_to_its_lines() {
    let world = World::new();
    let (merged, nobody) = (uuid::Uuid::from_u128(7), uuid::Uuid::from_u128(8));
    let old = log(&world, "old");
    let first = writer(&world, &old).await;
    first.append(&[entry(1, Some(&format!("Patient/{merged}")))]).await.unwrap();
    first.seal().await.unwrap();
    let new = log(&world, "new").continuing(vec![old]);
    let present = uuid::Uuid::from_u128(9);
    writer(&world, &new).await.append(&[entry(2, Some(&format!("Patient/{present}")))]).await.unwrap();
    let found = new.with_lines(&[present, merged, nobody]).await.unwrap();
    assert_eq!(found, [format!("Patient/{present}"), format!("Patient/{merged}")]);
    let of = |id: uuid::Uuid| {
        zorgsluis_audit_writer::patient_pseudonym(world.keys.as_ref(), &format!("Patient/{id}"))
    };
    assert!(new.has_lines_about(&of(merged)).await.unwrap(), "what forgets a number asks this");
    assert!(!new.has_lines_about(&of(nobody)).await.unwrap());
}
