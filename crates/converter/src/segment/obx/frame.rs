//! What an OBX takes from its surroundings, and what makes its Observation the same one in the next message.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use fhir::{Effective, Reference};
use hl7v2::Segment;
use uuid::Uuid;

use crate::context::{Context, trim};
use crate::identity::rule;
use crate::message::order::Specimens;

/// What observations take from the order that they answer, or from the visit.
pub(crate) struct Frame<'r, 'a> {
    pub(crate) patient: Uuid,
    pub(crate) encounter: Option<Uuid>,
    pub(crate) report: Option<Uuid>,
    /// What texts that name no observation are about: the report, or the request.
    pub(crate) about: Option<Uuid>,
    /// Authority and number of the order.
    pub(crate) order: Option<(Cow<'a, str>, Cow<'a, str>)>,
    /// Where there is no order number: the time of the report, as it enters keys.
    pub(crate) time: Cow<'a, str>,
    /// System and code of OBR-4.
    pub(crate) service: (Cow<'a, str>, Cow<'a, str>),
    pub(crate) based_on: Option<Reference<'a>>,
    /// A code of observation-category.
    pub(crate) category: Option<&'static str>,
    pub(crate) effective: Option<Effective<'a>>,
    /// What OBR-25 says of all results, for those that say nothing themselves.
    pub(crate) status: Option<&'static str>,
    /// The specimens.
    pub(crate) specimens: Specimens<'a>,
    /// The specimen that the results are about, where they stand before its orders.
    pub(crate) of_specimen: Option<Uuid>,
    /// What the message used already.
    pub(crate) positions: &'r Positions,
}

impl<'r, 'a> Frame<'r, 'a> {
    /// The frame of what belongs to no order.
    pub(crate) fn of(patient: Uuid, encounter: Option<Uuid>, positions: &'r Positions) -> Self {
        Self {
            patient,
            encounter,
            report: None,
            about: None,
            order: None,
            time: Cow::Borrowed(""),
            service: Default::default(),
            based_on: None,
            category: None,
            effective: None,
            status: None,
            specimens: Specimens::default(),
            of_specimen: None,
            positions,
        }
    }
}

/// How often a natural key came in a message, by the id that it gives. One for the whole message, whoever shares
/// it: finding the next free position takes one step, however often a key comes, and no position is given twice.
#[derive(Clone, Default)]
pub(crate) struct Positions(Rc<RefCell<HashMap<Uuid, u32>>>);

impl Positions {
    /// The number of this occurrence of a key, from 1.
    pub(crate) fn next(&self, id: Uuid) -> u32 {
        let mut seen = self.0.borrow_mut();
        let count = seen.entry(id).or_insert(0);
        *count += 1;
        *count
    }
}

/// Order number, OBR-4, OBX-3 and OBX-4; without an order, the visit and the time, of the result (OBX-14) or of the
/// report. What this message used already gets a number behind it, and a warning: there the order of OBX does matter.
pub(super) fn identify<'a>(
    cx: &mut Context<'_, 'a>,
    obx: Segment<'_, 'a>,
    code: &(Cow<'a, str>, Cow<'a, str>),
    sub_id: &str,
    frame: &Frame<'_, 'a>,
) -> Uuid {
    let text = |id: Uuid| id.hyphenated().to_string();
    let code: &[&str] = &[&code.0, &code.1];
    let id = match &frame.order {
        Some((authority, number)) => {
            let service: &[&str] = &[&frame.service.0, &frame.service.1];
            cx.id(&rule::OBSERVATION, &[&[authority, number], service, code, &[sub_id]], obx.place())
        }
        None if frame.of_specimen.is_some() => {
            let specimen = frame.of_specimen.map(text).unwrap_or_default();
            cx.id(&rule::OBSERVATION_OF_SPECIMEN, &[&[&specimen], code, &[sub_id]], obx.place())
        }
        None => {
            let encounter = frame.encounter.map(text).unwrap_or_default();
            let own = trim(obx.field(14).value().text());
            let time = if own.is_empty() { &frame.time } else { &own };
            let patient = text(frame.patient);
            let parts: &[&[&str]] = &[&[&patient], &[&encounter], code, &[sub_id], &[time]];
            cx.id(&rule::OBSERVATION_OF_PATIENT, parts, obx.place())
        }
    };
    let position = frame.positions.next(id);
    if position == 1 && !cx.has(id) {
        return id;
    }
    let within = text(frame.report.or(frame.encounter).unwrap_or(frame.patient));
    let (key, position) = (text(id), position.to_string());
    cx.id(&rule::OBSERVATION_BY_POSITION, &[&[&within], code, &[sub_id], &[&key, &position]], obx.place())
}
