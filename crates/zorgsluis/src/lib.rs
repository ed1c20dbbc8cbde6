//! The command line, and the whole system in one process.
//!
//! [`main`] is all that is public (and [`main_with`], for tests): it reads the arguments, does one command, and gives the exit status:
//! 0 all done, 1 something was refused or found wrong (each named on standard error: file, place,
//! reason, no PHI), 2 wrong use. `zorgsluis help` explains every command with an example.
//!
//! | Module | Holds |
//! |---|---|
//! | `cli` | the arguments |
//! | `analyse`, `convert`, `deidentify`, `send`, `audit`, `replay`, `registers`, `clients`, `erase`, `holds`, `mapping`, `profile`, `codes`, `demo`, `serve` | the commands |
//! | `system` | the whole system on embedded stores |
//! | `notes` | the notes of files |
//! | `way`, `marked`, `terminal`, `say` | what a person reads |
//!
//! ```
//! // What `zorgsluis` itself does:
//! let _main: fn() -> std::process::ExitCode = zorgsluis::main;
//! ```

// First: its macro is to be had in all that follow.
#[macro_use]
mod say;

mod analyse;
mod audit;
mod aws;
mod cli;
mod clients;
mod codes;
mod convert;
mod deidentify;
mod demo;
mod erase;
mod failure;
mod holds;
mod mail;
mod mapping;
mod marked;
mod notes;
mod patient;
mod private_file;
mod profile;
mod registers;
mod replay;
mod send;
mod serve;
mod system;
mod terminal;
mod way;
mod witness;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};
use failure::Failure;

/// Does what the arguments of this process say.
pub fn main() -> ExitCode {
    main_with(std::env::args_os())
}

/// Does what these arguments say, the first of which is the name of the program. Wrong use ends the process.
pub fn main_with(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    // The text of a panic may hold what it stumbled over; its place may not.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        say!("zorgsluis: a fault in this software at {place}; please report it");
    }));
    let cli = Cli::parse_from(arguments);
    if let Err(failure) = init_tracing(&cli) {
        return failure.report();
    }
    let done = match &cli.command {
        Command::Demo(args) => block_on(demo::run(args)),
        Command::Serve(args) => block_on(serve::run(args)),
        Command::Send(args) => block_on(send::run(args)),
        Command::Convert(args) => convert::run(args),
        Command::Analyse(args) => analyse::run(args),
        Command::Deidentify(args) => deidentify::run(args),
        Command::Audit(command) => block_on(audit::run(command)),
        Command::Replay(args) => block_on(replay::run(args)),
        Command::Erase(args) => block_on(erase::run(args)),
        Command::Holds(command) => block_on(holds::run(command)),
        Command::Registers(command) => block_on(registers::run(command)),
        Command::Clients(command) => block_on(clients::run(command)),
        Command::Mapping(args) => mapping::run(args),
        Command::Profile(command) => profile::run(command),
        Command::Codes(args) => block_on(codes::run(args)),
        Command::Witness(command) => block_on(witness::run(command)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::wrong(format!("the runtime does not start: {error}")))?
        .block_on(command)
}

fn init_tracing(cli: &Cli) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_new(&cli.log)
        .map_err(|_| Failure::usage(format!("--log {}: not a filter; try `info`", cli.log)))?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // It would panic where standard error is closed.
    let subscriber = subscriber.log_internal_errors(false);
    if cli.log_json {
        subscriber.json().init();
    } else {
        subscriber.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
    Ok(())
}
