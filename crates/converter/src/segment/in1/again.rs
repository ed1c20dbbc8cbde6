//! The same insurance twice in a message.

use fhir::{Coverage, ExtensionValue, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::insured::SUBSCRIBER_ID;
use super::numbered;
use crate::context::{Context, add_new};
use crate::segment::{not_kept, report_conflicts, settle};

/// The same insurance twice in a message is one.
pub(super) fn put<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    in1: Segment<'m, 'a>,
    id: Uuid,
    mut coverage: Coverage<'a>,
) {
    let Some(Resource::Coverage(known)) = cx.entry(id) else {
        cx.put(id, coverage);
        return;
    };
    add_new(&mut known.identifier, coverage.identifier);
    add_new(&mut known.class, coverage.class);
    add_new(&mut known.extension, coverage.extension);
    add_new(&mut known.cost_to_beneficiary, coverage.cost_to_beneficiary);
    if let Some(number) =
        coverage.subscriber_id.take_if(|number| known.subscriber_id.as_ref().is_some_and(|one| one != number))
    {
        // Under another number as well.
        let number = Some(number);
        let stands = known
            .extension
            .iter()
            .any(|one| matches!(&one.value, ExtensionValue::Identifier(one) if one.value == number));
        if !stands {
            let number = fhir::Identifier { value: number, ..fhir::Identifier::default() };
            known.extension.push(numbered(SUBSCRIBER_ID, number));
        }
    }
    let lost = not_kept([
        (settle(&mut known.r#type, coverage.r#type), &[15]),
        (settle(&mut known.relationship, coverage.relationship), &[17]),
        (settle(&mut known.period, coverage.period), &[12, 13]),
        (settle(&mut known.subscriber, coverage.subscriber), &[16]),
        (settle(&mut known.policy_holder, coverage.policy_holder), &[11]),
        (settle(&mut known.order, coverage.order), &[22]),
        (settle(&mut known.subscriber_id, coverage.subscriber_id), &[49]),
    ]);
    report_conflicts(cx, in1, &lost);
}
