//! Against another implementation of C2SP tlog-tiles, tlog-checkpoint and signed-note (crates `tlog_tiles` and
//! `signed_note` of Cloudflare): what we write, it reads and verifies; what it makes, we do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use signed_note::{Note as TheirNote, Signer as _, StandardSigner, StandardVerifier, VerifierList};
use tlog::{
    Checkpoint, Hash, LocalSigner, LogObject, Note, Place, Publisher, SignedCheckpoint, Signer, TileId,
    TileKind, VerifyingKey, empty_root, verify_consistency, verify_inclusion,
};
use tlog_tiles::{
    Checkpoint as TheirCheckpoint, EMPTY_HASH, Error, Hash as TheirHash, HashReader, Tile, TileHashReader,
    TileReader, check_record, check_tree, prove_record, prove_tree, record_hash, stored_hash_index,
    stored_hashes, tree_hash,
};

use crate::support::{ORIGIN, World, entries, run, signer};

/// Our tiles, for their reader.
struct OurTiles<'a>(&'a World);

impl TileReader for OurTiles<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let objects = self.0.storage.snapshot();
        let read = |tile: &Tile| {
            let width = u16::try_from(tile.width()).unwrap();
            let id = TileId { kind: TileKind::Hashes(tile.level()), n: tile.level_index(), width };
            // Their paths have the height in them, as Go's do.
            assert_eq!(tile.path().replacen("tile/8/", "tile/", 1), id.to_string());
            let object = objects.get(&self.0.log.paths().key(LogObject::Tile(id)));
            object.map(|bytes| bytes.to_vec()).ok_or(Error::InvalidTile)
        };
        tiles.iter().map(read).collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// Their tree, in memory.
#[derive(Default)]
struct TheirTree(Vec<TheirHash>);

impl HashReader for TheirTree {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<TheirHash>, Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

impl TheirTree {
    fn of(size: u64) -> Self {
        let mut tree = Self::default();
        for n in 0..size {
            let more = stored_hashes(n, &n.to_be_bytes(), &tree).unwrap();
            tree.0.extend(more);
        }
        tree
    }

    fn root(&self, size: u64) -> Hash {
        ours(tree_hash(size, self).unwrap())
    }
}

fn ours(hash: TheirHash) -> Hash {
    Hash(hash.0)
}

fn theirs(hash: Hash) -> TheirHash {
    TheirHash(hash.0)
}

fn all_theirs(hashes: &[Hash]) -> Vec<TheirHash> {
    hashes.iter().copied().map(theirs).collect()
}

/// A log with a checkpoint at each of these sizes; the checkpoints.
fn log_with(sizes: &[u64]) -> (World, Vec<SignedCheckpoint>) {
    let world = World::new();
    let (mut appender, mut next, mut signed) = (world.appender(1), 0, Vec::new());
    let mut publisher = Publisher::new(world.log.clone(), signer(), Vec::new());
    for size in sizes {
        while next < *size {
            let end = (next + 1000).min(*size);
            run(appender.append(&entries(next..end))).unwrap();
            next = end;
        }
        signed.push(run(publisher.publish()).unwrap());
    }
    (world, signed)
}

fn leaf_hash_at(world: &World, index: u64, bundle: u64) -> Hash {
    run(world.log.entry(Place { index, bundle })).unwrap().leaf.hash()
}

/// They read our tiles, recompute our root from them, and prove and check by them.
fn they_read(world: &World, signed: &[SignedCheckpoint], entries: &[Place]) {
    let tiles = OurTiles(world);
    for (at, new) in signed.iter().enumerate() {
        let (size, root) = (new.checkpoint().size, theirs(new.checkpoint().root));
        if size == 0 {
            assert_eq!(root.0, EMPTY_HASH.0);
            continue;
        }
        let reader = TileHashReader::new(size, root, &tiles);
        assert_eq!(tree_hash(size, &reader).unwrap(), root);
        for place in entries.iter().filter(|place| place.index < size) {
            let leaf = leaf_hash_at(world, place.index, place.bundle);
            let proof = prove_record(size, place.index, &reader).unwrap();
            let hashes: Vec<Hash> = proof.iter().copied().map(ours).collect();
            assert_eq!(verify_inclusion(leaf, place.index, size, &hashes, new.checkpoint().root), Ok(()));
            check_record(&proof, size, root, place.index, theirs(leaf)).unwrap();
            if size == signed.last().unwrap().checkpoint().size {
                let file = run(world.log.prove(*place, &world.keys)).unwrap();
                check_record(&all_theirs(&file.path), size, root, place.index, theirs(leaf)).unwrap();
                assert_eq!(file.path, hashes);
            }
        }
        for old in signed[..at].iter().map(SignedCheckpoint::checkpoint).filter(|old| old.size > 0) {
            let file = run(world.log.prove_consistency(old, new)).unwrap();
            check_tree(&all_theirs(&file.path), size, root, old.size, theirs(old.root)).unwrap();
            let proof = prove_tree(size, old.size, &reader).unwrap();
            assert_eq!(all_theirs(&file.path), proof);
            let wrong = theirs(Hash([1; 32]));
            assert!(check_tree(&proof, size, root, old.size, wrong).is_err());
        }
    }
}

fn their_verifier(key: &VerifyingKey) -> VerifierList {
    VerifierList::new(vec![Box::new(StandardVerifier::new(&key.to_string()).unwrap())])
}

#[test]
fn they_read_our_tiles_and_proofs_around_every_edge_of_a_tile() {
    let (world, signed) = log_with(&[0, 1, 2, 255, 256, 257, 511, 512, 513, 1000]);
    // Bundles begin where a checkpoint was, and hold 1,000 at most.
    let places = [(0, 0), (1, 1), (254, 2), (255, 255), (256, 256), (511, 511), (512, 512), (999, 513)]
        .map(|(index, bundle)| Place { index, bundle });
    they_read(&world, &signed, &places);
}

#[test]
fn they_read_our_tiles_where_the_tree_gets_a_third_level() {
    let (world, signed) = log_with(&[300, 65_535, 65_536, 65_537]);
    let places = [(0, 0), (299, 0), (65_534, 65_300), (65_535, 65_535), (65_536, 65_536)]
        .map(|(index, bundle)| Place { index, bundle });
    they_read(&world, &signed, &places);
}

#[test]
fn they_verify_our_notes_and_we_theirs() {
    let (_, signed) = log_with(&[3]);
    let text = signed[0].to_text();
    let note = TheirNote::from_bytes(text.as_bytes()).unwrap();
    let (verified, unknown) = note.verify(&their_verifier(signer().verifying_key())).unwrap();
    assert_eq!((verified.len(), unknown.len()), (1, 0));
    let read = TheirCheckpoint::from_bytes(note.text()).unwrap();
    let head = signed[0].checkpoint();
    assert_eq!((read.origin(), read.size(), read.hash().0), (ORIGIN, head.size, head.root.0));
    let stranger = LocalSigner::from_seed(ORIGIN, &[9; 32]).unwrap();
    assert!(note.verify(&their_verifier(stranger.verifying_key())).is_err());

    // The secret key in the form of Go's `note`; that the id belongs to its public half, they check.
    let seed = [7; 32];
    let key = LocalSigner::from_seed(ORIGIN, &seed).unwrap().verifying_key().clone();
    let secret = STANDARD.encode([&[1][..], &seed].concat());
    let their_signer =
        StandardSigner::new(&format!("PRIVATE+KEY+{ORIGIN}+{:08x}+{secret}", key.id())).unwrap();
    assert_eq!(key.id(), their_signer.key_id());
    let checkpoint = TheirCheckpoint::new(ORIGIN, 7, theirs(Hash([5; 32])), "an extension\n").unwrap();
    let mut note = TheirNote::new(&checkpoint.to_bytes(), &[]).unwrap();
    note.add_sigs(&[&their_signer]).unwrap();
    let read = SignedCheckpoint::parse(&note.to_bytes(), ORIGIN, &[key]).unwrap();
    let extensions = vec!["an extension".to_owned()];
    let expected = Checkpoint { origin: ORIGIN.to_owned(), size: 7, root: Hash([5; 32]), extensions };
    assert_eq!(*read.checkpoint(), expected);
    assert_eq!(Note::parse(&note.to_bytes()).unwrap().to_text().as_bytes(), note.to_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_they_prove_of_trees_of_any_size_we_verify(size in 1_u64..600, at in any::<prop::sample::Index>()) {
        let tree = TheirTree::of(size);
        let root = tree.root(size);
        let index = at.index(size as usize) as u64;
        let leaf = record_hash(&index.to_be_bytes());
        prop_assert_eq!(tree.0[stored_hash_index(0, index) as usize], leaf);
        let path: Vec<Hash> = prove_record(size, index, &tree).unwrap().into_iter().map(ours).collect();
        prop_assert_eq!(verify_inclusion(ours(leaf), index, size, &path, root), Ok(()));
        prop_assert!(verify_inclusion(Hash([1; 32]), index, size, &path, root).is_err());
        let old = index + 1;
        let path: Vec<Hash> = prove_tree(size, old, &tree).unwrap().into_iter().map(ours).collect();
        prop_assert_eq!(verify_consistency(old, tree.root(old), size, root, &path), Ok(()));
        prop_assert!(old == size || verify_consistency(old, empty_root(), size, root, &path).is_err());
    }

    #[test]
    fn they_read_logs_of_any_size(sizes in prop::collection::vec(0_u64..700, 1..4)) {
        let mut sizes = sizes;
        sizes.sort_unstable();
        let (world, signed) = log_with(&sizes);
        they_read(&world, &signed, &[]);
    }
}
