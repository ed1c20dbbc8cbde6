//! SPS: what a specimen is, where the message has no SPM (OBR-15, SAC-6).

use fhir::{Annotation, Extension, ExtensionValue, Specimen, SpecimenCollection, SpecimenContainer};
use hl7v2::Repetition;

use crate::context::{Context, add_new, own};
use crate::datatype::cwe;
use crate::table;

/// SPS: what a specimen is, from where and how it was taken, before SPM (HL7 v2.5.1 §2.A.75), for what the
/// specimen leaves open. Components that it had no room for stand beside it.
pub(crate) fn of_source<'a>(
    cx: &mut Context<'_, 'a>,
    source: Repetition<'_, 'a>,
    field: &str,
    specimen: &mut Specimen<'a>,
) {
    if source.is_empty() || source.is_null() {
        return;
    }
    let mut collection = specimen.collection.take().unwrap_or_default();
    let kind = cwe::concept_of_component(cx, source.component(1), field, Some(table::specimen_source));
    let site = cwe::concept_of_component(cx, source.component(4), field, None);
    let method = cwe::concept_of_component(cx, source.component(6), field, Some(table::collection_method));
    for (name, known, told) in [
        ("type", &mut specimen.r#type, kind),
        ("bodySite", &mut collection.body_site, site),
        ("method", &mut collection.method, method),
    ] {
        let told = told.filter(|told| known.as_ref() != Some(told));
        if known.is_none() {
            *known = told;
        } else {
            let beside = told.map(|told| {
                let parts = vec![Extension::concept(name, told)];
                Extension::new(own!("specimen-source"), ExtensionValue::Parts(parts))
            });
            add_new(&mut specimen.extension, beside);
        }
    }
    if let Some(additive) =
        cwe::concept_of_component(cx, source.component(2), field, Some(table::specimen_additive))
    {
        let known = specimen.container.iter().any(|one| one.additive.as_ref() == Some(&additive));
        if !known {
            let container = SpecimenContainer { additive: Some(additive), ..SpecimenContainer::default() };
            specimen.container.push(container);
        }
    }
    let text = cx.write(source.component(3).value());
    specimen.note.extend(text.map(|text| Annotation { text: Some(text), ..Annotation::default() }));
    for (n, url) in [(5, own!("source-site-modifier")), (7, own!("specimen-role"))] {
        let more = cwe::concept_of_component(cx, source.component(n), field, None);
        add_new(&mut specimen.extension, more.map(|more| Extension::concept(url, more)));
    }
    specimen.collection = (collection != SpecimenCollection::default()).then_some(collection);
}
