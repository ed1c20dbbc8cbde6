//! `zorgsluis serve`: the whole system until Ctrl-C or SIGTERM.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};
use zorgsluis_converter::profile::Profiles;

use crate::cli::ServeArgs;
use crate::failure::Failure;
use crate::system::{Config, System, organisation};
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
        profiles: profiles(args.profiles.as_deref(), &args.data)?,
        organisation: organisation(&args.data, args.organisation.as_deref())?,
    })
    .await?;
    print_addresses(&system, Style::for_stdout());
    wait_for_end().await?;
    out!("stopping: what has begun is finished");
    system.stop().await
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
