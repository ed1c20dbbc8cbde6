//! Medicines: what is prescribed, dispensed and given (FHIR R4, module Medications).

use std::borrow::Cow;

use crate::{
    Annotation, CodeableConcept, Element, Extension, Identifier, Period, Quantity, Range, Ratio, Reference,
    Timing,
};

fhir_type! {
    /// A medicine as it is prescribed, packed or mixed.
    resource Medication {
        identifier: Vec<Identifier<'a>>,
        code: Option<CodeableConcept<'a>>,
        manufacturer: Option<Reference<'a>>,
        form: Option<CodeableConcept<'a>>,
        ingredient: Vec<MedicationIngredient<'a>>,
        batch: Option<MedicationBatch<'a>>,
    }

    /// A prescription, or what a pharmacy made of one.
    resource MedicationRequest {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        status_reason: Option<CodeableConcept<'a>>,
        intent: Option<&'static str>,
        category: Vec<CodeableConcept<'a>>,
        priority: Option<&'static str>,
        #[serde(rename = "_priority")]
        priority_ext: Option<Element<'a>>,
        #[serde(rename = "medicationReference")]
        medication: Option<Reference<'a>>,
        subject: Option<Reference<'a>>,
        encounter: Option<Reference<'a>>,
        supporting_information: Vec<Reference<'a>>,
        authored_on: Option<Cow<'a, str>>,
        #[serde(rename = "_authoredOn")]
        authored_on_ext: Option<Element<'a>>,
        requester: Option<Reference<'a>>,
        performer: Option<Reference<'a>>,
        recorder: Option<Reference<'a>>,
        reason_code: Vec<CodeableConcept<'a>>,
        reason_reference: Vec<Reference<'a>>,
        based_on: Vec<Reference<'a>>,
        group_identifier: Option<Identifier<'a>>,
        insurance: Vec<Reference<'a>>,
        note: Vec<Annotation<'a>>,
        dosage_instruction: Vec<Dosage<'a>>,
        dispense_request: Option<DispenseRequest<'a>>,
        substitution: Option<MedicationSubstitution<'a>>,
        prior_prescription: Option<Reference<'a>>,
    }

    /// Medicine that was prepared or handed over.
    resource MedicationDispense {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "statusReasonCodeableConcept")]
        status_reason: Option<CodeableConcept<'a>>,
        #[serde(rename = "medicationReference")]
        medication: Option<Reference<'a>>,
        subject: Option<Reference<'a>>,
        context: Option<Reference<'a>>,
        supporting_information: Vec<Reference<'a>>,
        performer: Vec<MedicationPerformer<'a>>,
        location: Option<Reference<'a>>,
        authorizing_prescription: Vec<Reference<'a>>,
        r#type: Option<CodeableConcept<'a>>,
        quantity: Option<Quantity<'a>>,
        when_handed_over: Option<Cow<'a, str>>,
        #[serde(rename = "_whenHandedOver")]
        when_handed_over_ext: Option<Element<'a>>,
        destination: Option<Reference<'a>>,
        note: Vec<Annotation<'a>>,
        dosage_instruction: Vec<Dosage<'a>>,
        substitution: Option<DispenseSubstitution<'a>>,
    }

    /// Medicine that was given, or was not.
    resource MedicationAdministration {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        status_reason: Vec<CodeableConcept<'a>>,
        #[serde(rename = "medicationReference")]
        medication: Option<Reference<'a>>,
        subject: Option<Reference<'a>>,
        context: Option<Reference<'a>>,
        supporting_information: Vec<Reference<'a>>,
        #[serde(flatten)]
        effective: Option<crate::Effective<'a>>,
        performer: Vec<MedicationPerformer<'a>>,
        reason_code: Vec<CodeableConcept<'a>>,
        reason_reference: Vec<Reference<'a>>,
        request: Option<Reference<'a>>,
        device: Vec<Reference<'a>>,
        note: Vec<Annotation<'a>>,
        dosage: Option<AdministrationDosage<'a>>,
    }
}

fhir_type! {
    /// What a medicine is made of.
    datatype MedicationIngredient {
        extension: Vec<Extension<'a>>,
        #[serde(rename = "itemCodeableConcept")]
        item: Option<CodeableConcept<'a>>,
        is_active: Option<bool>,
        strength: Option<Ratio<'a>>,
    }

    /// The batch that a medicine is from.
    datatype MedicationBatch {
        lot_number: Option<Cow<'a, str>>,
        expiration_date: Option<Cow<'a, str>>,
        #[serde(rename = "_expirationDate")]
        expiration_date_ext: Option<Element<'a>>,
    }

    /// How a medicine is to be taken or given.
    datatype Dosage {
        extension: Vec<Extension<'a>>,
        sequence: Option<u32>,
        text: Option<Cow<'a, str>>,
        additional_instruction: Vec<CodeableConcept<'a>>,
        patient_instruction: Option<Cow<'a, str>>,
        timing: Option<Timing<'a>>,
        as_needed_boolean: Option<bool>,
        site: Option<CodeableConcept<'a>>,
        route: Option<CodeableConcept<'a>>,
        method: Option<CodeableConcept<'a>>,
        dose_and_rate: Vec<DoseAndRate<'a>>,
        max_dose_per_period: Option<Ratio<'a>>,
        max_dose_per_administration: Option<Quantity<'a>>,
    }

    /// An amount, and how fast.
    datatype DoseAndRate {
        extension: Vec<Extension<'a>>,
        r#type: Option<CodeableConcept<'a>>,
        dose_range: Option<Range<'a>>,
        dose_quantity: Option<Quantity<'a>>,
        rate_ratio: Option<Ratio<'a>>,
        rate_quantity: Option<Quantity<'a>>,
    }

    /// What may be dispensed on a prescription.
    datatype DispenseRequest {
        extension: Vec<Extension<'a>>,
        initial_fill: Option<InitialFill<'a>>,
        dispense_interval: Option<Quantity<'a>>,
        validity_period: Option<Period<'a>>,
        number_of_repeats_allowed: Option<u32>,
        quantity: Option<Quantity<'a>>,
        expected_supply_duration: Option<Quantity<'a>>,
        performer: Option<Reference<'a>>,
    }

    /// What is dispensed first.
    datatype InitialFill {
        quantity: Option<Quantity<'a>>,
    }

    /// Whether another medicine may be given in its place.
    datatype MedicationSubstitution {
        #[serde(rename = "allowedCodeableConcept")]
        allowed: Option<CodeableConcept<'a>>,
    }

    /// Whether another medicine was given in its place.
    datatype DispenseSubstitution {
        was_substituted: Option<bool>,
        r#type: Option<CodeableConcept<'a>>,
    }

    /// Who did what with a medicine.
    datatype MedicationPerformer {
        function: Option<CodeableConcept<'a>>,
        actor: Option<Reference<'a>>,
    }

    /// What was given, and how.
    datatype AdministrationDosage {
        extension: Vec<Extension<'a>>,
        text: Option<Cow<'a, str>>,
        site: Option<CodeableConcept<'a>>,
        route: Option<CodeableConcept<'a>>,
        method: Option<CodeableConcept<'a>>,
        dose: Option<Quantity<'a>>,
        rate_ratio: Option<Ratio<'a>>,
        rate_quantity: Option<Quantity<'a>>,
    }
}
