//! The arguments. A stable contract: see `docs/command-line.md`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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
    /// Puts dead letters back into the queue.
    #[command(
        after_help = "Examples:\n  zorgsluis replay --data ./data --all\n  zorgsluis replay --data ./data 5b0c3f0e-8d1a-8c1e-9a9b-3f2d6b1c7a10"
    )]
    Replay(ReplayArgs),
    /// The registers of providers and patients.
    #[command(subcommand)]
    Registers(RegistersCommand),
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
pub(crate) struct ServeArgs {
    /// The data directory; made when it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// MLLP address.
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_MLLP)]
    pub(crate) mllp: SocketAddr,
    /// HTTP address; loopback only.
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_HTTP)]
    pub(crate) http: SocketAddr,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    /// Address of the listener's health and metrics, for a load balancer.
    #[arg(long, value_name = "ADDR")]
    pub(crate) mllp_health: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) mail: MailArgs,
    /// Sender profiles: a TOML file or a folder of them [default: DIR/profiles, when it is there].
    #[arg(long, value_name = "PATH")]
    pub(crate) profiles: Option<PathBuf>,
    /// The organisation whose log this is: names the shard of the log and the source of its entries.
    /// Chosen at the first start [default: demo-hospital]; a directory holds the log of one.
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
}

/// MLLP over TLS, with certificates on both sides.
#[derive(Debug, Args)]
pub(crate) struct TlsArgs {
    /// Address of MLLP over TLS.
    #[arg(long, value_name = "ADDR", requires_all = ["tls_certificate", "tls_key", "tls_client_ca"])]
    pub(crate) mllp_tls: Option<SocketAddr>,
    /// The certificate of this server and its chain, PEM.
    #[arg(long, value_name = "FILE", requires = "mllp_tls")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, value_name = "FILE", requires = "mllp_tls")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The authorities whose certificates senders may show, PEM.
    #[arg(long, value_name = "FILE", requires = "mllp_tls")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Revocation lists of these authorities, PEM.
    #[arg(long, value_name = "FILE", requires = "mllp_tls")]
    pub(crate) tls_crl: Option<PathBuf>,
}

/// How providers are told.
#[derive(Debug, Args)]
pub(crate) struct MailArgs {
    /// Where mail goes: `outbox` (files in DIR/outbox), or `smtps://` or `smtp://` and the relay; a relay needs
    /// --mail-from and --base-url.
    #[arg(long, value_name = "WHERE", default_value = "outbox")]
    pub(crate) mail: String,
    /// A file with the URL for --mail, when it holds a password that should not stand in a process list.
    #[arg(long, value_name = "FILE", conflicts_with = "mail")]
    pub(crate) mail_file: Option<PathBuf>,
    /// The organisation's name, as mails say it [default: that of --organisation].
    #[arg(long, value_name = "NAME")]
    pub(crate) mail_name: Option<String>,
    /// The sender of mails [default, for the outbox only: zorgsluis@localhost.localdomain].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) mail_from: Option<String>,
    /// The name with which the relay is greeted [default: the domain of --mail-from].
    #[arg(long, value_name = "NAME")]
    pub(crate) mail_hello: Option<String>,
    /// The organisation's certificate that signs mails, PEM; with --smime-key [default: one made at the first start,
    /// and anew when sender or name change].
    #[arg(long, value_name = "FILE", requires = "smime_key")]
    pub(crate) smime_certificate: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, value_name = "FILE", requires = "smime_certificate")]
    pub(crate) smime_key: Option<PathBuf>,
    /// Where the links in mails lead; https, but on this machine [default, for the outbox only: the address of the
    /// pages].
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
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

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Recomputes the whole log from its entries and names all that does not fit.
    #[command(
        after_help = "Examples:\n  zorgsluis audit verify --data ./data\n  zorgsluis audit verify --data ./data --checkpoint kept-elsewhere.txt\n  zorgsluis audit verify --bucket zorgsluis-log --signing-key alias/zorgsluis-log-signing --table-prefix zorgsluis\n\n--bucket reads the log on AWS, versions and delete markers included, with the credentials that the\nAWS SDK finds; nothing is decrypted. It needs a build with AWS: cargo build -p zorgsluis --features aws\n\nA rollback of everything to an older state is found with --checkpoint, and only so:\nkeep a copy of the checkpoint where the log's keeper cannot write."
    )]
    Verify(VerifyArgs),
    /// Who did what with one patient's data.
    #[command(
        after_help = "Examples:\n  zorgsluis audit history --data ./data --patient Patient/0d6c…\n  zorgsluis audit history --data ./data --identifier 'http://fhir.nl/fhir/NamingSystem/bsn|-' < bsn.txt"
    )]
    History(HistoryArgs),
    /// A proof that an entry stands in the log, for a third party to check.
    #[command(after_help = "Example:\n  zorgsluis audit prove --data ./data 0199c0de-…")]
    Prove(ProveArgs),
    /// Entries as IHE BALP AuditEvents, one a line.
    #[command(
        after_help = "Example:\n  zorgsluis audit export --data ./data --from 2026-11-01 --to 2026-11-30"
    )]
    Export(ExportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    #[command(flatten)]
    pub(crate) stores: StoresArgs,
    /// The organisation whose log is meant [default: the one in the data directory, or in the environment].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The data directory.
    #[arg(long, value_name = "DIR", required_unless_present = "bucket", conflicts_with = "bucket")]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) in_bucket: BucketArgs,
    /// The organisation whose log is meant [default: the one in the data directory or bucket].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// A checkpoint that was kept elsewhere: the log must be a continuation of it.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// The log is stopped and sealed: entries behind the last checkpoint are then a fault.
    #[arg(long)]
    pub(crate) sealed: bool,
}

/// A log on AWS.
#[derive(Debug, Args)]
pub(crate) struct BucketArgs {
    /// The bucket of a log on AWS.
    #[arg(long, value_name = "NAME", requires = "verifier")]
    pub(crate) bucket: Option<String>,
    /// The public keys of the log's checkpoints, one a line (C2SP vkey: name+id+base64).
    #[arg(long, value_name = "FILE", group = "verifier", requires = "bucket")]
    pub(crate) key: Option<PathBuf>,
    /// The key in KMS that signs the log's checkpoints: its public half is read from there.
    #[arg(long, value_name = "ID", group = "verifier", requires = "bucket")]
    pub(crate) signing_key: Option<String>,
    /// Compare the index too: the table `PREFIX-log-index`.
    #[arg(long, value_name = "PREFIX", requires = "bucket")]
    pub(crate) table_prefix: Option<String>,
    /// The bucket's region.
    #[arg(long, value_name = "REGION", default_value = "eu-west-1", requires = "bucket")]
    pub(crate) region: String,
    /// Where services are reached that are not AWS itself.
    #[arg(long, value_name = "URL", requires = "bucket")]
    pub(crate) endpoint: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// The patient, as `Patient/ID` or `ID`.
    #[arg(long, value_name = "ID", required_unless_present = "identifier", conflicts_with = "identifier")]
    pub(crate) patient: Option<String>,
    /// An identifier, as `SYSTEM|-`; the value is read from standard input, so that it stands in no
    /// process list or shell history.
    #[arg(long, value_name = "SYSTEM|-")]
    pub(crate) identifier: Option<String>,
    #[command(flatten)]
    pub(crate) period: PeriodArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PeriodArgs {
    /// From this day on (UTC), `YYYY-MM-DD`.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<jiff::civil::Date>,
    /// Through this day (UTC), `YYYY-MM-DD`.
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<jiff::civil::Date>,
}

#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// The entry.
    #[arg(value_name = "ENTRY")]
    pub(crate) entry: String,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    #[command(flatten)]
    pub(crate) period: PeriodArgs,
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
