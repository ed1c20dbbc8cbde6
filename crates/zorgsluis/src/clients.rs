//! `zorgsluis clients`: who else may come in, and for what.

use std::path::Path;

use zorgsluis_domain::audit::{AccessMethod, Action, Application, Deed, Object, ObjectRole, User};
use zorgsluis_domain::port::{AuditSink as _, Random as _};
use zorgsluis_domain::{AuditEntry, EntryId};
use zorgsluis_embedded::{DataDirectory, SystemRandom};
use zorgsluis_gateway::{AccessToken, Right, TokenHash};

use crate::cli::{AddClientArgs, ClientRight, ClientsCommand, ListClientsArgs, RemoveClientArgs};
use crate::failure::Failure;
use crate::system::clients::{HeldClients, StoredClient, read};
use crate::system::{LogAccess, logs_in, organisation, source};
use crate::terminal::out;

/// Runs the command.
pub(crate) async fn run(command: &ClientsCommand) -> Result<(), Failure> {
    match command {
        ClientsCommand::Add(args) => add(args).await,
        ClientsCommand::List(args) => list(args),
        ClientsCommand::Remove(args) => remove(args).await,
    }
}

async fn add(args: &AddClientArgs) -> Result<(), Failure> {
    let right = match args.right {
        ClientRight::AuditSource => Right::SubmitEvents,
        ClientRight::Log => Right::ReadLog,
    };
    if !is_name(&args.name) {
        let what = "1 to 64 of a-z, 0-9, `-`, `.`, beginning with a letter";
        return Err(Failure::usage(format!("NAME must be {what}")));
    }
    if args.patient_system.is_some() && right != Right::SubmitEvents {
        return Err(Failure::usage("--patient-system is for the right audit-source"));
    }
    let directory = opened(&args.data)?;
    let mut held = HeldClients::of(&args.data)?;
    if held.clients.iter().any(|client| client.name == args.name) {
        let name = &args.name;
        return Err(Failure::wrong(format!(
            "{name}: has a token already; remove it first to give another one"
        )));
    }
    let token = AccessToken::generate().map_err(Failure::wrong)?;
    held.clients.push(StoredClient {
        name: args.name.clone(),
        right: right.name().to_owned(),
        token_sha256: TokenHash::of(token.reveal()).to_string(),
        patient_system: args.patient_system.clone(),
    });
    let what = format!("client-added {}", right.name());
    let organisation = organisation(&args.data, args.organisation.as_deref())?;
    told(directory, &organisation, Action::Create, what, &args.name).await?;
    held.write()?;
    out!("{}", token.reveal());
    say!("the token of {} (right {}): it is not shown again", args.name, right.name());
    Ok(())
}

fn list(args: &ListClientsArgs) -> Result<(), Failure> {
    if logs_in(&args.data).is_empty() {
        let data = args.data.display();
        return Err(Failure::wrong(format!("{data}: no log stands here; is it a data directory?")));
    }
    for client in read(&args.data)? {
        let StoredClient { name, right, patient_system, .. } = client;
        if args.json {
            out!("{}", serde_json::json!({ "name": name, "right": right, "patientSystem": patient_system }));
        } else {
            out!("{name:<24} {right:<14} {}", patient_system.unwrap_or_default());
        }
    }
    Ok(())
}

async fn remove(args: &RemoveClientArgs) -> Result<(), Failure> {
    let directory = opened(&args.data)?;
    let mut held = HeldClients::of(&args.data)?;
    let before = held.clients.len();
    held.clients.retain(|client| client.name != args.name);
    if held.clients.len() == before {
        return Err(Failure::wrong(format!("{}: has no token", args.name)));
    }
    let what = String::from("client-removed");
    let organisation = organisation(&args.data, args.organisation.as_deref())?;
    told(directory, &organisation, Action::Delete, what, &args.name).await?;
    held.write()
}

/// The data directory, which must be one before anything is written into it.
fn opened(data: &Path) -> Result<DataDirectory, Failure> {
    if !data.is_dir() {
        return Err(Failure::wrong(format!(
            "{}: not a data directory; `zorgsluis serve` makes one",
            data.display()
        )));
    }
    DataDirectory::open_read(data).map_err(Failure::wrong)
}

/// Writes the entry about a change, before it is made.
async fn told(
    directory: DataDirectory,
    organisation: &str,
    action: Action,
    what: String,
    name: &str,
) -> Result<(), Failure> {
    let log = LogAccess::open(&directory, organisation).await?;
    let mut bits = [0; 10];
    SystemRandom.fill(&mut bits).map_err(Failure::wrong)?;
    let now = directory.clock().now();
    let entry = AuditEntry::of(Deed::on_register(action, what))
        .at(EntryId::new(now, bits), now)
        .by(User::system("operator", true))
        .through(AccessMethod::CommandLine, Application::zorgsluis())
        .reported_by(source(&log.organisation))
        .object(Object::new(ObjectRole::Resource, format!("client {name}")))
        .build();
    log.writer.record(&[entry]).await.map_err(Failure::wrong)?;
    log.writer.checkpoint().await.map_err(Failure::wrong)?;
    directory.close().await;
    Ok(())
}

/// Such names can stand anywhere, and say nothing about a person but what they are for.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
}
