//! Runs the command line, a server among it, and talks to it as a hospital would.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long anything that must happen may take before the test gives up. Nothing asserts that it
/// takes less.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the repository").to_owned()
}

/// The sample messages, in the order in which the demo sends them.
pub(crate) fn events() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("events"))
        .expect("events/")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "hl7"))
        .collect();
    files.sort_by_cached_key(|path| {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
        (digits.parse::<u32>().unwrap_or(u32::MAX), name)
    });
    assert!(files.len() >= 12, "events/ holds at least 12 messages");
    files
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The command line, run from the root of the repository.
pub(crate) fn zorgsluis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zorgsluis-under-test"));
    command.current_dir(root()).env("NO_COLOR", "1");
    command
}

/// Runs to the end.
pub(crate) fn run<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Output {
    zorgsluis().args(arguments).output().expect("the command line starts")
}

/// Standard output as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// Fills the provider directory with the invented providers of `events/`.
pub(crate) fn import_providers(data: &Path) {
    let events = root().join("events");
    let imported = run([
        "registers",
        "import",
        "providers",
        "--data",
        data.to_str().unwrap(),
        "--mapping",
        events.join("providers.mapping.toml").to_str().unwrap(),
        events.join("providers.csv").to_str().unwrap(),
    ]);
    assert!(imported.status.success(), "{}", stderr(&imported));
}

/// A running `zorgsluis serve`. Killed (SIGKILL) when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens for MLLP.
    pub(crate) mllp: SocketAddr,
    /// Where it listens for HTTP.
    pub(crate) http: SocketAddr,
    /// The bearer token.
    pub(crate) token: String,
}

impl Server {
    /// Starts on free ports and waits until it says that it serves.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[], Stdio::null())
    }

    /// The same with further arguments, and somewhere for its standard error.
    pub(crate) fn start_with(data: &Path, arguments: &[&str], stderr: impl Into<Stdio>) -> Self {
        // The file of a server that was killed must not be taken for that of the new one.
        let announcement = data.join("server.json");
        let _ = std::fs::remove_file(&announcement);
        let mut child = zorgsluis()
            .args(["serve", "--mllp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .expect("serve starts");
        let deadline = Instant::now() + PATIENCE;
        let announced = loop {
            if let Some(value) = std::fs::read(&announcement)
                .ok()
                .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
            {
                break value;
            }
            if let Some(status) = child.try_wait().expect("wait") {
                panic!("serve ended at its start: {status}");
            }
            assert!(Instant::now() < deadline, "serve does not say that it serves");
            std::thread::sleep(Duration::from_millis(5));
        };
        let text = |name: &str| announced[name].as_str().expect("announced").to_owned();
        Self {
            child,
            mllp: text("mllp").parse().expect("address"),
            http: text("http").parse().expect("address"),
            token: text("token"),
        }
    }

    /// SIGKILL, and gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }

    /// SIGTERM, and waits for the orderly end.
    pub(crate) fn stop(mut self) -> std::process::ExitStatus {
        let status =
            Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success());
        self.child.wait().expect("wait")
    }

    /// A new MLLP connection.
    pub(crate) fn mllp(&self) -> Mllp {
        Mllp::connect(self.mllp)
    }

    /// Sends one message on a connection of its own; its acknowledgement.
    pub(crate) fn send(&self, message: &[u8]) -> String {
        self.mllp().exchange(message).expect("an acknowledgement")
    }

    /// `GET path` with the token: status and body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.request(
            |url, token| agent().get(url).header("Authorization", token).header("Accept", "*/*").call(),
            path,
        )
    }

    /// `POST path` of a form with the token: status and body.
    pub(crate) fn post_form(&self, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        self.request(
            |url, token| agent().post(url).header("Authorization", token).send_form(form.iter().copied()),
            path,
        )
    }

    /// `POST /hl7` with the token: status and body.
    pub(crate) fn post_hl7(&self, message: &[u8]) -> (u16, String) {
        self.request(
            |url, token| {
                agent()
                    .post(url)
                    .header("Authorization", token)
                    .header("Content-Type", "application/hl7-v2")
                    .send(message)
            },
            "/hl7",
        )
    }

    fn request(
        &self,
        call: impl FnOnce(&str, &str) -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
        path: &str,
    ) -> (u16, String) {
        let url = format!("http://{}{path}", self.http);
        let mut response = call(&url, &format!("Bearer {}", self.token)).expect("an answer");
        let status = response.status().as_u16();
        let mut body = Vec::new();
        response.body_mut().as_reader().read_to_end(&mut body).expect("body");
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// Every current resource of a type, through the paged search.
    pub(crate) fn all(&self, resource_type: &str) -> Vec<serde_json::Value> {
        let mut found = Vec::new();
        let mut path = format!("/fhir/{resource_type}?_count=100");
        loop {
            let (status, body) = self.get(&path);
            assert_eq!(status, 200, "{path}: {body}");
            let bundle: serde_json::Value = serde_json::from_str(&body).expect("JSON");
            for entry in bundle["entry"].as_array().into_iter().flatten() {
                found.push(entry["resource"].clone());
            }
            let next = bundle["link"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|link| link["relation"] == "next")
                .and_then(|link| link["url"].as_str().map(str::to_owned));
            match next {
                Some(url) => {
                    let (_, rest) = url.split_once("/fhir/").expect("a link of this server");
                    path = format!("/fhir/{rest}");
                }
                None => return found,
            }
        }
    }

    /// Waits until the queues are empty.
    pub(crate) fn settle(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (status, body) = self.get("/metrics");
            let messages = body.lines().filter(|line| line.starts_with("zorgsluis_queue_messages{"));
            let depth: Vec<&str> = messages.filter_map(|line| line.split_whitespace().last()).collect();
            if status == 200 && !depth.is_empty() && depth.iter().all(|messages| *messages == "0") {
                return;
            }
            assert!(Instant::now() < deadline, "the queue does not empty: {body}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .proxy(None)
        .build()
        .into()
}

/// An MLLP connection, framed by hand: not by the code under test.
pub(crate) struct Mllp {
    stream: TcpStream,
}

impl Mllp {
    /// Connects.
    pub(crate) fn connect(to: SocketAddr) -> Self {
        Self::try_connect(to).expect("connect")
    }

    /// Connects; `None` when nobody listens there (any more).
    pub(crate) fn try_connect(to: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(to).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).expect("time-out");
        stream.set_nodelay(true).expect("nodelay");
        Some(Self { stream })
    }

    /// Sends bytes as they are.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("sent");
    }

    /// Sends a message.
    pub(crate) fn send(&mut self, message: &[u8]) -> std::io::Result<()> {
        let mut frame = Vec::with_capacity(message.len() + 3);
        frame.push(0x0b);
        frame.extend_from_slice(message);
        frame.extend_from_slice(b"\x1c\r");
        self.stream.write_all(&frame)
    }

    /// Reads one acknowledgement; `None` when the connection ended before one came.
    pub(crate) fn receive(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        let mut byte = [0u8];
        loop {
            match self.stream.read(&mut byte) {
                Ok(1) if byte[0] == 0x1c => break,
                Ok(1) => bytes.push(byte[0]),
                Ok(_) | Err(_) => return None,
            }
        }
        let _ = self.stream.read(&mut byte);
        Some(String::from_utf8_lossy(bytes.strip_prefix(b"\x0b").unwrap_or(&bytes)).into_owned())
    }

    /// Sends a message and reads its acknowledgement.
    pub(crate) fn exchange(&mut self, message: &[u8]) -> Option<String> {
        self.send(message).ok()?;
        self.receive()
    }
}

/// MSA-1 of an acknowledgement.
pub(crate) fn code(acknowledgement: &str) -> &str {
    acknowledgement
        .split('\r')
        .find_map(|segment| segment.strip_prefix("MSA|"))
        .and_then(|msa| msa.split('|').next())
        .unwrap_or("no MSA")
}
