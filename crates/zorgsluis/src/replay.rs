//! `zorgsluis replay`: dead letters back into the queue, through the running server or without one.

use std::path::Path;

use serde::{Deserialize, Serialize};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_domain::MessageId;
use zorgsluis_embedded::{DataDirectory, OpenError};
use zorgsluis_ingest::{Ingest, Replay, Replayed, Requester};

use crate::aws;
use crate::cli::ReplayArgs;
use crate::failure::Failure;
use crate::system::{Announcement, LogAccess, ingest, organisation};
use crate::terminal::{count, out};

/// What `POST /replay` answers.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    queued: Vec<MessageId>,
    failed: Vec<Failed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Failed {
    message: MessageId,
    reason: String,
}

impl From<Replayed> for Answer {
    fn from(replayed: Replayed) -> Self {
        let failed = replayed.failed.into_iter();
        Self {
            queued: replayed.queued,
            failed: failed.map(|(message, reason)| Failed { message, reason: reason.to_owned() }).collect(),
        }
    }
}

/// Runs the command.
pub(crate) async fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let messages: Vec<MessageId> = args.messages.iter().copied().map(MessageId).collect();
    let answer = match &args.stores.data {
        Some(data) => on_this_machine(data, args, messages).await?,
        None => again(&aws::ingest().await?, args, &messages).await?.into(),
    };
    if args.json {
        out!("{}", serde_json::to_string(&answer).map_err(Failure::wrong)?);
    } else {
        out!("{} back in the queue", count(answer.queued.len(), "message", "messages"));
    }
    for failed in &answer.failed {
        say!("{}: {}", failed.message, failed.reason);
    }
    if answer.failed.is_empty() { Ok(()) } else { Err(Failure::named()) }
}

async fn on_this_machine(
    data: &Path,
    args: &ReplayArgs,
    messages: Vec<MessageId>,
) -> Result<Answer, Failure> {
    if !data.is_dir() {
        return Err(Failure::wrong(format!("{}: no such data directory", data.display())));
    }
    match DataDirectory::open(data) {
        Ok(directory) => in_directory(directory, data, args, &messages).await,
        Err(OpenError::Held { .. }) => through_server(data, args.all, messages).await,
        Err(error) => Err(Failure::wrong(error)),
    }
}

async fn again(ingest: &Ingest, args: &ReplayArgs, messages: &[MessageId]) -> Result<Replayed, Failure> {
    let what = if args.all { Replay::All } else { Replay::Messages(messages) };
    ingest.replay(what, &Requester::command_line()).await.map_err(Failure::wrong)
}

async fn in_directory(
    directory: DataDirectory,
    data: &Path,
    args: &ReplayArgs,
    messages: &[MessageId],
) -> Result<Answer, Failure> {
    let log = LogAccess::open(&directory, &organisation(data, None)?).await?;
    let replayed = again(&ingest(&directory, &log, Profiles::builtin()), args, messages).await?;
    log.writer.checkpoint().await.map_err(Failure::wrong)?;
    directory.close().await;
    Ok(replayed.into())
}

async fn through_server(data: &Path, all: bool, messages: Vec<MessageId>) -> Result<Answer, Failure> {
    let server = Announcement::read(data)
        .ok_or_else(|| Failure::wrong(format!("{}: in use, but not by a server", data.display())))?;
    let url = format!("http://{}/replay", server.http);
    let request =
        if all { serde_json::json!({ "all": true }) } else { serde_json::json!({ "messages": messages }) };
    let called = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        let response =
            agent.post(&url).header("Authorization", format!("Bearer {}", server.token)).send_json(request);
        response.and_then(|mut response| response.body_mut().read_json::<Answer>())
    });
    called
        .await
        .map_err(Failure::wrong)?
        .map_err(|error| Failure::wrong(format!("the running server: {error}")))
}
