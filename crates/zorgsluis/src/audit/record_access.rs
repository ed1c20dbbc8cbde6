//! `zorgsluis audit record-access`.

use zorgsluis_domain::audit::{Deed, Object, ObjectRole, User};
use zorgsluis_domain::port::AuditSink as _;

use super::existing;
use crate::cli::RecordAccessArgs;
use crate::failure::Failure;
use crate::system::LogAccess;
use crate::terminal::out;

/// Runs the command: one entry for each patient, or one that names none.
pub(super) async fn run(args: &RecordAccessArgs) -> Result<(), Failure> {
    let deed = Deed::accessed_directly(Object::new(ObjectRole::Resource, args.file.as_str()), &args.reason)
        .map_err(|_| Failure::usage("--reason: say why the file was opened"))?;
    if args.user.trim().is_empty() {
        return Err(Failure::usage("--user: say who opened the file"));
    }
    let patients = args.patient.iter().map(|patient| reference(patient).map(Some));
    let mut patients = patients.collect::<Result<Vec<_>, _>>()?;
    patients.sort();
    patients.dedup();
    if patients.is_empty() {
        patients.push(None);
    }
    let directory = super::directory(&args.data)?;
    let organisation = existing(&args.data, args.organisation.as_deref())?;
    let log = LogAccess::open(&directory, &organisation).await?;
    let user = User { department: args.department.clone(), ..User::system(args.user.as_str(), true) };
    let entries = patients
        .into_iter()
        .map(|patient| log.direct_access(&directory, deed.clone(), user.clone(), patient))
        .collect::<Result<Vec<_>, _>>()?;
    log.writer.record(&entries).await.map_err(Failure::wrong)?;
    log.writer.checkpoint().await.map_err(Failure::wrong)?;
    directory.close().await;
    for entry in &entries {
        if args.json {
            out!("{}", serde_json::json!({ "entry": entry.id.to_string(), "file": args.file }));
        } else {
            out!("recorded  {}  {}", entry.id, args.file);
        }
    }
    Ok(())
}

/// `Patient/ID` or `ID`.
fn reference(patient: &str) -> Result<String, Failure> {
    let id = patient.strip_prefix("Patient/").unwrap_or(patient);
    let id: uuid::Uuid =
        id.parse().map_err(|_| Failure::usage("--patient: not the id of a patient, Patient/ID"))?;
    Ok(format!("Patient/{id}"))
}
