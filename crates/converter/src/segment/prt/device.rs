//! The devices of a PRT (PRT-10, PRT-16 to PRT-22).

use fhir::{Device, DeviceUdiCarrier, Extension, ExtensionValue, Identifier, Resource};
use hl7v2::{Repetition, Segment};
use uuid::Uuid;

use crate::context::{Context, add_new, extension, own};
use crate::datatype::{cwe, hd};
use crate::identity::rule;
use crate::segment::{otherwise, otherwise_or_text, parts_of};

/// The devices (PRT-10), each put once; PRT-16 to PRT-22 describe the first.
pub(super) fn devices<'m, 'a>(cx: &mut Context<'m, 'a>, prt: Segment<'m, 'a>) -> Vec<Uuid> {
    let mut all: Vec<Uuid> = prt.field(10).repetitions().filter_map(|one| device(cx, one)).collect();
    let described = (16..=22).any(|field| prt.field(field).value().is_present());
    if !described {
        return all;
    }
    let first = all.first().copied().or_else(|| {
        let id = device_by_udi(cx, prt);
        all.push(id);
        Some(id)
    });
    let Some(id) = first else { return all };
    let mut known = Device::default();
    if let Some(udi) = hd::ei(cx, prt.field(16).first()) {
        known.udi_carrier.push(carrier(udi));
    }
    (known.manufacture_date, known.manufacture_date_ext) = cx.date_time(prt.field(17).value());
    (known.expiration_date, known.expiration_date_ext) = cx.date_time(prt.field(18).value());
    known.lot_number = cx.write(prt.field(19).value());
    known.serial_number = cx.write(prt.field(20).value());
    if let Some(donation) = hd::ei(cx, prt.field(21).first()) {
        known.distinct_identifier = donation.value.clone();
        if donation.system.is_some() || donation.assigner.is_some() || !donation.extension.is_empty() {
            known.identifier.push(donation);
        }
    }
    known.r#type = cwe::concept(cx, prt.field(22).first(), "PRT-22", None);
    if let Some(Resource::Device(device)) = cx.entry(id) {
        describe(device, known);
    }
    all
}

/// Adds what another PRT says of a device. What contradicts the first stands beside it: some senders give one number
/// to all devices of a kind.
fn describe<'a>(device: &mut Device<'a>, told: Device<'a>) {
    add_new(&mut device.udi_carrier, told.udi_carrier);
    add_new(&mut device.identifier, told.identifier);
    let mut said = Vec::new();
    for (name, known, told) in [
        ("lotNumber", &mut device.lot_number, told.lot_number),
        ("serialNumber", &mut device.serial_number, told.serial_number),
        ("distinctIdentifier", &mut device.distinct_identifier, told.distinct_identifier),
    ] {
        let other = otherwise(known, told);
        said.extend(other.map(|told| Extension::string(name, told)));
    }
    for (name, (known, known_ext), (told, told_ext)) in [
        (
            "manufactureDate",
            (&mut device.manufacture_date, &mut device.manufacture_date_ext),
            (told.manufacture_date, told.manufacture_date_ext),
        ),
        (
            "expirationDate",
            (&mut device.expiration_date, &mut device.expiration_date_ext),
            (told.expiration_date, told.expiration_date_ext),
        ),
    ] {
        let (date, text) = otherwise_or_text((known, known_ext), (told, told_ext));
        said.extend(parts_of(name, (date.map(ExtensionValue::DateTime), text)));
    }
    let kind = otherwise(&mut device.r#type, told.r#type);
    said.extend(kind.map(|kind| Extension::concept("type", kind)));
    if !said.is_empty() {
        let said = Extension::new(own!("further-device-detail"), ExtensionValue::Parts(said));
        add_new(&mut device.extension, [said]);
    }
}

/// A UDI. Whoever issues it is a URI; who is only named, and what else an EI says, stands beside it.
fn carrier(udi: Identifier<'_>) -> DeviceUdiCarrier<'_> {
    let named = udi.assigner.and_then(|assigner| assigner.display);
    let (issuer, system_name) = match udi.system {
        Some(system) if system.contains(':') => (Some(system), None),
        other => (None, other),
    };
    let mut extension = udi.extension;
    let names = [named, system_name].into_iter().flatten();
    extension.extend(names.map(|name| Extension::string(extension::ASSIGNING_AUTHORITY, name)));
    DeviceUdiCarrier { device_identifier: udi.value, issuer, extension, ..DeviceUdiCarrier::default() }
}

/// The device that an EI names: put once, its id given back.
fn device<'a>(cx: &mut Context<'_, 'a>, ei: Repetition<'_, 'a>) -> Option<Uuid> {
    let (authority, value) = hd::ei_key(cx, ei)?;
    let id = cx.id(&rule::DEVICE, &[&[&authority, &value]], ei.place());
    let number = hd::ei(cx, ei);
    if !cx.has(id) {
        cx.put(id, Device { id: Some(id), identifier: number.into_iter().collect(), ..Device::default() });
    }
    Some(id)
}

/// A device without number, by its UDI, else by lot and serial number.
fn device_by_udi<'m, 'a>(cx: &mut Context<'m, 'a>, prt: Segment<'m, 'a>) -> Uuid {
    let text = |field: usize| crate::context::trim(prt.field(field).value().text());
    let parts = [16, 19, 20, 21, 22].map(text);
    let id = cx.id(&rule::DEVICE_BY_UDI, &[&parts.each_ref().map(|part| &**part)], prt.place());
    if !cx.has(id) {
        cx.put(id, Device { id: Some(id), ..Device::default() });
    }
    id
}
