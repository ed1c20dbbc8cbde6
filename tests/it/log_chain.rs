//! A log that was sealed, and those that continue it: all commands go on as before.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::clients::add;
use crate::harness::{Server, copy, events, root, run, stderr, stdout};

fn audit(data: &Path, arguments: &[&str]) -> Output {
    let mut all = vec!["audit", arguments[0], "--data", data.to_str().unwrap()];
    all.extend(&arguments[1..]);
    run(all)
}

/// Runs, and expects that it succeeds.
fn done(data: &Path, arguments: &[&str]) -> String {
    let output = audit(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

fn json(data: &Path, arguments: &[&str]) -> Value {
    let output = audit(data, arguments);
    serde_json::from_str(&stdout(&output))
        .unwrap_or_else(|_| panic!("{arguments:?}: {}{}", stdout(&output), stderr(&output)))
}

fn serve(data: &Path, arguments: &[&str], messages: std::ops::Range<usize>) {
    let server = Server::start_with(data, arguments, Stdio::null());
    for path in &events()[messages] {
        server.send(&fs::read(path).unwrap());
    }
    server.settle();
    assert!(server.stop().success());
}

/// Three messages in a log that is sealed, and as many in the one that continues it.
fn sealed_once() -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    serve(data.path(), &["--organisation", "linde"], 0..3);
    done(data.path(), &["seal", "--successor", "linde-2"]);
    serve(data.path(), &[], 3..6);
    data
}

/// A patient of whom both logs tell.
fn patient(data: &Path) -> String {
    let of = |organisation: &str| -> BTreeSet<String> {
        let events = done(data, &["export", "--organisation", organisation]);
        let events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let named = events.filter_map(|event| {
            let entities = event["entity"].as_array()?.clone();
            let references = entities.iter().filter_map(|one| one["what"]["reference"].as_str());
            references.filter(|one| one.starts_with("Patient/")).map(str::to_owned).next()
        });
        named.collect()
    };
    of("linde").intersection(&of("linde-2")).next().expect("a patient of both").clone()
}

fn logs_of(lines: &[Value]) -> BTreeSet<String> {
    lines.iter().map(|line| line["log"].as_str().unwrap().to_owned()).collect()
}

fn ids(lines: &[Value]) -> Vec<String> {
    lines.iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn after_a_seal_answers_tell_of_both_logs_and_the_stores_are_explained_by_both() {
    let data = sealed_once();
    let data = data.path();
    let complete = audit(data, &["reconcile"]);
    assert!(complete.status.success(), "{}{}", stdout(&complete), stderr(&complete));
    assert!(stdout(&complete).contains("100 %"), "{}", stdout(&complete));
    assert!(!stdout(&complete).contains("crash"), "a seal is no crash: {}", stdout(&complete));

    let patient = patient(data);
    let ask = |more: &[&str]| {
        let arguments = [&["history", "--patient", &patient, "--json"][..], more].concat();
        json(data, &arguments)
    };
    let lines = |answer: &Value| answer["lines"].as_array().unwrap().clone();
    let whole = ask(&[]);
    assert_eq!(logs_of(&lines(&whole)), BTreeSet::from(["linde".into(), "linde-2".into()]));
    let old = ask(&["--organisation", "linde"]);
    assert_eq!(logs_of(&lines(&old)), BTreeSet::from(["linde".into()]));
    assert_eq!(old["totals"]["entries"], lines(&old).len());
    let times: Vec<&str> =
        whole["lines"].as_array().unwrap().iter().map(|line| line["recorded"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(whole["totals"]["entries"], lines(&whole).len(), "totals of both");

    // Page by page the same, in both directions, but for the readings themselves.
    let before = lines(&whole).len();
    for newest_first in [false, true] {
        let direction: &[&str] = if newest_first { &["--newest-first"] } else { &[] };
        let (mut after, mut paged): (Option<String>, Vec<Value>) = (None, Vec::new());
        loop {
            let mut more = [&["--page-size", "4"][..], direction].concat();
            if let Some(after) = &after {
                more.extend(["--after", after]);
            }
            let page = ask(&more);
            paged.extend(lines(&page));
            match page["next"].as_str() {
                Some(next) => after = Some(next.to_owned()),
                None => break,
            }
        }
        if newest_first {
            paged.reverse();
        }
        let paged = ids(&paged);
        assert_eq!(paged.iter().collect::<BTreeSet<_>>().len(), paged.len(), "each once");
        let whole = ids(&lines(&whole));
        assert_eq!(
            paged.iter().filter(|id| whole.contains(id)).cloned().collect::<Vec<_>>(),
            whole[..before]
        );
    }

    // The gateway likewise: the search of another system, by its own token.
    let token = add(data.to_str().unwrap(), "log", "pg-tool");
    let server = Server::start(data);
    let form = format!("patient={patient}&_count=5&_sort=date");
    let kind = "application/x-www-form-urlencoded";
    let (status, _, body) = crate::clients::post(&server, &token, "/fhir/AuditEvent/_search", kind, &form);
    assert_eq!(status, 200, "{body}");
    let (mut found, mut body): (Vec<String>, Value) = (Vec::new(), serde_json::from_str(&body).unwrap());
    loop {
        let entries = body["entry"].as_array().cloned().unwrap_or_default();
        found.extend(entries.iter().map(|entry| entry["resource"]["id"].as_str().unwrap().to_owned()));
        let links = body["link"].as_array().unwrap();
        let Some(next) = links.iter().find(|link| link["relation"] == "next") else { break };
        let path = next["url"].as_str().unwrap().split_once("/fhir").unwrap().1.to_owned();
        body = serde_json::from_str(&get(&server, &token, &format!("/fhir{path}"))).unwrap();
    }
    for id in ids(&lines(&whole)) {
        assert_eq!(found.iter().filter(|one| **one == id).count(), 1, "{id} once, in whichever log");
    }
    assert!(server.stop().success());
}

fn get(server: &Server, token: &str, path: &str) -> String {
    let url = format!("http://{}{path}", server.http);
    let mut answer = ureq::get(url).header("Authorization", format!("Bearer {token}")).call().unwrap();
    answer.body_mut().read_to_string().unwrap()
}

#[test]
fn the_key_rotates_while_a_sealed_log_stands_and_each_log_verifies_by_its_own() {
    let data = sealed_once();
    let data = data.path();
    let of_linde = json(data, &["verify", "--json", "--organisation", "linde"]);
    let old = of_linde["signedBy"][0].as_str().unwrap().to_owned();
    let rotated = done(data, &["rotate-key"]);
    assert!(rotated.contains("Sealed logs keep the key that signed them: linde"), "{rotated}");
    // A second seal, and a third log, whose key is replaced too.
    let sealed = json(data, &["seal", "--organisation", "linde-2", "--successor", "linde-3", "--json"]);
    let signed = json(data, &["verify", "--json"])["signedBy"].clone();
    assert_eq!(signed, serde_json::json!([sealed["successorKey"]]), "{sealed}");
    assert!(signed[0].as_str().unwrap().starts_with("zorgsluis/linde-3+"), "{signed}");
    done(data, &["rotate-key"]);
    serve(data, &[], 6..7);
    let report = json(data, &["verify", "--json"]);
    assert_eq!((&report["clean"], &report["log"]), (&true.into(), &"linde-3".into()), "{report}");
    let earlier: Vec<&str> =
        report["earlier"].as_array().unwrap().iter().map(|one| one["log"].as_str().unwrap()).collect();
    assert_eq!(earlier, ["linde-2", "linde"]);
    assert_eq!(report["earlier"][1]["signedBy"][0], old.as_str());
    assert_eq!(
        (&report["earlier"][0]["sealed"], &report["earlier"][1]["sealed"]),
        (&true.into(), &true.into())
    );
    let text = done(data, &["verify"]);
    assert!(
        text.contains("The log of linde-3 verifies:") && text.contains("The log of linde verifies:"),
        "{text}"
    );
    done(data, &["verify", "--sealed", "--organisation", "linde"]);
    done(data, &["reconcile"]);

    // A proof from the first log is one that the first key checks, as it ever was.
    let first = json(data, &["user", "zorgsluis", "--json", "--page-size", "1"]);
    assert_eq!(first["lines"][0]["log"], "linde");
    let proof = data.join("proof");
    fs::write(&proof, done(data, &["prove", first["lines"][0]["id"].as_str().unwrap()])).unwrap();
    let checked = Command::new("python3")
        .args([root().join("docs/check_proof.py").to_str().unwrap(), "--key", &old, proof.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(stdout(&checked).starts_with("PROVED:"), "{}{}", stdout(&checked), stderr(&checked));

    // A log that is sealed itself keeps its key; so does a directory in which nothing can be logged.
    let refused = audit(data, &["rotate-key", "--organisation", "linde"]);
    assert_eq!(refused.status.code(), Some(1), "{}", stdout(&refused));
    assert!(stderr(&refused).contains("keeps the key that signed it"), "{}", stderr(&refused));
    done(data, &["seal", "--organisation", "linde-3"]);
    let refused = audit(data, &["rotate-key"]);
    assert_eq!(refused.status.code(), Some(2), "{}", stdout(&refused));
    assert!(!data.join("keys/log-signing.next").exists());
}

fn codes(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_successor_that_does_not_agree_with_the_seal_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    serve(&one, &["--organisation", "linde"], 0..2);
    copy(&one, &two);
    for (data, further) in [(&one, 2..3), (&two, 3..4)] {
        serve(data, &[], further);
        done(data, &["seal", "--successor", "linde-2"]);
        done(data, &["verify"]);
    }
    // The sealed log of the one in the place of the other's: sound in itself, and signed by the same key.
    let whole = folder.path().join("whole");
    copy(&one, &whole);
    fs::remove_dir_all(one.join("log/linde")).unwrap();
    let gone = json(&one, &["verify", "--json"]);
    assert_eq!(codes(&gone), BTreeSet::from([String::from("predecessor-missing")]));
    copy(&two.join("log/linde"), &one.join("log/linde"));
    let report = json(&one, &["verify", "--json"]);
    assert_eq!(codes(&report), BTreeSet::from([String::from("succession-differs")]), "{report}");
    assert_eq!(audit(&one, &["verify"]).status.code(), Some(1));
    assert!(stdout(&audit(&one, &["verify"])).contains("the seal says"));
    // Entries behind the seal, put there by who owns the storage: the place is taken by what closes the log.
    let entries = whole.join("log/linde/entries");
    let mut bundles: Vec<_> = fs::read_dir(&entries).unwrap().map(|one| one.unwrap().path()).collect();
    bundles.sort();
    let closing = bundles.pop().unwrap();
    fs::remove_file(&closing).unwrap();
    let report = json(&whole, &["verify", "--json"]);
    assert_eq!(codes(&report["earlier"][0]), BTreeSet::from([String::from("closing-missing")]));
}

#[test]
fn a_log_that_begins_beside_a_sealed_one_names_it_first_also_when_the_seal_was_cut_off() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    serve(data, &["--organisation", "linde"], 0..1);
    done(data, &["seal"]);
    // Cut off between the seal and the first entry of the next log: only its folder stands.
    fs::create_dir(data.join("log/linde-2")).unwrap();
    serve(data, &[], 1..2);
    let report = json(data, &["verify", "--json"]);
    assert_eq!((&report["clean"], &report["earlier"][0]["log"]), (&true.into(), &"linde".into()), "{report}");
    // Cut off before the seal was written: nothing is taken any more, and the seal is ended by doing it again.
    done(data, &["seal", "--organisation", "linde-2"]);
    fs::remove_file(data.join("log/linde-2/sealed")).unwrap();
    let refused = audit(data, &["export"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("the log is sealed"), "{}", stderr(&refused));
    done(data, &["seal", "--organisation", "linde-2", "--successor", "linde-3"]);
    done(data, &["verify"]);
}
