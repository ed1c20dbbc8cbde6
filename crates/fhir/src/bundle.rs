//! The Bundle, and what can stand in one.

use std::borrow::Cow;

use serde::Serialize;
use uuid::Uuid;

use crate::{
    Account, AllergyIntolerance, Appointment, CarePlan, CareTeam, ChargeItem, Condition, Consent, Coverage,
    Device, DiagnosticReport, DocumentReference, Encounter, Extension, Goal, Identifier, Immunization,
    Location, Medication, MedicationAdministration, MedicationDispense, MedicationRequest, MessageHeader,
    Observation, OperationOutcome, Organization, Patient, Practitioner, PractitionerRole, Procedure,
    Provenance, RelatedPerson, RelativeUrl, Schedule, ServiceRequest, Slot, Specimen, Task, Urn,
};

macro_rules! resources {
    ($($name:ident),* $(,)?) => {
        /// Any resource that we write.
        #[derive(Clone, PartialEq, Debug, Serialize)]
        #[serde(untagged)]
        pub enum Resource<'a> {
            $( #[doc = concat!("A [`", stringify!($name), "`].")] $name(Box<$name<'a>>), )*
        }

        impl Resource<'_> {
            /// The names of all types that we write.
            pub const KINDS: &'static [&'static str] = &[$( stringify!($name) ),*];

            /// The name of its type: `Patient`.
            pub fn kind(&self) -> &'static str {
                match self { $( Self::$name(_) => stringify!($name), )* }
            }

            /// Its id.
            pub fn id(&self) -> Option<Uuid> {
                match self { $( Self::$name(resource) => resource.id, )* }
            }
        }

        impl<'a> Resource<'a> {
            /// Its extensions.
            pub fn extension_mut(&mut self) -> &mut Vec<Extension<'a>> {
                match self { $( Self::$name(resource) => &mut resource.extension, )* }
            }
        }

        $(
            impl<'a> From<$name<'a>> for Resource<'a> {
                fn from(resource: $name<'a>) -> Self {
                    Self::$name(Box::new(resource))
                }
            }
        )*
    };
}

resources! {
    Account, AllergyIntolerance, Appointment, CarePlan, CareTeam, ChargeItem, Condition, Consent, Coverage, Device, DiagnosticReport, DocumentReference, Encounter, Goal, Immunization, Location, Medication, MedicationAdministration, MedicationDispense, MedicationRequest, MessageHeader, Observation, OperationOutcome, Organization, Patient, Practitioner, PractitionerRole, Procedure, Provenance, RelatedPerson, Schedule, ServiceRequest, Slot, Specimen, Task,
}

fhir_type! {
    /// A set of resources that belong together.
    resource Bundle {
        identifier: Option<Identifier<'a>>,
        r#type: &'static str,
        timestamp: Option<Cow<'a, str>>,
        #[serde(rename = "_timestamp")]
        timestamp_ext: Option<crate::Element<'a>>,
        entry: Vec<BundleEntry<'a>>,
    }
}

/// One resource in a [`Bundle`] and what is to be done with it.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleEntry<'a> {
    /// `urn:uuid:<id>`: what references in the Bundle point to.
    pub full_url: Urn,
    /// The resource.
    pub resource: Resource<'a>,
    /// What is to be done.
    pub request: BundleRequest,
}

/// What is to be done with a resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct BundleRequest {
    /// The HTTP verb.
    pub method: &'static str,
    /// `Type/id`.
    pub url: RelativeUrl,
}

impl<'a> BundleEntry<'a> {
    /// An entry that puts a resource under its id.
    pub fn put(resource: Resource<'a>, id: Uuid) -> Self {
        let url = RelativeUrl { kind: resource.kind(), id };
        Self { full_url: Urn(id), resource, request: BundleRequest { method: "PUT", url } }
    }
}

impl<'a> Bundle<'a> {
    /// A transaction of these entries.
    pub fn transaction(entry: Vec<BundleEntry<'a>>) -> Self {
        Self { r#type: "transaction", entry, ..Self::default() }
    }

    /// The Bundle as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(1024 * (self.entry.len() + 1));
        // Writing to memory cannot fail, and a Decimal was checked when it was made.
        if crate::json::write(self, &mut json).is_err() {
            json.clear();
        }
        json
    }
}
