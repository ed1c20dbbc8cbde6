//! Orders, their changes, their cancellation and their results, in whatever order they arrive.

use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::world::{World, adt, after, assert_same, ends_the_same_in_reverse};

const PID: &str = "PID|1||1000002^^^LINDE^PI~999990032^^^NLMINBIZA^NNNLD||Bakker&&Bakker^P||19481103|M";

/// An order message: minute of 5 November 2026 after nine, ORC-1, number, ORC-5, OBR-4, and what follows.
fn orm(minute: u32, control: &str, number: &str, status: &str, code: &str, more: &[&str]) -> String {
    let at = format!("2026110509{minute:02}00");
    let body = more.iter().map(|segment| format!("{segment}\r")).collect::<String>();
    format!(
        "MSH|^~\\&|ZorgDomein||OrderModule|LINDE|{at}||ORM^O01^ORM_O01|O{minute}{control}|P|2.4|||||NLD|8859/1\r\
         {PID}\rORC|{control}|{number}^ZorgDomein|||{status}||||{at}|||01004567^de Wit^A^^^^^^VEKTIS\r\
         OBR|1|{number}^ZorgDomein||{code}^{code}^99zda|R\r{body}"
    )
}

/// A result of the laboratory that answers the order.
fn result(minute: u32, number: &str, orc5: &str, status: &str) -> String {
    let at = format!("2026110509{minute:02}00");
    format!(
        "MSH|^~\\&|LABSYS|LINDE|ZORGSLUIS|LINDE|{at}||ORU^R01|R{minute}|P|2.5.1|||||NLD|8859/1\r{PID}\r\
         ORC|RE|{number}^ZorgDomein|F{number}^LABSYS||{orc5}\r\
         OBR|1|{number}^ZorgDomein|F{number}^LABSYS|X^anders genoemd^99zli|||20261105080000|||||||||||||||{at}||LAB|{status}\r\
         OBX|1|NM|K^kalium^99zli||4.0|mmol/L|||||{status}\r"
    )
}

fn story() -> Vec<String> {
    vec![
        orm(0, "NW", "A", "", "LAB", &["NTE|1|P|Graag bellen.", "OBX|1|NM|GEWICHT^Gewicht^99zda||84|kg"]),
        orm(1, "NW", "B", "", "FOTO", &[]),
        orm(5, "XO", "A", "", "LABX", &["OBX|1|NM|GEWICHT^Gewicht^99zda||86|kg"]),
        orm(7, "OK", "A", "IP", "ANDERS", &[]),
        orm(10, "CA", "B", "", "FOTO", &[]),
        result(20, "A", "IP", "P"),
        result(30, "A", "CM", "F"),
    ]
}

/// Statuses of requests and tasks by order number.
async fn states(world: &World) -> Vec<(String, String, String)> {
    let all = world.all().await;
    let mut states = Vec::new();
    for (key, request) in all.iter().filter(|(key, _)| key.starts_with("ServiceRequest/")) {
        let task = all.values().find(|one| one["focus"]["reference"] == key.as_str());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let number = request["identifier"].as_array().unwrap().iter().map(|one| text(&one["value"])).min();
        states.push((
            number.unwrap(),
            text(&request["status"]),
            task.map(|task| text(&task["status"])).unwrap_or_default(),
        ));
    }
    states.sort();
    states
}

async fn task(world: &World) -> Value {
    let all = world.all().await;
    all.values().find(|one| one["resourceType"] == "Task").unwrap().clone()
}

fn state(number: &str, request: &str, task: &str) -> (String, String, String) {
    (number.to_owned(), request.to_owned(), task.to_owned())
}

#[tokio::test]
async fn an_order_its_change_its_cancellation_and_its_result() {
    let world = after(&story()).await;
    let ended = states(&world).await;
    assert_eq!(ended, [state("A", "completed", "completed"), state("B", "revoked", "cancelled")]);
    let all = world.all().await;
    let order =
        all.values().find(|one| one["resourceType"] == "ServiceRequest" && one["status"] == "completed");
    let order = order.unwrap();
    assert_eq!(order["code"]["coding"][0]["code"], "LABX", "who placed it says what it is");
    assert_eq!(order["note"][0]["text"], "Graag bellen.");
    let weights: Vec<&Value> = all
        .values()
        .filter(|one| one["valueQuantity"]["unit"] == "kg")
        .map(|one| &one["valueQuantity"]["value"])
        .collect();
    assert_eq!(weights, [&Value::from(86)], "the changed answer takes the place of the old one");
}

#[tokio::test]
async fn a_result_before_its_order_ends_the_same() {
    ends_the_same_in_reverse(story()).await;
}

#[test]
fn any_order_of_arrival_ends_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let expected = after(&story()).await.all().await;
        let mut runner = TestRunner::new(Config::default());
        for _ in 0..12 {
            let shuffled = Just(story()).prop_shuffle().new_tree(&mut runner).unwrap().current();
            let when: Vec<&str> = shuffled.iter().map(|one| one.split('|').nth(9).unwrap()).collect();
            let ended = after(&shuffled).await.all().await;
            assert_same(&ended, &expected, &format!("{when:?}"));
            let mut authored: Vec<&Value> = ended
                .values()
                .filter(|one| one["resourceType"] == "ServiceRequest")
                .map(|one| &one["authoredOn"])
                .collect();
            authored.sort_by_key(|time| time.to_string());
            assert_eq!(
                authored,
                ["2026-11-05T09:00:00+01:00", "2026-11-05T09:01:00+01:00"],
                "neither changed nor cancelled then: {when:?}"
            );
        }
    });
}

#[tokio::test]
async fn when_an_order_was_placed_only_the_message_says_that_places_it() {
    let placed = orm(0, "NW", "A", "", "LAB", &[]);
    for (control, status) in [("CA", ""), ("XO", ""), ("SC", "IP"), ("OK", ""), ("UC", "")] {
        let later = orm(50, control, "A", status, "LAB", &[]);
        for messages in [[&placed, &later], [&later, &placed]] {
            let world = after(messages).await;
            let (order, task) = (world.one("ServiceRequest").await, task(&world).await);
            assert_eq!(order["authoredOn"], "2026-11-05T09:00:00+01:00", "{control}");
            assert_eq!(task["authoredOn"], order["authoredOn"], "{control}");
            assert_eq!(task["businessStatus"]["coding"][0]["code"], control);
            let time = &task["businessStatus"]["extension"][0];
            assert_eq!(time["valueDateTime"], "2026-11-05T09:50:00+01:00", "{control}");
        }
        let alone = after([&later]).await;
        assert_eq!(alone.one("ServiceRequest").await.get("authoredOn"), None, "{control}");
    }
    let answered = result(20, "A", "CM", "F").replace("||CM\r", "||CM||||20261105092000\r");
    let world = after([&answered]).await;
    assert_eq!(world.one("ServiceRequest").await.get("authoredOn"), None, "a result places nothing");
}

#[tokio::test]
async fn a_filler_that_cannot_cancel_keeps_the_order() {
    let world = after(&[
        orm(0, "NW", "A", "", "LAB", &[]),
        orm(5, "CA", "A", "", "LAB", &[]),
        orm(6, "UC", "A", "CM", "LAB", &[]),
    ])
    .await;
    assert_eq!(states(&world).await, [state("A", "completed", "completed")]);
}

#[tokio::test]
async fn a_refused_change_does_not_reopen_an_order_that_has_ended() {
    for refused in ["UC", "UD", "UH", "UM", "UX"] {
        let world = after(&[
            orm(0, "NW", "A", "", "LAB", &[]),
            result(20, "A", "CM", "F"),
            orm(31, refused, "A", "", "LAB", &[]),
        ])
        .await;
        assert_eq!(states(&world).await, [state("A", "completed", "completed")], "{refused}");
    }
}

#[tokio::test]
async fn a_split_does_not_reopen_its_order_nor_change_what_was_asked() {
    let world = after(&[
        orm(0, "NW", "A", "", "LAB", &[]),
        result(20, "A", "CM", "F"),
        orm(31, "PA", "A", "", "ANDERS", &[]),
    ])
    .await;
    assert_eq!(states(&world).await, [state("A", "completed", "completed")]);
    let order = world.one("ServiceRequest").await;
    assert_eq!(order["code"]["coding"][0]["code"], "LAB");
}

#[tokio::test]
async fn an_older_cancellation_does_not_stop_what_was_changed_after_it() {
    let world = after(&[orm(5, "XO", "A", "", "LAB", &[]), orm(3, "CA", "A", "", "LAB", &[])]).await;
    assert_eq!(states(&world).await, [state("A", "active", "requested")]);
}

#[tokio::test]
async fn a_result_alone_makes_no_task() {
    let world = after(&[result(20, "A", "CM", "F")]).await;
    assert_eq!(states(&world).await, [state("A", "completed", "")]);
}

#[tokio::test]
async fn a_task_goes_along_when_patients_are_merged() {
    let world = after(&[orm(0, "NW", "A", "", "LAB", &[])]).await;
    let new = "1000003^^^LINDE^PI";
    world.send(&adt("A28", 10, &[&format!("PID|1||{new}||Bakker&&Bakker^P||19481103|M")])).await;
    world
        .send(&adt(
            "A40",
            20,
            &[&format!("PID|1||{new}||Bakker&&Bakker^P||19481103|M"), "MRG|1000002^^^LINDE^PI"],
        ))
        .await;
    let survivor = world.one("Patient").await["id"].as_str().unwrap().to_owned();
    let all = world.all().await;
    let task = all.values().find(|one| one["resourceType"] == "Task").unwrap();
    assert_eq!(task["for"]["reference"], Value::from(format!("Patient/{survivor}")));
}
