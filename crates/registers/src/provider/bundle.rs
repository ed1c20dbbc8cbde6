//! Providers in a FHIR R4 Bundle: a Practitioner each, with what its PractitionerRoles, their
//! Organization and Endpoint say.

use jiff::Timestamp;
use serde_json::Value;
use zorgsluis_domain::text::Language;

use super::{Record, Said};
use crate::RegisterError;
use crate::bundle::{Bundle, each, string};
use crate::check;
use crate::report::{Findings, Place};

/// The extension of Practitioner, PractitionerRole or Endpoint that holds the certificate:
/// `valueBase64Binary`, DER.
pub const CERTIFICATE_EXTENSION: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/smime-certificate";

/// `official`, else the first.
fn name(practitioner: &Value) -> Option<String> {
    let official = |name: &&Value| string(name, "/use") == Some("official");
    let names = || each(practitioner, "name");
    let name = names().find(official).or_else(|| names().next())?;
    if let Some(text) = string(name, "/text") {
        return Some(text.to_owned());
    }
    let parts = |part: &'static str| each(name, part).filter_map(Value::as_str);
    let all: Vec<&str> = parts("prefix").chain(parts("given")).chain(string(name, "/family")).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// The e-mail address among telecoms.
fn mail(resource: &Value) -> Option<&str> {
    each(resource, "telecom")
        .filter(|telecom| {
            string(telecom, "/system") == Some("email") && string(telecom, "/use") != Some("old")
        })
        .find_map(|telecom| string(telecom, "/value"))
}

fn certificate_of(resource: &Value) -> Option<&str> {
    each(resource, "extension")
        .find(|extension| string(extension, "/url") == Some(CERTIFICATE_EXTENSION))
        .and_then(|extension| string(extension, "/valueBase64Binary"))
}

fn language(practitioner: &Value) -> Option<Language> {
    each(practitioner, "communication")
        .flat_map(|concept| each(concept, "coding"))
        .filter_map(|coding| string(coding, "/code"))
        .find_map(Language::from_code)
}

/// An Endpoint that is a mailbox: `mailto:…`.
fn mailbox(endpoint: &Value) -> Option<&str> {
    let active = string(endpoint, "/status").is_none_or(|status| status == "active");
    string(endpoint, "/address")?.strip_prefix("mailto:").filter(|_| active)
}

fn is_active(resource: &Value) -> bool {
    resource.get("active").and_then(Value::as_bool) != Some(false)
}

struct Reader<'b> {
    bundle: &'b Bundle,
    roles: Vec<(usize, &'b Value)>,
    now: Timestamp,
}

impl Reader<'_> {
    fn record(&self, nth: usize, practitioner: &Value) -> Record {
        let place = Place { line: 0, entry: format!("entry[{nth}].resource") };
        let mut record = Record::new(Findings::new(place));
        for identifier in each(practitioner, "identifier") {
            if let (Some(system), Some(value)) = (string(identifier, "/system"), string(identifier, "/value"))
                && string(identifier, "/use") != Some("old")
            {
                record.identifier(system, value, "identifier");
            }
        }
        record.name = name(practitioner).unwrap_or_default();
        let roles: Vec<&Value> = self
            .roles
            .iter()
            .filter(|(_, role)| self.bundle.target(role.get("practitioner")).is_some_and(|(of, _)| of == nth))
            .map(|(_, role)| *role)
            .collect();
        let in_use: Vec<&Value> = roles.iter().copied().filter(|role| is_active(role)).collect();
        let endpoints: Vec<&Value> = in_use
            .iter()
            .flat_map(|role| each(role, "endpoint"))
            .filter_map(|reference| Some(self.bundle.target(Some(reference))?.1))
            .collect();
        if let Some(organisation) = in_use.iter().find_map(|role| self.organisation(role)) {
            match check::text(&organisation) {
                Ok(()) => record.organisation = Said::This(Some(organisation)),
                Err(code) => record.findings.refuse("organization", code),
            }
        }
        let address = mail(practitioner)
            .or_else(|| in_use.iter().find_map(|role| mail(role)))
            .or_else(|| endpoints.iter().find_map(|endpoint| mailbox(endpoint)));
        if let Some(address) = address {
            record.address(address, "telecom");
        }
        if let Some(language) = language(practitioner) {
            record.language = Said::This(language);
        }
        let certificate = certificate_of(practitioner)
            .or_else(|| in_use.iter().find_map(|role| certificate_of(role)))
            .or_else(|| endpoints.iter().find_map(|endpoint| certificate_of(endpoint)));
        if let Some(certificate) = certificate {
            record.certificate(certificate.as_bytes(), "extension", self.now);
        }
        // Who has roles and none of them in use any more is no longer there.
        let active = is_active(practitioner) && (roles.is_empty() || !in_use.is_empty());
        let says = practitioner.get("active").is_some() || !roles.is_empty();
        if says {
            record.active = Said::This(active);
        }
        record.complete("identifier", "name");
        record
    }

    fn organisation(&self, role: &Value) -> Option<String> {
        let reference = role.get("organization");
        let named = self.bundle.target(reference).and_then(|(_, organisation)| string(organisation, "/name"));
        named.or_else(|| string(reference?, "/display")).map(str::to_owned)
    }
}

/// The Practitioners of a Bundle.
pub(crate) fn read(data: &[u8], now: Timestamp) -> Result<Vec<Record>, RegisterError> {
    let bundle = Bundle::read(data)?;
    let reader = Reader { bundle: &bundle, roles: bundle.of_type("PractitionerRole").collect(), now };
    Ok(bundle.of_type("Practitioner").map(|(nth, practitioner)| reader.record(nth, practitioner)).collect())
}
