//! Engines that are not our own: what they get of a note, and the entries that say so.

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;
use zorgsluis_clinical_text::deidentify::{Known, deidentify};
use zorgsluis_domain::port::{PageRequest, ResourceKey, Search, StoredResource, TextAnalysis};
use zorgsluis_domain::text::{Analysis, Language};
use zorgsluis_domain::{Phi, PortError};

use crate::Enricher;
use crate::engine::{EngineName, analyse, aside};
use crate::note::{Document, Text, object};
use crate::run::Done;
use crate::trail::Trail;

/// Related persons of a patient who are looked at, at most.
const RELATED: usize = 1_000;

/// Asks another engine about the texts of one document.
pub(crate) struct Outside<'a> {
    enricher: &'a Enricher,
    document: &'a Document,
    patient: Option<Uuid>,
    trail: &'a Trail<'a>,
    /// Who is known around the document; read when the first text goes out.
    known: Option<Arc<Known>>,
}

impl<'a> Outside<'a> {
    pub(crate) const fn new(
        enricher: &'a Enricher,
        document: &'a Document,
        patient: Option<Uuid>,
        trail: &'a Trail<'a>,
    ) -> Self {
        Self { enricher, document, patient, trail, known: None }
    }

    /// Lets an engine read an English text. What leaves the organisation is de-identified where the
    /// settings say so, and recorded first; the answer is about the text as it stands.
    pub(crate) async fn ask(
        &mut self,
        engine: &Arc<dyn TextAnalysis>,
        text: &Text,
        done: &mut Done,
    ) -> Result<Analysis, PortError> {
        const ENGLISH: Option<Language> = Some(Language::English);
        if !engine.is_outside() {
            return analyse(engine, text.text.clone(), ENGLISH).await;
        }
        let masked = if self.enricher.settings.deidentify {
            let (original, known) = (text.text.clone(), self.known(done).await?);
            Some(aside(move || deidentify(original.expose_phi(), &known)).await?)
        } else {
            None
        };
        let name = EngineName::of(&**engine);
        let entries =
            [self.trail.of_disclosure(self.document, text.attachment, &name, masked.is_some(), self.patient)];
        self.enricher.audit.record(&entries).await?;
        done.entries(&entries);
        match masked {
            Some(masked) => {
                let sent = Phi::new(masked.text().to_owned());
                Ok(masked.restore(engine.analyse(&sent, ENGLISH).await?, text.text.expose_phi()))
            }
            None => engine.analyse(&text.text, ENGLISH).await,
        }
    }

    /// Who is known around the document: the patient, also under merged numbers, related persons, the
    /// visit and the author.
    async fn known(&mut self, done: &mut Done) -> Result<Arc<Known>, PortError> {
        let known = match self.known.take() {
            Some(known) => known,
            None => {
                let people = self.people().await?;
                let entries = [self.trail.of_known(&people, self.patient)];
                self.enricher.audit.record(&entries).await?;
                done.entries(&entries);
                let mut known = Known::default();
                for one in &people {
                    learn(&mut known, &object(one)?);
                }
                Arc::new(known)
            }
        };
        Ok(Arc::clone(self.known.insert(known)))
    }

    async fn people(&self) -> Result<Vec<StoredResource>, PortError> {
        let mut keys: Vec<ResourceKey> = Vec::new();
        let references = [&self.document.encounter, &self.document.author];
        keys.extend(references.into_iter().flatten().filter_map(|one| ResourceKey::parse(one)));
        let mut related = Vec::new();
        if let Some(patient) = self.patient {
            let merged = self.enricher.patients.merged_into(patient).await?;
            let all = std::iter::once(patient).chain(merged);
            keys.extend(all.map(|id| ResourceKey::new("Patient", id.to_string())));
            related = self.related(patient).await?;
        }
        let mut found: Vec<StoredResource> =
            self.enricher.fhir.read(&keys).await?.into_iter().flatten().filter(|one| !one.deleted).collect();
        found.append(&mut related);
        Ok(found)
    }

    async fn related(&self, patient: Uuid) -> Result<Vec<StoredResource>, PortError> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let search = Search {
                resource_type: String::from("RelatedPerson"),
                parameters: Phi::new(vec![(String::from("patient"), format!("Patient/{patient}"))]),
                page: PageRequest { after: after.take(), limit: 100 },
            };
            let page = self.enricher.fhir.search(&search).await?;
            found.extend(page.items);
            match page.next {
                Some(next) if found.len() < RELATED => after = Some(next),
                _ => return Ok(found),
            }
        }
    }
}

/// Adds what a resource says of a person or an organisation.
fn learn(known: &mut Known, resource: &Map<String, Value>) {
    let kind = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
    match (kind, resource.get("name")) {
        ("Organization", Some(Value::String(name))) => {
            known.institution(name);
        }
        (_, Some(names)) => each(names).for_each(|name| learn_name(known, name)),
        _ => {}
    }
    for (element, value) in resource {
        match element.as_str() {
            "identifier" => texts(value, "value").for_each(|number| {
                known.identifier(number);
            }),
            "telecom" => each(value).for_each(|telecom| learn_telecom(known, telecom)),
            "address" => each(value).for_each(|address| learn_address(known, address)),
            "birthDate" => value.as_str().into_iter().for_each(|date| {
                known.date(date);
            }),
            "contact" => {
                for contact in each(value) {
                    let part = |name: &str| contact.get(name).into_iter().flat_map(each);
                    part("name").for_each(|name| learn_name(known, name));
                    part("telecom").for_each(|telecom| learn_telecom(known, telecom));
                    part("address").for_each(|address| learn_address(known, address));
                }
            }
            "generalPractitioner" => texts(value, "display").for_each(|name| {
                known.name(name);
            }),
            "participant" => {
                let people = each(value).filter_map(|one| one.pointer("/individual/display")?.as_str());
                people.for_each(|name| {
                    known.name(name);
                });
            }
            _ => {}
        }
    }
}

fn learn_name(known: &mut Known, name: &Value) {
    // Each part, with the own and the partner's name (extensions of `_family`), and the name as a whole.
    let parts = ["text", "family"].into_iter().filter_map(|element| name.get(element)?.as_str());
    let given = name.get("given").into_iter().flat_map(each).filter_map(Value::as_str);
    let family = name.pointer("/_family/extension").into_iter().flat_map(|all| texts(all, "valueString"));
    for part in parts.chain(given).chain(family) {
        known.name(part);
    }
    let first = name.get("given").into_iter().flat_map(each).find_map(Value::as_str);
    if let (Some(first), Some(family)) = (first, name.get("family").and_then(Value::as_str)) {
        known.name(&format!("{first} {family}"));
    }
}

fn learn_telecom(known: &mut Known, telecom: &Value) {
    let Some(value) = telecom.get("value").and_then(Value::as_str) else { return };
    match telecom.get("system").and_then(Value::as_str) {
        Some("email") => known.email(value),
        _ => known.phone(value),
    };
}

fn learn_address(known: &mut Known, address: &Value) {
    let lines = address.get("line").into_iter().flat_map(each).filter_map(Value::as_str);
    let others = ["text", "postalCode"].into_iter().filter_map(|element| address.get(element)?.as_str());
    for line in lines.chain(others) {
        known.address(line);
    }
    for town in ["city", "district"].into_iter().filter_map(|element| address.get(element)?.as_str()) {
        known.place(town);
    }
}

/// The members of a list, or the one value.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    let (list, one) = match value {
        Value::Array(list) => (list.as_slice(), None),
        one => (&[][..], Some(one)),
    };
    list.iter().chain(one)
}

fn texts<'a>(list: &'a Value, element: &'static str) -> impl Iterator<Item = &'a str> {
    each(list).filter_map(move |one| one.get(element)?.as_str())
}
