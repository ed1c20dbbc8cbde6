//! TQ1: when and how urgently (HL7 v2.5.1 §4.5.4), on the order.

use fhir::ServiceRequest;
use hl7v2::Segment;

use crate::context::Context;
use crate::table;

/// Start (TQ1-7) and priority (TQ1-9); the rest of a timing is for orders, not for their results.
pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, tq1: Segment<'_, 'a>, request: &mut ServiceRequest<'a>) {
    if request.occurrence_date_time.is_none() {
        // A start that is no date stays in the report of what was not understood.
        request.occurrence_date_time = super::orc::date_time_only(cx, tq1.field(7).value());
    }
    if request.priority.is_none() && request.priority_ext.is_none() {
        (request.priority, request.priority_ext) = cx.code(tq1.field(9).value(), table::order_priority);
    }
}
