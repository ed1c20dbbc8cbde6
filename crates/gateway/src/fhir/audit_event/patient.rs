//! Which patient an event is about: another system names them in its own way.

use uuid::Uuid;
use zorgsluis_audit_writer::reported::{Issue, NamedPatient};
use zorgsluis_domain::Purpose;
use zorgsluis_domain::port::ResourceKey;

use super::super::FhirError;
use crate::Gateway;
use crate::clients::Client;

/// The patient as `Patient/<id>`: the one to whom the identifier belongs, or whose id it is here. A patient whom nobody
/// here knows is named by a pseudonym of the identifier, always the same.
///
/// The inner error says that the patient cannot be told.
pub(super) async fn resolve(
    gateway: &Gateway,
    client: &Client,
    named: &NamedPatient,
) -> Result<Result<String, Issue>, FhirError> {
    let own = match own_id(named) {
        Some(id) if is_here(gateway, id).await? => Some(gateway.0.parts.patients.survivor(id).await?),
        _ => None,
    };
    let identifier = named.identifier.clone().or_else(|| number(client, named).filter(|_| own.is_none()));
    let found = match &identifier {
        Some((system, value)) => by_identifier(gateway, system, value).await?,
        None => None,
    };
    let issue = |code, text: &str| {
        let expression = named.expression.clone();
        Ok(Err(Issue { code, expression, text: text.to_owned() }))
    };
    match (own, found, &identifier) {
        (Some(own), Some(found), _) if own != found => {
            issue("business-rule", "reference and identifier are of different patients")
        }
        (Some(patient), ..) | (None, Some(patient), _) => Ok(Ok(format!("Patient/{patient}"))),
        (None, None, Some((system, value))) => Ok(Ok(stand_in(gateway, system, value))),
        (None, None, None) => {
            let text = "a patient who is not known here by this reference: send what.identifier with system and value";
            issue("not-found", text)
        }
    }
}

/// All under whom entries about the patient with an identifier may stand: whom it belongs to, all who were merged with
/// them, and the stand-in from before anybody here knew them.
pub(super) async fn all_with_identifier(
    gateway: &Gateway,
    system: &str,
    value: &str,
) -> Result<Vec<String>, FhirError> {
    let mut all = match by_identifier(gateway, system, value).await? {
        Some(patient) => with_merged(gateway, patient).await?,
        None => Vec::new(),
    };
    all.push(stand_in(gateway, system, value));
    Ok(all)
}

/// A patient and all who were merged with them.
pub(super) async fn with_merged(gateway: &Gateway, patient: Uuid) -> Result<Vec<String>, FhirError> {
    let patients = &gateway.0.parts.patients;
    let survivor = patients.survivor(patient).await?;
    let mut all = vec![survivor];
    all.extend(patients.merged_into(survivor).await?);
    if !all.contains(&patient) {
        all.push(patient);
    }
    Ok(all.into_iter().map(|patient| format!("Patient/{patient}")).collect())
}

async fn by_identifier(gateway: &Gateway, system: &str, value: &str) -> Result<Option<Uuid>, FhirError> {
    let parts = &gateway.0.parts;
    let pseudonym = parts.keys.pseudonym(Purpose::PatientIndex, &[system.as_bytes(), value.as_bytes()]);
    match parts.patients.resolve(&[pseudonym]).await?.into_iter().next().flatten() {
        Some(patient) => Ok(Some(parts.patients.survivor(patient).await?)),
        None => Ok(None),
    }
}

/// Who stands for a patient whom nobody here knows.
fn stand_in(gateway: &Gateway, system: &str, value: &str) -> String {
    let parts = [b"patient of another system".as_slice(), system.as_bytes(), value.as_bytes()];
    let pseudonym = gateway.0.parts.keys.pseudonym(Purpose::AuditLog, &parts);
    let mut bytes = [0; 16];
    for (byte, of) in bytes.iter_mut().zip(pseudonym.as_bytes()) {
        *byte = *of;
    }
    format!("Patient/{}", uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// A relative reference with an id such as we make them.
fn own_id(named: &NamedPatient) -> Option<Uuid> {
    let id = named.reference.as_deref()?.strip_prefix("Patient/")?;
    if id.len() == 36 { Uuid::try_parse(id).ok() } else { None }
}

async fn is_here(gateway: &Gateway, id: Uuid) -> Result<bool, FhirError> {
    let key = ResourceKey::new("Patient", id.to_string());
    let found = gateway.0.parts.standing.read(std::slice::from_ref(&key)).await?;
    Ok(found.into_iter().flatten().next().is_some())
}

/// The number in `Patient/<number>`, of the system that the client's settings name.
fn number(client: &Client, named: &NamedPatient) -> Option<(String, String)> {
    let system = client.patient_system.as_deref()?;
    let id = named.reference.as_deref()?.strip_prefix("Patient/")?;
    Some((system.to_owned(), id.to_owned()))
}
