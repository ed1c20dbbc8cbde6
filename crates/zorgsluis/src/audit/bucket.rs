//! `zorgsluis audit verify --bucket`: the log on AWS.

#[cfg(feature = "aws")]
pub(super) use with::verify;
#[cfg(not(feature = "aws"))]
pub(super) use without::verify;

/// A build that has AWS.
#[cfg(feature = "aws")]
mod with {
    use std::sync::Arc;

    use tlog::{
        EntryIndex, Log, LogPaths, LogStorage as _, Parallel, Report, Signer as _, VerifyOptions,
        VerifyingKey,
    };
    use zorgsluis_aws::{Clients, DynamoEntryIndex, Endpoints, KmsSigner, S3LogStorage};

    use crate::audit::is_there;
    use crate::audit::progress::Progress;
    use crate::audit::verify::{Inputs, jobs, unverified, without_versions};
    use crate::cli::VerifyArgs;
    use crate::failure::Failure;

    /// Verifies the log in a bucket. Payloads stay sealed: that they are those that were logged, their hashes
    /// say; of the keys under which the index holds them only the number is compared.
    pub(in crate::audit) async fn verify(args: &VerifyArgs, inputs: &Inputs) -> Result<Report, Failure> {
        let of = &args.in_bucket;
        let bucket = of.bucket.as_deref().unwrap_or_default();
        let endpoints = Endpoints { all: of.endpoint.clone(), ..Endpoints::default() };
        let clients = Clients::load(&of.region, &endpoints, None).await;
        // It only reads: no term is used.
        let storage = S3LogStorage::new(&clients, bucket, 0);
        let organisation = match &args.organisation {
            Some(organisation) => organisation.clone(),
            None => only(&storage, bucket).await?,
        };
        let paths = LogPaths::new(&organisation).map_err(Failure::usage)?;
        let origin = format!("zorgsluis/{organisation}");
        let keys = keys(args, &clients, &origin).await?;
        let index = of
            .table_prefix
            .as_ref()
            .map(|prefix| DynamoEntryIndex::new(&clients, &format!("{prefix}-log-index"), &organisation));
        let log = Log::new(Arc::new(storage), paths, &origin);
        if !is_there(&log).await? {
            return Err(Failure::wrong(format!("{bucket}: there is no {}", log.paths().prefix())));
        }
        let signed = log.checkpoint(&keys).await.ok().flatten();
        let progress =
            Progress::new(signed.map_or(0, |signed| signed.checkpoint().size), "verified", args.json);
        let advance = |verified| progress.at(verified);
        let keep = |state: &dyn Fn() -> Vec<u8>| inputs.keep(state);
        let parallel = Parallel::new(jobs(args), |work| drop(tokio::spawn(work)));
        let options = VerifyOptions {
            trusted: inputs.trusted.as_deref(),
            witnesses: &inputs.witnesses,
            parallel: Some(&parallel),
            since: inputs.since.as_deref(),
            resume: inputs.resume(),
            keep: Some(&keep),
            sealed: args.sealed,
            index: index.as_ref().map(|index| index as &dyn EntryIndex),
            progress: Some(&advance),
            ..VerifyOptions::new(&keys)
        };
        let report = tlog::verify(&log, &options).await;
        progress.done();
        let report = report.map_err(|error| unverified(args, &error))?;
        if report.versions_checked { Ok(report) } else { Err(without_versions(bucket)) }
    }

    /// The keys by which the log's checkpoints verify.
    async fn keys(args: &VerifyArgs, clients: &Clients, origin: &str) -> Result<Vec<VerifyingKey>, Failure> {
        if let Some(key) = &args.in_bucket.signing_key {
            let signer = KmsSigner::load(clients, key, origin).await.map_err(Failure::wrong)?;
            return Ok(vec![signer.verifying_key().clone()]);
        }
        let Some(path) = &args.in_bucket.key else { return Err(Failure::usage("--key or --signing-key")) };
        let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys: Result<Vec<_>, _> = lines.map(VerifyingKey::parse).collect();
        match keys {
            Ok(keys) if !keys.is_empty() => Ok(keys),
            Ok(_) => Err(Failure::wrong(format!("{}: holds no key", path.display()))),
            Err(error) => Err(Failure::wrong(format!("{}: {error}", path.display()))),
        }
    }

    /// The organisation of the only log in a bucket.
    async fn only(storage: &S3LogStorage, bucket: &str) -> Result<String, Failure> {
        let first = storage.list("log/", None, 1).await.map_err(Failure::wrong)?.keys;
        let of = |key: &String| Some(key.strip_prefix("log/")?.split_once('/')?.0.to_owned());
        let organisation = first.first().and_then(of);
        let Some(organisation) = organisation else {
            return Err(Failure::wrong(format!("{bucket}: there is no log; name one with --organisation")));
        };
        // Behind all keys of it: `0` follows `/`.
        let behind = format!("log/{organisation}0");
        let more = storage.list("log/", Some(&behind), 1).await.map_err(Failure::wrong)?.keys;
        if more.is_empty() {
            Ok(organisation)
        } else {
            Err(Failure::usage(format!("{bucket}: holds several logs: name one with --organisation")))
        }
    }
}

/// A build without.
#[cfg(not(feature = "aws"))]
mod without {
    use tlog::Report;

    use crate::audit::verify::Inputs;
    use crate::cli::VerifyArgs;
    use crate::failure::Failure;

    pub(in crate::audit) async fn verify(_: &VerifyArgs, _: &Inputs) -> Result<Report, Failure> {
        Err(Failure::usage("this build has no AWS: build it with `cargo build -p zorgsluis --features aws`"))
    }
}
