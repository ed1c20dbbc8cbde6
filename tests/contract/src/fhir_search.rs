//! The contract of [`FhirStore::search`].

use serde_json::json;
use zorgsluis_domain::port::{FhirStore, PageRequest, Precondition, Search, Write};
use zorgsluis_domain::{Phi, PortError};

use crate::fhir_store::{encounter, key, put};

const ABSENT: Precondition = Precondition::Absent;

fn search(resource_type: &str, parameters: &[(&str, &str)], page: PageRequest) -> Search {
    let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Search { resource_type: resource_type.into(), parameters: Phi::new(parameters), page }
}

/// The ids found, sorted.
async fn found(store: &impl FhirStore, resource_type: &str, parameters: &[(&str, &str)]) -> Vec<String> {
    let page = store.search(&search(resource_type, parameters, PageRequest::first(100))).await.unwrap();
    assert_eq!(page.next, None);
    let mut ids: Vec<_> = page.items.into_iter().map(|found| found.key.id).collect();
    ids.sort();
    ids
}

/// Invented people with test BSNs.
async fn patients(store: &impl FhirStore) {
    let bsn = "http://fhir.nl/fhir/NamingSystem/bsn";
    let own = "http://hl7.org/fhir/StructureDefinition/humanname-own-name";
    store
        .transaction(&[
            put(
                "Patient/1",
                ABSENT,
                json!({
                    "identifier": [{"system": bsn, "value": "999911120"}, {"value": "local"}],
                    "active": true,
                    "name": [{"family": "van den Bérg", "given": ["Zoë", "M."],
                              "_family": {"extension": [{"url": own, "valueString": "Bérg"}]}}],
                    "gender": "female", "birthDate": "1980-06-23",
                }),
            ),
            put(
                "Patient/2",
                ABSENT,
                json!({
                    "identifier": [{"system": bsn, "value": "999990019"}, {"system": "urn:x", "value": "local"}],
                    "active": false,
                    "name": [{"family": "Bergsma", "given": ["Jan"]}],
                    "gender": "male", "birthDate": "1980",
                }),
            ),
            put("Patient/3", ABSENT, json!({"name": [{"text": "Onbekend"}], "birthDate": "1979-12"})),
            put("Practitioner/1", ABSENT, json!({"name": [{"family": "Bergman"}]})),
        ])
        .await
        .unwrap();
}

pub async fn tokens_match_with_and_without_system<S: FhirStore>(store: S) {
    patients(&store).await;
    for (value, expected) in [
        ("http://fhir.nl/fhir/NamingSystem/bsn|999911120", vec!["1"]),
        ("999911120", vec!["1"]),
        ("http://fhir.nl/fhir/NamingSystem/bsn|", vec!["1", "2"]),
        ("local", vec!["1", "2"]),
        ("|local", vec!["1"]),
        ("urn:x|local", vec!["2"]),
        ("urn:x|999911120", vec![]),
        ("999911120,999990019", vec!["1", "2"]),
        ("99991112", vec![]),
    ] {
        assert_eq!(found(&store, "Patient", &[("identifier", value)]).await, expected, "{value}");
    }
    assert_eq!(found(&store, "Patient", &[("active", "true")]).await, ["1"]);
    assert_eq!(found(&store, "Patient", &[("gender", "male,female"), ("active", "false")]).await, ["2"]);
}

pub async fn strings_match_from_their_beginning<S: FhirStore>(store: S) {
    patients(&store).await;
    for (name, value, expected) in [
        ("family", "berg", vec!["1", "2"]),
        ("family", "BÈRGs", vec!["2"]),
        ("family", "van den b", vec!["1"]),
        ("family", "zoe", vec![]),
        ("given", "zoe", vec!["1"]),
        ("name", "ZOË", vec!["1"]),
        ("name", "onbe", vec!["3"]),
        ("name", "bekend", vec![]),
        ("family:exact", "Bergsma", vec!["2"]),
        ("family:exact", "bergsma", vec![]),
        ("family:exact", "Bergs", vec![]),
        ("name", "jan,onbekend", vec!["2", "3"]),
    ] {
        assert_eq!(found(&store, "Patient", &[(name, value)]).await, expected, "{name}={value}");
    }
    assert_eq!(found(&store, "Patient", &[("name", "berg"), ("given", "jan")]).await, ["2"]);
}

pub async fn dates_match_at_their_precision<S: FhirStore>(store: S) {
    patients(&store).await;
    for (value, expected) in [
        ("1980-06-23", vec!["1"]),
        ("1980-06", vec!["1"]),
        ("1980", vec!["1", "2"]),
        ("eq1979", vec!["3"]),
        ("ge1980", vec!["1", "2"]),
        ("ge1980-06-23", vec!["1", "2"]),
        ("gt1980-06-23", vec!["2"]),
        ("gt1980", vec![]),
        ("lt1980", vec!["3"]),
        ("le1980-06-23", vec!["1", "2", "3"]),
        ("lt1980-06-23", vec!["2", "3"]),
        ("le1979-12", vec!["3"]),
        ("1980-06-23,1979", vec!["1", "3"]),
    ] {
        assert_eq!(found(&store, "Patient", &[("birthdate", value)]).await, expected, "{value}");
    }
    assert_eq!(found(&store, "Patient", &[("birthdate", "ge1979"), ("birthdate", "lt1980")]).await, ["3"]);
    let encounter = |id: &str, period| {
        let mut resource = encounter();
        resource["period"] = period;
        put(&format!("Encounter/{id}"), ABSENT, resource)
    };
    store
        .transaction(&[
            encounter(
                "closed",
                json!({"start": "2024-03-01T10:00:00+01:00", "end": "2024-03-03T10:00:00+01:00"}),
            ),
            encounter("open", json!({"start": "2024-03-02T23:30:00Z"})),
        ])
        .await
        .unwrap();
    assert_eq!(found(&store, "Encounter", &[("date", "2024-03")]).await, ["closed"]);
    assert_eq!(found(&store, "Encounter", &[("date", "gt2024-03-03")]).await, ["open"]);
    assert_eq!(
        found(&store, "Encounter", &[("date", "ge2024-03-03T00:30:00+01:00")]).await,
        ["closed", "open"]
    );
}

pub async fn references_match_by_id_and_type<S: FhirStore>(store: S) {
    let observation = |id: &str, subject: &str, code: &str| {
        put(
            &format!("Observation/{id}"),
            ABSENT,
            json!({
                "status": "final", "subject": {"reference": subject},
                "code": {"coding": [{"system": "http://loinc.org", "code": code}, {"system": "urn:l", "code": "L"}]},
                "performer": [{"reference": "Organization/o"}, {"reference": "Practitioner/x"}],
            }),
        )
    };
    store
        .transaction(&[
            put("Patient/x", ABSENT, json!({})),
            put("Patient/y", ABSENT, json!({})),
            put("Group/x", ABSENT, json!({"type": "person", "actual": true})),
            put("Organization/o", ABSENT, json!({"name": "Laboratorium"})),
            put("Practitioner/x", ABSENT, json!({"name": [{"family": "Arts"}]})),
            observation("1", "Patient/x", "718-7"),
            observation("2", "Patient/y", "718-7"),
            observation("3", "Group/x", "2345-7"),
        ])
        .await
        .unwrap();
    for (name, value, expected) in [
        ("patient", "x", vec!["1"]),
        ("patient", "Patient/x", vec!["1"]),
        ("patient", "Patient/x,Patient/y", vec!["1", "2"]),
        ("patient", "Group/x", vec![]),
        ("subject", "x", vec!["1", "3"]),
        ("subject", "Group/x", vec!["3"]),
        ("subject:Patient", "x", vec!["1"]),
        ("performer", "Practitioner/x", vec!["1", "2", "3"]),
        ("code", "http://loinc.org|718-7", vec!["1", "2"]),
        ("code", "L", vec!["1", "2", "3"]),
        ("_id", "1,3,9", vec!["1", "3"]),
    ] {
        assert_eq!(found(&store, "Observation", &[(name, value)]).await, expected, "{name}={value}");
    }
    assert_eq!(found(&store, "Observation", &[("patient", "x"), ("code", "2345-7")]).await, [""; 0]);
    assert_eq!(
        found(&store, "Observation", &[("status", "final"), ("code", "718-7"), ("_id", "2")]).await,
        ["2"]
    );
}

pub async fn only_current_resources_are_found<S: FhirStore>(store: S) {
    store.transaction(&[put("Patient/a", ABSENT, json!({"name": [{"family": "Oud"}]}))]).await.unwrap();
    let changed = put("Patient/a", Precondition::Version(1), json!({"name": [{"family": "Nieuw"}]}));
    store.transaction(&[changed]).await.unwrap();
    assert_eq!(found(&store, "Patient", &[("family", "oud")]).await, [""; 0]);
    assert_eq!(found(&store, "Patient", &[("family", "nieuw")]).await, ["a"]);
    let page = store.search(&search("Patient", &[], PageRequest::first(10))).await.unwrap();
    assert_eq!((page.items.len(), page.items[0].version), (1, 2));
    let stamp = page.items[0].last_updated;
    assert_eq!(found(&store, "Patient", &[("_lastUpdated", &format!("ge{stamp}"))]).await, ["a"]);
    assert_eq!(found(&store, "Patient", &[("_lastUpdated", &format!("gt{stamp}"))]).await, [""; 0]);
    store
        .transaction(&[Write::Delete { key: key("Patient/a"), precondition: Precondition::Version(2) }])
        .await
        .unwrap();
    assert_eq!(found(&store, "Patient", &[("family", "nieuw")]).await, [""; 0]);
    assert_eq!(found(&store, "Patient", &[("_id", "a")]).await, [""; 0]);
    assert_eq!(found(&store, "Patient", &[]).await, [""; 0]);
    let again = put("Patient/a", ABSENT, json!({"name": [{"family": "Weer"}]}));
    store.transaction(&[again]).await.unwrap();
    assert_eq!(found(&store, "Patient", &[("family", "weer")]).await, ["a"]);
}

pub async fn pages_stay_put_while_resources_come<S: FhirStore>(store: S) {
    let add = |n: usize| put(&format!("Location/l{n}"), ABSENT, json!({"name": "Zaal", "status": "active"}));
    for n in 0..7 {
        store.transaction(&[add(n)]).await.unwrap();
    }
    for parameters in
        [vec![], vec![("status", "active")], vec![("name", "zaal"), ("status", "active,inactive")]]
    {
        let mut seen = Vec::new();
        let mut page = PageRequest::first(3);
        loop {
            let found = store.search(&search("Location", &parameters, page.clone())).await.unwrap();
            assert!(found.items.len() <= 3);
            seen.extend(found.items.into_iter().map(|item| item.key.id));
            // Something changes between pages: nothing is shown twice, nothing old is left out.
            let number = seen.len() % 7;
            let current =
                store.read(&[key(&format!("Location/l{number}"))]).await.unwrap().remove(0).unwrap();
            let write = put(
                &format!("Location/l{number}"),
                Precondition::Version(current.version),
                json!({"name": "Zaal", "status": "active"}),
            );
            store.transaction(&[write]).await.unwrap();
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        seen.sort();
        assert_eq!(seen, ["l0", "l1", "l2", "l3", "l4", "l5", "l6"]);
    }
}

pub async fn what_is_not_understood_is_refused<S: FhirStore>(store: S) {
    patients(&store).await;
    for (resource_type, name, value) in [
        ("Patient", "shoe-size", "42"),
        ("Patient", "deceased:missing", "true"),
        ("Patient", "family:contains", "berg"),
        ("Patient", "identifier:exact", "1"),
        ("Patient", "birthdate", "yesterday"),
        ("Patient", "birthdate", "ap1980"),
        ("Patient", "gender", ""),
        ("Patient", "name", "a,,b"),
        ("Patient", "_sort", "name"),
        ("Patient", "organization.name", "x"),
        ("Observation", "subject:Patient", "Group/1"),
        ("Spaceship", "name", "x"),
    ] {
        let refused = store.search(&search(resource_type, &[(name, value)], PageRequest::first(5))).await;
        let Err(PortError::Refused { reason, .. }) = refused else {
            panic!("{resource_type}?{name}={value}")
        };
        assert!(value.len() < 3 || !reason.contains(value), "a reason holds no value: {reason}");
    }
    let page = PageRequest { after: Some("nonsense".into()), limit: 5 };
    assert!(matches!(store.search(&search("Patient", &[], page)).await, Err(PortError::Refused { .. })));
}
