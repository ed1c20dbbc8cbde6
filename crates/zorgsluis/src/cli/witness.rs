//! The arguments of `witness`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum WitnessCommand {
    /// Makes the key of a witness in a folder of its own, and prints its public half.
    #[command(
        after_help = "Example:\n  zorgsluis witness init --state /var/lib/witness --name toezicht.example/w1\n\nThe folder belongs on another machine than the log, under other hands: a witness that the keeper of\nthe log can change witnesses nothing."
    )]
    Init(InitArgs),
    /// Lets the witness follow a log: its name, and the public key by which its checkpoints are believed.
    #[command(
        after_help = "Example:\n  zorgsluis witness add-log --state /var/lib/witness --key 'zorgsluis/linde+5d0a…+AY…'"
    )]
    AddLog(AddLogArgs),
    /// Looks at the checkpoint of a log, and cosigns it if it continues what this witness has seen.
    #[command(
        after_help = "Examples:\n  zorgsluis witness check --state /var/lib/witness --data ./data\n  zorgsluis witness check --state /var/lib/witness --bucket zorgsluis-log   (a build with AWS)\n\nExit status 1 and the reason when the log does not continue what was seen."
    )]
    Check(CheckArgs),
    /// A witness for logs that submit their checkpoints (C2SP tlog-witness: POST /add-checkpoint).
    #[command(
        after_help = "Example:\n  zorgsluis witness serve --state /var/lib/witness --listen 127.0.0.1:8090\n\nIt refuses (404) a log that it was not told of: `witness add-log` with the log's key, before or while it runs. That\nkey exists once `zorgsluis serve` has run on the data directory; `audit verify` prints it (`signed by`).\n\nThen, at the log:\n  zorgsluis serve --data ./data --witness http://127.0.0.1:8090 --witness-key 'toezicht.example/w1+…'"
    )]
    Serve(WitnessServeArgs),
    /// The logs that the witness follows; with a log's name the checkpoint that it cosigned last.
    #[command(
        after_help = "Examples:\n  zorgsluis witness show --state /var/lib/witness\n  zorgsluis witness show --state /var/lib/witness zorgsluis/linde > seen.txt\n  zorgsluis audit verify --data ./data --checkpoint seen.txt"
    )]
    Show(ShowArgs),
}

/// The witness that is meant.
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// The folder of the witness: its key, and what it has seen.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) of: StateArgs,
    /// The name under which it cosigns: a URL without scheme, such as `toezicht.example/w1`.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct AddLogArgs {
    #[command(flatten)]
    pub(crate) of: StateArgs,
    /// The public key of the log's checkpoints (C2SP vkey: name+id+base64), as `audit verify` prints it at the log
    /// (`signed by`).
    #[arg(long, value_name = "VKEY")]
    pub(crate) key: String,
    /// Believe this key beside the one by which the log is followed already.
    #[arg(long)]
    pub(crate) also: bool,
    /// The name of the log, the first line of its checkpoints [default: the name of the key].
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) of: StateArgs,
    /// The data directory of the log; the witness reads only its folder `log`.
    #[arg(long, value_name = "DIR", required_unless_present = "bucket", conflicts_with = "bucket")]
    pub(crate) data: Option<PathBuf>,
    /// The bucket of a log on AWS.
    #[arg(long, value_name = "NAME", requires = "organisation")]
    pub(crate) bucket: Option<String>,
    /// The bucket's region.
    #[arg(long, value_name = "REGION", default_value = "eu-west-1", requires = "bucket")]
    pub(crate) region: String,
    /// Where services are reached that are not AWS itself.
    #[arg(long, value_name = "URL", requires = "bucket")]
    pub(crate) endpoint: Option<String>,
    /// The organisation whose log is meant [default: the one in the data directory].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// Leave no copy of the cosignature with the log.
    #[arg(long)]
    pub(crate) read_only: bool,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WitnessServeArgs {
    #[command(flatten)]
    pub(crate) of: StateArgs,
    /// HTTP address. It speaks no TLS: put a proxy before it that does.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    pub(crate) listen: SocketAddr,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) of: StateArgs,
    /// A log's name.
    #[arg(value_name = "LOG")]
    pub(crate) origin: Option<String>,
    /// JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}
