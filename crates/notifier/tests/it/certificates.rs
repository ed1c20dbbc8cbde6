//! Certificates of providers, made by the real openssl.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) struct Recipient {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) der: Vec<u8>,
}

pub(crate) fn openssl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("openssl").current_dir(folder).args(arguments).output().unwrap()
}

pub(crate) fn succeeded(output: &Output) -> &Output {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A self-signed certificate for mail, of a kind of key: `rsa:2048`, `P-256`.
pub(crate) fn recipient(folder: &Path, kind: &str, extensions: &[&str]) -> Recipient {
    recipient_named(folder, "/CN=Huisartsenpraktijk De Brug", kind, extensions)
}

/// The same, of this subject.
pub(crate) fn recipient_named(folder: &Path, subject: &str, kind: &str, extensions: &[&str]) -> Recipient {
    let name = format!("{}-{}-{}", kind.replace(':', "-"), extensions.len(), subject.len());
    let (key, certificate, der) = (format!("{name}.key"), format!("{name}.pem"), format!("{name}.der"));
    let curve = format!("ec_paramgen_curve:{kind}");
    let mut arguments = vec![
        "req",
        "-x509",
        "-nodes",
        "-days",
        "30",
        "-subj",
        subject,
        "-keyout",
        &key,
        "-out",
        &certificate,
        "-newkey",
    ];
    if kind.starts_with("rsa") {
        arguments.push(kind);
    } else {
        arguments.extend(["ec", "-pkeyopt", &curve]);
    }
    for extension in extensions {
        arguments.extend(["-addext", extension]);
    }
    succeeded(&openssl(folder, &arguments));
    succeeded(&openssl(folder, &["x509", "-in", &certificate, "-outform", "DER", "-out", &der]));
    Recipient {
        certificate: folder.join(&certificate),
        key: folder.join(&key),
        der: std::fs::read(folder.join(&der)).unwrap(),
    }
}
