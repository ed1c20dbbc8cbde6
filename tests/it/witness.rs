//! A witness on another machine, another signing key, and proofs that a third party checks without this program.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{PATIENCE, Server, copy, events, root, run, stderr, stdout, zorgsluis};

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs, and expects that it succeeds: its standard output without the last newline.
pub(crate) fn done<'a>(arguments: impl IntoIterator<Item = &'a str>) -> String {
    let arguments: Vec<&str> = arguments.into_iter().collect();
    let output = run(arguments.iter().copied());
    assert!(output.status.success(), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    stdout(&output).trim_end().to_owned()
}

/// Runs, and expects exit status 1 and this on standard error.
pub(crate) fn refused<'a>(arguments: impl IntoIterator<Item = &'a str>, said: &str) {
    let arguments: Vec<&str> = arguments.into_iter().collect();
    let output = run(arguments.iter().copied());
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", stdout(&output));
    assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
}

/// Serves, takes this many messages in from there on, and stops.
pub(crate) fn serve(data: &Path, messages: std::ops::Range<usize>) {
    let server = Server::start(data);
    for path in &events()[messages] {
        server.send(&fs::read(path).unwrap());
    }
    server.settle();
    assert!(server.stop().success());
}

fn shard(data: &Path) -> PathBuf {
    fs::read_dir(data.join("log")).unwrap().next().unwrap().unwrap().path()
}

pub(crate) fn checkpoint(data: &Path) -> PathBuf {
    shard(data).join("checkpoint")
}

fn verify(data: &Path, more: &[&str]) -> (Option<i32>, serde_json::Value) {
    let output =
        run(["audit", "verify", "--json", "--data", text(data)].into_iter().chain(more.iter().copied()));
    let report = serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    (output.status.code(), report)
}

fn codes(report: &serde_json::Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

/// The key that signs the log now.
pub(crate) fn log_key(data: &Path) -> String {
    let (_, report) = verify(data, &[]);
    report["signedBy"].as_array().unwrap().last().unwrap().as_str().unwrap().to_owned()
}

/// A witness that follows the log; its state and its key.
pub(crate) fn witness(folder: &Path, data: &Path) -> (PathBuf, String) {
    let state = folder.join("witness");
    let key = done(["witness", "init", "--state", text(&state), "--name", "toezicht.example/w1"]);
    done(["witness", "add-log", "--state", text(&state), "--key", &log_key(data)]);
    (state, key)
}

pub(crate) fn check<'a>(state: &'a Path, data: &'a Path) -> [&'a str; 6] {
    ["witness", "check", "--state", text(state), "--data", text(data)]
}

#[test]
fn a_rollback_of_everything_is_found_by_the_witness() {
    let folder = tempfile::tempdir().unwrap();
    let (data, early) = (folder.path().join("data"), folder.path().join("early"));
    serve(&data, 0..1);
    let (state, key) = witness(folder.path(), &data);
    done(check(&state, &data));
    copy(&data, &early);
    serve(&data, 1..2);
    let said = done(check(&state, &data));
    assert!(said.contains("cosigned:") && said.contains("which continue the"), "{said}");
    let (status, report) = verify(&data, &["--witness", &key]);
    assert_eq!((status, codes(&report).len()), (Some(0), 0));
    let witnessed = &report["witnesses"][0];
    assert_eq!((&witnessed["name"], &witnessed["checked"]), (&"toezicht.example/w1".into(), &true.into()));
    assert!(witnessed["size"].as_u64().unwrap() <= report["checkpoint"].as_u64().unwrap());

    // The log as it was before: sound by itself, and with the older cosignature.
    let (status, _) = verify(&early, &["--witness", &key]);
    assert_eq!(status, Some(0));
    refused(check(&state, &early), "is larger than the checkpoint's");
    let seen = folder.path().join("seen");
    let origin = key_name(&log_key(&data));
    fs::write(&seen, format!("{}\n", done(["witness", "show", "--state", text(&state), &origin]))).unwrap();
    let (status, report) = verify(&early, &["--checkpoint", text(&seen)]);
    assert_eq!(status, Some(1));
    assert!(codes(&report).contains(&"rolled-back"), "{report}");
    assert_eq!(verify(&data, &["--checkpoint", text(&seen)]).0, Some(0));
    // Grown anew to another history, it is refused all the same.
    serve(&early, 2..6);
    refused(check(&state, &early), "does not show that the checkpoint continues");
    assert!(done(["witness", "show", "--state", text(&state)]).contains(&origin));
}

fn key_name(key: &str) -> String {
    key.split('+').next().unwrap().to_owned()
}

#[test]
fn a_fork_shown_to_two_readers_gets_the_word_of_the_witness_once() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    serve(&one, 0..1);
    copy(&one, &two);
    let (state, key) = witness(folder.path(), &one);
    serve(&one, 1..2);
    serve(&two, 2..3);
    for data in [&one, &two] {
        assert_eq!(verify(data, &[]).0, Some(0), "each alone is a sound log");
    }
    done(check(&state, &one));
    let refusal = run(check(&state, &two));
    assert_eq!(refusal.status.code(), Some(1));
    assert!(stderr(&refusal).contains("refused"), "{}", stderr(&refusal));
    assert_eq!(verify(&one, &["--witness", &key]).0, Some(0));
    let (status, report) = verify(&two, &["--witness", &key]);
    assert_eq!((status, codes(&report)), (Some(1), vec!["witness-missing"]));
}

/// `zorgsluis witness serve`, killed when dropped.
struct WitnessServer {
    child: Child,
    url: String,
    /// What it says next goes somewhere.
    _out: BufReader<ChildStdout>,
}

impl WitnessServer {
    fn start(state: &Path, listen: &str) -> Self {
        let mut child = zorgsluis()
            .args(["witness", "serve", "--state", text(state), "--listen", listen])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let url = line.split_whitespace().nth(1).unwrap().trim_end_matches("/add-checkpoint").to_owned();
        Self { child, url, _out: out }
    }

    fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    fn post(&self, body: &str) -> (u16, String, String) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().proxy(None).http_status_as_error(false).build().into();
        let mut answer = agent.post(format!("{}/add-checkpoint", self.url)).send(body).unwrap();
        let kind = answer.headers().get("content-type").map_or("", |kind| kind.to_str().unwrap()).to_owned();
        (answer.status().as_u16(), kind, answer.body_mut().read_to_string().unwrap())
    }
}

impl Drop for WitnessServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_server_of_a_witness_answers_as_the_specification_says() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    serve(&data, 0..1);
    let old = folder.path().join("old");
    fs::copy(checkpoint(&data), &old).unwrap();
    let (state, _) = witness(folder.path(), &data);
    serve(&data, 1..2);
    let first = fs::read_to_string(&old).unwrap();
    let size: u64 = first.lines().nth(1).unwrap().parse().unwrap();
    let proof = done(["audit", "prove", "--data", text(&data), "--consistency", text(&old)]) + "\n";
    let mut server = WitnessServer::start(&state, "127.0.0.1:0");
    let other = first.replacen("zorgsluis/", "example.com/", 1);
    let unsigned = format!("{}\u{2014} example.com/x AAAAAAAA\n", first.split('\u{2014}').next().unwrap());
    for (body, status) in [
        ("no submission".to_owned(), 400),
        (format!("old {}\n\n{first}", size + 1), 400),
        (format!("old 0\n\n{other}"), 404),
        (format!("old 0\n\n{unsigned}"), 403),
    ] {
        assert_eq!(server.post(&body).0, status, "{body}");
    }
    let (status, kind, body) = server.post(&proof);
    assert_eq!((status, kind.as_str(), body.as_str()), (409, "text/x.tlog.size", "0\n"));
    let (status, _, line) = server.post(&format!("old 0\n\n{first}"));
    assert!(status == 200 && line.starts_with("\u{2014} toezicht.example/w1 "), "{status} {line}");
    let without_hashes: String = proof.split_inclusive('\n').take(1).chain(["\n"]).collect();
    let note = proof.split_once("\n\n").unwrap().1;
    assert_eq!(server.post(&format!("{without_hashes}{note}")).0, 422);
    // It remembers across a kill.
    drop(server);
    server = WitnessServer::start(&state, "127.0.0.1:0");
    assert_eq!(server.post(&format!("old 0\n\n{first}")).2, format!("{size}\n"));
    assert_eq!(server.post(&proof).0, 200);
    assert_eq!(server.post(&proof).0, 409, "what lies behind it is past");
}

#[test]
fn the_log_submits_its_checkpoints_and_a_witness_that_is_down_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    serve(&data, 0..1);
    let (state, key) = witness(folder.path(), &data);
    let server = WitnessServer::start(&state, "127.0.0.1:0");
    let (url, address) = (server.url.clone(), server.address().to_owned());
    drop(server);
    // Nobody answers there: what is sent is converted and logged all the same, and the end is no later.
    let with = ["--witness", url.as_str(), "--witness-key", key.as_str()];
    let log = Server::start_with(&data, &with, Stdio::null());
    log.send(&fs::read(&events()[1]).unwrap());
    log.settle();
    assert!(log.stop().success());
    assert_eq!(codes(&verify(&data, &["--witness", &key]).1), ["witness-missing"]);

    let server = WitnessServer::start(&state, &address);
    let log = Server::start_with(&data, &with, Stdio::null());
    log.send(&fs::read(&events()[2]).unwrap());
    log.settle();
    assert!(log.stop().success());
    let (status, report) = verify(&data, &["--witness", &key]);
    assert_eq!(status, Some(0), "{report}");
    // The last checkpoint of the server, too, is witnessed: behind it stands only what verifying added.
    let seen: u64 = report["witnesses"][0]["size"].as_u64().unwrap();
    assert!(seen + 3 >= report["checkpoint"].as_u64().unwrap(), "{report}");
    // Another key takes over; the witness learns it from the hand-over that the log submits.
    done(["audit", "rotate-key", "--data", text(&data)]);
    let log = Server::start_with(&data, &with, Stdio::null());
    log.send(&fs::read(&events()[3]).unwrap());
    log.settle();
    assert!(log.stop().success());
    let shown = done(["witness", "show", "--state", text(&state)]);
    assert!(shown.contains(&log_key(&data)), "{shown}");
    assert!(verify(&data, &["--witness", &key]).1["witnesses"][0]["size"].as_u64().unwrap() > seen);
    drop(server);
}

#[test]
fn wrong_use_of_witnesses_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    refused(["witness", "show", "--state", text(&state)], "witness init");
    done(["witness", "init", "--state", text(&state), "--name", "w.example"]);
    refused(["witness", "init", "--state", text(&state), "--name", "w.example"], "already");
    for (arguments, said) in [
        (vec!["witness", "init", "--state", "x", "--name", "a b"], "--name"),
        (vec!["witness", "add-log", "--state", text(&state), "--key", "junk"], "--key"),
        (vec!["serve", "--data", "x", "--witness", "http://127.0.0.1:1"], "--witness-key"),
        (vec!["serve", "--data", "x", "--witness", "ftp://a", "--witness-key", "k"], "--witness"),
        (vec!["audit", "verify", "--data", "x", "--witness", "junk"], "--witness"),
        (vec!["audit", "prove", "--data", "x"], "ENTRY"),
    ] {
        let output = run(arguments.iter().copied());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
    // What was seen is never begun anew because it cannot be read.
    let data = folder.path().join("data");
    serve(&data, 0..1);
    done(["witness", "add-log", "--state", text(&state), "--key", &log_key(&data)]);
    done(check(&state, &data));
    let file = fs::read_dir(state.join("logs")).unwrap().next().unwrap().unwrap().path();
    fs::write(&file, "{").unwrap();
    refused(check(&state, &data), "damaged");
}

#[test]
fn another_key_takes_over_and_what_the_key_before_signed_stays_verifiable() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    serve(&data, 0..1);
    let old = folder.path().join("old");
    fs::copy(checkpoint(&data), &old).unwrap();
    let mut keys = vec![log_key(&data)];
    for round in 1..3 {
        let told: serde_json::Value =
            serde_json::from_str(&done(["audit", "rotate-key", "--json", "--data", text(&data)])).unwrap();
        assert_eq!(told["before"], *keys.last().unwrap());
        keys.push(told["now"].as_str().unwrap().to_owned());
        assert!(data.join(told["handover"].as_str().unwrap()).is_file());
        serve(&data, round..round + 1);
    }
    let (status, report) = verify(&data, &["--checkpoint", text(&old)]);
    assert_eq!(status, Some(0), "{report}");
    assert_eq!(report["signedBy"], serde_json::json!([keys[2]]));
    let named: Vec<_> = report["handovers"].as_array().unwrap().iter().map(|one| one["to"].clone()).collect();
    assert_eq!(named, [keys[1].as_str(), keys[2].as_str()]);
    // Each stands in the log, once.
    let exported = done(["audit", "export", "--data", text(&data)]);
    for key in &keys[1..] {
        assert_eq!(exported.lines().filter(|line| line.contains(key.as_str())).count(), 1);
    }
    // Beside a server it is refused.
    let server = Server::start(&data);
    refused(["audit", "rotate-key", "--data", text(&data)], "in use");
    server.kill();
    // On one machine no key can be named: nothing is replaced by another than was meant.
    let before = fs::read(data.join("keys/log-signing.key")).unwrap();
    let named = run(["audit", "rotate-key", "--data", text(&data), "--new-key", "x"]);
    assert_eq!(named.status.code(), Some(2), "{}", stdout(&named));
    assert!(stderr(&named).contains("--new-key"), "{}", stderr(&named));
    assert!(fs::read(data.join("keys/log-signing.key")).unwrap() == before, "another key");
    // The key before is gone from the directory; put back, it is noticed.
    let kept = fs::read(data.join("keys/log-signing.key")).unwrap();
    done(["audit", "rotate-key", "--data", text(&data)]);
    fs::write(data.join("keys/log-signing.key"), kept).unwrap();
    refused(["audit", "verify", "--data", text(&data)], "not the key");
}

#[test]
fn a_rotation_that_was_cut_off_is_ended_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let before = folder.path().join("before");
    serve(&before, 0..1);
    let after = folder.path().join("after");
    copy(&before, &after);
    let first = log_key(&before);
    done(["audit", "rotate-key", "--data", text(&after)]);
    // Cut off behind each step: the key made; taken over in the log; remembered by some databases, or by all.
    type Step = fn(&Path, &Path);
    let steps: [Step; 4] = [
        |_, _| (),
        |from, to| {
            fs::remove_dir_all(to.join("log")).unwrap();
            copy(&from.join("log"), &to.join("log"));
            fs::copy(from.join("index.db"), to.join("index.db")).unwrap();
        },
        |from, to| {
            fs::copy(from.join("keys/keys.db"), to.join("keys/keys.db")).unwrap();
        },
        |from, to| {
            for database in ["state.db", "fhir.db"] {
                fs::copy(from.join(database), to.join(database)).unwrap();
            }
        },
    ];
    for cut in 1..=steps.len() {
        let data = folder.path().join(format!("cut-{cut}"));
        copy(&before, &data);
        fs::copy(after.join("keys/log-signing.key"), data.join("keys/log-signing.next")).unwrap();
        for step in &steps[..cut] {
            step(&after, &data);
        }
        let (status, report) = verify(&data, &[]);
        assert_eq!(status, Some(0), "cut off behind step {cut}: {report}");
        if cut % 2 == 0 {
            serve(&data, 1..2)
        } else {
            drop(done(["audit", "rotate-key", "--data", text(&data)]))
        }
        assert!(!data.join("keys/log-signing.next").exists());
        let (status, report) = verify(&data, &[]);
        assert_eq!(status, Some(0), "cut off behind step {cut}: {report}");
        assert_eq!(report["handovers"].as_array().unwrap().len(), 1);
        assert_ne!(log_key(&data), first);
        assert_eq!(log_key(&data), log_key(&after), "it is the key that was made first");
    }
}

pub(crate) fn check_proof(arguments: &[&str]) -> Output {
    Command::new("python3").arg(root().join("docs/check_proof.py")).args(arguments).output().expect("python3")
}

#[test]
fn a_third_party_checks_proofs_with_a_hundred_lines_of_python() {
    let script = fs::read_to_string(root().join("docs/check_proof.py")).unwrap();
    assert!(script.lines().count() <= 100, "{} lines", script.lines().count());
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    serve(&data, 0..2);
    let (state, witness_key) = witness(folder.path(), &data);
    done(check(&state, &data));
    let key = log_key(&data);
    let old = folder.path().join("old");
    fs::copy(checkpoint(&data), &old).unwrap();
    let exported = done(["audit", "export", "--data", text(&data)]);
    let entry: serde_json::Value = serde_json::from_str(exported.lines().nth(2).unwrap()).unwrap();
    let entry = entry["id"].as_str().unwrap();
    let write = |name: &str, content: String| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        text(&path).to_owned()
    };
    let inclusion = done(["audit", "prove", "--data", text(&data), entry]) + "\n";
    let consistency = done(["audit", "prove", "--data", text(&data), "--consistency", text(&old)]) + "\n";
    let (proof, grown) = (write("proof", inclusion.clone()), write("grown", consistency.clone()));

    let with = |more: &[&str]| {
        let output = check_proof(&[&["--key", key.as_str()], more].concat());
        (output.status.code(), stdout(&output) + &stderr(&output))
    };
    let (status, said) = with(&["--witness", &witness_key, &proof]);
    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.starts_with("PROVED: entry 2 with id") && said.contains("witnessed by toezicht.example/w1"),
        "{said}"
    );
    assert!(said.contains(&entry.replace('-', "")), "{said}");
    let (status, said) = with(&["--old", text(&old), &grown]);
    assert!(status == Some(0) && said.contains("only grew, from"), "{said}");
    let (status, said) = with(&[text(&old)]);
    assert!(status == Some(0) && said.contains(&format!("signed by {key}")), "{said}");

    // Nothing of it can be changed: each line of each, a hash left out, other keys, another older checkpoint.
    let mut tampered = 0;
    for (name, sound, more) in
        [("proof", &inclusion, vec![]), ("grown", &consistency, vec!["--old", text(&old)])]
    {
        for (at, line) in sound.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let mut lines: Vec<String> = sound.lines().map(str::to_owned).collect();
            let middle = line.char_indices().nth(line.chars().count() / 2).unwrap().0;
            let changed = if line.chars().nth(line.chars().count() / 2) == Some('1') { "2" } else { "1" };
            lines[at].replace_range(middle..=middle, changed);
            // The line of a witness that nobody asked for is passed over, as the specification demands.
            if line.starts_with("\u{2014} toezicht") {
                continue;
            }
            let wrong = write("wrong", lines.join("\n") + "\n");
            let (status, said) = with(&[&more[..], &[wrong.as_str()]].concat());
            assert_eq!(status, Some(1), "{name}, line {}: {said}", at + 1);
            assert!(said.starts_with("NOT PROVED: "), "{said}");
            tampered += 1;
        }
    }
    assert!(tampered > 12, "{tampered}");
    let other = "zorgsluis/other+25bafd1d+AeFV9bZCoF0K3oYxVl5TbXxHhhcnTfkNFs6B+a5hKAUR";
    for arguments in [
        vec!["--witness", key.as_str(), proof.as_str()],
        vec!["--witness", witness_key.as_str(), grown.as_str()],
        vec![grown.as_str()],
        vec!["--old", proof.as_str(), grown.as_str()],
        vec!["no-such-file"],
    ] {
        assert_eq!(with(&arguments).0, Some(1), "{arguments:?}");
    }
    assert_eq!(check_proof(&["--key", other, &proof]).status.code(), Some(1));
    for (key, file) in [("junk", proof.as_str()), (key.as_str(), "/dev/null")] {
        let refusal = check_proof(&["--key", key, file]);
        assert!(stderr(&refusal).contains("has not the form that C2SP gives it"), "{}", stderr(&refusal));
    }
    let refusal = run(["audit", "prove", "--data", text(&data), "--consistency", &proof]);
    assert_eq!(refusal.status.code(), Some(2), "{}", stderr(&refusal));
}

/// So that a hanging witness is noticed: nothing here waits longer than the harness does.
#[test]
fn a_witness_that_never_answers_delays_the_end_by_seconds_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    serve(&data, 0..1);
    let (_, key) = witness(folder.path(), &data);
    // Takes connections, and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let log = Server::start_with(&data, &["--witness", &url, "--witness-key", &key], Stdio::null());
    log.send(&fs::read(&events()[1]).unwrap());
    log.settle();
    let begun = Instant::now();
    assert!(log.stop().success());
    assert!(begun.elapsed() < PATIENCE / 2 + Duration::from_secs(1), "the end waits for the witness");
}
