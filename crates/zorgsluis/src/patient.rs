//! Which patient a command means.

use uuid::Uuid;
use zorgsluis_domain::Purpose;
use zorgsluis_domain::port::{Keys, PatientIndex};

use crate::failure::Failure;

/// The patient that `--patient` names (`Patient/ID` or `ID`), or who holds the number of `--identifier SYSTEM|-`, whose
/// value is read from standard input, so that it stands in no list of processes. `neither` is the error without both.
pub(crate) async fn named(
    keys: &dyn Keys,
    index: &dyn PatientIndex,
    patient: Option<&str>,
    identifier: Option<&str>,
    neither: &str,
) -> Result<Uuid, Failure> {
    if let Some(patient) = patient {
        let id = patient.strip_prefix("Patient/").unwrap_or(patient);
        return id.parse().map_err(|_| Failure::usage(format!("{id}: not the id of a patient")));
    }
    let identifier = identifier.ok_or_else(|| Failure::usage(neither))?;
    let system = identifier.strip_suffix("|-").ok_or_else(|| {
        Failure::usage("--identifier takes SYSTEM|-: the value is read from standard input")
    })?;
    let mut value = String::new();
    std::io::stdin().read_line(&mut value).map_err(Failure::wrong)?;
    let pseudonym = keys.pseudonym(Purpose::PatientIndex, &[system.as_bytes(), value.trim().as_bytes()]);
    let found = index.resolve(&[pseudonym]).await.map_err(Failure::wrong)?;
    let before = index.erased_with(&pseudonym).await.map_err(Failure::wrong)?;
    let Some(patient) = found.into_iter().next().flatten() else {
        return match before.as_slice() {
            [] => Err(Failure::wrong("no patient has this identifier")),
            [patient] => Ok(*patient),
            several => Err(Failure::wrong(format!(
                "several patients had this identifier, whose dossiers were destroyed: name one of them with --patient: {}",
                several.iter().map(Uuid::to_string).collect::<Vec<_>>().join(", ")
            ))),
        };
    };
    let family = index.in_log(patient).await.map_err(Failure::wrong)?;
    for other in before.iter().filter(|other| !family.contains(other)) {
        say!("zorgsluis: Patient/{other}, whose dossier was destroyed, had this identifier too");
    }
    Ok(patient)
}
