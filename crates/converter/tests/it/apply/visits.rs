//! Stories of visits, in any order and twice: the same in the end, and what was told.

use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::world::{World, assert_same};

const PID: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F";

/// One event of a visit, as a hospital sends it.
#[derive(Clone, Default)]
pub(super) struct Told<'t> {
    pub(super) event: &'t str,
    pub(super) minute: u32,
    /// EVN-6, minute of the same morning.
    pub(super) happened: Option<u32>,
    pub(super) visit: &'t str,
    pub(super) class: &'t str,
    /// PV1-3, 6, 11, 42, 43.
    pub(super) place: &'t str,
    pub(super) prior: &'t str,
    pub(super) temporary: &'t str,
    pub(super) pending: &'t str,
    pub(super) prior_temporary: &'t str,
    pub(super) doctor: &'t str,
    /// PV1-44 and PV1-45, minutes.
    pub(super) admitted: Option<u32>,
    pub(super) discharged: Option<u32>,
    /// PV2 from its first field.
    pub(super) pv2: &'t str,
}

fn at(minute: u32) -> String {
    format!("20261105{:02}{:02}00", 9 + minute / 60, minute % 60)
}

fn time(minute: u32) -> String {
    format!("2026-11-05T{:02}:{:02}:00+01:00", 9 + minute / 60, minute % 60)
}

pub(super) fn told<'t>(event: &'t str, minute: u32) -> Told<'t> {
    Told { event, minute, happened: Some(minute), visit: "V1", class: "I", ..Told::default() }
}

impl Told<'_> {
    pub(super) fn group(&self, pid: &str) -> String {
        let mut pv1 = vec![String::new(); 46];
        let minute = |minute: Option<u32>| minute.map(at).unwrap_or_default();
        let place = |place: &str| if place.is_empty() { String::new() } else { format!("{place}^LINDE") };
        for (field, value) in [
            (0, "PV1".to_owned()),
            (2, self.class.to_owned()),
            (3, place(self.place)),
            (6, place(self.prior)),
            (7, self.doctor.to_owned()),
            (11, place(self.temporary)),
            (19, format!("{}^^^LINDE^VN", self.visit)),
            (42, place(self.pending)),
            (43, place(self.prior_temporary)),
            (44, minute(self.admitted)),
            (45, minute(self.discharged)),
        ] {
            pv1[field] = value;
        }
        let pv2 = if self.pv2.is_empty() { String::new() } else { format!("PV2|{}\r", self.pv2) };
        format!("{pid}\r{}\r{pv2}", pv1.join("|"))
    }

    pub(super) fn message(&self) -> String {
        self.of(&[self.group(PID)])
    }

    pub(super) fn of(&self, groups: &[String]) -> String {
        let Self { event, minute, .. } = self;
        let sent = at(*minute);
        let happened = self.happened.map(at).unwrap_or_default();
        format!(
            "MSH|^~\\&|ZIS|LINDE|ZORGSLUIS|LINDE|{sent}||ADT^{event}|T{minute}{event}|P|2.5.1|||||NLD|8859/1\r\
             EVN|{event}|{sent}||||{happened}\r{}",
            groups.concat()
        )
    }
}

fn encounter<'w>(all: &'w std::collections::BTreeMap<String, Value>, number: &str) -> &'w Value {
    let is_it = |value: &&Value| {
        let numbers = value["identifier"].as_array();
        value["resourceType"] == "Encounter"
            && numbers.is_some_and(|numbers| numbers.iter().any(|one| one["value"] == number))
    };
    all.values().find(is_it).unwrap()
}

/// Sends the messages in the order told, and in others, once and twice: always the same. Gives visit V1.
async fn in_any_order(messages: &[String]) -> Value {
    let told = World::new();
    for message in messages {
        told.send(message).await;
    }
    let expected = told.all().await;
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let mut orders: Vec<Vec<String>> = vec![messages.iter().rev().cloned().collect()];
    for _ in 0..4 {
        let order = Just(messages.to_vec()).prop_shuffle().new_tree(&mut runner).unwrap().current();
        orders.push(order);
    }
    let doubled = Just([messages, messages].concat()).prop_shuffle().new_tree(&mut runner).unwrap();
    orders.push(doubled.current());
    for (nth, order) in orders.iter().enumerate() {
        let world = World::new();
        for message in order {
            world.send(message).await;
        }
        assert_same(&world.all().await, &expected, &format!("order {nth}"));
    }
    encounter(&expected, "V1").clone()
}

async fn in_any_order_of(story: &[Told<'_>]) -> Value {
    in_any_order(&story.iter().map(Told::message).collect::<Vec<_>>()).await
}

/// The places of a visit: which Location, as named by its bed, and how.
async fn places(world: &World, encounter: &Value) -> Vec<(String, String)> {
    let all = world.all().await;
    let list = encounter["location"].as_array().cloned().unwrap_or_default();
    let place = |one: &Value| {
        let location = &all[one["location"]["reference"].as_str().unwrap()];
        (location["name"].as_str().unwrap().to_owned(), one["status"].as_str().unwrap().to_owned())
    };
    list.iter().map(place).collect()
}

async fn told_in_order(story: &[Told<'_>]) -> (World, Value) {
    let world = World::new();
    for one in story {
        world.send(&one.message()).await;
    }
    let visit = encounter(&world.all().await, "V1").clone();
    (world, visit)
}

/// Checks any order, and what stands: status, and the beds.
async fn ends(story: &[Told<'_>], status: &str, beds: &[(&str, &str)]) -> Value {
    let visit = in_any_order_of(story).await;
    assert_eq!(visit["status"], status, "{visit:#}");
    let (world, _) = told_in_order(story).await;
    let found = places(&world, &visit).await;
    let found: Vec<(&str, &str)> = found.iter().map(|(bed, how)| (bed.as_str(), how.as_str())).collect();
    assert_eq!(found, beds);
    visit
}

fn admit(minute: u32, place: &str) -> Told<'_> {
    Told { place, admitted: Some(minute), ..told("A01", minute) }
}

fn transfer<'t>(minute: u32, place: &'t str, prior: &'t str) -> Told<'t> {
    Told { place, prior, admitted: Some(0), ..told("A02", minute) }
}

fn discharge(minute: u32) -> Told<'static> {
    Told { admitted: Some(0), discharged: Some(minute), ..told("A03", minute) }
}

pub(super) const ONE: &str = "C3^12^bed1";
pub(super) const TWO: &str = "D1^04^bed2";
pub(super) const THREE: &str = "E5^01^bed3";

#[tokio::test]
async fn a_stay_from_its_plan_to_its_end() {
    let story = [
        Told { class: "P", place: THREE, pv2: "|||||||20261105090000", ..told("A05", 0) },
        Told { place: THREE, ..told("A14", 5) },
        admit(10, ONE),
        Told { place: ONE, pending: TWO, ..told("A15", 20) },
        transfer(30, TWO, ONE),
        Told {
            place: TWO,
            pv2: "||||||||||||||||||||||||||||||||||||||||||||||20261105120000",
            ..told("A21", 40)
        },
        Told { place: TWO, ..told("A22", 60) },
        Told { place: TWO, pv2: "||||||||20261106", ..told("A16", 70) },
        discharge(80),
    ];
    let visit = ends(&story, "finished", &[("bed1", "completed"), ("bed2", "completed")]).await;
    let when = |nth: usize| visit["location"][nth]["period"].clone();
    assert_eq!(when(0), json!({ "start": time(10), "end": time(30) }));
    assert_eq!(when(1), json!({ "start": time(30), "end": time(80) }));
    let history = visit["statusHistory"].as_array().unwrap();
    let statuses: Vec<&str> = history.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["planned", "in-progress", "onleave", "in-progress", "finished"]);
    assert_eq!(history[2]["period"], json!({ "start": time(40), "end": time(60) }));
}

#[tokio::test]
async fn a_cancelled_transfer_leaves_no_trace() {
    let back = Told { place: ONE, prior: TWO, ..told("A12", 30) };
    let story =
        [admit(0, ONE), transfer(10, TWO, ONE), Told { place: TWO, happened: None, ..told("A08", 20) }, back];
    ends(&story, "in-progress", &[("bed1", "active")]).await;
}

#[tokio::test]
async fn only_the_last_of_two_transfers_is_taken_back() {
    let again = Told { minute: 21, ..transfer(20, THREE, TWO) };
    let story = [
        admit(0, ONE),
        transfer(10, TWO, ONE),
        transfer(20, THREE, TWO),
        again,
        Told { place: TWO, happened: None, ..told("A12", 30) },
    ];
    ends(&story, "in-progress", &[("bed1", "completed"), ("bed2", "active")]).await;
}

#[tokio::test]
async fn the_transfer_that_happened_then_is_the_one_taken_back() {
    let story = [
        admit(0, ONE),
        transfer(10, TWO, ONE),
        transfer(20, THREE, ONE),
        Told { place: THREE, happened: Some(10), ..told("A12", 30) },
    ];
    ends(&story, "in-progress", &[("bed1", "completed"), ("bed3", "active")]).await;
}

#[tokio::test]
async fn a_cancelled_admission_is_planned_again_where_it_was_planned() {
    let planned = Told { class: "P", place: THREE, ..told("A05", 0) };
    let cancel = Told { place: ONE, admitted: Some(10), ..told("A11", 30) };
    let story = [planned.clone(), admit(10, ONE), transfer(20, TWO, ONE), cancel.clone()];
    let visit = in_any_order_of(&story).await;
    assert_eq!(visit["status"], "planned");
    let nobody = |visit: &Value| {
        let places = visit["location"].as_array().unwrap();
        places.iter().all(|place| place["status"] == "planned")
    };
    assert!(nobody(&visit), "{visit:#}");
    let visit = in_any_order_of(&[admit(10, ONE), transfer(20, TWO, ONE), cancel.clone()]).await;
    assert_eq!(visit["status"], "cancelled");
    assert!(nobody(&visit), "{visit:#}");
    // Admitted all the same, later.
    let story = [planned, admit(10, ONE), cancel, admit(40, TWO)];
    ends(&story, "in-progress", &[("bed2", "active")]).await;
}

#[tokio::test]
async fn a_cancelled_plan_does_not_undo_the_admission() {
    let planned = Told { class: "P", place: THREE, ..told("A05", 0) };
    let cancel = Told { class: "P", happened: None, ..told("A38", 20) };
    ends(&[planned.clone(), admit(10, ONE), cancel.clone()], "in-progress", &[("bed1", "active")]).await;
    assert_eq!(in_any_order_of(&[planned.clone(), cancel]).await["status"], "cancelled");
    let pending = Told { place: ONE, ..told("A14", 5) };
    let given_up = Told { happened: None, ..told("A27", 20) };
    assert_eq!(in_any_order_of(&[planned, pending.clone(), given_up.clone()]).await["status"], "planned");
    assert_eq!(in_any_order_of(&[pending, given_up]).await["status"], "cancelled");
}

#[tokio::test]
async fn a_cancelled_discharge_ends_on_leave_if_it_was_on_leave() {
    let leave = Told { place: ONE, ..told("A21", 10) };
    let back = Told { discharged: Some(20), ..told("A13", 30) };
    let story = [admit(0, ONE), leave, discharge(20), back];
    let visit = ends(&story, "onleave", &[("bed1", "reserved")]).await;
    assert_eq!(visit.pointer("/period/end"), None);
}

#[tokio::test]
async fn leave_and_return_and_what_cancels_them() {
    let leave = Told {
        place: ONE,
        pv2: "||||||||||||||||||||||||||||||||||||||||||||||20261105120000",
        ..told("A21", 10)
    };
    let back = Told { place: ONE, ..told("A22", 20) };
    let no_return = Told { place: ONE, happened: Some(20), ..told("A53", 30) };
    let no_leave = Told { place: ONE, happened: Some(10), ..told("A52", 40) };
    let story = [admit(0, ONE), leave.clone(), back.clone(), no_return.clone()];
    let visit = ends(&story, "onleave", &[("bed1", "reserved")]).await;
    let expected = |visit: &Value| {
        let extensions = visit["extension"].as_array().cloned().unwrap_or_default();
        extensions.iter().any(|one| one["url"].as_str().unwrap().ends_with("v2-expected-return"))
    };
    assert!(expected(&visit));
    let story = [admit(0, ONE), leave, back, no_return, no_leave];
    let visit = ends(&story, "in-progress", &[("bed1", "active")]).await;
    assert!(!expected(&visit));
    assert_eq!(visit.get("statusHistory"), None, "there was no leave");
}

#[tokio::test]
async fn a_planned_transfer_and_a_planned_discharge_are_taken_back() {
    let transfer = Told { place: ONE, pending: TWO, ..told("A15", 10) };
    let discharge = Told { place: ONE, pv2: "||||||||20261106", ..told("A16", 20) };
    let story = [
        admit(0, ONE),
        transfer,
        discharge,
        Told { place: ONE, happened: None, ..told("A26", 30) },
        Told { place: ONE, happened: None, pv2: "||||||||20261106", ..told("A25", 40) },
    ];
    let visit = ends(&story, "in-progress", &[("bed1", "active")]).await;
    assert_eq!(visit.get("extension"), None, "no end is planned");
}

#[tokio::test]
async fn short_stays_elsewhere_keep_the_bed() {
    const THEATRE: &str = "OK^2^theatre";
    let departs = Told { place: ONE, temporary: THEATRE, ..told("A09", 10) };
    let arrives = Told { place: ONE, temporary: THEATRE, ..told("A10", 15) };
    let returns = Told { place: ONE, prior_temporary: THEATRE, ..told("A10", 40) };
    let there = [admit(0, ONE), departs.clone(), arrives.clone()];
    ends(&there, "in-progress", &[("bed1", "active"), ("theatre", "active")]).await;
    let story = [admit(0, ONE), departs.clone(), arrives.clone(), returns];
    let visit = ends(&story, "in-progress", &[("bed1", "active"), ("theatre", "completed")]).await;
    assert_eq!(visit["location"][1]["period"], json!({ "start": time(10), "end": time(40) }));
    let story = [
        admit(0, ONE),
        departs,
        arrives,
        Told { place: ONE, happened: Some(15), ..told("A32", 50) },
        Told { place: ONE, happened: Some(10), ..told("A33", 60) },
    ];
    ends(&story, "in-progress", &[("bed1", "active")]).await;
}

#[tokio::test]
async fn two_patients_swap_their_beds_whoever_stands_first() {
    const OTHER: &str = "PID|2||1000002^^^LINDE^PI||Riet^B||19700101|M";
    let swap = Told { place: TWO, prior: ONE, ..told("A17", 20) };
    let other = Told { visit: "V2", place: ONE, prior: TWO, ..told("A17", 20) };
    let groups = [swap.group(PID), other.group(OTHER)];
    let first = Told { visit: "V2", ..admit(5, TWO) };
    let admitted = [admit(0, ONE).message(), first.of(&[first.group(OTHER)])];
    let mut beds = Vec::new();
    for groups in [[0, 1], [1, 0]].map(|order| order.map(|nth| groups[nth].clone())) {
        let messages = [&admitted[..], &[swap.of(&groups)]].concat();
        in_any_order(&messages).await;
        let world = World::new();
        for message in &messages {
            world.send(message).await;
        }
        let all = world.all().await;
        beds.push([places(&world, encounter(&all, "V1")).await, places(&world, encounter(&all, "V2")).await]);
    }
    let was = |left: &str, now: &str| {
        vec![(left.to_owned(), "completed".to_owned()), (now.to_owned(), "active".to_owned())]
    };
    assert_eq!(beds[0], [was("bed1", "bed2"), was("bed2", "bed1")]);
    assert_eq!(beds[0], beds[1]);
}

#[tokio::test]
async fn an_outpatient_becomes_an_inpatient_and_the_class_keeps_its_history() {
    let story = [
        Told { class: "O", admitted: Some(0), ..told("A04", 0) },
        Told { place: ONE, admitted: Some(0), ..told("A06", 30) },
        Told { class: "O", admitted: Some(0), ..told("A07", 50) },
    ];
    let visit = in_any_order_of(&story).await;
    assert_eq!(visit["class"]["code"], "AMB");
    let history = visit["classHistory"].as_array().unwrap();
    let codes: Vec<&str> = history.iter().map(|one| one["class"]["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["AMB", "IMP", "AMB"]);
    assert_eq!(history[1]["period"], json!({ "start": time(30), "end": time(50) }));
}

#[tokio::test]
async fn a_deleted_visit_was_entered_in_error() {
    let story = [admit(0, ONE), transfer(10, TWO, ONE), Told { happened: None, ..told("A23", 20) }];
    let visit = in_any_order_of(&story).await;
    assert_eq!(visit["status"], "entered-in-error");
}

#[tokio::test]
async fn the_attending_doctor_changes_and_changes_back() {
    let one = "03999201^Waterman^H^^^^^^VEKTIS";
    let two = "03999202^Lisdodde^A^^^^^^VEKTIS";
    let admitted = Told { doctor: one, ..admit(0, ONE) };
    let changed = Told { doctor: two, ..told("A54", 10) };
    let back = Told { doctor: one, ..told("A55", 20) };
    let at_first = in_any_order_of(std::slice::from_ref(&admitted)).await;
    let later = in_any_order_of(&[admitted.clone(), changed.clone()]).await;
    let again = in_any_order_of(&[admitted, changed, back]).await;
    assert_ne!(at_first["participant"], later["participant"]);
    assert_eq!(at_first["participant"], again["participant"]);
    assert_eq!(later["participant"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_last_word_on_a_bed_stands_and_no_patient_is_in_it() {
    let bed = |minute: u32, status: &str| {
        Told { happened: None, ..told("A20", minute) }.of(&[format!("NPU|{ONE}^LINDE|{status}\r")])
    };
    let messages = [bed(0, "O"), bed(10, "H"), bed(20, "U"), bed(30, "K")];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let world = World::new();
        for nth in order {
            world.send(&messages[nth]).await;
        }
        let all = world.all().await;
        let bed = all.values().find(|value| value["name"] == "bed1").unwrap();
        assert_eq!(bed["operationalStatus"]["code"], "K", "{order:?}");
        assert!(all.keys().all(|key| !key.starts_with("Patient/")));
    }
}
