//! A few connections for reading, each used by one request at a time on tokio's blocking threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use zorgsluis_domain::PortError;

use super::{Failure, connect_reader, unavailable};

/// Connections of one database at most.
const CONNECTIONS: usize = 4;

pub(super) struct Readers {
    pool: Arc<Pool>,
    permits: Arc<Semaphore>,
}

struct Pool {
    path: PathBuf,
    /// It could not be opened when the directory was.
    unreadable: bool,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    fn take(&self) -> rusqlite::Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| connect_reader(&self.path), Ok)
    }

    fn give(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self::of(path, false)
    }

    pub(super) fn unreadable(path: PathBuf) -> Self {
        Self::of(path, true)
    }

    fn of(path: PathBuf, unreadable: bool) -> Self {
        Self {
            pool: Arc::new(Pool { path, unreadable, idle: Mutex::new(Vec::new()) }),
            permits: Arc::new(Semaphore::new(CONNECTIONS)),
        }
    }

    pub(super) async fn read<T, F>(&self, operation: &'static str, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        if self.pool.unreadable {
            let reason = String::from("the database file is missing or damaged");
            return Err(PortError::Damaged { operation, reason });
        }
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| unavailable(operation, "the database is closed"))?;
        let pool = Arc::clone(&self.pool);
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let connection = pool.take().map_err(Failure::from)?;
            // One transaction, so that several statements see one state.
            let transaction = connection.unchecked_transaction()?;
            let result = work(&transaction);
            drop(transaction);
            // After a panic in `work` the connection is not given back.
            pool.give(connection);
            result
        });
        match done.await {
            Ok(result) => result.map_err(|failure| failure.into_port(operation)),
            Err(_) => Err(unavailable(operation, "the reading thread failed")),
        }
    }

    pub(super) fn close(&self) {
        self.permits.close();
        self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
