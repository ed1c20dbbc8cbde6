//! Standard error that nobody reads any longer (`2>&1 | head`): each command ends as it would have.

use crate::harness::{Server, events, root, run, stderr, stdout, zorgsluis};

#[test]
fn a_command_ends_with_its_own_status_though_nobody_reads_what_it_says() {
    let samples = events();
    let sample = samples[0].to_str().unwrap();
    let nowhere = root().join("no-such-folder");
    let nowhere = nowhere.to_str().unwrap();
    for (arguments, expected) in [
        // Says by which key the ids are made, and what was left out; events of the program besides.
        (vec!["--log", "trace", "convert", sample], 0),
        (vec!["convert", nowhere], 1),
        (vec!["audit", "denied", "--data", nowhere], 1),
    ] {
        let said = zorgsluis().args(&arguments).output().unwrap();
        assert_eq!(said.status.code(), Some(expected), "{arguments:?} {said:?}");
        assert!(!said.stderr.is_empty(), "{arguments:?} says something");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let unread = zorgsluis().args(&arguments).stderr(writer).output().unwrap();
        assert_eq!(unread.status.code(), Some(expected), "{arguments:?}");
        assert_eq!(unread.stdout, said.stdout, "{arguments:?}");
    }
}

#[test]
fn what_is_refused_is_said_in_words_of_who_typed_it() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, data) = (folder.path().join("empty"), folder.path().join("data"));
    std::fs::create_dir(&empty).unwrap();
    let (empty, text) = (empty.to_str().unwrap(), data.to_str().unwrap());
    for arguments in [vec!["clients", "list", "--data", empty], vec!["audit", "seal", "--data", empty]] {
        let refused = run(arguments.iter().copied());
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert!(stderr(&refused).contains("is it a data directory?"), "{}", stderr(&refused));
    }
    let jobs = run(["audit", "verify", "--data", empty, "--jobs", "0"]);
    assert!(stderr(&jobs).contains("must be a number from 1 to"), "{}", stderr(&jobs));
    let nobody = run(["audit", "history", "--data", empty]);
    assert!(stderr(&nobody).contains("--patient") && stderr(&nobody).contains("--identifier"), "{nobody:?}");

    assert!(Server::start(&data).stop().success());
    let log = std::fs::read_dir(data.join("log")).unwrap().next().unwrap().unwrap().path();
    let kept = folder.path().join("kept");
    std::fs::copy(log.join("checkpoint"), &kept).unwrap();
    let verified = run(["audit", "verify", "--data", text, "--checkpoint", kept.to_str().unwrap()]);
    assert!(stdout(&verified).contains("It continues the "), "{verified:?}");
    let junk = folder.path().join("junk");
    std::fs::write(&junk, "no state").unwrap();
    let taken_up = run(["audit", "verify", "--data", text, "--resume", junk.to_str().unwrap()]);
    assert!(stderr(&taken_up).contains("remove it to verify from the first"), "{taken_up:?}");
    // A checkpoint of another log, as what an archive is to continue.
    let other = folder.path().join("other");
    let serving = Server::start_with(&other, &["--organisation", "elsewhere"], std::process::Stdio::null());
    assert!(serving.stop().success());
    let theirs = other.join("log/elsewhere/checkpoint");
    let zip = folder.path().join("a.zip");
    let archive = ["audit", "archive", "--data", text, "--output", zip.to_str().unwrap()];
    let refused = run(archive.into_iter().chain(["--previous", theirs.to_str().unwrap()]));
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(stderr(&refused).contains("elsewhere, not of "), "{}", stderr(&refused));
}
