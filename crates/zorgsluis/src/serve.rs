//! `zorgsluis serve`: the whole system until Ctrl-C or SIGTERM.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use axum::http::Uri;
use tokio::signal::unix::{Signal, SignalKind, signal};
use zorgsluis_audit_writer::RemoteWitness;
use zorgsluis_converter::profile::Profiles;
use zorgsluis_listener::TlsFiles;
use zorgsluis_notifier::smtp::SmtpSettings;
use zorgsluis_notifier::{SigningPem, is_address};

use crate::cli::{MailArgs, ServeArgs, TlsArgs};
use crate::failure::Failure;
use crate::system::{Config, MailConfig, System, logged_in, organisation};
use crate::terminal::{Style, out};

/// Runs the command.
pub(crate) async fn run(args: &ServeArgs) -> Result<(), Failure> {
    if !args.mllp.ip().is_loopback() {
        say!("zorgsluis: MLLP on {} is not encrypted: let nobody but the sender reach it", args.mllp);
    }
    let organisation = organisation(&args.data, args.organisation.as_deref())?;
    if logged_in(&args.data, &organisation)? != organisation {
        return Err(Failure::wrong(format!("the log of {organisation} is sealed: leave --organisation out")));
    }
    // Before anybody can know that the server stands, and end it.
    let mut end = End::listen()?;
    let starting = System::start(Config {
        data: args.data.clone(),
        mllp: args.mllp,
        http: args.http,
        mllp_tls: tls(&args.tls),
        mllp_health: args.mllp_health,
        mail: mail(&args.mail)?,
        profiles: profiles(args.profiles.as_deref(), &args.data)?,
        organisation,
        tombstones: args.tombstones.clone(),
        reconcile_every: hours(args.reconcile_every),
        witnesses: witnesses(&args.witness, &args.witness_key)?,
    });
    let system = tokio::select! {
        started = starting => started?,
        () = end.wait() => return Err(Failure::wrong("ended before it had started")),
    };
    print_addresses(&system, Style::for_stdout());
    end.wait().await;
    out!("stopping: what has begun is finished");
    system.stop().await
}

/// Pairs of `--witness` and `--witness-key`.
fn witnesses(urls: &[String], keys: &[String]) -> Result<Vec<RemoteWitness>, Failure> {
    if urls.len() != keys.len() {
        return Err(Failure::usage("each --witness URL needs its --witness-key VKEY, in the same order"));
    }
    let wrong = |error| Failure::usage(format!("--witness: {error}"));
    urls.iter().zip(keys).map(|(url, key)| RemoteWitness::new(url, key).map_err(wrong)).collect()
}

fn hours(hours: u32) -> Option<Duration> {
    (hours > 0).then(|| Duration::from_secs(u64::from(hours) * 3600))
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
        url => Some(relay(url, args)?),
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
        from: args.mail_from.clone().unwrap_or_else(|| MailConfig::outbox().from),
        signing,
        base_url: args.base_url.clone(),
    })
}

/// A relay, and with it what mails need that leave this machine: somebody to answer to, and links that lead
/// somewhere.
fn relay(url: &str, args: &MailArgs) -> Result<SmtpSettings, Failure> {
    // The URL may hold a password: it is not repeated.
    let mut settings =
        SmtpSettings::parse(url).map_err(|error| Failure::usage(format!("--mail: {error}")))?;
    let Some(from) = &args.mail_from else {
        return Err(Failure::usage("--mail: a relay needs --mail-from ADDRESS, the sender of the mails"));
    };
    if !is_address(from) {
        return Err(Failure::usage("--mail-from: not an e-mail address"));
    }
    let Some(base_url) = &args.base_url else {
        return Err(Failure::usage("--mail: a relay needs --base-url URL, where the links in mails lead"));
    };
    let base: Uri = base_url.parse().map_err(|_| Failure::usage("--base-url: not a URL"))?;
    let host = base.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match base.scheme_str() {
        Some("https") if !host.is_empty() => {}
        Some("http") if here => {}
        _ => return Err(Failure::usage("--base-url: must be https, but on this machine")),
    }
    let domain = from.rsplit('@').next().unwrap_or_default();
    settings.hello = args.mail_hello.as_deref().unwrap_or(domain).to_owned();
    Ok(settings)
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

/// Ctrl-C or SIGTERM, which end a server in order from the moment that they are listened for.
pub(crate) struct End {
    interrupt: Signal,
    terminate: Signal,
}

impl End {
    /// Listens from now on.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(Failure::wrong);
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Returns when the end is asked for.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::mail;
    use crate::cli::MailArgs;

    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        mail: MailArgs,
    }

    fn with(arguments: &str) -> Result<super::MailConfig, String> {
        let arguments = std::iter::once("serve").chain(arguments.split_whitespace());
        mail(&Arguments::try_parse_from(arguments).unwrap().mail).map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn mails_leave_this_machine_only_from_somebody_and_with_links_that_lead_somewhere() {
        const RELAY: &str = "--mail smtps://relay.linde.example";
        const FROM: &str = "--mail-from berichten@linde.example";
        for (wrong, named) in [
            (String::from(RELAY), "--mail-from"),
            (format!("{RELAY} {FROM}"), "--base-url"),
            (format!("{RELAY} --base-url https://linde.example"), "--mail-from"),
            (format!("{RELAY} {FROM} --base-url http://linde.example"), "https"),
            (format!("{RELAY} {FROM} --base-url linde.example"), "https"),
            (format!("{RELAY} --mail-from linde.example --base-url https://linde.example"), "--mail-from"),
            (String::from("--mail smtp://relay.linde.example?tls=none"), "--mail"),
        ] {
            let failure = with(&wrong).unwrap_err();
            assert!(failure.contains("status: 2") && failure.contains(named), "{wrong}: {failure}");
        }
        let right = with(&format!("{RELAY} {FROM} --base-url https://linde.example")).unwrap();
        assert_eq!(
            (right.from.as_str(), right.smtp.unwrap().hello.as_str()),
            ("berichten@linde.example", "linde.example")
        );
        let greets =
            format!("{RELAY} {FROM} --base-url http://127.0.0.1:8080 --mail-hello zs1.linde.example");
        assert_eq!(with(&greets).unwrap().smtp.unwrap().hello, "zs1.linde.example");
        let outbox = with("").unwrap();
        assert!(outbox.smtp.is_none() && outbox.from == "zorgsluis@localhost.localdomain");
    }
}
