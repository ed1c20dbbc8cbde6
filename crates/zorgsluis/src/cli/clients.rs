//! The arguments of `clients`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum ClientsCommand {
    /// Gives a system or a person a token, printed once, and one right. Works beside a running server.
    #[command(
        after_help = "Examples:\n  zorgsluis clients add --data ./data --right audit-source epd\n  zorgsluis clients add --data ./data --right audit-source --patient-system https://epd.linde.example/patient epd\n  zorgsluis clients add --data ./data --right log privacy-officer"
    )]
    Add(AddClientArgs),
    /// Who has a token, and for what.
    #[command(after_help = "Example:\n  zorgsluis clients list --data ./data")]
    List(ListClientsArgs),
    /// Takes the token away; a running server notices at once.
    #[command(after_help = "Example:\n  zorgsluis clients remove --data ./data epd")]
    Remove(RemoveClientArgs),
}

/// What a client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientRight {
    /// Submits AuditEvents of its own into the log, and reads nothing.
    AuditSource,
    /// Reads the log, and nothing else.
    Log,
}

#[derive(Debug, Args)]
pub(crate) struct AddClientArgs {
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The organisation whose log is meant [default: the one in the data directory].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// What it may do.
    #[arg(long)]
    pub(crate) right: ClientRight,
    /// The identifier system in which its patient ids are numbers: `Patient/123` in its events is then the patient with
    /// number 123 of that system.
    #[arg(long, value_name = "SYSTEM")]
    pub(crate) patient_system: Option<String>,
    /// By what it is known in the log: 1 to 64 of a-z, 0-9, `-`, `.`, beginning with a letter.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct ListClientsArgs {
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveClientArgs {
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The organisation whose log is meant [default: the one in the data directory].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// By what it is known.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}
