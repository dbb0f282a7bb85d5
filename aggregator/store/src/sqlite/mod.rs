//! The SQLite backend, the only importer of rusqlite: one writer, short reads, migrations, one module per group of
//! tables. Functions are named after operations of the domain; no SQL and no type of rusqlite leaves this folder.

use crate::StoreError;
mod agent;
mod agents;
mod audit;
pub mod backup;
mod clock;
mod deliveries;
mod heartbeats;
mod hours;
mod latency;
mod load;
mod log;
mod migrate;
mod newest_rows;
mod observation;
mod open_statements;
mod place;
mod prune;
mod response;
mod sql;
mod write;

pub use agents::{AgentEntry, LastBatch};
pub use deliveries::{DeliveriesOf, DuePosition, Waiting, WorkspaceDelivery};
pub use heartbeats::HeartbeatToken;
pub use hours::RollUp;
pub use observation::StoredObservation;
pub use place::is_served;
pub use response::ResponseSteps;
pub use write::Fence;

pub(crate) use migrate::SCHEMA_VERSION;
use migrate::{MIGRATIONS, migrate, schema_of};
use place::FileLock;
use rusqlite::config::DbConfig;
use rusqlite::ffi::SQLITE_IOERR_SHORT_READ;
use rusqlite::{Connection, OpenFlags};
use skerry_domain::rows::TABLES;
use sql::Statements;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The first version with the fix for the WAL-reset corruption.
const OLDEST_SQLITE: i32 = 3_051_003;
/// How long a starting server waits for the lock. Commands hold it for less.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
const LOCK_RETRY: Duration = Duration::from_millis(20);
/// Attempts to get a busy lock, one per millisecond.
const MAX_LOCK_ATTEMPTS: i32 = 10_000;

/// A handle on a database file: the writer's, or one without a lock.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
    /// The writer's lock. It is dropped after the connection, because closing it would release SQLite's locks.
    file_lock: Option<FileLock>,
    /// How far the write-ahead log is known to be intact.
    last_intact: log::LastIntactFrame,
    /// The statements of each table.
    statements: HashMap<&'static str, Statements>,
    slots: write::Slots,
    /// An address was erased from the database, and the log may still hold it.
    log_holds_erased: bool,
}

impl From<rusqlite::Error> for StoreError {
    /// Distinguishes constraint violations from other errors.
    fn from(error: rusqlite::Error) -> Self {
        let what = error.to_string();
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) {
            // "UNIQUE constraint failed: agent.workspace, agent.name"
            let named = what.split_once("failed: ").and_then(|(_, columns)| columns.split_once('.'));
            let table = TABLES.iter().find(|table| named.is_some_and(|(name, _)| name == table.name));
            return Self::Constraint { table: table.map_or("", |table| table.name), what };
        }
        Self::Sqlite(what)
    }
}

fn statements() -> HashMap<&'static str, Statements> {
    TABLES.iter().map(|table| (table.name, Statements::of(table))).collect()
}

impl Drop for Sqlite {
    /// The rest of a truncated log is not checkpointed: the database is intact without it.
    fn drop(&mut self) {
        if log::check_log(&self.connection, &self.path, &self.last_intact).is_err() {
            let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }
}

impl Sqlite {
    /// Opens the database for the writer, creates it if it is missing, and migrates it.
    ///
    /// # Errors
    /// [`StoreError`]; the file is unchanged.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_by(path, FileLock::acquire)
    }

    /// As [`Self::open`] for an existing database.
    ///
    /// # Errors
    /// [`StoreError`], also if there is no database; none is created.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        Self::open_by(path, FileLock::acquire_existing)
    }

    fn open_by(path: &Path, acquire: fn(&Path) -> Result<FileLock, StoreError>) -> Result<Self, StoreError> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(StoreError::OldSqlite(rusqlite::version()));
        }
        let file_lock = acquire(path)?;
        log::report_damage(path);
        let mut connection = Self::connect(path, false)?;
        migrate(&mut connection, path, &MIGRATIONS)?;
        migrate::check_columns(&connection, path)?;
        log::checkpoint(&connection).map_err(|error| open_error(path, error))?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        Ok(Self::new(connection, path, Some(file_lock), log::LastIntactFrame::default()))
    }

    /// As [`Self::open`] for a process that will serve. It waits up to [`LOCK_TIMEOUT`] for the lock, since a command such
    /// as `agent list` may have locked the database for a moment.
    ///
    /// # Errors
    /// As [`Self::open`].
    #[expect(
        clippy::disallowed_methods,
        reason = "no event announces that another process released its lock"
    )]
    pub fn open_to_serve(path: &Path) -> Result<Self, StoreError> {
        let begun = Instant::now();
        loop {
            match Self::open(path) {
                Err(StoreError::InUse { .. }) if begun.elapsed() < LOCK_TIMEOUT => {
                    std::thread::sleep(LOCK_RETRY);
                }
                opened => return opened,
            }
        }
    }

    /// Opens the database for short reads while another handle may write: takes no lock and migrates nothing.
    ///
    /// # Errors
    /// [`StoreError`], also if the schema has another version.
    pub fn open_unlocked(path: &Path) -> Result<Self, StoreError> {
        let connection = Self::connect(path, false)?;
        let last_intact = log::LastIntactFrame::default();
        log::check_log(&connection, path, &last_intact)?;
        let found = schema_of(&connection, path)?;
        if found > SCHEMA_VERSION {
            return Err(StoreError::Newer { path: path.to_owned(), found });
        }
        if found < SCHEMA_VERSION {
            return Err(StoreError::Older { path: path.to_owned(), found });
        }
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        Ok(Self::new(connection, path, None, last_intact))
    }

    fn new(
        connection: Connection,
        path: &Path,
        file_lock: Option<FileLock>,
        last_intact: log::LastIntactFrame,
    ) -> Self {
        let (statements, slots) = (statements(), write::Slots::new());
        // A former process may have erased one.
        let log_holds_erased = true;
        let path = path.to_owned();
        Self { connection, path, file_lock, last_intact, statements, slots, log_holds_erased }
    }

    fn connect(path: &Path, read_only: bool) -> Result<Connection, StoreError> {
        let access =
            if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        let mut connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| open_error(path, error))?;
        // A rejected database must stay unchanged: closing it must not checkpoint its log.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.busy_handler(Some(wait_for_lock))?;
        connection.set_prepared_statement_cache_capacity(128);
        let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA mmap_size = 0; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;
             PRAGMA journal_size_limit = 67108864;";
        connection.execute_batch(pragmas).map_err(|error| open_error(path, error))?;
        Ok(connection)
    }

    /// Checks the whole file, which takes a second or two per gigabyte. The writer continues meanwhile, but the
    /// write-ahead log cannot be reset until the end.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn check_all(&self) -> Result<(), StoreError> {
        quick_check(&self.connection, &self.path, "PRAGMA quick_check(1)")
    }

    /// Checks that writes go to the file at the path of the database, not to one that was deleted, moved or replaced,
    /// and that earlier writes are still there.
    ///
    /// # Errors
    /// [`StoreError::FileReplaced`], [`StoreError::LogTruncated`].
    pub fn is_in_place(&self) -> Result<(), StoreError> {
        match &self.file_lock {
            Some(file_lock) if !file_lock.is_in_place() => {
                Err(StoreError::FileReplaced { path: self.path.clone() })
            }
            _ => log::check_log(&self.connection, &self.path, &self.last_intact),
        }
    }

    /// Where the database lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The random id of this aggregator, created with its database.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn aggregator_id(&self) -> Result<String, StoreError> {
        Ok(self.connection.query_row("SELECT aggregator_id FROM meta", [], |row| row.get(0))?)
    }

    /// Writes without a change, to test whether writing works again. SQLite skips writing an unchanged row, but not the
    /// schema version.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] while writing fails.
    pub fn try_write(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.pragma_update(None, "user_version", SCHEMA_VERSION)?)
    }
}

/// SQLite's own timeout tries only ten times a second after a while, and can miss every gap between the transactions of
/// a busy writer. Trying every millisecond finds one.
#[expect(clippy::disallowed_methods, reason = "SQLite's locks have no queue to wait in")]
fn wait_for_lock(attempts: i32) -> bool {
    std::thread::sleep(Duration::from_millis(1));
    attempts < MAX_LOCK_ATTEMPTS
}

fn open_error(path: &Path, error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseCorrupt, DiskFull, NotADatabase, PermissionDenied, ReadOnly, SystemIoFailure,
    };
    // A short read of the database file itself reads as empty, so this error is about the log.
    let is_log = error.sqlite_error().is_some_and(|one| one.extended_code == SQLITE_IOERR_SHORT_READ);
    match error.sqlite_error_code() {
        _ if is_log => StoreError::LogTruncated { path: path.to_owned() },
        Some(DatabaseCorrupt | NotADatabase) => {
            StoreError::Damaged { path: path.to_owned(), what: error.to_string() }
        }
        Some(CannotOpen | PermissionDenied | ReadOnly) => {
            StoreError::Unwritable { path: path.to_owned(), what: error.to_string() }
        }
        Some(DiskFull | SystemIoFailure) => {
            StoreError::Disk { path: path.to_owned(), what: error.to_string() }
        }
        _ => StoreError::from(error),
    }
}

/// Checks all tables except the two that grow with time, since a start must not wait for gigabytes to be read.
/// [`Sqlite::check_all`] checks those once pages are served.
fn check_small_tables(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('observation', 'hour')";
    let small = || -> rusqlite::Result<Vec<String>> {
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    };
    for table in small().map_err(|error| open_error(path, error))? {
        quick_check(connection, path, &format!("PRAGMA quick_check(\"{table}\")"))?;
    }
    Ok(())
}

fn quick_check(connection: &Connection, path: &Path, pragma: &str) -> Result<(), StoreError> {
    let verdict: String =
        connection.query_row(pragma, [], |row| row.get(0)).map_err(|error| open_error(path, error))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged { path: path.to_owned(), what: verdict }) }
}

#[cfg(test)]
mod tests;
