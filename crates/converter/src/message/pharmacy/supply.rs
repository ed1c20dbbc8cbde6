//! What may be dispensed on a prescription, and the pharmacy that does it.

use fhir::{DispenseRequest, Extension, InitialFill, Quantity, Reference, Resource, system};
use hl7v2::{Field, Segment};
use uuid::Uuid;

use super::product::amount;
use super::request::Layout;
use crate::context::{Context, add_new, extension, trim};
use crate::datatype::{xad, xtn};
use crate::segment::obx::producer;

/// What may be dispensed, by whom, and how often.
pub(super) fn dispense_request<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    layout: &Layout,
    owner: Uuid,
) -> Option<DispenseRequest<'a>> {
    let mut said = DispenseRequest::default();
    let [number, unit] = layout.dispense;
    if number > 0 {
        said.quantity = amount(cx, segment, number, unit);
    }
    if layout.refills > 0 {
        let value = segment.field(layout.refills).value();
        match trim(value.text()).parse() {
            Ok(refills) => {
                cx.mark(value);
                said.number_of_repeats_allowed = Some(refills);
            }
            Err(_) => {
                if value.is_present() {
                    cx.warn(value.place(), "not-a-number");
                }
                let text = cx.write(value);
                said.extension.extend(text.map(|text| Extension::string(extension::ORIGINAL_TEXT, text)));
            }
        }
    }
    if layout.interval > 0 {
        // So many days at least between two (HL7 v2.5.1 §4.14.1.28).
        said.dispense_interval = amount(cx, segment, layout.interval, 0).map(|days| Quantity {
            unit: Some("d".into()),
            system: Some(system::UCUM.into()),
            code: Some("d".into()),
            ..days
        });
    }
    if layout.first_fill > 0 {
        let quantity = amount(cx, segment, layout.first_fill, 0);
        said.initial_fill = quantity.map(|quantity| InitialFill { quantity: Some(quantity) });
    }
    said.performer = pharmacy(cx, segment, layout.pharmacy).map(Reference::to);
    if said == DispenseRequest::default() {
        // Its fields are parts of one element: who deletes one and says nothing else deletes it.
        let fields = [number, layout.refills, layout.interval, layout.first_fill];
        let null = fields.into_iter().filter(|n| *n > 0).map(|n| segment.field(n)).find(Field::is_null);
        if let Some(null) = null {
            cx.delete(null, owner, "dispenseRequest");
        }
        return None;
    }
    Some(said)
}

/// The pharmacy, with its address and telephone.
pub(super) fn pharmacy<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    [name, address, telephone]: [usize; 3],
) -> Option<Uuid> {
    if name == 0 {
        return None;
    }
    let id = producer(cx, segment.field(name).first())?;
    let mut addresses = Vec::new();
    xad::addresses(cx, segment.field(address), &mut addresses);
    let mut telecom = Vec::new();
    if telephone > 0 {
        xtn::contact_points(cx, segment.field(telephone), Some("work"), &mut telecom);
    }
    if let Some(Resource::Organization(organization)) = cx.entry(id) {
        add_new(&mut organization.address, addresses);
        add_new(&mut organization.telecom, telecom);
    }
    Some(id)
}
