//! Proof files: no panic, one text for each, and none is believed without the log's signature.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::{Hash, ProofFile, VerifyingKey, verify_consistency, verify_inclusion};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(proof) = ProofFile::parse(text)
    {
        assert_eq!(proof.to_text(), text);
        let key = VerifyingKey::new("fuzz.example/log", [9; 32]).expect("a name");
        assert!(proof.verify("fuzz.example/log", &[key]).is_err());
    }
    // Any hashes as a proof: they end, and do not lead to a root made of nothing.
    if let Some((numbers, rest)) = bytes.split_first_chunk::<16>() {
        let (index, size) = numbers.split_at(8);
        let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().expect("eight bytes"));
        let path: Vec<Hash> = rest.as_chunks::<32>().0.iter().copied().map(Hash).collect();
        let root = Hash([0; 32]);
        assert!(verify_inclusion(Hash([1; 32]), number(index), number(size), &path, root).is_err());
        assert!(verify_consistency(number(index), Hash([1; 32]), number(size), root, &path).is_err());
    }
});
