//! A mail of the outbox, as the demo shows it: what a provider reads.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mail_parser::{MessageParser, MimeHeaders as _};

use crate::terminal::Style;

/// How the names of test keys end, beside the certificates.
const KEY: &str = ".test-key.pem";

/// Shows a mail. One that is encrypted is opened with whichever of the test keys in `keys` fits, by the
/// `openssl` of this machine, as its reader would; without either it stays shut.
pub(crate) fn show(path: &Path, keys: &Path, style: Style) -> String {
    let mut out = String::new();
    let Ok(bytes) = std::fs::read(path) else { return out };
    let Some(mail) = MessageParser::default().parse(&bytes) else { return out };
    let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default();
    let subject = mail.subject().unwrap_or_default();
    let label = style.dim(format!("{:<9}", "mail"));
    let _ = writeln!(out, "  {label} to {to}: {}", style.bold(subject));
    let encrypted = mail.content_type().is_some_and(|kind| kind.ctype() == "application");
    if !encrypted {
        quote(&mut out, &mail.body_text(0).unwrap_or_default(), style);
        return out;
    }
    match opened(path, keys) {
        Some((key, inside)) => {
            let name = key.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let _ = writeln!(
                out,
                "  {:<9} {}",
                "",
                style.dim(format!("{} bytes of S/MIME; opened with the test key {name}:", bytes.len()))
            );
            let text = MessageParser::default()
                .parse(&inside)
                .and_then(|inner| inner.body_text(0).map(|text| text.into_owned()))
                .unwrap_or_default();
            quote(&mut out, &text, style);
        }
        None => {
            let shut = format!("{} bytes of S/MIME, which only the provider can open", bytes.len());
            let _ = writeln!(out, "  {:<9} {}", "", style.dim(shut));
        }
    }
    out
}

fn quote(out: &mut String, text: &str, style: Style) {
    for line in text.trim().lines() {
        let _ = writeln!(out, "  {:<9} {} {}", "", style.dim("│"), line.trim_end());
    }
}

/// The signed mail inside an encrypted one, by the first key that opens it, signature taken off.
fn opened(path: &Path, keys: &Path) -> Option<(PathBuf, Vec<u8>)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(keys)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file.to_string_lossy().ends_with(KEY))
        .collect();
    files.sort();
    files.into_iter().find_map(|key| {
        let certificate = PathBuf::from(key.to_string_lossy().replace(KEY, ".pem"));
        let mut decrypt = Command::new("openssl");
        decrypt
            .args(["cms", "-decrypt", "-in"])
            .arg(path)
            .arg("-inkey")
            .arg(&key)
            .arg("-recip")
            .arg(certificate);
        let signed = run(decrypt, &[])?;
        let mut verify = Command::new("openssl");
        // Whose signature it is, a mail program would ask; here only whether it holds.
        verify.args(["cms", "-verify", "-noverify"]);
        Some((key, run(verify, &signed)?))
    })
}

fn run(mut command: Command, input: &[u8]) -> Option<Vec<u8>> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    let input = input.to_vec();
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().ok()?;
    let _ = feeding.join();
    (output.status.success() && !output.stdout.is_empty()).then_some(output.stdout)
}
