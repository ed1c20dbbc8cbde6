//! Whatever comes in: an answer that can be read, and nothing half-done.

use hl7v2::ack::Acknowledgement;
use proptest::prelude::*;
use zorgsluis_ingest::Verdict;

use crate::doubles::Doubles;
use crate::support::{adt, ingest, mllp};

/// Bytes of any kind, and messages with a few bytes changed.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let length = adt("ZIS", "A01", "M1", "1000001").len();
    let changed = prop::collection::vec((0..length, any::<u8>()), 0..6).prop_map(|changes| {
        let mut message = adt("ZIS", "A01", "M1", "1000001");
        for (at, byte) in changes {
            message[at] = byte;
        }
        message
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..400), changed]
}

proptest! {
    #[test]
    fn every_input_is_accepted_or_refused_and_answered(bytes in bytes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let doubles = Doubles::new();
        let all = runtime.block_on(ingest(&doubles).accept_all(&bytes, &mllp()));
        prop_assert!(!all.is_empty());
        for accepted in &all {
            prop_assert!(matches!(accepted.verdict, Verdict::Accepted | Verdict::Duplicate | Verdict::Refused));
            prop_assert_ne!(accepted.refusal.as_ref().map(|refusal| refusal.code), Some("internal-error"));
            for acknowledgement in &accepted.acknowledgements {
                let read = Acknowledgement::parse(&acknowledgement.bytes);
                prop_assert!(read.is_ok_and(|read| read.code == acknowledgement.code));
            }
        }
        let state = doubles.state();
        let taken = all.iter().filter(|accepted| accepted.verdict == Verdict::Accepted).count();
        let refused = all.iter().filter(|accepted| accepted.verdict == Verdict::Refused).count();
        prop_assert_eq!((state.payloads.len(), state.queue.len()), (taken, taken));
        prop_assert_eq!(state.audit.len(), refused);
    }
}
