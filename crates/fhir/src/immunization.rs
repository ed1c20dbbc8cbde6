//! Vaccinations (FHIR R4, Immunization).

use std::borrow::Cow;

use crate::{Annotation, CodeableConcept, Element, Extension, Identifier, Quantity, Reference};

fhir_type! {
    /// A vaccination that was given, or was not.
    resource Immunization {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        status_reason: Option<CodeableConcept<'a>>,
        vaccine_code: Option<CodeableConcept<'a>>,
        patient: Option<Reference<'a>>,
        encounter: Option<Reference<'a>>,
        #[serde(flatten)]
        occurrence: Option<ImmunizationOccurrence<'a>>,
        recorded: Option<Cow<'a, str>>,
        #[serde(rename = "_recorded")]
        recorded_ext: Option<Element<'a>>,
        primary_source: Option<bool>,
        report_origin: Option<CodeableConcept<'a>>,
        location: Option<Reference<'a>>,
        manufacturer: Option<Reference<'a>>,
        lot_number: Option<Cow<'a, str>>,
        expiration_date: Option<Cow<'a, str>>,
        #[serde(rename = "_expirationDate")]
        expiration_date_ext: Option<Element<'a>>,
        site: Option<CodeableConcept<'a>>,
        route: Option<CodeableConcept<'a>>,
        dose_quantity: Option<Quantity<'a>>,
        performer: Vec<ImmunizationPerformer<'a>>,
        note: Vec<Annotation<'a>>,
        reason_code: Vec<CodeableConcept<'a>>,
        reason_reference: Vec<Reference<'a>>,
        is_subpotent: Option<bool>,
        subpotent_reason: Vec<CodeableConcept<'a>>,
        education: Vec<ImmunizationEducation<'a>>,
        program_eligibility: Vec<CodeableConcept<'a>>,
        funding_source: Option<CodeableConcept<'a>>,
        reaction: Vec<ImmunizationReaction<'a>>,
        protocol_applied: Vec<ImmunizationProtocol<'a>>,
    }
}

fhir_type! {
    /// Who had which part in a vaccination.
    datatype ImmunizationPerformer {
        function: Option<CodeableConcept<'a>>,
        actor: Option<Reference<'a>>,
    }

    /// What was handed to the patient to read.
    datatype ImmunizationEducation {
        extension: Vec<Extension<'a>>,
        document_type: Option<Cow<'a, str>>,
        reference: Option<Cow<'a, str>>,
        publication_date: Option<Cow<'a, str>>,
        presentation_date: Option<Cow<'a, str>>,
    }

    /// What followed a vaccination.
    datatype ImmunizationReaction {
        date: Option<Cow<'a, str>>,
        detail: Option<Reference<'a>>,
    }

    /// Which dose of a series it is, and against what.
    datatype ImmunizationProtocol {
        extension: Vec<Extension<'a>>,
        series: Option<Cow<'a, str>>,
        target_disease: Vec<CodeableConcept<'a>>,
        #[serde(rename = "doseNumberPositiveInt")]
        dose_number: Option<u32>,
        #[serde(rename = "doseNumberString")]
        dose_number_text: Option<Cow<'a, str>>,
        #[serde(rename = "seriesDosesPositiveInt")]
        series_doses: Option<u32>,
        #[serde(rename = "seriesDosesString")]
        series_doses_text: Option<Cow<'a, str>>,
    }
}

fhir_choice! {
    /// When it was given.
    choice ImmunizationOccurrence {
        DateTime(Cow<'a, str>) = "occurrenceDateTime",
        DateTimeExt(Element<'a>) = "_occurrenceDateTime",
        String(Cow<'a, str>) = "occurrenceString",
        StringExt(Element<'a>) = "_occurrenceString",
    }
}
