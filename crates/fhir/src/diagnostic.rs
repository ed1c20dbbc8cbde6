//! Observations, reports, specimens, documents and the requests behind them.

use std::borrow::Cow;

use crate::{
    Annotation, Attachment, CodeableConcept, Coding, Element, Extension, Identifier, Period, Quantity, Range,
    Ratio, Reference, SampledData,
};

fhir_type! {
    /// A measurement or finding.
    resource Observation {
        identifier: Vec<Identifier<'a>>,
        based_on: Vec<Reference<'a>>,
        part_of: Vec<Reference<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        category: Vec<CodeableConcept<'a>>,
        code: Option<CodeableConcept<'a>>,
        subject: Option<Reference<'a>>,
        encounter: Option<Reference<'a>>,
        #[serde(flatten)]
        effective: Option<Effective<'a>>,
        issued: Option<Cow<'a, str>>,
        #[serde(rename = "_issued")]
        issued_ext: Option<Element<'a>>,
        performer: Vec<Reference<'a>>,
        #[serde(flatten)]
        value: Option<ObservationValue<'a>>,
        data_absent_reason: Option<CodeableConcept<'a>>,
        interpretation: Vec<CodeableConcept<'a>>,
        note: Vec<Annotation<'a>>,
        body_site: Option<CodeableConcept<'a>>,
        method: Option<CodeableConcept<'a>>,
        specimen: Option<Reference<'a>>,
        device: Option<Reference<'a>>,
        reference_range: Vec<ReferenceRange<'a>>,
        has_member: Vec<Reference<'a>>,
        derived_from: Vec<Reference<'a>>,
        component: Vec<ObservationComponent<'a>>,
    }

    /// A report that gathers observations.
    resource DiagnosticReport {
        identifier: Vec<Identifier<'a>>,
        based_on: Vec<Reference<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        category: Vec<CodeableConcept<'a>>,
        code: Option<CodeableConcept<'a>>,
        subject: Option<Reference<'a>>,
        encounter: Option<Reference<'a>>,
        #[serde(flatten)]
        effective: Option<Effective<'a>>,
        issued: Option<Cow<'a, str>>,
        #[serde(rename = "_issued")]
        issued_ext: Option<Element<'a>>,
        performer: Vec<Reference<'a>>,
        results_interpreter: Vec<Reference<'a>>,
        specimen: Vec<Reference<'a>>,
        result: Vec<Reference<'a>>,
        media: Vec<DiagnosticReportMedia<'a>>,
        conclusion: Option<Cow<'a, str>>,
        conclusion_code: Vec<CodeableConcept<'a>>,
        presented_form: Vec<Attachment<'a>>,
    }

    /// What was taken from the patient to be examined.
    resource Specimen {
        identifier: Vec<Identifier<'a>>,
        accession_identifier: Option<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        r#type: Option<CodeableConcept<'a>>,
        subject: Option<Reference<'a>>,
        received_time: Option<Cow<'a, str>>,
        #[serde(rename = "_receivedTime")]
        received_time_ext: Option<Element<'a>>,
        parent: Vec<Reference<'a>>,
        request: Vec<Reference<'a>>,
        collection: Option<SpecimenCollection<'a>>,
        container: Vec<SpecimenContainer<'a>>,
        condition: Vec<CodeableConcept<'a>>,
        note: Vec<Annotation<'a>>,
    }

    /// A document or note.
    resource DocumentReference {
        master_identifier: Option<Identifier<'a>>,
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        doc_status: Option<&'static str>,
        #[serde(rename = "_docStatus")]
        doc_status_ext: Option<Element<'a>>,
        r#type: Option<CodeableConcept<'a>>,
        category: Vec<CodeableConcept<'a>>,
        subject: Option<Reference<'a>>,
        date: Option<Cow<'a, str>>,
        #[serde(rename = "_date")]
        date_ext: Option<Element<'a>>,
        author: Vec<Reference<'a>>,
        authenticator: Option<Reference<'a>>,
        custodian: Option<Reference<'a>>,
        relates_to: Vec<DocumentRelatesTo<'a>>,
        description: Option<Cow<'a, str>>,
        security_label: Vec<CodeableConcept<'a>>,
        content: Vec<DocumentContent<'a>>,
        context: Option<DocumentContext<'a>>,
    }
}

fhir_type! {
    /// A part of an observation that has no life of its own.
    datatype ObservationComponent {
        extension: Vec<Extension<'a>>,
        code: Option<CodeableConcept<'a>>,
        #[serde(flatten)]
        value: Option<ObservationValue<'a>>,
        data_absent_reason: Option<CodeableConcept<'a>>,
        interpretation: Vec<CodeableConcept<'a>>,
        reference_range: Vec<ReferenceRange<'a>>,
    }

    /// What is normal for an observation.
    datatype ReferenceRange {
        low: Option<Quantity<'a>>,
        high: Option<Quantity<'a>>,
        r#type: Option<CodeableConcept<'a>>,
        applies_to: Vec<CodeableConcept<'a>>,
        age: Option<Range<'a>>,
        text: Option<Cow<'a, str>>,
    }

    /// An image that belongs to a report.
    datatype DiagnosticReportMedia {
        comment: Option<Cow<'a, str>>,
        link: Option<Reference<'a>>,
    }

    /// How a specimen was taken.
    datatype SpecimenCollection {
        extension: Vec<Extension<'a>>,
        collector: Option<Reference<'a>>,
        #[serde(rename = "collectedDateTime")]
        collected_date_time: Option<Cow<'a, str>>,
        #[serde(rename = "_collectedDateTime")]
        collected_date_time_ext: Option<Element<'a>>,
        #[serde(rename = "collectedPeriod")]
        collected_period: Option<Period<'a>>,
        quantity: Option<Quantity<'a>>,
        method: Option<CodeableConcept<'a>>,
        body_site: Option<CodeableConcept<'a>>,
        #[serde(rename = "fastingStatusCodeableConcept")]
        fasting_status: Option<CodeableConcept<'a>>,
        #[serde(rename = "fastingStatusDuration")]
        fasting_duration: Option<Quantity<'a>>,
    }

    /// What a specimen is kept in.
    datatype SpecimenContainer {
        extension: Vec<Extension<'a>>,
        identifier: Vec<Identifier<'a>>,
        description: Option<Cow<'a, str>>,
        r#type: Option<CodeableConcept<'a>>,
        capacity: Option<Quantity<'a>>,
        specimen_quantity: Option<Quantity<'a>>,
        #[serde(rename = "additiveCodeableConcept")]
        additive: Option<CodeableConcept<'a>>,
    }

    /// A document's content in one format.
    datatype DocumentContent {
        attachment: Option<Attachment<'a>>,
        format: Option<Coding<'a>>,
    }

    /// Another document, and what this one is to it.
    datatype DocumentRelatesTo {
        code: Option<&'static str>,
        target: Option<Reference<'a>>,
    }

    /// In what a document came about.
    datatype DocumentContext {
        encounter: Vec<Reference<'a>>,
        event: Vec<CodeableConcept<'a>>,
        period: Option<Period<'a>>,
        practice_setting: Option<CodeableConcept<'a>>,
        related: Vec<Reference<'a>>,
    }
}

fhir_choice! {
    /// When what was observed was so.
    choice Effective {
        DateTime(Cow<'a, str>) = "effectiveDateTime",
        DateTimeExt(Element<'a>) = "_effectiveDateTime",
        Period(Period<'a>) = "effectivePeriod",
        Instant(Cow<'a, str>) = "effectiveInstant",
    }

    /// What was observed.
    choice ObservationValue {
        Quantity(Quantity<'a>) = "valueQuantity",
        CodeableConcept(CodeableConcept<'a>) = "valueCodeableConcept",
        String(Cow<'a, str>) = "valueString",
        Boolean(bool) = "valueBoolean",
        Integer(i64) = "valueInteger",
        Range(Range<'a>) = "valueRange",
        Ratio(Ratio<'a>) = "valueRatio",
        SampledData(SampledData<'a>) = "valueSampledData",
        Time(Cow<'a, str>) = "valueTime",
        DateTime(Cow<'a, str>) = "valueDateTime",
        DateTimeExt(Element<'a>) = "_valueDateTime",
        Period(Period<'a>) = "valuePeriod",
    }
}
