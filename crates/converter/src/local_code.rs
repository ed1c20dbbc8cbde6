//! Codes that nobody but their sender knows.

use std::collections::HashMap;
use std::fmt;

use hl7v2::{Message, Place, Repetition};
use zorgsluis_domain::Phi;

/// No code system has longer codes that anybody would map by hand.
const LONGEST: usize = 40;

/// A code of a message of which no code system is known, nor what it stands for.
#[derive(Clone, PartialEq, Eq)]
pub struct LocalCode {
    /// The field, as profiles name it: `OBX-3`.
    pub field: String,
    /// The name of its code system as the sender wrote it (CWE.3); empty for none.
    pub system: String,
    /// The code.
    pub code: String,
    /// Its text. What senders write there may be about a patient.
    pub text: Phi<String>,
}

impl fmt::Debug for LocalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCode").field("field", &self.field).finish_non_exhaustive()
    }
}

impl LocalCode {
    /// Those at the places, which are in order. Each segment, field and repetition is looked at once, however many
    /// there are.
    pub(crate) fn read_all(message: &Message<'_>, places: &[Place]) -> Vec<Self> {
        let segments: HashMap<_, _> =
            message.segments().map(|segment| ((segment.place().segment, segment.nth()), segment)).collect();
        let mut all = Vec::with_capacity(places.len());
        let of_field = |at: &Place| (at.segment, at.nth, at.field);
        for places in places.chunk_by(|one, next| of_field(one) == of_field(next)) {
            let Some(first) = places.first() else { continue };
            let Some(segment) = segments.get(&(first.segment, first.nth)) else { continue };
            let mut wanted = places.iter().peekable();
            for repetition in segment.field(usize::from(first.field)).repetitions() {
                let at = repetition.value().place();
                if let Some(place) = wanted.next_if(|place| place.repetition == at.repetition.max(1)) {
                    all.extend(Self::read(repetition, *place));
                }
            }
        }
        all
    }

    /// Reads it where it stands: the first of the three codes of a CWE that is there.
    fn read(from: Repetition<'_, '_>, at: Place) -> Option<Self> {
        let part = |component| from.component(component).value().text().trim().to_owned();
        let code = |component| from.component(component).value().is_present();
        let first = [1, 4, 10].into_iter().find(|&component| code(component))?;
        // What is long or has blanks in it is what somebody wrote, not a code.
        let is_code = |code: &str| code.len() <= LONGEST && !code.contains(char::is_whitespace);
        is_code(&part(first)).then(|| Self {
            field: format!("{}-{}", at.segment_name(), at.field),
            system: part(first + 2),
            code: part(first),
            text: Phi::new(part(first + 1)),
        })
    }
}
