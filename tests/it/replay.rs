//! A message that the notifier set aside goes the whole way again, and nobody is told twice.

use std::path::Path;

use zorgsluis_domain::Stage;
use zorgsluis_domain::notice::NoticeOutcome::{self, Refused, Sent, SentBefore};
use zorgsluis_domain::port::{Journal, PageRequest};
use zorgsluis_embedded::DataDirectory;

use crate::harness::{Server, code, root, run, stderr, stdout};

/// A registration with a note, that names the general practitioner (PD1-4) and the referrer (PV1-8).
const MESSAGE: &str = "30-adt-a04-english-note.hl7";

const GENERAL_PRACTITIONER: &str = "01004568;C.;Smits;Huisartsen Noord;smits@huisartsen-noord.example;nl";
const REFERRER: &str = "03012345;E.;Jones;Ziekenhuis De Linde;e.jones@ziekenhuis-linde.example;en";

fn import(data: &str, folder: &Path, providers: &[&str]) {
    let (table, mapping) = (folder.join("providers.csv"), folder.join("mapping.toml"));
    std::fs::write(
        &table,
        format!("AGB;Voorletters;Achternaam;Praktijk;E-mail;Taal\n{}\n", providers.join("\n")),
    )
    .unwrap();
    std::fs::write(
        &mapping,
        "separator = \";\"\n\
         identifiers = [{ column = \"AGB\", system = \"http://fhir.nl/fhir/NamingSystem/agb-z\" }]\n\
         name = [\"Voorletters\", \"Achternaam\"]\norganisation = \"Praktijk\"\naddress = \"E-mail\"\n\
         language = { column = \"Taal\" }\n",
    )
    .unwrap();
    let (table, mapping) = (table.to_str().unwrap(), mapping.to_str().unwrap());
    let done = run(["registers", "import", "providers", "--data", data, "--mapping", mapping, table]);
    assert!(done.status.success(), "{}{}", stdout(&done), stderr(&done));
}

/// How many mails lie in the outbox.
fn mails(data: &Path) -> usize {
    let files = std::fs::read_dir(data.join("outbox")).map(|folder| folder.map(|file| file.unwrap().path()));
    files.map_or(0, |files| files.filter(|file| file.extension().is_some_and(|kind| kind == "eml")).count())
}

/// What stands in the way of the only message: its stages, and how each notice ended, each time.
fn way(data: &Path) -> (Vec<Stage>, Vec<Vec<NoticeOutcome>>) {
    let directory = DataDirectory::open(data).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ways = runtime.block_on(directory.journal().latest(&PageRequest::first(10))).unwrap();
    assert_eq!(ways.items.len(), 1);
    let stages: Vec<Stage> = ways.items[0].steps.iter().map(|step| step.stage.clone()).collect();
    let told = stages.iter().filter_map(|stage| match stage {
        Stage::Notified { notices, .. } => Some(notices.iter().map(|notice| notice.outcome).collect()),
        _ => None,
    });
    let told = told.collect();
    (stages, told)
}

#[test]
fn who_was_told_is_not_told_again_when_the_directory_was_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = data.to_str().unwrap();
    let profiles = root().join("events/profiles");
    let server =
        Server::start_with(&data, &["--profiles", profiles.to_str().unwrap()], std::process::Stdio::null());
    import(text, folder.path(), &[GENERAL_PRACTITIONER]);
    let message = std::fs::read(root().join("events").join(MESSAGE)).unwrap();
    assert_eq!(code(&server.send(&message)), "AA");
    server.settle();
    assert!(server.get("/dead-letters").1.contains("recipient-unknown"));
    assert_eq!(mails(&data), 1);

    import(text, folder.path(), &[GENERAL_PRACTITIONER, REFERRER]);
    let replayed = run(["replay", "--data", text, "--all"]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
    server.settle();
    assert!(!server.get("/dead-letters").1.contains("recipient-unknown"));
    assert_eq!(mails(&data), 2);
    let resources = server.all("Communication").len();
    assert!(server.stop().success());

    let (stages, told) = way(&data);
    assert_eq!(told, [vec![Sent, Refused], vec![SentBefore, Sent]]);
    assert_eq!(resources, 2, "one for each notice that was sent");
    let parked = stages.iter().filter(|stage| matches!(stage, Stage::Parked { .. })).count();
    let applied = stages.iter().filter(|stage| matches!(stage, Stage::Applied { .. })).count();
    assert_eq!((parked, applied), (1, 2), "the converter ran again, and nothing was set aside a second time");
    let verified = run(["audit", "verify", "--sealed", "--data", text]);
    assert!(verified.status.success(), "{}{}", stdout(&verified), stderr(&verified));
}
