//! What a profile may say of a sender: each setting with its values.

/// What happens to a message whose event no conversion is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unsupported {
    /// It is acknowledged, stored and put to the dead letters.
    #[default]
    Keep,
    /// It is refused (AR) and not stored, so that a resend cannot double it.
    Reject,
}

/// Whether a sender in enhanced mode gets an application acknowledgement (MSH-16) after the accept
/// acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicationAck {
    /// Never.
    #[default]
    None,
    /// At once, when the message is durably accepted.
    OnAccept,
}

/// What the sender's registration messages may do to a patient that is known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demographics {
    /// They replace what stands, as HL7 v2 says.
    #[default]
    Authoritative,
    /// They only fill what is empty: for senders that are not the source of patient data.
    Fill,
}

/// The field that names who is told of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
pub enum Recipient {
    /// Patient's primary care provider.
    #[serde(rename = "PD1-4")]
    PrimaryCare,
    /// Attending doctor.
    #[serde(rename = "PV1-7")]
    Attending,
    /// Referring doctor.
    #[serde(rename = "PV1-8")]
    Referring,
    /// Consulting doctor.
    #[serde(rename = "PV1-9")]
    Consulting,
    /// Admitting doctor.
    #[serde(rename = "PV1-17")]
    Admitting,
    /// Role person.
    #[serde(rename = "ROL-4")]
    Role,
    /// Ordering provider.
    #[serde(rename = "ORC-12")]
    Ordering,
}

impl Recipient {
    /// The field, as profiles write it: `PD1-4`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PrimaryCare => "PD1-4",
            Self::Attending => "PV1-7",
            Self::Referring => "PV1-8",
            Self::Consulting => "PV1-9",
            Self::Admitting => "PV1-17",
            Self::Role => "ROL-4",
            Self::Ordering => "ORC-12",
        }
    }
}

/// A code that stands for a sender's local code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedCode {
    /// Code system, a URI.
    pub system: String,
    /// The code.
    pub code: String,
    /// Its text, when the profile gives one.
    pub display: Option<String>,
}

impl MappedCode {
    /// Whether it is a code of an HL7 table: then it is read as if the sender had sent it.
    pub(crate) fn is_of_hl7_table(&self) -> bool {
        self.system.starts_with("http://terminology.hl7.org/CodeSystem/v2-")
    }
}

/// What to do with a field of a Z-segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZRule {
    /// Write it as an extension with this URL.
    Extension {
        /// The extension's URL.
        url: String,
        /// On which resource.
        on: ZTarget,
        /// As what kind of value.
        kind: ZValue,
    },
    /// Leave it out, by decision.
    Ignore {
        /// Why, for the conversion's report.
        reason: String,
    },
}

/// The resource that carries the extension made from a Z-segment field: the message's only one of that type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZTarget {
    /// The message's Patient.
    Patient,
    /// The message's Encounter.
    Encounter,
    /// Another: its FHIR type.
    Other(String),
}

impl ZTarget {
    /// The FHIR type.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Patient => "Patient",
            Self::Encounter => "Encounter",
            Self::Other(kind) => kind,
        }
    }
}

/// As what kind of value an extension is made from a Z-segment field. What is none of its kind is written as text,
/// with a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZValue {
    /// `valueString`: each part of the field.
    #[default]
    String,
    /// `valueCodeableConcept`: a coded value (CWE), which `codes` may map.
    Concept,
    /// `valueDateTime`.
    DateTime,
    /// `valueBoolean`, from Y, J or N.
    Boolean,
    /// `valueDecimal`.
    Decimal,
}
