use std::collections::BTreeSet;

use axum::http::StatusCode;
use uuid::Uuid;

use crate::support::{BSN, World, keep, patient_with_id};

fn id(n: u128) -> String {
    Uuid::from_u128(0x1111_1111_1111_5111_8111_0000_0000_0000 + n).to_string()
}

async fn many(count: u128) -> World {
    let world = World::new();
    for n in 0..count {
        world.put("Patient", &id(n), &patient_with_id(&id(n), "Sluiswachter", BSN)).await;
    }
    world
}

/// The path of the `next` link.
fn next(json: &serde_json::Value) -> Option<String> {
    let links = json["link"].as_array().unwrap();
    let next = links.iter().find(|link| link["relation"] == "next")?;
    Some(next["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:8080").unwrap().to_owned())
}

#[tokio::test]
async fn a_search_goes_through_all_pages_once_and_no_link_tells_what_was_searched_for() {
    let world = many(53).await;
    let mut answer = world.search("Patient", "name=sluiswachter&_count=10").await;
    keep("searchset-page", &answer);
    let mut seen = BTreeSet::new();
    let mut pages = 0;
    loop {
        let json = answer.json();
        for entry in json["entry"].as_array().unwrap() {
            assert!(seen.insert(entry["resource"]["id"].as_str().unwrap().to_owned()), "shown twice");
        }
        pages += 1;
        let Some(path) = next(&json) else { break };
        assert!(!path.to_lowercase().contains("sluiswachter") && !path.contains("name"), "{path}");
        answer = world.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    assert_eq!((seen.len(), pages), (53, 6));
    // Each page was logged with what was searched for.
    let entries = world.entries();
    let queries: BTreeSet<_> = entries.iter().map(|entry| entry.objects[0].query.clone().unwrap()).collect();
    assert_eq!(queries, BTreeSet::from(["name=sluiswachter".to_owned()]));
    assert_eq!(entries.len(), 53, "one entry a patient");
}

#[tokio::test]
async fn a_history_is_paged_too() {
    let world = World::new();
    for n in 0..12 {
        world.put("Patient", &id(1), &patient_with_id(&id(1), &format!("Naam{n}"), BSN)).await;
    }
    let mut path = format!("/fhir/Patient/{}/_history?_count=5", id(1));
    let mut versions = Vec::new();
    loop {
        let json = world.get(&path).await.json();
        for entry in json["entry"].as_array().unwrap() {
            versions.push(entry["resource"]["meta"]["versionId"].as_str().unwrap().parse::<u32>().unwrap());
        }
        let Some(next) = next(&json) else { break };
        path = next;
    }
    assert_eq!(versions, (1..=12).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_link_is_good_for_its_own_type_and_run_only() {
    let world = many(3).await;
    let path = next(&world.search("Patient", "_count=1").await.json()).unwrap();
    let token = path.split_once("_page=").unwrap().1;
    let elsewhere = world.get(&format!("/fhir/Observation?_page={token}")).await;
    assert_eq!((elsewhere.status, elsewhere.issue().as_str()), (StatusCode::GONE, "expired"));
    let with_more = world.get(&format!("{path}&_count=5")).await;
    assert_eq!(with_more.status, StatusCode::BAD_REQUEST);
    assert_eq!(World::new().get(&path).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn count_is_bounded() {
    let world = many(3).await;
    let answer = world.search("Patient", "_count=100000").await;
    assert_eq!(answer.json()["entry"].as_array().unwrap().len(), 3);
}
