//! Extensions, and the extensions of primitives.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::borrow::Cow;

use crate::{
    Absent, Address, Annotation, Attachment, CodeableConcept, Coding, ContactPoint, Decimal, HumanName,
    Identifier, Money, Period, Quantity, Range, Ratio, Reference, Timing,
};

/// An extension: either a value or further extensions.
#[derive(Clone, PartialEq)]
pub struct Extension<'a> {
    /// What it means: the address of its definition.
    pub url: &'a str,
    /// Its value, or its parts.
    pub value: ExtensionValue<'a>,
}

/// What an [`Extension`] holds.
#[derive(Clone, PartialEq)]
#[expect(missing_docs, reason = "each is FHIR's value[x] of that name")]
pub enum ExtensionValue<'a> {
    /// Further extensions: a complex extension.
    Parts(Vec<Extension<'a>>),
    String(Cow<'a, str>),
    Code(Cow<'a, str>),
    Uri(Cow<'a, str>),
    Boolean(bool),
    Integer(i64),
    PositiveInt(u32),
    Decimal(Decimal<'a>),
    Date(Cow<'a, str>),
    DateTime(Cow<'a, str>),
    Time(Cow<'a, str>),
    Coding(Box<Coding<'a>>),
    CodeableConcept(Box<CodeableConcept<'a>>),
    Quantity(Box<Quantity<'a>>),
    Duration(Box<Quantity<'a>>),
    Range(Box<Range<'a>>),
    Ratio(Box<Ratio<'a>>),
    Money(Box<Money<'a>>),
    Period(Box<Period<'a>>),
    Identifier(Box<Identifier<'a>>),
    Reference(Box<Reference<'a>>),
    HumanName(Box<HumanName<'a>>),
    Address(Box<Address<'a>>),
    ContactPoint(Box<ContactPoint<'a>>),
    Attachment(Box<Attachment<'a>>),
    Timing(Box<Timing<'a>>),
    Annotation(Box<Annotation<'a>>),
}

impl<'a> Extension<'a> {
    /// An extension with any value.
    pub fn new(url: &'a str, value: ExtensionValue<'a>) -> Self {
        Self { url, value }
    }

    /// An extension with a string.
    pub fn string(url: &'a str, value: impl Into<Cow<'a, str>>) -> Self {
        Self::new(url, ExtensionValue::String(value.into()))
    }

    /// An extension with a code.
    pub fn code(url: &'a str, value: impl Into<Cow<'a, str>>) -> Self {
        Self::new(url, ExtensionValue::Code(value.into()))
    }

    /// An extension with a concept.
    pub fn concept(url: &'a str, value: CodeableConcept<'a>) -> Self {
        Self::new(url, ExtensionValue::CodeableConcept(Box::new(value)))
    }
}

impl fmt::Debug for Extension<'_> {
    /// The shape only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extension")
    }
}

impl fmt::Debug for ExtensionValue<'_> {
    /// The shape only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExtensionValue")
    }
}

impl Serialize for Extension<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use ExtensionValue as V;
        let mut out = serializer.serialize_struct("Extension", 2)?;
        // FHIR's JSON has no order of members; the address first reads best.
        out.serialize_field("url", self.url)?;
        match &self.value {
            V::Parts(parts) => out.serialize_field("extension", parts),
            V::String(v) => out.serialize_field("valueString", v),
            V::Code(v) => out.serialize_field("valueCode", v),
            V::Uri(v) => out.serialize_field("valueUri", v),
            V::Boolean(v) => out.serialize_field("valueBoolean", v),
            V::Integer(v) => out.serialize_field("valueInteger", v),
            V::PositiveInt(v) => out.serialize_field("valuePositiveInt", v),
            V::Decimal(v) => out.serialize_field("valueDecimal", v),
            V::Date(v) => out.serialize_field("valueDate", v),
            V::DateTime(v) => out.serialize_field("valueDateTime", v),
            V::Time(v) => out.serialize_field("valueTime", v),
            V::Coding(v) => out.serialize_field("valueCoding", v),
            V::CodeableConcept(v) => out.serialize_field("valueCodeableConcept", v),
            V::Quantity(v) => out.serialize_field("valueQuantity", v),
            V::Duration(v) => out.serialize_field("valueDuration", v),
            V::Range(v) => out.serialize_field("valueRange", v),
            V::Ratio(v) => out.serialize_field("valueRatio", v),
            V::Money(v) => out.serialize_field("valueMoney", v),
            V::Period(v) => out.serialize_field("valuePeriod", v),
            V::Identifier(v) => out.serialize_field("valueIdentifier", v),
            V::Reference(v) => out.serialize_field("valueReference", v),
            V::HumanName(v) => out.serialize_field("valueHumanName", v),
            V::Address(v) => out.serialize_field("valueAddress", v),
            V::ContactPoint(v) => out.serialize_field("valueContactPoint", v),
            V::Attachment(v) => out.serialize_field("valueAttachment", v),
            V::Timing(v) => out.serialize_field("valueTiming", v),
            V::Annotation(v) => out.serialize_field("valueAnnotation", v),
        }?;
        out.end()
    }
}

/// The extensions of one primitive: what stands in its underscored neighbour.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct Element<'a> {
    /// The extensions.
    pub extension: Vec<Extension<'a>>,
}

impl<'a> Element<'a> {
    /// An element with one extension.
    pub fn of(extension: Extension<'a>) -> Self {
        Self { extension: vec![extension] }
    }

    /// `None` when there are no extensions.
    pub fn some(extension: Vec<Extension<'a>>) -> Option<Self> {
        (!extension.is_empty()).then_some(Self { extension })
    }
}

impl fmt::Debug for Element<'_> {
    /// The shape only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element {{ extension: {} }}", self.extension.len())
    }
}

/// The extensions of a repeating primitive, repetition by repetition; `null` where one has none.
/// Absent when no repetition has any.
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ElementList<'a>(pub Vec<Option<Element<'a>>>);

impl Absent for ElementList<'_> {
    fn is_absent(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

impl fmt::Debug for ElementList<'_> {
    /// The shape only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ElementList({})", self.0.len())
    }
}
