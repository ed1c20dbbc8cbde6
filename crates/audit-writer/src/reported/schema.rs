//! The elements of AuditEvent and of the data types that occur in it (FHIR R4, 4.0.1): names, cardinalities, types and
//! required bindings.

use super::primitive::Primitive;

/// A type with elements.
pub(super) struct Type {
    pub(super) elements: &'static [Element],
    /// Whether an empty one says nothing: a Reference without target, for instance.
    pub(super) one_of: &'static [&'static str],
}

/// An element of a type.
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) many: bool,
}

/// What an element holds.
pub(super) enum Kind {
    Primitive(Primitive),
    /// A code of a required binding.
    Code(&'static [&'static str]),
    Complex(Of),
    /// A Reference to one of these types; to any, when none is named.
    Reference(&'static [&'static str]),
    /// XHTML of a narrative.
    Xhtml,
    /// An element of the standard that is not taken; why.
    Refused(&'static str),
}

/// The types that elements hold. By name, since they hold one another.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Coding,
    CodeableConcept,
    Extension,
    Meta,
    Narrative,
    Period,
    Agent,
    Source,
    Entity,
    Network,
    Detail,
    Identifier,
}

impl Of {
    pub(super) fn elements(self) -> &'static Type {
        match self {
            Self::Coding => &CODING_TYPE,
            Self::CodeableConcept => &CONCEPT_TYPE,
            Self::Extension => &EXTENSION_TYPE,
            Self::Meta => &META_TYPE,
            Self::Narrative => &NARRATIVE_TYPE,
            Self::Period => &PERIOD_TYPE,
            Self::Agent => &AGENT_TYPE,
            Self::Source => &SOURCE_TYPE,
            Self::Entity => &ENTITY_TYPE,
            Self::Network => &NETWORK_TYPE,
            Self::Detail => &DETAIL_TYPE,
            Self::Identifier => &IDENTIFIER_TYPE,
        }
    }
}

const fn one(name: &'static str, kind: Kind) -> Element {
    Element { name, kind, required: false, many: false }
}

const fn must(name: &'static str, kind: Kind) -> Element {
    Element { name, kind, required: true, many: false }
}

const fn many(name: &'static str, kind: Kind) -> Element {
    Element { name, kind, required: false, many: true }
}

const STRING: Kind = Kind::Primitive(Primitive::String);
const URI: Kind = Kind::Primitive(Primitive::Uri);
const CODE: Kind = Kind::Primitive(Primitive::Code);
const BOOLEAN: Kind = Kind::Primitive(Primitive::Boolean);
const BASE64: Kind = Kind::Primitive(Primitive::Base64);
const DATE_TIME: Kind = Kind::Primitive(Primitive::DateTime);
const INSTANT: Kind = Kind::Primitive(Primitive::Instant);
const CODING: Kind = Kind::Complex(Of::Coding);
const CONCEPT: Kind = Kind::Complex(Of::CodeableConcept);
const EXTENSION: Kind = Kind::Complex(Of::Extension);
const MODIFIER: Kind =
    Kind::Refused("what an unknown modifier extension changes cannot be told: send the event without");
const CONTAINED: Kind =
    Kind::Refused("contained resources are not taken: name who or what is meant by an identifier");
const RULES: Kind = Kind::Refused("rules that are not known here cannot be followed: send the event without");

/// Who an agent or an observer may be.
const ACTORS: &[&str] =
    &["PractitionerRole", "Practitioner", "Organization", "Device", "Patient", "RelatedPerson"];

pub(super) static AUDIT_EVENT: Type = Type {
    one_of: &[],
    elements: &[
        one("resourceType", STRING),
        one("id", Kind::Primitive(Primitive::Id)),
        one("meta", Kind::Complex(Of::Meta)),
        one("implicitRules", RULES),
        one("language", CODE),
        one("text", Kind::Complex(Of::Narrative)),
        many("contained", CONTAINED),
        many("extension", EXTENSION),
        many("modifierExtension", MODIFIER),
        must("type", CODING),
        many("subtype", CODING),
        one("action", Kind::Code(&["C", "R", "U", "D", "E"])),
        one("period", Kind::Complex(Of::Period)),
        must("recorded", INSTANT),
        // Optional in FHIR; NEN 7513 and RFC 3881 §5.1.4 demand it.
        must("outcome", Kind::Code(&["0", "4", "8", "12"])),
        one("outcomeDesc", STRING),
        many("purposeOfEvent", CONCEPT),
        Element { name: "agent", kind: Kind::Complex(Of::Agent), required: true, many: true },
        must("source", Kind::Complex(Of::Source)),
        many("entity", Kind::Complex(Of::Entity)),
    ],
};

static AGENT_TYPE: Type = Type {
    one_of: &[],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        many("modifierExtension", MODIFIER),
        one("type", CONCEPT),
        many("role", CONCEPT),
        one("who", Kind::Reference(ACTORS)),
        one("altId", STRING),
        one("name", STRING),
        must("requestor", BOOLEAN),
        one("location", Kind::Reference(&["Location"])),
        many("policy", URI),
        one("media", CODING),
        one("network", Kind::Complex(Of::Network)),
        many("purposeOfUse", CONCEPT),
    ],
};

static NETWORK_TYPE: Type = Type {
    one_of: &[],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        many("modifierExtension", MODIFIER),
        one("address", STRING),
        one("type", Kind::Code(&["1", "2", "3", "4", "5"])),
    ],
};

static SOURCE_TYPE: Type = Type {
    one_of: &[],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        many("modifierExtension", MODIFIER),
        one("site", STRING),
        must("observer", Kind::Reference(ACTORS)),
        many("type", CODING),
    ],
};

pub(super) static ENTITY_TYPE: Type = Type {
    one_of: &[],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        many("modifierExtension", MODIFIER),
        one("what", Kind::Reference(&[])),
        one("type", CODING),
        one("role", CODING),
        one("lifecycle", CODING),
        many("securityLabel", CODING),
        one("name", STRING),
        one("description", STRING),
        one("query", BASE64),
        many("detail", Kind::Complex(Of::Detail)),
    ],
};

static DETAIL_TYPE: Type = Type {
    one_of: &["valueString", "valueBase64Binary"],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        many("modifierExtension", MODIFIER),
        must("type", STRING),
        one("valueString", STRING),
        one("valueBase64Binary", BASE64),
    ],
};

static META_TYPE: Type = Type {
    one_of: &[],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        one("versionId", Kind::Primitive(Primitive::Id)),
        one("lastUpdated", INSTANT),
        one("source", URI),
        many("profile", URI),
        many("security", CODING),
        many("tag", CODING),
    ],
};

static NARRATIVE_TYPE: Type = Type {
    one_of: &[],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        must("status", Kind::Code(&["generated", "extensions", "additional", "empty"])),
        must("div", Kind::Xhtml),
    ],
};

static CODING_TYPE: Type = Type {
    one_of: &["system", "code", "display", "extension"],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        one("system", URI),
        one("version", STRING),
        one("code", CODE),
        one("display", STRING),
        one("userSelected", BOOLEAN),
    ],
};

static CONCEPT_TYPE: Type = Type {
    one_of: &["coding", "text", "extension"],
    elements: &[one("id", STRING), many("extension", EXTENSION), many("coding", CODING), one("text", STRING)],
};

pub(super) static REFERENCE_TYPE: Type = Type {
    one_of: &["reference", "identifier", "display", "extension"],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        one("reference", STRING),
        one("type", URI),
        one("identifier", Kind::Complex(Of::Identifier)),
        one("display", STRING),
    ],
};

static IDENTIFIER_TYPE: Type = Type {
    one_of: &["system", "value", "extension"],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        one("use", Kind::Code(&["usual", "official", "temp", "secondary", "old"])),
        one("type", CONCEPT),
        one("system", URI),
        one("value", STRING),
        one("period", Kind::Complex(Of::Period)),
        one("assigner", Kind::Reference(&["Organization"])),
    ],
};

pub(super) static PERIOD_TYPE: Type = Type {
    one_of: &["start", "end", "extension"],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        one("start", DATE_TIME),
        one("end", DATE_TIME),
    ],
};

/// What stands beside a primitive value, as `_name`.
pub(super) static ELEMENT_TYPE: Type =
    Type { one_of: &["id", "extension"], elements: &[one("id", STRING), many("extension", EXTENSION)] };

pub(super) static EXTENSION_TYPE: Type = Type {
    one_of: &[],
    elements: &[
        one("id", STRING),
        many("extension", EXTENSION),
        must("url", URI),
        one("valueBase64Binary", BASE64),
        one("valueBoolean", BOOLEAN),
        one("valueCanonical", URI),
        one("valueCode", CODE),
        one("valueDate", Kind::Primitive(Primitive::Date)),
        one("valueDateTime", DATE_TIME),
        one("valueDecimal", Kind::Primitive(Primitive::Decimal)),
        one("valueId", Kind::Primitive(Primitive::Id)),
        one("valueInstant", INSTANT),
        one("valueInteger", Kind::Primitive(Primitive::Integer)),
        one("valueMarkdown", STRING),
        one("valueOid", URI),
        one("valuePositiveInt", Kind::Primitive(Primitive::PositiveInt)),
        one("valueString", STRING),
        one("valueTime", Kind::Primitive(Primitive::Time)),
        one("valueUnsignedInt", Kind::Primitive(Primitive::UnsignedInt)),
        one("valueUri", URI),
        one("valueUrl", URI),
        one("valueUuid", URI),
        one("valueCoding", CODING),
        one("valueCodeableConcept", CONCEPT),
        one("valueIdentifier", Kind::Complex(Of::Identifier)),
        one("valuePeriod", Kind::Complex(Of::Period)),
        one("valueReference", Kind::Reference(&[])),
    ],
};
