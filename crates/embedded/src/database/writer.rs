//! The thread that writes: group commit.
//!
//! Many tasks ask, one thread does. It takes what waits (bounded), runs each piece of work in a
//! savepoint of one transaction, commits once (one fsync), and only then answers. While it waits for
//! the disk, the next group gathers: the more tasks ask, the fewer fsyncs each of them costs.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{Notify, mpsc, oneshot};
use zorgsluis_domain::PortError;

use super::{Failure, unavailable};

/// Pieces of work that wait at most; who comes then waits (back-pressure).
const WAITING: usize = 512;
/// Pieces of work in one transaction at most.
const GROUP: usize = 256;

enum Message {
    Work(Box<dyn Work>),
    TruncateWal(&'static str, oneshot::Sender<Result<(), PortError>>),
    Rewrite(&'static str, oneshot::Sender<Result<(), PortError>>),
    Stop(oneshot::Sender<()>),
}

trait Work: Send {
    /// Does the work inside the open transaction; the result is kept.
    fn run(&mut self, connection: &Connection);
    /// Tells the result, once it is known whether the transaction was committed.
    fn answer(self: Box<Self>, committed: bool);
}

struct Call<T, F> {
    operation: &'static str,
    work: Option<F>,
    result: Option<Result<T, PortError>>,
    signal: Option<Arc<Notify>>,
    reply: oneshot::Sender<Result<T, PortError>>,
}

impl<T, F> Work for Call<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Failure> + Send,
{
    fn run(&mut self, connection: &Connection) {
        if let Some(work) = self.work.take() {
            self.result =
                Some(in_savepoint(connection, work).map_err(|failure| failure.into_port(self.operation)));
        }
    }

    fn answer(self: Box<Self>, committed: bool) {
        let result = match self.result {
            Some(Ok(value)) if committed => {
                if let Some(signal) = self.signal {
                    signal.notify_waiters();
                }
                Ok(value)
            }
            // What was refused had no effect, whatever became of the transaction.
            Some(Err(error)) => Err(error),
            _ => Err(unavailable(self.operation, "the transaction was not committed")),
        };
        // The caller may have gone away; the work is done all the same.
        drop(self.reply.send(result));
    }
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    connection.prepare_cached("SAVEPOINT work")?.execute([])?;
    // One piece of work that panics must not take the thread, and with it all others, along.
    let result = catch_unwind(AssertUnwindSafe(|| work(connection)))
        .unwrap_or_else(|_| Err(Failure::Port(unavailable("database.write", "the work panicked"))));
    if result.is_err() && !connection.is_autocommit() {
        connection.prepare_cached("ROLLBACK TO work")?.execute([])?;
    }
    if !connection.is_autocommit() {
        connection.prepare_cached("RELEASE work")?.execute([])?;
    }
    result
}

/// The door to the thread.
pub(super) struct Writer {
    messages: mpsc::Sender<Message>,
}

impl Writer {
    /// Starts the thread; it ends when the last door is dropped or [`stop`](Self::stop) is called.
    pub(super) fn start(
        name: &'static str,
        connection: Connection,
        guard: Option<Arc<File>>,
    ) -> std::io::Result<Self> {
        let (messages, inbox) = mpsc::channel(WAITING);
        std::thread::Builder::new().name(format!("write {name}")).spawn(move || {
            let stopped = serve(&connection, inbox);
            drop(connection);
            drop(guard);
            if let Some(stopped) = stopped {
                let _ = stopped.send(());
            }
        })?;
        Ok(Self { messages })
    }

    pub(super) async fn call<T, F>(
        &self,
        operation: &'static str,
        signal: Option<Arc<Notify>>,
        work: F,
    ) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let call = Call { operation, work: Some(work), result: None, signal, reply };
        self.send(operation, Message::Work(Box::new(call))).await?;
        answer.await.map_err(|_| unavailable(operation, "the database is closed"))?
    }

    pub(super) async fn truncate_wal(&self, operation: &'static str) -> Result<(), PortError> {
        let (reply, answer) = oneshot::channel();
        self.send(operation, Message::TruncateWal(operation, reply)).await?;
        answer.await.map_err(|_| unavailable(operation, "the database is closed"))?
    }

    pub(super) async fn rewrite(&self, operation: &'static str) -> Result<(), PortError> {
        let (reply, answer) = oneshot::channel();
        self.send(operation, Message::Rewrite(operation, reply)).await?;
        answer.await.map_err(|_| unavailable(operation, "the database is closed"))?
    }

    pub(super) async fn stop(&self) {
        let (reply, answer) = oneshot::channel();
        if self.messages.send(Message::Stop(reply)).await.is_ok() {
            // An error means that the thread ended for another stop.
            drop(answer.await);
        }
    }

    async fn send(&self, operation: &'static str, message: Message) -> Result<(), PortError> {
        self.messages.send(message).await.map_err(|_| unavailable(operation, "the database is closed"))
    }
}

/// The thread's loop. Returns whom to tell that it ended.
fn serve(connection: &Connection, mut inbox: mpsc::Receiver<Message>) -> Option<oneshot::Sender<()>> {
    let mut group: Vec<Box<dyn Work>> = Vec::with_capacity(GROUP);
    let mut next = inbox.blocking_recv();
    while let Some(message) = next.take() {
        match message {
            Message::Work(work) => {
                group.push(work);
                while group.len() < GROUP {
                    match inbox.try_recv() {
                        Ok(Message::Work(work)) => group.push(work),
                        Ok(other) => {
                            next = Some(other);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                run_group(connection, &mut group);
            }
            Message::TruncateWal(operation, reply) => {
                drop(reply.send(truncate(connection, operation)));
            }
            Message::Rewrite(operation, reply) => {
                drop(reply.send(rewrite(connection, operation)));
            }
            Message::Stop(reply) => return Some(reply),
        }
        if next.is_none() {
            next = inbox.blocking_recv();
        }
    }
    None
}

fn run_group(connection: &Connection, group: &mut Vec<Box<dyn Work>>) {
    let done = begin(connection).and_then(|()| {
        for work in group.iter_mut() {
            work.run(connection);
            // A full disk or a failed read ends the whole transaction, not only the savepoint.
            if connection.is_autocommit() {
                return Err(rusqlite::Error::InvalidQuery);
            }
        }
        connection.prepare_cached("COMMIT")?.execute([]).map(drop)
    });
    if let Err(error) = &done {
        tracing::error!(code = ?error.sqlite_error_code(), works = group.len(), "a transaction was not committed");
        if !connection.is_autocommit() {
            drop(connection.execute_batch("ROLLBACK"));
        }
    }
    for work in group.drain(..) {
        work.answer(done.is_ok());
    }
}

fn begin(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
}

fn truncate(connection: &Connection, operation: &'static str) -> Result<(), PortError> {
    let busy: bool = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(|error| PortError::unavailable(operation, error))?;
    if busy { Err(unavailable(operation, "a reader still uses the write-ahead log")) } else { Ok(()) }
}

/// Writes the whole file anew: what was deleted stands in no page any more, nor in what a page once held of others.
/// The copy that SQLite makes in between goes into a file without a name, not into memory.
fn rewrite(connection: &Connection, operation: &'static str) -> Result<(), PortError> {
    connection
        .execute_batch("PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY;")
        .map_err(|error| PortError::unavailable(operation, error))?;
    truncate(connection, operation)
}
