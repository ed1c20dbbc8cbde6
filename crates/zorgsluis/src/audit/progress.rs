//! How far long work on the log has come: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows how many of the entries are done.
pub(super) struct Progress {
    bar: ProgressBar,
    /// What is done with entries, and when the last line was written; `None`: no lines.
    lines: Option<(&'static str, Mutex<Instant>)>,
    of: u64,
}

impl Progress {
    /// Of so many entries, which are `done` (a past participle). Nothing is shown where a machine reads.
    pub(super) fn new(of: u64, done: &'static str, json: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal && !json && of >= 10_000 {
            let bar = ProgressBar::new(of);
            let template = "{bar:40} {human_pos}/{human_len} entries, {eta} left";
            bar.with_style(
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
            )
        } else {
            ProgressBar::hidden()
        };
        let lines = (!terminal && !json).then(|| (done, Mutex::new(Instant::now())));
        Self { bar, lines, of }
    }

    /// So many are done.
    pub(super) fn at(&self, entries: u64) {
        self.bar.set_position(entries);
        if let Some((done, last)) = &self.lines {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() >= LINE_EVERY {
                *last = Instant::now();
                say!("zorgsluis: {entries} of {} entries {done}", self.of);
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}
