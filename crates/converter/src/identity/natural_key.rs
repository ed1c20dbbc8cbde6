//! What a rule of identity is: the parts of a natural key, and whether it is sound.

/// One part of a natural key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Enters as it is: it says nothing of a patient.
    Clear(&'static str),
    /// Enters as a pseudonym only.
    Pseudonym(&'static str),
}

/// One rule: what makes a thing of this kind the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The FHIR type and, behind a slash, the way it is known. The name enters the id.
    pub name: &'static str,
    /// The parts of the key, in order.
    pub parts: &'static [Part],
    /// The warning that goes with a rule of last resort; empty for a rule that is sound.
    pub warning: &'static str,
}

impl Rule {
    pub(super) const fn sound(name: &'static str, parts: &'static [Part]) -> Self {
        Self { name, parts, warning: "" }
    }

    pub(super) const fn last_resort(
        name: &'static str,
        parts: &'static [Part],
        warning: &'static str,
    ) -> Self {
        Self { name, parts, warning }
    }
}
