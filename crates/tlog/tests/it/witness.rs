//! What a witness cosigns and what it refuses, and what verification says of it.

use std::sync::Arc;

use tlog::memory::MemoryStorage;
use tlog::{
    Checkpoint, ConsistencyFile, ConsistencyFileError, Cosignature, Cosigner, Hash, LocalSigner, LogObject,
    Note, NoteError, Place, Publisher, Refusal, SignedCheckpoint, Signer, VerifyOptions, WitnessKey,
    WitnessedLog, examine, verify,
};

use crate::support::{ORIGIN, World, codes, entries, run, signer};

fn cosigner(number: u8) -> Cosigner {
    Cosigner::from_seed(format!("witness.example/w{number}"), &[number; 32]).unwrap()
}

/// A witness with what it remembers.
struct Witness {
    cosigner: Cosigner,
    log: WitnessedLog,
}

impl Witness {
    fn new(number: u8) -> Self {
        let keys = vec![signer().verifying_key().clone()];
        Self { cosigner: cosigner(number), log: WitnessedLog::new(ORIGIN, keys) }
    }

    /// Brings it the checkpoint that stands, and keeps its cosignature with the log.
    fn see(&mut self, world: &World) -> Result<SignedCheckpoint, Refusal> {
        let signed = run(world.log.checkpoint(&self.log.keys)).unwrap().unwrap();
        let (old, head) = (self.log.size, signed.checkpoint().clone());
        let path =
            if old <= head.size { run(world.log.consistency(old, head.size)).unwrap() } else { Vec::new() };
        let submission = ConsistencyFile { old_size: old, path, checkpoint: signed.to_text() };
        let good = examine(&self.log, &submission)?;
        self.log = self.log.advanced(&good);
        run(world.log.keep_witnessed(&good, self.cosigner.cosign(good.note(), 1_700_000_000 + head.size)))
            .unwrap();
        Ok(good)
    }
}

fn grown(world: &World, entries_to: std::ops::Range<u64>) {
    world.append(&entries(entries_to)).unwrap();
    world.publish();
}

fn report(world: &World, witnesses: &[WitnessKey]) -> tlog::Report {
    run(verify(&world.log, &VerifyOptions { witnesses, ..VerifyOptions::new(&world.keys) })).unwrap()
}

#[test]
fn the_example_of_the_specification_has_the_form_that_we_write() {
    // C2SP tlog-cosignature: 4 bytes of key id, 8 of time, 64 of signature.
    let line = cosigner(1).cosign(&Note::new("a\n1\nb\n".to_owned()).unwrap(), 1_679_315_147);
    assert_eq!(line.signature.len(), 72);
    assert_eq!(line.signature[..8], 1_679_315_147_u64.to_be_bytes());
    let example = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
    let read = tlog::NoteSignature::parse(&format!("\u{2014} witness.example.com/w1 {example}")).unwrap();
    assert_eq!((read.signature.len(), &read.signature[..8]), (72, &line.signature[..8]));
    let key = cosigner(1).key().to_string();
    assert_eq!(WitnessKey::parse(&key).unwrap(), *cosigner(1).key());
    // The type is part of the key: that of a log is none of a witness, nor the other way round.
    assert!(WitnessKey::parse(&signer().verifying_key().to_string()).is_err());
    assert!(tlog::VerifyingKey::parse(&key).is_err());
}

#[test]
fn a_cosignature_is_over_the_whole_text_and_the_time() {
    let cosigner = cosigner(1);
    let note = Note::new(format!("{ORIGIN}\n1\nAAAA\nan extension\n")).unwrap();
    let mut cosigned = note.clone();
    cosigned.add(cosigner.cosign(&note, 1000));
    assert_eq!(cosigner.key().cosignature(&cosigned), Ok(Some(Cosignature { time: 1000 })));
    assert_eq!(cosigner.key().cosignature(&note), Ok(None));
    let line = cosigned.signatures()[0].clone();
    for at in 0..line.signature.len() {
        let (mut wrong, mut changed) = (note.clone(), line.clone());
        changed.signature[at] ^= 1;
        wrong.add(changed);
        assert_eq!(cosigner.key().cosignature(&wrong), Err(NoteError::WrongSignature), "byte {at}");
    }
    let mut other = Note::new(format!("{ORIGIN}\n2\nAAAA\nan extension\n")).unwrap();
    other.add(line);
    assert_eq!(cosigner.key().cosignature(&other), Err(NoteError::WrongSignature));
    // A later one of the same witness takes the place of the earlier one.
    cosigned.add(cosigner.cosign(&note, 2000));
    assert_eq!(cosigned.signatures().len(), 1);
    assert_eq!(cosigner.key().cosignature(&cosigned), Ok(Some(Cosignature { time: 2000 })));
}

#[test]
fn a_witness_follows_a_log_that_grows_and_verification_says_how_far() {
    let world = World::new();
    let (mut one, mut two) = (Witness::new(1), Witness::new(2));
    one.see(&world).unwrap();
    grown(&world, 0..300);
    one.see(&world).unwrap();
    two.see(&world).unwrap();
    grown(&world, 300..307);
    one.see(&world).unwrap();
    let (first, second, third) =
        (one.cosigner.key().clone(), two.cosigner.key().clone(), cosigner(3).key().clone());
    let clean = report(&world, &[first.clone(), second.clone()]);
    assert!(clean.is_clean(), "{:?}", clean.findings);
    let mut told: Vec<_> = clean.witnessed.iter().map(|one| (&*one.name, one.size, one.time)).collect();
    told.sort_unstable();
    let expected =
        [("witness.example/w1", 307, Some(1_700_000_307)), ("witness.example/w2", 300, Some(1_700_000_300))];
    assert_eq!(told, expected);
    // Without their keys it is told, but not that it was checked.
    assert!(report(&world, &[]).witnessed.iter().all(|one| one.time.is_none()));
    // One that is demanded and did not cosign.
    let missing = report(&world, &[first, third]);
    assert_eq!(codes(&missing), ["witness-missing"]);
    assert_eq!(missing.findings[0].detail.as_deref(), Some("witness.example/w3"));
}

#[test]
fn a_proof_is_against_the_checkpoint_that_most_witnesses_cosigned() {
    let world = World::new();
    let (mut one, mut two) = (Witness::new(1), Witness::new(2));
    grown(&world, 0..300);
    let place = Place { index: 12, bundle: 0 };
    let plain = run(world.log.prove(place, &world.keys)).unwrap();
    assert_eq!(plain.verify(ORIGIN, &world.keys).unwrap().note().signatures().len(), 1);
    one.see(&world).unwrap();
    two.see(&world).unwrap();
    grown(&world, 300..400);
    one.see(&world).unwrap();
    grown(&world, 400..500);
    let cosigned = |place: Place| {
        let proof = run(world.log.prove(place, &world.keys)).unwrap();
        let signed = proof.verify(ORIGIN, &world.keys).unwrap();
        let by = |witness: &Witness| witness.cosigner.key().cosignature(signed.note()).unwrap().is_some();
        (signed.checkpoint().size, by(&one), by(&two))
    };
    // The first witness has moved on, so that each checkpoint has one: the newest of them is taken.
    assert_eq!(cosigned(place), (400, true, false));
    assert_eq!(cosigned(Place { index: 350, bundle: 300 }), (400, true, false));
    assert_eq!(cosigned(Place { index: 450, bundle: 400 }), (500, false, false));
    two.see(&world).unwrap();
    one.see(&world).unwrap();
    let proof = run(world.log.prove(place, &world.keys)).unwrap();
    assert_eq!(proof.verify(ORIGIN, &world.keys).unwrap().note().signatures().len(), 3);
}

#[test]
fn a_log_that_is_taken_back_is_refused() {
    let world = World::new();
    let mut witness = Witness::new(1);
    grown(&world, 0..5);
    let before = world.storage.snapshot();
    grown(&world, 5..9);
    witness.see(&world).unwrap();
    let back = World::on(Arc::new(MemoryStorage::restore(before)));
    assert_eq!(witness.see(&back), Err(Refusal::OldAboveNew { old: 9, new: 5 }));
    // Grown anew with other entries, to the same size and beyond it.
    run(back.appender(3).append(&entries(50..54))).unwrap();
    back.publish();
    assert_eq!(witness.see(&back), Err(Refusal::OtherRoot { size: 9 }));
    run(back.appender(3).append(&entries(60..64))).unwrap();
    back.publish();
    assert_eq!(witness.see(&back), Err(Refusal::Inconsistent { known: 9 }));
    assert_eq!(witness.log.size, 9, "nothing was taken for seen");
    // What the witness has seen proves it to everybody: its last checkpoint is the one to verify against.
    let kept = world.storage.snapshot()
        [&world.log.paths().key(LogObject::Witnessed(witness.cosigner.key().id()))]
        .clone();
    assert_eq!(codes(&run(verify(&back.log, &trusting(&back, &kept))).unwrap()), ["trusted-root-differs"]);
}

fn trusting<'a>(world: &'a World, trusted: &'a [u8]) -> VerifyOptions<'a> {
    VerifyOptions { trusted: Some(trusted), ..VerifyOptions::new(&world.keys) }
}

#[test]
fn a_fork_shown_to_two_readers_reaches_one_witness_only_once() {
    let common = World::new();
    grown(&common, 0..5);
    let mut witness = Witness::new(1);
    witness.see(&common).unwrap();
    let other = World::on(Arc::new(MemoryStorage::restore(common.storage.snapshot())));
    grown(&common, 5..8);
    run(other.appender(3).append(&entries(70..76))).unwrap();
    other.publish();
    // Each of the two alone verifies, and continues what the witness has seen.
    assert!(report(&common, &[]).is_clean() && report(&other, &[]).is_clean());
    witness.see(&common).unwrap();
    assert_eq!(witness.see(&other), Err(Refusal::Inconsistent { known: 8 }));
    // The reader who is shown the other one demands the witness's word for more than the common beginning.
    let key = [witness.cosigner.key().clone()];
    let told = |world: &World| (report(world, &key).witnessed[0].size, report(world, &key).checkpoint);
    assert_eq!(told(&common), (8, Some(8)));
    assert_eq!(told(&other), (5, Some(11)));
    // The cosignature taken over from the one to the other is found.
    let object = common.log.paths().key(LogObject::Witnessed(key[0].id()));
    let taken = common.storage.snapshot()[&object].clone();
    other.storage.tamper(|objects| objects.insert(object, taken));
    assert_eq!(codes(&report(&other, &key)), ["witnessed-root-differs"]);
}

#[test]
fn every_submission_that_is_not_right_is_refused_with_its_status() {
    let world = World::new();
    grown(&world, 0..5);
    let mut witness = Witness::new(1);
    witness.see(&world).unwrap();
    grown(&world, 5..9);
    let signed = run(world.log.checkpoint(&world.keys)).unwrap().unwrap();
    let path = run(world.log.consistency(5, 9)).unwrap();
    let good = ConsistencyFile { old_size: 5, path: path.clone(), checkpoint: signed.to_text() };
    assert_eq!(examine(&witness.log, &good).unwrap(), signed);
    let with = |change: &dyn Fn(&mut ConsistencyFile)| {
        let mut submission = good.clone();
        change(&mut submission);
        let refusal = examine(&witness.log, &submission).unwrap_err();
        (refusal.status(), refusal.size())
    };
    let signed_by = |seed: u8, origin: &str, size: u64, root: Hash| {
        let mut note =
            Note::new(Checkpoint { origin: origin.to_owned(), size, root, extensions: Vec::new() }.to_text())
                .unwrap();
        let signer = LocalSigner::from_seed(origin, &[seed; 32]).unwrap();
        let signature = run(signer.sign(note.text().as_bytes())).unwrap();
        note.add_signature(signer.verifying_key(), signature);
        note.to_text()
    };
    let root = signed.checkpoint().root;
    assert_eq!(with(&|s| s.old_size = 10), (400, None));
    assert_eq!(with(&|s| s.checkpoint = "no note".to_owned()), (400, None));
    assert_eq!(with(&|s| s.checkpoint = signed_by(42, "example.com/other", 9, root)), (404, None));
    assert_eq!(with(&|s| s.checkpoint = signed_by(43, ORIGIN, 9, root)), (403, None));
    assert_eq!(with(&|s| s.checkpoint = s.checkpoint.replacen("\n9\n", "\n8\n", 1)), (403, None));
    assert_eq!(with(&|s| s.old_size = 4), (409, Some(5)));
    assert_eq!(with(&|s| s.old_size = 0), (409, Some(5)));
    assert_eq!(with(&|s| s.path.clear()), (422, None));
    assert_eq!(with(&|s| s.path.push(root)), (422, None));
    assert_eq!(with(&|s| s.path[0].0[0] ^= 1), (422, None));
    assert_eq!(with(&|s| s.checkpoint = signed_by(42, ORIGIN, 9, Hash([3; 32]))), (422, None));
    let fork = |s: &mut ConsistencyFile| {
        s.path.clear();
        s.checkpoint = signed_by(42, ORIGIN, 5, Hash([3; 32]));
    };
    assert_eq!(with(&fork), (409, Some(5)));
}

#[test]
fn a_consistency_file_proves_what_it_says_and_is_read_strictly() {
    let world = World::new();
    grown(&world, 0..5);
    let old = run(world.log.checkpoint(&world.keys)).unwrap().unwrap().checkpoint().clone();
    grown(&world, 5..300);
    let signed = run(world.log.checkpoint(&world.keys)).unwrap().unwrap();
    let file = run(world.log.prove_consistency(&old, &signed)).unwrap();
    let text = file.to_text();
    let read = ConsistencyFile::parse(text.as_bytes()).unwrap();
    assert_eq!(read, file);
    assert_eq!(read.verify(&old, ORIGIN, &world.keys).unwrap(), signed);
    let elsewhere = Checkpoint { root: Hash([1; 32]), ..old.clone() };
    assert!(matches!(read.verify(&elsewhere, ORIGIN, &world.keys), Err(ConsistencyFileError::Proof(_))));
    let other_size = Checkpoint { size: 4, ..old.clone() };
    assert_eq!(read.verify(&other_size, ORIGIN, &world.keys), Err(ConsistencyFileError::OtherOld));
    // Every flipped byte is either no such file any more, or proves nothing.
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let proved = ConsistencyFile::parse(&bytes).and_then(|file| file.verify(&old, ORIGIN, &world.keys));
        assert!(proved.is_err(), "byte {at}");
    }
    for wrong in ["", "old 5", "old 05\n\nx\n", "old -1\n\nx\n", "new 5\n\nx\n", "old 5\nAAAA\n\nx\n"] {
        assert!(ConsistencyFile::parse(wrong.as_bytes()).is_err(), "{wrong:?}");
    }
    let long = format!("old 5\n{}\nx\n", format!("{}=\n", "A".repeat(43)).repeat(64));
    assert_eq!(ConsistencyFile::parse(long.as_bytes()), Err(ConsistencyFileError::Form { line: 65 }));
}

#[test]
fn what_is_kept_of_a_witness_never_shrinks() {
    let world = World::new();
    let witness = cosigner(1);
    let signed: Vec<SignedCheckpoint> = [0..3, 3..6]
        .map(|range| {
            grown(&world, range);
            run(world.log.checkpoint(&world.keys)).unwrap().unwrap()
        })
        .into();
    let keep =
        |at: usize, time| run(world.log.keep_witnessed(&signed[at], witness.cosign(signed[at].note(), time)));
    assert!(keep(1, 20).unwrap());
    assert!(!keep(0, 30).unwrap(), "a late answer is not laid over a newer one");
    assert!(keep(1, 40).unwrap(), "the same once more is newer");
    let told = report(&world, &[witness.key().clone()]).witnessed;
    assert_eq!((told[0].size, told[0].time), (6, Some(40)));
    // Junk in its place is a finding, and gives way.
    let object = world.log.paths().key(LogObject::Witnessed(witness.key().id()));
    world.storage.tamper(|objects| objects.insert(object, "junk".into()));
    assert_eq!(
        codes(&report(&world, &[witness.key().clone()])),
        ["witness-missing", "witnessed-checkpoint-damaged"]
    );
    assert!(keep(0, 50).unwrap());
    assert!(report(&world, &[witness.key().clone()]).is_clean());
}

#[test]
fn entries_cut_off_behind_what_a_witness_cosigned_are_missed() {
    let world = World::new();
    let mut witness = Witness::new(1);
    grown(&world, 0..5);
    let before = world.storage.snapshot();
    grown(&world, 5..9);
    witness.see(&world).unwrap();
    let object = world.log.paths().key(LogObject::Witnessed(witness.cosigner.key().id()));
    let cosigned = world.storage.snapshot()[&object].clone();
    let back = World::on(Arc::new(MemoryStorage::restore(before)));
    back.storage.tamper(|objects| objects.insert(object, cosigned));
    assert_eq!(codes(&report(&back, &[])), ["checkpoint-rolled-back", "entries-truncated"]);
}

#[test]
fn a_witness_learns_the_next_key_from_the_handover() {
    let world = World::new();
    let mut witness = Witness::new(1);
    grown(&world, 0..5);
    witness.see(&world).unwrap();
    let next = Arc::new(LocalSigner::from_seed(ORIGIN, &[1; 32]).unwrap());
    let mut publisher = Publisher::new(world.log.clone(), signer(), Vec::new());
    run(publisher.hand_over(next.clone())).unwrap();
    witness.see(&world).unwrap();
    assert_eq!(witness.log.keys, [next.verifying_key().clone()]);
    world.append(&entries(5..8)).unwrap();
    run(publisher.publish()).unwrap();
    assert_eq!(witness.see(&world).unwrap().checkpoint().size, 8);
    // The key before is believed no more.
    let thief = World::on(Arc::new(MemoryStorage::restore(world.storage.snapshot())));
    let mut note = Note::new(witness.see(&thief).unwrap().note().text().to_owned()).unwrap();
    note.add_signature(signer().verifying_key(), run(signer().sign(note.text().as_bytes())).unwrap());
    let submission = ConsistencyFile { old_size: 8, path: Vec::new(), checkpoint: note.to_text() };
    assert_eq!(examine(&witness.log, &submission).unwrap_err().status(), 403);
}
