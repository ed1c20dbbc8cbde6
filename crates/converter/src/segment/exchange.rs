//! ERR, MSA, SFT, UAC: what belongs to the exchange of messages (HL7 v2.5.1 §2.15.5, §2.15.8, §2.15.12; v2.6
//! §2.14.14). None of them is about a patient: they go to the MessageHeader.

use fhir::{
    Extension, ExtensionValue, MessageHeader, MessageResponse, OperationOutcome, OutcomeIssue, Reference,
};
use hl7v2::{Field, Segment, Value};

use crate::context::{Context, own};
use crate::datatype::{cwe, xon, xtn};
use crate::identity::rule;
use crate::mapping::{Map, elsewhere, left, to};

const EXPECTED: &str = "the sequence number protocol of HL7 v2.1: how messages travel, not what they say";

/// What becomes of the fields of MSA.
pub(crate) const MSA: Map = Map {
    segment: "MSA",
    name: "Message Acknowledgment",
    fields: &[
        "Acknowledgment Code",
        "Message Control ID",
        "Text Message",
        "Expected Sequence Number",
        "Delayed Acknowledgment Type",
        "Error Condition",
        "Message Waiting Number",
        "Message Waiting Priority",
    ],
    rows: &[
        to(1, "MessageHeader.response"),
        to(2, "MessageHeader.response"),
        to(3, "OperationOutcome.issue"),
        left(4, EXPECTED),
        left(5, EXPECTED),
        to(6, "OperationOutcome.issue"),
        left(7, "how many messages wait at the sender says nothing of this one"),
        left(8, "how many messages wait at the sender says nothing of this one"),
    ],
};

/// What becomes of the fields of ERR.
pub(crate) const ERR: Map = Map {
    segment: "ERR",
    name: "Error",
    fields: &[
        "Error Code and Location",
        "Error Location",
        "HL7 Error Code",
        "Severity",
        "Application Error Code",
        "Application Error Parameter",
        "Diagnostic Information",
        "User Message",
        "Inform Person Indicator",
        "Override Type",
        "Override Reason Code",
        "Help Desk Contact Point",
    ],
    rows: &[
        to(1, "OperationOutcome.issue"),
        to(2, "OperationOutcome.issue.expression"),
        to(3, "OperationOutcome.issue.details"),
        to(4, "OperationOutcome.issue.severity"),
        to(5, "OperationOutcome.issue.details"),
        to(6, "OperationOutcome.issue"),
        to(7, "OperationOutcome.issue.diagnostics"),
        to(8, "OperationOutcome.issue.details"),
        to(9, "OperationOutcome.extension(v2-inform-person)"),
        to(10, "OperationOutcome.extension(v2-override)"),
        to(11, "OperationOutcome.extension(v2-override)"),
        to(12, "OperationOutcome.extension(v2-help-desk)"),
    ],
};

const SOFTWARE: &str = "the sender's software is the source of the message, not a device of care";

/// What becomes of the fields of SFT.
pub(crate) const SFT: Map = Map {
    segment: "SFT",
    name: "Software Segment",
    fields: &[
        "Software Vendor Organization",
        "Software Certified Version or Release Number",
        "Software Product Name",
        "Software Binary ID",
        "Software Product Information",
        "Software Install Date",
    ],
    rows: &[
        to(1, "MessageHeader.source.extension(v2-software)"),
        elsewhere(1, "Device.manufacturer", SOFTWARE),
        to(2, "MessageHeader.source.version"),
        elsewhere(2, "Device.version", SOFTWARE),
        to(3, "MessageHeader.source.software"),
        elsewhere(3, "Device.deviceName", SOFTWARE),
        to(4, "MessageHeader.source.extension(v2-software)"),
        elsewhere(4, "Device.modelNumber", SOFTWARE),
        to(5, "MessageHeader.source.extension(v2-software)"),
        elsewhere(5, "Device.note", SOFTWARE),
        to(6, "MessageHeader.source.extension(v2-software)"),
        elsewhere(6, "Device.version", SOFTWARE),
    ],
};

/// What becomes of the fields of UAC.
pub(crate) const UAC: Map = Map {
    segment: "UAC",
    name: "User Authentication Credential",
    fields: &["User Authentication Credential Type Code", "User Authentication Credential"],
    rows: &[
        left(1, "a credential of the exchange: it belongs in no record and in no log"),
        left(2, "a credential of the exchange: it belongs in no record and in no log"),
    ],
};

/// MSA-1 and MSA-2: to which message this one answers, and how.
pub(crate) fn response<'a>(cx: &mut Context<'_, 'a>, header: &mut MessageHeader<'a>) {
    let Some(msa) = cx.message.segment("MSA") else { return };
    let code = match msa.field(1).value().text().trim().to_ascii_uppercase().as_str() {
        "AA" | "CA" => "ok",
        "AE" | "CE" => "transient-error",
        "AR" | "CR" => "fatal-error",
        _ => return,
    };
    let Some(identifier) = cx.write_code(msa.field(2).value()) else { return };
    let mut response = MessageResponse { code: Some(code), ..MessageResponse::default() };
    let valid = (1..=64).contains(&identifier.len())
        && identifier.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    if valid {
        response.identifier = Some(identifier);
    } else {
        // FHIR's `id` takes letters, digits, `-` and `.` only.
        let absent = Extension::code(fhir::system::DATA_ABSENT_REASON, "unsupported");
        response.identifier_ext = Some(fhir::Element::of(absent));
        response.extension.push(Extension::string(own!("control-id"), identifier));
    }
    // Commit or application: both sides of the pair say the same to FHIR.
    let code = cwe::concept(cx, msa.field(1).first(), "MSA-1", None);
    response.extension.extend(code.map(|code| Extension::concept(own!("acknowledgment-code"), code)));
    header.response = Some(response);
}

/// ERR, and the text of MSA: what went wrong, as an OperationOutcome.
pub(crate) fn outcome<'a>(cx: &mut Context<'_, 'a>, header: &mut MessageHeader<'a>) {
    let mut outcome = OperationOutcome::default();
    let errors: Vec<_> = cx.message.segments().filter(|segment| segment.id() == "ERR").collect();
    for err in errors {
        error(cx, err, &mut outcome);
    }
    if let Some(msa) = cx.message.segment("MSA") {
        let text = cx.write(msa.field(3).value());
        let condition = cwe::concept(cx, msa.field(6).first(), "MSA-6", None);
        if text.is_some() || condition.is_some() {
            let failed = !matches!(msa.field(1).value().raw().trim_ascii(), b"AA" | b"CA");
            let severity = Some(if failed { "error" } else { "information" });
            let code = Some(if failed { "processing" } else { "informational" });
            let issue = OutcomeIssue {
                severity,
                code,
                details: condition,
                diagnostics: text,
                ..OutcomeIssue::default()
            };
            outcome.issue.push(issue);
        }
    }
    if outcome.issue.is_empty() {
        return;
    }
    let digest = cx.digest();
    let id = cx.id(&rule::OPERATION_OUTCOME, &[&[&digest]], cx.message.header().place());
    outcome.id = Some(id);
    cx.put(id, outcome);
    match &mut header.response {
        Some(response) => response.details = Some(Reference::to(id)),
        None => header.focus.push(Reference::to(id)),
    }
}

fn error<'m, 'a>(cx: &mut Context<'m, 'a>, err: Segment<'m, 'a>, outcome: &mut OperationOutcome<'a>) {
    let mut issue = OutcomeIssue { code: Some("processing"), ..OutcomeIssue::default() };
    // Table 0516. FHIR's severities have the same meanings.
    let severity = err.field(4).value();
    issue.severity = Some(match severity.text().trim().to_ascii_uppercase().as_str() {
        "W" => "warning",
        "I" => "information",
        "F" => "fatal",
        _ => "error",
    });
    match severity.text().trim() {
        "W" | "I" | "F" | "E" => cx.mark(severity),
        _ => {
            let original = cx.write(severity);
            issue.extension.extend(original.map(|code| Extension::string(own!("original-text"), code)));
        }
    }
    // Up to v2.4 place and code stand in one field: segment, sequence, field, code.
    for repetition in err.field(1).repetitions() {
        let place: Vec<_> = (1..=3).filter_map(|n| cx.write(repetition.component(n).value())).collect();
        issue.expression.extend((!place.is_empty()).then(|| place.join(".").into()));
        let code = repetition.component(4);
        let parts = [1, 2, 3].map(|n| cx.write(code.subcomponent(n)));
        let [code, text, system] = parts;
        if code.is_some() || text.is_some() {
            let coding = fhir::Coding { code, display: text, ..fhir::Coding::default() };
            let mut concept = fhir::CodeableConcept::of(coding);
            concept.extension.extend(
                system.map(|name| Extension::string(crate::context::extension::CODE_SYSTEM_NAME, name)),
            );
            cwe::merge(issue.details.get_or_insert_default(), concept);
        }
    }
    for repetition in err.field(2).repetitions() {
        let place: Vec<_> =
            repetition.components().filter_map(|component| cx.write(component.value())).collect();
        issue.expression.extend((!place.is_empty()).then(|| place.join(".").into()));
    }
    for (field, place) in [(3, "ERR-3"), (5, "ERR-5")] {
        let concept = cwe::concept(cx, err.field(field).first(), place, None);
        concept.into_iter().for_each(|concept| cwe::merge(issue.details.get_or_insert_default(), concept));
    }
    if let Some(text) = cx.write(err.field(8).value()) {
        cwe::merge(issue.details.get_or_insert_default(), fhir::CodeableConcept::text(text));
    }
    let parameters = texts(cx, err.field(6));
    issue.extension.extend(
        parameters.into_iter().map(|text| Extension::string(own!("application-error-parameter"), text)),
    );
    issue.diagnostics = cx.write(err.field(7).value());
    for (field, place, url) in [
        (9, "ERR-9", own!("inform-person")),
        (10, "ERR-10", own!("override")),
        (11, "ERR-11", own!("override")),
    ] {
        for repetition in err.field(field).repetitions() {
            let concept = cwe::concept(cx, repetition, place, None);
            outcome.extension.extend(concept.map(|concept| Extension::concept(url, concept)));
        }
    }
    let mut desk = Vec::new();
    xtn::contact_points(cx, err.field(12), None, &mut desk);
    let desk = desk.into_iter().map(|one| ExtensionValue::ContactPoint(Box::new(one)));
    outcome.extension.extend(desk.map(|one| Extension::new(own!("help-desk"), one)));
    outcome.issue.push(issue);
}

fn texts<'a>(cx: &mut Context<'_, 'a>, field: Field<'_, 'a>) -> Vec<std::borrow::Cow<'a, str>> {
    field.repetitions().filter_map(|repetition| cx.write(repetition.value())).collect()
}

/// SFT: the first names the software of the sender, each further one what the message passed through.
pub(crate) fn software<'a>(cx: &mut Context<'_, 'a>, source: &mut fhir::MessageSource<'a>) {
    let all: Vec<_> = cx.message.segments().filter(|segment| segment.id() == "SFT").collect();
    for (nth, sft) in all.into_iter().enumerate() {
        let mut parts = Vec::new();
        let [version, product] = [2, 3].map(|field| cx.write(sft.field(field).value()));
        if nth == 0 {
            (source.version, source.software) = (version, product);
        } else {
            parts.extend(version.map(|text| Extension::string("version", text)));
            parts.extend(product.map(|text| Extension::string("product", text)));
        }
        let vendor = xon::organization(cx, sft.field(1).first());
        let vendor = vendor.map(|id| ExtensionValue::Reference(Box::new(Reference::to(id))));
        parts.extend(vendor.map(|vendor| Extension::new("vendor", vendor)));
        for (field, name) in [(4, "binary"), (5, "information")] {
            let text = cx.write(sft.field(field).value());
            parts.extend(text.map(|text| Extension::string(name, text)));
        }
        installed(cx, sft.field(6).value(), &mut parts);
        if !parts.is_empty() {
            source.extension.push(Extension::new(own!("software"), ExtensionValue::Parts(parts)));
        }
    }
}

fn installed<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>, parts: &mut Vec<Extension<'a>>) {
    let (date, original) = cx.date_time(value);
    parts.extend(date.map(|date| Extension::new("installed", ExtensionValue::DateTime(date))));
    parts.extend(original.into_iter().flat_map(|element| element.extension));
}
