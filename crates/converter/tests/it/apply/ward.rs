//! A ward: what it tells of a visit, and what stands after that in any order.

use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::world::{World, assert_same};

pub(super) const PID: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F";

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

pub(super) fn at(minute: u32) -> String {
    format!("20261105{:02}{:02}00", 9 + minute / 60, minute % 60)
}

pub(super) fn time(minute: u32) -> String {
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

pub(super) fn encounter<'w>(all: &'w std::collections::BTreeMap<String, Value>, number: &str) -> &'w Value {
    let is_it = |value: &&Value| {
        let numbers = value["identifier"].as_array();
        value["resourceType"] == "Encounter"
            && numbers.is_some_and(|numbers| numbers.iter().any(|one| one["value"] == number))
    };
    all.values().find(is_it).unwrap()
}

/// Sends the messages in the order told, and in others, once and twice: always the same. Gives visit V1.
pub(super) async fn in_any_order(messages: &[String]) -> Value {
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

pub(super) async fn in_any_order_of(story: &[Told<'_>]) -> Value {
    in_any_order(&story.iter().map(Told::message).collect::<Vec<_>>()).await
}

/// The places of a visit: which Location, as named by its bed, and how.
pub(super) async fn places(world: &World, encounter: &Value) -> Vec<(String, String)> {
    let all = world.all().await;
    let list = encounter["location"].as_array().cloned().unwrap_or_default();
    let place = |one: &Value| {
        let location = &all[one["location"]["reference"].as_str().unwrap()];
        (location["name"].as_str().unwrap().to_owned(), one["status"].as_str().unwrap().to_owned())
    };
    list.iter().map(place).collect()
}

pub(super) async fn told_in_order(story: &[Told<'_>]) -> (World, Value) {
    let world = World::new();
    for one in story {
        world.send(&one.message()).await;
    }
    let visit = encounter(&world.all().await, "V1").clone();
    (world, visit)
}

/// Checks any order, and what stands: status, and the beds.
pub(super) async fn ends(story: &[Told<'_>], status: &str, beds: &[(&str, &str)]) -> Value {
    let visit = in_any_order_of(story).await;
    assert_eq!(visit["status"], status, "{visit:#}");
    let (world, _) = told_in_order(story).await;
    let found = places(&world, &visit).await;
    let found: Vec<(&str, &str)> = found.iter().map(|(bed, how)| (bed.as_str(), how.as_str())).collect();
    assert_eq!(found, beds);
    visit
}

pub(super) fn admit(minute: u32, place: &str) -> Told<'_> {
    Told { place, admitted: Some(minute), ..told("A01", minute) }
}

pub(super) fn transfer<'t>(minute: u32, place: &'t str, prior: &'t str) -> Told<'t> {
    Told { place, prior, admitted: Some(0), ..told("A02", minute) }
}

pub(super) fn discharge(minute: u32) -> Told<'static> {
    Told { admitted: Some(0), discharged: Some(minute), ..told("A03", minute) }
}

pub(super) const ONE: &str = "C3^12^bed1";
pub(super) const TWO: &str = "D1^04^bed2";
pub(super) const THREE: &str = "E5^01^bed3";
