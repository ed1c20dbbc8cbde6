//! Codes that nobody but their sender knows.

use std::fmt;

use hl7v2::{Message, Place};
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
    /// Reads it where it stands: the first of the three codes of a CWE that is there.
    pub(crate) fn read(message: &Message<'_>, at: Place) -> Option<Self> {
        let part = |component| message.value_at(Place { component, ..at }).text().trim().to_owned();
        let code = |component| message.value_at(Place { component, ..at }).is_present();
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
