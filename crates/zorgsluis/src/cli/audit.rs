//! The arguments of `audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::StoresArgs;
use super::answers::{AnswerArgs, DepartmentArgs, HistoryArgs, UserArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Recomputes the whole log from its entries and names all that does not fit.
    #[command(
        after_help = "Examples:\n  zorgsluis audit verify --data ./data\n  zorgsluis audit verify --data ./data --checkpoint kept-elsewhere.txt\n  zorgsluis audit verify --data ./data --since last-month.txt\n  zorgsluis audit verify --data ./data --resume verification.state\n  zorgsluis audit verify --bucket zorgsluis-log --signing-key alias/zorgsluis-log-signing --table-prefix zorgsluis\n  zorgsluis audit verify --aws\n\n--bucket reads one log on AWS, versions and delete markers included, with the credentials that the\nAWS SDK finds; nothing is decrypted. --aws does as --data does, with the rights of a reader: it opens each\nentry, goes through the logs that continue each other, and logs that it was done. Both need a build with\nAWS: cargo build -p zorgsluis --features aws\n\nA rollback of everything to an older state is found only by what its keeper cannot change: a checkpoint\nthat you kept elsewhere (--checkpoint), or a witness that cosigned one (--witness; zorgsluis witness)."
    )]
    Verify(VerifyArgs),
    /// Who did what with one patient's data.
    #[command(
        after_help = "Examples:\n  zorgsluis audit history --data ./data --patient Patient/0d6c… --lang en\n  zorgsluis audit history --data ./data --patient Patient/0d6c… --format html > for-the-patient.html\n  zorgsluis audit history --data ./data --identifier 'http://fhir.nl/fhir/NamingSystem/bsn|-' < bsn.txt"
    )]
    History(HistoryArgs),
    /// What a user did, or was responsible for.
    #[command(
        after_help = "Examples:\n  zorgsluis audit user arts-17 --data ./data --from 2026-11-01 --to 2026-11-30\n  zorgsluis audit user 900030787 --uzi --data ./data --format csv > user.csv"
    )]
    User(UserArgs),
    /// What the users of a department did.
    #[command(
        after_help = "Example:\n  zorgsluis audit department SEH --data ./data --newest-first --page-size 50"
    )]
    Department(DepartmentArgs),
    /// Uses of the emergency procedure.
    #[command(after_help = "Example:\n  zorgsluis audit break-glass --data ./data --from 2026-11-01")]
    BreakGlass(AnswerArgs),
    /// What was denied, was refused, or failed.
    #[command(after_help = "Example:\n  zorgsluis audit denied --data ./data --lang en --json")]
    Denied(AnswerArgs),
    /// A proof that an entry stands in the log, or that it only grew, for a third party to check.
    #[command(
        after_help = "Examples:\n  zorgsluis audit prove --data ./data 0199c0de-… > entry.tlog-proof\n  zorgsluis audit prove --data ./data --consistency kept-elsewhere.txt > consistency.txt\n\nWithout this program they are checked by docs/check_proof.py."
    )]
    Prove(ProveArgs),
    /// Entries as IHE BALP AuditEvents, one a line.
    #[command(
        after_help = "Example:\n  zorgsluis audit export --data ./data --from 2026-11-01 --to 2026-11-30"
    )]
    Export(ExportArgs),
    /// A period as one ZIP file for an auditor, with proofs and a script that checks them.
    #[command(
        after_help = "Example:\n  zorgsluis audit archive --data ./data --from 2026-11-01 --to 2026-11-30 --output november.zip\n  unzip november.zip -d november && cd november && python3 check_archive.py --key ../log.pub\n\nThe archive holds personal data. That it was made is in the log first. With --checkpoint the same archive can\nbe made again, to the byte: proofs lead to the checkpoint that stands, which moves on."
    )]
    Archive(ArchiveArgs),
    /// Closes a log for good, and begins the one that continues it.
    #[command(
        after_help = "Examples:\n  zorgsluis audit seal --data ./data --successor linde-2027\n  zorgsluis audit verify --data ./data --organisation linde --sealed\n  zorgsluis audit seal --aws --successor linde-2027   (a build with AWS)\n\nStop the server first; on AWS nothing need be stopped. This cannot be undone. The first entry of the log that continues names the last state of\nthis one, and readings of this one are logged there. A log that is sealed already is left as it is."
    )]
    Seal(SealArgs),
    /// Makes tiles and index of the log anew from its entries alone.
    #[command(
        after_help = "Examples:\n  zorgsluis audit rebuild --data ./data\n  zorgsluis audit rebuild --data ./data --index-only\n  zorgsluis audit rebuild --aws   (a build with AWS)\n\nStop the server first. On AWS the function that writes the log takes nothing while the index is made anew, and\nits messages stay in their queue: stop it too, if that takes longer than half an hour. The entries and the checkpoint stay as they are; if the entries do not lead to the\ncheckpoint, nothing is to be rebuilt of them: verify the log. An index.db that is no database is set aside as\nindex.db.damaged. Stopped half way, it can be done again."
    )]
    Rebuild(RebuildArgs),
    /// Another key signs the log's checkpoints from here on; what the key before signed stays verifiable.
    #[command(
        after_help = "Examples:\n  zorgsluis audit rotate-key --data ./data\n  zorgsluis audit rotate-key --aws --new-key alias/zorgsluis-log-signing-2   (a build with AWS)\n\nStop the server first; on AWS nothing need be stopped. The new key takes over by a checkpoint that both keys sign (it is kept in\nlog/ORGANISATION/checkpoints/key-…), so that who knows either key verifies the whole log. On one machine the\nkey before is destroyed. Cut off half way, it is ended by running it again, or by the next start of the server."
    )]
    RotateKey(RotateKeyArgs),
    /// Whether the log is complete: what the stores hold, compared with what the log says, both ways.
    #[command(
        after_help = "Examples:\n  zorgsluis audit reconcile --data ./data\n  zorgsluis audit reconcile --data ./data --from 2026-11-01 --to 2026-11-30 --json\n  zorgsluis audit reconcile --aws --cloudtrail s3://zorgsluis-trail-123456789012-eu-west-1/AWSLogs --from 2026-11-01\n\nWrites, readings, mails, messages and registers, each with the part that has its entry; every difference\nwith kind and place, without PHI (docs/reconciliation.md says what each kind is). It works beside a running\nserver. Exit status 1 when there is a difference. Whether the log itself is whole, `audit verify` says."
    )]
    Reconcile(ReconcileArgs),
    /// Records that somebody opened a data file directly, outside this system's control.
    #[command(
        after_help = "Examples:\n  zorgsluis audit record-access --data ./data --user dba-2 --reason 'repair after a full disk'\n  zorgsluis audit record-access --data ./data --user dba-2 --reason 'copy for the auditor' --file fhir.db --patient Patient/0d6c…\n\nWhat is opened with another program cannot be seen from here: whoever works on the files records it, before\nthe work. One entry for each patient whose data were looked at; without --patient, one that names nobody.\nThe reason is sealed like everything else in the log; a process list shows what stands on the command line."
    )]
    RecordAccess(RecordAccessArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RecordAccessArgs {
    /// The data directory; a server may run on it.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Who opens the file.
    #[arg(long, value_name = "ID")]
    pub(crate) user: String,
    /// Why, in words.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Which file or database.
    #[arg(long, value_name = "NAME", default_value = "fhir.db")]
    pub(crate) file: String,
    /// The patient whose data are looked at, as `Patient/ID` or `ID`; may be given more than once.
    #[arg(long, value_name = "ID")]
    pub(crate) patient: Vec<String>,
    /// Their department.
    #[arg(long, value_name = "CODE")]
    pub(crate) department: Option<String>,
    /// The organisation whose log is meant [default: the one in the data directory].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReconcileArgs {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// What CloudTrail wrote down of the stores on AWS, instead of the stores themselves: a folder of its log files,
    /// or where they stand in S3 (a build with AWS).
    #[arg(long, value_name = "FOLDER|s3://BUCKET/PREFIX", required_if_eq("aws", "true"))]
    pub(crate) cloudtrail: Option<String>,
    /// What the names of the functions' roles begin with.
    #[arg(long, value_name = "PREFIX", default_value = "zorgsluis", requires = "cloudtrail")]
    pub(crate) roles: String,
    #[command(flatten)]
    pub(crate) period: PeriodArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RotateKeyArgs {
    /// The data directory; no server may run on it.
    #[arg(long, value_name = "DIR", required_unless_present = "aws", conflicts_with = "aws")]
    pub(crate) data: Option<PathBuf>,
    /// The log on AWS that the environment names (`ZORGSLUIS_…`, docs/functions.md).
    #[arg(long, requires = "new_key")]
    pub(crate) aws: bool,
    /// The KMS key that takes over: id, ARN or alias of an Ed25519 key.
    #[arg(long, value_name = "KEY", requires = "aws", conflicts_with = "data")]
    pub(crate) new_key: Option<String>,
    /// The organisation whose log is meant [default: the one in the data directory, or in the environment].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
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

/// A number of things that run at a time.
fn at_least_one(text: &str) -> Result<std::num::NonZeroU16, String> {
    text.parse().map_err(|_| format!("must be a number from 1 to {}", u16::MAX))
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The data directory.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["bucket", "aws"], conflicts_with = "bucket")]
    pub(crate) data: Option<PathBuf>,
    /// The log on AWS that the environment names (`ZORGSLUIS_…`, docs/functions.md), and those that it continues:
    /// entries are opened, and compared with the index. The verification is logged.
    #[arg(long, conflicts_with_all = ["data", "bucket"])]
    pub(crate) aws: bool,
    #[command(flatten)]
    pub(crate) in_bucket: BucketArgs,
    /// The organisation whose log is meant [default: the one in the data directory, environment or bucket].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// A checkpoint that was kept elsewhere: the log must be a continuation of it.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// The public key of a witness that must have cosigned; may be given several times.
    #[arg(long, value_name = "VKEY")]
    pub(crate) witness: Vec<String>,
    /// The log is stopped and sealed: entries behind the last checkpoint are then a fault.
    #[arg(long)]
    pub(crate) sealed: bool,
    /// A checkpoint that you trust with all that stands below it: only what stands behind it is read.
    #[arg(long, value_name = "FILE", conflicts_with = "checkpoint")]
    pub(crate) since: Option<PathBuf>,
    /// Keeps in this file how far the verification is, and takes it up from there when it was broken off. The
    /// file is removed at the end.
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    /// How many bundles are worked on at a time [default: as many as there are cores].
    #[arg(long, value_name = "N")]
    #[arg(value_parser = at_least_one)]
    pub(crate) jobs: Option<std::num::NonZeroU16>,
}

#[derive(Debug, Args)]
pub(crate) struct ArchiveArgs {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    #[command(flatten)]
    pub(crate) period: PeriodArgs,
    /// The ZIP file to be written; must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// What the log was before: a checkpoint, the archive before (ZIP), or a consistency proof, whose newer
    /// checkpoint counts. The proof that the log continues it is put in.
    #[arg(long, value_name = "FILE")]
    pub(crate) previous: Option<PathBuf>,
    /// The checkpoint to which proofs lead [default: the one that stands].
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SealArgs {
    /// The data directory; no server may run on it.
    #[arg(long, value_name = "DIR", required_unless_present = "aws", conflicts_with = "aws")]
    pub(crate) data: Option<PathBuf>,
    /// The log on AWS that the environment names (`ZORGSLUIS_…`, docs/functions.md).
    #[arg(long)]
    pub(crate) aws: bool,
    /// The organisation whose log is meant [default: the one in the data directory, or in the environment].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// The name of the log that continues it, in the same data directory or bucket.
    #[arg(long, value_name = "NAME")]
    pub(crate) successor: Option<String>,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// The data directory; no server may run on it.
    #[arg(long, value_name = "DIR", required_unless_present = "aws")]
    pub(crate) data: Option<PathBuf>,
    /// The log on AWS that the environment names (`ZORGSLUIS_…`, docs/functions.md).
    #[arg(long, conflicts_with = "data")]
    pub(crate) aws: bool,
    /// The organisation whose log is meant [default: the one in the data directory, or in the environment].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// Only the tiles.
    #[arg(long, conflicts_with = "index_only")]
    pub(crate) tiles_only: bool,
    /// Only the index.
    #[arg(long)]
    pub(crate) index_only: bool,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
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
    #[arg(value_name = "ENTRY", required_unless_present = "consistency", conflicts_with = "consistency")]
    pub(crate) entry: Option<String>,
    /// An older checkpoint: proves that the log continues it.
    #[arg(long, value_name = "FILE")]
    pub(crate) consistency: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    #[command(flatten)]
    pub(crate) period: PeriodArgs,
}
