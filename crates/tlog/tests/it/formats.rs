//! Bytes from outside: strict reading of bundles, notes, checkpoints, keys, proofs and tiles.

use proptest::prelude::*;
use tlog::{
    BundleError, BundleRef, Checkpoint, CheckpointError, LogObject, Note, NoteError, ProofFile,
    ProofFileError, SignedCheckpoint, Signer, TileError, VerifyingKey, parse_leaf_tile, sha256,
};

use crate::support::{ORIGIN, World, entries, run, signer};

fn bundle_bytes() -> Vec<u8> {
    let world = World::new();
    world.append(&entries(0..3)).unwrap();
    world.append(&entries(3..5)).unwrap();
    world.storage.snapshot()[&world.log.paths().bundle(3)].to_vec()
}

/// Sets bytes of the header or table, and makes the checksum right again.
fn patched(mut bytes: Vec<u8>, at: usize, with: &[u8]) -> Vec<u8> {
    let table_end = {
        let bundle = BundleRef::parse(&bytes).unwrap();
        let payloads: usize = bundle.entries().map(|entry| entry.payload().len()).sum();
        bytes.len() - payloads - 32
    };
    bytes[at..at + with.len()].copy_from_slice(with);
    let checksum = sha256(&bytes[..table_end]);
    bytes[table_end..table_end + 32].copy_from_slice(&checksum.0);
    bytes
}

#[test]
fn each_wrong_bundle_is_named() {
    let bytes = bundle_bytes();
    let bundle = BundleRef::parse(&bytes).unwrap();
    assert_eq!((bundle.first(), bundle.end(), bundle.entries().count()), (3, 5, 2));
    assert!(bundle.entries().all(|entry| entry.payload_matches()));

    let error = |bytes: &[u8]| BundleRef::parse(bytes).unwrap_err();
    assert_eq!(error(&patched(bytes.clone(), 0, b"X")), BundleError::Magic);
    assert_eq!(error(&patched(bytes.clone(), 8, &[2])), BundleError::Version);
    // None closes the log; the checksum says that this one does not.
    assert_eq!(error(&patched(bytes.clone(), 33, &0_u32.to_be_bytes())), BundleError::Checksum);
    assert_eq!(error(&patched(bytes.clone(), 33, &5000_u32.to_be_bytes())), BundleError::Count);
    assert_eq!(error(&patched(bytes.clone(), 33, &1_u32.to_be_bytes())), BundleError::Checksum);
    assert_eq!(error(&patched(bytes.clone(), 25, &u64::MAX.to_be_bytes())), BundleError::IndexOverflow);
    assert_eq!(error(&patched(bytes.clone(), 37, &[0; 32])), BundleError::Root);
    let table = 37 + 32 + 2 * 32;
    assert_eq!(error(&patched(bytes.clone(), table + 2, &[9])), BundleError::Leaf { index: 3 });
    let length = table + 2 + 49 + 5;
    assert_eq!(
        error(&patched(bytes.clone(), length, &(2_u32 << 20).to_be_bytes())),
        BundleError::PayloadLength { index: 3 }
    );
    assert_eq!(error(&patched(bytes.clone(), length, &20_u32.to_be_bytes())), BundleError::Truncated);
    assert_eq!(error(&patched(bytes.clone(), length, &3_u32.to_be_bytes())), BundleError::TrailingBytes);
    let mut flipped = bytes.clone();
    flipped[20] ^= 1;
    assert_eq!(error(&flipped), BundleError::Checksum);
    assert_eq!(error(&[&bytes[..], b"x"].concat()), BundleError::TrailingBytes);
    for end in 0..bytes.len() {
        assert!(BundleRef::parse(&bytes[..end]).is_err(), "cut at {end}");
    }
    assert_eq!(error(&vec![0; (16 << 20) + 1]), BundleError::TooLong);
}

fn checkpoint_text() -> String {
    let world = World::new();
    world.append(&entries(0..3)).unwrap();
    world.publish().to_text()
}

#[test]
fn checkpoints_are_read_strictly() {
    let key = [signer().verifying_key().clone()];
    let text = checkpoint_text();
    let signed = SignedCheckpoint::parse(text.as_bytes(), ORIGIN, &key).unwrap();
    assert_eq!(signed.to_text(), text);

    let other_log = SignedCheckpoint::parse(text.as_bytes(), "other.example", &key);
    assert_eq!(other_log.unwrap_err(), CheckpointError::Origin);
    let other_key = [VerifyingKey::new(ORIGIN, [9; 32]).unwrap()];
    let unknown = SignedCheckpoint::parse(text.as_bytes(), ORIGIN, &other_key);
    assert_eq!(unknown.unwrap_err(), CheckpointError::Note(NoteError::NoKnownSignature));

    // Signatures of unknown keys are passed over; the log's own must be there and right.
    let witnessed = format!("{text}— witness.example d2l0bmVzc3NpZ25hdHVyZQ==\n");
    assert!(SignedCheckpoint::parse(witnessed.as_bytes(), ORIGIN, &key).is_ok());
    assert_eq!(Note::parse(witnessed.as_bytes()).unwrap().signatures().len(), 2);

    for (wrong, error) in [
        (text.replacen('3', "4", 1), NoteError::WrongSignature),
        (text.trim_end().to_owned(), NoteError::Form),
        (text.replace('\n', "\r\n"), NoteError::Characters),
        (format!("{text}\n"), NoteError::Form),
        (text.replace("\n\n", "\n"), NoteError::Form),
        (text.replace("— ", "- "), NoteError::Form),
        (text.replacen("— ", "—  ", 1), NoteError::Form),
    ] {
        let read = SignedCheckpoint::parse(wrong.as_bytes(), ORIGIN, &key);
        assert_eq!(read.unwrap_err(), CheckpointError::Note(error), "{wrong:?}");
    }
    for wrong in ["a\n03\n", "a\n3\n", "\n3\nAA==\n", "a\n+3\n", "a\n3\nAA==\n", "a\n18446744073709551616\n"]
    {
        assert_eq!(Checkpoint::parse(wrong), Err(CheckpointError::Form), "{wrong:?}");
    }
    let many = format!("{text}{}", "— witness.example d2l0bmVzc3NpZ25hdHVyZQ==\n".repeat(32));
    assert_eq!(Note::parse(many.as_bytes()).unwrap_err(), NoteError::TooLong);
}

/// The example of C2SP signed-note's implementation in Go, `golang.org/x/mod/sumdb/note`.
#[test]
fn a_key_and_a_note_of_the_go_implementation_are_understood() {
    let key =
        VerifyingKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    assert_eq!(key.to_string(), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    let note = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let note = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(note.verify(std::slice::from_ref(&key)).unwrap(), [&key]);
}

#[test]
fn wrong_keys_are_refused() {
    let text = signer().verifying_key().to_string();
    assert_eq!(&VerifyingKey::parse(&text).unwrap(), signer().verifying_key());
    for wrong in [
        "",
        "a",
        "a+b+c",
        "+00000000+AA==",
        &text.replacen("ziekenhuis", "ziekenhuys", 1),
        &text.replace("+A", "+B"),
    ] {
        assert!(VerifyingKey::parse(wrong).is_err(), "{wrong}");
    }
    assert!(VerifyingKey::new("a b", [0; 32]).is_err());
}

#[test]
fn proof_files_are_read_strictly() {
    let world = World::new();
    world.fill(&[5]);
    world.publish();
    let place = tlog::Place { index: 2, bundle: 0 };
    let text = run(world.log.prove(place, &world.keys)).unwrap().to_text();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "));
    assert_eq!(text.matches('\n').count(), 3 + 3 + 1 + 5);
    for (wrong, line) in [
        (text.replace("@v1", "@v2"), 1),
        (text.replace("extra ", "extra"), 2),
        (text.replace("extra ", "extra A"), 2),
        (text.replace("index 2", "index 02"), 3),
        (text.replacen("index 2\n", "index 2\nAAAA\n", 1), 4),
    ] {
        assert_eq!(ProofFile::parse(&wrong).unwrap_err(), ProofFileError::Form { line });
    }
    let moved = ProofFile::parse(&text.replace("index 2", "index 3")).unwrap();
    assert!(matches!(moved.verify(ORIGIN, &world.keys), Err(ProofFileError::Proof(_))));
    // Every single byte counts.
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(wrong) = String::from_utf8(bytes) else { continue };
        let believed = ProofFile::parse(&wrong).is_ok_and(|proof| proof.verify(ORIGIN, &world.keys).is_ok());
        assert!(!believed, "byte {at}");
    }
}

#[test]
fn leaf_tiles_are_read_strictly() {
    assert_eq!(parse_leaf_tile(b"\0\x01a\0\x02bc", 2).unwrap(), [b"a".as_slice(), b"bc"]);
    assert_eq!(parse_leaf_tile(b"\0\x01a\0\x02bc", 1), Err(TileError::Width));
    assert_eq!(parse_leaf_tile(b"\0\x01a\0\x02bc", 3), Err(TileError::Width));
    assert_eq!(parse_leaf_tile(b"\0\x01a\0\x02b", 2), Err(TileError::Truncated));
    assert_eq!(parse_leaf_tile(b"\0\x01a\0", 1), Err(TileError::Truncated));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_anything_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,200}") {
        let _ = BundleRef::parse(&bytes);
        let _ = BundleRef::parse(&[b"TLOGBNDL\x01", &bytes[..]].concat());
        let _ = Note::parse(&bytes);
        let _ = Note::parse(format!("{text}\n\n— a {text}\n").as_bytes());
        let _ = Checkpoint::parse(&text);
        let _ = ProofFile::parse(&text);
        let _ = VerifyingKey::parse(&text);
        let _ = parse_leaf_tile(&bytes, 7);
    }

    #[test]
    fn a_changed_bundle_is_never_read_as_the_same(at in any::<prop::sample::Index>(), mask in 1_u8..) {
        let bytes = bundle_bytes();
        let mut changed = bytes.clone();
        let at = at.index(bytes.len());
        changed[at] ^= mask;
        if let Ok(bundle) = BundleRef::parse(&changed) {
            prop_assert!(bundle.entries().any(|entry| !entry.payload_matches()));
        }
    }

    #[test]
    fn paths_round_trip(n in any::<u64>(), width in 1_u16..=256, level in 0_u8..=8) {
        let kind = if level == 8 { tlog::TileKind::Leaves } else { tlog::TileKind::Hashes(level) };
        let tile = tlog::TileId { kind, n, width };
        prop_assert_eq!(tlog::TileId::parse(&tile.to_string()), Some(tile));
        let paths = tlog::LogPaths::new("a-1").unwrap();
        for object in [LogObject::Tile(tile), LogObject::Bundle { first: n }, LogObject::Checkpoint] {
            prop_assert_eq!(paths.object(&paths.key(object)), Some(object));
        }
    }
}
