//! Those who care together, what they use, and what the patient agreed to.

use std::borrow::Cow;

use crate::{Annotation, Attachment, CodeableConcept, Coding, ContactPoint, Element, Extension};
use crate::{Identifier, Period, Reference};

fhir_type! {
    /// The people and organisations that care for a patient.
    resource CareTeam {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        category: Vec<CodeableConcept<'a>>,
        name: Option<Cow<'a, str>>,
        subject: Option<Reference<'a>>,
        encounter: Option<Reference<'a>>,
        period: Option<Period<'a>>,
        participant: Vec<CareTeamParticipant<'a>>,
        reason_code: Vec<CodeableConcept<'a>>,
        managing_organization: Vec<Reference<'a>>,
        telecom: Vec<ContactPoint<'a>>,
        note: Vec<Annotation<'a>>,
    }

    /// An apparatus, implant or other product.
    resource Device {
        identifier: Vec<Identifier<'a>>,
        udi_carrier: Vec<DeviceUdiCarrier<'a>>,
        status: Option<&'static str>,
        distinct_identifier: Option<Cow<'a, str>>,
        manufacturer: Option<Cow<'a, str>>,
        manufacture_date: Option<Cow<'a, str>>,
        #[serde(rename = "_manufactureDate")]
        manufacture_date_ext: Option<Element<'a>>,
        expiration_date: Option<Cow<'a, str>>,
        #[serde(rename = "_expirationDate")]
        expiration_date_ext: Option<Element<'a>>,
        lot_number: Option<Cow<'a, str>>,
        serial_number: Option<Cow<'a, str>>,
        device_name: Vec<DeviceName<'a>>,
        model_number: Option<Cow<'a, str>>,
        r#type: Option<CodeableConcept<'a>>,
        patient: Option<Reference<'a>>,
        owner: Option<Reference<'a>>,
        location: Option<Reference<'a>>,
        note: Vec<Annotation<'a>>,
    }

    /// What a patient agreed to, or did not.
    resource Consent {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        scope: Option<CodeableConcept<'a>>,
        category: Vec<CodeableConcept<'a>>,
        patient: Option<Reference<'a>>,
        date_time: Option<Cow<'a, str>>,
        #[serde(rename = "_dateTime")]
        date_time_ext: Option<Element<'a>>,
        performer: Vec<Reference<'a>>,
        organization: Vec<Reference<'a>>,
        source_attachment: Option<Attachment<'a>>,
        policy_rule: Option<CodeableConcept<'a>>,
        verification: Vec<ConsentVerification<'a>>,
        provision: Option<ConsentProvision<'a>>,
    }
}

fhir_type! {
    /// Who is in a team, and as what.
    datatype CareTeamParticipant {
        extension: Vec<Extension<'a>>,
        role: Vec<CodeableConcept<'a>>,
        member: Option<Reference<'a>>,
        on_behalf_of: Option<Reference<'a>>,
        period: Option<Period<'a>>,
    }

    /// The unique identification of a device as it stands on it.
    datatype DeviceUdiCarrier {
        extension: Vec<Extension<'a>>,
        device_identifier: Option<Cow<'a, str>>,
        issuer: Option<Cow<'a, str>>,
        #[serde(rename = "carrierHRF")]
        carrier_hrf: Option<Cow<'a, str>>,
    }

    /// What a device is called.
    datatype DeviceName {
        name: Option<Cow<'a, str>>,
        r#type: Option<&'static str>,
    }

    /// Who confirmed a consent, and when.
    datatype ConsentVerification {
        verified: Option<bool>,
        verified_with: Option<Reference<'a>>,
        verification_date: Option<Cow<'a, str>>,
    }

    /// What is allowed or refused.
    datatype ConsentProvision {
        r#type: Option<&'static str>,
        period: Option<Period<'a>>,
        security_label: Vec<Coding<'a>>,
        purpose: Vec<Coding<'a>>,
        code: Vec<CodeableConcept<'a>>,
    }
}
