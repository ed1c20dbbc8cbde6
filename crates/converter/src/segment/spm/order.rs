//! What OBR says of a specimen: all of it where there is no SPM, else what SPM leaves open (HL7 v2.5.1 §7.4.1.15).

use fhir::{
    Annotation, Element, Extension, ExtensionValue, Quantity, Reference, Resource, Specimen,
    SpecimenCollection,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::{of_report, of_source, put};
use crate::context::{Context, add_new, trim};
use crate::datatype::{cq, xcn};
use crate::segment::obx::value;
use crate::segment::parts_of;

/// What OBR says of a specimen that says otherwise itself, or of one of several.
const BESIDE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-order-specimen";

/// What OBR says of a specimen.
#[derive(Default)]
struct Told<'a> {
    volume: Option<Quantity<'a>>,
    collector: Option<Reference<'a>>,
    received: Option<std::borrow::Cow<'a, str>>,
    received_ext: Option<Element<'a>>,
    comments: Vec<std::borrow::Cow<'a, str>>,
}

impl<'a> Told<'a> {
    /// OBR-9, 10, 14 and 39.
    fn read(cx: &mut Context<'_, 'a>, obr: Segment<'_, 'a>) -> Self {
        let mut told = Self { volume: cq::quantity(cx, obr.field(9).first()), ..Self::default() };
        told.collector = xcn::professional(cx, obr.field(10).first()).map(xcn::Professional::reference);
        (told.received, told.received_ext) = cx.date_time(obr.field(14).value());
        for comment in obr.field(39).repetitions() {
            told.comments.extend(value::whole(cx, comment));
        }
        told
    }

    /// Writes into a specimen what it leaves open, and keeps what it says otherwise.
    fn fill(&mut self, specimen: &mut Specimen<'a>) {
        fn open<T: PartialEq>(known: &mut Option<T>, told: &mut Option<T>) {
            if known.is_none() || known == told {
                *known = told.take().or(known.take());
            }
        }
        let mut collection = specimen.collection.take().unwrap_or_default();
        open(&mut collection.quantity, &mut self.volume);
        open(&mut collection.collector, &mut self.collector);
        specimen.collection = (collection != SpecimenCollection::default()).then_some(collection);
        if specimen.received_time.is_none() && specimen.received_time_ext.is_none()
            || (&specimen.received_time, &specimen.received_time_ext) == (&self.received, &self.received_ext)
        {
            specimen.received_time = self.received.take().or(specimen.received_time.take());
            specimen.received_time_ext = self.received_ext.take().or(specimen.received_time_ext.take());
        }
        let notes =
            self.comments.drain(..).map(|text| Annotation { text: Some(text), ..Annotation::default() });
        add_new(&mut specimen.note, notes);
    }

    /// What is left of it.
    fn beside(self) -> Option<Extension<'a>> {
        let mut parts = Vec::new();
        let volume = self.volume.map(|volume| ExtensionValue::Quantity(Box::new(volume)));
        parts.extend(volume.map(|volume| Extension::new("volume", volume)));
        let collector = self.collector.map(|who| ExtensionValue::Reference(Box::new(who)));
        parts.extend(collector.map(|who| Extension::new("collector", who)));
        let received = (self.received.map(ExtensionValue::DateTime), self.received_ext);
        parts.extend(parts_of("received", received));
        parts.extend(self.comments.into_iter().map(|text| Extension::string("comment", text)));
        (!parts.is_empty()).then(|| Extension::new(BESIDE, ExtensionValue::Parts(parts)))
    }
}

/// The specimen that OBR names itself: OBR-9, 10, 14, 15 and 39. `None` when they are empty.
pub(crate) fn specimen<'a>(
    cx: &mut Context<'_, 'a>,
    obr: Segment<'_, 'a>,
    patient: Uuid,
    owner: Uuid,
) -> Option<Uuid> {
    let mut specimen = Specimen { subject: Some(Reference::to(patient)), ..Specimen::default() };
    let bare = specimen.clone();
    Told::read(cx, obr).fill(&mut specimen);
    of_source(cx, obr.field(15).first(), "OBR-15", &mut specimen);
    if specimen == bare {
        return None;
    }
    collected(cx, obr, &mut specimen);
    let time = trim(obr.field(7).value().text());
    let id = of_report(cx, &specimen, &time, owner, obr.place());
    Some(put(cx, id, specimen, &time, Some(owner), obr.place()))
}

/// What OBR says of the only specimen of an order, where SPM left it open; what it says otherwise, beside it.
pub(crate) fn complete<'a>(cx: &mut Context<'_, 'a>, obr: Segment<'_, 'a>, id: Uuid) {
    let mut told = Told::read(cx, obr);
    let Some(Resource::Specimen(known)) = cx.entry(id) else { return };
    let mut specimen = std::mem::take(&mut **known);
    told.fill(&mut specimen);
    add_new(&mut specimen.extension, told.beside());
    of_source(cx, obr.field(15).first(), "OBR-15", &mut specimen);
    collected(cx, obr, &mut specimen);
    if let Some(Resource::Specimen(known)) = cx.entry(id) {
        **known = specimen;
    }
}

/// OBR-7 and 8 of what is measured in a specimen are when that was taken.
fn collected<'a>(cx: &mut Context<'_, 'a>, obr: Segment<'_, 'a>, specimen: &mut Specimen<'a>) {
    let collection = specimen.collection.get_or_insert_default();
    let told = collection.collected_date_time.is_some()
        || collection.collected_date_time_ext.is_some()
        || collection.collected_period.is_some();
    if !told {
        let (start, end) = (obr.field(7).value(), obr.field(8).value());
        if end.is_present() {
            collection.collected_period = cx.period(start, end);
        } else if cx.timestamp(start).is_some() {
            collection.collected_date_time = cx.date_time(start).0;
        }
    }
    if *collection == SpecimenCollection::default() {
        specimen.collection = None;
    }
}

/// What OBR says of the specimens of an order that has several: nobody can tell of which.
pub(crate) fn of_several<'a>(cx: &mut Context<'_, 'a>, obr: Segment<'_, 'a>) -> Vec<Extension<'a>> {
    let mut beside: Vec<Extension<'a>> = Told::read(cx, obr).beside().into_iter().collect();
    let source = value::whole(cx, obr.field(15).first());
    beside.extend(
        source.map(|text| {
            Extension::new(BESIDE, ExtensionValue::Parts(vec![Extension::string("source", text)]))
        }),
    );
    beside
}
