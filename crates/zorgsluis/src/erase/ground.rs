//! What there is of a patient, and the duties that keep it.

use jiff::civil::Date;
use zorgsluis_audit_writer::patient_pseudonym;
use zorgsluis_domain::port::{DataClass, Found};
use zorgsluis_domain::retention::{self, Asker, Dossier, Reason, Request};

use super::{Ground, Who, Work};
use crate::cli::EraseArgs;
use crate::failure::Failure;
use crate::terminal::count;

/// Of the dossier, or of the records of involuntary care.
pub(super) async fn of_data(
    work: &Work,
    who: &Who,
    class: DataClass,
    request: &Request,
    args: &EraseArgs,
) -> Result<Ground, Failure> {
    let one = std::slice::from_ref(&who.patients);
    let found = work.erasures().find_all(one, &args.messages).await.map_err(Failure::wrong)?;
    of_found(work, who, class, request, args.care_ended, found.into_iter().next().unwrap_or_default()).await
}

/// Of what was found.
pub(super) async fn of_found(
    work: &Work,
    who: &Who,
    class: DataClass,
    request: &Request,
    care_ended: Option<Date>,
    found: Found,
) -> Result<Ground, Failure> {
    let wzd = class == DataClass::Wzd;
    let mut ground = Ground {
        nothing: if wzd { found.involuntary_care == 0 } else { found.is_nothing() },
        owners: found.owners.clone(),
        keys: found.keys.clone(),
        ..Ground::default()
    };
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    if wzd {
        ground.what.push(count(number(found.involuntary_care), "record", "records"));
        ground.duties = retention::involuntary_care(found.birth, care_ended, request);
    } else {
        ground.what.push(count(number(found.messages), "message", "messages"));
        ground.what.push(count(number(found.resources), "resource", "resources"));
        if found.mails > 0 {
            ground.what.push(count(number(found.mails), "mail", "mails"));
        }
        let dossier = Dossier {
            last_change: found.last_change,
            involuntary_care: found.involuntary_care > 0,
            birth: found.birth,
        };
        ground.duties = retention::dossier(&dossier, request);
        ground.remarks.extend(found.left.iter().map(|left| {
            format!("left: {left} names this patient and is about another one, with whose dossier it goes")
        }));
        ground.remarks.extend(found.unclear.iter().map(|message| {
            format!(
                "left: message {message} came under a number that somebody else has or had, and wrote nothing: look \
                 whose it is, and name it with --message where it is this patient's"
            )
        }));
    }
    if request.reason == Reason::PatientRequest && request.by != Asker::Patient && ground.duties.is_empty() {
        let rule =
            request.ages(found.birth).map(|ages| format!("who may ask: {} ({})", ages.words, ages.law));
        ground.remarks.extend(rule);
    }
    ground.duties.extend(held(work, who, class, request.day).await?);
    Ok(ground)
}

/// Of the lines of the log.
pub(super) async fn of_lines(work: &Work, who: &Who, request: &Request) -> Result<Ground, Failure> {
    let mut ground = Ground { nothing: true, ..Ground::default() };
    let (mut lines, mut newest, mut free) = (0, None, Vec::new());
    for id in &work.in_log(who).await? {
        let pseudonym = patient_pseudonym(work.keys(), &format!("Patient/{id}"));
        let years = work.log().lines_about(&pseudonym).await.map_err(Failure::wrong)?.years;
        for year in &years {
            lines += year.lines;
            newest = newest.max(Some(year.newest));
            if retention::log_lines(year.newest, request.day).is_none() {
                free.push(year.year.to_string());
            }
        }
        if !years.is_empty() {
            ground.nothing = false;
            ground.lines.push((pseudonym, years));
        }
    }
    ground.what.push(count(usize::try_from(lines).unwrap_or(usize::MAX), "line", "lines"));
    ground.duties.extend(newest.and_then(|newest| retention::log_lines(newest, request.day)));
    if !ground.duties.is_empty() && !free.is_empty() {
        let free = free.join(", ");
        ground.remarks.push(format!("lines of {free} are kept by no term: erase --expired --class log"));
    }
    ground.duties.extend(held(work, who, DataClass::Log, request.day).await?);
    Ok(ground)
}

async fn held(work: &Work, who: &Who, class: DataClass, day: Date) -> Result<Vec<retention::Duty>, Failure> {
    let holds = work.erasures().holds(Some(&who.patients)).await.map_err(Failure::wrong)?;
    let of_class: Vec<_> =
        holds.into_iter().filter(|hold| hold.class.is_none_or(|held| held == class)).collect();
    Ok(retention::held(&of_class, day))
}
