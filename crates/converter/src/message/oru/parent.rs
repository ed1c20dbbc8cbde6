//! OBR-26 and OBR-29 name the result that a report goes on from: a culture and its resistances. Where
//! that result is in the message, those that go on from it are derived from it.

use std::collections::HashMap;

use fhir::{Reference, Resource};
use uuid::Uuid;

use super::Made;
use crate::context::{Context, trim};
use crate::segment::beside::{self, Beside, Is};

/// OBR-26 where the result that it names is not in the message.
const PARENT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-parent-result";

/// By what OBR-29 names an order.
#[derive(PartialEq, Eq, Hash, Clone, Copy)]
enum Order<'r> {
    Filler(&'r str),
    Placer(&'r str),
    Any,
}

/// The order, the code of the result, and its OBX-4 when that is named.
type Key<'r> = (Order<'r>, &'r str, Option<&'r str>);

/// What a key finds: the group and the result, the first few. Two of another group are one too many.
type Found = Vec<(usize, Uuid)>;

pub(super) fn link<'a>(cx: &mut Context<'_, 'a>, made: &[Made<'_, 'a>]) {
    if !made.iter().any(|child| child.obr.is_some_and(|obr| obr.field(26).is_present())) {
        return;
    }
    let mut index: HashMap<Key<'_>, Found> = HashMap::new();
    for (at, group) in made.iter().enumerate() {
        let filler = group.filler.as_deref().map(Order::Filler);
        let placer = group.placer.as_deref().map(Order::Placer);
        for known in &group.results {
            for order in [filler, placer, Some(Order::Any)].into_iter().flatten() {
                for sub_id in [None, Some(&*known.sub_id)] {
                    let found = index.entry((order, &known.code, sub_id)).or_default();
                    if found.len() < 4 {
                        found.push((at, known.id));
                    }
                }
            }
        }
    }
    for (at, child) in made.iter().enumerate() {
        link_one(cx, at, child, &index);
    }
}

fn link_one<'a>(cx: &mut Context<'_, 'a>, at: usize, child: &Made<'_, 'a>, index: &HashMap<Key<'_>, Found>) {
    let Some(obr) = child.obr.filter(|obr| obr.field(26).is_present()) else { return };
    let (result, order) = (obr.field(26).first(), obr.field(29).first());
    let code = trim(result.component(1).value().text());
    let sub_id = trim(result.component(2).value().text());
    let number = |n: usize| trim(order.component(n).subcomponent(1).text());
    let (placer, filler) = (number(1), number(2));
    let order = match (&*filler, &*placer) {
        ("", "") => Order::Any,
        ("", placer) => Order::Placer(placer),
        (filler, _) => Order::Filler(filler),
    };
    let sub_id = Some(&*sub_id).filter(|sub_id| !sub_id.is_empty());
    let found = index.get(&(order, &*code, sub_id)).map(Vec::as_slice).unwrap_or_default();
    let mut others = found.iter().filter(|(group, _)| *group != at);
    let (Some(&(_, parent)), None) = (others.next(), others.next()) else {
        cx.warn(obr.field(26).place(), "parent-result-not-found");
        // It is in another message: what names it stands on the report, where there is one.
        if !child.report.is_some_and(|id| cx.has(id)) {
            return;
        }
        let names = beside::parts(cx, obr, &[Beside { field: 26, path: PARENT, is: Is::Verbatim }]);
        if let Some(Resource::DiagnosticReport(report)) = child.report.and_then(|id| cx.entry(id)) {
            report.extension.extend(names);
        }
        return;
    };
    for known in &child.results {
        if let Some(Resource::Observation(observation)) = cx.entry(known.id) {
            observation.derived_from.push(Reference::to(parent));
        }
    }
    // What names the parent stands for the reference to it.
    for value in [1, 2].into_iter().flat_map(|n| result.component(n).subcomponents()) {
        cx.ignore(value, "names the parent result, which is referred to");
    }
    cx.ignore(result.component(3).value(), "the parent's value stands in the parent");
    cx.ignore_field(obr.field(29), "names the parent order, whose result is referred to");
}
