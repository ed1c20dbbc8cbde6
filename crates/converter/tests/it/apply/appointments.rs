//! Appointments: booked, moved, cancelled, in whatever order that is told.

use serde_json::Value;

use super::world::{World, adt, after_each_order};
use zorgsluis_converter::apply::ApplyError;

const PID: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^Johanna||19610412|F";

/// An appointment message: event, minute, start and end on 1 December, and the segments behind PID.
fn siu(event: &str, minute: u32, [start, end]: [&str; 2], segments: &[&str]) -> String {
    let at = format!("20261105{:02}{:02}00", 9 + minute / 60, minute % 60);
    let when = if start.is_empty() { String::new() } else { format!("^^^20261201{start}00^20261201{end}00") };
    let body: String = segments.iter().map(|segment| format!("{segment}\r")).collect();
    format!(
        "MSH|^~\\&|ZIS|LINDE|ZORGSLUIS|LINDE|{at}||SIU^{event}|S{minute}{event}|P|2.5.1|||||NLD|8859/1\r\
         SCH||F-1^PLAN||||REDEN^Reden van het bericht^99PLAN|||||{when}\r{PID}\r{body}"
    )
}

const CONSULT: &str = "AIS|1||CONS^Consult^99PLAN";
const DOCTOR: &str = "AIP|1||03999201^van der Waterman&van der&Waterman^H^^^^^^VEKTIS|SPEC^Specialist^99PLAN";

/// The participants that refer to one, by the type of whom or what they are, with their status.
fn participants(appointment: &Value) -> Vec<(String, String)> {
    let all = appointment["participant"].as_array().unwrap();
    let mut named: Vec<(String, String)> = all
        .iter()
        .map(|one| {
            let reference = one["actor"]["reference"].as_str();
            let kind = reference.and_then(|one| one.split('/').next()).or(one["actor"]["type"].as_str());
            let kind = kind.or(one["type"][0]["coding"][0]["code"].as_str()).unwrap_or_default();
            (kind.to_owned(), one["status"].as_str().unwrap().to_owned())
        })
        .collect();
    named.sort();
    named
}

fn is(kind: &str, status: &str) -> (String, String) {
    (kind.to_owned(), status.to_owned())
}

async fn room(world: &World, appointment: &Value) -> String {
    let all = appointment["participant"].as_array().unwrap();
    let references = all.iter().filter_map(|one| one["actor"]["reference"].as_str());
    let mut rooms = Vec::new();
    for reference in references.filter(|one| one.starts_with("Location/")) {
        let locations = world.of_type("Location").await;
        let one = locations.iter().find(|one| reference.ends_with(one["id"].as_str().unwrap())).unwrap();
        rooms.push(one["name"].as_str().unwrap().to_owned());
    }
    rooms.join(" ")
}

#[tokio::test]
async fn an_appointment_ends_the_same_in_every_order() {
    let messages = [
        siu("S12", 0, ["1000", "1030"], &["RGS|1", CONSULT, DOCTOR, "AIL|1||CHI^1^^LINDE"]),
        siu("S13", 10, ["1100", "1130"], &["RGS|1", CONSULT, DOCTOR, "AIL|1||CHI^2^^LINDE"]),
        siu("S18", 20, ["", ""], &["RGS|1", "AIG|1|A|ECHO3^Echoapparaat^99PLAN"]),
        siu("S15", 30, ["", ""], &[]),
    ];
    let world = after_each_order(&messages).await;
    let appointment = world.one("Appointment").await;
    assert_eq!(appointment["status"], "cancelled");
    assert_eq!(appointment["cancelationReason"]["coding"][0]["code"], "REDEN");
    assert_eq!(appointment["start"], "2026-12-01T11:00:00+01:00");
    assert_eq!(room(&world, &appointment).await, "2");
    let expected =
        ["CONS", "Device", "Location", "Patient", "PractitionerRole"].map(|one| is(one, "accepted"));
    assert_eq!(participants(&appointment), expected);
}

#[tokio::test]
async fn a_booking_after_a_cancellation_takes_its_reason_back() {
    let messages = [
        siu("S12", 0, ["1000", "1030"], &[CONSULT]),
        siu("S15", 10, ["", ""], &[]),
        siu("S12", 20, ["1200", "1230"], &[CONSULT]),
    ];
    let world = after_each_order(&messages).await;
    let appointment = world.one("Appointment").await;
    assert_eq!(appointment["status"], "booked");
    // FHIR app-4: only a cancelled appointment has a reason of cancellation.
    assert!(appointment.get("cancelationReason").is_none());
}

#[tokio::test]
async fn what_is_taken_away_has_declined_and_its_service_is_gone() {
    let messages = [
        siu("S12", 0, ["1000", "1030"], &[CONSULT, "AIS|2||ECHO^Echo^99PLAN", DOCTOR]),
        siu("S20", 10, ["", ""], &["AIS|1|D|ECHO^Echo^99PLAN"]),
    ];
    let world = after_each_order(&messages).await;
    let appointment = world.one("Appointment").await;
    let services = appointment["serviceType"].as_array().unwrap();
    assert_eq!(services.len(), 1);
    assert_eq!(services[0]["coding"][0]["code"], "CONS");
    assert!(participants(&appointment).contains(&is("ECHO", "declined")));
    assert_eq!(appointment["status"], "booked");
}

#[tokio::test]
async fn who_did_not_come_did_not_come_even_if_that_is_told_first() {
    let messages = [siu("S12", 0, ["1000", "1030"], &[CONSULT]), siu("S26", 90, ["", ""], &[])];
    let world = after_each_order(&messages).await;
    let appointment = world.one("Appointment").await;
    assert_eq!(
        (&appointment["status"], &appointment["end"]),
        (&"noshow".into(), &"2026-12-01T10:30:00+01:00".into())
    );
}

#[tokio::test]
async fn blocked_time_that_is_given_free_is_free() {
    let of = |event: &str, minute| {
        siu(event, minute, ["0900", "1200"], &["RGS|1", "AIL|1||CHI^1^^LINDE", DOCTOR])
            .replace(&format!("{PID}\r"), "")
    };
    let world = after_each_order(&[of("S23", 0), of("S24", 10)]).await;
    let slots = world.of_type("Slot").await;
    assert_eq!(slots.len(), 2, "one of the room, one of the doctor");
    assert!(
        slots.iter().all(|slot| slot["status"] == "free" && slot["start"] == "2026-12-01T09:00:00+01:00")
    );
    assert_eq!(world.of_type("Schedule").await.len(), 2);
    assert!(world.of_type("Appointment").await.is_empty() && world.of_type("Patient").await.is_empty());
}

#[tokio::test]
async fn an_appointment_goes_along_in_a_merger_and_never_otherwise() {
    let world = World::new();
    world.send(&siu("S12", 0, ["1000", "1030"], &[CONSULT])).await;
    let other = siu("S14", 5, ["1000", "1030"], &[CONSULT]).replace("1000001", "1000002");
    let refused = world.try_apply(&world.apply, &other).await.unwrap_err();
    assert!(matches!(refused, ApplyError::Refused { code: "subject-conflict", .. }), "{refused:?}");
    let merge = ["PID|1||1000002^^^LINDE^PI||de Vries&de&Vries^J||19610412|F", "MRG|1000001^^^LINDE^PI"];
    world.send(&adt("A28", 7, &merge[..1])).await;
    world.send(&adt("A40", 10, &merge)).await;
    let patient = world.one("Patient").await;
    let appointment = world.one("Appointment").await;
    let own = format!("Patient/{}", patient["id"].as_str().unwrap());
    assert!(
        appointment["participant"].as_array().unwrap().iter().any(|one| one["actor"]["reference"] == own)
    );
    world.send(&other).await;
    assert_eq!(
        world.one("Appointment").await["participant"].as_array().unwrap().len(),
        2,
        "it is one patient"
    );
}

/// An appointment message: event, minute, SCH from SCH-6, and the segments behind it.
fn told(event: &str, minute: u32, sch: &str, segments: &[&str]) -> String {
    let at = format!("20261105{:02}{:02}00", 9 + minute / 60, minute % 60);
    let body: String = segments.iter().map(|segment| format!("{segment}\r")).collect();
    format!(
        "MSH|^~\\&|ZIS|LINDE|ZORGSLUIS|LINDE|{at}||SIU^{event}|S{minute}{event}|P|2.5.1|||||NLD|8859/1\r\
         SCH||F-9^PLAN||||{sch}\r{body}"
    )
}

#[tokio::test]
async fn nulls_take_the_reason_the_comment_and_the_group_of_an_appointment_away() {
    let doctor = "AIP|1|U|03999201^van der Waterman&van der&Waterman^H^^^^^^VEKTIS";
    let messages = [
        told(
            "S12",
            0,
            "|CONTR^Controle^99PLAN",
            &["NTE|1||Nuchter komen", PID, "RGS|1||G1^Kamer 1^99PLAN", DOCTOR],
        ),
        told("S14", 10, "|\"\"", &["NTE|1||\"\"", PID, "RGS|1|U|\"\"", doctor]),
    ];
    let world = after_each_order(&messages).await;
    let appointment = world.one("Appointment").await;
    assert!(appointment.get("reasonCode").is_none(), "{appointment}");
    assert!(appointment.get("comment").is_none(), "{appointment}");
    assert!(!appointment.to_string().contains("v2-resource-group"), "{appointment}");
    assert_eq!(participants(&appointment), [is("Patient", "accepted"), is("PractitionerRole", "accepted")]);
}
