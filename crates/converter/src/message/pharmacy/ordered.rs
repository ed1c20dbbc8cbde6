//! What ORC says of a medication order (HL7 v2.5.1 §4.5.1), for the prescription, dispense, administration or
//! vaccination that its group is about.

use std::borrow::Cow;

use fhir::{
    CodeableConcept, Coding, Extension, ExtensionValue, Identifier, Reference, ServiceRequest, system,
};
use hl7v2::{Component, Segment};
use uuid::Uuid;

use super::Whose;
use crate::context::{Context, add_new, trim};
use crate::datatype::hd::Hd;
use crate::datatype::{cwe, cx as identifier, hd, xcn};
use crate::identity::Rule;
use crate::segment::beside::{Beside, Is, beside, extensions};
use crate::segment::evn::agent;
use crate::segment::orc::{self, Key, Numbers};
use crate::table;

/// ORC-1: what was to be done with the order.
const CONTROL: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-order-control";
/// ORC-5, where the status is taken from elsewhere.
const STATUS: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-order-status";
/// ORC-9 of a control code that places no order: when that happened to it.
pub(super) const EVENT_TIME: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-order-event-time";
/// ORC-8: the order that this one came of.
const PARENT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-parent-order";
/// Who ordered, entered or acted, where the resource has one place for it and it is taken.
const REASON: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-order-control-reason";

/// Fields for which these resources have no element.
static BESIDE: &[Beside] = beside![
    13 "enterer-location" Is::Place,
    14 "callback-telephone" Is::Contact,
    15 "order-effective" Is::Time,
    17 "entering-organization" Is::Concept,
    18 "entering-device" Is::Concept,
    19 "action-by" Is::Person,
    20 "beneficiary-notice" Is::Concept,
    25 "order-status-modifier" Is::Concept,
    26 "beneficiary-notice-override" Is::Concept,
    27 "expected-availability" Is::Time,
    29 "order-type" Is::Concept,
    30 "enterer-authorization" Is::Concept,
    31 "parent-service" Is::Concept,
    32 "beneficiary-notice-date" Is::Date,
    34 "order-workflow" Is::Concept,
    36 "start-range" Is::Span,
    37 "end-range" Is::Span,
];

/// An order, as its ORC tells it.
#[derive(Default)]
pub(super) struct Ordered<'m, 'a> {
    pub(super) orc: Option<Segment<'m, 'a>>,
    pub(super) numbers: Numbers<'a>,
    /// ORC-1 in capitals; empty without one.
    pub(super) control: String,
    /// All identifiers that the ORC gives to what it is about.
    pub(super) identifiers: Vec<Identifier<'a>>,
    /// Who ordered (ORC-12, 21 to 24).
    pub(super) requester: Option<Reference<'a>>,
    /// Who entered it (ORC-10).
    pub(super) recorder: Option<Reference<'a>>,
    /// ORC-28.
    pub(super) security: Vec<Coding<'a>>,
    /// ORC-8: placer's and filler's number of the parent order.
    pub(super) parent: Vec<Identifier<'a>>,
    /// ORC-16.
    pub(super) reasons: Vec<CodeableConcept<'a>>,
    /// What ORC-21 to 24 say that is of nobody who is named.
    beside: Vec<Extension<'a>>,
}

impl<'m, 'a> Ordered<'m, 'a> {
    pub(super) fn read(cx: &mut Context<'m, 'a>, orc: Option<Segment<'m, 'a>>, patient: Uuid) -> Self {
        let Some(orc) = orc else { return Self::default() };
        let numbers = Numbers::read(cx, Some(orc), None);
        let mut identifiers = numbers.identifiers.clone();
        for n in [4, 33, 38] {
            for repetition in orc.field(n).repetitions() {
                match n {
                    4 => add_new(&mut identifiers, group_numbers(cx, repetition)),
                    33 => add_new(&mut identifiers, identifier::identifier(cx, repetition, Some("PLAC"))),
                    _ => add_new(&mut identifiers, identifier::identifier(cx, repetition, Some("FILL"))),
                }
            }
        }
        let mut stand_in = ServiceRequest::default();
        let order = orc::Order {
            orc: Some(orc),
            obr: None,
            timing: &[],
            numbers: &numbers,
            patient,
            encounter: None,
            report: None,
            alone: true,
            control: None,
        };
        orc::requester(cx, order, &mut stand_in);
        let mut recorder = None;
        for (field, role) in [(10, "enterer"), (11, "verifier")] {
            for repetition in orc.field(field).repetitions() {
                let who = xcn::professional(cx, repetition).map(xcn::Professional::reference);
                if field == 10 && recorder.is_none() {
                    recorder.clone_from(&who);
                }
                add_new(&mut cx.provenance.agent, who.map(|who| agent(role, who)));
            }
        }
        let mut security = Vec::new();
        for repetition in orc.field(28).repetitions() {
            security.extend(cwe::coding(cx, repetition, "ORC-28", table::confidentiality));
        }
        let parent = orc.field(8).first();
        let parent = parent_numbers(cx, [parent.component(1), parent.component(2)]);
        let reasons = orc.field(16).repetitions().collect::<Vec<_>>();
        let reasons = reasons.into_iter().filter_map(|one| cwe::concept(cx, one, "ORC-16", None)).collect();
        Self {
            orc: Some(orc),
            control: trim(orc.field(1).value().text()).to_ascii_uppercase(),
            identifiers,
            requester: stand_in.requester,
            beside: stand_in.extension,
            recorder,
            security,
            parent,
            reasons,
            numbers,
        }
    }

    /// What the order is known by: the placer's number, else the filler's.
    pub(super) fn number(&self) -> Option<Key<'a>> {
        self.numbers.of_order()
    }

    /// What is done with the order is known by: the filler's number, else the placer's.
    pub(super) fn of_fillers(&self) -> Option<Key<'a>> {
        self.numbers.of_results()
    }

    /// The id of what was done on the order, dispensed (RXD) or given (RXA): by the order, its `own` numbers, what it
    /// is (the field `code`), and when (field 3).
    pub(super) fn identify_done(
        &self,
        cx: &mut Context<'_, 'a>,
        done: Segment<'_, 'a>,
        rule: &Rule,
        own: &[usize],
        code: usize,
        whose: &Whose,
    ) -> Uuid {
        let text = |n: usize| trim(done.field(n).value().text());
        let (system, code) = cwe::key(cx, done.field(code).first()).unwrap_or_default();
        let (authority, number) = self.of_fillers().unwrap_or_default();
        let patient = whose.patient.hyphenated().to_string();
        let time = text(3);
        let digest = if time.is_empty() && number.is_empty() { cx.digest() } else { String::new() };
        let own: Vec<_> = own.iter().map(|n| text(*n)).collect();
        let own: Vec<&str> = own.iter().map(AsRef::as_ref).collect();
        let parts: &[&[&str]] =
            &[&[&patient], &[&authority, &number], &own, &[&system, &code], &[&time, &digest]];
        let id = cx.id(rule, parts, done.place());
        whose.free(cx, id, done.place())
    }

    /// Whether the control code places the order: the time of the event is when it was ordered.
    pub(super) fn places(&self) -> bool {
        matches!(&*self.control, "CH" | "NW" | "RO" | "SN" | "")
    }

    /// Whether the order is stopped, so that ORC-16 says why.
    pub(super) fn stops(&self) -> bool {
        matches!(self.status().0, Some("cancelled" | "stopped" | "on-hold"))
    }

    /// `MedicationRequest.status`, and whether it is ORC-5 that says it. A control code that stops an order
    /// decides; else ORC-5, where it says something; else the control code.
    pub(super) fn status(&self) -> (Option<&'static str>, bool) {
        let by_control = table::medication_control(&self.control).map(|target| target.code);
        let told = self.orc.map(|orc| trim(orc.field(5).value().text()));
        let told = told.and_then(|told| table::medication_order_status(&told)).map(|target| target.code);
        match (by_control, told) {
            (Some(stops @ ("cancelled" | "stopped" | "on-hold")), told) => (Some(stops), told == Some(stops)),
            (_, Some(told)) => (Some(told), true),
            (by_control, None) => (by_control, false),
        }
    }

    /// The extensions of the resource that the order is kept on. `dated` says that ORC-9 stands in an element.
    pub(super) fn extensions(
        &self,
        cx: &mut Context<'m, 'a>,
        owner: Uuid,
        status_told: bool,
        dated: bool,
    ) -> Vec<Extension<'a>> {
        let Some(orc) = self.orc else { return Vec::new() };
        let mut all = self.control(cx);
        let status = orc.field(5).first();
        let named = (2..=status.component_count()).any(|n| !status.component(n).value().is_empty());
        if named {
            let concept = cwe::concept(cx, status, "ORC-5", None);
            all.extend(concept.map(|concept| Extension::concept(STATUS, concept)));
        } else if !status_told && let Some(code) = cx.write_code(status.value()) {
            let concept = CodeableConcept::code(table::hl7_table_uri("0038"), code);
            all.push(Extension::concept(STATUS, concept));
        }
        if !dated {
            let (time, original) = cx.date_time(orc.field(9).value());
            all.extend(time.map(|time| Extension::new(EVENT_TIME, ExtensionValue::DateTime(time))));
            all.extend(original.into_iter().flat_map(|one| one.extension));
        }
        all.extend(extensions(cx, orc, BESIDE, owner));
        all.extend(self.beside.iter().cloned());
        all
    }

    /// ORC-1 as an extension.
    pub(super) fn control(&self, cx: &mut Context<'m, 'a>) -> Vec<Extension<'a>> {
        let code = self.orc.and_then(|orc| cx.write_code(orc.field(1).value()));
        let concept = code.map(|code| CodeableConcept::code(system::V2_ORDER_CONTROL, code));
        concept.map(|concept| Extension::concept(CONTROL, concept)).into_iter().collect()
    }

    /// ORC-8 and ORC-16 as extensions, where the resource has no element for them.
    pub(super) fn parent_and_reason(&self) -> Vec<Extension<'a>> {
        let parent = self.parent.iter().cloned();
        let parent = parent.map(|one| Extension::new(PARENT, ExtensionValue::Identifier(Box::new(one))));
        parent.chain(self.reasons.iter().map(|one| Extension::concept(REASON, one.clone()))).collect()
    }

    /// Labels of confidentiality, as the resource's meta.
    pub(super) fn meta(&self) -> Option<Box<fhir::Meta<'a>>> {
        let security = self.security.clone();
        (!security.is_empty()).then(|| Box::new(fhir::Meta { security, ..fhir::Meta::default() }))
    }

    /// The order by its number alone: where its resource is in another message.
    pub(super) fn logical(&self) -> Option<Reference<'a>> {
        let number = self.numbers.identifiers.first().cloned()?;
        Some(Reference { r#type: Some("MedicationRequest"), ..Reference::by_identifier(number) })
    }
}

/// ORC-4: the number of a group of orders; since v2.8 (EIP) the placer's and the filler's.
fn group_numbers<'a>(cx: &mut Context<'_, 'a>, from: hl7v2::Repetition<'_, 'a>) -> Vec<Identifier<'a>> {
    let typed = |mut one: Identifier<'a>, kind: &'static str| {
        one.r#type = Some(Box::new(CodeableConcept::code(system::V2_IDENTIFIER_TYPE, kind)));
        one
    };
    // An EIP has its parts in subcomponents; a bare EI has the authority in its second component.
    let eip = (1..=2).any(|n| from.component(n).subcomponent_count() > 1) || !from.component(1).is_present();
    if eip {
        let kinds = [(1, "PGN"), (2, "FGN")];
        kinds.into_iter().filter_map(|(n, kind)| Some(typed(ei_in(cx, from.component(n))?, kind))).collect()
    } else {
        hd::ei(cx, from).map(|one| typed(one, "PGN")).into_iter().collect()
    }
}

fn parent_numbers<'a>(cx: &mut Context<'_, 'a>, parts: [Component<'_, 'a>; 2]) -> Vec<Identifier<'a>> {
    let mut all = Vec::new();
    for (part, kind) in parts.into_iter().zip(["PLAC", "FILL"]) {
        if let Some(mut one) = ei_in(cx, part) {
            one.r#type = Some(Box::new(CodeableConcept::code(system::V2_IDENTIFIER_TYPE, kind)));
            all.push(one);
        }
    }
    all
}

/// An EI inside a component: its parts are subcomponents.
fn ei_in<'a>(cx: &mut Context<'_, 'a>, from: Component<'_, 'a>) -> Option<Identifier<'a>> {
    let value = cx.write(from.subcomponent(1))?;
    let authority = Hd {
        namespace: from.subcomponent(2),
        universal_id: from.subcomponent(3),
        universal_type: from.subcomponent(4),
    };
    let (system, name) = authority.write(cx);
    let assigner: Option<Cow<'a, str>> = name;
    let assigner = assigner.map(|name| Box::new(Reference::display(name)));
    Some(Identifier { system, value: Some(value), assigner, ..Identifier::default() })
}
