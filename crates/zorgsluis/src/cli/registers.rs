//! The arguments of `registers`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::StoresArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum RegistersCommand {
    /// Takes providers or patients from a CSV file or a FHIR Bundle. All rows are checked first; the same
    /// file twice changes nothing; nothing is deleted.
    #[command(
        after_help = "Examples:\n  zorgsluis registers import providers --data ./data --mapping events/providers.mapping.toml events/providers.csv\n  zorgsluis registers import patients --data ./data --dry-run bundle.json"
    )]
    Import(ImportArgs),
    /// Lists providers.
    #[command(after_help = "Example:\n  zorgsluis registers list providers --data ./data --json")]
    List(ListArgs),
}

/// A register that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Register {
    /// Who may be told, and at which address.
    Providers,
    /// Which identifiers are one patient's.
    Patients,
}

/// A register that can be listed; the patient index holds pseudonyms only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ListedRegister {
    /// Who may be told, and at which address.
    Providers,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Which register.
    pub(crate) register: Register,
    #[command(flatten)]
    pub(crate) stores: StoresArgs,
    /// Which column of a CSV file is what, TOML (docs/registers.md).
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// Checks and tells, and writes nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Writes the rows that are right also when others are refused.
    #[arg(long)]
    pub(crate) partly: bool,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// A CSV file (with --mapping), or a FHIR R4 Bundle in JSON.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Which register.
    pub(crate) register: ListedRegister,
    #[command(flatten)]
    pub(crate) stores: StoresArgs,
    /// One JSON object a provider instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}
