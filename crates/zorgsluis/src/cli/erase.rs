//! The arguments of `erase` and `holds`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use uuid::Uuid;
use zorgsluis_domain::erasure::HoldGround;
use zorgsluis_domain::port::DataClass;
use zorgsluis_domain::retention::Asker;

use super::StoresArgs;

/// What is destroyed, or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ErasedClass {
    /// The dossier: messages, resources, notices, mails.
    Dossier,
    /// Records of involuntary care.
    Wzd,
    /// The lines of the log.
    Log,
}

impl ErasedClass {
    pub(crate) const fn class(self) -> DataClass {
        match self {
            Self::Dossier => DataClass::Dossier,
            Self::Wzd => DataClass::Wzd,
            Self::Log => DataClass::Log,
        }
    }
}

/// Which patient is meant.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct WhoArgs {
    /// The patient, as `Patient/ID` or `ID`.
    #[arg(long, value_name = "ID", conflicts_with = "identifier")]
    pub(crate) patient: Option<String>,
    /// An identifier, as `SYSTEM|-`; the value is read from standard input, so that it stands in no
    /// process list or shell history.
    #[arg(long, value_name = "SYSTEM|-")]
    pub(crate) identifier: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    /// The data directory. No server may run on it.
    #[arg(long, value_name = "DIR", required_unless_present = "aws")]
    pub(crate) data: Option<PathBuf>,
    /// The stores on AWS; the environment says which, as for the functions. Those go on running.
    #[arg(long, conflicts_with_all = ["data", "organisation", "tombstones"])]
    pub(crate) aws: bool,
    /// The organisation whose log is meant [default: the one in the data directory].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    #[command(flatten)]
    pub(crate) who: WhoArgs,
    /// What is destroyed.
    #[arg(long, value_enum)]
    pub(crate) class: Option<ErasedClass>,
    /// Why: `patient-request`, `term-ended`, or in words. Words go into the log, sealed.
    #[arg(long, value_name = "CODE|TEXT")]
    pub(crate) reason: Option<String>,
    /// Who asks: `patient`, `representative`, `both`, `organisation` [default: as the reason says].
    #[arg(long, value_name = "WHO")]
    pub(crate) requested_by: Option<Asker>,
    /// A message of which a person found out that it is this patient's, where it could not be told (`--class dossier`
    /// names it). May be repeated.
    #[arg(long = "message", value_name = "ID", conflicts_with = "expired")]
    pub(crate) messages: Vec<Uuid>,
    /// The day on which involuntary care ended (`--class wzd`).
    #[arg(long, value_name = "DATE")]
    pub(crate) care_ended: Option<Date>,
    /// Destroys what no duty keeps any more: dossiers and lines of the log, of all patients.
    #[arg(long, conflicts_with_all = ["patient", "identifier", "reason", "requested_by", "care_ended"])]
    pub(crate) expired: bool,
    /// Only completes what was cut off, and destroys again what a backup brought back.
    #[arg(long, conflicts_with_all = ["patient", "identifier", "class", "reason", "expired", "dry_run"])]
    pub(crate) again: bool,
    /// Shows what would be destroyed and destroys nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// With --dry-run: what could be destroyed on that day.
    #[arg(long, value_name = "DATE", requires = "dry_run")]
    pub(crate) on: Option<Date>,
    /// The file of tombstones [default: DIR.tombstones, beside the directory].
    #[arg(long, value_name = "FILE")]
    pub(crate) tombstones: Option<PathBuf>,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HoldsCommand {
    /// Declares that data of a patient must stay.
    #[command(
        after_help = "Example:\n  zorgsluis holds add --data ./data --patient 0d6c… --ground claim --reference 2026-0117"
    )]
    Add(AddHoldArgs),
    /// All holds.
    #[command(after_help = "Example:\n  zorgsluis holds list --data ./data")]
    List(ListHoldsArgs),
    /// Ends a hold.
    #[command(after_help = "Example:\n  zorgsluis holds lift --data ./data 0199c0de-…")]
    Lift(LiftHoldArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AddHoldArgs {
    #[command(flatten)]
    pub(crate) stores: StoresArgs,
    #[command(flatten)]
    pub(crate) who: WhoArgs,
    /// Why: `anothers-interest`, `claim`, `law`.
    #[arg(long, value_name = "GROUND")]
    pub(crate) ground: HoldGround,
    /// Where more is written down, for example the number of a case. Nothing about the patient.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: String,
    /// What is held [default: everything].
    #[arg(long, value_enum)]
    pub(crate) class: Option<ErasedClass>,
    /// Its last day [default: until it is lifted].
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<Date>,
}

#[derive(Debug, Args)]
pub(crate) struct ListHoldsArgs {
    #[command(flatten)]
    pub(crate) stores: StoresArgs,
    /// One JSON object a hold.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LiftHoldArgs {
    #[command(flatten)]
    pub(crate) stores: StoresArgs,
    /// The hold.
    #[arg(value_name = "HOLD")]
    pub(crate) hold: Uuid,
}
