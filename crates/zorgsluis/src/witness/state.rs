//! What a witness keeps: its key, and of each log the newest checkpoint that it cosigned. Never goes back.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tlog::{
    ConsistencyFile, Cosigner, Hash, NoteSignature, Refusal, SignedCheckpoint, VerifyingKey, WitnessKey,
    WitnessedLog, examine, sha256, stated_origin,
};
use zorgsluis_domain::Clock;
use zorgsluis_domain::port::Random as _;
use zorgsluis_embedded::SystemRandom;

use crate::failure::Failure;
use crate::private_file;

const KEY: &str = "witness.key";
const LOGS: &str = "logs";
const LOCK: &str = "lock";

/// The folder of a witness.
pub(crate) struct WitnessState {
    path: PathBuf,
    cosigner: Cosigner,
}

/// A log as it stands in its file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    origin: String,
    keys: Vec<String>,
    size: u64,
    root: String,
    /// The newest cosigned checkpoint, with the cosignature; none before the first.
    checkpoint: Option<String>,
}

/// What a witness says of a submission.
pub(crate) enum Answer {
    Cosigned { signed: SignedCheckpoint, cosignature: NoteSignature },
    Refused(Refusal),
}

/// What came of adding a log.
pub(crate) enum Added {
    Followed,
    KeyToo,
    Already,
    /// Nothing was changed: it is followed by this key.
    ByAnotherKey(String),
}

/// A log that is followed.
pub(crate) struct Followed {
    pub(crate) log: WitnessedLog,
    pub(crate) checkpoint: Option<String>,
}

impl WitnessState {
    /// Makes a witness; there must be none.
    pub(crate) fn init(path: &Path, name: &str) -> Result<Self, Failure> {
        let mut seed = [0; 32];
        SystemRandom.fill(&mut seed).map_err(Failure::wrong)?;
        // A wrong name is refused before anything is made.
        Cosigner::from_seed(name, &seed)
            .map_err(|error| Failure::usage(format!("--name {name}: {error}")))?;
        let failed = |error: std::io::Error| Failure::file(path, &error);
        DirBuilder::new().recursive(true).mode(0o700).create(path.join(LOGS)).map_err(failed)?;
        let key = path.join(KEY);
        if key.exists() {
            return Err(Failure::wrong(format!("{}: there is a witness already", path.display())));
        }
        write(&key, format!("{name}\n{}\n", STANDARD.encode(seed)).as_bytes())?;
        Self::open(path)
    }

    /// Opens a witness.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let key = path.join(KEY);
        let text = fs::read_to_string(&key).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::wrong(format!(
                "{}: there is no witness; make one with `witness init`",
                path.display()
            )),
            _ => Failure::file(&key, &error),
        })?;
        let damaged = || Failure::wrong(format!("{}: the key is damaged", key.display()));
        let (name, seed) = text.trim_end().split_once('\n').ok_or_else(damaged)?;
        let seed: [u8; 32] =
            STANDARD.decode(seed).ok().and_then(|seed| seed.try_into().ok()).ok_or_else(damaged)?;
        let cosigner = Cosigner::from_seed(name, &seed).map_err(|_| damaged())?;
        Ok(Self { path: path.to_owned(), cosigner })
    }

    /// The public key.
    pub(crate) fn key(&self) -> &WitnessKey {
        self.cosigner.key()
    }

    /// Follows a log; with `also`, believes a further key for one that it follows.
    pub(crate) fn add(&self, origin: &str, key: VerifyingKey, also: bool) -> Result<Added, Failure> {
        let _lock = self.lock()?;
        let mut followed = self
            .read(origin)?
            .unwrap_or_else(|| Followed { log: WitnessedLog::new(origin, Vec::new()), checkpoint: None });
        let added = match followed.log.keys.last() {
            _ if followed.log.keys.contains(&key) => return Ok(Added::Already),
            Some(known) if !also => return Ok(Added::ByAnotherKey(known.to_string())),
            Some(_) => Added::KeyToo,
            None => Added::Followed,
        };
        followed.log.keys.push(key);
        self.save(&followed).map(|()| added)
    }

    /// What is known of a log.
    pub(crate) fn log(&self, origin: &str) -> Result<Option<Followed>, Failure> {
        self.read(origin)
    }

    /// All logs, by name.
    pub(crate) fn logs(&self) -> Result<Vec<Followed>, Failure> {
        let folder = self.path.join(LOGS);
        let entries = fs::read_dir(&folder).map_err(|error| Failure::file(&folder, &error))?;
        let mut logs = Vec::new();
        for entry in
            entries.flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "json"))
        {
            logs.extend(parse(&entry.path())?);
        }
        logs.sort_by(|a, b| a.log.origin.cmp(&b.log.origin));
        Ok(logs)
    }

    /// Examines a submission, and cosigns it. What follows from it is on disk before the cosignature is given out; one
    /// submission at a time, also of several processes.
    pub(crate) fn submit(&self, submission: &ConsistencyFile, clock: &dyn Clock) -> Result<Answer, Failure> {
        let origin = match stated_origin(submission) {
            Ok(origin) => origin,
            Err(refusal) => return Ok(Answer::Refused(refusal)),
        };
        let _lock = self.lock()?;
        let Some(known) = self.read(&origin)? else { return Ok(Answer::Refused(Refusal::UnknownLog)) };
        let signed = match examine(&known.log, submission) {
            Ok(signed) => signed,
            Err(refusal) => return Ok(Answer::Refused(refusal)),
        };
        let time = u64::try_from(clock.now().as_second()).map_err(Failure::wrong)?;
        let cosignature = self.cosigner.cosign(signed.note(), time);
        let mut note = signed.note().clone();
        note.add(cosignature.clone());
        self.save(&Followed { log: known.log.advanced(&signed), checkpoint: Some(note.to_text()) })?;
        Ok(Answer::Cosigned { signed, cosignature })
    }

    /// Held until it is dropped.
    fn lock(&self) -> Result<File, Failure> {
        let path = self.path.join(LOCK);
        let failed = |error: std::io::Error| Failure::file(&path, &error);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(file)
    }

    fn file(&self, origin: &str) -> PathBuf {
        // A name may hold anything; its hash may stand in a path.
        self.path.join(LOGS).join(format!("{}.json", sha256(origin.as_bytes())))
    }

    fn read(&self, origin: &str) -> Result<Option<Followed>, Failure> {
        parse(&self.file(origin))
    }

    fn save(&self, followed: &Followed) -> Result<(), Failure> {
        let log = &followed.log;
        let stored = Stored {
            origin: log.origin.clone(),
            keys: log.keys.iter().map(ToString::to_string).collect(),
            size: log.size,
            root: STANDARD.encode(log.root.0),
            checkpoint: followed.checkpoint.clone(),
        };
        let json = serde_json::to_vec_pretty(&stored).map_err(Failure::wrong)?;
        write(&self.file(&log.origin), &json)
    }
}

/// Reads what is known of a log. What is damaged is no reason to begin anew: a witness that forgets can be led back.
fn parse(path: &Path) -> Result<Option<Followed>, Failure> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::file(path, &error)),
    };
    let damaged = || Failure::wrong(format!("{}: damaged; put it back from your backup", path.display()));
    let stored: Stored = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
    let keys: Result<Vec<_>, _> = stored.keys.iter().map(|key| VerifyingKey::parse(key)).collect();
    let root = STANDARD.decode(&stored.root).ok().and_then(|root| root.try_into().ok());
    let (keys, root) = (keys.map_err(|_| damaged())?, Hash(root.ok_or_else(damaged)?));
    let log = WitnessedLog { origin: stored.origin, keys, size: stored.size, root };
    Ok(Some(Followed { log, checkpoint: stored.checkpoint }))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    private_file::replace(path, bytes).map_err(|error| Failure::file(path, &error))
}
