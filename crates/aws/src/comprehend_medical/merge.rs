//! What several operations say of one text, in one list.

use zorgsluis_domain::text::{Attribute, Entity, Trait};

/// The entities of a text in its order. Codes go to the entity at the same place and of the same category; one that
/// only the operation with the codes found stands by itself. Words are those of the text; what points at no place of
/// it is left out.
pub(super) fn merge(text: &str, entities: Vec<Entity>, coded: [Vec<Entity>; 3]) -> Vec<Entity> {
    let mut all = entities;
    for one in coded.into_iter().flatten() {
        match closest(&mut all, &one) {
            Some(known) => join(known, one),
            None => all.push(one),
        }
    }
    let begins: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let words = |begin: u32, end: u32| {
        let at = |offset: u32| begins.get(usize::try_from(offset).ok()?).copied();
        text.get(at(begin)?..at(end)?).map(str::to_owned)
    };
    all.retain_mut(|entity| {
        let Some(said) = words(entity.begin_offset, entity.end_offset) else { return false };
        entity.text = said;
        entity.attributes.retain_mut(|attribute| {
            let Some(said) = words(attribute.begin_offset, attribute.end_offset) else { return false };
            attribute.text = said;
            true
        });
        true
    });
    all.sort_by_key(|entity| (entity.begin_offset, entity.end_offset));
    let mut id = 0..;
    for entity in &mut all {
        entity.id = id.next().unwrap_or(u32::MAX);
        for attribute in &mut entity.attributes {
            attribute.id = id.next().unwrap_or(u32::MAX);
        }
    }
    all
}

/// The entity of this category that shares most of the place.
fn closest<'a>(all: &'a mut [Entity], one: &Entity) -> Option<&'a mut Entity> {
    let shared = |known: &Entity| {
        let end = known.end_offset.min(one.end_offset);
        end.saturating_sub(known.begin_offset.max(one.begin_offset))
    };
    all.iter_mut()
        .filter(|known| known.category == one.category && shared(known) > 0)
        .max_by_key(|known| (shared(known), std::cmp::Reverse(known.end_offset - known.begin_offset)))
}

fn join(known: &mut Entity, one: Entity) {
    for found in one.traits {
        if !known.has(found.name) {
            known.traits.push(found);
        } else if let Some(said) = known.traits.iter_mut().find(|said| said.name == found.name) {
            *said = Trait { score: said.score.max(found.score), ..*said };
        }
    }
    let same = |said: &Attribute, found: &Attribute| {
        said.r#type == found.r#type
            && said.begin_offset < found.end_offset
            && found.begin_offset < said.end_offset
    };
    for found in one.attributes {
        if !known.attributes.iter().any(|said| same(said, &found)) {
            known.attributes.push(found);
        }
    }
    // Two operations' pieces never give one entity twice; should they, the first codes stay.
    let lists = [
        (&mut known.icd10cm_concepts, one.icd10cm_concepts),
        (&mut known.rx_norm_concepts, one.rx_norm_concepts),
        (&mut known.snomed_ct_concepts, one.snomed_ct_concepts),
    ];
    for (known, found) in lists {
        if known.is_empty() {
            *known = found;
        }
    }
}
