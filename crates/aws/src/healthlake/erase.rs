//! `$erase`: a resource goes with all of its versions, or one version goes, for good.
//!
//! HealthLake does it in a job, which is asked after until it has ended. What it answers is documented in two shapes
//! (JSON of its own, and FHIR); both are read. What counts in the end is that nothing stands there any more.

use std::time::Duration;

use serde_json::Value;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::ResourceKey;

use super::wire::{Answer, Ask};
use super::{HealthLake, absent, can_be, refusal};

const OPERATION: &str = "fhir.erase";
/// Before a job is asked after once more; it doubles.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest such pause.
const LONGEST: Duration = Duration::from_secs(2);
/// How often a job is asked after: about a minute.
const PATIENCE: u32 = 35;

impl HealthLake {
    /// Removes a resource with all of its versions, or only this version of it, so that no history tells of it. What
    /// is not there is removed already.
    ///
    /// # Errors
    ///
    /// As of any port; `Unavailable` also when the store has not ended the job after a minute. Asking again is no
    /// harm.
    pub async fn erase(&self, key: &ResourceKey, version: Option<u64>) -> Result<(), PortError> {
        if !can_be(key) {
            return Ok(());
        }
        let place = version.map_or_else(|| key.to_string(), |version| format!("{key}/_history/{version}"));
        let ask = Ask { method: "POST", ..Ask::get(OPERATION, format!("{place}/$erase")) };
        let answer = self.0.wire.ask(&ask).await?;
        match answer.status {
            200..=202 => {}
            404 | 410 => return absent(OPERATION, &answer),
            _ => return Err(refusal(OPERATION, &answer)),
        }
        let job = job(&answer).ok_or_else(|| PortError::Damaged {
            operation: OPERATION,
            reason: String::from("the answer to $erase names no job"),
        })?;
        self.ended(&job).await
    }

    /// Waits for the end of a job.
    async fn ended(&self, job: &str) -> Result<(), PortError> {
        for asked in 0..PATIENCE {
            if asked > 0 {
                tokio::time::sleep(PAUSE.saturating_mul(1 << asked.min(10)).min(LONGEST)).await;
            }
            let answer = self.0.wire.ask(&Ask::get(OPERATION, format!("$erase/{job}"))).await?;
            if answer.status != 200 {
                return Err(refusal(OPERATION, &answer));
            }
            match status(&answer).as_deref() {
                Some("COMPLETED") => return Ok(()),
                Some(state @ ("FAILED" | "COMPLETED_WITH_ERRORS" | "CANCELLED")) => {
                    let reason = format!("the job of $erase ended as {}", state.to_ascii_lowercase());
                    return Err(PortError::unavailable(OPERATION, reason));
                }
                _ => {}
            }
        }
        Err(PortError::unavailable(OPERATION, "the job of $erase has not ended"))
    }
}

/// The job: `{"jobId": …}`, or the last word of the diagnostics of an OperationOutcome.
fn job(answer: &Answer) -> Option<String> {
    let value: Value = serde_json::from_slice(&answer.body).ok()?;
    let told = value.pointer("/issue/0/diagnostics").and_then(Value::as_str);
    let last = told.and_then(|text| text.rsplit(' ').next());
    let id = value.get("jobId").and_then(Value::as_str).or(last)?;
    // It goes into a path.
    let plain = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then(|| id.to_owned())
}

/// How it stands: `{"status": …}`, or the parameter `jobStatus`.
fn status(answer: &Answer) -> Option<String> {
    let value: Value = serde_json::from_slice(&answer.body).ok()?;
    let own = ["status", "jobStatus"].iter().find_map(|name| value.get(name)?.as_str());
    let parameters = || {
        let all = value.get("parameter")?.as_array()?;
        let status = all.iter().find(|one| one.get("name").and_then(Value::as_str) == Some("jobStatus"))?;
        status.get("valueString")?.as_str()
    };
    own.or_else(parameters).map(str::to_owned)
}
