//! Orders, and what is asked of whoever fills them.

use std::borrow::Cow;

use crate::{Annotation, CodeableConcept, Element, Identifier, Period, Quantity, Reference, Timing};

fhir_type! {
    /// An order.
    resource ServiceRequest {
        identifier: Vec<Identifier<'a>>,
        based_on: Vec<Reference<'a>>,
        replaces: Vec<Reference<'a>>,
        requisition: Option<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        intent: Option<&'static str>,
        category: Vec<CodeableConcept<'a>>,
        priority: Option<&'static str>,
        #[serde(rename = "_priority")]
        priority_ext: Option<Element<'a>>,
        code: Option<CodeableConcept<'a>>,
        order_detail: Vec<CodeableConcept<'a>>,
        #[serde(rename = "quantityQuantity")]
        quantity: Option<Quantity<'a>>,
        subject: Option<Reference<'a>>,
        encounter: Option<Reference<'a>>,
        #[serde(rename = "occurrenceDateTime")]
        occurrence_date_time: Option<Cow<'a, str>>,
        #[serde(rename = "_occurrenceDateTime")]
        occurrence_date_time_ext: Option<Element<'a>>,
        #[serde(rename = "occurrencePeriod")]
        occurrence_period: Option<Period<'a>>,
        #[serde(rename = "occurrenceTiming")]
        occurrence_timing: Option<Timing<'a>>,
        #[serde(rename = "asNeededCodeableConcept")]
        as_needed: Option<CodeableConcept<'a>>,
        #[serde(rename = "asNeededBoolean")]
        as_needed_boolean: Option<bool>,
        authored_on: Option<Cow<'a, str>>,
        #[serde(rename = "_authoredOn")]
        authored_on_ext: Option<Element<'a>>,
        requester: Option<Reference<'a>>,
        performer: Vec<Reference<'a>>,
        location_code: Vec<CodeableConcept<'a>>,
        reason_code: Vec<CodeableConcept<'a>>,
        reason_reference: Vec<Reference<'a>>,
        insurance: Vec<Reference<'a>>,
        supporting_info: Vec<Reference<'a>>,
        specimen: Vec<Reference<'a>>,
        note: Vec<Annotation<'a>>,
    }

    /// What is asked of whoever fills an order, and how far they are.
    resource Task {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        status_reason: Option<CodeableConcept<'a>>,
        business_status: Option<CodeableConcept<'a>>,
        intent: Option<&'static str>,
        code: Option<CodeableConcept<'a>>,
        focus: Option<Reference<'a>>,
        r#for: Option<Reference<'a>>,
        encounter: Option<Reference<'a>>,
        authored_on: Option<Cow<'a, str>>,
        last_modified: Option<Cow<'a, str>>,
        requester: Option<Reference<'a>>,
        owner: Option<Reference<'a>>,
    }
}
