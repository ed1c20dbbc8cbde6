//! `zorgsluis serve`: the whole system until Ctrl-C or SIGTERM.

use std::net::SocketAddr;
use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_listener::TlsFiles;
use zorgsluis_notifier::SigningPem;
use zorgsluis_notifier::smtp::SmtpSettings;

use crate::cli::{MailArgs, ServeArgs, TlsArgs};
use crate::failure::Failure;
use crate::system::{Config, MailConfig, System, organisation};
use crate::terminal::{Style, out};

/// Runs the command.
pub(crate) async fn run(args: &ServeArgs) -> Result<(), Failure> {
    if !args.mllp.ip().is_loopback() {
        eprintln!("zorgsluis: MLLP on {} is not encrypted: let nobody but the sender reach it", args.mllp);
    }
    let system = System::start(Config {
        data: args.data.clone(),
        mllp: args.mllp,
        http: args.http,
        mllp_tls: tls(&args.tls),
        mllp_health: args.mllp_health,
        mail: mail(&args.mail)?,
        profiles: profiles(args.profiles.as_deref(), &args.data)?,
        organisation: organisation(&args.data, args.organisation.as_deref())?,
    })
    .await?;
    print_addresses(&system, Style::for_stdout());
    wait_for_end().await?;
    out!("stopping: what has begun is finished");
    system.stop().await
}

/// The TLS port that was asked for; the arguments ask for all files or none.
fn tls(args: &TlsArgs) -> Option<(SocketAddr, TlsFiles)> {
    Some((
        args.mllp_tls?,
        TlsFiles {
            certificate: args.tls_certificate.clone()?,
            key: args.tls_key.clone()?,
            client_ca: args.tls_client_ca.clone()?,
            crl: args.tls_crl.clone(),
        },
    ))
}

/// How providers are told.
fn mail(args: &MailArgs) -> Result<MailConfig, Failure> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error));
    let place = match &args.mail_file {
        Some(file) => read(file)?.trim().to_owned(),
        None => args.mail.clone(),
    };
    let smtp = match place.as_str() {
        "outbox" => None,
        // The URL may hold a password: it is not repeated.
        url => Some(SmtpSettings::parse(url).map_err(|error| Failure::usage(format!("--mail: {error}")))?),
    };
    let signing = match (&args.smime_certificate, &args.smime_key) {
        (Some(certificate), Some(key)) => {
            Some(SigningPem { certificate: read(certificate)?, key: read(key)? })
        }
        _ => None,
    };
    Ok(MailConfig {
        smtp,
        name: args.mail_name.clone(),
        from: args.mail_from.clone(),
        signing,
        base_url: args.base_url.clone(),
    })
}

/// The profiles that were named, else those in the data directory, else none.
fn profiles(named: Option<&Path>, data: &Path) -> Result<Profiles, Failure> {
    let default = data.join("profiles");
    match named {
        Some(path) => Profiles::load(path).map_err(Failure::usage),
        None if default.is_dir() => Profiles::load(&default).map_err(Failure::usage),
        None => Ok(Profiles::builtin()),
    }
}

/// Where the system can be reached, and with what.
pub(crate) fn print_addresses(system: &System, style: Style) {
    out!("  {} {}   (zorgsluis send FILE)", style.dim("MLLP    "), style.bold(system.mllp));
    if let Some(address) = system.mllp_tls {
        out!("  {} {}", style.dim("MLLP/TLS"), style.bold(address));
    }
    if let Some(address) = system.mllp_health {
        out!("  {} {}", style.dim("health  "), style.bold(format!("http://{address}/health")));
    }
    out!("  {} {}", style.dim("pages   "), style.bold(format!("http://{}/", system.http)));
    out!("  {} {}", style.dim("FHIR    "), style.bold(format!("http://{}/fhir", system.http)));
    out!("  {} {}", style.dim("token   "), style.bold(&system.token));
}

/// Ctrl-C or SIGTERM.
pub(crate) async fn wait_for_end() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::wrong)?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Failure::wrong),
        _ = terminate.recv() => Ok(()),
    }
}
