//! The named decisions: which populated fields are left out on purpose, and why.
//!
//! The conversion report lists each of them with its reason. What is neither mapped nor named here is
//! reported as not understood.

use hl7v2::{Place, Value};

const BILLING: &str = "billing: what we write is about care, not about accounts";
const NULL_PART: &str = "a null inside a value that is replaced as a whole";

/// Why a leaf that is not in the output was left out, if that was decided.
pub(crate) fn ignored(place: &Place, leaf: Value<'_, '_>) -> Option<&'static str> {
    let why = crate::mapping::why_left(&place.segment, place.field, place.component)
        .or_else(|| by_field(&place.segment, place.field));
    why.or_else(|| (leaf.is_null() && place.component > 1).then_some(NULL_PART))
}

fn by_field(segment: &[u8; 3], field: u16) -> Option<&'static str> {
    Some(match (segment, field) {
        (b"BLG", _) => BILLING,
        _ => return None,
    })
}
