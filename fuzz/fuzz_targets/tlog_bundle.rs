//! An entry bundle from storage: no panic, and what is read is whole and in order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::{BundleRef, MAX_BUNDLE_ENTRIES, sha256};

fn check(bytes: &[u8]) {
    let Ok(bundle) = BundleRef::parse(bytes) else { return };
    let mut next = bundle.first();
    let mut payloads = 0;
    for entry in bundle.entries() {
        assert_eq!(entry.index(), next);
        next += 1;
        payloads += entry.payload().len();
        let _ = (entry.payload_matches(), entry.leaf_hash(), entry.id());
    }
    assert_eq!(next, bundle.end());
    assert!(next - bundle.first() <= MAX_BUNDLE_ENTRIES as u64);
    // Every byte belongs to header and table, checksum, or a payload.
    let table = bytes.len() - payloads - 32;
    assert_eq!(sha256(&bytes[..table]), bundle.checksum());
    assert!(BundleRef::parse(&bytes[..bytes.len() - 1]).is_err());
    assert!(BundleRef::parse(&[bytes, b"x"].concat()).is_err());
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // The same with a checksum that is right at some place, so that what lies behind it is reached.
    for at in [69, 69 + 32, 69 + 64, bytes.len() / 2, bytes.len()] {
        if let Some((head, tail)) = bytes.split_at_checked(at) {
            check(&[head, &sha256(head).0, tail].concat());
        }
    }
});
