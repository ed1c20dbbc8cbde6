//! Accounts and what is charged to them.

use std::borrow::Cow;

use crate::{
    Annotation, CodeableConcept, Decimal, Element, Extension, Identifier, Period, Quantity, Reference,
};

fhir_type! {
    /// An amount of money.
    datatype Money {
        extension: Vec<Extension<'a>>,
        value: Option<Decimal<'a>>,
        currency: Option<Cow<'a, str>>,
        #[serde(rename = "_currency")]
        currency_ext: Option<Element<'a>>,
    }

    /// An insurance that pays for an account.
    datatype AccountCoverage {
        coverage: Option<Reference<'a>>,
        priority: Option<u32>,
    }

    /// Someone who pays what the insurances do not.
    datatype AccountGuarantor {
        extension: Vec<Extension<'a>>,
        party: Option<Reference<'a>>,
        on_hold: Option<bool>,
        period: Option<Period<'a>>,
    }

    /// Who did what was charged.
    datatype ChargeItemPerformer {
        function: Option<CodeableConcept<'a>>,
        actor: Option<Reference<'a>>,
    }

    /// What the insured pays.
    datatype CoverageCost {
        r#type: Option<CodeableConcept<'a>>,
        value_money: Option<Money<'a>>,
    }
}

fhir_type! {
    /// What costs of care are gathered in.
    resource Account {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        r#type: Option<CodeableConcept<'a>>,
        name: Option<Cow<'a, str>>,
        subject: Vec<Reference<'a>>,
        service_period: Option<Period<'a>>,
        coverage: Vec<AccountCoverage<'a>>,
        owner: Option<Reference<'a>>,
        description: Option<Cow<'a, str>>,
        guarantor: Vec<AccountGuarantor<'a>>,
        part_of: Option<Reference<'a>>,
    }

    /// One thing that is charged.
    resource ChargeItem {
        identifier: Vec<Identifier<'a>>,
        status: Option<&'static str>,
        #[serde(rename = "_status")]
        status_ext: Option<Element<'a>>,
        part_of: Vec<Reference<'a>>,
        code: Option<CodeableConcept<'a>>,
        subject: Option<Reference<'a>>,
        context: Option<Reference<'a>>,
        #[serde(rename = "occurrenceDateTime")]
        occurrence_date_time: Option<Cow<'a, str>>,
        #[serde(rename = "_occurrenceDateTime")]
        occurrence_date_time_ext: Option<Element<'a>>,
        #[serde(rename = "occurrencePeriod")]
        occurrence_period: Option<Period<'a>>,
        performer: Vec<ChargeItemPerformer<'a>>,
        performing_organization: Option<Reference<'a>>,
        requesting_organization: Option<Reference<'a>>,
        cost_center: Option<Reference<'a>>,
        quantity: Option<Quantity<'a>>,
        price_override: Option<Money<'a>>,
        enterer: Option<Reference<'a>>,
        entered_date: Option<Cow<'a, str>>,
        #[serde(rename = "_enteredDate")]
        entered_date_ext: Option<Element<'a>>,
        reason: Vec<CodeableConcept<'a>>,
        service: Vec<Reference<'a>>,
        #[serde(rename = "productCodeableConcept")]
        product: Option<CodeableConcept<'a>>,
        account: Vec<Reference<'a>>,
        note: Vec<Annotation<'a>>,
        supporting_information: Vec<Reference<'a>>,
    }
}
