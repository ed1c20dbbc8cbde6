//! ORC, and what OBR says of the order: the ServiceRequest that results answer (HL7 v2.5.1 §4.5.1).
//!
//! A result message is not the source of an order. It only tells what the laboratory knows of it, and
//! that is kept on a ServiceRequest, where an order message of the same number meets it.

mod again;
pub(crate) mod control;
mod map;
pub(crate) mod more;
mod placed;
mod when;

use std::borrow::Cow;

use fhir::{
    Annotation, CodeableConcept, Coding, Element, Extension, ExtensionValue, Identifier, Practitioner,
    Reference, Resource, ServiceRequest, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::nte;
use crate::context::{Context, add_new, extension};
use crate::datatype::{cwe, hd, xad, xcn, xon, xtn};
use crate::identity::rule;
use crate::null;
use crate::table;
use control::Control;
pub(crate) use map::MAP;

/// A further organisation that orders (ORC-21 repeats).
const FACILITY: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-facility";
/// ORC-22 where no organisation is named.
const FACILITY_ADDRESS: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-facility-address";
/// ORC-23 where no organisation is named.
const FACILITY_TELECOM: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-facility-telephone";
/// ORC-24 where nobody is named who ordered.
const PROVIDER_ADDRESS: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-provider-address";

/// Authority and number.
pub(crate) type Key<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The numbers of an order.
#[derive(Default)]
pub(crate) struct Numbers<'a> {
    /// As they stand on report and request, with their types.
    pub(crate) identifiers: Vec<Identifier<'a>>,
    pub(crate) placer: Option<Key<'a>>,
    pub(crate) filler: Option<Key<'a>>,
}

impl<'a> Numbers<'a> {
    /// Placer and filler numbers of OBR and ORC; those that both give stand once.
    pub(crate) fn read<'m>(
        cx: &mut Context<'m, 'a>,
        orc: Option<Segment<'m, 'a>>,
        obr: Option<Segment<'m, 'a>>,
    ) -> Self {
        let mut numbers = Self::default();
        for (n, kind) in [(2, "PLAC"), (3, "FILL")] {
            let mut key = None;
            // OBR first: where they differ, OBR is about this very report.
            for segment in [obr, orc].into_iter().flatten() {
                for ei in segment.field(n).repetitions() {
                    key = key.or_else(|| hd::ei_key(cx, ei));
                    if let Some(mut identifier) = hd::ei(cx, ei) {
                        let kind = CodeableConcept::code(system::V2_IDENTIFIER_TYPE, kind);
                        identifier.r#type = Some(Box::new(kind));
                        add_new(&mut numbers.identifiers, [identifier]);
                    }
                }
            }
            if kind == "PLAC" { numbers.placer = key } else { numbers.filler = key }
        }
        numbers
    }

    /// Whether an identifier is the filler's.
    fn is_filler(identifier: &Identifier<'a>) -> bool {
        let coding = identifier.r#type.as_ref().and_then(|kind| kind.coding.first());
        coding.is_some_and(|coding| coding.code.as_deref() == Some("FILL"))
    }

    /// What results are known by: the filler's number, else the placer's.
    pub(crate) fn of_results(&self) -> Option<Key<'a>> {
        self.filler.clone().or_else(|| {
            let (authority, number) = self.placer.clone()?;
            Some((Cow::Owned(format!("placer:{authority}")), number))
        })
    }

    /// What the order is known by: the placer's number, else the filler's.
    pub(crate) fn of_order(&self) -> Option<Key<'a>> {
        self.placer.clone().or_else(|| self.filler.clone())
    }
}

/// The segments that say something of one order.
#[derive(Clone, Copy)]
pub(crate) struct Order<'r, 'm, 'a> {
    pub(crate) orc: Option<Segment<'m, 'a>>,
    pub(crate) obr: Option<Segment<'m, 'a>>,
    pub(crate) timing: &'r [Segment<'m, 'a>],
    pub(crate) numbers: &'r Numbers<'a>,
    pub(crate) patient: Uuid,
    pub(crate) encounter: Option<Uuid>,
    pub(crate) report: Option<Uuid>,
    /// Whether no other OBR of the message answers the same order.
    pub(crate) alone: bool,
    /// In an order message: what is to be done with the order.
    pub(crate) control: Option<Control>,
}

/// The ServiceRequest of an order: put once, its id given back. `None` when the message says nothing
/// of an order.
pub(crate) fn request<'a>(cx: &mut Context<'_, 'a>, order: Order<'_, '_, 'a>) -> Option<Uuid> {
    const OF_ORDER: [usize; 10] = [2, 5, 6, 13, 16, 17, 27, 31, 46, 47];
    let said = order.obr.is_some_and(|obr| OF_ORDER.iter().any(|n| obr.field(*n).is_present()));
    if order.orc.is_none() && !said && order.control.is_none() {
        return None;
    }
    let at = order.orc.or(order.obr)?.place();
    let id = match (order.numbers.of_order(), order.report) {
        (Some((authority, number)), _) => cx.id(&rule::SERVICE_REQUEST, &[&[&authority, &number]], at),
        (None, Some(report)) => {
            let report = report.hyphenated().to_string();
            cx.id(&rule::SERVICE_REQUEST, &[&["report", &report]], at)
        }
        (None, None) if order.control.is_some() => placed::identify(cx, order, at),
        (None, None) => return None,
    };
    let mut identifier = order.numbers.identifiers.clone();
    if !order.alone && order.numbers.placer.is_some() && order.report.is_some() {
        // Several reports answer this order: the number of each stands on the report.
        identifier.retain(|one| !Numbers::is_filler(one));
    }
    let mut request = ServiceRequest {
        id: Some(id),
        identifier,
        intent: Some("order"),
        subject: Some(Reference::to(order.patient)),
        encounter: order.encounter.map(Reference::to),
        ..ServiceRequest::default()
    };
    if let Some(orc) = order.orc {
        of_orc(cx, orc, order.control, &mut request);
    }
    if let Some(obr) = order.obr {
        of_obr(cx, obr, order.alone || order.control.is_some(), &mut request);
    }
    when::timing(cx, order, &mut request);
    requester(cx, order, &mut request);
    more::complete(cx, order, &mut request);
    placed::callbacks(cx, order, &mut request);
    if let Some(control) = order.control {
        placed::complete(cx, order, control, &mut request);
    }
    again::put(cx, id, request);
    for segment in order.orc.into_iter().chain(order.obr) {
        null::obey(cx, segment, &[("ServiceRequest", id)]);
    }
    Some(id)
}

fn of_orc<'a>(
    cx: &mut Context<'_, 'a>,
    orc: Segment<'_, 'a>,
    control: Option<Control>,
    request: &mut ServiceRequest<'a>,
) {
    let told = table::order_status(&orc.field(5).value().text()).map(|target| target.code);
    match control {
        // A status that contradicts the control code is of before it: it stands beside the one that counts.
        Some(control) if told != control.request => {
            request.status = control.request;
            let code = cx.write_code(orc.field(5).value());
            request.status_ext = code.map(|code| {
                let coding = Coding::new(table::hl7_table_uri("0038"), code);
                Element::of(Extension::concept(extension::ORIGINAL_CODE, CodeableConcept::of(coding)))
            });
        }
        _ => (request.status, request.status_ext) = cx.code(orc.field(5).value(), table::order_status),
    }
    let status = orc.field(5).first();
    if (2..=status.component_count()).any(|n| !status.component(n).value().is_empty()) {
        let told = cwe::concept(cx, status, "ORC-5", None);
        request.status_ext = told.map(|told| Element::of(Extension::concept(extension::ORIGINAL_CODE, told)));
    }
    let group = orc.field(4).first();
    request.requisition = if more::is_pair(group) {
        more::ei(cx, group.component(1), "PGN")
    } else {
        hd::ei(cx, group).map(|number| {
            let kind = CodeableConcept::code(system::V2_IDENTIFIER_TYPE, "PGN");
            Identifier { r#type: Some(Box::new(kind)), ..number }
        })
    };
    match control {
        Some(control) if control.places => {
            (request.authored_on, request.authored_on_ext) = cx.date_time(orc.field(9).value());
        }
        // When something else was done with the order: its task says that.
        Some(_) => {}
        None => cx.ignore_field(
            orc.field(9),
            "when the laboratory did something with the order: the order itself says when it was placed",
        ),
    }
    if control.is_none_or(is_reason_of_order) {
        for reason in orc.field(16).repetitions() {
            request.reason_code.extend(cwe::concept(cx, reason, "ORC-16", None));
        }
    }
}

/// Whether ORC-16 tells why the order was placed, not why it was stopped or what became of it.
pub(crate) fn is_reason_of_order(control: Control) -> bool {
    control.is_placers() && control.request == Some("active")
}

fn of_obr<'a>(cx: &mut Context<'_, 'a>, obr: Segment<'_, 'a>, alone: bool, request: &mut ServiceRequest<'a>) {
    if alone {
        request.code = cwe::concept(cx, obr.field(4).first(), "OBR-4", None);
    }
    for clinical in obr.field(13).repetitions() {
        let text = super::obx::value::whole(cx, clinical);
        let note = text.map(|text| Annotation { text: Some(text), ..Annotation::default() });
        request.note.extend(note);
    }
    for reason in obr.field(31).repetitions() {
        request.reason_code.extend(cwe::concept(cx, reason, "OBR-31", None));
    }
}

/// Who ordered (OBR-16, ORC-12), for which organisation (ORC-21 to 23), and where they are (ORC-24).
pub(crate) fn requester<'a>(
    cx: &mut Context<'_, 'a>,
    order: Order<'_, '_, 'a>,
    request: &mut ServiceRequest<'a>,
) {
    let organization = order.orc.and_then(|orc| {
        let named: Vec<Uuid> =
            orc.field(21).repetitions().filter_map(|one| xon::organization(cx, one)).collect();
        let address: Vec<_> = orc.field(22).repetitions().filter_map(|one| xad::address(cx, one)).collect();
        let mut telecom = Vec::new();
        xtn::contact_points(cx, orc.field(23), Some("work"), &mut telecom);
        let Some((&id, further)) = named.split_first() else {
            // Nobody is named whose they could be.
            let address = address.into_iter().map(|one| ExtensionValue::Address(Box::new(one)));
            add_new(&mut request.extension, address.map(|one| Extension::new(FACILITY_ADDRESS, one)));
            let telecom = telecom.into_iter().map(|one| ExtensionValue::ContactPoint(Box::new(one)));
            add_new(&mut request.extension, telecom.map(|one| Extension::new(FACILITY_TELECOM, one)));
            return None;
        };
        let further = further.iter().filter(|one| **one != id).map(|one| Reference::to(*one));
        let further = further.map(|one| Extension::new(FACILITY, ExtensionValue::Reference(Box::new(one))));
        add_new(&mut request.extension, further);
        // FHIR has no organisation at home (org-3): what the sender called it stands beside the number.
        for number in telecom.iter_mut().filter(|number| number.r#use == Some("home")) {
            number.r#use = None;
            number.use_ext = Some(crate::context::original_text("home"));
        }
        if let Some(Resource::Organization(known)) = cx.entry(id) {
            add_new(&mut known.address, address);
            add_new(&mut known.telecom, telecom);
        }
        Some(id)
    });
    let by_obr = order.obr.map(|obr| obr.field(16).first()).filter(|xcn| !xcn.is_empty());
    let by_orc = order.orc.map(|orc| orc.field(12).first()).filter(|xcn| !xcn.is_empty());
    let number = |xcn: hl7v2::Repetition<'_, 'a>| xcn.component(1).raw();
    let ordered = by_obr.or(by_orc).and_then(|xcn| xcn::professional_of(cx, xcn, organization));
    if let (Some(one), Some(other)) = (by_obr, by_orc)
        && number(one) == number(other)
    {
        // The same person: what ORC says of them goes to the same Practitioner.
        xcn::professional_of(cx, other, organization);
    }
    if let Some(orc) = order.orc {
        let address: Vec<_> = orc.field(24).repetitions().filter_map(|one| xad::address(cx, one)).collect();
        let known = ordered.and_then(|ordered| cx.entry(ordered.practitioner));
        if let Some(Resource::Practitioner(known)) = known {
            let Practitioner { address: addresses, .. } = &mut **known;
            add_new(addresses, address);
        } else {
            let address = address.into_iter().map(|one| ExtensionValue::Address(Box::new(one)));
            add_new(&mut request.extension, address.map(|one| Extension::new(PROVIDER_ADDRESS, one)));
        }
    }
    request.requester = ordered.map(xcn::Professional::reference).or_else(|| organization.map(Reference::to));
}

/// Comments on an order stand on its request.
pub(crate) fn add_notes<'a>(cx: &mut Context<'_, 'a>, request: Uuid, notes: &[nte::Note<'a>]) {
    if let Some(Resource::ServiceRequest(known)) = cx.entry(request) {
        add_new(&mut known.note, notes.iter().map(nte::Note::annotation));
    }
}
