//! What ORC and OBR say of an order beside its numbers, state, timing and people.

use fhir::{
    CodeableConcept, Extension, ExtensionValue, Identifier, Reference, Resource, ServiceRequest, system,
};
use hl7v2::{Component, Repetition, Segment};
use uuid::Uuid;

use super::Order;
use crate::context::{Context, add_new};
use crate::datatype::hd::{self, Hd};
use crate::datatype::{cwe, cx as identifier, xcn};
use crate::segment::beside::{self, Beside, Is, beside};
use crate::segment::evn::agent;
use crate::segment::obx::performer;

/// Who else ordered (ORC-12 and OBR-16 repeat).
const REQUESTER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-requester";
/// OBR-46 and 47, where there is nothing that they could be a detail of.
const SUPPLEMENT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-supplemental-service";
/// OBR-29 and 54, where there is no request.
const PARENT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-parent-order";

/// What FHIR has no element for.
const OF_ORC: &[Beside] = beside![
    13 "enterer-location" Is::Place,
    15 "order-effective" Is::Time,
    18 "entering-device" Is::Concept,
    20 "beneficiary-notice" Is::Concept,
    25 "order-status-modifier" Is::Concept,
    26 "beneficiary-notice-override" Is::Concept,
    27 "expected-availability" Is::Time,
    30 "enterer-authorization" Is::Concept,
    31 "parent-service" Is::Concept,
    32 "beneficiary-notice-date" Is::Date,
    34 "order-workflow" Is::Concept,
    36 "start-range" Is::Span,
    37 "end-range" Is::Span,
];

/// The same.
const OF_OBR: &[Beside] = beside![
    12 "danger" Is::Concept,
    18 "placer-field-1" Is::Verbatim,
    19 "placer-field-2" Is::Verbatim,
    20 "filler-field-1" Is::Verbatim,
    21 "filler-field-2" Is::Verbatim,
    30 "transport-mode" Is::Concept,
    36 "scheduled" Is::Time,
    37 "sample-containers" Is::Verbatim,
    38 "transport-logistics" Is::Concept,
    40 "transport-responsibility" Is::Concept,
    41 "transport-arranged" Is::Concept,
    42 "escort-required" Is::Concept,
    43 "transport-comment" Is::Concept,
    44 "procedure" Is::Concept,
    45 "procedure-modifier" Is::Concept,
    48 "duplicate-reason" Is::Concept,
    49 "result-handling" Is::Concept,
    50 "parent-service" Is::Concept,
    51 "observation-group" Is::Entity,
    52 "parent-observation-group" Is::Entity,
];

/// Fills in what both results and orders say.
pub(super) fn complete<'a>(
    cx: &mut Context<'_, 'a>,
    order: Order<'_, '_, 'a>,
    request: &mut ServiceRequest<'a>,
) {
    if let Some(orc) = order.orc {
        of_orc(cx, orc, request);
    }
    if let Some(obr) = order.obr {
        let mut parts = of_obr(cx, obr);
        add_new(&mut request.identifier, std::mem::take(&mut parts.identifiers));
        add_new(&mut request.based_on, std::mem::take(&mut parts.parents));
        if request.code.is_some() {
            add_new(&mut request.order_detail, std::mem::take(&mut parts.supplements));
        }
        add_new(&mut request.extension, parts.into_extensions());
    }
    further_requesters(cx, order, request);
}

/// What an OBR says of an order that has no request: on its report.
pub(crate) fn on_report<'a>(cx: &mut Context<'_, 'a>, obr: Segment<'_, 'a>, report: Uuid) {
    let mut parts = of_obr(cx, obr);
    if let Some(Resource::DiagnosticReport(report)) = cx.entry(report) {
        add_new(&mut report.identifier, std::mem::take(&mut parts.identifiers));
        add_new(&mut report.extension, parts.into_extensions());
    }
}

fn of_orc<'a>(cx: &mut Context<'_, 'a>, orc: Segment<'_, 'a>, request: &mut ServiceRequest<'a>) {
    // EIP: the placer's number is the requisition's, which `super` writes; the filler's is one more.
    let group = orc.field(4).first();
    if is_pair(group) {
        let number = ei(cx, group.component(2), "FGN");
        add_new(&mut request.identifier, number);
    }
    for parent in orc.field(8).repetitions() {
        add_new(&mut request.based_on, parents(cx, parent));
    }
    for xcn in orc.field(19).repetitions() {
        let who = xcn::professional(cx, xcn).map(xcn::Professional::reference);
        add_new(&mut cx.provenance.agent, who.map(|who| agent("performer", who)));
    }
    entered_by(cx, orc);
    for code in orc.field(28).repetitions() {
        let Some(concept) = cwe::concept(cx, code, "ORC-28", None) else { continue };
        let meta = request.meta.get_or_insert_default();
        add_new(&mut meta.security, cwe::codings(concept));
    }
    for kind in orc.field(29).repetitions() {
        add_new(&mut request.location_code, cwe::concept(cx, kind, "ORC-29", None));
    }
    numbers(cx, orc, 33, &mut request.identifier);
    if let Some(mut number) = hd::ei(cx, orc.field(38).first()) {
        number.r#type = Some(Box::new(CodeableConcept::code(system::V2_IDENTIFIER_TYPE, "FGN")));
        add_new(&mut request.identifier, [number]);
    }
    let details = beside::parts(cx, orc, OF_ORC);
    add_new(&mut request.extension, details);
}

/// ORC-10, 11 and 17: who entered and verified it, and for which organisation. They are agents of the
/// message's Provenance.
fn entered_by<'a>(cx: &mut Context<'_, 'a>, orc: Segment<'_, 'a>) {
    let organization = performer::producer(cx, orc.field(17).first()).map(Reference::to);
    let mut entered = false;
    for (field, role) in [(10, "enterer"), (11, "verifier")] {
        for xcn in orc.field(field).repetitions() {
            let who = xcn::professional(cx, xcn).map(xcn::Professional::reference);
            let Some(mut agent) = who.map(|who| agent(role, who)) else { continue };
            if role == "enterer" {
                agent.on_behalf_of = organization.clone();
                entered = true;
            }
            add_new(&mut cx.provenance.agent, [agent]);
        }
    }
    if !entered {
        add_new(&mut cx.provenance.agent, organization.map(|who| agent("enterer", who)));
    }
}

/// What an OBR says of an order, wherever it goes.
#[derive(Default)]
struct OfObr<'a> {
    identifiers: Vec<Identifier<'a>>,
    parents: Vec<Reference<'a>>,
    supplements: Vec<CodeableConcept<'a>>,
    details: Vec<Extension<'a>>,
}

impl<'a> OfObr<'a> {
    fn into_extensions(self) -> Vec<Extension<'a>> {
        let mut extensions = self.details;
        let parents = self.parents.into_iter().map(|one| ExtensionValue::Reference(Box::new(one)));
        extensions.extend(parents.map(|parent| Extension::new(PARENT, parent)));
        extensions.extend(self.supplements.into_iter().map(|one| Extension::concept(SUPPLEMENT, one)));
        extensions
    }
}

fn of_obr<'a>(cx: &mut Context<'_, 'a>, obr: Segment<'_, 'a>) -> OfObr<'a> {
    let mut parts = OfObr::default();
    numbers(cx, obr, 53, &mut parts.identifiers);
    for n in [29, 54] {
        for parent in obr.field(n).repetitions() {
            add_new(&mut parts.parents, parents(cx, parent));
        }
    }
    for (n, name) in [(46, "OBR-46"), (47, "OBR-47")] {
        for repetition in obr.field(n).repetitions() {
            parts.supplements.extend(cwe::concept(cx, repetition, name, None));
        }
    }
    parts.details = beside::parts(cx, obr, OF_OBR);
    parts
}

/// Alternate numbers of the placer (CX).
fn numbers<'a>(cx: &mut Context<'_, 'a>, segment: Segment<'_, 'a>, n: usize, to: &mut Vec<Identifier<'a>>) {
    for number in segment.field(n).repetitions() {
        add_new(to, identifier::identifier(cx, number, Some("PLAC")));
    }
}

/// Whether a number is an EIP, a pair of numbers, and not a single one.
pub(super) fn is_pair(eip: Repetition<'_, '_>) -> bool {
    eip.component(1).subcomponent_count() > 1 || eip.component(2).subcomponent_count() > 1
}

/// A number of an EIP.
pub(super) fn ei<'a>(
    cx: &mut Context<'_, 'a>,
    from: Component<'_, 'a>,
    kind: &'static str,
) -> Option<Identifier<'a>> {
    let value = cx.write(from.subcomponent(1))?;
    let authority = Hd {
        namespace: from.subcomponent(2),
        universal_id: from.subcomponent(3),
        universal_type: from.subcomponent(4),
    };
    let (system, name) = authority.write(cx);
    let assigner = name.map(|name| Box::new(Reference::display(name)));
    let kind = CodeableConcept::code(system::V2_IDENTIFIER_TYPE, kind);
    Some(Identifier {
        r#type: Some(Box::new(kind)),
        system,
        value: Some(value),
        assigner,
        ..Identifier::default()
    })
}

/// The order that an EIP names as parent: by the placer's and by the filler's number.
fn parents<'a>(cx: &mut Context<'_, 'a>, eip: Repetition<'_, 'a>) -> Vec<Reference<'a>> {
    let mut parents = Vec::new();
    for (n, kind) in [(1, "PLAC"), (2, "FILL")] {
        let number = ei(cx, eip.component(n), kind).map(Reference::by_identifier);
        parents.extend(number.map(|one| Reference { r#type: Some("ServiceRequest"), ..one }));
    }
    parents
}

/// Whoever ordered besides the first.
fn further_requesters<'a>(
    cx: &mut Context<'_, 'a>,
    order: Order<'_, '_, 'a>,
    request: &mut ServiceRequest<'a>,
) {
    let fields = [order.obr.map(|obr| obr.field(16)), order.orc.map(|orc| orc.field(12))];
    for xcn in fields.into_iter().flatten().flat_map(|field| field.repetitions().collect::<Vec<_>>()) {
        let who = xcn::professional(cx, xcn).map(xcn::Professional::reference);
        let who = who.filter(|who| request.requester.as_ref() != Some(who));
        // The first has a role for the organisation that ordered: the same person is not another.
        let first = [order.obr.map(|obr| obr.field(16)), order.orc.map(|orc| orc.field(12))];
        let first = first.into_iter().flatten().map(|field| field.first());
        let same = first.into_iter().any(|first| first.component(1).raw() == xcn.component(1).raw());
        let who = who.filter(|_| !same).map(|who| ExtensionValue::Reference(Box::new(who)));
        add_new(&mut request.extension, who.map(|who| Extension::new(REQUESTER, who)));
    }
}
