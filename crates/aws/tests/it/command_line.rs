//! The command line, in a process of its own: this program, started again.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};

const ARGUMENTS: &str = "ZORGSLUIS_TEST_ARGUMENTS";
/// What stands on standard output before what the command says.
const BEGINS: &str = "the command line begins";

/// Runs only when it is started as a child.
#[test]
fn child() {
    #[expect(clippy::disallowed_methods, reason = "what the parent asks for")]
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    println!("\n{BEGINS}");
    let arguments = arguments.split('\n').map(OsString::from);
    let done = zorgsluis::main_with(std::iter::once(OsString::from("zorgsluis")).chain(arguments));
    let status = [0, 2].into_iter().find(|status| done == ExitCode::from(*status)).unwrap_or(1);
    std::process::exit(i32::from(status));
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    /// Of a command that is expected to succeed: what it said.
    pub(crate) fn well(self) -> String {
        assert_eq!(self.status, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    /// Of one that is expected to be refused: what it said.
    pub(crate) fn refused(self) -> String {
        assert_eq!(self.status, Some(1), "{}{}", self.out, self.err);
        self.err
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).expect(&self.err)
    }
}

fn command(arguments: &[&str], environment: &[(String, String)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "command_line::child", "--nocapture", "--test-threads=1"])
        .env(ARGUMENTS, arguments.join("\n"))
        .envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

/// Runs a command to its end.
pub(crate) async fn run(arguments: &[&str], environment: &[(String, String)]) -> Done {
    let mut command = command(arguments, environment);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let out = text(output.stdout);
    let said = out.split_once(&format!("{BEGINS}\n")).map(|(_, said)| said.to_owned());
    Done { status: output.status.code(), out: said.unwrap_or(out), err: text(output.stderr) }
}

/// A command that serves, killed when dropped; and the first line that it said.
pub(crate) struct Serving {
    child: Child,
    pub(crate) line: String,
}

impl Serving {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments, &[]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines.find(|line| line.as_ref().unwrap() == BEGINS).unwrap().unwrap();
        let line = lines.next().unwrap().unwrap();
        // What it says next goes somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, line }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
