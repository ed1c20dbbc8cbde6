//! How a witness reaches the log that it checks: it reads the objects of the log, and no key or database of its keeper.

use std::fmt::Display;
use std::sync::Arc;

use tlog::{Log, LogPaths, LogStorage};
use zorgsluis_embedded::FileLogStorage;

use crate::cli::CheckArgs;
use crate::failure::Failure;
use crate::system::{organisation, origin};

/// The log that is to be checked.
pub(super) async fn log(args: &CheckArgs) -> Result<Log, Failure> {
    let (organisation, storage): (String, Arc<dyn LogStorage>) = match &args.data {
        Some(data) => {
            let organisation = organisation(data, args.organisation.as_deref())?;
            if !data.join("log").join(&organisation).is_dir() {
                return Err(Failure::wrong(format!("{}: there is no log of {organisation}", data.display())));
            }
            (organisation, Arc::new(FileLogStorage::new(data, data.join("tmp"))))
        }
        None => (args.organisation.clone().unwrap_or_default(), bucket(args).await?),
    };
    let paths = LogPaths::new(&organisation).map_err(Failure::usage)?;
    Ok(Log::new(storage, paths, &origin(&organisation)))
}

#[cfg(feature = "aws")]
async fn bucket(args: &CheckArgs) -> Result<Arc<dyn LogStorage>, Failure> {
    use zorgsluis_aws::{Clients, Endpoints, S3LogStorage};
    let endpoints = Endpoints { all: args.endpoint.clone(), ..Endpoints::default() };
    let clients = Clients::load(&args.region, &endpoints, None).await;
    // Nothing of what it writes is locked: no term is used.
    Ok(Arc::new(S3LogStorage::new(&clients, args.bucket.as_deref().unwrap_or_default(), 0)))
}

#[cfg(not(feature = "aws"))]
async fn bucket(_: &CheckArgs) -> Result<Arc<dyn LogStorage>, Failure> {
    Err(Failure::usage("this build has no AWS: build it with `cargo build -p zorgsluis --features aws`"))
}

/// A log that cannot be read, or not be believed.
pub(super) fn failed(origin: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    let mut text = format!("{origin}: {error}");
    let mut cause: Option<&dyn std::error::Error> = error.source();
    while let Some(inner) = cause {
        push(&mut text, inner);
        cause = inner.source();
    }
    Failure::wrong(text)
}

fn push(text: &mut String, inner: impl Display) {
    text.push_str(&format!(": {inner}"));
}
