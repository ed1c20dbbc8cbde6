//! Nothing goes from one patient to another but by a merger.

use std::sync::Arc;

use zorgsluis_converter::apply::ApplyError;

use super::world::{World, adt, assert_same, oru};

const ONE: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F";
const TWO: &str = "PID|1||1000002^^^LINDE^PI||Bakker&&Bakker^P||19481103|M";

fn visit(event: &str, minute: u32, pid: &str) -> String {
    adt(event, minute, &[pid, "PV1|1|I|C3^12^1^LINDE||||||||||||||||V1^^^LINDE^VN"])
}

async fn is_refused(world: &World, message: &str) -> bool {
    let refused = world.try_apply(&world.apply, message).await;
    matches!(refused, Err(ApplyError::Refused { code: "subject-conflict", .. }))
}

#[tokio::test]
async fn a_number_of_another_patient_is_refused_and_nothing_of_it_is_written() {
    let world = World::new();
    world.send(&visit("A01", 0, ONE)).await;
    world.send(&oru(1, ONE, "4.0", "P")).await;
    let stands = world.all().await;
    for message in [visit("A01", 10, TWO), oru(10, TWO, "9.9", "F"), visit("A08", 20, TWO)] {
        for _ in 0..2 {
            assert!(is_refused(&world, &message).await);
            assert_same(&world.all().await, &stands, "refused");
        }
    }
    // The one who has it goes on; the other one is admitted under a number of his own.
    world.send(&oru(30, ONE, "4.1", "F")).await;
    world.send(&visit("A01", 30, TWO).replace("V1^^^LINDE", "V2^^^LINDE")).await;
    assert_eq!(world.of_type("Encounter").await.len(), 2);
}

#[tokio::test]
async fn after_the_merger_the_parked_message_is_taken() {
    let world = World::new();
    world.send(&visit("A01", 0, ONE)).await;
    let parked = visit("A08", 10, TWO);
    assert!(is_refused(&world, &parked).await);
    world.send(&adt("A40", 20, &[TWO, "MRG|1000001^^^LINDE^PI"])).await;
    world.send(&parked).await;
    // The old number still leads to the visit.
    world.send(&visit("A08", 30, ONE)).await;
    let here = format!("Patient/{}", world.one("Patient").await["id"].as_str().unwrap());
    assert_eq!(world.one("Encounter").await["subject"]["reference"], here.as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_at_once_one_gets_the_number() {
    for _ in 0..4 {
        let world = Arc::new(World::new());
        let mut running = tokio::task::JoinSet::new();
        for message in [visit("A01", 0, ONE), visit("A01", 0, TWO)] {
            let world = Arc::clone(&world);
            running.spawn(async move {
                loop {
                    match world.try_apply(&world.apply, &message).await {
                        Ok(_) => return true,
                        Err(ApplyError::Refused { code: "subject-conflict", .. }) => return false,
                        Err(_) => {}
                    }
                }
            });
        }
        let mut taken = 0;
        while let Some(ended) = running.join_next().await {
            taken += usize::from(ended.unwrap());
        }
        assert_eq!((taken, world.of_type("Patient").await.len()), (1, 1));
    }
}
