//! The arguments of `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::{DEFAULT_HTTP, DEFAULT_MLLP};

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
    /// The file of tombstones: what was erased is destroyed again before anything is served, if a backup brought it
    /// back [default: DIR.tombstones, beside the directory].
    #[arg(long, value_name = "FILE")]
    pub(crate) tombstones: Option<PathBuf>,
    /// How often what the stores hold is compared with the log (`audit reconcile`), in hours; 0: never.
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    pub(crate) reconcile_every: u32,
    /// A witness to which the log's checkpoints are submitted (C2SP tlog-witness); may be given several times. One
    /// that is down holds up nothing.
    #[arg(long, value_name = "URL", requires = "witness_key")]
    pub(crate) witness: Vec<String>,
    /// Its public key (`zorgsluis witness init` prints it); as many as there are --witness, in the same order.
    #[arg(long, value_name = "VKEY", requires = "witness")]
    pub(crate) witness_key: Vec<String>,
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
