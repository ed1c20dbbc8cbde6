//! The arguments of what the log answers: `audit history`, `user`, `department`, `break-glass`, `denied`.

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::LogArgs;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// Columns, for a terminal.
    Table,
    /// One JSON object: codes, times in UTC.
    Json,
    /// Comma-separated values (RFC 4180), for a spreadsheet.
    Csv,
    /// A page made to be printed (A4), in one file.
    Html,
}

/// In what language an answer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerLanguage {
    /// Dutch.
    Nl,
    /// English.
    En,
}

/// What all answers take.
#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// From this day on (in the Netherlands), `YYYY-MM-DD`.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<Date>,
    /// Through this day (in the Netherlands), `YYYY-MM-DD`.
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<Date>,
    /// How it is written; `--json` is `--format json`.
    #[arg(long, value_enum, default_value = "table", conflicts_with = "json")]
    pub(crate) format: AnswerFormat,
    /// The language of words.
    #[arg(long, value_enum, value_name = "LANG", default_value = "nl")]
    pub(crate) lang: AnswerLanguage,
    /// The newest first.
    #[arg(long)]
    pub(crate) newest_first: bool,
    /// Lines at most; the answer then says where the next page begins.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) page_size: Option<u32>,
    /// Only what comes behind this place, as a page before named it.
    #[arg(long, value_name = "CURSOR", requires = "page_size")]
    pub(crate) after: Option<String>,
    /// Does not count the whole period. Pages behind the first never do.
    #[arg(long)]
    pub(crate) no_totals: bool,
    /// Names the people who took part. For the privacy officer; the log says that names were asked for.
    #[arg(long)]
    pub(crate) with_names: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("whose").required(true).args(["patient", "identifier"]))]
pub(crate) struct HistoryArgs {
    /// The patient, as `Patient/ID` or `ID`.
    #[arg(long, value_name = "ID")]
    pub(crate) patient: Option<String>,
    /// An identifier, as `SYSTEM|-`; the value is read from standard input, so that it stands in no
    /// process list or shell history.
    #[arg(long, value_name = "SYSTEM|-")]
    pub(crate) identifier: Option<String>,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct UserArgs {
    /// The user's id, as entries name it; `-` reads it from standard input.
    #[arg(value_name = "ID")]
    pub(crate) user: String,
    /// The id is a UZI number.
    #[arg(long)]
    pub(crate) uzi: bool,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DepartmentArgs {
    /// The department's code, as the organisation uses it.
    #[arg(value_name = "CODE")]
    pub(crate) department: String,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}
