//! A message to a Bundle. No panic; the same Bundle twice; a ledger that accounts for every leaf; a Bundle that is
//! FHIR as far as its JSON tells; and nothing lost: a marker in the place of a leaf is in the Bundle, or the place
//! of that leaf in the report. The report, what is shown of a conversion, and refusals hold no value.
#![no_main]

#[path = "../../crates/converter/tests/it/shape.rs"]
mod shape;

use hl7v2::Message;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{Conversion, ConvertOptions, convert};

/// The profiles of the examples, so that rules for codes, authorities and Z-segments are among what is tried.
static OPTIONS: LazyLock<ConvertOptions> = LazyLock::new(|| {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/profiles");
    let profiles = Profiles::load(&folder).expect("the profiles of the examples");
    ConvertOptions { profiles, ..ConvertOptions::demonstration() }
});

/// In no input but by the will of a fuzzer that reads this file.
const MARKER: &str = "Zq7Wx";

fuzz_target!(|bytes: &[u8]| {
    let conversion = match convert(bytes, &OPTIONS) {
        Ok(conversion) => conversion,
        Err(refusal) => {
            assert!(!refusal.at.is_empty() && !refusal.code.is_empty() && !refusal.text.is_empty());
            return;
        }
    };
    let json = conversion.bundle_json();
    let again = convert(bytes, &OPTIONS).map(|again| again.bundle_json());
    assert_eq!(again.as_deref(), Ok(json.as_slice()));
    shape::check(&json);
    assert_eq!(conversion.notes.len(), conversion.bundle.entry.len());

    let report = conversion.report("fuzz", 0);
    let message = Message::parse(bytes).expect("it was converted");
    let leaves = message.leaves().count();
    assert_eq!(leaves, report.mapped + report.ignored.len() + report.unmapped.len());
    marked(bytes, &message, leaves);
});

/// Puts the marker in the place of one leaf; which, the bytes themselves decide.
fn marked(bytes: &[u8], message: &Message<'_>, leaves: usize) {
    if leaves == 0 || bytes.windows(MARKER.len()).any(|part| part.eq_ignore_ascii_case(MARKER.as_bytes())) {
        return;
    }
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let Some(leaf) = message.leaves().nth((hash >> 16) as usize % leaves) else { return };
    let place = leaf.place();
    // What says how to read the message, not what it says.
    if &place.segment == b"MSH" && matches!(place.field, 1 | 2 | 9 | 12 | 18) {
        return;
    }
    let start = leaf.offset() as usize;
    let changed = [&bytes[..start], MARKER.as_bytes(), &bytes[start + leaf.raw().len()..]].concat();
    let is_control_id = &place.segment == b"MSH" && place.field == 10;
    match convert(&changed, &OPTIONS) {
        Ok(conversion) => holds(&conversion, place, is_control_id),
        Err(refusal) => {
            let said = [refusal.at.as_str(), &refusal.text];
            assert!(!said.iter().any(|said| said.contains(MARKER)), "a value stands in a refusal: {place}");
        }
    }
}

fn holds(conversion: &Conversion<'_>, place: hl7v2::Place, is_control_id: bool) {
    let report = conversion.report("fuzz", 0);
    let reported = report.ignored.iter().any(|one| one.at.0 == place)
        || report.unmapped.iter().any(|one| one.at.0 == place);
    let json = conversion.bundle_json();
    assert!(reported || shape::holds(&json, MARKER), "neither in the Bundle nor in the report: {place}");
    let shown = format!("{conversion:?}{}", serde_json::to_string(&report).expect("a report is JSON"));
    assert!(is_control_id || !shown.contains(MARKER), "a value stands in what is shown: {place}");
    for entry in &conversion.bundle.entry {
        assert!(!entry.request.url.to_string().contains(MARKER), "a value stands in an id: {place}");
    }
}
