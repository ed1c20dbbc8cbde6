//! Reading it from the store.

use std::collections::HashSet;

use serde_json::Value;
use uuid::Uuid;
use zorgsluis_domain::notice::{NoticeOrder, NotifiedEvent};
use zorgsluis_domain::port::{FhirStore, PageRequest, ResourceKey, Search, StoredResource};
use zorgsluis_domain::{Phi, PortError};

use super::json::{at, concept, has_code, list, name, text};
use super::{Certainty, Dossier, List, Report, Statement, Visit, result};

/// Conditions and medicines in a letter at most.
const STATEMENTS: usize = 100;
/// Resources of one type that are looked at for them at most.
const LOOKED_AT: usize = 2000;
/// Reports in a letter at most.
const REPORTS: usize = 20;
/// Results in a report at most.
const OBSERVATIONS: usize = 200;
/// Places above a bed at most.
const PLACES: usize = 6;

const ICD_10: &str = "http://hl7.org/fhir/sid/icd-10";
const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn";

/// Reads what a letter about this order tells, of the patient as `survivor`.
pub(crate) async fn read(
    store: &dyn FhirStore,
    order: &NoticeOrder,
    survivor: Uuid,
) -> Result<Dossier, PortError> {
    let mut reader = Reader { store, read: Vec::new() };
    let mut dossier = Dossier::default();
    let patient = ResourceKey::new("Patient", survivor.to_string());
    if let Some(patient) = reader.one(&patient).await? {
        dossier.name = name(&patient);
        dossier.birth_date = text(&patient, "birthDate").map(str::to_owned);
        dossier.sex = text(&patient, "gender").map(str::to_owned);
        dossier.numbers = numbers(&patient);
    }
    let visit = order.encounter.map(|id| ResourceKey::new("Encounter", id.to_string()));
    if let Some(key) = &visit
        && let Some(encounter) = reader.one(key).await?
    {
        dossier.visit = reader.visit(&encounter).await?;
    }
    if order.event == NotifiedEvent::Result {
        for about in order.about.iter().filter_map(|about| ResourceKey::parse(about)) {
            if about.resource_type != "DiagnosticReport" {
                continue;
            }
            if dossier.reports.items.len() == REPORTS {
                dossier.reports.more = true;
                break;
            }
            if let Some(report) = reader.one(&about).await? {
                let report = reader.report(&report).await?;
                dossier.reports.items.push(report);
            }
        }
    }
    let visit = visit.map(|key| key.to_string());
    dossier.conditions = reader.statements("Condition", survivor, visit.as_deref(), condition).await?;
    dossier.medicines =
        reader.statements("MedicationStatement", survivor, visit.as_deref(), medicine).await?;
    dossier.read = reader.read;
    Ok(dossier)
}

struct Reader<'s> {
    store: &'s dyn FhirStore,
    read: Vec<(ResourceKey, u64)>,
}

impl Reader<'_> {
    async fn one(&mut self, key: &ResourceKey) -> Result<Option<Value>, PortError> {
        let mut found = self.store.read(std::slice::from_ref(key)).await?;
        found.pop().flatten().map_or(Ok(None), |stored| self.taken(&stored))
    }

    /// A resource that is not deleted, and that it was read.
    fn taken(&mut self, stored: &StoredResource) -> Result<Option<Value>, PortError> {
        if stored.deleted {
            return Ok(None);
        }
        let value = serde_json::from_slice(stored.json.expose_phi()).map_err(|_| PortError::Damaged {
            operation: "fhir.read",
            reason: String::from("a resource is no JSON"),
        })?;
        let read = (stored.key.clone(), stored.version);
        if !self.read.contains(&read) {
            self.read.push(read);
        }
        Ok(Some(value))
    }

    async fn reference(&mut self, reference: Option<&str>) -> Result<Option<Value>, PortError> {
        match reference.and_then(ResourceKey::parse) {
            Some(key) => self.one(&key).await,
            None => Ok(None),
        }
    }

    async fn visit(&mut self, encounter: &Value) -> Result<Visit, PortError> {
        let mut visit = Visit {
            start: text(encounter, "period.start").map(str::to_owned),
            end: text(encounter, "period.end").map(str::to_owned),
            ..Visit::default()
        };
        let attending = list(encounter, "participant")
            .find(|participant| list(participant, "type").any(|kind| has_code(Some(kind), &["ATND"])))
            .and_then(|participant| participant.get("individual"));
        if let Some(attending) = attending {
            visit.attending = self.person(attending).await?;
        }
        let places: Vec<&Value> = list(encounter, "location").collect();
        let place = places
            .iter()
            .rev()
            .find(|place| text(place, "status") == Some("active"))
            .or_else(|| places.last())
            .and_then(|place| place.get("location"));
        if let Some(place) = place {
            visit.ward = self.ward(place).await?;
        }
        Ok(visit)
    }

    /// The name behind a reference to a Practitioner or PractitionerRole.
    async fn person(&mut self, reference: &Value) -> Result<Option<String>, PortError> {
        if let Some(display) = text(reference, "display") {
            return Ok(Some(display.to_owned()));
        }
        let Some(found) = self.reference(text(reference, "reference")).await? else { return Ok(None) };
        match text(&found, "resourceType") {
            Some("PractitionerRole") => {
                let Some(person) = found.get("practitioner") else { return Ok(None) };
                if let Some(display) = text(person, "display") {
                    return Ok(Some(display.to_owned()));
                }
                let person = self.reference(text(person, "reference")).await?;
                Ok(person.as_ref().and_then(name))
            }
            _ => Ok(name(&found)),
        }
    }

    /// The ward that a bed or room is of: the outermost place that is no building or organisation.
    async fn ward(&mut self, reference: &Value) -> Result<Option<String>, PortError> {
        let mut ward = text(reference, "display").map(str::to_owned);
        let mut next = text(reference, "reference").map(str::to_owned);
        for _ in 0..PLACES {
            let Some(place) = self.reference(next.as_deref()).await? else { break };
            if has_code(place.get("physicalType"), &["si", "bu", "wi", "lvl"]) {
                break;
            }
            let named = match (text(&place, "name"), text(&place, "description")) {
                (Some(name), Some(description)) if name != description => {
                    Some(format!("{name} ({description})"))
                }
                (name, description) => name.or(description).map(str::to_owned),
            };
            ward = named.or(ward);
            next = text(&place, "partOf.reference").map(str::to_owned);
        }
        Ok(ward)
    }

    async fn report(&mut self, report: &Value) -> Result<Report, PortError> {
        let keys: Vec<ResourceKey> = list(report, "result")
            .filter_map(|result| text(result, "reference").and_then(ResourceKey::parse))
            .collect();
        let mut observations = List { items: Vec::new(), more: keys.len() > OBSERVATIONS };
        let kept: Vec<ResourceKey> = keys.into_iter().take(OBSERVATIONS).collect();
        if !kept.is_empty() {
            for stored in self.store.read(&kept).await?.iter().flatten() {
                if let Some(observation) = self.taken(stored)? {
                    observations.items.extend(result::observed(&observation));
                }
            }
        }
        Ok(Report {
            name: report.get("code").and_then(concept).unwrap_or_default(),
            at: text(report, "effectiveDateTime")
                .or_else(|| text(report, "effectivePeriod.start"))
                .or_else(|| text(report, "issued"))
                .map(str::to_owned),
            status: text(report, "status").unwrap_or_default().to_owned(),
            conclusion: text(report, "conclusion").map(str::to_owned),
            observations,
        })
    }

    /// What stands of a patient: what is surer first, then that of the visit. The visit is searched by
    /// itself, so that however much a patient has, what belongs to the event is not cut off.
    async fn statements(
        &mut self,
        kind: &str,
        patient: Uuid,
        visit: Option<&str>,
        statement: impl Fn(&Value) -> Option<Statement>,
    ) -> Result<List<Statement>, PortError> {
        let whose = (String::from("patient"), format!("Patient/{patient}"));
        let of_visit = visit.map(|visit| {
            let parameter = if kind == "Condition" { "encounter" } else { "context" };
            vec![whose.clone(), (parameter.to_owned(), visit.to_owned())]
        });
        let mut found: Vec<(Statement, bool, StoredResource)> = Vec::new();
        let mut seen = HashSet::new();
        let mut more = false;
        for (elsewhere, parameters) in [(false, of_visit), (true, Some(vec![whose]))] {
            let Some(parameters) = parameters else { continue };
            let mut after = None;
            let mut looked_at = 0;
            loop {
                let search = Search {
                    resource_type: kind.to_owned(),
                    parameters: Phi::new(parameters.clone()),
                    page: PageRequest { after: after.take(), limit: 100 },
                };
                let page = self.store.search(&search).await?;
                looked_at += page.items.len();
                for stored in page.items {
                    let value: Value = serde_json::from_slice(stored.json.expose_phi()).unwrap_or_default();
                    let Some(said) = statement(&value) else { continue };
                    if seen.insert(stored.key.clone()) {
                        found.push((said, elsewhere, stored));
                    }
                }
                match page.next {
                    Some(next) if looked_at < LOOKED_AT => after = Some(next),
                    next => {
                        more |= next.is_some();
                        break;
                    }
                }
            }
        }
        found.sort_by_key(|(said, elsewhere, _)| (said.certainty as u8, *elsewhere));
        let mut list: List<Statement> = List { items: Vec::new(), more };
        for (said, _, stored) in found {
            // What is surer stands for what repeats it.
            if list.items.iter().any(|known| known.repeats(&said)) {
                continue;
            }
            if list.items.len() == STATEMENTS {
                list.more = true;
                break;
            }
            self.taken(&stored)?;
            list.items.push(said);
        }
        Ok(list)
    }
}

/// What the hospital calls the patient: identifiers of type PI or MR; where there is none, all but the BSN.
fn numbers(patient: &Value) -> Vec<String> {
    let of = |own: bool| {
        list(patient, "identifier")
            .filter(|identifier| text(identifier, "system") != Some(BSN))
            .filter(|identifier| !has_code(identifier.get("type"), &["NNNLD", "SS", "NI"]))
            .filter(|identifier| text(identifier, "use") != Some("old"))
            .filter(move |identifier| !own || has_code(identifier.get("type"), &["PI", "MR"]))
            .filter_map(|identifier| text(identifier, "value").map(str::to_owned))
            .take(3)
            .collect::<Vec<_>>()
    };
    let own = of(true);
    if own.is_empty() { of(false) } else { own }
}

/// The codes of a CodeableConcept. ICD-10 and its national versions are one system: what they have in common
/// means the same in each.
fn codes(concept: &Value) -> Vec<(String, String)> {
    let system = |system: &str| if system.starts_with(ICD_10) { ICD_10 } else { system }.to_owned();
    list(concept, "coding")
        .filter_map(|coding| Some((system(text(coding, "system")?), text(coding, "code")?.to_uppercase())))
        .collect()
}

fn by_software(resource: &Value) -> bool {
    list(resource, "meta.tag").any(|tag| text(tag, "code") == Some("machine-extracted"))
}

/// A condition that may stand in a letter: not withdrawn, not refuted, not over.
fn condition(resource: &Value) -> Option<Statement> {
    let verification = resource.get("verificationStatus");
    let over = has_code(resource.get("clinicalStatus"), &["inactive", "remission", "resolved"]);
    if over || has_code(verification, &["refuted", "entered-in-error"]) {
        return None;
    }
    // What software read and a person confirmed since is no longer a reading of software.
    let certainty = if by_software(resource) && !has_code(verification, &["confirmed"]) {
        Certainty::ReadBySoftware
    } else if has_code(verification, &["unconfirmed", "provisional", "differential"]) {
        Certainty::Supposed
    } else {
        Certainty::Stated
    };
    let code = resource.get("code")?;
    Some(Statement { text: concept(code)?, codes: codes(code), dosed: false, certainty })
}

/// A medicine that may stand in a letter: not withdrawn, not stopped.
fn medicine(resource: &Value) -> Option<Statement> {
    if !matches!(text(resource, "status"), Some("active" | "intended" | "unknown" | "on-hold")) {
        return None;
    }
    let certainty = if by_software(resource) { Certainty::ReadBySoftware } else { Certainty::Stated };
    let name = resource
        .get("medicationCodeableConcept")
        .and_then(concept)
        .or_else(|| at(resource, "medicationReference.display").and_then(Value::as_str).map(str::to_owned))?;
    let codes = resource.get("medicationCodeableConcept").map(codes).unwrap_or_default();
    let dosage: Vec<&str> = list(resource, "dosage").filter_map(|dosage| text(dosage, "text")).collect();
    let text = if dosage.is_empty() { name } else { format!("{name}, {}", dosage.join("; ")) };
    Some(Statement { text, codes, dosed: !dosage.is_empty(), certainty })
}
