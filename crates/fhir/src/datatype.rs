//! The general-purpose datatypes (FHIR R4 §2.24).

use std::borrow::Cow;

use crate::{Decimal, Element, ElementList, Extension, Urn};

fhir_type! {
    /// What is said about a resource rather than in it.
    datatype Meta {
        profile: Vec<&'a str>,
        security: Vec<Coding<'a>>,
        tag: Vec<Coding<'a>>,
    }

    /// A code from a system.
    datatype Coding {
        extension: Vec<Extension<'a>>,
        system: Option<Cow<'a, str>>,
        version: Option<Cow<'a, str>>,
        code: Option<Cow<'a, str>>,
        display: Option<Cow<'a, str>>,
        user_selected: Option<bool>,
    }

    /// A concept: codes for it, and its text.
    datatype CodeableConcept {
        extension: Vec<Extension<'a>>,
        coding: Vec<Coding<'a>>,
        text: Option<Cow<'a, str>>,
    }

    /// An identifier that a system gave.
    datatype Identifier {
        extension: Vec<Extension<'a>>,
        r#use: Option<&'static str>,
        r#type: Option<Box<CodeableConcept<'a>>>,
        system: Option<Cow<'a, str>>,
        value: Option<Cow<'a, str>>,
        #[serde(rename = "_value")]
        value_ext: Option<Element<'a>>,
        period: Option<Box<Period<'a>>>,
        assigner: Option<Box<Reference<'a>>>,
    }

    /// A reference to an entry of the same Bundle, or a logical one by identifier or display.
    datatype Reference {
        extension: Vec<Extension<'a>>,
        reference: Option<Urn>,
        r#type: Option<&'static str>,
        identifier: Option<Box<Identifier<'a>>>,
        display: Option<Cow<'a, str>>,
    }

    /// A span of time; either end may be open.
    datatype Period {
        extension: Vec<Extension<'a>>,
        start: Option<Cow<'a, str>>,
        #[serde(rename = "_start")]
        start_ext: Option<Element<'a>>,
        end: Option<Cow<'a, str>>,
        #[serde(rename = "_end")]
        end_ext: Option<Element<'a>>,
    }

    /// A measured amount; also FHIR's Duration, Age and SimpleQuantity.
    datatype Quantity {
        extension: Vec<Extension<'a>>,
        value: Option<Decimal<'a>>,
        comparator: Option<&'static str>,
        unit: Option<Cow<'a, str>>,
        system: Option<Cow<'a, str>>,
        code: Option<Cow<'a, str>>,
    }

    /// A range of amounts.
    datatype Range {
        low: Option<Quantity<'a>>,
        high: Option<Quantity<'a>>,
    }

    /// A relation of two amounts.
    datatype Ratio {
        extension: Vec<Extension<'a>>,
        numerator: Option<Quantity<'a>>,
        denominator: Option<Quantity<'a>>,
    }

    /// A series of measured values.
    datatype SampledData {
        origin: Option<Quantity<'a>>,
        period: Option<Decimal<'a>>,
        dimensions: Option<u32>,
        data: Option<Cow<'a, str>>,
    }

    /// A document or its address.
    datatype Attachment {
        extension: Vec<Extension<'a>>,
        content_type: Option<Cow<'a, str>>,
        language: Option<Cow<'a, str>>,
        data: Option<Cow<'a, str>>,
        url: Option<Cow<'a, str>>,
        title: Option<Cow<'a, str>>,
        creation: Option<Cow<'a, str>>,
    }

    /// A note with its author and time.
    datatype Annotation {
        extension: Vec<Extension<'a>>,
        author_string: Option<Cow<'a, str>>,
        author_reference: Option<Reference<'a>>,
        time: Option<Cow<'a, str>>,
        text: Option<Cow<'a, str>>,
    }

    /// A person's name.
    datatype HumanName {
        extension: Vec<Extension<'a>>,
        r#use: Option<&'static str>,
        #[serde(rename = "_use")]
        use_ext: Option<Element<'a>>,
        text: Option<Cow<'a, str>>,
        family: Option<Cow<'a, str>>,
        #[serde(rename = "_family")]
        family_ext: Option<Element<'a>>,
        given: Vec<Cow<'a, str>>,
        #[serde(rename = "_given")]
        given_ext: ElementList<'a>,
        prefix: Vec<Cow<'a, str>>,
        suffix: Vec<Cow<'a, str>>,
        period: Option<Box<Period<'a>>>,
    }

    /// A postal or visiting address.
    datatype Address {
        extension: Vec<Extension<'a>>,
        r#use: Option<&'static str>,
        #[serde(rename = "_use")]
        use_ext: Option<Element<'a>>,
        r#type: Option<&'static str>,
        text: Option<Cow<'a, str>>,
        line: Vec<Cow<'a, str>>,
        #[serde(rename = "_line")]
        line_ext: ElementList<'a>,
        city: Option<Cow<'a, str>>,
        district: Option<Cow<'a, str>>,
        state: Option<Cow<'a, str>>,
        postal_code: Option<Cow<'a, str>>,
        country: Option<Cow<'a, str>>,
        #[serde(rename = "_country")]
        country_ext: Option<Element<'a>>,
        period: Option<Box<Period<'a>>>,
    }

    /// A telephone number, e-mail address or the like.
    datatype ContactPoint {
        extension: Vec<Extension<'a>>,
        system: Option<&'static str>,
        #[serde(rename = "_system")]
        system_ext: Option<Element<'a>>,
        value: Option<Cow<'a, str>>,
        r#use: Option<&'static str>,
        #[serde(rename = "_use")]
        use_ext: Option<Element<'a>>,
        rank: Option<u32>,
        period: Option<Box<Period<'a>>>,
    }
}

impl<'a> Coding<'a> {
    /// A coding by system and code.
    pub fn new(system: impl Into<Cow<'a, str>>, code: impl Into<Cow<'a, str>>) -> Self {
        Self { system: Some(system.into()), code: Some(code.into()), ..Self::default() }
    }

    /// The same with a display text.
    #[must_use]
    pub fn with_display(mut self, display: impl Into<Cow<'a, str>>) -> Self {
        self.display = Some(display.into());
        self
    }
}

impl<'a> CodeableConcept<'a> {
    /// A concept of one coding.
    pub fn of(coding: Coding<'a>) -> Self {
        Self { coding: vec![coding], ..Self::default() }
    }

    /// A concept by system and code.
    pub fn code(system: impl Into<Cow<'a, str>>, code: impl Into<Cow<'a, str>>) -> Self {
        Self::of(Coding::new(system, code))
    }

    /// A concept that has only text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }
}

impl<'a> Reference<'a> {
    /// A reference to an entry of the same Bundle.
    pub fn to(id: uuid::Uuid) -> Self {
        Self { reference: Some(Urn(id)), ..Self::default() }
    }

    /// A logical reference: only text is known of the target.
    pub fn display(text: impl Into<Cow<'a, str>>) -> Self {
        Self { display: Some(text.into()), ..Self::default() }
    }

    /// A logical reference by identifier.
    pub fn by_identifier(identifier: Identifier<'a>) -> Self {
        Self { identifier: Some(Box::new(identifier)), ..Self::default() }
    }
}

impl<'a> Identifier<'a> {
    /// An identifier by system and value.
    pub fn new(system: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        Self { system: Some(system.into()), value: Some(value.into()), ..Self::default() }
    }
}
