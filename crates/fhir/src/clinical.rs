//! Allergies and conditions.

use std::borrow::Cow;

use crate::{Annotation, CodeableConcept, Element, Extension, Identifier, Reference};

fhir_type! {
    /// An allergy or intolerance.
    resource AllergyIntolerance {
        identifier: Vec<Identifier<'a>>,
        clinical_status: Option<CodeableConcept<'a>>,
        verification_status: Option<CodeableConcept<'a>>,
        r#type: Option<&'static str>,
        #[serde(rename = "_type")]
        type_ext: Option<Element<'a>>,
        category: Vec<&'static str>,
        #[serde(rename = "_category")]
        category_ext: crate::ElementList<'a>,
        criticality: Option<&'static str>,
        #[serde(rename = "_criticality")]
        criticality_ext: Option<Element<'a>>,
        code: Option<CodeableConcept<'a>>,
        patient: Option<Reference<'a>>,
        encounter: Option<Reference<'a>>,
        #[serde(flatten)]
        onset: Option<Onset<'a>>,
        recorded_date: Option<Cow<'a, str>>,
        #[serde(rename = "_recordedDate")]
        recorded_date_ext: Option<Element<'a>>,
        recorder: Option<Reference<'a>>,
        asserter: Option<Reference<'a>>,
        last_occurrence: Option<Cow<'a, str>>,
        note: Vec<Annotation<'a>>,
        reaction: Vec<AllergyReaction<'a>>,
    }

    /// A problem or diagnosis.
    resource Condition {
        identifier: Vec<Identifier<'a>>,
        clinical_status: Option<CodeableConcept<'a>>,
        verification_status: Option<CodeableConcept<'a>>,
        category: Vec<CodeableConcept<'a>>,
        severity: Option<CodeableConcept<'a>>,
        code: Option<CodeableConcept<'a>>,
        body_site: Vec<CodeableConcept<'a>>,
        subject: Option<Reference<'a>>,
        encounter: Option<Reference<'a>>,
        #[serde(flatten)]
        onset: Option<Onset<'a>>,
        #[serde(flatten)]
        abatement: Option<Abatement<'a>>,
        recorded_date: Option<Cow<'a, str>>,
        #[serde(rename = "_recordedDate")]
        recorded_date_ext: Option<Element<'a>>,
        recorder: Option<Reference<'a>>,
        asserter: Option<Reference<'a>>,
        evidence: Vec<ConditionEvidence<'a>>,
        note: Vec<Annotation<'a>>,
    }
}

fhir_type! {
    /// What happened when the patient met the substance.
    datatype AllergyReaction {
        extension: Vec<Extension<'a>>,
        substance: Option<CodeableConcept<'a>>,
        manifestation: Vec<CodeableConcept<'a>>,
        description: Option<Cow<'a, str>>,
        onset: Option<Cow<'a, str>>,
        #[serde(rename = "_onset")]
        onset_ext: Option<Element<'a>>,
        severity: Option<&'static str>,
        #[serde(rename = "_severity")]
        severity_ext: Option<Element<'a>>,
        note: Vec<Annotation<'a>>,
    }
}

fhir_type! {
    /// What tells of a condition.
    datatype ConditionEvidence {
        detail: Vec<Reference<'a>>,
    }
}

fhir_choice! {
    /// When it began.
    choice Onset {
        DateTime(Cow<'a, str>) = "onsetDateTime",
        DateTimeExt(Element<'a>) = "_onsetDateTime",
        String(Cow<'a, str>) = "onsetString",
    }
}

fhir_choice! {
    /// When it ended.
    choice Abatement {
        DateTime(Cow<'a, str>) = "abatementDateTime",
        DateTimeExt(Element<'a>) = "_abatementDateTime",
    }
}
