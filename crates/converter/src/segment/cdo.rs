//! CDO: how much at most within which time (HL7 v2.8 §4A.4.12), on the dosage of the prescription before it. There is
//! no official map.

use crate::mapping::{Map, left, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "CDO",
    name: "Cumulative Dosage",
    fields: &[
        "Set ID - CDO",
        "Action Code",
        "Cumulative Dosage Limit",
        "Cumulative Dosage Limit Time Interval",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        left(
            2,
            "whether a limit is added or changed does not outlive the message: it is part of its prescription",
        ),
        to(3, "MedicationRequest.dosageInstruction.maxDosePerPeriod.numerator"),
        to(3, "MedicationRequest.dosageInstruction.extension(v2-cumulative-dosage-limit)"),
        to(4, "MedicationRequest.dosageInstruction.maxDosePerPeriod.denominator"),
    ],
};
