//! What an acknowledgement costs: payload, way and queue reference made durable, by 1, 16 and 256
//! tasks at a time, beside single writes with an fsync each on the same disk. Prints ratios of one run.
//!
//! `cargo bench -p zorgsluis-embedded --bench durable`
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::io::Write;
use std::time::{Duration, Instant};

use zorgsluis_domain::port::{Journal, KeyOwner, Keys, Outgoing, PayloadStore, Queue};
use zorgsluis_domain::{Clock, MessageId, Purpose, Stage, Transport};
use zorgsluis_embedded::{DataDirectory, SystemClock};

const FOR: Duration = Duration::from_secs(3);
/// Bytes of an ADT message.
const RAW: usize = 1100;
/// Patients: a new data key for the first message of each.
const PATIENTS: u128 = 2000;

async fn acknowledge(directory: &DataDirectory, number: u128) {
    let keys = directory.keys();
    let patient = (number % PATIENTS).to_be_bytes();
    let owner = KeyOwner::Patient(keys.pseudonym(Purpose::KeyOwner, &[&patient]));
    let group = keys.pseudonym(Purpose::QueueGroup, &[&patient]).to_string();
    let message = MessageId(uuid::Uuid::from_u128(number));
    let now = SystemClock.now();
    directory.payloads().put(message, &owner, now, &[b'x'; RAW]).await.unwrap();
    let reference =
        Outgoing { body: format!(r#"{{"message":"{message}"}}"#), group, deduplication: message.to_string() };
    directory.queue("inbound", Duration::from_secs(60)).send(&[reference]).await.unwrap();
    let received = Stage::Received {
        transport: Transport::Mllp,
        sender: "bench".into(),
        event: "ADT^A01".into(),
        control_id: "1".into(),
        bytes: RAW as u64,
        peer: None,
    };
    directory.journal().record(message, now, &[received, Stage::Queued]).await.unwrap();
}

/// Acknowledgements in a second.
async fn rate(tasks: u128) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(folder.path().join("data")).unwrap();
    let start = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|task| {
            let directory = directory.clone();
            tokio::spawn(async move {
                let mut done: u128 = 0;
                while start.elapsed() < FOR {
                    acknowledge(&directory, (task << 64) + done * 7 + task).await;
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    let rate = done as f64 / start.elapsed().as_secs_f64();
    directory.close().await;
    rate
}

/// Single appends of a message's size with an fsync each, in a second.
fn plain() -> f64 {
    let mut file = tempfile::tempfile().unwrap();
    let start = Instant::now();
    let mut done = 0_u32;
    while start.elapsed() < FOR {
        file.write_all(&[b'x'; RAW]).unwrap();
        file.sync_data().unwrap();
        done += 1;
    }
    f64::from(done) / start.elapsed().as_secs_f64()
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let plain = plain();
    println!("append and fsync, one at a time: {plain:9.0}/s");
    for tasks in [1, 16, 256] {
        let rate = runtime.block_on(rate(tasks));
        println!(
            "durable acknowledgement, {tasks:3} tasks: {rate:9.0}/s  {:5.2} x the plain append",
            rate / plain
        );
    }
}
