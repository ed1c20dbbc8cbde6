//! Timing: when and how often something is done (FHIR R4 §2.24.0.18).

use std::borrow::Cow;

use crate::{CodeableConcept, Decimal, Extension, Period, Quantity, Range};

fhir_type! {
    /// When something is done, once or again and again.
    datatype Timing {
        extension: Vec<Extension<'a>>,
        event: Vec<Cow<'a, str>>,
        repeat: Option<TimingRepeat<'a>>,
        code: Option<CodeableConcept<'a>>,
    }

    /// How often, how long and when in the day.
    datatype TimingRepeat {
        extension: Vec<Extension<'a>>,
        #[serde(flatten)]
        bounds: Option<TimingBounds<'a>>,
        count: Option<u32>,
        count_max: Option<u32>,
        duration: Option<Decimal<'a>>,
        duration_unit: Option<&'static str>,
        frequency: Option<u32>,
        frequency_max: Option<u32>,
        period: Option<Decimal<'a>>,
        period_max: Option<Decimal<'a>>,
        period_unit: Option<&'static str>,
        day_of_week: Vec<&'static str>,
        time_of_day: Vec<Cow<'a, str>>,
        when: Vec<&'static str>,
        offset: Option<u32>,
    }
}

fhir_choice! {
    /// Within what it repeats.
    choice TimingBounds {
        Duration(Quantity<'a>) = "boundsDuration",
        Range(Range<'a>) = "boundsRange",
        Period(Period<'a>) = "boundsPeriod",
    }
}
