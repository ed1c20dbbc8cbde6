//! What all functions share: how they start, what they log and count, how they end.
//!
//! A function is a type that implements [`Function`], and its `main` is one line:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use zorgsluis_aws::function::{self, Call, Failed, Function};
//! use zorgsluis_aws::{Parts, Program};
//!
//! struct Echo;
//!
//! impl Function for Echo {
//!     const PROGRAM: Program = Program::Converter;
//!     type Event = String;
//!     type Answer = String;
//!
//!     async fn start(_: Parts) -> Result<Self, Failed> {
//!         Ok(Self)
//!     }
//!
//!     async fn handle(&self, event: String, _: &Call) -> Result<String, Failed> {
//!         Ok(event)
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     function::run::<Echo>()
//! }
//! ```
//!
//! # Start
//!
//! Before the first poll nothing is done but reading the environment, so that it comes within milliseconds. An
//! environment that is not as it must be ends the process with one line that names every variable. All that
//! needs a network (credentials, keys, profiles) is done once, with the first event; when it fails that event
//! fails, with a line that says why, and the next one tries again.
//!
//! # PHI
//!
//! An event that cannot be read is answered with an error that holds nothing of it. A panic is logged by its
//! place, without its words, which may be about data. What others than our own crates log below an error is
//! dropped, whatever the level: SDK and runtime log requests and events.

mod batch;
mod call;
mod metrics;
mod trace;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::FutureExt as _;
use lambda_runtime::{Context, LambdaEvent, Runtime, service_fn};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use tokio::sync::OnceCell;

pub use batch::{work, worker};
pub use call::{Call, Failed};
pub use metrics::{Metric, Metrics};
pub use trace::traceparent;

use crate::{Parts, Program, Settings, logs};

/// A function of AWS Lambda.
pub trait Function: Sized + Send + Sync + 'static {
    /// Which one it is.
    const PROGRAM: Program;
    /// What it is called with.
    type Event: DeserializeOwned + Send;
    /// What it answers.
    type Answer: Serialize + Send;

    /// Makes all that it needs, once per cold start, with the first event.
    fn start(parts: Parts) -> impl Future<Output = Result<Self, Failed>> + Send;

    /// Answers one event.
    fn handle(
        &self,
        event: Self::Event,
        call: &Call,
    ) -> impl Future<Output = Result<Self::Answer, Failed>> + Send;
}

/// Runs a function until its environment ends: what its `main` does.
#[must_use]
pub fn run<F: Function>() -> ExitCode {
    start(F::PROGRAM, |settings| {
        // One event at a time, and a share of one processor: threads would only cost start-up time and memory.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(Failed::because)?.block_on(poll::<F>(settings)).map_err(Failed::because)
    })
}

/// Begins to log, reads the environment and runs a program. What is wrong becomes one line, and the end.
#[must_use]
pub fn start(program: Program, run: impl FnOnce(Settings) -> Result<(), Failed>) -> ExitCode {
    logs::start(program);
    match Settings::from_environment(program).map_err(Failed::from).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            tracing::error!(reason = failed.reason(), "the program ends");
            ExitCode::FAILURE
        }
    }
}

/// An event, or the fact that it was none.
struct Read<E>(E);

impl<'de, E: DeserializeOwned> Deserialize<'de> for Read<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's errors quote values.
        E::deserialize(deserializer).map(Self).map_err(|_| D::Error::custom("not an event of this function"))
    }
}

async fn poll<F: Function>(settings: Settings) -> Result<(), lambda_runtime::Error> {
    let settings = Arc::new(settings);
    let started: Arc<OnceCell<F>> = Arc::default();
    let service = service_fn(move |LambdaEvent { payload, context }: LambdaEvent<Read<F::Event>>| {
        let (settings, started) = (Arc::clone(&settings), Arc::clone(&started));
        async move { answer(&settings, &started, payload.0, &context).await }
    });
    Runtime::new(service).run().await
}

async fn answer<F: Function>(
    settings: &Arc<Settings>,
    started: &OnceCell<F>,
    event: F::Event,
    context: &Context,
) -> Result<F::Answer, Failed> {
    logs::request(&context.request_id, context.xray_trace_id.as_deref());
    let call = Call::new(context, settings.organisation());
    let answered = AssertUnwindSafe(async {
        // In boxes: the compiler would else lay out all that a function awaits at once, and gives up on some.
        let start = || Box::pin(async { F::start(Parts::load(Arc::clone(settings)).await).await });
        Box::pin(started.get_or_try_init(start).await?.handle(event, &call)).await
    })
    .catch_unwind()
    .await
    // Here, and not in the runtime, which would answer with the words of the panic.
    .unwrap_or_else(|_| Err(Failed::because("the function failed on this event: a fault of the software")));
    if let Err(failed) = &answered {
        tracing::error!(reason = failed.reason(), "the event was not handled");
    }
    call.metrics.emit(F::PROGRAM);
    answered
}
