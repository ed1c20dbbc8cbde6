//! `zorgsluis erase`: destroys data of a patient for good, unless a duty keeps them.

mod expired;
mod ground;
mod redo;
mod told;
mod work;

use jiff::civil::Date;
use serde_json::json;
use uuid::Uuid;
use zorgsluis_audit_writer::{log_key_owner, patient_pseudonym};
use zorgsluis_domain::erasure::{ErasedLines, Tombstone};
use zorgsluis_domain::port::{DataClass, KeyOwner};
use zorgsluis_domain::retention::{Asker, Duty, Reason, Request};

use crate::cli::EraseArgs;
use crate::failure::Failure;
use crate::terminal::{count, out};

pub(crate) use told::destroyed_lines;
pub(crate) use work::{Stores, Who, Work, named, refuse_unerased, tombstone_file};

/// Runs the command.
pub(crate) async fn run(args: &EraseArgs) -> Result<(), Failure> {
    let Some(class) = args.class else {
        if args.expired || args.again {
            return on_directory(args, None).await;
        }
        return Err(Failure::usage("--class says what is to be destroyed: dossier, wzd or log"));
    };
    if !args.expired && args.who.patient.is_none() && args.who.identifier.is_none() {
        return Err(Failure::usage("--patient or --identifier says whose data; or --expired"));
    }
    on_directory(args, Some(class.class())).await
}

async fn on_directory(args: &EraseArgs, class: Option<DataClass>) -> Result<(), Failure> {
    let work = Work::open(args).await?;
    // What was begun comes first: it was decided already.
    let again = work.redo().await?;
    let redone = again.erasures;
    if redone > 0 {
        let what = count(redone, "erasure", "erasures");
        say!("zorgsluis: completed {what} that a backup brought back or that had been cut off");
    }
    if !again.scrubbed {
        return Err(Failure::wrong(work::NOT_SCRUBBED));
    }
    let done = if args.again {
        if redone == 0 && !args.json {
            out!("nothing to destroy again");
        }
        Ok(())
    } else if args.expired {
        expired::run(&work, args, class).await
    } else if let Some(class) = class {
        one(&work, args, class).await
    } else {
        Ok(())
    };
    work.close().await?;
    done
}

/// What the arguments ask, on the day that they name.
fn request(args: &EraseArgs, day: Date) -> Result<(Request, String), Failure> {
    let Some(text) = args.reason.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
        return Err(Failure::usage("--reason says why: patient-request, term-ended, or in words"));
    };
    let reason = Reason::of(text);
    let usual = if reason == Reason::PatientRequest { Asker::Patient } else { Asker::Organisation };
    Ok((Request { reason, by: args.requested_by.unwrap_or(usual), day }, text.to_owned()))
}

/// Data of one class of one patient.
async fn one(work: &Work, args: &EraseArgs, class: DataClass) -> Result<(), Failure> {
    let (request, words) = request(args, work.day(args))?;
    if args.care_ended.is_some() && class != DataClass::Wzd {
        return Err(Failure::usage("--care-ended: only with --class wzd"));
    }
    let who = work.who(&args.who).await?;
    if !args.messages.is_empty() && class != DataClass::Dossier {
        return Err(Failure::usage("--message: only with --class dossier"));
    }
    let ground = match class {
        DataClass::Log => ground::of_lines(work, &who, &request).await?,
        DataClass::Dossier | DataClass::Wzd => ground::of_data(work, &who, class, &request, args).await?,
    };
    if ground.nothing {
        return nothing_left(work, &who, class, args.json).await;
    }
    if !ground.duties.is_empty() {
        return refuse(work, &who, class, &request, args, &ground).await;
    }
    if args.dry_run {
        say(args, &who, class, "would be destroyed", &ground, None);
        return Ok(());
    }
    let at = match class {
        DataClass::Dossier => work.set_apart(&[(who.patients.clone(), ground.owners.clone())]).await?,
        DataClass::Wzd | DataClass::Log => None,
    };
    let mut tombstone = work.tombstone(class, request.reason, &who, at)?;
    tombstone.owners.clone_from(&ground.owners);
    tombstone.keys.clone_from(&ground.keys);
    tombstone.messages.clone_from(&args.messages);
    for (pseudonym, years) in &ground.lines {
        let years: Vec<i16> = years.iter().map(|year| year.year).collect();
        tombstone.owners.extend(years.iter().filter_map(|year| {
            match log_key_owner(work.keys(), pseudonym, *year) {
                KeyOwner::Patient(owner) => Some(owner),
                KeyOwner::Sender(_) | KeyOwner::System => None,
            }
        }));
        tombstone.lines.push(ErasedLines { patient: *pseudonym, years });
    }
    let told = work.entries(&tombstone, &who, &request, &words)?;
    work.erase(&[(tombstone.clone(), told)]).await?;
    say(args, &who, class, "destroyed", &ground, Some(&tombstone));
    if !args.json {
        out!("  tombstone {} in {}", tombstone.id, work.place());
    }
    Ok(())
}

/// What is there, and what keeps it.
#[derive(Default)]
struct Ground {
    nothing: bool,
    duties: Vec<Duty>,
    /// What there is, in words without PHI.
    what: Vec<String>,
    owners: Vec<zorgsluis_domain::Pseudonym>,
    keys: Vec<Uuid>,
    lines: Vec<(zorgsluis_domain::Pseudonym, Vec<zorgsluis_audit_writer::LoggedYear>)>,
    /// What stands beside, for the person who reads it.
    remarks: Vec<String>,
}

fn say(
    args: &EraseArgs,
    who: &Who,
    class: DataClass,
    verb: &str,
    ground: &Ground,
    tombstone: Option<&Tombstone>,
) {
    if args.json {
        let json = json!({
            "patient": who.reference(),
            "class": class.name(),
            "erased": tombstone.is_some(),
            "what": ground.what,
            "remarks": ground.remarks,
            "tombstone": tombstone.map(|tombstone| tombstone.id),
            "entry": tombstone.map(|tombstone| tombstone.entry().to_string()),
        });
        out!("{json}");
        return;
    }
    out!("{}: {} {verb}: {}", who.reference(), class.name(), ground.what.join(", "));
    for remark in &ground.remarks {
        out!("  {remark}");
    }
}

async fn refuse(
    work: &Work,
    who: &Who,
    class: DataClass,
    request: &Request,
    args: &EraseArgs,
    ground: &Ground,
) -> Result<(), Failure> {
    if !args.dry_run {
        work.deny(who, class, request, &ground.duties).await?;
    }
    if args.json {
        let duties: Vec<_> = ground
            .duties
            .iter()
            .map(|duty| {
                json!({ "code": duty.code, "law": duty.law, "from": duty.from, "until": duty.until,
                    "words": duty.words })
            })
            .collect();
        out!(
            "{}",
            json!({ "patient": who.reference(), "class": class.name(), "erased": false, "duties": duties })
        );
    }
    say!("zorgsluis: {}: {} is not destroyed, a duty runs:", who.reference(), class.name());
    for duty in &ground.duties {
        say!("  {duty}");
    }
    for remark in &ground.remarks {
        say!("  {remark}");
    }
    Err(Failure::named())
}

async fn nothing_left(work: &Work, who: &Who, class: DataClass, as_json: bool) -> Result<(), Failure> {
    let pseudonyms: Vec<_> =
        who.patients.iter().map(|id| patient_pseudonym(work.keys(), &format!("Patient/{id}"))).collect();
    let concerns = |tombstone: &&Tombstone| {
        tombstone.class == class
            && (tombstone.patients.iter().any(|id: &Uuid| who.patients.contains(id))
                || tombstone.lines.iter().any(|lines| pseudonyms.contains(&lines.patient)))
    };
    let tombstones = work.tombstones().await?;
    let last = tombstones.iter().rev().find(concerns);
    let reference = who.reference();
    if as_json {
        let json = json!({ "patient": reference, "class": class.name(), "erased": false, "what": [],
            "tombstone": last.map(|last| last.id), "at": last.map(|last| last.at) });
        out!("{json}");
    } else if let Some(last) = last {
        let reason = last.reason.code();
        out!("{reference}: {} already destroyed, on {} ({reason}); nothing is left", class.name(), last.at);
    } else {
        out!("{reference}: nothing of class {} is stored", class.name());
    }
    Ok(())
}
