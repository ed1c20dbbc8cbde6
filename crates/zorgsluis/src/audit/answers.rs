//! `zorgsluis audit history`, `user`, `department`, `break-glass`, `denied`: what the log answers.

use std::io::{BufWriter, ErrorKind};

use zorgsluis_audit_answers::{AnswerError, Asked, Extent, Format, Language, Subject, Written, write};
use zorgsluis_audit_writer::{AuditError, Form, Question};
use zorgsluis_domain::erasure::with_erased_numbers;

use super::Opened;
use crate::cli::{AnswerArgs, AnswerFormat, AnswerLanguage, DepartmentArgs, HistoryArgs, UserArgs};
use crate::erase::destroyed_lines;
use crate::failure::Failure;

/// Who did what with one patient's data.
pub(super) async fn history(args: &HistoryArgs) -> Result<(), Failure> {
    let opened = Opened::open(&args.answer.log).await?;
    let patients = patients(args, &opened).await?;
    let destroyed = destroyed_lines(&*opened.keys, &opened.tombstones().await?, &patients);
    let written = answer(&args.answer, &opened, Subject::Patient(patients)).await?;
    // What stands there without anybody having touched the patient are readings themselves.
    let whole = args.answer.after.is_none() && written.next.is_none();
    if written.only_readings && whole {
        say!("zorgsluis: no entry about this patient but of readings of the log");
    }
    for lines in destroyed {
        say!("zorgsluis: {lines}");
    }
    opened.close().await
}

/// What a user did.
pub(super) async fn user(args: &UserArgs) -> Result<(), Failure> {
    let id = match args.user.as_str() {
        "-" => {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map_err(Failure::wrong)?;
            line.trim().to_owned()
        }
        named => named.to_owned(),
    };
    let id = stated(id, "ID")?;
    about(&args.answer, if args.uzi { Subject::Uzi(id) } else { Subject::User(id) }).await
}

/// What the users of a department did.
pub(super) async fn department(args: &DepartmentArgs) -> Result<(), Failure> {
    let code = stated(args.department.clone(), "CODE")?;
    about(&args.answer, Subject::Department(code)).await
}

/// What was left empty (a variable of a script that was not set, say) asks about nobody: an answer that nothing was
/// found would be believed.
fn stated(given: String, name: &str) -> Result<String, Failure> {
    if given.trim().is_empty() { Err(Failure::usage(format!("{name} is empty"))) } else { Ok(given) }
}

/// Uses of the emergency procedure.
pub(super) async fn emergency(args: &AnswerArgs) -> Result<(), Failure> {
    about(args, Subject::Emergency).await
}

/// What was denied, refused or failed.
pub(super) async fn denied(args: &AnswerArgs) -> Result<(), Failure> {
    about(args, Subject::NotSucceeded).await
}

async fn about(args: &AnswerArgs, subject: Subject) -> Result<(), Failure> {
    let opened = Opened::open(&args.log).await?;
    answer(args, &opened, subject).await?;
    opened.close().await
}

/// Answers on standard output.
async fn answer(args: &AnswerArgs, opened: &Opened, subject: Subject) -> Result<Written, Failure> {
    let asked = Asked {
        subject,
        organisation: opened.log.shard().to_owned(),
        from: args.from,
        to: args.to,
        newest_first: args.newest_first,
        with_names: args.with_names,
        language: match args.lang {
            AnswerLanguage::Nl => Language::Dutch,
            AnswerLanguage::En => Language::English,
        },
        made: opened.clock.now(),
    };
    let (from, to) = asked.period().ok_or_else(|| Failure::usage("--from lies behind --to"))?;
    let (format, form) = match args.format {
        AnswerFormat::Table if args.log.json => (Format::Json, Form::Exported),
        AnswerFormat::Table => (Format::Table, Form::Shown),
        AnswerFormat::Json => (Format::Json, Form::Exported),
        AnswerFormat::Csv => (Format::Csv, Form::Exported),
        AnswerFormat::Html => (Format::Html, Form::Printed),
    };
    let question = Question {
        terms: asked.subject.terms(),
        from,
        to,
        newest_first: args.newest_first,
        after: args.after.clone(),
        form,
        note: args.with_names.then(|| String::from("with names")),
    };
    let mut reading = opened.reader.ask(&question).await.map_err(unanswered)?;
    let extent = Extent {
        page: args.page_size.and_then(|size| usize::try_from(size).ok()),
        totals: !args.no_totals && args.after.is_none() && format != Format::Csv,
    };
    let out = BufWriter::new(std::io::stdout());
    match write(&mut reading, &asked, extent, format, out).await {
        Ok(written) => {
            if let (Format::Csv, Some(next)) = (format, &written.next) {
                say!("zorgsluis: there is more: --after {next}");
            }
            Ok(written)
        }
        // A reader that has seen enough (`| head`).
        Err(AnswerError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(AnswerError::Log(error)) => Err(unanswered(error)),
        Err(error) => Err(Failure::wrong(error)),
    }
}

/// Why there is no answer, with the command that helps.
fn unanswered(error: AuditError) -> Failure {
    match error {
        AuditError::Cursor => Failure::usage("--after takes what a page before named as its next"),
        error => Failure::log(&error),
    }
}

/// The patient that is meant, and all who were merged with them.
async fn patients(args: &HistoryArgs, opened: &Opened) -> Result<Vec<String>, Failure> {
    let index = &opened.patients;
    let id = crate::patient::named(
        opened.keys.as_ref(),
        index.as_ref(),
        args.patient.as_deref(),
        args.identifier.as_deref(),
        "--patient or --identifier says whose history is meant",
    )
    .await?;
    // One person's history is that of all their numbers: under a retired one stands what was done then.
    let mut patients = index.in_log(id).await.map_err(Failure::wrong)?;
    with_erased_numbers(&opened.tombstones().await?, &mut patients);
    opened.log.with_lines(&patients).await.map_err(unanswered)
}
