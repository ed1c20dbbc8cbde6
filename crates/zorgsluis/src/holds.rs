//! `zorgsluis holds`: what is declared to forbid the destruction of a patient's data. Works beside a server.

use std::sync::Arc;

use zorgsluis_domain::audit::{AccessMethod, Action, Application, Deed, User};
use zorgsluis_domain::erasure::Hold;
use zorgsluis_domain::port::{AuditSink, ErasureStore, Keys, PatientIndex, Random as _};
use zorgsluis_domain::retention::dutch_day;
use zorgsluis_domain::{AuditEntry, Clock, EntryId};
use zorgsluis_embedded::{DataDirectory, SystemRandom};

use crate::aws;
use crate::cli::{AddHoldArgs, HoldsCommand, LiftHoldArgs, ListHoldsArgs, StoresArgs};
use crate::erase::{Stores, named};
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

/// The stores that hold them.
struct Opened {
    erasures: Arc<dyn ErasureStore>,
    keys: Arc<dyn Keys>,
    patients: Arc<dyn PatientIndex>,
    sink: Arc<dyn AuditSink>,
    clock: Arc<dyn Clock>,
    organisation: String,
    local: Option<(DataDirectory, LogAccess)>,
}

impl Opened {
    async fn open(stores: &StoresArgs) -> Result<Self, Failure> {
        let Some(data) = &stores.data else {
            let Stores { erasures, keys, patients, sink, clock, organisation, .. } = aws::stores().await?;
            return Ok(Self { erasures, keys, patients, sink, clock, organisation, local: None });
        };
        let directory = DataDirectory::open_read(data).map_err(Failure::wrong)?;
        let access = LogAccess::open(&directory, &organisation(data, None)?).await?;
        Ok(Self {
            erasures: Arc::new(directory.erasures()),
            keys: Arc::new(directory.keys()),
            patients: Arc::new(directory.patient_index()),
            sink: Arc::clone(&access.writer) as Arc<dyn AuditSink>,
            clock: directory.clock(),
            organisation: access.organisation.clone(),
            local: Some((directory, access)),
        })
    }

    /// Logs what is done to the register, before it is done.
    async fn log(&self, action: Action, what: &str, hold: &Hold) -> Result<(), Failure> {
        let now = self.clock.now();
        let entry = AuditEntry::of(Deed::on_register(action, format!("{what} {}", hold.id)))
            .at(EntryId::new(now, random()?), now)
            .by(User::system("operator", true))
            .through(AccessMethod::CommandLine, Application::zorgsluis())
            .reported_by(source(&self.organisation))
            .patient(format!("Patient/{}", hold.patient))
            .build();
        self.sink.record(&[entry]).await.map_err(Failure::wrong)?;
        // On AWS the clock covers it.
        match &self.local {
            Some((_, access)) => access.writer.checkpoint().await.map(drop).map_err(Failure::wrong),
            None => Ok(()),
        }
    }

    async fn close(self) {
        if let Some((directory, _)) = self.local {
            directory.close().await;
        }
    }
}

fn random() -> Result<[u8; 10], Failure> {
    let mut bits = [0; 10];
    SystemRandom.fill(&mut bits).map_err(Failure::wrong)?;
    Ok(bits)
}

async fn add(args: &AddHoldArgs) -> Result<(), Failure> {
    let reference = args.reference.trim();
    if reference.is_empty()
        || reference.chars().count() > MAX_REFERENCE
        || reference.chars().any(char::is_control)
    {
        return Err(Failure::usage("--reference: one line of 80 characters at most, and not empty"));
    }
    let opened = Opened::open(&args.stores).await?;
    let since = opened.clock.now();
    let today = dutch_day(since);
    if let Some(until) = args.until.filter(|until| *until < today) {
        opened.close().await;
        return Err(Failure::usage(format!("--until {until}: that day is over (today is {today})")));
    }
    let named = named(&*opened.keys, &*opened.patients, &args.who).await?;
    let hold = Hold {
        id: EntryId::new(since, random()?).0,
        patient: opened.patients.survivor(named).await.map_err(Failure::wrong)?,
        class: args.class.map(|class| class.class()),
        ground: args.ground,
        reference: reference.to_owned(),
        since,
        until: args.until,
        lifted: None,
    };
    opened.log(Action::Create, "hold-added", &hold).await?;
    opened.erasures.add_hold(&hold).await.map_err(Failure::wrong)?;
    out!(
        "{} holds {} of Patient/{}",
        hold.id,
        hold.class.map_or("everything", |class| class.name()),
        hold.patient
    );
    opened.close().await;
    Ok(())
}

async fn list(args: &ListHoldsArgs) -> Result<(), Failure> {
    let (local, erasures) = match &args.stores.data {
        Some(data) => {
            let directory = DataDirectory::open_read(data).map_err(Failure::wrong)?;
            let erasures: Arc<dyn ErasureStore> = Arc::new(directory.erasures());
            (Some(directory), erasures)
        }
        None => (None, aws::stores().await?.erasures),
    };
    let holds = erasures.holds(None).await.map_err(Failure::wrong)?;
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
    if let Some(directory) = local {
        directory.close().await;
    }
    Ok(())
}

async fn lift(args: &LiftHoldArgs) -> Result<(), Failure> {
    let opened = Opened::open(&args.stores).await?;
    let holds = opened.erasures.holds(None).await.map_err(Failure::wrong)?;
    let Some(hold) = holds.into_iter().find(|hold| hold.id == args.hold) else {
        return Err(Failure::wrong(format!("{}: no such hold", args.hold)));
    };
    match hold.lifted {
        Some(lifted) => out!("{} was lifted already, on {lifted}", hold.id),
        None => {
            opened.log(Action::Update, "hold-lifted", &hold).await?;
            opened.erasures.lift_hold(hold.id, opened.clock.now()).await.map_err(Failure::wrong)?;
            out!("{} lifted", hold.id);
        }
    }
    opened.close().await;
    Ok(())
}
