//! PRB: a problem of the problem list (HL7 v2.5.1 §12.4.2). There is no official map: designed from FHIR.

use fhir::{
    Abatement, CodeableConcept, Condition, Extension, ExtensionValue, Onset, Reference, Resource, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::{not_kept, report_conflicts, settle, settle_or_text};
use crate::context::{Context, add_new};
use crate::conversion::Deletion;
use crate::datatype::{cwe, hd};
use crate::identity::rule;
use crate::mapping::{Map, left, to};
use crate::table::{self, Target};

/// What a segment says of the problem, goal or pathway (table 0287; PC3, PC9 and PCC delete).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Added, changed or corrected.
    Said,
    /// Taken back.
    Deleted,
    /// Only named: unchanged, linked, no longer linked.
    Named,
}

impl Action {
    /// The action code of a segment; `deletes` says that the event itself does.
    pub(crate) fn of<'m, 'a>(cx: &mut Context<'m, 'a>, segment: Segment<'m, 'a>, deletes: bool) -> Self {
        let value = segment.field(1).value();
        let code = value.text().trim().to_ascii_uppercase();
        match code.as_str() {
            "DE" | "D" => {
                cx.mark(value);
                Self::Deleted
            }
            _ if deletes => Self::Deleted,
            "UC" | "LI" | "UN" => Self::Named,
            "" | "AD" | "A" | "CO" | "UP" | "U" | "CE" => Self::Said,
            _ => {
                cx.warn(value.place(), "unknown-code");
                Self::Said
            }
        }
    }
}

/// The natural key of a problem, goal or pathway: its number, else what it is.
pub(crate) fn key<'m, 'a>(
    cx: &Context<'m, 'a>,
    number: hl7v2::Field<'m, 'a>,
    code: hl7v2::Field<'m, 'a>,
) -> Option<[std::borrow::Cow<'a, str>; 2]> {
    let key = hd::ei_key(cx, number.first()).or_else(|| cwe::key(cx, code.first()))?;
    Some([key.0, key.1])
}

/// A concept of which FHIR takes no other codes: translated, and kept beside where it cannot be.
pub(crate) fn demanded<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    field: hl7v2::Field<'m, 'a>,
    place: &'static str,
    table: fn(&str) -> Option<Target>,
    url: &'static str,
    beside: &mut Vec<Extension<'a>>,
) -> Option<CodeableConcept<'a>> {
    let from = field.first();
    let code = from.component(1).value();
    let target = [1, 2].iter().find_map(|n| table(&from.component(*n).value().text()));
    let Some(target) = target else {
        let original = cwe::concept(cx, from, place, None)?;
        cx.warn(code.place(), "unknown-code");
        beside.push(Extension::concept(url, original));
        return None;
    };
    let coding = fhir::Coding::new(target.system, target.code);
    let mut concept = CodeableConcept::of(match target.display {
        Some(display) => coding.with_display(display),
        None => coding,
    });
    let said = code.text().trim().eq_ignore_ascii_case(target.code) || from.component(2).value().is_empty();
    if said && target.exact && from.components().skip(2).all(|component| component.value().is_empty()) {
        cx.mark(code);
        concept.text = cx.write(from.component(2).value());
    } else {
        // FHIR takes this code from one system only: what else the sender says of it stands beside.
        let original = cwe::concept(cx, from, place, None);
        beside.extend(original.map(|original| Extension::concept(url, original)));
    }
    Some(concept)
}

const LIFE_CYCLE: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-prb-problem-life-cycle-status";
const CONFIRMATION: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-prb-problem-confirmation-status";
const ONSET_TEXT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-prb-problem-onset-text";
const RESOLVED: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-prb-actual-problem-resolution-date-time";

/// The Condition of a PRB: its id. `deletes`: the event takes problems back (PC3).
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    prb: Segment<'m, 'a>,
    patient: Uuid,
    visit: Option<Uuid>,
    deletes: bool,
) -> Option<Uuid> {
    let Some([authority, number]) = key(cx, prb.field(4), prb.field(3)) else {
        cx.warn(prb.field(3).place(), "no-problem");
        return None;
    };
    let patient_key = patient.hyphenated().to_string();
    let id = cx.id(&rule::PROBLEM, &[&[&patient_key], &[&authority, &number]], prb.field(4).place());
    let mut condition = Condition { id: Some(id), ..Condition::default() };
    condition.subject = Some(Reference::to(patient));
    condition.encounter = visit.map(Reference::to);
    condition.identifier.extend(hd::ei(cx, prb.field(4).first()));
    condition.code = cwe::concept(cx, prb.field(3).first(), "PRB-3", None);
    condition.category.push(CodeableConcept::code(system::CONDITION_CATEGORY, "problem-list-item"));
    condition.category.extend(cwe::concept(cx, prb.field(10).first(), "PRB-10", None));
    condition.severity = cwe::concept(cx, prb.field(26).first(), "PRB-26", None);
    (condition.recorded_date, condition.recorded_date_ext) = cx.date_time(prb.field(7).value());
    onset(cx, prb, &mut condition);
    if let Some(label) = cwe::coding(cx, prb.field(25).first(), "PRB-25", table::confidentiality) {
        condition.meta.get_or_insert_default().security.push(label);
    }
    condition.extension.extend(beside::extensions(cx, prb, BESIDE, id));
    let action = Action::of(cx, prb, deletes);
    let (deletions, presumed) = (cx.deletions.len(), cx.presumed.len());
    status(cx, prb, id, action, &mut condition);
    let before = cx.registers;
    if action == Action::Named {
        cx.registers = crate::conversion::Authority::Mention;
    }
    match cx.entry(id) {
        None => cx.put(id, condition),
        Some(Resource::Condition(known)) => {
            let lost = again(known, condition);
            if lost.contains(&14) {
                // How far it is, the first told: what this one takes back or presumes does not count.
                cx.deletions.truncate(deletions);
                cx.presumed.truncate(presumed);
            }
            report_conflicts(cx, prb, &lost);
        }
        Some(_) => {}
    }
    cx.registers = before;
    Some(id)
}

/// The same problem twice in a message: what is new is added. The fields of what contradicts.
fn again<'a>(known: &mut Condition<'a>, told: Condition<'a>) -> Vec<usize> {
    add_new(&mut known.note, told.note);
    add_new(&mut known.extension, told.extension);
    add_new(&mut known.identifier, told.identifier);
    add_new(&mut known.category, told.category);
    if let Some(meta) = told.meta {
        add_new(&mut known.meta.get_or_insert_default().security, meta.security);
    }
    // Whether it still is, when it ended, and whether it was an error say one thing together (FHIR con-4, con-5).
    let as_far = known.clinical_status == told.clinical_status && known.abatement == told.abatement;
    let sure = if as_far {
        settle(&mut known.verification_status, told.verification_status)
    } else {
        told.verification_status.is_none() || known.verification_status == told.verification_status
    };
    let recorded = (told.recorded_date, told.recorded_date_ext);
    not_kept([
        (settle(&mut known.code, told.code), &[3]),
        (settle_or_text((&mut known.recorded_date, &mut known.recorded_date_ext), recorded), &[7]),
        (as_far, &[1, 9, 14]),
        (sure, &[13, 19]),
        (settle(&mut known.onset, told.onset), &[16, 17]),
        (settle(&mut known.severity, told.severity), &[26]),
    ])
}

/// Since when (PRB-16), and in words (PRB-17).
fn onset<'m, 'a>(cx: &mut Context<'m, 'a>, prb: Segment<'m, 'a>, condition: &mut Condition<'a>) {
    let (onset, original) = cx.date_time(prb.field(16).value());
    condition.onset = onset.map(Onset::DateTime).or(original.map(Onset::DateTimeExt));
    let Some(text) = cx.write(prb.field(17).value()) else { return };
    if condition.onset.is_none() {
        condition.onset = Some(Onset::String(text));
    } else {
        condition.extension.push(Extension::string(ONSET_TEXT, text));
    }
}

/// Whether it still is (PRB-14, PRB-9), and how sure that is (PRB-13, else PRB-19). What is taken back is
/// entered in error, and then has no clinical status (FHIR con-5).
fn status<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    prb: Segment<'m, 'a>,
    id: Uuid,
    action: Action,
    condition: &mut Condition<'a>,
) {
    let mut beside = Vec::new();
    let clinical = demanded(cx, prb.field(14), "PRB-14", table::problem_status, LIFE_CYCLE, &mut beside);
    let mut sure =
        demanded(cx, prb.field(13), "PRB-13", table::problem_confirmation, CONFIRMATION, &mut beside);
    if sure.is_none() {
        let code = prb.field(19).value().text().trim().to_ascii_uppercase();
        let target = table::problem_confirmation(&code);
        sure = target.map(|target| CodeableConcept::code(target.system, target.code));
    }
    condition.extension.extend(beside);
    let (ended, original) = cx.date_time(prb.field(9).value());
    if action == Action::Deleted {
        if clinical.is_some() {
            // What it was when it was deleted is not what it is.
            cx.unmark(prb.field(14));
            cx.ignore_field(prb.field(14), "how far a problem was that is taken back");
        }
        cx.unmark(prb.field(13));
        cx.ignore_field(prb.field(13), "how sure a problem was that is taken back");
        // FHIR con-5: no clinical status then; and con-4: without one, no end either.
        cx.deletions.push(Deletion { entry: id, path: "clinicalStatus" });
        cx.deletions.push(Deletion { entry: id, path: "abatement" });
        condition.verification_status =
            Some(CodeableConcept::code(system::CONDITION_VER_STATUS, "entered-in-error"));
        let kept = original.map(|element| ExtensionValue::Parts(element.extension));
        let value = ended.map(ExtensionValue::DateTime).or(kept);
        condition.extension.extend(value.map(|value| Extension::new(RESOLVED, value)));
        return;
    }
    let active = |code: &str| matches!(code, "active" | "recurrence" | "relapse");
    let code = clinical.as_ref().and_then(|concept| concept.coding.first()?.code.as_deref()).unwrap_or("");
    if active(code) && (ended.is_some() || original.is_some()) {
        // FHIR con-4: what is active has not ended.
        cx.warn(prb.field(9).place(), "contradicts-other-field");
        let kept = original.map(|element| ExtensionValue::Parts(element.extension));
        let value = ended.map(ExtensionValue::DateTime).or(kept);
        condition.extension.extend(value.map(|value| Extension::new(RESOLVED, value)));
    } else {
        condition.abatement = ended.map(Abatement::DateTime).or(original.map(Abatement::DateTimeExt));
    }
    condition.clinical_status = Some(match (clinical, &condition.abatement) {
        (Some(clinical), _) => clinical,
        (None, Some(_)) => CodeableConcept::code(system::CONDITION_CLINICAL, "resolved"),
        (None, None) => {
            cx.presume(id, "clinicalStatus");
            CodeableConcept::code(system::CONDITION_CLINICAL, "active")
        }
    });
    if sure.is_none() && action == Action::Said {
        // Whoever says it again takes back that it was deleted.
        cx.deletions.push(Deletion { entry: id, path: "verificationStatus" });
    }
    condition.verification_status = sure;
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "PRB",
    name: "Problem Details",
    fields: &[
        "Action Code",
        "Action Date Time",
        "Problem ID",
        "Problem Instance ID",
        "Episode of Care ID",
        "Problem List Priority",
        "Problem Established Date Time",
        "Anticipated Problem Resolution Date Time",
        "Actual Problem Resolution Date Time",
        "Problem Classification",
        "Problem Management Discipline",
        "Problem Persistence",
        "Problem Confirmation Status",
        "Problem Life Cycle Status",
        "Problem Life Cycle Status Date Time",
        "Problem Date of Onset",
        "Problem Onset Text",
        "Problem Ranking",
        "Certainty of Problem",
        "Probability of Problem 0 1",
        "Individual Awareness of Problem",
        "Problem Prognosis",
        "Individual Awareness of Prognosis",
        "Family Significant Other Awareness of Problem Prognosis",
        "Security Sensitivity",
        "Problem Severity",
        "Problem Perspective",
        "Mood Code",
    ],
    rows: &[
        to(1, "Condition.verificationStatus"),
        left(1, "what is added, changed, linked or unlinked is in the message as it now is"),
        to(2, "Condition.extension(v2-prb-action-date-time)"),
        to(3, "Condition.code"),
        to(4, "Condition.identifier"),
        to(5, "Condition.extension(v2-prb-episode-of-care-id)"),
        to(6, "Condition.extension(v2-prb-problem-list-priority)"),
        to(7, "Condition.recordedDate"),
        to(8, "Condition.extension(v2-prb-anticipated-problem-resolution-date-time)"),
        to(9, "Condition.abatementDateTime"),
        to(9, "Condition.extension(v2-prb-actual-problem-resolution-date-time)"),
        to(9, "Condition.clinicalStatus"),
        to(10, "Condition.category"),
        to(11, "Condition.extension(v2-prb-problem-management-discipline)"),
        to(12, "Condition.extension(v2-prb-problem-persistence)"),
        to(13, "Condition.verificationStatus"),
        to(13, "Condition.extension(v2-prb-problem-confirmation-status)"),
        to(14, "Condition.clinicalStatus"),
        to(14, "Condition.extension(v2-prb-problem-life-cycle-status)"),
        to(15, "Condition.extension(v2-prb-problem-life-cycle-status-date-time)"),
        to(16, "Condition.onsetDateTime"),
        to(17, "Condition.onsetString"),
        to(17, "Condition.extension(v2-prb-problem-onset-text)"),
        to(18, "Condition.extension(v2-prb-problem-ranking)"),
        to(19, "Condition.verificationStatus"),
        to(19, "Condition.extension(v2-prb-certainty-of-problem)"),
        to(20, "Condition.extension(v2-prb-probability-of-problem-0-1)"),
        to(21, "Condition.extension(v2-prb-individual-awareness-of-problem)"),
        to(22, "Condition.extension(v2-prb-problem-prognosis)"),
        to(23, "Condition.extension(v2-prb-individual-awareness-of-prognosis)"),
        to(24, "Condition.extension(v2-prb-family-significant-other-awareness-of-problem-prognosis)"),
        to(25, "Condition.meta"),
        to(26, "Condition.severity"),
        to(27, "Condition.extension(v2-prb-problem-perspective)"),
        to(28, "Condition.extension(v2-prb-mood-code)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    2 "prb-action-date-time" Is::Time,
    5 "prb-episode-of-care-id" Is::Entity,
    6 "prb-problem-list-priority" Is::Number,
    8 "prb-anticipated-problem-resolution-date-time" Is::Time,
    11 "prb-problem-management-discipline" Is::Concept,
    12 "prb-problem-persistence" Is::Concept,
    15 "prb-problem-life-cycle-status-date-time" Is::Time,
    18 "prb-problem-ranking" Is::Concept,
    19 "prb-certainty-of-problem" Is::Concept,
    20 "prb-probability-of-problem-0-1" Is::Number,
    21 "prb-individual-awareness-of-problem" Is::Concept,
    22 "prb-problem-prognosis" Is::Concept,
    23 "prb-individual-awareness-of-prognosis" Is::Concept,
    24 "prb-family-significant-other-awareness-of-problem-prognosis" Is::Text,
    27 "prb-problem-perspective" Is::Concept,
    28 "prb-mood-code" Is::Concept,
];
