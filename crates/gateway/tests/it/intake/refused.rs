//! Events that break a rule.

use axum::http::StatusCode;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use zorgsluis_audit_writer::reported::check;
use zorgsluis_domain::audit::EventKind;

use super::issues;
use crate::patterns::{NUMBER, PATTERNS, WHEN, event, patient};
use crate::support::{BSN, World, keep, logged};

/// What is changed, and which place is then named with which code.
fn damaged() -> Vec<(Value, &'static str, &'static str)> {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut event = event("PatientRead");
        change(&mut event);
        event
    };
    let without = |name: &str| {
        with(&|event| {
            event.as_object_mut().unwrap().remove(name);
        })
    };
    vec![
        (without("outcome"), "AuditEvent.outcome", "required"),
        (without("recorded"), "AuditEvent.recorded", "required"),
        (without("agent"), "AuditEvent.agent", "required"),
        (without("source"), "AuditEvent.source", "required"),
        (with(&|e| e["action"] = json!("X")), "AuditEvent.action", "code-invalid"),
        (with(&|e| e["recorded"] = json!("2026-03-02")), "AuditEvent.recorded", "value"),
        (with(&|e| e["recorded"] = json!("2999-03-02T10:00:00Z")), "AuditEvent.recorded", "value"),
        (with(&|e| e["recorded"] = json!("1970-01-01T00:00:00Z")), "AuditEvent.recorded", "value"),
        (with(&|e| e["Sluiswachter"] = json!(1)), "AuditEvent", "structure"),
        (with(&|e| e["agent"][2]["requestor"] = json!("ja")), "AuditEvent.agent[2].requestor", "value"),
        (with(&|e| e["agent"] = json!({})), "AuditEvent.agent", "structure"),
        (with(&|e| e["subtype"] = json!([])), "AuditEvent.subtype", "structure"),
        (with(&|e| e["contained"] = json!([{}])), "AuditEvent.contained[0]", "not-supported"),
        (
            with(&|e| e["text"] = json!({ "status": "generated", "div": "<script/>" })),
            "AuditEvent.text.div",
            "value",
        ),
        (
            with(&|e| e["agent"][0]["who"] = json!({ "reference": "#x" })),
            "AuditEvent.agent[0].who.reference",
            "invariant",
        ),
        (
            with(&|e| e["agent"][0]["who"]["reference"] = json!("Location/1")),
            "AuditEvent.agent[0].who.reference",
            "value",
        ),
        (with(&|e| e["entity"][1]["query"] = json!("*")), "AuditEvent.entity[1].query", "value"),
        (
            with(&|e| {
                e["extension"] = json!([{ "url": "http://x", "valueHumanName": { "text": "Sluiswachter" } }])
            }),
            "AuditEvent.extension[0]",
            "structure",
        ),
        // BALP.
        (with(&|e| e["subtype"][0]["code"] = json!("create")), "AuditEvent.subtype", "required"),
        (with(&|e| e["outcome"] = json!("8")), "AuditEvent.outcome", "value"),
        (
            with(&|e| {
                e["agent"][0].as_object_mut().unwrap().remove("network");
            }),
            "AuditEvent.agent[0].network",
            "required",
        ),
        (
            with(&|e| {
                e["entity"].as_array_mut().unwrap().remove(0);
            }),
            "AuditEvent.entity",
            "required",
        ),
        (
            with(&|e| {
                e["meta"]["profile"][0] =
                    json!("https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.Sluiswachter")
            }),
            "AuditEvent.meta.profile[0]",
            "value",
        ),
        // One patient, who can be told.
        (
            with(&|e| {
                let other = patient(BSN);
                e["entity"].as_array_mut().unwrap().push(other);
            }),
            "AuditEvent.entity",
            "required",
        ),
        (
            with(&|e| e["entity"][0]["what"] = json!({ "display": "Sluiswachter" })),
            "AuditEvent.entity[0].what",
            "required",
        ),
    ]
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_place_and_repeats_no_value() {
    let world = World::with_log().await;
    for (n, (event, at, code)) in damaged().into_iter().enumerate() {
        let answer = world.submit("epd", &event).await;
        let found = issues(&answer.json());
        assert!(found.contains(&(at.to_owned(), code.to_owned())), "{at} {code}: {}", answer.body);
        assert!(answer.status.is_client_error());
        for phi in ["Sluiswachter", NUMBER, BSN, "Waterman", "900030787"] {
            assert!(!answer.body.contains(phi), "{phi} in {}", answer.body);
        }
        keep(&format!("outcome-intake-{n:02}"), &answer);
    }
    let (doubled, event) = ("{\"outcome\":\"8\",", event("Read").to_string());
    let twice = world.submit_text("epd", "/fhir/AuditEvent", event.replacen('{', doubled, 1)).await;
    assert_eq!((twice.status.as_u16(), twice.issue().as_str()), (400, "structure"));
    let entries = world.entries();
    assert!(entries.iter().all(|entry| entry.event.kind == EventKind::Refusal), "nothing was taken");
    let written = serde_json::to_string(&entries).unwrap();
    let logged = logged();
    for phi in ["Sluiswachter", NUMBER, "Waterman"] {
        assert!(!written.contains(phi) && !logged.contains(phi), "{phi}");
    }
}

/// Everything that a pattern demands is taken away, and everything that it fixes is changed, one after the other.
#[test]
fn an_event_that_names_a_pattern_and_breaks_one_of_its_rules_is_refused() {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let refused = |event: &Value| check(&event.to_string(), now).is_err();
    let mut tried = 0;
    for pattern in PATTERNS {
        let whole = event(pattern);
        assert!(!refused(&whole), "{pattern}");
        let rest = whole["type"]["code"] == "rest";
        let mut broken: Vec<(String, Value)> = Vec::new();
        let mut breaks = |what: String, change: &dyn Fn(&mut Value)| {
            let mut event = whole.clone();
            change(&mut event);
            broken.push((what, event));
        };
        breaks("type".into(), &|event| event["type"]["code"] = json!("110100"));
        breaks("no subtype".into(), &|event| drop(event.as_object_mut().unwrap().remove("subtype")));
        breaks("action".into(), &|event| {
            event["action"] = json!(if event["action"] == "E" { "R" } else { "E" });
        });
        if rest {
            breaks("subtype".into(), &|event| event["subtype"][0]["code"] = json!("operation"));
            breaks("outcome".into(), &|event| event["outcome"] = json!("4"));
        }
        for (n, agent) in whole["agent"].as_array().unwrap().iter().enumerate() {
            let user = agent["requestor"] == true;
            // The patterns of REST need no user.
            if !(user && rest) {
                breaks(format!("no agent {n}"), &|event| {
                    drop(event["agent"].as_array_mut().unwrap().remove(n))
                });
            }
            breaks(format!("agent {n} twice"), &|event| {
                let again = event["agent"][n].clone();
                event["agent"].as_array_mut().unwrap().push(again);
            });
            breaks(format!("agent {n} without who"), &|event| {
                drop(event["agent"][n].as_object_mut().unwrap().remove("who"))
            });
            if agent["network"].is_object() {
                breaks(format!("agent {n} without network"), &|event| {
                    event["agent"][n].as_object_mut().unwrap().remove("network");
                });
            } else {
                breaks(format!("agent {n} with a network"), &|event| {
                    event["agent"][n]["network"] = json!({ "address": "10.0.0.1", "type": "2" });
                });
            }
            if !pattern.starts_with("Privacy") {
                breaks(format!("agent {n} with media"), &|event| {
                    event["agent"][n]["media"] =
                        json!({ "system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110030" });
                });
            }
        }
        for n in 0..whole["entity"].as_array().unwrap().len() {
            breaks(format!("no entity {n}"), &|event| {
                drop(event["entity"].as_array_mut().unwrap().remove(n))
            });
            // Of what was disclosed, and of a consent, the role is free.
            if rest || n == 0 {
                breaks(format!("role of entity {n}"), &|event| {
                    event["entity"][n]["role"]["code"] = json!("6")
                });
            }
        }
        if !rest {
            breaks("observer".into(), &|event| {
                event["source"]["observer"]["identifier"]["value"] = json!("pacs")
            });
        }
        for (what, event) in &broken {
            assert!(refused(event), "{pattern}: {what}");
            tried += 1;
        }
    }
    assert!(tried > 150, "{tried}");
}

/// JSON of any shape, with the names of an AuditEvent now and then.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~é]{0,12}".prop_map(Value::from),
        Just(json!(WHEN)),
    ];
    let name = prop_oneof![
        "[a-z_]{0,6}",
        prop::sample::select(vec![
            "agent",
            "who",
            "entity",
            "what",
            "reference",
            "extension",
            "url",
            "_recorded",
            "meta"
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// All places in a JSON value.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, value)| places(value, &format!("{at}/{n}"), found))
        }
        _ => {}
    }
}

#[test]
fn whatever_comes_is_taken_or_refused_with_an_outcome() {
    // One world for all: making one takes longer than what is tried.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = runtime.block_on(async { World::new() });
    let tried = (
        prop::sample::select(PATTERNS.to_vec()),
        any::<prop::sample::Index>(),
        any_json(),
        any::<Option<prop::sample::Index>>(),
    );
    let mut runner = TestRunner::new(ProptestConfig { cases: 150, ..ProptestConfig::default() });
    let result = runner.run(&tried, |(pattern, at, put, cut)| {
        let mut event = event(pattern);
        let mut all = Vec::new();
        places(&event, "", &mut all);
        let place: &String = at.get(&all);
        *event.pointer_mut(place).unwrap() = put;
        let mut text = event.to_string();
        if let Some(cut) = cut {
            let mut end = cut.index(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        let answer = runtime.block_on(world.submit_text("epd", "/fhir/AuditEvent", text.clone()));
        if answer.status != StatusCode::CREATED {
            prop_assert!(answer.status.is_client_error(), "{} {text}", answer.status);
            let outcome: Value = serde_json::from_str(&answer.body).unwrap();
            prop_assert_eq!(&outcome["resourceType"], "OperationOutcome");
            prop_assert!(!issues(&outcome).is_empty());
            prop_assert!(outcome["issue"][0]["expression"][0].as_str().unwrap().starts_with("AuditEvent"));
        }
        world.entries();
        Ok(())
    });
    assert!(result.is_ok(), "{result:?}");
}
