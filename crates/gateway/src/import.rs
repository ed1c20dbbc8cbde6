//! `POST /registers/providers` and `POST /registers/patients`: imports, for machines
//! (`zorgsluis registers import`).

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zorgsluis_registers::{Options, RegisterError, Source};

use crate::Gateway;
use crate::disclosure::Caller;

/// Bytes of a body at most: a file of [`zorgsluis_registers::MAX_DATA`] in base64, and as much of
/// certificates.
const MAX_BODY: usize = 3 * zorgsluis_registers::MAX_DATA;
/// How long a body may take.
const BODY: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Format {
    Csv,
    Fhir,
}

/// What is sent. `data` and `files` are base64: a file may be in another encoding than JSON.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Envelope {
    format: Format,
    #[serde(default)]
    mapping: String,
    data: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    partly: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Register {
    Providers,
    Patients,
}

pub(crate) async fn providers(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    import(&gateway, &caller, request.into_body(), Register::Providers).await
}

pub(crate) async fn patients(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    import(&gateway, &caller, request.into_body(), Register::Patients).await
}

async fn import(gateway: &Gateway, caller: &Caller, body: Body, register: Register) -> Response {
    // One at a time: each holds a whole file.
    let Ok(_permit) = gateway.0.imports.try_acquire() else {
        return (StatusCode::TOO_MANY_REQUESTS, "another import is running\n").into_response();
    };
    let body = match tokio::time::timeout(BODY, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            let text = format!("the body is larger than {} MiB, or broke off\n", MAX_BODY >> 20);
            return (StatusCode::PAYLOAD_TOO_LARGE, text).into_response();
        }
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the body did not come in time\n").into_response(),
    };
    let bad = |text: &'static str| (StatusCode::BAD_REQUEST, text).into_response();
    let Ok(envelope) = serde_json::from_slice::<Envelope>(&body) else {
        return bad("{\"format\": \"csv\"|\"fhir\", \"mapping\": TOML, \"data\": base64} is expected\n");
    };
    drop(body);
    let Ok(data) = STANDARD.decode(&envelope.data) else { return bad("`data` is not base64\n") };
    let files = envelope.files.iter().map(|(name, file)| Ok((name.clone(), STANDARD.decode(file)?)));
    let Ok(files) = files.collect::<Result<_, base64::DecodeError>>() else {
        return bad("`files` are not base64\n");
    };
    let source = match envelope.format {
        Format::Csv => Source::Csv { data: &data, mapping: &envelope.mapping, files: &files },
        Format::Fhir => Source::Bundle(&data),
    };
    let options = Options { dry_run: envelope.dry_run, partly: envelope.partly };
    let (registers, by) = (&gateway.0.parts.registers, caller.by());
    let report = match register {
        Register::Providers => registers.import_providers(&source, options, &by).await,
        Register::Patients => registers.import_patients(&source, options, &by).await,
    };
    match report {
        Ok(report) => Json(report).into_response(),
        Err(error @ (RegisterError::Port(_) | RegisterError::Audit(_))) => {
            tracing::error!(%error, "an import did not end");
            let text = "a store or the audit log cannot be reached; the import can be done again\n";
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{error}\n")).into_response(),
    }
}
