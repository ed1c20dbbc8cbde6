//! Appointments, and the time of whoever or whatever they need.

use std::borrow::Cow;

use crate::{CodeableConcept, Element, Extension, Identifier, Period, Reference};

fhir_type! {
    /// A meeting that was booked, or asked for.
    resource Appointment {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        cancelation_reason: Option<CodeableConcept<'a>>,
        service_type: Vec<CodeableConcept<'a>>,
        appointment_type: Option<CodeableConcept<'a>>,
        reason_code: Vec<CodeableConcept<'a>>,
        reason_reference: Vec<Reference<'a>>,
        description: Option<Cow<'a, str>>,
        supporting_information: Vec<Reference<'a>>,
        start: Option<Cow<'a, str>>,
        #[serde(rename = "_start")]
        start_ext: Option<Element<'a>>,
        end: Option<Cow<'a, str>>,
        #[serde(rename = "_end")]
        end_ext: Option<Element<'a>>,
        minutes_duration: Option<u32>,
        slot: Vec<Reference<'a>>,
        comment: Option<Cow<'a, str>>,
        patient_instruction: Option<Cow<'a, str>>,
        based_on: Vec<Reference<'a>>,
        participant: Vec<AppointmentParticipant<'a>>,
    }

    /// Whose time it is that slots are of.
    resource Schedule {
        identifier: Vec<Identifier<'a>>,
        service_type: Vec<CodeableConcept<'a>>,
        actor: Vec<Reference<'a>>,
    }

    /// A stretch of a schedule: free, or not.
    resource Slot {
        identifier: Vec<Identifier<'a>>,
        service_type: Vec<CodeableConcept<'a>>,
        appointment_type: Option<CodeableConcept<'a>>,
        schedule: Option<Reference<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        start: Option<Cow<'a, str>>,
        #[serde(rename = "_start")]
        start_ext: Option<Element<'a>>,
        end: Option<Cow<'a, str>>,
        #[serde(rename = "_end")]
        end_ext: Option<Element<'a>>,
        comment: Option<Cow<'a, str>>,
    }
}

fhir_type! {
    /// Who or what takes part in an appointment.
    datatype AppointmentParticipant {
        extension: Vec<Extension<'a>>,
        r#type: Vec<CodeableConcept<'a>>,
        actor: Option<Reference<'a>>,
        required: Option<&'static str>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        period: Option<Period<'a>>,
    }
}
