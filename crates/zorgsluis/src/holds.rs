//! `zorgsluis holds`: what is declared to forbid the destruction of a patient's data. Works beside a server.

use std::path::Path;

use zorgsluis_domain::audit::{AccessMethod, Action, Application, Deed, User};
use zorgsluis_domain::erasure::Hold;
use zorgsluis_domain::port::{AuditSink as _, PatientIndex as _, Random as _};
use zorgsluis_domain::{AuditEntry, EntryId};
use zorgsluis_embedded::{DataDirectory, SystemRandom};

use crate::cli::{AddHoldArgs, HoldsCommand, LiftHoldArgs, ListHoldsArgs, WhoArgs};
use crate::erase::named;
use crate::failure::Failure;
use crate::system::{LogAccess, organisation, source};
use crate::terminal::out;

/// Characters of a reference at most.
const MAX_REFERENCE: usize = 80;

/// Runs the command.
pub(crate) async fn run(command: &HoldsCommand) -> Result<(), Failure> {
    match command {
        HoldsCommand::Add(args) => add(args).await,
        HoldsCommand::List(args) => list(args).await,
        HoldsCommand::Lift(args) => lift(args).await,
    }
}

async fn open(data: &Path) -> Result<(DataDirectory, LogAccess), Failure> {
    let directory = DataDirectory::open_read(data).map_err(Failure::wrong)?;
    let access = LogAccess::open(&directory, &organisation(data, None)?).await?;
    Ok((directory, access))
}

/// Logs what is done to the register, before it is done.
async fn log(
    directory: &DataDirectory,
    access: &LogAccess,
    action: Action,
    what: &str,
    hold: &Hold,
) -> Result<(), Failure> {
    let now = directory.clock().now();
    let entry = AuditEntry::of(Deed::on_register(action, format!("{what} {}", hold.id)))
        .at(EntryId::new(now, random()?), now)
        .by(User::system("operator", true))
        .through(AccessMethod::CommandLine, Application::zorgsluis())
        .reported_by(source(&access.organisation))
        .patient(format!("Patient/{}", hold.patient))
        .build();
    access.writer.record(&[entry]).await.map_err(Failure::wrong)?;
    access.writer.checkpoint().await.map(drop).map_err(Failure::wrong)
}

fn random() -> Result<[u8; 10], Failure> {
    let mut bits = [0; 10];
    SystemRandom.fill(&mut bits).map_err(Failure::wrong)?;
    Ok(bits)
}

async fn patient(directory: &DataDirectory, who: &WhoArgs) -> Result<uuid::Uuid, Failure> {
    let id = named(directory, who).await?;
    directory.patient_index().survivor(id).await.map_err(Failure::wrong)
}

async fn add(args: &AddHoldArgs) -> Result<(), Failure> {
    let reference = args.reference.trim();
    if reference.is_empty()
        || reference.chars().count() > MAX_REFERENCE
        || reference.chars().any(char::is_control)
    {
        return Err(Failure::usage("--reference: one line of 80 characters at most, and not empty"));
    }
    let (directory, access) = open(&args.data).await?;
    let since = directory.clock().now();
    let hold = Hold {
        id: EntryId::new(since, random()?).0,
        patient: patient(&directory, &args.who).await?,
        class: args.class.map(|class| class.class()),
        ground: args.ground,
        reference: reference.to_owned(),
        since,
        until: args.until,
        lifted: None,
    };
    log(&directory, &access, Action::Create, "hold-added", &hold).await?;
    directory.erasures().add_hold(&hold).await.map_err(Failure::wrong)?;
    out!(
        "{} holds {} of Patient/{}",
        hold.id,
        hold.class.map_or("everything", |class| class.name()),
        hold.patient
    );
    directory.close().await;
    Ok(())
}

async fn list(args: &ListHoldsArgs) -> Result<(), Failure> {
    let directory = DataDirectory::open_read(&args.data).map_err(Failure::wrong)?;
    let holds = directory.erasures().holds(None).await.map_err(Failure::wrong)?;
    for hold in &holds {
        if args.json {
            out!("{}", serde_json::to_string(hold).map_err(Failure::wrong)?);
            continue;
        }
        let class = hold.class.map_or("everything", |class| class.name());
        let end = match (hold.lifted, hold.until) {
            (Some(lifted), _) => format!("lifted {lifted}"),
            (None, Some(until)) => format!("through {until}"),
            (None, None) => String::from("until it is lifted"),
        };
        let (id, patient, ground) = (hold.id, hold.patient, hold.ground.code());
        out!("{id}  Patient/{patient}  {class}  {ground}  {}  {end}", hold.reference);
    }
    if holds.is_empty() && !args.json {
        out!("no holds");
    }
    directory.close().await;
    Ok(())
}

async fn lift(args: &LiftHoldArgs) -> Result<(), Failure> {
    let (directory, access) = open(&args.data).await?;
    let erasures = directory.erasures();
    let holds = erasures.holds(None).await.map_err(Failure::wrong)?;
    let Some(hold) = holds.into_iter().find(|hold| hold.id == args.hold) else {
        return Err(Failure::wrong(format!("{}: no such hold", args.hold)));
    };
    if hold.lifted.is_none() {
        log(&directory, &access, Action::Update, "hold-lifted", &hold).await?;
        erasures.lift_hold(hold.id, directory.clock().now()).await.map_err(Failure::wrong)?;
    }
    out!("{} lifted", hold.id);
    directory.close().await;
    Ok(())
}
