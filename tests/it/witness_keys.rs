//! What a witness, and who checks a proof, believe when the key of the log changes.

use std::fs;

use crate::harness::{Server, run, stderr, stdout};
use crate::witness::{check, check_proof, checkpoint, done, log_key, refused, serve, text, witness};

#[test]
fn a_witness_that_was_away_follows_several_new_keys_at_once_and_believes_no_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    serve(&data, 0..1);
    let (state, key) = witness(folder.path(), &data);
    done(check(&state, &data));
    let old = folder.path().join("old");
    fs::copy(checkpoint(&data), &old).unwrap();
    let first = log_key(&data);
    for _ in 0..3 {
        done(["audit", "rotate-key", "--data", text(&data)]);
    }
    let last = log_key(&data);
    assert!(done(check(&state, &data)).contains("cosigned:"));
    let shown = done(["witness", "show", "--state", text(&state)]);
    assert!(shown.contains(&last) && !shown.contains(&first), "{shown}");
    // Again, with nothing new, it says the same.
    done(check(&state, &data));

    // Where the witness proves that nothing was taken back, nobody is told that only a checkpoint would.
    let hint = "A rollback of everything is found only";
    let verify = ["audit", "verify", "--data", text(&data)];
    assert!(done(verify).contains(hint));
    assert!(!done(verify.into_iter().chain(["--witness", &key])).contains(hint));

    // Who checks that the log grew needs the key of the older checkpoint and that of the newer one, and is told so.
    let grown = folder.path().join("grown");
    let proof = done(["audit", "prove", "--data", text(&data), "--consistency", text(&old)]) + "\n";
    fs::write(&grown, proof).unwrap();
    let with = |keys: &[&str]| {
        let keys = keys.iter().flat_map(|key| ["--key", key]);
        let output = check_proof(&keys.chain(["--old", text(&old), text(&grown)]).collect::<Vec<_>>());
        (output.status.code(), stdout(&output) + &stderr(&output))
    };
    let (status, said) = with(&[&first, &last]);
    assert!(status == Some(0) && said.contains("only grew"), "{said}");
    for (one, which) in [(&first, "the checkpoint"), (&last, "old checkpoint")] {
        let (status, said) = with(&[one]);
        assert!(status == Some(1) && said.contains(which) && said.contains("give each --key"), "{said}");
    }
    assert!(stdout(&check_proof(&["--help"])).contains("give both: --key BEFORE --key NEXT"));
}

#[test]
fn two_logs_of_one_name_are_not_taken_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    serve(&one, 0..1);
    serve(&two, 0..1);
    let (state, _) = witness(folder.path(), &one);
    let theirs = log_key(&two);
    let add = ["witness", "add-log", "--state", text(&state), "--key", &theirs];
    refused(add, "is followed already, by the key");
    refused(check(&state, &two), "not to be believed");
    let shown = done(["witness", "show", "--state", text(&state)]);
    assert!(!shown.contains(&theirs), "{shown}");

    // With names of their own, one witness follows both.
    let three = folder.path().join("three");
    let server = Server::start_with(&three, &["--organisation", "linde"], std::process::Stdio::null());
    assert!(server.stop().success());
    done(["witness", "add-log", "--state", text(&state), "--key", &log_key(&three)]);
    for data in [&one, &three] {
        done(check(&state, data));
    }
    let also = run(add.into_iter().chain(["--also"]));
    assert!(also.status.success() && stdout(&also).contains("by this key, too"), "{}", stderr(&also));
}
