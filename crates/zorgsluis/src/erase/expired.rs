//! `zorgsluis erase --expired`: what no duty keeps any more.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use zorgsluis_audit_writer::{PATIENT_KEYS, log_key_owner, patient_pseudonym};
use zorgsluis_domain::Pseudonym;
use zorgsluis_domain::erasure::ErasedLines;
use zorgsluis_domain::port::{DataClass, KeyOwner};
use zorgsluis_domain::retention::{self, Asker, Reason, Request, Term};

use super::{Who, Work, ground, say};
use crate::cli::EraseArgs;
use crate::failure::Failure;
use crate::terminal::{count, out};

/// Patients whose lines go with one tombstone.
const TOGETHER: usize = 100;

/// Runs it, of one class or of both that have a term which the system knows.
pub(super) async fn run(work: &Work, args: &EraseArgs, class: Option<DataClass>) -> Result<(), Failure> {
    if class == Some(DataClass::Wzd) {
        return Err(Failure::usage(
            "--expired --class wzd: when involuntary care ended is not known here; erase each with --care-ended",
        ));
    }
    let request = Request { reason: Reason::TermEnded, by: Asker::Organisation, day: work.day(args) };
    let mut all = 0;
    if class != Some(DataClass::Log) {
        all += dossiers(work, args, &request).await?;
    }
    if class != Some(DataClass::Dossier) {
        all += lines(work, args, &request).await?;
    }
    if all == 0 && !args.json {
        out!("nothing whose term is over");
    }
    Ok(())
}

/// The first moment of the day that lies a term before a day: what is older may be over.
fn before(code: &str, day: Date) -> Timestamp {
    let years = retention::term(code).years;
    // A day more, for the time zone; each is looked at by its own date.
    let begin = day.saturating_sub(Span::new().years(years)).saturating_add(Span::new().days(1));
    begin.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
}

async fn dossiers(work: &Work, args: &EraseArgs, request: &Request) -> Result<usize, Failure> {
    let before = before(Term::DOSSIER, request.day);
    let candidates = work.erasures().unchanged_since(before).await.map_err(Failure::wrong)?;
    let mut people = Vec::with_capacity(candidates.len());
    for id in candidates {
        let who = work.family(id).await?;
        // One that was merged into another goes with that one.
        if who.patients.first() == Some(&id) {
            people.push(who);
        }
    }
    let numbers: Vec<_> = people.iter().map(|who| who.patients.clone()).collect();
    let found = work.erasures().find_all(&numbers, &[]).await.map_err(Failure::wrong)?;
    let mut going = Vec::new();
    for (who, found) in people.iter().zip(found) {
        let ground = ground::of_found(work, who, DataClass::Dossier, request, None, found).await?;
        if ground.nothing {
            continue;
        }
        for duty in &ground.duties {
            say!("zorgsluis: {}: dossier stays: {duty}", who.reference());
        }
        if ground.duties.is_empty() {
            going.push((who, ground));
        }
    }
    let at = if args.dry_run || going.is_empty() {
        None
    } else {
        let apart: Vec<_> =
            going.iter().map(|(who, ground)| (who.patients.clone(), ground.owners.clone())).collect();
        work.set_apart(&apart).await?
    };
    let mut decided = Vec::new();
    for (who, ground) in &going {
        let mut tombstone = work.tombstone(DataClass::Dossier, request.reason, who, at)?;
        tombstone.owners.clone_from(&ground.owners);
        tombstone.keys.clone_from(&ground.keys);
        let entries = work.entries(&tombstone, who, request, request.reason.code())?;
        decided.push((tombstone, entries));
    }
    if !args.dry_run && !decided.is_empty() {
        work.erase(&decided).await?;
    }
    for ((who, ground), (tombstone, _)) in going.iter().zip(&decided) {
        let (verb, tombstone) =
            if args.dry_run { ("would be destroyed", None) } else { ("destroyed", Some(tombstone)) };
        say(args, who, DataClass::Dossier, verb, ground, tombstone);
    }
    Ok(decided.len())
}

async fn lines(work: &Work, args: &EraseArgs, request: &Request) -> Result<usize, Failure> {
    let before = before(Term::LOG, request.day);
    // Also of those whose lines stand in a sealed log only.
    let mut patients = Vec::new();
    for log in work.log().earlier().iter().chain([work.log()]) {
        let here = work.erasures().logged_before(log.shard(), PATIENT_KEYS, before).await;
        let here = here.map_err(Failure::wrong)?.into_iter();
        let new: Vec<_> = here.filter(|patient| !patients.contains(patient)).collect();
        patients.extend(new);
    }
    let held = held(work, request.day).await?;
    let mut over: Vec<ErasedLines> = Vec::new();
    let mut lines = 0;
    for patient in patients {
        if held.contains(&patient) {
            say!("zorgsluis: lines of the log about a patient stay: a hold runs (zorgsluis holds list)");
            continue;
        }
        let years = work.log().lines_about(&patient).await.map_err(Failure::wrong)?.years;
        let free = years.iter().filter(|year| retention::log_lines(year.newest, request.day).is_none());
        let free: Vec<_> = free.collect();
        if !free.is_empty() {
            lines += free.iter().map(|year| usize::try_from(year.lines).unwrap_or(usize::MAX)).sum::<usize>();
            over.push(ErasedLines { patient, years: free.iter().map(|year| year.year).collect() });
        }
    }
    if over.is_empty() {
        return Ok(0);
    }
    let patients = over.len();
    if !args.dry_run {
        let mut decided = Vec::new();
        for together in over.chunks(TOGETHER) {
            let nobody = Who { patients: Vec::new() };
            let mut tombstone = work.tombstone(DataClass::Log, request.reason, &nobody, None)?;
            tombstone.lines = together.to_vec();
            tombstone.owners = together
                .iter()
                .flat_map(|lines| lines.years.iter().map(|year| (lines.patient, *year)))
                .filter_map(|(patient, year)| match log_key_owner(work.keys(), &patient, year) {
                    KeyOwner::Patient(owner) => Some(owner),
                    KeyOwner::Sender(_) | KeyOwner::System => None,
                })
                .collect();
            let told = work.entries(&tombstone, &nobody, request, request.reason.code())?;
            decided.push((tombstone, told));
        }
        work.erase(&decided).await?;
    }
    let verb = if args.dry_run { "would be destroyed" } else { "destroyed" };
    if args.json {
        out!(
            "{}",
            serde_json::json!({ "class": "log", "erased": !args.dry_run, "lines": lines, "patients": patients })
        );
    } else {
        let (lines, patients) = (count(lines, "line", "lines"), count(patients, "patient", "patients"));
        out!("log: {lines} about {patients} {verb}");
    }
    Ok(patients)
}

/// Whose lines are held.
async fn held(work: &Work, day: Date) -> Result<Vec<Pseudonym>, Failure> {
    let holds = work.erasures().holds(None).await.map_err(Failure::wrong)?;
    let mut held = Vec::new();
    for hold in holds.iter().filter(|hold| hold.class.is_none_or(|class| class == DataClass::Log)) {
        if !retention::held(std::slice::from_ref(hold), day).is_empty() {
            // Also those under whom lines stand from before anybody here knew the patient.
            for id in work.in_log(&work.family(hold.patient).await?).await? {
                held.push(patient_pseudonym(work.keys(), &format!("Patient/{id}")));
            }
        }
    }
    Ok(held)
}
