//! The arguments. A stable contract: see `docs/command-line.md`.

mod answers;
mod audit;
mod clients;
mod erase;
mod registers;
mod serve;
mod witness;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use answers::{AnswerArgs, AnswerFormat, AnswerLanguage, DepartmentArgs, HistoryArgs, UserArgs};
pub(crate) use audit::{
    ArchiveArgs, AuditCommand, ExportArgs, LogArgs, PeriodArgs, ProveArgs, RebuildArgs, ReconcileArgs,
    RecordAccessArgs, RotateKeyArgs, SealArgs, VerifyArgs,
};
pub(crate) use clients::{AddClientArgs, ClientRight, ClientsCommand, ListClientsArgs, RemoveClientArgs};
pub(crate) use erase::{AddHoldArgs, EraseArgs, HoldsCommand, LiftHoldArgs, ListHoldsArgs, WhoArgs};
pub(crate) use registers::{ImportArgs, ListArgs, ListedRegister, Register, RegistersCommand};
pub(crate) use serve::{MailArgs, ServeArgs, TlsArgs};
pub(crate) use witness::{AddLogArgs, CheckArgs, InitArgs, ShowArgs, WitnessCommand, WitnessServeArgs};

/// Where `serve` listens for MLLP unless told otherwise.
pub(crate) const DEFAULT_MLLP: &str = "127.0.0.1:2575";
/// Where `serve` listens for HTTP unless told otherwise.
pub(crate) const DEFAULT_HTTP: &str = "127.0.0.1:8080";

/// HL7 v2 in, FHIR R4 out, and a log that nobody can quietly change.
#[derive(Debug, Parser)]
#[command(name = "zorgsluis", version, arg_required_else_help = true, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// What goes to standard error: `error`, `warn`, `info`, `debug`, `trace`, or `target=level,…`.
    #[arg(long, global = true, default_value = "warn", value_name = "FILTER")]
    pub(crate) log: String,
    /// Log lines as JSON.
    #[arg(long, global = true)]
    pub(crate) log_json: bool,
}

const AFTER: &str = "\
Exit status: 0 all done · 1 something was refused or found wrong (named on standard error) · 2 wrong use.

Examples:
  zorgsluis demo --once                       see the whole way, then stop
  zorgsluis serve --data /var/lib/zorgsluis   the whole system on one machine
  zorgsluis send message.hl7                  send a message to it
  zorgsluis convert message.hl7               only convert, to standard output
  zorgsluis codes messages/                   codes that a profile could map
  zorgsluis profile try profile.toml message.hl7   what a profile changes
  zorgsluis analyse note.txt                  conditions and medicines in a note
  zorgsluis deidentify note.txt               the note without names, dates, numbers
  zorgsluis audit verify --data /var/lib/zorgsluis";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts everything in one process, sends sample messages and shows each one's way.
    #[command(after_help = "Example:\n  zorgsluis demo --once")]
    Demo(DemoArgs),
    /// The whole system on embedded stores, until Ctrl-C or SIGTERM.
    #[command(
        after_help = "Example:\n  zorgsluis serve --data ./data --mllp 127.0.0.1:2575 --http 127.0.0.1:8080"
    )]
    Serve(Box<ServeArgs>),
    /// Sends HL7 v2 messages over MLLP and prints each acknowledgement.
    #[command(after_help = "Example:\n  zorgsluis send --to 127.0.0.1:2575 events/*.hl7")]
    Send(SendArgs),
    /// Converts HL7 v2 messages to FHIR: one Bundle a line on standard output.
    #[command(
        after_help = "Examples:\n  zorgsluis convert events/01-*.hl7\n  zorgsluis convert --report ledger.ndjson messages/ > bundles.ndjson\n  cat message.hl7 | zorgsluis convert -"
    )]
    Convert(ConvertArgs),
    /// Conditions and medicines in notes, in the shape of Comprehend Medical: one JSON object a note.
    #[command(
        after_help = "Examples:\n  zorgsluis analyse note.txt\n  zorgsluis analyse --marked events/28-*.hl7\n  echo 'Geen koorts. Start metoprolol 50 mg 2dd1.' | zorgsluis analyse --lang nl -"
    )]
    Analyse(AnalyseArgs),
    /// Notes with what tells who they are about masked.
    #[command(
        after_help = "Examples:\n  zorgsluis deidentify note.txt\n  zorgsluis deidentify events/28-*.hl7\n  echo 'Mevr. De Wit kwam op 3 mei.' | zorgsluis deidentify -"
    )]
    Deidentify(DeidentifyArgs),
    /// Reads and checks the log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Keeps elsewhere what was seen of a log, and cosigns only what continues it.
    #[command(subcommand)]
    Witness(WitnessCommand),
    /// Puts dead letters back into the queue.
    #[command(
        after_help = "Examples:\n  zorgsluis replay --data ./data --all\n  zorgsluis replay --data ./data 5b0c3f0e-8d1a-8c1e-9a9b-3f2d6b1c7a10\n  zorgsluis replay --aws --all\n\nWith --aws, entries of the log that were set aside go back into the audit queue."
    )]
    Replay(ReplayArgs),
    /// Destroys data of a patient for good, unless a duty keeps them, or what no duty keeps any more.
    #[command(
        after_help = "Examples:\n  zorgsluis erase --data ./data --patient 0d6c… --class dossier --reason patient-request --dry-run\n  zorgsluis erase --data ./data --patient 0d6c… --class dossier --reason patient-request\n  zorgsluis erase --data ./data --expired --dry-run\n  zorgsluis erase --data ./data --again      after a backup was put back\n  zorgsluis erase --aws --again              after a table was restored\n\nNo server may run on the directory meanwhile. What was destroyed stays destroyed when a backup is put back, as\nlong as the file of tombstones is kept: DIR.tombstones, or the one that --tombstones names here and for serve."
    )]
    Erase(Box<EraseArgs>),
    /// What is declared to forbid the destruction of a patient's data.
    #[command(subcommand)]
    Holds(HoldsCommand),
    /// The registers of providers and patients.
    #[command(subcommand)]
    Registers(RegistersCommand),
    /// Systems that submit events into the log, and people who read it: their tokens.
    #[command(subcommand)]
    Clients(ClientsCommand),
    /// What becomes of events and fields: where each is written in FHIR, or why it is left out.
    #[command(
        after_help = "Examples:\n  zorgsluis mapping                    the events, and how many fields of which segments\n  zorgsluis mapping PV1 PID-3          what becomes of a segment, and of a field\n  zorgsluis mapping ADT                the events of a kind of message\n  zorgsluis mapping --format json      all tables"
    )]
    Mapping(MappingArgs),
    /// Sender profiles: are they right, and what do they change.
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Codes that nobody but their sender knows, by sender, with the lines of a profile that would map them.
    #[command(
        after_help = "Examples:\n  zorgsluis codes messages/\n  zorgsluis codes --profile profiles/ --json messages/\n  zorgsluis codes --data ./data"
    )]
    Codes(CodesArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Says of each mistake its file, line and column, and what never has an effect.
    #[command(after_help = "Example:\n  zorgsluis profile check events/profiles")]
    Check(ProfileCheckArgs),
    /// Converts messages without the profile and with it, and shows what changes.
    #[command(
        after_help = "Example:\n  zorgsluis profile try events/profiles/ziekenhuis-linde.toml events/05-*.hl7"
    )]
    Try(ProfileTryArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ProfileCheckArgs {
    /// A TOML file, or a folder of them.
    #[arg(value_name = "FILE|DIR")]
    pub(crate) profile: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ProfileTryArgs {
    /// A TOML file, or a folder of them.
    #[arg(value_name = "FILE|DIR")]
    pub(crate) profile: PathBuf,
    /// Messages: files, folders, or `-`.
    #[arg(value_name = "MESSAGE", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// Shows the values, too: they are about patients.
    #[arg(long)]
    pub(crate) show_values: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CodesArgs {
    /// Messages: files, folders, or `-`.
    #[arg(value_name = "FILE|DIR", required_unless_present = "data", conflicts_with = "data")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The messages of a data directory, also of one that a server uses [its profiles: DIR/profiles].
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Sender profiles: a TOML file or a folder of them.
    #[arg(long, value_name = "PATH")]
    pub(crate) profile: Option<PathBuf>,
    /// Shows the texts beside the codes, too: what senders write there may be about a patient.
    #[arg(long, conflicts_with = "data")]
    pub(crate) texts: bool,
    /// One JSON object a code.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How the tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum MappingFormat {
    /// For a person.
    Text,
    /// One object with all tables.
    Json,
    /// The page `docs/mapping.md`.
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct MappingArgs {
    /// Kinds of message (`ADT`), events (`ADT^A01`), segments (`PV1`), fields (`PID-3`).
    #[arg(value_name = "WHAT")]
    pub(crate) what: Vec<String>,
    /// How they are written.
    #[arg(long, value_enum, default_value = "text", conflicts_with = "what")]
    pub(crate) format: MappingFormat,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Ends after the events, with status 0 when all went as it should.
    #[arg(long)]
    pub(crate) once: bool,
    /// Keeps the data in this folder; without it they go to a temporary one that is removed.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The messages to send.
    #[arg(long, value_name = "DIR", default_value = "events")]
    pub(crate) events: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// Where to.
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_MLLP)]
    pub(crate) to: SocketAddr,
    /// One JSON object a message instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Files with one message or a batch each; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// Sender profiles: a TOML file or a folder of them.
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    /// Writes the ledger, one JSON object a message, to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// A file that holds the identity key as 64 hexadecimal digits. Without it a published
    /// demonstration key makes the ids.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Files, folders (every `.hl7` in them), or `-` for standard input. A `.json` file is read as an
    /// SQS or API Gateway event.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub(crate) inputs: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AnalyseArgs {
    /// The language of the notes: `nl` or `en` [default: as each note is written].
    #[arg(long, value_name = "LANG", value_parser = ["nl", "en"])]
    pub(crate) lang: Option<String>,
    /// Masks the notes first, as for an engine outside; places and words are those of the notes.
    #[arg(long)]
    pub(crate) deidentify: bool,
    /// Shows the notes with what was found marked, for people, instead of JSON.
    #[arg(long)]
    pub(crate) marked: bool,
    /// Notes as text, or HL7 v2 messages or SQS events with notes in them; `-` is standard input.
    #[arg(required = true, value_name = "FILE|-")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DeidentifyArgs {
    /// Notes as text, or HL7 v2 messages or SQS events with notes in them, in which the people of the
    /// message are masked too; `-` is standard input.
    #[arg(required = true, value_name = "FILE|-")]
    pub(crate) files: Vec<PathBuf>,
}

/// Which stores are meant.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct StoresArgs {
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Those on AWS that the environment names, as the functions are told them (`ZORGSLUIS_…`,
    /// docs/functions.md), with the credentials that the AWS SDK finds.
    #[arg(long)]
    pub(crate) aws: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    pub(crate) stores: StoresArgs,
    /// All of them.
    #[arg(long, conflicts_with = "messages", required_unless_present = "messages")]
    pub(crate) all: bool,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Ids of messages, as `/dead-letters` shows them.
    #[arg(value_name = "ID")]
    pub(crate) messages: Vec<uuid::Uuid>,
}
