//! `zorgsluis audit history`: who did what with one patient's data.

use zorgsluis_audit_writer::{Content, Line};
use zorgsluis_domain::audit::{Action, EventKind, Outcome};
use zorgsluis_domain::port::PageRequest;
use zorgsluis_domain::{AuditEntry, Purpose};

use super::{Opened, PAGE, period};
use crate::cli::HistoryArgs;
use crate::failure::Failure;
use crate::terminal::{Style, count, out};

/// Runs the command.
pub(super) async fn run(args: &HistoryArgs) -> Result<(), Failure> {
    let (from, to) = period(&args.period)?;
    let opened = Opened::open(&args.log).await?;
    let style = Style::for_stdout();
    let mut lines: Vec<Line> = Vec::new();
    let mut readings = 0;
    for patient in patients(args, &opened).await? {
        let mut page = PageRequest::first(PAGE);
        loop {
            let found = opened.reader.history(&patient, from, to, &page).await.map_err(Failure::wrong)?;
            readings += 1;
            lines.extend(found.items);
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
    }
    lines.sort_by_key(|line| line.index);
    lines.dedup_by_key(|line| line.index);
    // What stands there without anybody having touched the patient are these readings themselves.
    if lines.len() <= readings && lines.iter().all(is_log_reading) {
        eprintln!("zorgsluis: no entry about this patient but of readings of the log");
    }
    if args.log.json {
        for line in &lines {
            out!("{}", as_json(line));
        }
    } else {
        for line in &lines {
            out!("{}", as_text(line, style));
        }
        out!("{}", style.dim(count(lines.len(), "entry", "entries")));
    }
    opened.close().await
}

fn is_log_reading(line: &Line) -> bool {
    matches!(&line.content, Content::Entry(entry) if entry.event.kind == EventKind::LogRead)
}

/// The patient that is meant, and all who were merged with them.
async fn patients(args: &HistoryArgs, opened: &Opened) -> Result<Vec<String>, Failure> {
    let index = &opened.patients;
    let named = match (&args.patient, &args.identifier) {
        (Some(patient), _) => patient.strip_prefix("Patient/").unwrap_or(patient).to_owned(),
        (None, Some(identifier)) => {
            let system = identifier.strip_suffix("|-").ok_or_else(|| {
                Failure::usage("--identifier takes SYSTEM|-: the value is read from standard input")
            })?;
            let mut value = String::new();
            std::io::stdin().read_line(&mut value).map_err(Failure::wrong)?;
            let pseudonym =
                opened.keys.pseudonym(Purpose::PatientIndex, &[system.as_bytes(), value.trim().as_bytes()]);
            let found = index.resolve(&[pseudonym]).await.map_err(Failure::wrong)?;
            let patient = found.into_iter().next().flatten();
            patient.ok_or_else(|| Failure::wrong("no patient has this identifier"))?.to_string()
        }
        (None, None) => return Err(Failure::usage("--patient or --identifier says whose history is meant")),
    };
    let id: uuid::Uuid =
        named.parse().map_err(|_| Failure::usage(format!("{named}: not the id of a patient")))?;
    // One person's history is that of all their numbers: under a retired one stands what was done then.
    let survivor = index.survivor(id).await.map_err(Failure::wrong)?;
    let mut patients = vec![survivor];
    patients.extend(index.merged_into(survivor).await.map_err(Failure::wrong)?);
    Ok(patients.into_iter().map(|patient| format!("Patient/{patient}")).collect())
}

fn as_json(line: &Line) -> serde_json::Value {
    match &line.content {
        Content::Entry(entry) => {
            let mut json = serde_json::to_value(entry).unwrap_or_default();
            if let Some(object) = json.as_object_mut() {
                object.insert(String::from("index"), line.index.into());
            }
            json
        }
        Content::Erased => {
            serde_json::json!({ "index": line.index, "id": line.id.to_string(), "erased": true })
        }
    }
}

fn as_text(line: &Line, style: Style) -> String {
    let Content::Entry(entry) = &line.content else {
        return format!("{:>6}  erased: the key was destroyed, the proof stands", line.index);
    };
    let outcome = match entry.event.outcome {
        Outcome::Success => String::new(),
        _ => style.bad(format!("  refused: {}", entry.event.outcome_reason.as_deref().unwrap_or("failed"))),
    };
    let emergency = if entry.legal_basis.emergency { style.attention("  EMERGENCY") } else { String::new() };
    format!(
        "{}  {:<8} {:<18} {}{emergency}{outcome}",
        entry.recorded.strftime("%Y-%m-%d %H:%M:%S"),
        action(entry.event.action),
        who(entry),
        what(entry),
    )
}

const fn action(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Read => "read",
        Action::Update => "changed",
        Action::Delete => "deleted",
        Action::Execute => "did",
    }
}

fn who(entry: &AuditEntry) -> String {
    let by: Vec<&str> =
        entry.users.iter().filter(|user| user.requestor).map(|user| user.id.as_str()).collect();
    format!("{} ({})", by.join(", "), entry.source.enterprise_site_id)
}

/// The kind of event, and the categories of data.
fn what(entry: &AuditEntry) -> String {
    let name = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let kind = serde_json::to_value(entry.event.kind).map(name).unwrap_or_default();
    let categories: Vec<String> = entry
        .data_categories
        .iter()
        .filter_map(|category| Some(name(serde_json::to_value(category).ok()?)))
        .collect();
    let trigger = entry.event.trigger.as_deref().map(|trigger| format!(" {trigger}")).unwrap_or_default();
    if categories.is_empty() {
        format!("{kind}{trigger}")
    } else {
        format!("{kind}{trigger}: {}", categories.join(", "))
    }
}
