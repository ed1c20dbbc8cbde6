//! Data of a patient are destroyed: in no file, for good, and not before a duty ends.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;

use jiff::Timestamp;
use zorgsluis_audit_writer::{AuditLog, AuditWriter};
use zorgsluis_domain::audit::{AccessMethod, Application, Deed, Source, User};
use zorgsluis_domain::port::{AuditSink as _, FhirStore as _, Precondition, ResourceKey, Write};
use zorgsluis_domain::{AuditEntry, Clock, EntryId, Phi};
use zorgsluis_embedded::{DataDirectory, SystemRandom};

use crate::harness::{Server, code, copy, events, import_providers, root, run, stderr, stdout, zorgsluis};
use crate::phi::secrets;

pub(crate) const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn|-";
/// Whose dossier is destroyed.
pub(crate) const JOKE: &str = "999990019";
/// Who stays.
const PIETER: &str = "999990032";

/// Of whom two providers are told.
const APPLEBY: &str = "999990093";

/// The event with this number.
pub(crate) fn event(number: &str) -> Vec<u8> {
    let begins = format!("{number}-");
    let file =
        events().into_iter().find(|file| file.file_name().unwrap().to_string_lossy().starts_with(&begins));
    fs::read(file.unwrap()).unwrap()
}

/// Runs with a value on standard input.
pub(crate) fn run_with(input: &str, arguments: &[&str]) -> Output {
    let mut command = zorgsluis();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

pub(crate) fn erase(data: &Path, bsn: &str, more: &[&str]) -> Output {
    let mut arguments = vec!["erase", "--data", data.to_str().unwrap(), "--identifier", BSN];
    arguments.extend(more);
    run_with(bsn, &arguments)
}

fn again(data: &Path) -> Output {
    run(["erase", "--again", "--data", data.to_str().unwrap()])
}

pub(crate) const AT_REQUEST: &[&str] = &["--class", "dossier", "--reason", "patient-request"];

/// `Patient/<id>`, from what erase printed.
pub(crate) fn patient(output: &Output) -> String {
    stdout(output).split(':').next().unwrap().to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// What of these stands in some file of the directory, write-ahead logs included: file and what it is.
pub(crate) fn standing(data: &Path, secrets: &BTreeSet<Vec<u8>>) -> Vec<String> {
    let secrets: Vec<_> = secrets.iter().map(|secret| String::from_utf8_lossy(secret)).collect();
    let mut found = Vec::new();
    for file in files(data) {
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let here = secrets.iter().filter(|secret| text.contains(&***secret));
        found.extend(here.map(|secret| format!("{}: {secret}", file.display())));
    }
    found
}

/// What only the messages of the patient hold: names, numbers, addresses, and the ids of the messages.
pub(crate) fn only_joke() -> BTreeSet<Vec<u8>> {
    let mut hers = BTreeSet::new();
    for number in ["01", "02", "03", "04", "05", "06", "07", "08"] {
        hers.extend(secrets(&event(number)));
        hers.insert(format!("LINDE0000{number}").into_bytes());
    }
    for number in ["10", "30"] {
        for theirs in secrets(&event(number)) {
            hers.remove(&theirs);
        }
    }
    assert!(hers.len() > 10 && hers.contains(JOKE.as_bytes()), "{}", hers.len());
    hers
}

/// A hospital with three patients, served and stopped.
pub(crate) fn hospital(folder: &Path) -> PathBuf {
    let data = folder.join("data");
    let server = Server::start(&data);
    import_nothing_twice(&server);
    assert!(server.stop().success());
    data
}

fn import_nothing_twice(server: &Server) {
    for number in ["01", "02", "03", "04", "05", "06", "07", "08", "10", "30"] {
        assert_eq!(code(&server.send(&event(number))), "AA");
    }
    server.settle();
}

pub(crate) fn verified(data: &Path) {
    let verified = run(["audit", "verify", "--sealed", "--data", data.to_str().unwrap()]);
    assert!(verified.status.success(), "{}{}", stdout(&verified), stderr(&verified));
}

#[test]
fn what_was_destroyed_is_in_no_file_and_no_backup_brings_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(Server::start(&data).stop().success());
    import_providers(&data);
    let profiles = root().join("events/profiles");
    let start = || Server::start_with(&data, &["--profiles", profiles.to_str().unwrap()], Stdio::null());
    let server = start();
    import_nothing_twice(&server);
    assert!(server.stop().success());
    let hers = only_joke();
    assert!(standing(&data, &hers).len() >= hers.len() / 2, "it stood there");
    let backup = folder.path().join("backup");
    copy(&data, &backup);

    let looked = erase(&data, JOKE, &[AT_REQUEST, &["--dry-run"]].concat());
    assert!(looked.status.success() && stdout(&looked).contains("would be destroyed"), "{}", stderr(&looked));
    assert!(!standing(&data, &hers).is_empty());
    let done = erase(&data, JOKE, AT_REQUEST);
    assert!(done.status.success(), "{}", stderr(&done));
    let joke = patient(&done);
    assert_eq!(standing(&data, &hers), Vec::<String>::new());
    verified(&data);
    // The tombstone names nobody.
    let tombstones = fs::read_to_string(folder.path().join("data.tombstones")).unwrap();
    assert_eq!(tombstones.lines().count(), 1);
    assert!(!hers.iter().any(|secret| tombstones.contains(&*String::from_utf8_lossy(secret))));

    // Again: it says so, and changes nothing.
    let second = run([
        "erase",
        "--data",
        data.to_str().unwrap(),
        "--patient",
        &joke,
        "--class",
        "dossier",
        "--reason",
        "patient-request",
    ]);
    assert!(second.status.success() && stdout(&second).contains("already destroyed"), "{}", stdout(&second));
    let lines = fs::read_to_string(folder.path().join("data.tombstones")).unwrap();
    assert_eq!(lines, tombstones);

    // The log still tells the patient who saw the data, and that they were destroyed.
    let history =
        run(["audit", "history", "--data", data.to_str().unwrap(), "--patient", &joke, "--lang", "en"]);
    assert!(stdout(&history).contains("destroyed for good"), "{}", stdout(&history));
    let export = run(["audit", "export", "--data", data.to_str().unwrap()]);
    assert!(export.status.success(), "{}", stderr(&export));

    // The same message again brings nothing back; a new one begins a new dossier.
    let server = start();
    assert_eq!(server.get(&format!("/fhir/{joke}")).0, 404);
    assert_eq!(code(&server.send(&event("01"))), "AA");
    server.settle();
    assert_eq!(server.get(&format!("/fhir/{joke}")).0, 404);
    let new = String::from_utf8_lossy(&event("10")).replace("LINDE000010", "LINDE000999").into_bytes();
    let renamed = String::from_utf8_lossy(&event("08")).replace("LINDE000008", "LINDE000998").into_bytes();
    assert_eq!(code(&server.send(&new)), "AA");
    assert_eq!(code(&server.send(&renamed)), "AA");
    server.settle();
    assert_eq!(server.get(&format!("/fhir/{joke}")).0, 200);
    assert_eq!(server.all("Patient").len(), 3);
    assert!(server.stop().success());
    // Nothing is destroyed a second time at the next start.
    let server = start();
    assert_eq!(server.get(&format!("/fhir/{joke}")).0, 200);
    assert!(server.stop().success());
    verified(&data);

    // The backup is put back, the tombstones were kept: gone before anything is served.
    fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);
    let reader = run(["audit", "history", "--data", data.to_str().unwrap(), "--patient", &joke]);
    assert_eq!(reader.status.code(), Some(1), "nothing is read before");
    assert!(stderr(&reader).contains("erase --data"), "{}", stderr(&reader));
    let server = start();
    assert_eq!(server.get(&format!("/fhir/{joke}")).0, 404);
    assert_eq!(server.all("Patient").len(), 2);
    assert!(server.stop().success());
    assert_eq!(standing(&data, &hers), Vec::<String>::new());
    verified(&data);
    let history = run(["audit", "history", "--data", data.to_str().unwrap(), "--patient", &joke]);
    assert!(history.status.success());
    let kept = erase(&data, PIETER, &[AT_REQUEST, &["--dry-run"]].concat());
    assert!(stdout(&kept).contains("would be destroyed"), "who was not erased is there: {}", stderr(&kept));
    // Mails that wait in the outbox go along.
    assert!(!files(&data.join("outbox")).is_empty());
    let mails = files(&data.join("outbox")).len();
    let erased = erase(&data, APPLEBY, AT_REQUEST);
    assert!(erased.status.success());
    let told = if mails == 1 { String::from(", 1 mail\n") } else { format!(", {mails} mails\n") };
    assert!(stdout(&erased).contains(&told), "{}", stdout(&erased));
    assert_eq!(files(&data.join("outbox")), Vec::<PathBuf>::new());
}

/// After a crash, some of the files are as they were and some are as they shall be; so they are when a backup of one
/// of them is put back.
#[test]
fn an_erasure_that_was_cut_off_is_completed_wherever_that_was() {
    let folder = tempfile::tempdir().unwrap();
    let data = hospital(folder.path());
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    copy(&data, &before);
    let done = erase(&data, JOKE, AT_REQUEST);
    assert!(done.status.success(), "{}", stderr(&done));
    copy(&data, &after);
    let hers = only_joke();
    let tombstones = folder.path().join("data.tombstones");
    let line = fs::read(&tombstones).unwrap();
    let databases = ["keys/keys.db", "state.db", "fhir.db", "index.db"];
    // What is as it was: step by step, with the tombstone in the log only, and then in the file only.
    let cut: [(&[&str], bool, bool); 7] = [
        (&databases, true, false),
        (&["state.db", "fhir.db", "index.db"], true, true),
        (&["fhir.db"], true, true),
        (&["index.db", "keys/keys.db"], true, true),
        (&["state.db"], true, false),
        (&["keys/keys.db"], true, true),
        (&databases, false, true),
    ];
    for (old, logged, noted) in cut {
        fs::remove_dir_all(&data).unwrap();
        copy(&after, &data);
        for name in old {
            fs::copy(before.join(name), data.join(name)).unwrap();
        }
        if !logged {
            fs::remove_dir_all(data.join("log")).unwrap();
            copy(&before.join("log"), &data.join("log"));
        }
        if noted {
            // And a second line that was cut off.
            fs::write(&tombstones, [&line[..], br#"{"v":1,"id":"01"#].concat()).unwrap();
        } else {
            fs::remove_file(&tombstones).unwrap();
        }
        let completed = again(&data);
        let case = format!("{old:?} {logged} {noted}");
        assert!(completed.status.success(), "{case}: {}", stderr(&completed));
        assert!(stderr(&completed).contains("completed 1 erasure"), "{case}: {}", stderr(&completed));
        assert_eq!(standing(&data, &hers), Vec::<String>::new(), "{case}");
        verified(&data);
        assert!(fs::read(&tombstones).unwrap().starts_with(&line), "{case}");
        let twice = again(&data);
        assert!(stdout(&twice).contains("nothing to destroy again"), "{case}: {}", stdout(&twice));
    }
    // Of what stands in a damaged file nobody knows whether it was destroyed.
    fs::write(&tombstones, [b"not a tombstone\n", &line[..]].concat()).unwrap();
    let damaged = again(&data);
    assert_eq!(damaged.status.code(), Some(1));
    assert!(stderr(&damaged).contains("line 1"), "{}", stderr(&damaged));
}

#[test]
fn a_duty_that_runs_is_named_and_nothing_is_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let data = hospital(folder.path());
    let name = data.to_str().unwrap();
    let refused = |more: &[&str], law: &str| {
        let output = erase(&data, JOKE, more);
        assert_eq!(output.status.code(), Some(1), "{more:?}: {}", stdout(&output));
        assert!(stderr(&output).contains(law), "{more:?}: {}", stderr(&output));
        output
    };
    refused(&["--class", "log", "--reason", "patient-request"], "Begz art. 5(2)");
    refused(&["--class", "dossier", "--reason", "term-ended"], "BW 7:454(3)");
    refused(&["--class", "dossier", "--reason", "we would like to"], "BW 7:454(3)");
    refused(&[AT_REQUEST, &["--requested-by", "organisation"]].concat(), "say who asks");
    let machine = refused(&["--class", "log", "--reason", "term-ended", "--json"], "Begz");
    let json: serde_json::Value = serde_json::from_str(&stdout(&machine)).unwrap();
    assert_eq!((&json["erased"], &json["duties"][0]["code"]), (&false.into(), &"log".into()));
    let ended = [AT_REQUEST, &["--care-ended", "2020-01-01"]].concat();
    for wrong in [&["--class", "dossier"][..], &ended] {
        let wrong = erase(&data, JOKE, wrong);
        assert_eq!(wrong.status.code(), Some(2), "{}", stderr(&wrong));
    }
    let for_her =
        erase(&data, JOKE, &[AT_REQUEST, &["--requested-by", "representative", "--dry-run"]].concat());
    assert!(stdout(&for_her).contains("who may ask: from 16 on"), "{}{}", stdout(&for_her), stderr(&for_her));

    // A hold, declared beside a running server.
    let server = Server::start(&data);
    let beside = erase(&data, JOKE, AT_REQUEST);
    assert_eq!(beside.status.code(), Some(1));
    assert!(stderr(&beside).contains("stop it"), "{}", stderr(&beside));
    let mut add = vec!["holds", "add", "--data", name, "--identifier", BSN];
    add.extend(["--ground", "claim", "--reference", "case 2026-0117"]);
    let held = run_with(JOKE, &add);
    assert!(held.status.success(), "{}", stderr(&held));
    assert!(server.stop().success());
    let output = refused(AT_REQUEST, "GDPR art. 17(3)(e)");
    assert!(stderr(&output).contains("case 2026-0117"), "{}", stderr(&output));
    let hold = stdout(&held).split(' ').next().unwrap().to_owned();
    assert!(stdout(&run(["holds", "list", "--data", name])).contains(&hold));
    assert!(run(["holds", "lift", "--data", name, &hold]).status.success());
    assert!(stdout(&run(["holds", "list", "--data", name])).contains("lifted"));

    let hers = only_joke();
    assert!(!standing(&data, &hers).is_empty(), "nothing was destroyed until now");
    assert!(!folder.path().join("data.tombstones").exists());
    // Each refusal stands in the log: under the patient, but for those about the lines of the log, which would
    // otherwise be kept for five years more by each of them.
    let history = run_with(
        JOKE,
        &["audit", "history", "--data", name, "--identifier", BSN, "--format", "csv", "--lang", "en"],
    );
    assert_eq!(stdout(&history).matches("destroyed for good").count(), 4, "{}", stdout(&history));
    assert!(stdout(&history).contains("not done: kept for a complaint or a case"), "{}", stdout(&history));
    assert!(erase(&data, JOKE, AT_REQUEST).status.success());
    verified(&data);
}

struct Then(Timestamp);

impl Clock for Then {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A directory as it was written at some time: a patient, and a line about the patient.
async fn written(data: &Path, at: &str, id: &str) {
    let at: Timestamp = at.parse().unwrap();
    let directory = DataDirectory::open_with_clock(data, Arc::new(Then(at))).unwrap();
    let json = format!(
        r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"system":"urn:test","value":"{id}"}}]}}"#
    );
    let key = ResourceKey::new("Patient", id);
    let write = Write::Put { key, json: Phi::new(json.into_bytes()), precondition: Precondition::Absent };
    directory.fhir_store().transaction(&[write]).await.unwrap();
    let origin = "zorgsluis/demo-hospital";
    let signer = Arc::new(directory.log_signer(origin).unwrap());
    let verifying = vec![tlog::Signer::verifying_key(&*signer).clone()];
    let (storage, index) =
        (Arc::new(directory.log_storage()), Arc::new(directory.entry_index("demo-hospital")));
    let log = AuditLog::new(storage, index, Arc::new(directory.keys()), "demo-hospital", origin, verifying)
        .unwrap();
    let writer = AuditWriter::open(log, &SystemRandom, signer).await.unwrap();
    let source =
        Source { enterprise_site_id: "demo-hospital".into(), source_id: "test".into(), source_type: 4 };
    let entry = AuditEntry::of(Deed::created())
        .at(EntryId::derived(at, id), at)
        .by(User::system("test", true))
        .through(AccessMethod::Internal, Application::zorgsluis())
        .reported_by(source)
        .patient(format!("Patient/{id}"))
        .build();
    writer.record(&[entry]).await.unwrap();
    writer.checkpoint().await.unwrap();
    directory.close().await;
}

#[tokio::test]
async fn what_no_duty_keeps_any_more_expires_by_the_time_of_its_event() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (old, younger) = ("00000000-0000-5000-8000-00000000000a", "00000000-0000-5000-8000-00000000000b");
    written(&data, "2004-02-29T10:00:00Z", old).await;
    written(&data, "2012-06-15T10:00:00Z", younger).await;
    let name = data.to_str().unwrap();
    // On the last day of the term of the first line it stays.
    let on = |day: &str| stdout(&run(["erase", "--data", name, "--expired", "--dry-run", "--on", day]));
    assert_eq!(on("2009-02-28"), "nothing whose term is over\n");
    assert_eq!(on("2009-03-01"), "log: 1 line about 1 patient would be destroyed\n");
    assert_eq!(on("2017-06-15"), "log: 1 line about 1 patient would be destroyed\n");
    assert_eq!(on("2017-06-16"), "log: 2 lines about 2 patients would be destroyed\n");
    assert!(!on("2024-02-29").contains("dossier"));
    assert!(on("2024-03-01").contains(&format!("Patient/{old}: dossier would be destroyed")));

    // Somebody declares that the first one is needed: it stays, and the other goes.
    let hold = ["holds", "add", "--data", name, "--patient", old, "--ground", "law", "--reference", "A-1"];
    assert!(run(hold).status.success());
    let done = run(["erase", "--data", name, "--expired"]);
    assert!(done.status.success(), "{}", stderr(&done));
    assert_eq!(stdout(&done), "log: 1 line about 1 patient destroyed\n");
    assert!(stderr(&done).contains("dossier stays: BW 7:455(2)"), "{}", stderr(&done));
    verified(&data);
    // The line shows as erased, and is proved.
    let export = run(["audit", "export", "--data", name]);
    assert!(stderr(&export).contains("erased, its key was destroyed"), "{}", stderr(&export));
    let id = EntryId::derived("2012-06-15T10:00:00Z".parse().unwrap(), younger).to_string();
    let proof = run(["audit", "prove", "--data", name, &id]);
    assert!(proof.status.success(), "{}", stderr(&proof));
    assert_eq!(crate::log_archive::archived(&data)["counts"]["erased"], 1);
    let history = run(["audit", "history", "--data", name, "--patient", younger]);
    assert!(stderr(&history).contains("lines of 2012 were destroyed on"), "{}", stderr(&history));
    let again = run(["erase", "--data", name, "--expired"]);
    assert_eq!(stdout(&again), "nothing whose term is over\n");
}

#[test]
fn the_page_shows_every_term() {
    let page = fs::read_to_string(root().join("docs/erasure.md")).unwrap();
    for term in zorgsluis_domain::retention::TERMS {
        let (class, years, from) = (term.class.name(), term.years, term.from);
        let row = format!("| `{}` | {class} | {years} | {from} | {} |", term.code, term.law);
        assert!(page.contains(&row), "{row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `") && line.split('|').count() == 7).count();
    assert_eq!(rows, zorgsluis_domain::retention::TERMS.len(), "no term that is none");
}
