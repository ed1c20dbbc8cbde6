//! People, organisations, places, visits and insurance.

use std::borrow::Cow;

use crate::{
    Address, CodeableConcept, Coding, ContactPoint, Element, Extension, HumanName, Identifier, Period,
    Quantity, Reference,
};

fhir_type! {
    /// A person who receives care.
    resource Patient {
        identifier: Vec<Identifier<'a>>,
        active: Option<bool>,
        name: Vec<HumanName<'a>>,
        telecom: Vec<ContactPoint<'a>>,
        gender: Option<&'static str>,
        #[serde(rename = "_gender")]
        gender_ext: Option<Element<'a>>,
        birth_date: Option<Cow<'a, str>>,
        #[serde(rename = "_birthDate")]
        birth_date_ext: Option<Element<'a>>,
        #[serde(flatten)]
        deceased: Option<PatientDeceased<'a>>,
        address: Vec<Address<'a>>,
        marital_status: Option<CodeableConcept<'a>>,
        #[serde(flatten)]
        multiple_birth: Option<MultipleBirth>,
        communication: Vec<PatientCommunication<'a>>,
        general_practitioner: Vec<Reference<'a>>,
        managing_organization: Option<Reference<'a>>,
        link: Vec<PatientLink<'a>>,
    }

    /// A visit or stay.
    resource Encounter {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        status_history: Vec<EncounterStatusHistory<'a>>,
        class: Option<Coding<'a>>,
        class_history: Vec<EncounterClassHistory<'a>>,
        r#type: Vec<CodeableConcept<'a>>,
        service_type: Option<CodeableConcept<'a>>,
        priority: Option<CodeableConcept<'a>>,
        subject: Option<Reference<'a>>,
        episode_of_care: Vec<Reference<'a>>,
        participant: Vec<EncounterParticipant<'a>>,
        period: Option<Period<'a>>,
        length: Option<Quantity<'a>>,
        reason_code: Vec<CodeableConcept<'a>>,
        diagnosis: Vec<EncounterDiagnosis<'a>>,
        account: Vec<Reference<'a>>,
        hospitalization: Option<EncounterHospitalization<'a>>,
        location: Vec<EncounterLocation<'a>>,
        service_provider: Option<Reference<'a>>,
    }

    /// A person who provides care.
    resource Practitioner {
        identifier: Vec<Identifier<'a>>,
        active: Option<bool>,
        name: Vec<HumanName<'a>>,
        telecom: Vec<ContactPoint<'a>>,
        address: Vec<Address<'a>>,
        gender: Option<&'static str>,
        #[serde(rename = "_gender")]
        gender_ext: Option<Element<'a>>,
        birth_date: Option<Cow<'a, str>>,
        #[serde(rename = "_birthDate")]
        birth_date_ext: Option<Element<'a>>,
        qualification: Vec<PractitionerQualification<'a>>,
        communication: Vec<CodeableConcept<'a>>,
    }

    /// What a practitioner does for an organisation.
    resource PractitionerRole {
        identifier: Vec<Identifier<'a>>,
        active: Option<bool>,
        period: Option<Period<'a>>,
        practitioner: Option<Reference<'a>>,
        organization: Option<Reference<'a>>,
        code: Vec<CodeableConcept<'a>>,
        specialty: Vec<CodeableConcept<'a>>,
        location: Vec<Reference<'a>>,
        telecom: Vec<ContactPoint<'a>>,
    }

    /// A provider, an insurer, an authority.
    resource Organization {
        identifier: Vec<Identifier<'a>>,
        active: Option<bool>,
        r#type: Vec<CodeableConcept<'a>>,
        name: Option<Cow<'a, str>>,
        alias: Vec<Cow<'a, str>>,
        telecom: Vec<ContactPoint<'a>>,
        address: Vec<Address<'a>>,
        part_of: Option<Reference<'a>>,
        contact: Vec<OrganizationContact<'a>>,
    }

    /// A ward, a room, a bed.
    resource Location {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        operational_status: Option<Coding<'a>>,
        name: Option<Cow<'a, str>>,
        alias: Vec<Cow<'a, str>>,
        description: Option<Cow<'a, str>>,
        mode: Option<&'static str>,
        r#type: Vec<CodeableConcept<'a>>,
        telecom: Vec<ContactPoint<'a>>,
        address: Option<Address<'a>>,
        physical_type: Option<CodeableConcept<'a>>,
        managing_organization: Option<Reference<'a>>,
        part_of: Option<Reference<'a>>,
    }

    /// Someone who stands in a relation to the patient.
    resource RelatedPerson {
        identifier: Vec<Identifier<'a>>,
        active: Option<bool>,
        patient: Option<Reference<'a>>,
        relationship: Vec<CodeableConcept<'a>>,
        name: Vec<HumanName<'a>>,
        telecom: Vec<ContactPoint<'a>>,
        gender: Option<&'static str>,
        #[serde(rename = "_gender")]
        gender_ext: Option<Element<'a>>,
        birth_date: Option<Cow<'a, str>>,
        #[serde(rename = "_birthDate")]
        birth_date_ext: Option<Element<'a>>,
        address: Vec<Address<'a>>,
        period: Option<Period<'a>>,
        communication: Vec<PatientCommunication<'a>>,
    }

    /// An insurance.
    resource Coverage {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        r#type: Option<CodeableConcept<'a>>,
        policy_holder: Option<Reference<'a>>,
        subscriber: Option<Reference<'a>>,
        subscriber_id: Option<Cow<'a, str>>,
        beneficiary: Option<Reference<'a>>,
        dependent: Option<Cow<'a, str>>,
        relationship: Option<CodeableConcept<'a>>,
        period: Option<Period<'a>>,
        payor: Vec<Reference<'a>>,
        class: Vec<CoverageClass<'a>>,
        order: Option<u32>,
        cost_to_beneficiary: Vec<crate::CoverageCost<'a>>,
    }
}

fhir_type! {
    /// A language that the patient speaks.
    datatype PatientCommunication {
        language: Option<CodeableConcept<'a>>,
        preferred: Option<bool>,
    }

    /// Another Patient resource for the same person.
    datatype PatientLink {
        other: Option<Reference<'a>>,
        r#type: Option<&'static str>,
    }

    /// Since when, and until when, a visit had a status.
    datatype EncounterStatusHistory {
        status: Option<&'static str>,
        period: Option<Period<'a>>,
    }

    /// Since when, and until when, a visit was of a class.
    datatype EncounterClassHistory {
        class: Option<Coding<'a>>,
        period: Option<Period<'a>>,
    }

    /// Someone who takes part in a visit.
    datatype EncounterParticipant {
        extension: Vec<Extension<'a>>,
        r#type: Vec<CodeableConcept<'a>>,
        period: Option<Period<'a>>,
        individual: Option<Reference<'a>>,
    }

    /// A diagnosis that matters to a visit.
    datatype EncounterDiagnosis {
        condition: Option<Reference<'a>>,
        r#use: Option<CodeableConcept<'a>>,
        rank: Option<u32>,
    }

    /// How a stay began and ended.
    datatype EncounterHospitalization {
        pre_admission_identifier: Option<Identifier<'a>>,
        origin: Option<Reference<'a>>,
        admit_source: Option<CodeableConcept<'a>>,
        re_admission: Option<CodeableConcept<'a>>,
        diet_preference: Vec<CodeableConcept<'a>>,
        special_courtesy: Vec<CodeableConcept<'a>>,
        special_arrangement: Vec<CodeableConcept<'a>>,
        destination: Option<Reference<'a>>,
        discharge_disposition: Option<CodeableConcept<'a>>,
    }

    /// Where a visit takes or took place.
    datatype EncounterLocation {
        extension: Vec<Extension<'a>>,
        location: Option<Reference<'a>>,
        status: Option<&'static str>,
        physical_type: Option<CodeableConcept<'a>>,
        period: Option<Period<'a>>,
    }

    /// A licence or degree.
    datatype PractitionerQualification {
        extension: Vec<Extension<'a>>,
        identifier: Vec<Identifier<'a>>,
        code: Option<CodeableConcept<'a>>,
        period: Option<Period<'a>>,
        issuer: Option<Reference<'a>>,
    }

    /// Someone at an organisation.
    datatype OrganizationContact {
        purpose: Option<CodeableConcept<'a>>,
        name: Option<HumanName<'a>>,
        telecom: Vec<ContactPoint<'a>>,
        address: Option<Address<'a>>,
    }

    /// A classification of an insurance: group, plan.
    datatype CoverageClass {
        r#type: Option<CodeableConcept<'a>>,
        value: Option<Cow<'a, str>>,
        name: Option<Cow<'a, str>>,
    }
}

fhir_choice! {
    /// Whether or when the patient died.
    choice PatientDeceased {
        Boolean(bool) = "deceasedBoolean",
        DateTime(Cow<'a, str>) = "deceasedDateTime",
        DateTimeExt(Element<'a>) = "_deceasedDateTime",
    }
}

/// Whether the patient is one of a multiple birth, or which one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub enum MultipleBirth {
    /// `multipleBirthBoolean`
    #[serde(rename = "multipleBirthBoolean")]
    Boolean(bool),
    /// `multipleBirthInteger`: the rank in the birth order
    #[serde(rename = "multipleBirthInteger")]
    Integer(u32),
}
