//! Which patient an event is about: another system names them in its own way.

use uuid::Uuid;
use zorgsluis_audit_writer::reported::{Issue, NamedPatient};
use zorgsluis_domain::port::{IndexedIdentifier, ResourceKey, stand_in};

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
        (None, None, Some((system, value))) => Ok(Ok(format!("Patient/{}", unknown(gateway, system, value)))),
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
    let known = match by_identifier(gateway, system, value).await? {
        Some(patient) => vec![patient],
        // Whose it was when the dossier was destroyed: the lines are kept longer.
        None => {
            let pseudonym = IndexedIdentifier::of(&*gateway.0.parts.keys, system, value).pseudonym;
            gateway.0.parts.patients.erased_with(&pseudonym).await?
        }
    };
    let mut all = Vec::new();
    for patient in known {
        all.extend(in_log(gateway, patient).await?);
    }
    let unknown = format!("Patient/{}", unknown(gateway, system, value));
    if !all.contains(&unknown) {
        all.push(unknown);
    }
    Ok(all)
}

/// All under whom entries about a patient stand.
pub(super) async fn in_log(gateway: &Gateway, patient: Uuid) -> Result<Vec<String>, FhirError> {
    let all = gateway.0.parts.patients.in_log(patient).await?;
    gateway.0.parts.audit_log.with_lines(&all).await.map_err(FhirError::from)
}

async fn by_identifier(gateway: &Gateway, system: &str, value: &str) -> Result<Option<Uuid>, FhirError> {
    let parts = &gateway.0.parts;
    let pseudonym = IndexedIdentifier::of(&*parts.keys, system, value).pseudonym;
    match parts.patients.resolve(&[pseudonym]).await?.into_iter().next().flatten() {
        Some(patient) => Ok(Some(parts.patients.survivor(patient).await?)),
        None => Ok(None),
    }
}

/// Who stands for a patient whom nobody here knows.
fn unknown(gateway: &Gateway, system: &str, value: &str) -> Uuid {
    stand_in(&*gateway.0.parts.keys, system, value)
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
