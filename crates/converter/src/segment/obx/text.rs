//! Which OBX are text rather than results, and which of them belong together.

use hl7v2::Segment;

use super::value::{self, Kind};

/// Whether an OBX is a note and no observation: text that names none. In a registration message, where
/// nothing was ordered that it could answer (`loose`), also narrative text (TX, FT) and a string that is a
/// sentence, whatever they are called: that is how admission notes are sent.
pub(crate) fn is_note(obx: Segment<'_, '_>, loose: bool) -> bool {
    let kind = Kind::of(obx);
    if !kind.is_text() {
        return false;
    }
    !obx.field(3).is_present() || (loose && (kind == Kind::Narrative || value::is_sentence(obx)))
}

/// What the lines of one text have in common: in a report OBX-4; elsewhere OBX-3, OBX-4, OBX-14 and OBX-11.
pub(crate) fn text_key<'a>(obx: Segment<'_, 'a>, loose: bool) -> [&'a [u8]; 4] {
    let raw = |n: usize| obx.field(n).raw();
    if loose { [raw(3), raw(4), raw(14), raw(11)] } else { [&[], raw(4), &[], &[]] }
}

/// Whether an OBX says nothing at all: no identifier, no value. Reports use them as blank lines.
pub(crate) fn is_blank(obx: Segment<'_, '_>) -> bool {
    !obx.field(3).is_present() && !obx.field(5).is_present() && !obx.field(5).is_null()
}

/// Whether an OBX takes back what was said (HL7 table 0085: deleted, wrong).
pub(crate) fn withdraws(obx: Segment<'_, '_>) -> bool {
    matches!(obx.field(11).value().text().trim(), "D" | "d" | "W" | "w")
}

/// Whether an OBX deletes the text that it corrects: corrected, deleted or wrong (HL7 table 0085), with `""`
/// for the text.
pub(crate) fn deletes(obx: Segment<'_, '_>) -> bool {
    let corrects = matches!(obx.field(11).value().text().trim(), "C" | "c" | "A" | "a");
    obx.field(5).is_null() && (corrects || withdraws(obx))
}

/// Whether `next` is one more line of the text that `obx` began.
pub(crate) fn continues(obx: Segment<'_, '_>, next: Segment<'_, '_>) -> bool {
    if Kind::of(obx) != Kind::Narrative || Kind::of(next) != Kind::Narrative {
        return false;
    }
    [3, 4, 11].iter().all(|n| obx.field(*n).raw() == next.field(*n).raw())
}
