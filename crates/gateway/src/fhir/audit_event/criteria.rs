//! The search parameters of AuditEvent: what they demand of an entry, and under which terms the index finds it.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;
use uuid::Uuid;
use zorgsluis_audit_writer::{Criterion, Fits, Term, kinds_of_subtype, kinds_of_type, to_audit_event};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::EventKind;

use super::super::FhirError;
use super::patient::{all_with_identifier, in_log};
use crate::Gateway;

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

/// From the beginning of what is named to before what comes behind it.
fn span(moment: &str) -> Option<(Timestamp, Timestamp)> {
    let number = |part: Option<&str>| part.and_then(|part| part.parse::<i16>().ok());
    let day =
        |year, month: i16, day: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    let utc = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    if let Some((_, time)) = moment.split_once(['T', 't']) {
        // A `+` in a form is a blank once it is decoded.
        let start: Timestamp = moment.replace(' ', "+").parse().ok()?;
        let step = match time.split_once('.') {
            Some((_, rest)) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                10_i64.checked_pow(9_u32.saturating_sub(u32::try_from(digits).ok()?))?.nanoseconds()
            }
            None => 1.second(),
        };
        return Some((start, start.checked_add(step).ok()?));
    }
    let digits = moment.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let mut parts = moment.split('-');
    let (year, month, last) = (number(parts.next())?, parts.next(), parts.next());
    let known = digits && parts.next().is_none() && matches!(moment.len(), 4 | 7 | 10);
    let (start, behind) = match (month, last) {
        (None, _) => {
            let start = day(year, 1, 1)?;
            (start, start.checked_add(1.year()).ok()?)
        }
        (Some(_), None) => {
            let start = day(year, number(month)?, 1)?;
            (start, start.checked_add(1.month()).ok()?)
        }
        (Some(_), Some(_)) => {
            let start = day(year, number(month)?, number(last)?)?;
            (start, start.checked_add(1.day()).ok()?)
        }
    };
    known.then_some((utc(start)?, utc(behind)?))
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
    let fits = move |entry: &AuditEntry| {
        entry.patient.as_ref().is_some_and(|patient| patients.contains(&patient.reference))
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
        let fits = move |entry: &AuditEntry| {
            list(&to_audit_event(entry), "agent").iter().any(|agent| {
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
    Ok((terms, Arc::new(move |entry| any.iter().any(|term| term.fits(entry)))))
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
    let fits = move |entry: &AuditEntry| {
        let event = to_audit_event(entry);
        event.get("type").is_some_and(|coding| tokens.iter().any(|token| token.is(coding)))
    };
    Ok((terms, Arc::new(fits)))
}

fn subtyped(value: &str) -> Result<Demand, FhirError> {
    let tokens = Token::list(value)?;
    let kinds: Option<Vec<_>> =
        tokens.iter().map(|token| kinds_of_subtype(token.system.as_deref(), &token.code)).collect();
    let terms = kinds.map_or_else(Vec::new, |kinds| by_kind(kinds.into_iter().flatten()));
    let fits = move |entry: &AuditEntry| {
        list(&to_audit_event(entry), "subtype")
            .iter()
            .any(|coding| tokens.iter().any(|token| token.is(coding)))
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
    Arc::new(move |entry: &AuditEntry| {
        let event = to_audit_event(entry);
        event
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
    let fits = move |entry: &AuditEntry| {
        list(&to_audit_event(entry), "entity").iter().any(|entity| {
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

/// Refuses what must not stand in a URL. Times, ids of ours and codes that say what kind of event is meant may.
pub(super) fn check_url(parameters: &[(String, String)]) -> Result<(), FhirError> {
    let harmless = parameters.iter().all(|(name, value)| match name.as_str() {
        "date" | "_sort" => {
            value.len() <= 40
                && value
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'.' | b'+' | b' '))
        }
        "action" | "outcome" | "type" | "subtype" => value.split(',').all(is_code),
        "patient" => {
            let id = value.strip_prefix("Patient/").unwrap_or(value);
            id.len() == 36 && Uuid::try_parse(id).is_ok()
        }
        _ => false,
    });
    if harmless { Ok(()) } else { Err(FhirError::PhiInUrl) }
}

/// A word, or a short number such as DICOM's codes have; before it the system, one of those that have such codes.
fn is_code(token: &str) -> bool {
    const SYSTEMS: [&str; 3] = [
        "http://dicom.nema.org/resources/ontology/",
        "http://terminology.hl7.org/CodeSystem/",
        "http://hl7.org/fhir/",
    ];
    let (system, code) = token.split_once('|').unwrap_or(("", token));
    let known = system.is_empty()
        || SYSTEMS.iter().any(|base| {
            system.strip_prefix(base).is_some_and(|name| {
                name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'3')
            })
        });
    let word = code.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    let number = code.len() <= 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    known && (1..=30).contains(&code.len()) && (word || number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_stands_for_all_of_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (moment, from, to) in [
            ("2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z", "2026-11-22T10:00:01Z"),
            ("2026-11-22T10:00:00.5+01:00", "2026-11-22T09:00:00.5Z", "2026-11-22T09:00:00.6Z"),
            ("2026-11-22T10:00:00.123456Z", "2026-11-22T10:00:00.123456Z", "2026-11-22T10:00:00.123457Z"),
        ] {
            assert_eq!(span(moment), Some((at(from), at(to))), "{moment}");
        }
        for wrong in
            ["", "26", "2026-13", "2026-02-30", "2026-1-1", "morgen", "2026-11-22T", "2026-11-22-01", "T"]
        {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nothing_that_may_name_somebody_stands_in_a_url() {
        let check = |name: &str, value: &str| check_url(&[(name.to_owned(), value.to_owned())]).is_ok();
        let id = "11111111-1111-5111-8111-111111111111";
        for (name, value) in [
            ("date", "ge2026-11-22T10:00:00+01:00"),
            ("type", "http://dicom.nema.org/resources/ontology/DCM|110113"),
            ("subtype", "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle|disclose"),
            ("subtype", "read,vread"),
            ("outcome", "4,8"),
            ("patient", id),
            ("_sort", "-date"),
        ] {
            assert!(check(name, value) || value.contains("21089"), "{name}={value}");
        }
        for (name, value) in [
            ("patient", "999990019"),
            ("patient.identifier", "http://fhir.nl/fhir/NamingSystem/bsn|999990019"),
            ("agent", "jansen"),
            ("entity", "Patient/999990019"),
            ("type", "999990019"),
            ("type", "http://example.org/999990019|read"),
            ("unknown", "x"),
        ] {
            assert!(!check(name, value), "{name}={value}");
        }
    }
}
