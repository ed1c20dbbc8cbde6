//! What is said about a message: its header, where its content comes from, what went wrong.

use std::borrow::Cow;

use crate::{CodeableConcept, Coding, ContactPoint, Element, Extension, Reference};

fhir_type! {
    /// What a message was about, from whom to whom.
    resource MessageHeader {
        language: Option<Cow<'a, str>>,
        event_coding: Option<Coding<'a>>,
        destination: Vec<MessageDestination<'a>>,
        sender: Option<Reference<'a>>,
        enterer: Option<Reference<'a>>,
        author: Option<Reference<'a>>,
        source: Option<MessageSource<'a>>,
        responsible: Option<Reference<'a>>,
        reason: Option<CodeableConcept<'a>>,
        response: Option<MessageResponse<'a>>,
        focus: Vec<Reference<'a>>,
    }

    /// Where the content of resources comes from.
    resource Provenance {
        target: Vec<Reference<'a>>,
        #[serde(flatten)]
        occurred: Option<ProvenanceOccurred<'a>>,
        recorded: Option<Cow<'a, str>>,
        #[serde(rename = "_recorded")]
        recorded_ext: Option<Element<'a>>,
        location: Option<Reference<'a>>,
        reason: Vec<CodeableConcept<'a>>,
        activity: Option<CodeableConcept<'a>>,
        agent: Vec<ProvenanceAgent<'a>>,
        entity: Vec<ProvenanceEntity<'a>>,
    }

    /// What went wrong or was noticed.
    resource OperationOutcome {
        issue: Vec<OutcomeIssue<'a>>,
    }
}

fhir_type! {
    /// Where a message goes.
    datatype MessageDestination {
        extension: Vec<Extension<'a>>,
        name: Option<Cow<'a, str>>,
        endpoint: Option<Cow<'a, str>>,
        #[serde(rename = "_endpoint")]
        endpoint_ext: Option<Element<'a>>,
        receiver: Option<Reference<'a>>,
    }

    /// To which message this one answers.
    datatype MessageResponse {
        extension: Vec<Extension<'a>>,
        identifier: Option<Cow<'a, str>>,
        #[serde(rename = "_identifier")]
        identifier_ext: Option<Element<'a>>,
        code: Option<&'static str>,
        details: Option<Reference<'a>>,
    }

    /// Where a message comes from.
    datatype MessageSource {
        extension: Vec<Extension<'a>>,
        name: Option<Cow<'a, str>>,
        software: Option<Cow<'a, str>>,
        version: Option<Cow<'a, str>>,
        contact: Option<ContactPoint<'a>>,
        endpoint: Option<Cow<'a, str>>,
        #[serde(rename = "_endpoint")]
        endpoint_ext: Option<Element<'a>>,
    }

    /// Who had a part in it.
    datatype ProvenanceAgent {
        r#type: Option<CodeableConcept<'a>>,
        who: Option<Reference<'a>>,
        on_behalf_of: Option<Reference<'a>>,
    }

    /// What it was made from.
    datatype ProvenanceEntity {
        role: Option<&'static str>,
        what: Option<Reference<'a>>,
    }

    /// One thing that went wrong or was noticed.
    datatype OutcomeIssue {
        extension: Vec<Extension<'a>>,
        severity: Option<&'static str>,
        code: Option<&'static str>,
        details: Option<CodeableConcept<'a>>,
        diagnostics: Option<Cow<'a, str>>,
        expression: Vec<Cow<'a, str>>,
    }
}

fhir_choice! {
    /// When it happened.
    choice ProvenanceOccurred {
        DateTime(Cow<'a, str>) = "occurredDateTime",
        DateTimeExt(Element<'a>) = "_occurredDateTime",
    }
}
