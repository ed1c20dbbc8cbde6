//! What is done for a patient, and what is aimed at.

use std::borrow::Cow;

use crate::{Annotation, CodeableConcept, Element, Extension, Identifier, Period, Reference};

fhir_type! {
    /// Something that was done to a patient.
    resource Procedure {
        identifier: Vec<Identifier<'a>>,
        based_on: Vec<Reference<'a>>,
        part_of: Vec<Reference<'a>>,
        status: Option<&'static str>,
        category: Option<CodeableConcept<'a>>,
        code: Option<CodeableConcept<'a>>,
        subject: Option<Reference<'a>>,
        encounter: Option<Reference<'a>>,
        #[serde(flatten)]
        performed: Option<Performed<'a>>,
        performer: Vec<ProcedurePerformer<'a>>,
        location: Option<Reference<'a>>,
        reason_code: Vec<CodeableConcept<'a>>,
        reason_reference: Vec<Reference<'a>>,
        note: Vec<Annotation<'a>>,
    }

    /// What is to be reached for a patient.
    resource Goal {
        identifier: Vec<Identifier<'a>>,
        lifecycle_status: Option<&'static str>,
        #[serde(rename = "_lifecycleStatus")]
        lifecycle_status_ext: Option<Element<'a>>,
        achievement_status: Option<CodeableConcept<'a>>,
        category: Vec<CodeableConcept<'a>>,
        priority: Option<CodeableConcept<'a>>,
        description: Option<CodeableConcept<'a>>,
        subject: Option<Reference<'a>>,
        start_date: Option<Cow<'a, str>>,
        #[serde(rename = "_startDate")]
        start_date_ext: Option<Element<'a>>,
        target: Vec<GoalTarget<'a>>,
        status_date: Option<Cow<'a, str>>,
        #[serde(rename = "_statusDate")]
        status_date_ext: Option<Element<'a>>,
        status_reason: Option<Cow<'a, str>>,
        expressed_by: Option<Reference<'a>>,
        addresses: Vec<Reference<'a>>,
        note: Vec<Annotation<'a>>,
        outcome_reference: Vec<Reference<'a>>,
    }

    /// How a patient is to be cared for.
    resource CarePlan {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        intent: Option<&'static str>,
        category: Vec<CodeableConcept<'a>>,
        title: Option<Cow<'a, str>>,
        subject: Option<Reference<'a>>,
        encounter: Option<Reference<'a>>,
        period: Option<Period<'a>>,
        created: Option<Cow<'a, str>>,
        #[serde(rename = "_created")]
        created_ext: Option<Element<'a>>,
        contributor: Vec<Reference<'a>>,
        care_team: Vec<Reference<'a>>,
        addresses: Vec<Reference<'a>>,
        supporting_info: Vec<Reference<'a>>,
        goal: Vec<Reference<'a>>,
        note: Vec<Annotation<'a>>,
    }

}

fhir_type! {
    /// Someone who did it, and as what.
    datatype ProcedurePerformer {
        extension: Vec<Extension<'a>>,
        function: Option<CodeableConcept<'a>>,
        actor: Option<Reference<'a>>,
        on_behalf_of: Option<Reference<'a>>,
    }

    /// Until when it is to be reached.
    datatype GoalTarget {
        due_date: Option<Cow<'a, str>>,
        #[serde(rename = "_dueDate")]
        due_date_ext: Option<Element<'a>>,
    }
}

fhir_choice! {
    /// When it was done.
    choice Performed {
        DateTime(Cow<'a, str>) = "performedDateTime",
        DateTimeExt(Element<'a>) = "_performedDateTime",
        Period(Period<'a>) = "performedPeriod",
    }
}
