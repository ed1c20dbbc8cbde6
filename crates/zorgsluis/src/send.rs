//! `zorgsluis send`: messages over MLLP, and what the other side says.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use hl7v2::ack::{Acknowledgement, ReportedProblem};
use hl7v2::mllp::{Codec, Frame};
use tokio::net::TcpStream;
use tokio_util::codec::Framed;

use crate::cli::SendArgs;
use crate::failure::Failure;
use crate::terminal::{Style, out};

/// An acknowledgement is read up to this size.
const ACK_LIMIT: usize = 64 * 1024;
/// How long an acknowledgement is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to a listener.
pub(crate) struct Client {
    frames: Framed<TcpStream, Codec>,
}

impl Client {
    pub(crate) async fn connect(to: std::net::SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(to)
            .await
            .map_err(|error| Failure::wrong(format!("{to}: {error} (is `zorgsluis serve` running?)")))?;
        Ok(Self { frames: Framed::new(stream, Codec::new(ACK_LIMIT)) })
    }

    /// Sends a message and reads its acknowledgement.
    pub(crate) async fn exchange(&mut self, message: &[u8]) -> Result<Acknowledgement, String> {
        self.frames.send(Bytes::copy_from_slice(message)).await.map_err(|error| error.to_string())?;
        match tokio::time::timeout(PATIENCE, self.frames.next()).await {
            Err(_) => Err(format!("no acknowledgement within {} s", PATIENCE.as_secs())),
            Ok(None) => Err(String::from("the connection ended without an acknowledgement")),
            Ok(Some(Err(error))) => Err(error.to_string()),
            Ok(Some(Ok(Frame::Broken(broken)))) => Err(format!("the answer is broken: {}", broken.reason)),
            Ok(Some(Ok(Frame::Message(answer)))) => {
                Acknowledgement::parse(&answer).map_err(|error| error.to_string())
            }
        }
    }
}

/// What an acknowledgement complains of, in one line.
pub(crate) fn complaints(acknowledgement: &Acknowledgement) -> String {
    let one = |problem: &ReportedProblem| {
        let place = problem.place.map(|place| format!("{place}: ")).unwrap_or_default();
        let text =
            acknowledgement.text.clone().or_else(|| problem.text.clone()).or_else(|| problem.code.clone());
        format!("{place}{}", text.unwrap_or_default())
    };
    if acknowledgement.problems.is_empty() {
        return acknowledgement.text.clone().unwrap_or_default();
    }
    acknowledgement.problems.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Runs the command.
pub(crate) async fn run(args: &SendArgs) -> Result<(), Failure> {
    let style = Style::for_stdout();
    let mut client = Client::connect(args.to).await?;
    let mut all_accepted = true;
    for path in &args.files {
        let bytes = read(path)?;
        for entry in hl7v2::batch::messages(&bytes) {
            let answer = client.exchange(entry.bytes).await;
            let accepted = answer.as_ref().is_ok_and(|answer| answer.code.is_accepted());
            all_accepted &= accepted;
            if args.json {
                out!("{}", as_json(path, entry.index, &answer));
            } else {
                out!("{}", as_text(path, entry.index, &answer, style));
            }
            if answer.is_err() {
                // What came on this connection after that cannot be matched any more.
                client = Client::connect(args.to).await?;
            }
        }
    }
    if all_accepted { Ok(()) } else { Err(Failure::wrong("not every message was accepted")) }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| Failure::file(path, &error))?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(|error| Failure::file(path, &error))
}

fn as_text(path: &Path, index: usize, answer: &Result<Acknowledgement, String>, style: Style) -> String {
    let source = if index == 0 { path.display().to_string() } else { format!("{}[{index}]", path.display()) };
    match answer {
        Ok(answer) if answer.code.is_accepted() => {
            format!("{} {}  {source}", style.good(answer.code), answer.control_id)
        }
        Ok(answer) => {
            format!("{} {}  {source}  {}", style.bad(answer.code), answer.control_id, complaints(answer))
        }
        Err(reason) => format!("{}  {source}  {reason}", style.bad("--")),
    }
}

fn as_json(path: &Path, index: usize, answer: &Result<Acknowledgement, String>) -> serde_json::Value {
    let source = path.display().to_string();
    match answer {
        Ok(answer) => serde_json::json!({
            "source": source,
            "index": index,
            "code": answer.code.as_str(),
            "control_id": answer.control_id,
            "problems": answer.problems.iter().map(|problem| serde_json::json!({
                "at": problem.place.map(|place| place.to_string()),
                "condition": problem.condition,
                "code": problem.code,
                "text": problem.text,
            })).collect::<Vec<_>>(),
        }),
        Err(reason) => serde_json::json!({ "source": source, "index": index, "error": reason }),
    }
}
