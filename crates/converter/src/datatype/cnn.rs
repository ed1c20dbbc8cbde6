//! CNN, and CN where it is a part of something else: a person in one component, whose parts are its subcomponents
//! (HL7 v2.5.1 §2.A.11; v2.2 §II.5.10.10).

use std::borrow::Cow;

use fhir::{HumanName, Identifier, Practitioner, Reference, Resource};
use hl7v2::Component;
use uuid::Uuid;

use super::hd::Hd;
use crate::context::{Context, add_new, trim};
use crate::identity::rule;

/// The professional of a component: put once, the id given back.
pub(crate) fn professional<'a>(cx: &mut Context<'_, 'a>, cnn: Component<'_, 'a>) -> Option<Uuid> {
    let part = |n: usize| cnn.subcomponent(n);
    // Nobody can be known by a title alone: then nothing is written, and the report says so.
    let told = |n: usize| part(n).is_present() && !trim(part(n).text()).is_empty();
    if ![1, 2, 3].into_iter().any(told) {
        return None;
    }
    let number = cx.write(part(1));
    let parts = [2, 3, 4, 5, 6, 7].map(|n| cx.write(part(n)));
    let [family, given, further, suffix, prefix, degree] = parts;
    let authority = Hd { namespace: part(9), universal_id: part(10), universal_type: part(11) };
    let at = cnn.place();
    let id = match (&number, &family, &given) {
        (Some(number), _, _) => {
            let authority = authority.key(cx);
            cx.id(&rule::PRACTITIONER, &[&[&authority, number]], at)
        }
        (None, family, given) => {
            let sender = cx.sender_key().to_owned();
            let text = |part: &Option<Cow<'a, str>>| part.clone().unwrap_or_default();
            let (family, given, further) = (text(family), text(given), text(&further));
            cx.id(&rule::PRACTITIONER_BY_NAME, &[&[&sender], &[&family, &given, &further]], at)
        }
    };
    let name = HumanName {
        r#use: Some("official"),
        family,
        given: [given, further].into_iter().flatten().collect(),
        prefix: prefix.into_iter().collect(),
        suffix: [suffix, degree].into_iter().flatten().collect(),
        ..HumanName::default()
    };
    let mut practitioner = Practitioner { id: Some(id), ..Practitioner::default() };
    if let Some(value) = number {
        let (system, assigner) = authority.write(cx);
        let assigner = assigner.map(|name| Box::new(Reference::display(name)));
        practitioner.identifier.push(Identifier {
            system,
            value: Some(value),
            assigner,
            ..Identifier::default()
        });
    }
    // A title or degree alone is kept, too.
    let bare = HumanName { r#use: name.r#use, ..HumanName::default() };
    if name != bare {
        practitioner.name.push(name);
    }
    if let Some(Resource::Practitioner(known)) = cx.entry(id) {
        add_new(&mut known.identifier, practitioner.identifier);
        add_new(&mut known.name, practitioner.name);
    } else {
        cx.put(id, practitioner);
    }
    cx.ignore(part(8), "from which table a professional was looked up is not kept");
    Some(id)
}
