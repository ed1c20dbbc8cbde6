//! The search parameters of AuditEvent: what they demand of an entry, and under which terms the index finds it.

mod date;
mod url;

pub(super) use url::check_url;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;
use zorgsluis_audit_writer::{Candidate, Criterion, Fits, Term, kinds_of_subtype, kinds_of_type};
use zorgsluis_domain::audit::EventKind;

use super::super::FhirError;
use super::patient::{all_with_identifier, in_log};
use crate::Gateway;

use date::span;

/// The parameters, with their types, for the capability statement.
pub(crate) const PARAMETERS: [(&str, &str); 8] = [
    ("action", "token"),
    ("agent", "reference"),
    ("date", "date"),
    ("entity", "reference"),
    ("outcome", "token"),
    ("patient", "reference"),
    ("subtype", "token"),
    ("type", "token"),
];

const UZI: [&str; 2] = ["http://fhir.nl/fhir/NamingSystem/uzi-nr-pers", "urn:oid:2.16.528.1.1007.3.1"];
const AGB: [&str; 2] = ["http://fhir.nl/fhir/NamingSystem/agb-z", "urn:oid:2.16.840.1.113883.2.4.6.1"];

/// Parameters of a search at most: each costs a look at every row.
const MAX_PARAMETERS: usize = 16;

/// What a search demands.
pub(super) struct Demands {
    pub(super) criteria: Vec<Criterion>,
    /// The one patient whom it is about.
    pub(super) patient: Option<String>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) newest_first: bool,
}

impl Demands {
    /// Reads the parameters; what is not understood is refused, never ignored.
    pub(super) async fn read(gateway: &Gateway, parameters: &[(String, String)]) -> Result<Self, FhirError> {
        if parameters.len() > MAX_PARAMETERS {
            return Err(FhirError::Invalid("a search of the log takes at most 16 parameters"));
        }
        let mut demands = Self {
            criteria: Vec::new(),
            patient: None,
            from: Timestamp::MIN,
            to: Timestamp::MAX,
            newest_first: true,
        };
        for (name, value) in parameters {
            if value.is_empty() {
                return Err(FhirError::Invalid("a parameter without a value"));
            }
            let (terms, fits) = match name.as_str() {
                "date" => {
                    demands.narrow(value)?;
                    continue;
                }
                "_sort" => {
                    demands.newest_first = match value.as_str() {
                        "-date" => true,
                        "date" => false,
                        _ => return Err(FhirError::Invalid("_sort may be date or -date")),
                    };
                    continue;
                }
                "patient" | "patient:identifier" | "patient.identifier" => {
                    let patients = patients(gateway, name, value).await?;
                    // The one under whom they are known here is named in the entry about this reading.
                    demands.patient = patients.first().cloned();
                    about(patients)
                }
                "agent" | "agent:identifier" | "agent.identifier" => agent(name, value)?,
                "type" => typed(value)?,
                "subtype" => subtyped(value)?,
                "action" => action(value)?,
                "outcome" => outcome(value)?,
                "entity" => entity(value)?,
                _ => {
                    return Err(FhirError::Invalid(
                        "a search parameter that is not known here; see the capability statement at /fhir/metadata",
                    ));
                }
            };
            demands.criteria.push(Criterion { terms, fits });
        }
        Ok(demands)
    }

    /// `date`: prefixes eq, ge, gt, le, lt, and a date or an instant; days are those of UTC.
    fn narrow(&mut self, value: &str) -> Result<(), FhirError> {
        let (prefix, moment) = match value.get(..2) {
            Some(prefix @ ("eq" | "ge" | "gt" | "le" | "lt")) => (prefix, value.get(2..).unwrap_or_default()),
            _ => ("eq", value),
        };
        let wrong = FhirError::Invalid(
            "date takes eq, ge, gt, le or lt and a date (YYYY, YYYY-MM, YYYY-MM-DD) or a time with Z or an offset",
        );
        let Some((start, end)) = span(moment) else { return Err(wrong) };
        let (from, to) = match prefix {
            "ge" => (start, Timestamp::MAX),
            "gt" => (end, Timestamp::MAX),
            "le" => (Timestamp::MIN, end),
            "lt" => (Timestamp::MIN, start),
            _ => (start, end),
        };
        self.from = self.from.max(from);
        self.to = self.to.min(to);
        Ok(())
    }
}

async fn patients(gateway: &Gateway, name: &str, value: &str) -> Result<Vec<String>, FhirError> {
    if name == "patient" {
        let id = value.strip_prefix("Patient/").unwrap_or(value);
        let id = (id.len() == 36).then(|| Uuid::try_parse(id).ok()).flatten();
        let id = id.ok_or(FhirError::Invalid(
            "patient takes an id of this server; by the number of another system it is patient.identifier=system|value",
        ))?;
        return in_log(gateway, id).await;
    }
    match value.split_once('|') {
        Some((system, value)) if !system.is_empty() && !value.is_empty() => {
            all_with_identifier(gateway, system, value).await
        }
        _ => Err(FhirError::Invalid("patient.identifier takes system|value")),
    }
}

type Demand = (Vec<Term>, Fits);

fn about(patients: Vec<String>) -> Demand {
    let terms = patients.iter().cloned().map(Term::Patient).collect();
    let fits = move |candidate: &Candidate<'_>| {
        candidate.entry().patient.as_ref().is_some_and(|patient| patients.contains(&patient.reference))
    };
    (terms, Arc::new(fits))
}

/// `agent`: a user id, `Practitioner/x`, or `system|value`.
fn agent(name: &str, value: &str) -> Result<Demand, FhirError> {
    if let Some((system, value)) = value.split_once('|') {
        if value.is_empty() {
            return Err(FhirError::Invalid("agent.identifier takes system|value"));
        }
        let (system, value) = (system.to_owned(), value.to_owned());
        let terms = if UZI.contains(&system.as_str()) {
            vec![Term::Uzi(value.clone())]
        } else if AGB.contains(&system.as_str()) {
            // The index has no such key; the entries of the period are gone through.
            Vec::new()
        } else {
            vec![Term::User(value.clone())]
        };
        let fits = move |candidate: &Candidate<'_>| {
            list(candidate.event(), "agent").iter().any(|agent| {
                let own =
                    list(agent, "extension").iter().filter_map(|extension| extension.get("valueIdentifier"));
                agent.pointer("/who/identifier").into_iter().chain(own).any(|identifier| {
                    text(identifier, "/system").unwrap_or_default() == system
                        && text(identifier, "/value") == Some(&value)
                })
            })
        };
        return Ok((terms, Arc::new(fits)));
    }
    if name != "agent" {
        return Err(FhirError::Invalid("agent.identifier takes system|value"));
    }
    let terms = vec![Term::User(value.to_owned()), Term::Uzi(value.to_owned())];
    let any = terms.clone();
    Ok((terms, Arc::new(move |candidate| any.iter().any(|term| term.fits(candidate.entry())))))
}

/// A code, with its system or without.
struct Token {
    system: Option<String>,
    code: String,
}

impl Token {
    fn list(value: &str) -> Result<Vec<Self>, FhirError> {
        value.split(',').map(Self::one).collect()
    }

    fn one(value: &str) -> Result<Self, FhirError> {
        let (system, code) = match value.split_once('|') {
            Some((system, code)) => (Some(system.to_owned()), code.to_owned()),
            None => (None, value.to_owned()),
        };
        if code.is_empty() {
            return Err(FhirError::Invalid("a token takes code or system|code"));
        }
        Ok(Self { system, code })
    }

    fn is(&self, coding: &Value) -> bool {
        let system = text(coding, "/system").unwrap_or_default();
        text(coding, "/code") == Some(&self.code)
            && self.system.as_ref().is_none_or(|wanted| wanted == system)
    }
}

fn by_kind(kinds: impl IntoIterator<Item = EventKind>) -> Vec<Term> {
    // An event of another system has codes of its own.
    let mut terms = vec![Term::Reported];
    for kind in kinds {
        if !terms.contains(&Term::Kind(kind)) {
            terms.push(Term::Kind(kind));
        }
    }
    terms
}

fn typed(value: &str) -> Result<Demand, FhirError> {
    let tokens = Token::list(value)?;
    let terms = by_kind(tokens.iter().flat_map(|token| kinds_of_type(token.system.as_deref(), &token.code)));
    let fits = move |candidate: &Candidate<'_>| {
        candidate.event().get("type").is_some_and(|coding| tokens.iter().any(|token| token.is(coding)))
    };
    Ok((terms, Arc::new(fits)))
}

fn subtyped(value: &str) -> Result<Demand, FhirError> {
    let tokens = Token::list(value)?;
    let kinds: Option<Vec<_>> =
        tokens.iter().map(|token| kinds_of_subtype(token.system.as_deref(), &token.code)).collect();
    let terms = kinds.map_or_else(Vec::new, |kinds| by_kind(kinds.into_iter().flatten()));
    let fits = move |candidate: &Candidate<'_>| {
        list(candidate.event(), "subtype").iter().any(|coding| tokens.iter().any(|token| token.is(coding)))
    };
    Ok((terms, Arc::new(fits)))
}

/// A code of a required binding: its system may stand before it.
fn codes(value: &str, system: &str, known: &[&str]) -> Option<Vec<String>> {
    let code = |token: &str| {
        let code = match token.split_once('|') {
            Some((stated, code)) => (stated == system).then_some(code)?,
            None => token,
        };
        known.contains(&code).then(|| code.to_owned())
    };
    value.split(',').map(code).collect()
}

fn action(value: &str) -> Result<Demand, FhirError> {
    const SYSTEM: &str = "http://hl7.org/fhir/audit-event-action";
    let wrong = FhirError::Invalid("action takes C, R, U, D or E");
    let wanted = codes(value, SYSTEM, &["C", "R", "U", "D", "E"]).ok_or(wrong)?;
    Ok((Vec::new(), has_code("action", wanted)))
}

fn outcome(value: &str) -> Result<Demand, FhirError> {
    const SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/audit-event-outcome";
    let wrong = FhirError::Invalid("outcome takes 0, 4, 8 or 12");
    let wanted = codes(value, SYSTEM, &["0", "4", "8", "12"]).ok_or(wrong)?;
    let terms = if wanted.iter().any(|code| code == "0") { Vec::new() } else { vec![Term::NotSucceeded] };
    Ok((terms, has_code("outcome", wanted)))
}

fn has_code(element: &'static str, wanted: Vec<String>) -> Fits {
    Arc::new(move |candidate: &Candidate<'_>| {
        candidate
            .event()
            .get(element)
            .and_then(Value::as_str)
            .is_some_and(|code| wanted.iter().any(|wanted| wanted == code))
    })
}

/// `entity`: `Type/id`, in any version unless one is named.
fn entity(value: &str) -> Result<Demand, FhirError> {
    if !value.contains('/') {
        return Err(FhirError::Invalid("entity takes a reference: Type/id"));
    }
    let wanted = value.to_owned();
    let fits = move |candidate: &Candidate<'_>| {
        list(candidate.event(), "entity").iter().any(|entity| {
            let reference = text(entity, "/what/reference").unwrap_or_default();
            let resource = reference.split_once("/_history/").map_or(reference, |(resource, _)| resource);
            reference == wanted || resource == wanted
        })
    };
    Ok((Vec::new(), Arc::new(fits)))
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}
