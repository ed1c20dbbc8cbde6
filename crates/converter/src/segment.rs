//! Segments: one module for each, named after it.

pub(crate) mod abs;
pub(crate) mod acc;
pub(crate) mod aff;
pub(crate) mod aig;
pub(crate) mod ail;
pub(crate) mod aip;
pub(crate) mod ais;
pub(crate) mod al1;
pub(crate) mod apr;
pub(crate) mod arv;
pub(crate) mod aut;
pub(crate) mod beside;
pub(crate) mod blc;
pub(crate) mod cdo;
pub(crate) mod cer;
pub(crate) mod con;
pub(crate) mod ctd;
pub(crate) mod cti;
pub(crate) mod db1;
pub(crate) mod dg1;
pub(crate) mod drg;
pub(crate) mod edu;
pub(crate) mod evn;
pub(crate) mod exchange;
pub(crate) mod ft1;
pub(crate) mod gol;
pub(crate) mod gt1;
pub(crate) mod iam;
pub(crate) mod iar;
pub(crate) mod in1;
pub(crate) mod in2;
pub(crate) mod in3;
pub(crate) mod inv;
pub(crate) mod ipc;
pub(crate) mod lan;
pub(crate) mod mfe;
pub(crate) mod mrg;
pub(crate) mod msh;
pub(crate) mod nk1;
pub(crate) mod npu;
pub(crate) mod nte;
pub(crate) mod obr;
pub(crate) mod obx;
pub(crate) mod ods;
pub(crate) mod odt;
pub(crate) mod orc;
pub(crate) mod org;
pub(crate) mod participation;
pub(crate) mod pd1;
pub(crate) mod pda;
pub(crate) mod pid;
pub(crate) mod pr1;
pub(crate) mod pra;
pub(crate) mod prb;
pub(crate) mod prd;
pub(crate) mod prt;
pub(crate) mod pth;
pub(crate) mod pv1;
pub(crate) mod pv2;
pub(crate) mod resource;
pub(crate) mod rf1;
pub(crate) mod rgs;
pub(crate) mod rmi;
pub(crate) mod rol;
pub(crate) mod rq1;
pub(crate) mod rqd;
pub(crate) mod rxa;
pub(crate) mod rxc;
pub(crate) mod rxd;
pub(crate) mod rxe;
pub(crate) mod rxg;
pub(crate) mod rxo;
pub(crate) mod rxr;
pub(crate) mod rxv;
pub(crate) mod sac;
pub(crate) mod sch;
pub(crate) mod spm;
pub(crate) mod stf;
pub(crate) mod tcd;
pub(crate) mod tq1;
pub(crate) mod tq2;
pub(crate) mod txa;
pub(crate) mod ub1;
pub(crate) mod ub2;
pub(crate) mod var;
pub(crate) mod z;

use fhir::{Element, Extension, ExtensionValue};
use hl7v2::{Repetition, Value};

use crate::context::{Context, extension, original_text};
use crate::datatype::cwe;
use crate::mapping::Map;
use crate::table;

/// The maps of all segments, in the order of their names.
pub(crate) const MAPS: &[&Map] = &[
    &abs::MAP,
    &acc::MAP,
    &aff::MAP,
    &aig::MAP,
    &ail::MAP,
    &aip::MAP,
    &ais::MAP,
    &al1::MAP,
    &apr::MAP,
    &arv::MAP,
    &aut::MAP,
    &blc::MAP,
    &cdo::MAP,
    &cer::MAP,
    &con::MAP,
    &ctd::MAP,
    &cti::MAP,
    &db1::MAP,
    &dg1::MAP,
    &drg::MAP,
    &edu::MAP,
    &exchange::ERR,
    &evn::MAP,
    &ft1::MAP,
    &gol::MAP,
    &gt1::MAP,
    &iam::MAP,
    &iar::MAP,
    &in1::MAP,
    &in2::MAP,
    &in3::MAP,
    &inv::MAP,
    &ipc::MAP,
    &lan::MAP,
    &mfe::MAP,
    &mfe::MFI,
    &mrg::MAP,
    &exchange::MSA,
    &msh::MAP,
    &nk1::MAP,
    &npu::MAP,
    &nte::MAP,
    &obr::MAP,
    &obx::MAP,
    &ods::MAP,
    &odt::MAP,
    &orc::MAP,
    &org::MAP,
    &pd1::MAP,
    &pda::MAP,
    &pid::MAP,
    &pr1::MAP,
    &pra::MAP,
    &prb::MAP,
    &prd::MAP,
    &prt::MAP,
    &pth::MAP,
    &pv1::MAP,
    &pv2::MAP,
    &rf1::MAP,
    &rgs::MAP,
    &rmi::MAP,
    &rol::MAP,
    &rq1::MAP,
    &rqd::MAP,
    &rxa::MAP,
    &rxc::MAP,
    &rxd::MAP,
    &rxe::MAP,
    &rxg::MAP,
    &rxo::MAP,
    &rxr::MAP,
    &rxv::MAP,
    &sac::MAP,
    &sch::MAP,
    &exchange::SFT,
    &spm::MAP,
    &stf::MAP,
    &tcd::MAP,
    &tq1::MAP,
    &tq2::MAP,
    &txa::MAP,
    &exchange::UAC,
    &ub1::MAP,
    &ub2::MAP,
    &var::MAP,
];

/// Sex: the FHIR code, and beside it the zib's code or what the sender wrote.
pub(crate) fn gender<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
) -> (Option<&'static str>, Option<Element<'a>>) {
    let value = from.value();
    let (code, mut element) = gender_of(cx, value);
    // A CWE since v2.7: what it says beside the code is kept whole.
    if from.components().skip(1).any(|component| component.value().is_present()) {
        let whole = cwe::concept(cx, from, "", None);
        cx.is_known(value.place());
        let whole = whole.map(|whole| fhir::Extension::concept(extension::ORIGINAL_CODE, whole));
        if let Some(whole) = whole {
            let element = element.get_or_insert_default();
            element.extension.retain(|one| one.url != extension::ORIGINAL_CODE);
            element.extension.push(whole);
        }
    }
    (code, element)
}

fn gender_of<'a>(
    cx: &mut Context<'_, 'a>,
    value: Value<'_, 'a>,
) -> (Option<&'static str>, Option<Element<'a>>) {
    if !value.is_present() {
        return (None, None);
    }
    let sent = value.text();
    let is_known = table::administrative_sex(&sent).is_some();
    let text = if is_known { None } else { cx.hl7_code(value) };
    let text = text.unwrap_or(&sent);
    let (Some(gender), Some(zib)) = (table::administrative_sex(text), table::gender_code(text)) else {
        let original = cx.write(value);
        if original.is_some() {
            cx.warn(value.place(), "unknown-code");
            cx.local_code(value.place());
        }
        return (None, original.map(original_text));
    };
    let mut coding = fhir::Coding::new(zib.system, zib.code);
    coding.display = zib.display.map(Into::into);
    let concept = fhir::CodeableConcept::of(coding);
    let mut element = Element::of(fhir::Extension::concept(fhir::nl::CODE_SPECIFICATION, concept));
    if is_known && (gender.exact || zib.exact) {
        cx.mark(value);
    } else if let Some(code) = cx.write_code(value) {
        let original = fhir::CodeableConcept::of(fhir::Coding { code: Some(code), ..Default::default() });
        element.extension.push(fhir::Extension::concept(extension::ORIGINAL_CODE, original));
    }
    (Some(gender.code), Some(element))
}

/// What a segment of a repeating group says of the list that it stands in.
pub(crate) enum Listed {
    /// It is in the list.
    Member(uuid::Uuid),
    /// The list is empty: see [`empties_list`].
    Nothing,
    /// What is in the list cannot be told: the message does not say what is not in it, either.
    Unread,
}

/// Whether a segment of a repeating group is only there to say that the list is empty: its first
/// telling field is `""` and no other is populated.
pub(crate) fn empties_list<'a>(
    cx: &mut Context<'_, 'a>,
    segment: hl7v2::Segment<'_, 'a>,
    telling: &[usize],
) -> bool {
    if !telling.iter().any(|n| segment.field(*n).is_null())
        || segment.fields().skip(1).any(|field| !field.is_empty() && !field.is_null())
    {
        return false;
    }
    for field in segment.fields() {
        if field.is_null() {
            cx.mark(field.value());
        }
    }
    true
}

/// Fields of a repeated segment that contradict what the first one said: they are not in the output.
pub(crate) fn report_conflicts<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: hl7v2::Segment<'m, 'a>,
    fields: &[usize],
) {
    for field in fields {
        report_conflict(cx, segment, &[*field]);
    }
}

/// The same of fields that say one thing together.
pub(crate) fn report_conflict<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: hl7v2::Segment<'m, 'a>,
    fields: &[usize],
) {
    let told = fields.iter().map(|field| segment.field(*field)).filter(|field| !field.is_empty());
    for (nth, field) in told.enumerate() {
        cx.unmark(field);
        if nth == 0 {
            cx.warn(field.place(), "conflicting-repetition");
        }
    }
}

/// The fields of what an element did not take: for [`report_conflicts`].
pub(crate) fn not_kept<const N: usize>(told: [(bool, &'static [usize]); N]) -> Vec<usize> {
    told.into_iter().filter(|(kept, _)| !kept).flat_map(|(_, fields)| fields.iter().copied()).collect()
}

/// Takes a value into an element that holds one. `false` when it holds another already.
pub(crate) fn settle<T: PartialEq>(known: &mut Option<T>, new: Option<T>) -> bool {
    otherwise(known, new).is_none()
}

/// The same of a value that may have been kept as its text, or with what else was said of it.
pub(crate) fn settle_or_text<'a, T: PartialEq>(
    (known, text): (&mut Option<T>, &mut Option<Element<'a>>),
    told: (Option<T>, Option<Element<'a>>),
) -> bool {
    match told {
        (None, None) => true,
        told if known.is_none() && text.is_none() => {
            (*known, *text) = told;
            true
        }
        (Some(told), more) if known.as_ref() == Some(&told) && (text.is_none() || more.is_none()) => {
            *text = text.take().or(more);
            true
        }
        (told, more) => *known == told && *text == more,
    }
}

/// Of a value, and the text of one that could not be read, takes what is not told yet and gives back what contradicts.
/// What can be read goes before what cannot.
pub(crate) fn otherwise_or_text<'a, T: PartialEq>(
    known: (&mut Option<T>, &mut Option<Element<'a>>),
    mut told: (Option<T>, Option<Element<'a>>),
) -> (Option<T>, Option<Element<'a>>) {
    let (known, text) = known;
    if known.is_none() && (text.is_none() || told.0.is_some()) {
        std::mem::swap(known, &mut told.0);
        std::mem::swap(text, &mut told.1);
    }
    let value = told.0.filter(|value| known.as_ref() != Some(value));
    (value, told.1.filter(|told| text.as_ref() != Some(told)))
}

/// A value and the text of one that could not be read as parts of an extension.
pub(crate) fn parts_of<'a>(
    name: &'static str,
    (value, text): (Option<ExtensionValue<'a>>, Option<Element<'a>>),
) -> impl Iterator<Item = Extension<'a>> {
    let text = text.map(|element| ExtensionValue::Parts(element.extension));
    value.into_iter().chain(text).map(move |value| Extension::new(name, value))
}

/// Takes a value where there is none, and gives back one that is another than what stands.
pub(crate) fn otherwise<T: PartialEq>(known: &mut Option<T>, told: Option<T>) -> Option<T> {
    match known {
        None => {
            *known = told;
            None
        }
        Some(stands) => told.filter(|told| told != stands),
    }
}
