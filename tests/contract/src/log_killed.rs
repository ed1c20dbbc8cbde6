//! Processes of their own that write one log at the same time, and are killed or stopped at each of their calls.
//!
//! A child is the test program again, started with one test that calls [`child`]: it does what `ORDERS` says, and
//! prints where each entry stands that it was told to be in the log.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::log_faults::{Fault, Shaky};
use crate::log_process::{Logs, Opener, entries, id};

/// The variable with the orders of a child: writer, first number, how many goes, call and fault.
const ORDERS: &str = "ZORGSLUIS_LOG_WRITER";
const SHARD: &str = "killed";

/// Entries of one go; of each the last comes to every writer of a round.
fn numbers(first: u64, writer: u64, go: u64) -> [u64; 3] {
    [first + writer * 10 + go * 2, first + writer * 10 + go * 2 + 1, first + 90 + go]
}

fn say(line: &str) {
    // One write for a line, so that a kill cannot cut it.
    std::io::stdout().lock().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Stops this process until it is let go on.
pub(crate) fn stop() {
    say("said stopped");
    let own = std::process::id().to_string();
    assert!(Command::new("kill").args(["-STOP", &own]).status().unwrap().success());
    // The signal may arrive a moment later: not before it is let go on does anything happen.
    assert!(std::io::stdin().read_line(&mut String::new()).unwrap() > 0);
}

/// Whether this process was started as a child.
#[must_use]
pub fn is_child() -> bool {
    std::env::var_os(ORDERS).is_some()
}

/// Writes as ordered. Does nothing in a process that has no orders.
#[expect(clippy::disallowed_methods, reason = "the orders of the parent")]
pub async fn child(logs: impl Logs) {
    let orders = std::env::var(ORDERS).unwrap();
    let orders: Vec<u64> = orders.split(' ').map(|word| word.parse().unwrap()).collect();
    let [writer, first, goes, call, fault] = orders[..] else { panic!("orders") };
    let fault = [None, Some(Fault::Killed), Some(Fault::Stopped), Some(Fault::AnswerLost)][fault as usize];
    let shaky = Shaky::new(logs.ports(SHARD), fault.map(|fault| (call, fault)));
    // The writer's name is in its nonce: another for each process.
    let mut process = shaky.ports().process(SHARD, (first / 100 * 5 + writer) as u8);
    for go in 0..goes {
        let numbers = numbers(first, writer, go);
        let mut tries = 0;
        loop {
            match process.append(&entries(numbers)).await {
                Ok(places) => {
                    for (number, appended) in numbers.iter().zip(places) {
                        say(&format!("said told {number} {}", appended.place.index));
                    }
                    break;
                }
                Err(error) => assert!(error.is_transient(), "{error:?}"),
            }
            tries += 1;
            assert!(tries < 20);
        }
        while let Err(error) = process.publisher.publish().await {
            assert!(error.is_transient(), "{error:?}");
        }
    }
    say(&format!("said calls {}", shaky.calls()));
}

/// A child, and what it says.
struct Writer {
    child: Child,
    says: BufReader<ChildStdout>,
    /// Each entry that was acknowledged to it, with its index.
    told: Vec<(u64, u64)>,
    calls: Option<u64>,
}

impl Writer {
    fn start(mut command: Command, orders: [u64; 5]) -> Self {
        let orders = orders.map(|order| order.to_string()).join(" ");
        let command = command.env(ORDERS, orders).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let says = BufReader::new(child.stdout.take().unwrap());
        Self { child, says, told: Vec::new(), calls: None }
    }

    /// Listens until it says that it is stopped, or to its end; whether it is stopped.
    fn listen(&mut self) -> bool {
        let mut line = String::new();
        while self.says.read_line(&mut line).unwrap() > 0 {
            // The test harness prints lines of its own, some without an end.
            if let Some((_, words)) = line.split_once("said ") {
                let words: Vec<&str> = words.split_whitespace().collect();
                let number = |at: usize| words[at].parse::<u64>().unwrap();
                match words[0] {
                    "stopped" => return true,
                    "calls" => self.calls = Some(number(1)),
                    _ => self.told.push((number(1), number(2))),
                }
            }
            line.clear();
        }
        self.child.wait().unwrap();
        false
    }

    fn go_on(&mut self) {
        let id = self.child.id().to_string();
        // It must not be told to stop after this.
        while !std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap().contains(") T") {
            std::thread::yield_now();
        }
        assert!(Command::new("kill").args(["-CONT", &id]).status().unwrap().success());
        self.child.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A log, and what was acknowledged of it.
struct Watched<L> {
    logs: L,
    told: BTreeMap<u64, u64>,
}

impl<L: Logs> Watched<L> {
    fn note(&mut self, told: &[(u64, u64)]) {
        for (number, index) in told {
            let before = self.told.insert(*number, *index);
            assert!(before.is_none_or(|before| before == *index), "{number} was told to be at two places");
        }
    }

    /// These are brought by a new process, once more perhaps; then everything that was acknowledged is in the log.
    /// Of what else is in it nobody has been told yet.
    async fn bring(&mut self, brought: &[u64], writer: u8) -> usize {
        let ports = self.logs.ports(SHARD);
        let mut process = ports.process(SHARD, writer);
        let places = process.append(&entries(brought.iter().copied())).await.unwrap();
        let told: Vec<_> = brought.iter().zip(places).map(|(n, told)| (*n, told.place.index)).collect();
        self.note(&told);
        process.publisher.publish().await.unwrap();
        let report = ports.verified(SHARD, Some(&Opener)).await;
        assert!(report.is_clean(), "{:?}", report.findings);
        assert_eq!((report.unsealed_tail, report.unindexed), (0, Some(0)));
        // Each stands where it was told.
        let (log, mut found, mut next) = (ports.log(SHARD), BTreeMap::new(), 0);
        while let Some(bundle) = log.bundle(next).await.unwrap() {
            next += bundle.len() as u64;
            found.extend(bundle.into_iter().map(|entry| (entry.leaf.id(), entry.index)));
        }
        let told: BTreeMap<_, _> = self.told.iter().map(|(number, index)| (id(*number), *index)).collect();
        assert_eq!(found.len() as u64, report.size, "an entry stands twice");
        for (id, index) in &told {
            assert_eq!(found.get(id), Some(index), "acknowledged, and not where it was told to be");
        }
        found.len() - told.len()
    }

    /// The same when everything has been brought: nothing else is in the log.
    async fn check(&mut self, brought: &[u64], writer: u8) {
        assert_eq!(self.bring(brought, writer).await, 0, "nobody brought that");
    }
}

/// How many calls a child makes when nothing goes wrong.
fn calls_of_a_child(child: &(dyn Fn() -> Command + Sync)) -> u64 {
    let mut quiet = Writer::start(child(), [0, 0, 2, 0, 0]);
    assert!(!quiet.listen());
    quiet.calls.unwrap()
}

pub async fn of_three_processes_each_is_killed_at_every_call(
    logs: impl Logs,
    child: &(dyn Fn() -> Command + Sync),
) {
    let mut watched = Watched { logs, told: BTreeMap::new() };
    let calls = calls_of_a_child(child);
    assert!(calls > 15, "{calls}");
    let mut killed = 0;
    let half = calls.div_ceil(2);
    for round in 0..half {
        let first = (round + 1) * 100;
        // At the same time: one dies here, one half a life later, one gets no answer here.
        let orders = [(round, 1), (round + half, 1), (round, 3)];
        let writers: Vec<Writer> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..)
                .zip(orders)
                .map(|(writer, (call, fault))| {
                    scope.spawn(move || {
                        let mut writer = Writer::start(child(), [writer, first, 2, call, fault]);
                        assert!(!writer.listen());
                        writer
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        for writer in &writers {
            watched.note(&writer.told);
        }
        killed += writers.iter().filter(|writer| writer.calls.is_none()).count() as u64;
        assert!(writers[2].calls.is_some(), "a lost answer stops nobody");
        let brought = (0..3).flat_map(|writer| (0..2).flat_map(move |go| numbers(first, writer, go)));
        let brought: Vec<u64> = brought.collect();
        if round == 0 {
            watched.check(&(0..2).flat_map(|go| numbers(0, 0, go)).collect::<Vec<_>>(), 200).await;
        }
        watched.check(&brought, 201 + round as u8 % 50).await;
    }
    // One that finds less to do than alone makes fewer calls: some come to their end before they are killed.
    assert!(killed >= half, "{killed} of {calls}");
}

pub async fn a_process_that_is_stopped_at_any_call_and_wakes_up_late_changes_nothing(
    logs: impl Logs,
    child: &(dyn Fn() -> Command + Sync),
) {
    let mut watched = Watched { logs, told: BTreeMap::new() };
    let calls = calls_of_a_child(child);
    watched.check(&(0..2).flat_map(|go| numbers(0, 0, go)).collect::<Vec<_>>(), 200).await;
    let mut stopped = 0;
    for call in 0..calls {
        let first = (call + 1) * 100;
        let mut writer = Writer::start(child(), [0, first, 2, call, 2]);
        let sleeps = writer.listen();
        // Meanwhile the log goes on, also with one of the entries that the sleeper brings.
        let meanwhile = [first + 50, first + 1, first + 51];
        watched.note(&writer.told);
        watched.bring(&meanwhile, 201 + call as u8 % 50).await;
        if sleeps {
            stopped += 1;
            writer.go_on();
            assert!(!writer.listen());
        }
        assert!(writer.calls.is_some(), "it came to its end, whenever it woke up");
        watched.note(&writer.told);
        watched.check(&(0..2).flat_map(|go| numbers(first, 0, go)).collect::<Vec<_>>(), 100).await;
    }
    assert!(stopped >= calls - 6, "{stopped} of {calls}");
}
