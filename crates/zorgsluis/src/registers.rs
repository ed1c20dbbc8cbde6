//! `zorgsluis registers`: imports, through the running server or without one, and lists.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use zorgsluis_domain::port::{PageRequest, ProviderDirectory, StoredProvider};
use zorgsluis_embedded::{DataDirectory, OpenError};
use zorgsluis_registers::{
    By, Certificate, Files, MAX_DATA, Options, Registers, Report, Source, referenced_files,
};

use crate::aws;
use crate::cli::{ImportArgs, ListArgs, ListedRegister, Register, RegistersCommand, StoresArgs};
use crate::failure::Failure;
use crate::system::{Announcement, LogAccess, organisation, registers};
use crate::terminal::{count, out};

/// Bytes of a mapping or a certificate at most.
const MAX_SMALL: usize = 1 << 20;
/// Providers that are read at a time.
const PAGE: usize = 500;

/// Runs the command.
pub(crate) async fn run(command: &RegistersCommand) -> Result<(), Failure> {
    match command {
        RegistersCommand::Import(args) => import(args).await,
        RegistersCommand::List(args) => match args.register {
            ListedRegister::Providers => list(args).await,
        },
    }
}

/// What is imported, with the files that it names.
struct Input {
    data: Vec<u8>,
    /// Of a CSV file.
    mapping: Option<String>,
    files: Files,
}

impl Input {
    fn read(args: &ImportArgs) -> Result<Self, Failure> {
        let data = read(&args.file, MAX_DATA)?;
        let Some(path) = &args.mapping else {
            if data.trim_ascii_start().first() != Some(&b'{') {
                let text = format!("{}: a CSV file needs --mapping FILE", args.file.display());
                return Err(Failure::usage(text));
            }
            return Ok(Self { data, mapping: None, files: Files::new() });
        };
        let mapping = String::from_utf8(read(path, MAX_SMALL)?)
            .map_err(|_| Failure::wrong(format!("{}: not UTF-8", path.display())))?;
        let mut files = Files::new();
        if args.register == Register::Providers {
            let folder = args.file.parent().unwrap_or(Path::new(""));
            let named = referenced_files(&data, &mapping)
                .map_err(|error| Failure::wrong(format!("{}: {error}", args.file.display())))?;
            for name in named {
                // One that cannot be read is reported with its line by the import.
                if let Ok(bytes) = read(&folder.join(&name), MAX_SMALL) {
                    files.insert(name, bytes);
                }
            }
        }
        Ok(Self { data, mapping: Some(mapping), files })
    }

    fn source(&self) -> Source<'_> {
        match &self.mapping {
            Some(mapping) => Source::Csv { data: &self.data, mapping, files: &self.files },
            None => Source::Bundle(&self.data),
        }
    }

    /// As `POST /registers/…` takes it.
    fn envelope(&self, options: Options) -> serde_json::Value {
        let files: serde_json::Map<String, serde_json::Value> =
            self.files.iter().map(|(name, bytes)| (name.clone(), STANDARD.encode(bytes).into())).collect();
        json!({
            "format": if self.mapping.is_some() { "csv" } else { "fhir" },
            "mapping": self.mapping.as_deref().unwrap_or_default(),
            "data": STANDARD.encode(&self.data),
            "files": files,
            "dry-run": options.dry_run,
            "partly": options.partly,
        })
    }
}

fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let fault = |error| Failure::file(path, &error);
    let mut bytes = Vec::new();
    let longest = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).map_err(fault)?.take(longest).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() > limit {
        return Err(Failure::wrong(format!("{}: larger than {} MiB", path.display(), limit >> 20)));
    }
    Ok(bytes)
}

async fn import(args: &ImportArgs) -> Result<(), Failure> {
    let options = Options { dry_run: args.dry_run, partly: args.partly };
    let report = match &args.stores.data {
        None => into(&aws::registers().await?, args, &Input::read(args)?, options).await?,
        Some(data) if !data.is_dir() => {
            return Err(Failure::wrong(format!("{}: no such data directory", data.display())));
        }
        Some(data) => {
            let input = Input::read(args)?;
            match DataDirectory::open(data) {
                Ok(directory) => in_directory(directory, data, args, &input, options).await?,
                Err(OpenError::Held { .. }) => through_server(data, args, input.envelope(options)).await?,
                Err(error) => return Err(Failure::wrong(error)),
            }
        }
    };
    tell(args, &report)
}

/// Fills the provider directory of a data directory that no server holds from the `providers.csv` of a
/// folder, when there is one. Gives how many were written.
pub(crate) async fn fill_providers(data: &Path, folder: &Path) -> Result<Option<Report>, Failure> {
    let (file, mapping) = (folder.join("providers.csv"), folder.join("providers.mapping.toml"));
    if !file.is_file() {
        return Ok(None);
    }
    let args = ImportArgs {
        register: Register::Providers,
        stores: StoresArgs { data: Some(data.to_owned()), aws: false },
        mapping: Some(mapping),
        dry_run: false,
        partly: false,
        json: false,
        file,
    };
    let input = Input::read(&args)?;
    let directory = DataDirectory::open(data).map_err(Failure::wrong)?;
    in_directory(directory, data, &args, &input, Options::default()).await.map(Some)
}

async fn into(
    registers: &Registers,
    args: &ImportArgs,
    input: &Input,
    options: Options,
) -> Result<Report, Failure> {
    let (source, by) = (input.source(), By::command_line());
    let report = match args.register {
        Register::Providers => registers.import_providers(&source, options, &by).await,
        Register::Patients => registers.import_patients(&source, options, &by).await,
    };
    report.map_err(|error| Failure::wrong(format!("{}: {error}", args.file.display())))
}

async fn in_directory(
    directory: DataDirectory,
    data: &Path,
    args: &ImportArgs,
    input: &Input,
    options: Options,
) -> Result<Report, Failure> {
    let log = LogAccess::open(&directory, &organisation(data, None)?).await?;
    let report = into(&registers(&directory, &log), args, input, options).await?;
    log.writer.checkpoint().await.map_err(Failure::wrong)?;
    directory.close().await;
    Ok(report)
}

async fn through_server(
    data: &Path,
    args: &ImportArgs,
    envelope: serde_json::Value,
) -> Result<Report, Failure> {
    let server = Announcement::read(data)
        .ok_or_else(|| Failure::wrong(format!("{}: in use, but not by a server", data.display())))?;
    let register = match args.register {
        Register::Providers => "providers",
        Register::Patients => "patients",
    };
    let url = format!("http://{}/registers/{register}", server.http);
    let called = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().proxy(None).http_status_as_error(false).build().into();
        let mut response = agent
            .post(&url)
            .header("Authorization", format!("Bearer {}", server.token))
            .send_json(envelope)?;
        let text = response.body_mut().read_to_string()?;
        Ok::<_, ureq::Error>((response.status().as_u16(), text))
    });
    let (status, text) = called
        .await
        .map_err(Failure::wrong)?
        .map_err(|error| Failure::wrong(format!("the running server: {error}")))?;
    if status != 200 {
        return Err(Failure::wrong(format!("{}: {}", args.file.display(), text.trim())));
    }
    serde_json::from_str(&text).map_err(|_| Failure::wrong("the running server: not a report"))
}

fn tell(args: &ImportArgs, report: &Report) -> Result<(), Failure> {
    if args.json {
        out!("{}", serde_json::to_string(report).map_err(Failure::wrong)?);
    } else {
        let done = match (report.dry_run, report.written) {
            (true, _) => "would be taken",
            (false, true) => "taken",
            (false, false) => "nothing written, for rows were refused; right are",
        };
        out!(
            "{done}: {} new, {} changed, {} unchanged, {} refused",
            report.created,
            report.changed,
            report.unchanged,
            report.refused
        );
    }
    for problem in &report.problems {
        let line = if problem.line == 0 { String::new() } else { format!("{}:", problem.line) };
        let at = if problem.at.is_empty() { String::new() } else { format!(" {}:", problem.at) };
        let warning = if problem.refused { "" } else { " (warning)" };
        say!("{}:{line}{at} {}{warning}", args.file.display(), problem.code);
    }
    if report.problems_left_out > 0 {
        say!("… and {}", count(report.problems_left_out, "more problem", "more problems"));
    }
    if report.refused == 0 { Ok(()) } else { Err(Failure::named()) }
}

async fn list(args: &ListArgs) -> Result<(), Failure> {
    let providers: Arc<dyn ProviderDirectory> = match &args.stores.data {
        Some(data) => Arc::new(DataDirectory::open_read(data).map_err(Failure::wrong)?.provider_directory()),
        None => aws::providers().await?,
    };
    let mut page = PageRequest::first(PAGE);
    loop {
        let found = providers.list(&page).await.map_err(Failure::wrong)?;
        for stored in &found.items {
            out!("{}", if args.json { as_json(stored).to_string() } else { as_line(stored) });
        }
        match found.next {
            Some(next) => page.after = Some(next),
            None => return Ok(()),
        }
    }
}

fn as_line(stored: &StoredProvider) -> String {
    let provider = &stored.provider;
    let numbers: Vec<&str> =
        provider.identifiers.iter().map(|identifier| identifier.value.as_str()).collect();
    let mut parts = vec![numbers.join(" "), provider.name.clone()];
    parts.extend(provider.organisation.clone());
    parts.push(provider.address.clone().unwrap_or_else(|| String::from("no address")));
    parts.push(if provider.certificate.is_some() { "certificate" } else { "no certificate" }.to_owned());
    if !provider.active {
        parts.push(String::from("not active"));
    }
    parts.join("  ")
}

fn as_json(stored: &StoredProvider) -> serde_json::Value {
    let provider = &stored.provider;
    let certificate = provider.certificate.as_deref().and_then(|der| Certificate::read(der).ok());
    let identifiers: Vec<_> = provider
        .identifiers
        .iter()
        .map(|identifier| json!({ "system": identifier.system, "value": identifier.value }))
        .collect();
    json!({
        "id": provider.id,
        "version": stored.version,
        "changed": stored.changed.to_string(),
        "changed-by": stored.changed_by,
        "identifiers": identifiers,
        "name": provider.name,
        "organisation": provider.organisation,
        "address": provider.address,
        "language": provider.language.code(),
        "certificate": certificate.map(|certificate| json!({
            "subject": certificate.subject,
            "not-after": certificate.not_after.to_string(),
            "fingerprint": certificate.fingerprint,
        })),
        "opted-out": provider.opted_out.iter().map(|event| event.name()).collect::<Vec<_>>(),
        "active": provider.active,
    })
}
