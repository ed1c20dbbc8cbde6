//! Hashes and proofs: the known vectors of RFC 6962 implementations, and any size.

use proptest::prelude::*;
use tlog::{
    Frontier, Hash, Place, ProofError, ProofFile, empty_root, leaf_hash, node_hash, verify_consistency,
    verify_inclusion,
};

use crate::support::{ORIGIN, World, entries, id, run};

/// The leaves that Certificate Transparency implementations test with.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// The roots of the first 1, 2, … 8 of them.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn hash(text: &str) -> Hash {
    Hash(hex::decode(text).unwrap().try_into().unwrap())
}

fn leaf(at: usize) -> Hash {
    leaf_hash(&hex::decode(LEAVES[at]).unwrap())
}

#[test]
fn roots_are_those_of_rfc_6962() {
    assert_eq!(empty_root(), hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    let mut tree = Frontier::new();
    assert_eq!(tree.root(), empty_root());
    for (at, root) in ROOTS.iter().enumerate() {
        assert!(tree.push(leaf(at)));
        assert_eq!((tree.size(), tree.root()), (at as u64 + 1, hash(root)));
    }
}

#[test]
fn proofs_are_those_of_rfc_6962() {
    let path = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    .map(hash);
    assert_eq!(verify_inclusion(leaf(5), 5, 8, &path, hash(ROOTS[7])), Ok(()));
    let path = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    .map(hash);
    assert_eq!(verify_consistency(6, hash(ROOTS[5]), 8, hash(ROOTS[7]), &path), Ok(()));
}

#[test]
fn degenerate_proofs_say_what_is_wrong() {
    let root = hash(ROOTS[0]);
    assert_eq!(verify_inclusion(leaf(0), 0, 1, &[], root), Ok(()));
    assert_eq!(verify_inclusion(leaf(0), 1, 1, &[], root), Err(ProofError::OutOfRange));
    assert_eq!(verify_inclusion(leaf(0), 0, 1, &[root], root), Err(ProofError::Length));
    assert_eq!(verify_inclusion(leaf(1), 0, 1, &[], root), Err(ProofError::Mismatch));
    assert_eq!(verify_consistency(0, empty_root(), 1, root, &[]), Ok(()));
    assert_eq!(verify_consistency(0, root, 1, root, &[]), Err(ProofError::Mismatch));
    assert_eq!(verify_consistency(1, root, 1, root, &[]), Ok(()));
    assert_eq!(verify_consistency(1, root, 1, root, &[root]), Err(ProofError::Length));
    assert_eq!(verify_consistency(2, root, 1, root, &[]), Err(ProofError::OutOfRange));
    assert_eq!(verify_consistency(1, root, 2, hash(ROOTS[1]), &[]), Err(ProofError::Length));
}

/// MTH of RFC 6962 §2.1, as it stands there.
fn tree_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        leaves => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&tree_hash(left), &tree_hash(right))
        }
    }
}

/// A log of this size in uneven bundles, with a checkpoint also at some smaller sizes.
fn log_of(size: u64) -> World {
    let world = World::new();
    let (mut next, mut width) = (0, 1);
    while next < size {
        let end = (next + width).min(size);
        world.append(&entries(next..end)).unwrap();
        if width % 3 == 0 {
            world.publish();
        }
        (next, width) = (end, width * 2 + 1);
    }
    world.publish();
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_entry_of_any_log_is_proved_and_no_other(size in 1_u64..1500, at in any::<prop::sample::Index>()) {
        let world = log_of(size);
        let index = at.index(size as usize) as u64;
        let place = run(tlog::EntryIndex::places(world.index.as_ref(), &[id(index)])).unwrap()[0].unwrap();
        let proof = run(world.log.prove(place, &world.keys)).unwrap();
        prop_assert_eq!(place, Place { index, ..place });
        prop_assert_eq!(proof.leaf.id(), id(index));

        let read = ProofFile::parse(&proof.to_text()).unwrap();
        prop_assert_eq!(&read, &proof);
        let head = read.verify(ORIGIN, &world.keys).unwrap();
        prop_assert_eq!(head.checkpoint().size, size);

        let mut elsewhere = proof.clone();
        elsewhere.index = (index + 1) % size;
        prop_assert!(size == 1 || elsewhere.verify(ORIGIN, &world.keys).is_err());
        let mut other = proof.clone();
        other.leaf = tlog::Leaf::new(id(index), b"other", b"key-1").unwrap();
        prop_assert!(other.verify(ORIGIN, &world.keys).is_err());
        for at in 0..proof.path.len() {
            let mut wrong = proof.clone();
            wrong.path[at].0[3] ^= 1;
            prop_assert!(wrong.verify(ORIGIN, &world.keys).is_err());
            let mut short = proof.clone();
            short.path.remove(at);
            prop_assert!(short.verify(ORIGIN, &world.keys).is_err());
        }
    }

    #[test]
    fn any_log_is_consistent_with_any_earlier_state(size in 1_u64..1500, at in any::<prop::sample::Index>()) {
        let world = log_of(size);
        let old = at.index(size as usize + 1) as u64;
        let leaves: Vec<Hash> = (0..size)
            .map(|index| {
                let place = run(tlog::EntryIndex::places(world.index.as_ref(), &[id(index)])).unwrap()[0].unwrap();
                run(world.log.entry(place)).unwrap().leaf.hash()
            })
            .collect();
        let (old_root, new_root) = (tree_hash(&leaves[..old as usize]), tree_hash(&leaves));
        let head = run(world.log.checkpoint(&world.keys)).unwrap().unwrap();
        prop_assert_eq!(head.checkpoint().root, new_root);

        let path = run(world.log.consistency(old, size)).unwrap();
        prop_assert_eq!(verify_consistency(old, old_root, size, new_root, &path), Ok(()));
        let other = leaf_hash(b"another history");
        prop_assert!(verify_consistency(old, other, size, new_root, &path).is_err());
        // The empty log is consistent with every log: there is nothing to prove.
        prop_assert!(old == 0 || verify_consistency(old, old_root, size, other, &path).is_err());
        for at in 0..path.len() {
            let mut wrong = path.clone();
            wrong[at].0[0] ^= 0x80;
            prop_assert!(verify_consistency(old, old_root, size, new_root, &wrong).is_err());
            wrong.remove(at);
            prop_assert!(verify_consistency(old, old_root, size, new_root, &wrong).is_err());
        }
    }
}
